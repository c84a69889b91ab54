//! Snapshots of the fold: a cache that is thrown away whenever it does not fit.
//!
//! A snapshot begins with the digest of the rest, so that a changed one is noticed on reading;
//! `verify` compares it with the entries that it stands for.

use super::{Loaded, Projects};
use crate::Error;
use crate::ledger::StoredSnapshot;
use domain::ledger::{FORMAT, RULES};
use domain::{Digest, Project, ProjectId};
use std::sync::Arc;

/// Entries after which a snapshot may be due.
const EVERY: u64 = 2_000;
/// A snapshot costs what the project holds; so the larger it is, the rarer they are, and the
/// replay on start stays a small part of it.
const SHARE: u64 = 20;

/// What a snapshot must match to be read: the format and rules of entries, and the sources that
/// laid it out.
fn shape() -> String {
    format!("{FORMAT}.{RULES}.sealed.{}", env!("GALLEY_FOLD_SHAPE"))
}

/// A state as a snapshot holds it.
fn seal(project: &Project) -> Result<Vec<u8>, Error> {
    let placeholder = vec![0; size_of::<Digest>()];
    let mut bytes = postcard::to_extend(project, placeholder).map_err(|error| Error::Damaged {
        project: project.id().unwrap_or(ProjectId(uuid::Uuid::nil())),
        what: error.to_string(),
    })?;
    if let Some((head, rest)) = bytes.split_first_chunk_mut() {
        *head = Digest::of(rest).0;
    }
    Ok(bytes)
}

/// What a snapshot holds, if it is what was written.
fn open(bytes: &[u8]) -> Option<&[u8]> {
    let (digest, rest) = bytes.split_first_chunk()?;
    (Digest::of(rest).0 == *digest).then_some(rest)
}

impl StoredSnapshot {
    /// Whether it would be read by this program as it is now.
    pub(crate) fn fits(&self) -> bool {
        self.shape == shape()
    }

    /// Whether it holds just this state.
    pub(crate) fn holds(&self, project: &Project) -> bool {
        seal(project).is_ok_and(|bytes| bytes == self.bytes)
    }
}

impl Projects {
    /// The state of the last snapshot and the entry it stands at; the state before the first
    /// entry if there is none that fits.
    pub(super) fn read_snapshot(&self, id: ProjectId) -> Result<(Project, u64), Error> {
        let Some(stored) = self.ledger.snapshot(id)? else {
            return Ok((Project::new(), 0));
        };
        if stored.shape != shape()
            || self.ledger.entry_digest(id, stored.at.seq)? != Some(stored.at.digest)
        {
            return Ok((Project::new(), 0));
        }
        match open(&stored.bytes).map(postcard::from_bytes::<Project>) {
            Some(Ok(project)) if project.id() == Some(id) && project.seen() == stored.at => {
                Ok((project, stored.at.seq))
            }
            _ => {
                tracing::warn!(project = %id, "a snapshot was damaged and is thrown away");
                Ok((Project::new(), 0))
            }
        }
    }

    pub(super) fn write_snapshot(&self, project: &Project) -> Result<u64, Error> {
        let id = project.id().unwrap_or(ProjectId(uuid::Uuid::nil()));
        let bytes = seal(project)?;
        let at = project.seen();
        self.ledger.put_snapshot(
            id,
            &StoredSnapshot {
                shape: shape(),
                at,
                bytes,
            },
        )?;
        Ok(at.seq)
    }

    /// Writes a snapshot beside the work if one is due. `last` is the one before.
    pub(super) fn snapshot_if_due(self: &Arc<Self>, loaded: &Arc<Loaded>, last: &mut u64) {
        let state = loaded.state();
        let seq = state.head().seq;
        if seq - (*last).min(seq) < EVERY.max(seq / SHARE) {
            return;
        }
        *last = seq;
        let (projects, loaded) = (Arc::clone(self), Arc::clone(loaded));
        std::thread::spawn(move || {
            if let Err(error) = projects.write_snapshot(&state) {
                tracing::warn!(project = %loaded.id, %error, "no snapshot");
            }
        });
    }
}
