//! A ledger as lines, the way an operator with bad intent has it in hand.

use super::Contents;
use domain::ledger::{Command, DeviceKey, Entry, Event, Seen, Signature, SignedCommand};
use domain::project::{ChainError, Replay};
use domain::{Digest, Project, to_canonical};
use serde_json::value::RawValue;

/// An entry taken apart; [`Parts::line`] puts it together again as the format has it.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Parts {
    pub at: i64,
    pub command: Box<RawValue>,
    pub events: Box<RawValue>,
    pub prev: Digest,
    pub rules: u32,
    pub seq: u64,
    pub signature: Signature,
    pub v: u32,
}

impl Parts {
    pub fn of(entry: &Entry) -> Self {
        serde_json::from_str(entry.line()).expect("an entry's line")
    }

    pub fn line(&self) -> String {
        format!(
            r#"{{"at":{},"command":{},"events":{},"prev":"{}","rules":{},"seq":{},"signature":"{}","v":{}}}"#,
            self.at,
            self.command,
            self.events,
            self.prev,
            self.rules,
            self.seq,
            self.signature,
            self.v,
        )
    }

    /// The same with another command, signed.
    pub fn commanding(mut self, key: &DeviceKey, change: impl FnOnce(&mut Command)) -> Self {
        let mut command: Command = serde_json::from_str(self.command.get()).expect("a command");
        change(&mut command);
        let signed = SignedCommand::sign(command, key).expect("a command");
        self.command = signed.raw().to_owned();
        self.signature = *signed.signature();
        self
    }

    /// The same with other events.
    pub fn telling(mut self, events: &[Event]) -> Self {
        let text = String::from_utf8(to_canonical(&events).expect("events")).expect("JSON");
        self.events = RawValue::from_string(text).expect("JSON");
        self
    }

    /// The same with events in these bytes.
    pub fn telling_raw(mut self, events: &str) -> Self {
        self.events = RawValue::from_string(events.to_owned()).expect("JSON");
        self
    }
}

/// Numbers and links the entries anew: what an operator can always do.
pub fn rechained(parts: &[Parts]) -> Vec<String> {
    let mut prev = Digest::ZERO;
    let mut lines = Vec::new();
    for (seq, part) in (1..).zip(parts) {
        let line = Parts {
            seq,
            prev,
            ..part.clone()
        }
        .line();
        prev = Digest::of(line.as_bytes());
        lines.push(line);
    }
    lines
}

/// The same as [`rechained`], with every command signed anew on what is there then, and each entry
/// under the rules of its number, counted from 1.
pub fn retold(parts: &[Parts], rules: impl Fn(usize) -> u32) -> Vec<String> {
    let keys: Vec<DeviceKey> = (0..=255).map(super::key).collect();
    let mut seen = Seen {
        seq: 0,
        digest: Digest::ZERO,
    };
    let mut lines = Vec::new();
    for (place, part) in (1..).zip(parts) {
        let command: Command = serde_json::from_str(part.command.get()).expect("a command");
        let key = keys.iter().find(|key| key.public() == command.device);
        let part = Parts {
            seq: seen.seq + 1,
            prev: seen.digest,
            rules: rules(place),
            ..part.clone()
        }
        .commanding(key.expect("a key of ours"), |command| command.seen = seen);
        let line = part.line();
        seen = Seen {
            seq: seen.seq + 1,
            digest: Digest::of(line.as_bytes()),
        };
        lines.push(line);
    }
    lines
}

/// Where a ledger can't be trusted: the line, counted from 1, and why.
#[derive(Debug)]
pub struct Caught {
    pub line: u64,
    pub error: ChainError,
}

/// What `galley verify` and a first pull do.
pub fn verify<S: AsRef<str>>(lines: &[S], contents: &Contents) -> Result<Project, Caught> {
    let mut replay = Replay::new();
    for (line, text) in (1..).zip(lines) {
        let step = || -> Result<Entry, ChainError> {
            let entry = Entry::read(text.as_ref())?;
            Replay::check_signature(&entry)?;
            Ok(entry)
        };
        step()
            .and_then(|entry| replay.push(&entry, contents))
            .map_err(|error| Caught { line, error })?;
    }
    Ok(replay.into_project())
}
