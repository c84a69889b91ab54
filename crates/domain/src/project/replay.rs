//! Checking a ledger: chain, signatures, and deciding every entry again.

use super::{ApplyError, Project};
use crate::ledger::{CommandError, Entry, EntryError, RULES};
use crate::rules::{Checking, Contents};
use crate::{Digest, Refusal, to_canonical};

/// What is wrong with a ledger, and where.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// A line that can't be read.
    #[error(transparent)]
    Line(#[from] EntryError),
    /// An entry that doesn't follow the one before.
    #[error(transparent)]
    Chain(#[from] ApplyError),
    /// A command that its device did not sign.
    #[error("entry {seq}: {source}")]
    Signature {
        /// Which entry.
        seq: u64,
        /// Why.
        source: CommandError,
    },
    /// An entry whose command the rules refuse.
    #[error("entry {seq} breaks the rules: {refusal}")]
    Refused {
        /// Which entry.
        seq: u64,
        /// What the rules say.
        refusal: Refusal,
    },
    /// An entry that says something else happened than the rules say.
    #[error("entry {seq} records something else than its command leads to by the rules")]
    OtherEvents {
        /// Which entry.
        seq: u64,
    },
    /// A command that the rules which the entry names did not know.
    #[error("entry {seq} holds a command that did not exist under the rules it names ({rules})")]
    Older {
        /// Which entry.
        seq: u64,
        /// Its rules.
        rules: u32,
    },
    /// An entry under rules that had been left behind.
    #[error("entry {seq} claims to be decided under older rules ({rules}) than an entry before it")]
    Back {
        /// Which entry.
        seq: u64,
        /// Its rules.
        rules: u32,
    },
    /// A command that was accepted twice.
    #[error("entry {seq} repeats a command that entry {first} accepted")]
    Twice {
        /// Which entry.
        seq: u64,
        /// The entry before.
        first: u64,
    },
    /// Written by a newer Galley.
    #[error("entry {seq} was decided under newer rules ({rules}); update Galley to check it")]
    Newer {
        /// Which entry.
        seq: u64,
        /// Its rules.
        rules: u32,
    },
}

impl ChainError {
    /// The entry at which the ledger can't be trusted any more, where it is known.
    #[must_use]
    pub fn seq(&self) -> Option<u64> {
        match self {
            Self::Line(
                EntryError::Command { seq, .. }
                | EntryError::Newer { seq, .. }
                | EntryError::NotCanonical { seq },
            )
            | Self::Chain(
                ApplyError::DoesNotFollow { found: seq, .. } | ApplyError::Contradiction { seq },
            )
            | Self::Signature { seq, .. }
            | Self::Refused { seq, .. }
            | Self::OtherEvents { seq }
            | Self::Twice { seq, .. }
            | Self::Older { seq, .. }
            | Self::Back { seq, .. }
            | Self::Newer { seq, .. } => Some(*seq),
            Self::Line(_) => None,
        }
    }
}

/// Goes through a ledger from its first entry, or on from a state that was checked before.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    project: Project,
}

impl Replay {
    /// Begins before the first entry.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes on from a state that was checked before.
    #[must_use]
    pub fn from(project: Project) -> Self {
        Self { project }
    }

    /// The state so far.
    #[must_use]
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// Ends with the state.
    #[must_use]
    pub fn into_project(self) -> Project {
        self.project
    }

    /// Checks an entry's signature alone: this costs most, needs no state, and can be done for
    /// many entries at once.
    ///
    /// # Errors
    /// The command is not canonical, or its device did not sign it.
    pub fn check_signature(entry: &Entry) -> Result<(), ChainError> {
        entry
            .command()
            .verify()
            .map_err(|source| ChainError::Signature {
                seq: entry.seq(),
                source,
            })
    }

    /// Decides an entry again and records it. The signature is checked by
    /// [`Self::check_signature`].
    ///
    /// Content that isn't there (redacted, or not fetched) is passed over: what events say never
    /// depends on it.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn push(&mut self, entry: &Entry, contents: &dyn Contents) -> Result<(), ChainError> {
        let seq = entry.seq();
        if let Some((_, first)) = self.project.accepted(entry.command().id()) {
            return Err(ChainError::Twice { seq, first });
        }
        let head = self.project.head();
        if !entry.follows(head.seq, head.digest, head.at) {
            return Err(ApplyError::DoesNotFollow {
                head: head.seq,
                found: seq,
            }
            .into());
        }
        if entry.rules() > RULES {
            return self.pass_over(entry);
        }
        if entry.rules() < entry.command().command().body.since() {
            let rules = entry.rules();
            return Err(ChainError::Older { seq, rules });
        }
        // An older Galley can't read what is under later rules, so none wrote after it; whoever
        // claims so would be rid of what the later rules ask.
        if entry.rules() < self.project.least_rules {
            let rules = entry.rules();
            return Err(ChainError::Back { seq, rules });
        }
        let events = self
            .project
            .decide_under(
                entry.rules(),
                entry.command().command(),
                contents,
                entry.at(),
                Checking::Again,
            )
            .map_err(|refusal| ChainError::Refused { seq, refusal })?;
        // Byte for byte: a field that is passed over here may mean something to a later reader.
        let alike = to_canonical(&events).is_ok_and(|text| text == entry.events_text().as_bytes());
        if !alike {
            return Err(ChainError::OtherEvents { seq });
        }
        self.project.apply(entry)?;
        Ok(())
    }

    // Of an entry under newer rules one thing can be said here: that it changes nothing which
    // this Galley knows of, and that somebody asked for it who may ask for things.
    fn pass_over(&mut self, entry: &Entry) -> Result<(), ChainError> {
        let (seq, rules) = (entry.seq(), entry.rules());
        if !entry.is_passed_over() {
            return Err(ChainError::Newer { seq, rules });
        }
        self.project
            .may_act(entry.command().command())
            .map_err(|refusal| ChainError::Refused { seq, refusal })?;
        self.project.apply(entry)?;
        Ok(())
    }

    /// The digest of the first entry names the project beyond doubt: an invitation holds it.
    #[must_use]
    pub fn names(first: &Entry) -> Digest {
        first.digest()
    }
}
