// A team that reviews: its policies, and requests in every state.

import type {
  CommentRow,
  PlanChange,
  PolicyView,
  RequestPart,
  RequestState,
  RequestView,
  VerdictRow,
  VersionContent,
} from "../bindings";
import { diffContent } from "./diff";
import * as texts from "./texts";
import { day, hour, type World } from "./world";

const minute = 60_000;

export function policy(environment: string, name: string, words: string[], more: Partial<PolicyView["draft"]>) {
  return {
    environment,
    name,
    words,
    set_by: words.length > 1 ? "set by Ravi" : "",
    at: words.length > 1 ? Date.now() - 40 * day : null,
    digest: words.length > 1 ? `digest-${name}` : null,
    draft: {
      approvals: 0,
      independent: false,
      path: [],
      gates: [],
      suite_gates: [],
      freezes: [],
      release_role: "author",
      releasers: [],
      may_override: false,
      ...more,
    },
  } satisfies PolicyView;
}

/** What changes where `number` takes the place of what is served. */
export function change(world: World, name: string, at: number, number: number, split?: [number, number]): PlanChange {
  const prompt = world.find(`prompt-${name}`);
  const environment = world.environments[at]!;
  const serving = prompt.stages[at]!.sides[0];
  const before = prompt.versions.find((one) => one.row.id === serving?.version);
  const after = prompt.versions.find((one) => one.row.number === number)!;
  const diff = before ? diffContent(before.content, after.content) : null;
  return {
    prompt: prompt.id,
    name,
    environment: environment.id,
    environment_name: environment.name,
    before: before ? `v${before.row.number}` : "nothing",
    after: split ? `v${before?.row.number} ${split[0]} % · v${number} ${split[1]} %` : `v${number}`,
    summary: diff?.summary ?? "served here for the first time",
    diff,
    sides_before: prompt.stages[at]!.sides,
    sides_after: [],
    moves: "",
    undoes: [],
  };
}

export const part = (changes: PlanChange[], more: Partial<RequestPart> = {}): RequestPart => ({
  environment: changes[0]?.environment ?? "env-production",
  name: changes[0]?.environment_name ?? "production",
  steps: 1,
  done: 0,
  step_words: [changes.map((one) => `${one.name} ${one.after}`).join(", ")],
  changes,
  missing: [],
  may_go: false,
  approvals_needed: 2,
  approvals: [],
  policy: [],
  verdicts: [],
  evidence: [],
  breaks: [],
  released: [],
  ...more,
});

export function verdict(world: World, by: string, ago: number, more: Partial<VerdictRow> = {}): VerdictRow {
  return {
    person: `person-${by.toLowerCase()}`,
    by,
    at: world.now - ago,
    kind: "approve",
    comment: "",
    counts: true,
    void: [],
    can_dismiss: false,
    state: "in_registry",
    ...more,
  };
}

let comments = 0;
export const remark = (
  world: World,
  by: string,
  ago: number,
  text: string,
  more: Partial<CommentRow> = {},
): CommentRow => ({
  id: `comment-${++comments}`,
  on: { request: "request" } as CommentRow["on"],
  by,
  at: world.now - ago,
  text,
  quote: null,
  reply_to: null,
  resolved_by: null,
  can_resolve: true,
  unsent: false,
  ...more,
});

export function request(
  world: World,
  by: string,
  ago: number,
  title: string,
  reason: string,
  state: RequestState,
  words: string,
  parts: RequestPart[],
  more: Partial<RequestView> = {},
): RequestView {
  const id = `request-${world.next++}`;
  return {
    row: { id, title, by, at: world.now - ago, reason, state, words, unsent: false },
    digest: `digest-${id}-1`,
    mine: by === "Ana",
    parts,
    suite: null,
    reviewers: [],
    verdicts: [],
    comments: [],
    history: [`${by} asked for it`],
    authors: [],
    offline_words: null,
    ordered: false,
    ...more,
    can: {
      no_verdict: null,
      verdict_note: null,
      take_back: false,
      withdraw: true,
      renew: false,
      set_suite: false,
      release: [],
      order: parts.some((one) => !one.may_go && one.done < one.steps),
      override_in: [],
      ...more.can,
    },
  };
}

const suiteGate = { allowed_loss: 500, least_rate: 9000, oldest_days: 7 };

