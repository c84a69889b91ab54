// A conversation with a draft. Every word is kept on this computer at the next pause in typing, like a draft's;
// half an answer is not kept.

import type { ModelChoice, Playground, PlaygroundRow, PlayTurn, Value, VersionContent } from "../bindings";
import { backend, IpcError } from "../ipc";

const PAUSE = 400;

export class Conversation {
  rows = $state.raw<PlaygroundRow[]>([]);
  id = $state("");
  turns = $state.raw<PlayTurn[]>([]);
  typed = $state("");
  values = $state.raw<Record<string, Value>>({});
  model = $state.raw<ModelChoice | null>(null);
  asking = $state(false);
  live = $state("");
  error = $state<string | null>(null);
  #revision = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #saving: Promise<void> = Promise.resolve();
  #dirty = false;
  #turn = 0;
  #off: (() => void) | undefined;
  #gone = false;

  constructor(
    readonly project: string,
    /** The prompt, or its draft while it has no version. */
    readonly prompt: string,
  ) {
    void backend
      .on("answer_chunk", ({ id, text }) => {
        if (this.asking && id === this.id) this.live = text;
      })
      .then((off) => (this.#gone ? off() : (this.#off = off)));
  }

  /** The model has to answer next, or nobody has said anything. */
  readonly waits = $derived(this.turns.at(-1)?.by === "person");

  /** Opens the one that was left last, with what stood in its field. */
  async begin() {
    await this.#list();
    if (this.#gone || this.id !== "" || this.typed !== "" || this.turns.length > 0) return;
    const last = this.rows[0];
    if (last) await this.open(last.id);
  }

  async #list() {
    try {
      this.rows = await backend.playgrounds(this.project, this.prompt);
    } catch (failure) {
      this.error = IpcError.from(failure).message;
    }
  }

  #show(it: Playground, typed = it.typed) {
    this.id = it.id;
    this.turns = it.turns;
    this.typed = typed;
    this.values = it.values as Record<string, Value>;
    this.model = it.model;
    this.#revision = it.revision;
  }

  async open(id: string) {
    await this.flush();
    const mine = ++this.#turn;
    this.error = null;
    try {
      const it = await backend.playground(this.project, id);
      if (mine === this.#turn) this.#show(it);
    } catch (failure) {
      this.error = IpcError.from(failure).message;
    }
  }

  /** Begins again; the one before stays in the list. */
  async fresh() {
    await this.flush();
    this.#turn += 1;
    this.error = null;
    const { model } = this;
    this.#show({
      id: "",
      prompt: this.prompt,
      revision: 0,
      turns: [],
      typed: "",
      values: {},
      model,
    });
    await this.#list();
  }

  /** Deletes one for good: whoever asks has asked the person. */
  async remove(id: string) {
    await this.flush();
    try {
      await backend.removePlayground(this.project, id);
      if (id === this.id) await this.fresh();
      else await this.#list();
    } catch (failure) {
      this.error = IpcError.from(failure).message;
    }
  }

  setTyped(text: string) {
    this.typed = text;
    this.#touched();
  }

  setModel(model: ModelChoice | null) {
    this.model = model;
    if (this.id !== "") this.#touched();
  }

  /** With which values the prompt begins. They stay those of the conversation once it has begun. */
  setValues(values: Record<string, Value>) {
    this.values = values;
    if (this.id !== "") this.#touched();
  }

  /** Puts other words in a message. What was said after it stays. */
  edit(at: number, text: string) {
    const turn = this.turns[at];
    if (!turn || this.asking || turn.text === text) return;
    this.turns = this.turns.with(at, {
      ...turn,
      text,
      source: turn.by === "model" ? "changed by hand" : "",
      question: null,
    });
    this.#touched();
  }

  /** Takes a message back with all that came after it. The person's own words go back to the field. */
  takeBack(at: number) {
    const turn = this.turns[at];
    if (!turn || this.asking) return;
    const own = turn.by === "person" ? turn : undefined;
    this.turns = this.turns.slice(0, at);
    if (own && this.typed.trim() === "") this.typed = own.text;
    this.error = null;
    this.#touched();
  }

  /** Says what stands in the field, if anything does, and lets the model answer. */
  async say(content: VersionContent, refresh = false) {
    if (this.asking) return;
    const text = this.typed.trim();
    if (text === "" && this.turns.at(-1)?.by === "model") return;
    if (text !== "") {
      this.turns = [...this.turns, { by: "person", text, source: "", question: null }];
      this.typed = "";
    }
    this.asking = true;
    this.live = "";
    this.error = null;
    this.#dirty = true;
    try {
      // What was said is on disk before anybody is asked.
      await this.flush();
      if (this.error !== null) return;
      const asked = this.id;
      const it = await backend.askPlayground(this.project, asked, content, refresh);
      if (this.id === asked) this.#show(it, this.typed);
    } catch (failure) {
      const problem = IpcError.from(failure);
      if (problem.code !== "cancelled") this.error = problem.message;
    } finally {
      this.asking = false;
      this.live = "";
      void this.#list();
    }
  }

  /** Asks for another answer in place of the last. */
  async again(content: VersionContent) {
    if (this.asking) return;
    if (this.turns.at(-1)?.by === "model") this.turns = this.turns.slice(0, -1);
    await this.#ask(content);
  }

  async #ask(content: VersionContent) {
    const typed = this.typed;
    this.typed = "";
    const done = this.say(content, true);
    // What is being written is not said by asking again.
    this.typed = typed;
    await done;
  }

  stop() {
    if (this.asking) void backend.cancelTry(this.id);
  }

  #touched() {
    this.#dirty = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), PAUSE);
  }

  /** Keeps now what is not kept yet. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#saving = this.#saving.then(() => this.#save());
    return this.#saving;
  }

  async #save() {
    if (!this.#dirty) return;
    // Nothing was said or typed yet: there is nothing to come back to.
    if (this.id === "" && this.turns.length === 0 && this.typed === "" && !this.asking) return;
    this.#dirty = false;
    const { id, turns, typed, values, model } = this;
    const mine = this.#turn;
    try {
      const kept = await backend.keepPlayground(this.project, {
        id,
        prompt: this.prompt,
        revision: this.#revision,
        turns,
        typed,
        values,
        model,
      });
      if (mine !== this.#turn) return;
      this.id = kept.id;
      this.#revision = Math.max(this.#revision, kept.revision);
    } catch (failure) {
      this.#dirty = true;
      this.error = IpcError.from(failure).message;
    }
  }

  close() {
    this.#gone = true;
    void this.flush();
    this.#off?.();
  }
}
