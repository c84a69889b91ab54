//! Commands as they arrive: late, twice, many at once, one needing another.

use crate::support::*;
use domain::CommandId;
use domain::RefusalCode as Code;
use domain::ledger::{Body, Seen};
use domain::project::{Outcome, Trial};

#[test]
fn a_time_before_the_last_entry_becomes_the_last_entrys() {
    let mut world = World::new();
    let last = world.project().head().at;
    world.now = last.plus(-HOUR);
    world.bob().creates("made while the clock was wrong");
    assert_eq!(world.project().head().at, last);
}

#[test]
fn sending_twice_is_once_and_an_id_is_used_once() {
    let mut world = World::new();
    let id = world.fresh();
    let bob = Who::Bob.key();
    let command = world.command(id, &bob, world.project().seen(), create("p"));
    let signed = bob.signs(command.clone());
    let seq = world.submit(&signed).expect("new").seq();
    world.bob().creates("q");
    for _ in 0..2 {
        match world.outcome(&signed) {
            Outcome::Again { seq: found } => assert_eq!(found, seq),
            other => panic!("{other:?}"),
        }
    }
    let mut other = command;
    other.body = create("r");
    let reused = world.submit(&bob.signs(other.clone())).expect_err("used");
    assert_eq!(reused.code, Code::IdReused);
    // Also by somebody else, who has seen the id.
    other.device = Who::Carol.key().public();
    let reused = world
        .submit(&Who::Carol.key().signs(other))
        .expect_err("used");
    assert_eq!(reused.code, Code::IdReused);
}

/// Submits a batch and says of each whether it was accepted, or the code.
fn batch(world: &mut World, who: Who, bodies: Vec<(CommandId, Body)>) -> Vec<Option<Code>> {
    let mut trial = Trial::new(world.project().clone());
    let seen = world.project().seen();
    bodies
        .into_iter()
        .map(|(id, body)| {
            let signed = who.key().signs(world.command(id, &who.key(), seen, body));
            match trial.submit(&signed, &world.contents, world.now) {
                Outcome::Accepted(_) => None,
                Outcome::Refused(refusal) => Some(refusal.code),
                Outcome::Again { seq } => panic!("again: {seq}"),
            }
        })
        .collect()
}

#[test]
fn a_batch_is_decided_in_order_and_what_needs_a_refused_one_is_told_so() {
    let mut world = World::new();
    let prompt = world.bob().creates("taken");
    let (a, b, c, d, e) = (
        world.fresh(),
        world.fresh(),
        world.fresh(),
        world.fresh(),
        world.fresh(),
    );
    let one = world.text("one");
    let bad = world.bytes(b"not a version");
    let message = world.reason("why");
    let outcomes = batch(
        &mut world,
        Who::Bob,
        vec![
            (a, create("taken")),
            (b, save(a.into(), &[], one, &[], message)),
            (c, save(a.into(), &[b.into()], one, &[], message)),
            (d, create("free")),
            (e, save(d.into(), &[], one, &[], message)),
        ],
    );
    assert_eq!(
        outcomes,
        [
            Some(Code::NameTaken),
            Some(Code::DependsOn),
            Some(Code::DependsOn),
            None,
            None
        ]
    );
    // By what it includes, was run over, or replaces, too.
    let mut including = domain::VersionContent::text("{% include \"s\" %}");
    including.includes.insert("s".to_owned(), bad);
    let including = world.content(&including);
    let data = world.bytes(b"no dataset");
    let results = world.bytes(b"[]");
    let v1 = world.bob().saves(prompt, &[], "v1");
    let ids: Vec<_> = (0..5).map(|_| world.fresh()).collect();
    let outcomes = batch(
        &mut world,
        Who::Bob,
        vec![
            (ids[0], save(prompt, &[], bad, &[], message)),
            (ids[1], save(prompt, &[], including, &[bad], message)),
            (ids[2], dataset(data, "d", 1)),
            (ids[3], run(v1, data, results)),
            (ids[4], create("unrelated")),
        ],
    );
    assert_eq!(
        outcomes,
        [
            Some(Code::ContentInvalid),
            Some(Code::DependsOn),
            Some(Code::ContentInvalid),
            Some(Code::DependsOn),
            None
        ]
    );
}

#[test]
fn what_was_refused_and_then_accepted_holds_nothing_up() {
    let mut world = World::new();
    let (a, b) = (world.fresh(), world.fresh());
    let one = world.text("one");
    let message = world.reason("why");
    let bob = Who::Bob.key();
    let seen = world.project().seen();
    let make = bob.signs(world.command(a, &bob, seen, create("p")));
    let save = bob.signs(world.command(b, &bob, seen, save(a.into(), &[], one, &[], message)));
    let mut trial = Trial::new(world.project().clone());
    trial.note_refused(a);
    let outcome = trial.submit(&save, &world.contents, world.now);
    assert!(matches!(outcome, Outcome::Refused(refusal) if refusal.code == Code::DependsOn));
    assert!(matches!(
        trial.submit(&make, &world.contents, world.now),
        Outcome::Accepted(_)
    ));
    assert!(matches!(
        trial.submit(&save, &world.contents, world.now),
        Outcome::Accepted(_)
    ));
}

#[test]
fn a_command_vouches_for_what_its_device_had_seen() {
    let mut world = World::new();
    let head = world.project().seen();
    let bob = Who::Bob.key();
    let seen = |seq, digest| Seen { seq, digest };
    let other = domain::Digest::of(b"another history");
    for (what, seen) in [
        ("another entry there", seen(head.seq, other)),
        ("more than there is", seen(head.seq + 1, other)),
        ("nothing, but something", seen(0, other)),
    ] {
        let id = world.fresh();
        let signed = bob.signs(world.command(id, &bob, seen, create(what)));
        assert_eq!(
            world.submit(&signed).expect_err(what).code,
            Code::Invalid,
            "{what}"
        );
    }
    // After a restore, what was seen from there on may be lost; an admin's epoch says so.
    let reason = world.reason("the disk broke");
    world.alice().does(Body::BeginEpoch { epoch: 1, reason });
    let id = world.fresh();
    let lost =
        bob.signs(world.command(id, &bob, seen(head.seq + 9, other), create("saved before")));
    world.submit(&lost).expect("nothing is lost");
    let id = world.fresh();
    let before = bob.signs(world.command(id, &bob, seen(head.seq, other), create("x")));
    assert_eq!(
        world.submit(&before).expect_err("that was not lost").code,
        Code::Invalid
    );
}
