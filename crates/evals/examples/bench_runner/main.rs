//! Measures the runner: 1,000 cases answered from the cache, and 1,000 asked of a server that takes
//! 50 ms, 32 at once. Medians, with the budget and a verdict; `cargo run --release --example
//! bench_runner -p evals`. The cache is the one in memory: what SQLite adds, the workbench's bench
//! tells. With `serve` it is only that server, for a peer to ask, until its input ends.

#![allow(clippy::print_stdout)] // Its output is its purpose.
#![allow(clippy::expect_used, clippy::unwrap_used)] // A measurement that fails stops.

mod asked;
#[path = "../../../../scripts/bench/row.rs"]
mod row;
mod server;

use asked::{CASES, cases, content, graders};
use domain::dataset::Dataset;
use evals::{Column, MemoryCache, Options, Provider, ProviderConfig, ProviderKind, Run};
use row::{Budget, ms_since, row};
use server::{LATENCY, serve};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const CONCURRENCY: usize = 32;
const RUNS: usize = 7;

#[tokio::main]
async fn main() {
    let calls = Arc::new(AtomicUsize::new(0));
    let address = serve(calls.clone(), LATENCY).await;
    if std::env::args().any(|word| word == "serve") {
        println!("{address}");
        let ends = || std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        tokio::task::spawn_blocking(ends).await.unwrap().unwrap();
        return;
    }
    let config = ProviderConfig {
        name: "bench".to_owned(),
        kind: ProviderKind::OpenaiCompatible,
        address,
    };
    let provider = Arc::new(Provider::new(config, None).expect("an address on this computer"));
    let providers = BTreeMap::from([("bench".to_owned(), provider)]);
    let options = Options {
        concurrency: CONCURRENCY,
        ..Options::default()
    };
    let cancel = CancellationToken::new();

    let column = Column {
        label: "v1".to_owned(),
        content: content(),
        before: std::collections::BTreeMap::new(),
    };
    let dataset = Arc::new(Dataset {
        cases: cases(),
        ..Dataset::default()
    });
    let (mut asked, mut cached) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let cache = MemoryCache::default();
        for times in [&mut asked, &mut cached] {
            let before = calls.load(Ordering::SeqCst);
            let began = Instant::now();
            let run = Run::prepare(
                vec![column.clone()],
                Arc::clone(&dataset),
                &graders(),
                &providers,
                &|_| None,
                1,
            );
            let report = run
                .expect("it can run")
                .start(&cache, &options, &|_, _, _| {}, &cancel)
                .await;
            times.push(ms_since(began));
            assert_eq!(
                report.columns[0].passed,
                1_000,
                "{:?}",
                report.columns[0].cells.first()
            );
            let made = calls.load(Ordering::SeqCst) - before;
            assert_eq!(made, report.progress.calls as usize);
        }
    }
    let ideal = LATENCY * u32::try_from(CASES.div_ceil(CONCURRENCY)).expect("few rounds");
    let ideal = ideal.min(Duration::from_millis(1570));
    row(
        "cases_cached_memory",
        "run of 1,000 cases from a cache in memory",
        &cached,
        "ms",
        Budget::AtMost(300.0),
        "the runner alone; no call",
    );
    row(
        "cases_50ms_runner",
        "run of 1,000 cases at 50 ms, 32 at once",
        &asked,
        "ms",
        Budget::AtMost(ideal.as_secs_f64() * 1_100.0),
        "the runner alone",
    );
}
