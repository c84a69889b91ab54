/**
 * Fills a checked text in.
 *
 * `null` counts as not there, at every depth: as an input, as a field, as an item.
 */

import { RenderError } from "./errors.js";
import { FILTERS } from "./parse.js";
import { type Given, type Library, resolved } from "./template.js";
import { Fault } from "./tokens.js";
import { type Base, type Condition, type For, type Include, type Node, type Operand, type Path, written as writtenPath } from "./tree.js";
import { type Fields, NAMED, canonical, field, kindOf, same, size, trim, utf8, written } from "./values.js";

const RENDERED_BYTES = 1 << 20;
const RENDER_STEPS = 1_000_000;
export const INCLUDE_DEPTH = 8;

/** What bounds a rendering: bytes, counted while they are written, and steps. */
export class Budget {
  private bytes = RENDERED_BYTES;
  private steps = RENDER_STEPS;

  step(size: number, at: number): void {
    this.steps -= 1 + Math.floor(size / 64);
    if (this.steps < 0) throw new Fault("too_long", "this template repeats too much: shorten its lists or its loops", at);
  }

  write(size: number, at: number): void {
    this.bytes -= size;
    if (this.bytes < 0) throw tooLarge(at);
  }
}

const tooLarge = (at: number) => new Fault("too_large", `the finished text is larger than ${RENDERED_BYTES >> 10} KiB`, at);

/** A fault in an included snippet. */
export class Within extends Error {
  constructor(
    readonly fault: Fault,
    readonly snippet: string,
    readonly source: string,
  ) {
    super(fault.message);
  }
}

interface Loop {
  variable: string;
  item: unknown;
  index: number;
  count: number;
}

/** What a path leads to; a value of `undefined` is not there. */
const MISSING: Given = { value: undefined, leftOut: false };

/** One text being written. */
export class Render {
  output = "";
  private readonly loops: Loop[] = [];

  constructor(
    private readonly library: Library,
    private readonly budget: Budget,
    private readonly inputs: ReadonlyMap<string, Given>,
    private readonly includes: Fields,
  ) {}

  nodes(nodes: readonly Node[]): void {
    for (const node of nodes) {
      if (typeof node === "string") this.write(node, 0);
      else if (node.type === "operand") this.write(this.printed(node), node.at);
      else if (node.type === "if") {
        this.nodes(node.branches.find(({ condition }) => this.holds(condition))?.body ?? node.otherwise);
      } else if (node.type === "for") this.loop(node);
      else this.include(node);
    }
  }

  private write(text: string, at: number): void {
    this.budget.write(utf8(text), at);
    this.output += text;
  }

  private loop(node: For): void {
    const { value: items } = this.find(node.items);
    if (items === undefined) throw undefinedPath(node.items);
    if (!Array.isArray(items)) {
      throw new Fault("wrong_kind", `${writtenPath(node.items)} is ${NAMED[kindOf(items)]}: a loop runs over a list`, node.items.at);
    }
    this.budget.step(size(items), node.items.at);
    if (items.length === 0) this.nodes(node.otherwise);
    items.forEach((item: unknown, index) => {
      this.budget.step(0, node.at);
      this.loops.push({ variable: node.variable, item, index, count: items.length });
      this.nodes(node.body);
      this.loops.pop();
    });
  }

  private include(node: Include): void {
    this.budget.step(0, node.at);
    const snippet = this.library.snippet(this.includes[node.name]);
    let inputs: Map<string, Given>;
    try {
      inputs = resolved(snippet.inputs, (name) => {
        const given = this.inputs.get(name);
        return given && !given.leftOut ? given.value : undefined;
      });
    } catch (error) {
      throw error instanceof RenderError ? new Fault(error.code, `in the snippet “${node.name}”: ${error.message}`, node.at) : error;
    }
    const inner = new Render(this.library, this.budget, inputs, snippet.includes);
    try {
      inner.nodes(snippet.tree);
    } catch (fault) {
      throw fault instanceof Fault ? new Within(fault, node.name, snippet.source) : fault;
    }
    this.output += inner.output;
  }

  // Values

  private find(path: Path): Given {
    const running = this.loops.findLast(({ variable }) => variable === path.root);
    if (running) return below(running.item, path.fields);
    const inner = this.loops.at(-1);
    if (path.root === "loop" && inner) {
      const own: Record<string, unknown> = { index: inner.index + 1, first: inner.index === 0, last: inner.index + 1 === inner.count };
      return { value: own[path.fields[0] ?? ""], leftOut: false };
    }
    const given = this.inputs.get(path.root) ?? MISSING;
    return given.leftOut && path.fields.length === 0 ? given : below(given.value, path.fields);
  }

  private base(base: Base): unknown {
    if (base.type === "literal") return base.value;
    const { value } = this.find(base);
    if (value === undefined) throw undefinedPath(base);
    return value;
  }

  private operand(operand: Operand): unknown {
    let filters = operand.filters;
    let value: unknown;
    const [first] = filters;
    if (first?.name === "default" && first.argument && operand.base.type === "path") {
      const found = this.find(operand.base);
      value = found.value === undefined || found.leftOut ? this.base(first.argument) : found.value;
      filters = filters.slice(1);
    } else {
      value = this.base(operand.base);
    }
    for (const { name, argument, at } of filters) value = this.filtered(value, name, argument, at);
    return value;
  }

