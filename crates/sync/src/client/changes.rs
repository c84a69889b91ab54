//! The growth of a ledger as it happens: server-sent events.

use super::ClientError;
use eventsource_stream::{Event, EventStreamError, Eventsource as _};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use protocol::ledger::Change;
use std::fmt;

/// Heads of a ledger, as they come.
pub struct Changes {
    events: BoxStream<'static, Result<Event, EventStreamError<reqwest::Error>>>,
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Changes")
    }
}

impl Changes {
    pub(super) fn new(response: reqwest::Response) -> Self {
        Self {
            events: response.bytes_stream().eventsource().boxed(),
        }
    }

    /// The next head; none when the registry ends the stream (it is stopping).
    ///
    /// # Errors
    /// The connection was lost or silent for too long, or what came is no change.
    pub async fn next(&mut self) -> Result<Option<Change>, ClientError> {
        loop {
            let event = match self.events.next().await {
                None => return Ok(None),
                Some(Ok(event)) => event,
                Some(Err(EventStreamError::Transport(error))) => {
                    return Err(ClientError::offline(&error));
                }
                Some(Err(error)) => return Err(ClientError::broken(error.to_string())),
            };
            // Other kinds of event may be added to the contract; they are not for us.
            if event.event == "change" {
                return serde_json::from_str(&event.data)
                    .map(Some)
                    .map_err(|error| ClientError::broken(error.to_string()));
            }
        }
    }
}
