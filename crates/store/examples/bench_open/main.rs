//! Measures how long a laptop takes to open a large project: 10,000 versions, 100,000 entries.
//!
//! `cargo run --release -p store --example bench_open`
#![allow(clippy::print_stdout, reason = "it prints its table")]
#![allow(
    clippy::expect_used,
    reason = "a benchmark stops where something fails"
)]

#[path = "../../tests/store/maker.rs"]
mod maker;

use domain::Millis;
use domain::ledger::Body;
use maker::Maker;
use std::time::Instant;
use store::{Options, Store};

const PROMPTS: usize = 1_000;
const VERSIONS: usize = 10_000;
const ENTRIES: usize = 100_000;

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
    row("append 100,000 entries in pages", began, None);
    let began = Instant::now();
    let contents = maker.new_contents();
    for page in contents.chunks(1_000) {
        store
            .keep_contents(maker.project, page, Millis(maker.now))
            .expect("keeps");
    }
    row("keep all content, indexed", began, None);
    let began = Instant::now();
    let missing = store.missing(maker.project).expect("missing");
    row(
        &format!("ask what is missing ({})", missing.len()),
        began,
        None,
    );
    let began = Instant::now();
    store.write_snapshot(maker.project).expect("writes");
    row("write a snapshot", began, None);
    println!(
        "file: {:.1} MB",
        std::fs::metadata(&path).expect("there").len() as f64 / 1e6
    );
    drop(store);

    for _ in 0..3 {
        let began = Instant::now();
        let store = Store::open(&path, &Options::default()).expect("opens");
        let opened = began.elapsed();
        let project = store.project(maker.project).expect("loads");
        let view = store.view(maker.project, Millis(maker.now)).expect("views");
        let drafts = store.drafts(maker.project).expect("drafts");
        let versions: usize = view.ahead.prompts().map(|p| p.versions().len()).sum();
        assert_eq!((versions, drafts.len()), (VERSIONS, 0));
        assert_eq!(project.head().seq, ENTRIES as u64);
        row(
            &format!("open, fold, view ({opened:.1?} of it the file)"),
            began,
            Some(300),
        );
    }
    let store = Store::open(&path, &Options::default()).expect("opens");
    store.drop_snapshots().expect("drops");
    let began = Instant::now();
    store.project(maker.project).expect("loads");
    row("the same without a snapshot, and writing one", began, None);
}

fn row(what: &str, began: Instant, budget: Option<u128>) {
    let took = began.elapsed();
    let verdict = match budget {
        Some(budget) if took.as_millis() <= budget => format!("within {budget} ms"),
        Some(budget) => format!("OVER {budget} ms"),
        None => String::new(),
    };
    println!("{what:<50} {:>9.1} ms  {verdict}", took.as_secs_f64() * 1e3);
}

fn ledger() -> Maker {
    let mut maker = Maker::new(7);
    let mut prompts = Vec::new();
    for n in 0..PROMPTS {
        prompts.push(maker.prompt(&format!("team {}/prompt {n}", n % 25)));
    }
    let mut latest = vec![None; PROMPTS];
    for n in 0..VERSIONS {
        let place = n % PROMPTS;
        let parents: Vec<_> = latest[place].into_iter().collect();
        let text = format!(
            "You help customers of a bank. Answer in {n} words. {}",
            "Be kind and exact. ".repeat(30)
        );
        let version = maker.version(prompts[place], &parents, &text, &format!("try {n}"));
        latest[place] = Some(version);
        for environment in 0..3 {
            maker.release(prompts[place], version, environment);
        }
    }
    let mut label = vec![None; PROMPTS];
    let mut n = 0;
    while maker.entries.len() < ENTRIES {
        let place = n % PROMPTS;
        n += 1;
        let version = latest[place].expect("has versions");
        // On and off in turn: a label that is there already can't be put there again.
        let body = match label[place].take() {
            Some(replaces) => Body::RemoveLabel {
                prompt: prompts[place],
                label: "candidate".to_owned(),
                replaces,
            },
            None => {
                label[place] = Some(version);
                Body::SetLabel {
                    prompt: prompts[place],
                    label: "candidate".to_owned(),
                    version,
                    replaces: None,
                }
            }
        };
        maker.accept(body);
    }
    maker
}
