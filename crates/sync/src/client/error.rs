//! What can go wrong between a laptop and a registry, told apart by what a person does about it.

use protocol::{ApiError, ErrorCode};
use std::time::Duration;

/// Why a call has no answer that can be used.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The client can't be made on this system.
    #[error("a connection can't be set up on this computer: {0}")]
    Setup(#[source] reqwest::Error),
    /// This computer has no key for the registry, or can't get at it now.
    #[error(
        "this computer has no key for the registry; unlock the keychain, or join the team again"
    )]
    NoKey,
    /// It can't be reached, went away in the middle, or does not answer in time. Whether it did
    /// what was asked is not known; asking again is safe.
    #[error("the registry can't be reached ({why})")]
    Offline {
        /// What is known of the reason.
        why: String,
    },
    /// Something answers that can't prove to be it. Nothing was sent.
    #[error(
        "what answers at this address can't prove that it is the registry ({0}); nothing was sent. Ask whoever runs it whether its certificate is in order"
    )]
    Untrusted(String),
    /// Something answers at an `https://` address that does not speak TLS. Nothing was sent.
    #[error(
        "what answers at this address does not speak https; nothing was sent. A registry on this computer may be at http:// instead; beyond this computer, ask whoever runs it for its https:// address"
    )]
    NotTls,
    /// It answered, and said no.
    #[error("{error}")]
    Refused {
        /// What it said.
        error: ApiError,
        /// When it wants to be asked again.
        retry_after: Option<Duration>,
    },
    /// It answered something that is not of the contract.
    #[error("the registry's answer can't be used: {0}")]
    Broken(String),
}

impl ClientError {
    pub(super) fn offline(error: &reqwest::Error) -> Self {
        match tls_error(error) {
            Some(rustls::Error::InvalidCertificate(what)) => {
                return Self::Untrusted(what.to_string());
            }
            Some(rustls::Error::InvalidMessage(_)) => return Self::NotTls,
            _ => {}
        }
        let why = if error.is_timeout() {
            "it does not answer in time".to_owned()
        } else if error.is_connect() {
            // The innermost reason says most: "Connection refused", a name that is not known.
            format!("no connection: {}", innermost(error))
        } else {
            format!("the connection was lost: {}", innermost(error))
        };
        Self::Offline { why }
    }

    pub(super) fn broken(what: impl Into<String>) -> Self {
        Self::Broken(what.into())
    }

    /// Whether waiting and asking again may help.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Offline { .. } => true,
            Self::Refused { error, .. } => matches!(
                error.code,
                ErrorCode::TooMany | ErrorCode::Unavailable | ErrorCode::Internal
            ),
            Self::Setup(_) | Self::NoKey | Self::Untrusted(_) | Self::NotTls | Self::Broken(_) => {
                false
            }
        }
    }

    /// The registry's code, if it said no.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused { error, .. } => Some(error.code),
            _ => None,
        }
    }
}

fn innermost(error: &reqwest::Error) -> String {
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

/// What TLS says, if that is what ended the connection.
fn tls_error(error: &reqwest::Error) -> Option<&rustls::Error> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = next {
        if let Some(found) = inner.downcast_ref() {
            return Some(found);
        }
        // An I/O error hides what it wraps from `source`.
        next = match inner.downcast_ref::<std::io::Error>() {
            Some(io) => io
                .get_ref()
                .map(|wrapped| wrapped as &(dyn std::error::Error + 'static)),
            None => inner.source(),
        };
    }
    None
}
