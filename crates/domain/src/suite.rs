//! Suites: by what a prompt is judged. A dataset as it was saved at one time, and graders.
//!
//! A suite is named by the digest of all that it says, so that evidence over one suite can't be
//! taken for evidence over another: leaving a case out, or changing a grader, is another suite.

use crate::canonical::CanonicalError;
use crate::graders::{Grader, GraderError};
use crate::{DatasetId, Digest, limits, to_canonical};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What an answer is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
// The type's name is for TypeScript, where graders of likeness measure, too.
#[serde(rename = "SuiteMeasure", rename_all = "snake_case")]
pub enum Measure {
    /// All, if every grader passes it; otherwise nothing.
    #[default]
    Pass,
    /// The mean of what the graders give it.
    Score,
}

/// By what a prompt is judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// Which dataset.
    pub dataset: DatasetId,
    /// Its content: a later saving of the dataset changes no suite.
    pub content: Digest,
    /// The digest of the [`SuiteGraders`].
    pub graders: Digest,
    /// What an answer is worth.
    #[serde(default, skip_serializing_if = "is_pass")]
    pub measure: Measure,
    /// Near-duplicates, by their places in the dataset, from 0: each group counts as one case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Vec<u32>>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_pass(measure: &Measure) -> bool {
    *measure == Measure::Pass
}

impl Suite {
    /// The digest that names it.
    ///
    /// # Errors
    /// A number in it that JSON can't hold exactly.
    pub fn digest(&self) -> Result<Digest, CanonicalError> {
        Ok(Digest::of(&to_canonical(self)?))
    }

    /// What keeps this from being a suite of a dataset with so many cases.
    #[must_use]
    pub fn problem(&self, cases: u32) -> Option<&'static str> {
        if cases == 0 {
            return Some("a suite needs a dataset with at least one case");
        }
        let mut seen = BTreeSet::new();
        for group in &self.groups {
            if group.len() < 2 {
                return Some("a group of near-duplicates holds two cases or more");
            }
            if !group
                .iter()
                .all(|place| *place < cases && seen.insert(*place))
            {
                return Some("each case of the dataset is in one group of near-duplicates at most");
            }
        }
        None
    }
}

/// The graders of a suite, as content: they hold what people typed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuiteGraders {
    /// Each judges every answer.
    pub graders: Vec<Grader>,
}

/// Why graders can't be a suite's.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// None, or too many.
    #[error("a suite has 1 to {max} graders; without one, no answer is ever judged", max = limits::GRADERS)]
    Count,
    /// One that can't be used.
    #[error(transparent)]
    Grader(#[from] GraderError),
    /// One that would judge otherwise on another computer.
    #[error(
        "a suite can't judge by cost: each computer has prices of its own, and others could not come to the same verdict"
    )]
    Own,
    /// Marks of people come after a run, and a run that counts is recorded when it ends.
    #[error(
        "a suite can't judge by people's marks: a run that counts is recorded when it ends, before anybody could mark its answers, and the registry judges them again by itself. Let people mark a run that doesn't count"
    )]
    People,
    /// Bytes that are no graders.
    #[error("these are no graders of a suite: {0}")]
    Form(#[from] serde_json::Error),
    /// A number that JSON can't hold exactly.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
}

impl SuiteGraders {
    /// The bytes that are stored, and the digest that names them.
    ///
    /// # Errors
    /// Graders that can't be used, none, or too many.
    pub fn encode(&self) -> Result<(Vec<u8>, Digest), SuiteError> {
        self.check()?;
        let bytes = to_canonical(self)?;
        let digest = Digest::of(&bytes);
        Ok((bytes, digest))
    }

    /// Reads what [`Self::encode`] wrote.
    ///
    /// # Errors
    /// Bytes that are none, or graders that can't be used.
    pub fn decode(bytes: &[u8]) -> Result<Self, SuiteError> {
        let read: Self = serde_json::from_slice(bytes)?;
        read.check()?;
        Ok(read)
    }

    fn check(&self) -> Result<(), SuiteError> {
        if self.graders.is_empty() || self.graders.len() > limits::GRADERS {
            return Err(SuiteError::Count);
        }
        for grader in &self.graders {
            grader.prepare()?;
            if grader.asks_people() {
                return Err(SuiteError::People);
            }
            if !grader.is_alike_everywhere() {
                return Err(SuiteError::Own);
            }
        }
        Ok(())
    }
}
