// Trying while one writes: a handful, a conversation, what was sent, Ollama.

import { click } from "./clicks.mjs";

export const trying = [
  {
    name: "try-choose",
    wait: ".cm-content",
    do: async (page) => (await click(page, "try-several"), await click(page, "pick-first")),
  },
  {
    name: "try-handful",
    wait: ".cm-content",
    do: async (page) => {
      await click(page, "try-several");
      await click(page, "pick-first");
      await click(page, "try-several");
      await click(page, "try-it");
      await page.waitForSelector('[data-testid="try-words"]');
    },
  },
  {
    name: "try-wide",
    wait: ".cm-content",
    do: async (page) => {
      await click(page, "side-wide");
      await click(page, "try-several");
      await click(page, "pick-random");
      await click(page, "try-several");
      await click(page, "try-models");
      await click(page, "try-it");
      await page.waitForSelector('[data-testid="try-words"]');
      await page.getByTestId("sent").first().click();
      await page.waitForSelector('[data-testid="sent-body"] pre');
    },
  },
  {
    name: "try-live",
    scene: "slow",
    wait: ".cm-content",
    widths: [1360],
    do: async (page) => {
      await click(page, "prompt-support/triage");
      await click(page, "try-it");
      await page.waitForSelector('[data-testid="answer-live"]');
    },
  },
  {
    name: "play",
    scene: "conversation",
    wait: ".cm-content",
    do: async (page) => {
      await click(page, "prompt-support/triage");
      await click(page, "try-conversation");
      await page.waitForSelector('[data-testid="turn-2"]');
      await click(page, "play-rows");
    },
  },
  {
    name: "play-wide",
    scene: "conversation",
    wait: ".cm-content",
    do: async (page) => {
      await click(page, "prompt-support/triage");
      await click(page, "try-conversation");
      await click(page, "side-wide");
      await page.waitForSelector('[data-testid="turn-2"]');
      await page.getByRole("button", { name: "What can be done with message 3" }).click();
    },
  },
  {
    name: "run-live",
    wait: ".cm-content",
    widths: [1360],
    do: async (page) => {
      await click(page, "go-evals");
      await click(page, "new-run");
      await click(page, "start-run");
      await page.waitForSelector('[data-testid="run-answers"]');
    },
  },
  { name: "play-empty", wait: ".cm-content", do: (page) => click(page, "try-conversation") },
  {
    name: "ollama",
    scene: "ollama",
    wait: ".cm-content",
    do: async (page) => {
      await click(page, "go-settings");
      await page.getByTestId("ollama-found").scrollIntoViewIfNeeded();
    },
  },
  {
    name: "gemini",
    wait: ".cm-content",
    do: async (page) => {
      await click(page, "go-settings");
      await click(page, "add-provider");
      await page.getByRole("menuitem", { name: "Gemini" }).click();
      await page.getByTestId("provider-model").fill("gemini-2.5-flash");
      await page.getByTestId("provider-save").scrollIntoViewIfNeeded();
    },
  },
];
