//! One attempt at one question over HTTP.
//!
//! Whatever comes back is read up to [`crate::ANSWER_BYTES`] and no further, and
//! whatever is said about it leaves the key out.

mod anthropic;
mod google;
mod openai;
mod stream;

use crate::patience::retry_after;
use crate::secret::Veil;
use crate::{ANSWER_BYTES, Answer, AskError, Exchange, Provider, ProviderKind, Question, Secret};
use domain::Millis;
use futures_util::StreamExt;
use reqwest::{Response, StatusCode, header};
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Told the answer's text piece by piece.
pub(crate) type OnText<'a> = &'a mut (dyn FnMut(&str) + Send);

/// Characters of a provider's message that are repeated.
const MESSAGE_CHARS: usize = 300;

impl Provider {
    /// Asks once, and waits for at most `timeout`.
    pub(crate) async fn attempt(
        &self,
        question: &Question,
        timeout: Duration,
        on_text: Option<OnText<'_>>,
    ) -> Result<Answer, AskError> {
        let started = Instant::now();
        let answer = tokio::time::timeout(timeout, self.exchange(question, on_text)).await;
        let mut answer = answer.map_err(|_| AskError::TimedOut {
            provider: self.config.name.clone(),
            after: timeout,
        })??;
        answer.latency_ms = u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX);
        answer.at = now();
        if answer.model.is_empty() {
            answer.model.clone_from(&question.model);
        }
        Ok(answer)
    }

    async fn exchange(
        &self,
        question: &Question,
        on_text: Option<OnText<'_>>,
    ) -> Result<Answer, AskError> {
        let streaming = on_text.is_some();
        let not_askable = |reason| AskError::NotAskable {
            provider: self.name().to_owned(),
            reason,
        };
        let mut endpoint = self.endpoint.clone();
        let body = match self.config.kind {
            ProviderKind::OpenaiCompatible => openai::body(question, streaming),
            ProviderKind::Anthropic => anthropic::body(question, streaming).map_err(not_askable)?,
            ProviderKind::Google => {
                let path = google::path(&question.model, streaming).map_err(not_askable)?;
                endpoint = endpoint.join(&format!("./{path}")).map_err(|_| {
                    not_askable("its address and model make no address together".to_owned())
                })?;
                google::body(question).map_err(not_askable)?
            }
        };
        let mut request = self.client.post(endpoint.clone()).json(&body);
        if self.config.kind == ProviderKind::Anthropic {
            request = request.header("anthropic-version", "2023-06-01");
        }
        if let Some(secret) = &self.secret {
            let (name, value) = match self.config.kind {
                ProviderKind::OpenaiCompatible => {
                    ("authorization", format!("Bearer {}", secret.reveal()))
                }
                ProviderKind::Anthropic => ("x-api-key", secret.reveal().to_owned()),
                ProviderKind::Google => ("x-goog-api-key", secret.reveal().to_owned()),
            };
            let mut value =
                header::HeaderValue::from_str(&value).map_err(|_| AskError::NotAskable {
                    provider: self.name().to_owned(),
                    reason: "its key holds characters that no key has: enter it again".to_owned(),
                })?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        let response = request
            .send()
            .await
            .map_err(|error| self.unreachable(error))?;
        let response = self.accepted(response).await?;
        let is_stream = response
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| kind.starts_with("text/event-stream"));
        let (mut answer, received) = match on_text {
            Some(on_text) if is_stream => self.read_stream(response, on_text).await?,
            on_text => {
                // Some servers answer whole although a stream was asked for.
                let bytes = self.read_all(response).await?;
                let answer = self.understood(&bytes)?;
                if let Some(on_text) = on_text {
                    let mut veil = Veil::new(self.secret.as_ref());
                    let shown = veil.pass(&answer.text);
                    on_text(&format!("{shown}{}", veil.end()));
                }
                (answer, bytes)
            }
        };
        let secret = self.secret.as_ref();
        if let Some(secret) = secret {
            strike(&mut answer, secret);
        }
        let exchange = Exchange::new(&endpoint, &body, &received, secret);
        answer.exchange = Some(Arc::new(exchange));
        Ok(answer)
    }

    fn understood(&self, bytes: &[u8]) -> Result<Answer, AskError> {
        let json: Value = serde_json::from_slice(bytes).map_err(|_| {
            let beginning = self.quotable(&String::from_utf8_lossy(bytes));
            self.not_understood(&format!("it is not JSON but begins “{beginning}”"))
        })?;
        match self.config.kind {
            ProviderKind::OpenaiCompatible => openai::read(&json),
            ProviderKind::Anthropic => anthropic::read(&json),
            ProviderKind::Google => google::read(&json),
        }
        .map_err(|reason| {
            // Some send their refusals as if all were well.
            match json.get("error").map(|_| said_in(bytes)) {
                Some(said) if !said.is_empty() => {
                    self.not_understood(&format!("it says “{}”", self.quotable(&said)))
                }
                _ => self.not_understood(&reason),
            }
        })
    }

    /// The response, if it is an answer and neither a refusal nor a redirection.
    async fn accepted(&self, response: Response) -> Result<Response, AskError> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let provider = self.name().to_owned();
        if status.is_redirection() {
            return Err(AskError::Redirected { provider });
        }
        let wait = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| retry_after(value, SystemTime::now()));
        // A message is a help, not a need: if it can't be read the status says enough.
        let bytes = self.read_all(response).await.unwrap_or_default();
        let message = self.quotable(&said_in(&bytes));
        Err(match status {
            // 529 is Anthropic's "overloaded".
            StatusCode::TOO_MANY_REQUESTS => AskError::SlowDown {
                provider,
                wait,
                message,
            },
            status if status.as_u16() == 529 => AskError::SlowDown {
                provider,
                wait,
                message,
            },
            StatusCode::REQUEST_TIMEOUT => AskError::Failed {
                provider,
                status: status.as_u16(),
                wait,
                message,
            },
            status if status.is_server_error() => AskError::Failed {
                provider,
                status: status.as_u16(),
                wait,
                message,
            },
            status => AskError::Refused {
                provider,
                status: status.as_u16(),
                message,
            },
        })
    }

    async fn read_all(&self, response: Response) -> Result<Vec<u8>, AskError> {
        let too_large = || AskError::TooLarge {
            provider: self.name().to_owned(),
        };
        if response
            .content_length()
            .is_some_and(|length| length > ANSWER_BYTES as u64)
        {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| AskError::BrokeOff {
                provider: self.name().to_owned(),
            })?;
            if bytes.len() + chunk.len() > ANSWER_BYTES {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    fn unreachable(&self, error: reqwest::Error) -> AskError {
        AskError::Unreachable {
            provider: self.name().to_owned(),
            origin: self.endpoint.origin().ascii_serialization(),
            // The address may hold more than the origin; it is not repeated.
            source: error.without_url(),
        }
    }

    fn not_understood(&self, reason: &str) -> AskError {
        AskError::NotUnderstood {
            provider: self.name().to_owned(),
            reason: reason.to_owned(),
        }
    }

    /// What may be repeated of what a provider said: one line, short, without the key.
    fn quotable(&self, said: &str) -> String {
        let said = match &self.secret {
            Some(secret) => secret.struck_from(said),
            None => said.to_owned(),
        };
        let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
        match line.char_indices().nth(MESSAGE_CHARS) {
            Some((cut, _)) => format!("{}…", line.get(..cut).unwrap_or_default()),
            None => line,
        }
    }
}

// Takes the key out of an answer.
fn strike(answer: &mut Answer, secret: &Secret) {
    let clean = |text: &mut String| *text = secret.struck_from(text);
    clean(&mut answer.text);
    clean(&mut answer.model);
    answer.fingerprint.iter_mut().for_each(clean);
    answer.finish.iter_mut().for_each(clean);
    for call in &mut answer.tool_calls {
        clean(&mut call.name);
        let mut written = call.arguments.to_string();
        clean(&mut written);
        if let Ok(arguments) = serde_json::from_str(&written) {
            call.arguments = arguments;
        }
    }
}

/// The message in an error's body: `{"error": {"message": …}}`, `{"error": …}`, `{"message": …}` or text.
fn said_in(bytes: &[u8]) -> String {
    let Ok(json) = serde_json::from_slice::<Value>(bytes) else {
        let text = String::from_utf8_lossy(bytes);
        // A page for a browser says nothing that helps here.
        return if text.trim_start().starts_with('<') {
            String::new()
        } else {
            text.into_owned()
        };
    };
    ["/error/message", "/error", "/message", "/detail"]
        .iter()
        .find_map(|place| json.pointer(place).and_then(Value::as_str))
        .unwrap_or_default()
        .to_owned()
}

fn now() -> Millis {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A count in an answer.
fn count(json: &Value, place: &str) -> Option<u32> {
    json.pointer(place)
        .and_then(Value::as_u64)
        .and_then(|count| u32::try_from(count).ok())
}

/// A text in an answer.
fn text(json: &Value, place: &str) -> Option<String> {
    json.pointer(place)
        .and_then(Value::as_str)
        .map(str::to_owned)
}

/// Arguments that a model wrote: JSON if they are; none written are none given.
fn arguments(written: &str) -> Value {
    if written.trim().is_empty() {
        return Value::Object(serde_json::Map::new());
    }
    serde_json::from_str(written).unwrap_or_else(|_| Value::String(written.to_owned()))
}
