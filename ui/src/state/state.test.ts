import { describe, expect, it } from "vitest";
import type { PromptRow, Segment } from "../bindings";
import { newCase } from "./cases";
import { nearby } from "./diff";
import { ranked, score } from "./palette";
import { tree } from "./tree";
import { ago, sidesLabel, stateWords, when } from "./words";

const row = (name: string, more: Partial<PromptRow> = {}) =>
  ({ id: name, name, archived: false, ...more }) as PromptRow;
const names = (rows: ReturnType<typeof tree>) => rows.map((one) => "  ".repeat(one.depth) + one.name);

describe("the library's tree", () => {
  it("makes folders of slashes and sorts numbers as people do", () => {
    const rows = tree([row("b/p10"), row("b/p2"), row("a"), row("b/c/d")], [], new Set());
    expect(names(rows)).toEqual(["a", "b", "  p2", "  p10", "  c", "    d"]);
  });
  it("leaves out what is in a closed folder and what is archived", () => {
    const rows = tree(
      [row("b/one"), row("b/two"), row("gone", { archived: true })],
      [{ draft: "1", name: "b/new", updated: 0 }],
      new Set(["b"]),
    );
    expect(rows).toMatchObject([{ type: "folder", name: "b", open: false, count: 3 }]);
  });
});

describe("the palette", () => {
  const all = ["support/triage", "snippets/tone", "Settings: keys", "Sync now"].map((label) => ({
    id: label,
    label,
    group: "",
    run: () => {},
  }));
  const found = (asked: string) => ranked(asked, all).map((one) => one.label);
  it("wants every word, in any order", () => {
    expect(found("triage sup")).toEqual(["support/triage"]);
    expect(found("triage tone")).toEqual([]);
  });
  it("puts beginnings before middles", () => {
    expect(score("tone", "tone")).toBeGreaterThan(score("tone", "snippets/tone"));
    expect(score("tone", "snippets/tone")).toBeGreaterThan(score("tone", "cobblestone"));
  });
  it("shows all when nothing is asked", () => expect(found(" ")).toHaveLength(4));
});

describe("words", () => {
  const now = new Date(2026, 4, 12, 15, 0).getTime();
  it.each([
    [0, "just now"],
    [4_000, "4 s ago"],
    [90_000, "2 min ago"],
    [3_600_000, "1 hour ago"],
    [5 * 3_600_000, "5 hours ago"],
  ])("%i ms is %s", (ms, words) => expect(ago(now - ms, now)).toBe(words));
  it("names days by what they are today", () => {
    expect(when(now - 3_600_000, now)).toBe("today 14:00");
    expect(when(now - 86_400_000, now)).toBe("yesterday 15:00");
    expect(when(now - 9 * 86_400_000, now)).toBe("3 May");
    expect(when(new Date(2025, 0, 2).getTime(), now)).toBe("2 Jan 2025");
  });
  it("writes a split with its shares", () => {
    expect(sidesLabel([])).toBe("nothing");
    expect(sidesLabel([{ version: "x", number: 7, weight: 1 }])).toBe("v7");
    expect(
      sidesLabel([
        { version: "x", number: 14, weight: 9 },
        { version: "y", number: 15, weight: 1 },
      ]),
    ).toBe("v14 90 % · v15 10 %");
    expect(sidesLabel([{ version: "3fa9c2d1-0000-4000-8000-000000000000", number: null, weight: 1 }])).toBe("3fa9c2d1");
  });
  it("says where a version is live", () =>
    expect(stateWords("live", ["staging", "production"])).toBe("live in staging, production"));
});

describe("marks in passing", () => {
  const same = (text: string): Segment => ({ text, mark: "same", pair: null, tag: false });
  it("keeps every mark and shortens what is the same", () => {
    const long = "word ".repeat(200);
    const marks = nearby([same(long), { text: "new", mark: "added", pair: null, tag: false }, same(long)]);
    expect(marks[1]!.text).toBe("new");
    expect(marks[0]!.text.length).toBeLessThan(120);
    expect(marks[0]!.text.startsWith(" … ")).toBe(true);
    expect(marks[2]!.text.endsWith(" … ")).toBe(true);
  });
});

describe("cases", () => {
  it("a new case takes an id that is free", () => expect(newCase([{ id: "1" }, { id: "3" }]).id).toBe("4"));
  it("even when the next number is taken", () => expect(newCase([{ id: "2" }]).id).toBe("3"));
});
