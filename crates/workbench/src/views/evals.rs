//! Datasets, runs and results.

use super::{Case, Grader, Ref, State};
use domain::ledger::Upstream;
use domain::{DatasetId, Digest, EnvironmentId, Millis, RunId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One dataset in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct DatasetRow {
    /// The dataset.
    pub id: DatasetId,
    /// Its name.
    pub name: String,
    /// How many cases it holds.
    pub cases: u32,
    /// Who last changed it.
    pub by: String,
    /// When.
    pub at: Millis,
    /// Where it has got to.
    pub state: State,
    /// Whether it is kept on this computer.
    pub keep_offline: bool,
    /// Whether its cases are on this computer now.
    pub here: bool,
}

/// One dataset with its cases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct DatasetView {
    /// The dataset.
    pub row: DatasetRow,
    /// The names of the inputs that its cases fill, in order.
    pub inputs: Vec<String>,
    /// Who judges every case, beside the graders of a run.
    pub graders: Vec<Grader>,
    /// The cases.
    pub cases: Vec<Case>,
    /// Where the cases come from and under what licence, if that was kept.
    pub attribution: Option<String>,
}

/// The datasets of a project as one content sees them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct DatasetChoice {
    /// Every dataset, by name.
    pub rows: Vec<DatasetFit>,
    /// The one to begin with; none when no dataset that is here fills what is asked for.
    pub suggested: Option<DatasetId>,
    /// Why none is suggested, in words; empty when one is, or when there is nothing to fill.
    pub words: String,
}

/// One dataset, and whether its cases fill a content's inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct DatasetFit {
    /// The dataset.
    pub row: DatasetRow,
    /// The required inputs that its cases leave open.
    pub missing: Vec<String>,
    /// What keeps it from being used as it is, in words; empty when nothing does.
    pub words: String,
}

/// What a text to import is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum DatasetFormat {
    /// Comma-separated values with a header line.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// Whichever it looks like.
    Auto,
}

/// A text as it would be imported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Reading {
    /// What it is written in.
    pub format: DatasetFormat,
    /// Its columns.
    pub columns: Vec<String>,
    /// A mapping that is probably right.
    pub suggested: Mapping,
    /// The columns that the mapping leaves out, each as an input that it could fill: where nobody
    /// chooses, nothing should be lost.
    pub left_over: BTreeMap<String, String>,
    /// The first rows, one value for each column.
    pub preview: Vec<Vec<String>>,
    /// How many rows can be imported.
    pub rows: u32,
    /// What is wrong, by line.
    pub problems: Vec<LineProblem>,
}

/// Which column is what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Mapping {
    /// Column → the input that it fills. A column that is not named is left out.
    pub inputs: BTreeMap<String, String>,
    /// The column with what is expected.
    pub expected: Option<String>,
}

/// One thing that is wrong in a text to import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct LineProblem {
    /// The line, from 1.
    pub line: u32,
    /// The column by name, where one is to blame.
    pub column: Option<String>,
    /// What is wrong.
    pub message: String,
}

/// What to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct RunPlan {
    /// The contents, side by side.
    pub versions: Vec<Ref>,
    /// The cases.
    pub dataset: DatasetId,
    /// Who judges.
    pub graders: Vec<Grader>,
    /// The models to ask: each version with each of them is a column. None: each version asks the
    /// model that it names. A run that counts always does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<ModelChoice>,
    /// How often each case is asked, 1 to 10. Where a repeat could only be a copy it is left out.
    #[serde(default = "once")]
    pub repeats: u32,
    /// How many calls at once.
    pub concurrency: u32,
    /// What a run that was announced counts for; none: it counts for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counting>,
}

fn once() -> u32 {
    1
}

/// What a run that was announced counts for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Counting {
    /// For which environment it was announced.
    pub environment: EnvironmentId,
    /// The cases of the suite: a dataset as it was saved at one time.
    pub content: Digest,
    /// How often each case is asked.
    pub repeats: u32,
    /// Whether answers are scored instead of passed.
    pub score: bool,
    /// What is asked before both sides, because its output is an input.
    #[serde(default)]
    pub upstream: Upstream,
}

/// A model to ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct ModelChoice {
    /// The provider's name on this machine.
    pub provider: String,
    /// The model.
    pub model: String,
}

/// What a run would cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Estimate {
    /// Calls that would be made.
    pub calls: u32,
    /// Answers that are in the cache.
    pub cached: u32,
    /// The same in words, with what stands in the way if something does.
    pub note: String,
    /// What it is likely to cost in money, in words, and that this is a guess; empty where nothing is
    /// asked, or where no price is known and nothing can be said.
    pub cost_note: String,
    /// Whether it can be started.
    pub can_start: bool,
}

/// Where a run has got to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It runs.
    Running,
    /// It went through all cases.
    Done,
    /// A person stopped it; what it had is kept.
    Cancelled,
    /// Its program ended while it ran; what it had is kept, and it can go on.
    BrokenOff,
    /// It could not go on; what it had is kept.
    Failed,
}

/// How far a run is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct RunProgress {
    /// Cells that have an answer or an error.
    pub done: u32,
    /// All cells.
    pub total: u32,
    /// Answers from the cache.
    pub from_cache: u32,
    /// Calls made.
    pub calls: u32,
    /// Cells with an error.
    pub failed: u32,
    /// What was paid so far, in words; empty where nothing was, or no price is known.
    #[serde(default)]
    pub cost_note: String,
}

