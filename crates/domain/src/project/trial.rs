//! Trying commands on a state, one after the other: what a registry does with a batch, and what a
//! laptop does with its outbox.

use super::Project;
use crate::ledger::{Body, Entry, NewEntry, SignedCommand};
use crate::rules::{Checking, Contents};
use crate::{Digest, Millis, Refusal, RefusalCode};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A state on which commands are tried. The caller keeps it, or drops it and nothing happened.
#[derive(Clone, Debug)]
pub struct Trial {
    project: Project,
    refused: BTreeSet<Uuid>,
    /// Content that a refused command would have brought, and that command.
    refused_contents: BTreeMap<Digest, Uuid>,
}

/// What became of a command.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It is the next entry.
    Accepted(Box<Entry>),
    /// It was accepted before, as this entry: sending it twice is once.
    Again {
        /// Which entry.
        seq: u64,
    },
    /// It is refused, and nothing changed.
    Refused(Refusal),
}

impl Trial {
    /// Begins with a state.
    #[must_use]
    pub fn new(project: Project) -> Self {
        Self {
            project,
            refused: BTreeSet::new(),
            refused_contents: BTreeMap::new(),
        }
    }

    /// The state with all that was accepted.
    #[must_use]
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// Ends the trial.
    #[must_use]
    pub fn into_project(self) -> Project {
        self.project
    }

    /// Decides a command and records it. The signature is the caller's to check.
    ///
    /// A command that needs a refused one (its prompt, its parent version …) is refused as
    /// depending on it, so that whoever settles the first can send both again.
    pub fn submit(
        &mut self,
        signed: &SignedCommand,
        contents: &dyn Contents,
        now: Millis,
    ) -> Outcome {
        let command = signed.command();
        if let Some((digest, seq)) = self.project.accepted(command.id) {
            return if digest == signed.digest() {
                Outcome::Again { seq }
            } else {
                Outcome::Refused(Refusal::new(
                    RefusalCode::IdReused,
                    "another command with this id was accepted before; nothing was changed",
                ))
            };
        }
        match self.accept(signed, contents, now) {
            Ok(entry) => {
                // Refused before, it may be accepted once what it needs is there.
                self.refused.remove(&command.id.0);
                Outcome::Accepted(Box::new(entry))
            }
            Err(refusal) => {
                self.refused.insert(command.id.0);
                for content in command.body.contents() {
                    self.refused_contents.insert(content, command.id.0);
                }
                Outcome::Refused(refusal)
            }
        }
    }

    /// Notes a command that was refused before it came here, so that what depends on it is too.
    pub fn note_refused(&mut self, id: crate::CommandId) {
        self.refused.insert(id.0);
    }

    fn accept(
        &mut self,
        signed: &SignedCommand,
        contents: &dyn Contents,
        now: Millis,
    ) -> Result<Entry, Refusal> {
        let command = signed.command();
        if let Some(id) = self.needs_refused(&command.body) {
            return Err(Refusal::new(
                RefusalCode::DependsOn,
                "this builds on a change that was refused; settle that one first",
            )
            .with(json!({ "command": id })));
        }
        // The clock of a ledger never runs backwards, whatever the machine's does.
        let now = now.max(self.project.head().at);
        let events = self
            .project
            .decide(command, contents, now, Checking::Arrival)?;
        let head = self.project.head();
        let new = NewEntry {
            seq: head.seq + 1,
            at: now,
            prev: head.digest,
            command: signed.clone(),
            events,
        };
        let entry = Entry::write(new).map_err(|error| Refusal::invalid(error.to_string()))?;
        self.project
            .apply(&entry)
            .map_err(|error| Refusal::invalid(error.to_string()))?;
        Ok(entry)
    }

    fn needs_refused(&self, body: &Body) -> Option<Uuid> {
        let by_id = body.needs().into_iter();
        let by_content = body
            .needs_contents()
            .into_iter()
            .filter(|content| !self.project.names_content(content))
            .filter_map(|content| self.refused_contents.get(&content).copied());
        by_id.chain(by_content).find(|id| self.refused.contains(id))
    }
}
