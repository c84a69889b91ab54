//! Properties of the fold: whatever people do, replaying gives the same state.

use crate::support::*;
use domain::RefusalCode as Code;
use domain::ledger::{Body, Pointer};
use domain::permissions::Role;
use domain::project::{Outcome, Replay};
use domain::{Digest, EnvironmentId, Project, PromptId, ReleaseId, VersionContent, VersionId};
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
    let fresh = b % 7 != 6;
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
        22 => match b % 6 {
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
            4 => {
                let old = world.project().keys().last();
                let old = old.map_or(domain::KeyId(nil), |key| key.id);
                rotate(old, a % 4 + 600, i64::from(c))
            }
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

#[test]
fn a_ledger_that_was_written_under_the_rules_before_suites_goes_on() {
    // Written by the Galley of rules 2: a gate over a dataset, runs without an announcement, and
    // the releases that it let through and refused.
    let text = include_str!("../data/rules-2.jsonl");
    let lines: Vec<&str> = text.lines().collect();
    let project = verify(&lines, &Contents::new()).expect("it is decided alike");
    let policy = project.policy(PRODUCTION);
    assert_eq!((policy.gates.len(), policy.suite_gates.len()), (1, 0));
    let run = |run: &std::sync::Arc<domain::project::Run>| run.announced.is_none();
    assert!(project.runs().count() > 3 && project.runs().all(run));
    let last = project.releases().next_back().expect("it was let through");
    assert_eq!(last.grounds.as_ref().expect("kept").evidence.len(), 2);
    for line in lines {
        let entry = domain::ledger::Entry::read(line).expect("an entry");
        assert_eq!(entry.rules(), 2);
        // What we make of it is what stands there, to the last byte.
        let events = domain::to_canonical(&entry.events()).expect("canonical");
        assert_eq!(events, entry.events_text().as_bytes());
    }
}
