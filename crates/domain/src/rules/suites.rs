//! Saying by what a prompt is judged.

use super::requests::own_work;
use super::{Case, Checking};
use crate::ledger::{Event, Missing};
use crate::project::Prompt;
use crate::suite::{Suite, SuiteGraders};
use crate::{
    Digest, EnvironmentId, PersonId, Project, PromptId, Refusal, RefusalCode, RequestId, VersionId,
};
use serde_json::json;

/// The rules that first had another suite asked for and approved.
const BY_REQUEST: u32 = 4;

impl Case<'_> {
    pub(super) fn set_suite(
        &self,
        prompt: PromptId,
        suite: &Suite,
        replaces: Option<Digest>,
        request: Option<RequestId>,
    ) -> Result<Vec<Event>, Refusal> {
        let prompt = self.prompt(prompt)?;
        let digest = self.check_suite(prompt, suite, replaces)?;
        let approvals = match (request, self.rules >= BY_REQUEST) {
            (Some(request), true) => self.approved_suite(request, prompt.id, suite, replaces)?,
            (_, true) => {
                self.needs_no_request(prompt)?;
                Vec::new()
            }
            (_, false) => {
                self.may_set_suite(prompt)?;
                Vec::new()
            }
        };
        Ok(vec![Event::SuiteChanged {
            prompt: prompt.id,
            suite: Box::new(suite.clone()),
            digest,
            before: replaces,
            request,
            approvals,
        }])
    }

    /// Whether this can be the suite of a prompt, in place of the one that it has; its digest.
    pub(super) fn check_suite(
        &self,
        prompt: &Prompt,
        suite: &Suite,
        replaces: Option<Digest>,
    ) -> Result<Digest, Refusal> {
        let now = self.project.suite(prompt.id).map(|set| set.digest);
        if now != replaces {
            return Err(Refusal::conflict(
                format!(
                    "the suite of {} was changed meanwhile; look at it and decide again",
                    prompt.name
                ),
                &now,
            ));
        }
        if self.project.dataset(suite.dataset).is_none() {
            return Err(Refusal::not_found("the dataset of the suite"));
        }
        let Some(cases) = self.project.cases_of(suite) else {
            return Err(Refusal::not_found("this content of the suite's dataset"));
        };
        if let Some(problem) = suite.problem(cases) {
            return Err(Refusal::invalid(problem));
        }
        if self.project.is_redacted(&suite.content) {
            return Err(Refusal::invalid(
                "the cases of this suite were redacted; choose a later saving of the dataset",
            ));
        }
        if let Some(bytes) = self.contents.find(&suite.graders)
            && self.checking == Checking::Arrival
        {
            // A later Galley may read more graders, or read one otherwise: what was taken stands.
            SuiteGraders::decode(&bytes)
                .map_err(|error| Refusal::new(RefusalCode::ContentInvalid, error.to_string()))?;
        }
        let digest = suite
            .digest()
            .map_err(|error| Refusal::invalid(error.to_string()))?;
        if now == Some(digest) {
            return Err(Refusal::invalid(format!(
                "{} has exactly this suite already",
                prompt.name
            )));
        }
        Ok(digest)
    }

    // Whoever could make the examination easier could pass it. So where a gate rests on the suite
    // others must have approved it.
    fn needs_no_request(&self, prompt: &Prompt) -> Result<(), Refusal> {
        let gated = self.project.gated(prompt.id);
        let Some(first) = gated.first() else {
            return Ok(());
        };
        let place = self.place(*first);
        let missing: Vec<_> = gated
            .iter()
            .map(|environment| Missing::Request {
                environment: *environment,
            })
            .collect();
        Err(Refusal::new(
            RefusalCode::PolicyUnmet,
            format!(
                "a gate of {place} rests on the suite of {}, so another is asked for and approved; ask for a review of it",
                prompt.name
            ),
        )
        .with(json!({ "missing": missing })))
    }

    // Whose approvals let this suite be set under a request.
    fn approved_suite(
        &self,
        request: RequestId,
        prompt: PromptId,
        suite: &Suite,
        replaces: Option<Digest>,
    ) -> Result<Vec<PersonId>, Refusal> {
        let request = self.waiting_request(request)?;
        let asked = request.asked().suite.as_ref();
        let same = asked.is_some_and(|asked| {
            self.project.meant(asked.prompt) == prompt
                && asked.suite == *suite
                && asked.replaces == replaces
        });
        if !same {
            return Err(Refusal::new(
                RefusalCode::Conflict,
                "this is not the suite that the request asks for; look at the request again",
            )
            .with(json!({ "digest": request.digest() })));
        }
        let Some(part) = super::requests::suite_part(self.project, request) else {
            return Err(Refusal::not_found("what the request asks for"));
        };
        match part.missing.is_empty() {
            true => Ok(part.approvals),
            false => Err(self.unmet(&part.missing, "")),
        }
    }

    fn place(&self, environment: EnvironmentId) -> &str {
        let found = self.project.environment(environment);
        found.map_or("an environment", |found| found.name.as_str())
    }

    // Under the rules before 4 it was for those whose approval would count there.
    fn may_set_suite(&self, prompt: &Prompt) -> Result<(), Refusal> {
        let gated = self.project.gated(prompt.id);
        let Some(first) = gated.first() else {
            return Ok(());
        };
        let actor = self.actor()?;
        if !actor.gives_verdicts() {
            return Err(Refusal::new(
                RefusalCode::NotAllowed,
                format!(
                    "a gate of {} rests on the suite of {}, so only a reviewer or an admin may change it; ask one",
                    self.place(*first),
                    prompt.name
                ),
            ));
        }
        match waiting_work(self.project, prompt.id, actor.id) {
            None => Ok(()),
            Some(version) => Err(Refusal::new(
                RefusalCode::NotAllowed,
                format!(
                    "{} is yours and waits for a review; somebody who wrote nothing of it must change the suite by which it is judged",
                    super::requests::words::version(self.project, version)
                ),
            )),
        }
    }
}

/// What a person wrote of a prompt, if it waits for a release where a gate rests on its suite, and
/// only others may approve it there.
pub(crate) fn waiting_work(
    project: &Project,
    prompt: PromptId,
    person: PersonId,
) -> Option<VersionId> {
    let gated = project.gated(prompt);
    project.requests().into_iter().find_map(|request| {
        let about = request.is_open()
            && request.asked().changes.iter().any(|change| {
                project.meant(change.prompt) == project.meant(prompt)
                    && gated.contains(&change.environment)
            });
        about.then(|| own_work(project, request, person)).flatten()
    })
}

impl Project {
    /// Where a gate rests on the suite of this prompt.
    #[must_use]
    pub fn gated(&self, prompt: PromptId) -> Vec<EnvironmentId> {
        let prompt = self.meant(prompt);
        self.environments()
            .filter(|environment| {
                let policy = self.policy(environment.id);
                policy
                    .suite_gates
                    .iter()
                    .any(|gate| gate.is_for(self, prompt))
            })
            .map(|environment| environment.id)
            .collect()
    }
}
