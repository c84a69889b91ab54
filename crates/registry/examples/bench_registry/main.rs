//! Measures the registry against the budgets of the design, and prints its own table and verdict.
//!
//! `cargo run --release -p registry --example bench_registry`. Reads are compared with a bare axum
//! answer of the same size in the same run, by the same client, on the same cores: the client
//! takes its share of them.
//!
//! `GALLEY_BENCH_PEER` is the `http://` address of what a peer's application reads; it is asked by
//! the same client, in turn with ours. `GALLEY_BENCH_ENTRIES` is the size of the large ledger
//! (100,000 by itself; the budget speaks of 1,000,000). `bench_registry streams` measures the streams alone.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that can't go on has nothing to say"
)]

mod client;
mod commands;
mod desk;
mod following;
mod reads;
#[path = "../../../../scripts/bench/row.rs"]
mod row;
mod starts;
mod streams;
mod team;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.split_first() {
        Some((first, rest)) if first == streams::CLIENT => return streams::follow(rest),
        Some((first, _)) if first == "streams" => return beside(),
        _ => {}
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let team = team::Team::start().await;
        reads::measure(&team).await;
        commands::measure(&team).await;
        following::measure(&team).await;
        team.stop().await;
    });
    drop(runtime);
    starts::measure();
    beside();
}

/// What is measured with the registry and its clients in processes of their own.
fn beside() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(streams::measure());
}
