// People's marks in the mock: kept in memory, for the runs that it shows.

import type { MarkAsked, MarkGiven, MarkItem } from "../bindings";
import type { Backend } from "../ipc";
import { caseInputs, valueText } from "../state/cases";
import type { World } from "./world";

type Part = Pick<Backend, "markQueue" | "markItem" | "markAnswer">;

const key = (place: number, answer: string) => `${place}:${answer}`;
const LOOK_AT = "Is it the intent that a clerk would choose?";

export function marks(world: World): Part & { askedOf: (place: number, answer: string) => MarkAsked[] } {
  const given = new Map<string, MarkGiven>();
  const asked = (question: string): MarkAsked => ({
    question,
    look_at: LOOK_AT,
    scale: "thumb",
    mine: given.get(question)?.value ?? null,
    note: given.get(question)?.note ?? "",
    others:
      question.length % 3 === 0
        ? [{ person: "ben", name: "Ben Oduya", at: 1_790_000_000_000, value: 1, note: "as I would say it" }]
        : [],
  });
  const items = (id: string): Map<string, MarkItem> => {
    const run = world.runs.get(id);
    const found = new Map<string, MarkItem>();
    for (const row of run?.rows ?? [])
      row.cells.forEach((cell, side) => {
        if (!cell || cell.error) return;
        const question = key(row.case, cell.answer);
        const label = run!.columns[side]!.label;
        const there = found.get(question);
        if (there) there.columns.push(label);
        else
          found.set(question, {
            case: row.case,
            inputs: Object.entries(caseInputs(world.datasets[0]?.cases[row.case])).map(([name, value]) => [
              name,
              valueText(value),
            ]),
            expected: row.expected,
            answer: cell.answer,
            asked: asked(question),
            columns: [label],
            judges: ["is good by a rubric, says qwen2.5: It names one intent and nothing else."],
          });
      });
    return found;
  };
  const progress = (id: string) => {
    const all = [...items(id).values()];
    const mine = all.filter((one) => one.asked.mine !== null).length;
    return { total: all.length, marked: mine, mine };
  };
  return {
    askedOf: (place, answer) => [asked(key(place, answer))],
    async markQueue(_, id, choice) {
      let questions = [...items(id).values()]
        .filter((one) => choice.which === "all" || (choice.which !== "apart" && one.asked.mine === null))
        .map((one) => one.asked.question)
        .sort((a, b) => (a.split(":")[1]! < b.split(":")[1]! ? -1 : 1));
      if (choice.which === "sample") questions = questions.slice(0, choice.many);
      return { questions, chosen: questions.length, progress: progress(id), apart: 0, judged: true };
    },
    async markItem(_, id, question) {
      const found = items(id).get(question);
      if (!found) throw { code: "not_found", message: "This answer is not in the run any more.", details: null };
      return found;
    },
    async markAnswer(_, id, question, next) {
      const before = given.get(question) ?? { value: null, note: "" };
      given.set(question, next);
      return { before, progress: progress(id) };
    },
  };
}
