// The one file that speaks to Rust. A function here, the Tauri command and the workbench's method
// share one name (openSample = open_sample). Everything that goes wrong arrives as an IpcError.

import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type * as B from "./bindings";

/** What Rust answers when it refuses or fails: a message for people, a code where a reader branches on it. */
export class IpcError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly details: unknown = null,
  ) {
    super(message);
    this.name = "IpcError";
  }

  static from(error: unknown): IpcError {
    if (error instanceof IpcError) return error;
    if (typeof error === "object" && error !== null && "message" in error) {
      const { code, message, details } = error as { code?: unknown; message: unknown; details?: unknown };
      return new IpcError(typeof code === "string" ? code : "unexpected", String(message), details ?? null);
    }
    return new IpcError("unexpected", typeof error === "string" ? error : "Something unexpected went wrong.");
  }
}

/** What Rust says without being asked. */
export interface Events {
  project_changed: B.ProjectChanged;
  sync_changed: B.SyncChanged;
  run_progress: B.RunProgressed;
  answer_chunk: B.AnswerChunk;
  notice: B.Notice;
}

export type Values = Record<string, B.Value>;
type P = B.ProjectId;

/** Everything a person can do. The real one is `tauri` below; `mock/` has one for looks and tests. */
export interface Backend {
  start(): Promise<B.Start>;
  openSample(): Promise<B.ProjectCard>;
  createProject(name: string, person: string): Promise<B.ProjectCard>;
  joinTeam(address: string, invitation: string, person: string, projectName: string | null): Promise<B.ProjectCard>;
  openProject(project: P): Promise<B.Library>;

  library(project: P): Promise<B.Library>;
  search(project: P, text: string): Promise<B.Hit[]>;

  prompt(project: P, prompt: B.PromptId): Promise<B.PromptView>;
  openDraft(project: P, prompt: B.PromptId, from: B.VersionId | null): Promise<B.Draft>;
  draft(project: P, draft: string): Promise<B.Draft>;
  newDraft(project: P, name: string, kind: B.Kind): Promise<B.Draft>;
  saveDraft(
    project: P,
    draft: string,
    content: B.VersionContent,
    name: string | null,
    message: string | null,
  ): Promise<B.DraftSaved>;
  discardDraft(project: P, draft: string): Promise<void>;
  undoDiscardDraft(project: P, draft: string): Promise<B.Draft>;
  draftHistory(project: P, draft: string): Promise<B.DraftMoment[]>;
  restoreDraft(project: P, draft: string, moment: number): Promise<B.Draft>;
  check(project: P, content: B.VersionContent): Promise<B.Check>;
  preview(project: P, content: B.VersionContent, values: Values): Promise<B.Preview>;
  saveVersion(project: P, draft: string, message: string): Promise<B.VersionRow>;
  version(project: P, version: B.VersionId): Promise<B.VersionView>;
  compare(project: P, left: B.Ref, right: B.Ref): Promise<B.Comparison>;
  mergeView(project: P, prompt: B.PromptId): Promise<B.MergeView>;
  mergeFinish(
    project: P,
    prompt: B.PromptId,
    choices: Record<number, B.Choice>,
    message: string,
  ): Promise<B.VersionRow>;
  renamePrompt(project: P, prompt: B.PromptId, name: string): Promise<void>;
  archivePrompt(project: P, prompt: B.PromptId): Promise<void>;
  restorePrompt(project: P, prompt: B.PromptId): Promise<void>;
  setLabel(project: P, prompt: B.PromptId, label: string, version: B.VersionId): Promise<void>;
  removeLabel(project: P, prompt: B.PromptId, label: string): Promise<void>;
  redact(project: P, version: B.VersionId, reason: string): Promise<void>;
  tryIt(project: P, content: B.VersionContent, values: Values, refresh: boolean): Promise<B.Tried>;
  cancelTry(): Promise<void>;

