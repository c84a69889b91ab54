// A project in memory, in the state that a scene asks for.

import type {
  DatasetView,
  Draft,
  EnvironmentCard,
  Library,
  OutboxRow,
  PlanChange,
  PolicyView,
  PromptRow,
  ReleaseRow,
  RequestView,
  RunView,
  Settings,
  StageSide,
  SyncState,
  TrackStage,
  VersionContent,
  VersionRow,
} from "../bindings";
import { diffContent } from "./diff";
import { fill, huge, long, many, offline } from "./fill";
import { team } from "./team";

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
  planned = new Map<string, { title: string; changes: PlanChange[] }>();
  settings: Settings | null = null;
  requests: { group: "waiting" | "mine" | "others" | "ended"; view: RequestView }[] = [];
  policies: PolicyView[] = [];
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
    fill(this);
    if (scene.startsWith("review")) team(this);
    if (scene === "long") long(this);
    if (scene === "many") many(this);
    if (scene === "huge") huge(this);
    if (scene === "offline") offline(this);
    if (scene === "diverged") {
      this.prompts[0]!.diverged = true;
      this.prompts[0]!.versions[0]!.row.at = this.now + 1;
    }
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
        can_release:
          index === 0 && prompt.versions[0] && stage.sides[0]?.version !== prompt.versions[0].row.id
            ? { version: prompt.versions[0].row.id, number: prompt.versions[0].row.number, weight: 100 }
            : null,
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
        setting_up: null,
      },
      environments: this.environments,
      prompts: this.prompts.map((prompt) => this.promptRow(prompt)).sort((a, b) => collator.compare(a.name, b.name)),
      new_drafts: [...this.drafts.values()]
        .filter((draft) => draft.prompt === null)
        .map((draft) => ({ draft: draft.id, name: draft.name, updated: draft.saved_at })),
      sync: this.scene === "new" ? { ...this.sync, words: "On this computer", kind: "on_this_computer" } : this.sync,
      me: { person: "person-ana", name: "Ana", role: this.scene === "review-author" ? "author" : "admin" },
      reviews: this.requests.filter((one) => one.group === "waiting").length,
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
