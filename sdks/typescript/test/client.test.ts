/** The client from an application's side: keys, names, fallbacks, spans, edge run-times. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { type Content, Galley, NotServedError, RenderError, SettingsError } from "../src/index.js";
import { sha256 } from "../src/sha256.js";
import { KEY, together } from "./faulty.js";

for (const [url, words] of [
  ["http://galley.example", /in the clear/],
  ["http://127.0.0.1.example", /in the clear/],
  ["http://10.0.0.1:7420", /in the clear/],
  ["https://user:secret@galley.example", /user or password/],
  ["ftp://galley.example", /can't be read/],
  ["galley.example", /can't be read/],
  ["https://galley.example/?key=1", /can't be read/],
  ["", /can't be read/],
] as const) {
  test(`the address ${url} is refused`, () => {
    assert.throws(
      () => new Galley({ url, key: KEY }),
      (error) => error instanceof SettingsError && words.test(error.message) && !error.message.includes("secret") && !error.message.includes(KEY),
    );
  });
}

for (const url of ["http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1", "http://127.8.8.8:1", "https://localhost:1/galley/"]) {
  test(`the address ${url} is taken`, () => new Galley({ url, key: KEY, follow: false }).close());
}

for (const key of [undefined, "", "gal_usr_abc", "gal_env_", "gal_env_a\nX-Header: b", "gal_env_a b", "something else"]) {
  test(`${JSON.stringify(key) ?? "nothing"} is no environment key`, () => {
    assert.throws(
      () => new Galley({ url: "https://galley.example", key }),
      (error) => error instanceof SettingsError && /no environment key/.test(error.message) && (key === undefined || key.length < 9 || !error.message.includes(key)),
    );
  });
}

test("the key is sent as a header and shown nowhere", () =>
  together(async (faulty, open) => {
    const galley = open({ key: ` ${KEY}\n` });
    const prompt = await galley.read("a");
    const seen = [galley, prompt, galley.status()].map((one) => inspect(one, { depth: 9, showHidden: true }) + JSON.stringify(one));
    assert.ok(!seen.join().includes("gal_env"));
    assert.ok(faulty.asked.every(({ headers, path }) => headers.authorization === `Bearer ${KEY}` && !path.includes("gal_env")));
    // What the registry refuses in browsers is not sent.
    assert.ok(faulty.asked.every(({ headers }) => headers.origin === undefined));
  }));

test("names in any case, and names that are not served", () =>
  together(async (_faulty, open) => {
    const galley = open();
    await galley.ready();
    assert.equal(galley.get("A").name, "a");
    assert.throws(() => galley.get("b"), NotServedError);
    assert.throws(() => galley.get("constructor"), NotServedError);
    assert.equal(galley.get("b", { fallback: "Hello {{ name }}." }).text({ name: "Ana" }), "Hello Ana.");
    assert.deepEqual(galley.names(), ["a"]);
  }));

test("fallbacks in all their forms", () =>
  together(async (_faulty, open) => {
    const galley = open();
    await galley.ready();
    const turns = [
      { role: "system", content: "Sort." },
      { role: "user", content: "{{ m }} {{ n }}" },
    ] as const;
    const rendered = [
      { role: "system", content: "Sort." },
      { role: "user", content: "x 1" },
    ];
    assert.deepEqual(galley.get("b", { fallback: turns }).openai({ m: "x", n: 1.0 }), { messages: rendered });
    const whole: Content = {
      kind: "text",
      messages: [{ type: "message", role: "user", text: "{{ a }}" }],
      inputs: [{ name: "a", type: "text", required: true }],
      model: { provider: "p", model: "m" },
    };
    assert.equal(galley.get("b", { fallback: whole }).openai({ a: "x" }).model, "m");
    assert.throws(() => galley.get("b", { fallback: whole }).text(), RenderError);
    assert.throws(() => galley.get("b", { fallback: "{{ nme }}" }).text({ name: "x" }), /no input “nme”/);
    assert.deepEqual(galley.get("b", { fallback: "x" }).attributes, { "galley.prompt.name": "b", "galley.prompt.source": "fallback" });
  }));

test("the version is on the span", () =>
  together(async (_faulty, open) => {
    const exporter = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const prompt = await open().read("a");
    const span = provider.getTracer("t").startSpan("call");
    context.with(trace.setSpan(context.active(), span), () => prompt.openai());
    span.end();
    context.disable();
    const [finished] = exporter.getFinishedSpans();
    assert.deepEqual(finished?.attributes, prompt.attributes);
    assert.deepEqual(
      [prompt.attributes["galley.prompt.name"], prompt.attributes["galley.prompt.version"], prompt.attributes["galley.environment"]],
      ["a", 1, "production"],
    );
  }));

test("our hash is the platform's", () => {
  for (const length of [0, 1, 37, 54, 55, 56, 63, 64, 65, 119, 120, 1000]) {
    const text = "é🙂x".repeat(length).slice(0, length);
    const ours = [...sha256(text)].map((word) => word.toString(16).padStart(8, "0")).join("");
    assert.equal(ours, createHash("sha256").update(text).digest("hex"), String(length));
  }
});

test("nothing but one file knows Node", () => {
  const sources = fileURLToPath(new URL("../../src/", import.meta.url));
  for (const name of readdirSync(sources).filter((one) => one !== "node.ts")) {
    const text = readFileSync(sources + name, "utf8");
    assert.ok(!/from "(?!\.\/)|\brequire\(|\bprocess\.|\bBuffer\b/.test(text.replace(/^ \*.*$/gm, "")), name);
  }
});
