// How differences are drawn. Nothing is compared here: Rust found them.

import type { MessageDiff, Segment, SettingGroup } from "../bindings";

export const groupWords: Record<SettingGroup, string> = {
  kind: "kind",
  model: "model",
  parameter: "setting",
  input: "input",
  tool: "tool",
  schema: "answer schema",
  include: "snippet",
  other: "other",
};

/** What happened to a message, when its marks don't say it already. */
export function messageNote(message: MessageDiff): string {
  const notes = [];
  if (message.state === "added") notes.push("added");
  if (message.state === "removed") notes.push("removed");
  if (message.state === "spacing") notes.push("only white space differs");
  if (message.moved && message.old && message.new)
    notes.push(`moved from place ${message.old.index + 1} to ${message.new.index + 1}`);
  if (message.old && message.new && message.old.role !== message.new.role)
    notes.push(`role ${message.old.role} → ${message.new.role}`);
  if (message.detail === "sentences") notes.push("compared sentence by sentence: it is too long for words");
  return notes.join(" · ");
}

export const isChanged = (message: MessageDiff) => message.state !== "same" || message.moved;

/** Long unchanged stretches shortened to their ends, for a look in passing. */
export function nearby(segments: Segment[], around = 90): Segment[] {
  const joined: Segment[] = [];
  for (const segment of segments) {
    const last = joined.at(-1);
    if (last && last.mark === "same" && segment.mark === "same" && !last.tag && !segment.tag)
      joined[joined.length - 1] = { ...last, text: last.text + segment.text };
    else joined.push(segment);
  }
  return joined.map((segment, index) => {
    if (segment.mark !== "same" || segment.text.length <= around * 2 + 20) return segment;
    const head = index === 0 ? "" : segment.text.slice(0, around).replace(/\s\S*$/, "");
    const tail = index === joined.length - 1 ? "" : segment.text.slice(-around).replace(/^\S*\s/, "");
    return { ...segment, text: `${head} … ${tail}` };
  });
}
