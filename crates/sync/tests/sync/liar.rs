//! A registry that lies: every tampering is caught, the entry named, and nothing of it kept.

use crate::desk::{Desk, now};
use crate::proxy::Proxy;
use crate::server::Server;
use domain::ledger::{
    Body, Command, DeviceKey, Entry, Event, NewEntry, RULES, Signature, SignedCommand,
};
use domain::permissions::Role;
use domain::{CommandId, Digest, Millis, Project, PromptId};
use protocol::ledger::LedgerHead;
use sync::{Disagreement, SyncError};
use uuid::Uuid;

struct Scene {
    _server: Server,
    proxy: Proxy,
    ada: Desk,
    ben: Desk,
}

/// Ada and Ben in step at entry 8; then Ada makes twelve more, which Ben does not have yet.
async fn scene() -> Scene {
    let server = Server::start();
    let proxy = Proxy::before(server.address()).await;
    let ada = Desk::founds(&proxy.url(), &server.founding_token()).await;
    let invitation = ada.invites(Role::Author).await;
    let ben = Desk::joins(&proxy.url(), &invitation, "Ben").await;
    let prompt = ada.creates("support/triage");
    let mut on = Vec::new();
    for n in 0..3 {
        on = vec![ada.saves(prompt, on, &format!("text {n}"))];
    }
    ada.syncs().await.unwrap();
    ben.syncs().await.unwrap();
    assert_eq!(ben.state().head().seq, 8);
    for n in 3..15 {
        on = vec![ada.saves(prompt, on, &format!("text {n}"))];
    }
    ada.syncs().await.unwrap();
    Scene {
        _server: server,
        proxy,
        ada,
        ben,
    }
}

/// Changes the lines of every ledger answer, and its head to the last of them.
fn forge(proxy: &Proxy, with: impl Fn(Vec<String>) -> Vec<String> + Send + Sync + 'static) {
    proxy.rewrite(move |path, body| {
        if !path.contains("/ledger?") {
            return body;
        }
        let text = String::from_utf8(body).unwrap();
        let lines = with(text.lines().map(str::to_owned).collect());
        lines
            .iter()
            .map(|line| format!("{line}\n"))
            .collect::<String>()
            .into_bytes()
    });
}

/// An entry like one of the registry's, whoever made it.
fn entry(after: &Entry, command: SignedCommand, events: Vec<Event>) -> Entry {
    Entry::write(NewEntry {
        seq: after.seq() + 1,
        at: after.at(),
        prev: after.digest(),
        command,
        events,
    })
    .unwrap()
}

/// The same entries again, each linked to the one before: what a registry can do that holds no key
/// but may write what it likes.
fn relink(
    before: &Entry,
    lines: &[String],
    change: impl Fn(&Entry) -> Option<NewEntry>,
) -> Vec<String> {
    let mut last = before.clone();
    let mut out = Vec::new();
    for line in lines {
        let read = Entry::read(line).unwrap();
        let new = change(&read).unwrap_or_else(|| NewEntry {
            seq: read.seq(),
            at: read.at(),
            prev: Digest::ZERO,
            command: read.command().clone(),
            events: read.events().to_vec(),
        });
        last = Entry::write(NewEntry {
            seq: last.seq() + 1,
            prev: last.digest(),
            ..new
        })
        .unwrap();
        out.push(last.line().to_owned());
    }
    out
}

fn last_of(desk: &Desk) -> Entry {
    let head = desk.state().head().seq;
    desk.store
        .entries(desk.project, head - 1, 1)
        .unwrap()
        .pop()
        .unwrap()
}

/// What Ben's sync says of it, when nothing at all may have been taken.
async fn caught(scene: &Scene) -> SyncError {
    let (before, content) = (scene.ben.lines(), scene.ben.store.contents());
    drop(content);
    let error = scene.ben.syncs().await.unwrap_err();
    assert_eq!(scene.ben.lines(), before, "nothing of it was taken");
    error
}

async fn recovers(scene: &Scene) {
    scene.proxy.honest();
    scene.ben.syncs().await.unwrap();
    assert_eq!(scene.ben.lines(), scene.ada.lines());
}

fn faulty_at(error: &SyncError) -> u64 {
    let SyncError::Faulty { seq, .. } = error else {
        panic!("{error:?}")
    };
    assert!(
        error.to_string().contains(&format!("entry {seq}")),
        "{error}"
    );
    *seq
}

