// Which cases are tried together: a handful, in the order of the dataset. More are a run.

import type { Case, ModelChoice, Value } from "../bindings";
import { caseExpected, caseInputs, valueText } from "./cases";

/** As many as Rust takes; it refuses more and says so. */
export const MOST_CASES = 10;
export const MOST_COLUMNS = 6;
/** Cases that are listed to choose from; the rest are found by their words. */
export const LISTED = 100;

/** The first few of so many. */
export const firstFew = (total: number, few = 5): number[] =>
  Array.from({ length: Math.min(total, few, MOST_CASES) }, (_, place) => place);

/** A few of so many, each as likely as any other, in their order. */
export function randomFew(total: number, few = 5, random: () => number = Math.random): number[] {
  const wanted = Math.min(total, few, MOST_CASES);
  const chosen = new Set<number>();
  // Floyd's way: no list of all of them is made for five of fifty thousand.
  for (let upto = total - wanted; upto < total; upto += 1) {
    const place = Math.floor(random() * (upto + 1));
    chosen.add(chosen.has(place) ? upto : place);
  }
  return [...chosen].sort((a, b) => a - b);
}

/** With one case more or less; a case too many changes nothing. */
export function toggled(picked: number[], place: number): number[] {
  if (picked.includes(place)) return picked.filter((other) => other !== place);
  if (picked.length >= MOST_CASES) return picked;
  return [...picked, place].sort((a, b) => a - b);
}

/** A case in one line. */
export const caseLine = (one: Case): string => Object.values(caseInputs(one)).map(valueText).join(" · ");

/** The cases to choose from: those that hold the words, the first of them. */
export function listed(cases: Case[], words: string): { places: number[]; more: number } {
  const wanted = words.trim().toLowerCase();
  const places: number[] = [];
  let found = 0;
  cases.forEach((one, place) => {
    const text = `${caseLine(one)} ${caseExpected(one) ?? ""} ${(one.tags ?? []).join(" ")}`;
    if (wanted !== "" && !text.toLowerCase().includes(wanted)) return;
    found += 1;
    if (places.length < LISTED) places.push(place);
  });
  return { places, more: found - places.length };
}

/** What is asked: the case with what was typed for the inputs that it leaves open. */
export const filled = (one: Case, own: Record<string, Value>): Case => ({
  ...one,
  inputs: { ...own, ...caseInputs(one) },
});

export const sameModel = (a: ModelChoice, b: ModelChoice) => a.provider === b.provider && a.model === b.model;
