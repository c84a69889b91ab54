//! No operator can change what people did without being caught at the place.

use crate::ledger::{story, told};
use crate::support::*;
use domain::ledger::{Body, Entry, Event};
use domain::permissions::Role;
use domain::project::{ApplyError, ChainError};
use domain::{CommandId, Digest};
use proptest::prelude::*;
use uuid::Uuid;

fn parts(world: &World) -> Vec<Parts> {
    world.entries.iter().map(Parts::of).collect()
}

/// Verifies, and says which line was caught and how.
fn caught(lines: &[String], world: &World) -> (u64, ChainError) {
    match verify(lines, &world.contents) {
        Ok(_) => panic!("nobody noticed"),
        Err(caught) => (caught.line, caught.error),
    }
}

fn place(world: &World, is: impl Fn(&Body) -> bool) -> usize {
    let found = world
        .entries
        .iter()
        .position(|e| is(&e.command().command().body));
    found.expect("there is one")
}

#[test]
fn an_honest_ledger_verifies_up_to_every_entry() {
    let world = story();
    let lines = rechained(&parts(&world));
    for length in 0..=lines.len() {
        let project = verify(&lines[..length], &world.contents).expect("honest");
        assert_eq!(project.head().seq, u64::try_from(length).expect("small"));
    }
}