/// One run with its results so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct RunView {
    /// The run.
    pub id: RunId,
    /// What ran over what ("support/triage v7, v9 over Card questions").
    pub title: String,
    /// Where it has got to.
    pub state: RunState,
    /// How far it is.
    pub progress: RunProgress,
    /// One column for each content.
    pub columns: Vec<RunColumn>,
    /// One row for each case.
    pub rows: Vec<ResultRow>,
    /// What it says, and what it can't say, in words.
    pub summary: String,
    /// Why it failed.
    pub error: Option<String>,
    /// Whether it is shared with the team, and how far that got; none when not shared.
    pub shared: Option<State>,
}

/// One content in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct RunColumn {
    /// Which content.
    #[serde(rename = "ref")]
    pub reference: Ref,
    /// Its name: "v9", "draft", "v9 · gpt-4.1" where models were chosen.
    pub label: String,
    /// The model that was asked, as provider/model.
    pub model: String,
    /// Cases that passed all graders.
    pub passed: u32,
    /// Cases that were judged.
    pub total: u32,
    /// What it cost, in words.
    pub cost_note: String,
    /// Where a provider did not answer with one and the same model: a change inside this run, or since
    /// an earlier one, in words; empty where nothing is known to have changed.
    pub model_note: String,
    /// Tokens sent and answered.
    #[specta(type = u32)]
    pub tokens: u64,
    /// The time of all its calls.
    #[specta(type = u32)]
    pub time_ms: u64,
}

/// One case in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ResultRow {
    /// The case's place in its dataset, from 0.
    pub case: u32,
    /// Its inputs in one line.
    pub input_text: String,
    /// What was expected.
    pub expected: Option<String>,
    /// One cell for each column; none where there is no answer yet.
    pub cells: Vec<Option<ResultCell>>,
    /// Whether the columns' verdicts or answers differ.
    pub differs: bool,
}

/// What one content answered to one case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ResultCell {
    /// The answer.
    pub answer: String,
    /// Whether it passed; none without a grader.
    pub pass: Option<bool>,
    /// The mean of its scores, 0 to 1.
    pub score: Option<f64>,
    /// Why it failed, in the graders' words.
    pub reason: String,
    /// Whether it came from the cache.
    pub from_cache: bool,
    /// Why there is no answer.
    pub error: Option<String>,
    /// How long the model took.
    pub latency_ms: u32,
}

/// One run in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct RunRow {
    /// The run.
    pub id: RunId,
    /// What ran over what.
    pub title: String,
    /// When it started.
    pub at: Millis,
    /// Who started it.
    pub by: String,
    /// Where it has got to.
    pub state: RunState,
    /// Its outcome in words ("v7 51, v9 54 of 62").
    pub words: String,
    /// Whether it is shared with the team.
    pub shared: Option<State>,
}

/// What a promptfoo configuration came to, or would.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct PromptfooImport {
    /// What the dataset is called, and the folder of the prompts.
    pub name: String,
    /// The prompts.
    pub prompts: Vec<PromptfooPrompt>,
    /// The dataset; none when there are no cases, or nothing was made yet.
    pub dataset: Option<DatasetRow>,
    /// How many cases it has.
    pub cases: u32,
    /// How many graders judge them.
    pub graders: u32,
    /// The models that it asks, as provider/model.
    pub models: Vec<String>,
    /// What was left out, or is not quite the same here, with its place.
    pub left_out: Vec<evals::promptfoo::LeftOut>,
    /// What its cases hold twice, or should perhaps not hold.
    pub check: DatasetCheck,
}

/// One prompt of a promptfoo configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct PromptfooPrompt {
    /// What it is called here.
    pub name: String,
    /// Whether it is a version; otherwise it is a draft.
    pub saved: bool,
    /// What has to be changed before it can be saved.
    pub problems: Vec<String>,
}

/// In what form a dataset leaves the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum DatasetForm {
    /// JSON Lines: everything that a case holds.
    Jsonl,
    /// A table for a spreadsheet.
    Csv,
    /// promptfoo's tests, as JSON.
    Promptfoo,
    /// Langfuse's dataset items, as JSON.
    Langfuse,
    /// MLflow's records, as JSON.
    Mlflow,
}

/// A dataset as the text of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct DatasetFile {
    /// The text.
    pub text: String,
    /// What of the dataset is not in it, in words.
    pub left_out: Vec<String>,
}

/// What a dataset holds twice, nearly twice, or should perhaps not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct DatasetCheck {
    /// Cases that ask the same or nearly the same, by groups.
    pub duplicates: Vec<domain::duplicates::Duplicates>,
    /// What looks like a secret or personal data; at most 1,000 places.
    pub sensitive: Vec<SensitivePlace>,
    /// The same in a few sentences; none when nothing was found.
    pub words: Vec<String>,
}

/// One place with something that should perhaps not be shared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct SensitivePlace {
    /// What and where.
    pub finding: domain::sensitive::Finding,
    /// The same in words.
    pub words: String,
}

/// A file that a person chose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct TextFile {
    /// Its path below the folder that counts, with `/`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// What of a dataset should perhaps not be shared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct DatasetWarning {
    /// The dataset.
    pub id: DatasetId,
    /// Its name.
    pub name: String,
    /// In how many places, at most 1,000.
    pub places: u32,
    /// The first of them in words.
    pub words: Vec<String>,
}

/// A file that was written for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct SavedFile {
    /// Where it is.
    pub path: String,
    /// What is not in it, in words.
    pub left_out: Vec<String>,
}
