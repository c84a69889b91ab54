//! A project under review with one of everybody in it, and a hand-made client for each: what they
//! send is signed here, and no laptop has looked at it before.

use crate::team::{House, Member, Team, bits, id, is_accepted};
use domain::ledger::{
    Asked, Body, DeviceKey, Entry, ReleaseChange, RequestedChange, Seen, Side, SignedCommand,
    VerdictKind,
};
use domain::permissions::{Rights, Role};
use domain::policy::Policy;
use domain::project::{Project, Replay};
use domain::rules::requests::standing;
use domain::split::SLOTS;
use domain::{
    CommandId, Digest, EnvironmentId, KeyId, Millis, PersonId, PromptId, RefusalCode, ReleaseId,
    RequestId, VersionContent, VersionId,
};
use protocol::ApiError;
use protocol::commands::CommandResult;
use protocol::ledger::Me;
use protocol::token::{Kind, Token};
use std::collections::BTreeMap;

/// Everybody who might try something.
pub struct Cast {
    pub house: House,
    pub team: Team,
    /// An admin, and the founder.
    pub ada: Member,
    pub vera: Member,
    pub ben: Member,
    pub rita: Member,
    pub sven: Member,
    /// A service of Ada's that may save, ask, and release in staging.
    pub ci: Member,
    /// A text that the ledger names already, so that everybody can give it as a reason.
    pub words: Digest,
}

/// A policy that asks for so many approvals, by whomever.
pub fn approvals(needed: u32) -> Policy {
    Policy {
        approvals: needed,
        ..Policy::default()
    }
}

/// A policy that asks for so many approvals by people who wrote nothing of it.
pub fn independent(needed: u32) -> Policy {
    Policy {
        independent: true,
        ..approvals(needed)
    }
}

/// All of the traffic to one version.
pub fn whole(version: VersionId) -> Vec<Side> {
    vec![Side {
        version,
        weight: SLOTS,
    }]
}

impl Cast {
    pub async fn open() -> Self {
        let failed_per_minute = std::num::NonZeroU32::new(10_000).unwrap();
        let limits = registry::Limits {
            failed_per_minute,
            ..Default::default()
        };
        let house = House::with(registry::Options {
            create: true,
            limits,
            ..Default::default()
        })
        .await;
        let team = house.found().await;
        let ada = team.ada.clone();
        let mut members = Vec::new();
        for role in [Role::Viewer, Role::Author, Role::Reviewer, Role::Reviewer] {
            let (invitation, invited) = ada.invites(role).await;
            members.push(Member::joins(&house.url(), &invitation, invited).await.0);
        }
        let members: [Member; 4] = members.try_into().ok().unwrap();
        let [vera, ben, rita, sven] = members;
        let words = ada.writes("because").await;
        let prompt = ada.creates_prompt("first/words").await;
        ada.does(Body::Comment {
            on: domain::ledger::CommentOn::Version(ada.saves(prompt, "words").await),
            quote: None,
            text: words,
            reply_to: None,
        })
        .await;
        let rights = Rights {
            save: true,
            run: true,
            ask: true,
            release: vec![team.staging],
        };
        let owner = ada.person().await;
        let (ci, _) = ada.makes_service(owner, rights).await;
        Self {
            house,
            team,
            ada,
            vera,
            ben,
            rita,
            sven,
            ci,
            words,
        }
    }

    /// The state that the ledger folds to, after everything of it was checked again: chain,
    /// signatures, enrolment and every decision.
    pub async fn state(&self) -> Project {
        let mut replay = Replay::new();
        let nothing: BTreeMap<Digest, std::sync::Arc<[u8]>> = BTreeMap::new();
        for line in self.ada.ledger().await {
            let entry = Entry::read(&line).unwrap();
            Replay::check_signature(&entry).unwrap();
            replay.push(&entry, &nothing).unwrap();
        }
        replay.into_project()
    }

    /// Sends exactly these bytes, which must be refused so: nothing came of it, and the history
    /// still holds.
    pub async fn refuses(
        &self,
        by: &Member,
        command: &SignedCommand,
        code: RefusalCode,
        words: &str,
    ) -> domain::Refusal {
        let before = self.ada.ledger().await;
        let outcome = by.send(std::slice::from_ref(command)).await.remove(0);
        let CommandResult::Refused { refusal } = outcome.result else {
            panic!("it was let through: {:?}", command.command().body);
        };
        assert_eq!(refusal.code, code, "{}", refusal.message);
        assert!(
            refusal.message.contains(words),
            "{words:?} in {:?}",
            refusal.message
        );
        self.nothing_came_of_it(&before).await;
        refusal
    }

