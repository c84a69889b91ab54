// The one file that speaks to Rust, through the generated bindings. A function here, the Tauri command and the workbench's method
// share one name (openSample = open_sample). Everything that goes wrong arrives as an IpcError.

import { listen } from "@tauri-apps/api/event";
import type * as B from "./bindings";
import { commands } from "./bindings";

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
  news: B.News;
}

export type Values = Record<string, B.Value>;
type P = B.ProjectId;
/** What a command without an answer answers: Rust says null, a backend in memory says nothing. */
type Nothing = void | null;

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
  discardDraft(project: P, draft: string): Promise<Nothing>;
  undoDiscardDraft(project: P, draft: string): Promise<B.Draft>;
  draftHistory(project: P, draft: string): Promise<B.DraftMoment[]>;
  restoreDraft(project: P, draft: string, moment: number): Promise<B.Draft>;
  check(project: P, content: B.VersionContent): Promise<B.Check>;
  preview(project: P, content: B.VersionContent, values: Values): Promise<B.Preview>;
  saveVersion(project: P, draft: string, message: string): Promise<B.VersionRow>;
  version(project: P, version: B.VersionId): Promise<B.VersionView>;
  compare(project: P, left: B.Ref, right: B.Ref): Promise<B.Comparison>;
  mergeView(project: P, prompt: B.PromptId): Promise<B.MergeView>;
  mergePreview(project: P, prompt: B.PromptId, choices: Record<number, B.Choice>): Promise<B.VersionContent>;
  mergeFinish(
    project: P,
    prompt: B.PromptId,
    choices: Record<number, B.Choice>,
    message: string,
  ): Promise<B.VersionRow>;
  renamePrompt(project: P, prompt: B.PromptId, name: string): Promise<Nothing>;
  archivePrompt(project: P, prompt: B.PromptId): Promise<Nothing>;
  restorePrompt(project: P, prompt: B.PromptId): Promise<Nothing>;
  setLabel(project: P, prompt: B.PromptId, label: string, version: B.VersionId): Promise<Nothing>;
  removeLabel(project: P, prompt: B.PromptId, label: string): Promise<Nothing>;
  redact(project: P, version: B.VersionId, reason: string): Promise<Nothing>;
  tryIt(project: P, content: B.VersionContent, values: Values, refresh: boolean): Promise<B.Tried>;
  cancelTry(): Promise<Nothing>;

  datasets(project: P): Promise<B.DatasetRow[]>;
  datasetsFor(project: P, content: B.VersionContent): Promise<B.DatasetChoice>;
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
  checkImport(project: P, text: string, format: B.DatasetFormat, mapping: B.Mapping): Promise<B.DatasetCheck>;
  checkDataset(project: P, dataset: B.DatasetId): Promise<B.DatasetCheck>;
  checkCases(cases: B.Case[]): Promise<B.DatasetCheck>;
  exportDataset(project: P, dataset: B.DatasetId, form: B.DatasetForm): Promise<B.DatasetFile>;
  /** Writes it into the folder for downloads; answers where. */
  saveDatasetFile(project: P, dataset: B.DatasetId, form: B.DatasetForm): Promise<B.SavedFile>;
  checkBeforeSharing(project: P): Promise<B.DatasetWarning[]>;
  addCase(project: P, dataset: B.DatasetId, added: B.Case): Promise<B.DatasetRow>;
  importPromptfooTexts(
    project: P,
    config: string,
    files: B.TextFile[],
    name: string | null,
    look: boolean,
  ): Promise<B.PromptfooImport>;
  keepOffline(project: P, dataset: B.DatasetId, keep: boolean): Promise<Nothing>;
  estimateRun(project: P, plan: B.RunPlan): Promise<B.Estimate>;
  startRun(project: P, plan: B.RunPlan): Promise<B.RunView>;
  runOverview(project: P, run: B.RunId, base: number): Promise<B.RunOverview>;
  runRows(project: P, run: B.RunId, query: B.MatrixQuery, offset: number, limit: number): Promise<B.MatrixPage>;
  runCase(project: P, run: B.RunId, place: number, base: number): Promise<B.OpenedCase>;
  cancelRun(project: P, run: B.RunId): Promise<Nothing>;
  resumeRun(project: P, run: B.RunId): Promise<B.RunView>;
  runs(project: P): Promise<B.RunRow[]>;
  shareRun(project: P, run: B.RunId): Promise<Nothing>;
  suite(project: P, prompt: B.PromptId): Promise<B.SuiteView>;
  setSuite(project: P, prompt: B.PromptId, draft: B.SuiteDraft, replaces: string | null): Promise<B.SuiteView>;
  gate(project: P, environment: B.EnvironmentId, version: B.Ref): Promise<B.GateView>;
  gatesOf(project: P, request: B.RequestId): Promise<B.GateView[]>;
  gatesFor(project: P, version: B.Ref): Promise<B.GateView[]>;
  planCountedRun(
    project: P,
    version: B.Ref,
    environment: B.EnvironmentId,
    beside: B.VersionId[],
  ): Promise<B.CountedPlan>;
  runWhatIsMissing(
    project: P,
    environment: B.EnvironmentId,
    runs: B.MissingRun[],
    concurrency: number,
  ): Promise<B.RunView[]>;
  askForSuite(
    project: P,
    prompt: B.PromptId,
    draft: B.SuiteDraft,
    replaces: string | null,
    reason: string,
    instead: B.RequestId | null,
  ): Promise<B.AskedFor>;
  setAskedSuite(project: P, request: B.RequestId): Promise<B.AskedFor>;
  gradeAgain(project: P, run: B.RunId): Promise<B.GradedAgain>;
  replayRequest(project: P, request: B.RequestId): Promise<B.GradedAgain[]>;
  startCountedRun(
    project: P,
    version: B.Ref,
    environment: B.EnvironmentId,
    beside: B.VersionId[],
    repeats: number,
    concurrency: number,
  ): Promise<B.RunView>;

  releases(project: P): Promise<B.ReleasesView>;
  planPromotion(project: P, from: B.EnvironmentId, to: B.EnvironmentId, prompts: B.PromptId[]): Promise<B.Plan>;
  planRelease(project: P, changes: B.BundleChange[]): Promise<B.Plan>;
  planRevert(project: P, environment: B.EnvironmentId, prompts: B.PromptId[], to: B.ReleaseId | null): Promise<B.Plan>;
  useIt(project: P, environment: B.EnvironmentId, prompt: B.PromptId): Promise<B.UseView>;
  planUndo(project: P, environment: B.EnvironmentId, release: B.ReleaseId, keep: B.PromptId[]): Promise<B.Plan>;
  compareReleases(project: P, left: B.ReleasePoint, right: B.ReleasePoint): Promise<B.ReleaseComparison>;
  carryOut(project: P, plan: string, reason: string): Promise<B.Done>;
  servedAt(project: P, environment: B.EnvironmentId, at: B.Millis): Promise<B.Served[]>;

  reviewInbox(project: P): Promise<B.ReviewInbox>;
  request(project: P, request: B.RequestId): Promise<B.RequestView>;
  reviewerChoices(project: P): Promise<B.ReviewerChoice[]>;
  requestAnswers(
    project: P,
    request: B.RequestId,
    environment: B.EnvironmentId,
    prompt: B.PromptId,
  ): Promise<B.ReviewAnswers[]>;
  previewRequest(project: P, plan: string, asking: B.Asking): Promise<B.RequestPart[]>;
  requestsToChange(project: P, plan: string): Promise<B.RequestRow[]>;
  askForRelease(project: P, plan: string, asking: B.Asking): Promise<B.AskedFor>;
  giveVerdict(
    project: P,
    request: B.RequestId,
    digest: string,
    verdict: B.VerdictKind,
    comment: string,
  ): Promise<B.AskedFor>;
  takeBackVerdict(project: P, request: B.RequestId): Promise<Nothing>;
  dismissVerdict(project: P, request: B.RequestId, person: B.PersonId, reason: string): Promise<Nothing>;
  withdrawRequest(project: P, request: B.RequestId, reason: string): Promise<Nothing>;
  renewRequest(project: P, request: B.RequestId): Promise<B.AskedFor>;
  releaseRequest(
    project: P,
    request: B.RequestId,
    seen: B.NextStep,
    reason: string,
    overrideReason: string | null,
  ): Promise<B.Done>;
  releaseWhenApproved(project: P, request: B.RequestId, digest: string, wanted: boolean): Promise<Nothing>;
  comment(
    project: P,
    on: B.CommentOn,
    quote: B.Quote | null,
    text: string,
    replyTo: B.CommentId | null,
  ): Promise<Nothing>;
  resolveComment(project: P, comment: B.CommentId): Promise<Nothing>;
  policies(project: P): Promise<B.PolicyView[]>;
  setPolicy(
    project: P,
    environment: B.EnvironmentId,
    draft: B.PolicyDraft,
    replaces: string | null,
  ): Promise<B.PolicyView>;

  activity(project: P, filter: B.ActivityFilter, before: number | null, limit: number): Promise<B.ActivityPage>;
  verify(project: P): Promise<B.Verification>;

  settings(project: P): Promise<B.Settings>;
  addEnvironment(project: P, name: string, after: B.EnvironmentId | null): Promise<Nothing>;
  planRenameEnvironment(project: P, environment: B.EnvironmentId, name: string): Promise<B.Consequences>;
  renameEnvironment(project: P, environment: B.EnvironmentId, name: string): Promise<Nothing>;
  reorderEnvironments(project: P, order: B.EnvironmentId[]): Promise<Nothing>;
  planRetireEnvironment(project: P, environment: B.EnvironmentId): Promise<B.Consequences>;
  retireEnvironment(project: P, environment: B.EnvironmentId): Promise<Nothing>;
  planDefaultEnvironment(project: P, environment: B.EnvironmentId): Promise<B.Consequences>;
  setDefaultEnvironment(project: P, environment: B.EnvironmentId): Promise<Nothing>;
  createKey(project: P, environment: B.EnvironmentId, name: string, expiresDays: number | null): Promise<B.KeyMade>;
  /** A new key in place of another; it goes to the clipboard, never through here. */
  rotateKey(project: P, key: B.KeyId, overlapDays: number, expiresDays: number | null): Promise<B.KeyMade>;
  keyUses(project: P): Promise<B.KeyUsesView>;
  revokeKey(project: P, key: B.KeyId): Promise<Nothing>;
  addComputer(project: P): Promise<string>;
  invite(project: P, role: B.PersonRole, name: string): Promise<B.Invited>;
  withdrawInvitation(project: P, invitation: B.InvitationId): Promise<Nothing>;
  setRole(project: P, person: B.PersonId, role: B.PersonRole): Promise<Nothing>;
  removePerson(project: P, person: B.PersonId): Promise<Nothing>;
  createService(project: P, name: string, owner: B.PersonId | null, rights: B.Rights): Promise<B.ServiceMade>;
  setServiceRights(project: P, service: B.PersonId, rights: B.Rights): Promise<Nothing>;
  revokeDevice(project: P, device: string): Promise<Nothing>;
  saveProvider(provider: B.ProviderSettings): Promise<B.ProviderCard>;
  removeProvider(name: string): Promise<Nothing>;
  /** The key goes from the clipboard to the keychain, never through here. Answers where it is now. */
  pasteProviderKey(name: string): Promise<string>;
  testProvider(name: string): Promise<string>;
  prices(): Promise<B.Price[]>;
  setPrice(price: B.Price): Promise<B.Price[]>;
  removePrice(provider: string, model: string): Promise<B.Price[]>;
  cache(): Promise<B.CacheView>;
  limitCache(mebibytes: number | null, days: number | null): Promise<B.CacheView>;
  clearCache(): Promise<B.CacheView>;
  webhooks(project: P): Promise<B.WebhooksView>;
  /** The secret goes to the clipboard, never through here. Answers where it is now. */
  makeWebhook(project: P, draft: B.WebhookDraft): Promise<B.WebhookMade>;
  changeWebhook(project: P, webhook: string, draft: B.WebhookDraft): Promise<B.WebhookRow>;
  switchWebhook(project: P, webhook: string, on: boolean): Promise<B.WebhookRow>;
  rotateWebhook(project: P, webhook: string): Promise<B.WebhookMade>;
  removeWebhook(project: P, webhook: string): Promise<Nothing>;
  testWebhook(project: P, webhook: string): Promise<B.DeliveryRow>;
  webhookLog(project: P, webhook: string, before: string | null): Promise<B.DeliveryLog>;
  replayWebhook(project: P, webhook: string, delivery: string): Promise<B.DeliveryRow>;
  shareProject(project: P, address: string, invitation: string): Promise<B.ProjectCard>;

  syncState(project: P): Promise<B.SyncState>;
  syncNow(project: P): Promise<B.SyncState>;
  cancelSync(project: P): Promise<Nothing>;
  outbox(project: P): Promise<B.OutboxRow[]>;
  settle(project: P, command: B.CommandId, how: B.Settle): Promise<Nothing>;

  /** Listens until the answer is called. */
  on<E extends keyof Events>(event: E, hear: (payload: Events[E]) => void): Promise<() => void>;
}

// The generated commands, each with its failure turned into an IpcError. The type is the check that
// what the screens ask for is what Rust offers.
const generated: Omit<Backend, "on"> = commands;

function tauri(): Backend {
  const calls = Object.entries(generated).map(([name, call]) => [
    name,
    async (...given: never[]) => {
      try {
        return await (call as (...given: never[]) => Promise<unknown>)(...given);
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
