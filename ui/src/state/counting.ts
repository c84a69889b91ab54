// A run that counts is asked for once more before it is announced: it costs calls, and it can't be taken back.

import type { GateView } from "../bindings";
import { backend, IpcError } from "../ipc";
import { app } from "./app.svelte";
import { dialogs } from "./dialogs.svelte";
import { notices } from "./notices.svelte";
import { router } from "./route.svelte";

/** Calls at once: as many as a run without a choice has. */
const AT_ONCE = 4;

export async function runForGate(view: Pick<GateView, "version" | "environment" | "beside">) {
  const version = { type: "version" as const, version: view.version };
  const beside = view.beside ?? [];
  try {
    const plan = await backend.planCountedRun(app.project, version, view.environment, beside);
    dialogs.ask({
      title: plan.title,
      words: plan.words,
      action: "Announce and run",
      run: async () => {
        const run = await backend.startCountedRun(
          app.project,
          version,
          view.environment,
          beside,
          plan.repeats,
          AT_ONCE,
        );
        dialogs.close();
        router.go({ screen: "evals", tab: "runs", run: run.id });
      },
    });
  } catch (error) {
    notices.problem(IpcError.from(error));
  }
}

/** Just the runs that the gates still wait for: of the version, and of what includes it or reads what comes out of it. */
export function runWhatIsMissing(view: Pick<GateView, "environment" | "place" | "runs">) {
  const runs = view.runs ?? [];
  dialogs.ask({
    title: `Run what is missing for ${view.place}`,
    words: [
      ...runs.map((run) => run.words),
      "They are announced one after another, and what comes of each is recorded and shared, also if you stop it.",
    ],
    action: "Announce and run",
    run: async () => {
      dialogs.close();
      notices.say("The runs that are missing are being made. You can go on meanwhile.");
      try {
        const made = await backend.runWhatIsMissing(app.project, view.environment, runs, AT_ONCE);
        notices.say(made.length === 1 ? "1 run was made." : `${made.length} runs were made.`);
        await app.refresh();
      } catch (error) {
        notices.problem(IpcError.from(error));
      }
    },
  });
}
