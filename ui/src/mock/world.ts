// A project in memory, in the state that a scene asks for.

import type {
  DatasetView,
  Draft,
  EnvironmentCard,
  Library,
  OutboxRow,
  PromptRow,
  ReleaseRow,
  RunView,
  Settings,
  StageSide,
  SyncState,
  TrackStage,
  VersionContent,
  VersionRow,
} from "../bindings";
import { diffContent } from "./diff";
import * as texts from "./texts";

export const hour = 3_600_000;
export const day = 24 * hour;
export const id = (kind: string, n: number | string) => `${kind}-${n}`;

export interface Version {
  row: VersionRow;
  content: VersionContent;
}
export interface MockPrompt {
  id: string;
  name: string;
  archived: boolean;
  versions: Version[]; // the newest first
  diverged: boolean;
  stages: {
    sides: StageSide[];
    since: number;
    by: string;
    reason: string;
    earlier: StageSide[] | null;
    waiting: boolean;
  }[];
}

export class World {
  scene: string;
  now = Date.now();
  environments: EnvironmentCard[] = ["development", "staging", "production"].map((name, position) => ({
    id: id("env", name),
    name,
    position,
    is_default: name === "production",
    retired: false,
  }));
  prompts: MockPrompt[] = [];
  drafts = new Map<
    string,
    Draft & { moments: { id: number; at: number; summary: string; content: VersionContent }[] }
  >();
  releases: ReleaseRow[] = [];
  datasets: DatasetView[] = [];
  runs = new Map<string, RunView & { at: number; by: string }>();
  outbox: OutboxRow[] = [];
  plans = new Map<string, () => string>();
  settings: Settings | null = null;
  next = 1;
  sync: SyncState = {
    words: "In step with the registry",
    kind: "in_step",
    since: null,
    outbox: 0,
    refused: 0,
    progress: null,
    verified_to: 214,
    head: 214,
  };

  constructor(scene: string) {
    this.scene = scene;
    if (scene === "new") return;
    this.#fill();
    if (scene === "long") this.#long();
    if (scene === "many") this.#many();
    if (scene === "offline") this.#offline();
    if (scene === "diverged") this.prompts[0]!.diverged = true;
  }

  version(
    prompt: string,
    number: number | null,
    content: VersionContent,
    by: string,
    at: number,
    message: string,
  ): Version {
    const short = (0x3fa9c2d1 + this.next * 7919).toString(16).slice(0, 8);
    return {
      row: {
        id: id("ver", `${prompt}-${number ?? short}`),
        prompt,
        number,
        short,
        by,
        at,
        message,
        parents: [],
        is_head: false,
        labels: [],
        live_in: [],
        state: number === null ? "outbox" : "registry",
        summary_since_parent: null,
        redacted: false,
      },
      content,
    };
  }

  add(
    name: string,
    make: (n: number) => VersionContent,
    count: number,
    served: [number, number, number],
    messages: string[],
    people = ["Ana", "Ravi", "Lena"],
  ): MockPrompt {
    const prompt: MockPrompt = {
      id: id("prompt", name),
      name,
      archived: false,
      versions: [],
      diverged: false,
      stages: [],
    };
    for (let n = count; n >= 1; n--) {
      const ago = n === count ? 2 * hour : (count - n) * 1.7 * day + 5 * hour;
      prompt.versions.push(
        this.version(
          prompt.id,
          n,
          make(n),
          people[n % people.length]!,
          this.now - ago,
          messages[count - n] ?? "Small things after reading twenty answers",
        ),
      );
      this.next++;
    }
    prompt.versions.forEach((one, index) => {
      const parent = prompt.versions[index + 1];
      if (parent) {
        one.row.parents = [parent.row.id];
        if (index < 10) one.row.summary_since_parent = diffContent(parent.content, one.content).summary;
      }
      one.row.is_head = index === 0;
      if (index === 0) one.row.labels = ["latest"];
    });
    prompt.stages = served.map((n, index) => {
      const found = prompt.versions.find((one) => one.row.number === n);
      const before = prompt.versions.find((one) => one.row.number === n - 1);
      return {
        sides: found ? [{ version: found.row.id, number: n, weight: 100 }] : [],
        since: this.now - [2 * hour, 26 * hour, 8 * day][index]!,
        by: people[index]!,
        reason: ["Fewer wrong card intents", "Checked on 62 cases, none worse", "Agreed with the desk on Monday"][
          index
        ]!,
        earlier: before ? [{ version: before.row.id, number: n - 1, weight: 100 }] : null,
        waiting: false,
      };
    });
    this.prompts.push(prompt);
    return prompt;
  }

