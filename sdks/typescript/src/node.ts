/** For Node: the last known good in a file, written whole beside itself before it takes its place. */

import { createHash, randomBytes } from "node:crypto";
import { open, readFile, rename, stat, unlink, utimes } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Kept, Store } from "./keeper.js";

/** A file for one environment, mode 0600. */
export function file(path: string): Store {
  const place = resolve(path);
  const failed = (what: string, error: unknown) => {
    const code = (error as { code?: string }).code ?? "unknown";
    return new Error(`${place} can't be ${what} (${code})`);
  };
  return {
    async load(): Promise<Kept | undefined> {
      let text: string;
      let written: number;
      try {
        written = (await stat(place)).mtimeMs;
        text = await readFile(place, "utf8");
      } catch (error) {
        if ((error as { code?: string }).code === "ENOENT") return undefined;
        throw failed("read", error);
      }
      try {
        const raw = JSON.parse(text) as { galley: number; sha256: string; etag: string | null; body: string };
        if (raw.galley !== 1 || raw.sha256 !== digest(raw.body)) throw new Error("damaged");
        // A clock that was turned back makes nothing younger than now.
        return { body: raw.body, tag: raw.etag ?? undefined, age: Math.max(Date.now() - written, 0) };
      } catch {
        throw new Error(`${place} is damaged: it is passed over, and written anew`);
      }
    },

    async save(body: string, tag: string | undefined): Promise<void> {
      const whole = JSON.stringify({ galley: 1, sha256: digest(body), etag: tag ?? null, body });
      const beside = join(dirname(place), `.${basename(place)}.${randomBytes(6).toString("hex")}`);
      try {
        const handle = await open(beside, "wx", 0o600);
        try {
          await handle.writeFile(whole);
          await handle.sync();
        } finally {
          await handle.close();
        }
        await rename(beside, place);
      } catch (error) {
        await unlink(beside).catch(() => undefined);
        throw failed("written", error);
      }
    },

    async touch(): Promise<void> {
      const now = new Date();
      await utimes(place, now, now).catch((error: unknown) => {
        throw failed("written", error);
      });
    },
  };
}

const digest = (text: string): string => createHash("sha256").update(text).digest("hex");
