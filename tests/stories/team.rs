//! A team: from a first version to what an application reads, and back.

use crate::support::{Person, Registry};
use reqwest::StatusCode;
use workbench::ErrorCode;

#[tokio::test(flavor = "multi_thread")]
async fn an_application_reads_what_was_promoted_and_again_what_was_reverted_to() {
    let registry = Registry::start().await;
    let ana = Person::founding("Ana", &registry).await;
    let first = ana.writes("support/triage", "Name the intent.").await;
    ana.syncs().await;
    ana.releases("support/triage", &first, "production").await;
    let key = ana.makes_a_key("production").await;

    let (status, served) = registry.read("support/triage", key.reveal()).await;
    assert_eq!(status, StatusCode::OK, "{served}");
    assert!(served.to_string().contains("Name the intent."), "{served}");

    let second = ana
        .rewrites("support/triage", "Name the intent in one word.", "Be brief")
        .await;
    ana.syncs().await;
    ana.releases("support/triage", &second, "staging").await;
    let (_, served) = registry.read("support/triage", key.reveal()).await;
    assert!(
        served.to_string().contains("Name the intent."),
        "staging is not production: {served}"
    );

    ana.promotes("support/triage", "staging", "production")
        .await
        .unwrap();
    let (_, served) = registry.read("support/triage", key.reveal()).await;
    assert!(served.to_string().contains("in one word"), "{served}");

    ana.reverts("support/triage", "production").await.unwrap();
    let (_, served) = registry.read("support/triage", key.reveal()).await;
    assert!(served.to_string().contains("Name the intent."), "{served}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_reads_its_environment_and_nothing_else() {
    let registry = Registry::start().await;
    let ana = Person::founding("Ana", &registry).await;
    let first = ana.writes("support/triage", "Name the intent.").await;
    ana.syncs().await;
    ana.releases("support/triage", &first, "staging").await;
    let key = ana.makes_a_key("production").await;
    let (status, answer) = registry.read("support/triage", key.reveal()).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{answer}");
    let (status, _) = registry.read("support/triage", "gal_env_none").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);

    let settings = ana.bench.settings(ana.project).await.unwrap();
    let row = settings
        .keys
        .iter()
        .find(|row| row.name == "The backend")
        .expect("members see the key");
    ana.bench.revoke_key(ana.project, row.id).await.unwrap();
    ana.syncs().await;
    let (status, _) = registry.read("support/triage", key.reveal()).await;
    assert_eq!(
        status,
        StatusCode::UNAUTHORIZED,
        "a revoked key opens nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_may_write_but_makes_no_keys_and_invites_nobody() {
    let registry = Registry::start().await;
    let ana = Person::founding("Ana", &registry).await;
    let ben = Person::invited_by(&ana, "Ben", &registry).await;
    ben.writes("support/tone", "Be kind.").await;
    ben.syncs().await;
    ana.syncs().await;
    assert_eq!(ana.sees("support/tone").await.versions[0].by, "Ben");

    let environment = ben.environment("production").await;
    let refused = ben
        .bench
        .create_key(ben.project, environment, "Mine".to_owned(), None)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::NotAllowed, "{refused}");
    let refused = ben
        .bench
        .invite(
            ben.project,
            workbench::views::PersonRole::Admin,
            "Eve".to_owned(),
        )
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::NotAllowed, "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_over_one_that_was_made_meanwhile_changes_nothing() {
    let registry = Registry::start().await;
    let ana = Person::founding("Ana", &registry).await;
    let first = ana.writes("support/triage", "Name the intent.").await;
    ana.syncs().await;
    ana.releases("support/triage", &first, "staging").await;
    let ben = Person::invited_by(&ana, "Ben", &registry).await;
    ben.syncs().await;

    // Both look at the same plan; Ana is faster.
    let (from, to) = (
        ben.environment("staging").await,
        ben.environment("production").await,
    );
    let prompt = ben.prompt_id("support/triage").await;
    let plan = ben
        .bench
        .plan_promotion(ben.project, from, to, vec![prompt])
        .await
        .unwrap();
    let second = ana
        .rewrites("support/triage", "Name the intent in one word.", "Be brief")
        .await;
    ana.syncs().await;
    ana.releases("support/triage", &second, "production").await;
    ben.syncs().await;
    let refused = ben
        .bench
        .carry_out(ben.project, plan.id, plan.reason)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict, "{refused}");
    let key = ana.makes_a_key("production").await;
    let (_, served) = registry.read("support/triage", key.reveal()).await;
    assert!(
        served.to_string().contains("in one word"),
        "Ana's release stands: {served}"
    );
}
