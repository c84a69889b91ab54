//! The engine for one machine: one SQLite file beside the process.
//!
//! [`Sqlite`] has one writer and a few readers. What counts as accepted is written with
//! `synchronous=FULL` in write-ahead mode; content that no entry names yet is written without
//! waiting for the disk, because the append that names it waits for everything before it.
//! A newer schema, another program's file and a full disk are refused by name.

mod read;
mod schema;
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
        if !path.exists() {
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
        // Another process was faster.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(Error::File {
            path: path.to_owned(),
            source,
        }),
    }
}

/// A number as SQLite has it.
fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number as we have it.
fn uint(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
