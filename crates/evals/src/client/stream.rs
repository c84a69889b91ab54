//! An answer that comes in pieces, as server-sent events.

use super::{OnText, anthropic, arguments, google, openai};
use crate::exchange::HELD_BYTES;
use crate::secret::Veil;
use crate::{ANSWER_BYTES, Answer, AskError, Provider, ProviderKind, ToolCall};
use eventsource_stream::Eventsource;
use futures_util::{StreamExt, TryStreamExt};
use parking_lot::Mutex;
use reqwest::Response;
use serde_json::Value;

/// Why a stream stopped being read.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error("broke off")]
    BrokeOff,
    #[error("too large")]
    TooLarge,
}

impl Provider {
    pub(super) async fn read_stream(
        &self,
        response: Response,
        on_text: OnText<'_>,
    ) -> Result<(Answer, Vec<u8>), AskError> {
        let provider = || self.name().to_owned();
        let mut read = 0_usize;
        let received = Mutex::new(Vec::new());
        let noted = &received;
        // Counted before the events are cut out of it, whose reader keeps what has no end yet.
        let bytes = response
            .bytes_stream()
            .map_err(|_| Stopped::BrokeOff)
            .and_then(move |chunk| {
                read += chunk.len();
                let mut noted = noted.lock();
                let room = HELD_BYTES.saturating_sub(noted.len()).min(chunk.len());
                noted.extend_from_slice(chunk.get(..room).unwrap_or_default());
                let fits = read <= ANSWER_BYTES;
                async move {
                    if fits {
                        Ok(chunk)
                    } else {
                        Err(Stopped::TooLarge)
                    }
                }
            });
        let mut events = std::pin::pin!(bytes.eventsource());
        let mut answer = Answer::default();
        let mut calls: Vec<(String, String)> = Vec::new();
        let mut complete = false;
        let mut veil = Veil::new(self.secret.as_ref());
        while let Some(event) = events.next().await {
            let event = event.map_err(|error| match error {
                eventsource_stream::EventStreamError::Transport(Stopped::TooLarge) => {
                    AskError::TooLarge {
                        provider: provider(),
                    }
                }
                eventsource_stream::EventStreamError::Transport(Stopped::BrokeOff) => {
                    AskError::BrokeOff {
                        provider: provider(),
                    }
                }
                other => self.not_understood(&other.to_string()),
            })?;
            if event.data == "[DONE]" {
                complete = true;
                break;
            }
            let json: Value = serde_json::from_str(&event.data)
                .map_err(|_| self.not_understood("a piece of its stream is not JSON"))?;
            if let Some(error) = json.get("error").filter(|error| !error.is_null()) {
                let message = error.get("message").or(Some(error)).and_then(Value::as_str);
                let message = self.quotable(message.unwrap_or("it reports an error"));
                return Err(AskError::Failed {
                    provider: provider(),
                    status: 500,
                    wait: None,
                    message,
                });
            }
            let piece = match self.config.kind {
                ProviderKind::OpenaiCompatible => openai::add(&mut answer, &mut calls, &json),
                ProviderKind::Anthropic => anthropic::add(&mut answer, &mut calls, &json),
                ProviderKind::Google => google::add(&mut answer, &json),
            };
            if !piece.is_empty() {
                answer.text.push_str(&piece);
                let shown = veil.pass(&piece);
                if !shown.is_empty() {
                    on_text(&shown);
                }
            }
            if json.get("type").and_then(Value::as_str) == Some("message_stop") {
                complete = true;
                break;
            }
        }
        // Some servers end without a last word; a reason to stop says as much.
        if !complete && answer.finish.is_none() {
            return Err(AskError::BrokeOff {
                provider: provider(),
            });
        }
        let rest = veil.end();
        if !rest.is_empty() {
            on_text(&rest);
        }
        for (name, written) in calls {
            match self.config.kind {
                ProviderKind::OpenaiCompatible => {
                    answer.tool_calls.push(ToolCall {
                        name,
                        arguments: arguments(&written),
                    });
                }
                ProviderKind::Anthropic => {
                    anthropic::called(&mut answer, name, arguments(&written));
                }
                // Its calls come whole.
                ProviderKind::Google => {}
            }
        }
        let received = received.lock().clone();
        Ok((answer, received))
    }
}
