//! McNemar's exact test, for showing. It asks whether two versions differ, which is not what a gate
//! asks: with few cases nothing differs significantly, and a gate on it would let everything pass.
//!
//! Q. McNemar (1947), *Note on the sampling error of the difference between correlated proportions
//! or percentages*, Psychometrika 12, 153–157; here with the binomial distribution itself.

use super::pairs::PairedTable;

/// The two-sided p-value: how often a coin would share out the differing cases at least so unevenly.
#[must_use]
pub fn two_sided(table: &PairedTable) -> f64 {
    let differing = table.lost + table.gained;
    (2.0 * coin_at_most(table.lost.min(table.gained), differing)).min(1.0)
}

/// The chance of at most `heads` in `tosses` of a fair coin.
fn coin_at_most(heads: u32, tosses: u32) -> f64 {
    // From the middle outwards, relative to the middle: nothing under- or overflows that counts.
    let middle = tosses / 2;
    let (mut below, mut all) = (0.0, 0.0);
    let mut add = |at: u32, weight: f64| {
        all += weight;
        if at <= heads {
            below += weight;
        }
    };
    let mut weight = 1.0;
    for at in (0..=middle).rev() {
        add(at, weight);
        weight *= f64::from(at) / f64::from(tosses - at + 1);
    }
    weight = 1.0;
    for at in middle + 1..=tosses {
        weight *= f64::from(tosses - at + 1) / f64::from(at);
        add(at, weight);
    }
    below / all
}
