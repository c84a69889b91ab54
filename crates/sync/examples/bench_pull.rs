//! Measures a first pull over loopback: a real registry, a real store, a generated project of
//! 10,000 versions and 100,000 entries.
//!
//! `cargo run --release -p sync --example bench_pull [entries] [versions]`
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program that measures stops at the first thing that goes wrong, and prints"
)]

#[path = "../../../scripts/bench/row.rs"]
mod row;

use domain::ledger::{
    Body, Command, DeviceKey, Entry, Event, NewEnvironment, ReleaseChange, Seen, Side,
    SignedCommand,
};
use domain::project::{Outcome, Trial};
use domain::{
    CommandId, Digest, EnvironmentId, KeyId, Millis, Project, ProjectId, PromptId, ReleaseId,
    SaltedText, VersionContent, VersionId,
};
use protocol::token::{Kind, Token};
use registry::{Listening, Options as RegistryOptions, Registry};
use row::{Budget, ms_since, row};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use store::{KnownProject, Options, Place, Store};
use sync::{Address, Bearer, Client, ClientOptions, Link, Task};
use uuid::Uuid;

const PROMPTS: usize = 500;
const RUNS: usize = 5;
/// What a later pull brings.
const NEW: usize = 10;

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .map(|text| text.parse::<usize>().unwrap());
    let entries = arguments.next().unwrap_or(100_000);
    let versions = arguments.next().unwrap_or(10_000);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(measure(entries, versions));
}

async fn measure(entries: usize, versions: usize) {
    let dir = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let mut made = Maker::begin();
    made.fill(entries, versions);
    let bytes: usize = made.entries.iter().map(|entry| entry.line().len()).sum();
    println!(
        "{} entries ({} MB), {versions} versions, {} contents: made in {:.1?}",
        made.entries.len(),
        bytes / 1_000_000,
        made.contents.len(),
        began.elapsed(),
    );

    let registry =
        Registry::open(dir.path().join("registry.db"), RegistryOptions::create()).unwrap();
    let running = registry.serve(&Listening::loopback()).await.unwrap();
    let address = Address::read(&running.url()).unwrap();
    let began = Instant::now();
    let founder = client(&address, &registry.founding_token().unwrap());
    made.give(&founder).await;
    println!("given to the registry in {:.1?}", began.elapsed());

    let (mut shown, mut content, mut checking) = (Vec::new(), Vec::new(), Vec::new());
    let (mut nothing, mut later) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        let path = dir.path().join(format!("laptop-{run}.db"));
        let store = Store::open(&path, &Options::default()).unwrap();
        let place = Place::Registry {
            address: address.to_string(),
        };
        store
            .add_project(&KnownProject::new(made.project, "Bench", place))
            .unwrap();
        let link = Link::new(store, client(&address, &made.token), made.project);
        let task = Task::unwatched();

        let began = Instant::now();
        let pulled = sync::pull::pull(&link, &task).await.unwrap();
        let names = link.store.project(made.project).unwrap().prompts().count();
        shown.push(ms_since(began));
        assert_eq!(
            (pulled.entries, names),
            (made.entries.len() as u64, PROMPTS)
        );

        let began = Instant::now();
        sync::pull::pull_contents(&link, &task).await.unwrap();
        content.push(ms_since(began));
        let began = Instant::now();
        let verified = sync::verify::verify(&link, &task).await.unwrap();
        checking.push(ms_since(began));
        assert_eq!(verified, pulled.entries);
        let began = Instant::now();
        sync::pull::pull(&link, &task).await.unwrap();
        nothing.push(ms_since(began));

        let given = made.entries.len();
        made.go_on(NEW, run);
        made.give_after(&founder, given).await;
        let began = Instant::now();
        let pulled = sync::pull::pull(&link, &task).await.unwrap();
        link.store.project(made.project).unwrap();
        later.push(ms_since(began));
        assert_eq!(pulled.entries, NEW as u64);
    }
    let told = [
        (
            "first_pull",
            "first pull to the library shown, chain checked",
            &shown,
            Budget::AtMost(2_000.0),
        ),
        (
            "pull_contents",
            "then all content, in the background",
            &content,
            Budget::None,
        ),
        (
            "pull_verify",
            "then every signature and decision, in the background",
            &checking,
            Budget::None,
        ),
        (
            "later_pull",
            "a later pull that brings 10 entries",
            &later,
            Budget::None,
        ),
        (
            "empty_pull",
            "a later pull that brings nothing",
            &nothing,
            Budget::None,
        ),
    ];
    for (id, what, times, budget) in told {
        row(id, what, times, "ms", budget, "");
    }
    running.stop().await;
}

