//! Content by digest: what versions hold, what people typed, datasets and results.
//!
//! It is stored once under its digest, whichever project names it. What an entry names is noted
//! beside it, so that missing content can be fetched, unneeded content dropped, and content that
//! must go destroyed together with everything that was derived from it.

use crate::changes::Area;
use crate::columns::{self, number};
use crate::error::{Result, StoreError};
use crate::file::{Store, Write};
use crate::{drafts, playgrounds, search};
use domain::ledger::Event;
use domain::rules::Contents;
use domain::{Digest, Millis, Project, ProjectId, VersionContent, VersionId};
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

/// Content that nothing names is kept this long: its command may be on the way.
const UNNAMED_FOR: i64 = 24 * 60 * 60 * 1000;

/// What a named content is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContentKind {
    /// The content of a version.
    Version,
    /// The message of a version.
    Message,
    /// A reason.
    Reason,
    /// A dataset.
    Dataset,
    /// The results of a shared run.
    Results,
}

impl ContentKind {
    pub(crate) fn code(self) -> i64 {
        match self {
            Self::Version => 0,
            Self::Message => 1,
            Self::Reason => 2,
            // From here on fetched when somebody opens it; the schema has an index on that.
            Self::Dataset => 3,
            Self::Results => 4,
        }
    }

    fn read(code: i64) -> Self {
        match code {
            0 => Self::Version,
            1 => Self::Message,
            3 => Self::Dataset,
            4 => Self::Results,
            _ => Self::Reason,
        }
    }
}

/// Content on its way into the store.
#[derive(Clone, Copy, Debug)]
pub struct NewContent<'a> {
    /// Its name.
    pub digest: Digest,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// Content that is named and not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingContent {
    /// Its name.
    pub digest: Digest,
    /// What it is.
    pub kind: ContentKind,
}

/// Content as the rules read it.
pub struct StoredContents {
    store: Store,
    failed: Mutex<Option<StoreError>>,
}

impl StoredContents {
    /// The first failure of the file while content was looked for: what was decided meanwhile
    /// counts for nothing.
    ///
    /// # Errors
    /// That failure.
    pub fn finish(self) -> Result<()> {
        self.failed.into_inner().map_or(Ok(()), Err)
    }
}

impl Contents for StoredContents {
    fn find(&self, digest: &Digest) -> Option<Arc<[u8]>> {
        match self.store.content(digest) {
            Ok(found) => found,
            Err(error) => {
                self.failed.lock().get_or_insert(error);
                None
            }
        }
    }
}

/// What is stored under a digest.
enum Stored {
    /// Nothing.
    Nothing,
    /// The content of that name.
    Good(Arc<[u8]>),
    /// Other bytes: the disk, or somebody, changed them.
    Damaged,
}

fn look(tx: &Connection, digest: &Digest) -> Result<Stored> {
    let bytes: Option<Arc<[u8]>> = tx
        .prepare_cached("SELECT bytes FROM content WHERE digest = ?1")?
        .query_row([digest.0], |row| Ok(Arc::from(row.get_ref(0)?.as_blob()?)))
        .optional()?;
    Ok(match bytes {
        None => Stored::Nothing,
        Some(bytes) if Digest::of(&bytes) == *digest => Stored::Good(bytes),
        Some(_) => Stored::Damaged,
    })
}

/// A content, if it is here as it was.
pub(crate) fn find(tx: &Connection, digest: &Digest) -> Result<Option<Arc<[u8]>>> {
    Ok(match look(tx, digest)? {
        Stored::Good(bytes) => Some(bytes),
        Stored::Nothing | Stored::Damaged => None,
    })
}

