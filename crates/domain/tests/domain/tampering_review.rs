//! A registry that cheats at reviews is caught, and the entry is named.

use crate::support::*;
use domain::ledger::{Body, Entry, Event, NewEntry, SignedCommand, VerdictKind};
use domain::permissions::Role;
use domain::policy::Policy;
use domain::project::{ApplyError, ChainError};
use domain::{CommandId, RequestId, VersionId};
use uuid::Uuid;

const RITA: u8 = 30;
const OPERATOR: u8 = 99;

struct Desk {
    world: World,
    v2: VersionId,
    request: RequestId,
}

/// Asked for under a policy of one independent approval, and not yet approved.
fn waiting() -> Desk {
    let mut world = World::new();
    world.reviewer("Rita", RITA);
    let prompt = world.bob().creates("support/triage");
    let v1 = world.bob().saves(prompt, &[], "one");
    let v2 = world.bob().saves(prompt, &[v1], "two");
    world.bob().releases(PRODUCTION, v1);
    world.demands(
        PRODUCTION,
        Policy {
            independent: true,
            ..approvals(1)
        },
    );
    let request = world.bob().opens(&[(PRODUCTION, v2)]);
    Desk { world, v2, request }
}

fn lines(world: &World) -> Vec<String> {
    world.entries.iter().map(|e| e.line().to_owned()).collect()
}

/// What the registry writes after all that is there: this command, and whatever it says of it.
fn appended(world: &World, signed: SignedCommand, events: Vec<Event>) -> Entry {
    let head = world.project().seen();
    Entry::write(NewEntry {
        seq: head.seq + 1,
        at: world.now,
        prev: head.digest,
        command: signed,
        events,
    })
    .expect("it can be written")
}

fn caught(lines: &[String], world: &World) -> (u64, ChainError) {
    match verify(lines, &world.contents) {
        Ok(_) => panic!("nobody noticed"),
        Err(caught) => (caught.line, caught.error),
    }
}

/// The entry is caught at its place, though recording alone would have believed it.
fn caught_last(world: &World, entry: &Entry, what: &str) -> ChainError {
    let mut all = lines(world);
    all.push(entry.line().to_owned());
    let (at, error) = caught(&all, world);
    assert_eq!(
        (at, error.seq()),
        (entry.seq(), Some(entry.seq())),
        "{what}: {error}"
    );
    assert!(world.project().clone().apply(entry).is_ok(), "{what}");
    error
}

#[test]
fn a_forged_approval() {
    let Desk { world, request, .. } = waiting();
    let id = CommandId(Uuid::from_u128(0xBAD));
    let rita = world
        .project()
        .person_of(&key(RITA).public())
        .expect("Rita")
        .id;
    let body = world.verdict(request, VerdictKind::Approve);
    let approved = Event::VerdictGiven {
        request,
        person: rita,
        digest: world.digest_of(request),
        verdict: VerdictKind::Approve,
        evidence: Vec::new(),
        comment: None,
    };
    let seen = world.project().seen();
    // In her name, with a signature that is not hers.
    let command = world.command(id, &key(RITA), seen, body.clone());
    let forged = SignedCommand::sign(command, &key(OPERATOR)).expect("a command");
    let entry = appended(&world, forged, vec![approved.clone()]);
    let error = caught_last(&world, &entry, "her name, another key");
    assert!(matches!(error, ChainError::Signature { .. }), "{error}");
    // With a key of the operator's own, an author's, or a program's.
    for signer in [OPERATOR, 2] {
        let command = world.command(id, &key(signer), seen, body.clone());
        let signed = key(signer).signs(command);
        let entry = appended(&world, signed, vec![approved.clone()]);
        let error = caught_last(&world, &entry, "another's command, her name");
        assert!(matches!(error, ChainError::Refused { .. }), "{error}");
    }
}

