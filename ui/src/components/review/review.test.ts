// The Review screen on a backend in memory: what is sent, and what is held back.
import { EditorView } from "@codemirror/view";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { MockBackend } from "../../mock/backend";
import { click, close, find, gone, open as openWindow, press, there, until, write } from "../../mock/test-window";
import { router } from "../../state/route.svelte";

let mock: MockBackend;
const button = (id: string) => find<HTMLButtonElement>(id)!;
async function open(row: number | null, prepare?: (mock: MockBackend) => void, scene = "review") {
  mock = await openWindow(scene, "go-review", prepare);
  click("go-review");
  if (row === null) return;
  await there(`request-${row}`);
  click(`request-${row}`);
  await there("actions");
}
const view = (n: number) => mock.world.requests[n]!.view;

beforeEach(() => localStorage.clear());
afterEach(close);

describe("the list", () => {
  it("has a badge, groups, and what is over folded away", async () => {
    await open(null);
    await there("request-0");
    expect(find("go-review")!.textContent).toContain("2");
    expect(find("request-5")).not.toBeNull();
    expect(find("request-6")).toBeNull();
    click("show-over");
    await there("request-7");
  });

  it("J and K move, and a row opens", async () => {
    await open(null);
    await there("request-0");
    press("j");
    await until(() => expect(document.activeElement).toBe(find("request-0")));
    press("j");
    await until(() => expect(document.activeElement).toBe(find("request-1")));
    press("k");
    await until(() => expect(document.activeElement).toBe(find("request-0")));
    (document.activeElement as HTMLElement).click();
    await until(() => expect(find("request-title")!.textContent).toContain("support/triage v10"));
  });

  it("empty, it says how one is asked for", async () => {
    await open(null, undefined, "new");
    await until(() => expect(find("review-screen")!.textContent).toContain("Ask for review"));
  });
});

describe("a verdict", () => {
  it("names the digest of what is on the screen", async () => {
    await open(0);
    const given = vi.spyOn(mock, "giveVerdict");
    click("approve");
    await until(() => expect(given).toHaveBeenCalledTimes(1));
    expect(given.mock.calls[0]!.slice(1)).toEqual([view(0).row.id, view(0).digest, "approve", ""]);
    await until(() => expect(find("actions")!.textContent).toContain("You approved"));
    click("take-back");
    await gone("take-back");
  });

  it("asking for changes needs words, and what was typed outlives the screen", async () => {
    await open(0);
    const given = vi.spyOn(mock, "giveVerdict");
    click("ask-changes");
    await there("verdict-missing");
    expect(document.activeElement).toBe(find("verdict-comment"));
    expect(given).not.toHaveBeenCalled();
    write(find("verdict-comment")!, "Say by when");
    click("go-releases");
    click("go-review");
    await there("request-0");
    click("request-0");
    await until(() => expect(find<HTMLTextAreaElement>("verdict-comment")!.value).toBe("Say by when"));
    click("ask-changes");
    await until(() => expect(given.mock.calls[0]!.slice(3)).toEqual(["ask_for_changes", "Say by when"]));
  });

  it("is held back when the request changed while it was read, until it was looked at again", async () => {
    await open(0);
    const given = vi.spyOn(mock, "giveVerdict");
    const before = view(0).digest;
    await mock.renewRequest("project-1", view(0).row.id);
    await there("request-changed");
    expect(find("request-changed")!.textContent).toContain("earlier approvals are void");
    for (const id of ["approve", "ask-changes", "withdraw-request", "override"]) expect(button(id).disabled).toBe(true);
    click("approve");
    expect(given).not.toHaveBeenCalled();
    click("look-again");
    await gone("request-changed");
    click("approve");
    await until(() => expect(given).toHaveBeenCalledTimes(1));
    expect(given.mock.calls[0]![2]).not.toBe(before);
    expect(given.mock.calls[0]![2]).toBe(view(0).digest);
  });

  it("says why there is none", async () => {
    await open(0, undefined, "review-author");
    expect(button("approve").disabled).toBe(true);
    expect(find("no-verdict")!.textContent).toContain("a reviewer does");
  });
});

