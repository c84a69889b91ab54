//! The outbox and the view over it.

use crate::maker::{self, Maker};
use domain::ledger::{Body, SignedCommand};
use domain::project::Outcome;
use domain::{CommandId, Millis, PromptId, Refusal, RefusalCode, VersionId};
use store::{Answer, NewCommand, OutboxState, QueueRequest, Settle, Store, StoreError};

fn begin() -> (tempfile::TempDir, Store, Maker) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = maker::open(&folder);
    let maker = Maker::new(1);
    maker.fill(&store);
    (folder, store, maker)
}

fn queue(store: &Store, maker: &Maker, commands: Vec<NewCommand>) {
    let request = QueueRequest {
        commands,
        contents: maker.new_contents(),
        ..QueueRequest::default()
    };
    store
        .queue(maker.project, &request, Millis(maker.now))
        .expect("queues");
}

fn create(maker: &mut Maker, name: &str) -> SignedCommand {
    let name = name.to_owned();
    maker.sign(Body::CreatePrompt { name })
}

fn states(store: &Store, maker: &Maker) -> Vec<(CommandId, OutboxState)> {
    let outbox = store.outbox(maker.project).expect("reads");
    outbox.iter().map(|q| (q.command.id, q.state)).collect()
}

#[test]
fn a_view_is_ahead_of_the_replica_by_the_outbox() {
    let (_folder, store, mut maker) = begin();
    let signed = create(&mut maker, "Triage");
    let prompt = PromptId(signed.id().0);
    let body = maker.version_body(prompt, &[], "Sort this.", "first");
    // Without a key at that moment.
    let unsigned = maker.command(body);
    let version = VersionId(unsigned.id.0);
    queue(&store, &maker, vec![NewCommand::Signed(signed.clone())]);
    let view = store.view(maker.project, Millis(maker.now)).expect("views");
    assert!(view.replica.prompt(prompt).is_none());
    assert_eq!(view.ahead.prompt(prompt).expect("is ahead").name, "Triage");
    queue(&store, &maker, vec![NewCommand::Unsigned(unsigned.clone())]);
    let view = store.view(maker.project, Millis(maker.now)).expect("views");
    assert_eq!(view.ahead.version(version).expect("is ahead").1.number, 1);
    assert!(view.is_ahead(unsigned.id) && view.pending.len() == 2);
    assert_eq!(view.pending[1].events.len(), 1);
    // Only what is signed, and before anything unsigned, is sent.
    let sent = |store: &Store| store.to_send(maker.project, 9).expect("reads");
    assert_eq!(sent(&store), std::slice::from_ref(&signed));
    let unsigned_there = store.unsigned(maker.project).expect("reads");
    assert_eq!(unsigned_there, std::slice::from_ref(&unsigned));
    let later = SignedCommand::sign(unsigned, &maker.key).expect("signs");
    store
        .sign_queued(maker.project, &later, Millis(maker.now))
        .expect("signs");
    assert_eq!(sent(&store), [signed.clone(), later.clone()]);
    let error = store
        .sign_queued(maker.project, &later, Millis(maker.now))
        .expect_err("is signed");
    assert!(matches!(error, StoreError::OutboxMoved));
    // The entries arrive; nothing is left and the two states agree.
    assert!(matches!(maker.submit(&signed), Outcome::Accepted(_)));
    assert!(matches!(maker.submit(&later), Outcome::Accepted(_)));
    maker.pull(&store);
    let view = store.view(maker.project, Millis(maker.now)).expect("views");
    assert!(view.pending.is_empty());
    assert_eq!(
        crate::replica::form(&view.ahead),
        crate::replica::form(maker.state())
    );
}

#[test]
fn a_decision_on_an_older_state_is_not_queued() {
    let (_folder, store, mut maker) = begin();
    let mark = store.mark(maker.project).expect("reads");
    let request = |maker: &mut Maker, on, name: &str| QueueRequest {
        on: Some(on),
        commands: vec![NewCommand::Signed(create(maker, name))],
        ..QueueRequest::default()
    };
    let now = Millis(maker.now);
    let first = request(&mut maker, mark, "One");
    let next = store.queue(maker.project, &first, now).expect("queues");
    let second = request(&mut maker, mark, "Two");
    let error = store
        .queue(maker.project, &second, now)
        .expect_err("the outbox moved");
    assert!(matches!(error, StoreError::Moved { .. }));
    let second = request(&mut maker, next, "Two");
    store.queue(maker.project, &second, now).expect("queues");
    // The replica moves.
    let mark = store.mark(maker.project).expect("reads");
    maker.prompt("Elsewhere");
    maker.pull(&store);
    let third = request(&mut maker, mark, "Three");
    let error = store
        .queue(maker.project, &third, now)
        .expect_err("the replica moved");
    assert!(matches!(error, StoreError::Moved { .. }));
    assert_eq!(states(&store, &maker).len(), 2);
}

