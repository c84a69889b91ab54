//! Requests that ask for another suite: by what a prompt is judged, where a gate rests on it.

use super::super::Case;
use super::super::suites::waiting_work;
use super::words;
use crate::ledger::{Asked, Missing, VerdictKind};
use crate::project::Request;
use crate::{EnvironmentId, PersonId, Project, Refusal, RefusalCode};
use std::collections::BTreeSet;

/// Where a request for a suite stands.
#[derive(Clone, Debug)]
pub struct SuitePart {
    /// Where a gate rests on the suite: their policies say how many must approve.
    pub gated: Vec<EnvironmentId>,
    /// What keeps it from being set; nothing when it may be, or is.
    pub missing: Vec<Missing>,
    /// The same in plain words.
    pub sentences: Vec<String>,
    /// Whose approvals count.
    pub approvals: Vec<PersonId>,
    /// Whether it was set.
    pub done: bool,
}

impl SuitePart {
    /// Whether it may be set now.
    #[must_use]
    pub fn may_go(&self) -> bool {
        !self.done && self.missing.is_empty()
    }
}

/// Where a request for a suite stands; none if it asks for something else.
///
/// Each gate that rests on the suite asks for as many approvals as the policy of its environment,
/// and for one at least: an examination is never made easier by whoever sits it alone.
#[must_use]
pub fn suite_part(project: &Project, request: &Request) -> Option<SuitePart> {
    let asked = request.asked().suite.as_ref()?;
    let gated = project.gated(asked.prompt);
    let mut part = SuitePart {
        gated,
        missing: Vec::new(),
        sentences: Vec::new(),
        approvals: Vec::new(),
        done: request.suite_set.is_some(),
    };
    if let Some(done) = &request.suite_set {
        part.approvals.clone_from(&done.approvals);
    }
    if part.done || request.withdrawn.is_some() {
        return Some(part);
    }
    match moved(project, request) {
        Some(missing) => part.missing.push(missing),
        None => part.approvals = approvals(project, request),
    }
    let given = u32::try_from(part.approvals.len()).unwrap_or(u32::MAX);
    for environment in &part.gated {
        let needed = project.policy(*environment).approvals.max(1);
        if given < needed {
            part.missing.push(Missing::Approvals {
                environment: *environment,
                needed,
                given,
            });
        }
    }
    let place = part.gated.first().copied().or_else(|| any(project));
    for verdict in request.latest_verdicts() {
        let counts = project
            .person(verdict.person)
            .is_some_and(|person| person.gives_verdicts());
        if verdict.kind == VerdictKind::AskForChanges
            && counts
            && let Some(environment) = place
        {
            part.missing.push(Missing::ChangesAsked {
                environment,
                by: verdict.person,
            });
        }
    }
    let told = part.missing.iter();
    part.sentences = told
        .map(|missing| words::missing(project, missing))
        .collect();
    Some(part)
}

fn any(project: &Project) -> Option<EnvironmentId> {
    project
        .environments()
        .next()
        .map(|environment| environment.id)
}

/// That another suite was set since it was asked for.
pub(super) fn moved(project: &Project, request: &Request) -> Option<Missing> {
    let asked = request.asked().suite.as_ref()?;
    let now = project.suite(asked.prompt).map(|set| set.digest);
    if now == asked.replaces {
        return None;
    }
    let gated = project.gated(asked.prompt).first().copied();
    Some(Missing::SuiteMoved {
        environment: gated.or_else(|| any(project))?,
        prompt: project.meant(asked.prompt),
    })
}

fn approvals(project: &Project, request: &Request) -> Vec<PersonId> {
    let mut counted: Vec<PersonId> = request
        .latest_verdicts()
        .filter(|verdict| verdict.kind == VerdictKind::Approve)
        .filter(|verdict| verdict.digest == request.digest())
        .map(|verdict| verdict.person)
        .filter(|id| project.person(*id).is_some_and(|p| p.gives_verdicts()))
        .filter(|id| !asks_for_suite(project, request, *id))
        .filter(|id| !has_work(project, request, *id))
        .collect();
    counted.sort();
    counted
}

fn has_work(project: &Project, request: &Request, person: PersonId) -> bool {
    let asked = request.asked().suite.as_ref();
    asked.is_some_and(|asked| waiting_work(project, asked.prompt, person).is_some())
}

/// Whether it is this person who asks for a suite: by opening or changing the request, or as the
/// member who answers for the service that did, or the admin who made that.
pub(crate) fn asks_for_suite(project: &Project, request: &Request, person: PersonId) -> bool {
    if request.asked().suite.is_none() {
        return false;
    }
    let by: BTreeSet<PersonId> = request.revisions().map(|revision| revision.by).collect();
    by.iter().any(|by| {
        let service = project.person(*by).and_then(|by| by.service.as_ref());
        *by == person || service.is_some_and(|s| s.owner == person || s.by == person)
    })
}

impl Case<'_> {
    /// What is asked about a suite, with the prompt under the id that it has now.
    pub(super) fn checked_suite(
        &self,
        asked: &mut Asked,
        now: Option<&Request>,
    ) -> Result<(), Refusal> {
        let was = now.map(|request| request.asked().suite.is_some());
        if was.is_some_and(|was| was != asked.suite.is_some()) {
            return Err(Refusal::invalid(
                "a request for a suite stays one, and one for a release too; open another",
            ));
        }
        let Some(suite) = &mut asked.suite else {
            return Ok(());
        };
        if !asked.changes.is_empty() || !asked.notes.is_empty() {
            return Err(Refusal::invalid(
                "a request for a suite asks for nothing else; open another for the release",
            ));
        }
        let prompt = self.prompt(suite.prompt)?;
        suite.prompt = prompt.id;
        self.check_suite(prompt, &suite.suite, suite.replaces)?;
        if self.project.gated(prompt.id).is_empty() {
            return Err(Refusal::invalid(format!(
                "no gate rests on the suite of {}; set it without a request",
                prompt.name
            )));
        }
        Ok(())
    }

    /// An approval of a suite that could not count is refused at once.
    pub(super) fn check_suite_approval(
        &self,
        request: &Request,
        person: PersonId,
    ) -> Result<(), Refusal> {
        if moved(self.project, request).is_some() {
            return Err(Refusal::new(
                RefusalCode::Conflict,
                "the suite was changed meanwhile; the request must be updated before anybody can approve it",
            ));
        }
        let why = if asks_for_suite(self.project, request, person) {
            "you asked for this suite, or a service that you answer for did; somebody else must approve it"
        } else if has_work(self.project, request, person) {
            "something of yours waits to be judged by this suite; somebody who wrote nothing of it must approve it"
        } else {
            return Ok(());
        };
        Err(Refusal::new(RefusalCode::NotAllowed, why))
    }
}
