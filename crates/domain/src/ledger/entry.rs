//! One accepted command with its place in the chain.
//!
//! An entry is one line of canonical JSON. Its digest is the SHA-256 of that line, and the next
//! entry names it as `prev`: whoever changes, drops or reorders an entry breaks the chain there.

use super::{Event, Signature, SignedCommand};
use crate::canonical::{self, CanonicalError};
use crate::{Digest, Millis};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fmt::Write as _;
use std::ops::Range;

/// The version of the entry format that this code writes.
pub const FORMAT: u32 = 1;
/// The number of the rules that [`crate::Project::decide`] follows.
///
/// 2 added roles between and beside author and admin, service accounts, policies, requests and
/// comments. Where none of these is used it decides as 1 did, so entries under 1 are decided again
/// by the same code; see [`crate::ledger::Body::since`]. 3 added suites, announced runs and the
/// gates that rest on them, and keys that are rotated, in the same way. 4 lets gates wait for what
/// holds a changed part, and has a suite on which a gate rests changed by request: there it decides
/// otherwise than 3 did, so entries under 3 are decided again as 3 had it, and once an entry is
/// under 4 none after it is under less. 5 has evidence count with what is asked before a prompt,
/// and gates wait for what reads a changed prompt's output; in the same way.
pub const RULES: u32 = 5;
/// The first rules that decide otherwise than those before: from them on, no entry is under earlier
/// rules than one before it.
pub const NEVER_BACK: u32 = 4;

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
    /// Where the events stand in the line.
    events_at: Range<usize>,
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
    /// It says what an entry says, but not in the bytes in which the format has it.
    #[error("entry {seq} is not written as the ledger's format has it")]
    NotCanonical {
        /// Which entry.
        seq: u64,
    },
    /// It can't be written.
    #[error("the entry can't be written: {0}")]
    Write(#[from] CanonicalError),
}

/// The fields of a line; `E` are the events, where they are read with it.
#[derive(Deserialize)]
struct Line<'a, E = &'a RawValue> {
    v: u32,
    seq: u64,
    at: Millis,
    rules: u32,
    prev: Digest,
    #[serde(borrow)]
    command: &'a RawValue,
    signature: Signature,
    events: E,
}

/// The one line that says this, and where its events stand. The keys stand in canonical order; a
/// command's and the events' bytes are canonical already.
fn written<E>(line: &Line<'_, E>, events: &str) -> (String, Range<usize>) {
    let mut text = format!(
        r#"{{"at":{},"command":{},"events":"#,
        line.at.0, line.command
    );
    let from = text.len();
    text.push_str(events);
    let events_at = from..text.len();
    // Writing into a string does not fail.
    let _ = write!(
        text,
        r#","prev":"{}","rules":{},"seq":{},"signature":"{}","v":{}}}"#,
        line.prev, line.rules, line.seq, line.signature, line.v,
    );
    (text, events_at)
}

fn newer_format(seq: u64, v: u32) -> EntryError {
    let what = format!("format {v}");
    EntryError::Newer { seq, what }
}

// A later format need not have today's fields: what it says of itself decides.
fn newer(line: &str, error: serde_json::Error) -> EntryError {
    match serde_json::from_str::<Header>(line) {
        Ok(Header { v, seq }) if v > FORMAT => newer_format(seq, v),
        _ => EntryError::Form(error),
    }
}

/// What every format says of itself.
#[derive(Deserialize)]
struct Header {
    v: u32,
    #[serde(default)]
    seq: u64,
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
        // The line is put together by hand, so its own numbers are checked by hand.
        canonical::to_canonical(&(new.at, new.seq))?;
        let events = String::from_utf8_lossy(&canonical::to_canonical(&new.events)?).into_owned();
        let (line, events_at) = written(
            &Line {
                v: FORMAT,
                seq: new.seq,
                at: new.at,
                rules: RULES,
                prev: new.prev,
                command: new.command.raw(),
                signature: *new.command.signature(),
                events: (),
            },
            &events,
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
            events_at,
            skipped: 0,
        })
    }

    /// Reads a line as it was stored or sent. The chain is the caller's to check: see
    /// [`Self::follows`].
    ///
    /// # Errors
    /// A line of another form, or one from a newer Galley that may not be passed over.
    pub fn read(line: &str) -> Result<Self, EntryError> {
        let parsed: Line<'_> = serde_json::from_str(line).map_err(|error| newer(line, error))?;
        let seq = parsed.seq;
        if parsed.v > FORMAT {
            return Err(newer_format(seq, parsed.v));
        }
        // One entry, one line: what is neither signed nor decided (spaces, order, further fields)
        // would otherwise be anybody's to choose.
        let (exact, events_at) = written(&parsed, parsed.events.get());
        let safe = -canonical::MAX_SAFE..=canonical::MAX_SAFE;
        let numbers = safe.contains(&parsed.at.0) && seq <= canonical::MAX_SAFE.unsigned_abs();
        // JSON has no control characters but between its tokens: this is a line, and stays one.
        let broken = line.bytes().any(|byte| byte < b' ');
        if exact != line || broken || !numbers || parsed.v != FORMAT || parsed.rules == 0 {
            return Err(EntryError::NotCanonical { seq });
        }
        let raw_events: Vec<&RawValue> = serde_json::from_str(parsed.events.get())?;
        let mut events = Vec::with_capacity(raw_events.len());
        let mut skipped = 0;
        for raw in raw_events {
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
            events_at,
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

    /// The events in the bytes in which they are stored and sent.
    #[must_use]
    pub fn events_text(&self) -> &str {
        self.line.get(self.events_at.clone()).unwrap_or_default()
    }

    /// Whether a reader who knows nothing of what was asked may pass over all of it.
    #[must_use]
    pub fn is_passed_over(&self) -> bool {
        self.command.command().body == super::Body::Newer && self.events.is_empty()
    }

    /// How many skippable events of a newer Galley were passed over.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.skipped
    }
}
