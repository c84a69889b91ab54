//! What waits for a webhook has its limit, and so has its log; what is beyond the first is not lost.

use crate::receiver::{Receiver, Sending};
use domain::Millis;
use protocol::webhooks::{Attempt, DeliveryId, DeliveryState, WebhookId, WebhookKind as Kind};
use registry::limits::{WEBHOOK_LOG, WEBHOOK_WAITING};
use registry::sqlite::{FileOptions, Sqlite};
use registry::webhooks::{NewDelivery, Outcome};
use serde_json::json;

fn waiting(webhook: WebhookId, due: Millis) -> NewDelivery {
    let id = crate::team::id();
    NewDelivery {
        id: DeliveryId(id),
        webhook,
        message: format!("msg_{}", id.simple()),
        kind: Kind::Test,
        seq: None,
        body: "{}".into(),
        made_at: due,
        replays: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_waits_in_the_ledger() {
    let sending = Sending::open().await;
    let (mut full, mut beside) = (Receiver::open().await, Receiver::open().await);
    let ada = &sending.team.ada;
    let id = ada.hooks(&full.url, &[Kind::VersionSaved]).await.webhook.id;
    ada.hooks(&beside.url, &[Kind::VersionSaved]).await;
    // As after days of a receiver that fails: all of it is due again tomorrow.
    let file = Sqlite::open(&sending.house.file(), FileOptions::default()).unwrap();
    let now = ada.webhook(id).await.made_at;
    let tomorrow = now.plus(24 * 60 * 60 * 1_000);
    for _ in 0..WEBHOOK_WAITING {
        file.add_delivery(&waiting(id, tomorrow)).unwrap();
    }
    let prompt = ada.creates_prompt("one").await;
    let first = ada.saves(prompt, "a").await;
    let second = ada.saves_after(prompt, first, "b").await;
    for _ in 0..2 {
        beside.next().await;
    }
    let shown = ada.webhook(id).await;
    assert_eq!(usize::try_from(shown.waiting).unwrap(), WEBHOOK_WAITING);
    let path = protocol::paths::webhook_test(ada.project, id);
    let response = ada.asks(reqwest::Method::POST, &path, None).await;
    assert_eq!(response.status(), 413);
    assert!(full.rest().is_empty());

    // With room again, everything comes that happened meanwhile.
    let other = rusqlite::Connection::open(sending.house.file()).unwrap();
    other
        .busy_timeout(std::time::Duration::from_secs(30))
        .unwrap();
    other
        .execute("DELETE FROM deliveries WHERE kind = 'test'", [])
        .unwrap();
    let third = ada.saves_after(prompt, second, "c").await;
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(full.next().await.json()["data"]["version"]["id"].clone());
    }
    for version in [first, second, third] {
        assert!(told.contains(&json!(version)), "{version} of {told:?}");
    }
}

#[test]
fn a_log_forgets_the_oldest_that_ended_and_nothing_that_waits() {
    let home = tempfile::tempdir().unwrap();
    let options = FileOptions {
        create: true,
        max_bytes: None,
    };
    let file = Sqlite::open(&home.path().join("r.sqlite"), options).unwrap();
    let (hook, other) = (WebhookId(crate::team::id()), WebhookId(crate::team::id()));
    let now = Millis(1_000);
    // The oldest of all waits; another webhook's log is its own.
    file.add_delivery(&waiting(hook, Millis(900))).unwrap();
    file.add_delivery(&waiting(other, now)).unwrap();
    let attempt = Attempt {
        at: now,
        status: Some(200),
        answer: String::new(),
        error: None,
    };
    let ends = |webhook| {
        let due = file.due(webhook, now, 10).unwrap().pop().unwrap();
        file.record_attempt(&due, &attempt, Outcome::Delivered)
            .unwrap();
    };
    ends(other);
    for _ in 0..WEBHOOK_LOG + 10 {
        file.add_delivery(&waiting(hook, now)).unwrap();
        ends(hook);
    }
    let all = file.deliveries(hook, None, 10_000).unwrap();
    let count = |state| all.iter().filter(|one| one.state == state).count();
    assert_eq!(count(DeliveryState::Delivered), WEBHOOK_LOG);
    assert_eq!(count(DeliveryState::Waiting), 1);
    assert_eq!(all.last().unwrap().made_at, Millis(900));
    assert_eq!(file.deliveries(other, None, 10).unwrap().len(), 1);
}
