//! What a run came to, case by case.

use crate::{Answer, Cost, Failure};
use domain::Digest;
use domain::graders::{Grader, PersonMark, Score, passed};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Progress {
    /// Cells with an answer or a failure.
    pub done: u32,
    /// All cells.
    pub total: u32,
    /// Answers that were in the cache, or given already to the same question in this run.
    pub from_cache: u32,
    /// Calls made, repeated attempts included.
    pub calls: u32,
    /// Cells with a failure.
    pub failed: u32,
}

/// What one version answered to one case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Cell {
    /// The case's place in the dataset, from 0.
    pub case: u32,
    /// The case's id.
    pub case_id: String,
    /// Which of several askings, from 0.
    pub repeat: u32,
    /// The digest of the question: where its answer is in the cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<Digest>,
    /// The answer; none with a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// One score for each grader, in their order: the run's, the dataset's, the case's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<Score>,
    /// What judges said to the answer, by the digest of what they were asked.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub judged: BTreeMap<Digest, String>,
    /// What people gave the answer, by the digest of what they were asked.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub marks: BTreeMap<Digest, Vec<PersonMark>>,
    /// What the answer cost when it was asked for, at the prices that were known then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// What this run paid for it: nothing where everything came from the cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid: Option<Cost>,
    /// Nothing was asked for it.
    pub from_cache: bool,
    /// Attempts made.
    pub attempts: u32,
    /// Why there is no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

impl Cell {
    /// Whether every grader passed it; none without an answer or without graders, and while it
    /// waits for a person's mark.
    #[must_use]
    pub fn pass(&self) -> Option<bool> {
        self.answer.as_ref().and_then(|_| passed(&self.scores))
    }

    /// Whether it can't be said yet whether it passes: a person has still to mark it.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.answer.is_some()
            && self.pass().is_none()
            && self.scores.iter().any(|score| score.waiting)
    }

    /// The mean of its scores; none while it waits for a mark.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // A handful of graders.
    pub fn mean(&self) -> Option<f64> {
        let waits = self.scores.iter().any(|score| score.waiting);
        let judged = self.answer.is_some() && !self.scores.is_empty() && !waits;
        judged.then(|| {
            self.scores.iter().map(|score| score.value).sum::<f64>() / self.scores.len() as f64
        })
    }
}

/// One version in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ColumnReport {
    /// Its name: "v9", "draft".
    pub label: String,
    /// The digest of its content.
    pub content: Digest,
    /// One cell for each case and repeat that was reached, by case.
    pub cells: Vec<Cell>,
    /// Cells that every grader passed.
    pub passed: u32,
    /// Cells that graders judged.
    pub judged: u32,
    /// Cells without an answer.
    pub failed: u32,
    /// Tokens sent for it, cached answers included.
    #[specta(type = f64)]
    pub tokens_in: u64,
    /// Tokens answered, cached answers included.
    #[specta(type = f64)]
    pub tokens_out: u64,
    /// The time of all its calls, one after the other, cached answers not included.
    #[specta(type = f64)]
    pub latency_ms: u64,
}

/// What a run came to. When it was stopped, what it had until then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct RunReport {
    /// The digest of the dataset.
    pub dataset: Digest,
    /// The graders of the run; a cell's scores begin with theirs.
    pub graders: Vec<Grader>,
    /// The versions, in the order they were given.
    pub columns: Vec<ColumnReport>,
    /// Where it got to.
    pub progress: Progress,
    /// A person stopped it.
    pub cancelled: bool,
    /// Why nothing more was asked: a provider gave no answer so often in a row that the next would
    /// get none either. The cells for which it gave none are not filled.
    pub out_of_reach: Option<String>,
}

impl ColumnReport {
    pub(crate) fn new(label: String, content: Digest, mut cells: Vec<Cell>) -> Self {
        cells.sort_by_key(|cell| (cell.case, cell.repeat));
        let count = |test: &dyn Fn(&Cell) -> bool| {
            u32::try_from(cells.iter().filter(|cell| test(cell)).count()).unwrap_or(u32::MAX)
        };
        let passed = count(&|cell| cell.pass() == Some(true));
        let judged = count(&|cell| cell.pass().is_some());
        let failed = count(&|cell| cell.failure.is_some());
        let answers = || cells.iter().filter_map(|cell| cell.answer.as_ref());
        let tokens_in = answers()
            .filter_map(|answer| answer.tokens_in)
            .map(u64::from)
            .sum();
        let tokens_out = answers()
            .filter_map(|answer| answer.tokens_out)
            .map(u64::from)
            .sum();
        let asked = cells.iter().filter(|cell| !cell.from_cache);
        let latency_ms = asked
            .filter_map(|cell| cell.answer.as_ref())
            .map(|answer| u64::from(answer.latency_ms))
            .sum();
        Self {
            label,
            content,
            cells,
            passed,
            judged,
            failed,
            tokens_in,
            tokens_out,
            latency_ms,
        }
    }
}
