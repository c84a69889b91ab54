//! What each environment serves and has served, and the plan of a change to it.

use super::{ContentDiff, EnvironmentCard, StageSide, TrackStage};
use domain::{EnvironmentId, Millis, PromptId, ReleaseId, VersionId};
use serde::{Deserialize, Serialize};

/// The Releases screen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ReleasesView {
    /// The environments in their order, without retired ones.
    pub environments: Vec<EnvironmentCard>,
    /// One row for each prompt.
    pub rows: Vec<ReleasesRow>,
    /// All releases, the newest first.
    pub history: Vec<ReleaseRow>,
}

/// One prompt in all environments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ReleasesRow {
    /// The prompt.
    pub prompt: PromptId,
    /// Its name.
    pub name: String,
    /// One cell for each environment.
    pub cells: Vec<TrackStage>,
    /// Its newest versions, for choosing what to release: id and number, the newest first.
    pub versions: Vec<VersionChoice>,
}

/// One version that can be chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct VersionChoice {
    /// The version.
    pub version: VersionId,
    /// "v9", or its short id.
    pub label: String,
    /// The message it was saved with.
    pub message: String,
}

/// What a release is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseKind {
    /// Versions that a person chose.
    Release,
    /// What another environment serves.
    Promotion,
    /// What this environment served before.
    Revert,
}

/// Where a release has got to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseState {
    /// It waits in the outbox.
    Waiting,
    /// It is in the ledger.
    InRegistry,
}

/// One release in the history of an environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ReleaseRow {
    /// The release.
    pub id: ReleaseId,
    /// The environment.
    pub environment: EnvironmentId,
    /// When.
    pub at: Millis,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// What it did, in words ("triage v8, tone v4").
    pub what: String,
    /// What it is.
    pub kind: ReleaseKind,
    /// What changed, prompt by prompt.
    pub changes: Vec<ReleaseChange>,
    /// Whether the environment serves exactly this now.
    pub current: bool,
    /// Whether it was reverted from.
    pub reverted: bool,
    /// Whether one can return to it.
    pub can_return: bool,
    /// Whether it can be undone as a whole: what it changed goes back to what was served before it.
    pub can_undo: bool,
    /// On what grounds it went, one line each: who approved, what an admin set aside and why.
    pub grounds: Vec<String>,
    /// Where it has got to.
    pub state: ReleaseState,
}

/// What a release changed for one prompt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ReleaseChange {
    /// The prompt.
    pub prompt: PromptId,
    /// Its name.
    pub name: String,
    /// What was served before ("v7", "nothing").
    pub before: String,
    /// What is served after.
    pub after: String,
}

/// One change that a person asks for in a bundle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct BundleChange {
    /// The environment.
    pub environment: EnvironmentId,
    /// The prompt.
    pub prompt: PromptId,
    /// The versions with their weights; empty to serve nothing.
    pub sides: Vec<BundleSide>,
}

/// One version of a bundle with its weight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct BundleSide {
    /// The version.
    pub version: VersionId,
    /// Its weight.
    pub weight: u32,
}

/// A release as it would be recorded, shown before it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Plan {
    /// What to hand back to carry it out.
    pub id: String,
    /// "Promote support/triage to production".
    pub title: String,
    /// "Promote", "Revert", "Release": what the button says.
    pub action: String,
    /// What changes, prompt by prompt.
    pub changes: Vec<PlanChange>,
    /// What a revert leaves as it is though one may think that it goes too, one line each.
    pub stays: Vec<String>,
    /// The release that a revert undoes for some of its prompts only, where all of them can go back
    /// together.
    pub together: Option<ReleaseId>,
    /// What to know before doing it.
    pub warnings: Vec<String>,
    /// A reason ready to edit.
    pub reason: String,
    /// What happens when the registry can't be reached; none when it can.
    pub offline_words: Option<String>,
    /// What it is.
    pub kind: ReleaseKind,
    /// Whether it must be asked for: a policy wants approvals or runs.
    pub needs_request: bool,
    /// What the policies of its environments ask for, one line each.
    pub policy: Vec<String>,
}

