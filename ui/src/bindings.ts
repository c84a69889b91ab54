// Generated from the Rust view types. Do not edit by hand.
export type ActivityFilter = {
	text: string,
	kind: ActivityKind | null,
	person: PersonId | null,
};
export type ActivityKind =
"version" |
"release" |
"prompt" |
"evals" |
"people" |
"environments" |
"keys" |
"project";
export type ActivityPage = {
	entries: ActivityRow[],
	more: boolean,
};
export type ActivityRow = {
	seq: number | null,
	at: Millis,
	by: string,
	words: string,
	kind: ActivityKind,
	reason: string | null,
	prompt: PromptId | null,
	state: State,
};
export type AnswerChunk = {
	text: string,
};
export type BundleChange = {
	environment: EnvironmentId,
	prompt: PromptId,
	sides: BundleSide[],
};
export type BundleSide = {
	version: VersionId,
	weight: number,
};
export type Case = {
	id: string,
	inputs?: { [key in string]: Value },
	expected?: Value | null,
	tags?: string[],
	note?: string,
};
export type Changed = {
	summary: string,
	any: boolean,
	diff: ContentDiff | null,
};
export type Check = {
	problems: Problem[],
	uses: Uses,
	tokens: number[],
	tokens_note: string,
};
export type Choice =
{ pick: "ours" } |
{ pick: "theirs" } |
{ pick: "both" } |
{ pick: "text";
text: string };
export type CommandId = string;
export type ComparedAnswer = {
	case: number,
	input_text: string,
	expected: string | null,
	left: string | null,
	right: string | null,
	left_pass: boolean | null,
	right_pass: boolean | null,
};
export type ComparedSide = {
	label: string,
	by: string,
	at: Millis | null,
};
export type Comparison = {
	left: ComparedSide,
	right: ComparedSide,
	summary: string,
	diff: ContentDiff,
	answers: ComparedAnswer[],
	answers_note: string,
};
export type Conflict = {
	id: number,
	place: Place,
	label: string,
	question: string,
	base: string | null,
	ours: string | null,
	theirs: string | null,
	default: Default,
	both: boolean,
};
export type Consequences = {
	words: string[],
};
export type ContentDiff = {
	summary: string,
	equal: boolean,
	messages: MessageDiff[],
	settings: SettingRow[],
	detail: Detail,
};
export type Counts = {
	added: number,
	removed: number,
	changed: number,
	rewritten: number,
	moved: number,
};
export type DatasetFormat =
"csv" |
"jsonl" |
"auto";
export type DatasetId = string;
export type DatasetRow = {
	id: DatasetId,
	name: string,
	cases: number,
	by: string,
	at: Millis,
	state: State,
	keep_offline: boolean,
	here: boolean,
};
export type DatasetView = {
	row: DatasetRow,
	inputs: string[],
	cases: Case[],
	attribution: string | null,
};
export type Default =
"ours" |
"theirs";
export type Detail =
"words" |
"sentences";
export type DeviceRow = {
	id: string,
	name: string,
	this: boolean,
	since: Millis,
	revoked: boolean,
};
export type Done = {
	words: string,
	release: ReleaseId,
	state: DoneState,
};
export type DoneState =
"in_registry" |
"outbox";
export type Draft = {
	id: string,
	prompt: PromptId | null,
	name: string,
	base: VersionId | null,
	base_number: number | null,
	content: VersionContent,
	saved_at: Millis,
	message: string,
	changed: Changed,
};
export type DraftMoment = {
	id: number,
	at: Millis,
	summary: string,
};
export type DraftSaved = {
	at: Millis,
	check: Check,
	changed: Changed,
};
export type EnvironmentCard = {
	id: EnvironmentId,
	name: string,
	position: number,
	is_default: boolean,
	retired: boolean,
};
export type EnvironmentId = string;
export type Estimate = {
	calls: number,
	cached: number,
	note: string,
	can_start: boolean,
};
export type Grader =
{ type: "exact";
expected?: Value | null;
field?: string | null;
trim?: boolean;
ignore_case?: boolean } |
{ type: "contains";
all?: string[];
any?: string[];
none?: string[];
ignore_case?: boolean } |
{ type: "regex";
pattern: string;
ignore_case?: boolean;
absent?: boolean } |
{ type: "json_schema";
schema: Value };
export type Hit = {
	prompt: PromptId | null,
	draft: string | null,
	name: string,
	version: VersionId | null,
	number: number | null,
	where: HitPlace,
	snippet: SnippetPart[],
};
export type HitPlace =
"name" |
"text" |
"message" |
"draft";
export type IncludePin = {
	name: string,
	digest: string,
	prompt: PromptId | null,
	number: number | null,
};
export type IncludeUse = {
	place: string,
	from: number,
	to: number,
	name: string,
	prompt: PromptId | null,
	number: number | null,
};
export type Input = {
	name: string,
	type: InputKind,
	required?: boolean,
	default?: Value | null,
	description?: string,
	from?: PromptId | null,
};
export type InputKind =
"text" |
"number" |
"boolean" |
"list" |
"object";
export type InputUse = {
	place: string,
	from: number,
	to: number,
	name: string,
	known: boolean,
};
export type InvitationId = string;
export type InvitationRow = {
	id: InvitationId,
	name: string,
	role: PersonRole,
	by: string,
	at: Millis,
	expires: Millis | null,
	state: State,
};
export type Invited = {
	id: InvitationId,
	words: string,
};
export type KeptText = {
	label: string,
	text: string,
};
export type KeyId = string;
export type KeyKind =
"environment" |
"personal" |
"service";
export type KeyMade = {
	id: KeyId,
	words: string,
};
export type KeyRow = {
	id: KeyId,
	kind: KeyKind,
	name: string,
	environment: EnvironmentId | null,
	environment_name: string | null,
	by: string,
	at: Millis,
	expires: Millis | null,
	revoked: boolean,
	old: boolean,
};
export type KeyState =
"none" |
"in_keychain" |
"not_needed";
export type Keychain = {
	available: boolean,
	message: string,
};
export type Kind =
"text" |
"chat";
export type LabelRow = {
	label: string,
	version: VersionId,
	number: number | null,
};
export type Library = {
	project: ProjectCard,
	environments: EnvironmentCard[],
	prompts: PromptRow[],
	new_drafts: NewDraft[],
	sync: SyncState,
	me: Me,
	problems: number,
};
export type LineProblem = {
	line: number,
	column: string | null,
	message: string,
};
export type Mapping = {
	inputs: { [key in string]: string },
	expected: string | null,
};
export type Mark =
"same" |
"cut" |
"added" |
"moved" |
"moved_away" |
"spacing";
export type Me = {
	person: PersonId,
	name: string,
	role: PersonRole,
};
export type MergeChoice = {
	conflict: number,
	choice: Choice,
};
export type MergeView = {
	ours: VersionRow,
	theirs: VersionRow,
	base: VersionRow | null,
	content: VersionContent,
	conflicts: Conflict[],
	notes: string[],
	message: string,
};
export type Message =
{
	type: "message",
} & {
	role: Role,
	text: string,
} & { [key in string]: Value } |
{ type: "placeholder";
name: string };
export type MessageDiff = {
	label: string,
	state: MessageState,
	moved: boolean,
	old: MessageSide | null,
	new: MessageSide | null,
	text: TextDiff,
	counts: Counts,
	detail: Detail,
};
export type MessageSide = {
	index: number,
	role: Role | null,
	placeholder: string | null,
};
export type MessageState =
"same" |
"spacing" |
"changed" |
"added" |
"removed";
export type Millis = number;
export type ModelOverride = {
	provider: string,
	model: string,
};
export type ModelSettings = {
	provider: string,
	model: string,
	parameters?: { [key in string]: Value },
};
export type NewDraft = {
	draft: string,
	name: string,
	updated: Millis,
};
export type Notice = {
	words: string,
};
export type OutboxRow = {
	command: CommandId,
	words: string,
	at: Millis,
	state: OutboxState,
	refusal: string | null,
	kept: KeptText[],
	can: Settle[],
	prompt: PromptId | null,
};
export type OutboxState =
"waiting" |
"refused" |
"needs_asking";
export type PersonId = string;
export type PersonRole =
"author" |
"admin";
export type PersonRow = {
	id: PersonId,
	name: string,
	role: PersonRole,
	devices: DeviceRow[],
	removed: boolean,
};
export type Place =
{ type: "text";
message: number } |
{ type: "messages";
message: number } |
{ type: "role";
message: number } |
{ type: "setting";
path: string[] };
export type Plan = {
	id: string,
	title: string,
	action: string,
	changes: PlanChange[],
	also_undoes: string[],
	warnings: string[],
	reason: string,
	offline_words: string | null,
	kind: ReleaseKind,
};
export type PlanChange = {
	prompt: PromptId,
	name: string,
	environment: EnvironmentId,
	environment_name: string,
	before: string,
	after: string,
	summary: string,
	diff: ContentDiff | null,
};
export type Preview = {
	messages: PreviewMessage[],
	problems: Problem[],
};
export type PreviewMessage =
{ type: "message";
role: Role;
text: string } |
{ type: "placeholder";
name: string };
export type Problem = {
	place: string,
	line: number,
	column: number,
	from: number,
	to: number,
	code: string,
	message: string,
};
export type ProjectCard = {
	id: ProjectId,
	name: string,
	place: ProjectPlace,
	person: string,
	unsent: number,
	default: boolean,
	sample: boolean,
};
export type ProjectChanged = {
	project: ProjectId,
};
export type ProjectId = string;
export type ProjectPlace =
{ type: "this_computer" } |
{ type: "registry";
address: string };
export type PromptId = string;
export type PromptLink = {
	prompt: PromptId,
	name: string,
};
export type PromptRow = {
	id: PromptId,
	name: string,
	kind: Kind,
	state: State,
	has_draft: boolean,
	draft: string | null,
	unsent: boolean,
	archived: boolean,
	diverged: boolean,
	stages: Stage[],
	differs: string | null,
	updated: Millis,
};
export type PromptView = {
	id: PromptId,
	name: string,
	kind: Kind,
	state: State,
	archived: boolean,
	stages: TrackStage[],
	versions: VersionRow[],
	heads: VersionId[],
	diverged: boolean,
	draft: Draft | null,
	included_by: PromptLink[],
	feeds: PromptLink[],
	labels: LabelRow[],
};
export type ProviderCard = {
	name: string,
	kind: ProviderKind,
	address: string,
	model: string,
	key: KeyState,
	origin: string,
	purpose: Purpose,
	used_words: string,
};
export type ProviderKind =
"openai" |
"anthropic";
export type ProviderSettings = {
	name: string,
	kind: ProviderKind,
	address: string,
	model: string,
	purpose?: Purpose,
};
export type Purpose =
"trying" |
"ci" |
"production";
export type Reading = {
	format: DatasetFormat,
	columns: string[],
	suggested: Mapping,
	preview: string[][],
	rows: number,
	problems: LineProblem[],
};
export type Ref =
{ type: "version";
version: VersionId } |
{ type: "draft";
draft: string } |
{ type: "environment";
environment: EnvironmentId;
prompt: PromptId };
export type RegistryCard = {
	place: ProjectPlace,
	address: string | null,
	state: string,
};
export type ReleaseChange = {
	prompt: PromptId,
	name: string,
	before: string,
	after: string,
};
export type ReleaseId = string;
export type ReleaseKind =
"release" |
"promotion" |
"revert";
export type ReleaseRow = {
	id: ReleaseId,
	environment: EnvironmentId,
	at: Millis,
	by: string,
	reason: string,
	what: string,
	kind: ReleaseKind,
	changes: ReleaseChange[],
	current: boolean,
	reverted: boolean,
	can_return: boolean,
	state: ReleaseState,
};
export type ReleaseState =
"waiting" |
"in_registry";
export type ReleasesRow = {
	prompt: PromptId,
	name: string,
	cells: TrackStage[],
	versions: VersionChoice[],
};
export type ReleasesView = {
	environments: EnvironmentCard[],
	rows: ReleasesRow[],
	history: ReleaseRow[],
};
export type ResultCell = {
	answer: string,
	pass: boolean | null,
	score: number | null,
	reason: string,
	from_cache: boolean,
	error: string | null,
	latency_ms: number,
};
export type ResultRow = {
	case: number,
	input_text: string,
	expected: string | null,
	cells: (ResultCell | null)[],
	differs: boolean,
};
export type Role =
"system" |
"developer" |
"user" |
"assistant" |
"tool";
export type RunColumn = {
	ref: Ref,
	label: string,
	passed: number,
	total: number,
	cost_note: string,
	tokens: number,
	time_ms: number,
};
export type RunId = string;
export type RunPlan = {
	versions: Ref[],
	dataset: DatasetId,
	graders: Grader[],
	override: ModelOverride | null,
	concurrency: number,
};
export type RunProgress = {
	done: number,
	total: number,
	from_cache: number,
	calls: number,
	failed: number,
};
export type RunProgressed = {
	project: ProjectId,
	run: RunId,
	progress: RunProgress,
};
export type RunRow = {
	id: RunId,
	title: string,
	at: Millis,
	by: string,
	state: RunState,
	words: string,
	shared: State | null,
};
export type RunState =
"running" |
"done" |
"cancelled" |
"failed";
export type RunView = {
	id: RunId,
	title: string,
	state: RunState,
	progress: RunProgress,
	columns: RunColumn[],
	rows: ResultRow[],
	summary: string,
	error: string | null,
	shared: State | null,
};
export type Segment = {
	text: string,
	mark: Mark,
	pair: number | null,
	tag: boolean,
};
export type Served = {
	prompt: PromptId,
	name: string,
	sides: StageSide[],
	release: ReleaseId,
	by: string,
	since: Millis,
};
export type SettingChange =
"added" |
"removed" |
"changed" |
"renamed";
export type SettingGroup =
"kind" |
"model" |
"parameter" |
"input" |
"tool" |
"schema" |
"include" |
"other";
export type SettingRow = {
	group: SettingGroup,
	name: string,
	field: string | null,
	change: SettingChange,
	old: string | null,
	new: string | null,
	words: TextDiff | null,
};
export type Settings = {
	registry: RegistryCard,
	me: Me,
	people: PersonRow[],
	invitations: InvitationRow[],
	environments: EnvironmentCard[],
	keys: KeyRow[],
	providers: ProviderCard[],
	keychain: Keychain,
	limits: string[],
};
export type Settle =
"again" |
"drop" |
"keep_as_draft";
export type SnippetPart = {
	text: string,
	hit: boolean,
};
export type Stage = {
	environment: EnvironmentId,
	sides: StageSide[],
	since: Millis | null,
	by: string | null,
	ahead_of_next: number,
};
export type StageSide = {
	version: VersionId,
	number: number | null,
	weight: number,
};
export type Start = {
	projects: ProjectCard[],
	last: ProjectId | null,
	keychain: Keychain,
	app_version: string,
	sample_available: boolean,
};
export type State =
"draft" |
"saved" |
"outbox" |
"registry" |
"live";
export type SyncChanged = {
	project: ProjectId,
	state: SyncState,
};
export type SyncKind =
"in_step" |
"syncing" |
"offline" |
"problem" |
"on_this_computer";
export type SyncProgress = {
	done: number,
	total: number,
	words: string,
};
export type SyncState = {
	words: string,
	kind: SyncKind,
	since: Millis | null,
	outbox: number,
	refused: number,
	progress: SyncProgress | null,
	verified_to: number,
	head: number,
};
export type TextDiff = {
	old: Segment[],
	new: Segment[],
	inline: Segment[],
};
export type Tool = {
	name: string,
	description?: string,
	schema?: Value,
};
export type TrackStage = {
	environment: EnvironmentId,
	name: string,
	sides: StageSide[],
	since: Millis | null,
	by: string | null,
	reason: string | null,
	ahead_of_next: number,
	ahead_words: string,
	can_promote_to: EnvironmentId | null,
	can_revert_to: ReleaseId | null,
	waiting: boolean,
};
export type Tried = {
	answer: string,
	from_cache: boolean,
	source: string,
	latency_ms: number,
	tokens_in: number | null,
	tokens_out: number | null,
	model: string,
};
export type Uses = {
	inputs: InputUse[],
	includes: IncludeUse[],
};
export type Value = null | boolean | number | string | Value[] | { [key in string]: Value };
export type Verification = {
	good: boolean,
	words: string,
	checked: number,
	first_bad: number | null,
};
export type VersionChoice = {
	version: VersionId,
	label: string,
	message: string,
};
export type VersionContent = {
	kind: Kind,
	messages: Message[],
	inputs?: Input[],
	model?: ModelSettings | null,
	tools?: Tool[],
	response_schema?: Value | null,
	includes?: { [key in string]: string },
};
export type VersionId = string;
export type VersionRow = {
	id: VersionId,
	prompt: PromptId,
	number: number | null,
	short: string,
	by: string,
	at: Millis,
	message: string,
	parents: VersionId[],
	is_head: boolean,
	labels: string[],
	live_in: string[],
	state: State,
	summary_since_parent: string | null,
	redacted: boolean,
};
export type VersionView = {
	row: VersionRow,
	content: VersionContent,
	includes: IncludePin[],
	redacted: boolean,
};

