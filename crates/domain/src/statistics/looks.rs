//! Looks: every announced run counts, and asking again is paid for.
//!
//! Whoever may run until a run pleases can pass anything. So a verdict pools every run of the
//! version on the suite that was announced, abandoned ones too, and its error is spent in parts:
//! look 1 may err with ¾ of `alpha`, look `k` with `1 ÷ 4(k−1)k` of it. These add up to `alpha`
//! over any number of looks, planned or not, so that the chance that *any* look errs stays within
//! it (Boole's inequality), however the looks depend on each other. They do depend: later runs ask
//! the same cases again, so that plans which need independent increments (P. C. O'Brien and
//! T. R. Fleming 1979, K. K. G. Lan and D. L. DeMets 1983) have no footing here; what is kept of
//! them is the spending. The first look has the most, as nearly every verdict is one.

use super::pairs::CaseAnswers;
use super::{StatisticsError, WHOLE};
use std::collections::BTreeMap;

/// The part of the error that a look may spend: `parts ÷ of`. The first look is 1.
#[must_use]
pub fn part(look: u32) -> (u64, u64) {
    match u64::from(look) {
        0 | 1 => (3, 4),
        look => (1, 4 * (look - 1) * look),
    }
}

/// The error that a look may make, of `alpha` in hundredths of a percent.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "rounded once, alike everywhere")]
pub fn error_at(alpha: u32, look: u32) -> f64 {
    let (parts, of) = part(look);
    (u64::from(alpha) * parts) as f64 / (of * u64::from(WHOLE)) as f64
}

/// All answers of some announced runs, in the order in which the runs were announced.
///
/// # Errors
/// One case twice within a run; a case in other company in another run.
pub fn pool(runs: &[&[CaseAnswers]]) -> Result<Vec<CaseAnswers>, StatisticsError> {
    let mut pooled: BTreeMap<&str, CaseAnswers> = BTreeMap::new();
    for run in runs {
        let mut seen = std::collections::BTreeSet::new();
        for case in *run {
            if !seen.insert(case.case.as_str()) {
                return Err(StatisticsError::SameCase(case.case.clone()));
            }
            let all = pooled.entry(&case.case).or_insert_with(|| CaseAnswers {
                case: case.case.clone(),
                group: case.group.clone(),
                ..CaseAnswers::default()
            });
            if all.group != case.group {
                return Err(StatisticsError::OtherGroup(case.case.clone()));
            }
            all.live.extend(&case.live);
            all.proposed.extend(&case.proposed);
        }
    }
    Ok(pooled.into_values().collect())
}
