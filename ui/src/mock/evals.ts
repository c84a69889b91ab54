// Datasets and runs of the mock.

import type { Mapping, RunPlan, RunView } from "../bindings";
import type { Backend, Events } from "../ipc";
import { caseExpected, caseInputs, valueText } from "../state/cases";
import { matrix } from "./matrix";
import { day, type World } from "./world";

type Part = Pick<
  Backend,
  | "datasets"
  | "datasetsFor"
  | "dataset"
  | "readDataset"
  | "saveDataset"
  | "importDataset"
  | "checkDataset"
  | "checkCases"
  | "exportDataset"
  | "keepOffline"
  | "estimateRun"
  | "startRun"
  | "runOverview"
  | "runRows"
  | "runCase"
  | "checkImport"
  | "saveDatasetFile"
  | "checkBeforeSharing"
  | "addCase"
  | "importPromptfooTexts"
  | "cancelRun"
  | "resumeRun"
  | "runs"
  | "shareRun"
>;

const split = (line: string) =>
  [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((match) =>
    (match[1] ?? match[2] ?? "").replaceAll('""', '"'),
  );

export function evals(world: World, changed: () => void, progress: (event: Events["run_progress"]) => void): Part {
  const find = (id: string) => {
    const found = world.datasets.find((one) => one.row.id === id);
    if (!found) throw { code: "not_found", message: "This dataset is not in the project.", details: null };
    return found;
  };
  const label = (ref: RunPlan["versions"][number]) =>
    ref.type === "draft"
      ? "draft"
      : ref.type === "version"
        ? `v${world.findVersion(ref.version).version.row.number}`
        : "production";
  function read(text: string) {
    const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
    const columns = split(lines[0] ?? "");
    const rows: string[][] = [];
    const problems: { line: number; column: string | null; message: string }[] = [];
    lines.slice(1).forEach((line, index) => {
      const row = split(line);
      if (row.length === columns.length) rows.push(row);
      else
        problems.push({
          line: index + 2,
          column: null,
          message: `Line ${index + 2} has ${row.length} values, and there are ${columns.length} columns.`,
        });
    });
    return { columns, rows, problems };
  }
  function make(plan: RunPlan, done: number): RunView & { at: number; by: string } {
    const data = find(plan.dataset);
    const rows = data.cases.map((one, index) => {
      const expected = caseExpected(one);
      const cells = plan.versions.map((_, column) => {
        if (index >= done) return null;
        const good = column === 1 ? index % 8 !== 5 : index % 5 !== 1;
        if (index === 21 && column === 0)
          return {
            answer: "",
            pass: null,
            score: null,
            reason: "",
            from_cache: false,
            error: "The provider answered 503 three times, then it was given up.",
            latency_ms: 0,
          };
        const answer = good ? (expected ?? "yes") : "card_arrival";
        return {
          answer,
          pass: answer === expected,
          score: answer === expected ? 1 : 0,
          reason: answer === expected ? "" : `expected exactly ${expected}`,
          from_cache: index % 7 !== 3,
          error: null,
          latency_ms: 320,
        };
      });
      return {
        case: index,
        input_text: valueText(Object.values(caseInputs(one))[0]),
        expected,
        cells,
        differs: new Set(cells.map((cell) => cell?.answer)).size > 1,
      };
    });
    const columns = plan.versions.map((reference, column) => ({
      ref: reference,
      label: label(reference),
      model: "local/qwen",
      passed: rows.filter((row) => row.cells[column]?.pass).length,
      total: rows.filter((row) => row.cells[column]).length,
      cost_note: "no cost: on this computer",
      model_note: "",
      tokens: done * 220,
      time_ms: done * 41,
    }));
    const total = data.cases.length * plan.versions.length;
    const finished = done * plan.versions.length;
    return {
      id: `run-${world.next++}`,
      title: `support/triage ${columns.map((column) => column.label).join(", ")} over ${data.row.name}`,
      state: done >= data.cases.length ? "done" : "running",
      progress: {
        done: finished,
        total,
        from_cache: Math.floor(finished * 0.85),
        calls: Math.ceil(finished * 0.15),
        failed: done > 21 ? 1 : 0,
        cost_note: "",
      },
      columns,
      rows,
      summary:
        columns.length > 1
          ? `${columns[1]!.label} passes ${columns[1]!.passed - columns[0]!.passed} more of ${data.cases.length} than ${columns[0]!.label}. On ${data.cases.length} cases a loss under 7 points can't be seen.`
          : `${columns[0]?.passed} of ${data.cases.length} pass.`,
      error: null,
      shared: null,
      at: Date.now(),
      by: "Ana",
    };
  }
  if (world.prompts.length > 0 && world.datasets[0]) {
    const triage = world.prompts[0]!.versions;
    const old = make(
      {
        versions: [
          { type: "version", version: triage[2]!.row.id },
          { type: "version", version: triage[1]!.row.id },
        ],
        dataset: "data-1",
        graders: [],
        models: [],
        repeats: 1,
        concurrency: 4,
      },
      62,
    );
    world.runs.set(old.id, { ...old, at: world.now - 2 * day, by: "Ravi", shared: "registry" });
  }
  return {
    datasets: async () => world.datasets.map((one) => one.row),
    async datasetsFor(_, content) {
      const inputs = content.inputs ?? [];
      const rows = world.datasets.map(({ row, inputs: columns }) => {
        const missing = row.here
          ? inputs.filter((one) => one.required && one.default == null && !columns.includes(one.name))
          : [];
        const names = missing.map((one) => one.name);
        return {
          row,
          missing: names,
          words: !row.here ? "fetched when chosen" : names.length > 0 ? `has no ${names.join(" and ")}` : "",
        };
      });
      const fits = rows.find(
        (fit) => fit.words === "" && inputs.some((one) => find(fit.row.id).inputs.includes(one.name)),
      );
      const words =
        fits || inputs.length === 0
          ? ""
          : rows.length === 0
            ? "There is no dataset yet."
            : `No dataset on this computer fills ${inputs.map((one) => one.name).join(" and ")}.`;
      return { rows, suggested: fits?.row.id ?? null, words };
    },
    dataset: async (_, id) => structuredClone(find(id)),
    async readDataset(_, text) {
      const { columns, rows, problems } = read(text);
      const expected = columns.find((column) => /expected|intent|label/.test(column)) ?? null;
      const suggested: Mapping = {
        inputs: Object.fromEntries(
          columns
            .filter((column) => column !== expected)
            .map((column) => [column, column === "text" ? "message" : column]),
        ),
        expected,
      };
      return { format: "csv", columns, suggested, left_over: {}, preview: rows.slice(0, 5), rows: rows.length, problems };
    },
    async saveDataset(_, id, name, cases) {
      const old = id ? find(id) : null;
      const view = {
        row: {
          id: id ?? `data-${world.next++}`,
          name,
          cases: cases.length,
          by: "Ana",
          at: Date.now(),
          state: "registry" as const,
          keep_offline: true,
          here: true,
        },
        inputs: [...new Set(cases.flatMap((one) => Object.keys(caseInputs(one))))],
        graders: [],
        cases,
        attribution: old?.attribution ?? null,
      };
      world.datasets = [view, ...world.datasets.filter((one) => one !== old)];
      changed();
      return view.row;
    },
    async importDataset(_, name, text, __, mapping) {
      const { columns, rows } = read(text);
      const cases = rows.map((row, index) => ({
        id: String(index + 1),
        inputs: Object.fromEntries(
          Object.entries(mapping.inputs).map(([column, input]) => [input, row[columns.indexOf(column)] ?? ""]),
        ),
        ...(mapping.expected ? { expected: row[columns.indexOf(mapping.expected)] ?? "" } : {}),
      }));
      const view = {
        row: {
          id: `data-${world.next++}`,
          name,
          cases: cases.length,
          by: "Ana",
          at: Date.now(),
          state: "registry" as const,
          keep_offline: true,
          here: true,
        },
        inputs: [...new Set(Object.values(mapping.inputs))],
        graders: [],
        cases,
        attribution: null,
      };
      world.datasets.unshift(view);
      changed();
      return view.row;
    },
    async checkDataset() {
      return {
        duplicates: [
          { cases: [2, 17], exact: true, contradict: true },
          { cases: [5, 8, 30], exact: false, contradict: false },
        ],
        sensitive: [
          {
            finding: { case: 3, case_id: "4", column: "message", kind: "email" },
            words: "case 4, message: looks like an e-mail address",
          },
        ],
        words: [
          "1 group of cases is the same to the letter",
          "1 group of cases is nearly the same; statistics count each as one",
          "an e-mail address in 1 place",
        ],
      };
    },
    async checkCases() {
      return { duplicates: [], sensitive: [], words: [] };
    },
    async exportDataset(_, id) {
      const lines = find(id).cases.map((one) => JSON.stringify(one));
      return { text: lines.join("\n"), left_out: [] };
    },
    async keepOffline(_, id, keep) {
      Object.assign(find(id).row, { keep_offline: keep, here: true });
      changed();
    },
    async estimateRun(_, plan) {
      const total = find(plan.dataset).cases.length * plan.versions.length;
      const cached = Math.floor(total * 0.85);
      return {
        calls: total - cached,
        cached,
        note: `${cached} of ${total} answers are in the cache; ${total - cached} calls to SmolLM2-135M on this computer, at no cost.`,
        cost_note: "",
        can_start: plan.versions.length > 0,
      };
    },
    async startRun(project, plan) {
      const first = make(plan, 4);
      world.runs.set(first.id, first);
      let done = 4;
      const total = find(plan.dataset).cases.length;
      const timer = setInterval(() => {
        const now = world.runs.get(first.id);
        if (!now || now.state === "cancelled") return clearInterval(timer);
        done = Math.min(total, done + 6);
        const next = { ...make(plan, done), id: first.id };
        world.runs.set(first.id, next);
        progress({ project, run: first.id, progress: next.progress });
        if (done >= total) clearInterval(timer);
      }, 200);
      return first;
    },
    ...matrix(world),
    async resumeRun(_, id) {
      const found = world.runs.get(id);
      if (!found) throw { code: "not_found", message: "This run is not on this computer.", details: null };
      const going = { ...found, state: "running" as const };
      world.runs.set(id, going);
      return going;
    },
    async cancelRun(_, id) {
      const found = world.runs.get(id);
      if (found) world.runs.set(id, { ...found, state: "cancelled" });
    },
    runs: async () =>
      [...world.runs.values()]
        .map((run) => ({
          id: run.id,
          title: run.title,
          at: run.at,
          by: run.by,
          state: run.state,
          words: run.columns.map((column) => `${column.label} ${column.passed}`).join(", ") + ` of ${run.rows.length}`,
          shared: run.shared,
        }))
        .sort((a, b) => b.at - a.at),
    async shareRun(_, id) {
      const found = world.runs.get(id);
      if (found) world.runs.set(id, { ...found, shared: world.sync.kind === "offline" ? "outbox" : "registry" });
      changed();
    },
  };
}
