//! By what prompts are judged, and what gates say.

use super::{EvidenceRow, Grader};
use domain::statistics::verdict::{GateOutcome, GateVerdict};
use domain::suite::Measure;
use domain::{DatasetId, Digest, EnvironmentId, PromptId, RunId, VersionId};
use serde::{Deserialize, Serialize};

/// By what a prompt is judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct SuiteView {
    /// Which prompt.
    pub prompt: PromptId,
    /// Its name.
    pub name: String,
    /// The dataset; none where there is no suite.
    pub dataset: Option<DatasetId>,
    /// How many cases.
    pub cases: u32,
    /// The graders; empty where they are not here.
    pub graders: Vec<Grader>,
    /// What an answer is worth.
    pub measure: Measure,
    /// The digest, which a change names.
    pub digest: Option<Digest>,
    /// Whether the dataset was saved anew since: the suite still means what it was.
    pub outdated: bool,
    /// The environments of which a gate rests on it: there only reviewers change it.
    pub gated: Vec<String>,
    /// All of it in a sentence.
    pub words: String,
    /// What its near-duplicates mean: "12 of 400 cases are near-duplicates; they count as 391."
    /// Empty where there are none.
    pub duplicates: String,
}

/// A suite as a person writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct SuiteDraft {
    /// The dataset; its latest saving is meant.
    pub dataset: DatasetId,
    /// The graders.
    pub graders: Vec<Grader>,
    /// What an answer is worth.
    #[serde(default)]
    pub measure: Measure,
    /// Near-duplicates by their places in the dataset: each group counts as one case. None: they
    /// are looked for; empty: every case counts by itself.
    #[serde(default)]
    pub groups: Option<Vec<Vec<u32>>>,
}

/// A request for another suite, beside the one that is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct SuiteAsked {
    /// Of which prompt.
    pub prompt: PromptId,
    /// Its name.
    pub name: String,
    /// What would be otherwise, one line each: cases, graders, what an answer is worth.
    pub changes: Vec<String>,
    /// Where a gate rests on it.
    pub gated: Vec<String>,
    /// What is missing, in sentences that say what to do.
    pub missing: Vec<String>,
    /// Whose approvals count.
    pub approvals: Vec<String>,
    /// Whether nothing is missing, so that it may be set.
    pub may_go: bool,
    /// Whether it was set.
    pub done: bool,
}

/// For what a run was announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// The environment.
    pub environment: EnvironmentId,
    /// The proposed version.
    pub version: super::Ref,
}

/// A run that must be made so that a gate can say something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct MissingRun {
    /// Of which prompt.
    pub prompt: PromptId,
    /// Of which version.
    pub version: VersionId,
    /// "support/reply v5".
    pub name: String,
    /// How often it asks each case.
    pub repeats: u32,
    /// What is to stand before it where it reads what comes out of that; else what is served.
    #[serde(default)]
    pub beside: Vec<VersionId>,
    /// "support/reply v5, 40 cases once: it includes snippets/tone".
    pub words: String,
}

/// What came of grading the answers of a run again on this computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct GradedAgain {
    /// Which run.
    pub run: RunId,
    /// Whether every mark is the same.
    pub same: bool,
    /// How many marks there are.
    pub marks: u32,
    /// "Graded again on this computer: all 80 marks are the same.", or what is otherwise.
    pub words: String,
    /// The first answers that are worth something else here, one line each.
    pub differing: Vec<String>,
}

/// What the gates of an environment say of one version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct GateView {
    /// Where.
    pub environment: EnvironmentId,
    /// Its name.
    pub place: String,
    /// Of which prompt.
    pub prompt: PromptId,
    /// Of which version.
    pub version: VersionId,
    /// "support/triage v9".
    pub name: String,
    /// Whether exactly this is served there already, so that no gate asks anything.
    pub served: bool,
    /// The versions that would come there together with it.
    #[serde(default)]
    pub beside: Vec<VersionId>,
    /// What all gates together say. Where none asks anything, it may go.
    pub outcome: GateOutcome,
    /// The same in words.
    pub words: String,
    /// One for each gate.
    pub gates: Vec<GateRow>,
    /// What is served there and depends on this prompt, so that it must run again.
    pub dependents: Vec<Dependent>,
    /// The runs that count which must be made, so that all of this can be said: one call makes them.
    #[serde(default)]
    pub runs: Vec<MissingRun>,
}

/// What one gate says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct GateRow {
    /// What it says.
    pub outcome: GateOutcome,
    /// The same in words, with the number of the look.
    pub words: String,
    /// The verdict in numbers; none where nothing was run.
    pub verdict: Option<GateVerdict>,
    /// What it was compared with; none where nothing is served.
    pub against: Option<String>,
    /// The runs on which it rests.
    pub evidence: Vec<EvidenceRow>,
    /// How many announced runs brought no answers, and still pay for a look.
    pub silent: u32,
    /// How many announced runs are not recorded yet: nothing passes before they are.
    #[serde(default)]
    pub unfinished: u32,
    /// Those runs, and who announced them: "v9, announced by Ana: run 1f6c…".
    #[serde(default)]
    pub open: Vec<String>,
}

/// Something that depends on a prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Dependent {
    /// Which prompt.
    pub prompt: PromptId,
    /// "support/reply reads what comes out of support/triage; no gate here waits for it".
    pub words: String,
    /// Whether the gate waits for it, and it has not passed yet.
    pub waits: bool,
}

/// What a run that counts would do, before it is announced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct CountedPlan {
    /// "Run support/triage v9 for production".
    pub title: String,
    /// What would happen, a sentence each.
    pub words: Vec<String>,
    /// How often each case would be asked.
    pub repeats: u32,
    /// How many calls to the model; all are made anew.
    pub calls: u32,
}
