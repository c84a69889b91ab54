//! Errors as they cross HTTP. What went wrong inside stays in the log.

use crate::Error;
use crate::people::auth::Denied;
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use protocol::{ApiError, ErrorCode};

/// An answer that is an error.
#[derive(Debug)]
pub struct Failure {
    error: ApiError,
    /// Seconds after which to come again.
    come_again: Option<u64>,
    /// Another status than the code's.
    status: Option<StatusCode>,
    /// Whether the connection ends with it.
    hang_up: bool,
}

impl Failure {
    /// An error with words for whoever called.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            error: ApiError::new(code, message),
            come_again: None,
            status: None,
            hang_up: false,
        }
    }

    /// What is asked for is not done by calls like this one, whoever calls: 405.
    pub fn not_this_way(message: impl Into<String>) -> Self {
        let mut failure = Self::new(ErrorCode::NotFound, message);
        failure.status = Some(StatusCode::METHOD_NOT_ALLOWED);
        failure
    }

    /// The same, with what helps to mend it.
    #[must_use]
    pub fn with(mut self, details: serde_json::Value) -> Self {
        self.error.details = Some(details);
        self
    }

    /// The request can't be understood.
    pub fn bad(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::BadRequest, message)
    }

    /// More than is taken.
    pub fn too_large(what: &str, max: usize) -> Self {
        Self::new(
            ErrorCode::TooLarge,
            format!("{what} is too large; at most {max} are taken"),
        )
    }

    /// Too many calls.
    pub fn too_many(message: impl Into<String>, come_again: u64) -> Self {
        let mut failure = Self::new(ErrorCode::TooMany, message);
        failure.come_again = Some(come_again);
        failure
    }

    /// The same, and the connection ends.
    #[must_use]
    pub fn and_hang_up(mut self) -> Self {
        self.hang_up = true;
        self
    }

    /// Its code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.error.code
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        // The log has the cause; the answer has what the caller can do.
        tracing::error!(%error, "a request failed");
        if matches!(error, Error::FoundingUsed) {
            return Self::new(ErrorCode::Forbidden, error.to_string());
        }
        if !error.may_pass() {
            return Self::new(
                ErrorCode::Internal,
                "the registry's data is damaged; its operator can find out more with galley-registry verify",
            );
        }
        let message = match error {
            Error::Full => "the registry's disk is full; nothing was accepted. Tell its operator",
            Error::ReadOnly => {
                "the registry's disk is read-only; nothing was accepted. Tell its operator"
            }
            _ => "the registry can't do this now; nothing was accepted. Try again later",
        };
        let mut failure = Self::new(ErrorCode::Unavailable, message);
        failure.come_again = Some(5);
        failure
    }
}

impl From<Denied> for Failure {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Unknown => Self::new(
                ErrorCode::Unauthorized,
                "this needs a key that is known here and still valid",
            ),
            Denied::NotForThis(words) => Self::new(ErrorCode::Forbidden, words),
            Denied::TooMany(seconds) => {
                Self::too_many("this key sends too many requests; slow down", seconds)
            }
            Denied::Failed(error) => error.into(),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let by_code = || StatusCode::from_u16(self.error.code.status()).ok();
        let status = self
            .status
            .or_else(by_code)
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&self.error)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.hang_up {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(seconds) = self.come_again {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// Nothing is there.
pub async fn no_such_call() -> Failure {
    Failure::new(
        ErrorCode::NotFound,
        "there is no such call; /openapi.json lists all",
    )
}

/// The path is one of ours, the method isn't; the router adds `Allow`.
pub async fn no_such_method() -> Failure {
    Failure::not_this_way("this path has no such method; /openapi.json lists all calls")
}

/// A fault of ours: told without details, logged by the panic hook.
pub fn panicked(_panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    tracing::error!("a request ended in a panic");
    Failure::new(
        ErrorCode::Internal,
        "the registry made a mistake; nothing was accepted",
    )
    .into_response()
}
