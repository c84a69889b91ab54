/** The conformance suite that all SDKs share, read from its files. */

import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../../conformance/", import.meta.url));

export interface Case {
  name: string;
  // What a case holds depends on its file.
  [field: string]: any;
}

/** Large values are written short in the files. */
function expanded(value: any): any {
  if (Array.isArray(value)) return value.map(expanded);
  if (typeof value !== "object" || value === null) return value;
  const names = Object.keys(value);
  if (names.length === 1 && names[0] === "$text") return value.$text[1].repeat(value.$text[0]);
  if (names.length === 1 && names[0] === "$list") return Array(value.$list[0]).fill(expanded(value.$list[1]));
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, expanded(inner)]));
}

/** Every file: its folder and name, and its cases. */
export function suite(): { file: string; cases: Case[] }[] {
  const files = readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".json"));
  return files.sort().map((name) => ({
    file: name.startsWith("template") ? "template" : basename(name, ".json"),
    cases: expanded(JSON.parse(readFileSync(join(FOLDER, name), "utf8"))) as Case[],
  }));
}

/** How many cases the files hold, counted without running any. */
export function count(): number {
  const files = readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".json"));
  return files.reduce((sum, name) => sum + (JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as unknown[]).length, 0);
}
