// Runs of the mock as matrices, and what else the screens ask about datasets. The numbers are made up and only look
// like what Rust would say.

import type {
  Difference,
  MatrixColumn,
  MatrixQuery,
  OpenedCase,
  ResultCell,
  ResultRow,
  RunOverview,
  RunView,
  TagLine,
} from "../bindings";
import type { Backend } from "../ipc";
import { caseInputs, newCase, valueText } from "../state/cases";
import { marks } from "./marks";
import type { World } from "./world";

type Part = Pick<
  Backend,
  | "runOverview"
  | "runRows"
  | "runCase"
  | "markQueue"
  | "markItem"
  | "markAnswer"
  | "checkImport"
  | "saveDatasetFile"
  | "checkBeforeSharing"
  | "addCase"
  | "importPromptfooTexts"
>;

const became = (before: ResultCell | null | undefined, after: ResultCell | null | undefined): Difference | null => {
  if (!before || !after || before.error || after.error) return null;
  if (before.pass !== after.pass) return after.pass ? "better" : "worse";
  return before.answer === after.answer ? "same" : "changed";
};
const tagOf = (row: ResultRow) => row.expected?.split("_")[0] ?? "other";
const scale = (n: number) => Math.round(10_000 * n);

function around(share: number, cases: number) {
  const half = 1.96 * Math.sqrt((share * (1 - share)) / Math.max(1, cases)) + 0.5 / Math.max(1, cases);
  return { mean: scale(share), lower: scale(Math.max(0, share - half)), upper: scale(Math.min(1, share + half)) };
}

