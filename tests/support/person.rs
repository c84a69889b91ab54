//! A person at a workbench without a window, for stories that read like the manual.

use super::Registry;
use super::wait::until;
use domain::content::{Kind, Message, ModelSettings, Role};
use domain::ledger::VerdictKind;
use domain::{EnvironmentId, ProjectId, PromptId, RequestId, VersionContent};
use std::collections::BTreeMap;
use tempfile::TempDir;
use workbench::views::{
    AskedFor, Asking, BundleChange, BundleSide, Done, Draft, Library, NextStep, PersonRole, Plan,
    PolicyDraft, PromptView, RequestView, SyncKind, VersionRow,
};
use workbench::{Error, Options, Secret, Secrets, Workbench};

/// Somebody with a laptop. Their keychain is memory: several people live in one process here, and
/// the real keychain is used by the windows' journeys and by the workbench's own tests.
pub struct Person {
    /// What they work with.
    pub bench: Workbench,
    /// The project that the story is about.
    pub project: ProjectId,
    name: String,
    _home: TempDir,
}

/// A laptop on which nothing was begun yet.
pub fn workbench() -> (Workbench, TempDir) {
    let home = tempfile::Builder::new()
        .prefix("galley-person-")
        .tempdir()
        .expect("a folder");
    let options = Options {
        home: home.path().to_owned(),
        secrets: Secrets::in_memory(),
    };
    (
        Workbench::open(options).expect("a new workbench opens"),
        home,
    )
}

impl Person {
    /// Founds a project on their own computer.
    pub async fn alone(name: &str) -> Self {
        let (bench, home) = workbench();
        let card = bench
            .create_project("Support desk".to_owned(), name.to_owned())
            .await
            .expect("a new project");
        Self {
            bench,
            project: card.id,
            name: name.to_owned(),
            _home: home,
        }
    }

    /// Makes a registry's first project with the invitation that its operator was given.
    pub async fn founding(name: &str, registry: &Registry) -> Self {
        let invitation = Secret::new(registry.invitation());
        Self::joining(name, registry.address(), invitation, Some("Support desk")).await
    }

    /// Joins the project of a colleague, who invites them as an author.
    pub async fn invited_by(colleague: &Self, name: &str, registry: &Registry) -> Self {
        Self::invited_as(PersonRole::Author, colleague, name, registry).await
    }

    /// Joins the project of a colleague in a role of their choice.
    pub async fn invited_as(
        role: PersonRole,
        colleague: &Self,
        name: &str,
        registry: &Registry,
    ) -> Self {
        Self::invited_at(registry.address(), role, colleague, name).await
    }

    /// Joins the project of a colleague at an address that leads to the registry.
    pub async fn invited_at(
        address: String,
        role: PersonRole,
        colleague: &Self,
        name: &str,
    ) -> Self {
        let invitation = colleague
            .bench
            .invite(colleague.project, role, name.to_owned())
            .await
            .expect("an admin may invite");
        Self::joining(name, address, invitation.secret, None).await
    }

    async fn joining(
        name: &str,
        address: String,
        invitation: Secret,
        project: Option<&str>,
    ) -> Self {
        let (bench, home) = workbench();
        let card = bench
            .join_team(
                address,
                invitation,
                name.to_owned(),
                project.map(str::to_owned),
            )
            .await
            .unwrap_or_else(|error| panic!("{name} joins: {error}"));
        Self {
            bench,
            project: card.id,
            name: name.to_owned(),
            _home: home,
        }
    }

    /// Writes and saves a new prompt with one system message.
    pub async fn writes(&self, prompt: &str, text: &str) -> VersionRow {
        let draft = self
            .bench
            .new_draft(self.project, prompt.to_owned(), Kind::Chat)
            .await
            .expect("a draft");
        self.saves(&draft, text, "The first version").await
    }

