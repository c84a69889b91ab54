//! 50,000 cases asked of four models, with the table open beside it as a window has it, and then
//! the same from the cache; and the memory that it takes. Who answers is another process, and takes
//! no time: what is measured is our own.

use crate::asked::{content, graders, many_cases};
use crate::matrix::{memory, open, runtime};
use crate::row::{Budget, row};
use crate::server::serve;
use domain::content::Kind;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use workbench::Workbench;
use workbench::views::{
    MatrixQuery, ModelChoice, ProviderKind, ProviderSettings, Purpose, Ref, RunPlan, RunState,
};

const CASES: u32 = 50_000;
const COLUMNS: u32 = 4;
/// How often the window looks again.
const LOOK: Duration = Duration::from_secs(1);

/// The word after which a process carries the runs: of the laptop whose folder is the next word,
/// asking at the address after it.
pub const CARRY: &str = "carry-large-run";

/// Answers, and lets a process of its own ask.
pub fn measure() {
    let home = tempfile::tempdir().unwrap();
    let runtime = runtime();
    let address = runtime.block_on(serve(Arc::default(), Duration::ZERO));
    let carried = std::process::Command::new(std::env::current_exe().unwrap())
        .arg(CARRY)
        .arg(home.path())
        .arg(address)
        .status();
    assert!(carried.unwrap().success(), "carrying the run failed");
}

/// Carries the run twice.
pub fn carry(home: &str, address: &str) {
    runtime().block_on(async {
        let bench = open(Path::new(home));
        let provider = ProviderSettings {
            name: "bench".to_owned(),
            kind: ProviderKind::Openai,
            address: address.to_owned(),
            model: "m".to_owned(),
            purpose: Purpose::Trying,
            limits: Default::default(),
        };
        bench.save_provider(provider).await.unwrap();
        let card = bench
            .create_project("Bank".to_owned(), "Ada".to_owned())
            .await
            .unwrap();
        let draft = bench
            .new_draft(card.id, "triage".to_owned(), Kind::Chat)
            .await
            .unwrap();
        bench
            .save_draft(card.id, draft.id.clone(), content(), None, None)
            .await
            .unwrap();
        let version = bench
            .save_version(card.id, draft.id, "First".to_owned())
            .await
            .unwrap();
        let cases = many_cases(usize::try_from(CASES).unwrap());
        let dataset = bench
            .save_dataset(card.id, None, "Messages".to_owned(), cases)
            .await
            .unwrap();
        let model = |number: u32| ModelChoice {
            provider: "bench".to_owned(),
            model: format!("m{number}"),
        };
        let plan = RunPlan {
            versions: vec![Ref::Version {
                version: version.id,
            }],
            dataset: dataset.id,
            graders: graders(),
            models: (0..COLUMNS).map(model).collect(),
            repeats: 1,
            concurrency: 64,
            counts: None,
        };
        let before = memory();
        let asked = run(&bench, card.id, &plan, CASES * COLUMNS).await;
        let most = memory();
        let cached = run(&bench, card.id, &plan, 0).await;
        let what = |said: &str| format!("{said}, 50,000 cases × 4");
        let seconds = |id: &str, said: &str, took: f64, note: &str| {
            row(id, &what(said), &[took], "s", Budget::None, note);
        };
        seconds("large_run", "run with its table open", asked, "a provider that takes no time, 64 at once");
        seconds("large_run_cached", "the same from the cache", cached, "");
        let note = format!(
            "highest of the process; {before:.0} MB when the run began, {most:.0} MB when it had been asked"
        );
        let (id, most) = ("large_run_memory", memory());
        row(id, &what("memory of both runs"), &[most], "MB", Budget::AtMost(300.0), &note);
    });
}

// Seconds until it is done, looked at all the while.
async fn run(bench: &Workbench, project: domain::ProjectId, plan: &RunPlan, calls: u32) -> f64 {
    let began = Instant::now();
    let run = bench.start_run(project, plan.clone()).await.unwrap().id;
    loop {
        tokio::time::sleep(LOOK).await;
        let told = bench.run_overview(project, run, 0).await.unwrap();
        let page = bench.run_rows(project, run, MatrixQuery::default(), 0, 100);
        page.await.unwrap();
        if told.state != RunState::Running {
            let made = (told.state, told.progress.done, told.progress.calls);
            assert_eq!(made, (RunState::Done, CASES * COLUMNS, calls));
            return began.elapsed().as_secs_f64();
        }
    }
}
