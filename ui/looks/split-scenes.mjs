// What is looked at when traffic is split.

import { click } from "./clicks.mjs";

export const splits = [
  {
    name: "split",
    wait: ".cm-content",
    do: async (page) => {
      await click(page, "go-releases");
      await page.waitForSelector("table");
      await page.locator("td button:not([disabled])", { hasText: "Promote" }).first().click();
      await click(page, "begin-share");
      await page.waitForSelector('[data-testid="split-dialog"]');
    },
  },
  {
    name: "shift-plan",
    wait: ".cm-content",
    do: async (page) => {
      await click(page, "go-releases");
      await page.waitForSelector("table");
      await page.locator("td button:not([disabled])", { hasText: "Promote" }).first().click();
      await click(page, "begin-share");
      await click(page, "split-next");
      await page.waitForSelector('[data-testid="moves"]');
    },
  },
];
