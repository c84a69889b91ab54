// What was filled in and not sent off yet. It lives as long as the window, so that leaving a screen loses nothing.

import { SvelteMap, SvelteSet } from "svelte/reactivity";
import type { Case, CommentId, DatasetFormat, Grader, ModelChoice, Quote, Ref, RequestId } from "../bindings";
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

  dataset = (project: string, dataset: string) => `${project}/${dataset}`;
}

export const forms = new Forms();
