//! Asking, approving and releasing under policies, in few words.

use super::{Acting, World, change, hash, key, release};
use domain::ledger::{Asked, Body, RequestedChange, Reviewer, Side, VerdictKind};
use domain::permissions::{Rights, Role};
use domain::policy::Policy;
use domain::rules::requests::{Part, Standing, standing};
use domain::{Digest, EnvironmentId, PersonId, PromptId, ReleaseId, RequestId, VersionId};

/// A policy that asks for so many approvals.
pub fn approvals(needed: u32) -> Policy {
    Policy {
        approvals: needed,
        ..Policy::default()
    }
}

/// One right of a service; `release` in these environments.
pub fn rights(right: &str, environments: &[EnvironmentId]) -> Rights {
    Rights {
        save: right == "save",
        run: right == "run",
        ask: right == "ask",
        release: match right {
            "release" => environments.to_vec(),
            _ => Vec::new(),
        },
    }
}

/// A service with the device and the secret of these numbers.
pub fn service(owner: PersonId, device: u8, secret: u16, rights: Rights) -> Body {
    Body::CreateService {
        name: "ci".to_owned(),
        owner,
        rights,
        device: key(device).public(),
        token: hash(secret),
    }
}

impl World {
    /// What an environment demands from now on.
    pub fn policy(&mut self, environment: EnvironmentId, policy: Policy) -> Body {
        let replaces = self.project().policy_set(environment).map(|set| set.digest);
        Body::SetPolicy {
            environment,
            policy: Box::new(policy),
            replaces,
        }
    }

    /// A dataset of so many cases: its content, and the command that saves it.
    pub fn dataset_of(&mut self, cases: u32) -> (Digest, Body) {
        let list: Vec<String> = (0..cases)
            .map(|n| format!(r#"{{"id":"{n}","inputs":{{}}}}"#))
            .collect();
        let text = format!(r#"{{"cases":[{}]}}"#, list.join(","));
        let content = self.bytes(text.as_bytes());
        (content, super::dataset(content, "cases", cases))
    }

    /// What is asked: each version wholly in its environment, replacing what is there.
    pub fn asked(&mut self, places: &[(EnvironmentId, VersionId)]) -> Asked {
        let reason = self.reason("please");
        let changes = places
            .iter()
            .map(|(environment, version)| {
                let prompt = self.prompt_of(*version);
                RequestedChange {
                    environment: *environment,
                    prompt,
                    steps: vec![whole(*version)],
                    replaces: self.last(*environment, prompt),
                }
            })
            .collect();
        Asked {
            changes,
            reason,
            reviewers: Vec::new(),
            notes: Vec::new(),
            suite: None,
        }
    }

    pub fn asks(&mut self, places: &[(EnvironmentId, VersionId)]) -> Body {
        let asked = Box::new(self.asked(places));
        Body::OpenRequest { asked }
    }

    pub fn asks_instead(
        &mut self,
        request: RequestId,
        places: &[(EnvironmentId, VersionId)],
    ) -> Body {
        let asked = Box::new(self.asked(places));
        Body::UpdateRequest {
            request,
            replaces: self.digest_of(request),
            asked,
        }
    }

    pub fn digest_of(&self, request: RequestId) -> Digest {
        self.project().request(request).expect("a request").digest()
    }

    /// A verdict on what is asked now.
    pub fn verdict(&self, request: RequestId, verdict: VerdictKind) -> Body {
        Body::GiveVerdict {
            request,
            digest: self.digest_of(request),
            verdict,
            evidence: Vec::new(),
            comment: None,
        }
    }

    pub fn standing(&self, request: RequestId) -> Standing {
        standing(self.project(), request, &self.contents, self.now).expect("a request")
    }

    pub fn part(&self, request: RequestId, environment: EnvironmentId) -> Part {
        let mut parts = self.standing(request).parts;
        parts.retain(|part| part.environment == environment);
        parts.pop().expect("a part")
    }

    /// The release of these parts' next step under a request.
    pub fn release_under(&mut self, request: RequestId, places: &[EnvironmentId]) -> Body {
        let reason = self.reason("reviewed");
        let changes: Vec<_> = places
            .iter()
            .flat_map(|place| self.part(request, *place).next)
            .collect();
        under(release(&changes, reason), request)
    }

    /// A release of one version without a request, whatever is served now.
    pub fn release_of(&mut self, environment: EnvironmentId, version: VersionId) -> Body {
        let prompt = self.prompt_of(version);
        let reason = self.reason("released");
        let replaces = self.last(environment, prompt);
        release(
            &[change(environment, prompt, &[(version, 10_000)], replaces)],
            reason,
        )
    }

    pub fn prompt_of(&self, version: VersionId) -> PromptId {
        self.project().version(version).expect("a version").0.id
    }

    pub fn last(&self, environment: EnvironmentId, prompt: PromptId) -> Option<ReleaseId> {
        self.project()
            .last_served(environment, prompt)
            .map(|serving| serving.release)
    }

    /// Sets a policy as Alice.
    pub fn demands(&mut self, environment: EnvironmentId, policy: Policy) {
        let body = self.policy(environment, policy);
        self.alice().does(body);
    }

    /// A reviewer with the device of this number.
    pub fn reviewer(&mut self, name: &str, device: u8) -> PersonId {
        self.alice().invites_and_joins(name, device, Role::Reviewer)
    }
}

/// All of the traffic to one version.
pub fn whole(version: VersionId) -> Vec<Side> {
    vec![Side {
        version,
        weight: 10_000,
    }]
}

/// The same release, under a request.
pub fn under(body: Body, id: RequestId) -> Body {
    let mut body = body;
    if let Body::Release { request, .. } = &mut body {
        *request = Some(id);
    }
    body
}

/// The same release, setting the policy aside.
pub fn overriding(body: Body, reason: Digest) -> Body {
    let mut body = body;
    if let Body::Release {
        override_reason, ..
    } = &mut body
    {
        *override_reason = Some(reason);
    }
    body
}

/// Asking these people by name.
pub fn asking(asked: Body, people: &[PersonId]) -> Body {
    let mut body = asked;
    if let Body::OpenRequest { asked } | Body::UpdateRequest { asked, .. } = &mut body {
        asked.reviewers = people.iter().map(|p| Reviewer::Person(*p)).collect();
    }
    body
}

impl Acting<'_> {
    pub fn opens(self, places: &[(EnvironmentId, VersionId)]) -> RequestId {
        let body = self.world.asks(places);
        self.does(body).into()
    }

    pub fn approves(self, request: RequestId) {
        let body = self.world.verdict(request, VerdictKind::Approve);
        self.does(body);
    }

    pub fn asks_for_changes(self, request: RequestId) {
        let body = self.world.verdict(request, VerdictKind::AskForChanges);
        self.does(body);
    }

    /// Releases these parts under a request.
    pub fn carries_out(self, request: RequestId, places: &[EnvironmentId]) -> ReleaseId {
        let body = self.world.release_under(request, places);
        self.does(body).into()
    }
}
