// What a screen shows while it loads, when it failed, and when it is there. The last good value stays
// on screen during a reload, so nothing flickers.

import { IpcError } from "../ipc";

export class Loader<T> {
  value = $state.raw<T | null>(null);
  error = $state<string | null>(null);
  loading = $state(false);
  #turn = 0;

  async load(get: () => Promise<T>): Promise<T | null> {
    const turn = ++this.#turn;
    this.loading = true;
    try {
      const value = await get();
      if (turn !== this.#turn) return null;
      this.value = value;
      this.error = null;
      return value;
    } catch (error) {
      if (turn === this.#turn) this.error = IpcError.from(error).message;
      return null;
    } finally {
      if (turn === this.#turn) this.loading = false;
    }
  }

  /** Forgets the value and whatever is still on its way. */
  clear() {
    this.#turn += 1;
    this.value = null;
    this.error = null;
    this.loading = false;
  }
}
