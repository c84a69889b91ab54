// How times, numbers and states are written everywhere. Decides nothing: it only spells.

import type { Millis, StageSide, State, VersionRow } from "../bindings";

// The app speaks English, whatever the system's language is, so dates do too.
const clock = new Intl.DateTimeFormat("en-GB", { hour: "numeric", minute: "2-digit", hourCycle: "h23" });
const dayMonth = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const dayMonthYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const full = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "medium" });

/** Today by the clock, yesterday, then by date. */
export function when(at: Millis, now = Date.now()): string {
  const then = new Date(at);
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  if (at >= midnight && at < midnight + 86_400_000) return `today ${clock.format(then)}`;
  if (at >= midnight - 86_400_000 && at < midnight) return `yesterday ${clock.format(then)}`;
  const sameYear = then.getFullYear() === new Date(now).getFullYear();
  return sameYear ? dayMonth.format(then) : dayMonthYear.format(then);
}

/** How long ago, in the largest unit that says something. */
export function ago(at: Millis, now = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 2) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.round(minutes / 60);
  if (hours < 24) return hours === 1 ? "1 hour ago" : `${hours} hours ago`;
  return when(at, now);
}

/** The whole date, for a title. */
export const fullDate = (at: Millis) => full.format(new Date(at));

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString()} ${n === 1 ? one : many}`;
}

/** "v9", or the short id of a version that has no number yet. */
export const versionLabel = (row: Pick<VersionRow, "number" | "short">) =>
  row.number === null ? row.short : `v${row.number}`;

export function sideLabel(side: Pick<StageSide, "number" | "version">): string {
  return side.number === null ? side.version.replaceAll("-", "").slice(0, 8) : `v${side.number}`;
}

/** "v14", or with weights "v14 90 % · v15 10 %". */
export function sidesLabel(sides: StageSide[]): string {
  if (sides.length === 0) return "nothing";
  if (sides.length === 1) return sideLabel(sides[0]!);
  const total = sides.reduce((sum, side) => sum + side.weight, 0) || 1;
  return sides.map((side) => `${sideLabel(side)} ${Math.round((100 * side.weight) / total)} %`).join(" · ");
}

/** The five states, always in these words. */
export function stateWords(state: State, liveIn: string[] = []): string {
  switch (state) {
    case "draft":
      return "draft";
    case "saved":
      return "saved on this computer";
    case "outbox":
      return "in the outbox";
    case "registry":
      return "in the registry";
    case "live":
      return liveIn.length > 0 ? `live in ${liveIn.join(", ")}` : "live";
  }
}

export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

export const leafOf = (name: string) => name.slice(name.lastIndexOf("/") + 1);
export const folderOf = (name: string) => (name.includes("/") ? name.slice(0, name.lastIndexOf("/")) : "");
