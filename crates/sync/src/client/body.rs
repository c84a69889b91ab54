//! Reading answers, with a limit on everything: the registry may be faulty or hostile.

use super::ClientError;
use bytes::{Buf as _, BytesMut};
use reqwest::Response;
use serde::de::DeserializeOwned;
use std::time::{Duration, Instant};

/// An error's body; more is cut off and not read.
const ERROR_BYTES: usize = 64 << 10;

/// The whole body, if it is at most `limit` bytes and all of it comes within `within`.
pub(super) async fn bytes(
    mut response: Response,
    limit: usize,
    within: Duration,
) -> Result<BytesMut, ClientError> {
    let deadline = Instant::now() + within;
    let mut body = BytesMut::new();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let chunk = tokio::time::timeout(left, response.chunk())
            .await
            .map_err(|_| ClientError::Offline {
                why: "it does not answer in time".to_owned(),
            })?
            .map_err(|error| ClientError::offline(&error))?;
        let Some(chunk) = chunk else { return Ok(body) };
        if body.len() + chunk.len() > limit {
            return Err(ClientError::broken(format!(
                "it is larger than {limit} bytes"
            )));
        }
        body.extend_from_slice(&chunk);
    }
}

/// The whole body as JSON of an expected form.
pub(super) async fn json<T: DeserializeOwned>(
    response: Response,
    limit: usize,
    within: Duration,
) -> Result<T, ClientError> {
    let body = bytes(response, limit, within).await?;
    serde_json::from_slice(&body).map_err(|error| ClientError::broken(error.to_string()))
}

/// The registry's own error, or what else came instead of an answer.
pub(super) async fn refusal(response: Response) -> ClientError {
    let status = response.status();
    let retry_after = response
        .headers()
        .get(reqwest::header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .map(Duration::from_secs);
    let body = match bytes(response, ERROR_BYTES, Duration::from_secs(20)).await {
        Ok(body) => body,
        Err(ClientError::Broken(_)) => BytesMut::new(),
        Err(error) => return error,
    };
    if let Ok(error) = serde_json::from_slice(&body) {
        return ClientError::Refused { error, retry_after };
    }
    match status.as_u16() {
        // What stands before the registry says that the registry is not there.
        502..=504 => ClientError::Offline {
            why: format!("something before it answers {}", status.as_u16()),
        },
        300..=399 => ClientError::broken(
            "it sends us to another address; give that address itself, redirects are not followed",
        ),
        other => ClientError::broken(format!(
            "something that is no Galley registry answers at this address (HTTP {other})"
        )),
    }
}

/// An answer of lines, read as it comes.
#[derive(Debug)]
pub struct Lines {
    response: Response,
    buffer: BytesMut,
    // Up to here the buffer holds no line break.
    searched: usize,
    ended: bool,
    line_limit: usize,
    left: usize,
}

impl Lines {
    pub(super) fn new(response: Response, line_limit: usize, limit: usize) -> Self {
        Self {
            response,
            buffer: BytesMut::new(),
            searched: 0,
            ended: false,
            line_limit,
            left: limit,
        }
    }

    /// The next lines, as many as have come and up to about `bytes` of them; none at the end.
    ///
    /// # Errors
    /// The connection was lost, or the answer exceeds a limit or is no text.
    pub async fn next(&mut self, bytes: usize) -> Result<Option<Vec<String>>, ClientError> {
        let mut lines = Vec::new();
        let mut taken = 0;
        loop {
            while let Some(line) = self.line()? {
                taken += line.len();
                lines.push(line);
                if taken >= bytes {
                    return Ok(Some(lines));
                }
            }
            if self.ended {
                return Ok((!lines.is_empty()).then_some(lines));
            }
            match self.response.chunk().await {
                Ok(Some(chunk)) => {
                    self.left = self.left.checked_sub(chunk.len()).ok_or_else(|| {
                        ClientError::broken("it is larger than the contract allows")
                    })?;
                    self.buffer.extend_from_slice(&chunk);
                }
                Ok(None) => self.ended = true,
                // What came whole before the connection was lost counts; the loss shows next time.
                Err(_) if !lines.is_empty() => return Ok(Some(lines)),
                Err(error) => return Err(ClientError::offline(&error)),
            }
        }
    }

    fn line(&mut self) -> Result<Option<String>, ClientError> {
        let found = self.buffer[self.searched..]
            .iter()
            .position(|byte| *byte == b'\n')
            .map(|at| self.searched + at);
        let length = match found {
            Some(at) => at,
            // The last line may do without a break: a body that was cut is an error before this.
            None if self.ended && !self.buffer.is_empty() => self.buffer.len(),
            None => {
                self.searched = self.buffer.len();
                if self.searched > self.line_limit {
                    return Err(self.too_long());
                }
                return Ok(None);
            }
        };
        if length > self.line_limit {
            return Err(self.too_long());
        }
        let line = std::str::from_utf8(&self.buffer[..length])
            .map_err(|_| ClientError::broken("a line of it is no text"))?
            .to_owned();
        self.buffer.advance((length + 1).min(self.buffer.len()));
        self.searched = 0;
        Ok(Some(line))
    }

    fn too_long(&self) -> ClientError {
        ClientError::broken(format!(
            "a line of it is longer than {} bytes",
            self.line_limit
        ))
    }
}
