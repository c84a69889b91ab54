//! Wilcoxon's signed-rank test, for showing: do the differences of scores lean to one side?
//!
//! F. Wilcoxon (1945), *Individual comparisons by ranking methods*, Biometrics Bulletin 1, 80–83.
//! Differences of nothing are left out and equal ones share their ranks, as SciPy's
//! `zero_method="wilcox"`. Up to [`EXACT`] differences the distribution is counted out, ties and
//! all; beyond, it is normal with the correction for ties.

use super::{count, normal};

/// Up to so many differences the distribution is counted out.
pub const EXACT: usize = 50;

/// What the test says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignedRanks {
    /// How many differences are none of nothing.
    pub differing: usize,
    /// The sum of the ranks of losses.
    pub losses: f64,
    /// The sum of the ranks of gains.
    pub gains: f64,
    /// The two-sided p-value; 1 where nothing differs.
    pub p: f64,
}

/// The test over differences, live minus proposed.
#[must_use]
pub fn signed_ranks(differences: &[f64]) -> SignedRanks {
    let mut sizes: Vec<(f64, bool)> = differences
        .iter()
        .filter(|d| **d != 0.0)
        .map(|d| (d.abs(), *d > 0.0))
        .collect();
    sizes.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Twice the rank is a whole number, ties or not.
    let mut doubled: Vec<(usize, bool)> = Vec::with_capacity(sizes.len());
    let mut ties = 0.0;
    for equal in sizes.chunk_by(|a, b| a.0 == b.0) {
        let first = doubled.len() + 1;
        let rank = 2 * first + equal.len() - 1;
        doubled.extend(equal.iter().map(|(_, lost)| (rank, *lost)));
        let number = count(equal.len());
        ties += number * (number * number - 1.0);
    }
    let sum = |lost: bool| -> usize {
        doubled
            .iter()
            .filter(|(_, l)| *l == lost)
            .map(|(rank, _)| rank)
            .sum()
    };
    let (losses, gains) = (sum(true), sum(false));
    let n = count(doubled.len());
    let p = if doubled.is_empty() {
        1.0
    } else if doubled.len() <= EXACT {
        let ranks: Vec<usize> = doubled.iter().map(|(rank, _)| *rank).collect();
        (2.0 * at_most(&ranks, losses.min(gains))).min(1.0)
    } else {
        let variance = (n * (n + 1.0) * (2.0 * n + 1.0) - 0.5 * ties) / 24.0;
        let z = (0.5 * count(losses.max(gains)) - n * (n + 1.0) / 4.0) / variance.sqrt();
        (2.0 * normal::above(z)).min(1.0)
    };
    SignedRanks {
        differing: doubled.len(),
        losses: 0.5 * count(losses),
        gains: 0.5 * count(gains),
        p,
    }
}

/// How often the sum of a random half of these ranks is at most `sum`: each is in or out.
fn at_most(ranks: &[usize], sum: usize) -> f64 {
    let total: usize = ranks.iter().sum();
    let mut chance = vec![0.0; total + 1];
    if let Some(nothing) = chance.first_mut() {
        *nothing = 1.0;
    }
    for rank in ranks {
        for at in (0..=total).rev() {
            let from = at.checked_sub(*rank).map_or(0.0, |from| chance[from]);
            chance[at] = 0.5 * (chance[at] + from);
        }
    }
    chance.iter().take(sum + 1).sum()
}
