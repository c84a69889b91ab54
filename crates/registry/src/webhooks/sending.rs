//! One attempt: signed, sent, and what came of it.

use super::address::read;
use super::resolver::NotAllowed;
use super::{Due, Hook, Webhooks, schedule};
use crate::limits;
use domain::Millis;
use http::HeaderValue;
use protocol::webhooks::Attempt;
use std::error::Error as StdError;

/// Bytes of an answer that are read at most.
const ANSWER_BYTES: usize = 4 * limits::WEBHOOK_ANSWER_CHARS;

/// What becomes of a delivery after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It arrived.
    Delivered,
    /// It is tried again then.
    Again(Millis),
    /// It was tried often enough.
    GivenUp,
    /// The receiver wants nothing more, of this or anything.
    Gone,
}

impl Webhooks {
    /// Makes one attempt. What went wrong is told in words, never as an error.
    pub(super) async fn attempt(&self, hook: &Hook, due: &Due) -> (Attempt, Outcome) {
        let at = self.options.clock.now();
        let mut attempt = Attempt {
            at,
            status: None,
            answer: String::new(),
            error: None,
        };
        match self.send(hook, due, at).await {
            Ok((status, answer)) => {
                attempt.status = Some(status);
                attempt.answer = answer;
                attempt.error = status_words(status);
            }
            Err(words) => attempt.error = Some(words),
        }
        let outcome = match (attempt.status, &attempt.error) {
            (_, None) => Outcome::Delivered,
            (Some(410), _) => Outcome::Gone,
            // From the end of this attempt: a receiver that is slow is not asked at once again.
            _ => schedule::again(&due.message, due.attempts + 1, self.options.clock.now())
                .map_or(Outcome::GivenUp, Outcome::Again),
        };
        (attempt, outcome)
    }

    async fn send(&self, hook: &Hook, due: &Due, at: Millis) -> Result<(u16, String), String> {
        let url = read(&hook.url, self.options.allow_private)?;
        let client = self.way_out()?.client(&url)?;
        let seconds = at.0.div_euclid(1_000);
        let signature = self.signature(due, seconds, at)?;
        let request = client
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", &due.message)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signature)
            .body(due.body.clone());
        let response = request
            .send()
            .await
            .map_err(|error| self.failure_words(&error))?;
        Ok((response.status().as_u16(), answer(response).await))
    }

    /// Each secret's signature, the newest first.
    fn signature(&self, due: &Due, seconds: i64, now: Millis) -> Result<HeaderValue, String> {
        let failed = "the registry's file of secrets can't be used; tell its operator";
        let secrets = self.secrets.signing(due.webhook, now).map_err(|error| {
            tracing::error!(webhook = %due.webhook, %error, "nothing can be signed");
            failed.to_owned()
        })?;
        let secrets = secrets.ok_or_else(|| {
            "this webhook's secret is not in the registry's file of secrets, perhaps since a backup was restored; give it a new secret".to_owned()
        })?;
        let signed: Result<Vec<String>, _> = secrets
            .0
            .iter()
            .map(|secret| {
                standardwebhooks::Webhook::new(secret)?.sign(
                    &due.message,
                    seconds,
                    due.body.as_bytes(),
                )
            })
            .collect();
        let mut header = signed
            .ok()
            .and_then(|signed| HeaderValue::from_str(&signed.join(" ")).ok())
            .ok_or_else(|| failed.to_owned())?;
        header.set_sensitive(true);
        Ok(header)
    }

    fn failure_words(&self, error: &reqwest::Error) -> String {
        if let Some(NotAllowed(words)) = within(error) {
            return (*words).to_owned();
        }
        if error.is_timeout() {
            let seconds = self.options.patience.as_secs_f32();
            return format!("it did not answer within {seconds} seconds");
        }
        let mut inner: &dyn StdError = error;
        while let Some(source) = inner.source() {
            inner = source;
        }
        // The innermost reason: the words around it repeat the address.
        match error.is_connect() {
            true => format!("no connection: {inner}"),
            false => format!("the connection was lost: {inner}"),
        }
    }
}

fn within<T: StdError + 'static>(error: &reqwest::Error) -> Option<&T> {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(inner) = next {
        if let Some(found) = inner.downcast_ref() {
            return Some(found);
        }
        next = inner.source();
    }
    None
}

/// Why a status does not count as delivered; none if it does.
fn status_words(status: u16) -> Option<String> {
    match status {
        200..=299 => None,
        300..=399 => Some(format!(
            "it answered {status}, another address; redirects are not followed. Enter the other address"
        )),
        410 => Some("it answered 410: it wants nothing more".to_owned()),
        _ => Some(format!("it answered {status}")),
    }
}

/// The beginning of an answer. What it says does not change whether it was delivered.
async fn answer(mut response: reqwest::Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < ANSWER_BYTES {
        match response.chunk().await {
            Ok(Some(piece)) => bytes.extend_from_slice(&piece),
            _ => break,
        }
    }
    as_text(&bytes)
}

fn as_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .chars()
        .map(|found| match found {
            '\n' => '\n',
            control if control.is_control() => ' ',
            other => other,
        })
        .take(limits::WEBHOOK_ANSWER_CHARS)
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_two_hundred_counts() {
        for (status, counts) in [
            (200, true),
            (202, true),
            (204, true),
            (301, false),
            (304, false),
            (400, false),
            (410, false),
            (500, false),
        ] {
            assert_eq!(status_words(status).is_none(), counts, "{status}");
        }
    }

    #[test]
    fn an_answer_is_kept_as_short_text() {
        assert_eq!(as_text(b" ok\r\n"), "ok");
        assert_eq!(as_text(b"a\x1b[31m\nb\x00\xff"), "a [31m\nb \u{fffd}");
        let long = as_text("é".repeat(2_000).as_bytes());
        assert_eq!(long.chars().count(), limits::WEBHOOK_ANSWER_CHARS);
    }
}
