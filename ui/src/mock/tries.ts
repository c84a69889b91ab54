// Trying in the mock: answers come in pieces, as a small model would give them.

import type { OllamaFound, Playground, Tried, TriedCell, Value, VersionContent } from "../bindings";
import type { Backend, Events } from "../ipc";
import { caseExpected } from "../state/cases";
import * as texts from "./texts";
import type { World } from "./world";

type Part = Pick<
  Backend,
  | "trySome"
  | "cancelTry"
  | "sentAndReceived"
  | "playgrounds"
  | "playground"
  | "keepPlayground"
  | "removePlayground"
  | "askPlayground"
  | "findOllama"
  | "useOllama"
>;
type Emit = <E extends keyof Events>(event: E, payload: Events[E]) => void;

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
const LONG = "We have your message and will look at it before noon tomorrow. Nothing is needed from you until then.";

function answerTo(content: VersionContent, values: Record<string, Value>): string {
  const last = content.messages.at(-1);
  const short = content.response_schema != null || (last?.type === "message" && last.text.includes("intents"));
  if (!short) return LONG;
  const text = String(values["message"] ?? "");
  const right = texts.cases.find(([one]) => text.startsWith(one))?.[1] ?? "card_arrival";
  const sharp = content.model?.parameters?.["temperature"] === 0 && JSON.stringify(content).includes("region");
  return sharp ? right : "card_arrival";
}

const tried = (answer: string, refresh: boolean): Tried => ({
  answer,
  from_cache: !refresh,
  source: refresh ? "SmolLM2-135M, asked just now" : "SmolLM2-135M, from the cache, 12 Nov",
  latency_ms: 330,
  tokens_in: 214,
  tokens_out: 6,
  model: "SmolLM2-135M",
  question: "0123",
  cut_off: false,
});

