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
