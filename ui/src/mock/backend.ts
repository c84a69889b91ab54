// A backend in memory, for looking at screens in a browser and for tests. It never ships.

import type { ProjectCard } from "../bindings";
import type { Backend, Events } from "../ipc";
import { evals } from "./evals";
import { prompts } from "./prompts";
import { releases } from "./releases";
import { reviews } from "./reviews";
import { settings } from "./settings";
import { suites } from "./suites";
import { webhooks } from "./webhooks";
import { tries } from "./tries";
import { World } from "./world";

export type MockBackend = Backend & {
  world: World;
  emit: <E extends keyof Events>(event: E, payload: Events[E]) => void;
};

/** Scenes: full, review (a team that reviews), review-author (the same, seen by an author), new (no prompt), none (no project), long, huge, many, offline, broken, nokeychain. */
export function createMock(scene = "full"): MockBackend {
  const world = new World(scene);
  const ears = new Map<string, Set<(payload: never) => void>>();
  const emit: MockBackend["emit"] = (event, payload) => ears.get(event)?.forEach((hear) => hear(payload as never));
  const changed = () => queueMicrotask(() => emit("project_changed", { project: "project-1" }));
  const card = (): ProjectCard => world.library().project;
  let opened = scene !== "none" && scene !== "nokeychain";
  return {
    world,
    emit,
    async start() {
      if (scene === "broken")
        throw {
          code: "store_newer",
          message: "The store on this computer was written by a newer Galley. Update this one; nothing was changed.",
          details: null,
        };
      return {
        projects: opened ? [card()] : [],
        last: opened ? "project-1" : null,
        keychain:
          scene === "nokeychain"
            ? {
                available: false,
                message:
                  "This machine has no keychain that can be reached. You can write, run and queue; releasing and joining a team need one.",
              }
            : { available: true, message: "" },
        app_version: "0.1.0",
        sample_available: true,
      };
    },
    async openSample() {
      opened = true;
      return card();
    },
    async createProject(name) {
      opened = true;
      world.prompts = [];
      return { ...card(), name };
    },
    async joinTeam(address) {
      if (!address.startsWith("https://"))
        throw {
          code: "bad_address",
          message: "Galley speaks https:// with a registry, and http:// only on this computer. Check the address.",
          details: null,
        };
      opened = true;
      return card();
    },
    openProject: async () => world.library(),
    ...prompts(world, changed),
    ...tries(world, emit),
    ...releases(world, changed),
    ...reviews(world, changed),
    ...settings(world, changed),
    ...webhooks(world),
    ...evals(world, changed, (event) => {
      emit("run_progress", event);
      const text = "We have your message and will look at it before noon tomorrow. Nothing is needed from you until th";
      const answers = [0, 1].map((column) => ({ case: event.progress.done, column, text: text.slice(column * 30) }));
      emit("run_answers", { run: event.run, answers, more: 2 });
    }),
    ...suites(world, changed),
    async on(event, hear) {
      const set = ears.get(event) ?? new Set();
      ears.set(event, set);
      set.add(hear as (payload: never) => void);
      return () => void set.delete(hear as (payload: never) => void);
    },
  };
}
