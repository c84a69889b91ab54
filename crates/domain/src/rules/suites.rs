//! Saying by what a prompt is judged.

use super::requests::own_work;
use super::{Case, Checking};
use crate::ledger::Event;
use crate::project::Prompt;
use crate::suite::{Suite, SuiteGraders};
use crate::{Digest, EnvironmentId, Project, PromptId, Refusal, RefusalCode};
use serde_json::json;

impl Case<'_> {
    pub(super) fn set_suite(
        &self,
        prompt: PromptId,
        suite: &Suite,
        replaces: Option<Digest>,
    ) -> Result<Vec<Event>, Refusal> {
        let prompt = self.prompt(prompt)?;
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
        self.may_set_suite(prompt)?;
        let digest = suite
            .digest()
            .map_err(|error| Refusal::invalid(error.to_string()))?;
        if now == Some(digest) {
            return Err(Refusal::invalid(format!(
                "{} has exactly this suite already",
                prompt.name
            )));
        }
        Ok(vec![Event::SuiteChanged {
            prompt: prompt.id,
            suite: Box::new(suite.clone()),
            digest,
            before: now,
        }])
    }

    // Whoever could make the examination easier could pass it. So where a gate rests on the suite
    // it is for those whose approval would count there.
    fn may_set_suite(&self, prompt: &Prompt) -> Result<(), Refusal> {
        let gated = self.project.gated(prompt.id);
        let Some(first) = gated.first() else {
            return Ok(());
        };
        let place = self
            .project
            .environment(*first)
            .map_or("an environment", |e| e.name.as_str());
        let actor = self.actor()?;
        if !actor.gives_verdicts() {
            return Err(Refusal::new(
                RefusalCode::NotAllowed,
                format!(
                    "a gate of {place} rests on the suite of {}, so only a reviewer or an admin may change it; ask one",
                    prompt.name
                ),
            )
            .with(json!({ "environments": gated })));
        }
        let theirs = self.project.requests().into_iter().find_map(|request| {
            let about = request.is_open()
                && request.asked().changes.iter().any(|change| {
                    self.project.meant(change.prompt) == prompt.id
                        && gated.contains(&change.environment)
                });
            about
                .then(|| own_work(self.project, request, actor.id))
                .flatten()
        });
        match theirs {
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