fn client(address: &Address, token: &Token) -> Client {
    let bearer = Bearer::new(token.reveal());
    Client::with_bearer(address.clone(), bearer, &ClientOptions::default()).unwrap()
}

/// Makes a project as its registry would have, on its own.
struct Maker {
    key: DeviceKey,
    project: ProjectId,
    token: Token,
    trial: Trial,
    contents: BTreeMap<Digest, Arc<[u8]>>,
    entries: Vec<Entry>,
    drawn: u128,
    environments: Vec<EnvironmentId>,
}

impl Maker {
    fn begin() -> Self {
        let project = ProjectId(Uuid::from_u128(1));
        let token = Token::new(Kind::Personal, KeyId(Uuid::from_u128(2)), [7; 32]);
        let environments: Vec<_> = (3..6).map(|n| EnvironmentId(Uuid::from_u128(n))).collect();
        let mut made = Self {
            key: DeviceKey::from_seed(&[9; 32]),
            project,
            token,
            trial: Trial::new(Project::new()),
            contents: BTreeMap::new(),
            entries: Vec::new(),
            drawn: 100,
            environments,
        };
        let named = ["development", "staging", "production"];
        let body = Body::CreateProject {
            name: "Bench".to_owned(),
            person: "Ada".to_owned(),
            device_name: "laptop".to_owned(),
            environments: (made.environments.iter().zip(named))
                .map(|(id, name)| NewEnvironment {
                    id: *id,
                    name: name.to_owned(),
                })
                .collect(),
            default: made.environments[0],
        };
        made.accept_as(1, body);
        let hash = made.token.hash();
        made.accept_as(
            2,
            Body::IssueToken {
                name: "laptop".to_owned(),
                hash,
                expires: None,
            },
        );
        made
    }

    fn fill(&mut self, entries: usize, versions: usize) {
        let prompts: Vec<_> = (0..PROMPTS)
            .map(|n| {
                let name = format!("team-{}/prompt {n}", n % 20);
                PromptId(self.accept(Body::CreatePrompt { name }))
            })
            .collect();
        let mut last = vec![None; PROMPTS];
        let moves = entries.saturating_sub(self.entries.len() + versions);
        let each = moves.div_ceil(versions);
        for n in 0..versions {
            let place = n % PROMPTS;
            let version = self.save(prompts[place], last[place], n);
            for step in 0..each {
                if self.entries.len() + (versions - n - 1) >= entries {
                    break;
                }
                if step % 3 == 2 {
                    self.release(prompts[place], version, last[place], step, n);
                } else {
                    self.label(prompts[place], version, n * each + step);
                }
            }
            last[place] = Some(version);
        }
    }

    fn save(&mut self, prompt: PromptId, parent: Option<VersionId>, n: usize) -> VersionId {
        let text = format!(
            "Version {n}. {}",
            "Answer the customer politely and briefly. ".repeat(45)
        );
        let content = self.put(VersionContent::text(text).encode().unwrap());
        let message = self.text(&format!("why version {n}"), n);
        VersionId(self.accept(Body::SaveVersion {
            prompt,
            parents: parent.into_iter().collect(),
            content,
            includes: Vec::new(),
            reads: Vec::new(),
            message,
        }))
    }

