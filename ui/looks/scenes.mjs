// What is looked at: a scene of the mock and the way to the state.

import { click, one } from "./clicks.mjs";
import { evals } from "./evals-scenes.mjs";
import { trying } from "./trying-scenes.mjs";
import { splits } from "./split-scenes.mjs";
import { suites } from "./suite-scenes.mjs";
import { settings } from "./settings-scenes.mjs";
const review = (n, ready) => async (page) => {
  await click(page, "go-review");
  await page.waitForSelector('[data-testid="request-0"]');
  if (n >= 6) await click(page, "show-over");
  if (n !== null) {
    await click(page, `request-${n}`);
    await page.waitForSelector('[data-testid="actions"]');
  }
  await ready?.(page);
};

export const scenes = [
  { name: "welcome", scene: "none", wait: '[data-testid="welcome"]' },
  {
    name: "welcome-join",
    scene: "nokeychain",
    wait: '[data-testid="welcome"]',
    widths: [1360],
    do: (page) => click(page, "join-team"),
  },
  { name: "broken", scene: "broken", ...one },
  { name: "empty", scene: "new", wait: '[data-testid="new-prompt"]', widths: [1360] },
  {
    name: "new-prompt",
    scene: "new",
    wait: '[data-testid="new-prompt"]',
    widths: [1360],
    do: (page) => click(page, "new-prompt"),
  },
  { name: "prompt", wait: ".cm-content" },
  {
    name: "prompt-tried",
    wait: ".cm-content",
    do: async (page) => {
      await click(page, "show-preview");
      await click(page, "try-it");
      await page.waitForSelector('[data-testid="answers"]');
    },
  },
  {
    name: "prompt-inputs",
    wait: ".cm-content",
    widths: [1360],
    do: async (page) => {
      await click(page, "tab-inputs");
      await page.getByTestId("input-intents").getByRole("button").first().click();
    },
  },
  { name: "prompt-model", wait: ".cm-content", widths: [1360], do: (page) => click(page, "tab-model") },
  {
    name: "prompt-tools",
    wait: ".cm-content",
    widths: [1360],
    do: async (page) => (
      await click(page, "prompt-support/escalation"),
      await page.waitForSelector(".cm-content"),
      await click(page, "tab-tools")
    ),
  },
  { name: "prompt-history", wait: ".cm-content", do: (page) => click(page, "tab-history") },
  {
    name: "prompt-old",
    wait: ".cm-content",
    widths: [1360],
    do: async (page) => (
      await click(page, "tab-history"),
      await page.getByTestId("version-v7").getByRole("button").first().click()
    ),
  },
  { name: "prompt-long", scene: "long", wait: ".cm-content" },
  { name: "prompt-offline", scene: "offline", wait: ".cm-content", widths: [1360] },
  {
    name: "prompt-many",
    scene: "many",
    wait: ".cm-content",
    widths: [1360],
    do: async (page) => (await click(page, "tab-history"), await page.waitForTimeout(200)),
  },
  { name: "search", wait: ".cm-content", widths: [1360], do: (page) => page.getByTestId("search").fill("card") },
  { name: "palette", wait: ".cm-content", do: (page) => page.keyboard.press("Control+k") },
  {
    name: "promote",
    wait: ".cm-content",
    do: async (page) => (
      await click(page, "promote-staging"),
      await page.waitForSelector('[data-testid="plan-reason"]')
    ),
  },
  {
    name: "revert",
    scene: "offline",
    wait: ".cm-content",
    widths: [1360],
    do: async (page) => (
      await click(page, "revert-production"),
      await page.waitForSelector('[data-testid="plan-reason"]')
    ),
  },
  { name: "outbox", scene: "offline", wait: ".cm-content", widths: [1360], do: (page) => click(page, "open-outbox") },
  ...suites,
  { name: "review-list", scene: "review", wait: ".cm-content", do: review(null) },
  { name: "review-request", scene: "review", wait: ".cm-content", do: review(0) },
  {
    name: "review-answers",
    scene: "review",
    wait: ".cm-content",
    do: async (page) => {
      await review(0)(page);
      await page.getByTestId("tab-answers").nth(1).click();
      await page.getByTestId("review-answers").scrollIntoViewIfNeeded();
    },
  },
  {
    name: "review-foot",
    scene: "review",
    wait: ".cm-content",
    do: review(0, (page) => page.getByTestId("comments").evaluate((node) => node.scrollIntoView({ block: "end" }))),
  },
  {
    name: "review-quote",
    scene: "review",
    wait: ".cm-content",
    do: review(0, async (page) => {
      await click(page, "tab-after");
      await page.getByTestId("after-text").locator(".cm-content").first().click();
      await page.keyboard.press("Control+Home");
      for (let n = 0; n < 12; n++) await page.keyboard.press("Shift+ArrowRight");
      await page.waitForSelector('[data-testid="quote"]');
    }),
  },
  { name: "review-long", scene: "review", wait: ".cm-content", do: review(1) },
  { name: "review-changes-asked", scene: "review", wait: ".cm-content", do: review(2) },
  { name: "review-stale", scene: "review", wait: ".cm-content", do: review(3) },
  { name: "review-steps", scene: "review", wait: ".cm-content", do: review(4) },
  {
    name: "review-over",
    scene: "review",
    wait: ".cm-content",
    widths: [1360],
    do: review(6),
  },
  { name: "review-author", scene: "review-author", wait: ".cm-content", do: review(3) },
  {
    name: "review-no-words",
    scene: "review",
    wait: ".cm-content",
    widths: [1360],
    do: review(0, (page) => click(page, "ask-changes")),
  },
  {
    name: "review-override",
    scene: "review",
    wait: ".cm-content",
    do: review(0, (page) => click(page, "override")),
  },
  {
    name: "review-changed",
    scene: "review",
    wait: ".cm-content",
    do: review(3, async (page) => {
      await page.evaluate(() => window.mock.renewRequest("project-1", window.mock.world.requests[3].view.row.id));
      await page.waitForSelector('[data-testid="request-changed"]');
    }),
  },
  { name: "review-empty", scene: "new", wait: '[data-testid="new-prompt"]', do: (page) => click(page, "go-review") },
  {
    name: "ask",
    scene: "review",
    wait: ".cm-content",
    do: async (page) => {
      await click(page, "go-releases");
      await page.waitForSelector("table");
      await page
        .getByTestId("cell-support/triage-staging")
        .getByRole("button", { name: /Promote/ })
        .click();
      await page.waitForSelector('[data-testid="ask-preview"] .part');
    },
  },
  {
    name: "ask-break",
    scene: "review",
    wait: ".cm-content",
    widths: [900],
    do: async (page) => {
      await click(page, "go-releases");
      await page.waitForSelector("table");
      await click(page, "release-bundle");
      await page.getByTestId("bundle-environment").selectOption({ label: "production" });
      await click(page, "bundle-add");
      await page.getByTestId("bundle-add-find").fill("triage");
      await page.keyboard.press("Enter");
      await click(page, "bundle-next");
      await page.waitForSelector('[data-testid="ask-note-language"]');
      await page.getByTestId("ask-note-language").scrollIntoViewIfNeeded();
    },
  },
  {
    name: "ask-instead",
    scene: "review",
    wait: ".cm-content",
    do: async (page) => {
      await click(page, "go-releases");
      await page.waitForSelector("table");
      await click(page, "release-bundle");
      await page.getByTestId("bundle-environment").selectOption({ label: "production" });
      await click(page, "bundle-add");
      await page.getByTestId("bundle-add-find").fill("escalation");
      await page.keyboard.press("Enter");
      await click(page, "bundle-next");
      await page.waitForSelector('[data-testid="ask-instead"]');
      await page.getByTestId("ask-instead").scrollIntoViewIfNeeded();
    },
  },
  {
    name: "welcome-link",
    scene: "nokeychain",
    wait: '[data-testid="welcome"]',
    do: async (page) => {
      await click(page, "join-team");
      await page.getByTestId("invitation").fill("gal_dev_c2FtcGxl");
    },
  },
  {
    name: "ask-foot",
    scene: "review",
    wait: ".cm-content",
    do: async (page) => {
      await click(page, "go-releases");
      await page.waitForSelector("table");
      await page
        .getByTestId("cell-support/triage-development")
        .getByRole("button", { name: /Promote/ })
        .click();
      await page.waitForSelector('[data-testid="ask-preview"] .part');
      await page.getByTestId("ask-steps").fill("10, 50, 100");
      await page.waitForTimeout(400);
      await page.getByTestId("ask-preview").evaluate((node) => node.scrollIntoView({ block: "end" }));
    },
  },
  {
    name: "releases",
    wait: ".cm-content",
    do: async (page) => (await click(page, "go-releases"), await page.waitForSelector("table")),
  },
  {
    name: "release-compare",
    wait: ".cm-content",
    do: async (page) => {
      await click(page, "go-releases");
      await page.getByTestId("compare-release").nth(1).click();
      await page.waitForSelector('[data-testid="release-summary"]');
    },
  },
  {
    name: "use-it",
    wait: ".cm-content",
    do: async (page) => {
      await click(page, "go-releases");
      await click(page, "use-it");
      await page.waitForSelector('[data-testid="use-code"]');
    },
  },
  {
    name: "release-undo",
    wait: ".cm-content",
    do: async (page) => {
      await click(page, "go-releases");
      await page.getByTestId("undo-release").first().click();
      await page.waitForSelector('[data-testid="undoes"]');
      await page.getByTestId("keep-snippets/tone").click();
    },
  },
  {
    name: "release-revert-one",
    wait: ".cm-content",
    widths: [1360],
    do: async (page) => {
      await click(page, "go-releases");
      await page
        .getByTestId("cell-support/triage-production")
        .getByRole("button", { name: /Revert/ })
        .click();
      await page.waitForSelector('[data-testid="plan-stays"]');
    },
  },
  {
    name: "releases-long",
    scene: "long",
    wait: ".cm-content",
    do: async (page) => (await click(page, "go-releases"), await page.waitForSelector("table")),
  },
  {
    name: "releases-empty",
    scene: "new",
    wait: '[data-testid="new-prompt"]',
    widths: [1360],
    do: (page) => click(page, "go-releases"),
  },
  {
    name: "bundle",
    wait: ".cm-content",
    widths: [1360],
    do: async (page) => (
      await click(page, "go-releases"),
      await page.waitForSelector("table"),
      await click(page, "release-bundle"),
      await click(page, "bundle-add"),
      await page.getByTestId("bundle-add-find").fill("triage"),
      await page.keyboard.press("Enter")
    ),
  },
  {
    name: "compare",
    wait: ".cm-content",
    do: async (page) => (await click(page, "compare-live"), await page.waitForSelector('[data-testid="diff"]')),
  },
  {
    name: "compare-inline",
    wait: ".cm-content",
    widths: [1360],
    do: async (page) => (await click(page, "compare-live"), await click(page, "mode-inline")),
  },
  {
    name: "merge",
    scene: "diverged",
    wait: ".cm-content",
    do: async (page) => (
      await click(page, "merge"),
      await click(page, "pick-theirs-1"),
      await click(page, "pick-text-2")
    ),
  },
  {
    name: "no-dataset",
    wait: ".cm-content",
    do: async (page) => (
      await click(page, "prompt-support/escalation"),
      await page.waitForSelector('[data-testid="try-none"]')
    ),
  },
  {
    name: "wrong-dataset",
    wait: ".cm-content",
    widths: [900],
    do: async (page) => (
      await click(page, "prompt-support/escalation"),
      await page.waitForSelector('[data-testid="try-none"]'),
      await page.getByTestId("try-dataset").selectOption({ index: 1 }),
      await page.waitForSelector('[data-testid="try-lacks"]')
    ),
  },
  {
    name: "no-message",
    wait: ".cm-content",
    do: async (page) => (
      await page.getByTestId("version-message").fill(""),
      await page.keyboard.press("Control+s"),
      await page.waitForSelector('[data-testid="message-missing"]')
    ),
  },
  {
    name: "discarded",
    wait: ".cm-content",
    ...one,
    do: async (page) => (
      await click(page, "prompt-menu"),
      await page.getByRole("menuitem", { name: "Discard the draft" }).click(),
      await page.getByTestId("notices").getByRole("button", { name: "Undo" }).waitFor()
    ),
  },
  {
    name: "new-dataset",
    wait: ".cm-content",
    widths: [1360],
    do: async (page) => (await click(page, "prompt-support/escalation"), await click(page, "try-make")),
  },
  {
    name: "compare-picker",
    scene: "many",
    wait: ".cm-content",
    do: async (page) => (
      await click(page, "tab-history"),
      await page.getByTestId("version-v9999").getByRole("button").last().click(),
      await page.getByRole("menuitem", { name: /Compare with/ }).click(),
      await click(page, "compare-left"),
      await page.getByTestId("compare-left-find").fill("12")
    ),
  },
  {
    name: "evals-runs",
    wait: ".cm-content",
    do: async (page) => (await click(page, "go-evals"), await page.waitForSelector("table")),
  },
  {
    name: "evals-empty",
    scene: "new",
    wait: '[data-testid="new-prompt"]',
    widths: [1360],
    do: (page) => click(page, "go-evals"),
  },
  {
    name: "evals-running",
    wait: ".cm-content",
    widths: [1360],
    do: async (page) => (
      await click(page, "go-evals"),
      await click(page, "new-run"),
      await page.waitForTimeout(500),
      await click(page, "start-run"),
      await page.waitForSelector('[data-testid="run-progress"]')
    ),
  },
  {
    name: "evals-new",
    wait: ".cm-content",
    do: async (page) => (await click(page, "go-evals"), await click(page, "new-run"), await click(page, "add-grader")),
  },
  {
    name: "import",
    wait: ".cm-content",
    widths: [1360],
    do: async (page) => {
      await click(page, "go-evals");
      await click(page, "import-dataset");
      await page
        .getByTestId("import-text")
        .fill(
          'text,intent,source\n"the atm ate it, help",card_swallowed,banking77\nWhere is my card?,card_arrival\nI lost my wallet,lost_or_stolen_card,banking77',
        );
      await page.getByTestId("import-name").fill("Card questions, May");
    },
  },
  {
    name: "activity",
    wait: ".cm-content",
    do: async (page) => (
      await click(page, "go-activity"),
      await click(page, "verify"),
      await page.waitForSelector('[data-testid="verification"]')
    ),
  },
  ...settings,
  ...splits,
  ...evals,
  ...trying,
  {
    name: "evals-datasets",
    wait: ".cm-content",
    do: async (page) => (await click(page, "go-evals"), await click(page, "tab-datasets")),
  },
  {
    name: "many-run",
    scene: "many",
    wait: ".cm-content",
    ...one,
    do: async (page) => (
      await click(page, "go-evals"),
      await click(page, "new-run"),
      await click(page, "run-prompt"),
      await page.getByTestId("run-prompt-find").fill("summ")
    ),
  },
  {
    name: "settings-question",
    wait: ".cm-content",
    ...one,
    do: async (page) => (
      await click(page, "go-settings"),
      await page.getByRole("button", { name: "What can be done with staging" }).click(),
      await page.getByRole("menuitem", { name: "Retire…" }).click()
    ),
  },
  { name: "project-menu", wait: ".cm-content", ...one, do: (page) => click(page, "project-menu") },
];
