//! Errors as they leave the workbench: a code for programs, words for the person.

use crate::secrets::SecretsError;
use domain::{Refusal, RefusalCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What went wrong. Nothing that the person wrote is lost by it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The rules refuse it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The keychain can't be used.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The laptop's own file.
    #[error(transparent)]
    Store(#[from] store::StoreError),
    /// The registry, or the way to it.
    #[error(transparent)]
    Sync(#[from] sync::SyncError),
    /// The embedded registry.
    #[error(transparent)]
    Registry(#[from] registry::Error),
    /// A model did not answer, or a run could not begin.
    #[error("{0}")]
    Evals(String),
    /// A command that could not be written.
    #[error(transparent)]
    Command(#[from] domain::ledger::CommandError),
    /// Content that could not be written.
    #[error(transparent)]
    Content(#[from] domain::CanonicalError),
    /// A file could not be read or written.
    #[error("{what}: {}", plain(source))]
    File {
        /// Which, in words.
        what: String,
        /// Why.
        source: std::io::Error,
    },
    /// Something named does not exist here.
    #[error("{0}")]
    NotFound(String),
    /// What was asked makes no sense as it stands.
    #[error("{0}")]
    Invalid(String),
    /// What was asked was cancelled by the person.
    #[error("cancelled")]
    Cancelled,
}

/// A code exists only if a reader branches on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The rules refuse it; `details` may say what is there now.
    Refused,
    /// What it replaces has moved: look again.
    Conflict,
    /// The content breaks a rule; `details` lists the places.
    ContentInvalid,
    /// There is no keychain.
    NoKeychain,
    /// The registry can't be reached.
    Offline,
    /// The registry does not accept who we are.
    NotAllowed,
    /// The disk is full.
    DiskFull,
    /// Something named does not exist here.
    NotFound,
    /// What was asked makes no sense as it stands.
    Invalid,
    /// The person cancelled it.
    Cancelled,
    /// Anything else: the words say what.
    Other,
}

impl Error {
    /// What was asked makes no sense as it stands.
    #[must_use]
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(message.into())
    }

    /// Something named does not exist here.
    #[must_use]
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::NotFound(message.into())
    }

    /// The code that a reader branches on.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Refused(refusal) => code_of(refusal),
            Self::Secrets(_) => ErrorCode::NoKeychain,
            Self::Store(store::StoreError::Full(_)) => ErrorCode::DiskFull,
            Self::Store(store::StoreError::Unknown(_)) => ErrorCode::NotFound,
            Self::Sync(sync::SyncError::Refused(refusal)) => code_of(refusal),
            Self::Sync(sync::SyncError::Client(error)) if error.is_passing() => ErrorCode::Offline,
            Self::Sync(sync::SyncError::LockedOut { .. }) => ErrorCode::NotAllowed,
            Self::Sync(sync::SyncError::Cancelled) => ErrorCode::Cancelled,
            Self::NotFound(_) => ErrorCode::NotFound,
            Self::Invalid(_) => ErrorCode::Invalid,
            Self::Cancelled => ErrorCode::Cancelled,
            _ => ErrorCode::Other,
        }
    }

    /// What helps to mend it.
    #[must_use]
    pub fn details(&self) -> Option<Value> {
        match self {
            Self::Refused(refusal) => refusal.details.clone(),
            _ => None,
        }
    }
}

/// What the system says of a file, in plain words and without its numbers.
#[must_use]
pub fn plain(error: &std::io::Error) -> String {
    use std::io::ErrorKind as Kind;
    let words = match error.kind() {
        Kind::NotFound => "there is no such file or folder",
        Kind::PermissionDenied => "you have no permission to open it",
        Kind::IsADirectory => "it is a folder, and a file is needed",
        Kind::NotADirectory => "a part of this path is a file, and a folder is needed",
        Kind::AlreadyExists => "it is there already",
        Kind::InvalidData => {
            "it is not text in UTF-8: save it as UTF-8 (in a spreadsheet: CSV UTF-8)"
        }
        Kind::StorageFull => "the disk is full",
        Kind::ReadOnlyFilesystem => "it is on a disk that can't be written",
        _ => {
            let text = error.to_string();
            let plain = text.split(" (os error").next().unwrap_or_default();
            return plain.to_lowercase();
        }
    };
    words.to_owned()
}

fn code_of(refusal: &Refusal) -> ErrorCode {
    match refusal.code {
        RefusalCode::Conflict => ErrorCode::Conflict,
        RefusalCode::ContentInvalid => ErrorCode::ContentInvalid,
        RefusalCode::NotFound => ErrorCode::NotFound,
        RefusalCode::NotAllowed | RefusalCode::UnknownDevice => ErrorCode::NotAllowed,
        _ => ErrorCode::Refused,
    }
}
