//! Without the registry: work goes on, waits, and meets what others did meanwhile.

use crate::support::{Person, Registry};
use std::collections::BTreeMap;
use workbench::views::{State, SyncKind};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_saved_offline_waits_and_gets_its_number_later() {
    let mut registry = Registry::start().await;
    let ana = Person::founding("Ana", &registry).await;
    ana.writes("support/triage", "Name the intent.").await;
    ana.syncs().await;

    registry.vanish();
    let saved = ana
        .rewrites(
            "support/triage",
            "Name the intent in one word.",
            "On the train",
        )
        .await;
    assert_eq!(saved.number, None, "numbers are the registry's to give");
    assert_eq!(saved.state, State::Outbox);
    let offline = ana.bench.sync_now(ana.project).await;
    let kind = offline.map(|state| state.kind);
    assert!(
        !matches!(kind, Ok(SyncKind::InStep)),
        "it does not claim to be in step: {kind:?}"
    );
    assert_eq!(ana.bench.outbox(ana.project).await.unwrap().len(), 1);

    registry.come_back().await;
    ana.syncs().await;
    let seen = ana.sees("support/triage").await;
    assert_eq!(seen.versions[0].number, Some(2));
    assert_eq!(seen.versions[0].id, saved.id, "it is the same version");
    assert!(ana.bench.outbox(ana.project).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_change_one_prompt_and_bring_it_together() {
    let mut registry = Registry::start().await;
    let ana = Person::founding("Ana", &registry).await;
    ana.writes("support/triage", "Name the intent.\n\nBe kind.")
        .await;
    ana.syncs().await;
    let ben = Person::invited_by(&ana, "Ben", &registry).await;
    ben.syncs().await;

    registry.vanish();
    ana.rewrites(
        "support/triage",
        "Name the intent in one word.\n\nBe kind.",
        "Be brief",
    )
    .await;
    ben.rewrites(
        "support/triage",
        "Name the intent.\n\nBe kind and calm.",
        "Be calm",
    )
    .await;
    registry.come_back().await;
    ana.syncs().await;
    ben.syncs().await;
    ana.syncs().await;
    for person in [&ana, &ben] {
        let seen = person.sees("support/triage").await;
        assert!(seen.diverged, "both see two heads");
        assert_eq!(seen.heads.len(), 2);
    }

    let prompt = ben.prompt_id("support/triage").await;
    let merge = ben.bench.merge_view(ben.project, prompt).await.unwrap();
    assert_eq!(merge.conflicts, [], "they changed different sentences");
    let merged = ben
        .bench
        .merge_finish(ben.project, prompt, BTreeMap::new(), merge.message)
        .await
        .unwrap();
    ben.syncs().await;
    ana.syncs().await;
    let text = ana.text(&merged).await;
    assert_eq!(text, "Name the intent in one word.\n\nBe kind and calm.");
    assert!(!ana.sees("support/triage").await.diverged);
}
