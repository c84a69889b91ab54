/** A version's texts, checked once and filled in often. */

import type { Content, Input, Message, Role } from "./content.js";
import { RenderError } from "./errors.js";
import { Parser, RESERVED, type Scope } from "./parse.js";
import { Budget, INCLUDE_DEPTH, Render, Within } from "./render.js";
import { Fault } from "./tokens.js";
import type { Node } from "./tree.js";
import { type Fields, type Kind, NAMED, field, kindOf, utf8 } from "./values.js";

const ROLES: readonly unknown[] = ["system", "developer", "user", "assistant", "tool"];
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,199}$/;

/** A rendered message, or what was passed for a placeholder. */
export type Part = { role: Role; content: string } | { placeholder: string; messages: Message[] };

/** An included text, read once however often it is included. */
export interface Snippet {
  source: string;
  inputs: readonly Input[];
  includes: Fields;
  tree: Node[];
  /** How many includes deep it goes on, and how many loops. */
  reach: number;
  loops: number;
  fault?: Fault;
}

const hasDefault = (input: Input): boolean => input.default !== undefined && input.default !== null;

/** The snippets that came with a version, by digest. */
export class Library {
  private readonly known = new Map<string, Snippet>();

  constructor(private readonly contents: { readonly [digest: string]: Content }) {}

  /** A snippet that was learnt when the version was checked. */
  snippet(digest: unknown): Snippet {
    return this.known.get(digest as string) as Snippet;
  }

  learn(digest: string, name: string, depth: number, at: number): Snippet {
    const before = this.known.get(digest);
    if (before) return before;
    const content = field(this.contents, digest) as Content | undefined;
    if (!content) throw new Fault("include_missing", `there is no snippet “${name}” to include`, at);
    const [message, ...more] = content.messages;
    if (content.kind !== "text" || message?.type !== "message" || more.length > 0) {
      throw new Fault("include_missing", `“${name}” is a conversation: only a text can be included`, at);
    }
    const inputs = content.inputs ?? [];
    const includes = content.includes ?? {};
    if (!isKnown(content, inputs)) throw new Fault("include_missing", `in the snippet “${name}”: ${UNKNOWN}`, at);
    const snippet: Snippet = { source: message.text, inputs, includes, tree: [], reach: 0, loops: 0 };
    const scope = new TextScope(this, inputs, includes, depth + 1);
    const parser = new Parser(snippet.source, scope);
    try {
      snippet.tree = parser.document();
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      snippet.fault = fault;
    }
    snippet.reach = scope.reach;
    snippet.loops = parser.deepest;
    this.known.set(digest, snippet);
    return snippet;
  }
}

/** What names mean in one text: its inputs, and the snippets that it includes. */
class TextScope implements Scope {
  reach = 0;
  private readonly kinds: Map<string, Kind>;

  constructor(
    private readonly library: Library,
    inputs: readonly Input[],
    private readonly includes: Fields,
    private readonly depth: number,
  ) {
    this.kinds = new Map(inputs.map((input) => [input.name, input.type]));
  }

  kind(name: string): Kind | undefined {
    return this.kinds.get(name);
  }

  include(name: string, loops: number, at: number): number {
    const digest = field(this.includes, name) as string | undefined;
    if (digest === undefined) throw new Fault("include_missing", `there is no snippet “${name}” to include`, at);
    const tooDeep = () => new Fault("too_deep", `snippets include one another more than ${INCLUDE_DEPTH} deep`, at);
    if (this.depth >= INCLUDE_DEPTH) throw tooDeep();
    const snippet = this.library.learn(digest, name, this.depth, at);
    for (const wanted of snippet.inputs) {
      const given = this.kinds.get(wanted.name);
      if (!given && wanted.required && !hasDefault(wanted)) {
        throw new Fault("include_input", `the snippet “${name}” needs the input “${wanted.name}”: declare it here too`, at);
      }
      if (given && given !== wanted.type) {
        const words = `the snippet “${name}” takes ${wanted.name} as ${NAMED[wanted.type]}; here it is ${NAMED[given]}`;
        throw new Fault("include_input", words, at);
      }
    }
    if (snippet.fault) throw new Fault(snippet.fault.code, `the snippet “${name}” can't be used: ${snippet.fault.message}`, at);
    if (loops + snippet.loops > 2) throw new Fault("too_deep", `loops can be two deep, counting those of the snippet “${name}”`, at);
    if (this.depth + 1 + snippet.reach > INCLUDE_DEPTH) throw tooDeep();
    this.reach = Math.max(this.reach, 1 + snippet.reach);
    return snippet.loops;
  }
}

const UNKNOWN = "this version holds something that this SDK does not know: update it";

/** Whether this SDK knows everything that the content is made of: later versions may have more. */
function isKnown(content: Content, inputs: readonly Input[]): boolean {
  const messages = content.messages.every((one) => one.type === "placeholder" || (one.type === "message" && ROLES.includes(one.role)));
  return messages && ["text", "chat"].includes(content.kind) && inputs.every((input) => Object.hasOwn(NOTHING, input.type));
}

