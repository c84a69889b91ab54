/**
 * Reads the template language from tokens into a tree, and holds it to the declared inputs.
 *
 * The registry checks a version when it is saved; this checks again, so that an application never
 * sends what it could not have tested. It stops at the first thing that is wrong.
 */

import { Fault, type Token, type TokenKind, cut } from "./tokens.js";
import { type Base, type Condition, type Filter, type For, type If, type Include, type Literal, type Node, type Operand, type Path, written } from "./tree.js";
import { type Kind, NAMED } from "./values.js";

const DEPTH = 32;
const PARTS = 100;
export const LOOPS = 2;

/** The filters there are, with what they take; `undefined` is anything. */
export const FILTERS: ReadonlyMap<string, readonly Kind[] | undefined> = new Map<string, readonly Kind[] | undefined>([
  ["default", undefined],
  ["join", ["list"]],
  ["length", ["text", "list", "object"]],
  ["lower", ["text"]],
  ["tojson", undefined],
  ["trim", ["text"]],
  ["upper", ["text"]],
]);
const WORDS = new Set(["and", "or", "not", "in", "is", "if", "else"]);
export const RESERVED: ReadonlySet<string> = new Set([...WORDS, "true", "True", "false", "False", "none", "None", "loop", "self"]);
const LEFT_OUT = new Set(
  "set macro call import from extends block with filter autoescape do break continue trans".split(" "),
);
const COMPARISONS = ["==", "!=", "<", "<=", ">", ">="];
const NO_SUMS = "calculations are not part of the template language: let the application pass the result";
const LOOP_FORM = "a loop is written {% for item in items %}";
const INCLUDE_FORM = 'an include names one snippet in quotes: {% include "snippets/tone" %}';

/** What names mean in a text, and what an include of a snippet brings with it. */
export interface Scope {
  kind(name: string): Kind | undefined;
  /** How many loops deep the included snippet goes. */
  include(name: string, loops: number, at: number): number;
}

/** What a body ended with: a tag's word, or nothing at the end of the text. */
type Ending = "elif" | "else" | "endif" | "endfor" | undefined;

/** Reads one text. */
export class Parser {
  /** How many loops deep the text goes, counting those of its snippets. */
  deepest = 0;
  private readonly tokens: Token[];
  private at = 0;
  private readonly loops: string[] = [];
  private readonly open: { word: "if" | "for"; at: number }[] = [];

  constructor(
    text: string,
    private readonly scope: Scope,
  ) {
    this.tokens = cut(text);
  }

  document(): Node[] {
    return this.body()[0];
  }

  // Tokens

  private get next(): Token {
    const token = this.tokens[this.at] as Token;
    if (token.fault) throw token.fault;
    return token;
  }

  private isOp(...operators: string[]): boolean {
    return this.next.kind === "op" && operators.includes(this.next.text);
  }

  private isWord(...words: string[]): boolean {
    return this.next.kind === "name" && words.includes(this.next.text);
  }

  private isOneOf(...kinds: TokenKind[]): boolean {
    return kinds.includes(this.next.kind);
  }

  private takeWord(word: string): boolean {
    const found = this.isWord(word);
    if (found) this.at += 1;
    return found;
  }

  /** The tag's end must come next; `start` is where the tag or bracket began. */
  private close(end: "}}" | "%}" | ")", start: number): void {
    const token = this.next;
    if (token.kind === end || (token.kind === "op" && token.text === end)) {
      this.at += 1;
      return;
    }
    if (token.kind === "end") throw new Fault("syntax", `this is not closed: add ${end}`, start);
    if (this.isOp("+", "-", "*", "/", "//", "**", "%")) throw new Fault("not_allowed", NO_SUMS, token.start);
    if (this.isOp("~")) throw new Fault("not_allowed", "~ is not part of the template language", token.start);
    if (this.isWord("if", "is", "and", "or", "not", "in") || this.isOp(...COMPARISONS)) {
      throw new Fault("not_allowed", "a comparison or a condition stands in an {% if %}", token.start);
    }
    if (this.isOp("=")) throw new Fault("syntax", "two equals signs compare: ==", token.start);
    throw new Fault("syntax", `${end} is expected here`, token.start);
  }

  // Texts and tags

  private body(): [Node[], Ending] {
    const nodes: Node[] = [];
    for (;;) {
      const token = this.next;
      this.at += 1;
      if (token.kind === "end") {
        const open = this.open.at(-1);
        if (open) throw new Fault("syntax", `this {% ${open.word} %} is not closed: add {% end${open.word} %}`, open.at);
        return [nodes, undefined];
      } else if (token.kind === "text") {
        nodes.push(token.text);
      } else if (token.kind === "{{") {
        nodes.push(this.print(token.start));
      } else if (token.kind === "{%") {
        const ending = this.tag(token.start, nodes);
        if (ending) return [nodes, ending];
      } else {
        throw new Fault("syntax", "this tag can't be read", token.start);
      }
    }
  }

