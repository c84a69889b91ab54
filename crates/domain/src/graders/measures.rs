//! Graders that count: how long an answer is, how long it took, what it cost.

use super::{Answered, GraderError, Score};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// What the length of an answer is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Unicode characters of the text in its composed form (NFC): é is one however it was written.
    Characters,
    /// What stands between spaces.
    Words,
    /// Tokens, as the provider counted them.
    Tokens,
}

impl Unit {
    fn counted(self, number: u64) -> String {
        let (one, many) = match self {
            Self::Characters => ("character", "characters"),
            Self::Words => ("word", "words"),
            Self::Tokens => ("token", "tokens"),
        };
        format!("{number} {}", if number == 1 { one } else { many })
    }
}

pub(super) fn length(
    answer: &Answered<'_>,
    unit: Unit,
    least: Option<u32>,
    most: Option<u32>,
) -> Score {
    let wide = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let found = match unit {
        Unit::Characters => Some(wide(answer.text.nfc().count())),
        Unit::Words => Some(wide(answer.text.split_whitespace().count())),
        Unit::Tokens => answer.tokens_out.map(u64::from),
    };
    let Some(found) = found else {
        return Score::of(
            false,
            "the provider did not say how many tokens the answer has: count words instead",
        );
    };
    let counted = unit.counted(found);
    match (least.map(u64::from), most.map(u64::from)) {
        (Some(least), _) if found < least => {
            Score::of(false, format!("{counted}, fewer than {least}"))
        }
        (_, Some(most)) if found > most => Score::of(false, format!("{counted}, more than {most}")),
        _ => Score::of(true, format!("{counted}, as long as it should be")),
    }
}

pub(super) fn latency(answer: &Answered<'_>, most_ms: u32) -> Score {
    match answer.latency_ms {
        None => Score::of(false, "nobody knows how long this answer took"),
        Some(took) if took <= most_ms => {
            Score::of(true, format!("took {took} ms, at most {most_ms} ms may be"))
        }
        Some(took) => Score::of(false, format!("took {took} ms, more than {most_ms} ms")),
    }
}

pub(super) fn cost(answer: &Answered<'_>, most: f64) -> Score {
    // Compared in whole billionths: 0.1 + 0.2 is no more than 0.3.
    let billionths = |amount: f64| (amount * 1e9).round();
    match answer.cost {
        None => Score::of(
            false,
            "nobody knows what this answer cost: no price is set for its model",
        ),
        Some(cost) if billionths(cost) <= billionths(most) => Score::of(
            true,
            format!("cost {}, at most {} may be", money(cost), money(most)),
        ),
        Some(cost) => Score::of(
            false,
            format!("cost {}, more than {}", money(cost), money(most)),
        ),
    }
}

/// An amount without noughts at its end: 0.0125.
fn money(amount: f64) -> String {
    let text = format!("{amount:.9}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

pub(super) fn check_share(share: Option<f64>) -> Result<(), GraderError> {
    match share {
        Some(share) if !(0.0..=1.0).contains(&share) => Err(GraderError::Number(format!(
            "{share} is no share: write a number from 0 to 1, as in 0.8"
        ))),
        _ => Ok(()),
    }
}

pub(super) fn check_range(least: Option<u32>, most: Option<u32>) -> Result<(), GraderError> {
    match (least, most) {
        (None, None) => Err(GraderError::Number(
            "a length needs a least or a most: say how long the answer may be".to_owned(),
        )),
        (Some(least), Some(most)) if least > most => Err(GraderError::Number(format!(
            "no answer has at least {least} and at most {most}: change one"
        ))),
        _ => Ok(()),
    }
}

pub(super) fn check_cost(most: f64) -> Result<(), GraderError> {
    if most.is_finite() && most >= 0.0 {
        return Ok(());
    }
    Err(GraderError::Number(format!(
        "{most} is no amount: write a number of 0 or more, as in 0.002"
    )))
}

pub(super) fn range_words(unit: Unit, least: Option<u32>, most: Option<u32>) -> String {
    match (least, most) {
        (Some(least), Some(most)) => format!("{least} to {}", unit.counted(most.into())),
        (Some(least), None) => format!("at least {}", unit.counted(least.into())),
        (None, Some(most)) => format!("at most {}", unit.counted(most.into())),
        (None, None) => "of any length".to_owned(),
    }
}