    /// The same, signed by whoever sends it.
    pub async fn refuses_of(
        &self,
        by: &Member,
        body: &Body,
        code: RefusalCode,
        words: &str,
    ) -> domain::Refusal {
        let command = by.command(body.clone());
        self.refuses(by, &command, code, words).await
    }

    /// Sends what the door must not let through at all.
    pub async fn shuts_out(&self, by: &Member, command: &SignedCommand, status: u16, words: &str) {
        let before = self.ada.ledger().await;
        let response = by.try_send(std::slice::from_ref(command)).await;
        assert_eq!(response.status().as_u16(), status);
        let error: ApiError = response.json().await.unwrap();
        assert!(
            error.message.contains(words),
            "{words:?} in {:?}",
            error.message
        );
        self.nothing_came_of_it(&before).await;
    }

    pub async fn nothing_came_of_it(&self, before: &[String]) {
        assert_eq!(self.ada.ledger().await, before);
        let report = self.house.registry.verify().unwrap();
        assert!(report.holds(), "{report}");
    }

    /// The lawful twin: the same body, and it is taken.
    pub async fn takes(&self, by: &Member, body: &Body) -> CommandId {
        self.takes_this(by, &by.command(body.clone())).await
    }

    pub async fn takes_this(&self, by: &Member, command: &SignedCommand) -> CommandId {
        let before = self.ada.ledger().await.len();
        let outcomes = by.send(std::slice::from_ref(command)).await;
        assert!(is_accepted(&outcomes[0]), "{outcomes:?}");
        assert_eq!(self.ada.ledger().await.len(), before + 1);
        command.id()
    }

    /// What an environment demands from now on.
    pub async fn demands(&self, environment: EnvironmentId, policy: Policy) {
        let body = self.policy(environment, policy).await;
        self.takes(&self.ada, &body).await;
    }

    pub async fn policy(&self, environment: EnvironmentId, policy: Policy) -> Body {
        let state = self.state().await;
        Body::SetPolicy {
            environment,
            policy: Box::new(policy),
            replaces: state.policy_set(environment).map(|set| set.digest),
        }
    }

    /// What is asked: each version wholly in its environment, replacing what is there.
    pub async fn asked(&self, places: &[(EnvironmentId, VersionId)]) -> Asked {
        let state = self.state().await;
        let changes = places.iter().map(|(environment, version)| {
            let prompt = state.version(*version).unwrap().0.id;
            RequestedChange {
                environment: *environment,
                prompt,
                steps: vec![whole(*version)],
                replaces: last(&state, *environment, prompt),
            }
        });
        Asked {
            changes: changes.collect(),
            reason: self.words,
            reviewers: Vec::new(),
            notes: Vec::new(),
            suite: None,
        }
    }

    pub async fn opens(&self, by: &Member, places: &[(EnvironmentId, VersionId)]) -> RequestId {
        let asked = Box::new(self.asked(places).await);
        self.takes(by, &Body::OpenRequest { asked }).await.into()
    }

    /// Asks for something else under the same request.
    pub async fn asks_instead(
        &self,
        by: &Member,
        request: RequestId,
        places: &[(EnvironmentId, VersionId)],
    ) {
        let body = Body::UpdateRequest {
            request,
            replaces: self.digest(request).await,
            asked: Box::new(self.asked(places).await),
        };
        self.takes(by, &body).await;
    }

    pub async fn digest(&self, request: RequestId) -> Digest {
        self.state().await.request(request).unwrap().digest()
    }

    /// An approval of what a request asks now.
    pub async fn approval(&self, request: RequestId) -> Body {
        self.verdict(request, VerdictKind::Approve).await
    }

    pub async fn verdict(&self, request: RequestId, verdict: VerdictKind) -> Body {
        Body::GiveVerdict {
            request,
            digest: self.digest(request).await,
            verdict,
            evidence: Vec::new(),
            comment: None,
        }
    }

    pub async fn approves(&self, by: &Member, request: RequestId) {
        let approval = self.approval(request).await;
        self.takes(by, &approval).await;
    }

    /// The release of the next step of these parts, whether it may go or not.
    pub async fn next_step(&self, request: RequestId, places: &[EnvironmentId]) -> Body {
        let state = self.state().await;
        let nothing: BTreeMap<Digest, std::sync::Arc<[u8]>> = BTreeMap::new();
        let found = standing(&state, request, &nothing, state.head().at).unwrap();
        let parts = found.parts.iter();
        let changes = parts
            .filter(|part| places.contains(&part.environment))
            .flat_map(|part| part.next.clone());
        self.release(changes.collect(), Some(request))
    }