  private filtered(value: unknown, name: string, argument: Base | undefined, at: number): unknown {
    const kind = kindOf(value);
    const takes = FILTERS.get(name);
    if (takes && !(takes as readonly string[]).includes(kind)) {
      const named = takes.map((one) => NAMED[one]).join(" or ");
      throw new Fault("wrong_kind", `${name} takes ${named}, not ${NAMED[kind]}`, at);
    }
    switch (name) {
      case "lower":
        return (value as string).toLowerCase();
      case "upper":
        return (value as string).toUpperCase();
      case "trim":
        return trim(value as string);
      case "length":
        if (typeof value === "string") return [...value].length;
        return Array.isArray(value) ? value.length : Object.keys(value as Fields).length;
      case "tojson":
        return json(value, at);
      case "join":
        return joined(value as unknown[], argument ? this.base(argument) : "", at);
      default:
        return value;
    }
  }

  private printed(operand: Operand): string {
    this.charge(operand);
    if (operand.base.type === "path" && operand.filters.length === 0 && this.find(operand.base).leftOut) return "";
    const value = this.operand(operand);
    const text = written(value);
    if (text === undefined) {
      throw new Fault("wrong_kind", `${NAMED[kindOf(value)]} can't be written as it is: name a field, use join or tojson`, operand.at);
    }
    return text;
  }

  /** Reading a value costs by its size, and so does every filter that it goes through. */
  private charge(operand: Operand): void {
    const value = operand.base.type === "path" ? this.find(operand.base).value : operand.base.value;
    this.budget.step((value === undefined ? 0 : size(value)) * (1 + operand.filters.length), operand.at);
  }

  // Conditions

  private holds(condition: Condition): boolean {
    switch (condition.type) {
      case "operand": {
        this.charge(condition);
        const value = this.operand(condition);
        if (Array.isArray(value)) return value.length > 0;
        return kindOf(value) === "object" ? Object.keys(value as Fields).length > 0 : Boolean(value);
      }
      case "defined": {
        this.budget.step(0, condition.path.at);
        const { value, leftOut } = this.find(condition.path);
        return value !== undefined && !leftOut;
      }
      case "not":
        return !this.holds(condition.inner);
      case "and":
        return this.holds(condition.left) && this.holds(condition.right);
      case "or":
        return this.holds(condition.left) || this.holds(condition.right);
      case "compare":
        return this.compared(condition.left, condition.how, condition.right);
    }
  }

  private compared(a: Operand, how: string, b: Operand): boolean {
    this.charge(a);
    this.charge(b);
    const [left, right] = [this.operand(a), this.operand(b)];
    const wrong = (words: string) => new Fault("wrong_kind", words, a.at);
    if (how === "==" || how === "!=") return same(left, right) === (how === "==");
    const [one, other] = [NAMED[kindOf(left)], NAMED[kindOf(right)]];
    if (how === "in" || how === "not in") {
      let found: boolean;
      if (typeof left === "string" && typeof right === "string") found = right.includes(left);
      else if (Array.isArray(right)) found = right.some((item) => same(item, left));
      else throw wrong(`in looks for a text in a text or for a value in a list, not for ${one} in ${other}`);
      return found === (how === "in");
    }
    if (typeof left !== "number" || typeof right !== "number") {
      throw wrong(`only numbers can be larger or smaller, not ${one} and ${other}`);
    }
    if (how === "<") return left < right;
    if (how === "<=") return left <= right;
    return how === ">" ? left > right : left >= right;
  }
}

function below(from: unknown, fields: readonly string[]): Given {
  let value = from;
  for (const name of fields) {
    if (kindOf(value) !== "object") return MISSING;
    value = field(value as Fields, name);
  }
  return { value: value ?? undefined, leftOut: false };
}

function undefinedPath(path: Path): Fault {
  const text = writtenPath(path);
  const name = path.fields.at(-1);
  const words =
    name === undefined
      ? `${text} has no value here`
      : `${text.slice(0, -name.length - 1)} has no “${name}” here: correct the path, or write {{ ${text}|default("…") }}`;
  return new Fault("undefined", words, path.at);
}

function json(value: unknown, at: number): string {
  let text: string;
  try {
    text = canonical(value);
  } catch (words) {
    throw typeof words === "string" ? new Fault("wrong_kind", words, at) : words;
  }
  if (utf8(text) > RENDERED_BYTES) throw tooLarge(at);
  return text;
}

function joined(items: readonly unknown[], separator: unknown, at: number): string {
  if (typeof separator !== "string") throw new Fault("wrong_kind", 'join puts a text between the items: join(", ")', at);
  let bytes = 0;
  const texts = items.map((item, index) => {
    const text = written(item);
    if (text === undefined) {
      throw new Fault("wrong_kind", `join can't write ${NAMED[kindOf(item)]}: item ${index + 1} of the list is no text or number`, at);
    }
    bytes += utf8(text) + (index > 0 ? utf8(separator) : 0);
    if (bytes > RENDERED_BYTES) throw tooLarge(at);
    return text;
  });
  return texts.join(separator);
}
