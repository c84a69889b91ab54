//! Measures what a person waits for, without the window: a large project until its library can be
//! shown and until it is proven, the review of a large bundle, runs whose answers and results are
//! on disk (`-- runs`: these alone), and a run of 50,000 cases that is looked at and carried
//! (`-- matrix`: this alone).
//!
//! `cargo run --release -p workbench --example bench_workbench`. `GALLEY_BENCH_LARGE` names a
//! folder in which the large project stays, for the window to open.
#![allow(
    clippy::unwrap_used,
    reason = "a program that measures stops at the first thing that goes wrong"
)]

#[path = "../../../evals/examples/bench_runner/asked.rs"]
mod asked;
#[path = "../../../store/examples/bench_open/large.rs"]
mod large;
mod large_run;
mod library;
#[path = "../../../store/tests/store/maker.rs"]
mod maker;
mod matrix;
mod proof;
mod review;
#[path = "../../../../scripts/bench/row.rs"]
mod row;
mod runs;
#[path = "../../../evals/examples/bench_runner/server.rs"]
mod server;

fn main() {
    let words: Vec<String> = std::env::args().collect();
    match words.get(1).map(String::as_str) {
        Some("runs") => return runs::measure(),
        Some("matrix") => {
            matrix::measure();
            return large_run::measure();
        }
        Some(matrix::LOOK) => return matrix::look(&words[2]),
        Some(large_run::CARRY) => return large_run::carry(&words[2], &words[3]),
        _ => {}
    }
    review::measure();
    let laptop = library::measure();
    proof::measure(&laptop);
    runs::measure();
    matrix::measure();
    large_run::measure();
}
