/** One request at a time to one registry: no redirect is followed, and the key is never shown. */

import { SettingsError } from "./errors.js";

/** No environment is larger: an answer beyond it comes from something that is no registry. */
const LARGEST = 256 << 20;
const LONGEST_PAUSE = 600_000;

/** A request that brought nothing. The message is for people. */
export class Failed extends Error {
  constructor(
    message: string,
    /** When to come again, in milliseconds, if the registry said so. */
    readonly retryAfter?: number,
    /** Asking again soon makes no difference: the key is refused. */
    readonly final = false,
  ) {
    super(message);
  }
}

/**
 * The address without a slash at its end. `http://` is for this computer only: a key would cross the
 * network in the clear.
 */
export function checkedAddress(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new SettingsError("the registry's address can't be read; write it like https://galley.example");
  }
  if (url.username || url.password) throw new SettingsError("the registry's address holds a user or password: leave them out");
  if (!["https:", "http:"].includes(url.protocol) || url.search || url.hash) {
    throw new SettingsError("the registry's address can't be read; write it like https://galley.example");
  }
  const loopback = url.hostname === "localhost" || url.hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(url.hostname);
  if (url.protocol === "http:" && !loopback) {
    throw new SettingsError(`${url.hostname} is not this computer, so http:// would send the key in the clear: write https://`);
  }
  return url.origin + url.pathname.replace(/\/+$/, "");
}

/** Calls of one registry with one key. The key is private: nothing that prints this object shows it. */
export class Http {
  readonly #key: string;

  constructor(
    private readonly address: string,
    key: string | undefined,
    private readonly timeout: number,
    private readonly fetch: typeof globalThis.fetch,
  ) {
    this.#key = (key ?? "").trim();
    if (!/^gal_env_[A-Za-z0-9_-]+$/.test(this.#key)) {
      throw new SettingsError("this is no environment key: one begins with gal_env_ and is made in Settings or by `galley key new`");
    }
  }

  /** Asks, and gives the answer with its body unread. */
  async open(path: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
    let response: Response;
    try {
      response = await this.fetch(this.address + path, {
        headers: { authorization: `Bearer ${this.#key}`, ...headers },
        redirect: "manual",
        signal,
      });
    } catch (error) {
      throw new Failed(`the registry can't be reached (${words(error, signal)})`);
    }
    if (response.status === 200 || response.status === 304) return response;
    // Unread bodies keep connections.
    await response.body?.cancel().catch(() => undefined);
    throw refused(response);
  }

  /** The body and its tag, or `undefined` if it is still what the tag names. */
  async read(path: string, tag: string | undefined, closing: AbortSignal): Promise<{ body: string; tag: string | undefined } | undefined> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(new DOMException("late", "TimeoutError")), this.timeout);
    const signal = AbortSignal.any([deadline.signal, closing]);
    try {
      const response = await this.open(path, tag === undefined ? {} : { "if-none-match": tag }, signal);
      if (response.status === 304) {
        await response.body?.cancel();
        return undefined;
      }
      try {
        return { body: await whole(response), tag: response.headers.get("etag") ?? undefined };
      } catch (error) {
        throw error instanceof Failed ? error : new Failed(`the registry's answer broke off (${words(error, signal)})`);
      }
    } finally {
      clearTimeout(timer);
    }
  }
}

async function whole(response: Response): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let [text, bytes] = ["", 0];
  for (const reader = response.body?.getReader(); reader; ) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.byteLength;
    if (bytes > LARGEST) {
      await reader.cancel();
      throw new Failed("the answer is larger than any environment: this is no registry");
    }
    text += decoder.decode(value, { stream: true });
  }
  return text + decoder.decode();
}

function refused(response: Response): Failed {
  const { status } = response;
  if (status === 401) return new Failed("the registry refuses the key: it is unknown, revoked, or has ended", undefined, true);
  if (status === 403) {
    return new Failed("the registry refuses this key or this host: is it an environment key, and is the address right?", undefined, true);
  }
  // Browsers and some others hide where it leads, and give it no status.
  if ((status >= 300 && status < 400) || response.type === "opaqueredirect") {
    return new Failed("the address answers with a redirect, which is not followed: write the registry's own address", undefined, true);
  }
  const wait = retryAfter(response.headers.get("retry-after"));
  if (status === 429) return new Failed("the registry asks to come again later: too many calls", wait);
  if (status === 404) return new Failed("nothing is served here: the environment is retired, or this is no registry");
  return new Failed(`the registry answers with status ${status}`, wait);
}

function retryAfter(text: string | null): number | undefined {
  if (!text) return undefined;
  const wait = /^\s*\d+\s*$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), LONGEST_PAUSE);
}

/** What Node's codes mean. */
const CODES: readonly (readonly [RegExp, string])[] = [
  [/^ECONNREFUSED$/, "nobody listens there: "],
  [/^(ENOTFOUND|EAI_AGAIN)$/, "no such host is known: "],
  [/CERT|SIGNATURE|ALTNAME/, "its certificate is not trusted: "],
];

/** What happened, without anything that was sent. */
function words(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return signal.reason instanceof DOMException && signal.reason.name === "TimeoutError" ? "no answer in time" : "closed";
  const cause = error instanceof Error ? (error.cause as { code?: unknown } | undefined) : undefined;
  if (typeof cause?.code === "string") return `${CODES.find(([code]) => code.test(cause.code as string))?.[1] ?? ""}${cause.code}`;
  return error instanceof Error ? error.name : "unknown";
}
