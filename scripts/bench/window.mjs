// The real window on a virtual display: how long from the start of the program until its library is to be
// seen, and what memory it takes then. Run inside scripts/with-keychain.sh.
//
// The display keeps its picture in a file. The library counts as shown at the first picture that is, in the
// part where the library stands, what the window shows in the end. So nothing drives or slows the app while
// it is measured; a web driver only prepares, and looks whether that last picture really is the library.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { freePort, row, until } from "./run.mjs";

const [out, large] = process.argv.slice(2);
const APP = path.resolve("target/release/galley-desktop");
const [WIDTH, HEIGHT, SIDE] = [1360, 860, 244];
const RUNS = 9;
/** How much of a part may differ: a cursor blinks, a clock goes on. */
const SAME = 0.005;
const SETTLED = 4_000;
const IDLE = 20_000;

const folder = path.resolve("target/bench/window");
const pause = (ms) => new Promise((go) => setTimeout(go, ms));

async function display() {
  const pictures = path.join(folder, "display");
  mkdirSync(pictures, { recursive: true });
  const server = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", `${WIDTH}x${HEIGHT}x24`, "-nolisten", "tcp", "-fbdir", pictures], { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  const [number] = await once(createInterface(server.stdio[3]), "line");
  const file = openSync(path.join(pictures, "Xvfb_screen0"), "r");
  const head = Buffer.alloc(100);
  readSync(file, head, 0, 100, 0);
  const from = head.readUInt32BE(0) + head.readUInt32BE(76) * 12;
  const stride = head.readUInt32BE(48);
  if (stride !== WIDTH * 4 || fstatSync(file).size < from + stride * HEIGHT) throw new Error("the display's picture has another form than expected");
  const picture = Buffer.alloc(stride * HEIGHT);
  readSync(file, picture, 0, picture.length, from);
  const empty = Buffer.from(picture);
  return {
    name: `:${number}`,
    /** What it shows without any window. */
    empty,
    picture: () => (readSync(file, picture, 0, picture.length, from), picture),
    end: async () => {
      closeSync(file);
      server.kill();
      await once(server, "exit");
    },
  };
}

function surroundings(home, screen) {
  const env = { ...process.env, GALLEY_HOME: home, DISPLAY: screen.name, NO_AT_BRIDGE: "1", GTK_A11Y: "none", LANG: "C.UTF-8" };
  delete env.WAYLAND_DISPLAY;
  return env;
}

/** Opens the window for a driver, does something in it, and closes it. */
async function driven(home, screen, act) {
  const port = await freePort();
  const env = { ...surroundings(home, screen), TAURI_AUTOMATION: "true", TAURI_WEBVIEW_AUTOMATION: "true" };
  const driver = spawn("WebKitWebDriver", [`--port=${port}`], { env, stdio: "ignore" });
  try {
    const ask = async (method, where, body) => {
      const answer = await fetch(`http://127.0.0.1:${port}${where}`, { method, body: body && JSON.stringify(body) });
      const { value } = await answer.json();
      if (!answer.ok) throw new Error(`${where}: ${value?.message}`);
      return value;
    };
    await until("the web driver", 20_000, () => fetch(`http://127.0.0.1:${port}/status`).then(() => true, () => false));
    const { sessionId } = await ask("POST", "/session", { capabilities: { alwaysMatch: { "webkitgtk:browserOptions": { binary: APP } } } });
    const script = (text, ...args) => ask("POST", `/session/${sessionId}/execute/sync`, { script: text, args }).catch(() => null);
    try {
      return await act(script);
    } finally {
      await ask("DELETE", `/session/${sessionId}`).catch(() => null);
    }
  } finally {
    driver.kill();
    await once(driver, "exit");
  }
}

const LIBRARY = "return document.querySelectorAll('[role=treeitem]').length > 1 && document.querySelector('#main') !== null && document.querySelector('#main[aria-busy=true]') === null";

/** The part of the picture that differs, of the columns up to `width`. */
function differs(one, other, width) {
  let count = 0;
  for (let y = 0; y < HEIGHT; y += 1)
    for (let x = 0; x < width; x += 1) {
      const at = (y * WIDTH + x) * 4;
      if (one.readUInt32LE(at) !== other.readUInt32LE(at)) count += 1;
    }
  return count / (HEIGHT * width);
}

