//! What can go wrong with the file, in words for people and with the real cause kept.

use domain::ledger::{CommandError, EntryError, Seen};
use domain::project::ApplyError;
use std::path::PathBuf;

/// The result of everything that the store does.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Why the store could not do what was asked. Whatever it is, nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A newer Galley wrote the file.
    #[error(
        "this file was written by a newer Galley (schema {found}; this one knows {known}): update Galley; nothing was changed"
    )]
    NewerSchema {
        /// The schema of the file.
        found: u32,
        /// The newest schema that is known here.
        known: u32,
    },
    /// The disk has no room.
    #[error("the disk is full: free some space and try again; what was saved before is safe")]
    Full(#[source] rusqlite::Error),
    /// The file or its folder can't be written.
    #[error("{} can't be written: check the permissions of the file and its folder", path.display())]
    ReadOnly {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file is damaged, or no file of Galley's.
    #[error("{}", broken(path, what))]
    Broken {
        /// Which file.
        path: PathBuf,
        /// What was found.
        what: String,
        /// What SQLite or a reader said.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// Another Galley holds the file for too long.
    #[error("another Galley is busy with this file: try again in a moment")]
    Busy(#[source] rusqlite::Error),
    /// The folder can't be made or opened.
    #[error("{} can't be opened: {source}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The project moved on since it was read: read again and decide again.
    #[error("the project moved on meanwhile, to entry {}", now.seq)]
    Moved {
        /// The replica's head now.
        now: Seen,
    },
    /// The draft was saved elsewhere since it was read. Both texts are in its history.
    #[error("this draft was changed elsewhere meanwhile")]
    DraftMoved {
        /// Its revision now.
        revision: u64,
    },
    /// The command was sent, settled or signed meanwhile.
    #[error("this change is no longer waiting as it was")]
    OutboxMoved,
    /// Something asked for by id is not here.
    #[error("{0} is not on this computer")]
    Unknown(&'static str),
    /// Entries that do not continue the replica.
    #[error(transparent)]
    Chain(#[from] ApplyError),
    /// A command that can't be written.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// Content under a name that is not its digest.
    #[error("content was given under another name than its digest")]
    WrongDigest,
    /// A value that JSON can't hold.
    #[error("this can't be stored: {0}")]
    Json(#[from] serde_json::Error),
    /// Anything else that SQLite refused.
    #[error("the file of this computer can't be used: {0}")]
    Sqlite(#[source] rusqlite::Error),
}

fn broken(path: &std::path::Path, what: &str) -> String {
    format!(
        "{} is damaged or not Galley's ({what}): nothing was changed; restore it from a copy, or move it away and sync again",
        path.display()
    )
}

impl StoreError {
    /// A word that a program can branch on.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NewerSchema { .. } => "newer_schema",
            Self::Full(_) => "disk_full",
            Self::ReadOnly { .. } | Self::Folder { .. } => "read_only",
            Self::Broken { .. } => "broken_file",
            Self::Busy(_) => "busy",
            Self::Moved { .. } | Self::OutboxMoved => "moved",
            Self::DraftMoved { .. } => "draft_moved",
            Self::Unknown(_) => "not_found",
            Self::Chain(_) => "broken_chain",
            Self::Command(_) | Self::WrongDigest | Self::Json(_) | Self::Sqlite(_) => "internal",
        }
    }
}

// Where a failure has no path at hand; the store fills it in before anybody sees it.
impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let Some((code, extended)) = error.sqlite_error().map(|e| (e.code, e.extended_code)) else {
            return match error {
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..) => Self::Broken {
                    path: PathBuf::new(),
                    what: "a row has another form than it was written in".to_owned(),
                    source: Some(Box::new(error)),
                },
                other => Self::Sqlite(other),
            };
        };
        match code {
            // The index of the log could not grow: that is a full disk too.
            _ if extended == rusqlite::ffi::SQLITE_IOERR_SHMSIZE => Self::Full(error),
            Code::DiskFull => Self::Full(error),
            Code::DatabaseBusy | Code::DatabaseLocked => Self::Busy(error),
            Code::ReadOnly | Code::CannotOpen | Code::PermissionDenied => Self::ReadOnly {
                path: PathBuf::new(),
                source: Box::new(error),
            },
            Code::DatabaseCorrupt | Code::NotADatabase => Self::Broken {
                path: PathBuf::new(),
                what: error.to_string(),
                source: Some(Box::new(error)),
            },
            _ => Self::Sqlite(error),
        }
    }
}

impl StoreError {
    /// Says which file is meant.
    pub(crate) fn at(mut self, file: &std::path::Path) -> Self {
        if let Self::ReadOnly { path, .. } | Self::Broken { path, .. } = &mut self {
            file.clone_into(path);
        }
        self
    }

    pub(crate) fn broken(
        what: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Broken {
            path: PathBuf::new(),
            what: what.into(),
            source: Some(source.into()),
        }
    }

    /// An entry of our own file that can't be read: from a newer Galley, or damaged.
    pub(crate) fn line(seq: u64, error: EntryError) -> Self {
        Self::broken(format!("entry {seq}"), error)
    }
}
