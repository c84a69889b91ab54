//! What proving a large history takes: from an export alone, and of the project on this laptop.

use crate::large::ENTRIES;
use crate::library::Laptop;
use crate::row::{Budget, median, ms_since, row};
use std::time::Instant;
use workbench::{Options, Secrets, Workbench};

const RUNS: usize = 3;

/// Verifies the large project again and again.
pub fn measure(laptop: &Laptop) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let options = Options {
        home: laptop.home.clone(),
        secrets: Secrets::in_memory(),
    };
    let bench = Workbench::open(options).unwrap();
    let rooms = tempfile::tempdir().unwrap();
    let folder = rooms.path().join("proof");
    let exported = bench.export_project(laptop.project, folder.clone());
    let exported = runtime.block_on(exported).unwrap();
    assert_eq!(exported.entries, ENTRIES as u64);
    let (mut alone, mut here) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let began = Instant::now();
        let found = workbench::verify_folder(&folder).unwrap();
        alone.push(ms_since(began));
        assert!(found.good, "{}", found.words);
        let began = Instant::now();
        let found = runtime.block_on(bench.verify(laptop.project)).unwrap();
        here.push(ms_since(began));
        assert!(found.good, "{}", found.words);
    }
    let rate = |times: &[f64]| {
        let each_second = ENTRIES as f64 / median(times) * 1e3;
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        format!("{each_second:.0} entries/s on {cores} cores: reading, signatures, decisions")
    };
    row(
        "verify_export",
        "100,000 signed entries verified from an export alone",
        &alone,
        "ms",
        Budget::AtMost(10_000.0),
        &format!("{}, and every file", rate(&alone)),
    );
    row(
        "verify_here",
        "100,000 signed entries verified on the laptop that has them",
        &here,
        "ms",
        Budget::AtMost(10_000.0),
        &rate(&here),
    );
}
