//! Writing the file: every call is one transaction.

use super::{Sqlite, int, uint};
use crate::Error;
use crate::ledger::{Append, Effects, Put, StoredSnapshot};
use domain::ledger::{KeyHash, Seen};
use domain::{Digest, Millis, PersonId, ProjectId};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use std::path::Path;

impl Sqlite {
    /// Appends entries with all they bring, at the expected head. When this returns `Ok`, they
    /// are on disk.
    ///
    /// # Errors
    /// [`Error::Moved`] if the head is elsewhere, or the file can't be written. Nothing was then
    /// appended.
    pub fn append(&self, append: &Append<'_>) -> Result<(), Error> {
        let effects = Effects::of(append.entries);
        let mut writer = self.writer.lock();
        let transaction = writer
            .durable
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let project = append.project;
        if head(&transaction, project)? != append.expected {
            return Err(Error::Moved);
        }
        for entry in append.entries {
            transaction
                .prepare_cached(
                    "INSERT INTO entries (project, seq, digest, line) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![
                    project.0.as_bytes(),
                    int(entry.seq()),
                    entry.digest().0,
                    entry.line()
                ])?;
        }
        for (digest, bytes) in append.contents {
            insert_content(&transaction, project, digest, bytes, None, append.now)?;
        }
        for (digest, seq) in &effects.named {
            name_content(&transaction, project, digest, *seq, append.now)?;
        }
        for digest in &effects.redacted {
            transaction.execute(
                "INSERT INTO contents (project, digest, size, named, redacted, put_at)
                 VALUES (?1, ?2, 0, ?4, 1, ?3)
                 ON CONFLICT DO UPDATE SET bytes = NULL, size = 0, redacted = 1",
                params![
                    project.0.as_bytes(),
                    digest.0,
                    append.now.0,
                    int(append.expected.seq + 1)
                ],
            )?;
        }
        for key in &effects.keys {
            transaction
                .prepare_cached("INSERT INTO keys (id, project) VALUES (?1, ?2)")?
                .execute(params![key.0.as_bytes(), project.0.as_bytes()])?;
        }
        if let Some(hash) = append.founding {
            let used = transaction.execute(
                "UPDATE foundings SET used_at = coalesce(used_at, ?2), project = ?3
                 WHERE hash = ?1 AND (project IS NULL OR project = ?3)",
                params![hash.0, append.now.0, project.0.as_bytes()],
            )?;
            if used == 0 {
                return Err(Error::FoundingUsed);
            }
        }
        transaction.commit()?;
        if !effects.redacted.is_empty() {
            // The write-ahead log holds copies of what was there before; nothing may stay behind.
            writer
                .durable
                .pragma_update_and_check(None, "wal_checkpoint", "TRUNCATE", |_| Ok(()))?;
        }
        Ok(())
    }

    /// Keeps content that no entry names yet, for a day.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn put_content(
        &self,
        project: ProjectId,
        content: (&Digest, &[u8]),
        by: PersonId,
        now: Millis,
        max_loose: u64,
    ) -> Result<Put, Error> {
        let (digest, bytes) = content;
        let mut writer = self.writer.lock();
        let transaction = writer
            .loose
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found: Option<(bool, bool)> = transaction
            .prepare_cached(
                "SELECT redacted, bytes IS NULL FROM contents WHERE project = ?1 AND digest = ?2",
            )?
            .query_row(params![project.0.as_bytes(), digest.0], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let put = match found {
            Some((true, _)) => return Ok(Put::Redacted),
            Some((false, awaited)) => {
                insert_content(&transaction, project, digest, bytes, Some(by), now)?;
                if awaited { Put::Awaited } else { Put::Known }
            }
            None => {
                let loose: i64 = transaction
                    .prepare_cached(
                        "SELECT coalesce(sum(size), 0) FROM contents
                         WHERE project = ?1 AND named IS NULL",
                    )?
                    .query_row([project.0.as_bytes()], |row| row.get(0))?;
                if uint(loose) + bytes.len() as u64 > max_loose {
                    return Ok(Put::TooMuch);
                }
                insert_content(&transaction, project, digest, bytes, Some(by), now)?;
                Put::New
            }
        };
        transaction.commit()?;
        Ok(put)
    }

    /// Drops content that no entry has named since `before`; says how many.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn sweep(&self, before: Millis) -> Result<usize, Error> {
        let writer = self.writer.lock();
        Ok(writer.loose.execute(
            "DELETE FROM contents WHERE named IS NULL AND put_at < ?1",
            [before.0],
        )?)
    }

    /// Keeps a snapshot in place of the one before.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn put_snapshot(&self, project: ProjectId, snapshot: &StoredSnapshot) -> Result<(), Error> {
        let writer = self.writer.lock();
        writer.loose.execute(
            "INSERT OR REPLACE INTO snapshots (project, shape, seq, digest, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                project.0.as_bytes(),
                snapshot.shape,
                int(snapshot.at.seq),
                snapshot.at.digest.0,
                snapshot.bytes
            ],
        )?;
        Ok(())
    }

    /// Keeps a new one-time invitation.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn add_founding(&self, hash: &KeyHash, now: Millis) -> Result<(), Error> {
        self.writer.lock().durable.execute(
            "INSERT INTO foundings (hash, made_at) VALUES (?1, ?2)",
            params![hash.0, now.0],
        )?;
        Ok(())
    }

    /// Copies the file as it is at one moment, while it is in use.
    ///
    /// # Errors
    /// The copy can't be written.
    pub fn copy_to(&self, path: &Path) -> Result<(), Error> {
        super::make_private(path)?;
        let open = |source| Error::Open {
            path: path.to_owned(),
            source,
        };
        let mut copy = Connection::open(path).map_err(open)?;
        self.reading(|db| {
            let backup = rusqlite::backup::Backup::new(db, &mut copy)?;
            // All pages in one step: a copy in steps starts over whenever somebody writes.
            loop {
                use rusqlite::backup::StepResult;
                match backup.step(-1)? {
                    StepResult::Done => break,
                    _ => std::thread::sleep(std::time::Duration::from_millis(5)),
                }
            }
            Ok(())
        })?;
        // A backup is one file.
        copy.pragma_update(None, "journal_mode", "delete")?;
        copy.close().map_err(|(_, source)| open(source))?;
        let synced = std::fs::File::open(path).and_then(|file| file.sync_all());
        synced.map_err(|source| Error::File {
            path: path.to_owned(),
            source,
        })
    }

    /// Moves what the write-ahead log holds into the file: a stopped registry is one file.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn settle(&self) -> Result<(), Error> {
        self.writer.lock().durable.pragma_update_and_check(
            None,
            "wal_checkpoint",
            "TRUNCATE",
            |_| Ok(()),
        )?;
        Ok(())
    }
}

