/** The client. */

import { NotReadyError, NotServedError } from "./errors.js";
import { Http, checkedAddress } from "./http.js";
import { Keeper, type Store, TIMING, type Timing } from "./keeper.js";
import { type Fallback, type Prompt, fallbackPrompt, folded } from "./prompt.js";

/** How a client is made. */
export interface Options {
  /** The registry's address: `https://galley.example`. */
  url: string;
  /** An environment key: `gal_env_…`. What is not set in the environment is refused with words. */
  key: string | undefined;
  /** Where the last known good is kept, for a start without the registry. */
  store?: Store;
  /**
   * Whether to follow changes in the background. Say `false` where nothing may run between requests
   * (Cloudflare Workers and their like), and call `refresh` when a request is done.
   */
  follow?: boolean;
  /** How patient the client is. */
  timing?: Partial<Timing>;
  /** Where problems are told; `console.warn` if nothing is said. */
  log?: (words: string) => void;
  /** What asks the registry; the platform's `fetch` if nothing is said. */
  fetch?: typeof globalThis.fetch;
}

/** How one prompt is asked for. */
export interface Asking {
  /** Picks the side of a split, always the same for the same unit: a customer, a conversation. It never leaves this program. */
  unit?: string | undefined;
  /** Stands in when nothing could be read, or when the environment does not serve the prompt. */
  fallback?: Fallback | undefined;
}

/** How things stand, for a health page or a log line. */
export interface Status {
  /** The environment that the key reads; empty until something was read. */
  environment: string;
  /** How many prompts it serves. */
  prompts: number;
  /** Where what is in memory came from; empty for nowhere yet. */
  source: "registry" | "kept" | "";
  /** Changes arrive as they happen. */
  live: boolean;
  /** Milliseconds since the registry last vouched for what is in memory. */
  age: number | undefined;
  /** Nobody vouches for it now: it may no longer be what is served. */
  stale: boolean;
  /** Why the registry could not be read the last time, in plain words. */
  problem: string | undefined;
  /** Why the store could not be read or written, in plain words. */
  storeProblem: string | undefined;
}

/**
 * Reads what an environment serves. Make one for the whole program.
 *
 * ```ts
 * const galley = new Galley({ url: "https://galley.example", key: process.env.GALLEY_KEY });
 * await galley.ready();
 * const prompt = galley.get("support/triage", { unit: customerId });
 * const answer = await openai.chat.completions.create(prompt.openai({ message }));
 * ```
 */
export class Galley {
  readonly #keeper: Keeper;

  constructor(options: Options) {
    const timing = { ...TIMING, ...options.timing };
    const ask = options.fetch ?? globalThis.fetch.bind(globalThis);
    const http = new Http(checkedAddress(options.url), options.key, timing.timeout, ask);
    const log = options.log ?? ((words: string) => console.warn(words));
    this.#keeper = new Keeper(http, options.store, timing, options.follow ?? true, log);
    this.#keeper.start();
  }

  /**
   * Waits for the first read, for `timing.wait` at most: then what is kept stands in. Never throws;
   * any number may wait, and one request is made.
   */
  ready(): Promise<void> {
    return this.#keeper.ready();
  }

  /**
   * What the environment serves of a prompt. Reads memory and never waits: await `ready` once before.
   * Throws `NotReadyError` and `NotServedError`.
   */
  get(name: string, asking?: Asking): Prompt {
    const served = this.#keeper.prompts.get(name);
    if (served === undefined) return this.#missed(name, asking);
    const unit = asking?.unit;
    return unit === undefined ? served.main : served.choose(unit);
  }

  /** `ready`, then `get`: for code that may be the first to ask. */
  async read(name: string, asking?: Asking): Promise<Prompt> {
    if (!this.#keeper.warm) await this.#keeper.ready();
    return this.get(name, asking);
  }

  /** Reads the registry now, together with whoever else wants to. Never throws: `status` says how it went. */
  refresh(): Promise<void> {
    return this.#keeper.refresh();
  }

  /** Milliseconds since the registry last vouched for what is in memory; `undefined` before anything was read. */
  get age(): number | undefined {
    return this.#keeper.age;
  }

  /** Nobody vouches for what is in memory now: the registry is away, or answers badly. */
  get stale(): boolean {
    return this.#keeper.stale;
  }

  /** The prompts in memory. */
  names(): string[] {
    return [...this.#keeper.prompts.keys()].sort();
  }

  /** How things stand. */
  status(): Status {
    const { environment, prompts, source, live, age, stale, problem, storeProblem } = this.#keeper;
    return { environment, prompts: prompts.size, source, live, age, stale, problem, storeProblem };
  }

  /** Ends what runs in the background, so that the program can. What is in memory can still be read. */
  close(): void {
    this.#keeper.close();
  }

  /** A name that is not in memory as it is written. */
  #missed(name: string, asking: Asking | undefined): Prompt {
    const keeper = this.#keeper;
    const served = keeper.folded.get(folded(name));
    if (served) return asking?.unit === undefined ? served.main : served.choose(asking.unit);
    if (asking?.fallback !== undefined) return fallbackPrompt(name, asking.fallback);
    if (!keeper.source) {
      const why = keeper.problem ?? (keeper.warm ? "nothing was read yet" : "nothing was read yet: await galley.ready() first");
      throw new NotReadyError(`${why}; nothing is kept, and no fallback was given for ${name}`);
    }
    const there = this.names().slice(0, 10).join(", ") || "nothing";
    throw new NotServedError(`${keeper.environment} serves no prompt ${name}; it serves ${there}`);
  }
}
