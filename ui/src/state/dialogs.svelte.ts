// What is open above the page. One thing at a time, except a question above a dialog.

import type { DatasetId, EnvironmentId, Plan, PromptId, StageSide, SuiteView, Value, VersionChoice } from "../bindings";

export interface Question {
  title: string;
  /** One paragraph each. */
  words: string[];
  action: string;
  danger?: boolean;
  /** Asks for a line of text with it. */
  ask?: { label: string; value: string; placeholder?: string; required?: boolean; long?: boolean };
  /** What is wrong with the text so far; null when nothing. */
  check?: (text: string) => string | null;
  run: (text: string) => Promise<void> | void;
}

export type Open =
  | { type: "palette" }
  /** What a plan would change. A revert is made again without what the person keeps. */
  | { type: "plan"; make: (keep: PromptId[]) => Promise<Plan>; done?: () => void }
  | { type: "bundle"; prompt?: PromptId; version?: VersionChoice }
  | { type: "import"; dataset?: DatasetId }
  /** A dataset made by hand: its columns, and what the first case holds. */
  | { type: "new_dataset"; columns?: string[]; first?: Record<string, Value> }
  | { type: "use"; prompt?: PromptId; environment?: EnvironmentId }
  /** How much of the traffic each version gets: from what is served now, or with a new one beside it. */
  | {
      type: "split";
      prompt: PromptId;
      name: string;
      environment: EnvironmentId;
      place: string;
      now: StageSide[];
      sides: StageSide[];
    }
  /** By what a prompt is judged. */
  | { type: "suite"; suite: SuiteView }
  | { type: "new_prompt" }
  | { type: "outbox" }
  | { type: "share" }
  | { type: "shortcuts" };

class Dialogs {
  open = $state.raw<Open | null>(null);
  question = $state.raw<Question | null>(null);
  readonly any = $derived(this.open !== null || this.question !== null);

  show(open: Open) {
    this.open = open;
  }
  close() {
    this.open = null;
  }
  ask(question: Question) {
    this.question = question;
  }
  answer() {
    this.question = null;
  }
}

export const dialogs = new Dialogs();
