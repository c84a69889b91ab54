//! Why a store and a registry could not be brought together.

use crate::client::ClientError;
use crate::plan::Disagreement;
use domain::ledger::EntryError;
use domain::project::{ApplyError, ChainError};
use protocol::ErrorCode;
use store::StoreError;

/// What kept a step of syncing from being done. What was done before stays.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The registry did not give a usable answer.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// This computer's file.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The registry's ledger and the replica here can't both be right.
    #[error("{}", .0.words())]
    Disagree(Disagreement),
    /// The registry sent an entry that does not hold. Nothing of it was taken, or, where it came
    /// with a first pull, nothing is released from here.
    #[error("the registry's history can't be trusted from entry {seq} on: {what}")]
    Faulty {
        /// Which entry.
        seq: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The registry speaks of things that this Galley does not know.
    #[error(
        "this project was changed by a newer Galley (entry {seq}): update Galley to go on; nothing here was changed"
    )]
    Newer {
        /// Which entry.
        seq: u64,
    },
    /// An invitation does not lead to the project that it names.
    #[error("{0}")]
    WrongProject(&'static str),
    /// The registry no longer knows this computer's token, which it knew before.
    #[error("{}", locked_out(admins))]
    LockedOut {
        /// Who can let this person in again, by name.
        admins: Vec<String>,
    },
    /// The registry refused the one command that this was about.
    #[error(transparent)]
    Refused(#[from] domain::Refusal),
    /// The project was shared meanwhile, and has another registry.
    #[error("this project has moved to another registry; open it again")]
    Elsewhere,
    /// There is no key to sign with.
    #[error("this computer's signing key can't be reached; unlock the keychain and try again")]
    NoSigner,
    /// A command could not be written.
    #[error(transparent)]
    Command(#[from] domain::ledger::CommandError),
    /// Somebody stopped it. What was done before stays, and it goes on from there.
    #[error("this was stopped; what was done so far stays")]
    Cancelled,
    /// A fault of ours: a part of the work stopped unexpectedly.
    #[error("a part of the work stopped unexpectedly: {0}")]
    Fault(#[from] tokio::task::JoinError),
}

fn locked_out(admins: &[String]) -> String {
    let whom = match admins {
        [] => "an admin of the project".to_owned(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    };
    format!(
        "the registry no longer lets this computer in: you were removed from the project, or this computer's access was \
         taken back. Everything here is kept, and what waits stays in the outbox; ask {whom} for a new invitation, and \
         joining with it goes on with all of it"
    )
}

impl SyncError {
    /// What an entry that can't be read means, at the place where it was expected.
    pub(crate) fn entry(expected: u64, error: &EntryError) -> Self {
        match error {
            EntryError::Newer { seq, .. } => Self::Newer { seq: *seq },
            other => Self::Faulty {
                seq: expected,
                what: other.to_string(),
            },
        }
    }

    pub(crate) fn chain(expected: u64, error: &ChainError) -> Self {
        match error {
            ChainError::Newer { seq, .. } | ChainError::Line(EntryError::Newer { seq, .. }) => {
                Self::Newer { seq: *seq }
            }
            // What is wrong is the place where the next entry should be, whatever stands there.
            ChainError::Chain(error) => Self::apply(error),
            other => Self::Faulty {
                seq: other.seq().unwrap_or(expected),
                what: other.to_string(),
            },
        }
    }

    pub(crate) fn apply(error: &ApplyError) -> Self {
        let seq = match error {
            ApplyError::DoesNotFollow { head, .. } => head + 1,
            ApplyError::Contradiction { seq } => *seq,
        };
        Self::Faulty {
            seq,
            what: error.to_string(),
        }
    }

    /// Whether waiting and trying again may help, without anybody doing anything.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Client(error) => error.is_passing(),
            Self::Store(StoreError::Moved { .. } | StoreError::Busy(_)) => true,
            _ => false,
        }
    }

    /// Whether the registry answered and said no: what was asked in this call was not done.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Client(ClientError::Refused { .. }))
    }

    /// Whether it said no with this code.
    pub(crate) fn refused_with(&self, code: ErrorCode) -> bool {
        matches!(self, Self::Client(error) if error.code() == Some(code))
    }

    /// Whether the registry can't be reached, or says that it can't work now.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        matches!(self, Self::Client(ClientError::Offline { .. }))
            || matches!(self, Self::Client(error) if error.code() == Some(ErrorCode::Unavailable))
    }
}
