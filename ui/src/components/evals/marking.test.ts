// Marking the answers of a run, by keyboard and without knowing who gave them.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { MarkGiven, MarkItem, MarkQueue } from "../../bindings";
import { click, close, find, gone, open, press, select, there, until, write } from "../../mock/test-window";
import { Marking, markOf } from "../../state/marking.svelte";
import { router } from "../../state/route.svelte";

describe("a key", () => {
  it("is a mark on its own scale only", () => {
    expect(["y", "n", "ArrowUp", "ArrowDown", "1", "j"].map((key) => markOf(key, "thumb"))).toEqual([
      1,
      0,
      1,
      0,
      null,
      null,
    ]);
    expect(["1", "5", "0", "6", "y", "ArrowUp"].map((key) => markOf(key, "five"))).toEqual([
      1,
      5,
      null,
      null,
      null,
      null,
    ]);
  });
});

describe("a queue", () => {
  const item = (question: string): MarkItem => ({
    case: 0,
    inputs: [],
    expected: null,
    answer: question,
    asked: { question, look_at: "", scale: "thumb", mine: null, note: "", others: [] },
    columns: [],
    judges: [],
  });
  const queue = (questions: string[]): MarkQueue => ({
    questions,
    chosen: questions.length,
    progress: { total: 2, marked: 0, mine: 0 },
    apart: 0,
    judged: false,
  });
  const backend = () => {
    const given: [string, MarkGiven][] = [];
    const stood = new Map<string, MarkGiven>([["b", { value: 0, note: "was" }]]);
    return {
      given,
      queue: vi.fn(async () => queue(["a", "b"])),
      item: vi.fn(async (question: string) => item(question)),
      mark: vi.fn(async (question: string, next: MarkGiven) => {
        given.push([question, next]);
        const before = stood.get(question) ?? { value: null, note: "" };
        stood.set(question, next);
        return { before, progress: { total: 2, marked: stood.size, mine: stood.size } };
      }),
    };
  };

  it("marks, goes on, ends, and gives back what stood there, one after the other", async () => {
    const other = backend();
    const marking = new Marking(other);
    await marking.choose({ which: "unmarked" });
    marking.note = " fine ";
    await marking.mark(1);
    await marking.mark(1);
    expect(marking.over).toBe(true);
    expect(marking.given).toBe(2);
    await marking.undo();
    await marking.undo();
    await marking.undo();
    expect(marking.place).toBe(0);
    expect(other.given).toEqual([
      ["a", { value: 1, note: "fine" }],
      ["b", { value: 1, note: "" }],
      ["b", { value: 0, note: "was" }],
      ["a", { value: null, note: "" }],
    ]);
  });

  it("gives one mark for a key that is held down, and stays where it could not be kept", async () => {
    const other = backend();
    const marking = new Marking(other);
    await marking.choose({ which: "unmarked" });
    await Promise.all([marking.mark(1), marking.mark(1)]);
    expect(other.given).toEqual([["a", { value: 1, note: "" }]]);
    other.mark.mockRejectedValueOnce(new Error("disk full"));
    await expect(marking.mark(0)).rejects.toThrow("disk full");
    expect([marking.place, marking.item?.answer, marking.over]).toEqual([1, "b", false]);
  });
});

describe("in the window", () => {
  beforeEach(() => localStorage.clear());
  afterEach(close);
  const openQueue = async () => {
    const mock = await open("full", "go-evals");
    const run = [...mock.world.runs.keys()][0]!;
    router.go({ screen: "evals", tab: "runs", run });
    await there("result-0");
    const marked = vi.spyOn(mock, "markAnswer");
    click("mark-answers");
    await there("mark-item");
    return { mock, marked };
  };
  const answer = () => find("mark-answer")?.textContent;

  it("answers are marked blind, with notes, by keyboard alone", async () => {
    const { marked } = await openQueue();
    const panel = find("mark-panel")!;
    expect(document.activeElement).toBe(panel);
    expect(panel.textContent).not.toContain("v8");
    const first = answer();
    press("e");
    expect(document.activeElement).toBe(find("mark-note"));
    write(find("mark-note")!, "well said");
    // A letter in the note is a letter.
    press("y");
    expect(marked).not.toHaveBeenCalled();
    press("Enter");
    press("y");
    await until(() => expect(marked).toHaveBeenCalledOnce());
    expect(marked.mock.lastCall?.[3]).toEqual({ value: 1, note: "well said" });
    await until(() => expect(find("mark-progress")!.textContent).toContain("1 of"));
    await until(() => expect(answer()).not.toBe(undefined));
    press("j");
    press("u");
    await until(() => expect(answer()).toBe(first));
    expect(marked.mock.lastCall?.[3]).toEqual({ value: null, note: "" });
    click("mark-reveal");
    expect(find("mark-revealed")!.textContent).toContain("answered by v");
    find("mark-panel")!.focus();
    press("Escape");
    await gone("mark-panel");
    await there("matrix");
  });

  it("says when nothing is left to mark", async () => {
    await openQueue();
    select("mark-which", "apart");
    await until(() => expect(find("mark-panel")!.textContent).toContain("Nothing to mark here"));
    select("mark-which", "sample");
    await there("mark-many");
    await there("mark-item");
  });

  it("an opened case takes a mark, and the same again takes it back", async () => {
    const mock = await open("full", "go-evals");
    const run = [...mock.world.runs.keys()][0]!;
    router.go({ screen: "evals", tab: "runs", run });
    await there("result-0");
    const marked = vi.spyOn(mock, "markAnswer");
    find("matrix")!.focus();
    press("Enter");
    await there("give-0-0-0-1");
    click("give-0-0-0-1");
    await until(() => expect(find("give-0-0-0-1")!.getAttribute("aria-pressed")).toBe("true"));
    click("give-0-0-0-1");
    await until(() => expect(find("give-0-0-0-1")!.getAttribute("aria-pressed")).toBe("false"));
    expect(marked.mock.calls.map((call) => call[3].value)).toEqual([1, null]);
  });
});