    /// A release of one version without a request.
    pub async fn straight(&self, environment: EnvironmentId, version: VersionId) -> Body {
        let state = self.state().await;
        let prompt = state.version(version).unwrap().0.id;
        let change = ReleaseChange {
            environment,
            prompt,
            sides: whole(version),
            replaces: last(&state, environment, prompt),
        };
        self.release(vec![change], None)
    }

    pub fn release(&self, changes: Vec<ReleaseChange>, request: Option<RequestId>) -> Body {
        Body::Release {
            changes,
            reason: self.words,
            promoted_from: None,
            request,
            step: None,
            override_reason: None,
        }
    }

    /// A prompt of Ben's with one version.
    pub async fn written(&self, name: &str) -> (PromptId, VersionId) {
        let prompt = self.ben.creates_prompt(name).await;
        let version = self.ben.saves(prompt, &format!("{name}, first")).await;
        (prompt, version)
    }

    /// What an application gets of a prompt in an environment: its text.
    pub async fn served(&self, environment: EnvironmentId, name: &str) -> String {
        let (reader, _) = self.ada.issues_key(environment).await;
        reader.text_of(&protocol::paths::prompt(name)).await
    }
}

/// The release that an environment serves of a prompt.
pub fn last(project: &Project, place: EnvironmentId, prompt: PromptId) -> Option<ReleaseId> {
    project.last_served(place, prompt).map(|s| s.release)
}

/// A release changed a little: what an attacker would write into it.
pub fn but(body: &Body, change: impl FnOnce(&mut Vec<ReleaseChange>)) -> Body {
    let mut body = body.clone();
    if let Body::Release { changes, .. } = &mut body {
        change(changes);
    }
    body
}

/// The same release, setting the policy aside.
pub fn overriding(body: &Body, reason: Digest) -> Body {
    let mut body = body.clone();
    if let Body::Release {
        override_reason, ..
    } = &mut body
    {
        *override_reason = Some(reason);
    }
    body
}

/// The same release under a request, as this step of it.
pub fn under(body: &Body, asked: Option<RequestId>, at: Option<u32>) -> Body {
    let mut body = body.clone();
    if let Body::Release { request, step, .. } = &mut body {
        (*request, *step) = (asked, at);
    }
    body
}

impl Member {
    pub async fn person(&self) -> PersonId {
        match self.me().await {
            Me::Person { person, .. } => person,
            other => panic!("{other:?}"),
        }
    }

    /// Saves a version with these parents and this content.
    pub async fn saves_as(
        &self,
        prompt: PromptId,
        parents: &[VersionId],
        content: &VersionContent,
    ) -> VersionId {
        let (bytes, digest) = content.encode().unwrap();
        self.puts(bytes).await;
        let mut includes: Vec<_> = content.includes.values().copied().collect();
        includes.sort();
        let body = Body::SaveVersion {
            prompt,
            parents: parents.to_vec(),
            content: digest,
            includes,
            reads: Vec::new(),
            message: self.writes("tuned the tone").await,
        };
        self.does(body).await.into()
    }

    /// Makes a service, with a device and a token of its own.
    pub async fn makes_service(&self, owner: PersonId, rights: Rights) -> (Self, PersonId) {
        let key = DeviceKey::from_seed(&bits());
        let at = CommandId(id());
        let token = Token::new(Kind::Personal, KeyId::from(at), bits());
        let body = Body::CreateService {
            name: "CI".into(),
            owner,
            rights,
            device: key.public(),
            token: token.hash(),
        };
        let outcomes = self.send(&[self.signed(at, Seen::default(), body)]).await;
        assert!(is_accepted(&outcomes[0]), "{outcomes:?}");
        let service = Self::new(&self.url, self.project, key, token.reveal());
        (service, at.into())
    }

    /// A further device of this person, with a token of its own.
    pub async fn enrols(&self) -> (Self, Body) {
        let key = DeviceKey::from_seed(&bits());
        let enrol = Body::EnrolDevice {
            person: self.person().await,
            device: key.public(),
            name: "second laptop".into(),
        };
        self.does(enrol.clone()).await;
        let (issue, token) = self.token_command();
        assert!(is_accepted(&self.send(&[issue]).await[0]));
        let second = Self::new(&self.url, self.project, key, token.reveal());
        (second, enrol)
    }
}

/// The time now, as the registry's clock has it.
pub fn now() -> Millis {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    Millis(i64::try_from(since.as_millis()).unwrap())
}
