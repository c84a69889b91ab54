//! From answers to units: one difference, live minus proposed, for each case.
//!
//! The case is the unit, because the cases are what was drawn from the world. Asking one case five
//! times makes its own difference steadier and leaves the number of units alone; near-duplicates
//! stand for one thing that people ask, so a group of them is one unit. Repeats are averaged
//! within the case, cases within their group.

use super::{StatisticsError, WHOLE, count};
use serde::{Deserialize, Serialize};

/// What both versions scored on one case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(deny_unknown_fields)]
pub struct CaseAnswers {
    /// The case's id.
    pub case: String,
    /// Near-duplicates share a name here; none: a case that has no like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// What the live version scored, one for each repeat, in hundredths of a percent: 0 or 10,000
    /// for pass or fail.
    pub live: Vec<u32>,
    /// What the proposed version scored.
    pub proposed: Vec<u32>,
}

/// One case, or one group of near-duplicates.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit<'a> {
    /// The id of its case, the first one of a group.
    pub name: &'a str,
    /// How many cases it stands for.
    pub cases: usize,
    /// The mean score of the live version, from 0 to 1.
    pub live: f64,
    /// The mean score of the proposed one.
    pub proposed: f64,
    /// Live minus proposed: above 0, something is lost.
    pub difference: f64,
}

/// Pass and fail of both versions over the same cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct PairedTable {
    /// Both passed.
    pub both: u32,
    /// Live passed, proposed failed: lost.
    pub lost: u32,
    /// Live failed, proposed passed: gained.
    pub gained: u32,
    /// Both failed.
    pub neither: u32,
}

impl PairedTable {
    /// The same with live and proposed in each other's place.
    #[must_use]
    pub const fn swapped(&self) -> Self {
        Self {
            lost: self.gained,
            gained: self.lost,
            ..*self
        }
    }

    /// How many cases there are.
    #[must_use]
    pub const fn cases(&self) -> u32 {
        self.both + self.lost + self.gained + self.neither
    }
}

/// The units of a comparison: groups first, then single cases, each in the order of their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pairs<'a> {
    units: Vec<Unit<'a>>,
    table: Option<PairedTable>,
    unanswered: usize,
    answered: usize,
}

/// A case that both sides answered: its unit, its name, and live, proposed and live minus proposed.
struct Asked<'a> {
    unit: (bool, &'a str),
    case: &'a str,
    sides: [f64; 3],
}

impl<'a> Pairs<'a> {
    /// Pairs the answers up. The order of the cases and of their repeats changes nothing.
    ///
    /// `copies`: a repeat could only give the first answer again (the provider takes no seed and
    /// the temperature is 0). Then the first answer counts and the others are no evidence.
    ///
    /// # Errors
    /// A score above the whole; one case twice; more cases than can be counted.
    pub fn of(cases: &'a [CaseAnswers], copies: bool) -> Result<Self, StatisticsError> {
        Self::made(cases, copies, false)
    }

    /// The units of the proposed version alone, where nothing is live to compare it with.
    ///
    /// # Errors
    /// As [`Pairs::of`].
    pub fn alone(cases: &'a [CaseAnswers], copies: bool) -> Result<Self, StatisticsError> {
        Self::made(cases, copies, true)
    }

