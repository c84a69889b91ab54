// The peer of the registry: an MLflow server with one prompt, read by its alias over REST.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { freePort, run, until } from "./run.mjs";

export const VERSION = "3.17.2";

/** Installs it once. */
export async function install(folder) {
  const home = path.join(folder, "mlflow");
  const program = path.join(home, "bin", "mlflow");
  const ready = path.join(home, ".ready");
  if (!existsSync(ready) || readFileSync(ready, "utf8") !== VERSION) {
    console.log(`Installing MLflow ${VERSION} into target/bench-peers (about 1 GB).`);
    rmSync(home, { recursive: true, force: true });
    await run("python3", ["-m", "venv", home]);
    await run(path.join(home, "bin", "pip"), ["install", "--quiet", "--disable-pip-version-check", `mlflow==${VERSION}`]);
    writeFileSync(ready, VERSION);
  }
  return path.resolve(program);
}

/** What it takes with all its workers, in megabytes. */
async function memory(session) {
  const told = await run("ps", ["-o", "rss=", "-g", String(session)], { quiet: true });
  return told.split("\n").reduce((sum, line) => sum + Number(line.trim() || 0), 0) / 1_024;
}

/** Starts it with a prompt in it. Gives the address that an application reads, and an end. */
export async function start(program, folder, log) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const out = createWriteStream(log);
  await once(out, "open");
  const server = spawn(
    program,
    ["server", "--host", "127.0.0.1", "--port", String(port), "--workers", "4", "--backend-store-uri", `sqlite:///${path.resolve(folder)}/mlflow.db`, "--artifacts-destination", path.resolve(folder)],
    // A group of its own: its workers end with it.
    { cwd: folder, detached: true, stdio: ["ignore", out, out], env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: "true", DO_NOT_TRACK: "true" } },
  );
  const began = performance.now();
  const stop = async () => {
    if (server.exitCode === null) {
      process.kill(-server.pid, "SIGTERM");
      await once(server, "exit");
    }
  };
  try {
    const api = `http://127.0.0.1:${port}/api/2.0/mlflow`;
    await until("MLflow to answer", 180_000, async () => {
      if (server.exitCode !== null) throw new Error("MLflow ended");
      return (await fetch(`http://127.0.0.1:${port}/health`).catch(() => null))?.ok;
    });
    const took = performance.now() - began;
    const ask = async (call, body) => {
      const answer = await fetch(`${api}/${call}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(`MLflow ${call}: ${answer.status} ${await answer.text()}`);
    };
    const prompt = { key: "mlflow.prompt.is_prompt", value: "true" };
    const text = { key: "mlflow.prompt.text", value: "Answer kindly. ".repeat(48) };
    await ask("registered-models/create", { name: "triage", tags: [prompt] });
    await ask("model-versions/create", { name: "triage", source: "dummy-source", tags: [prompt, text] });
    await ask("registered-models/alias", { name: "triage", alias: "production", version: "1" });
    const address = `${api}/registered-models/alias?name=triage&alias=production`;
    const answer = await fetch(address);
    if (!answer.ok || !(await answer.text()).includes("Answer kindly.")) throw new Error("MLflow does not give its prompt");
    return { address, stop, took, memory: () => memory(server.pid) };
  } catch (error) {
    await stop();
    throw error;
  }
}
