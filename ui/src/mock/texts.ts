// What a bank's support desk has written: the content that screens are looked at with.

import type { Role, Value, VersionContent } from "../bindings";

export const message = (role: Role, text: string) =>
  ({ type: "message" as const, role, text }) as VersionContent["messages"][number];
const input = (
  name: string,
  description: string,
  more: Partial<NonNullable<VersionContent["inputs"]>[number]> = {},
) => ({ name, type: "text" as const, required: true, description, ...more });
const model = (parameters: Record<string, Value>) => ({
  provider: "On this computer",
  model: "SmolLM2-135M",
  parameters,
});

export const intents = [
  "card_arrival",
  "card_swallowed",
  "card_not_working",
  "lost_or_stolen_card",
  "transfer_not_received",
  "wrong_exchange_rate",
];

export function triage(version: number): VersionContent {
  let system = "You sort messages from customers of {{ bank_name }}. ";
  if (version < 8) system += "Never guess at account details. Choose the best intent from the list below.";
  else if (version < 9)
    system +=
      "Never guess at account details. Choose the best intent from the list below. Answer with the intent alone.";
  else
    system +=
      "Choose exactly one intent from the list below. If two fit, choose the one that a person at the desk would act on first. Never guess at account details.";
  system += '\n\n{% include "snippets/tone" %}';
  return {
    kind: "chat",
    messages: [message("system", system), message("user", "Message: {{ message }}\nIntents: {{ intents }}")],
    inputs: [
      input("bank_name", "As customers know it"),
      input("message", "What the customer wrote"),
      input("intents", "The intents to choose from, one a line", { type: "list", required: false, default: intents }),
    ],
    model: model({ temperature: version < 9 ? 0.2 : 0, max_tokens: 12, seed: 7 }),
    response_schema: version < 8 ? null : { type: "string", enum: intents },
  };
}

export const firstReply = (version: number): VersionContent => ({
  kind: "chat",
  messages: [
    message(
      "system",
      `You write the first reply to a customer of {{ bank_name }}. ${version > 13 ? "Say what happens next and by when." : "Thank them for writing."}\n\n{% include "snippets/tone" %}\n{% include "snippets/policy" %}`,
    ),
    { type: "placeholder", name: "history" },
    message("user", "{{ message }}"),
  ],
  inputs: [input("bank_name", "As customers know it"), input("message", "What the customer wrote")],
  model: model({ temperature: 0.4, max_tokens: 120 }),
});

export const summary = (version: number): VersionContent => ({
  kind: "chat",
  messages: [
    message(
      "system",
      `Summarise the conversation for the next person at the desk in at most ${version > 4 ? "three" : "five"} sentences.`,
    ),
    message("user", "{% for turn in conversation %}{{ turn }}\n{% endfor %}"),
  ],
  inputs: [input("conversation", "The turns, oldest first", { type: "list" })],
  model: model({ temperature: 0.1, max_tokens: 160 }),
});

export const escalation = (): VersionContent => ({
  kind: "chat",
  messages: [
    message(
      "system",
      "Write a note to the second line. Say what the customer needs, what was tried and what must not be promised.",
    ),
    message("user", "Summary: {{ summary }}\nUrgency: {{ urgency | default('normal') }}"),
  ],
  inputs: [
    input("summary", "Of the conversation"),
    input("urgency", "How soon", { required: false, default: "normal" }),
  ],
  model: model({ temperature: 0.2, max_tokens: 140 }),
  tools: [
    {
      name: "find_customer",
      description: "Looks a customer up by the last four digits of a card.",
      schema: {
        type: "object",
        properties: { digits: { type: "string", pattern: "^[0-9]{4}$" } },
        required: ["digits"],
      },
    },
  ],
});

export const snippet = (text: string): VersionContent => ({ kind: "text", messages: [message("user", text)] });
export const tone = (version: number) =>
  snippet(
    version > 3 ? "Be brief and kind. Use plain words. No exclamation marks." : "Be brief and kind. Use plain words!",
  );
export const policy = () =>
  snippet("Never ask for a PIN, a password or a full card number. Never promise a refund; say who decides and when.");

export const cases = [
  ["My card was taken by the machine outside your branch and I travel tomorrow.", "card_swallowed"],
  ["the atm ate it. help", "card_swallowed"],
  ["Where is the card I ordered two weeks ago?", "card_arrival"],
  ["I am still waiting on my card?", "card_arrival"],
  ["My friend sent me money on Friday and I can't see it.", "transfer_not_received"],
  ["You charged me a worse rate than the one in the app when I paid in Lisbon.", "wrong_exchange_rate"],
  ["somebody took my wallet on the train, block everything please", "lost_or_stolen_card"],
  ["The chip of my card does nothing in any shop since yesterday.", "card_not_working"],
  ["Is there a way to know when my card will arrive?", "card_arrival"],
  ["I think I left my card in the machine. Can I get it back before noon?", "card_swallowed"],
] as const;
