//! How like two texts are: by the characters that differ, or by the words that they share.

use super::Score;
use super::words::{as_text, shortened};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The likeness that is asked for where nothing else is said.
const LEAST: f64 = 0.8;
/// Comparing takes one step for each pair of characters: 5,000 against 5,000 are enough.
const STEPS: usize = 25_000_000;

/// What closeness means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Likeness {
    /// One less the characters that would have to be put in, taken out or replaced (Levenshtein
    /// 1966), as a share of the longer text.
    Edits,
    /// The words that both hold, as the harmonic mean of their share in each (the F1 by which
    /// SQuAD scores answers, Rajpurkar et al. 2016, articles kept). Capitals and marks don't count.
    Words,
}

pub(super) fn grade(
    by: Likeness,
    answer: &str,
    expected: &Value,
    least: Option<f64>,
    most_edits: Option<u32>,
    ignore_case: bool,
) -> Score {
    let wanted = as_text(expected);
    let folded = |text: &str| {
        if ignore_case {
            text.trim().to_lowercase()
        } else {
            text.trim().to_owned()
        }
    };
    match by {
        Likeness::Edits => edits(&folded(answer), &folded(&wanted), least, most_edits),
        Likeness::Words => {
            let value = shared_words(answer, &wanted);
            let least = least.unwrap_or(LEAST);
            let percent = percent(value);
            let reason = format!(
                "{percent} % of the words are shared with “{}”; at least {} % are asked for",
                shortened(&wanted),
                self::percent(least)
            );
            Score {
                value,
                pass: value + 1e-9 >= least,
                reason,
                waiting: false,
            }
        }
    }
}

fn edits(answer: &str, wanted: &str, least: Option<f64>, most_edits: Option<u32>) -> Score {
    let (answer, other): (Vec<char>, Vec<char>) =
        (answer.chars().collect(), wanted.chars().collect());
    let longer = answer.len().max(other.len());
    let Some(distance) = distance(&answer, &other) else {
        return Score::of(
            false,
            "the texts are too long to be compared by characters: compare them by words",
        );
    };
    #[allow(clippy::cast_precision_loss)] // Far below 2^53.
    let value = if longer == 0 {
        1.0
    } else {
        1.0 - distance as f64 / longer as f64
    };
    let differ = match distance {
        0 => "the same, to the character".to_owned(),
        1 => format!("1 character differs from “{}”", shortened(wanted)),
        n => format!("{n} characters differ from “{}”", shortened(wanted)),
    };
    let (pass, asked) = match most_edits {
        Some(most) => (
            distance <= usize::try_from(most).unwrap_or(usize::MAX),
            format!("at most {most} may"),
        ),
        None => {
            let least = least.unwrap_or(LEAST);
            let asked = format!(
                "{} % alike, at least {} % is asked for",
                percent(value),
                percent(least)
            );
            (value + 1e-9 >= least, asked)
        }
    };
    Score {
        value,
        pass,
        reason: format!("{differ}; {asked}"),
        waiting: false,
    }
}

/// The edit distance; none where it would take too long.
fn distance(one: &[char], other: &[char]) -> Option<usize> {
    // What both begin and end with costs nothing and is most of two like texts.
    let same = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one, other) = (one.get(same..)?, other.get(same..)?);
    let ends = one.iter().rev().zip(other.iter().rev());
    let same = ends.take_while(|(a, b)| a == b).count();
    let (one, other) = (
        one.get(..one.len() - same)?,
        other.get(..other.len() - same)?,
    );
    if one.len().saturating_mul(other.len()) > STEPS {
        return None;
    }
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, a) in one.iter().enumerate() {
        let mut before = line;
        let mut left = line + 1;
        for (b, cell) in other.iter().zip(row.iter_mut().skip(1)) {
            let above = *cell;
            left = (before + usize::from(a != b)).min(above + 1).min(left + 1);
            before = above;
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied()
}

/// The words of a text: runs of letters and digits, in small letters.
pub(super) fn words_of(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

#[allow(clippy::cast_precision_loss)] // Far below 2^53.
fn shared_words(one: &str, other: &str) -> f64 {
    let (one, other) = (words_of(one), words_of(other));
    if one.is_empty() && other.is_empty() {
        return 1.0;
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for word in &one {
        *counts.entry(word).or_default() += 1;
    }
    let mut shared = 0;
    for word in &other {
        if let Some(left) = counts.get_mut(word.as_str()).filter(|left| **left > 0) {
            *left -= 1;
            shared += 1;
        }
    }
    2.0 * f64::from(shared) / (one.len() + other.len()) as f64
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Between 0 and 100.
fn percent(share: f64) -> u32 {
    (share.clamp(0.0, 1.0) * 100.0).round() as u32
}
