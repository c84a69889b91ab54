//! A run of 50,000 cases over four columns, looked at: what it says, its rows here and there, one
//! case opened; and the memory that it takes.

use crate::row::{Budget, ms_since, row};
use domain::dataset::Case;
use domain::{Millis, RunId};
use serde_json::{Value, json};
use std::time::Instant;
use workbench::views::{MatrixFilter, MatrixQuery, MatrixSort};
use workbench::{Options, Secrets, Workbench};

const CASES: u32 = 50_000;
const COLUMNS: u32 = 4;
/// Pages that are asked for from top to bottom.
const PAGES: u32 = 100;

/// Fills a laptop and looks at its run.
pub fn measure() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let home = tempfile::tempdir().unwrap();
        let options = Options {
            home: home.path().to_owned(),
            secrets: Secrets::in_memory(),
        };
        let bench = Workbench::open(options).unwrap();
        let card = bench
            .create_project("Bank".to_owned(), "Ada".to_owned())
            .await
            .unwrap();
        let cases: Vec<Case> = (0..CASES).map(case).collect();
        let dataset = bench
            .save_dataset(card.id, None, "Messages".to_owned(), cases)
            .await
            .unwrap();
        let run = RunId(uuid::Uuid::from_u128(7));
        fill(&bench, card.id, dataset.id, run);
        let before = memory();

        let began = Instant::now();
        let told = bench.run_overview(card.id, run, 0).await.unwrap();
        let first = ms_since(began);
        assert_eq!((told.cases, told.columns.len()), (CASES, COLUMNS as usize));
        let mut pages = Vec::new();
        let all = MatrixQuery::default();
        for page in 0..PAGES {
            let began = Instant::now();
            let found = bench
                .run_rows(card.id, run, all.clone(), page * CASES / PAGES, 100)
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
        let found = bench.run_rows(card.id, run, worst, 0, 100).await.unwrap();
        let sorted = ms_since(began);
        assert!(found.total > 0);
        let began = Instant::now();
        let text = MatrixQuery {
            text: "nowhere to be found".to_owned(),
            ..all
        };
        bench.run_rows(card.id, run, text, 0, 100).await.unwrap();
        let searched = ms_since(began);
        let began = Instant::now();
        bench.run_case(card.id, run, CASES / 2, 0).await.unwrap();
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

fn case(number: u32) -> Case {
    Case {
        id: number.to_string(),
        inputs: [(
            "message".to_owned(),
            json!(format!(
                "Message {number} about card {} and account {}",
                number * 7919 % 50_021,
                number * 31 % 49_999
            )),
        )]
        .into_iter()
        .collect(),
        expected: Some(json!(format!("intent_{}", number % 77))),
        tags: vec![format!("intent_{}", number % 77)],
        ..Case::default()
    }
}

// As a run leaves it: its plan, and a result for every case and column.
fn fill(bench: &Workbench, project: domain::ProjectId, dataset: domain::DatasetId, run: RunId) {
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

// The most that the process ever had, in MB.
fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) / 1024.0
}
