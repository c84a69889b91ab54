//! Reading policies, requests and comments; a person's inbox; what was served at a time.

use super::{Change, Comment, Person, Project, Request, as_text};
use crate::ledger::{CommentOn, Reviewer, VerdictKind};
use crate::permissions::Role;
use crate::policy::Policy;
use crate::rules::requests::{asks_for_suite, own_work};
use crate::{CommentId, Digest, EnvironmentId, Millis, PersonId, PromptId, ReleaseId, RequestId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// The policy of an environment, and who set it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PolicySet {
    /// The policy.
    #[serde(with = "as_text")]
    pub policy: Policy,
    /// Its digest.
    pub digest: Digest,
    /// The entry that set it.
    pub seq: u64,
    /// When.
    pub at: Millis,
    /// Who.
    pub by: PersonId,
}

/// What an environment has where no policy was ever set.
static NO_POLICY: LazyLock<Policy> = LazyLock::new(Policy::default);

impl Project {
    /// The policy in force.
    #[must_use]
    pub fn policy(&self, environment: EnvironmentId) -> &Policy {
        self.policies
            .get(&environment)
            .map_or(&NO_POLICY, |set| &set.policy)
    }

    /// The policy in force with who set it; none where none was ever set.
    #[must_use]
    pub fn policy_set(&self, environment: EnvironmentId) -> Option<&Arc<PolicySet>> {
        self.policies.get(&environment)
    }

    /// One request.
    #[must_use]
    pub fn request(&self, id: RequestId) -> Option<&Arc<Request>> {
        self.requests.get(&id)
    }

    /// All requests, newest first.
    #[must_use]
    pub fn requests(&self) -> Vec<&Arc<Request>> {
        let mut found: Vec<_> = self.requests.values().collect();
        found.sort_by_key(|request| std::cmp::Reverse(request.seq));
        found
    }

    /// Requests of which something can still become, newest first.
    #[must_use]
    pub fn open_requests(&self) -> Vec<&Arc<Request>> {
        let mut found = self.requests();
        found.retain(|request| request.is_open());
        found
    }

    /// One comment.
    #[must_use]
    pub fn comment(&self, id: CommentId) -> Option<&Arc<Comment>> {
        self.comments.get(&id)
    }

    /// What was said to a request or a version, oldest first.
    #[must_use]
    pub fn comments(&self, on: CommentOn) -> Vec<&Arc<Comment>> {
        let mut found: Vec<_> = self.comments.values().filter(|c| c.on == on).collect();
        found.sort_by_key(|comment| (comment.at, comment.id));
        found
    }

    /// Whether an environment ever served exactly this content of a prompt.
    #[must_use]
    pub fn has_served(
        &self,
        environment: EnvironmentId,
        prompt: PromptId,
        content: Digest,
    ) -> bool {
        self.served_contents
            .contains(&(environment, self.meant(prompt), content))
    }

    /// What an environment served at a time: for each prompt the release that put it there, and
    /// what it put there.
    #[must_use]
    pub fn served_at(
        &self,
        environment: EnvironmentId,
        time: Millis,
    ) -> BTreeMap<PromptId, (ReleaseId, &Change)> {
        let mut served = BTreeMap::new();
        let ended = self
            .environment(environment)
            .is_none_or(|e| e.retired.is_some_and(|retired| retired <= time));
        if ended {
            return served;
        }
        for release in self.releases.iter().take_while(|r| r.at <= time) {
            for change in release
                .changes
                .iter()
                .filter(|c| c.environment == environment)
            {
                served.insert(change.prompt, (release.id, change));
            }
        }
        served.retain(|_, (_, change)| !change.sides.is_empty());
        served
    }

