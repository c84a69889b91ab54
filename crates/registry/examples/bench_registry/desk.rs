//! A project to measure with, decided in memory and written to a file at once.

use domain::ledger::{Body, Command, DeviceKey, Entry, NewEnvironment, Seen, SignedCommand};
use domain::project::{Outcome, Trial};
use domain::{CommandId, Digest, EnvironmentId, KeyId, Millis, Project, ProjectId, SaltedText};
use protocol::token::{Kind, Token};
use registry::ledger::Append;
use registry::sqlite::{FileOptions, Sqlite};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use uuid::Uuid;

/// Ids in order.
pub struct Ids(pub u128);

impl Ids {
    pub fn next(&mut self) -> Uuid {
        self.0 += 1;
        Uuid::from_u128(self.0)
    }
}

/// A project as its founder's laptop would make it, decided in memory.
pub struct Desk {
    ids: Ids,
    pub key: DeviceKey,
    pub project: ProjectId,
    trial: Trial,
    contents: BTreeMap<Digest, Arc<[u8]>>,
    pub entries: Vec<Entry>,
}

impl Desk {
    pub fn new() -> (Self, EnvironmentId) {
        let mut ids = Ids(0);
        let project = ProjectId(ids.next());
        let production = EnvironmentId(ids.next());
        let mut desk = Self {
            ids,
            key: DeviceKey::from_seed(&[7; 32]),
            project,
            trial: Trial::new(Project::new()),
            contents: BTreeMap::new(),
            entries: Vec::new(),
        };
        let found = Body::CreateProject {
            name: "Bench".into(),
            person: "Ada".into(),
            device_name: "laptop".into(),
            environments: vec![NewEnvironment {
                id: production,
                name: "production".into(),
            }],
            default: production,
        };
        desk.accept(CommandId(project.0), found);
        (desk, production)
    }

    fn sign(&self, id: CommandId, body: Body) -> SignedCommand {
        let command = Command {
            id,
            project: self.project,
            device: self.key.public(),
            seen: Seen::default(),
            at: Millis(1),
            body,
        };
        SignedCommand::sign(command, &self.key).unwrap()
    }

    fn accept(&mut self, id: CommandId, body: Body) -> CommandId {
        let signed = self.sign(id, body);
        match self.trial.submit(&signed, &self.contents, Millis(1)) {
            Outcome::Accepted(entry) => self.entries.push(*entry),
            other => panic!("{other:?}"),
        }
        id
    }

    pub fn does(&mut self, body: Body) -> CommandId {
        let id = CommandId(self.ids.next());
        self.accept(id, body)
    }

    pub fn keep(&mut self, bytes: Vec<u8>) -> Digest {
        let digest = Digest::of(&bytes);
        self.contents.insert(digest, bytes.into());
        digest
    }

    pub fn writes(&mut self) -> Digest {
        let salt = *self.ids.next().as_bytes();
        let (bytes, _) = SaltedText::new("ready", salt).encode().unwrap();
        self.keep(bytes)
    }

    pub fn token(&mut self, kind: Kind, environment: EnvironmentId) -> Token {
        let id = CommandId(self.ids.next());
        let token = Token::new(kind, KeyId::from(id), [id.0.as_bytes()[15]; 32]);
        let (name, hash) = ("bench".to_owned(), token.hash());
        let body = match kind {
            Kind::Environment => Body::IssueEnvironmentKey {
                environment,
                name,
                hash,
                expires: None,
            },
            _ => Body::IssueToken {
                name,
                hash,
                expires: None,
            },
        };
        self.accept(id, body);
        token
    }

    pub fn into_file(self, path: &Path) {
        let ledger = Sqlite::open(
            path,
            FileOptions {
                create: true,
                max_bytes: None,
            },
        )
        .unwrap();
        let contents: Vec<_> = self.contents.into_iter().collect();
        let mut expected = Seen::default();
        for chunk in self.entries.chunks(10_000) {
            let append = Append {
                project: self.project,
                expected,
                entries: chunk,
                contents: if expected.seq == 0 { &contents } else { &[] },
                founding: None,
                now: Millis(1),
            };
            ledger.append(&append).unwrap();
            let last = chunk.last().unwrap();
            expected = Seen {
                seq: last.seq(),
                digest: last.digest(),
            };
        }
    }
}
