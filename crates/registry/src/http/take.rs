//! Reading a request's body within its limit.

use super::Failure;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, header};
use std::time::Duration;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(120);

/// The body, if it is no larger than `max`. One that says it is larger is not read at all.
pub async fn body(headers: &HeaderMap, body: Body, max: usize) -> Result<Bytes, Failure> {
    let too_large = || Failure::too_large("the body (in bytes)", max);
    let said = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if said.is_some_and(|length| length > max) {
        return Err(too_large());
    }
    match tokio::time::timeout(PATIENCE, axum::body::to_bytes(body, max)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => {
            let source: Option<&dyn std::error::Error> = std::error::Error::source(&error);
            // axum hides the kind of the error behind a box.
            if source.is_some_and(|inner| inner.to_string().contains("length limit")) {
                Err(too_large())
            } else {
                Err(Failure::bad("the body did not arrive whole"))
            }
        }
        Err(_) => Err(Failure::bad("the body took too long to arrive")),
    }
}
