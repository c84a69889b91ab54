//! Taking a project off this computer, and what would be lost by that.

use crate::views::Consequences;
use crate::{Error, Workbench, words};
use domain::ProjectId;
use store::{Begun, KnownProject, Place};

impl Workbench {
    /// What would be lost by taking a project off this computer, one line each; nothing if all
    /// of it is elsewhere.
    ///
    /// # Errors
    /// The project is not on this computer.
    pub async fn plan_remove_project(&self, project: ProjectId) -> Result<Consequences, Error> {
        let known = self.store().known_project(project)?;
        let mut words = self.unfinished(&known)?;
        let waits = !self.store().outbox(project)?.is_empty();
        match (known.sync.begun, &known.place) {
            (Some(Begun::Founding { .. }), Place::Registry { address }) if waits => {
                words.push(format!(
                    "whether {address} made the project is not known: if it did, nobody can open it any more, \
                     and its invitation is used up"
                ));
            }
            (Some(Begun::Joining { .. }), Place::Registry { address }) if waits => {
                words.push(format!(
                    "whether {address} let you in is not known: if it did, you need a new invitation"
                ));
            }
            (Some(_), _) => {}
            (None, Place::ThisComputer) => words.push(
                "the project itself, with its whole history: it lives on this computer only (exporting it first \
                 keeps it)"
                    .to_owned(),
            ),
            (None, Place::Registry { address }) if known.person.is_some() => words.push(format!(
                "this computer's key: {address} keeps the project, and you need a new invitation to come back"
            )),
            (None, Place::Registry { .. }) => {}
        }
        Ok(Consequences { words })
    }

    /// Takes a project off this computer: what it has of the ledger, drafts, outbox, keys. There is
    /// no way back; whoever calls has shown what [`Self::plan_remove_project`] says.
    ///
    /// # Errors
    /// The project is not on this computer, or the file can't be written.
    pub async fn remove_project(&self, project: ProjectId) -> Result<(), Error> {
        self.end_session(project);
        self.store().forget_project(project)?;
        self.drop_keys(project)?;
        Ok(())
    }

    /// What was written here and is nowhere else.
    fn unfinished(&self, known: &KnownProject) -> Result<Vec<String>, Error> {
        let mut lines = Vec::new();
        let reading = self.reading(known.id)?;
        let drafts = reading.store.drafts(known.id)?;
        let names: Vec<_> = drafts
            .iter()
            .filter(|draft| reading.has_changes(draft))
            .map(|draft| draft.name.clone())
            .collect();
        match names.as_slice() {
            [] => {}
            [one] => lines.push(format!("the draft of {one}")),
            several => lines.push(format!("the drafts of {}", words::list(several))),
        }
        if known.sync.begun.is_none() {
            match reading.pending.len() {
                0 => {}
                1 => lines.push("one change that the registry has not accepted".to_owned()),
                n => lines.push(format!("{n} changes that the registry has not accepted")),
            }
        }
        Ok(lines)
    }
}
