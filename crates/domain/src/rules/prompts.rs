//! Prompts and labels.

use super::{Case, bad_name, flat_name, reads_as_number};
use crate::ledger::Event;
use crate::names::{self, folded};
use crate::permissions::Role;
use crate::project::Prompt;
use crate::{PromptId, Refusal, RefusalCode, VersionId};

impl Case<'_> {
    pub(super) fn create_prompt(&self, name: &str) -> Result<Vec<Event>, Refusal> {
        names::check(name).map_err(|error| bad_name("the prompt", &error))?;
        let prompt = PromptId::from(self.id);
        match self.project.prompt_names.get(&folded(name)) {
            None => Ok(vec![Event::PromptCreated {
                prompt,
                name: name.to_owned(),
            }]),
            // Whoever had not seen that the name was taken meant a prompt of this name: their
            // work joins it as a head without a common parent, and nothing is lost.
            Some(taken) if taken.seq > self.seen => Ok(vec![Event::PromptJoined {
                prompt,
                into: taken.prompt,
            }]),
            Some(_) => Err(self.name_taken(name)),
        }
    }

    pub(super) fn rename_prompt(
        &self,
        id: PromptId,
        name: &str,
        replaces: &str,
    ) -> Result<Vec<Event>, Refusal> {
        let prompt = self.prompt(id)?;
        names::check(name).map_err(|error| bad_name("the prompt", &error))?;
        if prompt.name != replaces {
            return Err(Refusal::conflict(
                format!(
                    "this prompt was renamed meanwhile; it is called {} now",
                    prompt.name
                ),
                &prompt.name,
            ));
        }
        if prompt.name == name {
            return Err(Refusal::invalid("the prompt has this name already"));
        }
        // Only the case may change: then the name is its own.
        if self
            .project
            .prompt_named(name)
            .is_some_and(|other| other.id != prompt.id)
        {
            return Err(self.name_taken(name));
        }
        if folded(name) != folded(&prompt.name) {
            self.is_free_of_reviews(prompt)?;
        }
        Ok(vec![Event::PromptRenamed {
            prompt: prompt.id,
            name: name.to_owned(),
            before: prompt.name.clone(),
        }])
    }

    // Applications ask by name. Where only what was approved is served, another name takes it away
    // from them, and two names exchanged would answer them with something else.
    fn is_free_of_reviews(&self, prompt: &Prompt) -> Result<(), Refusal> {
        if self.actor()?.role == Role::Admin {
            return Ok(());
        }
        let held = self.project.environments().find(|place| {
            let asks = self.project.policy(place.id).needs_request();
            asks && self.project.serving(place.id, prompt.id).is_some()
        });
        match held {
            None => Ok(()),
            Some(place) => Err(Refusal::new(
                RefusalCode::NotAllowed,
                format!(
                    "applications of {} ask for {} by this name, and nothing changes there without a review; only an admin may rename it",
                    place.name, prompt.name
                ),
            )),
        }
    }

    pub(super) fn archive_prompt(&self, id: PromptId) -> Result<Vec<Event>, Refusal> {
        let prompt = self.prompt(id)?;
        if prompt.archived {
            return Err(Refusal::invalid("this prompt is archived already"));
        }
        let serving: Vec<_> = self
            .project
            .environments()
            .filter(|e| self.project.serving(e.id, prompt.id).is_some())
            .map(|e| e.name.clone())
            .collect();
        if !serving.is_empty() {
            return Err(Refusal::new(
                RefusalCode::InUse,
                format!(
                    "{} still serves {}; stop serving it there first",
                    serving.join(", "),
                    prompt.name
                ),
            ));
        }
        Ok(vec![Event::PromptArchived { prompt: prompt.id }])
    }

    pub(super) fn restore_prompt(&self, id: PromptId) -> Result<Vec<Event>, Refusal> {
        let prompt = self.prompt(id)?;
        if !prompt.archived {
            return Err(Refusal::invalid("this prompt is not archived"));
        }
        Ok(vec![Event::PromptRestored { prompt: prompt.id }])
    }

    pub(super) fn set_label(
        &self,
        id: PromptId,
        label: &str,
        version: VersionId,
        replaces: Option<VersionId>,
    ) -> Result<Vec<Event>, Refusal> {
        let prompt = self.prompt(id)?;
        self.check_label(label)?;
        let now = prompt.labelled(label);
        if now != replaces {
            return Err(Refusal::conflict(
                format!("the label {label} was moved meanwhile"),
                &now,
            ));
        }
        if self
            .project
            .version(version)
            .is_none_or(|(of, _)| of.id != prompt.id)
        {
            return Err(Refusal::not_found("the version"));
        }
        if now == Some(version) {
            return Err(Refusal::invalid(format!(
                "the label {label} is on this version already"
            )));
        }
        Ok(vec![Event::LabelMoved {
            prompt: prompt.id,
            label: label.to_owned(),
            version: Some(version),
            before: now,
        }])
    }

    pub(super) fn remove_label(
        &self,
        id: PromptId,
        label: &str,
        replaces: VersionId,
    ) -> Result<Vec<Event>, Refusal> {
        let prompt = self.prompt(id)?;
        if folded(label) == "latest" {
            return Err(Refusal::invalid("latest moves by itself"));
        }
        let now = prompt.labelled(label);
        if now != Some(replaces) {
            return Err(Refusal::conflict(
                format!("the label {label} was moved meanwhile"),
                &now,
            ));
        }
        Ok(vec![Event::LabelMoved {
            prompt: prompt.id,
            label: label.to_owned(),
            version: None,
            before: now,
        }])
    }

    pub(super) fn prompt(&self, id: PromptId) -> Result<&Prompt, Refusal> {
        Ok(self
            .project
            .prompt(id)
            .ok_or_else(|| Refusal::not_found("the prompt"))?)
    }

    // A label must not be mistaken for what an address can also name.
    fn check_label(&self, label: &str) -> Result<(), Refusal> {
        flat_name("the label", label)?;
        if folded(label) == "latest" {
            return Err(Refusal::invalid("latest moves by itself"));
        }
        if reads_as_number(label) {
            return Err(Refusal::invalid(
                "a label can't look like a version's number",
            ));
        }
        if self.project.environment_named(label).is_some() {
            return Err(Refusal::invalid(
                "an environment has this name; a release puts versions there",
            ));
        }
        Ok(())
    }

    fn name_taken(&self, name: &str) -> Refusal {
        let owner = self.project.prompt_named(name);
        let archived = owner.is_some_and(|prompt| prompt.archived);
        let hint = if archived {
            " (it is archived; restore or rename that one)"
        } else {
            ""
        };
        Refusal::new(
            RefusalCode::NameTaken,
            format!("there is a prompt named {name} already{hint}"),
        )
    }
}
