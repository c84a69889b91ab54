//! Measures how long a laptop takes to open a large project: 10,000 versions, 100,000 entries.
//!
//! `cargo run --release -p store --example bench_open`
#![allow(clippy::print_stdout, reason = "it prints its table")]
#![allow(
    clippy::expect_used,
    reason = "a benchmark stops where something fails"
)]

mod large;
#[path = "../../tests/store/maker.rs"]
mod maker;
#[path = "../../../../scripts/bench/row.rs"]
mod row;

use domain::Millis;
use large::{ENTRIES, VERSIONS, ledger};
use row::{Budget, ms_since, row};
use std::time::Instant;
use store::{Options, Store};

const RUNS: usize = 9;

fn main() {
    let began = Instant::now();
    let maker = ledger();
    println!(
        "made {} entries, {} contents in {:.1?}",
        maker.entries.len(),
        maker.contents.len(),
        began.elapsed()
    );
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("galley.db");
    let store = Store::open(&path, &Options::default()).expect("opens");
    let known = store::KnownProject::new(maker.project, "Bank", store::Place::ThisComputer);
    store.add_project(&known).expect("adds");

    let began = Instant::now();
    for page in maker.entries.chunks(20_000) {
        let head = store.head(maker.project).expect("head");
        store
            .append(maker.project, head, page, &[], Millis(maker.now))
            .expect("appends");
    }
    once("store_append", "append 100,000 entries in pages", began);
    let began = Instant::now();
    let contents = maker.new_contents();
    for page in contents.chunks(1_000) {
        store
            .keep_contents(maker.project, page, Millis(maker.now))
            .expect("keeps");
    }
    once("store_keep", "keep all their content, indexed", began);
    let began = Instant::now();
    let missing = store.missing(maker.project).expect("missing");
    assert!(missing.is_empty());
    once("store_missing", "ask which content is missing", began);
    let began = Instant::now();
    store.write_snapshot(maker.project).expect("writes");
    once("store_snapshot", "write a snapshot", began);
    println!(
        "file: {:.1} MB",
        std::fs::metadata(&path).expect("there").len() as f64 / 1e6
    );
    drop(store);

    let (mut times, mut files) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let began = Instant::now();
        let store = Store::open(&path, &Options::default()).expect("opens");
        files.push(ms_since(began));
        let project = store.project(maker.project).expect("loads");
        let view = store.view(maker.project, Millis(maker.now)).expect("views");
        let drafts = store.drafts(maker.project).expect("drafts");
        let versions: usize = view.ahead.prompts().map(|p| p.versions().len()).sum();
        times.push(ms_since(began));
        assert_eq!((versions, drafts.len()), (VERSIONS, 0));
        assert_eq!(project.head().seq, ENTRIES as u64);
    }
    row(
        "store_open",
        "open the store: file, fold and view of 100,000 entries",
        &times,
        "ms",
        Budget::AtMost(300.0),
        &format!("{:.1} ms of it the file", row::median(&files)),
    );
    let store = Store::open(&path, &Options::default()).expect("opens");
    let times: Vec<_> = (0..3)
        .map(|_| {
            store.drop_snapshots().expect("drops");
            let store = Store::open(&path, &Options::default()).expect("opens");
            let began = Instant::now();
            store.project(maker.project).expect("loads");
            ms_since(began)
        })
        .collect();
    let what = "fold 100,000 entries without a snapshot, and write one";
    row("store_fold", what, &times, "ms", Budget::None, "");
}

/// What is done once.
fn once(id: &str, what: &str, began: Instant) {
    row(id, what, &[ms_since(began)], "ms", Budget::None, "once");
}