    /// Writes and saves a new prompt that the model of the tests answers, in a few words.
    pub async fn writes_for_a_model(&self, prompt: &str, text: &str) -> VersionRow {
        let draft = self
            .bench
            .new_draft(self.project, prompt.to_owned(), Kind::Chat)
            .await
            .expect("a draft");
        let mut with = draft.clone();
        let says = |role, text: &str| Message::Message {
            role,
            text: text.to_owned(),
            other: Default::default(),
        };
        with.content.messages = vec![
            says(Role::System, text),
            says(Role::User, "I have not received my card."),
        ];
        with.content.model = Some(ModelSettings {
            provider: "local".to_owned(),
            model: "SmolLM2-135M-Instruct".to_owned(),
            parameters: BTreeMap::from([("max_tokens".to_owned(), 8.into())]),
            other: Default::default(),
        });
        self.saves(&with, text, "The first version").await
    }

    /// Changes a prompt's system message and saves it.
    pub async fn rewrites(&self, prompt: &str, text: &str, message: &str) -> VersionRow {
        let prompt = self.prompt_id(prompt).await;
        let draft = self
            .bench
            .open_draft(self.project, prompt, None)
            .await
            .expect("a draft opens");
        self.saves(&draft, text, message).await
    }

    async fn saves(&self, draft: &Draft, text: &str, message: &str) -> VersionRow {
        let mut content = draft.content.clone();
        let system = Message::Message {
            role: Role::System,
            text: text.to_owned(),
            other: Default::default(),
        };
        match content.messages.first_mut() {
            Some(first) => *first = system,
            None => content.messages.push(system),
        }
        self.bench
            .save_draft(self.project, draft.id.clone(), content, None, None)
            .await
            .expect("the draft is kept");
        self.bench
            .save_version(self.project, draft.id.clone(), message.to_owned())
            .await
            .unwrap_or_else(|error| panic!("{} saves: {error}", self.name))
    }

    /// Sends and fetches until this computer and the registry agree.
    pub async fn syncs(&self) {
        until(&format!("{} to be in step", self.name), async || match self
            .bench
            .sync_now(self.project)
            .await
        {
            Ok(state) if state.kind == SyncKind::InStep && state.outbox == 0 => Ok(()),
            Ok(state) => Err(format!("{state:?}")),
            Err(error) => Err(error.to_string()),
        })
        .await;
    }

    /// The library as this person sees it.
    pub async fn library(&self) -> Library {
        self.bench.library(self.project).await.expect("the library")
    }

    /// A prompt's id, by name.
    pub async fn prompt_id(&self, name: &str) -> PromptId {
        let library = self.library().await;
        let row = library.prompts.iter().find(|row| row.name == name);
        row.unwrap_or_else(|| panic!("{} sees no prompt {name}: {:?}", self.name, library.prompts))
            .id
    }

    /// One prompt as this person sees it.
    pub async fn sees(&self, prompt: &str) -> PromptView {
        let id = self.prompt_id(prompt).await;
        self.bench
            .prompt(self.project, id)
            .await
            .expect("the prompt")
    }

    /// The text of a version's first message.
    pub async fn text(&self, version: &VersionRow) -> String {
        let view = self
            .bench
            .version(self.project, version.id)
            .await
            .expect("the version");
        first_text(&view.content)
    }

    /// An environment's id, by name.
    pub async fn environment(&self, name: &str) -> EnvironmentId {
        let library = self.library().await;
        let card = library.environments.iter().find(|card| card.name == name);
        card.unwrap_or_else(|| panic!("there is no environment {name}"))
            .id
    }

    async fn plans(&self, prompt: &str, version: &VersionRow, environment: &str) -> Plan {
        let change = BundleChange {
            environment: self.environment(environment).await,
            prompt: self.prompt_id(prompt).await,
            sides: vec![BundleSide {
                version: version.id,
                weight: 100,
            }],
        };
        self.bench
            .plan_release(self.project, vec![change])
            .await
            .expect("a plan")
    }

    /// Releases a version in an environment.
    pub async fn releases(&self, prompt: &str, version: &VersionRow, environment: &str) -> Done {
        let plan = self.plans(prompt, version, environment).await;
        self.carries_out(plan)
            .await
            .expect("the release is accepted")
    }

    /// Promotes what one environment serves of a prompt to another.
    pub async fn promotes(&self, prompt: &str, from: &str, to: &str) -> Result<Done, Error> {
        let (from, to) = (self.environment(from).await, self.environment(to).await);
        let prompt = self.prompt_id(prompt).await;
        let plan = self
            .bench
            .plan_promotion(self.project, from, to, vec![prompt])
            .await?;
        self.carries_out(plan).await
    }

