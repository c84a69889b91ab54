import { describe, expect, it } from "vitest";
import type { RequestRow, RequestView, ReviewInbox, VersionRow } from "../bindings";
import { characters, groupsOf, hundredths, named, percentText, place, shares, since } from "./review";

const row = (id: string) => ({ id }) as RequestRow;

describe("the list", () => {
  it("leaves empty groups out and counts its rows through", () => {
    const inbox: ReviewInbox = { waiting: [], mine: [row("a"), row("b")], others: [], ended: [row("c")] };
    expect(groupsOf(inbox).map(({ id, first, rows }) => [id, first, rows.length])).toEqual([
      ["mine", 0, 2],
      ["ended", 2, 1],
    ]);
    expect(groupsOf({ waiting: [], mine: [], others: [], ended: [] })).toEqual([]);
  });
});

describe("the place of words", () => {
  const words = (text: string, from: number, until: number) => {
    const found = place(text, from, until);
    // What Rust would read at that place.
    if (found) expect([...text].slice(found.from, found.until).join("")).toBe(found.words);
    return found;
  };

  it("counts characters, not UTF-16 units", () => {
    expect(words("🙂 kind", 3, 7)).toEqual({ from: 2, until: 6, words: "kind" });
    expect(words("e\u0301té 👩‍👩‍👧 done", 14, 18)?.words).toBe("done");
    expect(characters("a🙂b", 3)).toBe(2);
    expect(characters("a🙂b", 0)).toBe(0);
  });

  it("never cuts a character in two", () => {
    expect(words("a🙂b", 2, 4)).toEqual({ from: 1, until: 3, words: "🙂b" });
    expect(words("a🙂b", 0, 2)).toEqual({ from: 0, until: 2, words: "a🙂" });
  });

  it("leaves white space at the ends out, and is nothing where nothing else is", () => {
    expect(words("one\n two ", 3, 9)).toEqual({ from: 5, until: 8, words: "two" });
    expect(words("one  two", 3, 5)).toBeNull();
    expect(words("one", 2, 2)).toBeNull();
  });

  it("takes a selection made backwards, and keeps to the text", () => {
    expect(words("one two", 7, 4)).toEqual({ from: 4, until: 7, words: "two" });
    expect(words("one two", 4, 99)?.words).toBe("two");
  });
});

describe("the versions that words name", () => {
  const version = (number: number | null, short = "") => ({ id: `${number ?? short}`, number, short }) as VersionRow;
  const rows = [version(9), version(8), version(null, "3fa9c2d1")];

  it("one, several by their share, one without a number", () => {
    expect(named("v9", rows)?.map((one) => one.id)).toEqual(["9"]);
    expect(named("v9 10 % · v8 90 %", rows)?.map((one) => one.id)).toEqual(["8", "9"]);
    expect(named("v9 0.5 % · 3fa9c2d1 99.5 %", rows)?.map((one) => one.id)).toEqual(["3fa9c2d1", "9"]);
    expect(named("nothing", rows)).toEqual([]);
  });

  it("rather none than a wrong one", () => {
    expect(named("v7", rows)).toBeNull();
    expect(named("v9 · v7", rows)).toBeNull();
    expect(named("3fa9c2d1", [...rows, version(null, "3fa9c2d1")])).toBeNull();
  });
});

describe("steps and percentages", () => {
  it("reads shares that grow", () => {
    expect(shares("10, 50, 100")).toEqual([10, 50, 100]);
    expect(shares("10 % 50 %")).toEqual([10, 50]);
    expect(shares(" ")).toEqual([]);
    for (const wrong of ["50, 10", "0, 100", "101", "ten", "10, 10", "1.5"]) expect(shares(wrong)).toBeNull();
  });

  it("hundredths of a percent, there and back", () => {
    for (const [text, value] of [
      ["90", 9000],
      ["90.5", 9050],
      ["90,25 %", 9025],
      ["0", 0],
      ["100", 10_000],
    ] as const)
      expect(hundredths(text)).toBe(value);
    for (const wrong of ["", "100.01", "-1", "9.001", "most"]) expect(hundredths(wrong)).toBeNull();
    for (const value of [0, 1, 50, 9000, 9050, 9999]) expect(hundredths(percentText(value))).toBe(value);
  });
});

it("what happened since it was opened", () => {
  const view = (history: string[]) => ({ history }) as RequestView;
  expect(since(view(["Ana asked"]), view(["Ana asked", "Ana changed it"]))).toEqual(["Ana changed it"]);
  expect(since(view(["Ana asked"]), view(["Ana asked"]))).toHaveLength(1);
});
