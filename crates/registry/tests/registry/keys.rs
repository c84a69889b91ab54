//! Environment keys: one in place of another, their ends, and what they were used for.

use crate::team::{House, Member, Reader, Team, bits, id};
use domain::ledger::Body;
use domain::permissions::Role;
use domain::split::SLOTS;
use domain::{CommandId, KeyId};
use eventsource_stream::Eventsource as _;
use futures_util::StreamExt as _;
use protocol::keys::{KeyUse, KeyUses};
use protocol::paths;
use protocol::token::{Kind, Token};

async fn rotates(team: &Team, key: KeyId, overlap: i64) -> (Reader, KeyId) {
    let at = CommandId(id());
    let token = Token::new(Kind::Environment, KeyId::from(at), bits());
    let body = Body::RotateEnvironmentKey {
        key,
        hash: token.hash(),
        expires: None,
        overlap,
    };
    let command = team.ada.signed(at, domain::ledger::Seen::default(), body);
    let outcomes = team.ada.send(&[command]).await;
    assert!(crate::team::is_accepted(&outcomes[0]), "{outcomes:?}");
    let reader = Reader {
        http: team.ada.http.clone(),
        url: team.ada.url.clone(),
        bearer: token.reveal(),
    };
    (reader, token.id)
}

async fn uses(who: &Member) -> Vec<KeyUse> {
    let response = who.gets(&paths::keys(who.project)).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["cache-control"], "no-store");
    response.json::<KeyUses>().await.unwrap().keys
}

fn of(uses: &[KeyUse], key: KeyId) -> Option<&KeyUse> {
    uses.iter().find(|one| one.key == key)
}