/// What a plan changes for one prompt in one environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct PlanChange {
    /// The prompt.
    pub prompt: PromptId,
    /// Its name.
    pub name: String,
    /// The environment.
    pub environment: EnvironmentId,
    /// Its name.
    pub environment_name: String,
    /// What is served now.
    pub before: String,
    /// What would be served.
    pub after: String,
    /// What changes in the text and settings, in one sentence.
    pub summary: String,
    /// The marks; none when nothing was served before.
    pub diff: Option<ContentDiff>,
    /// What is served now.
    pub sides_before: Vec<StageSide>,
    /// What would be.
    pub sides_after: Vec<StageSide>,
    /// Who would move between the sides of a split, in words; empty where all do.
    pub moves: String,
    /// The releases of this prompt that a revert undoes, the newest first, one line each.
    pub undoes: Vec<String>,
}

/// What carrying out a plan did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Done {
    /// In words ("production serves support/triage v9").
    pub words: String,
    /// The release.
    pub release: ReleaseId,
    /// Where it has got to.
    pub state: DoneState,
}

/// Where something just done has got to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum DoneState {
    /// The registry has it.
    InRegistry,
    /// It waits in the outbox.
    Outbox,
}

/// What an environment served of one prompt at some time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Served {
    /// The prompt.
    pub prompt: PromptId,
    /// Its name then.
    pub name: String,
    /// What was served.
    pub sides: Vec<StageSide>,
    /// By which release.
    pub release: ReleaseId,
    /// Who released it.
    pub by: String,
    /// Since when.
    pub since: Millis,
}

/// A moment of an environment: right after one of its releases, or now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct ReleasePoint {
    /// The environment.
    pub environment: EnvironmentId,
    /// Right after this release; none: now.
    pub release: Option<ReleaseId>,
}

/// One side of a comparison of releases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ReleasePointSide {
    /// The environment's name.
    pub environment_name: String,
    /// The release that is meant, or the environment's last one; none where it never had one.
    pub release: Option<ReleaseId>,
    /// Whether that is what the environment serves now.
    pub now: bool,
    /// When it was released.
    pub at: Option<Millis>,
    /// Who released it.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// How many prompts it served.
    pub prompts: u32,
}

/// What two environments, or one at two times, served differently.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ReleaseComparison {
    /// The earlier, or the one that is compared with.
    pub left: ReleasePointSide,
    /// The other.
    pub right: ReleasePointSide,
    /// In one sentence.
    pub summary: String,
    /// The prompts that were served differently, by name.
    pub changes: Vec<ServedChange>,
    /// How many were served exactly alike.
    pub same: u32,
}

/// One prompt that was served differently.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ServedChange {
    /// The prompt.
    pub prompt: PromptId,
    /// Its name.
    pub name: String,
    /// What the left served ("v7", "nothing").
    pub before: String,
    /// What the right served.
    pub after: String,
    /// The version with the largest share on each side, for looking at the two closely.
    pub versions: Option<[VersionId; 2]>,
    /// What differs in text and settings, in one sentence.
    pub summary: String,
    /// The marks; none where one side served nothing.
    pub diff: Option<ContentDiff>,
}

/// How an application reads a prompt from an environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct UseView {
    /// The environment's name.
    pub environment_name: String,
    /// The prompt's name.
    pub prompt_name: String,
    /// What to know before using the code, one line each.
    pub notes: Vec<String>,
    /// The keys that open the environment, by name and how each begins.
    pub keys: Vec<String>,
    /// The same in several languages. No key is in any of them.
    pub samples: Vec<CodeSample>,
}

/// Code in one language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct CodeSample {
    /// "Python", "curl".
    pub label: String,
    /// The code.
    pub code: String,
}
