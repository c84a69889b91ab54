//! By what prompts are judged, and what gates say.

use super::{EvidenceRow, Grader};
use domain::statistics::verdict::{GateOutcome, GateVerdict};
use domain::suite::Measure;
use domain::{DatasetId, Digest, EnvironmentId, PromptId, VersionId};
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
    /// Near-duplicates by their places in the dataset: each group counts as one case.
    #[serde(default)]
    pub groups: Vec<Vec<u32>>,
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
    /// What all gates together say. Where none asks anything, it may go.
    pub outcome: GateOutcome,
    /// The same in words.
    pub words: String,
    /// One for each gate.
    pub gates: Vec<GateRow>,
    /// What is served there and depends on this prompt, so that it must run again.
    pub dependents: Vec<Dependent>,
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
}

/// Something that depends on a prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Dependent {
    /// Which prompt.
    pub prompt: PromptId,
    /// "support/reply reads what comes out of support/triage: run it again".
    pub words: String,
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
