//! What can go wrong in a registry, in words for whoever runs it.
//!
//! [`Error`] never holds a secret, a command's body or a caller's unit. How it crosses HTTP is
//! decided in [`crate::http`]: people outside learn that it is unavailable, not why.

use domain::ProjectId;
use std::path::PathBuf;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder can't be reached, read or written.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The data file can't be opened.
    #[error("the data file {path} can't be opened: {source}", path = path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// The file is there already, and `init` and `backup` overwrite nothing.
    #[error("{} exists already; nothing was overwritten", .0.display())]
    Exists(PathBuf),
    /// There is no data file.
    #[error("there is no data file at {}, or it is empty; make one with `galley-registry init`", .0.display())]
    NoData(PathBuf),
    /// A SQLite file of something else.
    #[error("{} is a SQLite file, but not a registry's; nothing was changed", .0.display())]
    NotARegistry(PathBuf),
    /// Written by a newer Galley.
    #[error(
        "the data file has schema {found}, and this galley-registry knows {known}; update it. Nothing was changed"
    )]
    NewerSchema {
        /// The file's.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The disk, or the size that the operator allowed, is full.
    #[error("the disk or the allowed size is full; nothing was written")]
    Full,
    /// The data file can't be written to.
    #[error("the data file can't be written to (read-only); nothing was written")]
    ReadOnly,
    /// Another process holds the data file for too long.
    #[error("the data file is in use by another process; nothing was written")]
    Busy,
    /// Another process serves the data file.
    #[error(
        "another galley-registry serves {} already; stop that one first, or serve another file", .0.display()
    )]
    Served(PathBuf),
    /// SQLite says no in some other way.
    #[error("the data file: {0}")]
    Sqlite(#[source] rusqlite::Error),
    /// The head is not where the append expected it: another process appended.
    #[error("the ledger has grown meanwhile")]
    Moved,
    /// A one-time invitation was used for another project meanwhile.
    #[error("this invitation was used already; nothing was written")]
    FoundingUsed,
    /// What is stored is not what was written.
    #[error("the data of project {project} is damaged: {what}")]
    Damaged {
        /// Which project.
        project: ProjectId,
        /// What, and where.
        what: String,
    },
    /// It can't listen there.
    #[error("can't listen on {address}: {source}")]
    Listen {
        /// Where.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// Listening there would send secrets in the clear.
    #[error(
        "refusing to listen on {0} without TLS: keys would cross the network in the clear. Give a certificate and its key, or listen on loopback behind a proxy that speaks TLS"
    )]
    NeedsTls(std::net::SocketAddr),
    /// The certificate or its key can't be used.
    #[error("the certificate {cert} with the key {key} can't be used: {why}", cert = cert.display(), key = key.display())]
    Tls {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why.
        why: String,
    },
    /// A setting is missing, unknown or of the wrong form.
    #[error("{0}")]
    Setting(String),
    /// The system gave no random bits.
    #[error("the system gave no random bits: {0}")]
    Random(#[from] getrandom::Error),
}

impl From<rusqlite::Error> for Error {
    fn from(source: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        match source.sqlite_error_code() {
            Some(Code::DiskFull) => Self::Full,
            Some(Code::ReadOnly) => Self::ReadOnly,
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => Self::Busy,
            _ => Self::Sqlite(source),
        }
    }
}

impl Error {
    /// Whether it may pass by itself or by an operator's help: then clients try again later.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        !matches!(self, Self::Damaged { .. })
    }
}
