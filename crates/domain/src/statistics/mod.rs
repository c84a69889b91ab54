//! Statistics: is the proposed version worse than what is live, and how sure is that?
//!
//! [`verdict`] is the gate. It rests on [`pairs`] (from answers to one difference for each case),
//! [`tango`] (pass or fail, asked once) or [`bounded`] (scores, repeats, near-duplicates), and
//! [`looks`] (what asking again costs). [`power`] says what a dataset can see, [`words`] says it in
//! plain English. [`compare`], [`telling`], [`tags`], [`mcnemar`], [`wilcoxon`], [`holm`],
//! [`flaky`] and [`kappa`] are for showing; they decide nothing. `docs/statistics.md` names the sources
//! and shows the simulation.
//!
//! A verdict is decided again on every machine for ever. So everything that decides is made of
//! whole numbers and of `+ − × ÷ √` on `f64`, which IEEE 754 fixes to the last bit; the platform's
//! `exp`, `ln` and `pow` may differ and are not used, and nothing is drawn at random.

pub mod bounded;
pub mod compare;
pub mod flaky;
pub mod holm;
pub mod kappa;
pub mod looks;
pub mod mcnemar;
pub mod normal;
pub mod pairs;
pub mod power;
pub mod tags;
pub mod tango;
pub mod telling;
pub mod verdict;
pub mod wilcoxon;
pub mod words;

/// The whole of a share or of a score, in hundredths of a percent. A *point* is 100 of them.
pub const WHOLE: u32 = 10_000;

/// Why results can't be compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatisticsError {
    /// A score that is no number from 0 to 1.
    #[error("case “{case}” has the score {score}, which is not between 0 and 1: mend its grader")]
    NotAScore {
        /// Of which case.
        case: String,
        /// What came.
        score: String,
    },
    /// One case twice in one list of answers.
    #[error("case “{0}” stands twice among the answers of one run: give each its own id")]
    SameCase(String),
    /// A case that belongs to one set of near-duplicates in one run and to another in the next.
    #[error(
        "case “{0}” counts as a near-duplicate of different cases in different runs: they were not run over the same dataset"
    )]
    OtherGroup(String),
    /// More answers than can be counted.
    #[error("there are too many answers to count: more than four thousand million")]
    TooMany,
}

/// A score as everything here takes it: from 0 (wrong) to 10,000 (right), rounded.
///
/// # Errors
/// A score that is no number from 0 to 1, with the case that is named.
pub fn hundredths(case: &str, score: f64) -> Result<u32, StatisticsError> {
    if !(0.0..=1.0).contains(&score) {
        return Err(StatisticsError::NotAScore {
            case: case.to_owned(),
            score: score.to_string(),
        });
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it lies between 0 and 10,000"
    )]
    Ok((score * f64::from(WHOLE)).round() as u32)
}

/// A count as a number to calculate with: exact, since no list is longer than 2⁵³.
#[expect(clippy::cast_precision_loss, reason = "no list is longer than 2⁵³")]
fn count(length: usize) -> f64 {
    length as f64
}
