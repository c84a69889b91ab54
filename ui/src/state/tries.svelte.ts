// One handful that is being tried: what has come so far, answer by answer, and what it came to.

import type { TriedCell, TriedTogether, TryPlan } from "../bindings";
import { backend, IpcError } from "../ipc";

let made = 0;
/** A name that nothing else tried in this window has. */
export const newName = (what: string) => `${what}-${Date.now().toString(36)}-${(made += 1)}`;

const place = (cell: { case: number; column: number }) => `${cell.case}/${cell.column}`;

export class Tries {
  running = $state(false);
  error = $state<string | null>(null);
  /** What is tried, while it is tried and after; null before. */
  plan = $state.raw<TryPlan | null>(null);
  result = $state.raw<TriedTogether | null>(null);
  #cells = $state.raw<Record<string, TriedCell>>({});
  #live = $state.raw<Record<string, string>>({});
  #off: (() => void)[] = [];
  #gone = false;

  constructor() {
    const hear = (off: () => void) => (this.#gone ? off() : this.#off.push(off));
    void backend
      .on("answer_chunk", ({ id, text, ...at }) => {
        if (id === this.plan?.id && this.running) this.#live = { ...this.#live, [place(at)]: text };
      })
      .then(hear);
    void backend
      .on("answer_done", ({ id, cell }) => {
        if (id === this.plan?.id && this.running) this.#cells = { ...this.#cells, [place(cell)]: cell };
      })
      .then(hear);
  }

  /** What became of one answer, if it is there. */
  cell(at: number, column: number): TriedCell | undefined {
    return this.#cells[place({ case: at, column })];
  }

  /** What is written of one answer so far. */
  live(at: number, column: number): string {
    return this.#live[place({ case: at, column })] ?? "";
  }

  async run(project: string, plan: TryPlan) {
    if (this.running) return;
    this.plan = plan;
    this.running = true;
    this.error = null;
    this.result = null;
    this.#cells = {};
    this.#live = {};
    try {
      const result = await backend.trySome(project, plan);
      // What was put away meanwhile stays away.
      if (this.plan?.id !== plan.id) return;
      this.result = result;
      this.#cells = Object.fromEntries(result.cells.map((cell) => [place(cell), cell]));
    } catch (failure) {
      if (this.plan?.id === plan.id) this.error = IpcError.from(failure).message;
    } finally {
      this.running = false;
      this.#live = {};
    }
  }

  /** What it was answered so far stays. */
  stop() {
    if (this.plan && this.running) void backend.cancelTry(this.plan.id);
  }

  /** Answers belong to the cases they were asked with. */
  clear() {
    this.stop();
    this.plan = null;
    this.result = null;
    this.error = null;
    this.#cells = {};
    this.#live = {};
  }

  close() {
    this.#gone = true;
    this.stop();
    this.#off.forEach((off) => off());
  }
}
