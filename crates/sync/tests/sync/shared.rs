//! Sharing: a project moves from this computer's registry to a team's, whatever fails on the way.

use crate::desk::{Desk, client};
use crate::proxy::{Fault, Proxy};
use crate::server::Server;
use domain::permissions::Role;
use store::Place;
use sync::Task;

#[tokio::test]
async fn a_project_moves_with_everything_and_goes_on_there() {
    let (mine, teams) = (Server::start(), Server::start());
    let ada = Desk::founds(&mine.url(), &mine.founding_token()).await;
    let prompt = ada.creates("support/triage");
    let mut on = Vec::new();
    for n in 0..30 {
        on = vec![ada.saves(prompt, on, &format!("text {n}"))];
    }
    ada.releases(ada.environment("production"), prompt, on[0]);
    ada.syncs().await.unwrap();
    // Saved after the last sync with this computer's registry: it waits, and goes to the team's.
    let waiting = ada.saves(prompt, on.clone(), "not sent yet");

    let proxy = Proxy::before(teams.address()).await;
    let founding = teams.founding_token().reveal();
    let founder = client(&proxy.url(), &founding);
    let member = client(&proxy.url(), &ada.token.reveal());
    // Whatever is lost, calling it again goes on.
    let faults = [
        vec![Fault::DropRequest],
        vec![
            Fault::Pass,
            Fault::DropAnswer,
            Fault::DropAnswer,
            Fault::DropAnswer,
        ],
        vec![Fault::Double, Fault::DropAnswer],
        vec![Fault::Pass, Fault::Pass, Fault::Cut(300)],
    ];
    for plan in faults {
        proxy.plan(plan);
        let _ = sync::share(&ada.link, &founder, &member, &Task::unwatched()).await;
        proxy.heal();
    }
    let head = sync::share(&ada.link, &founder, &member, &Task::unwatched())
        .await
        .unwrap();
    assert_eq!(head, sync::head_of(&ada.state()));
    let place = ada.store.known_project(ada.project).unwrap().place;
    assert_eq!(
        place,
        Place::Registry {
            address: proxy.url()
        }
    );
    assert!(teams.registry().verify().unwrap().holds());

    drop(mine);
    let moved = sync::Link::new(ada.store.clone(), member, ada.project);
    let report = sync::sync_once(&moved, &ada.signer(), &Task::unwatched())
        .await
        .unwrap();
    assert_eq!(report.accepted.len(), 1);
    assert!(ada.state().version(waiting).is_some());

    let ada = ada.moved_to(moved);
    let invitation = ada.invites(Role::Author).await;
    let ben = Desk::joins(&proxy.url(), &invitation, "Ben").await;
    ada.syncs().await.unwrap();
    assert_eq!(ben.lines(), ada.lines());
    assert_eq!(ben.store.missing(ben.project).unwrap(), []);
}

#[tokio::test]
async fn a_project_that_the_team_has_otherwise_is_not_given() {
    let (mine, teams) = (Server::start(), Server::start());
    let ada = Desk::founds(&mine.url(), &mine.founding_token()).await;
    ada.creates("support/triage");
    ada.syncs().await.unwrap();
    let founding = teams.founding_token().reveal();
    let founder = client(&teams.url(), &founding);
    let member = client(&teams.url(), &ada.token.reveal());
    sync::share(&ada.link, &founder, &member, &Task::unwatched())
        .await
        .unwrap();
    // Both registries go on, each with its own entry.
    let elsewhere = ada.begins_anew(&teams.url());
    elsewhere.creates("made there");
    elsewhere.syncs().await.unwrap();
    ada.creates("made here");
    ada.syncs().await.unwrap();
    let error = sync::share(&ada.link, &founder, &member, &Task::unwatched())
        .await
        .unwrap_err();
    assert!(matches!(error, sync::SyncError::Disagree(_)), "{error:?}");
}
