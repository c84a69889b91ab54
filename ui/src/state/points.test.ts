import { expect, test } from "vitest";
import { marks, percent, points, span } from "./points";

test.each([
  [450, "+4.5"],
  [-120, "−1.2"],
  [4, "0"],
  [-2_500, "−25"],
])("%i hundredths are %s points", (hundredths, words) => expect(points(hundredths)).toBe(words));

test("a share in percent", () => expect(percent(8_714)).toBe("87.1 %"));

test("an axis has round ends and a handful of marks", () => {
  expect(span([-330, 810], 500)).toEqual([-500, 1_000]);
  expect(span([8_120, 9_480], 1_000, false)).toEqual([8_000, 10_000]);
  expect(span([0], 500)).toEqual([0, 500]);
  expect(marks([-500, 1_000], [100, 200, 500, 1_000])).toEqual([-500, 0, 500, 1_000]);
  expect(marks([8_000, 10_000], [100, 500, 1_000])).toEqual([8_000, 8_500, 9_000, 9_500, 10_000]);
});
