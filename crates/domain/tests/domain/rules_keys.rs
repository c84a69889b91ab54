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
