// Nothing that was written or chosen is lost, and what is shown is what is meant.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { close, find, gone, open, press, select, there, until, write, click } from "../mock/test-window";
import { router } from "../state/route.svelte";

beforeEach(() => localStorage.clear());
afterEach(close);

const tried = () => find<HTMLSelectElement>("try-dataset")!.value;
const foot = () => find("notices")!.textContent;

describe("trying", () => {
  it("takes the dataset whose cases fill the inputs, not the first", async () => {
    await open("full", "try-dataset", ({ world }) => {
      world.datasets.unshift({
        row: { ...world.datasets[0]!.row, id: "data-0", name: "Another thing altogether" },
        inputs: ["question"],
        cases: [{ id: "1", inputs: { question: "Why?" } }],
        graders: [],
        attribution: null,
      });
    });
    await until(() => expect(tried()).toBe("data-1"));
    const lacking = [...find<HTMLSelectElement>("try-dataset")!.options].map((option) => option.text);
    expect(lacking.some((text) => text.startsWith("Another thing altogether (has no "))).toBe(true);
  });

  it("says when none does, and leads on", async () => {
    await open("full", "try-dataset");
    click("prompt-support/escalation");
    const none = await there("try-none");
    expect(none.textContent).toContain("No dataset on this computer fills");
    expect(tried()).toBe("");
    click("try-make");
    const columns = (await there("new-dataset-columns")) as HTMLInputElement;
    expect(columns.value).not.toBe("");
    write(find("new-dataset-name")!, "Hard cases");
    click("new-dataset-create");
    await gone("new-dataset-dialog");
    await until(() => expect(document.body.textContent).toContain("Hard cases"));
  });

  it("shows no problem of the dataset that was chosen before", async () => {
    const mock = await open("full", "try-dataset", ({ world }) => {
      world.datasets.push({
        row: { ...world.datasets[0]!.row, id: "data-9", name: "Without a message" },
        inputs: ["bank_name"],
        cases: [{ id: "1", inputs: { bank_name: "Northern Savings" } }],
        graders: [],
        attribution: null,
      });
    });
    await until(() => expect(tried()).toBe("data-1"));
    select("try-dataset", "data-9");
    await until(() => expect(find("preview")?.textContent).toContain("Nothing is given for message"));
    expect((await there("try-lacks")).textContent).toContain("message");
    // A preview that takes its time must not bring it back either.
    const slow = vi.spyOn(mock, "preview").mockImplementation(() => new Promise(() => {}));
    select("try-dataset", "data-1");
    await until(() => expect(find("try-lacks")).toBeNull());
    await until(() => expect(find("preview")?.textContent ?? "").not.toContain("Nothing is given for message"));
    slow.mockRestore();
  });

  it("keeps the case when a dataset can't be had, and says why", async () => {
    const mock = await open("full", "try-dataset");
    await until(() => expect(tried()).toBe("data-1"));
    vi.spyOn(mock, "dataset").mockRejectedValue({ code: "offline", message: "The registry can't be reached." });
    select("try-dataset", "data-2");
    await until(() => expect(document.body.textContent).toContain("The registry can't be reached."));
    expect(tried()).toBe("data-1");
  });
});

describe("a draft that is discarded", () => {
  it("comes back with its last words", async () => {
    const mock = await open("full", "version-message");
    await until(() => expect(find("state")!.dataset["state"]).toBe("draft"));
    write(find("version-message")!, "The last words");
    find("prompt-menu")!.click();
    const item = await until(() =>
      [...document.querySelectorAll<HTMLElement>('[role="menuitem"]')].find((one) =>
        one.textContent!.includes("Discard"),
      )!,
    );
    item.click();
    await until(() => expect(foot()).toContain("Draft discarded"));
    expect(mock.world.drafts.size).toBe(0);
    const undo = [...find("notices")!.querySelectorAll("button")].find((one) => one.textContent === "Undo")!;
    undo.click();
    await until(() => expect(find<HTMLInputElement>("version-message")!.value).toBe("The last words"));
    await until(() => expect(foot()).not.toContain("Draft discarded"));
    expect(mock.world.drafts.size).toBe(1);
  });
});

