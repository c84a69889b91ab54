// A policy while it is being written: numbers as they are typed, so that nothing is lost or rounded on the way.

import type { DatasetId, EnvironmentId, MemberRole, PersonId, PolicyDraft, PolicyView, PromptId } from "../bindings";
import { hundredths, percentText } from "./review";

export interface GateForm {
  dataset: DatasetId;
  /** None: for all. */
  prompts: PromptId[];
  least: string;
  /** Empty: not looked at. */
  loss: string;
}
/** A gate that rests on announced runs. */
export interface SuiteGateForm {
  /** None: for all. */
  prompts: PromptId[];
  /** In points; more than nothing. */
  loss: string;
  /** Where nothing is served yet, in percent. */
  least: string;
  /** The largest chance of an error, in percent. */
  error: string;
  repeats: string;
  days: string;
  servicesOnly: boolean;
  withoutSuite: boolean;
  /** What includes a part that changes is named, and not waited for. */
  onlyNamed: boolean;
}
export interface FreezeForm {
  name: string;
  zone: string;
  weekly: boolean;
  from: string;
  until: string;
}

export class PolicyForm {
  approvals = $state("0");
  independent = $state(false);
  path = $state<EnvironmentId[]>([]);
  gates = $state<GateForm[]>([]);
  suiteGates = $state<SuiteGateForm[]>([]);
  freezes = $state<FreezeForm[]>([]);
  /** Empty: people by name. */
  role = $state<MemberRole | "">("author");
  releasers = $state<PersonId[]>([]);
  mayOverride = $state(false);
  /** The policy that this takes the place of, as it was when the form was opened. */
  replaces = $state<string | null>(null);

  constructor({ draft, digest }: Pick<PolicyView, "draft" | "digest">) {
    this.approvals = String(draft.approvals);
    this.independent = draft.independent;
    this.path = [...draft.path];
    this.gates = draft.gates.map((gate) => ({
      dataset: gate.dataset,
      prompts: [...gate.prompts],
      least: percentText(gate.least_passed),
      loss: gate.largest_loss === null ? "" : percentText(gate.largest_loss),
    }));
    this.suiteGates = (draft.suite_gates ?? []).map((gate) => ({
      prompts: [...(gate.prompts ?? [])],
      loss: percentText(gate.allowed_loss),
      least: percentText(gate.least_rate ?? 0),
      error: percentText(gate.alpha ?? 500),
      repeats: String(gate.repeats ?? 1),
      days: String(gate.oldest_days ?? 7),
      servicesOnly: gate.runs_by === "services",
      withoutSuite: gate.without_suite === "release",
      onlyNamed: gate.dependents === "be_named",
    }));
    this.freezes = draft.freezes.map((freeze) => ({ ...freeze }));
    this.role = draft.release_role ?? "";
    this.releasers = [...draft.releasers];
    this.mayOverride = draft.may_override;
    this.replaces = digest;
  }

  /** What can't be read yet, in a sentence; null when all can. */
  readonly wrong = $derived.by(() => {
    if (!/^\d{1,2}$/.test(this.approvals.trim()) || Number(this.approvals) > 10)
      return "Approvals are a whole number from 0 to 10.";
    for (const gate of this.gates) {
      if (gate.dataset === "") return "Choose the dataset of each run that is asked for, or take it out.";
      if (hundredths(gate.least) === null)
        return `“${gate.least}” is no percentage of cases; write it like 90 or 97.5.`;
      if (gate.loss.trim() !== "" && hundredths(gate.loss) === null)
        return `“${gate.loss}” is no percentage to lose; write it like 1 or 0.5, or leave it empty.`;
    }
    for (const gate of this.suiteGates) {
      const loss = hundredths(gate.loss);
      if (loss === null || loss === 0)
        return `“${gate.loss}” is no loss that can be allowed; write points above 0, like 2 or 0.5. Nothing could show that nothing at all is lost.`;
      if (hundredths(gate.least) === null)
        return `“${gate.least}” is no percentage of cases; write it like 90, or 0 for any.`;
      if (hundredths(gate.error) === null)
        return `“${gate.error}” is no chance of an error; write a percentage from 0.1 to 10, like 5.`;
      if (!/^\d{1,2}$/.test(gate.repeats.trim())) return "Each case is asked 1 to 10 times.";
      if (!/^\d{1,3}$/.test(gate.days.trim())) return "Evidence is 1 to 365 days old at most.";
    }
    for (const freeze of this.freezes)
      if (freeze.name.trim() === "" || freeze.from.trim() === "" || freeze.until.trim() === "")
        return "Each freeze needs a name, a beginning and an end.";
    return null;
  });

  draft(): PolicyDraft {
    return {
      approvals: Number(this.approvals),
      independent: this.independent,
      path: [...this.path],
      gates: this.gates.map((gate) => ({
        dataset: gate.dataset,
        prompts: [...gate.prompts],
        least_passed: hundredths(gate.least) ?? 0,
        largest_loss: gate.loss.trim() === "" ? null : hundredths(gate.loss),
      })),
      suite_gates: this.suiteGates.map((gate) => ({
        prompts: [...gate.prompts],
        allowed_loss: hundredths(gate.loss) ?? 0,
        least_rate: hundredths(gate.least) ?? 0,
        alpha: hundredths(gate.error) ?? 0,
        repeats: Number(gate.repeats),
        runs_by: gate.servicesOnly ? ("services" as const) : ("anyone" as const),
        oldest_days: Number(gate.days),
        without_suite: gate.withoutSuite ? ("release" as const) : ("nothing" as const),
        ...(gate.onlyNamed ? { dependents: "be_named" as const } : {}),
      })),
      freezes: this.freezes.map((freeze) => ({
        ...freeze,
        name: freeze.name.trim(),
        zone: freeze.zone.trim(),
        from: freeze.from.trim(),
        until: freeze.until.trim(),
      })),
      release_role: this.role === "" ? null : this.role,
      releasers: this.role === "" ? [...this.releasers] : [],
      may_override: this.mayOverride,
    };
  }
}

/** The zones that this computer knows, its own first. */
export function zones(): string[] {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return [own, ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== own)];
}

/** What a new gate begins with: 2 points may be lost, and one verdict in twenty may be wrong. */
export function usualGate(): SuiteGateForm {
  return {
    prompts: [],
    loss: "2",
    least: "0",
    error: "5",
    repeats: "1",
    days: "7",
    servicesOnly: false,
    withoutSuite: false,
    onlyNamed: false,
  };
}
