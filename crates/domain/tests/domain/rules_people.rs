//! The rules of people: invitations, devices, roles, leaving.

use crate::support::*;
use domain::RefusalCode as Code;
use domain::ledger::Body;
use domain::permissions::Role;
use domain::{InvitationId, KeyId, PersonId};
use uuid::Uuid;

fn enrol(person: PersonId, device: u8) -> Body {
    Body::EnrolDevice {
        person,
        device: key(device).public(),
        name: "desktop".to_owned(),
    }
}

fn revoke(device: u8) -> Body {
    Body::RevokeDevice {
        device: key(device).public(),
    }
}

fn role(person: PersonId, replaces: Role, role: Role) -> Body {
    Body::SetRole {
        person,
        role,
        replaces,
    }
}

fn remove(person: PersonId) -> Body {
    Body::RemovePerson { person }
}

/// Alice invites with the one-time key of this number.
fn invited(world: &mut World, one_time: u8, role: Role) -> InvitationId {
    let expires = world.now.plus(HOUR);
    let body = invite(&key(one_time), u16::from(one_time), role, "Dave", expires);
    world.alice().does(body).into()
}

#[test]
fn an_invitation_brings_one_person_with_a_device_and_a_token() {
    let mut world = World::new();
    let invitation = invited(&mut world, 50, Role::Admin);
    let joined = world
        .device(key(50))
        .does(join(invitation, "Dave", &key(4), 444));
    let dave = world
        .project()
        .person(joined.into())
        .expect("joined")
        .clone();
    assert_eq!((dave.name.as_str(), dave.role), ("Dave", Role::Admin));
    assert_eq!(dave.devices[0].key, key(4).public());
    let token = world
        .project()
        .key(KeyId::from(joined))
        .expect("the first token");
    assert_eq!((token.hash, token.by), (hash(444), dave.id));
    let used = world.project().invitation(invitation).expect("kept");
    assert_eq!(used.joined, Some(dave.id));
    assert!(!used.is_open(world.now));
    // The device signs from now on; the invitation's key does no more.
    world.device(key(4)).does(add_environment("qa", None));
    world
        .device(key(50))
        .cannot(create("x"), Code::UnknownDevice);
    world
        .device(key(50))
        .cannot(join(invitation, "Eve", &key(5), 445), Code::NotAllowed);
}

#[test]
fn what_joining_refuses() {
    let mut world = World::new();
    let open = invited(&mut world, 50, Role::Author);
    let withdrawn = invited(&mut world, 51, Role::Author);
    world.alice().does(Body::WithdrawInvitation {
        invitation: withdrawn,
    });
    let nothing = InvitationId(Uuid::from_u128(404));
    let refused = |world: &mut World, signer: u8, body: Body, code: Code| {
        world.device(key(signer)).cannot(body, code);
    };
    let dave = |invitation, device: u8, secret| join(invitation, "Dave", &key(device), secret);
    refused(&mut world, 51, dave(withdrawn, 4, 444), Code::NotAllowed);
    refused(&mut world, 50, dave(nothing, 4, 444), Code::NotFound);
    refused(&mut world, 51, dave(open, 4, 444), Code::UnknownDevice);
    // Not even somebody of the project may use it for them.
    refused(&mut world, 1, dave(open, 4, 444), Code::UnknownDevice);
    // A device has a key of its own: not Bob's, not the invitation's, not another's.
    refused(&mut world, 50, dave(open, 2, 444), Code::Invalid);
    refused(&mut world, 50, dave(open, 50, 444), Code::Invalid);
    refused(&mut world, 50, dave(open, 51, 444), Code::Invalid);
    // A token has a secret of its own: not Bob's, not the invitation's.
    refused(&mut world, 50, dave(open, 4, 2), Code::Invalid);
    refused(&mut world, 50, dave(open, 4, 50), Code::Invalid);
    refused(
        &mut world,
        50,
        join(open, "Da/ve", &key(4), 444),
        Code::Invalid,
    );
    refused(&mut world, 50, join(open, "", &key(4), 444), Code::Invalid);
    // At its very end it has ended.
    let expires = world.project().invitation(open).expect("it").expires;
    world.now = expires;
    refused(&mut world, 50, dave(open, 4, 444), Code::NotAllowed);
    world.now = expires.plus(-1);
    world.device(key(50)).does(dave(open, 4, 444));
}

#[test]
fn what_inviting_refuses() {
    let mut world = World::new();
    let open = invited(&mut world, 50, Role::Author);
    let soon = world.now.plus(HOUR);
    let of = |one_time: u8, secret, name, expires| {
        invite(&key(one_time), secret, Role::Author, name, expires)
    };
    let now = world.now;
    let alice = Who::Alice;
    world.refuses(vec![
        (
            "ended already",
            alice,
            of(60, 60, "Dave", now.plus(-1)),
            Code::Invalid,
        ),
        (
            "a key that invited before",
            alice,
            of(50, 60, "Dave", soon),
            Code::Invalid,
        ),
        (
            "a device's key",
            alice,
            of(2, 60, "Dave", soon),
            Code::Invalid,
        ),
        (
            "a secret that was used",
            alice,
            of(60, 50, "Dave", soon),
            Code::Invalid,
        ),
        ("no name", alice, of(60, 60, " ", soon), Code::Invalid),
        (
            "by an author",
            Who::Bob,
            of(60, 60, "Dave", soon),
            Code::NotAllowed,
        ),
        (
            "withdraw: nothing",
            alice,
            Body::WithdrawInvitation {
                invitation: InvitationId(Uuid::nil()),
            },
            Code::NotFound,
        ),
        (
            "withdraw: by an author",
            Who::Bob,
            Body::WithdrawInvitation { invitation: open },
            Code::NotAllowed,
        ),
    ]);
    world
        .alice()
        .does(Body::WithdrawInvitation { invitation: open });
    world
        .alice()
        .cannot(Body::WithdrawInvitation { invitation: open }, Code::Invalid);
}