  datasets(project: P): Promise<B.DatasetRow[]>;
  dataset(project: P, dataset: B.DatasetId): Promise<B.DatasetView>;
  readDataset(project: P, text: string, format: B.DatasetFormat): Promise<B.Reading>;
  saveDataset(project: P, dataset: B.DatasetId | null, name: string, cases: B.Case[]): Promise<B.DatasetRow>;
  importDataset(
    project: P,
    name: string,
    text: string,
    format: B.DatasetFormat,
    mapping: B.Mapping,
  ): Promise<B.DatasetRow>;
  keepOffline(project: P, dataset: B.DatasetId, keep: boolean): Promise<void>;
  estimateRun(project: P, plan: B.RunPlan): Promise<B.Estimate>;
  startRun(project: P, plan: B.RunPlan): Promise<B.RunView>;
  run(project: P, run: B.RunId): Promise<B.RunView>;
  cancelRun(project: P, run: B.RunId): Promise<void>;
  runs(project: P): Promise<B.RunRow[]>;
  shareRun(project: P, run: B.RunId): Promise<void>;

  releases(project: P): Promise<B.ReleasesView>;
  planPromotion(project: P, from: B.EnvironmentId, to: B.EnvironmentId, prompts: B.PromptId[]): Promise<B.Plan>;
  planRelease(project: P, changes: B.BundleChange[]): Promise<B.Plan>;
  planRevert(project: P, environment: B.EnvironmentId, prompts: B.PromptId[], to: B.ReleaseId | null): Promise<B.Plan>;
  carryOut(project: P, plan: string, reason: string): Promise<B.Done>;
  servedAt(project: P, environment: B.EnvironmentId, at: B.Millis): Promise<B.Served[]>;

  activity(project: P, filter: B.ActivityFilter, before: number | null, limit: number): Promise<B.ActivityPage>;
  verify(project: P): Promise<B.Verification>;

  settings(project: P): Promise<B.Settings>;
  addEnvironment(project: P, name: string, after: B.EnvironmentId | null): Promise<void>;
  planRenameEnvironment(project: P, environment: B.EnvironmentId, name: string): Promise<B.Consequences>;
  renameEnvironment(project: P, environment: B.EnvironmentId, name: string): Promise<void>;
  reorderEnvironments(project: P, order: B.EnvironmentId[]): Promise<void>;
  planRetireEnvironment(project: P, environment: B.EnvironmentId): Promise<B.Consequences>;
  retireEnvironment(project: P, environment: B.EnvironmentId): Promise<void>;
  planDefaultEnvironment(project: P, environment: B.EnvironmentId): Promise<B.Consequences>;
  setDefaultEnvironment(project: P, environment: B.EnvironmentId): Promise<void>;
  createKey(project: P, environment: B.EnvironmentId, name: string, expiresDays: number | null): Promise<B.KeyMade>;
  revokeKey(project: P, key: B.KeyId): Promise<void>;
  invite(project: P, role: B.PersonRole, name: string): Promise<B.Invited>;
  withdrawInvitation(project: P, invitation: B.InvitationId): Promise<void>;
  setRole(project: P, person: B.PersonId, role: B.PersonRole): Promise<void>;
  removePerson(project: P, person: B.PersonId): Promise<void>;
  revokeDevice(project: P, device: string): Promise<void>;
  saveProvider(provider: B.ProviderSettings): Promise<B.ProviderCard>;
  removeProvider(name: string): Promise<void>;
  /** The key goes to the keychain; nothing ever brings it back here. */
  setProviderKey(name: string, key: string): Promise<void>;
  pasteProviderKey(name: string): Promise<void>;
  testProvider(name: string): Promise<string>;
  shareProject(project: P, address: string, invitation: string): Promise<B.ProjectCard>;

  syncState(project: P): Promise<B.SyncState>;
  syncNow(project: P): Promise<B.SyncState>;
  cancelSync(project: P): Promise<void>;
  outbox(project: P): Promise<B.OutboxRow[]>;
  settle(project: P, command: B.CommandId, how: B.Settle): Promise<void>;

  /** Listens until the answer is called. */
  on<E extends keyof Events>(event: E, hear: (payload: Events[E]) => void): Promise<() => void>;
}