  private print(start: number): Operand {
    const operand = this.operand();
    this.close("}}", start);
    const kind = this.check(operand);
    if (kind === "list" || kind === "object") {
      throw new Fault("wrong_kind", `${NAMED[kind]} can't be written as it is: name a field, use join or tojson`, start);
    }
    return { ...operand, at: start };
  }

  private tag(start: number, nodes: Node[]): Ending {
    const token = this.next;
    if (token.kind !== "name") throw new Fault("syntax", "a tag begins with if, for or include, as in {% if name %}", start);
    const word = token.text;
    this.at += 1;
    switch (word) {
      case "if":
      case "for":
        if (this.open.length >= DEPTH) throw new Fault("too_deep", `this is nested more than ${DEPTH} deep: take it apart`, start);
        this.open.push({ word, at: start });
        nodes.push(word === "if" ? this.ifBlock(start) : this.forBlock(start));
        this.open.pop();
        return undefined;
      case "include":
        nodes.push(this.include(start));
        return undefined;
      case "else":
      case "elif":
      case "endif":
      case "endfor":
        return this.ending(word, start);
      default:
        if (LEFT_OUT.has(word)) throw new Fault("not_allowed", `{% ${word} %} is not part of the template language`, start);
        throw new Fault("syntax", `there is no tag “${word}”; there are if, for and include`, start);
    }
  }

  private ending(word: "elif" | "else" | "endif" | "endfor", start: number): Ending {
    const closes = (kind: "if" | "for") => word === "else" || (word === "endfor") === (kind === "for");
    const open = this.open.at(-1);
    if (open && closes(open.word)) return word;
    if (open && this.open.some((one) => closes(one.word))) {
      throw new Fault("syntax", `this {% ${open.word} %} is not closed: add {% end${open.word} %}`, open.at);
    }
    throw new Fault("syntax", `this {% ${word} %} belongs to nothing before it: remove it`, start);
  }

  private ifBlock(start: number): If {
    const block: If = { type: "if", branches: [], otherwise: [] };
    for (;;) {
      const condition = this.any({ parts: 0, depth: 0 });
      this.close("%}", start);
      this.checkCondition(condition);
      const [body, ending] = this.body();
      block.branches.push({ condition, body });
      if (ending !== "elif") {
        block.otherwise = this.lastBody(ending, start);
        return block;
      }
    }
  }

  private forBlock(start: number): For {
    const token = this.next;
    if (token.kind !== "name" || RESERVED.has(token.text)) throw new Fault("syntax", LOOP_FORM, token.start);
    const variable = token.text;
    this.at += 1;
    if (this.isOp(",")) throw new Fault("not_allowed", "a loop has one variable: {% for item in items %}", this.next.start);
    if (!this.takeWord("in")) throw new Fault("syntax", LOOP_FORM, this.next.start);
    const list = this.operand();
    if (this.isWord("if")) throw new Fault("not_allowed", "a loop can't choose among its items: put {% if %} inside it", this.next.start);
    if (this.isWord("recursive")) throw new Fault("not_allowed", "loops can't be recursive", this.next.start);
    const items = list.base;
    if (items.type === "literal" || list.filters.length > 0) {
      throw new Fault("not_allowed", "a loop runs over an input that is a list, by its plain name or path", list.at);
    }
    this.close("%}", start);
    if (this.loops.length >= LOOPS) throw new Fault("too_deep", "loops can be two deep, not deeper", start);
    if (this.scope.kind(variable) || this.loops.includes(variable)) {
      throw new Fault("not_allowed", `${variable} means something already: give the loop's variable another name`, start);
    }
    const kind = this.checkPath(items);
    if (kind && kind !== "list") {
      throw new Fault("wrong_kind", `${written(items)} is ${NAMED[kind]}: a loop runs over a list`, items.at);
    }
    this.loops.push(variable);
    this.deepest = Math.max(this.deepest, this.loops.length);
    const [body, ending] = this.body();
    this.loops.pop();
    return { type: "for", variable, items, at: start, body, otherwise: this.lastBody(ending, start) };
  }

  /** What follows `else`, if that is how the body before ended; and the block's own end. */
  private lastBody(ending: Ending, start: number): Node[] {
    let nodes: Node[] = [];
    if (ending === "else") {
      this.close("%}", start);
      let last: Ending;
      [nodes, last] = this.body();
      if (last === "else" || last === "elif") {
        throw new Fault("syntax", "nothing but the block's end can follow {% else %}", (this.tokens[this.at - 2] as Token).start);
      }
    }
    this.close("%}", start);
    return nodes;
  }

