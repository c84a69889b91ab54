//! One measured row, said twice: in words for whoever looks on, and as a line of JSON, in the file
//! that `GALLEY_BENCH_ROWS` names, for the table of `make bench`.
#![allow(
    dead_code,
    clippy::print_stdout,
    clippy::expect_used,
    reason = "every benchmark that includes this prints, stops where something fails, and uses a part of it"
)]

use std::io::Write as _;

/// What the design allows.
#[derive(Clone, Copy)]
pub enum Budget {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
    /// Nothing is promised.
    None,
}

/// Says what was measured: the median of `samples`, the lowest and the highest.
///
/// `id` is the row's name in `scripts/bench/rows.mjs`; a row that is not listed there comes into
/// the second table, of what was measured besides.
pub fn row(id: &str, what: &str, samples: &[f64], unit: &str, budget: Budget, note: &str) {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (sorted[0], sorted[sorted.len() - 1]);
    let median = middle(&sorted);
    let (better, bound, met) = match budget {
        Budget::AtMost(bound) => ("lower", Some(bound), Some(median <= bound)),
        Budget::AtLeast(bound) => ("higher", Some(bound), Some(median >= bound)),
        Budget::None => ("lower", None, None),
    };
    let verdict = match (bound, met) {
        (Some(bound), Some(true)) => format!("budget {}: met", short(bound)),
        (Some(bound), _) => format!("budget {}: MISSED", short(bound)),
        _ => String::new(),
    };
    println!(
        "{what:<58} {:>9} {unit:<5} ({}–{} of {})  {verdict}  {note}",
        short(median),
        short(low),
        short(high),
        sorted.len(),
    );
    let Some(path) = std::env::var_os("GALLEY_BENCH_ROWS") else {
        return;
    };
    let line = serde_json::json!({
        "row": id, "what": what, "value": median, "low": low, "high": high, "runs": sorted.len(),
        "unit": unit, "better": better, "budget": bound, "note": note,
    });
    let mut file = std::fs::File::options()
        .create(true)
        .append(true)
        .open(path)
        .expect("the file for rows can be written");
    writeln!(file, "{line}").expect("the file for rows can be written");
}

/// The middle of what is sorted.
pub fn middle(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[half]
    } else {
        (sorted[half - 1] + sorted[half]) / 2.0
    }
}

/// The median of what is in no order.
pub fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    middle(&sorted)
}

/// Milliseconds since `began`.
pub fn ms_since(began: std::time::Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e3
}

fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size < 10.0 => format!("{value:.2}"),
        size if size < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