  #fill() {
    const triage = this.add(
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
    const reply = this.add(
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
    this.add("support/summary", texts.summary, 6, [6, 6, 4], ["Three sentences are enough"]);
    this.add("support/escalation", texts.escalation, 3, [3, 2, 2], ["Name what must not be promised"]);
    this.add("snippets/tone", texts.tone, 4, [4, 4, 3], ["No exclamation marks"]);
    this.add("snippets/policy", () => texts.policy(), 2, [2, 2, 2], ["Refunds: say who decides"]);
    const names = ["support/triage", "support/summary", "snippets/tone"];
    this.releases = [
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
      at: this.now - (days as number) * day,
      by: by as string,
      reason: reason as string,
      what: what as string,
      kind: kind as ReleaseRow["kind"],
      changes: [{ prompt: id("prompt", names[index % 3]!), name: names[index % 3]!, before: "v7", after: "v8" }],
      current: current as boolean,
      reverted: index === 2,
      can_return: !current && index !== 2,
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
    this.datasets.push({
      row: {
        id: "data-1",
        name: "Card questions",
        cases: 62,
        by: "Ravi",
        at: this.now - 9 * day,
        state: "registry",
        keep_offline: true,
        here: true,
      },
      inputs: ["message", "bank_name"],
      cases: all,
      attribution: "Messages from Banking77 by PolyAI, CC BY 4.0",
    });
    this.datasets.push({
      row: {
        id: "data-2",
        name: "Angry customers, spring",
        cases: 480,
        by: "Lena",
        at: this.now - 40 * day,
        state: "registry",
        keep_offline: false,
        here: false,
      },
      inputs: ["message"],
      cases: all.slice(0, 12),
      attribution: null,
    });
    const base = triage.versions[0]!;
    const content = texts.triage(9);
    content.messages[1] = texts.message("user", "Message: {{ message }}\nIntents: {{ intents }}\nRegion: {{ region }}");
    if (this.scene === "full" || this.scene === "offline") this.draft(triage, base, content, "Sort by region too");
  }

  draft(
    prompt: MockPrompt | null,
    base: Version | null,
    content: VersionContent,
    message = "",
    name = prompt?.name ?? "",
  ) {
    const draft = {
      id: id("draft", this.next++),
      prompt: prompt?.id ?? null,
      name,
      base: base?.row.id ?? null,
      base_number: base?.row.number ?? null,
      content: structuredClone(content),
      saved_at: Date.now() - 4000,
      message,
      changed: this.changed(base, content),
      moments: [],
    };
    this.drafts.set(draft.id, draft);
    return draft;
  }

  changed(base: Version | null, content: VersionContent) {
    if (!base) return { summary: "A new prompt", any: true, diff: null };
    const diff = diffContent(base.content, content);
    return { summary: diff.summary, any: !diff.equal, diff };
  }

  #long() {
    const name =
      "customer-operations/international-payments/exceptions/second-line/explain-why-a-transfer-to-a-non-participating-bank-was-returned-with-fees";
    const long = Array.from(
      { length: 60 },
      (_, n) =>
        `Paragraph ${n + 1}. When a transfer comes back, say who kept which fee and on what day, and never blame the other bank. Ask for nothing that the customer wrote already.`,
    ).join("\n\n");
    this.add(
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
    this.environments[1]!.name = "pre-production with shadow traffic";
  }

  #many() {
    const content = texts.tone(1);
    for (let n = 0; n < 10_000; n++) {
      const prompt: MockPrompt = {
        id: `many-${n}`,
        name: `team-${n % 40}/area-${n % 9}/prompt ${n}`,
        archived: false,
        versions: [],
        diverged: n % 400 === 3,
        stages: this.environments.map(() => ({
          sides: [],
          since: this.now,
          by: "Ana",
          reason: "",
          earlier: null,
          waiting: false,
        })),
      };
      prompt.versions = [this.version(prompt.id, 1, content, "Ana", this.now - day * 3 - n * 1000, "First")];
      prompt.versions[0]!.row.is_head = true;
      this.prompts.push(prompt);
    }
    const triage = this.prompts[0]!;
    const first = triage.versions[0]!;
    triage.versions = Array.from({ length: 10_000 }, (_, n) => ({
      content: first.content,
      row: {
        ...first.row,
        id: `tv-${n}`,
        number: 10_000 - n,
        at: this.now - n * 60_000,
        message: `Change number ${10_000 - n}`,
        is_head: n === 0,
      },
    }));
  }

  #offline() {
    this.sync = {
      words: "Offline since 14:02",
      kind: "offline",
      since: this.now - 2 * hour,
      outbox: 2,
      refused: 1,
      progress: null,
      verified_to: 214,
      head: 214,
    };
    const triage = this.prompts[0]!;
    const version = this.version(
      triage.id,
      null,
      triage.versions[0]!.content,
      "Ana",
      this.now - hour,
      "Written on the train",
    );
    version.row.is_head = true;
    triage.versions[0]!.row.is_head = false;
    version.row.parents = [triage.versions[0]!.row.id];
    triage.versions.unshift(version);
    this.outbox = [
      {
        command: "c1",
        words: "promote support/summary from staging to production",
        at: this.now - 3 * hour,
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
        at: this.now - hour,
        state: "waiting",
        refusal: null,
        kept: [],
        can: [],
        prompt: triage.id,
      },
      {
        command: "c3",
        words: "promote support/triage from development to staging",
        at: this.now - 2 * hour,
        state: "needs_asking",
        refusal: "It waited for more than an hour, so you are asked again before it is sent.",
        kept: [],
        can: ["again", "drop"],
        prompt: triage.id,
      },
    ];
  }

