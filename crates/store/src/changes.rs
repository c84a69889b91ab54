//! What changed: told at once inside a process, and found by a cheap look from another.
//!
//! Every write notes which project and which area it touched. [`Store::on_change`] is called after
//! the write is on disk. [`Store::changed_since`] also finds what another process wrote: it looks
//! at SQLite's own counter first and reads no table while nothing happened.

use crate::columns;
use crate::error::Result;
use crate::file::Store;
use domain::ProjectId;
use parking_lot::Mutex;
use rusqlite::{Connection, Transaction, params};
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

/// What kind of thing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    /// The list of projects, their places and settings.
    Projects,
    /// A ledger.
    Replica,
    /// Content came or was destroyed.
    Content,
    /// Drafts.
    Drafts,
    /// Commands not yet accepted.
    Outbox,
    /// How far syncing is.
    Sync,
    /// Runs on this computer.
    Runs,
    /// Settings and providers.
    Settings,
}

impl Area {
    const ALL: [Self; 8] = [
        Self::Projects,
        Self::Replica,
        Self::Content,
        Self::Drafts,
        Self::Outbox,
        Self::Sync,
        Self::Runs,
        Self::Settings,
    ];

    pub(crate) fn code(self) -> i64 {
        match self {
            Self::Projects => 0,
            Self::Replica => 1,
            Self::Content => 2,
            Self::Drafts => 3,
            Self::Outbox => 4,
            Self::Sync => 5,
            Self::Runs => 6,
            Self::Settings => 7,
        }
    }
}

/// One thing that must be read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Changed {
    /// Of which project; none where it concerns no single one.
    pub project: Option<ProjectId>,
    /// What of it.
    pub area: Area,
}

/// How far somebody has read the changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token(i64);

type Listener = dyn Fn(&Changed) + Send + Sync;

/// Whoever wants to be told, in this process.
#[derive(Default)]
pub(crate) struct Listeners(Mutex<Vec<Arc<Listener>>>);

impl Listeners {
    pub(crate) fn tell(&self, changed: &BTreeSet<Changed>) {
        if changed.is_empty() {
            return;
        }
        // A listener may read the store, or add another listener: no lock is held meanwhile.
        let listeners = self.0.lock().clone();
        for listener in listeners {
            for one in changed {
                listener(one);
            }
        }
    }
}

/// A connection that only looks whether somebody else wrote.
pub(crate) struct Watcher {
    conn: Connection,
    version: i64,
    tick: Token,
}

impl Watcher {
    pub(crate) fn new(conn: Connection) -> Result<Self> {
        let mut watcher = Self {
            conn,
            version: 0,
            tick: Token(0),
        };
        watcher.look()?;
        Ok(watcher)
    }

    // The counter is read before the tick: a write in between is found by the next look.
    fn look(&mut self) -> Result<Token> {
        let version = self
            .conn
            .pragma_query_value(None, "data_version", |row| row.get(0))?;
        if version != self.version {
            let sql = "SELECT coalesce(max(tick), 0) FROM moved";
            self.tick = Token(self.conn.query_row(sql, [], |row| row.get(0))?);
            self.version = version;
        }
        Ok(self.tick)
    }
}

/// Gives what a write touched the next numbers.
pub(crate) fn note(tx: &Transaction<'_>, changed: &BTreeSet<Changed>) -> Result<()> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO moved (project, area, tick)
         VALUES (?1, ?2, (SELECT coalesce(max(tick), 0) + 1 FROM moved))
         ON CONFLICT DO UPDATE SET tick = excluded.tick",
    )?;
    for Changed { project, area } in changed {
        let project = project.map_or(Uuid::nil(), |p| p.0);
        statement.execute(params![project.as_bytes(), area.code()])?;
    }
    Ok(())
}

/// The number of the last change of an area of a project.
pub(crate) fn tick(tx: &Transaction<'_>, project: ProjectId, area: Area) -> Result<i64> {
    Ok(tx
        .prepare_cached(
            "SELECT coalesce(max(tick), 0) FROM moved WHERE project = ?1 AND area = ?2",
        )?
        .query_row(params![project.0.as_bytes(), area.code()], |row| row.get(0))?)
}

impl Store {
    /// Calls `listener` after each write of this process, on the thread that wrote; it must not
    /// take long.
    pub fn on_change(&self, listener: impl Fn(&Changed) + Send + Sync + 'static) {
        self.inner.listeners.0.lock().push(Arc::new(listener));
    }

    /// How far the changes are now.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn token(&self) -> Result<Token> {
        let mut watcher = self.inner.watcher.lock();
        watcher.look().map_err(|error| error.at(self.path()))
    }

    /// What changed after `token`, written by whichever process, and how far that is. Cheap enough
    /// to be asked several times a second.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn changed_since(&self, token: Token) -> Result<(Token, Vec<Changed>)> {
        let now = self.token()?;
        if now <= token {
            return Ok((token, Vec::new()));
        }
        self.read(|tx| {
            let mut last = token;
            let mut statement = tx.prepare_cached(
                "SELECT project, area, tick FROM moved WHERE tick > ?1 ORDER BY tick",
            )?;
            let mut rows = statement.query([token.0])?;
            let mut changed = Vec::new();
            while let Some(row) = rows.next()? {
                let project = columns::id(row, 0)?;
                let code: i64 = row.get(1)?;
                last = Token(row.get(2)?);
                let Some(area) = Area::ALL.into_iter().find(|a| a.code() == code) else {
                    continue;
                };
                let project = (!project.is_nil()).then_some(ProjectId(project));
                changed.push(Changed { project, area });
            }
            Ok((last, changed))
        })
    }
}
