//! Who acts in the tests: a house with a registry, its members and the applications that read.

use domain::ledger::{
    Body, Command, DeviceKey, NewEnvironment, Pointer, ReleaseChange, Seen, Side, SignedCommand,
};
use domain::permissions::Role;
use domain::{
    CommandId, Digest, EnvironmentId, KeyId, Millis, ProjectId, PromptId, ReleaseId, SaltedText,
    VersionContent, VersionId,
};
use protocol::commands::{CommandOutcome, CommandResult, CommandsRequest, CommandsResponse};
use protocol::ledger::Me;
use protocol::paths;
use protocol::token::{Invitation, Kind, Token};
use registry::{Listening, Options, Registry, Running};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;
use uuid::Uuid;

/// 256 bits that nobody else has.
pub fn bits() -> [u8; 32] {
    let mut bits = [0; 32];
    getrandom::fill(&mut bits).unwrap();
    bits
}

pub fn id() -> Uuid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&bits()[..16]);
    Uuid::from_bytes(bytes)
}

pub fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(Duration::from_secs(60))
        .build()
        .unwrap()
}

/// A new registry with something about its limits changed.
pub fn with_limits(change: impl FnOnce(&mut registry::Limits)) -> Options {
    let mut options = Options::create();
    change(&mut options.limits);
    options
}

/// A registry that is listening, with its data file.
pub struct House {
    pub dir: TempDir,
    pub registry: Registry,
    pub running: Running,
}

impl House {
    pub async fn open() -> Self {
        Self::with(Options::create()).await
    }

    pub async fn with(options: Options) -> Self {
        Self::within(TempDir::new().unwrap(), options).await
    }

    pub async fn within(dir: TempDir, options: Options) -> Self {
        let registry = Registry::open(dir.path().join("registry.sqlite"), options).unwrap();
        let running = registry.serve(&Listening::loopback()).await.unwrap();
        Self {
            dir,
            registry,
            running,
        }
    }

    pub fn file(&self) -> PathBuf {
        self.dir.path().join("registry.sqlite")
    }

    pub fn url(&self) -> String {
        self.running.url()
    }

    /// A new project with Ada as its admin.
    pub async fn found(&self) -> Team {
        let invitation = self.registry.founding_token().unwrap().reveal();
        Team::found(&self.url(), &invitation).await
    }

    /// Stops it and opens the same file again.
    pub async fn restart(self) -> Self {
        self.reopen(Options::default()).await
    }

    pub async fn reopen(self, options: Options) -> Self {
        let Self {
            dir,
            registry,
            running,
        } = self;
        running.stop().await;
        drop(registry);
        Self::within(dir, options).await
    }
}

/// A project with three environments and its founder.
pub struct Team {
    pub project: ProjectId,
    pub ada: Member,
    pub development: EnvironmentId,
    pub staging: EnvironmentId,
    pub production: EnvironmentId,
}

pub fn founding() -> (Body, [EnvironmentId; 3]) {
    let environments = [(); 3].map(|()| EnvironmentId(id()));
    let named = ["development", "staging", "production"];
    let body = Body::CreateProject {
        name: "Support desk".into(),
        person: "Ada".into(),
        device_name: "Ada laptop".into(),
        environments: environments
            .iter()
            .zip(named)
            .map(|(id, name)| NewEnvironment {
                id: *id,
                name: name.into(),
            })
            .collect(),
        default: environments[2],
    };
    (body, environments)
}

impl Team {
    pub async fn found(url: &str, invitation: &str) -> Self {
        let key = DeviceKey::from_seed(&bits());
        let project = ProjectId(id());
        let (body, [development, staging, production]) = founding();
        let founder = Member::new(url, project, key, invitation.to_owned());
        let create = founder.signed(CommandId(project.0), Seen::default(), body);
        let (issue, token) = founder.token_command();
        let outcomes = founder.send(&[create, issue]).await;
        assert!(outcomes.iter().all(is_accepted), "{outcomes:?}");
        let ada = Member {
            bearer: token.reveal(),
            ..founder
        };
        Self {
            project,
            ada,
            development,
            staging,
            production,
        }
    }
}

/// A person with a device and a token.
#[derive(Clone)]
pub struct Member {
    pub http: reqwest::Client,
    pub url: String,
    pub project: ProjectId,
    pub key: DeviceKey,
    pub bearer: String,
}

pub fn is_accepted(outcome: &CommandOutcome) -> bool {
    matches!(outcome.result, CommandResult::Accepted { .. })
}

