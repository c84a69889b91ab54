//! The promise, counted out: the chance of each error for pass and fail asked once, over all tables
//! that can occur. No drawing, so that nothing hides behind luck.

use domain::statistics::bounded::Values;
use domain::statistics::pairs::PairedTable;
use domain::statistics::{normal, tango};

/// The chances of `0..=n` among `n` with chance `p` each.
fn binomial(n: u32, p: f64) -> Vec<f64> {
    let mut chances = vec![1.0];
    for _ in 0..n {
        let mut next = vec![0.0; chances.len() + 1];
        for (at, chance) in chances.iter().enumerate() {
            next[at] += chance * (1.0 - p);
            next[at + 1] += chance * p;
        }
        chances = next;
    }
    chances
}

/// Every table of so many cases, with the loss and its bounds.
fn tables(
    cases: u32,
    error: f64,
    bounds: fn(&PairedTable, f64) -> (i32, i32),
) -> Vec<(u32, u32, i32, i32)> {
    let mut all = Vec::new();
    for gained in 0..=cases {
        for lost in 0..=cases - gained {
            let table = PairedTable {
                lost,
                gained,
                neither: cases - lost - gained,
                both: 0,
            };
            let (lower, upper) = bounds(&table, error);
            all.push((lost, gained, lower, upper));
        }
    }
    all
}

/// Tango's interval as published, without the correction.
fn published(table: &PairedTable, error: f64) -> (i32, i32) {
    let z = normal::exceeded(error);
    (tango::lower(table, z, 0.0), tango::upper(table, z, 0.0))
}

/// The largest chances of passing with a loss of `allowed` and of failing with none, as multiples
/// of the promised error.
fn largest_errors(
    cases: u32,
    error: f64,
    bounds: fn(&PairedTable, f64) -> (i32, i32),
) -> (f64, f64) {
    let tables = tables(cases, error, bounds);
    let (mut passed, mut failed): (f64, f64) = (0.0, 0.0);
    for allowed in [0, 1, 100, 200, 500, 1_000, 2_000, 3_500, 5_000] {
        let loss = f64::from(allowed) / 10_000.0;
        for step in 0..=30 {
            // From no gain at all to every case differing.
            let gain = f64::from(step) / 30.0 * (1.0 - loss) / 2.0;
            let gains = binomial(cases, gain);
            let lost_of_others: Vec<Vec<f64>> = (0..=cases)
                .map(|gained| binomial(cases - gained, ((gain + loss) / (1.0 - gain)).min(1.0)))
                .collect();
            let chance_of = |wrong: &dyn Fn(i32, i32) -> bool| -> f64 {
                tables
                    .iter()
                    .filter(|(_, _, lower, upper)| wrong(*lower, *upper))
                    .map(|(lost, gained, ..)| {
                        gains[*gained as usize] * lost_of_others[*gained as usize][*lost as usize]
                    })
                    .sum()
            };
            if allowed == 0 {
                failed = failed.max(chance_of(&|lower, _| lower > 0) / error);
            } else {
                passed = passed.max(chance_of(&|_, upper| upper < allowed) / error);
            }
        }
    }
    (passed, failed)
}

#[test]
fn no_error_is_more_frequent_than_promised_whatever_share_differs() {
    for cases in [1, 2, 3, 4, 5, 7, 9, 12, 18] {
        for error in [0.1, 0.075, 0.05, 0.0375, 0.006_25] {
            let (passed, failed) = largest_errors(cases, error, tango::bounds);
            assert!(
                passed <= 1.0 && failed <= 1.0,
                "{cases} cases, error {error}: {passed} and {failed} of it"
            );
        }
    }
}

#[test]
fn the_published_interval_would_break_the_promise() {
    // Why there is a correction; and the count above would see it if it went missing.
    let (passed, _) = largest_errors(20, 0.05, published);
    assert!(passed > 1.1, "{passed}");
    let (_, failed) = largest_errors(7, 0.05, published);
    assert!(failed > 1.1, "{failed}");
}

#[test]
fn with_nothing_lost_it_takes_as_many_cases_as_counting_says() {
    // No loss among n speaks against a share of 10 % once 0.9ⁿ ≤ 5 %, from n = 29. The published
    // interval passes 25 cases, where 0.9²⁵ = 7.2 %.
    let least = |bounds: fn(&PairedTable, f64) -> (i32, i32)| {
        (1..100_u32).find(|cases| {
            let table = PairedTable {
                both: *cases,
                ..PairedTable::default()
            };
            bounds(&table, 0.05).1 <= 1_000
        })
    };
    assert_eq!(least(published), Some(25));
    assert_eq!(least(tango::bounds), Some(29));
}

#[test]
fn the_bound_for_bounded_means_keeps_the_promise_on_three_values() {
    // The same count for the other method, on tables as if they were scores.
    fn bounded(table: &PairedTable, error: f64) -> (i32, i32) {
        let values = Values::differences(table);
        (values.lower(-10_000, error), values.upper(10_000, error))
    }
    for cases in [1, 3, 6, 12] {
        let (passed, failed) = largest_errors(cases, 0.05, bounded);
        assert!(
            passed <= 1.0 && failed <= 1.0,
            "{cases}: {passed}, {failed}"
        );
    }
}
