//! Runs of 1,000 cases: asked of a server that takes 50 ms, and then answered from the cache.

use crate::asked::{CASES, cases, content, graders};
use crate::row::{Budget, ms_since, row};
use crate::server::{LATENCY, serve};
use domain::content::Kind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use workbench::views::{ProviderKind, ProviderSettings, Purpose, Ref, RunPlan};
use workbench::{Event, Options, Secrets, Workbench};

const RUNS: usize = 7;

/// Runs them again and again, each time on a new laptop.
pub fn measure() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (mut asked, mut cached) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            laptop(&mut asked, &mut cached).await;
        }
        row(
            "cases_cached",
            "run of 1,000 cases from the cache",
            &cached,
            "ms",
            Budget::AtMost(300.0),
            "answers from SQLite, every result on disk; no call",
        );
        row(
            "cases_50ms",
            "run of 1,000 cases at 50 ms, 32 at once",
            &asked,
            "ms",
            Budget::AtMost(1_727.0),
            "answers and results on disk",
        );
    });
}

async fn laptop(asked: &mut Vec<f64>, cached: &mut Vec<f64>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let address = serve(calls.clone(), LATENCY).await;
    let home = tempfile::tempdir().unwrap();
    let options = Options {
        home: home.path().to_owned(),
        secrets: Secrets::in_memory(),
    };
    let bench = Workbench::open(options).unwrap();
    let provider = ProviderSettings {
        name: "bench".to_owned(),
        kind: ProviderKind::Openai,
        address,
        model: "m".to_owned(),
        purpose: Purpose::Trying,
        limits: Default::default(),
    };
    bench.save_provider(provider).await.unwrap();
    let card = bench
        .create_project("Bank".to_owned(), "Ada".to_owned())
        .await
        .unwrap();
    let project = card.id;
    let draft = bench
        .new_draft(project, "triage".to_owned(), Kind::Chat)
        .await
        .unwrap();
    bench
        .save_draft(project, draft.id.clone(), content(), None, None)
        .await
        .unwrap();
    let version = bench
        .save_version(project, draft.id, "First".to_owned())
        .await
        .unwrap();
    let dataset = bench
        .save_dataset(project, None, "messages".to_owned(), cases())
        .await
        .unwrap();
    let plan = RunPlan {
        versions: vec![Ref::Version {
            version: version.id,
        }],
        dataset: dataset.id,
        graders: graders(),
        models: Vec::new(),
        repeats: 1,
        concurrency: 32,
        counts: None,
    };
    for (times, expected) in [(asked, CASES), (cached, 0)] {
        let before = calls.load(Ordering::SeqCst);
        let mut events = bench.events();
        let began = Instant::now();
        let run = bench.start_run(project, plan.clone()).await.unwrap();
        loop {
            match events.recv().await {
                Ok(Event::RunProgress(told))
                    if told.run == run.id && told.progress.done == told.progress.total =>
                {
                    break;
                }
                _ => {}
            }
        }
        times.push(ms_since(began));
        let made = calls.load(Ordering::SeqCst) - before;
        assert_eq!(made, expected, "calls");
        let shown = bench.run(project, run.id).await.unwrap();
        assert_eq!(shown.rows.len(), CASES);
        assert_eq!(shown.columns[0].passed as usize, CASES);
    }
}