impl Member {
    pub fn new(url: &str, project: ProjectId, key: DeviceKey, bearer: String) -> Self {
        Self {
            http: client(),
            url: url.to_owned(),
            project,
            key,
            bearer,
        }
    }

    pub fn signed(&self, id: CommandId, seen: Seen, body: Body) -> SignedCommand {
        let command = Command {
            id,
            project: self.project,
            device: self.key.public(),
            seen,
            at: Millis(1_790_000_000_000),
            body,
        };
        SignedCommand::sign(command, &self.key).unwrap()
    }

    /// A command of somebody who has seen nothing yet: always allowed.
    pub fn command(&self, body: Body) -> SignedCommand {
        self.signed(CommandId(id()), Seen::default(), body)
    }

    pub fn token_command(&self) -> (SignedCommand, Token) {
        let at = CommandId(id());
        let token = Token::new(Kind::Personal, KeyId::from(at), bits());
        let body = Body::IssueToken {
            name: "laptop".into(),
            hash: token.hash(),
            expires: None,
        };
        (self.signed(at, Seen::default(), body), token)
    }

    pub async fn try_send(&self, commands: &[SignedCommand]) -> reqwest::Response {
        let request = CommandsRequest {
            commands: commands.iter().map(Into::into).collect(),
        };
        self.http
            .post(format!("{}{}", self.url, paths::commands(self.project)))
            .bearer_auth(&self.bearer)
            .json(&request)
            .send()
            .await
            .unwrap()
    }

    pub async fn send(&self, commands: &[SignedCommand]) -> Vec<CommandOutcome> {
        let response = self.try_send(commands).await;
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert_eq!(status, 200, "{text}");
        serde_json::from_str::<CommandsResponse>(&text)
            .unwrap()
            .outcomes
    }

    /// Sends one command that must be accepted.
    pub async fn does(&self, body: Body) -> CommandId {
        let command = self.command(body);
        let outcomes = self.send(std::slice::from_ref(&command)).await;
        assert!(is_accepted(&outcomes[0]), "{outcomes:?}");
        command.id()
    }

    /// Sends one command that must be refused.
    pub async fn may_not(&self, body: Body) -> domain::Refusal {
        match self.send(&[self.command(body)]).await.remove(0).result {
            CommandResult::Refused { refusal } => refusal,
            accepted => panic!("{accepted:?}"),
        }
    }

    pub async fn try_put(&self, digest: Digest, bytes: Vec<u8>) -> reqwest::Response {
        self.http
            .put(format!(
                "{}{}",
                self.url,
                paths::content(self.project, &digest)
            ))
            .bearer_auth(&self.bearer)
            .body(bytes)
            .send()
            .await
            .unwrap()
    }

    pub async fn puts(&self, bytes: Vec<u8>) -> Digest {
        let digest = Digest::of(&bytes);
        let status = self.try_put(digest, bytes).await.status();
        assert!(status.is_success(), "{status}");
        digest
    }

    pub async fn writes(&self, text: &str) -> Digest {
        let mut salt = [0; 16];
        salt.copy_from_slice(&bits()[..16]);
        let (bytes, _) = SaltedText::new(text, salt).encode().unwrap();
        self.puts(bytes).await
    }

    pub async fn creates_prompt(&self, name: &str) -> PromptId {
        self.does(Body::CreatePrompt { name: name.into() })
            .await
            .into()
    }

    pub async fn saves(&self, prompt: PromptId, text: &str) -> VersionId {
        self.saves_on(prompt, Vec::new(), text).await
    }

    pub async fn saves_after(&self, prompt: PromptId, parent: VersionId, text: &str) -> VersionId {
        self.saves_on(prompt, vec![parent], text).await
    }

    async fn saves_on(&self, prompt: PromptId, parents: Vec<VersionId>, text: &str) -> VersionId {
        let (bytes, content) = VersionContent::text(text).encode().unwrap();
        self.puts(bytes).await;
        let message = self.writes("tuned the tone").await;
        let body = Body::SaveVersion {
            prompt,
            parents,
            content,
            includes: Vec::new(),
            reads: Vec::new(),
            message,
        };
        self.does(body).await.into()
    }