#[test]
fn a_key_enrolled_and_a_role_changed() {
    let Desk { world, .. } = waiting();
    let id = CommandId(Uuid::from_u128(0xBAD));
    let rita = world
        .project()
        .person_of(&key(RITA).public())
        .expect("Rita")
        .id;
    let operator = key(OPERATOR).public();
    let name = "laptop".to_owned();
    let rows: Vec<(Body, Event)> = vec![
        (
            Body::EnrolDevice {
                person: rita,
                device: operator,
                name: name.clone(),
            },
            Event::DeviceEnrolled {
                person: rita,
                device: operator,
                name,
            },
        ),
        (
            Body::SetRole {
                person: world.bob,
                role: Role::Reviewer,
                replaces: Role::Author,
            },
            Event::RoleChanged {
                person: world.bob,
                role: Role::Reviewer,
                before: Role::Author,
            },
        ),
        (
            Body::SetPolicy {
                environment: PRODUCTION,
                policy: Box::new(Policy::default()),
                replaces: None,
            },
            Event::PolicySet {
                environment: PRODUCTION,
                policy: Box::new(Policy::default()),
                before: None,
            },
        ),
    ];
    for (body, event) in rows {
        for signer in [OPERATOR, 2] {
            let seen = world.project().seen();
            let command = world.command(id, &key(signer), seen, body.clone());
            let signed = key(signer).signs(command);
            let entry = appended(&world, signed, vec![event.clone()]);
            let error = caught_last(&world, &entry, &format!("{body:?}"));
            assert!(matches!(error, ChainError::Refused { .. }), "{error}");
        }
    }
    // Slipped among the events of an honest command.
    let mut parts: Vec<_> = world.entries.iter().map(Parts::of).collect();
    let last = parts.len() - 1;
    let mut events = world.entries[last].events().to_vec();
    events.push(Event::RoleChanged {
        person: world.bob,
        role: Role::Admin,
        before: Role::Author,
    });
    parts[last] = parts[last].clone().telling(&events);
    let (at, error) = caught(&rechained(&parts), &world);
    assert_eq!(usize::try_from(at), Ok(last + 1));
    assert!(matches!(error, ChainError::OtherEvents { .. }), "{error}");
}

