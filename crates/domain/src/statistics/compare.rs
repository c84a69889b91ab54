//! Two columns of a run side by side, for showing: it decides nothing.
//!
//! The methods are the gate's ([`super::tango`] for pass or fail asked once, [`super::bounded`] for
//! everything else) with the sign turned for people: *after* minus *before*, so that above 0 is
//! better. The interval is two-sided and errs with a chance of at most [`ERROR`], half of it at each
//! end. Looking at a run may be repeated and costs nothing here; that is why none of this opens a
//! gate.

use super::bounded::Values;
use super::pairs::{CaseAnswers, Pairs};
use super::power::{self, FromTo, Rule, Sight};
use super::{StatisticsError, looks, tango};
use serde::{Deserialize, Serialize};

/// The chance that an interval misses the truth, in hundredths of a percent.
pub const ERROR: u32 = 500;

/// The loss of which it is said how many cases would see it, in hundredths of a percent.
pub const WISH: u32 = 500;

const WHOLE: i32 = 10_000;

/// What a run says about two of its columns. Shares and differences in hundredths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Comparison {
    /// Cases that both columns answered and a grader judged.
    pub cases: u32,
    /// As how many they count: near-duplicates are one.
    pub units: u32,
    /// Cases that lack an answer of a side, or were not judged.
    pub unanswered: u32,
    /// Cases that score higher after.
    pub better: u32,
    /// Cases that score lower after.
    pub worse: u32,
    /// Cases that score the same.
    pub same: u32,
    /// After minus before, as seen.
    pub difference: i32,
    /// The interval's lower end.
    pub lower: i32,
    /// Its upper end.
    pub upper: i32,
    /// What so many cases can see.
    pub sight: Sight,
    /// How many units would see a loss of [`WISH`]; none: more than a dataset holds.
    pub wish: Option<FromTo>,
}

/// Compares *live* as before with *proposed* as after. None: no case was answered by both.
///
/// # Errors
/// As [`Pairs::of`].
pub fn compare(cases: &[CaseAnswers], copies: bool) -> Result<Option<Comparison>, StatisticsError> {
    let pairs = Pairs::of(cases, copies)?;
    if pairs.units().is_empty() {
        return Ok(None);
    }
    let error = f64::from(ERROR) / f64::from(WHOLE) / 2.0;
    let losses = Values::of(&pairs.differences());
    let (lower, upper) = match pairs.table() {
        Some(table) => tango::bounds(&table, error),
        None => (losses.lower(-WHOLE, error), losses.upper(WHOLE, error)),
    };
    let [better, worse, same] = counts(cases, copies);
    let (sight, wish) = sight(&pairs)?;
    Ok(Some(Comparison {
        cases: narrow(pairs.answered())?,
        units: narrow(pairs.units().len())?,
        unanswered: narrow(pairs.unanswered())?,
        better,
        worse,
        same,
        difference: -losses.rounded_mean(),
        lower: -upper,
        upper: -lower,
        sight,
        wish,
    }))
}

/// What a dataset of so many units can see before anything was compared, and how many would see
/// [`WISH`]: as the gate's first look decides, with an error of 5 %.
#[must_use]
pub fn plan(units: u32) -> (Sight, Option<FromTo>) {
    seen(units, power::PLAUSIBLE, true)
}

// For the shares of differing cases that fit what was seen.
fn sight(pairs: &Pairs<'_>) -> Result<(Sight, Option<FromTo>), StatisticsError> {
    let units = narrow(pairs.units().len())?;
    Ok(seen(
        units,
        power::differing(pairs),
        pairs.table().is_some(),
    ))
}

fn seen(units: u32, differing: FromTo, plain: bool) -> (Sight, Option<FromTo>) {
    let rule = Rule::of(looks::error_at(ERROR, 1), plain);
    let ends = [differing.low, differing.high].map(|share| rule.units_to_see(WISH, share));
    let wish = match ends {
        [Some(one), Some(other)] => Some(FromTo {
            low: one.min(other),
            high: one.max(other),
        }),
        _ => None,
    };
    (power::sight(units, differing, rule), wish)
}

/// How many cases score higher after, lower, and the same: case by case, whatever their groups.
fn counts(cases: &[CaseAnswers], copies: bool) -> [u32; 3] {
    let mut counts = [0; 3];
    for case in cases {
        match change(case, copies) {
            Some(Change::Better) => counts[0] += 1,
            Some(Change::Worse) => counts[1] += 1,
            Some(Change::Same) => counts[2] += 1,
            None => {}
        }
    }
    counts
}

/// What became of one case.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, specta::Type,
)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It scores lower.
    Worse,
    /// It scores the same.
    Same,
    /// It scores higher.
    Better,
}

/// What became of one case; none where a side has no answer that was judged.
#[must_use]
pub fn change(case: &CaseAnswers, copies: bool) -> Option<Change> {
    let side = |marks: &[u32]| -> Option<(u64, u64)> {
        let marks = if copies { marks.get(..1)? } else { marks };
        let count = u64::try_from(marks.len()).ok().filter(|count| *count > 0)?;
        Some((marks.iter().map(|mark| u64::from(*mark)).sum(), count))
    };
    let ((before, asked), (after, again)) = (side(&case.live)?, side(&case.proposed)?);
    // Means compared without dividing: the two sides may have been asked unequally often.
    Some(match (after * asked).cmp(&(before * again)) {
        core::cmp::Ordering::Less => Change::Worse,
        core::cmp::Ordering::Equal => Change::Same,
        core::cmp::Ordering::Greater => Change::Better,
    })
}

/// What one column scored, with its interval. In hundredths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Rate {
    /// As how many its cases count: near-duplicates are one.
    pub units: u32,
    /// The mean over them.
    pub mean: i32,
    /// The interval's lower end.
    pub lower: i32,
    /// Its upper end.
    pub upper: i32,
}

/// The mean score of *proposed* alone, for pass or fail its pass rate. None: nothing was judged.
///
/// # Errors
/// As [`Pairs::of`].
pub fn rate(cases: &[CaseAnswers], copies: bool) -> Result<Option<Rate>, StatisticsError> {
    let pairs = Pairs::alone(cases, copies)?;
    if pairs.units().is_empty() {
        return Ok(None);
    }
    let error = f64::from(ERROR) / f64::from(WHOLE) / 2.0;
    let scores = Values::of(&pairs.proposed());
    Ok(Some(Rate {
        units: narrow(pairs.units().len())?,
        mean: scores.rounded_mean(),
        lower: scores.lower(0, error),
        upper: scores.upper(WHOLE, error),
    }))
}

fn narrow(length: usize) -> Result<u32, StatisticsError> {
    u32::try_from(length).map_err(|_| StatisticsError::TooMany)
}
