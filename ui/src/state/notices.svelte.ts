// Short words at the foot of the window: what was just done, with Undo where it can be undone.

export interface Notice {
  id: number;
  words: string;
  kind: "done" | "problem";
  undo?: { label: string; run: () => void };
}

class Notices {
  list = $state<Notice[]>([]);
  #next = 1;

  /** With `stay` it stays until it is closed: the way back is nowhere else. */
  say(words: string, undo?: Notice["undo"], stay = false): number {
    return this.#add({ id: this.#next++, words, kind: "done", undo }, stay);
  }

  /** Something failed that has no place of its own on the screen. It stays until it is closed. */
  problem(error: unknown): number {
    const words = error instanceof Error ? error.message : String(error);
    return this.#add({ id: this.#next++, words, kind: "problem" });
  }

  close(id: number) {
    this.list = this.list.filter((notice) => notice.id !== id);
  }

  #add(notice: Notice, stay = notice.kind === "problem"): number {
    // The same words twice are one notice, unless each has something of its own to undo.
    const others = this.list.filter((other) => other.words !== notice.words || other.undo !== undefined);
    this.list = [...others, notice].slice(-3);
    // With an undo it stays longer: there must be time to reach it.
    if (!stay) setTimeout(() => this.close(notice.id), notice.undo ? 12_000 : 6_000);
    return notice.id;
  }
}

export const notices = new Notices();
