//! One question: from the cache if it is there, otherwise asked with patience.

use crate::client::OnText;
use crate::{Answer, AnswerCache, AskError, Heard, Options, Provider, Question, QuestionError};
use domain::Digest;
use serde::{Deserialize, Serialize};
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
    let ear = on_text.map(Ear::Once);
    let asked = patiently(question, &digest, provider, options, ear, cancel).await;
    let answer = asked.result?;
    cache.put(&digest, &answer);
    Ok(Tried {
        answer,
        from_cache: false,
    })
}

/// Who is told the text of an answer as it comes.
pub(crate) enum Ear<'a> {
    /// Somebody who reads along: they are not given another beginning.
    Once(OnText<'a>),
    /// Somebody who watches, and is told when it begins anew.
    Again(&'a mut (dyn FnMut(Heard<'_>) + Send)),
}

/// What asking came to.
pub(crate) struct Asked {
    pub(crate) result: Result<Answer, AskError>,
    pub(crate) attempts: u32,
}

/// Asks until there is an answer, patience is over, or it is stopped.
pub(crate) async fn patiently(
    question: &Question,
    digest: &Digest,
    provider: &Provider,
    options: &Options,
    mut ear: Option<Ear<'_>>,
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
            let turn = provider.line.turn(question.tokens_guessed()).await;
            attempts += 1;
            let answer = match &mut ear {
                None => provider.attempt(question, options.timeout, None).await,
                Some(ear) => {
                    if let Ear::Again(hear) = ear {
                        hear(Heard::Begins);
                    }
                    let mut passing = |piece: &str| match ear {
                        Ear::Once(on_text) => {
                            heard = true;
                            on_text(piece);
                        }
                        Ear::Again(hear) => hear(Heard::Text(piece)),
                    };
                    provider
                        .attempt(question, options.timeout, Some(&mut passing))
                        .await
                }
            };
            if let Ok(answer) = &answer
                && let (Some(sent), Some(answered)) = (answer.tokens_in, answer.tokens_out)
            {
                turn.took(u64::from(sent) + u64::from(answered));
            }
            answer
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
        // Told to slow down, all who ask this provider do.
        if error.wait().is_some() || matches!(error, AskError::SlowDown { .. }) {
            provider.line.hold(pause);
        }
        tokio::select! {
            biased;
            () = cancel.cancelled() => return Asked { result: Err(AskError::Cancelled), attempts },
            () = tokio::time::sleep(pause) => {}
        }
    }
}
