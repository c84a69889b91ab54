//! The engine for one machine: one SQLite file beside the process.
//!
//! [`Sqlite`] has one writer and a few readers. What counts as accepted is written with
//! `synchronous=FULL` in write-ahead mode; content that no entry names yet is written without
//! waiting for the disk, because the append that names it waits for everything before it.
//! A newer schema, another program's file and a full disk are refused by name.

mod read;
mod schema;
mod uses;
mod webhooks;
mod write;

use crate::Error;
use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long to wait for another process (the desktop and the CLI share an embedded registry).
const BUSY: Duration = Duration::from_secs(5);
/// Readers that are kept; more are opened while needed.
const KEPT_READERS: usize = 8;

/// A registry's data file.
#[derive(Debug)]
pub struct Sqlite {
    path: PathBuf,
    // Closed before the writer: only a connection that may write takes the log away with it.
    readers: Mutex<Vec<Connection>>,
    writer: Mutex<Writer>,
}

/// Two connections behind one lock, so that they never wait for each other inside SQLite.
#[derive(Debug)]
struct Writer {
    /// Waits for the disk.
    durable: Connection,
    /// Does not: for content that no entry names yet, and snapshots.
    loose: Connection,
}

/// How the file is opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileOptions {
    /// Make the file if there is none.
    pub create: bool,
    /// The size that it may not exceed.
    pub max_bytes: Option<u64>,
}

impl Sqlite {
    /// Opens a data file, and makes or migrates it if need be.
    ///
    /// # Errors
    /// The file can't be opened, is another program's, or is newer.
    pub fn open(path: &Path, options: FileOptions) -> Result<Self, Error> {
        // An empty file is what `touch` or a cut-off `init` leaves: no data, and perhaps readable
        // by others.
        let size = std::fs::metadata(path).map_or(0, |found| found.len());
        if size == 0 {
            if !options.create {
                return Err(Error::NoData(path.to_owned()));
            }
            make_private(path)?;
        }
        let mut durable = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // Before anything is written: a foreign or newer file stays as it is.
        if schema::version(&durable, path)? > schema::newest() {
            schema::migrate(&mut durable, path)?;
        }
        durable.pragma_update(None, "journal_mode", "wal")?;
        durable.pragma_update(None, "synchronous", "FULL")?;
        // Redacted content is overwritten, not just forgotten.
        durable.pragma_update(None, "secure_delete", true)?;
        schema::migrate(&mut durable, path)?;
        let loose = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        loose.pragma_update(None, "synchronous", "NORMAL")?;
        loose.pragma_update(None, "secure_delete", true)?;
        let opened = Self {
            path: path.to_owned(),
            writer: Mutex::new(Writer { durable, loose }),
            readers: Mutex::new(Vec::new()),
        };
        opened.limit(options.max_bytes)?;
        Ok(opened)
    }

    /// Whether it can be written to now. Nothing is written.
    ///
    /// # Errors
    /// It can't: [`Error::ReadOnly`], [`Error::Busy`] and so on.
    pub fn writable(&self) -> Result<(), Error> {
        let mut writer = self.writer.lock();
        let behaviour = rusqlite::TransactionBehavior::Immediate;
        writer
            .durable
            .transaction_with_behavior(behaviour)?
            .rollback()?;
        Ok(())
    }

    /// Takes the lock that lies beside the file, in `<file>.lock`. Not on the file itself, whose
    /// locks are SQLite's.
    ///
    /// # Errors
    /// [`Error::Served`] if another process has it; or it can't be made.
    pub fn lock_beside(&self) -> Result<std::fs::File, Error> {
        let mut name = self.path.clone().into_os_string();
        name.push(".lock");
        let path = PathBuf::from(name);
        let failed = |source| Error::File {
            path: path.clone(),
            source,
        };
        make_private(&path)?;
        let file = std::fs::File::options()
            .write(true)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(std::fs::TryLockError::WouldBlock) => Err(Error::Served(self.path.clone())),
            Err(std::fs::TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn limit(&self, max_bytes: Option<u64>) -> Result<(), Error> {
        let Some(max) = max_bytes else { return Ok(()) };
        let writer = self.writer.lock();
        let page: i64 = writer
            .durable
            .query_row("PRAGMA page_size", [], |row| row.get(0))?;
        let pages = i64::try_from(max).unwrap_or(i64::MAX) / page;
        for connection in [&writer.durable, &writer.loose] {
            connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
        }
        Ok(())
    }

    /// Lends a reader for one call.
    fn reading<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, Error> {
        let kept = self.readers.lock().pop();
        let connection = match kept {
            Some(connection) => connection,
            None => {
                let connection = connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
                connection.pragma_update(None, "query_only", true)?;
                connection
            }
        };
        let result = read(&connection);
        let mut readers = self.readers.lock();
        if readers.len() < KEPT_READERS {
            readers.push(connection);
        }
        Ok(result?)
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, Error> {
    let open = |source| Error::Open {
        path: path.to_owned(),
        source,
    };
    let connection =
        Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(open)?;
    connection.busy_timeout(BUSY).map_err(open)?;
    connection.set_prepared_statement_cache_capacity(64);
    // The file may come from elsewhere: its schema may not run code.
    connection
        .pragma_update(None, "trusted_schema", false)
        .map_err(open)?;
    Ok(connection)
}

/// Makes the file before SQLite does, so that nobody else can read it; its companions
/// (`-wal`, `-shm`) take over its permissions.
fn make_private(path: &Path) -> Result<(), Error> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    match options.open(path) {
        Ok(_) => Ok(()),
        // Another process was faster, or an empty file lay there.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => keep_private(path),
        Err(source) => Err(source),
    }
    .map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })
}

#[cfg(unix)]
fn keep_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn keep_private(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

/// A number as SQLite has it.
fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number as we have it.
fn uint(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
