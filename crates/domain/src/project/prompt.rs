//! A prompt and its versions.

use crate::names::folded;
use crate::{Digest, Millis, PersonId, PromptId, VersionId};
use imbl::{OrdMap, Vector};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A named thing that changes over time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Prompt {
    /// Its id.
    pub id: PromptId,
    /// Its name; `/` makes folders.
    pub name: String,
    /// When it was made.
    pub created: Millis,
    /// Who made it.
    pub by: PersonId,
    /// Out of sight.
    pub archived: bool,
    /// Versions by number; the first is number 1.
    pub(crate) versions: Vector<Arc<Version>>,
    /// Versions that no other names as a parent, oldest first.
    pub(crate) heads: Vec<VersionId>,
    /// Labels but `latest`: name as written → version, by case-folded name.
    pub(crate) labels: OrdMap<String, (String, VersionId)>,
}

/// One saving of immutable content.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Version {
    /// The id of the command that saved it.
    pub id: VersionId,
    /// Given on acceptance; never reused.
    pub number: u32,
    /// The entry that accepted it.
    pub seq: u64,
    /// When it was accepted.
    pub at: Millis,
    /// When its author's device says it was saved.
    pub saved: Millis,
    /// Who saved it.
    pub by: PersonId,
    /// The versions it was made from.
    pub parents: Vec<VersionId>,
    /// The digest of its content.
    pub content: Digest,
    /// The content that it includes directly.
    pub includes: Vec<Digest>,
    /// The prompts whose output its inputs are; unknown, and so empty, where it was saved under
    /// rules before 5.
    pub reads: Vec<PromptId>,
    /// The digest of its message.
    pub message: Digest,
}

impl Prompt {
    /// Versions, oldest first.
    pub fn versions(&self) -> impl DoubleEndedIterator<Item = &Arc<Version>> + ExactSizeIterator {
        self.versions.iter()
    }

    /// The version of a number.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Option<&Arc<Version>> {
        self.versions
            .get(usize::try_from(number.checked_sub(1)?).ok()?)
    }

    /// What the label `latest` means.
    #[must_use]
    pub fn latest(&self) -> Option<&Arc<Version>> {
        self.versions.last()
    }

    /// Versions that no other names as a parent, oldest first.
    #[must_use]
    pub fn heads(&self) -> &[VersionId] {
        &self.heads
    }

    /// Whether two people's work stands side by side. Heads of equal content are no divergence.
    #[must_use]
    pub fn diverged(&self) -> bool {
        let mut contents = self
            .heads
            .iter()
            .filter_map(|id| self.find(*id))
            .map(|v| v.content);
        contents
            .next()
            .is_some_and(|first| contents.any(|other| other != first))
    }

    /// A version of this prompt by its id.
    #[must_use]
    pub fn find(&self, id: VersionId) -> Option<&Arc<Version>> {
        // Heads and recent versions are what is asked for: look from the end.
        self.versions.iter().rev().find(|version| version.id == id)
    }

    /// Labels with the versions they are on; `latest` is not among them.
    pub fn labels(&self) -> impl Iterator<Item = (&str, VersionId)> {
        self.labels
            .values()
            .map(|(name, version)| (name.as_str(), *version))
    }

    /// The version that a label is on, without regard to case; `latest` moves by itself.
    #[must_use]
    pub fn labelled(&self, label: &str) -> Option<VersionId> {
        let label = folded(label);
        if label == "latest" {
            return self.latest().map(|version| version.id);
        }
        self.labels.get(&label).map(|(_, version)| *version)
    }
}