  private include(start: number): Include {
    const token = this.next;
    if (this.isOneOf("%}", "end")) throw new Fault("syntax", INCLUDE_FORM, token.start);
    if (token.kind !== "string") throw new Fault("not_allowed", INCLUDE_FORM, token.start);
    this.at += 1;
    if (!this.isOneOf("%}", "end")) throw new Fault("not_allowed", INCLUDE_FORM, this.next.start);
    this.close("%}", start);
    const loops = this.scope.include(token.text, this.loops.length, start);
    this.deepest = Math.max(this.deepest, this.loops.length + loops);
    return { type: "include", name: token.text, at: start };
  }

  // Values

  private operand(): Operand {
    const start = this.next.start;
    const base = this.base();
    this.refuseBehind(start);
    const filters: Filter[] = [];
    while (this.isOp("|")) {
      const found = this.filter();
      if (filters.length >= PARTS) throw new Fault("too_deep", `at most ${PARTS} filters can follow one value`, found.at);
      if (found.name === "default" && (filters.length > 0 || base.type === "literal")) {
        throw new Fault("not_allowed", 'default stands directly behind a name: {{ name|default("…")|upper }}', found.at);
      }
      filters.push(found);
    }
    return { type: "operand", base, filters, at: start };
  }

  private base(): Base {
    const token = this.next;
    const refuse = (message: string) => new Fault("not_allowed", message, token.start);
    if (token.kind === "name") {
      const word = token.text;
      if (["none", "None", "self"].includes(word)) throw refuse(`${word} is not part of the template language`);
      if (WORDS.has(word)) throw new Fault("syntax", "a name or a value is missing here", token.start);
      if (!["true", "True", "false", "False"].includes(word)) return this.path();
      this.at += 1;
      return { type: "literal", value: word === "true" || word === "True" };
    }
    if (token.kind === "string") {
      this.at += 1;
      return { type: "literal", value: token.text };
    }
    if (token.kind === "number") return this.number(1);
    if (this.isOp("-")) {
      this.at += 1;
      return this.number(-1);
    }
    if (this.isOp("(")) throw refuse("brackets only group the conditions of an {% if %}");
    if (this.isOp("[", "{")) throw refuse("a list or an object can't be written in a text: pass it as an input");
    throw new Fault("syntax", "a name or a value is missing here", token.start);
  }

  private number(sign: 1 | -1): Literal {
    const token = this.next;
    if (token.kind !== "number") throw new Fault("not_allowed", NO_SUMS, token.start);
    if (token.number === undefined) throw new Fault("not_allowed", "this number is too large to be exact", token.start);
    this.at += 1;
    return { type: "literal", value: sign * token.number };
  }

  private path(): Path {
    const { start, text: root } = this.next;
    this.at += 1;
    const fields: string[] = [];
    while (this.isOp(".")) {
      this.at += 1;
      const token = this.next;
      if (token.kind === "number") {
        throw new Fault("not_allowed", "the items of a list have no number here: use {% for item in list %}", token.start);
      }
      if (token.kind !== "name") throw new Fault("syntax", "a name is missing behind the dot", token.start);
      if (fields.length >= PARTS) throw new Fault("too_deep", `a path has at most ${PARTS} parts`, token.start);
      fields.push(token.text);
      this.at += 1;
    }
    return { type: "path", root, fields, at: start };
  }

  /** What Jinja lets follow a value and this language doesn't. */
  private refuseBehind(start: number): void {
    const refuse = (message: string) => new Fault("not_allowed", message, start);
    if (this.isOp("(")) throw refuse("functions can't be called in a text: let the application pass the result");
    if (this.isOp("[")) throw refuse("write a path with dots, as in customer.name");
    if (this.next.kind === "string") throw refuse("two values stand side by side: something is missing between them");
  }

  private filter(): Filter {
    const at = this.next.start;
    const refuse = (message: string) => new Fault("not_allowed", message, at);
    this.at += 1;
    const token = this.next;
    if (token.kind !== "name") throw new Fault("syntax", "the name of a filter is missing behind |", token.start);
    const name = token.text;
    if (!FILTERS.has(name)) throw refuse(`there is no filter “${name}”; there are ${[...FILTERS.keys()].join(", ")}`);
    this.at += 1;
    if (!this.isOp("(")) {
      if (name === "default") throw refuse('default needs the value that stands in: default("…")');
      return { name, at };
    }
    if (name !== "default" && name !== "join") throw refuse(`${name} takes nothing in brackets`);
    this.at += 1;
    const argument = this.base();
    this.refuseBehind(at);
    if (this.isOp(",", "=", "|")) throw refuse(`${name} takes one plain value in brackets`);
    this.close(")", at);
    return { name, argument, at };
  }