export function tries(world: World, emit: Emit): Part {
  const stopped = new Set<string>();
  const kept = new Map<string, Playground & { at: number }>();
  if (world.scene === "conversation") kept.set("play-1", { ...begun, at: Date.now() - 3_600_000 });
  const find = (id: string) => {
    const found = kept.get(id);
    if (!found)
      throw { code: "not_found", message: "This conversation is not on this computer any more.", details: null };
    return found;
  };
  async function write(id: string, at: number, column: number, answer: string) {
    for (let end = 6; end < answer.length + 6; end += 6) {
      if (stopped.has(id)) return false;
      emit("answer_chunk", { id, case: at, column, text: answer.slice(0, end) });
      await pause(world.scene === "slow" ? 400 : 5);
    }
    return !stopped.has(id);
  }
  return {
    async trySome(_, plan) {
      const columns = plan.contents.flatMap((one) =>
        (plan.models ?? []).length > 1 ? plan.models!.map((model) => `${one.label} · ${model.model}`) : [one.label],
      );
      const perContent = Math.max(1, (plan.models ?? []).length);
      const cells: TriedCell[] = [];
      for (const [at, one] of plan.cases.entries())
        for (const [column] of columns.entries()) {
          const content = plan.contents[Math.floor(column / perContent)]!.content;
          const answer = answerTo(content, (one.inputs ?? {}) as Record<string, Value>);
          const whole = await write(plan.id, at, column, answer);
          const expected = caseExpected(one);
          const first = cells.find((cell) => cell.case === at && cell.column === 0)?.tried?.answer;
          const judged = whole && (plan.graders ?? []).length > 0 && expected !== null;
          const cell: TriedCell = {
            case: at,
            column,
            tried: whole ? tried(answer, plan.refresh === true) : null,
            error: null,
            stopped: !whole,
            pass: judged ? answer === expected : null,
            graders: judged
              ? [
                  {
                    name: "Exactly",
                    pass: answer === expected,
                    value: answer === expected ? 1 : 0,
                    reason: answer === expected ? "" : `expected exactly ${expected}`,
                    waiting: false,
                  },
                ]
              : [],
            diff:
              whole && first !== undefined && first !== answer
                ? [
                    { text: first, mark: "cut", tag: false, pair: null },
                    { text: answer, mark: "added", tag: false, pair: null },
                  ]
                : null,
          };
          cells.push(cell);
          emit("answer_done", { id: plan.id, cell: { ...cell, diff: null } });
        }
      const differ = cells.filter((cell) => cell.diff !== null).length;
      const words =
        plan.cases.length > 1 && columns.length === 2
          ? differ === 0
            ? `${columns.join(" and ")} answer the same to all ${plan.cases.length}.`
            : `${columns.join(" and ")} differ in ${differ} of ${plan.cases.length} answers.`
          : "";
      return { columns, cells, words };
    },
    async cancelTry(id) {
      stopped.add(id);
    },
    async sentAndReceived(question) {
      return question === "0123"
        ? {
            address: "http://127.0.0.1:8080/v1/chat/completions",
            sent: JSON.stringify(
              { model: "SmolLM2-135M", temperature: 0, messages: [{ role: "user", content: "Where is my card?" }] },
              null,
              2,
            ),
            received: 'data: {"choices":[{"delta":{"content":"card_arrival"}}]}\n\ndata: [DONE]\n\n',
            note: "",
          }
        : null;
    },
    async playgrounds(_, prompt) {
      return [...kept.values()]
        .filter((one) => one.prompt === prompt || one.id === "play-1")
        .sort((a, b) => b.at - a.at)
        .map((one) => ({
          id: one.id,
          title: one.turns.find((turn) => turn.by === "person")?.text ?? one.turns[0]?.text ?? "",
          at: one.at,
          turns: one.turns.length,
        }));
    },
    async playground(_, id) {
      return find(id);
    },
    async keepPlayground(_, given) {
      const id = given.id || `play-${kept.size + 1}`;
      const before = kept.get(id);
      const moved = before !== undefined && before.revision !== given.revision;
      const next = moved
        ? { ...before, typed: given.typed }
        : { ...given, id, revision: given.revision + 1, at: Date.now() };
      kept.set(id, next);
      return next;
    },
    async removePlayground(_, id) {
      kept.delete(id);
    },
    async askPlayground(_, id, content, refresh) {
      const before = find(id);
      stopped.delete(id);
      const asked = before.turns.filter((turn) => turn.by === "person").length;
      const answer = asked < 2 ? answerTo(content, before.values as Record<string, Value>) : LONG;
      if (!(await write(id, 0, 0, answer))) throw { code: "cancelled", message: "stopped", details: null };
      const now = find(id);
      const next = {
        ...now,
        revision: now.revision + 1,
        at: Date.now(),
        turns: [
          ...now.turns,
          { by: "model" as const, text: answer, source: tried(answer, refresh).source, question: "0123" },
        ],
      };
      kept.set(id, next);
      return next;
    },
    async findOllama() {
      return world.scene === "ollama" || world.scene === "none" ? ollama : null;
    },
    async useOllama(address, model) {
      const card = {
        name: "Ollama",
        kind: "openai" as const,
        address,
        model,
        key: "not_needed" as const,
        origin: "http://127.0.0.1:11434",
        purpose: "trying" as const,
        limits: { requests_a_minute: null, tokens_a_minute: null, at_once: null },
        used_words: "",
      };
      if (world.settings) world.settings.providers = [...world.settings.providers, card];
      return card;
    },
  };
}

const ollama: OllamaFound = {
  address: "http://127.0.0.1:11434/v1",
  models: [
    { name: "llama3.2:latest", size: "3.2B" },
    { name: "qwen3:8b", size: "8.2B" },
    { name: "smollm2:135m", size: "134.52M" },
  ],
  provider: null,
  words: "Ollama is running here with 3 models.",
};

const begun: Playground = {
  id: "play-1",
  prompt: "prompt-1",
  revision: 3,
  turns: [
    { by: "model", text: "card_arrival", source: "SmolLM2-135M, from the cache, today", question: "0123" },
    {
      by: "person",
      text: "Why not card_delivery_estimate? The person asks when it comes, not where it is.",
      source: "",
      question: null,
    },
    {
      by: "model",
      text: "You are right: the question is about time. The better intent is card_delivery_estimate, because the message asks how long the card will take and says nothing of one that is late.",
      source: "SmolLM2-135M, asked just now",
      question: "0123",
    },
  ],
  typed: "And if they ask both?",
  values: { message: "I am still waiting on my card?" },
  model: null,
};
