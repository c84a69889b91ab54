//! A person at a computer: a real store, a key, a token, and what they do there.

use domain::ledger::{
    Body, Command, DeviceKey, NewEnvironment, Pointer, ReleaseChange, Side, SignedCommand,
};
use domain::permissions::Role;
use domain::{
    CommandId, EnvironmentId, KeyId, Millis, Project, ProjectId, PromptId, ReleaseId, SaltedText,
    VersionContent, VersionId,
};
use protocol::token::{Invitation, Kind, Token};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use store::{NewCommand, NewContent, Options, Place, QueueRequest, Store, View};
use sync::{
    Address, Bearer, Client, ClientOptions, Founding, Link, Newcomer, Report, Signer, SyncError,
    Task,
};
use tempfile::TempDir;
use uuid::Uuid;

static DRAWN: AtomicU64 = AtomicU64::new(1);

/// Ids and secrets that nothing else in this process has.
pub fn draw() -> u128 {
    u128::from(DRAWN.fetch_add(1, Ordering::Relaxed)) << 64 | 0x6a11_e700
}

fn secret() -> [u8; 32] {
    domain::Digest::of(&draw().to_be_bytes()).0
}

pub fn now() -> Millis {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    Millis(i64::try_from(since.as_millis()).unwrap())
}

/// A person at a computer.
pub struct Desk {
    pub store: Store,
    pub project: ProjectId,
    pub key: DeviceKey,
    pub token: Token,
    pub link: Link,
    _dir: TempDir,
}

pub fn client(url: &str, bearer: &str) -> Client {
    let address = Address::read(url).unwrap();
    Client::with_bearer(address, Bearer::new(bearer), &ClientOptions::default()).unwrap()
}

pub fn signer(key: &DeviceKey) -> Signer {
    let key = key.clone();
    Arc::new(move |command: &Command| SignedCommand::sign(command.clone(), &key).ok())
}

pub fn open_store() -> (TempDir, Store) {
    let dir = TempDir::new().unwrap();
    let store = Store::open(dir.path().join("galley.db"), &Options::default()).unwrap();
    (dir, store)
}

/// What a project with development, staging and production is founded with.
pub fn founding(url: &str, invitation: &Token) -> (Founding, DeviceKey) {
    let key = DeviceKey::from_seed(&secret());
    let environments: Vec<_> = ["development", "staging", "production"]
        .map(|name| NewEnvironment {
            id: EnvironmentId(Uuid::from_u128(draw())),
            name: name.to_owned(),
        })
        .into();
    let wanted = Founding {
        project: ProjectId(Uuid::from_u128(draw())),
        name: "Support".to_owned(),
        person: "Ada".to_owned(),
        device: key.public(),
        device_name: "Adas laptop".to_owned(),
        default: environments[0].id,
        environments,
        token: Token::new(Kind::Personal, KeyId(Uuid::from_u128(draw())), secret()),
        invitation: invitation.id,
        place: Place::Registry {
            address: url.to_owned(),
        },
        at: now(),
    };
    (wanted, key)
}

/// What somebody joins with.
pub fn newcomer(name: &str) -> (Newcomer, DeviceKey) {
    let key = DeviceKey::from_seed(&secret());
    let newcomer = Newcomer {
        name: name.to_owned(),
        device: key.public(),
        device_name: format!("{name} laptop"),
        token: Token::new(Kind::Personal, KeyId(Uuid::from_u128(draw())), secret()),
    };
    (newcomer, key)
}

impl Desk {
    /// Founds a project with development, staging and production.
    pub async fn founds(url: &str, invitation: &Token) -> Self {
        let (dir, store) = open_store();
        let (wanted, key) = founding(url, invitation);
        let (project, token) = (wanted.project, wanted.token.clone());
        let founder = client(url, &invitation.reveal());
        let signer = signer(&key);
        sync::found(&store, &founder, &wanted, &signer, &Task::unwatched())
            .await
            .unwrap();
        let link = Link::new(store.clone(), client(url, &token.reveal()), project);
        Self {
            store,
            project,
            key,
            token,
            link,
            _dir: dir,
        }
    }

    /// Invites somebody, and sends it.
    pub async fn invites(&self, role: Role) -> Invitation {
        let first = self.store.entry_digest(self.project, 1).unwrap().unwrap();
        let invitation = Invitation::new(self.project, first, secret());
        self.asks(Body::Invite {
            key: invitation.key().public(),
            hash: invitation.hash(),
            role,
            name: "somebody".to_owned(),
            expires: now().plus(3_600_000),
        });
        self.syncs().await.unwrap();
        invitation
    }

    /// Joins at a new computer.
    pub async fn joins(url: &str, invitation: &Invitation, name: &str) -> Self {
        Self::tries_to_join(url, invitation, name).await.unwrap()
    }

    pub async fn tries_to_join(
        url: &str,
        invitation: &Invitation,
        name: &str,
    ) -> Result<Self, SyncError> {
        let (dir, store) = open_store();
        let (newcomer, key) = newcomer(name);
        let token = newcomer.token.clone();
        let stranger = client(url, "none");
        sync::join(&store, &stranger, invitation, &newcomer, &Task::unwatched()).await?;
        let project = invitation.project;
        let link = Link::new(store.clone(), client(url, &token.reveal()), project);
        Ok(Self {
            store,
            project,
            key,
            token,
            link,
            _dir: dir,
        })
    }

