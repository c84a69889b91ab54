//! What environments serve, ready to be sent.
//!
//! A [`Board`] holds, for each environment, the answer for every prompt as bytes with their
//! `ETag`. Readers take the board as it is; a release makes a new one that shares what did not
//! change. Nothing on the way of an application's read touches the disk.

mod answer;
mod build;
mod choose;
pub mod langfuse;
mod ready;

pub use answer::Answer;
pub use build::unservable;
pub use choose::{Asked, NotServed, earlier};
pub use ready::{Ready, Row};

use domain::names::folded;
use domain::split::Run;
use domain::{EnvironmentId, PromptId, ReleaseId, VersionId};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// What the environments of one project serve.
#[derive(Clone, Debug, Default)]
pub struct Board {
    shelves: HashMap<EnvironmentId, Arc<Shelf>>,
}

/// What one environment serves.
#[derive(Debug)]
pub struct Shelf {
    /// The environment's name.
    pub name: String,
    /// By the prompt's name, without regard to case.
    prompts: HashMap<String, Arc<Served>>,
    /// Everything in one answer, made when first asked for.
    whole: OnceLock<Answer>,
}

/// What is served of one prompt.
#[derive(Debug)]
pub struct Served {
    pub(super) name: String,
    pub(super) prompt: PromptId,
    pub(super) salt: ReleaseId,
    pub(super) slots: Vec<Run>,
    /// What a caller without a unit gets.
    pub(super) main: VersionId,
    pub(super) sides: Vec<(VersionId, Option<Ready>)>,
    /// This prompt's part of the whole environment, as JSON; none where content is missing.
    pub(super) part: Option<String>,
}

impl Board {
    /// What an environment serves; none if it is retired or unknown.
    #[must_use]
    pub fn shelf(&self, environment: EnvironmentId) -> Option<&Arc<Shelf>> {
        self.shelves.get(&environment)
    }
}

impl Shelf {
    /// What is served of the prompt of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Arc<Served>> {
        // Most ask by the name as it is written, in lower case: no copy for them.
        self.prompts
            .get(name)
            .or_else(|| self.prompts.get(&folded(name)))
    }

    /// What is served, in the order of names.
    #[must_use]
    pub fn all(&self) -> Vec<&Arc<Served>> {
        let mut all: Vec<_> = self.prompts.iter().collect();
        all.sort_unstable_by_key(|(name, _)| *name);
        all.into_iter().map(|(_, served)| served).collect()
    }

    /// The prompts whose answer is another than on the shelf before, by name.
    #[must_use]
    pub fn differs_from(&self, before: Option<&Self>) -> Vec<String> {
        let same = |name: &str, served: &Arc<Served>| {
            before
                .and_then(|b| b.prompts.get(name))
                .is_some_and(|old| Arc::ptr_eq(old, served))
        };
        let changed = self
            .prompts
            .iter()
            .filter(|(name, served)| !same(name, served))
            .map(|(_, s)| s);
        let gone = before
            .into_iter()
            .flat_map(|before| &before.prompts)
            .filter(|(name, _)| !self.prompts.contains_key(*name))
            .map(|(_, served)| served);
        let mut names: Vec<String> = changed
            .chain(gone)
            .map(|served| served.name.clone())
            .collect();
        names.sort_unstable();
        names
    }

    /// Everything in one answer.
    #[must_use]
    pub fn whole(&self) -> &Answer {
        self.whole
            .get_or_init(|| build::whole(&self.name, self.prompts.iter()))
    }
}

impl Served {
    /// The version for a caller's unit, or for one who has none. The unit is not kept.
    #[must_use]
    pub fn chosen(&self, unit: Option<&str>) -> VersionId {
        unit.and_then(|unit| domain::split::choose(&self.slots, self.salt, unit))
            .unwrap_or(self.main)
    }

    /// What is ready of a version; none where its content is missing.
    #[must_use]
    pub fn ready(&self, version: VersionId) -> Option<&Ready> {
        let mut sides = self.sides.iter();
        sides.find(|(side, _)| *side == version)?.1.as_ref()
    }

    /// The prompt.
    #[must_use]
    pub fn prompt(&self) -> PromptId {
        self.prompt
    }
}
