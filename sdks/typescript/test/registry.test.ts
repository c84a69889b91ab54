/** Against the real registry. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Galley } from "../src/index.js";
import { file } from "../src/node.js";
import { QUICK, until } from "./faulty.js";
import { House } from "./house.js";

test("released, split, killed, restarted and revoked", async () => {
  const house = await House.open();
  const folder = mkdtempSync(join(tmpdir(), "galley-sdk-"));
  const key = (await house.does("make_key")) as { id: string; key: string };
  const log = (): void => undefined;
  const options = { url: house.url, key: key.key, store: file(join(folder, "prompts.json")), log };
  const galley = new Galley(options);
  try {
    await galley.ready();
    const first = galley.get("support/triage");
    const content = first.text({ message: "Where is my card?" });
    assert.match(content, /Where is my card\?/);
    assert.deepEqual(first.openai({ message: "Where is my card?" }), { model: "smol", temperature: 0, messages: [{ role: "user", content }] });
    await until("the stream", () => galley.status().live);

    const two = (await house.does("release", { text: "Two: {{ message }}" })).version as number;
    await until("the release", () => galley.get("support/triage").version === two);

    // A split: each unit keeps its side, and the side is the one the registry gives.
    await house.does("release", { text: "Three: {{ message }}", share: 10 });
    const units = Array.from({ length: 200 }, (_, n) => String(n));
    const of = (unit: string) => galley.get("support/triage", { unit }).version;
    await until("the split", () => new Set(units.map(of)).size === 2);
    for (const unit of units.slice(0, 40)) {
      const headers = { authorization: `Bearer ${key.key}` };
      const asked = await fetch(`${house.url}/v1/prompts/support%2Ftriage?unit=${unit}`, { headers });
      assert.equal(of(unit), ((await asked.json()) as { version: { number: number } }).version.number, unit);
    }

    // Killed: it goes on, and says so. Back: it catches up.
    await house.does("kill");
    await until("the words", () => galley.stale && /can't be reached/.test(galley.status().problem ?? ""));
    assert.equal(galley.get("support/triage").version, two);
    const restarted = new Galley({ ...options, timing: QUICK });
    assert.equal((await restarted.read("support/triage")).source, "kept");
    restarted.close();
    await house.does("start");
    const four = (await house.does("release", { text: "Four: {{ message }}" })).version as number;
    await until("the release", () => galley.get("support/triage").version === four);
    await until("the stream", () => galley.status().live && !galley.stale);

    // Revoked: the stream ends, what is known stays.
    await house.does("revoke", { id: key.id });
    await until("the refusal", () => galley.stale && /refuses the key/.test(galley.status().problem ?? ""));
    assert.equal(galley.get("support/triage").version, four);
  } finally {
    galley.close();
    await house.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
