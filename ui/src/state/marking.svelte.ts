// Answers of a run one after the other, for a person to mark. What was marked is kept at once; undo gives
// back what stood there before.

import type { MarkChoice, MarkGiven, MarkItem, MarkQueue } from "../bindings";

/** What the queue asks of the other side. */
export interface MarkBackend {
  queue(choice: MarkChoice): Promise<MarkQueue>;
  item(question: string): Promise<MarkItem>;
  mark(question: string, given: MarkGiven): Promise<{ before: MarkGiven; progress: MarkQueue["progress"] }>;
}

/** The mark that a key stands for on a scale; none: the key is no mark. */
export function markOf(key: string, scale: "thumb" | "five"): number | null {
  if (scale === "five") return /^[1-5]$/.test(key) ? Number(key) : null;
  if (key === "y" || key === "ArrowUp") return 1;
  return key === "n" || key === "ArrowDown" ? 0 : null;
}

export class Marking {
  queue = $state.raw<MarkQueue | null>(null);
  item = $state.raw<MarkItem | null>(null);
  place = $state(0);
  /** What is typed beside the answer in sight. */
  note = $state("");
  /** Whether it may be seen where this answer comes from. */
  shown = $state(false);
  /** Marks given since the queue was opened. */
  given = $state(0);
  #backend: MarkBackend;
  #done: { place: number; question: string; before: MarkGiven }[] = $state.raw([]);
  #turn = 0;

  constructor(backend: MarkBackend) {
    this.#backend = backend;
  }

  get total() {
    return this.queue?.questions.length ?? 0;
  }
  /** Every answer was gone through. */
  get over() {
    return this.queue !== null && this.place >= this.total;
  }
  get canUndo() {
    return this.#done.length > 0;
  }

  async choose(choice: MarkChoice) {
    const turn = ++this.#turn;
    const queue = await this.#backend.queue(choice);
    if (turn !== this.#turn) return;
    this.queue = queue;
    this.#done = [];
    await this.go(0);
  }

  async go(place: number) {
    const turn = ++this.#turn;
    this.place = Math.max(0, Math.min(this.total, place));
    this.shown = false;
    const question = this.queue?.questions[this.place];
    if (question === undefined) {
      this.item = null;
      return;
    }
    const item = await this.#backend.item(question);
    if (turn !== this.#turn) return;
    this.item = item;
    this.note = item.asked.note;
  }

  /** Marks the answer in sight and goes on to the next. */
  async mark(value: number) {
    const question = this.item?.asked.question;
    if (question === undefined || this.queue?.questions[this.place] !== question) return;
    const place = this.place;
    const note = this.note.trim();
    // Not twice for a key that is held down.
    this.item = null;
    const turn = ++this.#turn;
    try {
      const done = await this.#backend.mark(question, { value, note });
      this.#done = [...this.#done, { place, question, before: done.before }];
      this.given += 1;
      this.queue = { ...this.queue, progress: done.progress };
    } catch (error) {
      if (turn === this.#turn) await this.go(place);
      throw error;
    }
    if (turn === this.#turn) await this.go(place + 1);
  }

  /** Gives the answer that was marked last what it had before, and goes back to it. */
  async undo() {
    const last = this.#done.at(-1);
    if (!last || !this.queue) return;
    const done = await this.#backend.mark(last.question, last.before);
    this.#done = this.#done.slice(0, -1);
    this.queue = { ...this.queue, progress: done.progress };
    await this.go(last.place);
  }
}
