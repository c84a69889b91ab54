//! The difference for each tag, for showing, corrected for looking at many.
//!
//! A case may have several tags, and with twenty tags one looks bad by chance. So the p-values are
//! corrected by Holm's method and the intervals are wide enough to hold together.

use super::bounded::Values;
use super::holm;
use super::pairs::{CaseAnswers, Pairs};
use super::{StatisticsError, WHOLE};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the cases of one tag say. All in hundredths of a percent; live minus proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct TagDifference {
    /// The tag.
    pub tag: String,
    /// How many units have it: cases, or groups of near-duplicates.
    pub units: u32,
    /// The difference as seen.
    pub estimate: i32,
    /// The interval; all of them hold at once with the error that was asked for.
    pub lower: i32,
    /// Its other end.
    pub upper: i32,
    /// How surprising the difference is if there is none: the two-sided p-value by itself.
    pub p: u32,
    /// The same, corrected for the number of tags.
    pub corrected: u32,
}

/// The difference for each tag, in the order of the tags. `tags` are those of a case by its id;
/// `alpha` is the error of all intervals together, in hundredths of a percent.
///
/// # Errors
/// As [`Pairs::of`].
pub fn by_tag(
    cases: &[CaseAnswers],
    tags: &BTreeMap<String, Vec<String>>,
    copies: bool,
    alpha: u32,
) -> Result<Vec<TagDifference>, StatisticsError> {
    let mut tagged: BTreeMap<&str, Vec<CaseAnswers>> = BTreeMap::new();
    for case in cases {
        let mut of_case: Vec<&String> = tags.get(&case.case).into_iter().flatten().collect();
        of_case.sort();
        of_case.dedup();
        for tag in of_case {
            tagged.entry(tag).or_default().push(case.clone());
        }
    }
    let number = u32::try_from(tagged.len()).map_err(|_| StatisticsError::TooMany)?;
    let error = f64::from(alpha) / f64::from(WHOLE) / 2.0 / f64::from(number.max(1));
    let mut found = Vec::new();
    let mut ps = Vec::new();
    for (tag, cases) in tagged {
        let pairs = Pairs::of(&cases, copies)?;
        let losses = Values::of(&pairs.differences());
        let gains = losses.negated();
        let p = (2.0 * losses.at_least(1.0, 0.0).min(gains.at_least(1.0, 0.0))).min(1.0);
        ps.push(p);
        found.push(TagDifference {
            tag: tag.to_owned(),
            units: u32::try_from(pairs.units().len()).map_err(|_| StatisticsError::TooMany)?,
            estimate: losses.rounded_mean(),
            lower: losses.lower(-10_000, error),
            upper: losses.upper(10_000, error),
            p: share(p),
            corrected: 0,
        });
    }
    for (difference, p) in found.iter_mut().zip(holm::corrected(&ps)) {
        difference.corrected = share(p);
    }
    Ok(found)
}

// A p-value in hundredths of a percent, rounded up: none is shown as smaller than it is.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it lies between 0 and 1"
)]
fn share(p: f64) -> u32 {
    (p * f64::from(WHOLE)).ceil() as u32
}
