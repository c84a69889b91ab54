//! Every rule of the ledger, one file for each area; [`Project::decide`] is the way in.
//!
//! A rule reads the state, the command, the registry's clock and content by digest, and answers
//! with events or a refusal. It changes nothing.

mod comments;
pub mod covered;
mod data;
mod demands;
mod dispatch;
mod entitled;
mod environments;
pub mod gates;
mod grounds;
mod keys;
mod people;
mod policies;
mod prompts;
mod releases;
pub mod requests;
mod runs;
mod services;
mod suites;
pub mod upstream;
mod versions;

pub use grounds::Under;
pub use versions::content_problems;

use crate::ledger::{Body, Command, Event, MadeEnvironment, RULES, Seen};
use crate::names::{self, NameError};
use crate::project::Person;
use crate::{
    CommandId, Digest, EnvironmentId, Millis, PersonId, Project, Refusal, RefusalCode, limits,
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Content by digest, read only.
pub trait Contents {
    /// The bytes, or `None` if they are not here.
    fn find(&self, digest: &Digest) -> Option<Arc<[u8]>>;
}

impl Contents for BTreeMap<Digest, Arc<[u8]>> {
    fn find(&self, digest: &Digest) -> Option<Arc<[u8]>> {
        self.get(digest).cloned()
    }
}

/// Why a command is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checking {
    /// It arrives: all content it names must be here.
    Arrival,
    /// It was accepted before and is checked again: content may have been redacted since, or not
    /// been fetched, and is then passed over.
    Again,
}

/// What every rule is given.
pub(crate) struct Case<'a> {
    pub project: &'a Project,
    pub contents: &'a dyn Contents,
    pub now: Millis,
    pub checking: Checking,
    /// The number of the rules that hold.
    pub rules: u32,
    pub id: CommandId,
    pub seen: u64,
    /// Who acts; nobody for founding and joining.
    pub actor: Option<&'a Person>,
}

impl Project {
    /// Holds every rule: what `command` leads to on this state, or why it is refused.
    ///
    /// `now` is the registry's clock; a device's own time decides nothing. The signature is
    /// checked by whoever calls.
    ///
    /// # Errors
    /// The refusal, with words for the person.
    pub fn decide(
        &self,
        command: &Command,
        contents: &dyn Contents,
        now: Millis,
        checking: Checking,
    ) -> Result<Vec<Event>, Refusal> {
        self.decide_under(RULES, command, contents, now, checking)
    }

    /// The same under earlier rules: what was decided under them stands.
    pub(crate) fn decide_under(
        &self,
        rules: u32,
        command: &Command,
        contents: &dyn Contents,
        now: Millis,
        checking: Checking,
    ) -> Result<Vec<Event>, Refusal> {
        let mut case = Case {
            project: self,
            contents,
            now,
            checking,
            rules,
            id: command.id,
            seen: command.seen.seq,
            actor: None,
        };
        if let Body::CreateProject { .. } = command.body {
            return case.found(command);
        }
        if self.id().is_none_or(|id| id != command.project) {
            return Err(Refusal::not_found("this project"));
        }
        self.check_seen(command.seen)?;
        if let Body::Join { .. } = command.body {
            return case.join(command);
        }
        let actor = self.active(command)?;
        case.actor = Some(actor);
        self.may(actor, &command.body)?;
        case.not_destroyed(&command.body)?;
        case.needs_content(&command.body)?;
        case.dispatch(&command.body)
    }

    /// Whether whoever signed this may ask for things here at all.
    pub(crate) fn may_act(&self, command: &Command) -> Result<(), Refusal> {
        if self.id().is_none_or(|id| id != command.project) {
            return Err(Refusal::not_found("this project"));
        }
        self.check_seen(command.seen)?;
        self.active(command).map(|_| ())
    }

    // A signed command says what its device had seen of the ledger. Holding it to that is what
    // keeps an operator from dropping or exchanging an entry: every later signature names it.
    fn check_seen(&self, seen: Seen) -> Result<(), Refusal> {
        if self.digest_at(seen.seq) == Some(seen.digest) {
            return Ok(());
        }
        // What a device saw before a restore may be lost; an admin's epoch says from where on.
        if self.first_epoch.is_some_and(|first| seen.seq >= first) {
            return Ok(());
        }
        Err(Refusal::invalid(
            "this was made on another history of the project than the one that is here; sync, and \
             if the registry was restored from a backup, give back what it lost",
        ))
    }

    // The person for whom the device signs, if both still count.
    fn active(&self, command: &Command) -> Result<&Person, Refusal> {
        let unknown = |message: &str| Err(Refusal::new(RefusalCode::UnknownDevice, message));
        let Some(person) = self.person_of(&command.device) else {
            return unknown("this device is not enrolled in the project");
        };
        if person.removed.is_some() {
            return unknown("you are no longer a member of this project");
        }
        if person
            .devices
            .iter()
            .any(|d| d.key == command.device && d.revoked.is_some())
        {
            return unknown("this device was revoked; nothing that it signs counts any more");
        }
        Ok(person)
    }
}

