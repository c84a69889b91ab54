//! The main job without faults, and what each fault alone does to it.

use crate::desk::{Desk, now};
use crate::proxy::{Fault, Proxy};
use crate::server::Server;
use domain::permissions::Role;
use domain::{RefusalCode, ledger::Body};
use store::OutboxState;

async fn two_desks() -> (Server, Proxy, Desk, Desk) {
    let server = Server::start();
    let proxy = Proxy::before(server.address()).await;
    let ada = Desk::founds(&proxy.url(), &server.founding_token()).await;
    let invitation = ada.invites(Role::Author).await;
    let ben = Desk::joins(&proxy.url(), &invitation, "Ben").await;
    (server, proxy, ada, ben)
}

#[tokio::test]
async fn a_version_saved_by_one_is_read_by_the_other() {
    let (_server, _proxy, ada, ben) = two_desks().await;
    let prompt = ada.creates("support/triage");
    let version = ada.saves(prompt, Vec::new(), "Sort this.");
    let report = ada.syncs().await.unwrap();
    assert_eq!(report.accepted.len(), 2);
    assert!(ada.store.outbox(ada.project).unwrap().is_empty());

    let report = ben.syncs().await.unwrap();
    assert!(report.verified);
    let state = ben.state();
    let (found, saved) = state.version(version).unwrap();
    assert_eq!((found.name.as_str(), saved.number), ("support/triage", 1));
    assert!(ben.store.content(&saved.content).unwrap().is_some());
    assert!(ben.store.content(&saved.message).unwrap().is_some());
    ada.syncs().await.unwrap();
    assert_eq!(ada.lines(), ben.lines());
}

#[tokio::test]
async fn every_single_fault_at_every_request_is_survived() {
    let faults = [
        Fault::DropRequest,
        Fault::DropAnswer,
        Fault::Double,
        Fault::Late,
        Fault::Cut(0),
        Fault::Cut(500),
        Fault::BadGateway,
    ];
    let (_server, proxy, ada, ben) = two_desks().await;
    for fault in faults {
        // A round of this kind makes fewer than ten requests.
        for place in 0..8 {
            let name = format!("p/{fault:?}-{place}").replace(['(', ')'], "");
            let prompt = ada.creates(&name);
            let version = ada.saves(prompt, Vec::new(), &name);
            proxy.plan(std::iter::repeat_n(Fault::Pass, place).chain([fault]));
            let _ = ada.syncs().await;
            proxy.heal();
            ada.syncs().await.unwrap();
            assert!(ada.store.outbox(ada.project).unwrap().is_empty(), "{name}");
            assert!(ada.state().version(version).is_some(), "{name}");
            proxy.plan(std::iter::repeat_n(Fault::Pass, place).chain([fault]));
            let _ = ben.syncs().await;
            proxy.heal();
            ben.syncs().await.unwrap();
            assert_eq!(ada.lines(), ben.lines(), "{name}");
        }
    }
    let met = proxy.met();
    for fault in faults {
        assert!(met.contains(&fault), "no request met {fault:?}");
    }
}

#[tokio::test]
async fn what_depends_on_a_refused_change_stays_with_it_and_comes_along() {
    let (_server, _proxy, ada, ben) = two_desks().await;
    // Both move the same label: one is late.
    let prompt = ada.creates("support/reply");
    let first = ada.saves(prompt, Vec::new(), "one");
    ada.syncs().await.unwrap();
    ben.syncs().await.unwrap();
    let label = |desk: &Desk, version, replaces| {
        let label = "good".to_owned();
        desk.asks(Body::SetLabel {
            prompt,
            label,
            version,
            replaces,
        })
    };
    label(&ada, first, None);
    let second = ben.saves(prompt, vec![first], "two");
    let late = label(&ben, second, None);
    ada.syncs().await.unwrap();
    let report = ben.syncs().await.unwrap();
    assert_eq!(report.refused, [late]);
    let outbox = ben.store.outbox(ben.project).unwrap();
    let [kept] = outbox.as_slice() else {
        panic!("{outbox:?}")
    };
    assert_eq!(kept.state, OutboxState::Refused);
    assert_eq!(kept.refusal.as_ref().unwrap().code, RefusalCode::Conflict);

    // A prompt that can't be made, and a version of it.
    let bad = ben.creates("not//a name");
    let on_it = ben.saves(bad, Vec::new(), "kept");
    let report = ben.syncs().await.unwrap();
    assert_eq!(report.refused.len(), 2);
    let outbox = ben.store.outbox(ben.project).unwrap();
    let of_version = outbox
        .iter()
        .find(|queued| queued.command.id.0 == on_it.0)
        .unwrap();
    assert_eq!(
        of_version.refusal.as_ref().unwrap().code,
        RefusalCode::DependsOn
    );
    for digest in of_version.command.body.contents() {
        assert!(
            ben.store.content(&digest).unwrap().is_some(),
            "the author's text is kept"
        );
    }
    // A further version of it, queued later, follows in a later round.
    let further = ben.saves(bad, vec![on_it], "kept too");
    let report = ben.syncs().await.unwrap();
    assert_eq!(
        report.refused.iter().map(|id| id.0).collect::<Vec<_>>(),
        [further.0]
    );
}

