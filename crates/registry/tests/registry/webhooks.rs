//! Webhooks as a receiver meets them: what arrives, when it comes again, and where it never goes.

use crate::receiver::{Receiver, Say, Sending, is_signed};
use crate::team::Member;
use domain::ledger::{Asked, Body, Entry, Event, RequestedChange, Side, VerdictKind};
use domain::permissions::Role;
use domain::split::SLOTS;
use domain::{Digest, Millis, RequestId};
use protocol::webhooks::{DeliveryState, WebhookKind as Kind};
use serde_json::json;

const DAY: i64 = 24 * 60 * 60 * 1_000;

async fn digest_of(who: &Member, request: RequestId) -> Digest {
    let lines = who.ledger().await;
    let events = lines
        .iter()
        .flat_map(|line| Entry::read(line).unwrap().events().to_vec());
    let mut found = None;
    for event in events {
        match event {
            Event::RequestOpened {
                request: r, digest, ..
            }
            | Event::RequestUpdated {
                request: r, digest, ..
            } if r == request => {
                found = Some(digest);
            }
            _ => {}
        }
    }
    found.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_arrives_once_with_what_happened() {
    let sending = Sending::open().await;
    let (team, ada) = (&sending.team, &sending.team.ada);
    let mut receiver = Receiver::open().await;
    let before = ada.creates_prompt("before").await;
    ada.saves(before, "not told: it was before").await;
    let made = ada.hooks(&receiver.url, &Kind::CHOICES).await;

    let prompt = ada.creates_prompt("support/triage").await;
    let first = ada.saves(prompt, "be kind to everybody").await;
    let side = |version, weight| Side { version, weight };
    let reason = ada.writes("a secret reason").await;
    let asked = |weights: &[u32]| Asked {
        changes: vec![RequestedChange {
            environment: team.production,
            prompt,
            steps: weights.iter().map(|w| vec![side(first, *w)]).collect(),
            replaces: None,
        }],
        reason,
        reviewers: Vec::new(),
        notes: Vec::new(),
        suite: None,
    };
    let open = Body::OpenRequest {
        asked: Box::new(asked(&[SLOTS])),
    };
    let request: RequestId = ada.does(open).await.into();
    let (invitation, id) = ada.invites(Role::Reviewer).await;
    let (ben, _) = Member::joins(&ada.url, &invitation, id).await;
    let verdict = Body::GiveVerdict {
        request,
        digest: digest_of(ada, request).await,
        verdict: VerdictKind::Approve,
        evidence: Vec::new(),
        comment: None,
    };
    ben.does(verdict).await;
    ben.does(Body::WithdrawVerdict { request }).await;
    ada.does(Body::WithdrawRequest {
        request,
        reason: None,
    })
    .await;
    let one = ada
        .releases(team.production, prompt, &[(first, SLOTS)], None)
        .await;
    let second = ada
        .saves_after(prompt, first, "be brief with everybody")
        .await;
    let two = ada
        .releases(team.production, prompt, &[(second, SLOTS)], Some(one))
        .await;
    ada.reverts(team.production, one, prompt, two).await;

    let mut told = std::collections::BTreeMap::new();
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..9 {
        let arrived = receiver.next().await;
        assert!(is_signed(&arrived, &made.secret));
        let text = String::from_utf8(arrived.body.to_vec()).unwrap();
        assert!(!text.contains("be kind") && !text.contains("secret reason"));
        assert!(ids.insert(arrived.header("webhook-id").to_owned()));
        let told_now = arrived.json();
        let seq = told_now["data"]["entry"]["seq"].as_u64().unwrap();
        told.insert(seq, told_now);
    }
    let told: Vec<_> = told.into_values().collect();
    let kinds: Vec<_> = told
        .iter()
        .map(|one| one["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "version.saved",
            "request.opened",
            "verdict.given",
            "request.changed",
            "request.changed",
            "release.made",
            "version.saved",
            "release.made",
            "release.reverted",
        ]
    );
    let data = |place: usize| &told[place]["data"];
    for one in &told {
        assert_eq!(one["data"]["project"]["name"], "Support desk");
        assert_eq!(one["data"]["project"]["id"], json!(team.project));
        let at: jiff::Timestamp = one["timestamp"].as_str().unwrap().parse().unwrap();
        assert!(at.as_second() > 0);
    }
    assert_eq!(data(0)["version"]["number"], 1);
    assert_eq!(data(0)["prompt"]["name"], "support/triage");
    assert_eq!(data(0)["by"]["name"], "Ada");
    assert_eq!(
        data(1)["request"]["title"],
        "support/triage v1 to production"
    );
    assert_eq!(data(1)["changes"][0]["versions"][0]["id"], json!(first));
    assert_eq!(data(2)["verdict"], "approve");
    assert_eq!(data(2)["reviewer"]["name"], "Ben");
    assert_eq!(data(2)["covers"], data(1)["request"]["digest"]);
    assert_eq!(data(3)["change"], "verdict_withdrawn");
    assert_eq!(data(4)["change"], "withdrawn");
    assert_eq!(data(5)["release"]["id"], json!(one));
    let change = &data(5)["changes"][0];
    assert_eq!(change["environment"]["name"], "production");
    assert_eq!(change["versions"][0]["weight"], SLOTS);
    assert_eq!(data(7)["changes"][0]["replaces"], json!(one));
    assert_eq!(data(8)["reverts_to"], json!(one));
    // Once each: whatever came later came after all of these.
    let test = ada.tests_hook(made.webhook.id).await;
    let last = receiver.next().await;
    assert_eq!(
        (last.kind(), last.header("webhook-id")),
        ("test".to_owned(), &*test.message)
    );
    assert!(receiver.rest().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_body_or_another_secret_does_not_verify() {
    let sending = Sending::open().await;
    let mut receiver = Receiver::open().await;
    let ada = &sending.team.ada;
    let made = ada.hooks(&receiver.url, &[Kind::VersionSaved]).await;
    ada.tests_hook(made.webhook.id).await;
    let mut arrived = receiver.next().await;
    assert!(is_signed(&arrived, &made.secret));
    assert_eq!(arrived.header("content-type"), "application/json");
    let other = ada.hooks(&receiver.url, &[Kind::VersionSaved]).await;
    assert!(!is_signed(&arrived, &other.secret));
    arrived.body = String::from_utf8(arrived.body.to_vec())
        .unwrap()
        .replace("Ada", "Eve")
        .into();
    assert!(!is_signed(&arrived, &made.secret));

    // A new secret: for a day both sign, then the new one alone.
    let path = protocol::paths::webhook_secret(ada.project, made.webhook.id);
    let response = ada.asks(reqwest::Method::POST, &path, None).await;
    let again: protocol::webhooks::MadeWebhook = response.json().await.unwrap();
    ada.tests_hook(made.webhook.id).await;
    let both = receiver.next().await;
    assert!(is_signed(&both, &made.secret) && is_signed(&both, &again.secret));
    ada.sees_attempts(made.webhook.id, 1).await;
    let at = both.header("webhook-timestamp").parse::<i64>().unwrap() * 1_000;
    sending.clock.set(Millis(at).plus(DAY + 60_000));
    ada.tests_hook(made.webhook.id).await;
    let alone = receiver.next().await;
    assert_eq!(alone.header("webhook-signature").split(' ').count(), 1);
    let signed = standardwebhooks::Webhook::new(&again.secret)
        .unwrap()
        .sign(
            alone.header("webhook-id"),
            alone.header("webhook-timestamp").parse().unwrap(),
            &alone.body,
        )
        .unwrap();
    assert_eq!(signed, alone.header("webhook-signature"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_receiver_is_tried_again_by_the_schedule_until_it_takes_it() {
    let sending = Sending::open().await;
    let mut receiver = Receiver::open().await;
    receiver.will_say([
        Say::Status(500, "not\u{7}today".into()),
        Say::Status(404, String::new()),
    ]);
    let ada = &sending.team.ada;
    let made = ada.hooks(&receiver.url, &[Kind::VersionSaved]).await;
    // Another one, to tell that the clock was looked at.
    let mut beside = Receiver::open().await;
    let witness = ada
        .hooks(&beside.url, &[Kind::ReleaseMade])
        .await
        .webhook
        .id;
    let prompt = ada.creates_prompt("one").await;
    ada.saves(prompt, "text").await;
    let mut arrived = vec![receiver.next().await];
    for attempts in 1..=2 {
        let waiting = ada.sees_attempts(made.webhook.id, attempts).await;
        assert_eq!(waiting.state, DeliveryState::Waiting);
        let last = waiting.last.unwrap();
        match attempts {
            1 => {
                assert_eq!((last.status, &*last.answer), (Some(500), "not today"));
                assert!(last.error.unwrap().contains("500"));
                let wait = waiting.next_at.unwrap().0 - last.at.0;
                assert!((5_000..=6_000).contains(&wait), "{wait}");
            }
            _ => assert_eq!(last.status, Some(404)),
        }
        // Not a moment before.
        let due = waiting.next_at.unwrap();
        sending.clock.set(due.plus(-1));
        ada.tests_hook(witness).await;
        beside.next().await;
        assert!(receiver.rest().is_empty());
        sending.clock.set(due);
        arrived.push(receiver.next().await);
    }
    let done = ada.sees_attempts(made.webhook.id, 3).await;
    assert_eq!(done.state, DeliveryState::Delivered);
    assert_eq!(
        (done.next_at, done.last.unwrap().answer),
        (None, "thank you".into())
    );
    for one in &arrived {
        assert_eq!(one.header("webhook-id"), done.message);
        assert_eq!(one.body, arrived[0].body);
    }
    let stamps: std::collections::BTreeSet<_> = arrived
        .iter()
        .map(|one| one.header("webhook-timestamp").to_owned())
        .collect();
    assert_eq!(stamps.len(), 3, "each attempt has its own time");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_last_attempt_it_is_given_up_and_can_be_sent_again() {
    let sending = Sending::open().await;
    let mut receiver = Receiver::open().await;
    receiver.will_say((0..10).map(|_| Say::Status(503, "busy".into())));
    let ada = &sending.team.ada;
    let made = ada.hooks(&receiver.url, &[Kind::VersionSaved]).await;
    let prompt = ada.creates_prompt("one").await;
    ada.saves(prompt, "text").await;
    let first = receiver.next().await;
    for attempts in 1..=9 {
        let waiting = ada.sees_attempts(made.webhook.id, attempts).await;
        sending.clock.set(waiting.next_at.unwrap());
        receiver.next().await;
    }
    let lost = ada.sees_attempts(made.webhook.id, 10).await;
    assert_eq!((lost.state, lost.next_at), (DeliveryState::GivenUp, None));
    let shown = ada.webhook(made.webhook.id).await;
    assert!(shown.enabled && shown.waiting == 0);
    assert_eq!(shown.last.unwrap().state, DeliveryState::GivenUp);

    let again = ada.replays(made.webhook.id, &lost).await;
    assert_eq!(
        (again.replay_of, &again.message),
        (Some(lost.id), &lost.message)
    );
    let arrived = receiver.next().await;
    assert_eq!(arrived.header("webhook-id"), first.header("webhook-id"));
    assert_eq!(arrived.body, first.body);
    let done = ada.sees_attempts(made.webhook.id, 1).await;
    assert_eq!((done.id, done.state), (again.id, DeliveryState::Delivered));
    // Both are in the log.
    assert_eq!(ada.log(made.webhook.id).await.deliveries.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_wants_no_more_gets_no_more() {
    let sending = Sending::open().await;
    let (mut leaving, mut staying) = (Receiver::open().await, Receiver::open().await);
    leaving.will_say([
        Say::Status(500, String::new()),
        Say::Status(410, String::new()),
    ]);
    let ada = &sending.team.ada;
    let gone = ada
        .hooks(&leaving.url, &[Kind::VersionSaved])
        .await
        .webhook
        .id;
    ada.hooks(&staying.url, &[Kind::VersionSaved]).await;
    let prompt = ada.creates_prompt("one").await;
    let first = ada.saves(prompt, "a").await;
    leaving.next().await;
    ada.sees_attempts(gone, 1).await;
    let second = ada.saves_after(prompt, first, "b").await;
    leaving.next().await;
    let ended = ada
        .sees(gone, "switched off", |found| {
            found.state == DeliveryState::GivenUp
        })
        .await;
    assert_eq!(ended.last.unwrap().status, Some(410));
    let shown = loop {
        let shown = ada.webhook(gone).await;
        if !shown.enabled {
            break shown;
        }
        tokio::task::yield_now().await;
    };
    assert!(shown.stopped.unwrap().contains("410"));
    assert_eq!(shown.waiting, 0, "what waited is given up, too");
    ada.saves_after(prompt, second, "c").await;
    for _ in 0..3 {
        staying.next().await;
    }
    // Nothing is tried or sent again while it is off; on again, it begins with what comes then.
    let response = ada
        .asks(
            reqwest::Method::POST,
            &protocol::paths::webhook_test(ada.project, gone),
            None,
        )
        .await;
    assert_eq!(response.status(), 400);
    let on = ada.changes_hook(gone, json!({ "enabled": true })).await;
    assert!(on.enabled && on.stopped.is_none());
    ada.tests_hook(gone).await;
    assert_eq!(leaving.next().await.kind(), "test");
    assert!(leaving.rest().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_chosen_and_about_these_environments() {
    let sending = Sending::open().await;
    let mut receiver = Receiver::open().await;
    let (team, ada) = (&sending.team, &sending.team.ada);
    let id = ada
        .hooks(&receiver.url, &[Kind::ReleaseMade, Kind::VersionSaved])
        .await
        .webhook
        .id;
    let change = json!({ "environments": [team.production], "kinds": ["release.made"] });
    ada.changes_hook(id, change).await;
    let prompt = ada.creates_prompt("one").await;
    let version = ada.saves(prompt, "a").await;
    let sides = [(version, SLOTS)];
    ada.releases(team.development, prompt, &sides, None).await;
    let release = ada.releases(team.production, prompt, &sides, None).await;
    let arrived = receiver.next().await.json();
    assert_eq!(arrived["data"]["release"]["id"], json!(release));
    ada.tests_hook(id).await;
    assert_eq!(receiver.next().await.kind(), "test");
    assert!(receiver.rest().is_empty());
    // What makes no sense is refused in words, and changes nothing.
    for change in [
        json!({ "kinds": [] }),
        json!({ "kinds": ["test"] }),
        json!({ "kinds": ["release"] }),
        json!({ "environments": [uuid::Uuid::from_bytes([7; 16])] }),
        json!({ "url": "ftp://example.com" }),
        json!({ "secret": "whsec_mine" }),
    ] {
        let path = protocol::paths::webhook(ada.project, id);
        let response = ada
            .asks(reqwest::Method::PATCH, &path, Some(change.clone()))
            .await;
        assert_eq!(response.status(), 400, "{change}");
    }
    assert_eq!(ada.webhook(id).await.kinds, [Kind::ReleaseMade]);
}