describe("answers", () => {
  it("stand side by side, read when they are looked at", async () => {
    await open(0);
    const read = vi.spyOn(mock, "requestAnswers");
    expect(read).not.toHaveBeenCalled();
    const tab = [...document.querySelectorAll<HTMLElement>('[data-testid="tab-answers"]')][0]!;
    tab.click();
    const answers = await there("review-answers");
    expect(read).toHaveBeenCalledTimes(1);
    await until(() => expect(answers.textContent).toMatch(/passed|No shared run/));
  });

  it("that can't be read say so, and can be tried again", async () => {
    await open(0, (mock) => {
      vi.spyOn(mock, "requestAnswers").mockRejectedValueOnce({ code: "offline", message: "not now", details: null });
    });
    [...document.querySelectorAll<HTMLElement>('[data-testid="tab-answers"]')][0]!.click();
    const answers = await there("review-answers");
    await until(() => expect(answers.textContent).toContain("not now"));
    answers.querySelector<HTMLButtonElement>("button")!.click();
    await until(() => expect(answers.textContent).not.toContain("not now"));
  });
});

describe("what else is done", () => {
  it("releases the next step, with the request's reason ready", async () => {
    await open(4);
    const released = vi.spyOn(mock, "releaseRequest");
    click("release-part-production");
    await there("question-do");
    click("question-do");
    await until(() => expect(released).toHaveBeenCalledTimes(1));
    expect(released.mock.calls[0]!.slice(2)).toEqual([
      { digest: view(4).digest, step: expect.any(Number), environments: ["env-production"] },
      "Try the shorter greeting, on a tenth first",
      null,
    ]);
  });

  it("is ordered to go as soon as nothing is missing, for what is on the screen", async () => {
    await open(0);
    const ordered = vi.spyOn(mock, "releaseWhenApproved");
    const box = () => find<HTMLInputElement>("release-when-approved")!;
    expect(box().checked).toBe(false);
    box().click();
    await until(() => expect(ordered).toHaveBeenCalledTimes(1));
    expect(ordered.mock.calls[0]!.slice(1)).toEqual([view(0).row.id, view(0).digest, true]);
    await until(() => expect(box().checked).toBe(true));
  });

  it("an order that is refused is not shown as given", async () => {
    await open(0);
    vi.spyOn(mock, "releaseWhenApproved").mockRejectedValueOnce({
      code: "invalid",
      message: "look again",
      details: null,
    });
    find<HTMLInputElement>("release-when-approved")!.click();
    await until(() => expect(find("actions")!.textContent).toContain("look again"));
    expect(find<HTMLInputElement>("release-when-approved")!.checked).toBe(false);
  });

  it("releases no other step than the one that the question named", async () => {
    await open(4);
    click("release-part-production");
    await there("question-do");
    await mock.releaseRequest(
      "project-1",
      view(4).row.id,
      { digest: view(4).digest, step: view(4).parts[0]!.done + 1, environments: ["env-production"] },
      "",
      null,
    );
    const released = vi.spyOn(mock, "releaseRequest");
    click("question-do");
    await until(() => expect(find("question")!.textContent).toContain("changed meanwhile"));
    expect(released).not.toHaveBeenCalled();
  });

  it("an override shows what is missing and needs a reason", async () => {
    await open(0);
    const released = vi.spyOn(mock, "releaseRequest");
    click("override");
    const dialog = await there("question");
    for (const words of view(0).parts[1]!.missing) expect(dialog.textContent).toContain(words);
    expect(dialog.textContent).toContain("for ever");
    expect(button("question-do").disabled).toBe(true);
    write(find("question-text")!, "Cards are swallowed every hour");
    click("question-do");
    await until(() => expect(released.mock.calls[0]![4]).toBe("Cards are swallowed every hour"));
  });

  it("renewing one's own request is no surprise", async () => {
    await open(3);
    click("renew-request");
    await there("question-do");
    click("question-do");
    await gone("question");
    await gone("renew-request");
    expect(find("request-changed")).toBeNull();
    expect(button("approve").disabled).toBe(false);
  });

  it("comments with Ctrl Enter, and answers", async () => {
    await open(0);
    const said = vi.spyOn(mock, "comment");
    write(find("comment-text")!, "By when?");
    find("comment-text")!.focus();
    press("Enter", { ctrlKey: true });
    await until(() => expect(said).toHaveBeenCalledTimes(1));
    expect(said.mock.calls[0]!.slice(1)).toEqual([{ request: view(0).row.id }, null, "By when?", null]);
    await until(() => expect(find<HTMLTextAreaElement>("comment-text")!.value).toBe(""));
    document.querySelector<HTMLElement>('[aria-label="Answer Ana"]')!.click();
    write(find("comment-text")!, "By noon.");
    click("comment-send");
    await until(() => expect(said.mock.calls[1]![4]).not.toBeNull());
  });
});