#[tokio::test]
async fn a_promotion_that_waited_over_an_hour_is_asked_about_and_a_revert_is_sent() {
    let (_server, _proxy, ada, _ben) = two_desks().await;
    let (staging, production) = (ada.environment("staging"), ada.environment("production"));
    let prompt = ada.creates("support/reply");
    let version = ada.saves(prompt, Vec::new(), "one");
    let better = ada.saves(prompt, vec![version], "two");
    ada.releases(staging, prompt, version);
    let before = ada.releases(production, prompt, version);
    ada.releases(production, prompt, better);
    ada.syncs().await.unwrap();

    let long_ago = now().plus(-61 * 60 * 1_000);
    let recently = now().plus(-59 * 60 * 1_000);
    let other = ada.creates("support/other");
    let of_other = ada.saves(other, Vec::new(), "other");
    ada.releases(staging, other, of_other);
    let asked = ada.releases_at(production, other, of_other, Some(staging), long_ago);
    let revert = ada.reverts(production, prompt, before, long_ago).unwrap();
    let report = ada.syncs().await.unwrap();
    assert_eq!(
        report.asked.iter().map(|id| id.0).collect::<Vec<_>>(),
        [asked.0]
    );
    assert!(ada.state().release(revert).is_some());
    assert!(ada.state().release(asked).is_none());
    let outbox = ada.store.outbox(ada.project).unwrap();
    assert_eq!(
        outbox.iter().map(|q| q.state).collect::<Vec<_>>(),
        [OutboxState::NeedsAsking]
    );

    // Said again, it goes out; and one that waited less goes out by itself.
    let id = outbox[0].command.id;
    ada.store
        .settle(ada.project, id, &store::Settle::Again, now())
        .unwrap();
    let report = ada.syncs().await.unwrap();
    assert_eq!(report.accepted, [id]);
    let third = ada.creates("support/third");
    let of_third = ada.saves(third, Vec::new(), "third");
    ada.releases(staging, third, of_third);
    let fresh = ada.releases_at(production, third, of_third, Some(staging), recently);
    ada.syncs().await.unwrap();
    assert!(ada.state().release(fresh).is_some());
}

#[tokio::test]
async fn a_member_who_was_removed_is_told_so_and_keeps_everything() {
    let (_server, _proxy, ada, ben) = two_desks().await;
    let prompt = ben.creates("support/triage");
    let version = ben.saves(prompt, Vec::new(), "not sent yet");
    let person = domain::PersonId(ben.token.id.0);
    ada.asks(Body::RemovePerson { person });
    ada.syncs().await.unwrap();

    let error = ben.syncs().await.unwrap_err();
    assert!(
        matches!(error, sync::SyncError::LockedOut { .. }),
        "{error:?}"
    );
    assert!(!error.is_offline() && !error.is_passing());
    assert!(error.to_string().contains("ask Ada"), "{error}");
    let note = ben.store.known_project(ben.project).unwrap().sync;
    assert_eq!(note.problem, Some(error.to_string()));
    assert!(ben.view().ahead.version(version).is_some());
    let states = ben.store.outbox(ben.project).unwrap();
    let states: Vec<_> = states.iter().map(|queued| queued.state).collect();
    assert_eq!(states, [OutboxState::Waiting; 2]);
}
