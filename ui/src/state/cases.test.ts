import { expect, test } from "vitest";
import type { Case } from "../bindings";
import { cellText, columnsOf, newCases, pasted, tableOf, tagsOf } from "./cases";

const one = (id: string, message: string): Case => ({ id, inputs: { message } });
const columns = columnsOf(["message", "region"]);

test.each([
  [
    "a\tb\nc\td\n",
    [
      ["a", "b"],
      ["c", "d"],
    ],
  ],
  [
    "a\tb\r\nc\td",
    [
      ["a", "b"],
      ["c", "d"],
    ],
  ],
  ['"two\nlines"\t"a ""word"""', [["two\nlines", 'a "word"']]],
  ['"no" end\tb', [['"no" end', "b"]]],
  [
    "a\t\n\tb",
    [
      ["a", ""],
      ["", "b"],
    ],
  ],
  ["", []],
])("a spreadsheet's cells: %j", (text, table) => {
  expect(tableOf(text)).toEqual(table);
});

test("a table fills the rows from a cell on and grows new ones", () => {
  const cases = [one("1", "first"), { ...one("2", "second"), note: "stays" }];
  const done = pasted(
    cases,
    [0, 1],
    columns,
    [
      ["north", "yes"],
      ["south", "no", "cards, cards, new"],
    ],
    1,
    1,
  );
  expect(done).toMatchObject({ rows: 2, grown: 1, beyond: 0 });
  expect(done.cases).toEqual([
    cases[0],
    { id: "2", inputs: { message: "second", region: "north" }, expected: "yes", note: "stays" },
    { id: "3", inputs: { region: "south" }, expected: "no", tags: ["cards", "new"] },
  ]);
  expect(cases).toHaveLength(2);
});

test("a heading that only repeats the columns is left out, and what finds no column is counted", () => {
  const done = pasted(
    [],
    [],
    columns,
    [
      ["Message", "region"],
      ["hello", "north"],
    ],
    0,
    0,
  );
  expect(done.cases.map((made) => made.inputs)).toEqual([{ message: "hello", region: "north" }]);
  expect(pasted([], [], columns, [["a", "b", "c", "d", "e", "f", "g"]], 0, 0).beyond).toBe(2);
});

test("rows that are hidden by the search are not written over", () => {
  const cases = [one("1", "a"), one("2", "b"), one("3", "c")];
  const done = pasted(cases, [0, 2], columns, [["x"], ["y"]], 0, 0);
  expect(done.cases.map((made) => made.inputs?.message)).toEqual(["x", "b", "y"]);
});

test("new cases never take an id that is there", () => {
  expect(newCases([one("2", ""), one("3", "")], 2).map((made) => made.id)).toEqual(["4", "5"]);
  expect(newCases([one("a", ""), one("3", "")], 2).map((made) => made.id)).toEqual(["4", "5"]);
});

test("tags stand with commas between them", () => {
  expect(tagsOf(" a , b,,a ")).toEqual(["a", "b"]);
  expect(cellText({ id: "1", inputs: {}, tags: ["a", "b"] }, { kind: "tags" })).toBe("a, b");
});