#[test]
fn an_operator_who_changes_history_is_caught_at_the_place() {
    let world = story();
    let all = parts(&world);
    let save_at = place(&world, |b| matches!(b, Body::SaveVersion { .. }));
    let release_at = place(&world, |b| matches!(b, Body::Release { .. }));
    let line = |index: usize| u64::try_from(index).expect("small") + 1;
    let edit = |index: usize, edit: &dyn Fn(Parts) -> Parts| {
        let mut all = all.clone();
        all[index] = edit(all[index].clone());
        rechained(&all)
    };

    // A version of somebody's that they did not write, under their old signature.
    let lines = edit(save_at, &|part| {
        let signature = part.signature;
        let mut part = part.commanding(&Who::Mallory.key(), |c| {
            if let Body::SaveVersion { content, .. } = &mut c.body {
                *content = Digest::of(b"what the operator wants");
            }
        });
        part.signature = signature;
        part
    });
    let (at, error) = caught(&lines, &world);
    assert!(
        at == line(save_at) && matches!(error, ChainError::Signature { seq, .. } if seq == at),
        "{at} {error}"
    );

    // The same with the operator's own signature, in the author's name and in its own.
    for own in [false, true] {
        let lines = edit(save_at, &|part| {
            part.commanding(&Who::Mallory.key(), |c| {
                if own {
                    c.device = Who::Mallory.key().public();
                }
            })
        });
        let (at, error) = caught(&lines, &world);
        assert_eq!(
            (at, error.seq()),
            (line(save_at), Some(line(save_at))),
            "{error}"
        );
    }

    // Events of another command, none, one more, or with a field for later readers.
    let others: Vec<Event> = world.entries[release_at].events().to_vec();
    let mut more = world.entries[save_at].events().to_vec();
    more.push(Event::RoleChanged {
        person: world.bob,
        role: Role::Admin,
        before: Role::Author,
    });
    let told = all[save_at].events.get();
    let hidden = told.replacen("{", r#"{"approved":true,"#, 1);
    let spaced = told.replacen(":", ": ", 1);
    let skipped = told.replacen("[", r#"[{"skip":true,"type":"approved"},"#, 1);
    let tellings: Vec<Box<dyn Fn(Parts) -> Parts>> = vec![
        Box::new(|p| p.telling(&others)),
        Box::new(|p| p.telling(&[])),
        Box::new(|p| p.telling(&more)),
        Box::new(|p| p.telling_raw(&hidden)),
        Box::new(|p| p.telling_raw(&spaced)),
        Box::new(|p| p.telling_raw(&skipped)),
    ];
    for telling in tellings {
        let (at, error) = caught(&edit(save_at, &*telling), &world);
        assert!(
            at == line(save_at) && matches!(error, ChainError::OtherEvents { .. }),
            "{at} {error}"
        );
    }

    // A split that favours somebody: other slots than the rules give.
    let split_at = world
        .entries
        .iter()
        .position(|e| e.line().contains(r#""weight":5000"#))
        .expect("a split");
    let favoured = all[split_at]
        .events
        .get()
        .replacen(r#""from":0"#, r#""from":1"#, 1);
    let (at, error) = caught(&edit(split_at, &|p| p.telling_raw(&favoured)), &world);
    assert!(
        at == line(split_at) && matches!(error, ChainError::OtherEvents { .. }),
        "{at} {error}"
    );

    // Dated before the entry before it.
    let (at, error) = caught(
        &edit(release_at, &|p| Parts {
            at: START.0 - 1,
            ..p
        }),
        &world,
    );
    assert!(
        at == line(release_at)
            && matches!(error, ChainError::Chain(ApplyError::DoesNotFollow { .. })),
        "{at} {error}"
    );

    // Under rules that nobody here can check.
    let (at, error) = caught(
        &edit(release_at, &|p| Parts {
            rules: domain::ledger::RULES + 1,
            ..p
        }),
        &world,
    );
    assert!(
        at == line(release_at) && matches!(error, ChainError::Newer { .. }),
        "{at} {error}"
    );

    // Dropped, exchanged, told twice, slipped in: everybody who signed later had seen otherwise.
    let mut dropped = all.clone();
    dropped.remove(release_at);
    let (at, error) = caught(&rechained(&dropped), &world);
    assert!(
        at == line(release_at) && matches!(error, ChainError::Refused { .. }),
        "{at} {error}"
    );
    let label_at = place(&world, |b| matches!(b, Body::SetLabel { .. }));
    let mut swapped = all.clone();
    swapped.swap(label_at, label_at + 1);
    let (at, error) = caught(&rechained(&swapped), &world);
    assert!(
        (line(label_at)..=line(label_at) + 1).contains(&at),
        "{at} {error}"
    );
    let mut twice = all.clone();
    twice.insert(label_at + 1, all[label_at].clone());
    let (at, error) = caught(&rechained(&twice), &world);
    let first = line(label_at);
    assert!(
        at == first + 1 && matches!(error, ChainError::Twice { first: f, .. } if f == first),
        "{at} {error}"
    );

    // Without linking anew, the link itself says it.
    let mut plain: Vec<String> = all.iter().map(Parts::line).collect();
    plain.remove(release_at);
    let (at, error) = caught(&plain, &world);
    assert!(
        at == line(release_at) && matches!(error, ChainError::Chain(_)),
        "{at} {error}"
    );
    // A history that begins in the middle, and one that another founded.
    let (at, _) = caught(&rechained(&all[1..]), &world);
    assert_eq!(at, 1);
    let stolen = edit(0, &|p| {
        p.commanding(&Who::Mallory.key(), |c| {
            c.device = Who::Mallory.key().public();
        })
    });
    assert_eq!(caught(&stolen, &world).0, 1);
}

#[test]
fn an_entry_that_the_rules_refuse_is_caught_though_all_else_is_right() {
    let world = story();
    let head = world.project().seen();
    let carol = Who::Carol.key();
    let id = CommandId(Uuid::from_u128(0xBAD));
    let staging = |name: &str| Event::EnvironmentAdded {
        environment: id.into(),
        name: name.to_owned(),
        position: 0,
    };
    let operator = key(99);
    let rows: Vec<(&str, Body, Event)> = vec![
        (
            "an author adds an environment",
            add_environment("mine", None),
            staging("mine"),
        ),
        (
            "an author enrols a key for an admin",
            Body::EnrolDevice {
                person: world.alice,
                device: operator.public(),
                name: "x".to_owned(),
            },
            Event::DeviceEnrolled {
                person: world.alice,
                device: operator.public(),
                name: "x".to_owned(),
            },
        ),
        (
            "an author makes themselves an admin",
            Body::SetRole {
                person: world.carol,
                role: Role::Admin,
                replaces: Role::Author,
            },
            Event::RoleChanged {
                person: world.carol,
                role: Role::Admin,
                before: Role::Author,
            },
        ),
        (
            "a prompt under a name that is taken",
            create("desk/triage"),
            Event::PromptCreated {
                prompt: id.into(),
                name: "desk/triage".to_owned(),
            },
        ),
    ];
    for (what, body, event) in rows {
        let signed = carol.signs(world.command(id, &carol, head, body));
        let entry = Entry::write(domain::ledger::NewEntry {
            seq: head.seq + 1,
            at: world.now,
            prev: head.digest,
            command: signed,
            events: vec![event],
        })
        .expect("it can be written");
        let mut lines: Vec<_> = world.entries.iter().map(|e| e.line().to_owned()).collect();
        lines.push(entry.line().to_owned());
        let (at, error) = caught(&lines, &world);
        assert!(
            matches!(error, ChainError::Refused { .. }),
            "{what}: {error}"
        );
        assert_eq!(
            (at, error.seq()),
            (head.seq + 1, Some(head.seq + 1)),
            "{what}"
        );
        // Recording alone would have believed it: that is why a laptop decides again.
        assert!(world.project().clone().apply(&entry).is_ok(), "{what}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_changed_byte_is_caught_in_its_line(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let world = told();
        let mut lines: Vec<String> = world.entries.iter().map(|e| e.line().to_owned()).collect();
        let index = which.index(lines.len());
        let mut bytes = lines[index].clone().into_bytes();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        let Ok(text) = String::from_utf8(bytes) else { return Ok(()) };
        lines[index] = text;
        let line = u64::try_from(index).expect("small") + 1;
        // The registry's clock is its own to tell: a later time is seen only in the next link.
        let honest = Parts::of(&world.entries[index]);
        let only_later = serde_json::from_str::<Parts>(&lines[index])
            .is_ok_and(|p| p.at > honest.at && Parts { at: honest.at, ..p }.line() == honest.line());
        match verify(&lines, &world.contents) {
            Ok(project) => {
                prop_assert!(only_later && index + 1 == lines.len());
                prop_assert_ne!(project.head().digest, world.project().head().digest);
            }
            Err(caught) => {
                let there = caught.line == line || (only_later && caught.line == line + 1);
                prop_assert!(there, "line {} was changed, {} caught: {}", line, caught.line, caught.error);
            }
        }
    }

    #[test]
    fn any_rearrangement_is_caught_even_when_linked_anew(
        kind in 0..5_u8,
        one in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
    ) {
        let world = told();
        let mut all = parts(world);
        let last = all.len() - 1;
        // The last entry may be cut off, which only who had seen it notices: not these.
        let (one, other) = (one.index(last), other.index(last));
        prop_assume!(one != other);
        match kind {
            0 => { all.remove(one); }
            1 => all.swap(one, other),
            2 => { let copy = all[one].clone(); all.insert(other, copy); }
            3 => { let moved = all.remove(one); all.insert(other, moved); }
            _ => {
                let events = all[other].events.clone();
                prop_assume!(all[one].events.get() != events.get());
                all[one].events = events;
            }
        }
        let caught = verify(&rechained(&all), &world.contents);
        let first = u64::try_from(if kind == 0 || kind == 4 { one } else { one.min(other) }).expect("small") + 1;
        match caught {
            Ok(_) => prop_assert!(false, "nobody noticed"),
            Err(caught) => prop_assert!(caught.line >= first, "{} before {first}", caught.line),
        }
    }
}
