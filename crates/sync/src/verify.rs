//! Checking what a first pull took on the word of the chain: every signature, on every core, and
//! every decision, made again.
//!
//! How far it has come is noted in the store, so that it goes on from there after a restart. What
//! it finds is noted too: from then on nothing is sent and nothing is pulled, until a check of the
//! same entries holds.

use crate::SyncError;
use crate::link::Link;
use crate::progress::{Stage, Task};
use domain::Project;
use domain::ledger::{Entry, Seen};
use domain::project::Replay;
use protocol::ledger::LedgerHead;
use rayon::prelude::*;
use std::sync::Arc;
use store::SyncNote;

/// Entries that are checked at once. Two chunks are under way at a time.
const CHUNK: usize = 2_000;
/// Under this name the note remembers the entry that did not hold.
const FAULT: &str = "fault";

/// The end of a replica up to which everything was checked.
#[must_use]
pub fn verified(note: &SyncNote) -> Seen {
    Seen {
        seq: note.verified_to,
        digest: note.verified_digest,
    }
}

/// The entry that did not hold when it was last checked.
#[must_use]
pub fn fault(note: &SyncNote) -> Option<u64> {
    note.rest.get(FAULT)?.as_u64()
}

/// Whether every entry up to this head was checked.
pub(crate) async fn is_verified(link: &Link, head: &LedgerHead) -> Result<bool, SyncError> {
    let head = *head;
    link.blocking(move |link| {
        let note = link.store.known_project(link.project)?.sync;
        Ok(head.seq == 0 || (note.verified_to == head.seq && note.verified_digest == head.digest))
    })
    .await
}

/// Notes that everything up to here was checked.
pub(crate) fn note(link: &Link, to: Seen) -> Result<(), SyncError> {
    link.store.update_sync(link.project, |note| {
        // Another process may have come further.
        if note.verified_to <= to.seq {
            note.verified_to = to.seq;
            note.verified_digest = to.digest;
        }
        if note.rest.get(FAULT).and_then(serde_json::Value::as_u64) <= Some(to.seq)
            && note.rest.remove(FAULT).is_some()
        {
            note.problem = None;
        }
    })?;
    Ok(())
}

/// Checks signatures on every core; the first that does not hold, by number.
pub(crate) fn signatures(entries: &[Entry]) -> Result<(), SyncError> {
    let checked: Vec<_> = entries.par_iter().map(Replay::check_signature).collect();
    entries
        .iter()
        .zip(checked)
        .try_for_each(|(entry, checked)| {
            checked.map_err(|error| SyncError::chain(entry.seq(), &error))
        })
}

/// Checks the entries that were not checked yet. Says up to which everything holds.
///
/// # Errors
/// [`SyncError::Faulty`] names the first entry that does not hold; the store remembers it.
pub async fn verify(link: &Link, task: &Task) -> Result<u64, SyncError> {
    let _one_at_a_time = link.checking.lock().await;
    let task = task.clone();
    link.blocking(move |link| {
        let result = run(link, &task);
        if let Err(SyncError::Faulty { seq, .. }) = &result {
            let words = result
                .as_ref()
                .map_or_else(ToString::to_string, |_| String::new());
            link.store.update_sync(link.project, |note| {
                note.problem = Some(words);
                note.rest.insert(FAULT.to_owned(), (*seq).into());
            })?;
        }
        result
    })
    .await
}

fn run(link: &Link, task: &Task) -> Result<u64, SyncError> {
    let note = link.store.known_project(link.project)?.sync;
    let head = link.store.head(link.project)?;
    let mut from = verified(&note);
    if from == head {
        return Ok(from.seq);
    }
    if link.store.entry_digest(link.project, from.seq)? != Some(from.digest) {
        // The history was replaced since: begin again.
        from = Seen::default();
        link.store.update_sync(link.project, |note| {
            note.verified_to = 0;
            note.verified_digest = domain::Digest::ZERO;
        })?;
    }
    let mut replay = Replay::from(state_at(link, from)?);
    let mut next = Some(chunk(link, from.seq)?);
    task.tell(Stage::Checking, from.seq, head.seq);
    while let Some(entries) = next.filter(|entries| !entries.is_empty()) {
        task.check()?;
        let after = entries.last().map_or(0, Entry::seq);
        // While one core decides these again, the others check the signatures of the next.
        let (decided, ahead) = rayon::join(
            || decide(link, &mut replay, &entries),
            || chunk(link, after),
        );
        decided?;
        let done = replay.project().seen();
        self::note(link, done)?;
        task.tell(Stage::Checking, done.seq, head.seq.max(done.seq));
        next = Some(ahead?);
    }
    Ok(replay.project().head().seq)
}

/// The state at an entry that was checked before: recorded, not decided again.
fn state_at(link: &Link, at: Seen) -> Result<Project, SyncError> {
    let now = link.store.project(link.project)?;
    if now.seen() == at {
        return Ok(Arc::unwrap_or_clone(now));
    }
    let mut state = Project::new();
    while state.head().seq < at.seq {
        let left = usize::try_from(at.seq - state.head().seq).unwrap_or(CHUNK);
        let entries = link
            .store
            .entries(link.project, state.head().seq, left.min(CHUNK))?;
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            state
                .apply(&entry)
                .map_err(|error| SyncError::apply(&error))?;
        }
    }
    Ok(state)
}

/// The next entries, read and their signatures checked. One that does not hold ends the chunk
/// before it, so that what comes first is named first; as the first of a chunk it is the error.
fn chunk(link: &Link, after: u64) -> Result<Vec<Entry>, SyncError> {
    let lines = link.store.lines(link.project, after, CHUNK)?;
    let checked: Vec<_> = lines
        .par_iter()
        .enumerate()
        .map(|(place, line)| {
            let expected = after + 1 + place as u64;
            let entry = Entry::read(line).map_err(|error| SyncError::entry(expected, &error))?;
            Replay::check_signature(&entry).map_err(|error| SyncError::chain(expected, &error))?;
            Ok(entry)
        })
        .collect();
    let mut entries = Vec::with_capacity(checked.len());
    for one in checked {
        match one {
            Ok(entry) => entries.push(entry),
            Err(error) if entries.is_empty() => return Err(error),
            Err(_) => break,
        }
    }
    Ok(entries)
}

fn decide(link: &Link, replay: &mut Replay, entries: &[Entry]) -> Result<(), SyncError> {
    let contents = link.store.contents();
    for entry in entries {
        replay
            .push(entry, &contents)
            .map_err(|error| SyncError::chain(entry.seq(), &error))?;
    }
    contents.finish()?;
    Ok(())
}
