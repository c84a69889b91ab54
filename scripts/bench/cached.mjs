// What a cached read costs in TypeScript: our SDK and Langfuse's, from one registry (GALLEY_URL), in turn in
// one process. Each measured row is one line of JSON on standard output.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Galley } from "../../sdks/typescript/dist/index.js";
import { row } from "./run.mjs";

// From where it is installed: this repository's own packages do not know it.
const beside = createRequire(new URL("../../sdks/langfuse/client.mjs", import.meta.url));
const { LangfuseClient } = await import(pathToFileURL(beside.resolve("@langfuse/client")).href);

const [name, rounds, calls, callers] = ["support/triage", 7, 100_000, 16];
const [url, key] = [process.env.GALLEY_URL, process.env.GALLEY_KEY];

const say = (one) => console.log(JSON.stringify(one));

/** How many requests the registry answered by this route. */
async function requests(route) {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line.startsWith(`galley_requests_total{route="${route}",`));
  return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

/** Nanoseconds of one call, the waiting included where it has to be awaited. */
async function cost(read) {
  const began = performance.now();
  for (let n = 0; n < calls; n += 1) await read();
  return ((performance.now() - began) * 1e6) / calls;
}
function costNow(read) {
  const began = performance.now();
  let kept = 0;
  for (let n = 0; n < calls * 10; n += 1) kept += read().version;
  if (kept === 0) throw new Error("nothing was read");
  return ((performance.now() - began) * 1e6) / (calls * 10);
}

const langfuse = new LangfuseClient({ baseUrl: url, publicKey: "galley", secretKey: key });
const atOnce = (act) => Promise.all(Array.from({ length: callers }, act));
const [prompt, whole] = ["/api/public/v2/prompts/{name}", "/v1/environment"];
let before = await requests(prompt);
await atOnce(() => langfuse.prompt.get(name, { type: "chat" }));
const theirs = (await requests(prompt)) - before;
before = await requests(whole);
const galley = new Galley({ url, key, follow: false });
await atOnce(() => galley.read(name));
const ours = (await requests(whole)) - before;
say(row("miss_typescript", "requests when 16 callers miss at once, TypeScript", [ours], "requests", 1, `Langfuse's SDK 5.11.1 sends ${theirs}`));

const [mine, peers] = [[], []];
for (let n = 0; n < rounds; n += 1) {
  mine.push(costNow(() => galley.get(name)));
  peers.push(await cost(() => langfuse.prompt.get(name, { type: "chat" })));
}
galley.close();
say(row("get_typescript", "a cached get, TypeScript", mine, "ns", 150));
say(row("get_typescript_peer", "the same, @langfuse/client 5.11.1", peers, "ns", null, "reading from Galley; it is awaited"));
const ratio = peers.map((one, n) => one / mine[n]);
say({ ...row("get_typescript_ratio", "Langfuse's cached get over ours, TypeScript", ratio, "×", 1, "in turn, in one process"), better: "higher" });
process.exit(0);
