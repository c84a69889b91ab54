//! Setting the policy of an environment.

use super::Case;
use crate::freeze::Window;
use crate::ledger::Event;
use crate::policy::{Policy, Releasers};
use crate::{Digest, EnvironmentId, Refusal, RefusalCode, limits};

impl Case<'_> {
    pub(super) fn set_policy(
        &self,
        environment: EnvironmentId,
        policy: &Policy,
        replaces: Option<Digest>,
    ) -> Result<Vec<Event>, Refusal> {
        let place = self.active_environment(environment)?;
        let now = self.project.policy_set(environment).map(|set| set.digest);
        if now != replaces {
            return Err(Refusal::conflict(
                format!(
                    "the policy of {} was changed meanwhile; look at it and decide again",
                    place.name
                ),
                &now,
            ));
        }
        if policy == self.project.policy(environment) {
            return Err(Refusal::invalid(format!(
                "{} has exactly this policy already",
                place.name
            )));
        }
        if let Some(problem) = policy.problem() {
            return Err(Refusal::invalid(problem));
        }
        for first in &policy.path {
            if *first == environment {
                return Err(Refusal::invalid(format!(
                    "{} can't come before itself; name other environments on its path",
                    place.name
                )));
            }
            self.active_environment(*first)?;
        }
        for gate in &policy.gates {
            if self.project.dataset(gate.dataset).is_none() {
                return Err(Refusal::not_found("the dataset of a gate"));
            }
            for prompt in &gate.prompts {
                self.prompt(*prompt)?;
            }
        }
        for prompt in policy.suite_gates.iter().flat_map(|gate| &gate.prompts) {
            self.prompt(*prompt)?;
        }
        if let Releasers::Named(names) = &policy.releasers {
            if names.len() > limits::NAMED {
                return Err(Refusal::new(
                    RefusalCode::Limit,
                    format!("a policy names at most {} people", limits::NAMED),
                ));
            }
            for person in names {
                self.member(*person)?;
            }
        }
        self.check_calendars(policy)?;
        Ok(vec![Event::PolicySet {
            environment,
            policy: Box::new(policy.clone()),
            before: now,
        }])
    }

    // One that has ended already would let nothing through from the first moment on.
    fn check_calendars(&self, policy: &Policy) -> Result<(), Refusal> {
        for freeze in &policy.freezes {
            let weekly = matches!(freeze.window, Window::Weekly { .. });
            let covered = policy
                .calendars
                .iter()
                .any(|c| c.zone == freeze.zone && c.covers(self.now));
            if weekly && !covered {
                return Err(Refusal::invalid(format!(
                    "the policy's calendar of {} does not reach today; fill it in anew",
                    freeze.zone
                )));
            }
        }
        Ok(())
    }
}
