//! What a dataset can see, and how many more cases would see more.
//!
//! A loss is *seen* if a version with exactly that loss fails in four of five runs. That depends on
//! the share of cases on which the two versions differ, which nobody knows beforehand; so the
//! answer is a range over plausible shares. It is a plan and not a verdict: it takes the decision
//! that the gate would make on the table that four of five tables are better than, with the normal
//! distribution for how far tables scatter. A test compares it with the exact chance.

use super::bounded::Values;
use super::pairs::{self, PairedTable, Pairs};
use super::{WHOLE, normal, tango};
use crate::limits;
use serde::{Deserialize, Serialize};

/// How many cases a plan may ask for: as many as a dataset holds.
#[expect(clippy::cast_possible_truncation, reason = "it is 50,000")]
const MOST: u32 = limits::CASES as u32;

/// One in five tables is worse than this many standard errors: the chance to see is 80 %.
const FOUR_IN_FIVE: f64 = 0.841_621_233_572_914_3;

/// A range, both ends in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct FromTo {
    /// The smaller end.
    pub low: u32,
    /// The larger end.
    pub high: u32,
}

/// What a dataset can see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Sight {
    /// How many units it has: cases, or groups of near-duplicates.
    pub units: u32,
    /// On which share of cases the versions may differ, in hundredths of a percent.
    pub differing: FromTo,
    /// The smallest loss that is seen, in hundredths of a percent: for the smaller share and for
    /// the larger. 10,000: none.
    pub smallest: FromTo,
}

/// The shares taken before anything was run: from 5 % to 40 % of the cases.
pub const PLAUSIBLE: FromTo = FromTo {
    low: 500,
    high: 4_000,
};

/// The shares that fit what was seen, with error 10 % at either end. For scores it is the mean
/// square of the differences, which plays the same part.
#[must_use]
pub fn differing(pairs: &Pairs<'_>) -> FromTo {
    if pairs.units().is_empty() {
        return PLAUSIBLE;
    }
    let squares: Vec<f64> = pairs.differences().iter().map(|d| d * d).collect();
    let squares = Values::of(&squares);
    FromTo {
        low: squares.lower(0, 0.1).unsigned_abs(),
        high: squares.upper(10_000, 0.1).unsigned_abs(),
    }
}

/// The share of differing cases as seen, or what plays its part, rounded up.
#[must_use]
pub fn seen(pairs: &Pairs<'_>) -> u32 {
    let squares: Vec<f64> = pairs.differences().iter().map(|d| d * d).collect();
    whole((pairs::mean(&squares) * f64::from(WHOLE)).ceil())
}

/// How the gate will decide: its error at this look, and by how many cases it errs on the safe side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    error: f64,
    z: f64,
    correction: f64,
}

impl Rule {
    /// For pass or fail, asked once; else for scores and repeats, whose bound holds one more case.
    #[must_use]
    pub fn of(error: f64, plain: bool) -> Self {
        Self {
            error,
            z: normal::exceeded(error),
            correction: if plain { tango::CORRECTION } else { 1.0 },
        }
    }

    // A version that truly loses `loss`: does it fail, with four of five tables?
    fn fails(self, units: u32, share: f64, loss: f64) -> bool {
        let [lost, gained] = table(units, share, loss, -FOUR_IN_FIVE);
        // The lower bound is above 0: with the sides swapped, the gain is below 0.
        lost > gained
            && tango::counts_below(
                [gained, lost],
                f64::from(units),
                0.0,
                self.z,
                self.correction,
            )
    }

    // Does it pass where `allowed` may be lost?
    fn passes(self, units: u32, share: f64, loss: f64, allowed: f64) -> bool {
        let counts = table(units, share, loss, FOUR_IN_FIVE);
        if self.correction < 1.0 && counts[0] < 0.5 {
            // Nothing lost is judged by counting, as the gate does.
            let gained = whole(counts[1]);
            let table = PairedTable {
                gained,
                both: units - gained,
                ..PairedTable::default()
            };
            return Values::differences(&table).at_least(1.0, allowed) <= self.error;
        }
        tango::counts_below(counts, f64::from(units), allowed, self.z, self.correction)
    }