    /// Asks for a version to be released in an environment.
    pub async fn asks_for(
        &self,
        prompt: &str,
        version: &VersionRow,
        environment: &str,
    ) -> RequestId {
        let plan = self.plans(prompt, version, environment).await;
        let asking = Asking {
            reason: "It names the intent better".to_owned(),
            ..Asking::default()
        };
        self.bench
            .ask_for_release(self.project, plan.id, asking)
            .await
            .unwrap_or_else(|error| panic!("{} asks: {error}", self.name))
            .request
    }

    /// A request as this person sees it.
    pub async fn looks_at(&self, request: RequestId) -> RequestView {
        self.bench
            .request(self.project, request)
            .await
            .expect("the request")
    }

    /// Approves exactly what a request asks as this person sees it.
    pub async fn approves(&self, request: RequestId) -> Result<AskedFor, Error> {
        let digest = self.looks_at(request).await.digest;
        self.bench
            .give_verdict(
                self.project,
                request,
                digest,
                VerdictKind::Approve,
                String::new(),
            )
            .await
    }

    /// Asks for changes to what a request asks now.
    pub async fn asks_for_changes(&self, request: RequestId, words: &str) {
        let digest = self.looks_at(request).await.digest;
        let kind = VerdictKind::AskForChanges;
        self.bench
            .give_verdict(self.project, request, digest, kind, words.to_owned())
            .await
            .expect("a reviewer may ask for changes");
    }

    /// Releases what a request asks in an environment.
    pub async fn releases_request(
        &self,
        request: RequestId,
        environment: &str,
    ) -> Result<Done, Error> {
        self.releases_request_over(request, environment, None).await
    }

    /// The same, past the policy if there is a reason for it.
    pub async fn releases_request_over(
        &self,
        request: RequestId,
        environment: &str,
        reason: Option<&str>,
    ) -> Result<Done, Error> {
        let view = self.looks_at(request).await;
        let part = view.parts.iter().find(|part| part.name == environment);
        let part = part.expect("the request asks for something there");
        let seen = NextStep {
            digest: view.digest,
            step: part.done + 1,
            environments: vec![part.environment],
        };
        self.bench
            .release_request(
                self.project,
                request,
                seen,
                String::new(),
                reason.map(str::to_owned),
            )
            .await
    }

    /// Changes what an environment demands.
    pub async fn demands(&self, environment: &str, change: impl FnOnce(&mut PolicyDraft)) {
        let id = self.environment(environment).await;
        let policies = self.bench.policies(self.project).await.expect("policies");
        let policy = policies
            .into_iter()
            .find(|policy| policy.environment == id)
            .expect("every environment has one");
        let mut draft = policy.draft;
        change(&mut draft);
        self.bench
            .set_policy(self.project, id, draft, policy.digest)
            .await
            .expect("an admin sets policies");
    }

    /// Takes an environment back to what it served before.
    pub async fn reverts(&self, prompt: &str, environment: &str) -> Result<Done, Error> {
        let environment = self.environment(environment).await;
        let prompt = self.prompt_id(prompt).await;
        let plan = self
            .bench
            .plan_revert(self.project, environment, vec![prompt], None)
            .await?;
        self.carries_out(plan).await
    }

    async fn carries_out(&self, plan: Plan) -> Result<Done, Error> {
        self.bench
            .carry_out(self.project, plan.id, plan.reason)
            .await
    }

    /// Makes a key for an application that reads an environment.
    pub async fn makes_a_key(&self, environment: &str) -> Secret {
        let environment = self.environment(environment).await;
        let key = self
            .bench
            .create_key(self.project, environment, "The backend".to_owned(), None)
            .await;
        key.expect("an admin may make a key").secret
    }
}

/// The text of a content's first message.
pub fn first_text(content: &VersionContent) -> String {
    match content.messages.first() {
        Some(Message::Message { text, .. }) => text.clone(),
        other => panic!("a message was expected first, there is {other:?}"),
    }
}
