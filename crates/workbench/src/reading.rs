//! One look at a project: the accepted state, the state ahead of it, and the texts they name.
//!
//! Every view is drawn from one [`Reading`], so that no screen mixes two moments.

use crate::track::Both;
use crate::{Error, Workbench, cases_in_use::CasesInUse};
use domain::content::Kind;
use domain::ledger::{Entry, PublicKey};
use domain::project::Project;
use domain::{Digest, PersonId, ProjectId, PromptId, SaltedText, VersionContent};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::{Mark, Pending, Store};

/// One look at a project.
pub(crate) struct Reading {
    pub project: ProjectId,
    pub store: Store,
    /// What the registry has accepted.
    pub accepted: Arc<Project>,
    /// The same with everything that waits in the outbox.
    pub ahead: Arc<Project>,
    /// The outbox, with what each command leads to.
    pub pending: Vec<Pending>,
    /// What this look rests on.
    pub mark: Mark,
    /// Whether the ledger lives on this computer.
    pub on_this_computer: bool,
    /// Who acts here.
    pub person_here: Option<PersonId>,
    /// The datasets that are in use now.
    pub in_use: Arc<CasesInUse>,
}

impl Workbench {
    /// Looks at a project.
    pub(crate) fn reading(&self, project: ProjectId) -> Result<Reading, Error> {
        let known = self.store().known_project(project)?;
        let view = self.store().view(project, self.now())?;
        Ok(Reading {
            project,
            store: self.store().clone(),
            accepted: Arc::clone(&view.replica),
            ahead: Arc::clone(&view.ahead),
            pending: view.pending.clone(),
            mark: view.mark,
            on_this_computer: known.place == store::Place::ThisComputer,
            person_here: known.person,
            in_use: Arc::clone(&self.inner.in_use),
        })
    }
}

impl Reading {
    /// Both states.
    pub fn both(&self) -> Both<'_> {
        Both {
            accepted: &self.accepted,
            ahead: &self.ahead,
        }
    }

    /// A free text; empty when it is not here (redacted, or not fetched yet).
    pub fn text(&self, digest: &Digest) -> String {
        let bytes = self.store.content(digest).ok().flatten();
        bytes
            .and_then(|bytes| SaltedText::decode(&bytes))
            .map(|text| text.text)
            .unwrap_or_default()
    }

    /// A version's content, where it is here.
    pub fn content(&self, digest: &Digest) -> Option<VersionContent> {
        VersionContent::decode(&self.store.content(digest).ok().flatten()?).ok()
    }

    /// Whether a content is a text or a conversation; a conversation when it is not here.
    pub fn kind_of(&self, digest: &Digest) -> Kind {
        // Canonical JSON has its keys in order: the kind can be found without reading all of it.
        let Some(bytes) = self.store.content(digest).ok().flatten() else {
            return Kind::Chat;
        };
        let text = br#""kind":"text""#;
        let top = bytes.windows(text.len()).position(|part| part == text);
        match top {
            None => Kind::Chat,
            Some(_) => VersionContent::decode(&bytes).map_or(Kind::Chat, |content| content.kind),
        }
    }

    /// What a person is called.
    pub fn person(&self, id: PersonId) -> String {
        self.ahead
            .person(id)
            .map_or_else(|| "Somebody".to_owned(), |person| person.name.clone())
    }

    /// What the person at this computer is called.
    pub fn my_name(&self) -> String {
        self.person_here
            .map_or_else(|| "You".to_owned(), |id| self.person(id))
    }

    /// Who an entry is by.
    pub fn actor(&self, entry: &Entry) -> Option<PersonId> {
        let command = entry.command().command();
        let device: PublicKey = command.device;
        self.ahead
            .person_of(&device)
            .map(|person| person.id)
            .or_else(|| {
                // Whoever joins signs with the invitation's key.
                self.ahead
                    .person(PersonId::from(command.id))
                    .map(|person| person.id)
            })
    }

    /// Accepted entries after `start` up to `end`.
    pub fn entries(&self, start: u64, end: u64) -> Result<Vec<Entry>, Error> {
        let count = usize::try_from(end.saturating_sub(start)).unwrap_or(usize::MAX);
        Ok(self.store.entries(self.project, start, count)?)
    }

    /// The prompts of which something waits in the outbox.
    pub fn unsent_prompts(&self) -> BTreeSet<PromptId> {
        let touched = self
            .pending
            .iter()
            .flat_map(|pending| crate::outbox::prompts_of(&pending.queued.command));
        touched.map(|prompt| self.ahead.meant(prompt)).collect()
    }
}
