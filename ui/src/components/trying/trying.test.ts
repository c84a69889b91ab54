// Trying as a person does it: a handful, a conversation that survives going away, and Ollama.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { click, close, find, gone, open, press, there, until, write } from "../../mock/test-window";
import { caseOf, literal } from "../../state/playing";

beforeEach(() => localStorage.clear());
afterEach(close);
const text = (id: string) => find(id)?.textContent ?? "";

describe("a handful", () => {
  it("is chosen, tried with the version beside it, and what differs is marked", async () => {
    const mock = await open("full", "try-dataset");
    const asked = vi.spyOn(mock, "trySome");
    await there("try-several");
    click("try-several");
    await there("case-picker");
    click("pick-first");
    await until(() => expect(text("try-it")).toContain("Try 5 cases"));
    click("pick-6");
    press("Enter", { ctrlKey: true });
    await until(() => expect(text("try-words")).toContain("v9 and draft differ in"));
    const plan = asked.mock.lastCall![1];
    expect(plan.contents.map((one) => one.label)).toEqual(["v9", "draft"]);
    expect(plan.cases).toHaveLength(6);
    expect(plan.refresh).toBe(false);
    expect(find("answers-5")).not.toBeNull();
    const marks = () => document.querySelectorAll('[data-testid="answer-draft"] mark.added').length;
    expect(marks()).toBeGreaterThan(0);
    click("try-marked");
    await until(() => expect(marks()).toBe(0));
    // Answers belong to the cases they were asked with.
    click("pick-none");
    await gone("answers");
  });

  it("is stopped, and what it was answered stays", async () => {
    const mock = await open("slow", "try-dataset");
    click("prompt-support/triage");
    await until(() => expect(find<HTMLButtonElement>("try-it")?.disabled).toBe(false));
    const stop = vi.spyOn(mock, "cancelTry");
    click("try-it");
    await there("answer-live");
    click("try-stop");
    await until(() => expect(text("answers")).toContain("Stopped before it was answered."));
    expect(stop).toHaveBeenCalledOnce();
  });
});

describe("a conversation", () => {
  it("goes on from the prompt, keeps what was typed, and comes back", async () => {
    const mock = await open("full", "try-dataset");
    click("prompt-support/first-reply");
    await until(() => expect(text("prompt-screen")).toContain("first-reply"));
    click("try-conversation");
    const field = await there("play-field");
    write(field, "And if they are angry?");
    await until(() => expect(find<HTMLButtonElement>("play-say")!.disabled).toBe(false));
    field.focus();
    press("Enter");
    await there("turn-1");
    expect(text("turn-0")).toContain("And if they are angry?");
    expect(find<HTMLTextAreaElement>("play-field")!.value).toBe("");
    write(find("play-field")!, "not said yet");
    // Going elsewhere and coming back loses neither.
    click("go-activity");
    await gone("playground");
    click("prompt-support/first-reply");
    await there("turn-1");
    await until(() => expect(find<HTMLTextAreaElement>("play-field")!.value).toBe("not said yet"));
    const kept = await mock.playgrounds("project-1", (await mock.playground("project-1", "play-1")).prompt);
    expect(kept).toMatchObject([{ title: "And if they are angry?", turns: 2 }]);
    // Begun again, the earlier one stays in the list.
    click("play-fresh");
    await gone("turn-0");
    click("play-rows");
    await until(() => expect(text("playground")).toContain("And if they are angry?"));
  });

  it("gives an answer to a case with all that was said before", () => {
    const turns = [
      { by: "person" as const, text: "hello", source: "", question: null },
      { by: "model" as const, text: "hi", source: "", question: null },
    ];
    const message = { type: "message" as const, role: "user" as const, text: "x" };
    const plain = { kind: "chat" as const, messages: [message] };
    const said = [{ role: "user", content: "hello" }];
    expect(caseOf(plain, { a: "1" }, turns, 1)).toEqual({
      inputs: { a: "1", conversation: said },
      answer: "hi",
      expected: null,
    });
    const history = { ...plain, messages: [message, { type: "placeholder" as const, name: "history" }] };
    expect(caseOf(history, {}, turns, 1).inputs).toEqual({ history: said });
    expect(caseOf(plain, { a: "1" }, turns.slice(1), 0).inputs).toEqual({ a: "1" });
  });

  it("puts braces into the draft as words", () => {
    expect(literal("say {{ name }}")).toBe("{% raw %}say {{ name }}{% endraw %}");
    expect(literal('{"a": 1}')).toBe('{"a": 1}');
  });
});

describe("Ollama", () => {
  it("is offered in Settings and set up with one click", async () => {
    const mock = await open("ollama", "go-settings");
    click("go-settings");
    expect((await there("ollama-found")).textContent).toContain("3 models");
    const used = vi.spyOn(mock, "useOllama");
    click("ollama-use");
    await until(() => expect(used).toHaveBeenCalledWith("http://127.0.0.1:11434/v1", "llama3.2:latest"));
  });
});
