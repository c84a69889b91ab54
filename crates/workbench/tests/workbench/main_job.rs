//! The main job: write, save offline, sync, promote, read with a key, revert; conflict and merge.

use crate::support::{Laptop, Team, environment, read_prompt};
use domain::content::{Kind, Message};
use domain::{ProjectId, PromptId, VersionContent};
use workbench::Workbench;
use workbench::views::{BundleChange, BundleSide, DoneState, PersonRole, State, SyncKind};

fn with_system(mut content: VersionContent, text: &str) -> VersionContent {
    if let Some(Message::Message { text: system, .. }) = content.messages.first_mut() {
        text.clone_into(system);
    }
    content
}

fn system_of(content: &VersionContent) -> &str {
    match content.messages.first() {
        Some(Message::Message { text, .. }) => text,
        _ => "",
    }
}

pub(crate) async fn writes(
    bench: &Workbench,
    project: ProjectId,
    prompt: PromptId,
    text: &str,
    why: &str,
) -> domain::VersionId {
    let draft = bench.open_draft(project, prompt, None).await.unwrap();
    let content = with_system(draft.content, text);
    bench
        .save_draft(project, draft.id.clone(), content, None, None)
        .await
        .unwrap();
    bench
        .save_version(project, draft.id, why.to_owned())
        .await
        .unwrap()
        .id
}

pub(crate) async fn first_version(
    bench: &Workbench,
    project: ProjectId,
    name: &str,
    text: &str,
) -> PromptId {
    let draft = bench
        .new_draft(project, name.to_owned(), Kind::Chat)
        .await
        .unwrap();
    let content = with_system(draft.content, text);
    bench
        .save_draft(project, draft.id.clone(), content, None, None)
        .await
        .unwrap();
    bench
        .save_version(project, draft.id, "First".to_owned())
        .await
        .unwrap()
        .prompt
}

