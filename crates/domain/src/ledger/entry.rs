//! One accepted command with its place in the chain.
//!
//! An entry is one line of canonical JSON. Its digest is the SHA-256 of that line, and the next
//! entry names it as `prev`: whoever changes, drops or reorders an entry breaks the chain there.

use super::{Event, Signature, SignedCommand};
use crate::canonical::{self, CanonicalError};
use crate::{Digest, Millis};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The version of the entry format that this code writes.
pub const FORMAT: u32 = 1;
/// The number of the rules that [`crate::Project::decide`] follows.
pub const RULES: u32 = 1;

/// One line of the ledger.
#[derive(Clone, Debug)]
pub struct Entry {
    line: Box<str>,
    digest: Digest,
    seq: u64,
    at: Millis,
    rules: u32,
    prev: Digest,
    command: SignedCommand,
    events: Vec<Event>,
    skipped: usize,
}

/// What makes an entry of a command.
#[derive(Debug)]
pub struct NewEntry {
    /// Its number; the first is 1.
    pub seq: u64,
    /// The registry's clock, never running backwards.
    pub at: Millis,
    /// The digest of the entry before; zeros for the first.
    pub prev: Digest,
    /// What was asked.
    pub command: SignedCommand,
    /// What was decided.
    pub events: Vec<Event>,
}

/// Why a line is no entry that this version of Galley can read.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// It is no JSON, or not of an entry's form.
    #[error("this line is not a ledger entry: {0}")]
    Form(#[from] serde_json::Error),
    /// The command in it can't be read.
    #[error("the command of entry {seq} can't be read: {source}")]
    Command {
        /// Which entry.
        seq: u64,
        /// Why.
        source: super::CommandError,
    },
    /// It was written by a newer Galley, and says things that may not be passed over.
    #[error(
        "entry {seq} was written by a newer Galley ({what}); update Galley to read this project"
    )]
    Newer {
        /// Which entry.
        seq: u64,
        /// What is not known here.
        what: String,
    },
    /// It can't be written.
    #[error("the entry can't be written: {0}")]
    Write(#[from] CanonicalError),
}

#[derive(Deserialize)]
struct Line<'a> {
    v: u32,
    seq: u64,
    at: Millis,
    rules: u32,
    prev: Digest,
    #[serde(borrow)]
    command: &'a RawValue,
    signature: Signature,
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

/// The part of an event from a newer Galley that we can always read.
#[derive(Deserialize)]
struct UnknownEvent {
    #[serde(rename = "type")]
    kind: String,
    /// Set on events that a reader who doesn't know them may pass over.
    #[serde(default)]
    skip: bool,
}

impl Entry {
    /// Writes an entry.
    ///
    /// # Errors
    /// An event that canonical JSON can't hold.
    pub fn write(new: NewEntry) -> Result<Self, EntryError> {
        let events = String::from_utf8_lossy(&canonical::to_canonical(&new.events)?).into_owned();
        // The keys stand in canonical order; the command's bytes are canonical already.
        let line = format!(
            r#"{{"at":{},"command":{},"events":{},"prev":"{}","rules":{},"seq":{},"signature":"{}","v":{}}}"#,
            new.at.0,
            new.command.bytes(),
            events,
            new.prev,
            RULES,
            new.seq,
            new.command.signature(),
            FORMAT,
        );
        let digest = Digest::of(line.as_bytes());
        Ok(Self {
            line: line.into(),
            digest,
            seq: new.seq,
            at: new.at,
            rules: RULES,
            prev: new.prev,
            command: new.command,
            events: new.events,
            skipped: 0,
        })
    }

    /// Reads a line as it was stored or sent. The chain is the caller's to check: see
    /// [`Self::follows`].
    ///
    /// # Errors
    /// A line of another form, or one from a newer Galley that may not be passed over.
    pub fn read(line: &str) -> Result<Self, EntryError> {
        let parsed: Line<'_> = serde_json::from_str(line)?;
        let seq = parsed.seq;
        if parsed.v != FORMAT {
            return Err(EntryError::Newer {
                seq,
                what: format!("format {}", parsed.v),
            });
        }
        let mut events = Vec::with_capacity(parsed.events.len());
        let mut skipped = 0;
        for raw in &parsed.events {
            match serde_json::from_str::<Event>(raw.get()) {
                Ok(event) => events.push(event),
                Err(error) => match serde_json::from_str::<UnknownEvent>(raw.get()) {
                    Ok(unknown) if unknown.skip => skipped += 1,
                    Ok(unknown) if parsed.rules > RULES => {
                        return Err(EntryError::Newer {
                            seq,
                            what: unknown.kind,
                        });
                    }
                    _ => return Err(EntryError::Form(error)),
                },
            }
        }
        let raw = || RawValue::from_string(parsed.command.get().to_owned());
        let command = match SignedCommand::read_chained(raw()?, parsed.signature) {
            Ok(command) => command,
            Err(source) if parsed.rules <= RULES => {
                return Err(EntryError::Command { seq, source });
            }
            // Nothing that matters happened: an older reader goes on.
            Err(_) if events.is_empty() && skipped > 0 => {
                SignedCommand::read_newer(raw()?, parsed.signature)
                    .map_err(|source| EntryError::Command { seq, source })?
            }
            Err(_) => {
                return Err(EntryError::Newer {
                    seq,
                    what: "a command it does not know".to_owned(),
                });
            }
        };
        Ok(Self {
            digest: Digest::of(line.as_bytes()),
            line: line.into(),
            seq,
            at: parsed.at,
            rules: parsed.rules,
            prev: parsed.prev,
            command,
            events,
            skipped,
        })
    }

    /// Whether this entry is the one after `seq` and `digest`, not earlier than `at`.
    #[must_use]
    pub fn follows(&self, seq: u64, digest: Digest, at: Millis) -> bool {
        self.seq == seq + 1 && self.prev == digest && self.at >= at
    }

    /// The bytes in which it is stored and sent; no line break is in them.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.line
    }

    /// The digest of those bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Its number; the first is 1.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// When the registry accepted it.
    #[must_use]
    pub fn at(&self) -> Millis {
        self.at
    }

    /// The rules it was decided under.
    #[must_use]
    pub fn rules(&self) -> u32 {
        self.rules
    }

    /// The digest of the entry before.
    #[must_use]
    pub fn prev(&self) -> Digest {
        self.prev
    }

    /// What was asked.
    #[must_use]
    pub fn command(&self) -> &SignedCommand {
        &self.command
    }

    /// What happened, as far as this Galley knows the events.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// How many skippable events of a newer Galley were passed over.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.skipped
    }
}
