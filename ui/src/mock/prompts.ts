// Library, prompts, drafts and versions of the mock.

import type { Conflict } from "../bindings";
import type { Backend } from "../ipc";
import { check, render } from "./check";
import { diffContent } from "./diff";
import * as texts from "./texts";
import type { World } from "./world";

type Part = Pick<
  Backend,
  | "library"
  | "search"
  | "prompt"
  | "openDraft"
  | "draft"
  | "newDraft"
  | "saveDraft"
  | "discardDraft"
  | "undoDiscardDraft"
  | "draftHistory"
  | "restoreDraft"
  | "check"
  | "preview"
  | "saveVersion"
  | "version"
  | "compare"
  | "mergeView"
  | "mergePreview"
  | "mergeFinish"
  | "renamePrompt"
  | "archivePrompt"
  | "restorePrompt"
  | "setLabel"
  | "removeLabel"
  | "redact"
>;

export function prompts(world: World, changed: () => void): Part {
  const refuse = (message: string, code = "refused"): never => {
    throw { code, message, details: null };
  };
  let gone: ReturnType<typeof draftOf> | null = null;
  const draftOf = (id: string) => world.drafts.get(id) ?? refuse("This draft is gone.", "not_found");
  const part: Part = {
    library: async () => world.library(),
    async search(_, text) {
      const asked = text.toLowerCase();
      const hits: Awaited<ReturnType<Backend["search"]>> = [];
      for (const prompt of world.prompts) {
        if (hits.length > 40) break;
        if (prompt.name.toLowerCase().includes(asked))
          hits.push({
            prompt: prompt.id,
            draft: null,
            name: prompt.name,
            version: null,
            number: null,
            where: "name",
            snippet: [{ text: prompt.name, hit: true }],
          });
        const version = prompt.versions[0];
        const all =
          version?.content.messages.map((message) => (message.type === "message" ? message.text : "")).join(" ") ?? "";
        const at = all.toLowerCase().indexOf(asked);
        if (version && at >= 0)
          hits.push({
            prompt: prompt.id,
            draft: null,
            name: prompt.name,
            version: version.row.id,
            number: version.row.number,
            where: "text",
            snippet: [
              { text: `…${all.slice(Math.max(0, at - 30), at)}`, hit: false },
              { text: all.slice(at, at + asked.length), hit: true },
              { text: `${all.slice(at + asked.length, at + 60)}…`, hit: false },
            ],
          });
      }
      return hits;
    },
    async prompt(_, id) {
      const prompt = world.find(id);
      const versions = world.rows(prompt);
      const draft = [...world.drafts.values()].find((one) => one.prompt === id) ?? null;
      return {
        id,
        name: prompt.name,
        kind: prompt.versions[0]?.content.kind ?? "chat",
        state: draft ? "draft" : "registry",
        archived: prompt.archived,
        stages: world.stages(prompt),
        versions,
        heads: versions.filter((row) => row.is_head).map((row) => row.id),
        diverged: prompt.diverged,
        draft: draft && structuredClone(draft),
        included_by:
          prompt.name === "snippets/tone" ? [{ prompt: "prompt-support/triage", name: "support/triage" }] : [],
        feeds:
          prompt.name === "support/summary"
            ? [{ prompt: "prompt-support/escalation", name: "support/escalation" }]
            : [],
        labels: versions.flatMap((row) => row.labels.map((label) => ({ label, version: row.id, number: row.number }))),
      };
    },
    async openDraft(_, id, from) {
      const prompt = world.find(id);
      const open = [...world.drafts.values()].find((one) => one.prompt === id);
      if (open) return structuredClone(open);
      const base = prompt.versions.find((one) => one.row.id === from) ?? prompt.versions[0]!;
      const draft = world.draft(prompt, base, base.content);
      changed();
      return structuredClone(draft);
    },
    draft: async (_, id) => structuredClone(draftOf(id)),
    async newDraft(_, name, kind) {
      if (world.prompts.some((prompt) => prompt.name.toLowerCase() === name.toLowerCase()))
        refuse(`There is a prompt called ${name} already. Open it, or choose another name.`, "name_taken");
      if (!/^[^/]+(\/[^/]+)*$/.test(name))
        refuse("A name can't begin or end with a slash, or hold two in a row.", "bad_name");
      const content =
        kind === "chat"
          ? { kind, messages: [texts.message("system", ""), texts.message("user", "")] }
          : texts.snippet("");
      const draft = world.draft(null, null, content, "", name);
      changed();
      return structuredClone(draft);
    },
    async saveDraft(_, id, content, name, message) {
      const draft = draftOf(id);
      draft.content = structuredClone(content);
      if (name !== null && draft.prompt === null) draft.name = name;
      if (message !== null) draft.message = message;
      draft.saved_at = Date.now();
      const base = draft.base ? world.findVersion(draft.base).version : null;
      draft.changed = world.changed(base, content);
      draft.moments.unshift({
        id: world.next++,
        at: draft.saved_at,
        summary: draft.changed.summary,
        content: structuredClone(content),
      });
      return { at: draft.saved_at, check: check(world, content), changed: draft.changed };
    },
    async discardDraft(_, id) {
      gone = world.drafts.get(id) ?? null;
      world.drafts.delete(id);
      changed();
    },
    async undoDiscardDraft() {
      const draft = gone ?? refuse("This draft is gone.", "not_found");
      for (const other of world.drafts.values()) if (other.prompt === draft.prompt) world.drafts.delete(other.id);
      world.drafts.set(draft.id, draft);
      changed();
      return structuredClone(draft);
    },
    draftHistory: async (_, id) =>
      draftOf(id).moments.map(({ id: moment, at, summary }) => ({ id: moment, at, summary })),
    async restoreDraft(_, id, moment) {
      const draft = draftOf(id);
      const found = draft.moments.find((one) => one.id === moment) ?? refuse("This state is gone.");
      draft.content = structuredClone(found.content);
      draft.saved_at = Date.now();
      return structuredClone(draft);
    },
    check: async (_, content) => check(world, content),
    preview: async (_, content, values) => render(content, values),
    async saveVersion(_, id, message) {
      const draft = draftOf(id);
      let prompt = draft.prompt ? world.find(draft.prompt) : undefined;
      if (!prompt) {
        prompt = {
          id: `prompt-${draft.name}`,
          name: draft.name,
          archived: false,
          versions: [],
          diverged: false,
          stages: world.environments.map(() => ({
            sides: [],
            since: Date.now(),
            by: "Ana",
            reason: "",
            earlier: null,
            waiting: false,
          })),
        };
        world.prompts.push(prompt);
      }
      const offline = world.sync.kind === "offline";
      const number = offline ? null : (prompt.versions.find((one) => one.row.number !== null)?.row.number ?? 0) + 1;
      const made = world.version(prompt.id, number, structuredClone(draft.content), "Ana", Date.now(), message);
      for (const one of prompt.versions) {
        one.row.is_head = false;
        one.row.labels = one.row.labels.filter((label) => label !== "latest");
      }
      made.row.is_head = true;
      made.row.labels = ["latest"];
      made.row.state = offline ? "outbox" : "registry";
      made.row.parents = draft.base ? [draft.base] : [];
      made.row.summary_since_parent = draft.changed.summary;
      prompt.versions.unshift(made);
      world.drafts.delete(id);
      if (prompt.stages[0] && !offline)
        prompt.stages[0] = {
          sides: [{ version: made.row.id, number, weight: 100 }],
          since: Date.now(),
          by: "Ana",
          reason: message,
          earlier: prompt.stages[0].sides,
          waiting: false,
        };
      if (offline) {
        world.sync = { ...world.sync, outbox: world.sync.outbox + 1 };
        world.outbox.push({
          command: `c${world.next++}`,
          words: `save ${prompt.name}`,
          at: Date.now(),
          state: "waiting",
          refusal: null,
          kept: [],
          can: [],
          prompt: prompt.id,
        });
      }
      changed();
      return structuredClone(made.row);
    },
    async version(_, id) {
      const { prompt, version } = world.findVersion(id);
      const row = world.rows(prompt).find((one) => one.id === id)!;
      return { row, content: structuredClone(version.content), includes: [], redacted: version.row.redacted };
    },
    async compare(_, left, right) {
      const side = (ref: typeof left) => {
        if (ref.type === "draft") {
          const draft = draftOf(ref.draft);
          return { content: draft.content, label: "draft", by: "Ana", at: draft.saved_at };
        }
        if (ref.type === "version") {
          const { version } = world.findVersion(ref.version);
          return {
            content: version.content,
            label: `v${version.row.number ?? version.row.short}`,
            by: version.row.by,
            at: version.row.at,
          };
        }
        const at = world.environments.findIndex((one) => one.id === ref.environment);
        const served =
          world.find(ref.prompt).stages[at]?.sides[0] ??
          refuse(`${world.environments[at]?.name} serves nothing of this prompt yet.`);
        const { version } = world.findVersion(served.version);
        return {
          content: version.content,
          label: `v${version.row.number}, live in ${world.environments[at]!.name}`,
          by: version.row.by,
          at: version.row.at,
        };
      };
      const a = side(left);
      const b = side(right);
      const diff = diffContent(a.content, b.content);
      const answers = texts.cases.slice(0, 8).map(([text, expected], index) => {
        const before = index % 3 === 0 ? "card_arrival" : expected;
        return {
          case: index,
          input_text: text,
          expected,
          left: before,
          right: expected,
          left_pass: before === expected,
          right_pass: true,
        };
      });
      return {
        left: { label: a.label, by: a.by, at: a.at },
        right: { label: b.label, by: b.by, at: b.at },
        summary: diff.summary,
        diff,
        answers: world.scene === "many" ? [] : answers,
        answers_note: "8 of 62 cases of Card questions, answered by SmolLM2-135M, from the cache",
      };
    },
    async mergeView(_, id) {
      const prompt = world.find(id);
      const [ours, theirs, base] = world.rows(prompt);
      return {
        ours: ours!,
        theirs: theirs ?? ours!,
        base: base ?? null,
        content: prompt.versions[0]!.content,
        conflicts: mergeConflicts(),
        notes: [
          "The change to temperature was only on one side and is taken",
          "A sentence that Ravi added to user is taken",
        ],
        message: "Bring both together",
      };
    },
    async mergePreview(_, id, choices) {
      const content = structuredClone(world.find(id).versions[0]!.content);
      for (const conflict of mergeConflicts()) {
        const choice = choices[conflict.id] ?? { pick: conflict.default };
        const text =
          choice.pick === "text"
            ? choice.text
            : choice.pick === "both"
              ? `${conflict.ours} ${conflict.theirs}`
              : conflict[choice.pick];
        const first = content.messages[0];
        if (conflict.id === 1 && first?.type === "message")
          first.text = first.text.replace(mergeConflicts()[0]!.ours!, text ?? "");
        else if (conflict.id === 2 && content.model?.parameters) content.model.parameters["temperature"] = Number(text);
      }
      return content;
    },
    async mergeFinish(_, id) {
      const prompt = world.find(id);
      prompt.diverged = false;
      changed();
      return world.rows(prompt)[0]!;
    },
    async renamePrompt(_, id, name) {
      world.find(id).name = name;
      changed();
    },
    async archivePrompt(_, id) {
      world.find(id).archived = true;
      changed();
    },
    async restorePrompt(_, id) {
      world.find(id).archived = false;
      changed();
    },
    async setLabel(_, id, label, version) {
      for (const one of world.find(id).versions)
        one.row.labels = one.row.labels.filter((name) => name !== label).concat(one.row.id === version ? [label] : []);
      changed();
    },
    async removeLabel(_, id, label) {
      for (const one of world.find(id).versions) one.row.labels = one.row.labels.filter((name) => name !== label);
      changed();
    },
    async redact(_, id) {
      const { prompt, version } = world.findVersion(id);
      const live = world.liveIn(id, prompt);
      if (live.length > 0)
        refuse(`${live.join(" and ")} serves this version. Release another first, then redact it.`, "serving");
      version.row.redacted = true;
      changed();
    },
  };
  return part;
}

function mergeConflicts(): Conflict[] {
  return [
    {
      id: 1,
      place: { type: "text", message: 0 },
      label: "system",
      question: "Both changed this sentence.",
      base: "Choose the best intent from the list below.",
      ours: "Choose exactly one intent from the list below. If two fit, choose the one that a person at the desk would act on first.",
      theirs: "Choose the one intent that fits best. When in doubt, say so.",
      default: "ours",
      both: true,
    },
    {
      id: 2,
      place: { type: "setting", path: ["model", "parameters", "temperature"] },
      label: "temperature",
      question: "Both set it to another number.",
      base: "0.2",
      ours: "0",
      theirs: "0.1",
      default: "ours",
      both: false,
    },
  ];
}