#[tokio::test]
async fn a_changed_byte_breaks_the_chain_after_it() {
    let scene = scene().await;
    forge(&scene.proxy, |mut lines| {
        // Entry 12 says another time: its digest is another, and entry 13 does not follow it.
        let read = Entry::read(&lines[3]).unwrap();
        lines[3] = lines[3].replace(
            &format!(r#""at":{},"command""#, read.at().0),
            &format!(r#""at":{},"command""#, read.at().0 + 1),
        );
        lines
    });
    assert_eq!(faulty_at(&caught(&scene).await), 13);
    recovers(&scene).await;
}

#[tokio::test]
async fn a_cut_or_reordered_ledger_is_noticed_where_it_was_done() {
    let scene = scene().await;
    forge(&scene.proxy, |mut lines| {
        lines.remove(4);
        lines
    });
    assert_eq!(faulty_at(&caught(&scene).await), 13);
    forge(&scene.proxy, |mut lines| {
        lines.swap(5, 6);
        lines
    });
    assert_eq!(faulty_at(&caught(&scene).await), 14);
    // Cut at its beginning it does not link to what is here: another history.
    forge(&scene.proxy, |mut lines| {
        lines.remove(0);
        lines
    });
    let error = caught(&scene).await;
    assert!(
        matches!(
            error,
            SyncError::Disagree(Disagreement::OtherHistory { .. })
        ),
        "{error:?}"
    );
    // Cut at its end: the head that it names is not there.
    forge(&scene.proxy, |_| Vec::new());
    assert!(matches!(caught(&scene).await, SyncError::Client(_)));
    recovers(&scene).await;
}

#[tokio::test]
async fn a_forged_signature_is_caught_though_the_chain_holds() {
    let scene = scene().await;
    let before = last_of(&scene.ben);
    forge(&scene.proxy, move |lines| {
        relink(&before, &lines, |read| {
            (read.seq() == 11).then(|| {
                // Somebody else's words under Ada's name.
                let mut command = read.command().command().clone();
                command.id = CommandId(Uuid::from_u128(77));
                let forger = DeviceKey::from_seed(&[66; 32]);
                let signed = SignedCommand::sign(command, &forger).unwrap();
                let signature = Signature(signed.signature().0);
                NewEntry {
                    seq: 11,
                    at: read.at(),
                    prev: Digest::ZERO,
                    command: SignedCommand::read(signed.bytes(), signature).unwrap(),
                    events: read.events().to_vec(),
                }
            })
        })
    });
    let error = caught(&scene).await;
    assert_eq!(faulty_at(&error), 11);
    assert!(error.to_string().contains("signature"), "{error}");
    recovers(&scene).await;
}

#[tokio::test]
async fn a_decision_that_the_rules_would_not_give_is_caught() {
    let scene = scene().await;
    // Another version's number, in an entry whose chain and signature hold.
    let before = last_of(&scene.ben);
    forge(&scene.proxy, move |lines| {
        relink(&before, &lines, |read| {
            let mut events = read.events().to_vec();
            if let (10, Some(Event::VersionSaved { number, .. })) = (read.seq(), events.first_mut())
            {
                *number += 1;
            }
            Some(NewEntry {
                seq: read.seq(),
                at: read.at(),
                prev: Digest::ZERO,
                command: read.command().clone(),
                events,
            })
        })
    });
    assert_eq!(faulty_at(&caught(&scene).await), 10);

    // A command of Ben's own hand, that only an admin may give, taken all the same.
    let last = Entry::read(&scene.ada.lines()[7]).unwrap();
    let command = Command {
        id: CommandId(Uuid::from_u128(78)),
        project: scene.ben.project,
        device: scene.ben.key.public(),
        seen: scene.ben.state().seen(),
        at: now(),
        body: Body::RenameProject {
            name: "Mine".to_owned(),
        },
    };
    let signed = SignedCommand::sign(command, &scene.ben.key).unwrap();
    let broken = entry(
        &last,
        signed,
        vec![Event::ProjectRenamed {
            name: "Mine".to_owned(),
        }],
    );
    let line = broken.line().to_owned();
    forge(&scene.proxy, move |_| vec![line.clone()]);
    let error = caught(&scene).await;
    assert_eq!(faulty_at(&error), 9);
    assert!(error.to_string().contains("admin"), "{error}");
    // It is remembered until the registry shows something that holds.
    let note = scene
        .ben
        .store
        .known_project(scene.ben.project)
        .unwrap()
        .sync;
    assert!(note.problem.unwrap().contains("entry 9"));
    recovers(&scene).await;
    assert_eq!(
        scene
            .ben
            .store
            .known_project(scene.ben.project)
            .unwrap()
            .sync
            .problem,
        None
    );
}

#[tokio::test]
async fn an_entry_that_was_left_out_is_missed_by_the_next_who_had_seen_it() {
    let scene = scene().await;
    // Ada had seen her own first when she signed the second.
    for name in ["support/left-out", "support/after"] {
        scene.ada.creates(name);
        scene.ada.syncs().await.unwrap();
    }
    let before = last_of(&scene.ben);
    // Left out, and the chain closed again behind it: links, signatures and decisions all hold.
    forge(&scene.proxy, move |mut lines| {
        lines.retain(|line| !line.contains("support/left-out"));
        relink(&before, &lines, |_| None)
    });
    let error = caught(&scene).await;
    assert_eq!(faulty_at(&error), 21);
    assert!(error.to_string().contains("another history"), "{error}");
    recovers(&scene).await;
}

#[tokio::test]
async fn content_under_a_false_name_is_not_kept() {
    let scene = scene().await;
    scene.proxy.rewrite(|path, body| {
        if !path.ends_with("/content") {
            return body;
        }
        String::from_utf8(body)
            .unwrap()
            .replace("text 7", "text 8")
            .into_bytes()
    });
    let error = caught(&scene).await;
    assert!(
        matches!(error, SyncError::Client(sync::ClientError::Broken(_))),
        "{error:?}"
    );
    recovers(&scene).await;
}

/// A whole ledger that a registry made up from entry 9 on, with its head.
fn made_up(scene: &Scene, bad: u64) -> Vec<String> {
    let all = scene.ada.lines();
    let first = Entry::read(&all[0]).unwrap();
    let mut out = vec![all[0].clone()];
    out.extend(relink(&first, &all[1..], |read| {
        let mut events = read.events().to_vec();
        if read.seq() == bad
            && let Some(Event::VersionSaved { number, .. }) = events.first_mut()
        {
            *number += 7;
        }
        Some(NewEntry {
            seq: read.seq(),
            at: read.at(),
            prev: Digest::ZERO,
            command: read.command().clone(),
            events,
        })
    }));
    out
}

#[tokio::test]
async fn behind_a_long_first_pull_the_same_is_found_and_nothing_is_sent() {
    let scene = scene().await;
    let ben = scene.ben.begins_anew(&scene.proxy.url());
    // Taken on the chain's word, as a long first pull is.
    let lines = made_up(&scene, 15);
    let mut state = Project::new();
    let entries: Vec<_> = lines
        .iter()
        .map(|line| Entry::read(line).unwrap())
        .collect();
    for entry in &entries {
        state.apply(entry).unwrap();
    }
    ben.store
        .append(ben.project, Project::new().seen(), &entries, &[], Millis(1))
        .unwrap();
    let error = sync::verify::verify(&ben.link, &sync::Task::unwatched())
        .await
        .unwrap_err();
    assert_eq!(faulty_at(&error), 15);
    // After a restart of the app it is found again before anything is sent or fetched.
    let waiting = ben.creates("support/other");
    let again = ben.syncs().await.unwrap_err();
    assert_eq!(faulty_at(&again), 15);
    assert!(ben.store.queued(ben.project, CommandId(waiting.0)).is_ok());
    assert!(scene.ada.state().prompt(PromptId(waiting.0)).is_none());
    let note = ben.store.known_project(ben.project).unwrap().sync;
    assert_eq!(sync::verify::fault(&note), Some(15));
}

#[tokio::test]
async fn entries_of_a_newer_galley_stop_it_and_it_says_update() {
    let scene = scene().await;
    forge(&scene.proxy, |mut lines| {
        lines[2] = lines[2]
            .replace(
                &format!(r#""rules":{RULES}"#),
                &format!(r#""rules":{}"#, RULES + 1),
            )
            .replace(r#""type":"version_saved""#, r#""type":"version_dreamt""#);
        lines
    });
    let error = caught(&scene).await;
    assert!(matches!(error, SyncError::Newer { seq: 11 }), "{error:?}");
    assert!(error.to_string().contains("update Galley"), "{error}");
    recovers(&scene).await;
}

#[tokio::test]
async fn an_invitation_shown_another_project_is_not_followed() {
    let scene = scene().await;
    let invitation = scene.ada.invites(Role::Author).await;
    forge(&scene.proxy, |mut lines| {
        if let Some(first) = lines.first_mut() {
            *first = first.replace("Support", "Supporl");
        }
        lines
    });
    let error = match Desk::tries_to_join(&scene.proxy.url(), &invitation, "Cleo").await {
        Ok(_) => panic!("it joined"),
        Err(error) => error,
    };
    assert!(matches!(error, SyncError::WrongProject(_)), "{error:?}");
    scene.proxy.honest();
    Desk::joins(&scene.proxy.url(), &invitation, "Cleo").await;
}

#[tokio::test]
async fn an_answer_that_names_no_head_or_a_false_one_is_not_believed() {
    let scene = scene().await;
    // The head is a header, which this proxy leaves alone: what it names must be in the ledger.
    forge(&scene.proxy, |lines| lines.into_iter().take(4).collect());
    // A page may end early; but then it goes on from there, and the proxy takes four again.
    scene.ben.syncs().await.unwrap();
    assert_eq!(scene.ben.lines(), scene.ada.lines());
    let head: LedgerHead = sync::head_of(&scene.ben.state());
    assert_eq!(head.seq, 20);
}
