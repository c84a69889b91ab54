//! Requests: what is asked, what stands in the way, who said what; and policies.

use super::{ComparedAnswer, PlanChange, ReleaseState};
use domain::contract::BreakKind;
use domain::ledger::{CommentOn, Quote, Reviewer, VerdictKind};
use domain::permissions::Role;
use domain::{
    CommentId, Digest, EnvironmentId, Millis, PersonId, PromptId, ReleaseId, RequestId, RunId,
    VersionId,
};
use serde::{Deserialize, Serialize};

/// The Review screen's list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ReviewInbox {
    /// Requests that wait for this person's verdict, the newest first.
    pub waiting: Vec<RequestRow>,
    /// This person's own open requests.
    pub mine: Vec<RequestRow>,
    /// All other open requests.
    pub others: Vec<RequestRow>,
    /// Those that are over, the newest first; at most 100.
    pub ended: Vec<RequestRow>,
}

/// Where a request has got to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// Something is still missing.
    Waiting,
    /// A reviewer asked for changes.
    ChangesAsked,
    /// What it replaces has moved: it must be renewed.
    Stale,
    /// At least one part may be released now.
    Ready,
    /// All of it is released.
    Released,
    /// It was taken back.
    Withdrawn,
}

/// One request in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct RequestRow {
    /// Which.
    pub id: RequestId,
    /// "support/triage v9 to production".
    pub title: String,
    /// Who asked.
    pub by: String,
    /// When it was opened.
    pub at: Millis,
    /// Why, in the words of whoever asked.
    pub reason: String,
    /// Where it has got to.
    pub state: RequestState,
    /// The same in a few words ("production waits for 1 approval").
    pub words: String,
    /// Whether it, or a change to it, still waits in the outbox.
    pub unsent: bool,
}

/// One request with all its evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct RequestView {
    /// The request as a list shows it.
    pub row: RequestRow,
    /// The digest of exactly what would be recorded: what a verdict must name.
    pub digest: Digest,
    /// Whether it is the person here who asked.
    pub mine: bool,
    /// One part for each environment; none where it asks for a suite.
    pub parts: Vec<RequestPart>,
    /// The suite that it asks for, if it asks for one.
    pub suite: Option<super::SuiteAsked>,
    /// Who is asked, by name or role; empty: every reviewer.
    pub reviewers: Vec<String>,
    /// All verdicts, the newest first.
    pub verdicts: Vec<VerdictRow>,
    /// What was said, oldest first.
    pub comments: Vec<CommentRow>,
    /// How it came to what it asks now: one line for each change of it, oldest first.
    pub history: Vec<String>,
    /// Who wrote something of it, each with the version that says so.
    pub authors: Vec<String>,
    /// What the person here can do with it.
    pub can: RequestCan,
    /// What happens when the registry can't be reached; none when it can.
    pub offline_words: Option<String>,
    /// Whether this computer releases it as soon as it is approved.
    pub ordered: bool,
}

/// What the person at this computer can do with a request; each with why not, if not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct RequestCan {
    /// Why no verdict can be given; none when one can.
    pub no_verdict: Option<String>,
    /// What to know before approving, though one can: "you wrote v9, so this approval does not count".
    pub verdict_note: Option<String>,
    /// Whether the person's own verdict stands and can be taken back.
    pub take_back: bool,
    /// Whether it can be withdrawn.
    pub withdraw: bool,
    /// Whether it can be renewed: what it replaces has moved.
    pub renew: bool,
    /// Whether the suite that it asks for may be set now, by this person.
    pub set_suite: bool,
    /// Environments whose next step this person may release now.
    pub release: Vec<EnvironmentId>,
    /// Whether this person may release something of it that still waits: then it can be released
    /// as soon as it is approved.
    pub order: bool,
    /// Environments where only an override helps, and this person may give one.
    pub override_in: Vec<EnvironmentId>,
}

/// One step of a request as somebody saw it, in the environments where it is to go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct NextStep {
    /// The digest of what the request asked.
    pub digest: Digest,
    /// Which step, counted from 1: the same in all of them.
    pub step: u32,
    /// Where.
    pub environments: Vec<EnvironmentId>,
}

/// What a request asks of one environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct RequestPart {
    /// Where.
    pub environment: EnvironmentId,
    /// Its name.
    pub name: String,
    /// How many steps there are.
    pub steps: u32,
    /// How many were released.
    pub done: u32,
    /// Every step in words, in order: "support/triage v8 90 % · v9 10 %".
    pub step_words: Vec<String>,
    /// What the next step changes, prompt by prompt; of a part that is done, nothing.
    pub changes: Vec<PlanChange>,
    /// What is missing, in sentences that say what to do.
    pub missing: Vec<String>,
    /// Whether the next step may be released.
    pub may_go: bool,
    /// How many approvals the policy asks for.
    pub approvals_needed: u32,
    /// Whose approvals count.
    pub approvals: Vec<String>,
    /// What the policy asks for, one line each.
    pub policy: Vec<String>,
    /// What the gates say that open, in words: those that don't are missing.
    pub verdicts: Vec<String>,
    /// The runs by which gates are judged.
    pub evidence: Vec<EvidenceRow>,
    /// What applications that call as they do today would stumble over.
    pub breaks: Vec<BreakRow>,
    /// The releases made under it.
    pub released: Vec<ReleaseId>,
}

/// One run that a gate looks at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct EvidenceRow {
    /// Which.
    pub run: RunId,
    /// "support/triage v9 over Messages: 60 of 64 passed, by Ben".
    pub words: String,
}

