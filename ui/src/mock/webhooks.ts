// Webhooks of the mock: one that works, one that fails, and what was sent to them.

import type { DeliveryRow, WebhookChoice, WebhookDraft, WebhookRow } from "../bindings";
import type { Backend } from "../ipc";
import { day, type World } from "./world";

type Part = Pick<
  Backend,
  | "webhooks"
  | "makeWebhook"
  | "changeWebhook"
  | "switchWebhook"
  | "rotateWebhook"
  | "removeWebhook"
  | "testWebhook"
  | "webhookLog"
  | "replayWebhook"
>;

const choices: WebhookChoice[] = [
  { key: "request.opened", words: "a release was asked for" },
  { key: "request.changed", words: "a request changed or was taken back" },
  { key: "verdict.given", words: "a verdict was given" },
  { key: "release.made", words: "a release was made" },
  { key: "release.reverted", words: "a release was reverted" },
  { key: "version.saved", words: "a version was saved" },
];
const said = (key: string) => choices.find((one) => one.key === key)?.words ?? "a test";
const copied =
  "Its secret is on the clipboard. It is shown nowhere else: give it to the program that receives, which checks signatures with it.";

function row(id: string, draft: WebhookDraft, world: World): WebhookRow {
  const names = world.environments.filter((one) => draft.environments.includes(one.id)).map((one) => one.name);
  return {
    id,
    ...draft,
    kind_words: draft.kinds.length === choices.length ? "everything" : draft.kinds.map(said).join("; "),
    environment_words: names.join(" and ") || "every environment",
    enabled: true,
    health: "new",
    words: "nothing was sent yet",
    last: null,
    by: "Ana",
    at: world.now,
  };
}

export function webhooks(world: World): Part {
  let next = 10;
  const sent = (kind: string, more: Partial<DeliveryRow> = {}): DeliveryRow => ({
    id: `delivery-${next++}`,
    kind,
    kind_words: said(kind),
    message: `msg_${next}`,
    at: world.now,
    progress: "delivered",
    words: "arrived: it answered 200",
    next: null,
    answer: "ok",
    again: false,
    ...more,
  });
  const failing = "it answered 500; 2 deliveries wait";
  const release = (url: string): WebhookDraft => ({
    url,
    kinds: ["release.made", "release.reverted"],
    environments: ["env-production"],
  });
  const rows: WebhookRow[] = world.scene.startsWith("review")
    ? []
    : [
        {
          ...row("hook-1", release("https://hooks.northern.example/galley"), world),
          health: "good",
          words: "the last delivery arrived",
          last: world.now - day / 24,
        },
        {
          ...row("hook-2", { ...release("https://ci.northern.example/prompts"), environments: [] }, world),
          health: "failing",
          words: `the last delivery did not arrive: ${failing}`,
          last: world.now - day / 48,
        },
      ];
  const logs: Record<string, DeliveryRow[]> = {
    "hook-1": [sent("release.made", { at: world.now - day / 24 }), sent("test", { at: world.now - 3 * day })],
    "hook-2": [
      sent("release.made", {
        progress: "waiting",
        words: "it answered 500 (2 attempts)",
        next: world.now + day / 48,
        answer: "<h1>Internal Server Error</h1>",
      }),
      sent("release.reverted", {
        at: world.now - 4 * day,
        progress: "given_up",
        words: "given up after 10 attempts: it did not answer within 15 seconds",
        answer: "",
      }),
    ],
  };
  const here = (id: string) => rows.find((one) => one.id === id)!;
  const log = (id: string) => (logs[id] ??= []);
  const offline = () => {
    if (world.scene === "offline")
      throw { code: "offline", message: "the registry can't be reached (no connection: timed out)", details: null };
  };
  const note = () => {
    if (world.scene === "new")
      return "This project is on this computer only. Webhooks are sent by a team's registry: share the project with a team first.";
    return world.library().me.role === "admin"
      ? null
      : "Admins look after the webhooks of this project. Ask one of them.";
  };
  return {
    async webhooks() {
      const told = note();
      if (told === null) offline();
      return structuredClone({ note: told, choices, webhooks: told === null ? rows : [] });
    },
    async makeWebhook(_, draft) {
      if (!draft.url.startsWith("https://"))
        throw { code: "other", message: "a webhook's address begins with https://", details: null };
      const made = row(`hook-${next++}`, draft, world);
      rows.push(made);
      return { id: made.id, words: copied };
    },
    async changeWebhook(_, id, draft) {
      return Object.assign(here(id), { ...row(id, draft, world), at: here(id).at });
    },
    async switchWebhook(_, id, on) {
      return Object.assign(here(id), {
        enabled: on,
        health: on ? "new" : "off",
        words: on ? "nothing was sent yet" : "switched off",
      });
    },
    rotateWebhook: async (_, id) => ({ id, words: copied }),
    async removeWebhook(_, id) {
      rows.splice(rows.indexOf(here(id)), 1);
    },
    async testWebhook(_, id) {
      const bad = here(id).health === "failing";
      const delivery = sent("test", bad ? { progress: "waiting", words: "it answered 500 (1 attempt)" } : {});
      log(id).unshift(delivery);
      if (!bad) Object.assign(here(id), { health: "good", words: "the last delivery arrived", last: world.now });
      return delivery;
    },
    async webhookLog(_, id, before) {
      const all = log(id);
      const from = before === null ? 0 : all.findIndex((one) => one.id === before) + 1;
      return structuredClone({ deliveries: all.slice(from, from + 50), more: all.length > from + 50 });
    },
    async replayWebhook(_, id, delivery) {
      const old = log(id).find((one) => one.id === delivery)!;
      const again = sent(old.kind, { message: old.message, again: true });
      log(id).unshift(again);
      return again;
    },
  };
}
