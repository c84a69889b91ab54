//! What the registry asks of storage, whichever engine is under it.
//!
//! An engine keeps entries, content by digest, a snapshot of our own fold, and where each key
//! lives. It knows no rule: what an append changes beside the entries is worked out here, in
//! [`Effects`], so that a second engine can't work it out differently. An append is one
//! transaction, at the expected head or not at all.

use domain::ledger::{Entry, Event, KeyHash, Seen};
use domain::{Digest, KeyId, Millis, PersonId, ProjectId};
use std::sync::Arc;

/// One append: all of it on disk, or nothing.
#[derive(Debug)]
pub struct Append<'a> {
    /// To which ledger.
    pub project: ProjectId,
    /// The head that the entries were decided on.
    pub expected: Seen,
    /// What is appended, in order.
    pub entries: &'a [Entry],
    /// Content that comes along (a given ledger brings its own).
    pub contents: &'a [(Digest, Arc<[u8]>)],
    /// The one-time invitation that this uses up.
    pub founding: Option<KeyHash>,
    /// Now.
    pub now: Millis,
}

/// What entries change beside the ledger.
#[derive(Debug, Default)]
pub struct Effects {
    /// Content that the ledger names from now on, with the first entry that does.
    pub named: Vec<(Digest, u64)>,
    /// Content that must go.
    pub redacted: Vec<Digest>,
    /// Keys and tokens that exist from now on.
    pub keys: Vec<KeyId>,
}

impl Effects {
    /// What these entries change.
    #[must_use]
    pub fn of(entries: &[Entry]) -> Self {
        let mut effects = Self::default();
        for entry in entries {
            for event in entry.events() {
                effects
                    .named
                    .extend(event.contents().into_iter().map(|d| (d, entry.seq())));
                match event {
                    Event::ContentRedacted { content, .. } => effects.redacted.push(*content),
                    Event::EnvironmentKeyIssued { key, .. }
                    | Event::EnvironmentKeyRotated { key, .. }
                    | Event::TokenIssued { key, .. }
                    | Event::PersonJoined { token: key, .. }
                    | Event::ServiceCreated { token: key, .. } => effects.keys.push(*key),
                    _ => {}
                }
            }
        }
        effects
    }
}

/// A content as it is stored.
#[derive(Debug)]
pub struct StoredContent {
    /// Its bytes; none where it was redacted or never came.
    pub bytes: Option<Arc<[u8]>>,
    /// Whether the ledger names it.
    pub named: bool,
    /// Whether it was redacted.
    pub redacted: bool,
    /// Who put it.
    pub by: Option<PersonId>,
}

impl StoredContent {
    /// The bytes, if this person may have them: content that no entry names yet belongs to
    /// whoever put it.
    #[must_use]
    pub fn readable(&self, by: Option<PersonId>) -> Option<&Arc<[u8]>> {
        self.bytes
            .as_ref()
            .filter(|_| self.named || (by.is_some() && self.by == by))
    }
}

/// What became of content that was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is here, and was not before.
    New,
    /// It is here, and an entry was waiting for it.
    Awaited,
    /// It was here.
    Known,
    /// It was redacted, and stays out.
    Redacted,
    /// There is too much content that no entry names.
    TooMuch,
}

/// A snapshot of the fold: a cache, thrown away whenever it does not fit.
#[derive(Debug)]
pub struct StoredSnapshot {
    /// What wrote it; see [`crate::projects`].
    pub shape: String,
    /// The entry it stands at, and that entry's digest.
    pub at: Seen,
    /// The fold.
    pub bytes: Vec<u8>,
}

/// A one-time invitation with which a laptop makes a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredFounding {
    /// When and for which project it was used.
    pub used: Option<(ProjectId, Millis)>,
}
