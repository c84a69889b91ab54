// What is looked at of suites, gates and runs that count.

import { click } from "./clicks.mjs";

const open = async (page) => {
  await click(page, "prompt-support/triage");
  await page.waitForSelector('[data-testid="track"]');
  await click(page, "tab-suite");
  await page.waitForSelector('[data-testid="suite-words"]');
};

export const suites = [
  { name: "suite-none", wait: ".cm-content", do: (page) => open(page) },
  {
    name: "suite-gate",
    scene: "review",
    wait: ".cm-content",
    do: async (page) => {
      await open(page);
      await page.getByTestId("gate-version").selectOption({ index: 1 });
      await page.waitForTimeout(150);
    },
  },
  {
    name: "suite-fail",
    scene: "review",
    wait: ".cm-content",
    do: async (page) => {
      await open(page);
      await page.getByTestId("gate-version").selectOption({ index: 2 });
      await page.waitForTimeout(150);
    },
  },
  {
    name: "suite-run",
    scene: "review",
    wait: ".cm-content",
    do: async (page) => {
      await open(page);
      await page.getByTestId("gate-version").selectOption({ index: 2 });
      await click(page, "run-for-production");
    },
  },
  {
    name: "suite-dialog",
    scene: "review",
    wait: ".cm-content",
    do: async (page) => {
      await open(page);
      await click(page, "set-suite");
      await page.waitForSelector('[data-testid="suite-dataset"]');
    },
  },
];
