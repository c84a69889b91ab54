//! A registry, in this process or beside it, that serves one prompt of two versions.

use crate::desk::{Desk, Ids};
use crate::starts;
use domain::ledger::{Body, Command, DeviceKey, ReleaseChange, Seen, Side, SignedCommand};
use domain::split::SLOTS;
use domain::{
    CommandId, Digest, EnvironmentId, Millis, ProjectId, PromptId, ReleaseId, VersionContent,
    VersionId,
};
use protocol::commands::CommandsRequest;
use protocol::token::{Kind, Token};
use registry::{Listening, Options, Registry, Running};
use std::cell::RefCell;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Child;

/// What is measured, with what it takes to ask it.
pub struct Team {
    pub address: SocketAddr,
    /// Keys of applications.
    pub apps: Vec<Token>,
    pub versions: [VersionId; 2],
    pub first_release: ReleaseId,
    project: ProjectId,
    environment: EnvironmentId,
    prompt: PromptId,
    reason: Digest,
    ada: Token,
    key: DeviceKey,
    ids: RefCell<Ids>,
    house: House,
    _home: tempfile::TempDir,
}

/// Where the registry runs.
enum House {
    Here(Box<Running>),
    Beside(Child),
    Nowhere,
}

impl Team {
    /// In this process.
    pub async fn start() -> Self {
        let (mut team, file) = Self::written();
        // The registry is to be measured, not the limit that one key has.
        let mut options = Options::default();
        options.limits.environment_requests_per_second = std::num::NonZeroU32::MAX;
        let registry = Registry::open(&file, options).unwrap();
        let running = registry.serve(&Listening::loopback()).await.unwrap();
        team.address = running.address();
        team.house = House::Here(Box::new(running));
        team
    }

    /// In a process of its own, which takes as many streams as are measured.
    pub fn beside() -> Self {
        let (mut team, file) = Self::written();
        let limits = [
            "STREAMS",
            "STREAMS_PER_KEY",
            "CONNECTIONS",
            "CONNECTIONS_PER_KEY",
        ];
        let names = limits.map(|name| format!("GALLEY_REGISTRY_LIMITS__{name}"));
        let settings: Vec<_> = names.iter().map(|name| (name.as_str(), "12000")).collect();
        let (address, child) = starts::listening(&starts::program(), &file, &settings);
        team.address = address;
        team.house = House::Beside(child);
        team
    }

    /// The process that the registry runs in, as `/proc` names it.
    pub fn pid(&self) -> String {
        match &self.house {
            House::Beside(child) => child.id().to_string(),
            House::Here(_) | House::Nowhere => "self".to_owned(),
        }
    }

    /// On disk, and not yet running.
    fn written() -> (Self, PathBuf) {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("bench.sqlite");
        let (mut desk, environment) = Desk::new();
        let name = "triage".into();
        let prompt: PromptId = desk.does(Body::CreatePrompt { name }).into();
        let versions = ["Answer kindly. ", "Answer briefly. "].map(|text| {
            let content = VersionContent::text(text.repeat(48));
            let (bytes, content) = content.encode().unwrap();
            desk.keep(bytes);
            let message = desk.writes();
            let body = Body::SaveVersion {
                prompt,
                parents: Vec::new(),
                content,
                includes: Vec::new(),
                reads: Vec::new(),
                message,
            };
            VersionId::from(desk.does(body))
        });
        let reason = desk.writes();
        let release = release(environment, prompt, versions[0], None, reason);
        let first_release = desk.does(release).into();
        let apps = (0..4).map(|_| desk.token(Kind::Environment, environment));
        let apps: Vec<_> = apps.collect();
        let ada = desk.token(Kind::Personal, environment);
        let (project, key) = (desk.project, desk.key.clone());
        desk.into_file(&file);
        let team = Self {
            address: ([127, 0, 0, 1], 0).into(),
            apps,
            versions,
            first_release,
            project,
            environment,
            prompt,
            reason,
            ada,
            key,
            ids: RefCell::new(Ids(1 << 64)),
            house: House::Nowhere,
            _home: home,
        };
        (team, file)
    }

    pub async fn stop(self) {
        match self.house {
            House::Here(running) => running.stop().await,
            House::Beside(mut child) => starts::end(&mut child),
            House::Nowhere => {}
        }
    }

    /// A request of an application, with further headers.
    pub fn read(&self, app: usize, path: &str, more: &str) -> String {
        format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n{more}\r\n",
            self.address,
            self.apps[app].reveal()
        )
    }

    /// A request that sends one signed command; and the command's id.
    pub fn send(&self, body: Body) -> (CommandId, String) {
        let id = CommandId(self.ids.borrow_mut().next());
        let command = Command {
            id,
            project: self.project,
            device: self.key.public(),
            seen: Seen::default(),
            at: Millis(1),
            body,
        };
        let signed = SignedCommand::sign(command, &self.key).unwrap();
        let commands = vec![(&signed).into()];
        let body = serde_json::to_string(&CommandsRequest { commands }).unwrap();
        let request = format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n{body}",
            protocol::paths::commands(self.project),
            self.address,
            self.ada.reveal(),
            body.len()
        );
        (id, request)
    }

    /// A request that releases a version in place of what `replaces` released.
    pub fn release(&self, version: VersionId, replaces: ReleaseId) -> (CommandId, String) {
        self.send(release(
            self.environment,
            self.prompt,
            version,
            Some(replaces),
            self.reason,
        ))
    }
}

fn release(
    environment: EnvironmentId,
    prompt: PromptId,
    version: VersionId,
    replaces: Option<ReleaseId>,
    reason: Digest,
) -> Body {
    let side = Side {
        version,
        weight: SLOTS,
    };
    Body::Release {
        changes: vec![ReleaseChange {
            environment,
            prompt,
            sides: vec![side],
            replaces,
        }],
        reason,
        promoted_from: None,
        request: None,
        step: None,
        override_reason: None,
    }
}
