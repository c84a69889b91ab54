//! A run of 50,000 cases over four columns, looked at: what it says, its rows here and there, one
//! case opened; and the memory that it takes.

use crate::row::{Budget, ms_since, row};
use domain::dataset::Case;
use domain::{Millis, RunId};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;
use workbench::views::{MatrixFilter, MatrixQuery, MatrixSort};
use workbench::{Options, Secrets, Workbench};

const CASES: u32 = 50_000;
const COLUMNS: u32 = 4;
/// Pages that are asked for from top to bottom.
const PAGES: u32 = 100;

/// Fills a laptop, and looks at its run in a process of its own, whose memory is nobody else's.
pub fn measure() {
    let home = tempfile::tempdir().unwrap();
    runtime().block_on(fill(home.path()));
    let look = std::process::Command::new(std::env::current_exe().unwrap())
        .arg(LOOK)
        .arg(home.path())
        .status();
    assert!(look.unwrap().success(), "looking at the run failed");
}

/// The word after which a process only looks, at the laptop whose folder is the next word.
pub const LOOK: &str = "look-at-matrix";

/// Looks at the run of a laptop that was filled.
pub fn look(home: &str) {
    runtime().block_on(async {
        let bench = open(Path::new(home));
        let project = bench.projects().unwrap()[0].id;
        let run = RunId(uuid::Uuid::from_u128(7));
        let before = memory();
        let began = Instant::now();
        let told = bench.run_overview(project, run, 0).await.unwrap();
        let first = ms_since(began);
        assert_eq!((told.cases, told.columns.len()), (CASES, COLUMNS as usize));
        let mut pages = Vec::new();
        let all = MatrixQuery::default();
        for page in 0..PAGES {
            let began = Instant::now();
            let found = bench
                .run_rows(project, run, all.clone(), page * CASES / PAGES, 100)
                .await
                .unwrap();
            pages.push(ms_since(began));
            assert_eq!(found.rows.len(), 100);
        }
        let began = Instant::now();
        let worst = MatrixQuery {
            filter: MatrixFilter::Worse,
            sort: MatrixSort::Worst,
            ..all.clone()
        };
        let found = bench.run_rows(project, run, worst, 0, 100).await.unwrap();
        let sorted = ms_since(began);
        assert!(found.total > 0);
        let began = Instant::now();
        let text = MatrixQuery {
            text: "nowhere to be found".to_owned(),
            ..all
        };
        bench.run_rows(project, run, text, 0, 100).await.unwrap();
        let searched = ms_since(began);
        let began = Instant::now();
        bench.run_case(project, run, CASES / 2, 0).await.unwrap();
        let opened = ms_since(began);

        let what = |said: &str| format!("{said}, 50,000 cases × 4");
        let rows = [
            ("matrix_open", "what a run says", vec![first]),
            ("matrix_page", "a page of 100 rows", pages),
            ("matrix_worst", "got worse, the worst first", vec![sorted]),
            ("matrix_search", "a text in every answer", vec![searched]),
            ("matrix_case", "one case opened", vec![opened]),
        ];
        for (id, said, samples) in rows {
            row(id, &what(said), &samples, "ms", Budget::None, "");
        }
        let note = format!("highest of the process; {before:.0} MB before it was looked at");
        row(
            "matrix_memory",
            &what("memory"),
            &[memory()],
            "MB",
            Budget::AtMost(300.0),
            &note,
        );
    });
}

/// Where futures run.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().unwrap()
}

/// Opens a laptop.
pub fn open(home: &Path) -> Workbench {
    let options = Options {
        home: home.to_owned(),
        secrets: Secrets::in_memory(),
    };
    Workbench::open(options).unwrap()
}

async fn fill(home: &Path) {
    let bench = open(home);
    let card = bench
        .create_project("Bank".to_owned(), "Ada".to_owned())
        .await
        .unwrap();
    let cases: Vec<Case> = (0..CASES).map(case).collect();
    let dataset = bench
        .save_dataset(card.id, None, "Messages".to_owned(), cases)
        .await
        .unwrap();
    results(&bench, card.id, dataset.id, RunId(uuid::Uuid::from_u128(7)));
}

fn case(number: u32) -> Case {
    Case {
        id: number.to_string(),
        inputs: [("message".to_owned(), json!(message(number)))]
            .into_iter()
            .collect(),
        expected: Some(json!(format!("intent_{}", number % 77))),
        tags: vec![format!("intent_{}", number % 77)],
        ..Case::default()
    }
}

// Fifteen words, drawn by SplitMix64: no two cases ask the same.
fn message(number: u32) -> String {
    let words = (0..15_u64).map(|place| {
        let mut word = (u64::from(number) * 16 + place).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        format!("w{}", (word ^ (word >> 31)) % 5_000)
    });
    words.collect::<Vec<_>>().join(" ")
}

// As a run leaves it: its plan, and a result for every case and column.
fn results(bench: &Workbench, project: domain::ProjectId, dataset: domain::DatasetId, run: RunId) {
    let store = store::Store::open(
        bench.home().join("galley.sqlite"),
        &store::Options::default(),
    )
    .unwrap();
    let view = store.view(project, Millis(0)).unwrap();
    let content = view.ahead.dataset(dataset).unwrap().contents[0].content;
    let labels: Vec<String> = (0..COLUMNS).map(|side| format!("v{}", side + 1)).collect();
    let plan = json!({
        "plan": { "versions": [], "dataset": dataset, "graders": [{ "type": "exact" }], "concurrency": 4 },
        "title": "triage over Messages", "labels": labels, "models": [], "dataset": content, "by": "Ada",
    });
    store
        .begin_run(project, run, &plan, &[], Millis(1))
        .unwrap();
    let places: Vec<u32> = (0..CASES).collect();
    for group in places.chunks(2_000) {
        let results: Vec<store::CaseResult> = group
            .iter()
            .flat_map(|place| {
                (0..COLUMNS).map(|side| store::CaseResult {
                    place: *place,
                    side,
                    result: cell(*place, side),
                })
            })
            .collect();
        store.keep_results(run, &results, Millis(2)).unwrap();
    }
    store
        .finish_run(run, store::RunState::Done, None, Millis(3))
        .unwrap();
}

fn cell(case: u32, side: u32) -> Value {
    let pass = case % (11 + side) != 3;
    let intent = if pass { case % 77 } else { 78 };
    json!({
        "case": case, "case_id": case.to_string(), "repeat": 0, "from_cache": false, "attempts": 1,
        "answer": {
            "text": format!("{{\"intent\":\"intent_{intent}\",\"why\":\"The customer asks about the card that was sent and has not come, in message {case}.\"}}"),
            "model": "m-1", "tokens_in": 180, "tokens_out": 31, "latency_ms": 300 + case % 700, "at": 5,
        },
        "scores": [{ "value": if pass { 1.0 } else { 0.0 }, "pass": pass, "reason": "the intent" }],
    })
}

/// The most that the process ever had, in MB.
pub fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) / 1024.0
}
