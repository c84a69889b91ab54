//! Reading the file.

use super::{Sqlite, int, uint};
use crate::Error;
use crate::ledger::{StoredContent, StoredFounding, StoredSnapshot};
use domain::ledger::{KeyHash, Seen};
use domain::{Digest, KeyId, Millis, PersonId, ProjectId};
use rusqlite::{OptionalExtension as _, params};
use uuid::Uuid;

impl Sqlite {
    /// The projects that have entries.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn projects(&self) -> Result<Vec<ProjectId>, Error> {
        self.reading(|db| {
            db.prepare_cached("SELECT project FROM entries WHERE seq = 1 ORDER BY rowid")?
                .query_map([], |row| Ok(ProjectId(Uuid::from_bytes(row.get(0)?))))?
                .collect()
        })
    }

    /// The end of a ledger; none if the project is not here.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn head(&self, project: ProjectId) -> Result<Option<Seen>, Error> {
        self.reading(|db| {
            db.prepare_cached(
                "SELECT seq, digest FROM entries WHERE project = ?1 ORDER BY seq DESC LIMIT 1",
            )?
            .query_row([project.0.as_bytes()], |row| {
                Ok(Seen {
                    seq: uint(row.get(0)?),
                    digest: Digest(row.get(1)?),
                })
            })
            .optional()
        })
    }

    /// The digest of one entry.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn entry_digest(&self, project: ProjectId, seq: u64) -> Result<Option<Digest>, Error> {
        self.reading(|db| {
            db.prepare_cached("SELECT digest FROM entries WHERE project = ?1 AND seq = ?2")?
                .query_row(params![project.0.as_bytes(), int(seq)], |row| {
                    Ok(Digest(row.get(0)?))
                })
                .optional()
        })
    }

    /// Entries after a number, a line each, up to about `max` bytes but at least one.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn entries_after(
        &self,
        project: ProjectId,
        after: u64,
        max: usize,
    ) -> Result<Vec<u8>, Error> {
        let mut page = Vec::new();
        self.each_entry(project, after, |line| {
            let fits = page.is_empty() || page.len() + line.len() < max;
            if fits {
                page.extend_from_slice(line.as_bytes());
                page.push(b'\n');
            }
            fits
        })?;
        Ok(page)
    }

    /// Goes through the entries after a number for as long as `take` says true.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn each_entry(
        &self,
        project: ProjectId,
        after: u64,
        mut take: impl FnMut(&str) -> bool,
    ) -> Result<(), Error> {
        self.reading(|db| {
            let mut query = db.prepare_cached(
                "SELECT line FROM entries WHERE project = ?1 AND seq > ?2 ORDER BY seq",
            )?;
            let mut rows = query.query(params![project.0.as_bytes(), int(after)])?;
            while let Some(row) = rows.next()? {
                if !take(row.get_ref(0)?.as_str()?) {
                    break;
                }
            }
            Ok(())
        })
    }

    /// A content of a project.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn content(
        &self,
        project: ProjectId,
        digest: &Digest,
    ) -> Result<Option<StoredContent>, Error> {
        self.reading(|db| {
            db.prepare_cached(
                "SELECT bytes, named IS NOT NULL, redacted, put_by FROM contents
                 WHERE project = ?1 AND digest = ?2",
            )?
            .query_row(params![project.0.as_bytes(), digest.0], |row| {
                Ok(StoredContent {
                    bytes: row.get_ref(0)?.as_blob_or_null()?.map(Into::into),
                    named: row.get(1)?,
                    redacted: row.get(2)?,
                    by: row
                        .get::<_, Option<[u8; 16]>>(3)?
                        .map(|b| PersonId(Uuid::from_bytes(b))),
                })
            })
            .optional()
        })
    }

    /// The digests of the contents that a project's ledger names and that are here.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn named_contents(&self, project: ProjectId) -> Result<Vec<Digest>, Error> {
        self.reading(|db| {
            db.prepare_cached(
                "SELECT digest FROM contents
                 WHERE project = ?1 AND named IS NOT NULL AND bytes IS NOT NULL",
            )?
            .query_map([project.0.as_bytes()], |row| Ok(Digest(row.get(0)?)))?
            .collect()
        })
    }

    /// The snapshot of a project.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn snapshot(&self, project: ProjectId) -> Result<Option<StoredSnapshot>, Error> {
        self.reading(|db| {
            db.prepare_cached("SELECT shape, seq, digest, bytes FROM snapshots WHERE project = ?1")?
                .query_row([project.0.as_bytes()], |row| {
                    Ok(StoredSnapshot {
                        shape: row.get(0)?,
                        at: Seen {
                            seq: uint(row.get(1)?),
                            digest: Digest(row.get(2)?),
                        },
                        bytes: row.get(3)?,
                    })
                })
                .optional()
        })
    }

    /// Where keys live, for those added after `number`, each with its own number.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn keys_after(&self, number: i64) -> Result<Vec<(i64, KeyId, ProjectId)>, Error> {
        self.reading(|db| {
            db.prepare_cached(
                "SELECT number, id, project FROM keys WHERE number > ?1 ORDER BY number",
            )?
            .query_map([number], |row| {
                let (id, project) = (row.get(1)?, row.get(2)?);
                Ok((
                    row.get(0)?,
                    KeyId(Uuid::from_bytes(id)),
                    ProjectId(Uuid::from_bytes(project)),
                ))
            })?
            .collect()
        })
    }

    /// A one-time invitation by the hash of its secret.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn founding(&self, hash: &KeyHash) -> Result<Option<StoredFounding>, Error> {
        self.reading(|db| {
            db.prepare_cached("SELECT used_at, project FROM foundings WHERE hash = ?1")?
                .query_row([hash.0], |row| {
                    let at: Option<i64> = row.get(0)?;
                    let project: Option<[u8; 16]> = row.get(1)?;
                    let used = project
                        .zip(at)
                        .map(|(id, at)| (ProjectId(Uuid::from_bytes(id)), Millis(at)));
                    Ok(StoredFounding { used })
                })
                .optional()
        })
    }

    /// What SQLite itself says of the file; none if it is sound.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn integrity(&self) -> Result<Option<String>, Error> {
        let said: String =
            self.reading(|db| db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)))?;
        Ok((said != "ok").then_some(said))
    }
}
