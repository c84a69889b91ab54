// What the scenes hold.

import type { ReleaseRow } from "../bindings";
import * as texts from "./texts";
import { day, hour, id, type MockPrompt, type World } from "./world";

export function fill(world: World) {
  const triage = world.add(
    "support/triage",
    texts.triage,
    9,
    [9, 8, 7],
    [
      "Prefer the intent that needs action first",
      "Answer must be one of the intents",
      "Answer with the intent alone",
      "Say never to guess",
    ],
  );
  triage.versions.find((one) => one.row.number === 7)!.row.labels.push("golden");
  const reply = world.add(
    "support/first-reply",
    texts.firstReply,
    15,
    [14, 14, 14],
    ["Try the shorter greeting", "Say what happens next and by when"],
  );
  reply.stages[2]!.sides = [
    { version: reply.versions[1]!.row.id, number: 14, weight: 90 },
    { version: reply.versions[0]!.row.id, number: 15, weight: 10 },
  ];
  world.add("support/summary", texts.summary, 6, [6, 6, 4], ["Three sentences are enough"]);
  world.add("support/escalation", texts.escalation, 3, [3, 2, 2], ["Name what must not be promised"]);
  world.add("snippets/tone", texts.tone, 4, [4, 4, 3], ["No exclamation marks"]);
  world.add("snippets/policy", () => texts.policy(), 2, [2, 2, 2], ["Refunds: say who decides"]);
  const names = ["support/triage", "support/summary", "snippets/tone"];
  world.releases = [
    ["production", 0.1, "Lena", "Try the shorter greeting on a tenth", "first-reply: v15 at 10 %", "release", true],
    ["production", 1.1, "Ravi", "v8 sent fraud reports to billing", "triage: back to v7", "revert", false],
    ["production", 1.3, "Ana", "Fewer wrong card intents", "triage v8, tone v4", "promotion", false],
    [
      "production",
      8,
      "Ravi",
      "Agreed with the desk on Monday",
      "triage v7, first-reply v14, summary v4",
      "promotion",
      false,
    ],
    ["staging", 1.08, "Ravi", "Checked on 62 cases, none worse", "triage v8", "promotion", true],
    ["development", 0.08, "Ana", "Prefer the intent that needs action first", "triage v9", "release", true],
  ].map(([environment, days, by, reason, what, kind, current], index) => ({
    id: id("rel", index),
    environment: id("env", environment as string),
    at: world.now - (days as number) * day,
    by: by as string,
    reason: reason as string,
    what: what as string,
    kind: kind as ReleaseRow["kind"],
    changes: [{ prompt: id("prompt", names[index % 3]!), name: names[index % 3]!, before: "v7", after: "v8" }],
    current: current as boolean,
    reverted: index === 2,
    can_return: !current && index !== 2,
    can_undo: current === true,
    grounds: [] as string[],
    state: "in_registry" as const,
  }));
  const all = Array.from({ length: 62 }, (_, index) => {
    const [text, expected] = texts.cases[index % texts.cases.length]!;
    return {
      id: String(index + 1),
      inputs: { message: index < 10 ? text : `${text} (${index + 1})`, bank_name: "Northern Savings" },
      expected,
    };
  });
  world.datasets.push({
    row: {
      id: "data-1",
      name: "Card questions",
      cases: 62,
      by: "Ravi",
      at: world.now - 9 * day,
      state: "registry",
      keep_offline: true,
      here: true,
    },
    inputs: ["message", "bank_name"],
    graders: [],
    cases: all,
    attribution: "Messages from Banking77 by PolyAI, CC BY 4.0",
  });
  world.datasets.push({
    row: {
      id: "data-2",
      name: "Angry customers, spring",
      cases: 480,
      by: "Lena",
      at: world.now - 40 * day,
      state: "registry",
      keep_offline: false,
      here: false,
    },
    inputs: ["message"],
    graders: [],
    cases: all.slice(0, 12),
    attribution: null,
  });
  const base = triage.versions[0]!;
  const content = texts.triage(9);
  content.messages[1] = texts.message("user", "Message: {{ message }}\nIntents: {{ intents }}\nRegion: {{ region }}");
  if (world.scene === "full" || world.scene === "offline") world.draft(triage, base, content, "Sort by region too");
}

