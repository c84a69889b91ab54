//! The replica: the entries of a project's ledger as the registry gave them, and their fold.
//!
//! [`Store::append`] takes entries that continue the replica exactly, with the content they bring,
//! in one transaction; whatever is derived from them (which content is named, what is redacted,
//! what can be found, what left the outbox) is written in the same one. [`Store::project`] is the
//! fold, kept in memory and cheap to clone.
//!
//! Chain and contradictions are checked here; signatures and decisions are for whoever pulls.

use crate::changes::Area;
use crate::columns::{self, number};
use crate::content::NewContent;
use crate::error::{Result, StoreError};
use crate::file::{Store, Write};
use crate::{content, drafts, outbox, search, snapshot};
use domain::ledger::{Entry, Event, Seen};
use domain::project::Head;
use domain::{Digest, Millis, Project, ProjectId, PromptId, VersionId};
use parking_lot::Mutex;
use rusqlite::{OptionalExtension as _, Transaction, params};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Entries after which a long replay is worth a snapshot.
pub(crate) const SNAPSHOT_EVERY: u64 = 500;

/// The folds in memory, one slot for each project.
#[derive(Default)]
pub(crate) struct Projects(Mutex<HashMap<ProjectId, Slot>>);

type Slot = Arc<Mutex<Option<Arc<Project>>>>;

impl Projects {
    fn slot(&self, id: ProjectId) -> Slot {
        Arc::clone(self.0.lock().entry(id).or_default())
    }

    pub(crate) fn forget(&self, id: ProjectId) {
        self.0.lock().remove(&id);
    }

    pub(crate) fn clear(&self) {
        self.0.lock().clear();
    }
}

/// The end of a replica.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct End {
    pub seq: u64,
    pub digest: Digest,
}

impl End {
    pub(crate) fn seen(self) -> Seen {
        Seen {
            seq: self.seq,
            digest: self.digest,
        }
    }

    fn of(head: Head) -> Self {
        Self {
            seq: head.seq,
            digest: head.digest,
        }
    }
}

pub(crate) fn head(tx: &Transaction<'_>, project: ProjectId) -> Result<End> {
    Ok(tx
        .prepare_cached(
            "SELECT seq, digest FROM entries WHERE project = ?1 ORDER BY seq DESC LIMIT 1",
        )?
        .query_row([project.0.as_bytes()], |row| {
            Ok(End {
                seq: columns::count(row, 0)?,
                digest: columns::digest(row, 1)?,
            })
        })
        .optional()?
        .unwrap_or_default())
}

pub(crate) fn digest_at(
    tx: &Transaction<'_>,
    project: ProjectId,
    seq: u64,
) -> Result<Option<Digest>> {
    if seq == 0 {
        return Ok(Some(Digest::ZERO));
    }
    Ok(tx
        .prepare_cached("SELECT digest FROM entries WHERE project = ?1 AND seq = ?2")?
        .query_row(params![project.0.as_bytes(), number(seq)], |row| {
            columns::digest(row, 0)
        })
        .optional()?)
}

/// What loading the fold found out.
struct Loaded {
    project: Arc<Project>,
    /// How many entries were read one by one.
    replayed: u64,
    /// A snapshot that is of no use.
    stale_snapshot: bool,
}

