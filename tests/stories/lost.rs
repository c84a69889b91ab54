//! A laptop is lost with its keychain open. What was said on it before stays; what it signs later, and
//! what it had signed and not sent, never counts.

use crate::support::{Line, Person, Registry};
use workbench::ErrorCode;
use workbench::views::{KeyKind, OutboxState, PersonRole, RequestState, SyncKind};

struct Team {
    registry: Registry,
    line: Line,
    ana: Person,
    ben: Person,
    rita: Person,
}

/// Ana leads, Ben writes, Rita reviews over a line of her own; production asks for one approval.
async fn team() -> Team {
    let registry = Registry::start().await;
    let line = Line::before(&registry).await;
    let ana = Person::founding("Ana", &registry).await;
    let ben = Person::invited_by(&ana, "Ben", &registry).await;
    let rita = Person::invited_at(line.address(), PersonRole::Reviewer, &ana, "Rita").await;
    ana.demands("production", |policy| policy.approvals = 1)
        .await;
    Team {
        registry,
        line,
        ana,
        ben,
        rita,
    }
}

impl Team {
    async fn in_step(&self) {
        // Twice: what the last one sends, the first one has not seen yet.
        for person in [&self.ana, &self.ben, &self.rita].repeat(2) {
            person.syncs().await;
        }
    }
}

/// Rita's only device and her only token, as somebody else sees them in Settings.
async fn of_rita(person: &Person) -> (String, domain::KeyId) {
    let settings = person.bench.settings(person.project).await;
    let settings = settings.expect("the settings");
    let rita = settings.people.iter().find(|row| row.name == "Rita");
    let devices = &rita.expect("everybody sees who is there").devices;
    let [device] = devices.as_slice() else {
        panic!("one device: {devices:?}")
    };
    assert!(!device.revoked && !device.this);
    let tokens: Vec<_> = settings
        .keys
        .iter()
        .filter(|row| row.kind == KeyKind::Personal && row.by == "Rita" && !row.revoked)
        .collect();
    let [token] = tokens.as_slice() else {
        panic!("one token: {tokens:?}")
    };
    (device.id.clone(), token.id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_device_keeps_its_word_of_before_and_says_nothing_more() {
    let team = team().await;
    let (ana, ben, rita) = (&team.ana, &team.ben, &team.rita);
    let triage = ben.writes("support/triage", "Name the intent.").await;
    let tone = ben.writes("support/tone", "Answer warmly.").await;
    ben.syncs().await;
    let before = ben.asks_for("support/triage", &triage, "production").await;
    let after = ben.asks_for("support/tone", &tone, "production").await;
    team.in_step().await;
    rita.approves(before).await.unwrap();
    team.in_step().await;

    // The laptop is gone, and whoever has it approves, far from any network.
    team.line.leads_nowhere();
    let said = rita.approves(after).await.unwrap();
    assert!(said.words.contains("outbox"), "{}", said.words);

    // Only Rita or an admin may end it; Ana does.
    let (device, token) = of_rita(ben).await;
    let refused = ben.bench.revoke_device(ben.project, device.clone()).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::NotAllowed);
    let refused = ben.bench.revoke_key(ben.project, token).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::NotAllowed);
    ana.bench
        .revoke_device(ana.project, device.clone())
        .await
        .unwrap();
    let settings = ana.bench.settings(ana.project).await.unwrap();
    let shown = settings.people.iter().flat_map(|row| &row.devices);
    let ended: Vec<_> = shown.filter(|row| row.revoked).map(|row| &row.id).collect();
    assert_eq!(ended, [&device], "everybody sees that it is ended");

    // Its token is still good: it connects, and is told why nothing of it is taken.
    team.line.leads_to(&team.registry);
    crate::support::wait::until("the approval to be refused", async || {
        let _ = rita.bench.sync_now(rita.project).await;
        let rows = rita.bench.outbox(rita.project).await.unwrap();
        match rows.as_slice() {
            [row] if row.state == OutboxState::Refused => {
                let why = row.refusal.clone().unwrap_or_default();
                assert!(why.contains("this device was revoked"), "{why}");
                Ok(())
            }
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    // What it signs from now on is refused before it is sent.
    let refused = rita.approves(after).await.unwrap_err();
    assert!(refused.to_string().contains("revoked"), "{refused}");

    // Without its token it does not even read.
    ana.bench.revoke_key(ana.project, token).await.unwrap();
    let out = rita.bench.sync_now(rita.project).await.unwrap_err();
    let words = "the registry no longer lets this computer in";
    assert!(out.to_string().contains(words), "{out}");
    let state = rita.bench.sync_state(rita.project).await.unwrap();
    assert_eq!(state.kind, SyncKind::Problem);

    // What she approved before counts; what waited in the outbox never does.
    for person in [ben, ana] {
        person.syncs().await;
    }
    assert_eq!(ben.looks_at(before).await.row.state, RequestState::Ready);
    ben.releases_request(before, "production").await.unwrap();
    let seen = ben.looks_at(after).await;
    assert_eq!(seen.row.state, RequestState::Waiting);
    assert!(seen.verdicts.is_empty(), "{:?}", seen.verdicts);
    let refused = ben.releases_request(after, "production").await.unwrap_err();
    assert!(refused.to_string().contains("1 approval"), "{refused}");
    ana.approves(after).await.unwrap();
    ana.releases_request(after, "production").await.unwrap();
    let key = ana.makes_a_key("production").await;
    let (_, served) = team.registry.read("support/tone", key.reveal()).await;
    assert!(served.to_string().contains("Answer warmly."), "{served}");
    let (holds, said) = team.registry.verify();
    assert!(holds, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_owns_a_device_or_a_token_ends_it_themselves() {
    let team = team().await;
    let (ana, rita) = (&team.ana, &team.rita);
    team.in_step().await;
    rita.writes("support/tone", "Answer warmly.").await;
    rita.syncs().await;
    let settings = rita.bench.settings(rita.project).await.unwrap();
    let mine = settings.people.iter().find(|row| row.name == "Rita");
    let device = &mine.expect("she is a member").devices[0];
    assert!(device.this, "she sees which one is in her hands");
    let (_, token) = of_rita(ana).await;

    rita.bench.revoke_key(rita.project, token).await.unwrap();
    let out = rita.bench.sync_now(rita.project).await.unwrap_err();
    assert!(out.to_string().contains("ask Ana"), "{out}");
    // What is on it stays on it, and in the project.
    assert_eq!(rita.sees("support/tone").await.versions.len(), 1);
    ana.syncs().await;
    assert_eq!(ana.sees("support/tone").await.versions[0].by, "Rita");

    // The last admin's last device can't be ended: nobody could lead the project any more.
    let settings = ana.bench.settings(ana.project).await.unwrap();
    let own = settings.people.iter().flat_map(|row| &row.devices);
    let own = own.filter(|row| row.this).map(|row| row.id.clone()).next();
    let refused = ana.bench.revoke_device(ana.project, own.unwrap()).await;
    let refused = refused.unwrap_err();
    assert!(
        refused.to_string().contains("without an admin"),
        "{refused}"
    );
}
