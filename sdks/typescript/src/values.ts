/**
 * JSON values as templates see them: their kinds, their sizes, and how they are written.
 *
 * Numbers and JSON are written as RFC 8785 says, so that every SDK gives the same text.
 */

export type Kind = "text" | "number" | "boolean" | "list" | "object";
export type AnyKind = Kind | "nothing" | "foreign";

export type Fields = { readonly [name: string]: unknown };

const JSON_DEPTH = 64;

/** The characters that Unicode calls white space. `trim` would take one more and miss another. */
const SPACE = "[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+";
const SPACE_BEFORE = new RegExp(`^${SPACE}`);
const SPACE_BEHIND = new RegExp(`${SPACE}$`);

export const trimStart = (text: string): string => text.replace(SPACE_BEFORE, "");

/** Without space at its end. Looks from behind: the expression alone would try at every space. */
export function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && SPACE_BEHIND.test(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

export const trim = (text: string): string => trimEnd(trimStart(text));

export const NAMED: Readonly<Record<AnyKind, string>> = {
  text: "a text",
  number: "a number",
  boolean: "true or false",
  list: "a list",
  object: "an object",
  nothing: "nothing",
  foreign: "something that JSON does not have",
};

/** The kind of a value, as inputs declare it; `foreign` if JSON has no such value. */
export function kindOf(value: unknown): AnyKind {
  switch (typeof value) {
    case "string":
      return "text";
    case "number":
      return Number.isFinite(value) ? "number" : "foreign";
    case "boolean":
      return "boolean";
    case "undefined":
      return "nothing";
    case "object":
      if (value === null) return "nothing";
      if (Array.isArray(value)) return "list";
      return value instanceof Map || value instanceof Set || value instanceof Date ? "foreign" : "object";
    default:
      return "foreign";
  }
}

/** A field of its own, never one that every object has. `undefined` if there is none. */
export const field = (fields: Fields, name: string): unknown => (Object.hasOwn(fields, name) ? fields[name] : undefined);

/** How many bytes a text has in UTF-8. */
export function utf8(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    // Either half of a pair counts for two of its four bytes.
    else bytes += unit >= 0xd800 && unit < 0xe000 ? 1 : 2;
  }
  return bytes;
}

/** What looking at a value costs. */
export function size(value: unknown): number {
  if (typeof value === "string") return utf8(value);
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + size(item), 8);
  if (kindOf(value) !== "object") return 8;
  return Object.entries(value as Fields).reduce((sum, [key, inner]) => sum + utf8(key) + size(inner), 8);
}

/** A value as canonical JSON (RFC 8785). Throws what JSON can't hold, as a text. */
export function canonical(value: unknown, depth = 0): string {
  if (depth > JSON_DEPTH) throw "the value is nested too deeply";
  switch (kindOf(value)) {
    case "text":
      return JSON.stringify(value);
    case "number": {
      const number = value as number;
      if (Math.abs(number) > Number.MAX_SAFE_INTEGER && Math.abs(number) < 1e21) {
        throw `the number ${number} is beyond what JSON can hold exactly (±${Number.MAX_SAFE_INTEGER}); write it as text`;
      }
      return String(number);
    }
    case "boolean":
      return value ? "true" : "false";
    case "nothing":
      return "null";
    case "list":
      return `[${(value as unknown[]).map((item) => canonical(item, depth + 1)).join(",")}]`;
    case "object": {
      const fields = value as Fields;
      const written = Object.keys(fields)
        .sort()
        .map((key) => `${JSON.stringify(key)}:${canonical(fields[key], depth + 1)}`);
      return `{${written.join(",")}}`;
    }
    default:
      throw "the value holds something that JSON does not have";
  }
}

/** Equal in kind and value: 1 and "1" are not, nor 1 and true. */
export function same(left: unknown, right: unknown): boolean {
  const kind = kindOf(left);
  if (kind !== kindOf(right)) return false;
  if (kind === "list") {
    const [a, b] = [left as unknown[], right as unknown[]];
    return a.length === b.length && a.every((item, index) => same(item, b[index]));
  }
  if (kind === "object") {
    const [a, b] = [left as Fields, right as Fields];
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
  }
  return kind === "nothing" || left === right;
}

/** The text of a value that has one. Truth as Jinja writes it; `tojson` writes true and false. */
export function written(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
      return Number.isFinite(value) ? String(value) : undefined;
    case "boolean":
      return value ? "True" : "False";
    default:
      return undefined;
  }
}
