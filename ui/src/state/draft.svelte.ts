// The draft on screen: every change is kept on this machine at the next pause in typing.
//
// A prompt opens on its newest version. The first change opens a draft; from then on each pause of
// 400 ms saves it. Only one save is under way at a time, and what was typed meanwhile follows it.

import type { Changed, Check, Draft, Message, PromptId, Role, VersionContent, VersionRow } from "../bindings";
import { backend, IpcError } from "../ipc";
import { inserted, moved, newMessage, newPlaceholder, removed, roleWords, withMessage, withText } from "./content";
import { notices } from "./notices.svelte";

export const PAUSE = 400;

export class DraftEditor {
  content = $state.raw<VersionContent | null>(null);
  /** One key for each message, so that an editor stays with its message when the order changes. */
  keys = $state.raw<number[]>([]);
  name = $state("");
  message = $state("");
  id = $state<string | null>(null);
  base = $state<string | null>(null);
  baseNumber = $state<number | null>(null);
  savedAt = $state<number | null>(null);
  /** Whether there are changes that are not on disk yet. */
  dirty = $state(false);
  saving = $state(false);
  error = $state<string | null>(null);
  check = $state.raw<Check | null>(null);
  changed = $state.raw<Changed | null>(null);

  #nextKey = 1;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> | null = null;
  /** Grows with each change, so a save knows whether more was typed since it began. */
  #edition = 0;

  constructor(
    readonly project: string,
    readonly prompt: PromptId | null,
    private readonly onOpened: (draft: Draft) => void = () => {},
  ) {}

  /** Shows a draft as it was last saved. */
  showDraft(draft: Draft) {
    this.id = draft.id;
    this.base = draft.base;
    this.baseNumber = draft.base_number;
    this.name = draft.name;
    this.message = draft.message;
    this.savedAt = draft.saved_at;
    this.changed = draft.changed;
    this.#show(draft.content);
  }

  /** Shows a version; a draft begins with the first change. */
  showVersion(name: string, row: Pick<VersionRow, "id" | "number">, content: VersionContent) {
    this.id = null;
    this.base = row.id;
    this.baseNumber = row.number;
    this.name = name;
    this.message = "";
    this.savedAt = null;
    this.changed = null;
    this.#show(content);
  }

  /** The same words on a new base: what was written stays as it is on screen. */
  rebase(draft: Draft) {
    this.id = draft.id;
    this.base = draft.base;
    this.baseNumber = draft.base_number;
    this.message = draft.message;
    this.savedAt = draft.saved_at;
    this.changed = draft.changed;
  }

  #show(content: VersionContent) {
    clearTimeout(this.#timer);
    this.dirty = false;
    this.error = null;
    this.content = content;
    this.keys = content.messages.map(() => this.#nextKey++);
    void this.checkNow();
  }

  async checkNow() {
    const content = this.content;
    if (!content) return;
    try {
      const check = await backend.check(this.project, content);
      if (content === this.content) this.check = check;
    } catch {
      // The next save checks again and says what is wrong.
    }
  }

  /** Replaces the content. Everything that changes it goes through here. */
  change(content: VersionContent) {
    this.content = content;
    this.#touched();
  }

  setText(key: number, text: string) {
    const index = this.keys.indexOf(key);
    if (!this.content || index < 0) return;
    this.change(withText(this.content, index, text));
  }

  setRole(key: number, role: Role) {
    const index = this.keys.indexOf(key);
    const old = this.content?.messages[index];
    if (!this.content || !old || old.type !== "message") return;
    this.change(withMessage(this.content, index, { ...old, role } as Message));
  }

  setPlaceholder(key: number, name: string) {
    const index = this.keys.indexOf(key);
    if (!this.content || index < 0) return;
    this.change(withMessage(this.content, index, newPlaceholder(name)));
  }

  setMessage(message: string) {
    this.message = message;
    this.#touched();
  }

  setName(name: string) {
    this.name = name;
    this.#touched();
  }

  addMessage(role: Role, at = this.keys.length): number {
    return this.#insert(newMessage(role), at);
  }

  addPlaceholder(at = this.keys.length): number {
    return this.#insert(newPlaceholder("history"), at);
  }

  #insert(message: Message, at: number, key = this.#nextKey++): number {
    if (!this.content) return key;
    this.keys = inserted(this.keys, at, key);
    this.change({ ...this.content, messages: inserted(this.content.messages, at, message) });
    return key;
  }

  /** Takes a message out, with an undo that puts back this one and leaves everything else as it is then. */
  removeMessage(key: number) {
    const index = this.keys.indexOf(key);
    const message = this.content?.messages[index];
    if (!this.content || !message) return;
    this.keys = removed(this.keys, index);
    this.change({ ...this.content, messages: removed(this.content.messages, index) });
    const what = message.type === "message" ? `${roleWords[message.role]} message` : "History placeholder";
    const undo = () => {
      this.#undo = null;
      notices.close(notice);
      this.#insert(message, Math.min(index, this.keys.length), key);
    };
    const notice = notices.say(`${what} removed`, { label: "Undo", run: undo });
    this.#undo = undo;
  }

  #undo: (() => void) | null = null;

  /** Undoes the last removal or move of a message. Text has its own undo in its editor. */
  undo(): boolean {
    if (!this.#undo) return false;
    this.#undo();
    return true;
  }

  moveMessage(key: number, by: -1 | 1) {
    const from = this.keys.indexOf(key);
    const to = from + by;
    if (!this.content || from < 0 || to < 0 || to >= this.keys.length) return;
    this.keys = moved(this.keys, from, to);
    this.change({ ...this.content, messages: moved(this.content.messages, from, to) });
    this.#undo = () => {
      this.#undo = null;
      this.moveMessage(key, by === 1 ? -1 : 1);
      this.#undo = null;
    };
  }

  #touched() {
    this.#edition += 1;
    this.dirty = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), PAUSE);
  }

  /** Saves now what is not saved yet. Resolves when it is on disk, or with `error` set. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    while (this.#running) await this.#running;
    if (!this.dirty) return;
    this.#running = this.#save().finally(() => (this.#running = null));
    await this.#running;
    // What was typed while it was being saved has its own timer.
  }

  async #save() {
    const content = this.content;
    if (!content) return;
    const edition = this.#edition;
    this.saving = true;
    try {
      if (this.id === null && this.prompt !== null) {
        const draft = await backend.openDraft(this.project, this.prompt, this.base);
        this.id = draft.id;
        this.onOpened(draft);
      }
      if (this.id === null) return;
      const saved = await backend.saveDraft(this.project, this.id, content, this.name, this.message);
      this.savedAt = saved.at;
      this.changed = saved.changed;
      this.error = null;
      if (edition === this.#edition) {
        this.check = saved.check;
        this.dirty = false;
      }
    } catch (error) {
      this.error = IpcError.from(error).message;
    } finally {
      this.saving = false;
    }
  }

  /** Makes a version of it. The draft stays open, on the new version. */
  async saveVersion(): Promise<VersionRow> {
    if (this.id === null && !this.dirty) this.dirty = true;
    await this.flush();
    if (this.error !== null) throw new IpcError("draft_not_saved", this.error);
    if (this.id === null) throw new IpcError("no_draft", "There is nothing to save yet.");
    return backend.saveVersion(this.project, this.id, this.message);
  }
}
