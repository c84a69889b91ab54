// The SDKs beside Langfuse's: what a cached read costs, and how many requests are made when many miss at once.

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { run } from "./run.mjs";

export const VERSION = "5.0.4 (Python) and 5.11.1 (JavaScript)";

/** Installs the peers' SDKs once, and builds ours. */
async function install(folder) {
  const home = path.resolve(folder, "langfuse");
  const ready = path.join(home, ".ready");
  const fuzz = readFileSync("tests/fuzz/requirements.txt", "utf8").split("\n");
  const signing = fuzz.filter((line) => /^(cryptography|cffi|pycparser)==/.test(line));
  const pins = `${readFileSync("sdks/langfuse/requirements.txt", "utf8")}\n${signing.join("\n")}\n`;
  if (!existsSync(ready) || readFileSync(ready, "utf8") !== pins) {
    rmSync(home, { recursive: true, force: true });
    await run("python3", ["-m", "venv", home]);
    writeFileSync(path.join(home, "pins.txt"), pins);
    await run(path.join(home, "bin", "pip"), ["install", "--quiet", "--disable-pip-version-check", "--requirement", path.join(home, "pins.txt")]);
    writeFileSync(ready, pins);
  }
  const npm = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  if (!existsSync("sdks/langfuse/node_modules/@langfuse/client")) await run("npm", npm, { cwd: "sdks/langfuse" });
  if (!existsSync("sdks/typescript/node_modules/typescript")) await run("npm", npm, { cwd: "sdks/typescript" });
  await run("npm", ["run", "--silent", "build"], { cwd: "sdks/typescript" });
  return path.join(home, "bin", "python");
}

/** Python and TypeScript with their peers, against one registry; then Rust alone, for which Langfuse has none. */
export async function measure(folder, programs, rowsFile) {
  const python = await install(folder);
  const env = { ...process.env, GALLEY_BIN: path.resolve(programs) };
  const said = await run(python, ["scripts/bench/cached.py", process.execPath, path.resolve("scripts/bench/cached.mjs")], { env });
  const lines = said.split("\n").filter((line) => line.startsWith('{"row":') || line.startsWith('{"row": '));
  writeFileSync(rowsFile, lines.map((line) => `${line}\n`).join(""));
  await run("cargo", ["bench", "--package", "galley-sdk", "--bench", "get"], { env: { ...env, GALLEY_BENCH_ROWS: rowsFile }, fails: true });
}