export function team(world: World) {
  world.releases[0]!.grounds = ["Approved by Ravi and Ana"];
  world.releases[2]!.grounds = [
    "Ana set the policy aside: cards were swallowed every hour",
    "Missing then: production needs 2 approvals and has 1",
  ];
  const author = world.scene === "review-author";
  const can = { no_verdict: author ? "An author gives no verdicts; a reviewer does." : null } as RequestView["can"];
  // A version that breaks what applications send, so that somebody must say why it is safe.
  const triage = world.find("prompt-support/triage");
  const content: VersionContent = texts.triage(9);
  content.inputs = [
    ...(content.inputs ?? []).filter((input) => input.name !== "intents"),
    { name: "language", type: "text", required: true, description: "The customer's language" },
  ];
  content.messages[1] = texts.message("user", "Message ({{ language }}): {{ message }}\nThank you 🙂, kindly.");
  triage.versions.unshift(
    world.version(triage.id, 10, content, "Ravi", world.now - 3 * hour, "Ask in the customer's language"),
  );

  const asks = [
    "2 approvals, by people who wrote nothing of it",
    "Served in staging before",
    "A run over Card questions in which at least 90 % of the cases pass and at most 1 % fewer than with what is served now",
    "Announced runs over the prompt's suite, at most 7 days old, show a loss below 5 points against what is served; where nothing is served yet, at least 90 % pass; such a verdict is wrong at most 5 % of the time",
    "Nothing in Weekends: every week from Friday 16:00 until Monday 08:00, Europe/London time",
    "Reviewers and admins release and revert",
    "An admin may set this aside, with a reason that is shown for ever",
  ];
  world.policies = [
    policy("env-development", "development", ["Authors and those above them release and revert"], {}),
    policy("env-staging", "staging", ["One approval", "Authors and those above them release and revert"], {
      approvals: 1,
    }),
    policy("env-production", "production", asks, {
      approvals: 2,
      independent: true,
      path: ["env-staging"],
      gates: [{ dataset: "data-1", prompts: [], least_passed: 9000, largest_loss: 100 }],
      suite_gates: [suiteGate],
      freezes: [{ name: "Weekends", zone: "Europe/London", weekly: true, from: "Friday 16:00", until: "Monday 08:00" }],
      release_role: "reviewer",
      may_override: true,
    }),
  ];
  const evidence = [
    { run: "run-2", words: "support/triage v9 over Card questions: 60 of 62 passed with SmolLM2-135M, by Ravi" },
    { run: "run-1", words: "support/triage v7 over Card questions: 56 of 62 passed with SmolLM2-135M, by Ravi" },
  ];
  const put = (group: World["requests"][number]["group"], view: RequestView) => world.requests.push({ group, view });

  const first = request(
    world,
    "Ravi",
    3 * hour,
    "support/triage v10 to staging and production",
    "Swallowed cards went to the delivery queue; 31 complaints in April.",
    "ready",
    "staging may be released · production needs 2 approvals and has 1",
    [
      part([change(world, "support/triage", 1, 10)], {
        policy: world.policies[1]!.words,
        approvals_needed: 1,
        approvals: ["Lena"],
        may_go: true,
      }),
      part([change(world, "support/triage", 2, 10)], {
        policy: asks,
        approvals: ["Lena"],
        missing: [
          "production needs 2 approvals and has 1",
          "support/triage v10 was never served in staging, which comes before production; release it there first",
        ],
        verdicts: [
          "support/triage v9: Pass. 62 cases show that less than 4.6 points is lost; a loss below 5 points is allowed.",
        ],
        evidence,
        breaks: [
          {
            prompt: triage.id,
            input: "language",
            kind: "required",
            words: "support/triage: the input language is now required",
            note: "The desk app sends it since 3 May; nothing else reads this prompt.",
          },
          {
            prompt: triage.id,
            input: "intents",
            kind: "removed",
            words: "support/triage: the input intents is no longer used",
            note: null,
          },
        ],
      }),
    ],
    {
      reviewers: ["Ana", "every reviewer and admin"],
      authors: ["Ravi (support/triage v10)", "Lena (support/triage v8)"],
      verdicts: [
        verdict(world, "Lena", 20 * minute, { comment: "Read it with the desk. Good." }),
        verdict(world, "Tomas", 2 * hour, {
          counts: false,
          comment: "Fine for me",
          void: ["production asks for somebody who wrote nothing of it, and Tomas saved support/triage v8"],
        }),
      ],
      can: {
        ...can,
        withdraw: !author,
        release: author ? ["env-staging"] : ["env-staging"],
        override_in: author ? [] : ["env-production"],
      },
    },
  );
  first.comments = [
    remark(world, "Lena", 90 * minute, "Do we still say never to guess at the end?", {
      quote: {
        place: { version: triage.versions[0]!.row.id, message: 0, from: 43, until: 61 },
        from: "support/triage v10, message 1",
        words: "Choose exactly one",
      },
    }),
  ];
  first.comments.push(
    remark(world, "Ravi", 80 * minute, "Yes. It moved to the end, where the model keeps to it.", {
      reply_to: first.comments[0]!.id,
    }),
    remark(world, "Lena", 30 * minute, "The desk agreed on Monday.", { resolved_by: "Lena", can_resolve: false }),
    remark(world, "Ana", minute, "I will read it on the train.", { unsent: true, can_resolve: !author }),
  );
  put(author ? "others" : "waiting", first);

  const long = request(
    world,
    "Maximiliane Featherstonehaugh-Cholmondeley",
    2 * day,
    "3 changes to production",
    "Everything that the working group on tone, escalation and summaries agreed on between March and May, in one release, because the three texts refer to each other and a customer who is passed on would otherwise be told two different things within a minute.",
    "waiting",
    "production needs 2 approvals and has none",
    [
      part(
        [
          change(world, "support/first-reply", 2, 15),
          change(world, "support/summary", 2, 6),
          change(world, "snippets/tone", 2, 4),
        ],
        {
          policy: asks,
          missing: [
            "production needs 2 approvals and has none",
            "no run of support/summary v6 over Card questions is recorded; run it, and share the run",
          ],
        },
      ),
    ],
    {
      can: {
        ...can,
        verdict_note: author
          ? null
          : "You wrote support/summary v6. production asks for independent approvals, so yours does not count there.",
      },
    },
  );
  long.comments = Array.from({ length: 24 }, (_, n) =>
    remark(
      world,
      ["Lena", "Ravi", "Tomas"][n % 3]!,
      (30 - n) * hour,
      n % 5 === 4
        ? "I read all of it again, aloud, with two colleagues from the second line. What still bothers me: the summary says what was tried, the first reply says what happens next, and neither says by when. A customer who was promised a call wants to know the hour."
        : ["Agreed.", "This is better than what we have.", "Could it say by when?", "Yes, from v6 on."][n % 4]!,
    ),
  );
  put(author ? "others" : "waiting", long);

  put(
    "mine",
    request(
      world,
      "Ana",
      5 * hour,
      "support/escalation v3 to production",
      "Say what must not be promised",
      "changes_asked",
      "Lena asks for changes; make them and ask again, or have an admin dismiss it",
      [
        part([change(world, "support/escalation", 2, 3)], {
          policy: asks,
          approvals: ["Ravi"],
          missing: [
            "Lena asks for changes; make them and ask again, or have an admin dismiss it",
            "production needs 2 approvals and has 1",
          ],
        }),
      ],
      {
        verdicts: [
          verdict(world, "Lena", hour, {
            kind: "ask_for_changes",
            comment: "“Never promise” reads like a threat. Say what they may promise instead.",
            can_dismiss: !author,
          }),
          verdict(world, "Ravi", 2 * hour),
        ],
        can: {
          ...can,
          verdict_note: author
            ? null
            : "You wrote support/escalation v3. production asks for independent approvals, so yours does not count there.",
        },
      },
    ),
  );
  put(
    "mine",
    request(
      world,
      "Ana",
      30 * hour,
      "snippets/tone v4 to production",
      "No exclamation marks",
      "stale",
      "production serves snippets/tone v3 since Ravi's revert; update the request, and approvals are asked for anew",
      [
        part([change(world, "snippets/tone", 2, 4)], {
          policy: asks,
          missing: [
            "production serves snippets/tone v3 since Ravi's revert; update the request, and approvals are asked for anew",
          ],
        }),
      ],
      {
        verdicts: [
          verdict(world, "Lena", 29 * hour, { counts: false, void: ["what it replaces has moved in production"] }),
        ],
        history: ["Ana asked for it", "Ana changed snippets/tone in production; earlier approvals are void"],
        can: { ...can, renew: true },
      },
    ),
  );
  put(
    "mine",
    request(
      world,
      "Ana",
      26 * hour,
      "support/first-reply v15 to production",
      "Try the shorter greeting, on a tenth first",
      "ready",
      "production: step 2 of 3 may be released",
      [
        part([change(world, "support/first-reply", 2, 15, [50, 50])], {
          policy: asks,
          approvals: ["Lena", "Ravi"],
          steps: 3,
          done: 1,
          step_words: [
            "support/first-reply v14 90 % · v15 10 %",
            "support/first-reply v14 50 % · v15 50 %",
            "support/first-reply v15",
          ],
          may_go: true,
          released: ["rel-0"],
        }),
      ],
      {
        verdicts: [verdict(world, "Ravi", 25 * hour), verdict(world, "Lena", 25.5 * hour)],
        can: { ...can, release: author ? [] : ["env-production"] },
      },
    ),
  );
  put(
    "others",
    request(
      world,
      "Tomas",
      4 * hour,
      "support/summary v6 to staging",
      "Three sentences are enough",
      "waiting",
      "staging needs 1 approval and has none",
      [
        part([change(world, "support/summary", 1, 6)], {
          policy: world.policies[1]!.words,
          approvals_needed: 1,
          missing: ["staging needs 1 approval and has none"],
        }),
      ],
      { can: { ...can, withdraw: false } },
    ),
  );
  const over = { ...can, no_verdict: "This request is over.", withdraw: false };
  put(
    "ended",
    request(
      world,
      "Ravi",
      8 * day,
      "support/triage v7 to production",
      "Agreed with the desk on Monday",
      "released",
      "released",
      [
        part([], {
          done: 1,
          step_words: ["support/triage v7"],
          policy: asks,
          approvals: ["Lena", "Ana"],
          released: ["rel-3"],
        }),
      ],
      { verdicts: [verdict(world, "Lena", 8 * day), verdict(world, "Ana", 8 * day)], can: over },
    ),
  );
  put(
    "ended",
    request(
      world,
      "Lena",
      12 * day,
      "support/first-reply v13 to production",
      "Warmer",
      "withdrawn",
      "taken back",
      [part([], { step_words: ["support/first-reply v13"], policy: asks, missing: [] })],
      {
        history: ["Lena asked for it", "Lena took it back: v14 says it better"],
        can: over,
      },
    ),
  );
}
