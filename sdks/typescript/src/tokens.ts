/**
 * Cuts a template into tokens, as every Jinja does it: raw blocks, comments, and the minus that
 * swallows white space. Line breaks are kept, the last one too.
 */

import { trimEnd, trimStart } from "./values.js";

/** What is wrong at one place of one text. */
export class Fault extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly at: number,
  ) {
    super(message);
  }
}

export type TokenKind = "text" | "{{" | "}}" | "{%" | "%}" | "name" | "string" | "number" | "op" | "bad" | "end";

export interface Token {
  kind: TokenKind;
  text: string;
  /** Of a number; `undefined` where it is too large to be exact. */
  number?: number | undefined;
  fault?: Fault;
  start: number;
  end: number;
}

const OPEN = /\{([{%#])([-+]?)/g;
const RAW = /[\t\n\f\r ]*raw[\t\n\f\r ]*([-+]?)%\}/y;
const ENDRAW = /\{%([-+]?)[\t\n\f\r ]*endraw[\t\n\f\r ]*([-+]?)%\}/g;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const RADIX = /0(?:[xX][0-9a-fA-F_]+|[oO][0-7_]+|[bB][01_]+)/y;
const NUMBER = /[0-9][0-9_]*(?:(\.(?![A-Za-z_])[0-9_]*)?([eE][+-]?[0-9_]+)?)/y;
const DIGITS = /[0-9]+/y;
const OPERATOR = /\/\/|\*\*|[=!<>]=|[-+*/%.,:~|=<>()[\]{}]/y;
const ESCAPE =
  /\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-7]{1,3})|([^ux]))/gs;
const PLAIN_ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", '"': '"', "'": "'", "/": "/", "\\": "\\" };
const BRACKETS: Readonly<Record<string, number>> = { "(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1 };

function match(expression: RegExp, text: string, at: number): RegExpExecArray | null {
  expression.lastIndex = at;
  return expression.exec(text);
}

/** The tokens of a text. Where it can't be cut the last one but the end is `bad`. */
export function cut(text: string): Token[] {
  const found: Token[] = [];
  try {
    pieces(text, found);
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    found.push({ kind: "bad", text: "", fault, start: fault.at, end: fault.at });
  }
  found.push({ kind: "end", text: "", start: text.length, end: text.length });
  return found;
}

function pieces(text: string, found: Token[]): void {
  let at = 0;
  let swallow = false;
  while (at < text.length) {
    if (swallow) at = text.length - trimStart(text.slice(at)).length;
    swallow = false;
    const opening = match(OPEN, text, at);
    let lead = text.slice(at, opening ? opening.index : text.length);
    if (opening?.[2] === "-") lead = trimEnd(lead);
    if (lead) found.push({ kind: "text", text: lead, start: at, end: at + lead.length });
    if (!opening) return;
    at = opening.index + opening[0].length;
    const mark = opening[1] as "{" | "%" | "#";
    const raw = mark === "%" ? match(RAW, text, at) : null;
    if (mark === "#") {
      const close = text.indexOf("#}", at);
      if (close < 0) throw new Fault("syntax", "this comment is not closed: add #} after it", opening.index);
      swallow = close > at && text[close - 1] === "-";
      at = close + 2;
    } else if (raw) {
      const start = at + raw[0].length;
      const closing = match(ENDRAW, text, start);
      if (!closing) throw new Fault("syntax", "this raw block is not closed: add {% endraw %} after it", opening.index);
      let inside = text.slice(start, closing.index);
      if (raw[1] === "-") inside = trimStart(inside);
      if (closing[1] === "-") inside = trimEnd(inside);
      found.push({ kind: "text", text: inside, start, end: closing.index });
      at = closing.index + closing[0].length;
      swallow = closing[2] === "-";
    } else {
      found.push({ kind: mark === "{" ? "{{" : "{%", text: "", start: opening.index, end: at });
      [at, swallow] = inside(text, at, mark === "{" ? "}}" : "%}", found);
    }
  }
}

/** What stands in one tag. Gives the place behind it, and whether it swallows the space there. */
function inside(text: string, from: number, close: "}}" | "%}", found: Token[]): [number, boolean] {
  let at = from;
  let brackets = 0;
  for (;;) {
    while (at < text.length && "\t\n\f\r ".includes(text.charAt(at))) at += 1;
    if (at === text.length) return [at, false];
    if (brackets === 0) {
      const sign = "-+".includes(text.charAt(at)) ? 1 : 0;
      if (text.startsWith(close, at + sign)) {
        found.push({ kind: close, text: "", start: at, end: at + sign + 2 });
        return [at + sign + 2, text[at] === "-"];
      }
    }
    const token = one(text, at, text[at - 1] === ".");
    if (token.kind === "op") brackets += BRACKETS[token.text] ?? 0;
    found.push(token);
    at = token.end;
  }
}

function one(text: string, at: number, afterDot: boolean): Token {
  const operator = match(OPERATOR, text, at);
  if (operator) return { kind: "op", text: operator[0], start: at, end: at + operator[0].length };
  const name = match(NAME, text, at);
  if (name) return { kind: "name", text: name[0], start: at, end: at + name[0].length };
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  if (character === "'" || character === '"') return quoted(text, at, character);
  if (character >= "0" && character <= "9") return number(text, at, afterDot);
  throw new Fault(
    "syntax",
    /\p{L}/u.test(character)
      ? `“${character}” can't stand in a name: names are made of the letters a to z, digits and _`
      : `“${character}” has no meaning here`,
    at,
  );
}

function quoted(text: string, at: number, quote: string): Token {
  let end = at + 1;
  while (end < text.length && text[end] !== quote) end += text[end] === "\\" ? 2 : 1;
  if (end >= text.length) throw new Fault("syntax", "this text in quotes is not closed: add the closing quote", at);
  const inner = text.slice(at + 1, end);
  return { kind: "string", text: inner.includes("\\") ? unescaped(inner, at) : inner, start: at, end: end + 1 };
}

function unescaped(inner: string, at: number): string {
  const bad = () => new Fault("syntax", "this escape stands for no character", at);
  if (/\\[ux]/.test(inner.replace(ESCAPE, ""))) throw bad();
  return inner.replace(ESCAPE, (_all, high?: string, low?: string, unit?: string, byte?: string, octal?: string, other?: string) => {
    if (high && low) return String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low, 16));
    const code = octal ? Number.parseInt(octal, 8) : Number.parseInt(unit ?? byte ?? "0", 16);
    if ((unit && code >= 0xd800 && code < 0xe000) || (octal && code > 255)) throw bad();
    if (other !== undefined) return PLAIN_ESCAPES[other] ?? `\\${other}`;
    return String.fromCharCode(code);
  });
}

function number(text: string, at: number, afterDot: boolean): Token {
  const radix = afterDot ? null : match(RADIX, text, at);
  const found = radix ?? match(afterDot ? DIGITS : NUMBER, text, at);
  const written = found?.[0] ?? "";
  if (written.endsWith("_")) throw new Fault("syntax", "a number can't end in _", at);
  const bare = written.replaceAll("_", "");
  const value = Number(bare);
  // Whole numbers are exact up to 2⁵³−1; fractions are what the nearest double is.
  const whole = radix !== null || /^[0-9]+$/.test(bare);
  const fits = whole ? value <= Number.MAX_SAFE_INTEGER : Number.isFinite(value);
  return { kind: "number", text: bare, number: fits ? value : undefined, start: at, end: at + written.length };
}
