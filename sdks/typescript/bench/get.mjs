/** What a cached `get` costs. Prints its own table and verdict. */

import { createServer } from "node:http";
import { Galley } from "../dist/index.js";

const BUDGET = 150;
const ROUNDS = 1_000_000;

/** A hundred prompts, one of them split. */
function environment() {
  const version = (number) => {
    const content = { kind: "text", messages: [{ type: "message", role: "user", text: "Hi" }] };
    return { weight: 5_000, version: { id: String(number), number, digest: "", content } };
  };
  const whole = [{ from: 0, to: 10_000, version: "1" }];
  const halves = [
    { from: 0, to: 5_000, version: "1" },
    { from: 5_000, to: 10_000, version: "2" },
  ];
  const prompts = Array.from({ length: 100 }, (_, n) => ({
    name: `support/prompt-${n}`,
    sides: [version(1), version(2)],
    slots: n === 7 ? halves : whole,
    salt: "3f2b6c1e-9a4d-4c55-8f0e-5b1d2a7c9e10",
    release: "",
    since: 0,
  }));
  return JSON.stringify({ environment: "production", prompts });
}

/** The best of seven: what else runs on this computer only ever adds. */
function cost(act) {
  let best = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < 7; repeat += 1) {
    const began = performance.now();
    let kept = 0;
    for (let round = 0; round < ROUNDS; round += 1) kept += act().version;
    best = Math.min(best, ((performance.now() - began) * 1e6) / ROUNDS);
    if (kept === 0) throw new Error("nothing was read");
  }
  return best;
}

const server = createServer((_request, response) => response.end(environment()));
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const galley = new Galley({ url: `http://127.0.0.1:${server.address().port}`, key: "gal_env_bench", follow: false });
await galley.ready();
const asking = { unit: "customer-4711" };
const table = [
  ["get, one version", cost(() => galley.get("support/prompt-42"))],
  ["get with a unit, one version", cost(() => galley.get("support/prompt-42", asking))],
  ["get with a unit, a split", cost(() => galley.get("support/prompt-7", asking))],
];
galley.close();
server.close();
console.log("| TypeScript | ns |\n| --- | --- |");
for (const [what, nanoseconds] of table) console.log(`| ${what} | ${nanoseconds.toFixed(0)} |`);
const cached = table[0][1];
console.log(`\na cached get: ${cached.toFixed(0)} ns, budget ${BUDGET} ns: ${cached < BUDGET ? "within" : "MISSED"}`);
process.exit(cached < BUDGET ? 0 : 1);
