//! A run as a matrix: cases as rows, versions and models as columns, and what it says.

use super::{MarkAsked, Ref, RunProgress, RunState, State};
use domain::diff::Segment;
use domain::statistics::compare::{PairedDifference, Rate};
use domain::{DatasetId, Digest, RunId};
use serde::{Deserialize, Serialize};

/// A run without its rows: what it says against one of its columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct RunOverview {
    /// Whether it was shared, and this person has marked answers since.
    pub marks_to_share: bool,
    /// The run.
    pub id: RunId,
    /// What ran over what.
    pub title: String,
    /// The dataset, if the project still has it.
    pub dataset: Option<DatasetId>,
    /// Where it has got to.
    pub state: RunState,
    /// How far it is.
    pub progress: RunProgress,
    /// Why it failed.
    pub error: Option<String>,
    /// Whether it is shared with the team, and how far that got; none when not shared.
    pub shared: Option<State>,
    /// How many cases there are.
    pub cases: u32,
    /// How often each case was asked, at most.
    pub repeats: u32,
    /// The column that the others are compared with, from 0.
    pub base: u32,
    /// One for each content and model.
    pub columns: Vec<MatrixColumn>,
    /// The tags of the cases, the most frequent first.
    pub tags: Vec<TagCount>,
    /// How many cases each filter leaves.
    pub counts: FilterCounts,
    /// What it says, and what it can't say, a sentence or two each: the comparisons first.
    pub sentences: Vec<String>,
    /// How the numbers are meant.
    pub note: String,
    /// Cases that scored differently when asked again, the most restless first; at most 100.
    pub flaky: Vec<FlakyLine>,
}

/// One content with one model in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct MatrixColumn {
    /// Which content.
    #[serde(rename = "ref")]
    pub reference: Option<Ref>,
    /// Its name: "v9", "draft".
    pub label: String,
    /// Cases that passed all graders; a case asked several times counts if it passed each time.
    pub passed: u32,
    /// Cases that were judged.
    pub total: u32,
    /// Its mean score with the interval; none: nothing was judged, or the run still runs.
    pub rate: Option<Rate>,
    /// The same in words.
    pub rate_words: String,
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
    /// How long its answers took; none without answers.
    pub latency: Option<Latency>,
    /// What it says against the base; none for the base itself, and while the run runs.
    pub against: Option<Against>,
}

/// How long answers took, in milliseconds: by nearest rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Latency {
    /// The quickest.
    pub least: u32,
    /// A quarter is quicker.
    pub quarter: u32,
    /// Half are quicker.
    pub median: u32,
    /// Three quarters are quicker.
    pub three_quarters: u32,
    /// Nine of ten are quicker.
    pub nine_tenths: u32,
    /// The slowest.
    pub most: u32,
}

/// A column against the base.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Against {
    /// The numbers.
    pub comparison: PairedDifference,
    /// Whether the interval leaves out no difference at all.
    pub told: Told,
    /// The same in words.
    pub words: String,
    /// By tag, those that stand out first.
    pub tags: Vec<TagLine>,
    /// The same in words; empty without tags.
    pub tag_words: String,
}

/// Whether a difference can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// It is better.
    Better,
    /// It is worse.
    Worse,
    /// It can't be told.
    Neither,
}

/// A column against the base on the cases of one tag. After minus before, in hundredths of a percent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct TagLine {
    /// The tag.
    pub tag: String,
    /// As how many its cases count.
    pub units: u32,
    /// The difference as seen.
    pub difference: i32,
    /// The interval; those of all tags hold together.
    pub lower: i32,
    /// Its other end.
    pub upper: i32,
    /// Whether it stands out, corrected for the number of tags.
    pub told: Told,
}

/// How many cases have a tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct TagCount {
    /// The tag.
    pub tag: String,
    /// Cases with it.
    pub cases: u32,
}

/// A case that scored differently when it was asked again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct FlakyLine {
    /// Its place in the dataset, from 0.
    pub case: u32,
    /// The same with its column, in words.
    pub words: String,
}

/// Which cases are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum MatrixFilter {
    /// All of them.
    #[default]
    All,
    /// Those whose verdict or answer differs from the base.
    Changed,
    /// Those that score lower than the base somewhere.
    Worse,
    /// Those that score higher than the base somewhere.
    Better,
    /// Those that a column failed.
    Failed,
    /// Those without an answer somewhere.
    Errors,
    /// Those that scored differently when asked again.
    Flaky,
    /// Those that wait for a person's mark.
    Waiting,
    /// Those on which people and a judge disagree.
    Apart,
}

