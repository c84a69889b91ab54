// Runs the benchmarks one after another, gathers their rows, prints the table and writes the page.

import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { machine, says } from "./machine.mjs";
import * as mlflow from "./mlflow.mjs";
import * as promptfoo from "./promptfoo.mjs";
import * as sdks from "./sdks.mjs";
import { row, run } from "./run.mjs";
import { lines, page, print } from "./table.mjs";

const { values: options } = parseArgs({ options: { full: { type: "boolean" }, only: { type: "string" } } });
const full = options.full ?? process.env.BENCH_FULL === "1";
const withPeers = process.env.BENCH_PEERS !== "0";
const work = "target/bench";
const peersFolder = "target/bench-peers";
const large = `${work}/large`;
const temporary = path.resolve(work, "tmp");
mkdirSync(temporary, { recursive: true });
// What is measured writes to the disk that the repository is on: a temporary folder may be memory.
const env = { ...process.env, TMPDIR: temporary };

const rowsFile = (name) => path.resolve(work, `${name}.jsonl`);
const noteFile = (name) => path.resolve(work, `${name}.step.json`);
const example = (name, ...words) => run(path.resolve("target/release/examples", name), words, { env: { ...env, GALLEY_BENCH_ROWS: rowsFile(step.name) } });
const peerFile = path.resolve(work, "peers.json");
const peers = existsSync(peerFile) ? JSON.parse(readFileSync(peerFile, "utf8")) : {};
let step;

/** Does something with a peer; one that can't be had is said, and the rest goes on. */
async function withPeer(name, version, act) {
  if (!withPeers) return void (peers[name] = `${version}, peer not measured: left out by BENCH_PEERS=0`);
  try {
    await act();
    peers[name] = `${version}, in the same run`;
  } catch (error) {
    console.error(`${name} is not measured: ${error.message}`);
    peers[name] = `${version}, peer not measured: ${plain(error.message)}`;
  }
}

/** Words for the page: no line of it names this machine's folders. */
const plain = (text) => text.split("\n")[0].replaceAll(process.cwd(), ".").replace(/(?:\/[\w.-]+){2,}/g, (found) => path.basename(found)).slice(0, 160);

const read = (file) =>
  existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : [];

