//! What a long first pull took on the chain's word is checked behind it, goes on where it was, and
//! comes before anything that changes what an environment serves.

use crate::desk::Desk;
use crate::server::Server;
use domain::Millis;
use domain::ledger::Entry;
use std::sync::{Arc, Mutex};
use sync::{Progress, Stage, Task};

/// A project of 14 entries, and a computer that has the first ten unchecked.
async fn scene() -> (Server, Desk, Desk, Vec<Entry>) {
    let server = Server::start();
    let ada = Desk::founds(&server.url(), &server.founding_token()).await;
    let prompt = ada.creates("support/triage");
    let mut on = Vec::new();
    for n in 0..11 {
        on = vec![ada.saves(prompt, on, &format!("text {n}"))];
    }
    ada.syncs().await.unwrap();
    let entries = ada.store.entries(ada.project, 0, usize::MAX).unwrap();
    assert_eq!(entries.len(), 14);
    let other = ada.begins_anew(&server.url());
    take(&other, &entries[..10]);
    (server, ada, other, entries)
}

fn take(desk: &Desk, entries: &[Entry]) {
    let at = desk.state().seen();
    desk.store
        .append(desk.project, at, entries, &[], Millis(1))
        .unwrap();
}

fn watched() -> (Task, Arc<Mutex<Vec<Progress>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let task = Task::new(
        {
            let told = Arc::clone(&told);
            move |progress| told.lock().unwrap().push(progress)
        },
        tokio_util::sync::CancellationToken::new(),
    );
    (task, told)
}

#[tokio::test]
async fn checking_goes_on_where_it_was() {
    let (_server, _ada, other, entries) = scene().await;
    let (task, _) = watched();
    assert_eq!(sync::verify::verify(&other.link, &task).await.unwrap(), 10);
    take(&other, &entries[10..]);
    let (task, told) = watched();
    assert_eq!(sync::verify::verify(&other.link, &task).await.unwrap(), 14);
    let first = told.lock().unwrap()[0];
    assert_eq!(
        (first.stage, first.done, first.total),
        (Stage::Checking, 10, 14)
    );
    let note = other.store.known_project(other.project).unwrap().sync;
    assert_eq!(note.verified_to, 14);
    // Nothing is left to be checked, and nothing is.
    let (task, told) = watched();
    assert_eq!(sync::verify::verify(&other.link, &task).await.unwrap(), 14);
    assert!(told.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_note_about_another_history_counts_for_nothing() {
    let (_server, _ada, other, _entries) = scene().await;
    other
        .store
        .update_sync(other.project, |note| {
            note.verified_to = 12;
            note.verified_digest = domain::Digest::of(b"another twelfth entry");
        })
        .unwrap();
    let (task, told) = watched();
    assert_eq!(sync::verify::verify(&other.link, &task).await.unwrap(), 10);
    assert_eq!(told.lock().unwrap()[0].done, 0);
    let note = other.store.known_project(other.project).unwrap().sync;
    assert_eq!(note.verified_to, 10);
}

#[tokio::test]
async fn a_release_waits_until_everything_before_it_is_checked() {
    let (_server, _ada, other, entries) = scene().await;
    take(&other, &entries[10..]);
    let prompt = other.state().prompt_named("support/triage").unwrap().id;
    let version = other.state().prompt(prompt).unwrap().latest().unwrap().id;
    let release = other.releases(other.environment("production"), prompt, version);
    let (task, told) = watched();
    let report = sync::exchange::exchange(&other.link, &other.signer(), &task)
        .await
        .unwrap();
    assert_eq!(
        report.accepted.iter().map(|id| id.0).collect::<Vec<_>>(),
        [release.0]
    );
    let told = told.lock().unwrap().clone();
    let first = |stage| {
        told.iter()
            .position(|progress| progress.stage == stage)
            .unwrap()
    };
    let checked = told
        .iter()
        .position(|progress| progress.stage == Stage::Checking && progress.done == 14)
        .unwrap();
    assert!(checked < first(Stage::Sending), "{told:?}");
}