#[test]
fn queued_twice_is_once_and_never_something_else() {
    let (_folder, store, mut maker) = begin();
    let signed = create(&mut maker, "One");
    queue(&store, &maker, vec![NewCommand::Signed(signed.clone())]);
    queue(&store, &maker, vec![NewCommand::Signed(signed.clone())]);
    assert_eq!(states(&store, &maker).len(), 1);
    let mut other = signed.command().clone();
    other.body = Body::CreatePrompt {
        name: "Two".to_owned(),
    };
    let request = QueueRequest {
        commands: vec![NewCommand::Unsigned(other.clone())],
        ..QueueRequest::default()
    };
    store
        .queue(maker.project, &request, Millis(maker.now))
        .expect_err("the id is taken");
    // Accepted from elsewhere with other bytes: ours says so.
    let other = SignedCommand::sign(other, &maker.key).expect("signs");
    assert!(matches!(maker.submit(&other), Outcome::Accepted(_)));
    maker.pull(&store);
    let there = store.queued(maker.project, signed.id()).expect("stays");
    assert_eq!(there.state, OutboxState::Refused);
    let refusal = there.refusal.expect("says why");
    assert_eq!(refusal.code, RefusalCode::IdReused);
}

#[test]
fn answers_move_only_what_waits() {
    let (_folder, store, mut maker) = begin();
    let (one, two) = (create(&mut maker, "One"), create(&mut maker, "Two"));
    let body = maker.version_body(PromptId(one.id().0), &[], "Text.", "first");
    let three = maker.sign(body);
    let all = [&one, &two, &three].map(|s| NewCommand::Signed(s.clone()));
    queue(&store, &maker, all.to_vec());
    let now = Millis(maker.now);
    let refusal = Refusal::new(RefusalCode::NotAllowed, "you may not");
    let answers = [
        (one.id(), Answer::Refused(refusal.clone())),
        (two.id(), Answer::Accepted(2)),
    ];
    store
        .answered(maker.project, &answers, now)
        .expect("records");
    // The same again, late and contradicting, changes nothing.
    let late = [
        (one.id(), Answer::Accepted(2)),
        (two.id(), Answer::Refused(refusal.clone())),
        (CommandId(uuid::Uuid::nil()), Answer::NeedsAsking),
    ];
    store.answered(maker.project, &late, now).expect("passes");
    assert_eq!(
        states(&store, &maker),
        [
            (one.id(), OutboxState::Refused),
            (two.id(), OutboxState::Accepted),
            (three.id(), OutboxState::Waiting)
        ]
    );
    // What builds on the refused one shows it, before anybody asks the registry.
    let view = store.view(maker.project, now).expect("views");
    let code = |id| {
        view.pending(id)
            .and_then(|p| p.refusal.as_ref())
            .map(|r| r.code)
    };
    assert_eq!(code(one.id()), Some(RefusalCode::NotAllowed));
    assert_eq!(code(two.id()), None);
    assert_eq!(code(three.id()), Some(RefusalCode::DependsOn));
    // Accepted is not sent again and not settled; its entry is on the way.
    let error = store
        .settle(maker.project, two.id(), &Settle::Drop, now)
        .expect_err("accepted");
    assert!(matches!(error, StoreError::OutboxMoved));
    store
        .settle(maker.project, one.id(), &Settle::Drop, now)
        .expect("drops");
    assert_eq!(store.dropped(maker.project).expect("reads").len(), 1);
    store
        .settle(maker.project, one.id(), &Settle::Again, now)
        .expect("picks up");
    let sent = store.to_send(maker.project, 9).expect("reads");
    assert_eq!(sent, [one, three]);
    let needed = store.outbox_contents(maker.project).expect("reads");
    assert_eq!(needed.len(), 2, "a version's content and message");
    let far = now.plus(1_000_000_000_000);
    store.sweep(far).expect("sweeps");
    let needed = store.outbox_contents(maker.project).expect("reads");
    assert_eq!(needed.len(), 2, "kept while it is not sent");
}
