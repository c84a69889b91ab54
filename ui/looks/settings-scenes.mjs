// What is looked at in Settings.

import { click } from "./clicks.mjs";

export const settings = [
  { name: "settings", wait: ".cm-content", do: (page) => click(page, "go-settings") },
  {
    name: "settings-prices",
    wait: ".cm-content",
    do: async (page) => {
      await click(page, "go-settings");
      await click(page, "add-price");
      await page.getByTestId("settings-prices").evaluate((node) => node.scrollIntoView({ block: "start" }));
    },
  },
  {
    name: "settings-people",
    scene: "review",
    wait: ".cm-content",
    do: (page) => click(page, "go-settings"),
  },
  {
    name: "settings-replace-key",
    scene: "review",
    wait: ".cm-content",
    do: async (page) => {
      await click(page, "go-settings");
      await page.getByLabel("Replace desk app by a new key").click();
      await page.waitForSelector('[data-testid="rotate-form"]');
      await page.getByTestId("settings-keys").evaluate((node) => node.scrollIntoView({ block: "start" }));
    },
  },
  {
    name: "settings-policies",
    scene: "review",
    wait: ".cm-content",
    do: async (page) => {
      await click(page, "go-settings");
      await page.waitForSelector('[data-testid="policy-production"]');
      await page.getByTestId("settings-policies").evaluate((node) => node.scrollIntoView({ block: "start" }));
    },
  },
  {
    name: "settings-policy",
    scene: "review",
    wait: ".cm-content",
    do: async (page) => {
      await click(page, "go-settings");
      await click(page, "edit-policy-production");
      await page.getByTestId("policy-approvals").fill("12");
      await click(page, "policy-save");
      await page.getByTestId("policy-production").evaluate((node) => node.scrollIntoView({ block: "start" }));
    },
  },
  {
    name: "settings-policies-author",
    scene: "review-author",
    wait: ".cm-content",
    widths: [1360],
    do: async (page) => {
      await click(page, "go-settings");
      await page.waitForSelector('[data-testid="policy-production"]');
      await page.getByTestId("settings-policies").evaluate((node) => node.scrollIntoView({ block: "start" }));
    },
  },
  {
    name: "settings-services",
    wait: ".cm-content",
    do: async (page) => {
      await click(page, "go-settings");
      await click(page, "new-service");
      await page.getByTestId("service-name").fill("release robot");
      await page.getByTestId("settings-services").evaluate((node) => node.scrollIntoView({ block: "start" }));
    },
  },
  {
    name: "settings-keys",
    wait: ".cm-content",
    widths: [1360],
    do: async (page) => {
      await click(page, "go-settings");
      await click(page, "new-key");
      await page.getByTestId("settings-keys").scrollIntoViewIfNeeded();
    },
  },
  {
    name: "settings-webhooks",
    wait: ".cm-content",
    do: async (page) => {
      await click(page, "go-settings");
      await click(page, "webhook-log-1");
      await page.getByText("What it answered").click();
      await page.getByTestId("settings-webhooks").evaluate((node) => node.scrollIntoView({ block: "start" }));
    },
  },
  {
    name: "settings-webhook-new",
    wait: ".cm-content",
    do: async (page) => {
      await click(page, "go-settings");
      await click(page, "new-webhook");
      await page.getByTestId("webhook-url").fill("http://example.com/hook");
      await click(page, "webhook-save");
      await page.getByTestId("settings-webhooks").evaluate((node) => node.scrollIntoView({ block: "start" }));
    },
  },
  {
    name: "settings-webhooks-none",
    scene: "review",
    wait: ".cm-content",
    widths: [1360],
    do: async (page) => {
      await click(page, "go-settings");
      await page.getByTestId("webhooks-none").scrollIntoViewIfNeeded();
    },
  },
  {
    name: "settings-webhooks-offline",
    scene: "offline",
    wait: ".cm-content",
    widths: [1360],
    do: async (page) => {
      await click(page, "go-settings");
      await page.getByTestId("settings-webhooks").evaluate((node) => node.scrollIntoView({ block: "start" }));
    },
  },
  {
    name: "settings-providers",
    wait: ".cm-content",
    do: async (page) => {
      await click(page, "go-settings");
      await page.getByTestId("settings-providers").scrollIntoViewIfNeeded();
      await page.getByTestId("settings-providers").evaluate((node) => node.scrollIntoView({ block: "end" }));
    },
  },
];
