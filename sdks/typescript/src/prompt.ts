/** A prompt as an environment serves it: read it, fill it in, send it. */

import type { Content, Input, Message } from "./content.js";
import { RenderError } from "./errors.js";
import { type AnthropicRequest, type OpenAIRequest, anthropic, openai } from "./requests.js";
import { sha256 } from "./sha256.js";
import { mark } from "./spans.js";
import { type Part, Template } from "./template.js";
import { type Fields, kindOf } from "./values.js";

/**
 * What stands in when nothing could be read: a text, messages with `role` and `content`, or a
 * version's whole content.
 */
export type Fallback = string | readonly { role: Message["role"]; content: string }[] | Content;

/** Where a prompt came from; `kept` is the last known good of an earlier start. */
export type Source = "registry" | "kept" | "fallback";

/** One version of one prompt. It never changes: keep it for as long as one request takes. */
export class Prompt {
  #template: Template | undefined;

  constructor(
    /** The prompt's name. */
    readonly name: string,
    /** The environment that serves it; empty for a fallback. */
    readonly environment: string,
    /** The version's number; 0 for a fallback. */
    readonly version: number,
    /** The version's id; empty for a fallback. */
    readonly id: string,
    /** The SHA-256 of the content's canonical JSON: what was approved is what runs. */
    readonly digest: string,
    /** The release that put it there. */
    readonly release: string,
    /** Since when it is served, in milliseconds since 1970. */
    readonly since: number,
    /** Everything that the version holds: messages, inputs, model, tools, response schema. */
    readonly content: Content,
    /** The content of the snippets that it includes, by digest. */
    readonly snippets: { readonly [digest: string]: Content },
    readonly source: Source,
  ) {}

  /** What the application passes in. */
  get inputs(): readonly Input[] {
    return this.content.inputs ?? [];
  }

  /** The model's name, if the version names one. */
  get model(): string | undefined {
    return this.content.model?.model;
  }

  /** What a span says of the version: give it to a span of your own, or let the current one have it. */
  get attributes(): Record<string, string | number> {
    const found = { "galley.prompt.name": this.name, "galley.prompt.source": this.source };
    if (this.source === "fallback") return found;
    return {
      ...found,
      "galley.prompt.version": this.version,
      "galley.prompt.digest": this.digest,
      "galley.environment": this.environment,
      "galley.release": this.release,
    };
  }

  /**
   * The messages with every value filled in. Throws `RenderError` when a value doesn't fit the
   * prompt's inputs.
   */
  render(inputs: Fields = {}): Message[] {
    const messages = this.#parts(inputs).flatMap((part) => ("placeholder" in part ? part.messages : [part]));
    mark(this.attributes);
    return messages;
  }

  /** All texts filled in, one after the other: what a prompt of kind `text` is for. */
  text(inputs: Fields = {}): string {
    const parts = this.#parts(inputs);
    mark(this.attributes);
    return parts.flatMap((part) => ("placeholder" in part ? [] : [part.content])).join("\n\n");
  }

  /** What `openai.chat.completions.create` takes: messages, model, parameters, tools, response format. */
  openai(inputs: Fields = {}): OpenAIRequest {
    return openai(this.content, this.render(inputs));
  }

  /**
   * What `anthropic.messages.create` takes. A response schema is asked for as the tool `answer`;
   * the answer is what it is called with.
   */
  anthropic(inputs: Fields = {}): AnthropicRequest {
    return anthropic(this.content, this.render(inputs));
  }

  #parts(given: Fields): Part[] {
    if (this.source === "fallback" && !this.content.inputs) {
      // A fallback declares nothing: what is passed is what there is.
      const places = this.content.messages.map((message) => (message.type === "placeholder" ? message.name : ""));
      const inputs = Object.entries(given)
        .map(([name, value]) => ({ name, type: kindOf(value) }))
        .filter((input): input is Input => input.type !== "nothing" && input.type !== "foreign" && !places.includes(input.name));
      return new Template({ ...this.content, inputs }, {}).render(given);
    }
    this.#template ??= new Template(this.content, this.snippets);
    return this.#template.render(given);
  }
}