async fn releases(
    bench: &Workbench,
    project: ProjectId,
    place: &str,
    prompt: PromptId,
    version: domain::VersionId,
) {
    let environment = environment(bench, project, place).await;
    let change = BundleChange {
        environment,
        prompt,
        sides: vec![BundleSide {
            version,
            weight: 100,
        }],
    };
    let plan = bench.plan_release(project, vec![change]).await.unwrap();
    let done = bench
        .carry_out(project, plan.id, "for the test".to_owned())
        .await
        .unwrap();
    assert_eq!(done.state, DoneState::InRegistry, "{}", done.words);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_on_this_computer() {
    let ana = Laptop::new();
    let card = ana
        .bench
        .create_project("Support desk".to_owned(), "Ana".to_owned())
        .await
        .unwrap();
    let project = card.id;
    let prompt = first_version(&ana.bench, project, "support/triage", "You sort messages.").await;
    let view = ana.bench.prompt(project, prompt).await.unwrap();
    assert_eq!(view.versions.len(), 1);
    assert_eq!(view.versions[0].number, Some(1));
    assert_eq!(view.versions[0].state, State::Saved);
    let second = writes(
        &ana.bench,
        project,
        prompt,
        "You sort messages. Be brief.",
        "Shorter answers",
    )
    .await;
    releases(&ana.bench, project, "development", prompt, second).await;

    let (development, staging) = (
        environment(&ana.bench, project, "development").await,
        environment(&ana.bench, project, "staging").await,
    );
    let plan = ana
        .bench
        .plan_promotion(project, development, staging, vec![prompt])
        .await
        .unwrap();
    assert_eq!(
        plan.reason, "Shorter answers",
        "the author's own words are ready to edit"
    );
    let done = ana
        .bench
        .carry_out(project, plan.id, plan.reason)
        .await
        .unwrap();
    assert_eq!(done.state, DoneState::InRegistry);

    let key = ana
        .bench
        .create_key(project, staging, "desk app".to_owned(), None)
        .await
        .unwrap();
    let url = ana
        .bench
        .settings(project)
        .await
        .unwrap()
        .registry
        .address
        .unwrap();
    let (status, served) = read_prompt(&url, "support/triage", key.secret.reveal()).await;
    assert_eq!(status, 200, "{served}");
    assert_eq!(served["version"]["number"], 2);

    let activity = ana
        .bench
        .activity(
            project,
            workbench::views::ActivityFilter::default(),
            None,
            50,
        )
        .await
        .unwrap();
    assert!(
        activity
            .entries
            .iter()
            .any(|row| row.words.contains("promoted support/triage v2")),
        "{activity:?}"
    );
    let checked = ana.bench.verify(project).await.unwrap();
    assert!(checked.good, "{}", checked.words);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_works_through_the_main_job() {
    let mut team = Team::start().await;
    let ana = Laptop::new();
    let card = ana
        .bench
        .join_team(
            team.url(),
            team.founding(),
            "Ana".to_owned(),
            Some("Support desk".to_owned()),
        )
        .await
        .unwrap();
    let project = card.id;
    let prompt = first_version(&ana.bench, project, "support/triage", "You sort messages.").await;
    let first = ana.bench.prompt(project, prompt).await.unwrap().versions[0].id;
    releases(&ana.bench, project, "production", prompt, first).await;

    // Offline: a version is saved all the same, and waits.
    team.goes_away().await;
    let second = writes(
        &ana.bench,
        project,
        prompt,
        "You sort messages. Never guess.",
        "No guessing",
    )
    .await;
    let waiting = ana.bench.prompt(project, prompt).await.unwrap();
    assert_eq!(waiting.versions[0].state, State::Outbox);
    assert_eq!(waiting.versions[0].number, None);
    let state = ana.bench.sync_state(project).await.unwrap();
    assert_eq!(
        (state.kind, state.outbox),
        (SyncKind::Offline, 1),
        "{}",
        state.words
    );

    team.comes_back().await;
    ana.bench.sync_now(project).await.unwrap();
    let there = ana.bench.prompt(project, prompt).await.unwrap();
    assert_eq!(there.versions[0].number, Some(2));
    assert_eq!(there.versions[0].state, State::Registry);

    releases(&ana.bench, project, "production", prompt, second).await;
    let production = environment(&ana.bench, project, "production").await;
    let key = ana
        .bench
        .create_key(project, production, "desk app".to_owned(), None)
        .await
        .unwrap();
    let (_, served) = read_prompt(&team.url(), "support/triage", key.secret.reveal()).await;
    assert_eq!(served["version"]["number"], 2);

    let plan = ana
        .bench
        .plan_revert(project, production, vec![prompt], None)
        .await
        .unwrap();
    let done = ana
        .bench
        .carry_out(project, plan.id, "v2 guesses".to_owned())
        .await
        .unwrap();
    assert_eq!(done.state, DoneState::InRegistry);
    let (_, served) = read_prompt(&team.url(), "support/triage", key.secret.reveal()).await;
    assert_eq!(served["version"]["number"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_on_one_version_meet_and_merge() {
    let mut team = Team::start().await;
    let (ana, ravi) = (Laptop::new(), Laptop::new());
    let card = ana
        .bench
        .join_team(
            team.url(),
            team.founding(),
            "Ana".to_owned(),
            Some("Support desk".to_owned()),
        )
        .await
        .unwrap();
    let project = card.id;
    let text = "You sort messages.\n\nNever guess at account details.";
    let prompt = first_version(&ana.bench, project, "support/triage", text).await;
    let invited = ana
        .bench
        .invite(project, PersonRole::Author, "Ravi".to_owned())
        .await
        .unwrap();
    ravi.bench
        .join_team(team.url(), invited.secret, "Ravi".to_owned(), None)
        .await
        .unwrap();

    team.goes_away().await;
    writes(
        &ana.bench,
        project,
        prompt,
        &text.replace("sort messages.", "sort messages into intents."),
        "Intents",
    )
    .await;
    writes(
        &ravi.bench,
        project,
        prompt,
        &format!("{text} Be kind."),
        "Kindness",
    )
    .await;
    team.comes_back().await;
    ana.bench.sync_now(project).await.unwrap();
    ravi.bench.sync_now(project).await.unwrap();
    ana.bench.sync_now(project).await.unwrap();

    let view = ana.bench.prompt(project, prompt).await.unwrap();
    assert!(view.diverged);
    assert_eq!(view.heads.len(), 2);
    let merge = ana.bench.merge_view(project, prompt).await.unwrap();
    assert!(
        merge.conflicts.is_empty(),
        "the edits do not touch: {:?}",
        merge.conflicts
    );
    ana.bench
        .merge_finish(project, prompt, Default::default(), merge.message)
        .await
        .unwrap();
    let settled = ana.bench.prompt(project, prompt).await.unwrap();
    assert!(!settled.diverged);
    let merged = ana
        .bench
        .version(project, settled.versions[0].id)
        .await
        .unwrap();
    let system = system_of(&merged.content).to_owned();
    assert!(
        system.contains("into intents") && system.contains("Be kind."),
        "{system}"
    );
    ravi.bench.sync_now(project).await.unwrap();
    assert!(!ravi.bench.prompt(project, prompt).await.unwrap().diverged);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_from_an_old_version_stays_until_a_newer_one_passes_it() {
    let ana = Laptop::new();
    let bench = &ana.bench;
    let named = bench.create_project("Support desk".to_owned(), "Ana".to_owned());
    let project = named.await.unwrap().id;
    let prompt = first_version(bench, project, "support/triage", "You sort messages.").await;
    let first = bench.prompt(project, prompt).await.unwrap().versions[0].id;
    writes(bench, project, prompt, "Be brief.", "Shorter").await;

    // Begun from the first on purpose, and nothing written yet: it is what the prompt's page shows.
    let begun = bench
        .open_draft(project, prompt, Some(first))
        .await
        .unwrap();
    assert_eq!(system_of(&begun.content), "You sort messages.");
    let shown = bench.prompt(project, prompt).await.unwrap().draft.unwrap();
    assert_eq!((shown.id, shown.base), (begun.id.clone(), Some(first)));
    let again = bench.open_draft(project, prompt, None).await.unwrap();
    assert_eq!(again.id, begun.id);
}
