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

  say(words: string, undo?: Notice["undo"]): number {
    return this.#add({ id: this.#next++, words, kind: "done", undo });
  }

  /** Something failed that has no place of its own on the screen. It stays until it is closed. */
  problem(error: unknown): number {
    const words = error instanceof Error ? error.message : String(error);
    return this.#add({ id: this.#next++, words, kind: "problem" });
  }

  close(id: number) {
    this.list = this.list.filter((notice) => notice.id !== id);
  }

  #add(notice: Notice): number {
    this.list = [...this.list.filter((other) => other.words !== notice.words), notice].slice(-3);
    // With an undo it stays longer: there must be time to reach it.
    if (notice.kind === "done") setTimeout(() => this.close(notice.id), notice.undo ? 12_000 : 6_000);
    return notice.id;
  }
}

export const notices = new Notices();
