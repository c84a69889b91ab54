/** Runs every case of the suite. How many ran is told to whoever set `GALLEY_COUNT`. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { GalleyError, Prompt, RenderError } from "../src/index.js";
import { Served, folded, readAnswer } from "../src/prompt.js";
import { Template } from "../src/template.js";
import { type Case, count, suite } from "./cases.js";

/** The content and its snippets, whose digests here are their names. */
function contentOf(given: Case): { content: any; snippets: any } {
  const names = Object.keys(given["snippets"] ?? {});
  const includes = Object.fromEntries(names.map((name) => [name, name]));
  const text = (template: string, inputs: unknown[] = []) => ({
    kind: "text",
    messages: [{ type: "message", role: "user", text: template }],
    inputs,
    includes,
  });
  const content = given["content"] ? { ...given["content"], includes } : text(given["template"], given["inputs"]);
  const snippets = Object.fromEntries(names.map((name) => [name, text(given["snippets"][name].text, given["snippets"][name].inputs)]));
  return { content, snippets };
}

function template(given: Case): void {
  const { content, snippets } = contentOf(given);
  const expected = given["error"];
  let parts: ReturnType<Template["render"]>;
  try {
    parts = new Template(content, snippets).render(given["values"]);
  } catch (error) {
    if (!(error instanceof RenderError) || !expected) throw error;
    const { code, input, place } = error;
    const seen = { code, input, line: place?.line, column: place?.column, snippet: place?.snippet };
    const { message, ...rest } = expected;
    assert.deepEqual(JSON.parse(JSON.stringify(seen)), rest);
    if (message !== undefined) assert.equal(place?.message, message);
    return;
  }
  assert.equal(expected, undefined, "it was rendered");
  if (given["output"] !== undefined) {
    const texts = parts.flatMap((part) => ("placeholder" in part ? [] : [part.content]));
    assert.ok(texts.join("\n\n") === given["output"], texts.join("\n\n").slice(0, 200));
    return;
  }
  const shaped = parts.map((part) =>
    "placeholder" in part
      ? { type: "placeholder", name: part.placeholder, messages: part.messages }
      : { type: "message", role: part.role, text: part.content },
  );
  assert.deepEqual(shaped, given["messages"]);
}

function splits(given: Case): void {
  const ids = new Set<string>([given["main"], ...given["slots"].map((run: { version: string }) => run.version)]);
  const sides = [...ids].map((id) => ({ weight: 0, version: { id, number: 1, digest: "", content: { kind: "text" as const, messages: [] } } }));
  const raw = { name: "a", salt: given["salt"], release: "", since: 0, sides, slots: given["slots"] };
  const served = new Served("production", raw, "registry");
  if (given["unit"] === null) {
    assert.equal(served.main.id, given["version"]);
    return;
  }
  assert.equal(served.slot(given["unit"]), given["slot"]);
  assert.equal(served.choose(given["unit"]).id, given["version"]);
}

function answers(given: Case): void {
  const { answer, ask, prompt, error } = given;
  let read: ReturnType<typeof readAnswer>;
  try {
    read = readAnswer(typeof answer === "string" ? answer : JSON.stringify(answer), "registry");
  } catch {
    assert.equal(error, "broken");
    return;
  }
  const all = [...read.prompts.values()];
  const served = read.prompts.get(ask.name) ?? all.find((one) => folded(one.name) === folded(ask.name));
  if (!served) {
    assert.equal(error, "not_served");
    return;
  }
  const chosen: Record<string, any> = ask.unit === undefined ? served.main : served.choose(ask.unit);
  assert.deepEqual(Object.fromEntries(Object.keys(prompt ?? {}).map((name) => [name, chosen[name]])), prompt);
}

const promptOf = (given: Case) => new Prompt("a", "production", 1, "", "", "", 0, given["content"], {}, "registry");

function contract(given: Case): void {
  try {
    assert.deepEqual(promptOf(given).render(given["values"]), given["messages"]);
  } catch (error) {
    if (!(error instanceof RenderError)) throw error;
    const seen = { code: error.code, input: error.input, words: error.message };
    assert.deepEqual(JSON.parse(JSON.stringify(seen)), given["error"]);
  }
}

function requests(given: Case): void {
  const prompt = promptOf(given);
  let body: unknown;
  try {
    body = given["for"] === "openai" ? prompt.openai(given["values"]) : prompt.anthropic(given["values"]);
  } catch (error) {
    if (!(error instanceof GalleyError)) throw error;
    assert.equal(error.code, given["error"]);
    return;
  }
  assert.deepEqual(body, given["body"]);
}

const RUNNERS: Record<string, (given: Case) => void> = { template, splits, answers, contract, requests };

test("every case of the suite", () => {
  let ran = 0;
  const wrong: string[] = [];
  for (const { file, cases } of suite()) {
    for (const given of cases) {
      ran += 1;
      try {
        (RUNNERS[file] as (given: Case) => void)(given);
      } catch (error) {
        wrong.push(`${file}: ${given.name}\n    ${String(error)}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(ran > 200);
  assert.equal(ran, count());
  console.log(`conformance: ${ran} cases`);
  if (process.env["GALLEY_COUNT"]) writeFileSync(process.env["GALLEY_COUNT"], `${ran}\n`);
});