export function matrix(world: World): Part {
  const { askedOf, ...marking } = marks(world);
  const find = (id: string): RunView => {
    const found = world.runs.get(id);
    if (!found) throw { code: "not_found", message: "This run is not on this computer.", details: null };
    return found;
  };
  const keeps = (row: ResultRow, query: MatrixQuery) => {
    const changes = row.cells.map((cell) => became(row.cells[query.base], cell));
    const text = query.text.toLowerCase();
    const held = [row.input_text, row.expected ?? "", ...row.cells.map((cell) => cell?.answer ?? "")];
    return (
      (query.tag === null || tagOf(row) === query.tag) &&
      (text === "" || held.some((one) => one.toLowerCase().includes(text))) &&
      {
        all: true,
        changed: changes.some((one) => one !== null && one !== "same"),
        worse: changes.includes("worse"),
        better: changes.includes("better"),
        failed: row.cells.some((cell) => cell?.pass === false),
        errors: row.cells.some((cell) => cell?.error),
        flaky: false,
        waiting: false,
        apart: row.case === 1,
      }[query.filter]
    );
  };
  const said = (run: RunView, base: number, side: number): MatrixColumn => {
    const one = run.columns[side]!;
    const share = one.total ? one.passed / one.total : 0;
    const rate = around(share, one.total);
    const lines = new Map<string, { n: number; sum: number }>();
    let [better, worse] = [0, 0];
    for (const row of run.rows) {
      const change = became(row.cells[base], row.cells[side]);
      const by = change === "better" ? 1 : change === "worse" ? -1 : 0;
      better += by > 0 ? 1 : 0;
      worse += by < 0 ? 1 : 0;
      const line = lines.get(tagOf(row)) ?? { n: 0, sum: 0 };
      lines.set(tagOf(row), { n: line.n + 1, sum: line.sum + by });
    }
    const n = run.rows.length || 1;
    const difference = (better - worse) / n;
    const half = 1.96 * Math.sqrt(((better + worse) / n - difference * difference) / n) + 0.5 / n;
    const [lower, upper] = [scale(difference - half), scale(difference + half)];
    const told = lower > 0 ? "better" : upper < 0 ? "worse" : "neither";
    const tags = [...lines].map<TagLine>(([tag, line]) => {
      const mean = line.sum / line.n;
      const wide = 2.6 * Math.sqrt(0.2 / line.n);
      const from = scale(Math.max(-1, mean - wide));
      return {
        tag,
        units: line.n,
        difference: scale(mean),
        lower: from,
        upper: scale(Math.min(1, mean + wide)),
        told: from > 0 ? "better" : "neither",
      };
    });
    return {
      ref: one.ref,
      label: one.label,
      passed: one.passed,
      total: one.total,
      rate: run.state === "running" ? null : { units: one.total, ...rate },
      rate_words: `${rate.mean / 100} %, and between ${rate.lower / 100} and ${rate.upper / 100} % of all cases like these`,
      cost_note: one.cost_note,
      model_note: "",
      tokens: one.tokens,
      time_ms: one.time_ms,
      latency:
        one.total === 0
          ? null
          : {
              least: 210,
              quarter: 290 + 40 * side,
              median: 330 + 60 * side,
              three_quarters: 420 + 90 * side,
              nine_tenths: 690 + 120 * side,
              most: 2_140,
            },
      against:
        side === base || run.state === "running"
          ? null
          : {
              comparison: {
                cases: n,
                units: n - 1,
                unanswered: 0,
                better,
                worse,
                same: n - better - worse,
                difference: scale(difference),
                lower,
                upper,
                sight: { units: n, differing: { low: 500, high: 2_000 }, smallest: { low: 900, high: 1_300 } },
                wish: { low: 200, high: 260 },
              },
              told,
              words:
                told === "better"
                  ? `${one.label} is better than ${run.columns[base]!.label}, by ${lower / 100} to ${upper / 100} points (${scale(difference) / 100} as seen). Of ${n} cases, ${better} got better, ${worse || "none"} got worse and ${n - better - worse} stayed the same.`
                  : `These cases show no difference between ${run.columns[base]!.label} and ${one.label} that could not be chance: ${one.label} may be anything from ${-lower / 100} points worse to ${upper / 100} points better. Of ${n} cases, ${better || "none"} got better, ${worse || "none"} got worse and ${n - better - worse} stayed the same.`,
              tags,
              tag_words: `By tag nothing stands out, corrected for looking at ${tags.length} tags.`,
            },
    };
  };
  return {
    async runOverview(_, id, base): Promise<RunOverview> {
      const run = find(id);
      const columns = run.columns.map((_, side) => said(run, base, side));
      const count = (filter: MatrixQuery["filter"]) =>
        run.rows.filter((row) => keeps(row, { base, filter, tag: null, text: "", sort: "case" })).length;
      const tags = new Map<string, number>();
      for (const row of run.rows) tags.set(tagOf(row), (tags.get(tagOf(row)) ?? 0) + 1);
      const against = columns.flatMap((column) => column.against ?? []);
      return {
        id,
        title: run.title,
        dataset: "data-1",
        state: run.state,
        progress: run.progress,
        error: run.error,
        shared: run.shared,
        cases: run.rows.length,
        repeats: 1,
        base,
        columns,
        tags: [...tags].map(([tag, cases]) => ({ tag, cases })).sort((a, b) => b.cases - a.cases),
        counts: {
          all: run.rows.length,
          changed: count("changed"),
          worse: count("worse"),
          better: count("better"),
          failed: count("failed"),
          errors: count("errors"),
          flaky: 0,
          waiting: 0,
          apart: count("apart"),
        },
        sentences:
          against.length > 0
            ? [
                ...against.flatMap((one) => [one.words, one.tag_words]),
                `${run.rows.length} cases can't see a loss under 9 to 13 points, if the versions differ on 5 to 20 % of the cases. About 200 to 260 cases more would see 5 points.`,
              ]
            : [run.summary],
        note: "A range holds what is true of all cases like these 19 times out of 20.",
        flaky: [],
        marks_to_share: false,
      };
    },
    async runRows(_, id, query, offset, limit) {
      const run = find(id);
      const kept = run.rows.filter((row) => keeps(row, query));
      const rank = { worse: 0, changed: 1, same: 2, better: 3 };
      const badness = (row: ResultRow) =>
        Math.min(...row.cells.map((cell) => rank[became(row.cells[query.base], cell) ?? "same"]));
      if (query.sort === "worst") kept.sort((a, b) => badness(a) - badness(b));
      return {
        total: kept.length,
        offset,
        rows: kept.slice(offset, offset + limit).map((row) => ({
          case: row.case,
          input_text: row.input_text,
          expected: row.expected,
          tags: [tagOf(row)],
          cells: row.cells.map(
            (cell, side) =>
              cell && {
                answer: cell.error ?? cell.answer,
                failed: cell.error !== null,
                pass: cell.pass,
                waiting: false,
                score: cell.score,
                reason: cell.reason,
                from_cache: cell.from_cache,
                latency_ms: cell.latency_ms,
                asked: 1,
                passed: cell.pass ? 1 : 0,
                difference: side === query.base ? null : became(row.cells[query.base], cell),
              },
          ),
        })),
      };
    },
    async runCase(_, id, place, base): Promise<OpenedCase> {
      const run = find(id);
      const row = run.rows[place]!;
      const one = world.datasets[0]?.cases[place];
      const before = row.cells[base]?.answer ?? "";
      return {
        case: place,
        id: one?.id ?? String(place),
        inputs: Object.entries(caseInputs(one)).map(([name, value]) => [name, valueText(value)]),
        expected: row.expected,
        tags: [tagOf(row)],
        note: "",
        columns: row.cells.map((cell, side) => ({
          label: run.columns[side]!.label,
          difference: side === base ? null : became(row.cells[base], cell),
          diff:
            side === base || !cell || cell.error
              ? null
              : cell.answer === before
                ? [{ text: before, mark: "same", pair: null, tag: false }]
                : [
                    { text: before, mark: "cut", pair: null, tag: false },
                    { text: cell.answer, mark: "added", pair: null, tag: false },
                  ],
          askings: cell
            ? [
                {
                  answer: cell.error ? "" : cell.answer,
                  error: cell.error,
                  pass: cell.pass,
                  score: cell.score,
                  from_cache: cell.from_cache,
                  latency_ms: cell.latency_ms,
                  model: "qwen2.5",
                  graders: cell.error
                    ? []
                    : [
                        {
                          name: "exactly as expected",
                          pass: cell.pass === true,
                          value: cell.pass ? 1 : 0,
                          reason: cell.reason || "it is",
                          waiting: false,
                        },
                      ],
                  marks: cell.error ? [] : askedOf(place, cell.answer),
                },
              ]
            : [],
        })),
      };
    },
    ...marking,
    checkImport: async () => ({ duplicates: [], sensitive: [], words: [] }),
    saveDatasetFile: async (_, id, form) => ({
      path: `~/Downloads/${world.datasets.find((one) => one.row.id === id)?.row.name ?? "dataset"}.${form}`,
      left_out: [],
    }),
    checkBeforeSharing: async () =>
      world.scene === "offline" || !world.datasets[0]
        ? []
        : [
            {
              id: world.datasets[0].row.id,
              name: world.datasets[0].row.name,
              places: 2,
              words: ["case 4, message: looks like an e-mail address", "case 9, message: looks like a phone number"],
            },
          ],
    async addCase(_, id, added) {
      const view = world.datasets.find((one) => one.row.id === id)!;
      view.cases = [...view.cases, { ...added, id: newCase(view.cases).id }];
      view.row = { ...view.row, cases: view.cases.length };
      return view.row;
    },
    importPromptfooTexts: async (_, config, __, name) => ({
      name: name ?? "card triage",
      prompts: [
        { name: `${name ?? "card triage"}/first`, saved: true, problems: [] },
        { name: `${name ?? "card triage"}/second`, saved: false, problems: ["the filter upper_first is not here"] },
      ],
      dataset: null,
      cases: 24,
      graders: 31,
      models: ["openai/gpt-4.1-mini"],
      left_out: [
        { file: config, lines: [31], times: 1, what: "llm-rubric", why: "no model judges answers here yet" },
        { file: "tests/cards.csv", lines: [2, 9], times: 2, what: "javascript", why: "an import runs nothing" },
      ],
      check: { duplicates: [], sensitive: [], words: ["1 group of cases is nearly the same"] },
    }),
  };
}
