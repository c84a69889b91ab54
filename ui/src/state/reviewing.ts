// What is done with a request beside a verdict and a comment: each is asked first, with what follows from it.

import type { RequestPart, RequestView, VerdictRow } from "../bindings";
import { backend, IpcError } from "../ipc";
import { app } from "./app.svelte";
import { dialogs } from "./dialogs.svelte";
import { notices } from "./notices.svelte";

const seen = (view: RequestView, part: RequestPart) => ({
  digest: view.digest,
  step: part.done + 1,
  environments: [part.environment],
});

/** What the question named must still be what would happen: others act meanwhile. */
async function stillSo(view: RequestView, part: RequestPart) {
  const now = await backend.request(app.project, view.row.id);
  const same = now.parts.find((one) => one.environment === part.environment);
  if (now.digest === view.digest && same?.done === part.done && same.missing.join() === part.missing.join()) return;
  await app.refresh();
  throw new IpcError("conflict", "This request changed meanwhile. Close this, look at it again, and decide then.");
}

export function releasePart(view: RequestView, part: RequestPart) {
  const goes = part.step_words[part.done] ?? "";
  dialogs.ask({
    title: `Release to ${part.name}?`,
    words: [
      part.steps > 1
        ? `Step ${part.done + 1} of ${part.steps}: ${part.name} then serves ${goes}.`
        : `${part.name} then serves ${goes}.`,
      ...(view.offline_words ? ["The registry can't be reached. The release waits in the outbox until it can."] : []),
    ],
    action: "Release",
    ask: { label: "Reason, kept in the history", value: view.row.reason, required: true },
    run: async (reason) => {
      await stillSo(view, part);
      const done = await backend.releaseRequest(app.project, view.row.id, seen(view, part), reason.trim(), null);
      notices.say(done.words);
      await app.refresh();
    },
  });
}

export function overridePart(view: RequestView, part: RequestPart) {
  dialogs.ask({
    title: `Set the policy of ${part.name} aside?`,
    words: [
      `This releases ${part.step_words[part.done] ?? "it"} to ${part.name} although this is missing:`,
      ...part.missing.map((words) => `· ${words}`),
      "Who did it, what was missing and the reason stay with the release for ever, for everybody to see.",
    ],
    action: "Release all the same",
    danger: true,
    ask: { label: "Why can it not wait?", value: "", required: true, long: true },
    run: async (reason) => {
      await stillSo(view, part);
      const done = await backend.releaseRequest(
        app.project,
        view.row.id,
        seen(view, part),
        view.row.reason,
        reason.trim(),
      );
      notices.say(done.words);
      await app.refresh();
    },
  });
}

export function withdraw(view: RequestView) {
  dialogs.ask({
    title: `Withdraw ${view.row.title}?`,
    words: [
      "It leaves everybody's inbox, and nothing more of it can be released. What was released already stays. The same can be asked for again.",
    ],
    action: "Withdraw",
    danger: true,
    ask: { label: "Why (you may leave it empty)", value: "", long: true },
    run: async (reason) => {
      await backend.withdrawRequest(app.project, view.row.id, reason.trim());
      notices.say(`Withdrawn: ${view.row.title}`);
      await app.refresh();
    },
  });
}

/** Brings it up to what is served now. `before` is called when it is really done. */
export function renew(view: RequestView, before: () => void) {
  dialogs.ask({
    title: "Ask for the same on top of what is served now?",
    words: [
      "What this request replaces has moved. Renewed, it asks for the same versions in place of what is served now.",
      "All approvals are void then: reviewers look at it again and decide anew.",
    ],
    action: "Renew",
    run: async () => {
      before();
      const done = await backend.renewRequest(app.project, view.row.id);
      notices.say(done.words);
      await app.refresh();
    },
  });
}

export function dismiss(view: RequestView, verdict: VerdictRow) {
  dialogs.ask({
    title: `Dismiss what ${verdict.by} asks for?`,
    words: [
      verdict.comment ? `${verdict.by} said: “${verdict.comment}”` : `${verdict.by} said nothing with it.`,
      "It then holds nothing back. Everybody sees that you dismissed it, and why.",
    ],
    action: "Dismiss",
    danger: true,
    ask: { label: "Reason", value: "", required: true, long: true },
    run: async (reason) => {
      await backend.dismissVerdict(app.project, view.row.id, verdict.person, reason.trim());
      notices.say(`${verdict.by}'s “ask for changes” is dismissed`);
      await app.refresh();
    },
  });
}

export async function takeBack(view: RequestView) {
  try {
    await backend.takeBackVerdict(app.project, view.row.id);
    notices.say("Your verdict is taken back");
    await app.refresh();
  } catch (error) {
    notices.problem(IpcError.from(error));
  }
}
