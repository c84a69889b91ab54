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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_runs_meanwhile_sends_nothing_to_the_registry_that_was_left() {
    let (mine, teams) = (Server::start(), Server::start());
    let ada = Desk::founds(&mine.url(), &mine.founding_token()).await;
    let this_computer = |known: &mut store::KnownProject| known.place = Place::ThisComputer;
    ada.store
        .update_project(ada.project, this_computer)
        .unwrap();
    let engine = sync::Engine::new(ada.link.clone(), ada.signer(), sync::Pace::default()).unwrap();
    let running = tokio::spawn({
        let engine = engine.clone();
        async move { engine.run(tokio_util::sync::CancellationToken::new()).await }
    });
    let mut state = engine.state();
    let at_rest = |state: &sync::SyncState| state.kind == sync::SyncKind::OnThisComputer;
    state.wait_for(at_rest).await.unwrap();

    let founding = teams.founding_token().reveal();
    let founder = client(&teams.url(), &founding);
    let member = client(&teams.url(), &ada.token.reveal());
    let here = engine.link().clone();
    // Queued while it moves: the engine is told at once, and must wait.
    let queued = std::sync::OnceLock::new();
    let (store, project, key) = (ada.store.clone(), ada.project, ada.key.clone());
    let queue = move || {
        let command = domain::ledger::Command {
            id: domain::CommandId(uuid::Uuid::from_u128(crate::desk::draw())),
            project,
            device: key.public(),
            seen: store.head(project).unwrap(),
            at: crate::desk::now(),
            body: domain::ledger::Body::CreatePrompt {
                name: "meanwhile".to_owned(),
            },
        };
        let signed = domain::ledger::SignedCommand::sign(command, &key).unwrap();
        let request = store::QueueRequest {
            commands: vec![store::NewCommand::Signed(signed)],
            ..Default::default()
        };
        store.queue(project, &request, crate::desk::now()).unwrap();
    };
    let task = Task::new(
        move |_| {
            queued.get_or_init(&queue);
        },
        Default::default(),
    );
    let given = sync::share(&here, &founder, &member, &task).await.unwrap();
    running.await.unwrap();
    assert_eq!(sync::head_of(&ada.state()), given);
    assert_eq!(ada.store.outbox(ada.project).unwrap().len(), 1);

    let ada = {
        let moved = sync::Link::new(ada.store.clone(), member, ada.project);
        ada.moved_to(moved)
    };
    ada.syncs().await.unwrap();
    assert!(ada.state().prompt_named("meanwhile").is_some());
}
