//! Suites and announced runs in the state.

use super::{Project, as_text};
use crate::ledger::Upstream;
use crate::suite::Suite;
use crate::{Digest, EnvironmentId, Millis, PersonId, PromptId, RunId, VersionId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The suite of a prompt, and who set it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SuiteSet {
    /// The suite.
    #[serde(with = "as_text")]
    pub suite: Suite,
    /// Its digest.
    pub digest: Digest,
    /// The entry that set it.
    pub seq: u64,
    /// When.
    pub at: Millis,
    /// Who.
    pub by: PersonId,
}

/// A run that was announced before its first answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announced {
    /// Its id.
    pub id: RunId,
    /// Of which prompt.
    pub prompt: PromptId,
    /// On which suite.
    pub suite: Digest,
    /// For which environment.
    pub environment: EnvironmentId,
    /// The proposed version.
    pub proposed: VersionId,
    /// Its content.
    pub content: Digest,
    /// What the environment served then, at the largest weight, and its content; none: nothing.
    pub live: Option<(VersionId, Digest)>,
    /// How often each case is asked.
    pub repeats: u32,
    /// What was asked first, because its output is an input.
    #[serde(with = "as_text")]
    pub upstream: Upstream,
    /// Who announced it.
    pub by: PersonId,
    /// When.
    pub at: Millis,
    /// What it came to; none as long as nothing was recorded.
    pub came_to: Option<CameTo>,
}

/// What an announced run came to: the marks of [`crate::evidence::Counts`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CameTo {
    /// The record of it.
    pub run: RunId,
    /// What the live version's answers are worth.
    pub live: String,
    /// What the proposed version's are.
    pub proposed: String,
}

impl Project {
    /// The announced runs of a prompt, oldest first.
    pub fn announced_runs(&self, prompt: PromptId) -> impl Iterator<Item = &Arc<Announced>> {
        let prompt = self.meant(prompt);
        let of_it = move |run: &&Arc<Announced>| run.prompt == prompt;
        self.announced.iter().filter(of_it)
    }

    /// One announced run.
    #[must_use]
    pub fn announced_run(&self, id: RunId) -> Option<&Arc<Announced>> {
        let place = *self.announced_places.get(&id)?;
        self.announced.get(usize::try_from(place).ok()?)
    }

    /// By what a prompt is judged, with who said so.
    #[must_use]
    pub fn suite(&self, prompt: PromptId) -> Option<&Arc<SuiteSet>> {
        self.suites.get(&self.meant(prompt))
    }

    /// A suite that a prompt has or had.
    #[must_use]
    pub fn suite_with(&self, prompt: PromptId, digest: Digest) -> Option<&Suite> {
        let past = self.past_suites.get(&(self.meant(prompt), digest))?;
        Some(&past.suite)
    }

    /// How many cases a content of a dataset has.
    #[must_use]
    pub fn cases_of(&self, suite: &Suite) -> Option<u32> {
        let contents = &self.dataset(suite.dataset)?.contents;
        let found = contents.iter().find(|c| c.content == suite.content)?;
        Some(found.cases)
    }
}
