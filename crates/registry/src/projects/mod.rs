//! Projects in memory: the fold of each ledger, loaded when first asked for.
//!
//! * [`Projects`] finds and loads them, and knows where each key lives.
//! * [`Loaded`] is one project: its state, what its environments serve, and who waits for changes.
//!   Readers take a state as it is and never wait; writers take turns.
//!
//! Another process may append to the same file (the desktop and the CLI share an embedded
//! registry): an append that finds the head moved catches up and decides again, and
//! [`Projects::catch_up`] brings readers along.

mod accept;
mod contents;
mod give;
mod snapshot;

pub use accept::{Arrived, NotDecided, Submitter};
pub use contents::Found;
pub use give::{Giver, NotGiven};

use crate::Error;
use crate::serving::Board;
use crate::sqlite::Sqlite;
use arc_swap::ArcSwap;
use domain::ledger::Entry;
use domain::{KeyId, Project, ProjectId};
use parking_lot::{Mutex, RwLock};
use protocol::ledger::LedgerHead;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::watch;

/// All projects of a registry.
#[derive(Debug)]
pub struct Projects {
    ledger: Sqlite,
    loaded: RwLock<HashMap<ProjectId, Arc<Loaded>>>,
    /// One load at a time: two would do the same work twice.
    loading: Mutex<()>,
    keys: RwLock<KeyPlaces>,
    pub(crate) limits: crate::Limits,
    /// Told whenever some ledger has grown.
    pub(crate) grown: tokio::sync::Notify,
}

/// Where each key lives. Ids are drawn by devices, so two projects may have one of the same id.
#[derive(Debug, Default)]
struct KeyPlaces {
    last: i64,
    places: HashMap<KeyId, Vec<ProjectId>>,
}

/// One project in memory.
#[derive(Debug)]
pub struct Loaded {
    /// Its id.
    pub id: ProjectId,
    state: ArcSwap<Project>,
    board: ArcSwap<Board>,
    /// The turn to write, and the entry that the last snapshot stands at.
    turn: Mutex<u64>,
    changes: watch::Sender<LedgerHead>,
}

impl Loaded {
    fn new(id: ProjectId, project: Project, board: Board, snapshot: u64) -> Self {
        let (changes, _) = watch::channel(head_of(&project));
        Self {
            id,
            state: ArcSwap::from_pointee(project),
            board: ArcSwap::from_pointee(board),
            turn: Mutex::new(snapshot),
            changes,
        }
    }

    /// The state as it is now.
    #[must_use]
    pub fn state(&self) -> Arc<Project> {
        self.state.load_full()
    }

    /// The state for a look that ends soon: cheaper than [`Self::state`].
    pub fn glance<T>(&self, look: impl FnOnce(&Project) -> T) -> T {
        look(&self.state.load())
    }

    /// What the environments serve now.
    #[must_use]
    pub fn board(&self) -> arc_swap::Guard<Arc<Board>> {
        self.board.load()
    }

    /// The head, and its changes from now on.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<LedgerHead> {
        self.changes.subscribe()
    }

    /// The head now.
    #[must_use]
    pub fn head(&self) -> LedgerHead {
        self.glance(head_of)
    }

    fn publish(&self, project: Project, board: Option<Board>) {
        let head = head_of(&project);
        self.state.store(Arc::new(project));
        if let Some(board) = board {
            self.board.store(Arc::new(board));
        }
        self.changes.send_replace(head);
    }
}

/// The head of a state as clients compare it.
#[must_use]
pub fn head_of(project: &Project) -> LedgerHead {
    let head = project.head();
    LedgerHead {
        epoch: project.epoch(),
        seq: head.seq,
        digest: head.digest,
    }
}

