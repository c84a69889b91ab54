// Changes to a version's content, each giving a new one: what was there before stays usable for undo.

import type { Input, Kind, Message, ModelSettings, Role, Value, VersionContent } from "../bindings";

export const empty = (kind: Kind): VersionContent => ({ kind, messages: [newMessage("user")] });

export const newMessage = (role: Role): Message => ({ type: "message", role, text: "" }) as Message;
export const newPlaceholder = (name: string): Message => ({ type: "placeholder", name });

export function withMessage(content: VersionContent, index: number, message: Message): VersionContent {
  return { ...content, messages: content.messages.map((old, at) => (at === index ? message : old)) };
}

export function withText(content: VersionContent, index: number, text: string): VersionContent {
  const message = content.messages[index];
  if (!message || message.type !== "message") return content;
  return withMessage(content, index, { ...message, text } as Message);
}

export function inserted<T>(list: T[], index: number, item: T): T[] {
  return [...list.slice(0, index), item, ...list.slice(index)];
}

export function removed<T>(list: T[], index: number): T[] {
  return list.filter((_, at) => at !== index);
}

export function moved<T>(list: T[], from: number, to: number): T[] {
  const item = list[from] as T;
  return inserted(removed(list, from), to, item);
}

/** A parameter set, or taken out with undefined. */
export function withParameter(model: ModelSettings, name: string, value: Value | undefined): ModelSettings {
  const parameters: Record<string, Value> = { ...model.parameters };
  if (value === undefined) delete parameters[name];
  else parameters[name] = value;
  return { ...model, parameters };
}

export const newInput = (name: string): Input => ({ name, type: "text", required: true });

export const messageText = (message: Message): string => (message.type === "message" ? message.text : "");

export const roleWords: Record<Role, string> = {
  system: "System",
  developer: "Developer",
  user: "User",
  assistant: "Assistant",
  tool: "Tool",
};
