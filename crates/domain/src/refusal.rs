//! Why a command is refused: a code that a program can branch on, and words for the person.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A refused command. Nothing was changed, and the author's content is kept by whoever sent it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error, specta::Type)]
#[error("{message}")]
pub struct Refusal {
    /// For programs.
    pub code: RefusalCode,
    /// For people: what happened and what to do.
    pub message: String,
    /// What is there now, where that helps: a conflict names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
}

/// A code exists only if a reader branches on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// The pointer has moved; `details` says what is there now.
    Conflict,
    /// A command that this one needs was refused.
    DependsOn,
    /// This id came before with other bytes.
    IdReused,
    /// Content that the command names is not there.
    ContentMissing,
    /// The content breaks a rule; `details` lists the places.
    ContentInvalid,
    /// The device, key or person may not do this.
    NotAllowed,
    /// The device is not enrolled, or no longer.
    UnknownDevice,
    /// Something that the command names does not exist.
    NotFound,
    /// The name is taken.
    NameTaken,
    /// The command makes no sense as it stands.
    Invalid,
    /// The content is in use: an environment serves it.
    InUse,
    /// A release that was reverted from: going there is a promotion.
    RevertedFrom,
    /// The policy of an environment, or a request, asks for something that is missing; `details`
    /// lists it in data (`missing`) and in words (`sentences`).
    PolicyUnmet,
    /// The signature is not that of the device.
    BadSignature,
    /// A limit is reached.
    Limit,
}

impl Refusal {
    /// A refusal without details.
    #[must_use]
    pub fn new(code: RefusalCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            details: None,
        }
    }

    /// The same, with what is there now.
    #[must_use]
    pub fn with(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    /// Something that the command names does not exist.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(
            RefusalCode::NotFound,
            format!("{what} does not exist in this project"),
        )
    }

    /// A command that makes no sense as it stands.
    #[must_use]
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(RefusalCode::Invalid, message)
    }

    /// A pointer that moved meanwhile.
    #[must_use]
    pub fn conflict(message: impl Into<String>, now: &impl Serialize) -> Self {
        Self::new(RefusalCode::Conflict, message).with(json!({ "now": now }))
    }
}
