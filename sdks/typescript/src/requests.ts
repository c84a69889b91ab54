/**
 * Ready-made requests for the official clients of OpenAI and Anthropic.
 *
 * They are put together as Galley puts them together when it tries a prompt on a dataset: what was
 * tested is what is sent.
 */

import type { Content, Message } from "./content.js";
import { RequestError } from "./errors.js";
import { type Fields, trim } from "./values.js";

/** What `openai.chat.completions.create` takes. `model` is there if the version names one. */
export interface OpenAIRequest {
  model: string;
  messages: any[];
  stream?: false;
  [parameter: string]: any;
}

/** What `anthropic.messages.create` takes. `model` is there if the version names one. */
export interface AnthropicRequest {
  model: string;
  messages: any[];
  max_tokens: number;
  stream?: false;
  [parameter: string]: any;
}

const NOT_OPENAI = new Set(["model", "messages", "stream", "stream_options", "tools", "response_format"]);
const NOT_ANTHROPIC = new Set(["model", "messages", "system", "stream", "tools", "tool_choice", "seed", "stop"]);
/** The tool that stands for a response schema. */
const ANSWER = "answer";

export function openai(content: Content, rendered: readonly Message[]): OpenAIRequest {
  const entries: [string, unknown][] = Object.entries(content.model?.parameters ?? {}).filter(([name]) => !NOT_OPENAI.has(name));
  if (content.model) entries.push(["model", content.model.model]);
  entries.push(["messages", filled(rendered)]);
  if (content.tools?.length) {
    const tools = content.tools.map(({ name, description = "", schema = null }) => ({ type: "function", function: { name, description, parameters: schema } }));
    entries.push(["tools", tools]);
  }
  const schema = content.response_schema ?? undefined;
  if (schema !== undefined) {
    // OpenAI enforces a schema only when asked to, and then only closed ones.
    const strict = isFields(schema) && schema["additionalProperties"] === false;
    entries.push(["response_format", { type: "json_schema", json_schema: { name: ANSWER, schema, strict } }]);
  }
  return Object.fromEntries(entries) as unknown as OpenAIRequest;
}

export function anthropic(content: Content, rendered: readonly Message[]): AnthropicRequest {
  const entries: [string, unknown][] = [["max_tokens", 1024]];
  for (const [name, value] of Object.entries(content.model?.parameters ?? {})) {
    if (name === "stop") entries.push(["stop_sequences", Array.isArray(value) ? value : [value]]);
    else if (!NOT_ANTHROPIC.has(name)) entries.push([name, value]);
  }
  if (content.model) entries.push(["model", content.model.model]);
  const instructions: string[] = [];
  const messages: Message[] = [];
  for (const message of filled(rendered)) {
    if (message.role === "system" || message.role === "developer") {
      if (typeof message.content !== "string") throw new RequestError("Anthropic takes instructions only as text");
      instructions.push(message.content);
    } else if (message.role === "user" || message.role === "assistant") {
      messages.push(message);
    } else {
      throw new RequestError(`Anthropic has no messages of the role “${message.role}”`);
    }
  }
  if (messages.length === 0) throw new RequestError("Anthropic needs a message of the user");
  entries.push(["messages", messages]);
  if (instructions.length > 0) entries.push(["system", instructions.join("\n\n")]);
  const tools = (content.tools ?? []).map(({ name, description = "", schema = null }) => ({ name, description, input_schema: schema }));
  const schema = content.response_schema ?? undefined;
  if (schema !== undefined) {
    if (tools.length > 0) throw new RequestError("Anthropic can't follow a response schema and call tools at once");
    const isObject = isFields(schema) && schema["type"] === "object";
    const input_schema = isObject ? schema : { type: "object", properties: { [ANSWER]: schema }, required: [ANSWER] };
    tools.push({ name: ANSWER, description: "Give the answer.", input_schema });
    entries.push(["tool_choice", { type: "tool", name: ANSWER }]);
  }
  if (tools.length > 0) entries.push(["tools", tools]);
  return Object.fromEntries(entries) as unknown as AnthropicRequest;
}

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

/** Without messages that say nothing: some providers refuse them. */
function filled(messages: readonly Message[]): Message[] {
  const kept = messages.filter(({ content }) => typeof content !== "string" || trim(content) !== "");
  if (kept.length === 0) throw new RequestError("there is nothing to send: all messages are empty");
  return kept;
}
