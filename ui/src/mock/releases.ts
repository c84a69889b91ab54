// Releases, activity, sync and the outbox of the mock.

import type { Plan, PlanChange, StageSide } from "../bindings";
import type { Backend } from "../ipc";
import { sidesLabel } from "../state/words";
import { diffContent } from "./diff";
import { day, type World } from "./world";

type Part = Pick<
  Backend,
  | "releases"
  | "planPromotion"
  | "planRelease"
  | "planRevert"
  | "planUndo"
  | "useIt"
  | "compareReleases"
  | "carryOut"
  | "servedAt"
  | "activity"
  | "verify"
  | "syncState"
  | "syncNow"
  | "cancelSync"
  | "outbox"
  | "settle"
>;

export function releases(world: World, changed: () => void): Part {
  type Step = { prompt: string; at: number; sides: StageSide[] };
  function plan(kind: Plan["kind"], action: string, title: string, steps: Step[], reason: string): Plan {
    const changes: PlanChange[] = steps.map((step) => {
      const prompt = world.find(step.prompt);
      const stage = prompt.stages[step.at]!;
      const before = stage.sides[0] ? world.findVersion(stage.sides[0].version).version : null;
      const after = step.sides[0] ? world.findVersion(step.sides[0].version).version : null;
      const diff = before && after ? diffContent(before.content, after.content) : null;
      return {
        prompt: prompt.id,
        name: prompt.name,
        environment: world.environments[step.at]!.id,
        environment_name: world.environments[step.at]!.name,
        before: sidesLabel(stage.sides),
        after: sidesLabel(step.sides),
        summary: diff?.summary ?? "Nothing was served before",
        diff,
        sides_before: stage.sides,
        sides_after: step.sides,
        moves:
          stage.sides.length > 0 && stage.sides.length + step.sides.length > 2
            ? `10 % of the traffic moves from ${sidesLabel(stage.sides.slice(0, 1))} to ${sidesLabel(step.sides.slice(-1))}; everybody else stays where they are`
            : "",
        undoes:
          kind === "revert" && step.prompt === "prompt-support/triage"
            ? [`${sidesLabel(stage.sides)} by Ravi: Card questions first`, "v7 by Ana: Fewer wrong card intents"]
            : [],
      };
    });
    const id = `plan-${world.next++}`;
    const offline = world.sync.kind === "offline";
    world.planned.set(id, { title, changes });
    world.plans.set(id, () => {
      for (const step of steps) {
        const stage = world.find(step.prompt).stages[step.at]!;
        const before = sidesLabel(stage.sides);
        world.find(step.prompt).stages[step.at] = {
          sides: step.sides,
          since: Date.now(),
          by: "Ana",
          reason,
          earlier: stage.sides,
          waiting: offline,
        };
        for (const row of world.releases)
          if (row.environment === world.environments[step.at]!.id && row.current)
            row.current = !(row.can_return = true);
        const name = world.find(step.prompt).name;
        world.releases.unshift({
          id: `rel-${world.next++}`,
          environment: world.environments[step.at]!.id,
          at: Date.now(),
          by: "Ana",
          reason,
          what: `${name}: ${sidesLabel(step.sides)}`,
          kind,
          changes: [{ prompt: step.prompt, name, before, after: sidesLabel(step.sides) }],
          current: true,
          reverted: false,
          can_return: false,
          can_undo: true,
          grounds: [],
          state: offline ? "waiting" : "in_registry",
        });
      }
      changed();
      const [first] = changes;
      return offline
        ? `In the outbox: ${title.toLowerCase()}`
        : `${first!.environment_name} serves ${first!.name} ${first!.after}`;
    });
    return {
      id,
      title,
      action,
      changes,
      stays:
        kind === "revert" && steps.length === 1 && world.scene === "full"
          ? ["snippets/tone was released together with it (Fewer wrong card intents)"]
          : [],
      together: kind === "revert" && steps.length === 1 && world.scene === "full" ? "rel-1" : null,
      warnings: [],
      reason,
      offline_words: offline
        ? "The registry can't be reached. This waits in the outbox and is sent when it is back."
        : null,
      kind,
      needs_request:
        kind !== "revert" &&
        world.policies.some(
          (policy) => policy.draft.approvals > 0 && changes.some((change) => change.environment === policy.environment),
        ),
      policy: world.policies
        .filter((policy) => changes.some((change) => change.environment === policy.environment))
        .flatMap((policy) => policy.words.map((words) => `${policy.name}: ${words}`)),
    };
  }
  const index = (environment: string) => world.environments.findIndex((one) => one.id === environment);
  return {
    releases: async () => ({
      environments: world.environments,
      rows: world.prompts
        .filter((prompt) => !prompt.archived && prompt.versions.length > 0)
        .map((prompt) => ({
          prompt: prompt.id,
          name: prompt.name,
          cells: world.stages(prompt),
          versions: prompt.versions.slice(0, 50).map(({ row }) => ({
            version: row.id,
            label: row.number === null ? row.short : `v${row.number}`,
            message: row.message,
          })),
        })),
      history: world.releases,
    }),
    async planPromotion(_, from, to, ids) {
      const steps = ids.map((prompt) => ({
        prompt,
        at: index(to),
        sides: world.find(prompt).stages[index(from)]!.sides,
      }));
      const one = steps.length === 1 ? world.find(ids[0]!).name : `${steps.length} prompts`;
      return plan(
        "promotion",
        "Promote",
        `Promote ${one} to ${world.environments[index(to)]!.name}`,
        steps,
        world.find(ids[0]!).versions[0]?.row.message ?? "",
      );
    },
    planRelease: async (_, changes) =>
      plan(
        "release",
        "Release",
        `Release ${changes.length === 1 ? world.find(changes[0]!.prompt).name : `${changes.length} prompts`} in ${world.environments[index(changes[0]!.environment)]!.name}`,
        changes.map((change) => ({
          prompt: change.prompt,
          at: index(change.environment),
          sides: change.sides.map((side) => ({ ...side, number: world.findVersion(side.version).version.row.number })),
        })),
        "",
      ),
    async planRevert(_, environment, ids) {
      const at = index(environment);
      const steps = ids.map((prompt) => ({
        prompt,
        at,
        sides: world.find(prompt).stages[at]!.earlier ?? world.find(prompt).stages[at]!.sides,
      }));
      return plan(
        "revert",
        "Revert",
        `Revert ${world.find(ids[0]!).name} in ${world.environments[at]!.name}`,
        steps,
        `Back to ${sidesLabel(steps[0]!.sides)}: `,
      );
    },
    async planUndo(_, environment, _release, keep) {
      const at = index(environment);
      const steps = ["prompt-support/triage", "prompt-snippets/tone"]
        .filter((prompt) => world.prompts.some((one) => one.id === prompt) && !keep.includes(prompt))
        .map((prompt) => ({
          prompt,
          at,
          sides: world.find(prompt).stages[at]!.earlier ?? world.find(prompt).stages[at]!.sides,
        }));
      const names = steps.map((step) => world.find(step.prompt).name).join(" and ");
      return plan(
        "revert",
        "Revert",
        `Revert ${names} in ${world.environments[at]!.name}`,
        steps,
        "Undo: Fewer wrong card intents",
      );
    },
    useIt: async (_, environment, prompt) => {
      const name = world.find(prompt).name;
      const code = `import os\nfrom galley import Galley\n\ngalley = Galley("https://galley.northern.example", os.environ["GALLEY_KEY"])\nprompt = galley.get("${name}", unit=customer_id)\nanswer = openai.chat.completions.create(**prompt.openai(message=message))`;
      const labels = ["curl", "Python", "TypeScript", "Rust", "Langfuse, Python", "Langfuse, JavaScript"];
      return {
        environment_name: world.environments[index(environment)]!.name,
        prompt_name: name,
        notes: name.includes("first")
          ? ["Its traffic is split: pass a unit (a customer, a conversation) that stays the same"]
          : [],
        keys: index(environment) === 2 ? ["desk app (gal_env_AYw3hN2ccGeQ1b7kLm…)"] : [],
        samples: labels.map((label) => ({ label, code })),
      };
    },
    async compareReleases(_, left, right) {
      const side = (point: typeof left) => {
        const row = world.releases.find((one) => one.id === point.release);
        return {
          environment_name: world.environments[index(point.environment)]!.name,
          release: point.release,
          now: point.release === null,
          at: row?.at ?? world.now - day,
          by: row?.by ?? "Ana",
          reason: row?.reason ?? "Fewer wrong card intents",
          prompts: 6,
        };
      };
      const changes = world.prompts
        .filter((prompt) => prompt.versions.length > 2)
        .slice(0, 4)
        .map((prompt) => {
          const [after, before] = prompt.versions;
          const diff = diffContent(before!.content, after!.content);
          return {
            prompt: prompt.id,
            name: prompt.name,
            before: `v${before!.row.number}`,
            after: `v${after!.row.number}`,
            versions: [before!.row.id, after!.row.id] as [string, string],
            summary: diff.summary,
            diff,
          };
        });
      const same = Math.max(0, world.prompts.length - changes.length);
      return {
        left: side(left),
        right: side(right),
        summary: `${changes.length} prompts differ; ${same} prompts are the same`,
        changes,
        same,
      };
    },
    async carryOut(_, id) {
      const run = world.plans.get(id);
      if (!run) throw { code: "conflict", message: "What is served changed meanwhile.", details: null };
      world.plans.delete(id);
      return { words: run(), release: "rel", state: world.sync.kind === "offline" ? "outbox" : "in_registry" };
    },
    servedAt: async (_, environment) =>
      world.prompts.slice(0, 3).map((prompt) => ({
        prompt: prompt.id,
        name: prompt.name,
        sides: prompt.stages[index(environment)]!.sides,
        release: "rel-1",
        by: "Ravi",
        since: world.now - 9 * day,
      })),
    async activity(_, filter, before, limit) {
      const lines = [
        ["Ana", "saved support/triage v9", "version", "Prefer the intent that needs action first"],
        [
          "Lena",
          "released support/first-reply v15 at 10 % in production",
          "release",
          "Try the shorter greeting on a tenth",
        ],
        ["Ravi", "reverted support/triage in production to v7", "release", "v8 sent fraud reports to billing"],
        ["Ana", "promoted support/triage v8 and snippets/tone v4 to production", "release", "Fewer wrong card intents"],
        ["Ravi", "made the key “desk app” for production", "keys", null],
        ["Lena", "invited Tomas as an author", "people", null],
        ["Ravi", "renamed support/handover to support/escalation", "prompt", null],
        ["Ana", "shared a run of support/triage v8, v9 over Card questions", "evals", null],
      ] as const;
      const all = Array.from({ length: world.scene === "new" ? 1 : 214 }, (_, n) => {
        const [by, words, kind, reason] =
          world.scene === "new" ? (["Ana", "founded the project", "project", null] as const) : lines[n % lines.length]!;
        return {
          seq: 214 - n,
          at: world.now - n * 3 * 3_600_000,
          by,
          words,
          kind,
          reason,
          prompt: words.includes("triage") ? "prompt-support/triage" : null,
          state: "registry" as const,
        };
      });
      const waiting = world.outbox.map((row) => ({
        seq: null,
        at: row.at,
        by: "Ana",
        words: row.words,
        kind: "release" as const,
        reason: null,
        prompt: row.prompt,
        state: "outbox" as const,
      }));
      const kept = [...(before === null ? waiting : []), ...all].filter(
        (row) =>
          (before === null || (row.seq ?? Infinity) < before) &&
          (filter.kind === null || row.kind === filter.kind) &&
          `${row.by} ${row.words} ${row.reason ?? ""}`.toLowerCase().includes(filter.text.toLowerCase()) &&
          (filter.person === null || filter.person === `person-${row.by.toLowerCase()}`),
      );
      return { entries: kept.slice(0, limit), more: kept.length > limit };
    },
    async verify() {
      await new Promise((done) => setTimeout(done, 400));
      return {
        good: true,
        words: "All 214 entries are as they were signed, in an unbroken chain, and decide as recorded.",
        checked: 214,
        first_bad: null,
      };
    },
    syncState: async () => world.sync,
    async syncNow() {
      if (world.sync.kind === "offline")
        throw {
          code: "offline",
          message:
            "The registry at galley.northern.example can't be reached. Work goes on; it is tried again by itself.",
          details: null,
        };
      return world.sync;
    },
    cancelSync: async () => {},
    outbox: async () => world.outbox,
    async settle(_, command) {
      world.outbox = world.outbox.filter((row) => row.command !== command);
      world.sync = { ...world.sync, refused: world.outbox.filter((row) => row.state === "refused").length };
      changed();
    },
  };
}
