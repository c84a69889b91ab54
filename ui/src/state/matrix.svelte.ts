// The rows of a run, of which only those near what is in sight are here. Which rows there are, and in which
// order, is said by Rust: this keeps pages of the answer.

import type { MatrixPage, MatrixQuery, MatrixRow } from "../bindings";
import { IpcError } from "../ipc";

/** Rows in a page. */
export const PAGE = 100;
/** Pages that are kept: those furthest from what is in sight go first. */
export const KEPT = 12;

type Fetch = (query: MatrixQuery, offset: number, limit: number) => Promise<MatrixPage>;

export class MatrixRows {
  total = $state(0);
  error = $state<string | null>(null);
  /** Whether a first page is here. */
  here = $state(false);
  query = $state.raw<MatrixQuery>({ base: 0, filter: "all", tag: null, text: "", sort: "case" });
  #pages = $state.raw(new Map<number, MatrixRow[]>());
  #asked = new Set<number>();
  #turn = 0;
  #first = 0;
  #last = 0;
  readonly #fetch: Fetch;

  constructor(fetch: Fetch) {
    this.#fetch = fetch;
  }

  /** The row at a place, if it is here. */
  at(index: number): MatrixRow | undefined {
    return this.#pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  get pages(): number {
    return this.#pages.size;
  }

  /** Asks another question. The rows in sight stay until the answer is here. */
  ask(query: MatrixQuery): Promise<void> {
    this.query = query;
    this.#first = this.#last = 0;
    return this.again();
  }

  /** Asks the same question again: what is in sight first, the rest when it comes into sight. */
  async again(): Promise<void> {
    const turn = ++this.#turn;
    this.#asked.clear();
    const page = Math.floor(this.#first / PAGE);
    await this.#get(page, turn, true);
    if (turn === this.#turn) await this.sight(this.#first, this.#last);
  }

  /** Rows from `first` up to `last` are in sight, or nearly. */
  async sight(first: number, last: number): Promise<void> {
    this.#first = first;
    this.#last = last;
    const wanted: number[] = [];
    const end = Math.min(last, this.total - 1);
    for (let page = Math.floor(first / PAGE); page * PAGE <= end; page++) wanted.push(page);
    await Promise.all(
      wanted.filter((page) => !this.#pages.has(page)).map((page) => this.#get(page, this.#turn, false)),
    );
  }

  async #get(page: number, turn: number, fresh: boolean): Promise<void> {
    if (this.#asked.has(page)) return;
    this.#asked.add(page);
    try {
      const found = await this.#fetch(this.query, page * PAGE, PAGE);
      if (turn !== this.#turn) return;
      const pages = fresh ? new Map<number, MatrixRow[]>() : new Map(this.#pages);
      pages.set(page, found.rows);
      const middle = Math.floor((this.#first + this.#last) / 2 / PAGE);
      const far = [...pages.keys()].sort((a, b) => Math.abs(b - middle) - Math.abs(a - middle));
      while (pages.size > KEPT) pages.delete(far.shift()!);
      this.#pages = pages;
      this.total = found.total;
      this.here = true;
      this.error = null;
    } catch (failure) {
      if (turn === this.#turn) this.error = IpcError.from(failure).message;
    } finally {
      if (turn === this.#turn) this.#asked.delete(page);
    }
  }
}
