//! Environments: add, rename, reorder, retire, default.

use super::{Case, flat_name, reads_as_number};
use crate::ledger::Event;
use crate::names::folded;
use crate::project::KeyKind;
use crate::{EnvironmentId, Refusal, RefusalCode, limits};
use std::collections::BTreeSet;

impl Case<'_> {
    pub(super) fn add_environment(
        &self,
        name: &str,
        after: Option<EnvironmentId>,
    ) -> Result<Vec<Event>, Refusal> {
        // The first environments have ids that the founder's device drew.
        if self
            .project
            .environment(EnvironmentId::from(self.id))
            .is_some()
        {
            return Err(Refusal::new(
                RefusalCode::IdReused,
                "there is an environment with this id already; nothing was changed",
            ));
        }
        self.free_name(name, None)?;
        if self.project.order.len() >= limits::ENVIRONMENTS {
            return Err(Refusal::new(
                RefusalCode::Limit,
                format!(
                    "a project has at most {} environments",
                    limits::ENVIRONMENTS
                ),
            ));
        }
        let position = match after {
            None => 0,
            Some(after) => {
                self.active_environment(after)?;
                self.project
                    .order
                    .iter()
                    .position(|id| *id == after)
                    .map_or(0, |place| place + 1)
            }
        };
        Ok(vec![Event::EnvironmentAdded {
            environment: EnvironmentId::from(self.id),
            name: name.to_owned(),
            position: u32::try_from(position).unwrap_or(u32::MAX),
        }])
    }

    pub(super) fn rename_environment(
        &self,
        id: EnvironmentId,
        name: &str,
        replaces: &str,
    ) -> Result<Vec<Event>, Refusal> {
        let environment = self.active_environment(id)?;
        self.free_name(name, Some(id))?;
        if environment.name != replaces {
            return Err(Refusal::conflict(
                format!(
                    "this environment was renamed meanwhile; it is called {} now",
                    environment.name
                ),
                &environment.name,
            ));
        }
        if environment.name == name {
            return Err(Refusal::invalid("the environment has this name already"));
        }
        Ok(vec![Event::EnvironmentRenamed {
            environment: id,
            name: name.to_owned(),
            before: environment.name.clone(),
        }])
    }

    pub(super) fn reorder_environments(
        &self,
        order: &[EnvironmentId],
    ) -> Result<Vec<Event>, Refusal> {
        let now: BTreeSet<_> = self.project.order.iter().collect();
        let wanted: BTreeSet<_> = order.iter().collect();
        if now != wanted || order.len() != wanted.len() {
            return Err(Refusal::conflict(
                "environments were added or retired meanwhile; look at the order again",
                &self.project.order,
            ));
        }
        if self.project.order.iter().eq(order) {
            return Err(Refusal::invalid(
                "the environments are in this order already",
            ));
        }
        Ok(vec![Event::EnvironmentsReordered {
            order: order.to_vec(),
        }])
    }

    pub(super) fn retire_environment(&self, id: EnvironmentId) -> Result<Vec<Event>, Refusal> {
        let environment = self.active_environment(id)?;
        if self.project.default_environment() == Some(id) {
            return Err(Refusal::new(
                RefusalCode::InUse,
                format!(
                    "{} is the default environment; make another one the default first",
                    environment.name
                ),
            ));
        }
        // Nothing could come after it on that path any more.
        let mut others = self.project.environments();
        if let Some(other) = others.find(|e| self.project.policy(e.id).path.contains(&id)) {
            return Err(Refusal::new(
                RefusalCode::InUse,
                format!(
                    "the policy of {} asks that content was served in {} first; change that policy first",
                    other.name, environment.name
                ),
            ));
        }
        let keys = self
            .project
            .keys()
            .filter(|key| key.kind == KeyKind::Environment(id) && key.revoked.is_none())
            .map(|key| key.id)
            .collect();
        Ok(vec![Event::EnvironmentRetired {
            environment: id,
            keys,
        }])
    }

    pub(super) fn set_default_environment(
        &self,
        id: EnvironmentId,
        replaces: EnvironmentId,
    ) -> Result<Vec<Event>, Refusal> {
        let environment = self.active_environment(id)?;
        let now = self.project.default_environment();
        if now != Some(replaces) {
            return Err(Refusal::conflict(
                "another environment was made the default meanwhile",
                &now,
            ));
        }
        if id == replaces {
            return Err(Refusal::invalid(format!(
                "{} is the default already",
                environment.name
            )));
        }
        Ok(vec![Event::DefaultEnvironmentChanged {
            environment: id,
            before: replaces,
        }])
    }

    fn free_name(&self, name: &str, own: Option<EnvironmentId>) -> Result<(), Refusal> {
        check_name(name)?;
        if self
            .project
            .environment_named(name)
            .is_some_and(|other| Some(other.id) != own)
        {
            return Err(Refusal::new(
                RefusalCode::NameTaken,
                format!("there is an environment named {name} already"),
            ));
        }
        // An address names labels and environments alike.
        if let Some(prompt) = self
            .project
            .prompts()
            .find(|prompt| prompt.labels.contains_key(&folded(name)))
        {
            return Err(Refusal::new(
                RefusalCode::NameTaken,
                format!(
                    "{} has a label named {name}; remove that first",
                    prompt.name
                ),
            ));
        }
        Ok(())
    }
}

/// An environment's name must not read as something that `latest` or a number means.
pub(super) fn check_name(name: &str) -> Result<(), Refusal> {
    flat_name("the environment", name)?;
    if folded(name) == "latest" {
        return Err(Refusal::invalid(
            "latest is a label; call the environment something else",
        ));
    }
    if reads_as_number(name) {
        return Err(Refusal::invalid(
            "an environment can't be called what a version's number looks like",
        ));
    }
    Ok(())
}