    /// The same computer with an empty store: as after its file was lost.
    pub fn begins_anew(&self, url: &str) -> Self {
        let (dir, store) = open_store();
        let place = Place::Registry {
            address: url.to_owned(),
        };
        store
            .add_project(&store::KnownProject::new(self.project, "Support", place))
            .unwrap();
        Self {
            link: Link::new(
                store.clone(),
                client(url, &self.token.reveal()),
                self.project,
            ),
            store,
            project: self.project,
            key: self.key.clone(),
            token: self.token.clone(),
            _dir: dir,
        }
    }

    /// The same desk, talking to another registry.
    pub fn moved_to(self, link: Link) -> Self {
        Self { link, ..self }
    }

    pub fn signer(&self) -> Signer {
        signer(&self.key)
    }

    pub async fn syncs(&self) -> Result<Report, SyncError> {
        sync::sync_once(&self.link, &self.signer(), &Task::unwatched()).await
    }

    pub fn view(&self) -> Arc<View> {
        self.store.view(self.project, now()).unwrap()
    }

    pub fn state(&self) -> Arc<Project> {
        self.store.project(self.project).unwrap()
    }

    pub fn lines(&self) -> Vec<String> {
        self.store.lines(self.project, 0, usize::MAX).unwrap()
    }

    /// Queues a command as the app does.
    pub fn asks(&self, body: Body) -> CommandId {
        self.asks_with(body, &[])
    }

    pub fn asks_with(&self, body: Body, contents: &[&[u8]]) -> CommandId {
        self.asks_at(body, contents, now())
    }

    /// The same, at another time.
    pub fn asks_at(&self, body: Body, contents: &[&[u8]], at: Millis) -> CommandId {
        let command = Command {
            id: CommandId(Uuid::from_u128(draw())),
            project: self.project,
            device: self.key.public(),
            seen: self.state().seen(),
            at,
            body,
        };
        let id = command.id;
        let signed = SignedCommand::sign(command, &self.key).unwrap();
        let request = QueueRequest {
            commands: vec![NewCommand::Signed(signed)],
            contents: contents
                .iter()
                .map(|bytes| NewContent {
                    digest: domain::Digest::of(bytes),
                    bytes,
                })
                .collect(),
            ..QueueRequest::default()
        };
        self.store.queue(self.project, &request, at).unwrap();
        id
    }

    pub fn creates(&self, name: &str) -> PromptId {
        PromptId::from(self.asks(Body::CreatePrompt {
            name: name.to_owned(),
        }))
    }

    pub fn saves(&self, prompt: PromptId, parents: Vec<VersionId>, text: &str) -> VersionId {
        let (content, digest) = VersionContent::text(text).encode().unwrap();
        let (message, named) = typed(&format!("why {text}"));
        let body = Body::SaveVersion {
            prompt,
            parents,
            content: digest,
            includes: Vec::new(),
            reads: Vec::new(),
            message: named,
        };
        VersionId::from(self.asks_with(body, &[&content, &message]))
    }

    pub fn releases(
        &self,
        environment: EnvironmentId,
        prompt: PromptId,
        version: VersionId,
    ) -> ReleaseId {
        self.releases_at(environment, prompt, version, None, now())
    }

    pub fn releases_at(
        &self,
        environment: EnvironmentId,
        prompt: PromptId,
        version: VersionId,
        promoted_from: Option<EnvironmentId>,
        at: Millis,
    ) -> ReleaseId {
        let (reason, digest) = typed("it is better");
        let replaces = self
            .view()
            .ahead
            .last_served(environment, prompt)
            .map(|serving| serving.release);
        let sides = vec![Side {
            version,
            weight: domain::split::SLOTS,
        }];
        let body = Body::Release {
            changes: vec![ReleaseChange {
                environment,
                prompt,
                sides,
                replaces,
            }],
            reason: digest,
            promoted_from,
            request: None,
            step: None,
            override_reason: None,
        };
        ReleaseId::from(self.asks_at(body, &[&reason], at))
    }

    pub fn reverts(
        &self,
        environment: EnvironmentId,
        prompt: PromptId,
        to: ReleaseId,
        at: Millis,
    ) -> Option<ReleaseId> {
        let (reason, digest) = typed("it was better before");
        let replaces = self.view().ahead.last_served(environment, prompt)?.release;
        let body = Body::Revert {
            environment,
            to,
            prompts: vec![Pointer { prompt, replaces }],
            reason: digest,
        };
        Some(ReleaseId::from(self.asks_at(body, &[&reason], at)))
    }

    pub fn environment(&self, name: &str) -> EnvironmentId {
        self.state().environment_named(name).unwrap().id
    }
}

/// What a person typed, as it is stored.
pub fn typed(text: &str) -> (Vec<u8>, domain::Digest) {
    let mut salt = [0; 16];
    salt.copy_from_slice(&secret()[..16]);
    SaltedText::new(text, salt).encode().unwrap()
}
