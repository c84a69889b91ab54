// What a picker offers: whatever a prompt has that can be looked at, found by typing.

import type { PromptView, Ref, ReleasePoint, ReleasesView } from "../bindings";
import { sidesLabel, versionLabel, when } from "./words";

export interface Pickable {
  key: string;
  label: string;
  /** What tells it from the others. */
  note: string;
  /** Beside it, short. */
  hint: string;
}
export interface Choice extends Pickable {
  ref: Ref;
}

export const refKey = (ref: Ref) =>
  ref.type === "draft" ? `d:${ref.draft}` : ref.type === "version" ? `v:${ref.version}` : `e:${ref.environment}`;

/** A moment of an environment that can be compared. */
export interface PointChoice extends Pickable {
  point: ReleasePoint;
}

export const pointKey = (point: ReleasePoint) => `${point.environment}:${point.release ?? "now"}`;

/** What every environment serves now, and every release, the newest first. */
export function pointsOf(view: ReleasesView): PointChoice[] {
  const names = new Map(view.environments.map((one) => [one.id, one.name]));
  const now = view.environments.map((one) => {
    const point = { environment: one.id, release: null };
    return { key: pointKey(point), label: `${one.name} now`, note: "what it serves", hint: "environment", point };
  });
  const then = view.history
    .filter((row) => names.has(row.environment))
    .map((row) => {
      const point = { environment: row.environment, release: row.id };
      return {
        key: pointKey(point),
        label: `${names.get(row.environment)}, ${when(row.at)}`,
        note: `${row.what}: ${row.reason}`,
        hint: row.by,
        point,
      };
    });
  return [...now, ...then];
}

/** The draft, what the environments serve, and every version, the newest first. */
export function choicesOf(view: PromptView, environments = true): Choice[] {
  const list: Choice[] = [];
  const add = (label: string, note: string, hint: string, ref: Ref) =>
    list.push({ key: refKey(ref), label, note, hint, ref });
  if (view.draft) add("draft", view.draft.changed.summary, "on this laptop", { type: "draft", draft: view.draft.id });
  if (environments)
    for (const stage of view.stages)
      if (stage.sides.length > 0)
        add(stage.name, `serves ${sidesLabel(stage.sides)}`, "environment", {
          type: "environment",
          environment: stage.environment,
          prompt: view.id,
        });
  for (const row of view.versions) {
    const live = row.live_in.length > 0 ? `live in ${row.live_in.join(", ")}` : "";
    add(
      versionLabel(row),
      [live, row.message || "no message", row.redacted ? "redacted" : "", ...row.labels].filter(Boolean).join(" · "),
      `${row.by}, ${when(row.at)}`,
      { type: "version", version: row.id },
    );
  }
  return list;
}

/** Those that hold every word asked for. What is called exactly so comes first, then what begins so. */
export function found<T extends Pickable>(choices: T[], asked: string): T[] {
  const words = asked.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return choices;
  const name = words.length === 1 ? words[0]! : "";
  const best: T[][] = [[], [], []];
  for (const choice of choices) {
    const label = choice.label.toLowerCase();
    const text = `${label} ${choice.note} ${choice.hint}`.toLowerCase();
    if (!words.every((word) => text.includes(word))) continue;
    const exact = label === name || label === `v${name}`;
    const begins = name !== "" && (label.startsWith(name) || label.startsWith(`v${name}`));
    best[exact ? 0 : begins ? 1 : 2]!.push(choice);
  }
  return best.flat();
}
