/** A local HTTP server that answers as a registry does, and fails on demand. */

import { type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Galley, type Options } from "../src/index.js";

const ID = "0192f0aa-0000-7000-8000-00000000000a";
const RELEASE = "3f2b6c1e-9a4d-4c55-8f0e-5b1d2a7c9e10";
export const KEY = "gal_env_a-key-that-no-log-may-show";
/** As patient as the defaults are, in a fraction of the time. */
export const QUICK = { wait: 2_000, timeout: 1_000, poll: 200, pollBehind: 5_000, silence: 1_000, pause: [50, 200], refused: 300 } as const;

/** An environment that serves version `number` of one prompt. */
export function environment(number: number): object {
  const content = { kind: "text", messages: [{ type: "message", role: "user", text: `This is ${number}.` }] };
  const version = { id: ID, number, digest: "d", content };
  const slots = [{ from: 0, to: 10_000, version: ID }];
  const prompt = { name: "a", prompt: ID, salt: RELEASE, release: RELEASE, since: 0, sides: [{ weight: 10_000, version }], slots };
  return { environment: "production", prompts: [prompt] };
}

/** Waits for a condition. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** What it serves is `number`; how it answers is what the tests put in its place. */
export class Faulty {
  number = 1;
  readonly asked: { path: string; headers: IncomingHttpHeaders }[] = [];
  read: Answer = this.goodRead;
  stream: Answer = this.goodStream;
  private readonly streams = new Set<ServerResponse>();
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => {
      this.asked.push({ path: request.url ?? "", headers: request.headers });
      const answer = request.url?.endsWith("/changes") ? this.stream : this.read;
      answer.call(this, request, response);
    });
  }

  static async start(): Promise<Faulty> {
    const faulty = new Faulty();
    await new Promise<void>((resolve) => faulty.server.listen(0, "127.0.0.1", resolve));
    return faulty;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  reads(): number {
    return this.asked.filter(({ path }) => path === "/v1/environment").length;
  }

  streamed(): IncomingHttpHeaders[] {
    return this.asked.filter(({ path }) => path.endsWith("/changes")).map(({ headers }) => headers);
  }

  release(number: number): void {
    this.number = number;
    for (const stream of this.streams) tell(stream, number);
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  // How it answers

  goodRead(request: IncomingMessage, response: ServerResponse): void {
    const tag = `"${this.number}"`;
    if (request.headers["if-none-match"] === tag) response.writeHead(304, { etag: tag }).end();
    else response.writeHead(200, { etag: tag }).end(JSON.stringify(environment(this.number)));
  }

  goodStream(request: IncomingMessage, response: ServerResponse): void {
    beginStream(response);
    tell(response, this.number);
    this.streams.add(response);
    const beat = setInterval(() => response.write(":\n\n"), 200);
    request.on("close", () => {
      clearInterval(beat);
      this.streams.delete(response);
    });
  }
}

export const beginStream = (response: ServerResponse) => response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
export const tell = (response: ServerResponse, seq: number) => response.write(`event: change\nid: ${seq}\ndata: {"seq": ${seq}, "prompts": []}\n\n`);
/** A stream that is open, and of which nothing is ever heard. */
export const silentStream: Answer = (_request, response) => void beginStream(response);
/** Never answers. */
export const hold: Answer = () => undefined;
export const refuse =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    void response.writeHead(status, headers).end('{"code":"x","message":"no"}');

/** A server and a client of it, for as long as a test takes; what was logged is in `said`. */
export async function together(
  act: (faulty: Faulty, open: (more?: Partial<Options>) => Galley, said: string[]) => Promise<void>,
): Promise<void> {
  const faulty = await Faulty.start();
  const opened: Galley[] = [];
  const said: string[] = [];
  const url = faulty.url;
  try {
    await act(
      faulty,
      (more = {}) => {
        const galley = new Galley({ url, key: KEY, timing: QUICK, log: (words) => said.push(words), ...more });
        opened.push(galley);
        return galley;
      },
      said,
    );
  } finally {
    for (const galley of opened) galley.close();
    await faulty.close();
  }
}