describe("bringing two versions together", () => {
  it("shows what will be saved with the choices so far", async () => {
    await open("diverged", "merge");
    click("merge");
    const preview = await there("merge-preview");
    await until(() => expect(preview.textContent).toContain("If two fit, choose the one"));
    click("pick-theirs-1");
    await until(() => expect(preview.textContent).toContain("When in doubt, say so."));
    expect(preview.textContent).not.toContain("If two fit, choose the one");
    click("pick-text-1");
    write(document.querySelector<HTMLElement>('[aria-label="Your own wording"]')!, "Choose well.");
    await until(() => expect(preview.textContent).toContain("Choose well."));
    click("pick-theirs-2");
    await until(() => expect(find("merge-settings")!.textContent).toContain("temperature 0.1"));
  });
});

describe("comparing", () => {
  it("any of ten thousand versions is found by its number, and few rows exist", async () => {
    await open("many", "prompt-screen");
    router.go({
      screen: "compare",
      prompt: "prompt-support/triage",
      left: { type: "version", version: "tv-3" },
      right: { type: "version", version: "tv-0" },
    });
    await until(() => expect(find("compare-left")!.textContent).toContain("v9997"));
    click("compare-left");
    const field = await there("compare-left-find");
    await until(() => expect(document.querySelectorAll('[role="option"]').length).toBeGreaterThan(3));
    expect(document.querySelectorAll('[role="option"]').length).toBeLessThan(60);
    write(field, "12");
    field.focus();
    press("Enter");
    await until(() => expect(find("compare-left")!.textContent).toContain("v12"));
    expect(find("compare-left-find")).toBeNull();
    expect(document.activeElement).toBe(find("compare-left"));
  });
});

describe("forms", () => {
  it("a run that is put together waits while one looks something up", async () => {
    await open("full", "go-evals");
    router.go({ screen: "evals", tab: "new" });
    await until(() => expect(document.querySelectorAll('[data-testid^="run-version-"]').length).toBeGreaterThan(2));
    click("run-prompt");
    write(await there("run-prompt-find"), "summary");
    find("run-prompt-find")!.focus();
    press("Enter");
    await until(() => expect(find("run-version-v2")).not.toBeNull());
    click("run-version-v2");
    click("go-settings");
    await there("settings-people");
    router.go({ screen: "evals", tab: "new" });
    await until(() => expect(find("run-prompt")!.textContent).toContain("support/summary"));
    await until(() => expect(find<HTMLInputElement>("run-version-v2")!.checked).toBe(true));
  });

  it("a dataset under edit keeps its cells, says so in the list, and can be put back", async () => {
    await open("full", "go-evals");
    router.go({ screen: "evals", tab: "datasets", dataset: "data-1" });
    const cell = await until(() => {
      const found = document.querySelector<HTMLInputElement>('[data-cell="0-0"]');
      if (!found) throw new Error("no cell yet");
      return found;
    });
    const before = cell.value;
    write(cell, "Where is my card now?");
    router.go({ screen: "evals", tab: "datasets" });
    await until(() => expect(find("dataset-row")!.textContent).toContain("changed, not saved"));
    router.go({ screen: "evals", tab: "datasets", dataset: "data-1" });
    const value = () => document.querySelector<HTMLInputElement>('[data-cell="0-0"]')!.value;
    await until(() => expect(value()).toBe("Where is my card now?"));
    const discard = [...document.querySelectorAll("button")].find((one) => one.textContent === "Discard the changes")!;
    discard.click();
    await until(() => expect(value()).toBe(before));
    const undo = [...find("notices")!.querySelectorAll("button")].find((one) => one.textContent === "Undo")!;
    undo.click();
    await until(() => expect(value()).toBe("Where is my card now?"));
    click("save-dataset");
    await until(() => expect(document.body.textContent).not.toContain("changed, not saved"));
  });
});