/// What is served and what is proposed, over the same cases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ReviewAnswers {
    /// Over which dataset.
    pub dataset: String,
    /// What answered before ("support/triage v8 with gpt-5-mini, by Ben"); none if it was not run.
    pub before: Option<String>,
    /// What answers now.
    pub after: String,
    /// "12 of 14 passed before, 13 of 14 now: 0 cases got worse, 1 got better, 4 answered otherwise".
    pub words: String,
    /// Case by case: what got worse first, then what got better, then what reads otherwise.
    pub rows: Vec<ComparedAnswer>,
    /// How many more cases there are.
    pub left_out: u32,
}

/// One thing that applications would stumble over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct BreakRow {
    /// Of which prompt.
    pub prompt: PromptId,
    /// The input.
    pub input: String,
    /// What about it.
    pub kind: BreakKind,
    /// "support/triage: the input {language} is now required".
    pub words: String,
    /// Why that is safe, as whoever asked says; none: nobody has said it.
    pub note: Option<String>,
}

/// One verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct VerdictRow {
    /// Who.
    pub person: PersonId,
    /// What they are called.
    pub by: String,
    /// When it arrived.
    pub at: Millis,
    /// What it says.
    pub kind: VerdictKind,
    /// What they said to it.
    pub comment: String,
    /// Whether it counts somewhere.
    pub counts: bool,
    /// Why it does not count, if it doesn't.
    pub void: Vec<String>,
    /// Whether the person here may dismiss it.
    pub can_dismiss: bool,
    /// Where it has got to.
    pub state: ReleaseState,
}

/// One comment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct CommentRow {
    /// Which.
    pub id: CommentId,
    /// To what it was said.
    pub on: CommentOn,
    /// Who.
    pub by: String,
    /// When.
    pub at: Millis,
    /// The text; empty where it was redacted.
    pub text: String,
    /// The words that it is about.
    pub quote: Option<QuotedWords>,
    /// The comment that it answers.
    pub reply_to: Option<CommentId>,
    /// Who settled it.
    pub resolved_by: Option<String>,
    /// Whether the person here may settle it.
    pub can_resolve: bool,
    /// Whether it still waits in the outbox.
    pub unsent: bool,
}

/// Words of a version, as a comment quotes them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct QuotedWords {
    /// Where they stand.
    pub place: Quote,
    /// "support/triage v9, message 2".
    pub from: String,
    /// The words; empty where the content is not here.
    pub words: String,
}

/// How a release is asked for, beside what a plan says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Asking {
    /// Why, for whoever reviews it.
    pub reason: String,
    /// Who is asked; nobody named: every reviewer.
    #[serde(default)]
    pub reviewers: Vec<Reviewer>,
    /// Shares of the traffic, in percent, by which to go there; empty: at once.
    #[serde(default)]
    pub shares: Vec<u32>,
    /// Why breaks of the input contract are safe.
    #[serde(default)]
    pub notes: Vec<BreakNote>,
    /// An open request that asks for this from now on, instead of what it asks; none: a new one.
    #[serde(default)]
    pub instead: Option<RequestId>,
}

/// Why one break is safe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct BreakNote {
    /// Where.
    pub environment: EnvironmentId,
    /// Of which prompt.
    pub prompt: PromptId,
    /// The input.
    pub input: String,
    /// What about it.
    pub kind: BreakKind,
    /// Why that is safe.
    pub text: String,
}

/// What was just asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct AskedFor {
    /// The request.
    pub request: RequestId,
    /// In words ("Ada and every reviewer can see it now").
    pub words: String,
}

/// Somebody who can be asked for a verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ReviewerChoice {
    /// Who.
    pub reviewer: Reviewer,
    /// What to call them.
    pub name: String,
    /// What to know: "wrote v9, so their approval would not count"; empty when nothing.
    pub note: String,
}

/// One version that a verdict or comment can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct VersionPlace {
    /// The prompt.
    pub prompt: PromptId,
    /// The version.
    pub version: VersionId,
}

/// The policy of one environment, to look at and to change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct PolicyView {
    /// The environment.
    pub environment: EnvironmentId,
    /// Its name.
    pub name: String,
    /// What it demands, one line each; says so where it demands nothing.
    pub words: Vec<String>,
    /// "set by Ada"; empty where none was ever set.
    pub set_by: String,
    /// When it was set.
    pub at: Option<Millis>,
    /// As it can be changed.
    pub draft: PolicyDraft,
    /// Its digest, which a change names; none where none was ever set.
    pub digest: Option<Digest>,
}

/// A policy as a person writes it: without the calendars, which are filled in here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct PolicyDraft {
    /// How many people must have approved, 0 to 10.
    pub approvals: u32,
    /// Whether an approval counts only from whoever wrote nothing of it.
    pub independent: bool,
    /// Where exactly this content must have been served before.
    pub path: Vec<EnvironmentId>,
    /// What is asked of the latest runs over a dataset: shares, without regard to chance.
    pub gates: Vec<domain::gate::Gate>,
    /// What is asked of announced runs over a prompt's suite.
    #[serde(default)]
    pub suite_gates: Vec<domain::policy::SuiteGate>,
    /// When nothing is released.
    pub freezes: Vec<FreezeDraft>,
    /// The least role that may release; none: those named.
    pub release_role: Option<Role>,
    /// Who may release by name; counts where no role is given.
    pub releasers: Vec<PersonId>,
    /// Whether an admin may set it aside, with a reason that is kept for ever.
    pub may_override: bool,
}

/// A freeze as a person writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct FreezeDraft {
    /// What it is called.
    pub name: String,
    /// The IANA zone ("Europe/Berlin").
    pub zone: String,
    /// Whether it is every week.
    pub weekly: bool,
    /// Its first minute: `2026-12-24T18:00`, or `Friday 18:00`.
    pub from: String,
    /// The first minute after it.
    pub until: String,
}
