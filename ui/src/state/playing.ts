// What of a conversation goes elsewhere: into a dataset, and into the draft.

import type { PlayTurn, Role, Value, VersionContent } from "../bindings";
import type { DraftEditor } from "./draft.svelte";

/**
 * An answer as a case. What was said before it stands where the prompt takes a conversation, as messages; in a prompt
 * that takes none, under `conversation`.
 */
export function caseOf(
  content: VersionContent,
  values: Record<string, Value>,
  turns: PlayTurn[],
  at: number,
): { inputs: Record<string, Value>; answer: string; expected: null } {
  const before = turns.slice(0, at).map((turn) => ({
    role: turn.by === "person" ? "user" : "assistant",
    content: turn.text,
  }));
  const placeholder = content.messages.find((message) => message.type === "placeholder");
  const name = placeholder?.type === "placeholder" ? placeholder.name : "conversation";
  const inputs = before.length > 0 ? { ...values, [name]: before as unknown as Value } : { ...values };
  return { inputs, answer: turns[at]?.text ?? "", expected: null };
}

/** Puts a text at the end of the draft: as a message, or below the one text. Its braces stay words. */
export function putInto(editor: DraftEditor, role: Role, text: string) {
  const words = literal(text);
  if (!editor.content) return;
  if (editor.content.kind === "chat") {
    editor.setText(editor.addMessage(role), words);
    return;
  }
  const key = editor.keys[0];
  const first = editor.content.messages[0];
  if (key === undefined || first?.type !== "message") return;
  editor.setText(key, first.text.trim() === "" ? words : `${first.text.trimEnd()}\n\n${words}`);
}

/** A text in which no brace begins anything: as a template it says what it said. */
export const literal = (text: string) => (/\{[{%#]/.test(text) ? `{% raw %}${text}{% endraw %}` : text);
