/** What a version holds, as the registry sends it. Fields that are not listed may be there too. */

import type { Kind } from "./values.js";

/** Who speaks in a message. */
export type Role = "system" | "developer" | "user" | "assistant" | "tool";

/** One value that the application passes in. */
export interface Input {
  name: string;
  type: Kind;
  required?: boolean;
  default?: unknown;
  description?: string;
}

/** One message with a template, or the place where the application puts the conversation so far. */
export type ContentMessage = { type: "message"; role: Role; text: string } | { type: "placeholder"; name: string };

/** Who answers, and how. */
export interface ModelSettings {
  provider: string;
  model: string;
  parameters?: Record<string, unknown>;
}

/** One function that the model may call. */
export interface Tool {
  name: string;
  description?: string;
  schema?: unknown;
}

/** Everything that determines a version's behaviour. */
export interface Content {
  kind: "text" | "chat";
  messages: ContentMessage[];
  inputs?: Input[];
  model?: ModelSettings;
  tools?: Tool[];
  response_schema?: unknown;
  /** The snippets that the texts include: name as written → digest. */
  includes?: Record<string, string>;
}

/** A message as it is sent: `content` is a text, or whatever was passed for a placeholder. */
export interface Message {
  role: Role;
  // What providers take as content differs, and applications pass it through.
  content: any;
  [field: string]: any;
}
