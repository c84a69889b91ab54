//! Snapshots of the fold: a cache that is thrown away whenever it does not fit.

use super::{Loaded, Projects};
use crate::Error;
use crate::ledger::StoredSnapshot;
use domain::ledger::{FORMAT, RULES};
use domain::{Project, ProjectId};
use std::sync::Arc;

/// Entries after which a snapshot may be due.
const EVERY: u64 = 2_000;
/// A snapshot costs what the project holds; so the larger it is, the rarer they are, and the
/// replay on start stays a small part of it.
const SHARE: u64 = 20;

/// What a snapshot must match to be read: the format and rules of entries, and the sources that
/// laid it out.
fn shape() -> String {
    format!("{FORMAT}.{RULES}.{}", env!("GALLEY_FOLD_SHAPE"))
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
        match postcard::from_bytes::<Project>(&stored.bytes) {
            Ok(project) if project.id() == Some(id) && project.seen() == stored.at => {
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
        let bytes = postcard::to_allocvec(project).map_err(|error| Error::Damaged {
            project: id,
            what: error.to_string(),
        })?;
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
