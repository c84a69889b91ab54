// The open project: its library, kept fresh by what Rust says, and the few things every screen needs.

import type { EnvironmentCard, Library, ProjectCard, PromptId, Start, SyncState } from "../bindings";
import { backend, IpcError } from "../ipc";
import { clock } from "./clock.svelte";
import { notices } from "./notices.svelte";
import { router } from "./route.svelte";

class AppState {
  start = $state.raw<Start | null>(null);
  /** Why the app could not start. */
  failed = $state<string | null>(null);
  library = $state.raw<Library | null>(null);
  opening = $state(false);
  /** Grows when the project's ledger, outbox or drafts changed: screens read it and load again. */
  changes = $state(0);
  #loading: Promise<void> | null = null;
  #again = false;
  #stop: (() => void)[] = [];

  readonly project = $derived(this.library?.project.id ?? "");
  readonly environments = $derived<EnvironmentCard[]>(this.library?.environments.filter((e) => !e.retired) ?? []);
  readonly sync = $derived<SyncState | null>(this.library?.sync ?? null);
  readonly admin = $derived(this.library?.me.role === "admin");
  readonly byId = $derived(new Map(this.library?.prompts.map((row) => [row.id, row]) ?? []));

  async begin() {
    clock.start();
    this.failed = null;
    try {
      this.#stop = await Promise.all([
        backend.on("project_changed", ({ project }) => project === this.project && void this.refresh()),
        backend.on("sync_changed", ({ project, state }) => {
          if (this.library && project === this.project) this.library = { ...this.library, sync: state };
        }),
        backend.on("notice", ({ words }) => notices.say(words)),
        backend.on("news", ({ project, request, words }) => {
          if (project !== this.project) return;
          const look = () => router.go(request ? { screen: "review", request } : { screen: "review" });
          notices.say(words, { label: "Look", run: look });
        }),
      ]);
      this.start = await backend.start();
      const last = this.start.last;
      if (last) await this.openProject(last);
      else router.reset({ screen: "welcome" });
    } catch (error) {
      this.failed = IpcError.from(error).message;
    }
  }

  end() {
    for (const stop of this.#stop) stop();
    this.#stop = [];
    clock.stop();
  }

  async openProject(id: string) {
    this.opening = true;
    try {
      this.library = await backend.openProject(id);
      this.changes += 1;
      router.reset(this.home());
    } finally {
      this.opening = false;
    }
  }

  /** Opens a project that was just made or joined. */
  async enter(card: ProjectCard) {
    await this.openProject(card.id);
    this.start = await backend.start();
  }

  /** Where a project opens: its most recent prompt, or the empty library. */
  home() {
    const prompts = this.library?.prompts.filter((row) => !row.archived) ?? [];
    const drafts = this.library?.new_drafts ?? [];
    let latest = prompts[0];
    for (const row of prompts) if (latest && row.updated > latest.updated) latest = row;
    if (latest) return { screen: "prompt", prompt: latest.id } as const;
    if (drafts[0]) return { screen: "prompt", prompt: null, draft: drafts[0].draft } as const;
    return { screen: "prompt", prompt: null } as const;
  }

  /** Loads the library again. Calls while one is under way become one more, so a burst costs two loads. */
  refresh(): Promise<void> {
    if (this.#loading) {
      this.#again = true;
      return this.#loading;
    }
    this.#loading = this.#load().finally(() => (this.#loading = null));
    return this.#loading;
  }

  async #load() {
    do {
      this.#again = false;
      const project = this.project;
      if (!project) return;
      try {
        const library = await backend.library(project);
        if (project !== this.project) return;
        this.library = library;
        this.changes += 1;
      } catch (error) {
        notices.problem(IpcError.from(error));
        return;
      }
    } while (this.#again);
  }

  promptName(id: PromptId): string {
    return this.byId.get(id)?.name ?? "a prompt";
  }
}

export const app = new AppState();