impl Case<'_> {
    fn found(&self, command: &Command) -> Result<Vec<Event>, Refusal> {
        let Body::CreateProject {
            name,
            person,
            device_name,
            environments,
            default,
        } = &command.body
        else {
            return Err(Refusal::invalid("a project begins with its founding"));
        };
        if self.project.head().seq > 0 {
            return Err(Refusal::invalid("this project exists already"));
        }
        if command.project.0 != command.id.0 {
            return Err(Refusal::invalid(
                "a project has the id of the command that founds it",
            ));
        }
        flat_name("the project", name)?;
        flat_name("the person", person)?;
        flat_name("the device", device_name)?;
        if environments.is_empty() || environments.len() > limits::ENVIRONMENTS {
            return Err(Refusal::invalid(format!(
                "a project has 1 to {} environments",
                limits::ENVIRONMENTS
            )));
        }
        let (mut ids, mut folded) = (BTreeSet::new(), BTreeSet::new());
        for environment in environments {
            environments::check_name(&environment.name)?;
            if !ids.insert(environment.id) || !folded.insert(names::folded(&environment.name)) {
                return Err(Refusal::new(
                    RefusalCode::NameTaken,
                    format!("there are two environments named {}", environment.name),
                ));
            }
        }
        if !ids.contains(default) {
            return Err(Refusal::not_found("the default environment"));
        }
        Ok(vec![Event::ProjectCreated {
            name: name.clone(),
            founder: PersonId(command.id.0),
            person: person.clone(),
            device: command.device,
            device_name: device_name.clone(),
            environments: environments
                .iter()
                .map(|e| MadeEnvironment {
                    id: e.id,
                    name: e.name.clone(),
                })
                .collect(),
            default: *default,
        }])
    }

    fn rename_project(&self, name: &str) -> Result<Vec<Event>, Refusal> {
        flat_name("the project", name)?;
        if self.project.name() == name {
            return Err(Refusal::invalid("the project has this name already"));
        }
        Ok(vec![Event::ProjectRenamed {
            name: name.to_owned(),
        }])
    }

    fn begin_epoch(&self, epoch: u32, reason: Digest) -> Result<Vec<Event>, Refusal> {
        self.check_text(&reason)?;
        if epoch != self.project.epoch() + 1 {
            return Err(Refusal::conflict(
                "another epoch has begun meanwhile",
                &self.project.epoch(),
            ));
        }
        Ok(vec![Event::EpochBegun { epoch, reason }])
    }

    // Sent again, it would be back in every copy.
    fn not_destroyed(&self, body: &Body) -> Result<(), Refusal> {
        if body
            .contents()
            .iter()
            .any(|digest| self.project.is_redacted(digest))
        {
            return Err(Refusal::new(
                RefusalCode::ContentInvalid,
                "this content was redacted and can't be saved again",
            ));
        }
        Ok(())
    }

    fn needs_content(&self, body: &Body) -> Result<(), Refusal> {
        if self.checking == Checking::Again {
            return Ok(());
        }
        let missing: Vec<_> = body
            .contents()
            .into_iter()
            .filter(|d| self.contents.find(d).is_none())
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(Refusal::new(
            RefusalCode::ContentMissing,
            "content that this names was not sent along",
        )
        .with(json!({ "missing": missing })))
    }

    pub(crate) fn actor(&self) -> Result<&Person, Refusal> {
        self.actor
            .ok_or_else(|| Refusal::new(RefusalCode::NotAllowed, "nobody is acting"))
    }

    pub(crate) fn active_environment(
        &self,
        id: EnvironmentId,
    ) -> Result<&crate::project::Environment, Refusal> {
        let found = self
            .project
            .environment(id)
            .ok_or_else(|| Refusal::not_found("the environment"))?;
        if found.retired.is_some() {
            return Err(Refusal::invalid(format!(
                "the environment {} is retired",
                found.name
            )));
        }
        Ok(found)
    }
}

/// Whether a name reads as a version's number: `7` or `v7`.
pub(crate) fn reads_as_number(name: &str) -> bool {
    let folded = names::folded(name);
    let digits = folded.strip_prefix('v').unwrap_or(&folded);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

pub(crate) fn flat_name(what: &str, name: &str) -> Result<(), Refusal> {
    names::check_flat(name).map_err(|error| bad_name(what, &error))
}

pub(crate) fn bad_name(what: &str, error: &NameError) -> Refusal {
    Refusal::invalid(format!("{what} can't be called that: {error}"))
}
