// With which values prompts are tried. It outlives the screen: going from one prompt to the next keeps the case.

import type { Case, DatasetRow, DatasetView, Value } from "../bindings";
import { backend, IpcError } from "../ipc";
import { caseExpected, caseInputs } from "./cases";

class Trying {
  datasets = $state.raw<DatasetRow[]>([]);
  view = $state.raw<DatasetView | null>(null);
  index = $state(0);
  own = $state.raw<Record<string, Value>>({});
  error = $state<string | null>(null);
  loading = $state(false);
  #project = "";

  readonly current = $derived<Case | undefined>(this.view?.cases[this.index]);
  readonly values = $derived<Record<string, Value>>(
    this.view ? { ...this.own, ...caseInputs(this.current) } : this.own,
  );
  readonly expected = $derived(this.view ? caseExpected(this.current) : null);

  /** Loads the list, and on the first look the first dataset that is on this computer. */
  async begin(project: string) {
    const first = project !== this.#project;
    if (first) {
      this.#project = project;
      this.view = null;
      this.index = 0;
      this.own = {};
    }
    try {
      this.datasets = await backend.datasets(project);
      const here = this.datasets.find((row) => row.here);
      if (first && here) await this.choose(here.id);
    } catch (error) {
      this.error = IpcError.from(error).message;
    }
  }

  async choose(id: string | null) {
    this.error = null;
    if (id === null) {
      this.view = null;
      return;
    }
    this.loading = true;
    try {
      this.view = await backend.dataset(this.#project, id);
      this.index = 0;
    } catch (error) {
      this.error = IpcError.from(error).message;
    } finally {
      this.loading = false;
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
