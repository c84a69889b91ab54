//! Properties of the fold: whatever people do, replaying gives the same state, and no operator
//! can change what they did without being caught at the place.

use crate::ledger::{story, told};
use crate::support::*;
use domain::RefusalCode as Code;
use domain::ledger::{Body, Entry, Event, Pointer};
use domain::permissions::Role;
use domain::project::{ApplyError, ChainError, Outcome, Replay};
use domain::{
    CommandId, Digest, EnvironmentId, Project, PromptId, ReleaseId, VersionContent, VersionId,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Something that somebody does, by numbers that pick among what there is.
#[derive(Clone, Copy, Debug)]
struct Step {
    who: u8,
    kind: u8,
    a: u16,
    b: u16,
    c: u16,
    /// How many entries the device is behind.
    behind: u8,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (
        0..4_u8,
        0..26_u8,
        any::<u16>(),
        any::<u16>(),
        any::<u16>(),
        0..8_u8,
    )
        .prop_map(|(who, kind, a, b, c, behind)| Step {
            who,
            kind,
            a,
            b,
            c,
            behind: behind.saturating_sub(4),
        });
    prop::collection::vec(step, 1..45)
}

/// One of several, or nobody's id once in a while.
fn pick<T: Copy>(all: &[T], by: u16, nobody: T) -> T {
    if all.is_empty() || by % 16 == 15 {
        nobody
    } else {
        all[usize::from(by) % all.len()]
    }
}

struct There {
    prompts: Vec<PromptId>,
    versions: Vec<VersionId>,
    environments: Vec<EnvironmentId>,
    releases: Vec<ReleaseId>,
}

fn there(project: &Project, prompt: Option<PromptId>) -> There {
    let of = |p: &PromptId| prompt.is_none_or(|wanted| project.meant(wanted) == *p);
    There {
        prompts: project.prompts().map(|p| p.id).collect(),
        versions: project
            .prompts()
            .filter(|p| of(&p.id))
            .flat_map(|p| p.versions().map(|v| v.id).collect::<Vec<_>>())
            .collect(),
        environments: project.all_environments().map(|e| e.id).collect(),
        releases: project.releases().map(|r| r.id).collect(),
    }
}

fn body(world: &mut World, step: Step) -> Body {
    let Step { kind, a, b, c, .. } = step;
    let nil = Uuid::nil();
    let all = there(world.project(), None);
    let prompt = pick(&all.prompts, a, PromptId(nil));
    let own = there(world.project(), Some(prompt)).versions;
    let version = pick(&own, b, VersionId(nil));
    let environment = pick(&all.environments, c, EnvironmentId(nil));
    let people = [world.alice, world.bob, world.carol];
    let person = people[usize::from(a % 3)];
    let reason = world.reason("because");
    let fresh = !(b % 7 == 6);
    let serving = world
        .project()
        .last_served(environment, prompt)
        .map(|s| s.release);
    let replaces = if fresh {
        serving
    } else {
        all.releases.first().copied()
    };
    match kind {
        0..=2 => create(["a", "B", "b", "folder/c", "A"][usize::from(a) % 5]),
        3..=7 => {
            let parents: Vec<_> = match c % 4 {
                0 => vec![],
                1 => own.iter().rev().take(2).copied().collect(),
                2 => own.last().copied().into_iter().collect(),
                _ => vec![version],
            };
            let texts: Vec<Digest> = all
                .versions
                .iter()
                .filter_map(|v| world.project().version(*v).map(|(_, v)| v.content))
                .collect();
            let mut content = VersionContent::text(format!("text {}", a % 6));
            let mut includes = vec![];
            if b % 3 == 0 && !texts.is_empty() {
                let snippet = texts[usize::from(b) % texts.len()];
                content = VersionContent::text("{% include \"it\" %}");
                content.includes.insert("it".to_owned(), snippet);
                includes.push(snippet);
            }
            let content = world.content(&content);
            save(prompt, &parents, content, &includes, reason)
        }
        8 | 9 => {
            let name = ["Good", "good", "tested", "latest"][usize::from(c) % 4];
            let now = world
                .project()
                .prompt(prompt)
                .and_then(|p| p.labelled(name));
            match (b % 3, now) {
                (0, Some(now)) => unlabel(prompt, name, now),
                _ => label(prompt, name, if fresh { now } else { None }, version),
            }
        }
        10..=13 => {
            let mut sides = vec![(version, 10_000)];
            if c % 2 == 0 && own.len() > 1 {
                let weight = 1 + u32::from(b) % 9_999;
                sides = vec![(own[0], weight), (own[own.len() - 1], 10_000 - weight)];
            }
            if c % 9 == 8 {
                sides.clear();
            }
            release(&[change(environment, prompt, &sides, replaces)], reason)
        }
        14 | 15 => {
            let to = pick(&all.releases, b, ReleaseId(nil));
            let pointer = Pointer {
                prompt,
                replaces: replaces.unwrap_or(ReleaseId(nil)),
            };
            Body::Revert {
                environment,
                to,
                prompts: vec![pointer],
                reason,
            }
        }
        16 => {
            let from = pick(&all.environments, b, STAGING);
            let sides: Vec<_> = world.project().serving(from, prompt).map_or(vec![], |s| {
                s.sides.iter().map(|s| (s.version, s.weight)).collect()
            });
            promote(
                from,
                &[change(environment, prompt, &sides, replaces)],
                reason,
            )
        }
        17 => match b % 4 {
            0 => add_environment(["qa", "eu", "QA"][usize::from(a) % 3], Some(environment)),
            1 => {
                let name = world
                    .project()
                    .environment(environment)
                    .map_or(String::new(), |e| e.name.clone());
                rename_environment(environment, &name, ["live", "test"][usize::from(a) % 2])
            }
            2 => Body::RetireEnvironment { environment },
            _ => {
                let mut order: Vec<_> = world.project().environments().map(|e| e.id).collect();
                let by = usize::from(a) % order.len().max(1);
                order.rotate_left(by);
                Body::ReorderEnvironments { order }
            }
        },
        18 => {
            let replaces = world.project().default_environment().expect("there is one");
            Body::SetDefaultEnvironment {
                environment,
                replaces,
            }
        }
        19 => match b % 2 {
            0 => Body::ArchivePrompt { prompt },
            _ => Body::RestorePrompt { prompt },
        },
        20 => {
            let name = world
                .project()
                .prompt(prompt)
                .map_or(String::new(), |p| p.name.clone());
            rename(prompt, &name, ["a", "new", "Folder/C"][usize::from(b) % 3])
        }
        21 => {
            let now = world.project().person(person).expect("known").role;
            let role = if now == Role::Admin {
                Role::Author
            } else {
                Role::Admin
            };
            Body::SetRole {
                person,
                role,
                replaces: if fresh { now } else { role },
            }
        }
        22 => match b % 5 {
            0 => Body::RemovePerson { person },
            1 => Body::EnrolDevice {
                person,
                device: key(200).public(),
                name: "second".to_owned(),
            },
            2 => Body::RevokeDevice {
                device: key(u8::try_from(c % 3).expect("small") + 1).public(),
            },
            3 => token(a % 4 + 500, None),
            _ => environment_key(environment, a % 4 + 500, Some(world.now.plus(i64::from(c)))),
        },
        23 => match world.project().version(version).map(|(_, v)| v.content) {
            Some(content) if b % 2 == 0 => Body::Redact { content, reason },
            _ => Body::RevokeKey {
                key: world
                    .project()
                    .keys()
                    .next()
                    .map_or(domain::KeyId(nil), |k| k.id),
            },
        },
        24 => {
            let content = world.bytes(br#"{"cases":[{"id":"1","inputs":{}}]}"#);
            let results = world.bytes(b"[]");
            let known = world.project().datasets().next().map(|d| d.id);
            match (known, b % 3) {
                (Some(_), 0) => run(version, content, results),
                (Some(id), 1) => Body::SaveDataset {
                    dataset: Some(id),
                    name: "cases".to_owned(),
                    content,
                    cases: 1,
                    replaces: Some(content),
                },
                _ => dataset(content, ["cases", "other"][usize::from(a) % 2], 1),
            }
        }
        _ => match b % 3 {
            0 => Body::BeginEpoch {
                epoch: world.project().epoch() + 1,
                reason,
            },
            1 => Body::RenameProject {
                name: format!("desk {}", a % 3),
            },
            _ => invite(&key(210), 900, Role::Author, "Eve", world.now.plus(HOUR)),
        },
    }
}

/// Which release each environment serves of each prompt, and where each label is.
fn pointers(project: &Project) -> BTreeMap<(Uuid, String), Uuid> {
    let mut all = BTreeMap::new();
    for prompt in project.prompts() {
        for environment in project.all_environments() {
            if let Some(serving) = project.last_served(environment.id, prompt.id) {
                all.insert((prompt.id.0, environment.id.to_string()), serving.release.0);
            }
        }
        for (label, version) in prompt.labels() {
            all.insert((prompt.id.0, label.to_lowercase()), version.0);
        }
    }
    all
}

/// What a command says of a pointer: that it was so when the person acted.
fn swaps(project: &Project, body: &Body) -> BTreeMap<(Uuid, String), Option<Uuid>> {
    let of = |prompt: PromptId| project.meant(prompt).0;
    match body {
        Body::Release { changes, .. } => changes
            .iter()
            .map(|c| {
                (
                    (of(c.prompt), c.environment.to_string()),
                    c.replaces.map(|r| r.0),
                )
            })
            .collect(),
        Body::Revert {
            environment,
            prompts,
            ..
        } => prompts
            .iter()
            .map(|p| ((of(p.prompt), environment.to_string()), Some(p.replaces.0)))
            .collect(),
        Body::SetLabel {
            prompt,
            label,
            replaces,
            ..
        } => [((of(*prompt), label.to_lowercase()), replaces.map(|v| v.0))].into(),
        Body::RemoveLabel {
            prompt,
            label,
            replaces,
        } => [((of(*prompt), label.to_lowercase()), Some(replaces.0))].into(),
        _ => BTreeMap::new(),
    }
}

fn numbers(project: &Project) -> BTreeMap<PromptId, Vec<VersionId>> {
    let ids = |p: &domain::project::Prompt| {
        (1..)
            .zip(p.versions())
            .for_each(|(n, v)| assert_eq!(v.number, n, "numbers have no gaps"));
        p.versions().map(|v| v.id).collect()
    };
    project.prompts().map(|p| (p.id, ids(p))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    // That replaying gives the same state, with and without content, is checked where the world
    // ends; that a line reads back as written and that a refusal changes nothing, at each step.
    #[test]
    fn whatever_people_do_the_rules_of_the_fold_hold(steps in steps()) {
        let mut world = World::new();
        let mut accepted = Vec::new();
        for step in steps {
            let who = [Who::Alice, Who::Alice, Who::Bob, Who::Carol][usize::from(step.who)];
            let body = body(&mut world, step);
            let seq = world.project().head().seq - u64::from(step.behind).min(3);
            let seen = domain::ledger::Seen {
                seq,
                digest: world.project().digest_at(seq).expect("an entry"),
            };
            let id = world.fresh();
            let signed = who.key().signs(world.command(id, &who.key(), seen, body.clone()));
            let (before, versions) = (pointers(world.project()), numbers(world.project()));
            let swaps = swaps(world.project(), &body);
            let Ok(entry) = world.submit(&signed) else {
                prop_assert_eq!(&before, &pointers(world.project()));
                continue;
            };
            // A pointer moves only if the command names what was there.
            let after = pointers(world.project());
            for key in before.keys().chain(after.keys()) {
                if before.get(key) != after.get(key) {
                    prop_assert_eq!(swaps.get(key), Some(&before.get(key).copied()));
                }
            }
            // Versions are only ever added, one at a time, at the end.
            for (prompt, now) in numbers(world.project()) {
                let was = versions.get(&prompt).cloned().unwrap_or_default();
                prop_assert!(now.starts_with(&was) && now.len() <= was.len() + 1);
            }
            accepted.push((signed, entry.seq()));
            prop_assert!(world.project().environments().count() > 0);
            let admins = world.project().people().filter(|p| p.role == Role::Admin && p.removed.is_none());
            prop_assert!(admins.count() > 0, "somebody can lead");
        }
        for (signed, seq) in &accepted {
            let again = world.outcome(signed);
            let once = matches!(again, Outcome::Again { seq: found } if found == *seq);
            prop_assert!(once, "sent twice: {again:?}");
            let mut other = signed.command().clone();
            other.at = other.at.plus(1);
            let who = [Who::Alice, Who::Bob, Who::Carol].into_iter().find(|w| w.key().public() == other.device);
            let other = who.expect("one of them").key().signs(other);
            let reused = world.submit(&other).expect_err("the id is used");
            prop_assert_eq!(reused.code, Code::IdReused);
        }
        // A snapshot is the state: the rest of the ledger goes on from it alike.
        let bytes = fingerprint(world.project());
        let restored: Project = postcard::from_bytes(&bytes).expect("a snapshot");
        prop_assert!(fingerprint(&restored) == bytes);
        let middle = world.entries.len() / 2;
        let mut first = Replay::new();
        for entry in &world.entries[..middle] {
            first.push(entry, &world.contents).expect("decided alike");
        }
        let taken: Project = postcard::from_bytes(&fingerprint(first.project())).expect("a snapshot");
        let mut second = Replay::from(taken);
        for entry in &world.entries[middle..] {
            second.push(entry, &world.contents).expect("decided alike from a snapshot on");
        }
        prop_assert!(fingerprint(&second.into_project()) == bytes);
    }
}

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
    let (at, error) = caught(&edit(release_at, &|p| Parts { rules: 2, ..p }), &world);
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
            c.device = Who::Mallory.key().public()
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