impl Store {
    /// The bytes of a content, if they are here. Bytes that are no longer those of its name are
    /// not: they are put out of the way, and the next sync fetches the content anew.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn content(&self, digest: &Digest) -> Result<Option<Arc<[u8]>>> {
        let found = self.content_of(std::slice::from_ref(digest))?;
        Ok(found.into_iter().next().flatten())
    }

    /// Several contents at once, in the order asked for; each as [`Self::content`] gives it.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn content_of(&self, digests: &[Digest]) -> Result<Vec<Option<Arc<[u8]>>>> {
        let mut damaged = Vec::new();
        let found = self.read(|tx| {
            let each = digests.iter().map(|digest| match look(tx, digest)? {
                Stored::Good(bytes) => Ok(Some(bytes)),
                Stored::Nothing => Ok(None),
                Stored::Damaged => {
                    damaged.push(*digest);
                    Ok(None)
                }
            });
            each.collect::<Result<Vec<_>>>()
        })?;
        for digest in &damaged {
            self.put_away_damaged(digest)?;
        }
        Ok(found)
    }

    /// Nobody shall take damaged bytes for what they were: the content counts as missing. What an
    /// entry names is at the registry, too; what only waits in an outbox may be nowhere else, and is
    /// filed under the name that its bytes have by now.
    fn put_away_damaged(&self, digest: &Digest) -> Result<()> {
        self.write(|tx| {
            let bytes: Option<Vec<u8>> = tx
                .query_row(
                    "SELECT bytes FROM content WHERE digest = ?1",
                    [digest.0],
                    |row| row.get(0),
                )
                .optional()?;
            let Some(bytes) = bytes else { return Ok(()) };
            let now = Digest::of(&bytes);
            if now == *digest {
                return Ok(());
            }
            let named: bool = tx.query_row(
                "SELECT EXISTS (SELECT 1 FROM named WHERE digest = ?1)",
                [digest.0],
                |row| row.get(0),
            )?;
            if named {
                tx.execute("DELETE FROM content WHERE digest = ?1", [digest.0])?;
            } else {
                tx.execute(
                    "UPDATE OR REPLACE content SET digest = ?2 WHERE digest = ?1",
                    params![digest.0, now.0],
                )?;
            }
            tx.changes(None, Area::Content);
            Ok(())
        })
    }

    /// All content, for the rules.
    #[must_use]
    pub fn contents(&self) -> StoredContents {
        StoredContents {
            store: self.clone(),
            failed: Mutex::new(None),
        }
    }

    /// Keeps content that was fetched or made. What the project redacted is passed over.
    ///
    /// # Errors
    /// Bytes under another name than their digest, or the file can't be written; then nothing is
    /// kept.
    pub fn keep_contents(
        &self,
        project: ProjectId,
        contents: &[NewContent<'_>],
        now: Millis,
    ) -> Result<()> {
        if contents.is_empty() {
            return Ok(());
        }
        self.write(|tx| {
            let state = self.project_in(tx, project)?;
            let (mut prompts, mut messages) = (BTreeSet::new(), BTreeSet::new());
            for new in contents {
                put(tx, project, new, now)?;
                search::concerned(
                    tx,
                    project,
                    &state,
                    &new.digest,
                    &mut prompts,
                    &mut messages,
                )?;
            }
            for prompt in prompts {
                search::index_prompt(tx, project, &state, prompt)?;
            }
            for version in messages {
                search::index_message(tx, project, &state, version)?;
            }
            tx.changes(Some(project), Area::Content);
            Ok(())
        })
    }

    /// Content that the project's entries name and that should be here but isn't: all of versions
    /// and of what people typed, and datasets and results that are kept offline. Latest first.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn missing(&self, project: ProjectId) -> Result<Vec<MissingContent>> {
        self.read(|tx| {
            let mut statement = tx.prepare_cached(
                "SELECT digest, kind FROM named n WHERE project = ?1
                   AND (kind < 3 OR (
                        EXISTS (SELECT 1 FROM pinned p
                                WHERE p.project = n.project AND p.thing = n.thing)
                        AND seq = (SELECT max(seq) FROM named l WHERE l.project = n.project
                                   AND l.thing = n.thing AND l.kind >= 3)))
                   AND NOT EXISTS (SELECT 1 FROM content c WHERE c.digest = n.digest)
                   AND NOT EXISTS (SELECT 1 FROM redacted r
                                   WHERE r.project = n.project AND r.digest = n.digest)
                 ORDER BY seq DESC",
            )?;
            let mut rows = statement.query([project.0.as_bytes()])?;
            let (mut seen, mut missing) = (BTreeSet::new(), Vec::new());
            while let Some(row) = rows.next()? {
                let digest = columns::digest(row, 0)?;
                let kind = ContentKind::read(row.get(1)?);
                if seen.insert(digest) {
                    missing.push(MissingContent { digest, kind });
                }
            }
            Ok(missing)
        })
    }

    /// Whether the project names this content, in its ledger or in its outbox.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn names(&self, project: ProjectId, digest: &Digest) -> Result<bool> {
        self.read(|tx| {
            Ok(tx
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM named WHERE project = ?1 AND digest = ?2)
                         OR EXISTS (SELECT 1 FROM outbox o JOIN outbox_names n ON n.command = o.id
                                    WHERE o.project = ?1 AND n.digest = ?2)",
                )?
                .query_row(params![project.0.as_bytes(), digest.0], |row| row.get(0))?)
        })
    }

    /// Keeps a dataset or a run's results for work offline, or no longer.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn keep_offline(&self, project: ProjectId, thing: Uuid, keep: bool) -> Result<()> {
        self.write(|tx| {
            let sql = if keep {
                "INSERT OR IGNORE INTO pinned (project, thing) VALUES (?1, ?2)"
            } else {
                "DELETE FROM pinned WHERE project = ?1 AND thing = ?2"
            };
            tx.execute(sql, params![project.0.as_bytes(), thing.as_bytes()])?;
            tx.changes(Some(project), Area::Content);
            Ok(())
        })
    }

    /// The datasets and runs that are kept for work offline.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn kept_offline(&self, project: ProjectId) -> Result<BTreeSet<Uuid>> {
        self.read(|tx| {
            let mut statement = tx.prepare_cached("SELECT thing FROM pinned WHERE project = ?1")?;
            let rows = statement.query_map([project.0.as_bytes()], |row| columns::id(row, 0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Drops content that no entry, no command in an outbox and no history set aside names, and
    /// that came more than a day ago. Says how many.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn sweep(&self, now: Millis) -> Result<usize> {
        self.write(|tx| {
            Ok(tx.execute(
                "DELETE FROM content WHERE used < ?1
                   AND NOT EXISTS (SELECT 1 FROM named n WHERE n.digest = content.digest)
                   AND NOT EXISTS (SELECT 1 FROM outbox_names o WHERE o.digest = content.digest)
                   AND NOT EXISTS (SELECT 1 FROM set_aside_names s
                                   WHERE s.digest = content.digest)",
                [now.plus(-UNNAMED_FOR).0],
            )?)
        })
    }

    /// Empties SQLite's log, where destroyed content would live on.
    pub(crate) fn wipe_log(&self) -> Result<()> {
        self.with_writer(|conn| {
            Ok(conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
        })
    }
}

/// That an entry names a content, and for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name {
    digest: Digest,
    seq: u64,
    kind: ContentKind,
    thing: Uuid,
}

/// Which content an event names.
pub(crate) fn names_of(seq: u64, event: &Event, into: &mut Vec<Name>) {
    use ContentKind as Kind;
    let nobody = Uuid::nil();
    let names = match event {
        Event::VersionSaved {
            version,
            content,
            message,
            ..
        } => vec![
            (*content, Kind::Version, version.0),
            (*message, Kind::Message, version.0),
        ],
        Event::Released { release, .. } => event
            .contents()
            .into_iter()
            .map(|digest| (digest, Kind::Reason, release.0))
            .collect(),
        Event::DatasetSaved {
            dataset, content, ..
        } => vec![(*content, Kind::Dataset, dataset.0)],
        Event::RunRecorded { run, results, .. } => vec![(*results, Kind::Results, run.0)],
        other => other
            .contents()
            .into_iter()
            .map(|digest| (digest, Kind::Reason, nobody))
            .collect(),
    };
    into.extend(names.into_iter().map(|(digest, kind, thing)| Name {
        digest,
        seq,
        kind,
        thing,
    }));
}

/// Notes what entries name. In the order of the table's key: digests are random, and one pass over
/// a large tree is much less work than a jump for each name.
pub(crate) fn name(tx: &Write<'_>, project: ProjectId, mut names: Vec<Name>) -> Result<()> {
    names.sort_unstable();
    let mut insert = tx.prepare_cached(
        "INSERT OR IGNORE INTO named (project, digest, seq, kind, thing)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for name in names {
        insert.execute(params![
            project.0.as_bytes(),
            name.digest.0,
            number(name.seq),
            name.kind.code(),
            name.thing.as_bytes(),
        ])?;
    }
    Ok(())
}

pub(crate) fn put(
    tx: &Write<'_>,
    project: ProjectId,
    new: &NewContent<'_>,
    now: Millis,
) -> Result<()> {
    if Digest::of(new.bytes) != new.digest {
        return Err(StoreError::WrongDigest);
    }
    tx.prepare_cached(
        "INSERT INTO content (digest, bytes, used)
         SELECT ?2, ?3, ?4 WHERE NOT EXISTS
             (SELECT 1 FROM redacted WHERE project = ?1 AND digest = ?2)
         ON CONFLICT (digest) DO UPDATE SET used = max(used, excluded.used)",
    )?
    .execute(params![
        project.0.as_bytes(),
        new.digest.0,
        new.bytes,
        now.0
    ])?;
    Ok(())
}

/// The versions whose content or message this is.
pub(crate) fn versions_naming(
    tx: &Connection,
    project: ProjectId,
    digest: &Digest,
    kind: ContentKind,
) -> Result<Vec<VersionId>> {
    let mut statement = tx.prepare_cached(
        "SELECT thing FROM named WHERE project = ?1 AND digest = ?2 AND kind = ?3",
    )?;
    let rows = statement.query_map(
        params![project.0.as_bytes(), digest.0, kind.code()],
        |row| columns::id(row, 0).map(VersionId),
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Destroys content, and what was derived from it: the index, answers, local runs, conversations with
/// its prompt, the history of drafts of it, and drafts that still say the same.
///
/// A draft that says something else is its author's and stays.
pub(crate) fn destroy(
    tx: &Write<'_>,
    project: ProjectId,
    state: &Project,
    seq: u64,
    digest: &Digest,
) -> Result<()> {
    tx.execute(
        "INSERT OR IGNORE INTO redacted (project, digest, seq) VALUES (?1, ?2, ?3)",
        params![project.0.as_bytes(), digest.0, number(seq)],
    )?;
    tx.execute("DELETE FROM content WHERE digest = ?1", [digest.0])?;
    for sql in [
        "DELETE FROM answers WHERE digest IN
             (SELECT answer FROM answer_sources WHERE source = ?1)",
        "DELETE FROM marks WHERE source = ?1",
        "DELETE FROM runs WHERE id IN (SELECT run FROM run_sources WHERE source = ?1)",
    ] {
        tx.execute(sql, [digest.0])?;
    }
    let mut prompts = BTreeSet::new();
    for kind in [ContentKind::Version, ContentKind::Message] {
        for version in versions_naming(tx, project, digest, kind)? {
            if let Some((prompt, _)) = state.version(version) {
                prompts.insert(prompt.id);
            }
            search::index_message(tx, project, state, version)?;
        }
    }
    for prompt in prompts {
        search::index_prompt(tx, project, state, prompt)?;
        playgrounds::destroy(tx, project, prompt)?;
        drafts::destroy_history(tx, project, prompt, |content: &VersionContent| {
            content.encode().is_ok_and(|(_, own)| own == *digest)
        })?;
    }
    tx.changes(Some(project), Area::Drafts);
    tx.changes(Some(project), Area::Runs);
    Ok(())
}
