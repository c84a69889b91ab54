import { expect, test, vi } from "vitest";
import type { MatrixPage, MatrixQuery, MatrixRow } from "../bindings";
import { KEPT, MatrixRows, PAGE } from "./matrix.svelte";

const row = (place: number): MatrixRow => ({
  case: place,
  input_text: `case ${place}`,
  expected: null,
  tags: [],
  cells: [],
});
const all: MatrixQuery = { base: 0, filter: "all", tag: null, text: "", sort: "case" };
const backend = (total: number) =>
  vi.fn(async (_: MatrixQuery, offset: number, limit: number): Promise<MatrixPage> => ({
    total,
    offset,
    rows: Array.from({ length: Math.max(0, Math.min(limit, total - offset)) }, (_, index) => row(offset + index)),
  }));

test("only the pages in sight are asked for, each once", async () => {
  const fetch = backend(50_000);
  const rows = new MatrixRows(fetch);
  await rows.ask(all);
  expect(rows.total).toBe(50_000);
  expect(fetch).toHaveBeenCalledTimes(1);
  await rows.sight(25_010, 25_130);
  expect(fetch.mock.calls.slice(1).map((call) => call[1])).toEqual([25_000, 25_100]);
  expect(rows.at(25_130)?.case).toBe(25_130);
  expect(rows.at(40_000)).toBeUndefined();
  await rows.sight(25_020, 25_140);
  expect(fetch).toHaveBeenCalledTimes(3);
});

test("scrolling through everything keeps a few pages", async () => {
  const rows = new MatrixRows(backend(50_000));
  await rows.ask(all);
  for (let first = 0; first < 50_000; first += PAGE) await rows.sight(first, first + PAGE);
  expect(rows.pages).toBeLessThanOrEqual(KEPT);
  expect(rows.at(49_999)?.case).toBe(49_999);
  expect(rows.at(0)).toBeUndefined();
});

test("an answer to an earlier question is not shown under a later one", async () => {
  const late: ((page: MatrixPage) => void)[] = [];
  const rows = new MatrixRows(() => new Promise((done) => late.push(done)));
  const first = rows.ask(all);
  const second = rows.ask({ ...all, filter: "worse" });
  late[1]!({ total: 1, offset: 0, rows: [row(7)] });
  await second;
  late[0]!({ total: 9, offset: 0, rows: [row(1)] });
  await first;
  expect([rows.total, rows.at(0)?.case]).toEqual([1, 7]);
});

test("what goes wrong is said, and the rows stay", async () => {
  const fetch = backend(3);
  const rows = new MatrixRows(fetch);
  await rows.ask(all);
  fetch.mockRejectedValueOnce({ code: "not_found", message: "It is gone.", details: null });
  await rows.again();
  expect([rows.error, rows.at(2)?.case]).toEqual(["It is gone.", 2]);
});
