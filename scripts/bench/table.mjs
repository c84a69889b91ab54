// Verdicts, the table in the terminal and the page docs/benchmarks.md.

import { rows } from "./rows.mjs";

/** A number as a person reads it: three figures that mean something. */
export function short(value) {
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString("en");
  return value.toFixed(size >= 10 ? 1 : 2);
}

const amount = (value, unit) => (unit === "×" || unit === "/s" ? `${short(value)}${unit === "×" ? " ×" : unit}` : `${short(value)} ${unit}`);

function verdict(row) {
  if (row.budget === null || row.budget === undefined) return "";
  return (row.better === "higher" ? row.value >= row.budget : row.value <= row.budget) ? "met" : "missed";
}

/** The rows of the design with what was measured; `why` says why a step gave nothing. */
export function lines(measured, why) {
  return rows.map((row) => {
    const found = measured.get(row.id);
    if (!found) return { ...row, measured: "", range: "", verdict: row.peer ? "peer not measured" : "not measured", note: why(row) };
    return { ...row, what: found.what, measured: amount(found.value, found.unit), range: range(found), verdict: verdict(found), note: found.note };
  });
}

function range(found) {
  if (found.range) return found.range;
  return found.runs > 1 ? `${short(found.low)}–${short(found.high)} of ${found.runs}` : "once";
}

/** What was measured besides. */
function besides(measured) {
  const named = new Set(rows.map((row) => row.id));
  return [...measured.values()].filter((found) => !named.has(found.row));
}

export function print(table, measured) {
  const widest = (key) => Math.max(...table.map((line) => [...(line[key] ?? "")].length));
  const [what, value] = [widest("what"), widest("measured")];
  console.log("\nWhat the design promises\n");
  for (const line of table) {
    const mark = { met: "met", missed: "MISSED" }[line.verdict] ?? line.verdict;
    console.log(`${line.what.padEnd(what)}  ${line.measured.padStart(value)}  ${mark.padEnd(17)}  ${line.budget ? `budget ${line.budget}` : ""}${line.note ? `  (${line.note})` : ""}`);
  }
  console.log("\nMeasured besides\n");
  for (const found of besides(measured)) {
    const said = verdict(found);
    console.log(`${found.what.padEnd(what)}  ${amount(found.value, found.unit).padStart(value)}  ${said === "missed" ? "MISSED" : said}  ${found.note}`);
  }
  const count = (verdict) => table.filter((line) => line.verdict === verdict).length;
  console.log(`\n${count("met")} met, ${count("missed")} missed, ${count("not measured") + count("peer not measured")} not measured.`);
}

const cell = (text) => String(text ?? "").replace(/\|/g, "\\|").replace(/\s+/g, " ");
const mark = (said) => (said === "missed" ? "**missed**" : said);

/** The page. It is written here and nowhere else. */
export function page(table, measured, { machine, steps, peers, command }) {
  const when = steps.map((step) => step.at).sort();
  const out = [
    "<!-- Written by scripts/bench.sh; what is typed here is lost at the next run. -->",
    "",
    "# Benchmarks",
    "",
    `Measured ${day(when[0], when.at(-1))} by \`${command}\`. Each number is the median of several repetitions; beside it are the`,
    "lowest and the highest. Clients, peers and what they measure share the same cores; what else the machine did then is",
    "in the last table. Differences under 1.5 × between two runs on such a machine are noise.",
    "",
    "| | |",
    "| --- | --- |",
    ...machine.map(([name, value]) => `| ${name} | ${cell(value)} |`),
    ...peers.map(({ name, state }) => `| peer | ${cell(`${name}: ${state}`)} |`),
    "",
    "## What the design promises",
    "",
    "| what | median | lowest–highest | budget | verdict | |",
    "| --- | --- | --- | --- | --- | --- |",
    ...table.map((line) => `| ${[line.what, line.measured, line.range, line.budget, mark(line.verdict), line.note].map(cell).join(" | ")} |`),
    "",
    "## Measured besides",
    "",
    "| what | median | lowest–highest | bound | |",
    "| --- | --- | --- | --- | --- |",
    ...besides(measured).map((found) => {
      const bound = found.budget == null ? "" : `${amount(found.budget, found.unit)}: ${mark(verdict(found))}`;
      return `| ${[found.what, amount(found.value, found.unit), range(found), bound, found.note].map(cell).join(" | ")} |`;
    }),
    "",
    "## The steps",
    "",
    "| step | at (UTC) | took | commit | load of the machine before it |",
    "| --- | --- | --- | --- | --- |",
    ...steps.map((step) => `| ${step.name} | ${step.at.slice(0, 16).replace("T", " ")} | ${step.seconds.toFixed(0)} s | ${step.commit} | ${step.load.toFixed(1)} |`),
    "",
    "`scripts/bench.sh --only STEP` measures one step again. Without the peers: `BENCH_PEERS=0 make bench`. With a million",
    "entries: `scripts/bench.sh --full`.",
    "",
  ];
  return out.join("\n");
}

function day(first, last) {
  const [from, to] = [first, last].map((at) => at.slice(0, 10));
  return from === to ? `on ${from}` : `from ${from} to ${to}`;
}
