//! Histories that were set aside: when a registry comes back with another history than the
//! replica's, the replica follows it, and the old lines stay here with the content they name.

use crate::columns::{self, number};
use crate::content::NewContent;
use crate::error::{Result, StoreError};
use crate::file::{Store, Write};
use crate::replica::{End, each_line, extend, head};
use crate::{outbox, search};
use domain::ledger::{Entry, Seen};
use domain::{Millis, Project, ProjectId};
use rusqlite::params;
use std::sync::Arc;

/// A history that takes the place of the replica's.
#[derive(Clone, Copy, Debug)]
pub struct OtherHistory<'a> {
    /// The last entry that both share; 0 for none.
    pub shared: u64,
    /// The entries after that; more can be appended later.
    pub entries: &'a [Entry],
    /// Content that they bring.
    pub contents: &'a [NewContent<'a>],
    /// Why, in words.
    pub reason: &'a str,
}

/// A history that was set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Its number.
    pub id: i64,
    /// When it was set aside.
    pub at: Millis,
    /// Why, in words.
    pub reason: String,
    /// The last entry that it shares with the history that took its place.
    pub after: u64,
    /// Its own last entry.
    pub head: Seen,
}

impl Store {
    /// Puts another history in the place of the replica's from the entry after `other.shared` on, and
    /// keeps the old lines aside with the content they name. Commands that were accepted in the
    /// old history and are still in the outbox wait again.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn replace_history(
        &self,
        project: ProjectId,
        expected: Seen,
        other: &OtherHistory<'_>,
        now: Millis,
    ) -> Result<Arc<Project>> {
        let (state, redacted) = self.write(|tx| {
            let before = head(tx, project)?;
            if before.seen() != expected {
                return Err(StoreError::Moved { now: before.seen() });
            }
            set_aside(
                tx,
                project,
                other.shared.min(before.seq),
                before,
                other.reason,
                now,
            )?;
            let mut state = Project::new();
            each_line(tx, project, 0, usize::MAX, |seq, line| {
                let entry = Entry::read(line).map_err(|error| StoreError::line(seq, error))?;
                state
                    .apply(&entry)
                    .map_err(|error| StoreError::broken(format!("entry {seq}"), error))
            })?;
            outbox::wait_again(tx, project, now)?;
            search::index_project(tx, project, &state)?;
            extend(
                tx,
                project,
                Arc::new(state),
                other.entries,
                other.contents,
                now,
            )
        })?;
        self.keep_in_memory(project, &state);
        if redacted {
            self.wipe_log()?;
        }
        Ok(state)
    }

    /// The histories that were set aside, latest first.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn histories_set_aside(&self, project: ProjectId) -> Result<Vec<SetAside>> {
        self.read(|tx| {
            let mut statement = tx.prepare_cached(
                "SELECT id, at, reason, after, seq, digest FROM set_aside WHERE project = ?1
                 ORDER BY id DESC",
            )?;
            let rows = statement.query_map([project.0.as_bytes()], |row| {
                Ok(SetAside {
                    id: row.get(0)?,
                    at: Millis(row.get(1)?),
                    reason: row.get(2)?,
                    after: columns::count(row, 3)?,
                    head: Seen {
                        seq: columns::count(row, 4)?,
                        digest: columns::digest(row, 5)?,
                    },
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The lines of a history that was set aside, from the entry after the shared ones.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn lines_set_aside(&self, history: i64) -> Result<Vec<String>> {
        self.read(|tx| {
            let mut statement = tx.prepare_cached(
                "SELECT line FROM set_aside_entries WHERE history = ?1 ORDER BY seq",
            )?;
            let rows = statement.query_map([history], |row| row.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

fn set_aside(
    tx: &Write<'_>,
    project: ProjectId,
    shared: u64,
    head: End,
    reason: &str,
    now: Millis,
) -> Result<()> {
    let id = project.0.as_bytes();
    let shared = number(shared);
    if number(head.seq) > shared {
        tx.execute(
            "INSERT INTO set_aside (project, at, reason, after, seq, digest)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![id, now.0, reason, shared, number(head.seq), head.digest.0],
        )?;
        let history = tx.last_insert_rowid();
        tx.execute(
            "INSERT INTO set_aside_entries (history, seq, digest, line)
             SELECT ?1, seq, digest, line FROM entries WHERE project = ?2 AND seq > ?3",
            params![history, id, shared],
        )?;
        tx.execute(
            "INSERT OR IGNORE INTO set_aside_names (history, digest)
             SELECT ?1, digest FROM named WHERE project = ?2 AND seq > ?3",
            params![history, id, shared],
        )?;
    }
    for sql in [
        "DELETE FROM entries WHERE project = ?1 AND seq > ?2",
        "DELETE FROM named WHERE project = ?1 AND seq > ?2",
        // What was destroyed stays destroyed, but a history without the redaction may fetch it.
        "DELETE FROM redacted WHERE project = ?1 AND seq > ?2",
        "DELETE FROM snapshots WHERE project = ?1 AND seq > ?2",
    ] {
        tx.execute(sql, params![id, shared])?;
    }
    Ok(())
}
