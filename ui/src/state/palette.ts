// Everything there is, as a list that can be searched.

import type { Hit, PromptRow, RequestRow, ReviewInbox } from "../bindings";

export interface Command {
  id: string;
  label: string;
  /** Further words by which it is found. */
  also?: string;
  group: string;
  keys?: string;
  run: () => void;
}

/**
 * How well `label` answers `asked`: every word must occur; a word's beginning counts for more than its
 * middle, and a short label for more than a long one. 0 is no match.
 */
export function score(asked: string, label: string, also = ""): number {
  const text = label.toLowerCase();
  const more = also.toLowerCase();
  let total = 0;
  for (const word of asked.toLowerCase().split(/\s+/).filter(Boolean)) {
    const at = text.indexOf(word);
    if (at >= 0) total += at === 0 ? 8 : /[\s/_.-]/.test(text[at - 1]!) ? 6 : 2;
    else if (more.includes(word)) total += 1;
    else return 0;
  }
  return total + 1 / (1 + text.length / 20);
}

export function ranked(asked: string, commands: Command[], limit = 50): Command[] {
  if (asked.trim() === "") return commands.slice(0, limit);
  return commands
    .map((command) => ({ command, points: score(asked, command.label, command.also) }))
    .filter(({ points }) => points > 0)
    .sort((a, b) => b.points - a.points)
    .slice(0, limit)
    .map(({ command }) => command);
}

export function promptCommands(prompts: PromptRow[], open: (row: PromptRow) => void): Command[] {
  return prompts.map((row) => ({
    id: row.id,
    label: row.name,
    also: row.archived ? "archived" : "",
    group: row.archived ? "Archived" : "Prompts",
    run: () => open(row),
  }));
}

/** Requests that are open: those that wait for the person here first. */
export function requestCommands(inbox: ReviewInbox, open: (row: RequestRow) => void): Command[] {
  const of = (rows: RequestRow[], group: string) =>
    rows.map((row) => ({
      id: row.id,
      label: `Review ${row.title}`,
      also: `request ${row.by} ${row.words} ${row.reason}`,
      group,
      run: () => open(row),
    }));
  return [
    ...of(inbox.waiting, "Waits for you"),
    ...of(inbox.mine, "You asked for"),
    ...of(inbox.others, "Others asked for"),
  ];
}

/** Hits inside texts; names are in the list already. */
export function hitCommands(hits: Hit[], open: (hit: Hit) => void): Command[] {
  return hits
    .filter((hit) => hit.where !== "name")
    .slice(0, 12)
    .map((hit, index) => ({
      id: `hit-${index}`,
      label: `${hit.name}${hit.number === null ? "" : ` v${hit.number}`}: ${hit.snippet.map((part) => part.text).join("")}`,
      group: "In texts",
      run: () => open(hit),
    }));
}
