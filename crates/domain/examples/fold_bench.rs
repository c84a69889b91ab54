//! What the fold costs: a ledger of 100,000 entries with 10,000 versions is made in memory, then
//! read, applied, verified, and put into a snapshot and taken out again.
//!
//! `cargo run --release -p domain --example fold_bench [entries]`

#![allow(clippy::print_stdout, clippy::expect_used)] // It prints its own table.

#[path = "../../../scripts/bench/row.rs"]
mod row;

use domain::ledger::{
    Body, Command, DeviceKey, Entry, KeyHash, NewEnvironment, ReleaseChange, Seen, Side,
    SignedCommand,
};
use domain::permissions::Role;
use domain::project::{Outcome, Replay, Trial};
use domain::{
    CommandId, Digest, EnvironmentId, InvitationId, Millis, Project, ProjectId, PromptId,
    SaltedText, VersionContent, VersionId,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

const PROJECT: Uuid = Uuid::from_u128(1);
const PROMPTS: usize = 500;
const PEOPLE: u8 = 40;

struct Maker {
    trial: Trial,
    contents: BTreeMap<Digest, Arc<[u8]>>,
    lines: Vec<String>,
    keys: Vec<DeviceKey>,
    ids: u128,
    /// What `decide` and recording took, by kind of command.
    costs: BTreeMap<&'static str, (u32, Duration)>,
}

impl Maker {
    fn id(&mut self) -> CommandId {
        self.ids += 1;
        CommandId(Uuid::from_u128(
            self.ids
                .wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835),
        ))
    }

    fn does(&mut self, what: &'static str, who: usize, body: Body) -> CommandId {
        let id = if self.lines.is_empty() {
            CommandId(PROJECT)
        } else {
            self.id()
        };
        let key = self.keys[who % self.keys.len()].clone();
        let command = Command {
            id,
            project: ProjectId(PROJECT),
            device: key.public(),
            seen: self.trial.project().seen(),
            at: Millis(1_750_000_000_000),
            body,
        };
        let signed = SignedCommand::sign(command, &key).expect("small");
        let now =
            Millis(1_750_000_000_000 + i64::try_from(self.lines.len()).expect("small") * 60_000);
        let start = Instant::now();
        let outcome = self.trial.submit(&signed, &self.contents, now);
        let cost = self.costs.entry(what).or_default();
        *cost = (cost.0 + 1, cost.1 + start.elapsed());
        match outcome {
            Outcome::Accepted(entry) => self.lines.push(entry.line().to_owned()),
            other => panic!("{what}: {other:?}"),
        }
        id
    }

    fn store(&mut self, bytes: Vec<u8>, digest: Digest) -> Digest {
        self.contents.insert(digest, bytes.into());
        digest
    }

    fn reason(&mut self, text: &str) -> Digest {
        let salt = self.ids.to_be_bytes();
        let (bytes, digest) = SaltedText::new(text, salt).encode().expect("a text");
        self.store(bytes, digest)
    }
}

fn key(n: u8, of: u8) -> DeviceKey {
    DeviceKey::from_seed(&[n, of].repeat(16).try_into().expect("32 bytes"))
}

fn hash(n: usize) -> KeyHash {
    KeyHash(Digest::of(&n.to_be_bytes()).0)
}

/// A ledger of so many entries: a tenth are versions, a few per cent people and keys, the rest
/// releases, splits, reverts and labels.
fn make(entries: usize) -> Maker {
    let environments: Vec<_> = (1..=3_u128)
        .map(|n| EnvironmentId(Uuid::from_u128(0xE0 + n)))
        .collect();
    let mut maker = Maker {
        trial: Trial::new(Project::new()),
        contents: BTreeMap::new(),
        lines: Vec::new(),
        keys: vec![key(1, 0)],
        ids: 0,
        costs: BTreeMap::new(),
    };
    let made = environments
        .iter()
        .zip(["development", "staging", "production"]);
    let founding = Body::CreateProject {
        name: "Bench".to_owned(),
        person: "Alice".to_owned(),
        device_name: "laptop".to_owned(),
        environments: made
            .map(|(id, name)| NewEnvironment {
                id: *id,
                name: name.to_owned(),
            })
            .collect(),
        default: environments[0],
    };
    maker.does("found", 0, founding);
    for n in 1..PEOPLE {
        let one_time = key(n, 1);
        let invite = Body::Invite {
            key: one_time.public(),
            hash: hash(usize::from(n) + 1_000_000),
            role: Role::Author,
            name: format!("Person {n}"),
            expires: Millis(i64::from(u32::MAX) * 1_000),
        };
        let invitation: InvitationId = maker.does("invite", 0, invite).into();
        maker.keys = vec![one_time];
        let join = Body::Join {
            invitation,
            name: format!("Person {n}"),
            device: key(n, 2).public(),
            device_name: "laptop".to_owned(),
            token: hash(usize::from(n) + 2_000_000),
        };
        maker.does("join", 0, join);
        maker.keys = vec![key(1, 0)];
    }
    maker.keys.extend((1..PEOPLE).map(|n| key(n, 2)));

    let mut prompts: Vec<(PromptId, Vec<VersionId>)> = Vec::new();
    for n in 0..PROMPTS {
        let body = Body::CreatePrompt {
            name: format!("team {}/prompt {n}", n % 20),
        };
        prompts.push((maker.does("create prompt", n, body).into(), Vec::new()));
    }
    let mut n = 0;
    while maker.lines.len() < entries {
        n += 1;
        let place = n / 10 * 7 % PROMPTS;
        let (prompt, versions) = prompts[place].clone();
        let environment = environments[n % 3];
        match n % 10 {
            0 => {
                let text = format!(
                    "Answer the customer politely. This is saying number {n}. {}",
                    "More. ".repeat(40)
                );
                let (bytes, digest) = VersionContent::text(text).encode().expect("a content");
                let content = maker.store(bytes, digest);
                let message = maker.reason("a better saying");
                let parents = versions.last().copied().into_iter().collect();
                let body = Body::SaveVersion {
                    prompt,
                    parents,
                    content,
                    includes: vec![],
                    reads: Vec::new(),
                    message,
                };
                let id = maker.does("save version", n, body);
                prompts[place].1.push(id.into());
            }
            1 => {
                let token = Body::IssueToken {
                    name: "tool".to_owned(),
                    hash: hash(n),
                    expires: None,
                };
                maker.does("issue token", n, token);
            }
            2 => match versions.last() {
                None => continue,
                Some(last) => {
                    let now = maker
                        .trial
                        .project()
                        .prompt(prompt)
                        .and_then(|p| p.labelled("good"));
                    if now == Some(*last) {
                        continue;
                    }
                    let label = Body::SetLabel {
                        prompt,
                        label: "good".to_owned(),
                        version: *last,
                        replaces: now,
                    };
                    maker.does("set label", n, label);
                }
            },
            _ => {
                let Some(last) = versions.last() else {
                    continue;
                };
                let last_served = maker.trial.project().last_served(environment, prompt);
                let replaces = last_served.map(|s| s.release);
                let now = last_served.map(|s| s.sides.clone()).unwrap_or_default();
                let first = versions[0];
                let mut sides = vec![Side {
                    version: *last,
                    weight: 10_000,
                }];
                if n % 20 == 5 && first != *last {
                    let weight = 1 + u32::try_from(n % 9_000).expect("small");
                    sides = vec![
                        Side {
                            version: first,
                            weight,
                        },
                        Side {
                            version: *last,
                            weight: 10_000 - weight,
                        },
                    ];
                } else if now == sides {
                    sides = vec![];
                }
                let reason = maker.reason("it is better");
                let change = ReleaseChange {
                    environment,
                    prompt,
                    sides,
                    replaces,
                };
                let body = Body::Release {
                    changes: vec![change],
                    reason,
                    promoted_from: None,
                    request: None,
                    step: None,
                    override_reason: None,
                };
                maker.does("release", n, body);
            }
        }
    }
    maker
}

