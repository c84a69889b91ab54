//! One question: from the cache if it is there, otherwise asked with patience.

use crate::client::OnText;
use crate::{Answer, AnswerCache, AskError, Options, Provider, Question, QuestionError};
use domain::Digest;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// An answer to a single question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Tried {
    /// The answer.
    pub answer: Answer,
    /// It was there already; nothing was asked.
    pub from_cache: bool,
}

/// Why a single question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum TryError {
    /// There is nothing to ask.
    #[error(transparent)]
    Question(#[from] QuestionError),
    /// Nobody answered.
    #[error(transparent)]
    Ask(#[from] AskError),
}

/// Asks one question, or finds its answer in the cache. `on_text` is told the text as it comes.
///
/// # Errors
/// Why there is no answer, after all patience.
pub async fn try_one(
    question: &Question,
    provider: &Provider,
    cache: &dyn AnswerCache,
    options: &Options,
    on_text: Option<OnText<'_>>,
    cancel: &CancellationToken,
) -> Result<Tried, TryError> {
    let digest = question.digest().map_err(QuestionError::from)?;
    if let Some(answer) = cache.get(&digest) {
        if let Some(on_text) = on_text {
            on_text(&answer.text);
        }
        return Ok(Tried {
            answer,
            from_cache: true,
        });
    }
    let line = Line::default();
    let asked = patiently(question, &digest, provider, options, &line, on_text, cancel).await;
    let answer = asked.result?;
    cache.put(&digest, &answer);
    Ok(Tried {
        answer,
        from_cache: false,
    })
}

/// What asking came to.
pub(crate) struct Asked {
    pub(crate) result: Result<Answer, AskError>,
    pub(crate) attempts: u32,
}

/// All who ask one provider: when it asks one to wait, all wait.
#[derive(Default)]
pub(crate) struct Line(Mutex<Option<Instant>>);

impl Line {
    fn hold(&self, pause: Duration) {
        let until = Instant::now() + pause;
        let mut held = self.0.lock();
        if held.is_none_or(|already| already < until) {
            *held = Some(until);
        }
    }

    async fn wait(&self) {
        loop {
            let until = *self.0.lock();
            match until {
                Some(until) if until > Instant::now() => {
                    tokio::time::sleep_until(until.into()).await;
                }
                _ => return,
            }
        }
    }
}

/// Asks until there is an answer, patience is over, or it is stopped.
pub(crate) async fn patiently(
    question: &Question,
    digest: &Digest,
    provider: &Provider,
    options: &Options,
    line: &Line,
    mut on_text: Option<OnText<'_>>,
    cancel: &CancellationToken,
) -> Asked {
    // Each question spreads its pauses in its own way, and in the same way every time.
    let seed = options.seed
        ^ digest
            .0
            .iter()
            .take(8)
            .fold(0, |seed, byte| (seed << 8) | u64::from(*byte));
    let mut attempts = 0;
    loop {
        let mut heard = false;
        let attempt = async {
            line.wait().await;
            attempts += 1;
            match &mut on_text {
                None => provider.attempt(question, options.timeout, None).await,
                Some(on_text) => {
                    let mut passing = |piece: &str| {
                        heard = true;
                        on_text(piece);
                    };
                    provider
                        .attempt(question, options.timeout, Some(&mut passing))
                        .await
                }
            }
        };
        let result = tokio::select! {
            biased;
            () = cancel.cancelled() => Err(AskError::Cancelled),
            result = attempt => result,
        };
        let error = match result {
            Ok(answer) => {
                return Asked {
                    result: Ok(answer),
                    attempts,
                };
            }
            Err(error) => error,
        };
        // Who has begun to read an answer is not given another beginning.
        let pause = if heard {
            None
        } else {
            options.patience.pause(&error, attempts, seed)
        };
        let Some(pause) = pause else {
            return Asked {
                result: Err(error),
                attempts,
            };
        };
        if error.wait().is_some() {
            line.hold(pause);
        }
        tokio::select! {
            biased;
            () = cancel.cancelled() => return Asked { result: Err(AskError::Cancelled), attempts },
            () = tokio::time::sleep(pause) => {}
        }
    }
}