describe("quoting", () => {
  it("sends the very characters that were chosen, also behind one that UTF-16 writes as two", async () => {
    await open(0);
    const said = vi.spyOn(mock, "comment");
    click("tab-after");
    const text = await until(() => {
      const found = document.querySelectorAll<HTMLElement>('[data-testid="after-text"] .cm-content')[1];
      if (!found?.textContent?.includes("kindly")) throw new Error("not there");
      return found;
    });
    const editor = EditorView.findFromDOM(text)!;
    const whole = editor.state.doc.toString();
    const at = whole.indexOf("🙂");
    editor.dispatch({ selection: { anchor: at + 1, head: at + 10 } });
    await there("quote");
    click("quote");
    await until(() => expect(find("quoted")!.textContent).toContain("🙂, kindly"));
    write(find("comment-text")!, "Warm enough?");
    click("comment-send");
    await until(() => expect(said).toHaveBeenCalledTimes(1));
    const quote = said.mock.calls[0]![2]!;
    expect(quote).toMatchObject({ version: "ver-prompt-support/triage-10", message: 1 });
    expect([...whole].slice(quote.from, quote.until).join("")).toBe("🙂, kindly");
    await until(() => expect(find("comments")!.textContent).toContain("Warm enough?"));
  });
});

describe("asking", () => {
  const promote = async (from: string) => {
    click("go-releases");
    const cell = await there(`cell-support/triage-${from}`);
    [...cell.querySelectorAll("button")].find((one) => one.textContent === "Promote")!.click();
  };

  it("takes the place of promoting where the policy wants it, and goes to the request", async () => {
    await open(null);
    const asked = vi.spyOn(mock, "askForRelease");
    await promote("staging");
    const reason = await there("ask-reason");
    expect(find("plan-do")).toBeNull();
    expect(find("plan-policy")!.textContent).toContain("2 approvals");
    write(reason, "The desk asked for it");
    write(find("ask-steps")!, "50, 10");
    expect(button("ask-review").disabled).toBe(true);
    write(find("ask-steps")!, "10, 50");
    reason.focus();
    press("Enter");
    await gone("plan-dialog");
    expect(asked.mock.calls[0]![2]).toEqual({
      reason: "The desk asked for it",
      reviewers: [],
      shares: [10, 50],
      notes: [],
      instead: null,
    });
    await until(() => expect(router.current).toMatchObject({ screen: "review" }));
    await until(() => expect(find("request-reason")!.textContent).toBe("The desk asked for it"));
  });

  it("changes one's own open request about it, unless it is to be asked anew", async () => {
    await open(null);
    const row = structuredClone(view(2).row);
    vi.spyOn(mock, "requestsToChange").mockResolvedValue([row]);
    const asked = vi.spyOn(mock, "askForRelease");
    await promote("staging");
    const choice = await there("ask-instead");
    expect(choice.textContent).toContain(row.title);
    expect(choice.textContent).toContain("void");
    click("ask-anew");
    await until(() => expect(find("ask-instead")!.textContent).not.toContain("void"));
    choice.querySelector<HTMLInputElement>("input")!.click();
    write(find("ask-reason")!, "Two intents are named");
    click("ask-review");
    await until(() => expect(asked).toHaveBeenCalledTimes(1));
    expect(asked.mock.calls[0]![2].instead).toBe(row.id);
  });

  it("asks why a break is safe, and sends the answer", async () => {
    await open(null, ({ world }) => {
      world.requests = [];
      world.find("prompt-support/triage").stages[0]!.sides = [
        { version: "ver-prompt-support/triage-10", number: 10, weight: 100 },
      ];
    });
    const asked = vi.spyOn(mock, "askForRelease");
    await promote("development");
    const note = await there("ask-note-language");
    await until(() => expect(find("ask-preview")!.textContent).toContain("write a note"));
    write(note, "Every caller sends it");
    await until(() => expect(find("ask-preview")!.textContent).not.toContain("write a note"));
    click("ask-review");
    await until(() => expect(asked).toHaveBeenCalledTimes(1));
    expect(asked.mock.calls[0]![2].notes).toEqual([
      {
        environment: "env-staging",
        prompt: "prompt-support/triage",
        input: "language",
        kind: "required",
        text: "Every caller sends it",
      },
    ]);
  });

  it("a refusal loses nothing that was typed", async () => {
    await open(null);
    vi.spyOn(mock, "askForRelease").mockRejectedValueOnce({ code: "invalid", message: "too old", details: null });
    await promote("staging");
    write(await there("ask-reason"), "The desk asked for it");
    write(find("ask-steps")!, "25");
    click("ask-review");
    await until(() => expect(find("plan-dialog")!.textContent).toContain("too old"));
    expect(find<HTMLTextAreaElement>("ask-reason")!.value).toBe("The desk asked for it");
    expect(find<HTMLInputElement>("ask-steps")!.value).toBe("25");
    click("ask-review");
    await gone("plan-dialog");
  });

  it("is offered, quietly, where no policy wants it", async () => {
    mock = await openWindow("full", "promote-staging");
    click("promote-staging");
    await there("ask-first");
    click("ask-first");
    await there("ask-review");
    expect(find("plan-do")).toBeNull();
  });
});