export function long(world: World) {
  const name =
    "customer-operations/international-payments/exceptions/second-line/explain-why-a-transfer-to-a-non-participating-bank-was-returned-with-fees";
  const long = Array.from(
    { length: 60 },
    (_, n) =>
      `Paragraph ${n + 1}. When a transfer comes back, say who kept which fee and on what day, and never blame the other bank. Ask for nothing that the customer wrote already.`,
  ).join("\n\n");
  world.add(
    name,
    () => ({
      ...texts.escalation(),
      messages: [
        texts.message("system", long),
        texts.message("user", "{{ a_very_long_input_name_that_somebody_chose_in_a_hurry_and_never_changed }}"),
      ],
    }),
    3,
    [3, 2, 1],
    [
      "A message that goes on for longer than anybody would wish, because everything that had been said at the meeting should be in it, and so it is, to the last comma",
    ],
    ["Maximiliana Konstantinopoulos-Featherstonehaugh", "Ana", "Ravi"],
  ).versions[0]!.row.at = Date.now() + 1;
  world.environments[1]!.name = "pre-production with shadow traffic";
}

/** One prompt of 100,000 characters with a thousand inputs in it. */
export function huge(world: World) {
  const sentence =
    "Answer {{ message }} for {{ bank_name }}: say who kept which fee, on what day, and what happens next. ";
  const paragraph = sentence.repeat(4).trimEnd();
  const text = `${`${paragraph}\n\n`.repeat(300)}`.slice(0, 100_000);
  const made = world.add(
    "support/everything-at-once",
    () => ({
      ...texts.firstReply(1),
      messages: [texts.message("system", text), texts.message("user", "{{ message }}")],
    }),
    2,
    [2, 1, 1],
    ["Everything in one place"],
  );
  made.versions[0]!.row.at = Date.now() + 1;
}

export function many(world: World) {
  const content = texts.tone(1);
  for (let n = 0; n < 10_000; n++) {
    const prompt: MockPrompt = {
      id: `many-${n}`,
      name: `team-${n % 40}/area-${n % 9}/prompt ${n}`,
      archived: false,
      versions: [],
      diverged: n % 400 === 3,
      stages: world.environments.map(() => ({
        sides: [],
        since: world.now,
        by: "Ana",
        reason: "",
        earlier: null,
        waiting: false,
      })),
    };
    prompt.versions = [world.version(prompt.id, 1, content, "Ana", world.now - day * 3 - n * 1000, "First")];
    prompt.versions[0]!.row.is_head = true;
    world.prompts.push(prompt);
  }
  const triage = world.prompts[0]!;
  const first = triage.versions[0]!;
  triage.versions = Array.from({ length: 10_000 }, (_, n) => ({
    content: first.content,
    row: {
      ...first.row,
      id: `tv-${n}`,
      number: 10_000 - n,
      at: world.now - n * 60_000,
      message: `Change number ${10_000 - n}`,
      is_head: n === 0,
    },
  }));
}

export function offline(world: World) {
  world.sync = {
    words: "Offline since 14:02",
    kind: "offline",
    since: world.now - 2 * hour,
    outbox: 2,
    refused: 1,
    progress: null,
    verified_to: 214,
    head: 214,
  };
  const triage = world.prompts[0]!;
  const version = world.version(
    triage.id,
    null,
    triage.versions[0]!.content,
    "Ana",
    world.now - hour,
    "Written on the train",
  );
  version.row.is_head = true;
  triage.versions[0]!.row.is_head = false;
  version.row.parents = [triage.versions[0]!.row.id];
  triage.versions.unshift(version);
  world.outbox = [
    {
      command: "c1",
      words: "promote support/summary from staging to production",
      at: world.now - 3 * hour,
      state: "refused",
      refusal:
        "Production serves v5 now, not v4: Ravi released it at 13:40. Look at what changed, and ask again if you still want it.",
      kept: [{ label: "reason", text: "Three sentences are enough, the desk agrees" }],
      can: ["again", "drop"],
      prompt: triage.id,
    },
    {
      command: "c2",
      words: "save support/triage",
      at: world.now - hour,
      state: "waiting",
      refusal: null,
      kept: [],
      can: [],
      prompt: triage.id,
    },
    {
      command: "c3",
      words: "promote support/triage from development to staging",
      at: world.now - 2 * hour,
      state: "needs_asking",
      refusal: "It waited for more than an hour, so you are asked again before it is sent.",
      kept: [],
      can: ["again", "drop"],
      prompt: triage.id,
    },
  ];
}
