import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { IpcError, useBackend } from "../ipc";
import { createMock, type MockBackend } from "../mock/backend";
import { messageText } from "./content";
import { DraftEditor, PAUSE } from "./draft.svelte";
import { notices } from "./notices.svelte";

const P = "project-1";
let mock: MockBackend;

async function opened(name = "support/escalation"): Promise<DraftEditor> {
  const id = `prompt-${name}`;
  const view = await mock.prompt(P, id);
  const head = view.versions[0]!;
  const editor = new DraftEditor(P, id);
  editor.showVersion(name, head, (await mock.version(P, head.id)).content);
  return editor;
}
const texts = (editor: DraftEditor) => editor.content!.messages.map(messageText);
const type = (editor: DraftEditor, text: string) => editor.setText(editor.keys[0]!, text);

beforeEach(() => {
  vi.useFakeTimers();
  mock = createMock("full");
  useBackend(mock);
  notices.list = [];
});
afterEach(() => {
  vi.useRealTimers();
});

describe("autosave", () => {
  it("reading a version opens no draft", async () => {
    const open = vi.spyOn(mock, "openDraft");
    await opened();
    await vi.advanceTimersByTimeAsync(PAUSE * 10);
    expect(open).not.toHaveBeenCalled();
  });

  it("saves once at the pause, with the last words", async () => {
    const editor = await opened();
    const save = vi.spyOn(mock, "saveDraft");
    for (const text of ["W", "Wr", "Write"]) {
      type(editor, text);
      await vi.advanceTimersByTimeAsync(PAUSE - 1);
    }
    expect(save).not.toHaveBeenCalled();
    expect(editor.dirty).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    expect(save).toHaveBeenCalledTimes(1);
    expect(messageText(save.mock.calls[0]![2].messages[0]!)).toBe("Write");
    expect(editor.dirty).toBe(false);
    expect(editor.savedAt).not.toBeNull();
  });

  it("what is typed during a save follows it and is not taken for saved", async () => {
    const editor = await opened();
    let release = () => {};
    const real = mock.saveDraft.bind(mock);
    const save = vi.spyOn(mock, "saveDraft").mockImplementationOnce(async (...given) => {
      await new Promise<void>((done) => (release = done));
      return real(...given);
    });
    type(editor, "first");
    await vi.advanceTimersByTimeAsync(PAUSE);
    type(editor, "second");
    release();
    await vi.advanceTimersByTimeAsync(0);
    expect(editor.dirty).toBe(true);
    await vi.advanceTimersByTimeAsync(PAUSE);
    expect(save).toHaveBeenCalledTimes(2);
    expect(messageText(save.mock.calls[1]![2].messages[0]!)).toBe("second");
    expect(editor.dirty).toBe(false);
  });

  it("a failed save says so, keeps the words, and can be tried again", async () => {
    const editor = await opened();
    vi.spyOn(mock, "saveDraft").mockRejectedValueOnce(new IpcError("disk_full", "The disk is full."));
    type(editor, "kept");
    await vi.advanceTimersByTimeAsync(PAUSE);
    expect(editor.error).toBe("The disk is full.");
    expect(editor.dirty).toBe(true);
    await editor.flush();
    expect(editor.error).toBeNull();
    expect(editor.dirty).toBe(false);
    expect(texts(editor)[0]).toBe("kept");
  });

  it("leaving saves at once", async () => {
    const editor = await opened();
    const save = vi.spyOn(mock, "saveDraft");
    type(editor, "leaving");
    await editor.flush();
    expect(save).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(PAUSE * 2);
    expect(save).toHaveBeenCalledTimes(1);
  });

  it("saving a version holds what was typed a moment before", async () => {
    const editor = await opened();
    type(editor, "the very last words");
    const row = await editor.saveVersion();
    const { content } = await mock.version(P, row.id);
    expect(messageText(content.messages[0]!)).toBe("the very last words");
  });

  it("no version is made of a draft that could not be saved", async () => {
    const editor = await opened();
    const version = vi.spyOn(mock, "saveVersion");
    vi.spyOn(mock, "saveDraft").mockRejectedValue(new IpcError("disk_full", "The disk is full."));
    type(editor, "words");
    await expect(editor.saveVersion()).rejects.toThrow("The disk is full.");
    expect(version).not.toHaveBeenCalled();
  });
});

describe("messages", () => {
  it("a removed message comes back at its place, and what was written since stays", async () => {
    const editor = await opened();
    const [system, user] = texts(editor);
    editor.removeMessage(editor.keys[0]!);
    expect(texts(editor)).toEqual([user]);
    editor.setText(editor.keys[0]!, "changed since");
    notices.list.at(-1)!.undo!.run();
    expect(texts(editor)).toEqual([system, "changed since"]);
    expect(notices.list).toEqual([]);
  });

  it("undo by key does the same, once", async () => {
    const editor = await opened();
    const before = texts(editor);
    editor.removeMessage(editor.keys[1]!);
    expect(editor.undo()).toBe(true);
    expect(texts(editor)).toEqual(before);
    expect(editor.undo()).toBe(false);
  });

  it("a moved message keeps its key, so its editor moves with it", async () => {
    const editor = await opened();
    const [a, b] = editor.keys;
    const [first, second] = texts(editor);
    editor.moveMessage(a!, 1);
    expect(editor.keys).toEqual([b, a]);
    expect(texts(editor)).toEqual([second, first]);
    editor.undo();
    expect(texts(editor)).toEqual([first, second]);
  });

  it("does not move beyond the ends", async () => {
    const editor = await opened();
    const before = editor.content;
    editor.moveMessage(editor.keys[0]!, -1);
    editor.moveMessage(editor.keys[1]!, 1);
    expect(editor.content).toBe(before);
  });
});
