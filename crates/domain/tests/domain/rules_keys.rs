//! The rules of environment keys and personal tokens.

use crate::support::*;
use domain::KeyId;
use domain::RefusalCode as Code;
use domain::ledger::Body;
use domain::project::KeyKind;
use uuid::Uuid;

fn revoke(key: KeyId) -> Body {
    Body::RevokeKey { key }
}

#[test]
fn keys_are_entries_and_end_when_they_say() {
    let mut world = World::new();
    let end = world.now.plus(HOUR);
    let service: KeyId = world
        .alice()
        .does(environment_key(PRODUCTION, 1, Some(end)))
        .into();
    let own: KeyId = world.bob().does(token(9, None)).into();
    let key = world.project().key(service).expect("it");
    assert_eq!(
        (key.kind, key.hash),
        (KeyKind::Environment(PRODUCTION), hash(1))
    );
    assert!(key.is_open(end.plus(-1)));
    assert!(!key.is_open(end), "at its end it has ended");
    let key = world.project().key(own).expect("it");
    assert_eq!(key.kind, KeyKind::Personal(world.bob));
    world.bob().does(revoke(own));
    assert!(!world.project().key(own).expect("kept").is_open(world.now));
    world.alice().does(revoke(service));
    assert!(
        !world
            .project()
            .key(service)
            .expect("kept")
            .is_open(world.now)
    );
}

#[test]
fn what_keys_refuse() {
    let mut world = World::new();
    let service: KeyId = world
        .alice()
        .does(environment_key(PRODUCTION, 1, None))
        .into();
    let bobs: KeyId = world.bob().does(token(9, None)).into();
    let ended: KeyId = world.bob().does(token(10, None)).into();
    world.bob().does(revoke(ended));
    let now = world.now;
    let unnamed = Body::IssueToken {
        name: String::new(),
        hash: hash(11),
        expires: None,
    };
    world.refuses(vec![
        (
            "an environment key by an author",
            Who::Bob,
            environment_key(PRODUCTION, 12, None),
            Code::NotAllowed,
        ),
        (
            "ended already",
            Who::Alice,
            environment_key(PRODUCTION, 12, Some(now)),
            Code::Invalid,
        ),
        (
            "a token that ended",
            Who::Bob,
            token(12, Some(now)),
            Code::Invalid,
        ),
        ("no name", Who::Bob, unnamed, Code::Invalid),
        (
            "revoke: an application's, by an author",
            Who::Bob,
            revoke(service),
            Code::NotAllowed,
        ),
        (
            "revoke: somebody else's",
            Who::Carol,
            revoke(bobs),
            Code::NotAllowed,
        ),
        ("revoke: again", Who::Bob, revoke(ended), Code::Invalid),
        (
            "revoke: nothing",
            Who::Bob,
            revoke(KeyId(Uuid::nil())),
            Code::NotFound,
        ),
        // Hashes can be read by every member. A second key with the hash of a first would let its
        // owner decide what the first one's secret opens, or end it.
        (
            "the hash of an application's key",
            Who::Carol,
            token(1, None),
            Code::Invalid,
        ),
        (
            "the hash of another's token",
            Who::Carol,
            token(9, None),
            Code::Invalid,
        ),
        (
            "the hash of an ended token",
            Who::Carol,
            token(10, None),
            Code::Invalid,
        ),
        (
            "the hash of the token that came with joining",
            Who::Carol,
            token(2, None),
            Code::Invalid,
        ),
        (
            "the hash of an invitation",
            Who::Carol,
            token(1_002, None),
            Code::Invalid,
        ),
        (
            "the same for an environment key",
            Who::Alice,
            environment_key(STAGING, 9, None),
            Code::Invalid,
        ),
    ]);
    world.alice().does(revoke(bobs));
}

#[test]
fn a_key_takes_the_place_of_another_and_both_open_for_a_while() {
    let mut world = World::new();
    let old: KeyId = world
        .alice()
        .does(environment_key(STAGING, 31, None))
        .into();
    let new: KeyId = world.alice().does(rotate(old, 32, HOUR)).into();
    let arrived = world.project().head().at;
    let project = world.project();
    let (before, after) = (project.key(old).expect("it"), project.key(new).expect("it"));
    assert_eq!(before.expires, Some(arrived.plus(HOUR)));
    assert_eq!(
        (before.replaced, after.replaces, after.replaced),
        (Some(new), Some(old), None)
    );
    assert_eq!(
        (after.kind, &after.name, after.hash, after.expires),
        (
            KeyKind::Environment(STAGING),
            &"chat service".to_owned(),
            hash(32),
            None
        )
    );
    let last = arrived.plus(HOUR - 1);
    assert!(before.is_open(last) && after.is_open(last));
    assert!(!before.is_open(arrived.plus(HOUR)));
    assert!(after.is_open(arrived.plus(HOUR)));
}

#[test]
fn without_an_overlap_the_old_key_ends_at_once() {
    let mut world = World::new();
    let old: KeyId = world
        .alice()
        .does(environment_key(STAGING, 31, None))
        .into();
    world.alice().does(rotate(old, 32, 0));
    let at = world.project().head().at;
    assert!(!world.project().key(old).expect("it").is_open(at));
}

#[test]
fn a_key_that_was_to_end_sooner_still_does() {
    let mut world = World::new();
    let end = world.now.plus(HOUR);
    let old: KeyId = world
        .alice()
        .does(environment_key(STAGING, 31, Some(end)))
        .into();
    world.alice().does(rotate(old, 32, 2 * HOUR));
    assert_eq!(world.project().key(old).expect("it").expires, Some(end));
}

#[test]
fn what_replacing_a_key_refuses() {
    let mut world = World::new();
    let issue = |world: &mut World, secret| -> KeyId {
        world
            .alice()
            .does(environment_key(STAGING, secret, None))
            .into()
    };
    let good = issue(&mut world, 31);
    let replaced = issue(&mut world, 33);
    world.alice().does(rotate(replaced, 34, HOUR));
    let ended = issue(&mut world, 35);
    world.alice().does(revoke(ended));
    let own: KeyId = world.alice().does(token(36, None)).into();
    let most = domain::limits::OVERLAP_MILLIS;
    let now = world.now;
    let over = Body::RotateEnvironmentKey {
        key: good,
        hash: hash(20),
        expires: Some(now),
        overlap: 0,
    };
    let (alice, invalid) = (Who::Alice, Code::Invalid);
    world.refuses(vec![
        (
            "by an author",
            Who::Bob,
            rotate(good, 20, 0),
            Code::NotAllowed,
        ),
        (
            "nothing",
            alice,
            rotate(KeyId(Uuid::nil()), 20, 0),
            Code::NotFound,
        ),
        ("a token", alice, rotate(own, 20, 0), invalid),
        (
            "one that was replaced",
            alice,
            rotate(replaced, 20, 0),
            invalid,
        ),
        ("one that was revoked", alice, rotate(ended, 20, 0), invalid),
        (
            "an overlap before it began",
            alice,
            rotate(good, 20, -1),
            invalid,
        ),
        (
            "too long an overlap",
            alice,
            rotate(good, 20, most + 1),
            invalid,
        ),
        ("by one that ended already", alice, over, invalid),
        ("the old secret again", alice, rotate(good, 31, 0), invalid),
    ]);
    world.alice().does(rotate(good, 20, most));
}
