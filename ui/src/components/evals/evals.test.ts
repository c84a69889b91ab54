// A run and a dataset as a person goes through them by keyboard and clipboard.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { click, close, find, gone, open, press, select, there, until, write } from "../../mock/test-window";
import { router } from "../../state/route.svelte";

beforeEach(() => localStorage.clear());
afterEach(close);

const openRun = async () => {
  const mock = await open("full", "go-evals");
  const run = [...mock.world.runs.keys()][0]!;
  router.go({ screen: "evals", tab: "runs", run });
  await there("result-0");
  return mock;
};
const active = () => document.querySelector('.line[aria-selected="true"]')?.getAttribute("data-testid");
const cell = (at: string) => document.querySelector<HTMLInputElement>(`[data-cell="${at}"]`);

function paste(field: HTMLElement, text: string) {
  const event = new Event("paste", { bubbles: true, cancelable: true });
  Object.assign(event, { clipboardData: { getData: () => text } });
  field.dispatchEvent(event);
  return event;
}

describe("a run", () => {
  it("is walked through by keyboard, and one case is opened and closed", async () => {
    await openRun();
    find("matrix")!.focus();
    press("j");
    press("ArrowDown");
    press("k");
    await until(() => expect(active()).toBe("result-1"));
    press("Enter");
    const opened = await there("opened-case");
    await until(() => expect(opened.textContent).toContain("got better"));
    expect(opened.querySelector("mark.added")?.textContent).toContain("card_swallowed");
    expect(opened.textContent).toContain("expected exactly card_swallowed");
    press("j");
    await until(() => expect(find("opened-case")!.textContent).toContain("Case 3"));
    press("Escape");
    await gone("opened-case");
  });

  it("asks Rust which rows are left, and says when none are", async () => {
    const mock = await openRun();
    const asked = vi.spyOn(mock, "runRows");
    click("filter-worse");
    await until(() => expect(find("result-0")).toBeNull());
    expect(asked.mock.lastCall?.[2]).toMatchObject({ base: 0, filter: "worse" });
    write(find("filter-text")!, "nobody wrote this");
    await until(() => expect(find("matrix")!.textContent).toContain("No case fits."));
    expect(asked.mock.lastCall?.[2]).toMatchObject({ filter: "worse", text: "nobody wrote this" });
  });

  it("is compared with the column that is chosen", async () => {
    const mock = await openRun();
    const asked = vi.spyOn(mock, "runOverview");
    click("base-1");
    await until(() => expect(find("base-0")).not.toBeNull());
    expect(asked.mock.lastCall?.[2]).toBe(1);
    expect(find("base-1")).toBeNull();
    click("show-charts");
    const charts = await there("run-charts");
    expect(charts.textContent).toContain("Against v8, in points");
    expect(charts.querySelectorAll('[role="listitem"]').length).toBeGreaterThan(3);
  });

  it("gives an answer to a dataset as a case", async () => {
    const mock = await openRun();
    find("matrix")!.focus();
    press("Enter");
    click((await there("add-case-1")).dataset["testid"]!);
    await there("add-case-dialog");
    await until(() => expect(find<HTMLSelectElement>("add-case-dataset")!.options.length).toBeGreaterThan(1));
    select("add-case-dataset", "data-1");
    const added = vi.spyOn(mock, "addCase");
    click("add-case-do");
    await gone("add-case-dialog");
    expect(added.mock.lastCall?.slice(1)).toMatchObject(["data-1", { expected: "card_swallowed" }]);
    expect(mock.world.datasets.find((one) => one.row.id === "data-1")!.cases.at(-1)).toMatchObject({
      expected: "card_swallowed",
    });
  });
});

describe("a dataset", () => {
  it("takes a table from a spreadsheet, grows, and gives it back", async () => {
    await open("full", "go-evals");
    router.go({ screen: "evals", tab: "datasets", dataset: "data-1" });
    const field = await until(() => {
      const found = cell("0-0");
      if (!found) throw new Error("no cell yet");
      return found;
    });
    const before = field.value;
    // One text is the cell's own business.
    expect(paste(field, "only a text").defaultPrevented).toBe(false);
    expect(paste(field, "Where is it?\tNorth\ncard_arrival?\tSouth\n").defaultPrevented).toBe(true);
    await until(() =>
      expect([cell("0-0")!.value, cell("0-1")!.value, cell("1-1")!.value]).toEqual(["Where is it?", "North", "South"]),
    );
    const undo = [...find("notices")!.querySelectorAll("button")].find((one) => one.textContent === "Undo")!;
    undo.click();
    await until(() => expect(cell("0-0")!.value).toBe(before));
    expect(document.body.textContent).not.toContain("changed, not saved");
  });

  it("is checked, and a place leads to its case", async () => {
    await open("full", "go-evals");
    router.go({ screen: "evals", tab: "datasets", dataset: "data-1" });
    click((await there("check-dataset")).dataset["testid"]!);
    const found = await there("dataset-check");
    expect(found.textContent).toContain("looks like an e-mail address");
    found.querySelector<HTMLElement>(".link")!.click();
    await until(() => expect(document.activeElement).toBe(cell("3-0")));
  });

  it("asks before a team sees what looks personal", async () => {
    const mock = await open("full", "go-evals");
    vi.spyOn(mock, "checkCases").mockResolvedValue({
      duplicates: [],
      sensitive: [
        {
          finding: { case: 0, case_id: "1", column: "message", kind: "email" },
          words: "case 1, message: an e-mail address",
        },
      ],
      words: ["an e-mail address in 1 place"],
    });
    const saved = vi.spyOn(mock, "saveDataset");
    router.go({ screen: "evals", tab: "datasets", dataset: "data-1" });
    const field = await until(() => {
      const found = cell("0-0");
      if (!found) throw new Error("no cell yet");
      return found;
    });
    write(field, "write to ana@nordbank.fi");
    click("save-dataset");
    const question = await there("question");
    expect(question.textContent).toContain("case 1, message: an e-mail address");
    expect(saved).not.toHaveBeenCalled();
    click("question-do");
    await until(() => expect(saved).toHaveBeenCalled());
  });
});
