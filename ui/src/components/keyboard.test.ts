// Whole windows on a backend in memory, worked by keyboard alone.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { MockBackend } from "../mock/backend";
import { close, find, gone, open as openWindow, press, there, until, write } from "../mock/test-window";

let mock: MockBackend;
const open = async (scene: string, wait: string, prepare?: (mock: MockBackend) => void) =>
  (mock = await openWindow(scene, wait, prepare));

beforeEach(() => localStorage.clear());
afterEach(close);

describe("dialogs", () => {
  it("promote: the reason is ready, Enter does it, and focus returns", async () => {
    await open("full", "promote-staging");
    const carried = vi.spyOn(mock, "carryOut");
    const button = find("promote-staging")!;
    button.focus();
    button.click();
    const reason = await there("plan-reason");
    expect(document.activeElement).toBe(reason);
    expect(document.querySelector<HTMLElement>(".window")!.inert).toBe(true);
    press("Enter");
    await gone("plan-dialog");
    expect(carried).toHaveBeenCalledTimes(1);
    expect(carried.mock.calls[0]![2]).toBe("Prefer the intent that needs action first");
    await vi.waitFor(() => expect(document.activeElement).not.toBe(document.body));
    await vi.waitFor(() => expect(find("served-production")!.textContent).toContain("v8"));
  });

  it("without a reason nothing is done", async () => {
    await open("full", "promote-staging");
    const carried = vi.spyOn(mock, "carryOut");
    find("promote-staging")!.click();
    write(await there("plan-reason"), "  ");
    press("Enter");
    expect(carried).not.toHaveBeenCalled();
    expect(find<HTMLButtonElement>("plan-do")!.disabled).toBe(true);
  });

  it("Tab goes round inside, Escape closes and gives the focus back", async () => {
    await open("full", "new-prompt");
    const button = find("new-prompt")!;
    button.focus();
    button.click();
    const name = await there("new-prompt-name");
    expect(document.activeElement).toBe(name);
    const dialog = find("new-prompt-dialog")!;
    const cancel = [...dialog.querySelectorAll("button")].find((one) => one.textContent === "Cancel")!;
    cancel.focus();
    expect(press("Tab").defaultPrevented).toBe(true);
    expect(document.activeElement).toBe(dialog.querySelector("[aria-label=Close]"));
    press("Tab", { shiftKey: true });
    expect(document.activeElement).toBe(cancel);
    press("Escape");
    await gone("new-prompt-dialog");
    await vi.waitFor(() => expect(document.activeElement).toBe(button));
  });
});

describe("palette", () => {
  it("Ctrl K finds, arrows choose, Enter goes", async () => {
    await open("full", "go-activity");
    press("k", { ctrlKey: true });
    const field = await there("palette-input");
    expect(document.activeElement).toBe(field);
    write(field, "activ");
    expect(document.querySelector("[role=option][aria-selected=true]")!.textContent).toContain("Activity");
    press("Enter");
    await there("activity-screen");
    expect(find("palette")).toBeNull();
  });

  it("arrows go round", async () => {
    await open("full", "go-activity");
    press("k", { ctrlKey: true });
    write(await there("palette-input"), "theme");
    const chosen = () => document.querySelector("[role=option][aria-selected=true]")!.id;
    const first = chosen();
    press("ArrowDown");
    expect(chosen()).not.toBe(first);
    press("ArrowUp");
    press("ArrowUp");
    press("ArrowDown");
    expect(chosen()).toBe(first);
  });
});

describe("a prompt", () => {
  it("Ctrl S without a message asks for one as often as it is pressed, and loses nothing", async () => {
    await open("full", "version-message");
    const save = vi.spyOn(mock, "saveVersion");
    const field = await there("version-message");
    await vi.waitFor(() => expect((field as HTMLInputElement).value).toBe("Sort by region too"));
    write(field, "");
    for (let time = 0; time < 2; time++) {
      (document.activeElement as HTMLElement).blur();
      press("s", { ctrlKey: true });
      expect(document.activeElement).toBe(field);
      expect(find("message-missing")!.textContent).toContain("what changed and why");
      expect(field.getAttribute("aria-describedby")).toBe("message-missing");
    }
    expect(save).not.toHaveBeenCalled();
    write(field, "Sort by region");
    expect(find("message-missing")).toBeNull();
    press("s", { ctrlKey: true });
    await vi.waitFor(() => expect(save).toHaveBeenCalledTimes(1));
    await vi.waitFor(() => expect(find("notices")!.textContent).toContain("Saved as v10"));
  });

  it("what people wrote is text, never markup", async () => {
    const text = '<img src=x onerror="alert(1)">';
    await open("full", "prompt-screen", ({ world }) => {
      world.prompts[0]!.versions[0]!.content.messages[0] = { type: "message", role: "system", text };
      world.prompts[0]!.versions[0]!.row.at = Date.now() + 60_000;
      world.drafts.clear();
    });
    await until(() => expect(document.querySelector(".cm-content")!.textContent).toContain(text));
    expect(document.querySelector("img[src]")).toBeNull();
  });
});

describe("first start", () => {
  it("offers the sample first, and opens it", async () => {
    await open("none", "welcome");
    expect(document.activeElement).toBe(find("open-sample"));
    find("open-sample")!.click();
    await there("prompt-screen");
  });

  it("says why it could not start", async () => {
    await open("broken", "failed");
    expect(document.body.textContent).toContain("written by a newer Galley");
  });
});

describe("the library", () => {
  it("ten thousand prompts are a few rows, and arrows reach the last", async () => {
    await open("many", "folder-snippets");
    const rows = () => document.querySelectorAll('[role="treeitem"]').length;
    expect(rows()).toBeLessThan(80);
    const stop = document.querySelector<HTMLElement>('[role="treeitem"][tabindex="0"]')!;
    stop.focus();
    press("Home");
    await vi.waitFor(() => expect(document.activeElement!.getAttribute("data-testid")).toBe("folder-snippets"));
    press("ArrowDown");
    await vi.waitFor(() => expect(document.activeElement!.getAttribute("data-testid")).toBe("prompt-snippets/policy"));
    press("End");
    await vi.waitFor(() =>
      expect(document.activeElement!.getAttribute("data-testid")).toMatch(/^prompt-team-39\/area-\d\/prompt \d+$/),
    );
    expect(rows()).toBeLessThan(80);
  });
});
