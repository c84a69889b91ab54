// Requests, comments and policies of the mock. It counts approvals well enough to draw screens with; the rules are in Rust.

import type { Asking, RequestPart, RequestView, ReviewInbox } from "../bindings";
import type { Backend } from "../ipc";
import { part, policy, remark, request, verdict } from "./team";
import type { World } from "./world";

type Part = Pick<
  Backend,
  | "reviewInbox"
  | "request"
  | "reviewerChoices"
  | "previewRequest"
  | "requestAnswers"
  | "requestsToChange"
  | "askForRelease"
  | "giveVerdict"
  | "takeBackVerdict"
  | "dismissVerdict"
  | "withdrawRequest"
  | "renewRequest"
  | "releaseRequest"
  | "releaseWhenApproved"
  | "comment"
  | "resolveComment"
  | "policies"
  | "setPolicy"
>;

export function reviews(world: World, changed: () => void): Part {
  const find = (id: string) => {
    const found = world.requests.find((one) => one.view.row.id === id);
    if (!found) throw { code: "not_found", message: "this request is not on this computer", details: null };
    return found;
  };
  const mine = (view: RequestView) => view.verdicts.filter((one) => one.by !== "Ana");
  /** What is missing, after a verdict. */
  function stand(view: RequestView) {
    for (const one of view.parts) {
      one.approvals = [
        ...new Set(view.verdicts.filter((row) => row.kind === "approve" && row.counts).map((row) => row.by)),
      ];
      const others = one.missing.filter((words) => !/ needs \d+ approval| asks for changes/.test(words));
      const asked = view.verdicts.filter((row) => row.kind === "ask_for_changes");
      const given = one.approvals.length;
      one.missing = [
        ...asked.map((row) => `${row.by} asks for changes; make them and ask again, or have an admin dismiss it`),
        ...(given < one.approvals_needed
          ? [`${one.name} needs ${one.approvals_needed} approvals and has ${given === 0 ? "none" : given}`]
          : []),
        ...others,
      ];
      one.may_go = one.done < one.steps && one.missing.length === 0;
    }
    view.can.release = view.parts.filter((one) => one.may_go).map((one) => one.environment);
    const open = view.parts.filter((one) => one.done < one.steps);
    view.row.words = open.map((one) => one.missing[0] ?? `${one.name} may be released`).join(" · ");
    view.row.state = view.verdicts.some((row) => row.kind === "ask_for_changes")
      ? "changes_asked"
      : open.length === 0
        ? "released"
        : open.some((one) => one.may_go)
          ? "ready"
          : "waiting";
    if (open.length === 0) view.row.words = "released";
  }
  function preview(plan: string, asking: Asking): RequestPart[] {
    const planned = world.planned.get(plan);
    if (!planned)
      throw {
        code: "invalid",
        message: "this plan is too old; look at what would change and decide again",
        details: null,
      };
    const environments = [...new Set(planned.changes.map((one) => one.environment))];
    return environments.map((environment) => {
      const changes = planned.changes.filter((one) => one.environment === environment);
      const rules = world.policies.find((one) => one.environment === environment);
      const needed = rules?.draft.approvals ?? 0;
      const steps = changes.some((one) => one.diff)
        ? (asking.shares ?? [])
            .filter((share) => share < 100)
            .map(
              (share) => `${changes[0]!.name} ${changes[0]!.before} ${100 - share} % · ${changes[0]!.after} ${share} %`,
            )
        : [];
      const broken = changes.filter((one) => one.diff?.settings.some((row) => row.name === "language"));
      const breaks = broken.map((one) => ({
        prompt: one.prompt,
        input: "language",
        kind: "required" as const,
        words: `${one.name}: the input language is now required`,
        note: asking.notes?.find((note) => note.prompt === one.prompt)?.text ?? null,
      }));
      return part(changes, {
        policy: rules?.words ?? [],
        approvals_needed: needed,
        steps: steps.length + 1,
        step_words: [...steps, changes.map((one) => `${one.name} ${one.after}`).join(", ")],
        breaks,
        missing: [
          ...(needed > 0
            ? [`${rules!.name} needs ${needed} ${needed === 1 ? "approval" : "approvals"} and has none`]
            : []),
          ...breaks
            .filter((one) => !one.note)
            .map(
              (one) =>
                `the input ${one.input} of ${changes[0]!.name} is now required: applications that read ${changes[0]!.environment_name} would break; write a note why that is safe`,
            ),
        ],
        may_go: needed === 0,
      });
    });
  }
  return {
    async reviewInbox() {
      const inbox: ReviewInbox = { waiting: [], mine: [], others: [], ended: [] };
      for (const one of world.requests) inbox[one.group].push(structuredClone(one.view.row));
      return inbox;
    },
    request: async (_, id) => structuredClone(find(id).view),
    reviewerChoices: async () => [
      { reviewer: { role: "reviewer" } as const, name: "Every reviewer and admin", note: "" },
      { reviewer: { role: "admin" } as const, name: "Every admin", note: "" },
      { reviewer: { person: "person-ana" }, name: "Ana", note: "you" },
      { reviewer: { person: "person-lena" }, name: "Lena", note: "reviewer" },
      { reviewer: { person: "person-max" }, name: "Maximiliane Featherstonehaugh-Cholmondeley", note: "reviewer" },
    ],
    previewRequest: async (_, plan, asking) => preview(plan, asking),
    requestAnswers: async (_, id, environment, prompt) => {
      const part = find(id).view.parts.find((one) => one.environment === environment);
      const change = part?.changes.find((one) => one.prompt === prompt);
      if (!change || !part?.evidence.length) return [];
      const rows = [
        ["My card was swallowed at the Rossio branch", "card_swallowed", "card_arrival", "card_swallowed", false, true],
        ["I still have not received my new card", "card_arrival", "card_arrival", "delivery_estimate", true, false],
        ["How long until it comes?", "delivery_estimate", "delivery_estimate.", "delivery_estimate", true, true],
        ["Top up did not work", "topping_up_failed", "topping_up_failed", "topping_up_failed", true, true],
      ] as const;
      return [
        {
          dataset: "Support messages",
          before: `${change.name} ${change.before} with gpt-5-mini, by Ravi`,
          after: `${change.name} ${change.after} with gpt-5-mini, by Ravi`,
          words: "3 of 4 passed before, 3 of 4 now: 1 case got worse, 1 got better, 1 answered otherwise",
          rows: rows.map(([input_text, expected, left, right, left_pass, right_pass], at) => ({
            case: at,
            input_text,
            expected,
            left,
            right,
            left_pass,
            right_pass,
          })),
          left_out: 0,
        },
      ];
    },
    async requestsToChange(_, plan) {
      const planned = world.planned.get(plan)?.changes ?? [];
      const about = (view: RequestView) =>
        view.parts.some((part) =>
          part.changes.some((one) =>
            planned.some((other) => other.prompt === one.prompt && other.environment === one.environment),
          ),
        );
      const open = world.requests.filter((one) => one.group !== "ended" && one.view.mine && about(one.view));
      return open.map((one) => structuredClone(one.view.row));
    },
    async askForRelease(_, plan, asking) {
      const parts = preview(plan, asking);
      const title = world.planned.get(plan)!.title.replace(/^(Promote|Release) /, "");
      const view = request(
        world,
        "Ana",
        0,
        title,
        asking.reason,
        "waiting",
        parts[0]!.missing[0] ?? "may be released",
        parts,
      );
      world.requests.unshift({ group: "mine", view });
      changed();
      return { request: view.row.id, words: "Asked. It is in the reviewers' inbox now." };
    },
    async giveVerdict(_, id, digest, kind, comment) {
      const found = find(id);
      const view = found.view;
      if (view.digest !== digest)
        throw {
          code: "invalid",
          message: "this request asks for something else by now; look at it again before you decide",
          details: null,
        };
      view.verdicts = [verdict(world, "Ana", 0, { kind, comment, at: Date.now() }), ...mine(view)];
      view.can.take_back = true;
      if (found.group === "waiting") found.group = "others";
      stand(view);
      changed();
      return {
        request: id,
        words:
          kind === "approve"
            ? "Approved: exactly what you saw."
            : "Asked for changes; nothing of it goes until you decide again.",
      };
    },
    async takeBackVerdict(_, id) {
      const view = find(id).view;
      view.verdicts = mine(view);
      view.can.take_back = false;
      stand(view);
      changed();
    },
    async dismissVerdict(_, id, person) {
      const view = find(id).view;
      view.verdicts = view.verdicts.filter((one) => one.person !== person);
      stand(view);
      changed();
    },
    async withdrawRequest(_, id, reason) {
      const found = find(id);
      found.group = "ended";
      Object.assign(found.view.row, { state: "withdrawn", words: "taken back" });
      found.view.history.push(`Ana took it back${reason ? `: ${reason}` : ""}`);
      found.view.can = {
        ...found.view.can,
        no_verdict: "This request is over.",
        withdraw: false,
        renew: false,
        release: [],
        order: false,
        override_in: [],
      };
      changed();
    },
    async renewRequest(_, id) {
      const view = find(id).view;
      view.digest += "+";
      view.history.push("Ana changed snippets/tone in production; earlier approvals are void");
      view.can.renew = false;
      for (const one of view.parts) one.missing = [];
      for (const row of view.verdicts) row.counts = false;
      stand(view);
      changed();
      return { request: id, words: "It asks for the same on top of what is served now; approvals are needed anew." };
    },
    async releaseWhenApproved(_, id, digest, wanted) {
      const view = find(id).view;
      if (wanted && view.digest !== digest)
        throw {
          code: "invalid",
          message: "this request asks for something else by now; look at it again",
          details: null,
        };
      view.ordered = wanted;
      changed();
    },
    async releaseRequest(_, id, { environments }) {
      const found = find(id);
      for (const one of found.view.parts)
        if (environments.includes(one.environment)) {
          one.done += 1;
          one.released.push(`rel-${world.next++}`);
          if (one.done >= one.steps) one.changes = [];
          one.missing = [];
        }
      stand(found.view);
      if (found.view.row.state === "released") found.group = "ended";
      changed();
      return { words: `Released: ${found.view.row.title}`, release: "rel", state: "in_registry" };
    },
    async comment(_, on, quote, text, reply) {
      const view = find(on.request ?? "").view;
      const version = quote ? world.findVersion(quote.version) : null;
      const message = quote ? version?.version.content.messages[quote.message] : null;
      view.comments.push(
        remark(world, "Ana", 0, text, {
          at: Date.now(),
          reply_to: reply,
          quote: quote && {
            place: quote,
            from: `${version!.prompt.name} v${version!.version.row.number}, message ${quote.message + 1}`,
            words: message?.type === "message" ? [...message.text].slice(quote.from, quote.until).join("") : "",
          },
        }),
      );
      changed();
    },
    async resolveComment(_, id) {
      for (const { view } of world.requests)
        for (const one of view.comments)
          if (one.id === id) Object.assign(one, { resolved_by: "Ana", can_resolve: false });
      changed();
    },
    policies: async () =>
      world.policies.length > 0
        ? structuredClone(world.policies)
        : world.environments
            .filter((one) => !one.retired)
            .map((one) => policy(one.id, one.name, ["Authors and those above them release and revert"], {})),
    async setPolicy(_, environment, draft) {
      const wrong = draft.freezes.find((one) => !one.weekly && !/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d$/.test(one.from));
      if (wrong)
        throw {
          code: "invalid",
          message: `the freeze ${wrong.name}: "${wrong.from}" is no time; write it like 2026-12-24T18:00`,
          details: null,
        };
      const name = world.environments.find((one) => one.id === environment)!.name;
      const words = [
        ...(draft.approvals > 0 ? [`${draft.approvals} approvals`] : []),
        ...draft.gates.map((gate) => `A run in which at least ${gate.least_passed / 100} % of the cases pass`),
        ...draft.freezes.map((one) => `Nothing in ${one.name}: from ${one.from} until ${one.until}, ${one.zone} time`),
        "Authors and those above them release and revert",
      ];
      const made = { ...policy(environment, name, words, draft), set_by: "set by Ana", at: Date.now() };
      world.policies = world.policies.map((one) => (one.environment === environment ? made : one));
      changed();
      return structuredClone(made);
    },
  };
}
