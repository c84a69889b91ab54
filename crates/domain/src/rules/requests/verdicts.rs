//! Verdicts: what a reviewer says to exactly what a request asks.

use super::super::Case;
use super::{authors, standing};
use crate::ledger::{Event, VerdictKind};
use crate::project::Request;
use crate::{Digest, PersonId, Project, Refusal, RefusalCode, RequestId, RunId, VersionId, limits};
use std::collections::BTreeSet;

impl Case<'_> {
    pub(in super::super) fn give_verdict(
        &self,
        id: RequestId,
        digest: Digest,
        verdict: VerdictKind,
        evidence: &[RunId],
        comment: Option<Digest>,
    ) -> Result<Vec<Event>, Refusal> {
        let request = self.waiting_request(id)?;
        let person = self.actor()?;
        // Whatever was said to something else does not count here.
        if request.digest() != digest {
            return Err(Refusal::conflict(
                "the request was changed since you looked at it; read what it asks now and decide again",
                &request.digest(),
            ));
        }
        self.check_evidence(evidence)?;
        if let Some(comment) = &comment {
            self.check_text(comment)?;
        }
        let now = request.verdict_of(person.id);
        if now.is_some_and(|now| now.kind == verdict && now.digest == digest) {
            return Err(Refusal::invalid(match verdict {
                VerdictKind::Approve => "you have approved exactly this already",
                VerdictKind::AskForChanges => "you have asked for changes to exactly this already",
            }));
        }
        if verdict == VerdictKind::Approve {
            self.check_approval(request, person.id)?;
        }
        Ok(vec![Event::VerdictGiven {
            request: id,
            person: person.id,
            digest,
            verdict,
            evidence: evidence.to_vec(),
            comment,
        }])
    }

    fn check_evidence(&self, evidence: &[RunId]) -> Result<(), Refusal> {
        if evidence.len() > limits::NAMED {
            return Err(Refusal::new(
                RefusalCode::Limit,
                format!("a verdict names at most {} runs", limits::NAMED),
            ));
        }
        let mut named = BTreeSet::new();
        for run in evidence {
            if self.project.run(*run).is_none() {
                return Err(Refusal::not_found("a run that the verdict rests on"));
            }
            if !named.insert(run) {
                return Err(Refusal::invalid("a verdict names each run once"));
            }
        }
        Ok(())
    }

    // An approval that could count nowhere is refused at once, with the reason. Whether it counts
    // is asked again when something is released, under the policy that is in force then.
    fn check_approval(&self, request: &Request, person: PersonId) -> Result<(), Refusal> {
        if request.asked().suite.is_some() {
            return self.check_suite_approval(request, person);
        }
        let open: Vec<_> = request
            .asked()
            .environments()
            .into_iter()
            .filter(|environment| request.is_waiting(*environment))
            .collect();
        let moved = |environment: &crate::EnvironmentId| {
            !standing::stale(self.project, request, *environment).is_empty()
        };
        if open.iter().all(moved) {
            return Err(Refusal::new(
                RefusalCode::Conflict,
                "what this request replaces has moved meanwhile; it must be updated before anybody can approve it",
            ));
        }
        if let Some(version) = own_work(self.project, request, person) {
            return Err(Refusal::new(
                RefusalCode::NotAllowed,
                format!(
                    "{} is yours, or a service's that you answer for; somebody else must approve it",
                    super::words::version(self.project, version)
                ),
            ));
        }
        Ok(())
    }

    pub(in super::super) fn withdraw_verdict(&self, id: RequestId) -> Result<Vec<Event>, Refusal> {
        let request = self.waiting_request(id)?;
        let person = self.actor()?.id;
        if request.verdict_of(person).is_none() {
            return Err(Refusal::not_found("a verdict of yours on this request"));
        }
        Ok(vec![Event::VerdictWithdrawn {
            request: id,
            person,
        }])
    }

    pub(in super::super) fn dismiss_verdict(
        &self,
        id: RequestId,
        person: PersonId,
        reason: Digest,
    ) -> Result<Vec<Event>, Refusal> {
        let request = self.waiting_request(id)?;
        self.check_text(&reason)?;
        let found = request.verdict_of(person);
        if found.is_none_or(|verdict| verdict.kind != VerdictKind::AskForChanges) {
            return Err(Refusal::not_found("an open \"ask for changes\" of theirs"));
        }
        Ok(vec![Event::VerdictDismissed {
            request: id,
            person,
            reason,
        }])
    }
}

/// What a person wrote of a request in which their approval could count nowhere: every part that
/// asks for approvals asks for independent ones.
pub(crate) fn own_work(
    project: &Project,
    request: &Request,
    person: PersonId,
) -> Option<VersionId> {
    let mut judged = request
        .asked()
        .environments()
        .into_iter()
        .filter(|environment| request.is_waiting(*environment))
        .map(|environment| project.policy(environment))
        .filter(|policy| policy.approvals > 0)
        .peekable();
    judged.peek()?;
    if !judged.all(|policy| policy.independent) {
        return None;
    }
    authors(project, request.asked()).get(&person).copied()
}
