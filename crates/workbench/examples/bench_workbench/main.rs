//! Measures what a person waits for, without the window: a large project until its library can be
//! shown and until it is proven, the review of a large bundle, and runs whose answers and results are
//! on disk.
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
mod library;
#[path = "../../../store/tests/store/maker.rs"]
mod maker;
mod proof;
mod review;
#[path = "../../../../scripts/bench/row.rs"]
mod row;
mod runs;
#[path = "../../../evals/examples/bench_runner/server.rs"]
mod server;

fn main() {
    review::measure();
    let laptop = library::measure();
    proof::measure(&laptop);
    runs::measure();
}