#[test]
fn devices_come_and_go() {
    let mut world = World::new();
    let (alice, bob) = (world.alice, world.bob);
    world.bob().does(enrol(bob, 20));
    world.device(key(20)).creates("from the desktop");
    world.alice().does(enrol(bob, 21));
    world.device(key(20)).does(revoke(2));
    let gone = world.bob().cannot(create("x"), Code::UnknownDevice);
    assert!(gone.message.contains("revoked"), "{gone}");
    world.device(key(21)).creates("from the third");
    world.alice().does(revoke(21));
    world
        .device(key(21))
        .cannot(create("x"), Code::UnknownDevice);
    let two = Who::Carol;
    world.refuses(vec![
        ("for somebody else", two, enrol(bob, 30), Code::NotAllowed),
        ("a known key", two, enrol(world.carol, 20), Code::Invalid),
        ("a revoked key", two, enrol(world.carol, 2), Code::Invalid),
        (
            "an invitation's key",
            two,
            enrol(world.carol, 102),
            Code::Invalid,
        ),
        (
            "for nobody",
            Who::Alice,
            enrol(PersonId(Uuid::nil()), 30),
            Code::NotFound,
        ),
        ("revoke: somebody else's", two, revoke(20), Code::NotAllowed),
        ("revoke: unknown", two, revoke(99), Code::NotFound),
        ("revoke: again", Who::Alice, revoke(21), Code::Invalid),
        (
            "revoke: the last admin's last",
            Who::Alice,
            revoke(1),
            Code::NotAllowed,
        ),
    ]);
    world.alice().does(enrol(alice, 10));
    world.alice().does(revoke(1));
    world.alice().cannot(create("x"), Code::UnknownDevice);
    // An author's last device may go: an admin can enrol another.
    world.device(key(10)).does(revoke(20));
    world.device(key(10)).does(enrol(bob, 22));
    world.device(key(22)).creates("back");
}

#[test]
fn there_is_always_an_admin_who_can_sign() {
    let mut world = World::new();
    let (alice, bob, carol) = (world.alice, world.bob, world.carol);
    world.refuses(vec![
        (
            "the last admin steps down",
            Who::Alice,
            role(alice, Role::Admin, Role::Author),
            Code::NotAllowed,
        ),
        (
            "the last admin leaves",
            Who::Alice,
            remove(alice),
            Code::NotAllowed,
        ),
        (
            "an author makes an admin",
            Who::Bob,
            role(bob, Role::Author, Role::Admin),
            Code::NotAllowed,
        ),
        (
            "moved",
            Who::Alice,
            role(bob, Role::Admin, Role::Author),
            Code::Conflict,
        ),
        (
            "already",
            Who::Alice,
            role(bob, Role::Author, Role::Author),
            Code::Invalid,
        ),
        (
            "nobody",
            Who::Alice,
            role(PersonId(Uuid::nil()), Role::Author, Role::Admin),
            Code::NotFound,
        ),
        (
            "remove nobody",
            Who::Alice,
            remove(PersonId(Uuid::nil())),
            Code::NotFound,
        ),
        (
            "an author removes",
            Who::Bob,
            remove(carol),
            Code::NotAllowed,
        ),
    ]);
    world.alice().does(role(bob, Role::Author, Role::Admin));
    // An admin without a device doesn't count.
    world.bob().does(revoke(2));
    world
        .alice()
        .cannot(role(alice, Role::Admin, Role::Author), Code::NotAllowed);
    world.alice().cannot(remove(alice), Code::NotAllowed);
    world.alice().does(role(carol, Role::Author, Role::Admin));
    world.carol().does(role(alice, Role::Admin, Role::Author));
    world
        .alice()
        .cannot(add_environment("qa", None), Code::NotAllowed);
    world.carol().does(remove(alice));
}

#[test]
fn who_is_removed_signs_and_reads_no_more() {
    let mut world = World::new();
    let bob = world.bob;
    let second: KeyId = world.bob().does(token(700, None)).into();
    let first = world
        .project()
        .keys()
        .find(|k| k.by == bob && k.id != second)
        .expect("joined")
        .id;
    let shared: KeyId = world
        .alice()
        .does(environment_key(PRODUCTION, 701, None))
        .into();
    let prompt = world.bob().creates("support/triage");
    let v1 = world.bob().saves(prompt, &[], "one");
    world.bob().does(enrol(bob, 20));
    world.alice().does(remove(bob));
    for token in [first, second] {
        assert!(
            !world.project().key(token).expect("kept").is_open(world.now),
            "tokens end"
        );
    }
    assert!(
        world
            .project()
            .key(shared)
            .expect("kept")
            .is_open(world.now)
    );
    for device in [2, 20] {
        world
            .device(key(device))
            .cannot(create("x"), Code::UnknownDevice);
    }
    assert_eq!(
        world.project().version(v1).expect("stays").1.by,
        bob,
        "the work stays theirs"
    );
    world.refuses(vec![
        ("remove again", Who::Alice, remove(bob), Code::Invalid),
        (
            "a role",
            Who::Alice,
            role(bob, Role::Author, Role::Admin),
            Code::Invalid,
        ),
        ("a device", Who::Alice, enrol(bob, 30), Code::Invalid),
        ("revoking a device", Who::Alice, revoke(20), Code::Invalid),
    ]);
    // Whoever comes back is invited again, with a new device.
    world.alice().invites_and_joins("Bob", 40, Role::Author);
    world.device(key(40)).creates("back");
}
