//! Tango's score interval for the difference of paired proportions, made safe for few cases.
//!
//! T. Tango (1998), *Equivalence test and confidence interval for the difference in proportions for
//! the paired-sample design*, Statistics in Medicine 17, 891–908. The loss is tested at each value
//! with the variance that the data have if that value is the true one (the restricted estimate of
//! maximum likelihood), so that it keeps its sense with few differing cases, and with none.
//!
//! The score alone errs up to a point too often with few cases, and more where all of them differ. A
//! correction for continuity of [`CORRECTION`] cases and the exact bounds at the edges repair that;
//! how they were found stands in `docs/statistics.md`.

use super::bounded::Values;
use super::normal;
use super::pairs::PairedTable;

/// By how many cases the loss is moved towards the worse before it is tested.
pub const CORRECTION: f64 = 0.5;

/// The hundredths of a percent in the whole, signed.
const WHOLE: i32 = 10_000;

/// Tango's score for a true loss of `loss` (between −1 and 1), without the correction: about
/// standard normal if that is the true one. The numerator and the root of the variance.
fn score(lost: f64, gained: f64, cases: f64, loss: f64) -> (f64, f64) {
    // The estimate of the share of gained cases, if the loss is `loss`: the larger root of
    // 2n·q² + linear·q + constant = 0.
    let linear = (2.0 * cases - lost + gained) * loss - lost - gained;
    let constant = -gained * loss * (1.0 - loss);
    let under = linear * linear - 8.0 * cases * constant;
    let share = (under.max(0.0).sqrt() - linear) / (4.0 * cases);
    let variance = cases * (2.0 * share + loss * (1.0 - loss));
    (lost - gained - cases * loss, variance.max(0.0).sqrt())
}

/// Tango's statistic as he published it: positive where more is lost than `loss`. For showing and
/// for comparing with other programs. None if no case can differ.
#[must_use]
pub fn statistic(table: &PairedTable, loss: f64) -> Option<f64> {
    let (above, root) = score(
        f64::from(table.lost),
        f64::from(table.gained),
        f64::from(table.cases()),
        loss,
    );
    (root > 0.0).then(|| above / root)
}

/// The bounds of the loss that decide, each wrong with a chance of at most `error`, in hundredths of
/// a percent.
#[must_use]
pub fn bounds(table: &PairedTable, error: f64) -> (i32, i32) {
    let z = normal::exceeded(error);
    (
        -safe_upper(&table.swapped(), z, error),
        safe_upper(table, z, error),
    )
}

// The bound for bounded means is exact where nothing is lost, so it counts there. Where more than
// half of the cases differ, lost minus gained moves in steps of two, the correction for steps of one
// is too small, and the wider of both counts.
fn safe_upper(table: &PairedTable, z: f64, error: f64) -> i32 {
    let bounded = || Values::differences(table).upper(WHOLE, error);
    if table.lost == 0 {
        bounded()
    } else if 2 * u64::from(table.lost + table.gained) > u64::from(table.cases()) {
        bounded().max(upper(table, z, CORRECTION))
    } else {
        upper(table, z, CORRECTION)
    }
}

/// Whether the data speak against a loss of `loss` or more: the test that `z` belongs to.
#[must_use]
pub fn is_below(table: &PairedTable, loss: f64, z: f64, correction: f64) -> bool {
    counts_below(
        [f64::from(table.lost), f64::from(table.gained)],
        f64::from(table.cases()),
        loss,
        z,
        correction,
    )
}

/// The same for counts that need not be whole, as planning has them: lost and gained.
pub(super) fn counts_below(
    [lost, gained]: [f64; 2],
    cases: f64,
    loss: f64,
    z: f64,
    correction: f64,
) -> bool {
    let (above, root) = score(lost, gained, cases, loss);
    let above = above + correction;
    above < 0.0 && above <= -z * root
}

/// The upper bound of the loss: the least hundredth of a percent that the data speak against.
#[must_use]
pub fn upper(table: &PairedTable, z: f64, correction: f64) -> i32 {
    // At or below the estimate nothing speaks against a loss, so the search may start there.
    let (mut not, mut yes) = (-WHOLE, WHOLE);
    while yes - not > 1 {
        let middle = (not + yes).div_euclid(2);
        if is_below(table, f64::from(middle) / f64::from(WHOLE), z, correction) {
            yes = middle;
        } else {
            not = middle;
        }
    }
    yes
}

/// The lower bound of the loss: the same with the sides swapped.
#[must_use]
pub fn lower(table: &PairedTable, z: f64, correction: f64) -> i32 {
    -upper(&table.swapped(), z, correction)
}
