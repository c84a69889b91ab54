// What can be done from more than one place: each opens its dialog or goes to its screen.

import type { EnvironmentId, ProjectId, PromptId, ReleaseId, TrackStage } from "../bindings";
import { backend, IpcError } from "../ipc";
import { app } from "./app.svelte";
import { dialogs } from "./dialogs.svelte";
import { notices } from "./notices.svelte";
import { router } from "./route.svelte";

export function promote(prompts: PromptId[], stage: Pick<TrackStage, "environment" | "can_promote_to">) {
  const to = stage.can_promote_to;
  if (!to) return;
  dialogs.show({ type: "plan", make: () => backend.planPromotion(app.project, stage.environment, to, prompts) });
}

/** The newest version into the first environment. */
export function release(prompt: PromptId, stage: Pick<TrackStage, "environment" | "can_release">) {
  const version = stage.can_release?.version;
  if (!version) return;
  const changes = [{ environment: stage.environment, prompt, sides: [{ version, weight: 100 }] }];
  dialogs.show({ type: "plan", make: () => backend.planRelease(app.project, changes) });
}

/** Shifts traffic between the versions that an environment serves. */
export function shift(prompt: PromptId, name: string, stage: Pick<TrackStage, "environment" | "name" | "sides">) {
  const { environment, name: place, sides } = stage;
  dialogs.show({ type: "split", prompt, name, environment, place, now: sides, sides });
}

export function revert(prompts: PromptId[], environment: EnvironmentId, to: ReleaseId | null) {
  const make = (keep: PromptId[]) =>
    backend.planRevert(
      app.project,
      environment,
      prompts.filter((prompt) => !keep.includes(prompt)),
      to,
    );
  dialogs.show({ type: "plan", make });
}

/** Everything that a release changed goes back to what was served before it. */
export function undoRelease(environment: EnvironmentId, release: ReleaseId) {
  dialogs.show({ type: "plan", make: (keep) => backend.planUndo(app.project, environment, release, keep) });
}

export function openPrompt(prompt: PromptId) {
  router.go({ screen: "prompt", prompt });
}

export function renamePrompt(prompt: PromptId, name: string) {
  dialogs.ask({
    title: `Rename ${name}`,
    words: ["Versions, labels and releases stay with it. Applications that read it by this name must use the new one."],
    action: "Rename",
    ask: { label: "New name", value: name, required: true },
    run: async (text) => {
      await backend.renamePrompt(app.project, prompt, text.trim());
      notices.say(`Renamed to ${text.trim()}`);
      await app.refresh();
    },
  });
}

export function archivePrompt(prompt: PromptId, name: string) {
  dialogs.ask({
    title: `Archive ${name}?`,
    words: ["It leaves the library and keeps its history. It can be restored at any time from Ctrl K."],
    action: "Archive",
    run: async () => {
      await backend.archivePrompt(app.project, prompt);
      notices.say(`${name} archived`, { label: "Undo", run: () => void restorePrompt(prompt, name) });
      await app.refresh();
      if (router.current.screen === "prompt" && router.current.prompt === prompt) router.reset(app.home());
    },
  });
}

export async function restorePrompt(prompt: PromptId, name: string) {
  try {
    await backend.restorePrompt(app.project, prompt);
    notices.say(`${name} is back in the library`);
    await app.refresh();
    openPrompt(prompt);
  } catch (error) {
    notices.problem(IpcError.from(error));
  }
}

/** Puts a draft away, with the way back in sight until it is closed. */
export async function discardDraft(draft: string) {
  const project = app.project;
  await backend.discardDraft(project, draft);
  offerDraftBack(project, draft);
}

/** Says that a draft was put away, and takes it back where the person wants it. */
export function offerDraftBack(project: ProjectId, draft: string) {
  const run = async () => {
    try {
      const back = await backend.undoDiscardDraft(project, draft);
      notices.close(notice);
      if (project !== app.project) return;
      await app.refresh();
      router.go({ screen: "prompt", prompt: back.prompt, ...(back.prompt === null ? { draft } : {}) });
    } catch (error) {
      notices.problem(IpcError.from(error));
    }
  };
  const notice = notices.say("Draft discarded", { label: "Undo", run: () => void run() }, true);
}

export async function syncNow() {
  try {
    await backend.syncNow(app.project);
    await app.refresh();
  } catch (error) {
    notices.problem(IpcError.from(error));
  }
}

export async function openSample() {
  try {
    await app.enter(await backend.openSample());
  } catch (error) {
    notices.problem(IpcError.from(error));
  }
}
