//! Errors as they cross HTTP: `{ "code", "message", "details" }` with a fitting status.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What went wrong: a code for programs, words for people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// For programs.
    pub code: ErrorCode,
    /// What happened and what to do.
    pub message: String,
    /// What helps to mend it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
}

/// A code exists only if a reader branches on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// No key, or one that is unknown, revoked or ended: 401.
    Unauthorized,
    /// The key is good, but not for this: 403.
    Forbidden,
    /// Nothing of this name that this key may see: 404.
    NotFound,
    /// The request can't be understood: 400.
    BadRequest,
    /// The ledger does not extend the registry's head: 409.
    Conflict,
    /// More bytes or items than are taken: 413.
    TooLarge,
    /// Too many requests; `Retry-After` says when to come again: 429.
    TooMany,
    /// The content was redacted: 410.
    Redacted,
    /// The registry can't do it now (a full disk, stopping): 503. Nothing was accepted.
    Unavailable,
    /// A fault of ours: 500. Nothing was accepted.
    Internal,
    /// A code that this version does not know.
    #[serde(other)]
    Other,
}

impl ErrorCode {
    /// The HTTP status that goes with it.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::BadRequest => 400,
            Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::TooMany => 429,
            Self::Redacted => 410,
            Self::Unavailable => 503,
            Self::Internal | Self::Other => 500,
        }
    }
}

impl ApiError {
    /// An error without details.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            details: None,
        }
    }
}