fn head(transaction: &Transaction<'_>, project: ProjectId) -> Result<Seen, rusqlite::Error> {
    let found = transaction
        .prepare_cached(
            "SELECT seq, digest FROM entries WHERE project = ?1 ORDER BY seq DESC LIMIT 1",
        )?
        .query_row([project.0.as_bytes()], |row| {
            Ok(Seen {
                seq: uint(row.get(0)?),
                digest: Digest(row.get(1)?),
            })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

fn insert_content(
    transaction: &Transaction<'_>,
    project: ProjectId,
    digest: &Digest,
    bytes: &[u8],
    by: Option<PersonId>,
    now: Millis,
) -> Result<(), rusqlite::Error> {
    // What was redacted stays out, whoever brings it.
    transaction
        .prepare_cached(
            "INSERT INTO contents (project, digest, bytes, size, put_by, put_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET bytes = excluded.bytes, size = excluded.size,
                 put_by = excluded.put_by, put_at = excluded.put_at
             WHERE redacted = 0 AND (named IS NULL OR bytes IS NULL)",
        )?
        .execute(params![
            project.0.as_bytes(),
            digest.0,
            bytes,
            int(bytes.len() as u64),
            by.map(|person| *person.0.as_bytes()),
            now.0
        ])?;
    Ok(())
}

fn name_content(
    transaction: &Transaction<'_>,
    project: ProjectId,
    digest: &Digest,
    seq: u64,
    now: Millis,
) -> Result<(), rusqlite::Error> {
    // A given entry may name content that its giver no longer has: the place is kept for it.
    transaction
        .prepare_cached(
            "INSERT INTO contents (project, digest, size, named, put_at) VALUES (?1, ?2, 0, ?3, ?4)
             ON CONFLICT DO UPDATE SET named = coalesce(named, excluded.named)",
        )?
        .execute(params![project.0.as_bytes(), digest.0, int(seq), now.0])?;
    Ok(())
}
