//! Server-sent events: growth of a ledger, and releases in an environment.

use crate::team::{House, Member};
use domain::ledger::Body;
use domain::permissions::Role;
use domain::split::SLOTS;
use eventsource_stream::{Event, Eventsource as _};
use futures_util::{Stream, StreamExt as _};
use protocol::ledger::Change;
use protocol::paths;
use protocol::serving::EnvironmentChange;
use std::pin::Pin;

type Events = Pin<Box<dyn Stream<Item = Event> + Send>>;

fn events(response: reqwest::Response) -> Events {
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    Box::pin(
        response
            .bytes_stream()
            .eventsource()
            .filter_map(|event| async { event.ok() }),
    )
}

async fn follow(who: &Member, last: Option<u64>) -> Events {
    let path = paths::changes(who.project);
    let mut request = who
        .http
        .get(format!("{}{path}", who.url))
        .bearer_auth(&who.bearer);
    if let Some(last) = last {
        request = request.header("last-event-id", last.to_string());
    }
    events(request.send().await.unwrap())
}

async fn next(events: &mut Events) -> Change {
    let event = events.next().await.expect("a change comes");
    assert_eq!(event.event, "change");
    let change: Change = serde_json::from_str(&event.data).unwrap();
    assert_eq!(event.id, change.head.seq.to_string());
    change
}

#[tokio::test(flavor = "multi_thread")]
async fn growth_is_told_and_taken_up_again() {
    let house = House::open().await;
    let team = house.found().await;
    let mut stream = follow(&team.ada, None).await;
    assert_eq!(next(&mut stream).await.head.seq, 2);
    team.ada.creates_prompt("one").await;
    let change = next(&mut stream).await;
    assert_eq!(change.head, team.ada.head().await);
    drop(stream);
    team.ada.creates_prompt("two").await;
    // Away meanwhile: told at once.
    let mut stream = follow(&team.ada, Some(3)).await;
    assert_eq!(next(&mut stream).await.head.seq, 4);
    drop(stream);
    // Nothing meanwhile: told when there is something.
    let mut stream = follow(&team.ada, Some(4)).await;
    team.ada.creates_prompt("three").await;
    assert_eq!(next(&mut stream).await.head.seq, 5);
    // A client that has seen more than there is: the registry was restored, and it hears that.
    let mut stream = follow(&team.ada, Some(99)).await;
    assert_eq!(next(&mut stream).await.head.seq, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_tells_its_own_releases_and_no_others() {
    let house = House::open().await;
    let team = house.found().await;
    let prompt = team.ada.creates_prompt("Triage").await;
    let version = team.ada.saves(prompt, "one").await;
    let (app, key) = team.ada.issues_key(team.production).await;
    let mut stream = events(app.gets("/v1/environment/changes").await);
    let mut next = async || {
        let event = stream.next().await.expect("a change comes");
        serde_json::from_str::<EnvironmentChange>(&event.data).unwrap()
    };
    assert!(next().await.prompts.is_empty(), "read everything first");
    // Elsewhere, then here: only the second is told.
    team.ada
        .releases(team.development, prompt, &[(version, SLOTS)], None)
        .await;
    team.ada
        .releases(team.production, prompt, &[(version, SLOTS)], None)
        .await;
    let seq = team.ada.head().await.seq;
    assert_eq!(
        next().await,
        EnvironmentChange {
            seq,
            prompts: vec!["Triage".into()]
        }
    );
    team.ada.does(Body::RevokeKey { key }).await;
    // The key ends, and the stream with it.
    team.ada.creates_prompt("more").await;
    assert!(stream.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_when_the_registry_stops_or_the_person_goes() {
    let house = House::open().await;
    let team = house.found().await;
    let (invitation, invited) = team.ada.invites(Role::Author).await;
    let (ben, _) = Member::joins(&house.url(), &invitation, invited).await;
    let mut bens = follow(&ben, None).await;
    next(&mut bens).await;
    let person = match ben.me().await {
        protocol::ledger::Me::Person { person, .. } => person,
        other => panic!("{other:?}"),
    };
    team.ada.does(Body::RemovePerson { person }).await;
    assert!(bens.next().await.is_none());
    let mut adas = follow(&team.ada, None).await;
    next(&mut adas).await;
    house.running.stop().await;
    assert!(adas.next().await.is_none());
}
