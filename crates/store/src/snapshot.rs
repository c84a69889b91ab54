//! Snapshots of the fold: a cache that makes opening fast, and nothing more.
//!
//! One is used only if its form, the rules, the entry it stands at and its own checksum are all
//! as expected; otherwise the fold is computed from the entries.

use crate::columns::{self, number};
use crate::error::Result;
use crate::file::Store;
use crate::replica::{self, SNAPSHOT_EVERY};
use domain::ledger::{FORMAT, RULES};
use domain::{Digest, Project, ProjectId};
use rusqlite::{OptionalExtension as _, Transaction, params};

/// Changes with every change of the fold's form in memory.
const FORM: u32 = 1;
/// Form, ledger format, rules, and a digest of what follows.
const HEADER: usize = 12 + 32;

pub(crate) enum Found {
    Good(Box<Project>),
    Useless,
    None,
}

/// The snapshot of a project, if it can be used.
pub(crate) fn read(tx: &Transaction<'_>, project: ProjectId) -> Result<Found> {
    let mut statement =
        tx.prepare_cached("SELECT seq, digest, bytes FROM snapshots WHERE project = ?1")?;
    let mut rows = statement.query([project.0.as_bytes()])?;
    let Some(row) = rows.next()? else {
        return Ok(Found::None);
    };
    let (seq, digest) = (columns::count(row, 0)?, columns::digest(row, 1)?);
    if replica::digest_at(tx, project, seq)? != Some(digest) {
        return Ok(Found::Useless);
    }
    let bytes = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
    Ok(match decode(bytes) {
        Some(state) if state.seen().seq == seq && state.seen().digest == digest => {
            Found::Good(Box::new(state))
        }
        _ => Found::Useless,
    })
}

fn header(body: &[u8]) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    for (place, value) in [FORM, FORMAT, RULES].into_iter().enumerate() {
        header[place * 4..place * 4 + 4].copy_from_slice(&value.to_be_bytes());
    }
    header[12..].copy_from_slice(&Digest::of(body).0);
    header
}

fn encode(project: &Project) -> Option<Vec<u8>> {
    let body = postcard::to_stdvec(project).ok()?;
    Some([&header(&body)[..], &body].concat())
}

fn decode(bytes: &[u8]) -> Option<Project> {
    let (found, body) = bytes.split_at_checked(HEADER)?;
    if found != header(body) {
        return None;
    }
    postcard::from_bytes(body).ok()
}

impl Store {
    /// Writes a snapshot of the fold as it is now. A cache: it may fail without harm.
    ///
    /// # Errors
    /// The file can't be read or written.
    pub fn write_snapshot(&self, id: ProjectId) -> Result<()> {
        let state = self.read(|tx| self.project_in(tx, id))?;
        let head = state.head();
        let Some(bytes) = encode(&state).filter(|_| head.seq > 0) else {
            return Ok(());
        };
        self.write(|tx| {
            // The history may have been replaced while this was encoded.
            if replica::digest_at(tx, id, head.seq)? != Some(head.digest) {
                return Ok(());
            }
            // Nothing in it is secret, and zeroing the pages of the one before would double the
            // cost.
            tx.pragma_update(None, "secure_delete", false)?;
            let written = tx.execute(
                "INSERT OR REPLACE INTO snapshots (project, seq, digest, bytes)
                 VALUES (?1, ?2, ?3, ?4)",
                params![id.0.as_bytes(), number(head.seq), head.digest.0, bytes],
            );
            tx.pragma_update(None, "secure_delete", true)?;
            written?;
            Ok(())
        })
    }

    /// Throws all snapshots away: the folds in memory too, so that they are computed anew.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn drop_snapshots(&self) -> Result<()> {
        self.write(|tx| {
            tx.execute("DELETE FROM snapshots", [])?;
            Ok(())
        })?;
        self.inner.projects.clear();
        Ok(())
    }

    /// Whether so many entries came since the last snapshot that the next start would feel it.
    /// A snapshot costs in proportion to the project, so a large one is written less often.
    pub(crate) fn snapshot_is_due(&self, id: ProjectId, head: u64) -> Result<bool> {
        let last = self.read(|tx| {
            Ok(tx
                .prepare_cached("SELECT seq FROM snapshots WHERE project = ?1")?
                .query_row([id.0.as_bytes()], |row| columns::count(row, 0))
                .optional()?)
        })?;
        Ok(head.saturating_sub(last.unwrap_or(0)) >= SNAPSHOT_EVERY + head / 50)
    }
}
