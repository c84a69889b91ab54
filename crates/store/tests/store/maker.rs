//! A registry in a few lines: decides commands by the real rules and gives real entries.
#![allow(dead_code, reason = "each binary that includes this uses a part of it")]

use domain::ledger::{Body, Command, DeviceKey, Entry, NewEnvironment, Side, SignedCommand};
use domain::project::{Outcome, Trial};
use domain::{
    CommandId, Digest, EnvironmentId, Millis, Project, ProjectId, PromptId, SaltedText,
    VersionContent, VersionId,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{KnownProject, NewContent, Options, Place, Store};
use uuid::Uuid;

/// Twelve o'clock on some day.
pub const NOON: i64 = 1_700_000_000_000;

pub struct Maker {
    pub key: DeviceKey,
    pub trial: Trial,
    pub contents: BTreeMap<Digest, Arc<[u8]>>,
    pub entries: Vec<Entry>,
    pub project: ProjectId,
    pub environments: Vec<EnvironmentId>,
    next: u128,
    pub now: i64,
}

impl Maker {
    /// A founded project with development, staging and production.
    pub fn new(seed: u8) -> Self {
        let key = DeviceKey::from_seed(&[seed; 32]);
        let first = (u128::from(seed) << 64) + 1;
        let environments: Vec<_> = (0..3)
            .map(|n| EnvironmentId(Uuid::from_u128((u128::from(seed) << 96) + 1 + n)))
            .collect();
        let mut maker = Self {
            key,
            trial: Trial::new(Project::new()),
            contents: BTreeMap::new(),
            entries: Vec::new(),
            project: ProjectId(Uuid::from_u128(first)),
            environments: environments.clone(),
            next: first,
            now: NOON,
        };
        let names = ["development", "staging", "production"];
        maker.accept(Body::CreateProject {
            name: "Bank".to_owned(),
            person: "Ada".to_owned(),
            device_name: "laptop".to_owned(),
            environments: environments
                .iter()
                .zip(names)
                .map(|(id, name)| NewEnvironment {
                    id: *id,
                    name: name.to_owned(),
                })
                .collect(),
            default: environments[2],
        });
        maker
    }

    pub fn state(&self) -> &Project {
        self.trial.project()
    }

    pub fn id(&mut self) -> CommandId {
        let id = CommandId(Uuid::from_u128(self.next));
        self.next += 1;
        id
    }

    pub fn command(&mut self, body: Body) -> Command {
        Command {
            id: self.id(),
            project: self.project,
            device: self.key.public(),
            seen: self.state().seen(),
            at: Millis(self.now),
            body,
        }
    }

    pub fn sign(&mut self, body: Body) -> SignedCommand {
        let command = self.command(body);
        SignedCommand::sign(command, &self.key).expect("signs")
    }

    pub fn submit(&mut self, signed: &SignedCommand) -> Outcome {
        self.now += 1000;
        let outcome = self.trial.submit(signed, &self.contents, Millis(self.now));
        if let Outcome::Accepted(entry) = &outcome {
            self.entries.push((**entry).clone());
        }
        outcome
    }

    pub fn accept(&mut self, body: Body) -> CommandId {
        let signed = self.sign(body);
        match self.submit(&signed) {
            Outcome::Accepted(_) => signed.id(),
            other => panic!("not accepted: {other:?}"),
        }
    }

    pub fn put(&mut self, bytes: Vec<u8>) -> Digest {
        let digest = Digest::of(&bytes);
        self.contents.insert(digest, bytes.into());
        digest
    }

    pub fn message(&mut self, text: &str) -> Digest {
        let salt = u128::from(self.contents.len() as u64).to_be_bytes();
        let (bytes, _) = SaltedText::new(text, salt).encode().expect("encodes");
        self.put(bytes)
    }

    pub fn prompt(&mut self, name: &str) -> PromptId {
        let name = name.to_owned();
        PromptId(self.accept(Body::CreatePrompt { name }).0)
    }

    pub fn version_body(
        &mut self,
        prompt: PromptId,
        parents: &[VersionId],
        text: &str,
        message: &str,
    ) -> Body {
        let (bytes, _) = VersionContent::text(text).encode().expect("encodes");
        let content = self.put(bytes);
        let message = self.message(message);
        Body::SaveVersion {
            prompt,
            parents: parents.to_vec(),
            content,
            includes: Vec::new(),
            reads: Vec::new(),
            message,
        }
    }

    pub fn version(
        &mut self,
        prompt: PromptId,
        parents: &[VersionId],
        text: &str,
        message: &str,
    ) -> VersionId {
        let body = self.version_body(prompt, parents, text, message);
        VersionId(self.accept(body).0)
    }

    pub fn release(&mut self, prompt: PromptId, version: VersionId, environment: usize) {
        let environment = self.environments[environment];
        let reason = self.message("because");
        let replaces = self
            .state()
            .last_served(environment, prompt)
            .map(|serving| serving.release);
        self.accept(Body::Release {
            changes: vec![domain::ledger::ReleaseChange {
                environment,
                prompt,
                sides: vec![Side {
                    version,
                    weight: 10_000,
                }],
                replaces,
            }],
            reason,
            promoted_from: None,
            request: None,
            step: None,
            override_reason: None,
        });
    }

    /// All content so far, as a pull brings it.
    pub fn new_contents(&self) -> Vec<NewContent<'_>> {
        self.contents
            .iter()
            .map(|(digest, bytes)| NewContent {
                digest: *digest,
                bytes,
            })
            .collect()
    }

    /// Makes a store know this project and pulls everything.
    pub fn fill(&self, store: &Store) {
        let known = KnownProject::new(self.project, "Bank", Place::ThisComputer);
        store.add_project(&known).expect("adds the project");
        self.pull(store);
    }

    /// Brings a store up to date.
    pub fn pull(&self, store: &Store) -> Arc<Project> {
        let head = store.head(self.project).expect("head");
        let from = usize::try_from(head.seq).expect("small");
        store
            .append(
                self.project,
                head,
                &self.entries[from..],
                &self.new_contents(),
                Millis(self.now),
            )
            .expect("appends")
    }
}

/// A store in a folder that goes away with the test.
pub fn open(folder: &tempfile::TempDir) -> Store {
    Store::open(folder.path().join("galley.db"), &Options::default()).expect("opens")
}