impl Projects {
    /// Over a data file.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn new(ledger: Sqlite, limits: crate::Limits) -> Result<Self, Error> {
        let projects = Self {
            ledger,
            loaded: RwLock::default(),
            loading: Mutex::default(),
            keys: RwLock::default(),
            limits,
            grown: tokio::sync::Notify::new(),
        };
        projects.read_keys()?;
        Ok(projects)
    }

    /// The data file.
    #[must_use]
    pub fn ledger(&self) -> &Sqlite {
        &self.ledger
    }

    /// The project in which a key of this id was made. Whoever can read a ledger knows the ids and
    /// hashes in it and could write them into another: the first has the id for good, also when
    /// the key has ended.
    #[must_use]
    pub fn owner_of_key(&self, key: KeyId) -> Option<ProjectId> {
        self.keys.read().places.get(&key)?.first().copied()
    }

    /// Whether a key of this id was made in another project.
    #[must_use]
    pub fn key_is_elsewhere(&self, key: KeyId, project: ProjectId) -> bool {
        self.owner_of_key(key).is_some_and(|owner| owner != project)
    }

    /// A project that is in memory already.
    #[must_use]
    pub fn in_memory(&self, id: ProjectId) -> Option<Arc<Loaded>> {
        self.loaded.read().get(&id).cloned()
    }

    /// A project; none if this registry doesn't have it. May read the disk.
    ///
    /// # Errors
    /// The file can't be read, or what it holds is damaged.
    pub fn load(&self, id: ProjectId) -> Result<Option<Arc<Loaded>>, Error> {
        if let Some(found) = self.in_memory(id) {
            return Ok(Some(found));
        }
        let _one_at_a_time = self.loading.lock();
        if let Some(found) = self.in_memory(id) {
            return Ok(Some(found));
        }
        if self.ledger.head(id)?.is_none() {
            return Ok(None);
        }
        let loaded = Arc::new(self.read_project(id)?);
        self.loaded.write().insert(id, Arc::clone(&loaded));
        Ok(Some(loaded))
    }

    fn read_project(&self, id: ProjectId) -> Result<Loaded, Error> {
        let started = std::time::Instant::now();
        let (mut project, snapshot) = self.read_snapshot(id)?;
        let from = project.head().seq;
        self.replay(&mut project, id)?;
        let board = Board::of(&project, &self.served_contents(id))?;
        tracing::info!(
            project = %id, entries = project.head().seq, from_snapshot = from,
            millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "project loaded"
        );
        Ok(Loaded::new(id, project, board, snapshot))
    }

    fn replay(&self, project: &mut Project, id: ProjectId) -> Result<(), Error> {
        let mut damage = None;
        self.ledger.each_entry(id, project.head().seq, |line| {
            let applied = Entry::read(line)
                .map_err(|error| error.to_string())
                .and_then(|entry| project.apply(&entry).map_err(|error| error.to_string()));
            damage = applied.err();
            damage.is_none()
        })?;
        match damage {
            Some(what) => Err(Error::Damaged { project: id, what }),
            None => Ok(()),
        }
    }

    /// Takes in what another process appended.
    ///
    /// # Errors
    /// The file can't be read, or what it holds is damaged.
    pub fn catch_up(&self) -> Result<(), Error> {
        self.read_keys()?;
        let loaded: Vec<_> = self.loaded.read().values().cloned().collect();
        for project in loaded {
            let _turn = project.turn.lock();
            self.follow(&project)?;
        }
        Ok(())
    }

    /// Takes in what another process appended to one project, whose turn the caller has.
    fn follow(&self, loaded: &Loaded) -> Result<(), Error> {
        let head = self.ledger.head(loaded.id)?.unwrap_or_default();
        if head.seq <= loaded.head().seq {
            return Ok(());
        }
        let mut project = Project::clone(&loaded.state());
        self.replay(&mut project, loaded.id)?;
        let board = Board::of(&project, &self.served_contents(loaded.id))?;
        loaded.publish(project, Some(board));
        self.grown.notify_one();
        self.read_keys()
    }

    fn read_keys(&self) -> Result<(), Error> {
        let last = self.keys.read().last;
        let fresh = self.ledger.keys_after(last)?;
        if fresh.is_empty() {
            return Ok(());
        }
        let mut keys = self.keys.write();
        for (number, key, project) in fresh {
            keys.last = keys.last.max(number);
            let places = keys.places.entry(key).or_default();
            if !places.contains(&project) {
                places.push(project);
            }
        }
        Ok(())
    }

    /// Everything in memory, written down so that the next start is fast.
    pub fn settle(&self) {
        let loaded: Vec<_> = self.loaded.read().values().cloned().collect();
        for project in loaded {
            let mut snapshot = project.turn.lock();
            if project.head().seq > *snapshot {
                match self.write_snapshot(&project.state()) {
                    Ok(seq) => *snapshot = seq,
                    // A cache: the next start is slower, and nothing is lost.
                    Err(error) => tracing::warn!(project = %project.id, %error, "no snapshot"),
                }
            }
        }
        if let Err(error) = self.ledger.settle() {
            tracing::warn!(%error, "the write-ahead log stays beside the data file");
        }
    }
}