  // Conditions

  private any(count: Count): Condition {
    let left = this.all(count);
    while (this.takeWord("or")) left = { type: "or", left, right: this.all(count) };
    return left;
  }

  private all(count: Count): Condition {
    let left = this.negation(count);
    while (this.takeWord("and")) left = { type: "and", left, right: this.negation(count) };
    return left;
  }

  private negation(count: Count): Condition {
    const start = this.next.start;
    count.parts += 1;
    if (count.parts > PARTS) throw new Fault("too_deep", `a condition has at most ${PARTS} parts`, start);
    if (this.takeWord("not")) {
      return { type: "not", inner: this.deeper(count, start, () => this.negation(count)) };
    }
    if (!this.isOp("(")) return this.comparison();
    this.at += 1;
    const inner = this.deeper(count, start, () => this.any(count));
    this.close(")", start);
    if (!this.isOneOf("%}", "end") && !this.isOp(")") && !this.isWord("and", "or")) {
      throw new Fault("not_allowed", "brackets only group conditions: nothing but and, or may follow them", start);
    }
    return inner;
  }

  private deeper(count: Count, at: number, inner: () => Condition): Condition {
    if (this.open.length + count.depth >= DEPTH) {
      throw new Fault("too_deep", `this is nested more than ${DEPTH} deep: take it apart`, at);
    }
    count.depth += 1;
    const condition = inner();
    count.depth -= 1;
    return condition;
  }

  private comparison(): Condition {
    const left = this.operand();
    const refuse = (message: string) => new Fault("not_allowed", message, left.at);
    if (this.takeWord("is")) {
      const negated = this.takeWord("not");
      if (!this.takeWord("defined")) throw refuse("behind is only defined can stand: {% if name is defined %}");
      if (left.base.type === "literal" || left.filters.length > 0) throw refuse("only a plain name or path can be defined or not");
      const defined: Condition = { type: "defined", path: left.base };
      return negated ? { type: "not", inner: defined } : defined;
    }
    const how = this.takeComparison();
    if (how === undefined) return left;
    const right = this.operand();
    if (this.takeComparison() !== undefined) throw refuse("compare two values at a time, joined by and");
    return { type: "compare", left, how, right };
  }

  private takeComparison(): string | undefined {
    if (this.isOp(...COMPARISONS) || this.isWord("in")) {
      this.at += 1;
      return (this.tokens[this.at - 1] as Token).text;
    }
    if (!this.takeWord("not")) return undefined;
    if (!this.takeWord("in")) throw new Fault("syntax", "behind not stands in: {% if word not in text %}", this.next.start);
    return "not in";
  }

  // What the declarations tell before there are values

  /** The kind of what a path leads to, as far as it is known. */
  private checkPath(path: Path): Kind | undefined {
    if (this.loops.includes(path.root)) return undefined;
    if (path.root === "loop") {
      if (this.loops.length === 0) throw new Fault("unknown_name", "loop has a meaning only inside a {% for %}", path.at);
      const name = path.fields.join(".");
      if (!["index", "first", "last"].includes(name)) {
        throw new Fault("not_allowed", "of a loop there are loop.index, loop.first and loop.last", path.at);
      }
      return name === "index" ? "number" : "boolean";
    }
    const kind = this.scope.kind(path.root);
    if (!kind) throw new Fault("unknown_name", `there is no input “${path.root}”: declare it, or correct the name`, path.at);
    if (path.fields.length === 0) return kind;
    if (kind !== "object") throw new Fault("wrong_kind", `${path.root} is ${NAMED[kind]}: only an object has fields behind a dot`, path.at);
    return undefined;
  }

  private checkBase(base: Base): Kind | undefined {
    if (base.type === "path") return this.checkPath(base);
    return typeof base.value === "string" ? "text" : (typeof base.value as "number" | "boolean");
  }

  private check(operand: Operand): Kind | undefined {
    let kind = this.checkBase(operand.base);
    for (const { name, argument, at } of operand.filters) {
      if (argument) this.checkBase(argument);
      const takes = FILTERS.get(name);
      if (takes && kind && !takes.includes(kind)) throw new Fault("wrong_kind", `${name} can't take ${NAMED[kind]}`, at);
      if (name !== "default") kind = name === "length" ? "number" : "text";
    }
    return kind;
  }

  private checkCondition(condition: Condition): void {
    if (condition.type === "operand") this.check(condition);
    else if (condition.type === "defined") this.checkPath(condition.path);
    else if (condition.type === "not") this.checkCondition(condition.inner);
    else [condition.left, condition.right].forEach((side) => this.checkCondition(side));
  }
}

/** How many parts a condition has, and how deep they nest. */
interface Count {
  parts: number;
  depth: number;
}