/// How many cases each filter leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct FilterCounts {
    /// All cases.
    pub all: u32,
    /// Those of [`MatrixFilter::Changed`].
    pub changed: u32,
    /// Those of [`MatrixFilter::Worse`].
    pub worse: u32,
    /// Those of [`MatrixFilter::Better`].
    pub better: u32,
    /// Those of [`MatrixFilter::Failed`].
    pub failed: u32,
    /// Those of [`MatrixFilter::Errors`].
    pub errors: u32,
    /// Those of [`MatrixFilter::Flaky`].
    pub flaky: u32,
    /// Those of [`MatrixFilter::Waiting`].
    pub waiting: u32,
    /// Those of [`MatrixFilter::Apart`].
    pub apart: u32,
}

/// In which order cases are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum MatrixSort {
    /// As they stand in the dataset.
    #[default]
    Case,
    /// What lost most against the base first; with one column, what scored least.
    Worst,
}

/// Which rows are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct MatrixQuery {
    /// The column that the others are compared with.
    pub base: u32,
    /// Which cases.
    pub filter: MatrixFilter,
    /// Only cases with this tag.
    pub tag: Option<String>,
    /// Only cases that hold this in an input, in what is expected, or in an answer.
    pub text: String,
    /// In which order.
    pub sort: MatrixSort,
}

/// Some rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct MatrixPage {
    /// How many rows there are under this query.
    pub total: u32,
    /// The place of the first one here among them.
    pub offset: u32,
    /// The rows.
    pub rows: Vec<MatrixRow>,
}

/// One case in a matrix; long texts are cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct MatrixRow {
    /// The case's place in its dataset, from 0.
    pub case: u32,
    /// Its inputs in one line.
    pub input_text: String,
    /// What was expected.
    pub expected: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// One cell for each column; none where there is no answer yet.
    pub cells: Vec<Option<MatrixCell>>,
}

/// What one column answered to one case: the first answer, where it was asked several times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct MatrixCell {
    /// The answer, or why there is none.
    pub answer: String,
    /// Whether there is none.
    pub failed: bool,
    /// Whether it passed; none without a grader, and while it waits for a mark.
    pub pass: Option<bool>,
    /// Whether it waits for a person's mark.
    pub waiting: bool,
    /// The mean of its scores, 0 to 1.
    pub score: Option<f64>,
    /// Why it failed, in the graders' words.
    pub reason: String,
    /// Whether it came from the cache.
    pub from_cache: bool,
    /// How long the model took.
    pub latency_ms: u32,
    /// How often it was asked, and how many of these passed.
    pub asked: u32,
    /// How many of these passed.
    pub passed: u32,
    /// What became of it against the base; none in the base, and where one has no answer.
    pub difference: Option<Difference>,
}

/// What became of a case from one column to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Difference {
    /// It scores higher.
    Better,
    /// It scores lower.
    Worse,
    /// It scores the same with another answer.
    Changed,
    /// The same answer, or nothing that matters.
    Same,
}

/// One case of a run, opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct OpenedCase {
    /// The case's place in its dataset, from 0.
    pub case: u32,
    /// Its id.
    pub id: String,
    /// Its inputs by name, as text.
    pub inputs: Vec<(String, String)>,
    /// What was expected.
    pub expected: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its note.
    pub note: String,
    /// One for each column, in their order.
    pub columns: Vec<OpenedColumn>,
}

/// What one column answered to an opened case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct OpenedColumn {
    /// Its name.
    pub label: String,
    /// What became of it against the base.
    pub difference: Option<Difference>,
    /// The first answer against that of the base, in one column; none in the base.
    pub diff: Option<Vec<Segment>>,
    /// Each asking; none: no answer yet.
    pub askings: Vec<OneAnswer>,
}

/// One answer with what the graders said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct OneAnswer {
    /// The answer; empty without one.
    pub answer: String,
    /// Why there is none.
    pub error: Option<String>,
    /// Whether it passed; none without a grader.
    pub pass: Option<bool>,
    /// The mean of its scores, 0 to 1.
    pub score: Option<f64>,
    /// Whether it came from the cache.
    pub from_cache: bool,
    /// How long the model took.
    pub latency_ms: u32,
    /// The model as the provider named it.
    pub model: String,
    /// The digest of the question: by it what was sent and received is found.
    #[serde(default)]
    pub question: Option<Digest>,
    /// What each grader said.
    pub graders: Vec<GraderSaid>,
    /// What people are asked about it, and what they said.
    pub marks: Vec<MarkAsked>,
}

/// What one grader said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct GraderSaid {
    /// Which grader: its type in words.
    pub name: String,
    /// Whether it passed.
    pub pass: bool,
    /// Its score, 0 to 1.
    pub value: f64,
    /// Why.
    pub reason: String,
    /// It waits for a person's mark.
    pub waiting: bool,
}