#[tokio::test(flavor = "multi_thread")]
async fn both_keys_read_until_the_old_one_ends_and_its_stream_with_it() {
    let house = House::open().await;
    let team = house.found().await;
    let prompt = team.ada.creates_prompt("Triage").await;
    let version = team.ada.saves(prompt, "one").await;
    team.ada
        .releases(team.production, prompt, &[(version, SLOTS)], None)
        .await;
    let (old, key) = team.ada.issues_key(team.production).await;
    let mut stream = old
        .gets("/v1/environment/changes")
        .await
        .bytes_stream()
        .eventsource();
    stream.next().await.expect("the first").unwrap();
    let (new, _) = rotates(&team, key, 1_500).await;
    assert_eq!(old.text_of("/v1/prompts/Triage").await, "one");
    assert_eq!(new.text_of("/v1/prompts/Triage").await, "one");
    // Nothing else happens in the project: the end of its time ends the stream.
    assert!(stream.next().await.is_none());
    assert_eq!(old.gets("/v1/prompts/Triage").await.status(), 401);
    assert_eq!(new.text_of("/v1/prompts/Triage").await, "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_and_the_old_ones_end_survive_a_restart() {
    let house = House::open().await;
    let team = house.found().await;
    let (mut old, key) = team.ada.issues_key(team.production).await;
    let (mut new, _) = rotates(&team, key, 0).await;
    assert_eq!(old.gets("/v1/environment").await.status(), 401);
    let again = house.restart().await;
    (old.url, new.url) = (again.url(), again.url());
    assert_eq!(old.gets("/v1/environment").await.status(), 401);
    assert_eq!(new.gets("/v1/environment").await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_see_when_a_key_was_used_and_admins_where_it_strayed() {
    let house = House::open().await;
    let team = house.found().await;
    let (app, key) = team.ada.issues_key(team.production).await;
    let (_, idle) = team.ada.issues_key(team.production).await;
    assert!(of(&uses(&team.ada).await, key).is_none());
    let before = domain::Millis(jiff::Timestamp::now().as_millisecond());
    app.gets("/v1/environment").await;
    let seen = uses(&team.ada).await;
    let last = of(&seen, key).expect("it was used").last_used;
    assert!(last.expect("let in") >= before);
    assert!(of(&seen, idle).is_none());

    // Another environment's name is refused on every route, and told to admins.
    let calls = [
        "/v1/prompts/x?environment=staging",
        "/v1/prompts/x?label=Staging",
        "/api/public/v2/prompts/x?label=staging",
        "/api/public/v2/prompts?label=staging",
    ];
    for call in calls {
        assert_eq!(app.gets(call).await.status(), 403, "{call}");
    }
    // Its own, and what is none, are no such thing.
    app.gets("/v1/prompts/x?environment=production").await;
    app.gets("/v1/prompts/x?label=nowhere").await;
    let seen = uses(&team.ada).await;
    let strayed = &of(&seen, key).expect("it").strayed;
    assert_eq!(strayed.len(), 1);
    assert_eq!(
        (strayed[0].environment, strayed[0].times),
        (team.staging, 4)
    );
    assert!(strayed[0].last >= before);

    let (invitation, invited) = team.ada.invites(Role::Reviewer).await;
    let (ben, _) = Member::joins(&house.url(), &invitation, invited).await;
    let seen = uses(&ben).await;
    assert!(of(&seen, key).expect("it").last_used.is_some());
    assert!(seen.iter().all(|one| one.strayed.is_empty()));

    // Counted on after a restart.
    let mut ada = team.ada;
    let again = house.restart().await;
    ada.url = again.url();
    let app = Reader {
        url: again.url(),
        ..app
    };
    app.gets(calls[0]).await;
    let seen = uses(&ada).await;
    assert_eq!(of(&seen, key).expect("it").strayed[0].times, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keys_were_used_for_is_for_members_of_the_project() {
    let house = House::open().await;
    let team = house.found().await;
    let other = house.found().await;
    let (app, _) = team.ada.issues_key(team.production).await;
    let path = paths::keys(team.ada.project);
    assert_eq!(app.gets(&path).await.status(), 403);
    assert_eq!(other.ada.gets(&path).await.status(), 403);
    let (invitation, _) = team.ada.invites(Role::Viewer).await;
    let guest = Reader {
        http: app.http.clone(),
        url: app.url.clone(),
        bearer: invitation.bearer(),
    };
    assert_eq!(guest.gets(&path).await.status(), 403);
}

/// Ids and hashes stand in a ledger that every member reads. Written into another project, they
/// would choose what the first project's application is told, and bring back what was revoked.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_can_not_be_taken_over_by_another_project() {
    let house = House::open().await;
    let team = house.found().await;
    let eve = house.found().await;
    let (app, key) = team.ada.issues_key(team.production).await;
    let hash = Token::read(&app.bearer).unwrap().hash();
    let copy = Body::IssueEnvironmentKey {
        environment: eve.production,
        name: "mine now".into(),
        hash,
        expires: None,
    };
    let at = CommandId(key.0);
    let refused = async || {
        let command = eve
            .ada
            .signed(at, domain::ledger::Seen::default(), copy.clone());
        let outcomes = eve.ada.send(&[command]).await;
        assert!(!crate::team::is_accepted(&outcomes[0]), "{outcomes:?}");
    };
    refused().await;
    let whose = async || {
        let me: protocol::ledger::Me = app.gets("/v1/me").await.json().await.unwrap();
        match me {
            protocol::ledger::Me::Environment { project, .. } => project,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(whose().await, team.project);
    // Ended, it stays the first project's, and is ended.
    team.ada.does(Body::RevokeKey { key }).await;
    refused().await;
    assert_eq!(app.gets("/v1/environment").await.status(), 401);
    // A personal token as well.
    let own = Token::read(&team.ada.bearer).unwrap();
    let copy = Body::IssueToken {
        name: "mine now".into(),
        hash: own.hash(),
        expires: None,
    };
    let at = CommandId(own.id.0);
    let command = eve.ada.signed(at, domain::ledger::Seen::default(), copy);
    let outcomes = eve.ada.send(&[command]).await;
    assert!(!crate::team::is_accepted(&outcomes[0]), "{outcomes:?}");
    assert!(
        uses(&eve.ada)
            .await
            .iter()
            .all(|one| one.key != own.id && one.key != key)
    );
    assert_eq!(team.ada.gets("/v1/me").await.status(), 200);
}