function checkDeclared(content: Content, inputs: readonly Input[]): void {
  if (!isKnown(content, inputs)) throw new RenderError("declaration", UNKNOWN);
  const seen = new Set<string>();
  const wrong = (name: string, words: string) => new RenderError("declaration", words, name);
  const good = (name: string) => NAME.test(name) && !RESERVED.has(name);
  for (const input of inputs) {
    if (!good(input.name)) throw wrong(input.name, `“${input.name}” can't name an input`);
    if (seen.has(input.name)) throw wrong(input.name, `the input ${input.name} is declared twice: remove one`);
    seen.add(input.name);
    if (hasDefault(input) && kindOf(input.default) !== input.type) {
      throw wrong(input.name, `the default of ${input.name} is not ${NAMED[input.type]}`);
    }
  }
  for (const message of content.messages) {
    if (message.type !== "placeholder") continue;
    if (!good(message.name) || seen.has(message.name)) {
      throw wrong(message.name, `the placeholder “${message.name}” needs a name of its own`);
    }
    seen.add(message.name);
  }
  if (content.kind === "text" && (content.messages.length !== 1 || content.messages[0]?.type !== "message")) {
    throw new RenderError("declaration", "a text has exactly one message");
  }
}

function located(fault: Fault, source: string, message: number, snippet?: string): RenderError {
  const before = source.slice(0, fault.at);
  const line = before.split("\n").length;
  const column = [...before.slice(before.lastIndexOf("\n") + 1)].length + 1;
  const place = { message, line, column, ...(snippet === undefined ? {} : { snippet }) };
  return new RenderError(fault.code, fault.message, undefined, place);
}

/** An input's value, and whether nobody gave it. */
export interface Given {
  value: unknown;
  leftOut: boolean;
}

const NOTHING: Readonly<Record<Kind, unknown>> = { text: "", number: "", boolean: false, list: [], object: {} };

/** Each input's value; `find` gives `undefined` for what was not given. */
export function resolved(inputs: readonly Input[], find: (name: string) => unknown): Map<string, Given> {
  const found = new Map<string, Given>();
  for (const input of inputs) {
    const value = find(input.name);
    if (value !== undefined && value !== null) {
      const kind = kindOf(value);
      if (kind !== input.type) {
        const words = `the input ${input.name} is ${NAMED[input.type]}, but ${NAMED[kind]} was given`;
        throw new RenderError("input_kind", words, input.name);
      }
      found.set(input.name, { value, leftOut: false });
    } else if (hasDefault(input)) {
      found.set(input.name, { value: input.default, leftOut: false });
    } else if (input.required) {
      throw new RenderError("input_missing", `the input ${input.name} is required and was not given`, input.name);
    } else {
      found.set(input.name, { value: NOTHING[input.type], leftOut: true });
    }
  }
  return found;
}

/** The messages that were passed for a placeholder, unchanged. */
function passed(name: string, given: unknown, budget: Budget): Message[] {
  if (given === undefined || given === null) return [];
  const wrong = (words: string) => new RenderError("input_kind", words, name);
  if (!Array.isArray(given)) throw wrong(`${name} takes a list of messages`);
  for (const message of given as unknown[]) {
    const fine = kindOf(message) === "object" && ROLES.includes(field(message as Fields, "role")) && Object.hasOwn(message as Fields, "content");
    if (!fine) throw wrong(`each message of ${name} needs a role and a content`);
    let json: string;
    try {
      json = JSON.stringify(message);
    } catch {
      throw wrong(`a message of ${name} holds something that JSON does not have`);
    }
    try {
      budget.write(utf8(json), 0);
    } catch (fault) {
      throw fault instanceof Fault ? new RenderError(fault.code, fault.message, name) : fault;
    }
  }
  return [...(given as Message[])];
}

/** A checked version, ready to be filled in many times. */
export class Template {
  private readonly inputs: readonly Input[];
  private readonly includes: Fields;
  private readonly library: Library;
  private readonly trees: Node[][];

  constructor(
    private readonly content: Content,
    snippets: { readonly [digest: string]: Content },
  ) {
    this.inputs = content.inputs ?? [];
    this.includes = content.includes ?? {};
    this.library = new Library(snippets);
    checkDeclared(content, this.inputs);
    this.trees = content.messages.map((message, index) => {
      if (message.type !== "message") return [];
      const scope = new TextScope(this.library, this.inputs, this.includes, 0);
      try {
        return new Parser(message.text, scope).document();
      } catch (fault) {
        throw fault instanceof Fault ? located(fault, message.text, index) : fault;
      }
    });
  }

  /** The messages with every value filled in. */
  render(given: Fields): Part[] {
    const inputs = resolved(this.inputs, (name) => field(given, name));
    const budget = new Budget();
    return this.content.messages.map((message, index) => {
      if (message.type === "placeholder") {
        return { placeholder: message.name, messages: passed(message.name, field(given, message.name), budget) };
      }
      const render = new Render(this.library, budget, inputs, this.includes);
      try {
        render.nodes(this.trees[index] ?? []);
      } catch (fault) {
        if (fault instanceof Within) throw located(fault.fault, fault.source, index, fault.snippet);
        throw fault instanceof Fault ? located(fault, message.text, index) : fault;
      }
      return { role: message.role, content: render.output };
    });
  }
}