const RUNS: usize = 5;

/// What something takes for each of `count` entries, in microseconds, over several runs.
fn measure(id: &str, what: &str, count: usize, mut run: impl FnMut()) {
    let times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64() * 1e6 / count as f64
        })
        .collect();
    let what = format!("an entry of {count}: {what}");
    row::row(id, &what, &times, "µs", row::Budget::None, "");
}

fn once(what: &str, count: usize, took: Duration) {
    let each = took.as_secs_f64() * 1e6 / count as f64;
    println!(
        "{what:<44} {:>9.1} ms {each:>8.2} µs/entry",
        took.as_secs_f64() * 1e3
    );
}

fn main() {
    let wanted = std::env::args()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(100_000);
    let start = Instant::now();
    let maker = make(wanted);
    let count = maker.lines.len();
    once("made: signed, decided, recorded", count, start.elapsed());
    for (what, (times, took)) in &maker.costs {
        once(
            &format!("  of it deciding: {what} ({times})"),
            *times as usize,
            *took,
        );
    }
    let versions: usize = maker
        .trial
        .project()
        .prompts()
        .map(|p| p.versions().len())
        .sum();
    let bytes: usize = maker.lines.iter().map(String::len).sum();
    println!(
        "{count} entries, {versions} versions, {:.1} MB of lines",
        bytes as f64 / 1e6
    );

    let read = || -> Vec<Entry> {
        let lines = maker.lines.iter();
        lines.map(|l| Entry::read(l).expect("our own")).collect()
    };
    let entries = read();
    let fold = || {
        let mut project = Project::new();
        for entry in &entries {
            project.apply(entry).expect("it follows");
        }
        project
    };
    let replay = |contents: &BTreeMap<Digest, Arc<[u8]>>| {
        let mut replay = Replay::new();
        for entry in &entries {
            replay.push(entry, contents).expect("decided alike");
        }
    };
    let project = fold();
    measure("fold_read", "read its line", count, || drop(read()));
    measure("fold_apply", "apply it", count, || drop(fold()));
    measure(
        "fold_decide_bare",
        "decide again and apply, without content",
        count,
        || replay(&BTreeMap::new()),
    );
    measure(
        "fold_decide",
        "decide again and apply, with content",
        count,
        || replay(&maker.contents),
    );
    let some = count.min(5_000);
    measure("fold_signature", "check its signature", some, || {
        for entry in entries.iter().take(some) {
            Replay::check_signature(entry).expect("signed");
        }
    });
    let snapshot = postcard::to_allocvec(&project).expect("a snapshot");
    println!("snapshot: {:.1} MB", snapshot.len() as f64 / 1e6);
    measure("fold_snapshot_write", "write a snapshot", count, || {
        postcard::to_allocvec(&project).expect("a snapshot");
    });
    let restore = || -> Project { postcard::from_bytes(&snapshot).expect("a snapshot") };
    measure("fold_snapshot_read", "read a snapshot", count, || {
        drop(restore());
    });
    let restored = restore();
    assert_eq!(restored.head(), project.head());
    let asked = maker.contents.len();
    measure("fold_named", "whether a content is named", asked, || {
        let named = |digest: &&Digest| project.names_content(digest);
        let named = maker.contents.keys().filter(named).count();
        assert!(named > 0);
    });

    let start = Instant::now();
    let copy = restored.clone();
    println!("clone of the state: {:?}", start.elapsed());
    let seen: Seen = copy.seen();
    println!("head: entry {}", seen.seq);
}