    pub async fn releases(
        &self,
        environment: EnvironmentId,
        prompt: PromptId,
        sides: &[(VersionId, u32)],
        replaces: Option<ReleaseId>,
    ) -> ReleaseId {
        let reason = self.writes("ready").await;
        let sides = sides.iter().map(|(version, weight)| Side {
            version: *version,
            weight: *weight,
        });
        let change = ReleaseChange {
            environment,
            prompt,
            sides: sides.collect(),
            replaces,
        };
        self.does(Body::Release {
            changes: vec![change],
            reason,
            promoted_from: None,
            request: None,
            step: None,
            override_reason: None,
        })
        .await
        .into()
    }

    pub async fn reverts(
        &self,
        environment: EnvironmentId,
        to: ReleaseId,
        prompt: PromptId,
        replaces: ReleaseId,
    ) -> ReleaseId {
        let reason = self.writes("it was rude").await;
        let prompts = vec![Pointer { prompt, replaces }];
        self.does(Body::Revert {
            environment,
            to,
            prompts,
            reason,
        })
        .await
        .into()
    }

    pub async fn issues_key(&self, environment: EnvironmentId) -> (Reader, KeyId) {
        let at = CommandId(id());
        let token = Token::new(Kind::Environment, KeyId::from(at), bits());
        let body = Body::IssueEnvironmentKey {
            environment,
            name: "app".into(),
            hash: token.hash(),
            expires: None,
        };
        let outcomes = self.send(&[self.signed(at, Seen::default(), body)]).await;
        assert!(is_accepted(&outcomes[0]), "{outcomes:?}");
        let reader = Reader {
            http: self.http.clone(),
            url: self.url.clone(),
            bearer: token.reveal(),
        };
        (reader, token.id)
    }

    pub async fn invites(&self, role: Role) -> (Invitation, domain::InvitationId) {
        let invitation = Invitation::new(self.project, Digest::of(b"first"), bits());
        let body = Body::Invite {
            key: invitation.key().public(),
            hash: invitation.hash(),
            role,
            name: "Ben".into(),
            expires: Millis(4_000_000_000_000),
        };
        let id = self.does(body).await.into();
        (invitation, id)
    }

    /// Joins with an invitation; gives the new member, and the command that did it.
    pub async fn joins(
        url: &str,
        invitation: &Invitation,
        id_: domain::InvitationId,
    ) -> (Self, SignedCommand) {
        let key = DeviceKey::from_seed(&bits());
        let guest = Self::new(
            url,
            invitation.project,
            invitation.key(),
            invitation.bearer(),
        );
        let at = CommandId(id());
        let token = Token::new(Kind::Personal, KeyId::from(at), bits());
        let body = Body::Join {
            invitation: id_,
            name: "Ben".into(),
            device: key.public(),
            device_name: "Ben laptop".into(),
            token: token.hash(),
        };
        let command = guest.signed(at, Seen::default(), body);
        let outcomes = guest.send(std::slice::from_ref(&command)).await;
        assert!(is_accepted(&outcomes[0]), "{outcomes:?}");
        (
            Self::new(url, invitation.project, key, token.reveal()),
            command,
        )
    }

    pub async fn gets(&self, path: &str) -> reqwest::Response {
        self.http
            .get(format!("{}{path}", self.url))
            .bearer_auth(&self.bearer)
            .send()
            .await
            .unwrap()
    }

    pub async fn me(&self) -> Me {
        self.gets(paths::ME).await.json().await.unwrap()
    }

    pub async fn head(&self) -> protocol::ledger::LedgerHead {
        match self.me().await {
            Me::Person { head, .. } => head,
            other => panic!("{other:?}"),
        }
    }

    /// The lines of the whole ledger.
    pub async fn ledger(&self) -> Vec<String> {
        let text = self
            .gets(&paths::ledger(self.project, 0))
            .await
            .text()
            .await
            .unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

/// An application with an environment key.
#[derive(Clone)]
pub struct Reader {
    pub http: reqwest::Client,
    pub url: String,
    pub bearer: String,
}

impl Reader {
    pub async fn gets(&self, path: &str) -> reqwest::Response {
        self.http
            .get(format!("{}{path}", self.url))
            .bearer_auth(&self.bearer)
            .send()
            .await
            .unwrap()
    }

    /// The text that is served of a prompt of one message.
    pub async fn text_of(&self, path: &str) -> String {
        let response = self.gets(path).await;
        let (status, body) = (response.status(), response.text().await.unwrap());
        assert_eq!(status, 200, "{body}");
        let served: protocol::serving::ServedPrompt = serde_json::from_str(&body).unwrap();
        let mut templates = served.version.content.templates();
        templates.next().unwrap().1.to_owned()
    }
}