    fn made(cases: &'a [CaseAnswers], copies: bool, alone: bool) -> Result<Self, StatisticsError> {
        if u32::try_from(cases.len()).is_err() {
            return Err(StatisticsError::TooMany);
        }
        let mut asked: Vec<Asked<'_>> = Vec::with_capacity(cases.len());
        let mut plain = true;
        for case in cases {
            let proposed = Marks::of(case, &case.proposed, copies)?;
            let live = if alone {
                proposed
            } else {
                Marks::of(case, &case.live, copies)?
            };
            let (Some(live), Some(proposed)) = (live, proposed) else {
                continue;
            };
            plain &= live.plain() && proposed.plain();
            asked.push(Asked {
                // A group can't be mistaken for a case of the same name.
                unit: (
                    case.group.is_none(),
                    case.group.as_deref().unwrap_or(&case.case),
                ),
                case: &case.case,
                sides: [live.mean(), proposed.mean(), live.minus(proposed)],
            });
        }
        let mut names: Vec<&str> = cases.iter().map(|case| case.case.as_str()).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|two| two[0] == two[1]) {
            return Err(StatisticsError::SameCase(twice[0].to_owned()));
        }
        asked.sort_by(|a, b| (a.unit, a.case).cmp(&(b.unit, b.case)));
        let units: Vec<Unit<'_>> = asked.chunk_by(|a, b| a.unit == b.unit).map(unit).collect();
        plain &= units.len() == asked.len();
        Ok(Self {
            table: plain.then(|| table(&units)),
            units,
            answered: asked.len(),
            unanswered: cases.len() - asked.len(),
        })
    }

    /// The units.
    #[must_use]
    pub fn units(&self) -> &[Unit<'a>] {
        &self.units
    }

    /// The table, if each unit is one case, asked once, that passes or fails.
    #[must_use]
    pub const fn table(&self) -> Option<PairedTable> {
        self.table
    }

    /// How many cases lack the answer of a side: they are not among the units.
    #[must_use]
    pub const fn unanswered(&self) -> usize {
        self.unanswered
    }

    /// How many cases the units stand for.
    #[must_use]
    pub const fn answered(&self) -> usize {
        self.answered
    }

    /// The differences, smallest first.
    #[must_use]
    pub fn differences(&self) -> Vec<f64> {
        sorted(self.units.iter().map(|unit| unit.difference))
    }

    /// The scores of the proposed version, smallest first.
    #[must_use]
    pub fn proposed(&self) -> Vec<f64> {
        sorted(self.units.iter().map(|unit| unit.proposed))
    }
}

// Sums of `f64` depend on their order, so everything is sorted before it is added up.
fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The mean; 0 of nothing.
#[must_use]
pub fn mean(values: &[f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    values.iter().sum::<f64>() / count(values.len())
}

fn unit<'a>(cases: &[Asked<'a>]) -> Unit<'a> {
    let of = |side: usize| match cases {
        [only] => only.sides[side],
        _ => mean(&sorted(cases.iter().map(|case| case.sides[side]))),
    };
    Unit {
        name: cases.first().map_or("", |case| case.case),
        cases: cases.len(),
        live: of(0),
        proposed: of(1),
        difference: of(2),
    }
}

fn table(units: &[Unit<'_>]) -> PairedTable {
    let mut table = PairedTable::default();
    for unit in units {
        *match (unit.live > 0.5, unit.proposed > 0.5) {
            (true, true) => &mut table.both,
            (true, false) => &mut table.lost,
            (false, true) => &mut table.gained,
            (false, false) => &mut table.neither,
        } += 1;
    }
    table
}

/// The scores of one side of one case: their sum and how many.
#[derive(Clone, Copy)]
struct Marks {
    sum: u64,
    count: u32,
}

impl Marks {
    fn of(
        case: &CaseAnswers,
        marks: &[u32],
        copies: bool,
    ) -> Result<Option<Self>, StatisticsError> {
        if let Some(wrong) = marks.iter().find(|mark| **mark > WHOLE) {
            return Err(StatisticsError::NotAScore {
                case: case.case.clone(),
                score: (f64::from(*wrong) / f64::from(WHOLE)).to_string(),
            });
        }
        let marks = if copies {
            marks.get(..1).unwrap_or_default()
        } else {
            marks
        };
        let count = u32::try_from(marks.len()).map_err(|_| StatisticsError::TooMany)?;
        Ok((count > 0).then(|| Self {
            sum: marks.iter().map(|mark| u64::from(*mark)).sum(),
            count,
        }))
    }

    // One answer that passes or fails.
    fn plain(self) -> bool {
        self.count == 1 && (self.sum == 0 || self.sum == u64::from(WHOLE))
    }

    fn mean(self) -> f64 {
        ratio(i128::from(self.sum), self.count.into())
    }

    // One division of whole numbers: swapping the sides gives exactly the negative.
    fn minus(self, other: Self) -> f64 {
        let (ours, theirs) = (i128::from(self.sum), i128::from(other.sum));
        ratio(
            ours * i128::from(other.count) - theirs * i128::from(self.count),
            u128::from(self.count) * u128::from(other.count),
        )
    }
}

// `sum ÷ (count · WHOLE)`.
#[expect(
    clippy::cast_precision_loss,
    reason = "rounded once, alike everywhere; exact below 2⁵³"
)]
fn ratio(sum: i128, count: u128) -> f64 {
    let whole = count * u128::from(WHOLE);
    match (i64::try_from(sum), u64::try_from(whole)) {
        // Nearly always; the same number, sooner.
        (Ok(sum), Ok(whole)) => sum as f64 / whole as f64,
        _ => sum as f64 / whole as f64,
    }
}