impl Store {
    /// Where the replica ends.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn head(&self, project: ProjectId) -> Result<Seen> {
        self.read(|tx| Ok(head(tx, project)?.seen()))
    }

    /// Entries after a number, in order.
    ///
    /// # Errors
    /// The file can't be read, or a line in it is damaged.
    pub fn entries(&self, project: ProjectId, after: u64, limit: usize) -> Result<Vec<Entry>> {
        self.read(|tx| {
            let mut found = Vec::new();
            each_line(tx, project, after, limit, |seq, line| {
                found.push(Entry::read(line).map_err(|error| StoreError::line(seq, error))?);
                Ok(())
            })?;
            Ok(found)
        })
    }

    /// The entries before a number, latest first: what an activity list pages through.
    ///
    /// # Errors
    /// The file can't be read, or a line in it is damaged.
    pub fn entries_before(
        &self,
        project: ProjectId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Entry>> {
        let before = before.unwrap_or(u64::MAX);
        let from = number(before.saturating_sub(1));
        self.read(|tx| {
            let mut statement = tx.prepare_cached(
                "SELECT seq, line FROM entries WHERE project = ?1 AND seq <= ?2
                 ORDER BY seq DESC LIMIT ?3",
            )?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut rows = statement.query(params![project.0.as_bytes(), from, limit])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let seq = columns::count(row, 0)?;
                let line = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
                found.push(Entry::read(line).map_err(|error| StoreError::line(seq, error))?);
            }
            Ok(found)
        })
    }

    /// The lines after a number, as they are stored and sent.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn lines(&self, project: ProjectId, after: u64, limit: usize) -> Result<Vec<String>> {
        self.read(|tx| {
            let mut found = Vec::new();
            each_line(tx, project, after, limit, |_, line| {
                found.push(line.to_owned());
                Ok(())
            })?;
            Ok(found)
        })
    }

    /// The digest of an entry of the replica; zeros for 0, none beyond the head.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn entry_digest(&self, project: ProjectId, seq: u64) -> Result<Option<Digest>> {
        self.read(|tx| digest_at(tx, project, seq))
    }

    /// The state that the replica's entries lead to. Empty before the first entry.
    ///
    /// # Errors
    /// The file can't be read, or holds entries that don't follow each other.
    pub fn project(&self, id: ProjectId) -> Result<Arc<Project>> {
        let loaded = self.read(|tx| self.load(tx, id))?;
        // Written after, and not at the cost of whoever waits for the state.
        if loaded.stale_snapshot || loaded.replayed >= SNAPSHOT_EVERY {
            // A cache that can't be written costs time, not data.
            let _ = self.write_snapshot(id);
        }
        Ok(loaded.project)
    }

    fn load(&self, tx: &Transaction<'_>, id: ProjectId) -> Result<Loaded> {
        let slot = self.inner.projects.slot(id);
        let mut slot = slot.lock();
        let head = head(tx, id)?;
        let mut loaded = Loaded {
            project: Arc::default(),
            replayed: 0,
            stale_snapshot: false,
        };
        let mut known = slot.take();
        if let Some(project) = &known
            && digest_at(tx, id, project.head().seq)? != Some(project.head().digest)
        {
            known = None;
        }
        if known.is_none() {
            match snapshot::read(tx, id)? {
                snapshot::Found::Good(project) => known = Some(Arc::new(*project)),
                snapshot::Found::Useless => loaded.stale_snapshot = true,
                snapshot::Found::None => {}
            }
        }
        let mut project = known.unwrap_or_default();
        if End::of(project.head()) != head {
            let state = Arc::make_mut(&mut project);
            let from = state.head().seq;
            each_line(tx, id, from, usize::MAX, |seq, line| {
                let entry = Entry::read(line).map_err(|error| StoreError::line(seq, error))?;
                state
                    .apply(&entry)
                    .map_err(|error| StoreError::broken(format!("entry {seq}"), error))
            })?;
            loaded.replayed = state.head().seq - from;
        }
        *slot = Some(Arc::clone(&project));
        loaded.project = project;
        Ok(loaded)
    }

    /// The fold inside a transaction.
    pub(crate) fn project_in(&self, tx: &Transaction<'_>, id: ProjectId) -> Result<Arc<Project>> {
        Ok(self.load(tx, id)?.project)
    }

    /// Takes entries that continue the replica at `expected`, with content that they bring.
    ///
    /// What they accept leaves the outbox, what they redact is destroyed, and the search index
    /// follows, all in one transaction. A page of any size is fine; call [`Self::write_snapshot`]
    /// after the last page of a long pull.
    ///
    /// # Errors
    /// [`StoreError::Moved`] if the replica is no longer at `expected`; [`StoreError::Chain`] if
    /// the entries do not follow; or the file can't be written. Then nothing was taken.
    pub fn append(
        &self,
        project: ProjectId,
        expected: Seen,
        entries: &[Entry],
        contents: &[NewContent<'_>],
        now: Millis,
    ) -> Result<Arc<Project>> {
        let (state, redacted) = self.write(|tx| {
            let before = head(tx, project)?;
            if before.seen() != expected {
                return Err(StoreError::Moved { now: before.seen() });
            }
            let state = self.project_in(tx, project)?;
            extend(tx, project, state, entries, contents, now)
        })?;
        self.keep_in_memory(project, &state);
        if redacted {
            self.wipe_log()?;
        }
        let few = (entries.len() as u64) < SNAPSHOT_EVERY;
        if few && self.snapshot_is_due(project, state.head().seq)? {
            let _ = self.write_snapshot(project);
        }
        Ok(state)
    }

    pub(crate) fn keep_in_memory(&self, id: ProjectId, state: &Arc<Project>) {
        *self.inner.projects.slot(id).lock() = Some(Arc::clone(state));
    }
}

