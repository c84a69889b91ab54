//! Graders as one: each with its weight, or turned round.

use super::{Grader, GraderError, Score, measures};
use serde::{Deserialize, Serialize};

/// How deep graders may stand within graders.
pub(super) const DEPTH: usize = 4;
/// Graders side by side in one.
pub(super) const PARTS: usize = 100;

/// One of several graders that judge as one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Part {
    /// What people call it; none: what it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How much its score counts beside the others. With 0 it is shown and counts nothing.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub weight: f64,
    /// The grader.
    pub grader: Grader,
}

fn one() -> f64 {
    1.0
}

#[allow(clippy::float_cmp, clippy::trivially_copy_pass_by_ref)] // Exactly what `one` gives; what serde asks for.
fn is_one(weight: &f64) -> bool {
    *weight == 1.0
}

impl Part {
    /// A grader that counts as much as any other.
    #[must_use]
    pub fn of(grader: Grader) -> Self {
        Self {
            name: None,
            weight: 1.0,
            grader,
        }
    }

    fn title(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.grader.title())
    }
}

pub(super) fn check(parts: &[Part], least: Option<f64>) -> Result<(), GraderError> {
    measures::check_share(least)?;
    if parts.len() > PARTS {
        return Err(GraderError::TooMany);
    }
    let wrong = parts
        .iter()
        .find(|part| !part.weight.is_finite() || part.weight < 0.0);
    if let Some(part) = wrong {
        return Err(GraderError::Number(format!(
            "{} is no weight: write a number of 0 or more",
            part.weight
        )));
    }
    if !parts
        .iter()
        .map(|part| part.weight)
        .sum::<f64>()
        .is_finite()
    {
        return Err(GraderError::Number(
            "these weights are too large to be added: only how they stand to each other counts, so write smaller ones".to_owned(),
        ));
    }
    if parts.iter().all(|part| part.weight <= 0.0) {
        return Err(GraderError::NoWeight);
    }
    Ok(())
}

pub(super) fn title(parts: &[Part], least: Option<f64>) -> String {
    let titles: Vec<_> = parts.iter().map(Part::title).collect();
    match (titles.as_slice(), least) {
        ([only], None) => only.clone(),
        (titles, None) => titles.join(", and "),
        (titles, Some(least)) => format!("{least} of: {}", titles.join(", ")),
    }
}

/// The verdict of all. A part of weight 0 is told and counts nothing.
pub(super) fn judged(parts: &[Part], scores: &[Score], least: Option<f64>) -> Score {
    let all: f64 = parts.iter().map(|part| part.weight).sum();
    let sum: f64 = parts
        .iter()
        .zip(scores)
        .map(|(part, score)| part.weight * score.value)
        .sum();
    let value = if all > 0.0 { sum / all } else { 0.0 };
    let counting = parts
        .iter()
        .zip(scores)
        .filter(|(part, _)| part.weight > 0.0);
    let pass = match least {
        Some(least) => value + 1e-9 >= least,
        None => counting.clone().all(|(_, score)| score.pass),
    };
    if let ([_], [score], None) = (parts, scores, least) {
        return score.clone();
    }
    let faults: Vec<_> = parts
        .iter()
        .zip(scores)
        .filter(|(_, score)| !score.pass)
        .map(|(part, score)| {
            let note = if part.weight > 0.0 {
                ""
            } else {
                " (does not count)"
            };
            format!("{}{note}: {}", part.title(), score.reason)
        })
        .collect();
    let sum = match least {
        Some(least) => format!(
            "{} of 1 by weight, at least {} is asked for",
            rounded(value),
            rounded(least)
        ),
        None => {
            let passed = counting.clone().filter(|(_, score)| score.pass).count();
            format!("{passed} of {} hold", counting.count())
        }
    };
    let reason = if faults.is_empty() {
        sum
    } else {
        format!("{sum}; {}", faults.join("; "))
    };
    Score {
        value,
        pass,
        reason,
    }
}

/// The opposite verdict.
pub(super) fn turned(score: &Score) -> Score {
    Score {
        value: 1.0 - score.value,
        pass: !score.pass,
        reason: if score.pass {
            format!("should not be so, but is: {}", score.reason)
        } else {
            format!("as it should be, this does not hold: {}", score.reason)
        },
    }
}

fn rounded(share: f64) -> String {
    let text = format!("{share:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