#[test]
fn a_release_that_was_never_approved() {
    let Desk {
        mut world,
        v2,
        request,
    } = waiting();
    let id = CommandId(Uuid::from_u128(0xBAD));
    let under_request = world.release_under(request, &[PRODUCTION]);
    let direct = world.release_of(PRODUCTION, v2);
    // What the registry would have recorded had it been lawful.
    let event = {
        let mut twin = waiting().world;
        twin.demands(PRODUCTION, Policy::default());
        let body = twin.release_of(PRODUCTION, v2);
        twin.bob().does(body);
        let mut event = twin.entries.last().expect("it").events()[0].clone();
        if let Event::Released { release, .. } = &mut event {
            *release = id.into();
        }
        event
    };
    for body in [under_request, direct] {
        // Bob really signed it: he and the operator are of one mind.
        let command = world.command(id, &Who::Bob.key(), world.project().seen(), body);
        let entry = appended(&world, Who::Bob.key().signs(command), vec![event.clone()]);
        let error = caught_last(&world, &entry, "a release without approvals");
        let ChainError::Refused { refusal, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!(refusal.code, domain::RefusalCode::PolicyUnmet);
        // Under the number of the rules that knew no policies it is no better.
        let mut parts = Parts::of(&entry);
        parts.rules = 1;
        let mut all = lines(&world);
        all.push(parts.line());
        let (at, error) = caught(&all, &world);
        assert_eq!(at, entry.seq(), "{error}");
    }
}

/// The whole story, told honestly: approved and released, then changed and taken back.
fn told() -> Desk {
    let mut desk = waiting();
    let (request, v2) = (desk.request, desk.v2);
    let world = &mut desk.world;
    world.device(key(RITA)).approves(request);
    let prompt = world.prompt_of(v2);
    let v3 = world.bob().saves(prompt, &[v2], "three");
    let update = world.asks_instead(request, &[(PRODUCTION, v3)]);
    world.bob().does(update);
    world.device(key(RITA)).approves(request);
    world.bob().carries_out(request, &[PRODUCTION]);
    world.bob().creates("something after it");
    desk
}

fn place(world: &World, is: impl Fn(&Body) -> bool) -> usize {
    let found = world
        .entries
        .iter()
        .position(|e| is(&e.command().command().body));
    found.expect("there is one")
}

#[test]
fn history_told_otherwise() {
    let Desk { world, .. } = told();
    let all: Vec<_> = world.entries.iter().map(Parts::of).collect();
    verify(&rechained(&all), &world.contents).expect("honest");
    let policy = place(&world, |b| matches!(b, Body::SetPolicy { .. }));
    let verdict = place(&world, |b| matches!(b, Body::GiveVerdict { .. }));
    let update = place(&world, |b| matches!(b, Body::UpdateRequest { .. }));
    let line = |index: usize| u64::try_from(index).expect("small") + 1;

    // The policy never was: whoever signed later had seen it.
    let mut dropped = all.clone();
    dropped.remove(policy);
    let (at, error) = caught(&rechained(&dropped), &world);
    assert_eq!(at, line(policy), "{error}");
    // The verdict never was, or came after the change: an old approval on new content.
    let mut dropped = all.clone();
    dropped.remove(verdict);
    assert_eq!(caught(&rechained(&dropped), &world).0, line(verdict));
    let mut moved = all.clone();
    let old = moved.remove(verdict);
    moved.insert(update, old);
    let (at, error) = caught(&rechained(&moved), &world);
    assert!((line(verdict)..=line(update)).contains(&at), "{at} {error}");
    let mut twice = all.clone();
    twice.insert(update + 1, all[verdict].clone());
    let (at, error) = caught(&rechained(&twice), &world);
    assert_eq!(at, line(update) + 1);
    assert!(matches!(error, ChainError::Twice { .. }), "{error}");
    // Dated back, to before the policy.
    let release = world.entries.len() - 2;
    let mut dated = all.clone();
    dated[release].at = all[policy].at - 1;
    let (at, error) = caught(&rechained(&dated), &world);
    assert_eq!(at, line(release));
    assert!(
        matches!(error, ChainError::Chain(ApplyError::DoesNotFollow { .. })),
        "{error}"
    );
    // Others approved it; it was overridden; it was never asked for; the digest was another.
    let rita = world
        .project()
        .person_of(&key(RITA).public())
        .expect("Rita")
        .id;
    let changes = [
        (release, rita.to_string(), world.alice.to_string()),
        (
            release,
            r#""grounds":{"#.to_owned(),
            r#""ground":{"#.to_owned(),
        ),
        (release, r#""step":1"#.to_owned(), r#""step":2"#.to_owned()),
        (verdict, rita.to_string(), world.alice.to_string()),
        (
            verdict,
            r#""approve""#.to_owned(),
            r#""ask_for_changes""#.to_owned(),
        ),
        (
            policy,
            r#""approvals":1"#.to_owned(),
            r#""approvals":0"#.to_owned(),
        ),
    ];
    for (index, from, to) in changes {
        let told = all[index].events.get();
        assert!(told.contains(&from), "{told}");
        let mut otherwise = all.clone();
        let events = told.replacen(&from, &to, 1);
        otherwise[index] = otherwise[index].clone().telling_raw(&events);
        let (at, error) = caught(&rechained(&otherwise), &world);
        assert_eq!(at, line(index), "{from} → {to}: {error}");
        assert!(matches!(error, ChainError::OtherEvents { .. }), "{error}");
    }
    // A command that rules of that number never knew.
    let mut older = all.clone();
    older[policy].rules = 1;
    let (at, error) = caught(&rechained(&older), &world);
    assert_eq!(at, line(policy));
    assert!(
        matches!(error, ChainError::Older { rules: 1, .. }),
        "{error}"
    );
}

#[test]
fn a_ledger_of_the_first_rules_verifies_as_it_did() {
    // All that a ledger could hold before there were policies, under the number of then.
    let world = crate::ledger::story();
    let first: Vec<_> = world
        .entries
        .iter()
        .map(|entry| Parts {
            rules: 1,
            ..Parts::of(entry)
        })
        .collect();
    // Whoever signed saw the digests of then: their chain is made anew with their keys.
    let mut prev = domain::Digest::ZERO;
    let mut digests = vec![prev];
    let mut lines = Vec::new();
    for (seq, (parts, entry)) in (1..).zip(first.into_iter().zip(&world.entries)) {
        let device = entry.command().command().device;
        let signer = (0..=u8::MAX)
            .map(key)
            .find(|key| key.public() == device)
            .expect("somebody's key");
        let parts = parts.commanding(&signer, |command| {
            let seen = usize::try_from(command.seen.seq).expect("small");
            command.seen.digest = digests[seen];
        });
        let line = Parts { seq, prev, ..parts }.line();
        prev = domain::Digest::of(line.as_bytes());
        digests.push(prev);
        lines.push(line);
    }
    let project = verify(&lines, &world.contents).expect("as it did");
    assert_eq!(project.head().seq, world.project().head().seq);
    assert_eq!(
        project.releases().count(),
        world.project().releases().count()
    );
}
