//! Content: fetched when it is needed, and destroyed where it must go.

use crate::desk::{Desk, typed};
use crate::server::Server;
use domain::dataset::{Case, Dataset};
use domain::ledger::Body;
use domain::{Digest, to_canonical};

#[tokio::test]
async fn a_dataset_is_fetched_when_somebody_opens_it() {
    let server = Server::start();
    let ada = Desk::founds(&server.url(), &server.founding_token()).await;
    let cases = vec![Case {
        id: "1".to_owned(),
        ..Case::default()
    }];
    let bytes = to_canonical(&Dataset {
        cases,
        ..Dataset::default()
    })
    .unwrap();
    let content = Digest::of(&bytes);
    let body = Body::SaveDataset {
        dataset: None,
        name: "intents".to_owned(),
        content,
        cases: 1,
        replaces: None,
    };
    let dataset = ada.asks_with(body, &[&bytes]);
    let report = ada.syncs().await.unwrap();
    assert_eq!(report.accepted, [dataset]);

    let other = ada.begins_anew(&server.url());
    other.syncs().await.unwrap();
    assert_eq!(other.store.content(&content).unwrap(), None);
    assert!(other.link.fetch_content(content).await.unwrap());
    assert_eq!(
        other.store.content(&content).unwrap().as_deref(),
        Some(bytes.as_slice())
    );
    // What the project does not name can't be had through it.
    assert!(
        !other
            .link
            .fetch_content(Digest::of(b"something else"))
            .await
            .unwrap()
    );

    let offline = ada.begins_anew(&server.url());
    offline
        .store
        .keep_offline(offline.project, dataset.0, true)
        .unwrap();
    offline.syncs().await.unwrap();
    assert!(
        offline.store.content(&content).unwrap().is_some(),
        "kept offline, it comes along"
    );
}

#[tokio::test]
async fn what_is_redacted_goes_from_every_computer_that_syncs() {
    let server = Server::start();
    let ada = Desk::founds(&server.url(), &server.founding_token()).await;
    let other = ada.begins_anew(&server.url());
    let prompt = ada.creates("support/triage");
    let leaked = ada.saves(prompt, Vec::new(), "the password is hunter2");
    ada.saves(prompt, vec![leaked], "it is gone");
    ada.syncs().await.unwrap();
    other.syncs().await.unwrap();
    let content = ada.state().version(leaked).unwrap().1.content;
    assert!(other.store.content(&content).unwrap().is_some());

    let (reason, digest) = typed("a secret was in it");
    ada.asks_with(
        Body::Redact {
            content,
            reason: digest,
        },
        &[&reason],
    );
    ada.syncs().await.unwrap();
    other.syncs().await.unwrap();
    let late = ada.begins_anew(&server.url());
    let report = late.syncs().await.unwrap();
    assert!(
        report.verified,
        "the chain and the decisions hold without it"
    );
    for desk in [&ada, &other, &late] {
        assert!(desk.state().is_redacted(&content));
        assert_eq!(desk.store.content(&content).unwrap(), None);
        assert_eq!(desk.store.missing(desk.project).unwrap(), []);
    }
}

/// Changes the bytes under a name, as a failing disk would.
fn damage(desk: &Desk, digest: &Digest) {
    let conn = rusqlite::Connection::open(desk.store.path()).unwrap();
    let changed = conn
        .execute(
            "UPDATE content SET bytes = CAST(replace(CAST(bytes AS TEXT), 'kind', 'kund') AS BLOB)
             WHERE digest = ?1",
            [digest.0],
        )
        .unwrap();
    assert_eq!(changed, 1);
}

#[tokio::test]
async fn what_was_damaged_here_comes_anew_and_the_registry_is_not_blamed() {
    let server = Server::start();
    let ada = Desk::founds(&server.url(), &server.founding_token()).await;
    let prompt = ada.creates("support/triage");
    let version = ada.saves(prompt, Vec::new(), "Sort this.");
    ada.syncs().await.unwrap();
    let digest = ada.state().version(version).unwrap().1.content;

    // Whoever reads it finds nothing, and the next round brings it.
    damage(&ada, &digest);
    assert_eq!(ada.store.content(&digest).unwrap(), None);
    ada.syncs().await.unwrap();
    assert!(ada.store.content(&digest).unwrap().is_some());

    // The check of the whole history meets it first.
    damage(&ada, &digest);
    ada.store
        .update_sync(ada.project, |note| {
            note.verified_to = 0;
            note.verified_digest = Digest::ZERO;
        })
        .unwrap();
    let report = ada.syncs().await.unwrap();
    assert!(report.verified);
    ada.syncs().await.unwrap();
    assert!(ada.store.content(&digest).unwrap().is_some());
    let note = ada.store.known_project(ada.project).unwrap().sync;
    assert_eq!(note.problem, None);
}

#[tokio::test]
async fn what_was_damaged_before_it_was_sent_is_refused_by_its_name() {
    let server = Server::start();
    let ada = Desk::founds(&server.url(), &server.founding_token()).await;
    let prompt = ada.creates("support/triage");
    let version = ada.saves(prompt, Vec::new(), "Sort this.");
    let (_, digest) = domain::VersionContent::text("Sort this.").encode().unwrap();
    damage(&ada, &digest);
    let report = ada.syncs().await.unwrap();
    assert_eq!(report.refused.len(), 1);
    let queued = ada
        .store
        .queued(ada.project, domain::CommandId(version.0))
        .unwrap();
    let why = queued.refusal.unwrap();
    assert!(why.message.contains("damaged on this computer"), "{why}");
}