describe("policies", () => {
  it("a refusal is shown at the form, and leaving the screen loses nothing", async () => {
    await open(null);
    const set = vi.spyOn(mock, "setPolicy");
    click("go-settings");
    await there("edit-policy-production");
    click("edit-policy-production");
    write(await there("policy-approvals"), "3");
    click("policy-add-freeze");
    click("policy-save");
    await until(() => expect(find("policy-form")!.textContent).toContain("needs a name"));
    expect(set).not.toHaveBeenCalled();
    click("go-releases");
    click("go-settings");
    await until(() => expect(find<HTMLInputElement>("policy-approvals")!.value).toBe("3"));
    document.querySelectorAll<HTMLElement>('[aria-label="Take this freeze out"]')[1]!.click();
    click("policy-save");
    await gone("policy-form");
    expect(set.mock.calls[0]![2]).toMatchObject({
      approvals: 3,
      gates: [{ dataset: "data-1", prompts: [], least_passed: 9000, largest_loss: 100 }],
      release_role: "reviewer",
    });
    expect(set.mock.calls[0]![3]).toBe("digest-production");
    await until(() => expect(find("policy-production")!.textContent).toContain("3 approvals"));
  });

  it("who is no admin reads them, and why they can't be changed", async () => {
    await open(null, undefined, "review-author");
    click("go-settings");
    await there("policy-production");
    expect(find("edit-policy-production")).toBeNull();
    expect(find("settings-policies")!.textContent).toContain("only an admin");
  });
});