const steps = [
  { name: "diff", run: () => example("diff_bench") },
  { name: "fold", run: () => example("fold_bench") },
  { name: "store", run: () => example("bench_open") },
  { name: "search", run: () => example("bench_search") },
  { name: "runner", run: () => example("bench_runner") },
  {
    name: "workbench",
    run: async () => {
      rmSync(large, { recursive: true, force: true });
      env.GALLEY_BENCH_LARGE = path.resolve(large);
      await example("bench_workbench");
    },
  },
  { name: "pull", run: () => example("bench_pull") },
  {
    name: "registry",
    run: async () => {
      env.GALLEY_BENCH_ENTRIES = full ? "1000000" : "100000";
      let peer;
      await withPeer("MLflow", mlflow.VERSION, async () => {
        peer = await mlflow.start(await mlflow.install(peersFolder), path.resolve(work, "mlflow"), `${work}/mlflow.txt`);
      });
      try {
        if (peer) env.GALLEY_BENCH_PEER = peer.address;
        await example("bench_registry");
        if (peer) {
          const rows = [row("peer_start", "MLflow's start, to its first answer", [peer.took], "ms"), row("peer_memory", "MLflow's memory after that (RSS of all its processes)", [await peer.memory()], "MB")];
          appendFileSync(rowsFile("registry"), rows.map((one) => `${JSON.stringify(one)}\n`).join(""));
        }
      } finally {
        await peer?.stop();
      }
    },
  },
  {
    name: "sdks",
    run: () =>
      withPeer("Langfuse's SDKs", sdks.VERSION, () => sdks.measure(peersFolder, "target/release", rowsFile("sdks"))),
  },
  {
    name: "promptfoo",
    run: () =>
      withPeer("promptfoo", promptfoo.VERSION, async () => {
        // Ours are measured once more, right before: a ratio is of one and the same hour.
        const again = rowsFile("promptfoo-ours");
        rmSync(again, { force: true });
        await run(path.resolve("target/release/examples/bench_workbench"), ["runs"], { env: { ...env, GALLEY_BENCH_ROWS: again } });
        const ours = new Map(read(again).map((one) => [one.row, one.value]));
        const medians = { asked: ours.get("cases_50ms"), cached: ours.get("cases_cached") };
        if (!medians.asked || !medians.cached) throw new Error("our own runs were not measured");
        const installed = await promptfoo.install(peersFolder);
        const server = path.resolve("target/release/examples/bench_runner");
        const rows = await promptfoo.measure(installed, server, path.resolve(work, "promptfoo"), medians);
        writeFileSync(rowsFile("promptfoo"), rows.map((one) => `${JSON.stringify(one)}\n`).join(""));
      }),
  },
  {
    name: "keys",
    run: async () => {
      const { scripts } = JSON.parse(readFileSync("ui/package.json", "utf8"));
      if (!scripts["bench:keys"]) throw new Error("the window's sources have no bench:keys yet");
      await run("npm", ["run", "--silent", "build", "--", "--mode", "looks"], { cwd: "ui", quiet: true });
      // It ends with 1 when it is over its budget, which the table says too.
      const said = await run("npm", ["run", "--silent", "bench:keys"], { cwd: "ui", fails: true });
      const told = said.split("\n").find((line) => /^\{.*"keystroke"/.test(line.trim()));
      if (!told) throw new Error("bench:keys printed no line named keystroke");
      const { median_ms: median, p95_ms: p95 } = JSON.parse(told);
      const note = `p95 ${p95.toFixed(1)} ms; our scripts from the key to the frame, in Chromium; ${said.match(/style and layout: [^;]*/)?.[0] ?? ""} besides`;
      const one = row("keystroke", "keystroke to screen in a 100,000-character prompt, our own work", [median], "ms", 16, note);
      writeFileSync(rowsFile("keys"), `${JSON.stringify({ ...one, range: "200 keys" })}\n`);
    },
  },
  {
    name: "window",
    run: () => run("scripts/with-keychain.sh", ["node", "scripts/bench/window.mjs", rowsFile("window"), large], { env: process.env }),
  },
];

const only = options.only?.split(",");
for (const name of only ?? []) if (!steps.some((one) => one.name === name)) throw new Error(`there is no step ${name}; there are ${steps.map((one) => one.name).join(", ")}`);

let failed = false;
for (step of steps) {
  if (only && !only.includes(step.name)) continue;
  console.log(`\n== ${step.name}`);
  rmSync(rowsFile(step.name), { force: true });
  const changed = says("git", "status", "--porcelain", "--", "crates", "src-tauri", "ui/src") !== "";
  const note = { name: step.name, at: new Date().toISOString(), load: os.loadavg()[0], full, commit: says("git", "rev-parse", "--short=10", "HEAD") + (changed ? " and changes" : "") };
  const began = performance.now();
  try {
    await step.run();
  } catch (error) {
    failed = true;
    note.error = plain(error.message);
    console.error(`${step.name}: ${error.message}`);
  }
  note.seconds = (performance.now() - began) / 1000;
  writeFileSync(noteFile(step.name), JSON.stringify(note));
  writeFileSync(peerFile, JSON.stringify(peers));
}
rmSync(temporary, { recursive: true, force: true });

const notes = steps.filter(({ name }) => existsSync(noteFile(name))).map(({ name }) => JSON.parse(readFileSync(noteFile(name), "utf8")));
const measured = new Map(steps.flatMap(({ name }) => read(rowsFile(name))).map((one) => [one.row, one]));
const why = (wanted) => {
  const note = notes.find(({ name }) => name === wanted.step);
  if (!note) return "this step has not run";
  if (note.error) return note.error;
  const peer = { mlflow: "MLflow", promptfoo: "promptfoo", langfuse: "Langfuse's SDKs" }[wanted.peer];
  if (peer) return peers[peer] ?? "";
  return wanted.full && !note.full ? "takes long to prepare: scripts/bench.sh --full" : "";
};
const table = lines(measured, why);
print(table, measured);
const everyFull = notes.find(({ name }) => name === "registry")?.full;
writeFileSync(
  "docs/benchmarks.md",
  page(table, measured, {
    machine: machine(work),
    steps: notes,
    peers: Object.entries(peers).map(([name, state]) => ({ name, state })),
    command: everyFull ? "scripts/bench.sh --full" : "make bench",
  }),
);
console.log("Written: docs/benchmarks.md");
process.exit(failed ? 1 : 0);
