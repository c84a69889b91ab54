//! The review of a large bundle, from what is on the laptop to all that the screen shows of it.

use crate::row::{Budget, ms_since, row};
use domain::RequestId;
use domain::content::{Kind, Message, Role};
use domain::{ProjectId, VersionId};
use std::path::Path;
use std::time::Instant;
use workbench::views::{Asking, BundleChange, BundleSide};
use workbench::{Options, Secrets, Workbench};

const PROMPTS: usize = 20;
const LINES: usize = 200;
const RUNS: usize = 9;

/// Opens it again and again, each time by a program that has just started.
pub fn measure() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let rooms = tempfile::tempdir().unwrap();
        let home = rooms.path();
        let (project, request) = ask(home).await;
        let mut times = Vec::new();
        for _ in 0..RUNS {
            let bench = open(home);
            bench.library(project).await.unwrap();
            let began = Instant::now();
            let view = bench.request(project, request).await.unwrap();
            times.push(ms_since(began));
            let changes = &view.parts[0].changes;
            assert_eq!(changes.len(), PROMPTS);
            assert!(changes.iter().all(|change| change.diff.is_some()));
        }
        row(
            "review_open",
            "review of 20 prompts with 200-line templates opens",
            &times,
            "ms",
            Budget::AtMost(300.0),
            "every comparison word by word, the policy, what is missing and who said what",
        );
    });
}

fn open(home: &Path) -> Workbench {
    let options = Options {
        home: home.to_owned(),
        secrets: Secrets::in_memory(),
    };
    Workbench::open(options).unwrap()
}

/// A template of 200 lines; in the second version every tenth is another.
fn template(prompt: usize, version: usize) -> String {
    let line = |n: usize| {
        let saying = match (version, n % 10) {
            (2, 3) => "say plainly what was decided, and by whom",
            _ => "be kind, be exact, and never promise what you can't keep",
        };
        format!("{n}. When a customer of desk {prompt} asks about matter {n}, {saying}.\n")
    };
    (0..LINES).map(line).collect()
}

async fn ask(home: &Path) -> (ProjectId, RequestId) {
    let bench = open(home);
    let name = "Bank".to_owned();
    let project = bench.create_project(name, "Ada".to_owned()).await.unwrap();
    let project = project.id;
    let library = bench.library(project).await.unwrap();
    let production = library.environments.last().unwrap().id;
    let mut versions = Vec::new();
    for n in 0..PROMPTS {
        let name = format!("support/desk {n}");
        let draft = bench.new_draft(project, name, Kind::Chat).await.unwrap();
        versions.push(save(&bench, project, draft, n, 1).await);
    }
    let library = bench.library(project).await.unwrap();
    let bundle = |versions: &[VersionId]| {
        let change = |(row, version): (&workbench::views::PromptRow, &VersionId)| BundleChange {
            environment: production,
            prompt: row.id,
            sides: vec![BundleSide {
                version: *version,
                weight: 100,
            }],
        };
        let mut rows: Vec<_> = library.prompts.iter().collect();
        rows.sort_by_key(|row| {
            let number = row.name.rsplit(' ').next().unwrap();
            number.parse::<usize>().unwrap()
        });
        rows.into_iter().zip(versions).map(change).collect()
    };
    let plan = bench.plan_release(project, bundle(&versions)).await;
    let plan = plan.unwrap();
    let live = bench.carry_out(project, plan.id, "Live".to_owned()).await;
    live.unwrap();
    let policies = bench.policies(project).await.unwrap();
    let policy = policies
        .into_iter()
        .find(|policy| policy.environment == production)
        .unwrap();
    let mut strict = policy.draft;
    strict.approvals = 1;
    bench
        .set_policy(project, production, strict, policy.digest)
        .await
        .unwrap();
    let mut next = Vec::new();
    for (n, row) in (0..PROMPTS).map(|n| {
        let name = format!("support/desk {n}");
        let row = library.prompts.iter().find(|row| row.name == name);
        (n, row.unwrap())
    }) {
        let draft = bench.open_draft(project, row.id, None).await.unwrap();
        next.push(save(&bench, project, draft, n, 2).await);
    }
    let plan = bench.plan_release(project, bundle(&next)).await.unwrap();
    let asking = Asking {
        reason: "Plainer words everywhere".to_owned(),
        ..Asking::default()
    };
    let asked = bench.ask_for_release(project, plan.id, asking).await;
    (project, asked.unwrap().request)
}

async fn save(
    bench: &Workbench,
    project: ProjectId,
    draft: workbench::views::Draft,
    prompt: usize,
    version: usize,
) -> VersionId {
    let mut content = draft.content;
    content.messages = vec![Message::Message {
        role: Role::System,
        text: template(prompt, version),
        other: Default::default(),
    }];
    bench
        .save_draft(project, draft.id.clone(), content, None, None)
        .await
        .unwrap();
    let saved = bench
        .save_version(project, draft.id, format!("Version {version}"))
        .await;
    saved.unwrap().id
}
