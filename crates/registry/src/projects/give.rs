//! Taking a ledger that extends ours exactly (rule 12): sharing a project, giving back what a
//! restored registry lost, moving house.
//!
//! Nothing is believed: every signature is checked and every entry decided again. Content that
//! the giver no longer has may come later; what does not match its digest is refused.

use super::contents::Stored;
use super::{Loaded, NotDecided, Projects};
use crate::ledger::{Append, Effects};
use crate::{Error, clock};
use domain::ledger::{Entry, KeyHash, Seen};
use domain::project::Replay;
use domain::{Digest, PersonId, ProjectId};
use protocol::ledger::LedgerHead;
use std::collections::HashMap;
use std::sync::Arc;

/// Who gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Giver {
    /// An admin of the project.
    Admin(PersonId),
    /// Somebody with a one-time invitation, who brings a project along.
    Founding(KeyHash),
}

/// Why a ledger was not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotGiven {
    /// It does not extend the head.
    #[error("the ledger does not extend the registry's")]
    DoesNotExtend {
        /// What is here.
        head: LedgerHead,
    },
    /// It does not hold.
    #[error("{0}")]
    Broken(String),
    /// The registry can't.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// How far ahead of our clock a given entry may be: a laptop's clock is not ours, and an entry
/// from far ahead would stop the ledger's clock.
const AHEAD_MILLIS: i64 = 24 * 60 * 60 * 1_000;

impl Projects {
    /// Takes entries and content. When this returns, they are on disk.
    ///
    /// # Errors
    /// Nothing was taken.
    pub fn take(
        self: &Arc<Self>,
        id: ProjectId,
        by: Giver,
        extends: Seen,
        contents: &[(Digest, Arc<[u8]>)],
        lines: &[&str],
    ) -> Result<LedgerHead, NotGiven> {
        if let Some((digest, _)) = contents
            .iter()
            .find(|(digest, bytes)| Digest::of(bytes) != *digest)
        {
            return Err(NotGiven::Broken(format!(
                "the content sent as {digest} has another digest"
            )));
        }
        let mut entries = Vec::with_capacity(lines.len());
        for (line, number) in lines.iter().zip(1..) {
            let entry = Entry::read(line)
                .map_err(|error| NotGiven::Broken(format!("entry line {number}: {error}")))?;
            entries.push(entry);
        }
        check_signatures(&entries)?;
        let loaded = match self.load(id)? {
            Some(loaded) => loaded,
            None => Arc::new(Loaded::fresh(id)),
        };
        let mut last_snapshot = loaded.turn.lock();
        self.follow(&loaded)?;
        let head = self.try_take(&loaded, by, extends, contents, &entries)?;
        if head.seq > 0 {
            self.loaded
                .write()
                .entry(id)
                .or_insert_with(|| Arc::clone(&loaded));
        }
        self.snapshot_if_due(&loaded, &mut last_snapshot);
        Ok(head)
    }

    fn try_take(
        &self,
        loaded: &Loaded,
        by: Giver,
        extends: Seen,
        contents: &[(Digest, Arc<[u8]>)],
        entries: &[Entry],
    ) -> Result<LedgerHead, NotGiven> {
        let state = loaded.state();
        let head = super::head_of(&state);
        let apart = || NotGiven::DoesNotExtend { head };
        if extends.seq > head.seq || (extends.seq == head.seq && extends.digest != head.digest) {
            return Err(apart());
        }
        // What came before is passed over, if it is the same: a lost answer is asked for again.
        let known = entries
            .iter()
            .take_while(|entry| entry.seq() <= head.seq)
            .count();
        if let Some(last) = known.checked_sub(1).and_then(|place| entries.get(place))
            && self.ledger.entry_digest(loaded.id, last.seq())? != Some(last.digest())
        {
            return Err(apart());
        }
        let fresh = entries.get(known..).unwrap_or_default();
        let Some(first) = fresh.first() else {
            return Ok(head);
        };
        if first.seq() != head.seq + 1 || first.prev() != head.digest {
            return Err(apart());
        }
        let now = clock::now();
        let along: HashMap<_, _> = contents.iter().map(|(d, b)| (*d, Arc::clone(b))).collect();
        let stored = Stored {
            projects: self,
            project: loaded.id,
            by: match by {
                Giver::Admin(person) => Some(person),
                Giver::Founding(_) => None,
            },
            along: &along,
            failed: std::cell::RefCell::default(),
        };
        let mut replay = Replay::from(domain::Project::clone(&state));
        for entry in fresh {
            if entry.command().command().project != loaded.id {
                return Err(NotGiven::Broken(format!(
                    "entry {} belongs to another project",
                    entry.seq()
                )));
            }
            if entry.at() > now.plus(AHEAD_MILLIS) {
                return Err(NotGiven::Broken(format!(
                    "entry {} is dated more than a day ahead of this registry's clock; check the clocks",
                    entry.seq()
                )));
            }
            replay
                .push(entry, &stored)
                .map_err(|error| NotGiven::Broken(error.to_string()))?;
            if let Some(error) = stored.failed.take() {
                return Err(error.into());
            }
        }
        let keys = Effects::of(fresh).keys;
        if let Some(key) = keys
            .iter()
            .find(|key| self.key_is_elsewhere(**key, loaded.id))
        {
            return Err(NotGiven::Broken(format!(
                "the key {key} of this ledger was made in another project of this registry, which keeps it"
            )));
        }
        // Only content that the given entries name is taken.
        let named: std::collections::HashSet<Digest> = fresh
            .iter()
            .flat_map(Entry::events)
            .flat_map(domain::ledger::Event::contents)
            .collect();
        let contents: Vec<_> = contents
            .iter()
            .filter(|(d, _)| named.contains(d))
            .cloned()
            .collect();
        let append = Append {
            project: loaded.id,
            expected: state.seen(),
            entries: fresh,
            contents: &contents,
            founding: match by {
                Giver::Founding(hash) => Some(hash),
                Giver::Admin(_) => None,
            },
            now,
        };
        match self.append(loaded, &append, replay.into_project()) {
            Ok(()) => Ok(loaded.head()),
            Err(Error::Moved) => Err(apart()),
            Err(error) => Err(error.into()),
        }
    }

    /// Shows what is served anew, after content came that an entry was waiting for.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn content_came(&self, id: ProjectId) -> Result<(), NotDecided> {
        let loaded = self.load(id)?.ok_or(NotDecided::NoProject)?;
        let _turn = loaded.turn.lock();
        let state = loaded.state();
        let board = crate::serving::Board::of(&state, &self.served_contents(id))?;
        loaded.publish(domain::Project::clone(&state), Some(board));
        Ok(())
    }
}

/// Signatures cost most and need no state: every core takes its share.
fn check_signatures(entries: &[Entry]) -> Result<(), NotGiven> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = entries.len().div_ceil(cores).max(64);
    std::thread::scope(|scope| {
        let checks: Vec<_> = entries
            .chunks(share)
            .map(|chunk| scope.spawn(|| chunk.iter().try_for_each(Replay::check_signature)))
            .collect();
        for check in checks {
            match check.join() {
                Ok(result) => result.map_err(|error| NotGiven::Broken(error.to_string()))?,
                Err(_) => return Err(NotGiven::Broken("the check was interrupted".to_owned())),
            }
        }
        Ok(())
    })
}