/** A prompt out of what the code gives for the worst case. */
export function fallbackPrompt(name: string, given: Fallback): Prompt {
  let content: Content;
  if (typeof given === "string") {
    content = { kind: "text", messages: [{ type: "message", role: "user", text: given }] };
  } else if (Array.isArray(given)) {
    const messages = given as readonly { role: Message["role"]; content: string }[];
    content = { kind: "chat", messages: messages.map(({ role, content: text }) => ({ type: "message", role, text })) };
  } else {
    content = given as Content;
  }
  if (!["text", "chat"].includes(content.kind) || !Array.isArray(content.messages)) {
    throw new RenderError("declaration", `the fallback for ${name} needs a kind and messages`);
  }
  return new Prompt(name, "", 0, "", "", "", 0, content, {}, "fallback");
}

interface RawVersion {
  id: string;
  number: number;
  digest: string;
  content: Content;
  snippets?: { [digest: string]: Content };
}

interface RawSplit {
  name: string;
  salt: string;
  release: string;
  since: number;
  sides: { weight: number; version: RawVersion }[];
  slots: { from: number; to: number; version: string }[];
}

const SLOTS = 10_000;

/** What an environment serves of one prompt: one version, or a split of several. */
export class Served {
  readonly name: string;
  /** What callers without a unit get: the largest side. */
  readonly main: Prompt;
  /** What every unit gets, where nothing is split. */
  private readonly only: Prompt | undefined;
  private readonly sides: ReadonlyMap<string, Prompt>;
  private readonly runs: readonly { from: number; to: number; version: string }[];
  private readonly salted: string;

  constructor(environment: string, raw: RawSplit, source: Source) {
    const prompts = raw.sides.map(({ version }) => {
      if (!Array.isArray(version.content.messages)) throw new TypeError("a version without messages");
      return new Prompt(raw.name, environment, version.number, version.id, version.digest, raw.release, raw.since, version.content, version.snippets ?? {}, source);
    });
    const [main] = prompts;
    if (!main) throw new TypeError("a prompt without a version");
    this.name = raw.name;
    this.main = main;
    this.sides = new Map(prompts.map((prompt) => [prompt.id, prompt]));
    this.runs = raw.slots.map(({ from, to, version }) => ({ from, to, version }));
    this.only = this.runs.length === 1 ? (this.sides.get(this.runs[0]?.version ?? "") ?? main) : undefined;
    this.salted = `${raw.salt}\n`;
  }

  /** The slot of a unit, from 0 to 9,999. */
  slot(unit: string): number {
    const hash = sha256(this.salted + unit);
    const high = hash[0] ?? 0;
    const low = hash[1] ?? 0;
    // The first 64 bits as one number are beyond what a double holds: halves modulo 10,000.
    return ((high % SLOTS) * (2 ** 32 % SLOTS) + low) % SLOTS;
  }

  /** What a unit gets: always the same for the same unit. */
  choose(unit: string): Prompt {
    if (this.only) return this.only;
    const slot = this.slot(unit);
    const run = this.runs.find(({ from, to }) => from <= slot && slot < to);
    return (run && this.sides.get(run.version)) ?? this.main;
  }
}

/** The form in which names are compared: without regard to case. */
export const folded = (name: string): string =>
  [...name]
    .map((character) => character.toUpperCase())
    .map((character) => [...character].map((one) => one.toLowerCase()).join(""))
    .join("")
    .normalize("NFC");

/** The answer of `GET /v1/environment`. Throws for anything else. */
export function readAnswer(body: string, source: Source): { environment: string; prompts: Map<string, Served> } {
  try {
    const answer = JSON.parse(body) as { environment: string; prompts: RawSplit[] };
    if (typeof answer.environment !== "string") throw new TypeError("no environment");
    const served = answer.prompts.map((raw) => new Served(answer.environment, raw, source));
    return { environment: answer.environment, prompts: new Map(served.map((one) => [one.name, one])) };
  } catch {
    throw new TypeError("the answer is not that of a Galley registry");
  }
}