    /// The smallest loss that so many units see, in hundredths of a percent; 10,000: none.
    #[must_use]
    pub fn smallest_seen(self, units: u32, share: u32) -> u32 {
        least(WHOLE, |loss| self.fails(units, part(share), part(loss))).unwrap_or(WHOLE)
    }

    /// How many units see this loss; none: more than a dataset holds.
    #[must_use]
    pub fn units_to_see(self, loss: u32, share: u32) -> Option<u32> {
        least(MOST, |units| self.fails(units, part(share), part(loss)))
    }

    /// How many units would bring a verdict if the versions are what they look like now; none:
    /// more than a dataset holds.
    #[must_use]
    pub fn units_to_settle(self, loss: i32, share: u32, allowed: u32) -> Option<u32> {
        // A version that looks better is planned for as one that is no worse.
        let loss = part(loss.max(0).unsigned_abs());
        if loss < part(allowed) {
            least(MOST, |units| {
                self.passes(units, part(share), loss, part(allowed))
            })
        } else {
            least(MOST, |units| self.fails(units, part(share), loss))
        }
    }
}

/// How many units would bring a verdict on a pass rate that looks like this; none: more than a
/// dataset holds.
#[must_use]
pub fn units_to_settle_rate(rate: u32, least_rate: u32, error: f64) -> Option<u32> {
    let (p, bound) = (part(rate), part(least_rate));
    least(MOST, |units| {
        let units_f = f64::from(units);
        let scatter = FOUR_IN_FIVE * (units_f * p * (1.0 - p)).sqrt();
        if p >= bound {
            let passed = whole(units_f * p - scatter);
            let fails = Values::passes(units - passed, passed).negated();
            passed > 0 && fails.at_least(0.0, -bound) <= error
        } else {
            let passed = whole(units_f * p + scatter + 1.0).min(units);
            Values::passes(units - passed, passed).at_least(1.0, bound) <= error
        }
    })
}

/// What so many units can see under a rule, if the share of differing cases lies in a range.
#[must_use]
pub fn sight(units: u32, differing: FromTo, rule: Rule) -> Sight {
    let ends = [differing.low, differing.high].map(|share| rule.smallest_seen(units, share));
    Sight {
        units,
        differing,
        smallest: FromTo {
            low: ends[0].min(ends[1]),
            high: ends[0].max(ends[1]),
        },
    }
}

fn part(hundredths: u32) -> f64 {
    f64::from(hundredths) / f64::from(WHOLE)
}

// The lost and gained cases of a table that is `errors` standard errors off. No version can lose
// more than it differs, so the share is at least the loss.
fn table(units: u32, share: f64, loss: f64, errors: f64) -> [f64; 2] {
    let units = f64::from(units);
    let share = share.max(loss);
    let differing = units * share;
    let spread = (units * (share - loss * loss).max(0.0)).sqrt();
    let more = (units * loss + errors * spread).clamp(-differing, differing);
    [0.5 * (differing + more), 0.5 * (differing - more)]
}

// The least number up to `most` for which it holds, if what holds once goes on holding.
fn least(most: u32, holds: impl Fn(u32) -> bool) -> Option<u32> {
    let (mut not, mut yes) = (0, 1);
    while !holds(yes) {
        if yes >= most {
            return None;
        }
        not = yes;
        yes = most.min(2 * yes);
    }
    while yes - not > 1 {
        let middle = not + (yes - not) / 2;
        if holds(middle) {
            yes = middle;
        } else {
            not = middle;
        }
    }
    Some(yes)
}

// A count from 0 up, rounded down.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` keeps it within u32, and a count of units is far below"
)]
fn whole(x: f64) -> u32 {
    x.max(0.0).floor() as u32
}