// The names of a function's arguments, in order: what Tauri passes to the command of that name.
const commands = {
  start: [],
  openSample: [],
  createProject: ["name", "person"],
  joinTeam: ["address", "invitation", "person", "projectName"],
  openProject: ["project"],
  library: ["project"],
  search: ["project", "text"],
  prompt: ["project", "prompt"],
  openDraft: ["project", "prompt", "from"],
  draft: ["project", "draft"],
  newDraft: ["project", "name", "kind"],
  saveDraft: ["project", "draft", "content", "name", "message"],
  discardDraft: ["project", "draft"],
  undoDiscardDraft: ["project", "draft"],
  draftHistory: ["project", "draft"],
  restoreDraft: ["project", "draft", "moment"],
  check: ["project", "content"],
  preview: ["project", "content", "values"],
  saveVersion: ["project", "draft", "message"],
  version: ["project", "version"],
  compare: ["project", "left", "right"],
  mergeView: ["project", "prompt"],
  mergeFinish: ["project", "prompt", "choices", "message"],
  renamePrompt: ["project", "prompt", "name"],
  archivePrompt: ["project", "prompt"],
  restorePrompt: ["project", "prompt"],
  setLabel: ["project", "prompt", "label", "version"],
  removeLabel: ["project", "prompt", "label"],
  redact: ["project", "version", "reason"],
  tryIt: ["project", "content", "values", "refresh"],
  cancelTry: [],
  datasets: ["project"],
  dataset: ["project", "dataset"],
  readDataset: ["project", "text", "format"],
  saveDataset: ["project", "dataset", "name", "cases"],
  importDataset: ["project", "name", "text", "format", "mapping"],
  keepOffline: ["project", "dataset", "keep"],
  estimateRun: ["project", "plan"],
  startRun: ["project", "plan"],
  run: ["project", "run"],
  cancelRun: ["project", "run"],
  runs: ["project"],
  shareRun: ["project", "run"],
  releases: ["project"],
  planPromotion: ["project", "from", "to", "prompts"],
  planRelease: ["project", "changes"],
  planRevert: ["project", "environment", "prompts", "to"],
  carryOut: ["project", "plan", "reason"],
  servedAt: ["project", "environment", "at"],
  activity: ["project", "filter", "before", "limit"],
  verify: ["project"],
  settings: ["project"],
  addEnvironment: ["project", "name", "after"],
  planRenameEnvironment: ["project", "environment", "name"],
  renameEnvironment: ["project", "environment", "name"],
  reorderEnvironments: ["project", "environments"],
  planRetireEnvironment: ["project", "environment"],
  retireEnvironment: ["project", "environment"],
  planDefaultEnvironment: ["project", "environment"],
  setDefaultEnvironment: ["project", "environment"],
  createKey: ["project", "environment", "name", "expiresDays"],
  revokeKey: ["project", "key"],
  invite: ["project", "role", "name"],
  withdrawInvitation: ["project", "invitation"],
  setRole: ["project", "person", "role"],
  removePerson: ["project", "person"],
  revokeDevice: ["project", "device"],
  saveProvider: ["provider"],
  removeProvider: ["name"],
  setProviderKey: ["name", "key"],
  pasteProviderKey: ["name"],
  testProvider: ["name"],
  shareProject: ["project", "address", "invitation"],
  syncState: ["project"],
  syncNow: ["project"],
  cancelSync: ["project"],
  outbox: ["project"],
  settle: ["project", "command", "how"],
} as const satisfies Record<Exclude<keyof Backend, "on">, readonly string[]>;

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function tauri(): Backend {
  const calls = Object.entries(commands).map(([name, args]) => [
    name,
    async (...given: unknown[]) => {
      try {
        return await invoke(snake(name), Object.fromEntries(args.map((arg, index) => [arg, given[index]])));
      } catch (error) {
        throw IpcError.from(error);
      }
    },
  ]);
  return {
    ...(Object.fromEntries(calls) as Omit<Backend, "on">),
    on: (event, hear) => listen(event, (message) => hear(message.payload as never)),
  };
}

/** The one in use. A mutable binding, because looks and tests bring their own. */
export let backend: Backend = tauri();

export function useBackend(other: Backend) {
  backend = other;
}
