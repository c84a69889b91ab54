// Runs, datasets and what is done with them.

import { click } from "./clicks.mjs";

const run = (then) => async (page) => {
  await click(page, "go-evals");
  await page.getByTestId("run-row").getByRole("button").first().click();
  await page.waitForSelector('[data-testid="result-1"]');
  await then?.(page);
};
const dataset = (then) => async (page) => {
  await click(page, "go-evals");
  await click(page, "tab-datasets");
  await page.getByTestId("dataset-row").getByRole("button").first().click();
  await page.waitForSelector(".cell");
  await then?.(page);
};

export const evals = [
  { name: "evals-matrix", wait: ".cm-content", do: run() },
  {
    name: "evals-run",
    wait: ".cm-content",
    do: run(async (page) => {
      await page.getByTestId("result-1").click();
      await page.waitForSelector('[data-testid="add-case-0"]');
    }),
  },
  {
    name: "evals-worst",
    wait: ".cm-content",
    widths: [1360],
    do: run(async (page) => {
      await click(page, "filter-changed");
      await click(page, "sort-worst");
      await page.getByTestId("matrix").focus();
      await page.keyboard.press("j");
      await page.keyboard.press("Enter");
      await page.waitForSelector('[data-testid="opened-case"]');
    }),
  },
  {
    name: "evals-nothing",
    wait: ".cm-content",
    widths: [1360],
    do: run((page) => page.getByTestId("filter-text").fill("zzz")),
  },
  {
    name: "evals-charts",
    wait: ".cm-content",
    do: run(async (page) => {
      await click(page, "show-charts");
      await page.waitForSelector('[data-testid="run-charts"]');
    }),
  },
  {
    name: "evals-marking",
    wait: ".cm-content",
    do: run(async (page) => {
      await click(page, "mark-answers");
      await page.waitForSelector('[data-testid="mark-item"]');
      await page.keyboard.press("y");
      await page.waitForTimeout(100);
      await click(page, "mark-reveal");
    }),
  },
  {
    name: "evals-marked",
    wait: ".cm-content",
    widths: [1360],
    do: run(async (page) => {
      await click(page, "mark-answers");
      await page.getByTestId("mark-which").selectOption("apart");
    }),
  },
  {
    name: "evals-judge",
    wait: ".cm-content",
    do: async (page) => {
      await click(page, "go-evals");
      await click(page, "new-run");
      await page.getByTestId("grader-0").getByRole("combobox").first().selectOption("judge");
      await page.getByTestId("judge-provider").selectOption({ index: 1 });
      await click(page, "add-grader");
      await page.getByTestId("grader-1").getByRole("combobox").first().selectOption("human");
      await page.getByTestId("people-scale").selectOption("five");
      await page.getByTestId("judge-rubric").scrollIntoViewIfNeeded();
    },
  },
  {
    name: "add-case",
    wait: ".cm-content",
    widths: [1360],
    do: run(async (page) => {
      await page.getByTestId("result-1").click();
      await click(page, "add-case-0");
      await page.waitForSelector('[data-testid="add-case-dialog"]');
    }),
  },
  { name: "evals-dataset", wait: ".cm-content", do: dataset() },
  {
    name: "evals-check",
    wait: ".cm-content",
    do: dataset(async (page) => {
      await click(page, "check-dataset");
      await page.waitForSelector('[data-testid="dataset-check"]');
    }),
  },
  {
    name: "evals-models",
    wait: ".cm-content",
    do: async (page) => {
      await click(page, "go-evals");
      await click(page, "new-run");
      await page.getByTestId("run-provider").selectOption({ index: 1 });
      await click(page, "add-model");
      await page.getByTestId("run-provider").scrollIntoViewIfNeeded();
    },
  },
  {
    name: "promptfoo",
    wait: ".cm-content",
    widths: [1360],
    do: async (page) => {
      await click(page, "go-evals");
      await click(page, "import-dataset");
      await page
        .getByTestId("import-file")
        .setInputFiles([{ name: "promptfooconfig.yaml", mimeType: "text/yaml", buffer: Buffer.from("prompts: [hi]") }]);
      await page.waitForSelector('[data-testid="promptfoo-left-out"]');
    },
  },
];
