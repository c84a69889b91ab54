/** The real registry, driven by lines: `sdks/testing/house.py`. */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export class House {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcessWithoutNullStreams,
    private readonly lines: AsyncIterator<string>,
  ) {}

  static async open(): Promise<House> {
    const program = fileURLToPath(new URL("../../../testing/house.py", import.meta.url));
    const child = spawn("python3", [program]);
    child.stderr.pipe(process.stderr);
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done) throw new Error("the house did not open: is a keychain there, and are the programs built?");
    return new House((JSON.parse(first.value) as { url: string }).url, child, lines);
  }

  /** What a test does: `release`, `kill`, `start`, `make_key`, `revoke`. */
  async does(what: string, more: object = {}): Promise<any> {
    this.child.stdin.write(`${JSON.stringify({ do: what, ...more })}\n`);
    const { value } = await this.lines.next();
    const answer = JSON.parse(value as string) as { error?: string };
    if (answer.error) throw new Error(answer.error);
    return answer;
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.child.on("exit", resolve));
    this.child.stdin.end();
    await ended;
  }
}
