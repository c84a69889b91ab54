//! Holm's correction for looking at many differences at once.
//!
//! S. Holm (1979), *A simple sequentially rejective multiple test procedure*, Scandinavian Journal
//! of Statistics 6, 65–70. It holds however the tests depend on each other, which tags of the same
//! cases do.

use super::count;

/// The p-values corrected for their number, in the order in which they came.
#[must_use]
pub fn corrected(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut corrected = vec![0.0; values.len()];
    let mut largest: f64 = 0.0;
    for (rank, place) in order.into_iter().enumerate() {
        largest = largest
            .max(values[place] * count(values.len() - rank))
            .min(1.0);
        corrected[place] = largest;
    }
    corrected
}
