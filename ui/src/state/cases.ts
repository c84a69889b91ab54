// A dataset's cases as the screens read and change them.

import type { Case, Value } from "../bindings";

export const caseInputs = (one: Case | undefined): Record<string, Value> => one?.inputs ?? {};

export function valueText(value: Value | null | undefined): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

export function caseExpected(one: Case | undefined): string | null {
  return one?.expected === null || one?.expected === undefined ? null : valueText(one.expected);
}

/** A case with one input changed. What it holds besides stays. */
export function withInput(one: Case, name: string, text: string): Case {
  return { ...one, inputs: { ...caseInputs(one), [name]: text } };
}

export function withExpected(one: Case, text: string): Case {
  const next = { ...one };
  if (text === "") delete next.expected;
  else next.expected = text;
  return next;
}

/** An empty case under an id that no other has. */
export function newCase(cases: Case[]): Case {
  const taken = new Set(cases.map((one) => one.id));
  let number = cases.length + 1;
  while (taken.has(String(number))) number += 1;
  return { id: String(number), inputs: {} };
}
