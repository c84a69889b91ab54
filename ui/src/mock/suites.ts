// Suites and gates of the mock: what a screen shows, not how a gate decides.

import type { GateView, SuiteView } from "../bindings";
import type { Backend } from "../ipc";
import type { World } from "./world";

type Part = Pick<
  Backend,
  | "suite"
  | "setSuite"
  | "gate"
  | "gatesOf"
  | "gatesFor"
  | "planCountedRun"
  | "startCountedRun"
  | "runWhatIsMissing"
  | "askForSuite"
  | "setAskedSuite"
  | "gradeAgain"
  | "replayRequest"
>;

const verdict = {
  doubt: null,
  measure: "loss" as const,
  method: "score" as const,
  look: 1,
  error: 37_500,
  units: 62,
  answered: 62,
  unanswered: 0,
  bound: 500,
  more: null,
};

export function suites(world: World, changed: () => void): Part {
  const judged = new Map<string, SuiteView>();
  const none = (prompt: string): SuiteView => ({
    prompt,
    name: world.find(prompt).name,
    dataset: null,
    cases: 0,
    graders: [],
    measure: "pass",
    digest: null,
    outdated: false,
    gated: world.policies.some((one) => (one.draft.suite_gates ?? []).length > 0) ? ["production"] : [],
    words: `${world.find(prompt).name} has no suite: nothing says by what it is judged.`,
    duplicates: "",
  });
  const suiteOf = (prompt: string) => judged.get(prompt) ?? none(prompt);
  const set = (prompt: string, dataset: string, graders: SuiteView["graders"]): SuiteView => {
    const row = world.datasets.find((one) => one.row.id === dataset)?.row;
    const made: SuiteView = {
      ...none(prompt),
      dataset,
      graders,
      cases: row?.cases ?? 0,
      digest: "ab".repeat(32),
      words: `${row?.cases ?? 0} cases of ${row?.name}. Graded by: exactly as expected. Set by Ravi.`,
    };
    judged.set(prompt, made);
    return made;
  };
  const triage = world.prompts.find((one) => one.name === "support/triage");
  if (world.scene.startsWith("review") && triage && world.datasets[0])
    set(triage.id, world.datasets[0].row.id, [{ type: "exact", trim: true, ignore_case: true }]);

  function gate(version: string): GateView | null {
    const { prompt, version: found } = world.findVersion(version);
    if (!world.policies.some((one) => (one.draft.suite_gates ?? []).length > 0)) return null;
    const number = found.row.number ?? 0;
    const base = {
      environment: "env-production",
      place: "production",
      prompt: prompt.id,
      version,
      name: `${prompt.name} v${number}`,
      served: false,
      dependents: [],
      runs: [],
    };
    if (!judged.has(prompt.id) || number % 3 === 1)
      return {
        ...base,
        runs: [
          { prompt: prompt.id, version, name: base.name, repeats: 1, words: `${base.name}, 62 cases` },
          {
            prompt: prompt.id,
            version,
            name: "support/reply v5",
            repeats: 1,
            words: `support/reply v5, 40 cases: it includes ${base.name}`,
          },
        ],
        outcome: "cant_tell",
        words: "Can't tell.",
        gates: [
          {
            outcome: "cant_tell",
            words: `Can't tell. No announced run of ${base.name} counts yet.`,
            verdict: null,
            against: `${prompt.name} v7`,
            evidence: [],
            silent: number % 3 === 1 ? 1 : 0,
          },
        ],
      };
    const [pass, fail] = [number % 3 === 0, number % 3 === 2];
    return {
      ...base,
      outcome: pass ? "pass" : "fail",
      words: pass ? "Pass." : "Fail.",
      gates: [
        {
          outcome: pass ? "pass" : "fail",
          words: pass
            ? "Pass. 62 cases show a loss below 5 points: it lies between −6.1 and 2.9 points. Look 1."
            : "Fail. 62 cases show that the new version is worse: the loss lies between 1.2 and 14 points. Look 1.",
          verdict: {
            ...verdict,
            outcome: pass ? "pass" : "fail",
            estimate: pass ? -160 : 760,
            lower: pass ? -610 : 120,
            upper: pass ? 290 : 1400,
          },
          against: `${prompt.name} v7`,
          evidence: [
            { run: "run-2", words: `${base.name} over Card questions: 60 of 62 passed with SmolLM2-135M, by Ravi` },
          ],
          silent: fail ? 1 : 0,
        },
      ],
    };
  }

  return {
    suite: async (_, prompt) => suiteOf(prompt),
    async setSuite(_, prompt, draft) {
      const made = set(prompt, draft.dataset, draft.graders);
      changed();
      return made;
    },
    async gate(_, __, version) {
      const found = version.type === "version" ? gate(version.version) : null;
      if (!found) throw { code: "invalid", message: "The mock judges saved versions only.", details: null };
      return found;
    },
    gatesFor: async (_, version) =>
      [version.type === "version" ? gate(version.version) : null].filter((one) => one !== null),
    async gatesOf(_, request) {
      const view = world.requests.find((one) => one.view.row.id === request)?.view;
      const last = view?.parts.find((part) => part.environment === "env-production");
      const changes = last?.changes ?? [];
      return changes.flatMap((change) => {
        const row = world.prompts.find((one) => one.id === change.prompt)?.versions[0]?.row;
        const found = row && gate(row.id);
        return found ? [found] : [];
      });
    },
    planCountedRun: async (_, version) => ({
      title: `Run ${version.type === "version" ? (gate(version.version)?.name ?? "it") : "it"} for production`,
      words: [
        "support/triage v10 and support/triage v7, which production serves now, are asked 62 cases once, by turns: 124 calls.",
        "Nothing comes from the cache: what was answered before would let one choose among answers.",
        "It is announced to the team first. What comes of it is recorded and shared, also if you stop it.",
      ],
      repeats: 1,
      calls: 124,
    }),
    runWhatIsMissing: () => Promise.reject({ code: "invalid", message: "The mock runs nothing.", details: null }),
    askForSuite: () => Promise.reject({ code: "invalid", message: "The mock asks for no suite.", details: null }),
    setAskedSuite: () => Promise.reject({ code: "invalid", message: "The mock sets no suite.", details: null }),
    gradeAgain: async (_, run) => ({
      run,
      same: true,
      marks: 124,
      words: "Graded again on this computer: the same 124 marks.",
      differing: [],
    }),
    replayRequest: async () => [],
    startCountedRun: () => Promise.reject({ code: "invalid", message: "The mock announces nothing.", details: null }),
  };
}
