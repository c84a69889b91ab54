//! Opening the file, and the connections to it: one that writes and a few that read.

use crate::changes::{Area, Changed, Listeners};
use crate::error::{Result, StoreError};
use crate::migrations;
use crate::replica::Projects;
use crate::view::Views;
use domain::ProjectId;
use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Connections for reading that are kept open when nobody reads.
const IDLE_READERS: usize = 4;

/// How the file is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long a write waits for another process.
    pub busy_timeout: Duration,
    /// How many bytes of answers are kept; the least recently used go first.
    pub answer_bytes: u64,
    /// The most pages that the file may have: lets a test fill the disk.
    pub max_pages: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            busy_timeout: Duration::from_secs(10),
            answer_bytes: 512 << 20,
            max_pages: None,
        }
    }
}

/// The laptop's SQLite file. Cloning it is cheap; all clones are the same file.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    path: PathBuf,
    pub(crate) options: Options,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    pub(crate) watcher: Mutex<crate::changes::Watcher>,
    pub(crate) listeners: Listeners,
    pub(crate) projects: Projects,
    pub(crate) views: Views,
    pub(crate) used_answers: Mutex<BTreeSet<domain::Digest>>,
    pub(crate) when_full: Mutex<Option<Arc<crate::answers::WhenFull>>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({})", self.inner.path.display())
    }
}

/// A write under way: a transaction that began by taking the lock, and what it changes.
pub(crate) struct Write<'a> {
    tx: Transaction<'a>,
    changed: RefCell<BTreeSet<Changed>>,
}

impl Write<'_> {
    /// Notes what others must read again.
    pub(crate) fn changes(&self, project: Option<ProjectId>, area: Area) {
        self.changed.borrow_mut().insert(Changed { project, area });
    }
}

impl<'a> Deref for Write<'a> {
    type Target = Transaction<'a>;
    fn deref(&self) -> &Transaction<'a> {
        &self.tx
    }
}

impl Store {
    /// Opens the file, or makes it; brings an older one forward.
    ///
    /// # Errors
    /// A newer schema, a damaged or foreign file, a full disk, a folder that can't be written.
    /// Nothing that is there is overwritten.
    pub fn open(path: impl Into<PathBuf>, options: &Options) -> Result<Self> {
        let path = path.into();
        Self::open_at(&path, options).map_err(|error| error.at(&path))
    }

    fn open_at(path: &Path, options: &Options) -> Result<Self> {
        make_private(path)?;
        let writer = connect(path, options)?;
        // Looked at before anything is set: turning on the log writes to the file.
        migrations::check(&writer)?;
        turn_on_log(&writer)?;
        migrations::run(&writer)?;
        let watcher = crate::changes::Watcher::new(connect(path, options)?)?;
        Ok(Self {
            inner: Arc::new(Inner {
                path: path.to_owned(),
                options: options.clone(),
                writer: Mutex::new(writer),
                readers: Mutex::new(Vec::new()),
                watcher: Mutex::new(watcher),
                listeners: Listeners::default(),
                projects: Projects::default(),
                views: Views::default(),
                used_answers: Mutex::default(),
                when_full: Mutex::default(),
            }),
        })
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Reads the whole file and checks its structure. Takes long on a large one.
    ///
    /// # Errors
    /// [`StoreError::Broken`] with the first thing that is wrong.
    pub fn check(&self) -> Result<()> {
        // A connection of its own: FTS5 checks against what a connection remembers of the index,
        // and one that others wrote beside remembers too little.
        let answer: String = connect(self.path(), &self.inner.options)
            .and_then(
                |conn| Ok(conn.pragma_query_value(None, "integrity_check", |row| row.get(0))?),
            )
            .map_err(|error| error.at(self.path()))?;
        if answer == "ok" {
            return Ok(());
        }
        Err(StoreError::Broken {
            path: self.inner.path.clone(),
            what: answer,
            source: None,
        })
    }

    /// Runs `f` in a transaction that sees one state of the file.
    pub(crate) fn read<T>(&self, f: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let path = &self.inner.path;
        let kept = self.inner.readers.lock().pop();
        let conn = match kept {
            Some(conn) => conn,
            None => connect(path, &self.inner.options).map_err(|error| error.at(path))?,
        };
        let result = (|| {
            let tx = Transaction::new_unchecked(&conn, TransactionBehavior::Deferred)?;
            f(&tx)
        })();
        let mut readers = self.inner.readers.lock();
        if readers.len() < IDLE_READERS {
            readers.push(conn);
        }
        drop(readers);
        result.map_err(|error| error.at(path))
    }

    /// Runs `f` in a transaction that nobody else can write beside; returns when it is on disk.
    pub(crate) fn write<T>(&self, f: impl FnOnce(&Write<'_>) -> Result<T>) -> Result<T> {
        let conn = self.inner.writer.lock();
        let result = (|| {
            let tx = Transaction::new_unchecked(&conn, TransactionBehavior::Immediate)?;
            let write = Write {
                tx,
                changed: RefCell::default(),
            };
            let value = f(&write)?;
            let Write { tx, changed } = write;
            let changed = changed.into_inner();
            crate::changes::note(&tx, &changed)?;
            tx.commit()?;
            Ok((value, changed))
        })();
        drop(conn);
        let (value, changed) = result.map_err(|error: StoreError| error.at(&self.inner.path))?;
        self.inner.listeners.tell(&changed);
        Ok(value)
    }

    /// The connection that writes, for what can't be done inside a transaction.
    pub(crate) fn with_writer<T>(&self, f: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        f(&self.inner.writer.lock()).map_err(|error| error.at(&self.inner.path))
    }
}

/// The file is for its owner only, from its first byte; so is a folder that is made for it.
fn make_private(path: &Path) -> Result<()> {
    let folder_error = |source| StoreError::Folder {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty() && !p.exists())
    {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(folder_error)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
            StoreError::ReadOnly {
                path: path.to_owned(),
                source: Box::new(source),
            }
        }
        _ => folder_error(source),
    })?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = file.metadata().map_err(folder_error)?.permissions().mode();
        if mode & 0o077 != 0 {
            file.set_permissions(std::fs::Permissions::from_mode(0o600))
                .map_err(folder_error)?;
        }
    }
    Ok(())
}

fn connect(path: &Path, options: &Options) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(options.busy_timeout)?;
    conn.set_prepared_statement_cache_capacity(128);
    conn.execute_batch(
        "PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA secure_delete = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA trusted_schema = OFF;
         PRAGMA cache_size = -16384;",
    )?;
    if let Some(pages) = options.max_pages {
        conn.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
    }
    Ok(conn)
}

/// Two processes that open a new file at once both want this; SQLite does not wait here by itself.
fn turn_on_log(conn: &Connection) -> Result<()> {
    for attempt in 0.. {
        let answer: rusqlite::Result<String> =
            conn.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0));
        match answer.map_err(StoreError::from) {
            Ok(mode) if mode.eq_ignore_ascii_case("wal") => break,
            Err(StoreError::Busy(_)) if attempt < 100 => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Ok(mode) => {
                return Err(StoreError::broken("its log can't be turned on", mode));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
