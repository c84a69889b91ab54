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
