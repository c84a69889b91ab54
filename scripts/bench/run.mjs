// Starting programs, and waiting for them.

import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";

/** Runs a program to its end; what it prints is seen, and given back. */
export async function run(program, words, options = {}) {
  const { keep, quiet, fails, ...rest } = options;
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"], ...rest });
  let text = "";
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ])
    from?.on("data", (piece) => {
      text += piece;
      if (!quiet) to.write(piece);
    });
  const [code, signal] = await once(child, "close");
  keep?.(text);
  if (code !== 0 && !fails) throw new Error(`${program.split("/").at(-1)} ended with ${signal ?? code}`);
  return text;
}

/** Looks again and again until `look` finds something. */
export async function until(what, patience, look) {
  const end = performance.now() + patience;
  while (performance.now() < end) {
    const found = await look();
    if (found) return found;
    await new Promise((go) => setTimeout(go, 25));
  }
  throw new Error(`waited in vain for ${what}`);
}

/** A port of this computer that nobody uses now. */
export async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** The median, with the lowest and the highest, as a row. */
export function row(id, what, samples, unit, budget, note) {
  const sorted = [...samples].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const value = sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  return { row: id, what, value, low: sorted[0], high: sorted.at(-1), runs: sorted.length, unit, better: "lower", budget: budget ?? null, note: note ?? "" };
}
