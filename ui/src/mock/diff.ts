// A word diff good enough to draw screens with. The real one is in Rust.

import type { ContentDiff, Message, Segment, SettingRow, TextDiff, VersionContent } from "../bindings";

const words = (text: string) => text.match(/\{\{[^}]*\}\}|\{%[^%]*%\}|[\w'’-]+|\s+|[^\w\s]/gu) ?? [];

export function diffText(before: string, after: string): TextDiff {
  const a = words(before);
  const b = words(after);
  const table = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      table[i]![j] = a[i] === b[j] ? table[i + 1]![j + 1]! + 1 : Math.max(table[i + 1]![j]!, table[i]![j + 1]!);
  const old: Segment[] = [];
  const fresh: Segment[] = [];
  const inline: Segment[] = [];
  const put = (list: Segment[], text: string, mark: Segment["mark"]) => {
    const last = list.at(-1);
    const tag = text.startsWith("{{") || text.startsWith("{%");
    if (last && last.mark === mark && !last.tag && !tag) last.text += text;
    else list.push({ text, mark, pair: null, tag });
  };
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      for (const list of [old, fresh, inline]) put(list, a[i]!, "same");
      i++;
      j++;
    } else if (i < a.length && (j >= b.length || table[i + 1]![j]! >= table[i]![j + 1]!)) {
      put(old, a[i]!, "cut");
      put(inline, a[i]!, "cut");
      i++;
    } else {
      put(fresh, b[j]!, "added");
      put(inline, b[j]!, "added");
      j++;
    }
  }
  return { old, new: fresh, inline };
}

const label = (message: Message, index: number) =>
  message.type === "placeholder"
    ? `placeholder ${message.name}`
    : index > 1
      ? `${message.role} ${index}`
      : message.role;
const text = (message: Message | undefined) => (message?.type === "message" ? message.text : "");

export function diffContent(before: VersionContent, after: VersionContent): ContentDiff {
  const total = Math.max(before.messages.length, after.messages.length);
  const messages = Array.from({ length: total }, (_, index) => {
    const old = before.messages[index];
    const fresh = after.messages[index];
    const side = (message: Message | undefined) =>
      message
        ? {
            index,
            role: message.type === "message" ? message.role : null,
            placeholder: message.type === "placeholder" ? message.name : null,
          }
        : null;
    const made = diffText(text(old), text(fresh));
    const added = made.new.filter((one) => one.mark === "added").length;
    const removed = made.old.filter((one) => one.mark === "cut").length;
    return {
      label: label((fresh ?? old)!, index),
      state: !old
        ? ("added" as const)
        : !fresh
          ? ("removed" as const)
          : added + removed > 0
            ? ("changed" as const)
            : ("same" as const),
      moved: false,
      old: side(old),
      new: side(fresh),
      text: made,
      counts: { added, removed, changed: 0, rewritten: 0, moved: 0 },
      detail: "words" as const,
    };
  });
  const settings: SettingRow[] = [];
  const parameters = new Set([
    ...Object.keys(before.model?.parameters ?? {}),
    ...Object.keys(after.model?.parameters ?? {}),
  ]);
  const show = (value: unknown) => (value === undefined ? null : JSON.stringify(value));
  for (const name of parameters) {
    const old = show(before.model?.parameters?.[name]);
    const fresh = show(after.model?.parameters?.[name]);
    if (old !== fresh)
      settings.push({
        group: "parameter",
        name,
        field: null,
        change: old === null ? "added" : fresh === null ? "removed" : "changed",
        old,
        new: fresh,
        words: null,
      });
  }
  if (before.model?.model !== after.model?.model)
    settings.push({
      group: "model",
      name: "model",
      field: null,
      change: "changed",
      old: before.model?.model ?? null,
      new: after.model?.model ?? null,
      words: null,
    });
  const inputs = new Set([...(before.inputs ?? []), ...(after.inputs ?? [])].map((input) => input.name));
  for (const name of inputs) {
    const old = before.inputs?.find((input) => input.name === name);
    const fresh = after.inputs?.find((input) => input.name === name);
    if (JSON.stringify(old) !== JSON.stringify(fresh))
      settings.push({
        group: "input",
        name,
        field: null,
        change: !old ? "added" : !fresh ? "removed" : "changed",
        old: old ? old.type : null,
        new: fresh ? fresh.type : null,
        words: null,
      });
  }
  const added = messages.reduce((sum, message) => sum + message.counts.added, 0);
  const removed = messages.reduce((sum, message) => sum + message.counts.removed, 0);
  const parts = [];
  if (added) parts.push(`${added} ${added === 1 ? "place" : "places"} added to`);
  if (removed) parts.push(`${removed} ${removed === 1 ? "place" : "places"} taken from`);
  const sentence = [
    ...(parts.length ? [parts.join(" and ") + " the text"] : []),
    ...settings.map((row) =>
      row.change === "added"
        ? `${row.group} ${row.name} added`
        : row.change === "removed"
          ? `${row.group} ${row.name} removed`
          : `${row.name} ${row.old} → ${row.new}`,
    ),
  ].join("; ");
  return { summary: sentence || "No change", equal: sentence === "", messages, settings, detail: "words" };
}
