/**
 * Keeps what an environment serves in memory.
 *
 * Two tasks: one follows the stream of changes and says that something is due; the other reads. All
 * reads go through one place, so however many callers wait, one request is made.
 */

import { Failed, type Http } from "./http.js";
import { type Served, type Source, folded, readAnswer } from "./prompt.js";

/** How patient the client is, in milliseconds. */
export interface Timing {
  /** How long `ready` waits for the registry before it takes what is kept. */
  wait: number;
  /** How long one read may take. */
  timeout: number;
  /** How often to ask while the stream is silent or down: a proxy may hold its events back. */
  poll: number;
  /** How often to ask while the stream is up, to be sure. */
  pollBehind: number;
  /** A stream that is silent for longer is dead. The registry sends a sign of life every 15 seconds. */
  silence: number;
  /** The first and the longest pause after a failure. */
  pause: readonly [number, number];
  /** The pause after a refusal that asking again doesn't change: a revoked key. */
  refused: number;
}

export const TIMING: Timing = {
  wait: 3_000,
  timeout: 10_000,
  poll: 5_000,
  pollBehind: 60_000,
  silence: 20_000,
  pause: [250, 5_000],
  refused: 30_000,
};

/** What was kept: the registry's answer, its tag, and how old it is in milliseconds. */
export interface Kept {
  body: string;
  tag: string | undefined;
  age: number;
}

/** Where the last known good is kept: a file (`galley-sdk/node`), or whatever the platform has. */
export interface Store {
  /** What was kept, or `undefined`. Throws for what is damaged. */
  load(): Promise<Kept | undefined>;
  /** Replaces what was kept, as a whole. */
  save(body: string, tag: string | undefined): Promise<void>;
  /** What was kept still holds: it is as young as now. */
  touch?(): Promise<void>;
}

