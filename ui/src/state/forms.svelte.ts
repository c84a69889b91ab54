// What was filled in and not sent off yet. It lives as long as the window, so that leaving a screen loses nothing.

import { SvelteMap, SvelteSet } from "svelte/reactivity";
import type {
  Case,
  CommentId,
  DatasetFormat,
  Grader,
  ModelChoice,
  PromptId,
  Quote,
  Ref,
  RequestId,
  SuiteView,
} from "../bindings";
import { refKey } from "./choices";
import type { PolicyForm } from "./policy.svelte";

/** A run that is being put together. */
export class RunForm {
  /** The prompt; empty for the first there is. */
  prompt = $state("");
  /** For which prompt the versions below were chosen. */
  chosenFor = "";
  readonly versions = new SvelteMap<string, Ref>();
  /** Older versions that were looked up, and so are offered with the newest. */
  readonly lookedUp = new SvelteSet<string>();
  dataset = $state("");
  graders = $state.raw<Grader[]>([{ type: "exact", trim: true, ignore_case: true }]);
  /** Models to ask beside each other; none: as each version says. */
  models = $state.raw<ModelChoice[]>([]);
  repeats = $state(1);
  concurrency = $state(4);

  choose(ref: Ref) {
    this.versions.set(refKey(ref), ref);
  }

  /** The next run starts from what is there then; how it is judged stays. */
  started() {
    this.chosenFor = "";
    this.versions.clear();
    this.lookedUp.clear();
  }
}

/** By what a prompt is to be judged. */
export class SuiteForm {
  dataset = $state("");
  graders = $state.raw<Grader[]>([]);
  measure = $state<SuiteView["measure"]>("pass");
  /** Near-duplicates do not count as one. */
  every = $state(false);
  /** Why, where others approve it first. */
  reason = $state("");
  /** The suite from which it began. */
  replaces = $state.raw<string | null>(null);

  constructor(from: SuiteView) {
    this.dataset = from.dataset ?? "";
    this.graders = from.digest === null ? [{ type: "exact", trim: true, ignore_case: true }] : from.graders;
    this.measure = from.measure;
    this.replaces = from.digest;
  }

  changed(from: SuiteView): boolean {
    const now = new SuiteForm(from);
    return (
      this.replaces !== now.replaces ||
      (this.dataset !== now.dataset && now.dataset !== "") ||
      this.measure !== now.measure ||
      JSON.stringify(this.graders) !== JSON.stringify(now.graders)
    );
  }
}

/** A dataset with changes that are not saved. */
export interface DatasetEdit {
  cases: Case[];
  /** When the dataset was last saved as these changes began. */
  from: number;
}

/** A text to import that was not imported yet. */
export interface ImportForm {
  text: string;
  name: string;
  format: DatasetFormat;
}

/** What a reviewer has typed about one request. */
export class ReviewForm {
  verdict = $state("");
  comment = $state("");
  /** The words that the comment is about, as they stand in a version. */
  quote = $state.raw<{ place: Quote; from: string; words: string } | null>(null);
  /** The comment that is answered. */
  answers = $state.raw<{ id: CommentId; by: string; text: string } | null>(null);
}

class Forms {
  readonly #reviews = new Map<string, ReviewForm>();
  #runs = new Map<string, RunForm>();
  readonly #suites = new Map<string, SuiteForm>();
  /** By project and environment. */
  readonly policies = new SvelteMap<string, PolicyForm>();
  /** By project and dataset. */
  readonly datasets = new SvelteMap<string, DatasetEdit>();
  readonly imports = new Map<string, ImportForm>();

  run(project: string): RunForm {
    const form = this.#runs.get(project) ?? new RunForm();
    this.#runs.set(project, form);
    return form;
  }

  review(project: string, request: RequestId): ReviewForm {
    const key = `${project}/${request}`;
    const form = this.#reviews.get(key) ?? new ReviewForm();
    this.#reviews.set(key, form);
    return form;
  }

  suite(project: string, from: SuiteView): SuiteForm {
    const key = `${project}/${from.prompt}`;
    const form = this.#suites.get(key) ?? new SuiteForm(from);
    this.#suites.set(key, form);
    return form;
  }

  suiteDone(project: string, prompt: PromptId) {
    this.#suites.delete(`${project}/${prompt}`);
  }

  dataset = (project: string, dataset: string) => `${project}/${dataset}`;
}

export const forms = new Forms();
