import { expect, test } from "vitest";
import type { Case } from "../bindings";
import { caseLine, filled, firstFew, LISTED, listed, MOST_CASES, randomFew, toggled } from "./handful";

const cases = (many: number): Case[] =>
  Array.from({ length: many }, (_, at) => ({ id: `${at}`, inputs: { message: `message ${at}` } }));

test("the first few are no more than there are", () => {
  expect(firstFew(3)).toEqual([0, 1, 2]);
  expect(firstFew(50)).toEqual([0, 1, 2, 3, 4]);
  expect(firstFew(50, 40)).toHaveLength(MOST_CASES);
  expect(firstFew(0)).toEqual([]);
});

test("a random few are different ones of those that are there, and any of them may come", () => {
  const seen = new Set<number>();
  let seed = 1;
  const random = () => ((seed = (seed * 48_271) % 2_147_483_647) - 1) / 2_147_483_646;
  for (let time = 0; time < 200; time += 1) {
    const few = randomFew(12, 5, random);
    expect(new Set(few).size).toBe(5);
    expect(few).toEqual([...few].sort((a, b) => a - b));
    expect(few.every((place) => place >= 0 && place < 12)).toBe(true);
    few.forEach((place) => seen.add(place));
  }
  expect(seen.size).toBe(12);
  expect(randomFew(2)).toEqual([0, 1]);
  expect(randomFew(50_000, 5, () => 0.999_999_9)).toHaveLength(5);
});

test("a case too many changes nothing", () => {
  expect(toggled([4], 2)).toEqual([2, 4]);
  expect(toggled([2, 4], 2)).toEqual([4]);
  const full = firstFew(50, MOST_CASES);
  expect(toggled(full, 40)).toEqual(full);
  expect(toggled(full, 0)).toHaveLength(MOST_CASES - 1);
});

test("cases are found by their words, what is expected and tags, and the rest are counted", () => {
  const all = cases(LISTED + 7);
  expect(listed(all, "")).toMatchObject({ more: 7 });
  all[3] = { ...all[3]!, tags: ["Refund"] };
  all[9] = { ...all[9]!, expected: "a REFUND" };
  expect(listed(all, " refund ")).toEqual({ places: [3, 9], more: 0 });
  expect(listed(all, "nobody wrote this")).toEqual({ places: [], more: 0 });
});

test("what a case leaves open is filled with what was typed, and nothing else", () => {
  const one: Case = { id: "1", inputs: { message: "hello" }, expected: "hi" };
  expect(filled(one, { message: "typed", tone: "kind" })).toEqual({
    id: "1",
    inputs: { message: "hello", tone: "kind" },
    expected: "hi",
  });
  expect(caseLine({ id: "1", inputs: { a: "x", b: 2 } })).toBe("x · 2");
});
