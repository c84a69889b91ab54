//! No limit of the kept answers reaches those on which an open request rests, from the moment on at
//! which it is open: it may have been asked here, or come with a sync.

use crate::gates::writes;
use crate::main_job::first_version;
use crate::resuming::Fake;
use crate::support::{Laptop, Team, environment};
use domain::dataset::Case;
use domain::{DatasetId, ProjectId, PromptId, RequestId, VersionId};
use workbench::Workbench;
use workbench::views::{
    Asking, BundleChange, BundleSide, PersonRole, ProviderKind, ProviderSettings, Ref, RunPlan,
    RunState,
};

const CASES: usize = 4;
/// So many answers of 40 kB are more than the MiB that is kept.
const FLOOD: usize = 40;

async fn provider(bench: &Workbench, fake: &Fake) {
    let settings = ProviderSettings {
        name: "fake".to_owned(),
        kind: ProviderKind::Openai,
        address: fake.address.clone(),
        model: "fake-1".to_owned(),
        purpose: Default::default(),
        limits: Default::default(),
    };
    bench.save_provider(settings).await.unwrap();
}

async fn dataset(bench: &Workbench, project: ProjectId, name: &str, cases: usize) -> DatasetId {
    let cases = (0..cases).map(|n| Case {
        id: n.to_string(),
        inputs: [("n".to_owned(), format!("{name} {n}").into())]
            .into_iter()
            .collect(),
        ..Case::default()
    });
    let saved = bench.save_dataset(project, None, name.to_owned(), cases.collect());
    saved.await.unwrap().id
}

fn plan(version: VersionId, dataset: DatasetId) -> RunPlan {
    RunPlan {
        versions: vec![Ref::Version { version }],
        dataset,
        graders: Vec::new(),
        models: Vec::new(),
        repeats: 1,
        concurrency: 2,
        counts: None,
    }
}

async fn ran(bench: &Workbench, project: ProjectId, plan: RunPlan) -> domain::RunId {
    let run = bench.start_run(project, plan).await.unwrap();
    let view = bench.run_to_its_end(project, run.id).await.unwrap();
    assert_eq!((view.state, view.error.as_deref()), (RunState::Done, None));
    run.id
}

async fn asks(
    bench: &Workbench,
    project: ProjectId,
    prompt: PromptId,
    version: VersionId,
) -> RequestId {
    let change = BundleChange {
        environment: environment(bench, project, "production").await,
        prompt,
        sides: vec![BundleSide {
            version,
            weight: 100,
        }],
    };
    let planned = bench.plan_release(project, vec![change]).await.unwrap();
    let asking = Asking {
        reason: "Please".to_owned(),
        ..Asking::default()
    };
    let asked = bench.ask_for_release(project, planned.id, asking);
    asked.await.unwrap().request
}

// How many of the answers of a plan are kept.
async fn kept(bench: &Workbench, project: ProjectId, plan: &RunPlan) -> usize {
    let told = bench.estimate_run(project, plan.clone()).await.unwrap();
    assert_eq!((told.calls + told.cached) as usize, CASES);
    told.cached as usize
}

// Fills the cache with answers on which nothing rests.
async fn flood(bench: &Workbench, project: ProjectId, version: VersionId, fake: &Fake, name: &str) {
    let others = dataset(bench, project, name, FLOOD).await;
    // The provider's word for its model is kept with each answer.
    fake.is_from_now_on(&"m".repeat(40_000));
    ran(bench, project, plan(version, others)).await;
    fake.is_from_now_on("fake-1");
    let now = bench.cache().await.unwrap();
    assert!(now.bytes <= 1 << 20, "{}", now.words);
    assert!((now.answers as usize) < FLOOD, "{}", now.words);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_request_rests_on_is_held_as_soon_as_it_is_open() {
    let fake = Fake::start();
    let ana = Laptop::new();
    let bench = &ana.bench;
    let card = bench.create_project("Desk".to_owned(), "Ana".to_owned());
    let project = card.await.unwrap().id;
    provider(bench, &fake).await;
    let prompt = first_version(bench, project, "triage", "Answer.").await;
    let version = writes(bench, project, prompt, 1).await;
    let asked = plan(version, dataset(bench, project, "asked", CASES).await);
    bench.limit_cache(Some(1), None).await.unwrap();

    let run = ran(bench, project, asked.clone()).await;
    bench.share_run(project, run).await.unwrap();
    let request = asks(bench, project, prompt, version).await;
    flood(bench, project, version, &fake, "others").await;
    assert_eq!(kept(bench, project, &asked).await, CASES);
    assert_eq!(bench.cache().await.unwrap().held as usize, CASES);

    // Nothing rests on them any more once it is taken back.
    bench
        .withdraw_request(project, request, "Not now".to_owned())
        .await
        .unwrap();
    flood(bench, project, version, &fake, "still others").await;
    assert_eq!(kept(bench, project, &asked).await, 0);
    assert_eq!(bench.cache().await.unwrap().held, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_request_from_elsewhere_rests_on_is_held_when_it_came() {
    let fake = Fake::start();
    let team = Team::start().await;
    let (ana, rita) = (Laptop::new(), Laptop::new());
    let name = Some("Desk".to_owned());
    let card = ana
        .bench
        .join_team(team.url(), team.founding(), "Ana".to_owned(), name);
    let project = card.await.unwrap().id;
    let invited = ana
        .bench
        .invite(project, PersonRole::Reviewer, "Rita".to_owned())
        .await
        .unwrap();
    provider(&ana.bench, &fake).await;
    provider(&rita.bench, &fake).await;
    let prompt = first_version(&ana.bench, project, "triage", "Answer.").await;
    let version = writes(&ana.bench, project, prompt, 1).await;
    let asked = plan(version, dataset(&ana.bench, project, "asked", CASES).await);
    rita.bench
        .join_team(team.url(), invited.secret, "Rita".to_owned(), None)
        .await
        .unwrap();

    // Rita has answers to the same questions, and a small cache.
    rita.bench.sync_now(project).await.unwrap();
    rita.bench.limit_cache(Some(1), None).await.unwrap();
    ran(&rita.bench, project, asked.clone()).await;
    let run = ran(&ana.bench, project, asked.clone()).await;
    ana.bench.share_run(project, run).await.unwrap();
    asks(&ana.bench, project, prompt, version).await;
    rita.bench.sync_now(project).await.unwrap();
    // The results come when she looks at them.
    for row in rita.bench.runs(project).await.unwrap() {
        rita.bench.run(project, row.id).await.unwrap();
    }
    flood(&rita.bench, project, version, &fake, "others").await;
    assert_eq!(kept(&rita.bench, project, &asked).await, CASES);
}
