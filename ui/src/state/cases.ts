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

/** A column of the grid: an input by name, or what a case has besides. */
export type Column = { kind: "input"; name: string } | { kind: "expected" | "tags" | "note" };

export const columnsOf = (inputs: string[]): Column[] => [
  ...inputs.map((name): Column => ({ kind: "input", name })),
  { kind: "expected" },
  { kind: "tags" },
  { kind: "note" },
];

export const columnName = (column: Column) => (column.kind === "input" ? column.name : column.kind);

/** What a cell of the grid shows. */
export function cellText(one: Case | undefined, column: Column): string {
  switch (column.kind) {
    case "input":
      return valueText(caseInputs(one)[column.name]);
    case "expected":
      return caseExpected(one) ?? "";
    case "tags":
      return (one?.tags ?? []).join(", ");
    case "note":
      return one?.note ?? "";
  }
}

/** A case with one cell of the grid changed. */
export function withCell(one: Case, column: Column, text: string): Case {
  switch (column.kind) {
    case "input":
      return withInput(one, column.name, text);
    case "expected":
      return withExpected(one, text);
    case "tags":
      return { ...one, tags: tagsOf(text) };
    case "note":
      return { ...one, note: text };
  }
}

/** Tags as they are typed: with commas between them, each once. */
export const tagsOf = (text: string): string[] => [
  ...new Set(
    text
      .split(",")
      .map((tag) => tag.trim())
      .filter(Boolean),
  ),
];

/** An empty case under an id that no other has. */
export const newCase = (cases: Case[]): Case => newCases(cases, 1)[0]!;

export function newCases(cases: Case[], many: number): Case[] {
  const taken = new Set(cases.map((one) => one.id));
  const made: Case[] = [];
  for (let number = cases.length + 1; made.length < many; number += 1)
    if (!taken.has(String(number))) made.push({ id: String(number), inputs: {} });
  return made;
}

/**
 * What a spreadsheet puts on the clipboard: cells with tabs between them, rows with line breaks; a cell that holds
 * either stands in quotes, and a quote in it is doubled.
 */
export function tableOf(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at]!;
    if (quoted) {
      if (letter === '"' && text[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else if (letter === '"') quoted = false;
      else cell += letter;
    } else if (letter === '"' && cell === "" && closes(text, at)) quoted = true;
    else if (letter === "\t") {
      row.push(cell);
      cell = "";
    } else if (letter === "\n" || letter === "\r") {
      if (letter === "\r" && text[at + 1] === "\n") at += 1;
      rows.push([...row, cell]);
      row = [];
      cell = "";
    } else cell += letter;
  }
  // A spreadsheet ends its last row too; that is no row of its own.
  if (cell !== "" || row.length > 0) rows.push([...row, cell]);
  return rows;
}

// Whether the quote that opens here is one of a spreadsheet's: it closes right before a tab, a line break or the end.
function closes(text: string, open: number): boolean {
  for (let at = open + 1; at < text.length; at += 1) {
    if (text[at] !== '"') continue;
    if (text[at + 1] === '"') at += 1;
    else return at + 1 === text.length || "\t\r\n".includes(text[at + 1]!);
  }
  return false;
}

export interface Pasted {
  cases: Case[];
  /** Rows that were filled, and of these those that are new. */
  rows: number;
  grown: number;
  /** Cells of the widest row that found no column. */
  beyond: number;
}

/**
 * A table put into the grid at one cell: down the rows that are `shown` (places of cases) from `at` on, growing new
 * ones where they end, and to the right. A first row that only repeats the names of the columns is left out.
 */
export function pasted(
  cases: Case[],
  shown: number[],
  columns: Column[],
  table: string[][],
  at: number,
  column: number,
): Pasted {
  const names = columns.slice(column).map((one) => columnName(one).toLowerCase());
  const heading =
    table.length > 1 &&
    table[0]!.length > 0 &&
    table[0]!.every((cell, index) => cell.trim().toLowerCase() === names[index]);
  const rows = heading ? table.slice(1) : table;
  const places = shown.slice(at, at + rows.length);
  const next = [...cases];
  const fresh = newCases(cases, rows.length - places.length);
  fresh.forEach((one) => places.push(next.push(one) - 1));
  const beyond = Math.max(0, ...rows.map((row) => row.length - (columns.length - column)));
  rows.forEach((row, index) => {
    const place = places[index]!;
    let one = next[place]!;
    row.forEach((text, offset) => {
      const into = columns[column + offset];
      if (into) one = withCell(one, into, text);
    });
    next[place] = one;
  });
  return { cases: next, rows: rows.length, grown: fresh.length, beyond };
}