    fn label(&mut self, prompt: PromptId, version: VersionId, n: usize) {
        let label = format!("mark {}", (b'a' + u8::try_from(n % 23).unwrap()) as char);
        let replaces = self
            .trial
            .project()
            .prompt(prompt)
            .unwrap()
            .labelled(&label);
        if replaces == Some(version) {
            return self.label(prompt, version, n + 1);
        }
        self.accept(Body::SetLabel {
            prompt,
            label,
            version,
            replaces,
        });
    }

    fn release(
        &mut self,
        prompt: PromptId,
        version: VersionId,
        before: Option<VersionId>,
        step: usize,
        n: usize,
    ) {
        let environment = self.environments[step % 3];
        let now = self.trial.project().last_served(environment, prompt);
        let replaces: Option<ReleaseId> = now.map(|serving| serving.release);
        // What is served already is split between the two newest, so that each release changes something.
        let full = Side {
            version,
            weight: domain::split::SLOTS,
        };
        let half = |version| Side {
            version,
            weight: domain::split::SLOTS / 2,
        };
        let served = now.map(|serving| serving.sides.clone()).unwrap_or_default();
        let sides = match before {
            Some(before) if served == [full] => vec![half(version), half(before)],
            None if served == [full] => return self.label(prompt, version, n),
            _ => vec![full],
        };
        let reason = self.text("it is better", self.entries.len());
        self.accept(Body::Release {
            changes: vec![ReleaseChange {
                environment,
                prompt,
                sides,
                replaces,
            }],
            reason,
            promoted_from: None,
            request: None,
            step: None,
            override_reason: None,
        });
    }

    fn text(&mut self, text: &str, n: usize) -> Digest {
        let mut salt = [0; 16];
        salt[..8].copy_from_slice(&(n as u64).to_be_bytes());
        self.put(SaltedText::new(text, salt).encode().unwrap())
    }

    fn put(&mut self, (bytes, digest): (Vec<u8>, Digest)) -> Digest {
        self.contents.insert(digest, bytes.into());
        digest
    }

    fn accept(&mut self, body: Body) -> Uuid {
        self.drawn += 1;
        self.accept_as(self.drawn, body)
    }

    fn accept_as(&mut self, id: u128, body: Body) -> Uuid {
        let at = Millis(1_700_000_000_000 + i64::try_from(self.entries.len()).unwrap());
        let command = Command {
            id: CommandId(Uuid::from_u128(id)),
            project: self.project,
            device: self.key.public(),
            seen: self.trial.project().seen(),
            at,
            body,
        };
        let signed = SignedCommand::sign(command, &self.key).unwrap();
        match self.trial.submit(&signed, &self.contents, at) {
            Outcome::Accepted(entry) => self.entries.push(*entry),
            other => panic!("{other:?}"),
        }
        Uuid::from_u128(id)
    }

    /// So many further entries: marks that move between the two newest versions of a prompt.
    fn go_on(&mut self, entries: usize, round: usize) {
        let prompt = self.trial.project().prompts().next().unwrap();
        let id = prompt.id;
        let versions: Vec<_> = prompt.versions().map(|v| v.id).collect();
        for n in 0..entries {
            self.label(id, versions[round % versions.len()], n);
        }
    }

    async fn give(&self, founder: &Client) {
        self.give_after(founder, 0).await;
    }

    async fn give_after(&self, founder: &Client, given: usize) {
        let mut extends = match given {
            0 => Seen::default(),
            _ => Seen {
                seq: self.entries[given - 1].seq(),
                digest: self.entries[given - 1].digest(),
            },
        };
        for chunk in self.entries[given..].chunks(5_000) {
            let named = chunk
                .iter()
                .flat_map(Entry::events)
                .flat_map(Event::contents);
            let contents: Vec<_> = named
                .map(|digest| {
                    (
                        digest,
                        String::from_utf8(self.contents[&digest].to_vec()).unwrap(),
                    )
                })
                .collect();
            let given = founder
                .give(self.project, extends, &contents, chunk)
                .await
                .unwrap();
            extends = Seen {
                seq: given.head.seq,
                digest: given.head.digest,
            };
        }
    }
}