pub(crate) fn each_line(
    tx: &Transaction<'_>,
    project: ProjectId,
    after: u64,
    limit: usize,
    mut with: impl FnMut(u64, &str) -> Result<()>,
) -> Result<()> {
    let mut statement = tx.prepare_cached(
        "SELECT seq, line FROM entries WHERE project = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![project.0.as_bytes(), number(after), limit])?;
    while let Some(row) = rows.next()? {
        let seq = columns::count(row, 0)?;
        with(
            seq,
            row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?,
        )?;
    }
    Ok(())
}

/// Writes entries and everything that follows from them. Says whether something was redacted.
pub(crate) fn extend(
    tx: &Write<'_>,
    project: ProjectId,
    mut state: Arc<Project>,
    entries: &[Entry],
    contents: &[NewContent<'_>],
    now: Millis,
) -> Result<(Arc<Project>, bool)> {
    let id = project.0.as_bytes();
    // A first pull is long and has nothing waiting.
    let waiting = outbox::holds_any(tx, project)?;
    let mut touched = BTreeSet::<PromptId>::new();
    let mut messages = BTreeSet::<VersionId>::new();
    let mut gone = Vec::new();
    let mut names = Vec::new();
    {
        let state = Arc::make_mut(&mut state);
        let mut insert = tx.prepare_cached(
            "INSERT INTO entries (project, seq, digest, line) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for entry in entries {
            state.apply(entry)?;
            insert.execute(params![
                id,
                number(entry.seq()),
                entry.digest().0,
                entry.line()
            ])?;
            if waiting {
                outbox::arrived(tx, entry, now)?;
            }
            for event in entry.events() {
                content::names_of(entry.seq(), event, &mut names);
                match event {
                    Event::PromptCreated { prompt, .. }
                    | Event::PromptRenamed { prompt, .. }
                    | Event::PromptArchived { prompt }
                    | Event::PromptRestored { prompt } => {
                        touched.insert(*prompt);
                    }
                    Event::VersionSaved {
                        prompt, version, ..
                    } => {
                        touched.insert(*prompt);
                        messages.insert(*version);
                    }
                    Event::PromptJoined { prompt, into } => {
                        drafts::joined(tx, project, *prompt, *into)?;
                    }
                    Event::ContentRedacted { content, .. } => gone.push((entry.seq(), *content)),
                    _ => {}
                }
            }
        }
    }
    content::name(tx, project, names)?;
    for new in contents {
        content::put(tx, project, new, now)?;
    }
    for (seq, digest) in &gone {
        content::destroy(tx, project, &state, *seq, digest)?;
    }
    // Content may come with other entries than those that name it.
    for new in contents {
        search::concerned(
            tx,
            project,
            &state,
            &new.digest,
            &mut touched,
            &mut messages,
        )?;
    }
    for prompt in touched {
        search::index_prompt(tx, project, &state, prompt)?;
    }
    for version in messages {
        search::index_message(tx, project, &state, version)?;
    }
    if !gone.is_empty() {
        search::write_anew(tx)?;
    }
    if !entries.is_empty() {
        tx.changes(Some(project), Area::Replica);
    }
    if !contents.is_empty() || !gone.is_empty() {
        tx.changes(Some(project), Area::Content);
    }
    Ok((state, !gone.is_empty()))
}