/** Starts the app once and looks on. */
async function start(home, screen, after) {
  const { empty } = screen;
  await until("the window before to be gone", 20_000, () => differs(screen.picture(), empty, WIDTH) < 0.01);
  const began = performance.now();
  const app = spawn(APP, [], { env: surroundings(home, screen), stdio: "ignore" });
  const pictures = [{ at: 0, bytes: empty }];
  while (performance.now() - began < SETTLED) {
    const at = performance.now() - began;
    const now = screen.picture();
    if (Buffer.compare(now, pictures.at(-1).bytes) !== 0) pictures.push({ at, bytes: Buffer.from(now) });
    await pause(8);
  }
  const last = pictures.at(-1).bytes;
  if (differs(last, empty, WIDTH) < 0.5) throw new Error("the window did not open");
  // From this picture on, all are what they are in the end.
  const shown = (width) => pictures[1 + pictures.findLastIndex(({ bytes }) => differs(bytes, last, width) > SAME)].at;
  const told = { library: shown(SIDE), all: shown(WIDTH), first: pictures[1].at };
  try {
    return { ...told, ...(await after?.(app.pid)) };
  } finally {
    app.kill("SIGTERM");
    await Promise.race([once(app, "exit"), pause(5_000)]);
    if (app.exitCode === null && app.signalCode === null) app.kill("SIGKILL");
  }
}

const megabytes = (text, name) => Number(text.match(new RegExp(`^${name}:\\s+(\\d+)`, "m"))?.[1] ?? 0) / 1024;
const status = (pid) => readFileSync(`/proc/${pid}/status`, "utf8");

function memory(pid) {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const below = [pid];
  for (const one of below) below.push(...readFileSync(`/proc/${one}/task/${one}/children`, "utf8").split(" ").filter(Boolean).map(Number));
  const others = below.slice(1).map((one) => `${status(one).match(/^Name:\s+(.*)/m)[1]} ${megabytes(status(one), "VmRSS").toFixed(0)} MB`);
  return { rss: megabytes(status(pid), "VmRSS"), pss: megabytes(rollup, "Pss"), others };
}

async function starts(home, screen, runs) {
  await start(home, screen); // The first one fills the caches of the disk.
  const told = [];
  for (let n = 0; n < runs; n += 1) told.push(await start(home, screen));
  return told;
}

const of = (told, key) => told.map((one) => one[key]);
const middle = (samples) => row("", "", samples, "").value.toFixed(0);
const rows = [];
const screen = await display();
try {
  const home = path.join(folder, "home");
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  await driven(home, screen, async (script) => {
    await until("the way to the sample", 60_000, () => script("const way = document.querySelector('[data-testid=open-sample]'); way?.click(); return way !== null"));
    await until("the sample's library", 60_000, () => script(LIBRARY));
    await pause(1_500);
  });
  await driven(home, screen, (script) => until("the library after a start", 60_000, () => script(LIBRARY)));
  const told = await starts(home, screen, RUNS);
  rows.push(
    row("app_start", "app start to a usable library", of(told, "library"), "ms", 700, `the sample project, keychain and embedded registry included; the window's first picture ${middle(of(told, "first"))} ms, everything with the editor ${middle(of(told, "all"))} ms`),
  );
  const idle = [];
  for (let n = 0; n < 3; n += 1)
    idle.push(
      await start(home, screen, async (pid) => {
        await pause(IDLE);
        return memory(pid);
      }),
    );
  rows.push(row("app_memory", "idle memory of our own process", of(idle, "rss"), "MB", 150, `RSS after ${IDLE / 1000} s, with the libraries it shares; its proportional share (PSS) ${middle(of(idle, "pss"))} MB; beside it the web view's ${idle[0].others.join(", ")}`));
  if (large && existsSync(path.join(large, "galley.sqlite"))) {
    await driven(large, screen, (script) => until("the large library", 60_000, () => script(LIBRARY)));
    const told = await starts(large, screen, 5);
    rows.push(row("app_start_large", "app start to the library of 10,000 versions and 100,000 entries, offline", of(told, "library"), "ms", null, `the window's first picture ${middle(of(told, "first"))} ms, everything with the editor ${middle(of(told, "all"))} ms`));
  }
} finally {
  await screen.end();
}
writeFileSync(out, rows.map((one) => `${JSON.stringify(one)}\n`).join(""));
for (const one of rows) console.log(`${one.what}: ${one.value.toFixed(0)} ${one.unit} (${one.low.toFixed(0)}–${one.high.toFixed(0)} of ${one.runs}); ${one.note}`);
