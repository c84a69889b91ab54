/** Whatever happens to the registry, the application has a prompt, and knows how old it is. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Galley, NotReadyError, NotServedError, type Store } from "../src/index.js";
import { file } from "../src/node.js";
import { type Answer, Faulty, KEY, QUICK, beginStream, environment, hold, refuse, silentStream, tell, together, until } from "./faulty.js";

const version = (galley: Galley): number => galley.get("a").version;
const versionOrNone = (galley: Galley): number => galley.get("a", { fallback: "x" }).version;

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "galley-sdk-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test("a release arrives by the stream", () =>
  together(async (faulty, open) => {
    const galley = open();
    await galley.ready();
    assert.equal(version(galley), 1);
    await until("the stream", () => galley.status().live);
    faulty.release(2);
    await until("the release", () => version(galley) === 2);
    assert.equal(galley.stale, false);
  }));

test("the same is read again without its body", () =>
  together(async (faulty, open) => {
    await open().ready();
    await until("a second read", () => faulty.reads() >= 2);
    const tags = faulty.asked.filter(({ path }) => path === "/v1/environment").map(({ headers }) => headers["if-none-match"]);
    assert.deepEqual(tags.slice(0, 2), [undefined, '"1"']);
  }));

test("sixteen who miss at once make one request", () =>
  together(async (faulty, open) => {
    let go = (): void => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    faulty.read = (request, response) => void gate.then(() => faulty.goodRead(request, response));
    faulty.stream = hold;
    const galley = open();
    const callers = Array.from({ length: 16 }, () => galley.read("a"));
    await until("the request", () => faulty.reads() === 1);
    go();
    const prompts = await Promise.all(callers);
    assert.deepEqual([prompts.map((one) => one.version), faulty.reads()], [Array(16).fill(1), 1]);
  }));

test("without a background sixteen who refresh make one request, and no stream is opened", () =>
  together(async (faulty, open) => {
    const galley = open({ follow: false });
    assert.throws(() => galley.get("a"), /await galley.ready\(\) first/);
    await Promise.all(Array.from({ length: 16 }, () => galley.ready()));
    assert.deepEqual([version(galley), faulty.reads()], [1, 1]);
    faulty.release(2);
    await Promise.all(Array.from({ length: 16 }, () => galley.refresh()));
    assert.deepEqual([version(galley), faulty.asked.length], [2, 2]);
  }));

test("a read that never ends, as on the edge when its request does, is not waited for for ever", (t) =>
  together(async (faulty, open) => {
    let asked = 0;
    const lost: typeof fetch = (...request) => ((asked += 1) === 1 ? new Promise<Response>(() => undefined) : fetch(...request));
    const galley = open({ follow: false, fetch: lost, timing: { ...QUICK, wait: 10 } });
    await galley.ready();
    assert.equal(galley.get("a", { fallback: "x" }).source, "fallback");
    void galley.refresh();
    assert.equal(asked, 1);
    const now = performance.now.bind(performance);
    t.mock.method(performance, "now", () => now() + 2_000);
    await galley.refresh();
    t.mock.restoreAll();
    assert.deepEqual([asked, faulty.reads()], [2, 1]);
  }));

test("a broken stream is resumed where it ended", () =>
  together(async (faulty, open) => {
    faulty.stream = (_request, response) => {
      beginStream(response);
      tell(response, 41);
      response.end();
      faulty.stream = faulty.goodStream;
    };
    await open().ready();
    await until("another stream", () => faulty.streamed().length === 2);
    assert.deepEqual(faulty.streamed().map((headers) => headers["last-event-id"]), [undefined, "41"]);
  }));

test("a lump of events, cut anywhere, is read as they were", () =>
  together(async (faulty, open) => {
    // A proxy gathers what is sent and lets it through when it likes.
    const lump = [39, 40, 41].map((seq) => `event: change\nid: ${seq}\ndata: {"seq": ${seq}}\n\n`).join("");
    const broken: Answer = (_request, response) => {
      beginStream(response);
      const whole = lump.slice(0, -12);
      for (let place = 0; place < whole.length; place += 5) response.write(whole.slice(place, place + 5));
      response.end();
      faulty.stream = faulty.goodStream;
    };
    faulty.stream = (_request, response) => {
      beginStream(response);
      response.end(lump);
      faulty.stream = broken;
    };
    await open().ready();
    await until("another stream", () => faulty.streamed().length >= 3);
    // The event that broke off was not there yet.
    assert.deepEqual(faulty.streamed().slice(0, 3).map((headers) => headers["last-event-id"]), [undefined, "41", "40"]);
  }));

const around: [string, Answer][] = [
  ["a proxy that holds events back", silentStream],
  ["a stream that never begins", hold],
  ["a stream that is refused", refuse(503)],
  ["a stream that is a web page", (_request, response) => void response.writeHead(200, { "content-type": "text/html" }).end("<html>")],
];
for (const [name, stream] of around) {
  test(`${name} is polled around`, () =>
    together(async (faulty, open) => {
      faulty.stream = stream;
      const galley = open();
      await galley.ready();
      faulty.release(2);
      await until("the release", () => version(galley) === 2);
      assert.equal(galley.stale, false);
    }));
}

test("a half-open stream is given up", () =>
  together(async (faulty, open) => {
    // One event, then nothing, and no end either: as when a network drops packets.
    faulty.stream = (_request, response) => {
      beginStream(response);
      tell(response, 1);
      faulty.stream = faulty.goodStream;
    };
    const galley = open();
    await galley.ready();
    await until("another stream", () => faulty.streamed().length === 2);
    faulty.release(2);
    await until("the release", () => version(galley) === 2);
  }));

test("a slow registry holds nobody up for longer than they wait", (t) =>
  together(async (faulty, open) => {
    const path = join(folder(t), "kept.json");
    await file(path).save(JSON.stringify(environment(7)), '"7"');
    faulty.read = hold;
    const galley = open({ store: file(path) });
    const prompt = await galley.read("a");
    assert.deepEqual([prompt.version, prompt.source, galley.stale], [7, "kept", true]);
    const bare = open();
    await assert.rejects(bare.read("a"), (error) => error instanceof NotReadyError && /no answer in time/.test(error.message));
    assert.equal(bare.get("a", { fallback: "Be kind." }).text(), "Be kind.");
  }));

test("an answer that trickles ends too", () =>
  together(async (faulty, open) => {
    faulty.read = (request, response) => {
      response.writeHead(200, { "content-length": 1_000_000 });
      const drip = setInterval(() => response.write(" "), 50);
      request.on("close", () => clearInterval(drip));
    };
    const galley = open();
    await until("an end", () => /no answer in time/.test(galley.status().problem ?? ""));
    faulty.read = faulty.goodRead;
    await until("a good read", () => galley.status().source === "registry");
  }));

const whole = JSON.stringify(environment(9));
const bad: [string, Answer][] = [
  ["half an answer", (_request, response) => response.writeHead(200, { "content-length": whole.length }).write(whole.slice(0, 100), () => response.destroy())],
  ["no answer", (_request, response) => void response.destroy()],
  ["a web page", (_request, response) => void response.writeHead(200).end("<html>Sign in</html>")],
  ["another program's JSON", (_request, response) => void response.writeHead(200).end('{"status":"ok"}')],
  ["bytes that are no text", (_request, response) => void response.writeHead(200).end(Buffer.from([0xff, 0xfe]))],
];
for (const [name, answer] of bad) {
  test(`${name} changes nothing`, () =>
    together(async (faulty, open) => {
      const galley = open();
      await galley.ready();
      faulty.read = answer;
      faulty.release(9);
      await until("the problem", () => galley.status().problem !== undefined);
      assert.deepEqual([version(galley), galley.stale], [1, true]);
      faulty.read = faulty.goodRead;
      await until("the release", () => version(galley) === 9);
      assert.deepEqual([galley.stale, galley.status().problem], [false, undefined]);
    }));
}

test("a revoked key is said, and what is known stays", () =>
  together(async (faulty, open, said) => {
    const galley = open();
    await galley.ready();
    await until("the stream", () => galley.status().live);
    faulty.read = faulty.stream = refuse(401);
    faulty.release(2);
    await until("the problem", () => /refuses the key/.test(galley.status().problem ?? ""));
    assert.deepEqual([version(galley), galley.stale], [1, true]);
    await assert.rejects(open().read("a"), /refuses the key/);
    assert.match(said.join(), /refuses the key/);
    assert.ok(!said.join().includes(KEY));
  }));

test("too many calls wait as long as they are told", () =>
  together(async (faulty, open) => {
    faulty.stream = faulty.read = refuse(429, { "retry-after": "1" });
    const galley = open();
    await galley.ready();
    assert.equal(galley.get("a", { fallback: "x" }).source, "fallback");
    const asked = performance.now();
    faulty.read = faulty.goodRead;
    await until("the next read", () => galley.status().source === "registry");
    // Not sooner than told: this is about not asking, so it is the one place that looks at a clock.
    assert.ok(performance.now() - asked > 800);
    assert.equal(faulty.reads(), 2);
  }));

test("a redirect is not followed", () =>
  together(async (faulty, open) => {
    const other = await Faulty.start();
    try {
      faulty.read = faulty.stream = refuse(302, { location: `${other.url}/v1/environment` });
      await assert.rejects(open().read("a"), /redirect/);
      assert.deepEqual(other.asked, []);
    } finally {
      await other.close();
    }
  }));

test("what is known survives a restart without a registry", (t) =>
  together(async (faulty, open) => {
    const path = join(folder(t), "kept.json");
    const first = open({ store: file(path) });
    await first.ready();
    await until("the file", () => readdirSync(join(path, "..")).includes("kept.json"));
    first.close();
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.ok(!readFileSync(path, "utf8").includes(KEY));
    faulty.read = (_request, response) => void response.destroy();
    const hourAgo = new Date(Date.now() - 3_600_000);
    utimesSync(path, hourAgo, hourAgo);
    const galley = open({ store: file(path) });
    const prompt = await galley.read("a");
    assert.deepEqual([prompt.version, prompt.source, galley.stale], [1, "kept", true]);
    const age = galley.age ?? 0;
    assert.ok(age > 3_590_000 && age < 3_700_000, String(age));
    assert.throws(() => galley.get("b"), (error) => error instanceof NotServedError && /production serves no prompt b; it serves a/.test(error.message));
  }));

test("what was kept is from the registry once it says so", (t) =>
  together(async (faulty, open) => {
    const path = join(folder(t), "kept.json");
    const first = open({ store: file(path) });
    await first.ready();
    await until("the file", () => readdirSync(join(path, "..")).includes("kept.json"));
    first.close();
    const good = faulty.read;
    faulty.read = (_request, response) => void response.destroy();
    const galley = open({ store: file(path) });
    assert.equal((await galley.read("a")).source, "kept");
    // The same is served: 304.
    faulty.read = good;
    await until("the registry's word", () => galley.get("a").source === "registry");
    assert.equal(galley.get("a").version, 1);
  }));

test("a clock that was turned back makes no negative age", (t) =>
  together(async (faulty, open) => {
    const path = join(folder(t), "kept.json");
    await file(path).save(JSON.stringify(environment(7)), undefined);
    const tomorrow = new Date(Date.now() + 86_400_000);
    utimesSync(path, tomorrow, tomorrow);
    faulty.read = refuse(503);
    const galley = open({ store: file(path) });
    assert.equal((await galley.read("a")).version, 7);
    assert.ok((galley.age ?? -1) >= 0 && (galley.age ?? 0) < 60_000);
  }));

test("a clock that jumps changes no age", (t) =>
  together(async (_faulty, open) => {
    const galley = open();
    await galley.ready();
    const now = Date.now();
    t.mock.method(Date, "now", () => now + 1e9);
    assert.ok((galley.age ?? 1e9) < 1e6 && !galley.stale);
    t.mock.restoreAll();
  }));

for (const damage of ["cut", "changed", "foreign", "empty", "binary", "folder"]) {
  test(`a damaged file (${damage}) is passed over and said`, (t) =>
    together(async (faulty, open) => {
      const path = join(folder(t), "kept.json");
      await file(path).save(JSON.stringify(environment(7)), '"7"');
      const good = readFileSync(path, "utf8");
      const texts: Record<string, string | Buffer> = {
        cut: good.slice(0, 200),
        changed: good.replace("This is 7", "This is 8"),
        foreign: "[1]",
        empty: "",
        binary: Buffer.from([0xff, 0]),
      };
      rmSync(path);
      if (damage === "folder") mkdirSync(path);
      else writeFileSync(path, texts[damage] ?? "");
      faulty.read = refuse(503);
      const galley = open({ store: file(path) });
      await galley.ready();
      assert.equal(galley.get("a", { fallback: "x" }).source, "fallback");
      assert.match(galley.status().storeProblem ?? "", /kept\.json/);
      faulty.read = faulty.goodRead;
      await until("a good read", () => versionOrNone(galley) === 1);
      if (damage === "folder") {
        await until("the words", () => /kept\.json can't be written/.test(galley.status().storeProblem ?? ""));
        return;
      }
      await until("a good file", () => galley.status().storeProblem === undefined);
      assert.ok(await file(path).load());
    }));
}

test("a disk that can't be written is said and survived", (t) =>
  together(async (faulty, open) => {
    const place = folder(t);
    const path = join(place, "kept.json");
    const disk = file(path);
    let full = false;
    // What a full disk answers; the file's own care for it is the next test.
    const store: Store = {
      ...disk,
      save: (body, tag) => (full ? Promise.reject(new Error(`${path} can't be written (ENOSPC)`)) : disk.save(body, tag)),
    };
    const galley = open({ store });
    await galley.ready();
    await until("the file", () => readdirSync(place).join() === "kept.json");
    const before = readFileSync(path);
    full = true;
    faulty.release(2);
    await until("the release", () => version(galley) === 2);
    await until("the words", () => /ENOSPC/.test(galley.status().storeProblem ?? ""));
    assert.deepEqual([readFileSync(path), readdirSync(place)], [before, ["kept.json"]]);
    full = false;
    faulty.release(3);
    await until("space again", () => galley.status().storeProblem === undefined && version(galley) === 3);
  }));

test("a disk that takes nothing more leaves the old file whole, and nothing beside it", async (t) => {
  const place = folder(t);
  const path = join(place, "kept.json");
  await file(path).save(JSON.stringify(environment(7)), '"7"');
  const before = readFileSync(path);
  // The system itself refuses to write, as it does on a full disk: no file of that process may hold a byte.
  const program = `import { file } from ${JSON.stringify(new URL("../src/node.js", import.meta.url).href)};
    await file(process.argv[1]).save("{}", undefined).then(() => console.log("written"), (error) => console.log(error.message));`;
  const command = 'trap "" XFSZ; ulimit -f 0; exec "$0" --input-type=module --eval "$1" "$2"';
  const said = execFileSync("bash", ["-c", command, process.execPath, program, path], { encoding: "utf8" });
  assert.equal(said.trim(), `${path} can't be written (EFBIG)`);
  assert.deepEqual([readFileSync(path), readdirSync(place)], [before, ["kept.json"]]);
});

test("a file that can't take its place leaves nothing behind", async (t) => {
  const place = folder(t);
  mkdirSync(join(place, "kept.json", "inside"), { recursive: true });
  await assert.rejects(file(join(place, "kept.json")).save("{}", undefined), /kept\.json can't be written/);
  assert.deepEqual(readdirSync(place), ["kept.json"]);
  await assert.rejects(file(join(place, "nowhere", "kept.json")).save("{}", undefined), /ENOENT/);
});

test("a registry that is not there", async () => {
  const faulty = await Faulty.start();
  const url = faulty.url;
  await faulty.close();
  await together(async (_faulty, open) => {
    const galley = open({ url });
    await assert.rejects(galley.read("a"), /can't be reached \(nobody listens there: ECONNREFUSED\)/);
    assert.deepEqual([galley.age, galley.stale], [undefined, true]);
  });
});
