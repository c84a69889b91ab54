// With which values prompts are tried. It outlives the screen: going from one prompt to the next keeps the case, as
// long as the dataset has what the next prompt asks for.

import type { Case, DatasetChoice, DatasetView, Value, VersionContent } from "../bindings";
import { backend, IpcError } from "../ipc";
import { caseExpected, caseInputs } from "./cases";
import { filled } from "./handful";

const none: DatasetChoice = { rows: [], suggested: null, words: "" };

class Trying {
  /** Every dataset, and what each lacks for the prompt on screen. */
  choice = $state.raw<DatasetChoice>(none);
  /** The dataset that is chosen; null for values typed by hand. */
  chosen = $state<string | null>(null);
  view = $state.raw<DatasetView | null>(null);
  index = $state(0);
  /** The places of the cases that are tried together; none: the one in sight. */
  picked = $state.raw<number[]>([]);
  /** Whether what stands beside the prompt takes half of the window. */
  wide = $state(false);
  own = $state.raw<Record<string, Value>>({});
  error = $state<string | null>(null);
  loading = $state(false);
  #project = "";
  #turn = 0;
  /** What a person chose by hand, for each prompt. It is not chosen away under them. */
  #picked = new Map<string, string | null>();

  readonly current = $derived<Case | undefined>(this.view?.cases[this.index]);
  readonly values = $derived<Record<string, Value>>(
    this.view ? { ...this.own, ...caseInputs(this.current) } : this.own,
  );
  readonly expected = $derived(this.view ? caseExpected(this.current) : null);
  /** Which case it is, in a word that changes with it. */
  readonly place = $derived(`${this.view?.row.id ?? ""}/${this.index}`);
  /** The cases that are tried: those that were picked, the one in sight, or the values typed by hand. */
  readonly cases = $derived.by<Case[]>(() => {
    const { view, own } = this;
    if (!view) return [{ id: "typed", inputs: own }];
    const picked = this.picked.flatMap((place) => view.cases[place] ?? []);
    const shown = picked.length > 0 ? picked : this.current ? [this.current] : [];
    return shown.map((one) => filled(one, own));
  });
  /** What keeps the chosen dataset from being used as it is. */
  readonly lacks = $derived(this.choice.rows.find((fit) => fit.row.id === this.chosen)?.missing ?? []);

  /** Looks which datasets have what a prompt asks for. With `settle` it goes to one that has. */
  async begin(project: string, prompt: string, content: VersionContent, settle: boolean) {
    if (project !== this.#project) {
      this.#project = project;
      this.#turn += 1;
      this.#picked.clear();
      this.choice = none;
      this.chosen = this.view = null;
      this.index = 0;
      this.picked = [];
      this.own = {};
      this.error = null;
      settle = true;
    }
    let choice: DatasetChoice;
    try {
      choice = await backend.datasetsFor(project, content);
    } catch (error) {
      this.error = IpcError.from(error).message;
      return;
    }
    if (project !== this.#project) return;
    this.choice = choice;
    const there = (id: string | null) => id === null || choice.rows.some((fit) => fit.row.id === id);
    const picked = this.#picked.get(prompt);
    if (picked !== undefined && there(picked)) {
      if (settle && picked !== this.chosen) await this.#show(picked);
      return;
    }
    const now = choice.rows.find((fit) => fit.row.id === this.chosen);
    if (now?.words === "") return;
    if (settle || (this.chosen !== null && !now)) await this.#show(choice.suggested);
  }

  /** What a person chose. */
  async choose(prompt: string, id: string | null) {
    if (await this.#show(id)) this.#picked.set(prompt, id);
  }

  /** Shows a dataset. When it can't be had, what was there stays, and the reason is said. */
  async #show(id: string | null): Promise<boolean> {
    const turn = ++this.#turn;
    const before = this.chosen;
    this.error = null;
    this.chosen = id;
    if (id === null || id === this.view?.row.id) {
      if (id === null) {
        this.view = null;
        this.picked = [];
      }
      this.loading = false;
      return true;
    }
    this.loading = true;
    try {
      const view = await backend.dataset(this.#project, id);
      if (turn !== this.#turn) return false;
      this.view = view;
      this.index = 0;
      this.picked = [];
      return true;
    } catch (error) {
      if (turn !== this.#turn) return false;
      this.chosen = before;
      this.error = IpcError.from(error).message;
      return false;
    } finally {
      if (turn === this.#turn) this.loading = false;
    }
  }

  step(by: number) {
    const all = this.view?.cases.length ?? 0;
    if (all > 0) this.index = (this.index + by + all) % all;
  }

  setOwn(name: string, value: Value) {
    this.own = { ...this.own, [name]: value };
  }
}

export const trying = new Trying();