  stages(prompt: MockPrompt): TrackStage[] {
    return prompt.stages.map((stage, index) => {
      const next = prompt.stages[index + 1];
      const card = this.environments[index]!;
      const differs =
        stage.sides.length > 0 && next !== undefined && JSON.stringify(stage.sides) !== JSON.stringify(next.sides);
      const ahead = differs ? Math.max(0, (stage.sides[0]?.number ?? 0) - (next.sides[0]?.number ?? 0)) : 0;
      return {
        environment: card.id,
        name: card.name,
        sides: stage.sides,
        since: stage.sides.length > 0 ? stage.since : null,
        by: stage.sides.length > 0 ? stage.by : null,
        reason: stage.sides.length > 0 ? stage.reason : null,
        ahead_of_next: ahead,
        ahead_words: ahead > 0 ? `ahead by ${ahead}` : "",
        can_promote_to: differs ? this.environments[index + 1]!.id : null,
        can_revert_to: stage.earlier && stage.sides.length > 0 ? id("rel", index) : null,
        waiting: stage.waiting,
      };
    });
  }

  liveIn(version: string, prompt: MockPrompt): string[] {
    return prompt.stages.flatMap((stage, index) =>
      stage.sides.some((side) => side.version === version) ? [this.environments[index]!.name] : [],
    );
  }

  rows(prompt: MockPrompt): VersionRow[] {
    return prompt.versions.map(({ row }) => {
      const live_in = this.liveIn(row.id, prompt);
      return { ...row, live_in, state: live_in.length > 0 ? "live" : row.state };
    });
  }

  promptRow(prompt: MockPrompt): PromptRow {
    const stages = this.stages(prompt);
    const draft = [...this.drafts.values()].find((one) => one.prompt === prompt.id);
    const ahead = stages.find((stage) => stage.ahead_of_next > 0);
    const unsent = prompt.versions[0]?.row.number === null;
    return {
      id: prompt.id,
      name: prompt.name,
      kind: prompt.versions[0]?.content.kind ?? "chat",
      state: draft
        ? "draft"
        : unsent
          ? "outbox"
          : stages.at(-1)!.sides.some((side) => side.version === prompt.versions[0]?.row.id)
            ? "live"
            : "registry",
      has_draft: draft !== undefined,
      draft: draft?.id ?? null,
      unsent,
      archived: prompt.archived,
      diverged: prompt.diverged,
      stages: stages.map(({ environment, sides, since, by, ahead_of_next }) => ({
        environment,
        sides,
        since,
        by,
        ahead_of_next,
      })),
      differs: ahead ? `${ahead.name} ahead` : null,
      updated: draft?.saved_at ?? prompt.versions[0]?.row.at ?? 0,
    };
  }

  library(): Library {
    const collator = new Intl.Collator();
    return {
      project: {
        id: "project-1",
        name:
          this.scene === "long" ? "Northern Savings: customer operations and international payments" : "Support desk",
        place:
          this.scene === "new"
            ? { type: "this_computer" }
            : { type: "registry", address: "https://galley.northern.example" },
        person: "Ana",
        unsent: this.sync.outbox,
        default: true,
        sample: false,
      },
      environments: this.environments,
      prompts: this.prompts.map((prompt) => this.promptRow(prompt)).sort((a, b) => collator.compare(a.name, b.name)),
      new_drafts: [...this.drafts.values()]
        .filter((draft) => draft.prompt === null)
        .map((draft) => ({ draft: draft.id, name: draft.name, updated: draft.saved_at })),
      sync: this.scene === "new" ? { ...this.sync, words: "On this computer", kind: "on_this_computer" } : this.sync,
      me: { person: "person-ana", name: "Ana", role: "admin" },
      problems: this.outbox.filter((row) => row.state !== "waiting").length,
    };
  }

  find(promptId: string): MockPrompt {
    const found = this.prompts.find((prompt) => prompt.id === promptId);
    if (!found) throw { code: "not_found", message: "This prompt is not in the project.", details: null };
    return found;
  }

  findVersion(versionId: string): { prompt: MockPrompt; version: Version } {
    for (const prompt of this.prompts) {
      const version = prompt.versions.find((one) => one.row.id === versionId);
      if (version) return { prompt, version };
    }
    throw { code: "not_found", message: "This version is not in the project.", details: null };
  }
}
