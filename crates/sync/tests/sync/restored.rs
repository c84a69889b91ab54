//! A registry restored from an older backup, killed in the middle, or replaced.

use crate::desk::Desk;
use crate::proxy::Proxy;
use crate::server::Server;
use domain::permissions::Role;
use store::OutboxState;
use sync::{Disagreement, SyncError, Task};

async fn backed_up() -> (Server, Proxy, Desk, Desk, std::path::PathBuf) {
    let server = Server::start();
    let proxy = Proxy::before(server.address()).await;
    let ada = Desk::founds(&proxy.url(), &server.founding_token()).await;
    let invitation = ada.invites(Role::Author).await;
    let ben = Desk::joins(&proxy.url(), &invitation, "Ben").await;
    ada.syncs().await.unwrap();
    let backup = server.backup("monday.db");
    let prompt = ada.creates("support/triage");
    ada.saves(prompt, Vec::new(), "after the backup");
    ada.syncs().await.unwrap();
    ben.syncs().await.unwrap();
    (server, proxy, ada, ben, backup)
}

#[tokio::test]
async fn a_registry_behind_us_is_noticed_and_nothing_is_overwritten_or_sent() {
    let (mut server, proxy, ada, _ben, backup) = backed_up().await;
    let before = ada.lines();
    let waiting = ada.creates("support/later");
    server.restore(&backup);
    proxy.lead_to(server.address());

    let error = ada.syncs().await.unwrap_err();
    let SyncError::Disagree(Disagreement::Behind { ours, theirs }) = &error else {
        panic!("{error:?}")
    };
    assert_eq!((*ours, *theirs), (6, 4));
    assert!(
        error.to_string().contains("restored from an older backup"),
        "{error}"
    );
    assert_eq!(ada.lines(), before);
    let outbox = ada.store.outbox(ada.project).unwrap();
    assert_eq!(outbox.len(), 1);
    assert_eq!(
        (outbox[0].command.id.0, outbox[0].state),
        (waiting.0, OutboxState::Waiting)
    );
    let problem = ada.store.known_project(ada.project).unwrap().sync.problem;
    assert!(problem.unwrap().contains("entry 4"));
}

#[tokio::test]
async fn a_registry_that_went_on_from_a_backup_shows_another_history() {
    let (mut server, proxy, ada, ben, backup) = backed_up().await;
    server.restore(&backup);
    proxy.lead_to(server.address());
    // Somebody who had seen nothing since the backup works on: as long as we, then longer.
    let invited = ben.begins_anew(&proxy.url());
    invited.syncs().await.unwrap();
    let before = ada.lines();
    for n in 0..3 {
        invited.creates(&format!("support/{n}"));
        invited.syncs().await.unwrap();
        let error = ada.syncs().await.unwrap_err();
        let expected = if n == 0 {
            "other, shorter"
        } else {
            "other, as long or longer"
        };
        assert!(
            matches!(
                error,
                SyncError::Disagree(Disagreement::OtherHistory { ours: 6, .. })
            ),
            "{expected}: {error:?}"
        );
        assert_eq!(ada.lines(), before);
    }
}

#[tokio::test]
async fn what_a_lost_registry_had_accepted_and_nobody_pulled_is_sent_again() {
    let (mut server, proxy, ada, _ben, _) = backed_up().await;
    let backup = server.backup("tuesday.db");
    let version = {
        let prompt = ada.creates("support/reply");
        ada.saves(prompt, Vec::new(), "accepted, and lost")
    };
    // The commands arrive and are accepted; their answer does not come back.
    proxy.plan([
        crate::proxy::Fault::Pass,
        crate::proxy::Fault::Pass,
        crate::proxy::Fault::Pass,
        crate::proxy::Fault::DropAnswer,
    ]);
    ada.syncs().await.unwrap_err();
    proxy.heal();
    server.restore(&backup);
    proxy.lead_to(server.address());
    ada.syncs().await.unwrap();
    assert!(ada.state().version(version).is_some());
}

#[tokio::test]
async fn a_registry_killed_in_a_pull_or_a_push_is_met_again() {
    let server = Server::start();
    let proxy = Proxy::before(server.address()).await;
    let ada = Desk::founds(&proxy.url(), &server.founding_token()).await;
    let mut server = server;
    let prompt = ada.creates("support/triage");
    let mut on = Vec::new();
    let mut all = Vec::new();
    for n in 0..450 {
        on = vec![ada.saves(prompt, on, &format!("text {n}"))];
        all.extend(on.iter().copied());
    }
    // Killed when the first batch of three was decided and the second is being sent.
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let task = Task::new(
        move |progress| told.send(progress).unwrap_or_default(),
        Default::default(),
    );
    let (link, signer) = (ada.link.clone(), ada.signer());
    let pushing = tokio::spawn(async move { sync::push::push(&link, &signer, &task).await });
    while let Some(progress) = heard.recv().await {
        if progress.done > 0 {
            break;
        }
    }
    server.kill();
    let _ = pushing.await.unwrap();
    server.open();
    proxy.lead_to(server.address());
    ada.syncs().await.unwrap();
    assert!(ada.store.outbox(ada.project).unwrap().is_empty());
    for version in &all {
        assert!(ada.state().version(*version).is_some());
    }

    // A second computer's first pull, cut by the registry's end at its first progress.
    let again = ada.begins_anew(&proxy.url());
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let task = Task::new(
        move |progress| told.send(progress).unwrap_or_default(),
        Default::default(),
    );
    let link = again.link.clone();
    let pulling = tokio::spawn(async move {
        sync::pull::pull(&link, &task).await?;
        sync::pull::pull_contents(&link, &task).await
    });
    heard.recv().await.unwrap();
    server.kill();
    let _ = pulling.await.unwrap();
    server.open();
    proxy.lead_to(server.address());
    again.syncs().await.unwrap();
    assert_eq!(again.lines(), ada.lines());
    assert_eq!(again.store.missing(again.project).unwrap(), []);
}

#[tokio::test]
async fn a_pull_that_was_stopped_goes_on_where_it_was() {
    let server = Server::start();
    let ada = Desk::founds(&server.url(), &server.founding_token()).await;
    let prompt = ada.creates("support/triage");
    for n in 0..50 {
        ada.saves(prompt, Vec::new(), &format!("text {n}"));
    }
    ada.syncs().await.unwrap();
    let again = ada.begins_anew(&server.url());
    let stop = tokio_util::sync::CancellationToken::new();
    let stopping = stop.clone();
    let task = Task::new(move |_| stopping.cancel(), stop);
    let stopped = sync::sync_once(&again.link, &again.signer(), &task).await;
    assert!(matches!(stopped, Err(SyncError::Cancelled)), "{stopped:?}");
    again.syncs().await.unwrap();
    assert_eq!(again.lines(), ada.lines());
}
