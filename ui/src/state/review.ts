// What the Review screen needs beside what it is told: lists in groups, and the place of words in a text.
// Decides nothing about requests: what is missing and what counts comes from Rust.

import type { RequestPart, RequestRow, RequestState, RequestView, ReviewInbox, VersionRow } from "../bindings";
import { versionLabel } from "./words";

export interface Group {
  id: keyof ReviewInbox;
  label: string;
  rows: RequestRow[];
  /** The place of its first row among all rows, from 0. */
  first: number;
}

/** The groups that hold something, in their order. */
export function groupsOf(inbox: ReviewInbox): Group[] {
  const all: [Group["id"], string][] = [
    ["waiting", "Waits for you"],
    ["mine", "You asked for"],
    ["others", "Others asked for"],
    ["ended", "Over"],
  ];
  let first = 0;
  const groups: Group[] = [];
  for (const [id, label] of all) {
    const rows = inbox[id];
    if (rows.length > 0) groups.push({ id, label, rows, first });
    first += rows.length;
  }
  return groups;
}

/** Each state in a word or two, and the chip that it wears. */
export const stateWord: Record<RequestState, { words: string; chip: string }> = {
  waiting: { words: "waits", chip: "wait" },
  changes_asked: { words: "changes asked for", chip: "bad" },
  stale: { words: "must be renewed", chip: "wait" },
  ready: { words: "may be released", chip: "blue" },
  released: { words: "released", chip: "live" },
  withdrawn: { words: "withdrawn", chip: "" },
};

export const isOver = (row: Pick<RequestRow, "state">) => row.state === "released" || row.state === "withdrawn";

/** Where one part has got to. */
export function partWord(part: RequestPart): { words: string; chip: string } {
  if (part.done >= part.steps) return { words: "released", chip: "live" };
  if (part.may_go)
    return {
      words: part.steps > 1 ? `step ${part.done + 1} of ${part.steps} may be released` : "may be released",
      chip: "blue",
    };
  return { words: part.done > 0 ? `waits, ${part.done} of ${part.steps} steps released` : "waits", chip: "wait" };
}

/** What was done to a request since the reader opened it. */
export function since(opened: RequestView, now: RequestView): string[] {
  const lines = now.history.slice(opened.history.length);
  return lines.length > 0 ? lines : ["It asks for something else than what is shown here."];
}

const isLow = (text: string, at: number) => (text.charCodeAt(at) & 0xfc00) === 0xdc00;
const isHigh = (text: string, at: number) => (text.charCodeAt(at) & 0xfc00) === 0xd800;
const inside = (text: string, at: number) => at > 0 && at < text.length && isLow(text, at) && isHigh(text, at - 1);

/** Characters (Unicode code points) up to an offset in UTF-16 units. */
export function characters(text: string, until: number): number {
  let found = 0;
  for (let at = 0; at < until; at++) if (!(isLow(text, at) && at > 0 && isHigh(text, at - 1))) found += 1;
  return found;
}

/**
 * The place of chosen words in a text, in characters as Rust counts them. White space at the ends is left out,
 * a character is never cut in two. Null when nothing is left.
 */
export function place(
  text: string,
  from: number,
  until: number,
): { from: number; until: number; words: string } | null {
  let start = Math.max(0, Math.min(from, until));
  let end = Math.min(text.length, Math.max(from, until));
  if (inside(text, start)) start -= 1;
  if (inside(text, end)) end += 1;
  while (start < end && /\s/.test(text[start]!)) start += 1;
  while (end > start && /\s/.test(text[end - 1]!)) end -= 1;
  if (start >= end) return null;
  return { from: characters(text, start), until: characters(text, end), words: text.slice(start, end) };
}

/**
 * The versions that "v8 90 % · v9 10 %" names, the one with the most traffic first. Null when one of them
 * can't be told for certain: then nothing can be quoted from them.
 */
export function named(words: string, rows: VersionRow[]): VersionRow[] | null {
  if (words === "nothing" || words === "") return [];
  const found: { row: VersionRow; share: number }[] = [];
  for (const side of words.split(" · ")) {
    const [, label, share] = /^(.+?)(?: (\d+(?:\.\d+)?) %)?$/.exec(side) ?? [];
    const matching = rows.filter((row) => versionLabel(row) === label);
    if (matching.length !== 1) return null;
    found.push({ row: matching[0]!, share: Number(share ?? 100) });
  }
  return found.sort((a, b) => b.share - a.share).map(({ row }) => row);
}

/** "10, 50, 100" as shares of the traffic that grow; null when it can't be read so. Nothing is no steps. */
export function shares(text: string): number[] | null {
  const words = text.split(/[\s,;·→%]+/).filter(Boolean);
  const found = words.map((word) => (/^\d{1,3}$/.test(word) ? Number(word) : NaN));
  const grows = found.every((share, at) => share >= 1 && share <= 100 && (at === 0 || share > found[at - 1]!));
  return grows ? found : null;
}

/** Hundredths of a percent as people write them: 9050 is "90.5". */
export const percentText = (hundredths: number) => String(hundredths / 100);

/** "90", "90.5" or "90,25 %" in hundredths of a percent; null when it is none between 0 and 100. */
export function hundredths(text: string): number | null {
  const found = /^\s*(\d{1,3})(?:[.,](\d{1,2}))?\s*%?\s*$/.exec(text);
  if (!found) return null;
  const value = Number(found[1]) * 100 + Number((found[2] ?? "").padEnd(2, "0"));
  return value <= 10_000 ? value : null;
}
