//! Flaky cases, and how much of the doubt comes from the model answering differently each time.
//!
//! For showing: a verdict needs none of it, because averaging the repeats within a case already
//! lets a flaky case speak more softly.

use super::pairs::{CaseAnswers, mean};
use super::{StatisticsError, WHOLE, count};
use serde::{Deserialize, Serialize};

/// Whose answers.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, specta::Type,
)]
#[serde(rename_all = "snake_case")]
pub enum AnswerSide {
    /// What the environment serves.
    Live,
    /// What is proposed.
    Proposed,
}

/// A case whose repeats did not all score the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct FlakyCase {
    /// Which.
    pub case: String,
    /// Whose answers differ.
    pub side: AnswerSide,
    /// How often it was asked.
    pub repeats: u32,
    /// The mean score, in hundredths of a percent.
    pub mean: u32,
    /// From the worst score to the best.
    pub range: u32,
}

/// The flaky cases, those with the widest range first.
///
/// # Errors
/// More answers than can be counted.
pub fn flaky(cases: &[CaseAnswers]) -> Result<Vec<FlakyCase>, StatisticsError> {
    let mut found = Vec::new();
    for case in cases {
        for (side, marks) in [
            (AnswerSide::Live, &case.live),
            (AnswerSide::Proposed, &case.proposed),
        ] {
            let (Some(least), Some(most)) = (marks.iter().min(), marks.iter().max()) else {
                continue;
            };
            if least == most {
                continue;
            }
            let repeats = u32::try_from(marks.len()).map_err(|_| StatisticsError::TooMany)?;
            let sum: u64 = marks.iter().map(|mark| u64::from(*mark)).sum();
            found.push(FlakyCase {
                case: case.case.clone(),
                side,
                repeats,
                mean: u32::try_from(sum / u64::from(repeats)).unwrap_or(WHOLE),
                range: most - least,
            });
        }
    }
    found.sort_by(|a, b| (b.range, &a.case, a.side).cmp(&(a.range, &b.case, b.side)));
    Ok(found)
}

/// Where the differences between cases come from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    /// The variance of the cases' differences, as seen.
    pub seen: f64,
    /// The part of it that asking each case for ever would take away.
    pub repeats: f64,
    /// How many cases were asked at least twice on both sides; the estimate rests on them.
    pub cases: usize,
}

/// Parts the variance of the differences; none if no two cases were asked twice on both sides.
#[must_use]
pub fn noise(cases: &[CaseAnswers]) -> Option<Noise> {
    let asked: Vec<(f64, f64)> = cases
        .iter()
        .filter_map(|case| {
            let (live, live_noise) = spread(&case.live)?;
            let (proposed, proposed_noise) = spread(&case.proposed)?;
            Some((live - proposed, live_noise + proposed_noise))
        })
        .collect();
    let middle = mean(&asked.iter().map(|(d, _)| *d).collect::<Vec<_>>());
    let seen: f64 = asked.iter().map(|(d, _)| (d - middle) * (d - middle)).sum();
    (asked.len() > 1).then(|| Noise {
        seen: seen / (count(asked.len()) - 1.0),
        repeats: mean(&asked.iter().map(|(_, noise)| *noise).collect::<Vec<_>>()),
        cases: asked.len(),
    })
}

// The mean of some repeats, and the variance of that mean.
fn spread(marks: &[u32]) -> Option<(f64, f64)> {
    if marks.len() < 2 {
        return None;
    }
    let marks: Vec<f64> = marks
        .iter()
        .map(|mark| f64::from(*mark) / f64::from(WHOLE))
        .collect();
    let middle = mean(&marks);
    let squares: f64 = marks
        .iter()
        .map(|mark| (mark - middle) * (mark - middle))
        .sum();
    let number = count(marks.len());
    Some((middle, squares / (number - 1.0) / number))
}
