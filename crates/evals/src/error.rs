//! Why there is no answer, and whether asking again can help.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Why one attempt gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The provider asks for patience (429), or says that it is overloaded.
    #[error("{provider} asks to slow down{}", said(.message))]
    SlowDown {
        /// Who.
        provider: String,
        /// How long it asks to wait.
        wait: Option<Duration>,
        /// What it said.
        message: String,
    },
    /// The provider failed (5xx).
    #[error("{provider} failed ({status}){}", said(.message))]
    Failed {
        /// Who.
        provider: String,
        /// Its status.
        status: u16,
        /// How long it asks to wait.
        wait: Option<Duration>,
        /// What it said.
        message: String,
    },
    /// The provider refused the question (4xx).
    #[error("{}", refusal(.provider, *.status, .message))]
    Refused {
        /// Who.
        provider: String,
        /// Its status.
        status: u16,
        /// What it said.
        message: String,
    },
    /// No answer in time.
    #[error("{provider} did not answer within {} seconds", .after.as_secs_f32())]
    TimedOut {
        /// Who.
        provider: String,
        /// How long was waited.
        after: Duration,
    },
    /// There was no connection, or it broke.
    #[error("{provider} can't be reached at {origin}: is it running, and is there a network?")]
    Unreachable {
        /// Who.
        provider: String,
        /// Where.
        origin: String,
        /// Why, in the network's words.
        #[source]
        source: reqwest::Error,
    },
    /// The connection broke while the answer came in.
    #[error("the connection to {provider} broke off in the middle of its answer")]
    BrokeOff {
        /// Who.
        provider: String,
    },
    /// The provider sends elsewhere. Following would carry the key to another place.
    #[error(
        "{provider} redirects to another address, which is not followed: correct its address in the settings"
    )]
    Redirected {
        /// Who.
        provider: String,
    },
    /// More than [`crate::ANSWER_BYTES`].
    #[error("the answer of {provider} is larger than {} MiB", crate::ANSWER_BYTES >> 20)]
    TooLarge {
        /// Who.
        provider: String,
    },
    /// An answer that is not of the protocol.
    #[error("the answer of {provider} can't be read: {reason}")]
    NotUnderstood {
        /// Who.
        provider: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The question can't be put in this provider's protocol.
    #[error("{provider} can't be asked this: {reason}")]
    NotAskable {
        /// Who.
        provider: String,
        /// Why.
        reason: String,
    },
    /// A person stopped it.
    #[error("stopped")]
    Cancelled,
}

fn said(message: &str) -> String {
    if message.is_empty() {
        String::new()
    } else {
        format!(": {message}")
    }
}

fn refusal(provider: &str, status: u16, message: &str) -> String {
    let what = match status {
        401 | 403 => format!("{provider} refuses the key: check it in the settings"),
        404 => format!("{provider} knows no such model or address"),
        _ => format!("{provider} refuses the question ({status})"),
    };
    format!("{what}{}", said(message))
}

impl AskError {
    /// Whether the same question may succeed later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::SlowDown { .. }
                | Self::Failed { .. }
                | Self::TimedOut { .. }
                | Self::Unreachable { .. }
                | Self::BrokeOff { .. }
        )
    }

    /// How long the provider asks to wait.
    #[must_use]
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Self::SlowDown { wait, .. } | Self::Failed { wait, .. } => *wait,
            _ => None,
        }
    }

    /// A word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::SlowDown { .. } => "slow_down",
            Self::Failed { .. } => "provider_failed",
            // No key, no money, no right, no such model.
            Self::Refused {
                status: 401..=404, ..
            } => "not_allowed",
            Self::Refused { .. } => "provider_refused",
            Self::TimedOut { .. } => "timed_out",
            Self::Unreachable { .. } | Self::BrokeOff { .. } => "unreachable",
            Self::Redirected { .. } => "redirected",
            Self::TooLarge { .. } => "too_large",
            Self::NotUnderstood { .. } => "not_understood",
            Self::NotAskable { .. } => "not_askable",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Why a cell of a run has no answer, as it is shown and kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Failure {
    /// A word for programs.
    pub code: String,
    /// The same for people.
    pub message: String,
}

impl Failure {
    /// Whether it says more of the provider than of the question: the next question would probably
    /// fare alike.
    #[must_use]
    pub fn is_of_the_provider(&self) -> bool {
        matches!(
            self.code.as_str(),
            "unreachable"
                | "redirected"
                | "not_allowed"
                | "slow_down"
                | "provider_failed"
                | "timed_out"
                | "not_understood"
        )
    }
}

impl From<&AskError> for Failure {
    fn from(error: &AskError) -> Self {
        Self {
            code: error.code().to_owned(),
            message: error.to_string(),
        }
    }
}

impl From<&crate::QuestionError> for Failure {
    fn from(error: &crate::QuestionError) -> Self {
        Self {
            code: "question".to_owned(),
            message: error.to_string(),
        }
    }
}