const now = (): number => performance.now();
const said = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export class Keeper {
  prompts: ReadonlyMap<string, Served> = new Map();
  folded: ReadonlyMap<string, Served> = new Map();
  environment = "";
  source: Exclude<Source, "fallback"> | "" = "";
  problem: string | undefined;
  storeProblem: string | undefined;
  /** Nobody has to wait any more: the first read succeeded or failed, or took too long. */
  warm = false;

  private readonly closing = new AbortController();
  private started = false;
  private kept: Kept | undefined;
  private tag: string | undefined;
  private confirmed: number | undefined;
  private freshUntil = 0;
  private touched = Number.NEGATIVE_INFINITY;
  private events = 1;
  private readUpto = 0;
  private nudges = 0;
  private lastId: string | undefined;
  private streaming = false;
  private heard = 0;
  private reading: { read: Promise<Failed | undefined>; since: number } | undefined;
  private waiting: (() => void)[] = [];
  private storing: Promise<void> = Promise.resolve();
  private readonly loading: Promise<void>;

  constructor(
    private readonly http: Http,
    private readonly store: Store | undefined,
    private readonly timing: Timing,
    private readonly follows: boolean,
    private readonly log: (words: string) => void,
  ) {
    this.loading = this.load();
  }

  start(): void {
    if (this.started || this.closed) return;
    this.started = true;
    if (!this.follows) return;
    void this.keep();
    void this.follow();
  }

  get closed(): boolean {
    return this.closing.signal.aborted;
  }

  close(): void {
    this.closing.abort();
    this.settle();
    this.wake();
  }

  /** Waits for the first read, no longer than callers are willing to. */
  async ready(): Promise<void> {
    this.start();
    if (this.warm) return;
    if (!this.follows) void this.refresh();
    const began = now();
    while (!this.warm && now() - began < this.timing.wait) await this.changed(this.timing.wait - (now() - began));
    if (!this.warm) {
      this.problem ??= "the registry did not answer in time";
      // A file is read long before: this only waits where a store of some other kind hangs.
      this.settle();
    }
  }

  get age(): number | undefined {
    return this.confirmed === undefined ? undefined : Math.max(now() - this.confirmed, 0);
  }

  get stale(): boolean {
    return now() > this.freshUntil;
  }

  /** The stream is up, and was heard of lately. */
  get live(): boolean {
    return this.streaming && now() - this.heard < this.timing.silence;
  }

  // Waiting

  private wake(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const go of waiting) go();
  }

  /** Until something happens, for `ms` at most. */
  private changed(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(ms, 2 ** 31 - 1));
      this.waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private settle(): void {
    if (!this.warm) {
      if (!this.source && this.kept) this.useKept(this.kept);
      this.warm = true;
    }
    this.wake();
  }

  // Reading

  private async keep(): Promise<void> {
    let pause = this.timing.pause[0];
    while (!this.closed) {
      const failed = await this.attempt();
      if (failed) {
        const asked = failed.retryAfter ?? (failed.final ? this.timing.refused : undefined);
        await this.rest(asked ?? pause * (0.5 + Math.random() / 2), asked === undefined);
        pause = Math.min(pause * 2, this.timing.pause[1]);
      } else {
        pause = this.timing.pause[0];
        await this.rest(0, true);
      }
    }
  }

  /** Reads once, together with whoever else wants to. */
  async refresh(): Promise<void> {
    await this.attempt();
  }

  private attempt(): Promise<Failed | undefined> {
    // On the edge a read ends with the request that began it, and never says so.
    if (this.reading && now() - this.reading.since < this.timing.timeout + 1_000) return this.reading.read;
    const since = now();
    const read = this.once().finally(() => {
      if (this.reading?.since === since) this.reading = undefined;
    });
    this.reading = { read, since };
    return read;
  }

  private async once(): Promise<Failed | undefined> {
    await this.loading;
    let failed: Failed | undefined;
    try {
      await this.read();
      this.say(undefined);
    } catch (error) {
      failed = error instanceof Failed ? error : new Failed(said(error));
      if (this.events > this.readUpto || !this.live) this.freshUntil = Math.min(this.freshUntil, now());
      this.say(failed.message);
    }
    this.settle();
    return failed;
  }

  private async read(): Promise<void> {
    const upto = this.events;
    const answer = await this.http.read("/v1/environment", this.tag, this.closing.signal);
    if (answer) {
      this.take(answer.body, "registry");
      this.tag = answer.tag;
      // Callers don't wait for the disk.
      void this.keeping(() => this.store?.save(answer.body, answer.tag));
      this.touched = now();
    } else if (this.source === "kept" && this.kept) {
      // What was kept is what is served: its prompts come from the registry from now on.
      this.take(this.kept.body, "registry");
    }
    this.readUpto = Math.max(this.readUpto, upto);
    this.confirmed = now();
    this.freshUntil = this.confirmed + (this.live ? this.timing.silence : this.timing.poll + this.timing.timeout);
    if (this.confirmed - this.touched > 60_000) {
      this.touched = this.confirmed;
      void this.keeping(() => this.store?.touch?.());
    }
  }

  /** Until something is due. After a failure for `wait`, unless the stream comes back first; what the
   * registry asked for (not `soft`) is kept to. */
  private async rest(wait: number, soft: boolean): Promise<void> {
    const since = now();
    const seen = wait > 0 ? this.events : this.readUpto;
    while (!this.closed && !(soft && this.events > seen)) {
      const left = (wait || (this.live ? this.timing.pollBehind : this.timing.poll)) - (now() - since);
      if (left <= 0) return;
      await this.changed(Math.min(left, this.timing.poll));
    }
  }

  private say(words: string | undefined): void {
    if (words !== undefined && words !== this.problem && !this.closed) this.log(`galley: ${words}; going on with what is known`);
    // A registry that answers again is followed again at once.
    if (this.problem !== undefined && words === undefined) this.nudges += 1;
    this.problem = words;
  }

  private take(body: string, source: "registry" | "kept"): void {
    const { environment, prompts } = readAnswer(body, source);
    this.environment = environment;
    this.source = source;
    this.prompts = prompts;
    this.folded = new Map([...prompts.values()].map((served) => [folded(served.name), served]));
  }

  // Keeping

  private async load(): Promise<void> {
    await this.keeping(async () => {
      this.kept = await this.store?.load();
    });
  }

  private useKept(kept: Kept): void {
    try {
      this.take(kept.body, "kept");
      this.tag = kept.tag;
      this.confirmed = now() - Math.max(kept.age, 0);
    } catch {
      this.storeProblem = "what was kept is damaged: it is passed over";
    }
  }

  /** One act on the store after the other, in the order of what was read. */
  private keeping(act: () => Promise<void> | undefined): Promise<void> {
    this.storing = this.storing.then(async () => {
      try {
        await act();
        this.storeProblem = undefined;
      } catch (error) {
        if (said(error) !== this.storeProblem) this.log(`galley: ${said(error)}`);
        this.storeProblem = said(error);
      }
    });
    return this.storing;
  }

  // Following

  private async follow(): Promise<void> {
    // The first read comes first: whoever waits for it waits for one request only.
    while (!this.warm) await this.changed(this.timing.wait);
    let pause = this.timing.pause[0];
    while (!this.closed) {
      const began = now();
      let asked: number | undefined;
      try {
        await this.stream();
      } catch (error) {
        if (error instanceof Failed) asked = error.retryAfter ?? (error.final ? this.timing.refused : undefined);
      }
      if (this.streaming) {
        // Did it miss something? Reading says so, or that the registry is gone.
        this.streaming = false;
        this.happened();
      }
      if (now() - began > this.timing.silence) pause = this.timing.pause[0];
      const [since, seen] = [now(), this.nudges];
      const wait = asked ?? pause * (0.5 + Math.random() / 2);
      while (!this.closed && now() - since < wait && (asked !== undefined || this.nudges === seen)) {
        await this.changed(wait - (now() - since));
      }
      pause = Math.min(pause * 2, this.timing.pause[1]);
    }
  }

  private happened(): void {
    this.events += 1;
    this.wake();
  }

  private async stream(): Promise<void> {
    const silent = new AbortController();
    let timer = setTimeout(() => silent.abort(), this.timing.timeout);
    try {
      const headers: Record<string, string> = { accept: "text/event-stream", "cache-control": "no-cache" };
      if (this.lastId !== undefined) headers["last-event-id"] = this.lastId;
      const response = await this.http.open("/v1/environment/changes", headers, AbortSignal.any([silent.signal, this.closing.signal]));
      const reader = response.body?.getReader();
      if (!reader || response.status !== 200 || !response.headers.get("content-type")?.includes("text/event-stream")) {
        await reader?.cancel();
        throw new Failed("the stream of changes is not one");
      }
      this.streaming = true;
      this.heard = now();
      // What changed between the last read and now is read.
      this.happened();
      const decoder = new TextDecoder();
      let rest = "";
      let event = new Map<string, string>();
      for (;;) {
        clearTimeout(timer);
        timer = setTimeout(() => silent.abort(), this.timing.silence);
        const { done, value } = await reader.read();
        if (done) return;
        const lines = (rest + decoder.decode(value, { stream: true })).split(/\r\n|\n|\r(?!$)/);
        rest = lines.pop() ?? "";
        if (rest.length > 1 << 20) throw new Failed("the stream of changes is not one");
        for (const line of lines) {
          const [name = "", ...value] = line.split(":");
          if (line) event.set(name, value.join(":").replace(/^ /, ""));
          else {
            this.told(event);
            event = new Map();
          }
        }
        this.alive();
      }
    } finally {
      clearTimeout(timer);
    }
  }

  private told(event: ReadonlyMap<string, string>): void {
    this.lastId = event.get("id") ?? this.lastId;
    if (event.has("data")) this.happened();
  }

  /** A sign of life: if nothing is due, what is in memory is what is served. */
  private alive(): void {
    this.heard = now();
    if (this.events > this.readUpto || this.source !== "registry") return;
    this.confirmed = this.heard;
    this.freshUntil = this.heard + this.timing.silence;
  }
}