    /// What releases after this one changed in an environment, prompt by prompt, oldest first: what
    /// a revert to it would undo, or keep.
    #[must_use]
    pub fn changed_since(
        &self,
        environment: EnvironmentId,
        release: ReleaseId,
    ) -> BTreeMap<PromptId, Vec<ReleaseId>> {
        let mut changed: BTreeMap<PromptId, Vec<ReleaseId>> = BTreeMap::new();
        let later = self.releases.iter().rev().take_while(|r| r.id != release);
        for later in later {
            let here = later
                .changes
                .iter()
                .filter(|c| c.environment == environment);
            for change in here {
                changed
                    .entry(change.prompt)
                    .or_default()
                    .insert(0, later.id);
            }
        }
        changed
    }

    /// Open requests that wait for a person's verdict, newest first: those that ask them, by name,
    /// by role or because nobody in particular is asked, and on which they have not yet said
    /// anything to what is asked now. Unless by name, nobody is asked about what they ask
    /// themselves, or where an approval of theirs would not count because they wrote it.
    #[must_use]
    pub fn waiting_for(&self, person: PersonId) -> Vec<&Arc<Request>> {
        let Some(person) = self.person(person).filter(|p| p.gives_verdicts()) else {
            return Vec::new();
        };
        let mut found = self.open_requests();
        found.retain(|request| {
            let reviewers = &request.asked().reviewers;
            let by_name = reviewers.contains(&Reviewer::Person(person.id));
            let asked = reviewers.is_empty() || reviewers.iter().any(|r| r.means(person));
            let said = request
                .verdict_of(person.id)
                .is_some_and(|verdict| verdict.digest == request.digest());
            let others = || {
                request.by != person.id
                    && own_work(self, request, person.id).is_none()
                    && !asks_for_suite(self, request, person.id)
            };
            asked && !said && (by_name || others())
        });
        found
    }

    /// A person's requests on which something was decided, newest decision first: a verdict that
    /// stands, a release, or that somebody else took it back.
    #[must_use]
    pub fn decided_for(&self, person: PersonId) -> Vec<(&Arc<Request>, Decided)> {
        let mut found: Vec<_> = self
            .requests
            .values()
            .filter(|request| request.by == person)
            .filter_map(|request| Some((request, self.last_decision(request)?)))
            .collect();
        found.sort_by_key(|(request, decided)| std::cmp::Reverse((decided.at, request.seq)));
        found
    }

    fn last_decision(&self, request: &Request) -> Option<Decided> {
        let verdicts = request.latest_verdicts().map(|verdict| Decided {
            at: verdict.at,
            by: verdict.person,
            what: match verdict.kind {
                VerdictKind::Approve => Decision::Approved,
                VerdictKind::AskForChanges => Decision::ChangesAsked,
            },
        });
        let releases = request.all_released().filter_map(|step| {
            let release = self.release(step.release)?;
            Some(Decided {
                at: release.at,
                by: release.by,
                what: Decision::Released,
            })
        });
        let suite = request.suite_set.as_ref().map(|done| Decided {
            at: done.at,
            by: done.by,
            what: Decision::Released,
        });
        let withdrawn = request.withdrawn.filter(|w| w.by != request.by);
        let withdrawn = withdrawn.map(|withdrawn| Decided {
            at: withdrawn.at,
            by: withdrawn.by,
            what: Decision::Withdrawn,
        });
        verdicts
            .chain(releases)
            .chain(suite)
            .chain(withdrawn)
            .max_by_key(|decided| decided.at)
    }
}

/// What became of a request last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    /// When.
    pub at: Millis,
    /// Who decided.
    pub by: PersonId,
    /// What.
    pub what: Decision,
}

/// A decision on a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A reviewer approved.
    Approved,
    /// A reviewer asked for changes.
    ChangesAsked,
    /// A part, or a step of one, was released, or the suite set.
    Released,
    /// Somebody else took it back.
    Withdrawn,
}

impl Person {
    /// Whether this is a member, and no service, whose verdicts count.
    #[must_use]
    pub fn gives_verdicts(&self) -> bool {
        self.service.is_none() && self.removed.is_none() && self.role >= Role::Reviewer
    }
}
