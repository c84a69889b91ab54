import { describe, expect, it } from "vitest";
import { type Choice, found } from "./choices";

const choice = (number: number, note: string): Choice => ({
  key: `v:${number}`,
  label: `v${number}`,
  note,
  hint: "Ana, 3 May",
  ref: { type: "version", version: String(number) },
});

describe("finding a version", () => {
  const all = [choice(120, "No 12 pence fees"), choice(112, "Shorter"), choice(12, "Kinder"), choice(3, "Fees first")];

  it("its number first, then what begins so, then what holds it", () => {
    expect(found(all, "12").map((one) => one.label)).toEqual(["v12", "v120", "v112"]);
    expect(found(all, "v12")[0]!.label).toBe("v12");
  });

  it("by words of its message and by person, in any order", () => {
    expect(found(all, "ana fees").map((one) => one.label)).toEqual(["v120", "v3"]);
    expect(found(all, "nobody")).toEqual([]);
    expect(found(all, "  ")).toBe(all);
  });

  it("ten thousand at once", () => {
    const many = Array.from({ length: 10_000 }, (_, n) => choice(10_000 - n, `Change ${10_000 - n}`));
    expect(found(many, "777")[0]!.label).toBe("v777");
  });
});
