//! What SciPy, statsmodels, exact fractions and published R packages say, against ours.
//! `tests/reference/statistics.py` wrote the file and names the versions.

use domain::statistics::bounded::Values;
use domain::statistics::pairs::PairedTable;
use domain::statistics::{holm, mcnemar, normal, tango, wilcoxon};
use serde_json::Value;

fn reference(part: &str) -> Vec<Vec<Value>> {
    let all: Value =
        serde_json::from_str(include_str!("../../reference/statistics.json")).expect("JSON");
    serde_json::from_value(all[part].clone()).expect("a list of rows")
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn whole(value: &Value) -> u32 {
    u32::try_from(value.as_u64().expect("a whole number")).expect("a small one")
}

fn numbers(value: &Value) -> Vec<f64> {
    serde_json::from_value(value.clone()).expect("numbers")
}

fn table(row: &[Value]) -> PairedTable {
    let (lost, gained, cases) = (whole(&row[0]), whole(&row[1]), whole(&row[2]));
    PairedTable {
        both: cases - lost - gained,
        lost,
        gained,
        neither: 0,
    }
}

/// Close as a share of the size.
fn close(ours: f64, theirs: f64, share: f64) -> bool {
    (ours - theirs).abs() <= share * theirs.abs().max(1e-300)
}

#[test]
fn the_normal_distribution_is_scipys() {
    for row in reference("normal_above") {
        let (z, theirs) = (number(&row[0]), number(&row[1]));
        let ours = normal::above(z);
        assert!(
            close(ours, theirs, 1e-11),
            "above {z}: {ours}, not {theirs}"
        );
    }
    for row in reference("normal_exceeded") {
        let (alpha, theirs) = (number(&row[0]), number(&row[1]));
        let ours = normal::exceeded(alpha);
        assert!(
            (ours - theirs).abs() < 1e-10,
            "exceeded with {alpha}: {ours}, not {theirs}"
        );
    }
}

#[test]
fn tangos_statistic_is_that_of_a_likelihood_maximised_numerically() {
    for row in reference("tango_statistic") {
        let (table, loss, theirs) = (table(&row), number(&row[3]), number(&row[4]));
        let Some(ours) = tango::statistic(&table, loss) else {
            panic!("no statistic for {row:?}");
        };
        assert!(
            (ours - theirs).abs() < 2e-5 * theirs.abs().max(1.0),
            "{row:?}: {ours}"
        );
    }
}

/// Ours are rounded outwards to hundredths of a percent.
fn assert_bounds(row: &[Value], slack: f64) {
    let z = normal::exceeded(number(&row[3]));
    let (lower, upper) = (number(&row[4]) * 1e4, number(&row[5]) * 1e4);
    let table = table(row);
    let ours = [tango::lower(&table, z, 0.0), tango::upper(&table, z, 0.0)].map(f64::from);
    assert!(
        ours[0] <= lower + slack && ours[0] > lower - 1.0 - slack,
        "{row:?}: {ours:?}"
    );
    assert!(
        ours[1] >= upper - slack && ours[1] < upper + 1.0 + slack,
        "{row:?}: {ours:?}"
    );
}

#[test]
fn tangos_bounds_are_where_that_statistic_reaches_the_quantile() {
    for row in reference("tango_bounds") {
        assert_bounds(&row, 1e-4);
    }
}

#[test]
fn tangos_bounds_are_those_that_other_programs_print() {
    // They print four digits, which are hundredths of a percent, rounded to the nearest.
    for row in reference("published") {
        assert_bounds(&row, 0.5);
    }
}

#[test]
fn the_bound_for_bounded_means_follows_exact_fractions() {
    for row in reference("bounded_at_least") {
        let (h, theirs) = (number(&row[1]), number(&row[2]));
        let ours = Values::of(&numbers(&row[0])).at_least(1.0, h);
        assert!(
            (ours - theirs).abs() < 1e-9 && close(ours, theirs, 1e-6),
            "{row:?}: {ours}"
        );
    }
}

#[test]
fn for_pass_and_fail_it_is_clopper_and_pearson() {
    for row in reference("clopper_pearson") {
        let (passed, cases, alpha) = (whole(&row[0]), whole(&row[1]), number(&row[2]));
        let (lower, upper) = (number(&row[3]) * 1e4, number(&row[4]) * 1e4);
        let values = Values::passes(cases - passed, passed);
        // Rounded outwards; a bound that is a whole hundredth may go either way.
        let (below, above) = (
            lower - f64::from(values.lower(0, alpha)),
            f64::from(values.upper(10_000, alpha)) - upper,
        );
        assert!((-1e-6..1.0 + 1e-6).contains(&below), "{row:?}: {below}");
        assert!((-1e-6..1.0 + 1e-6).contains(&above), "{row:?}: {above}");
    }
}

#[test]
fn mcnemars_test_is_that_of_statsmodels() {
    for row in reference("mcnemar") {
        let table = PairedTable {
            lost: whole(&row[0]),
            gained: whole(&row[1]),
            ..PairedTable::default()
        };
        let (ours, theirs) = (mcnemar::two_sided(&table), number(&row[2]));
        assert!(close(ours, theirs, 1e-9), "{row:?}: {ours}");
    }
}

#[test]
fn wilcoxons_test_is_that_of_scipy() {
    for row in reference("wilcoxon") {
        let (ours, theirs) = (wilcoxon::signed_ranks(&numbers(&row[0])).p, number(&row[1]));
        assert!(close(ours, theirs, 1e-9), "{row:?}: {ours}");
    }
}

#[test]
fn holms_correction_is_that_of_statsmodels() {
    for row in reference("holm") {
        for (ours, theirs) in holm::corrected(&numbers(&row[0]))
            .iter()
            .zip(numbers(&row[1]))
        {
            assert!(close(*ours, theirs, 1e-12), "{row:?}: {ours}");
        }
    }
}
