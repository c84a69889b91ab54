//! The answers of a run while they are written, for whoever watches: the latest few, told now and then.
//! Nothing of it is kept.

use crate::handful::end_of;
use crate::views::{AnswerUnderWay, RunAnswers};
use crate::{Event, Workbench, locked};
use domain::RunId;
use evals::{Heard, Listener, Place};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How often it is told.
const TELL: Duration = Duration::from_millis(150);
/// Answers that are told at once, and how much of each.
const SHOWN: usize = 4;
const SHOWN_BYTES: usize = 600;

/// What is being written now.
#[derive(Default)]
struct UnderWay {
    answers: BTreeMap<Place, String>,
    /// It will be told shortly.
    waits: bool,
}

impl Workbench {
    /// From now on runs ask for their answers as streams and tell of them while they are written
    /// ([`Event::RunAnswers`]). A terminal, which shows none, leaves it alone.
    pub fn watch_answers(&self) {
        self.inner.watched.store(true, Ordering::Relaxed);
    }

    /// Who listens to a run, if somebody watches.
    pub(crate) fn listener(&self, run: RunId) -> Option<Listener> {
        if !self.inner.watched.load(Ordering::Relaxed) {
            return None;
        }
        let under_way = Arc::new(Mutex::new(UnderWay::default()));
        let this = self.clone();
        Some(Listener::new(move |place, heard| {
            let mut now = locked(&under_way);
            match heard {
                Heard::Begins => {
                    now.answers.insert(place, String::new());
                }
                Heard::Text(piece) => {
                    let text = now.answers.entry(place).or_default();
                    text.push_str(piece);
                    // Only its end is shown, so only that is held.
                    if text.len() > 2 * SHOWN_BYTES {
                        *text = end_of(text, SHOWN_BYTES);
                    }
                }
                Heard::Ends => {
                    now.answers.remove(&place);
                }
            }
            if std::mem::replace(&mut now.waits, true) {
                return;
            }
            // A little later, with what has come by then: the last piece is told like any other.
            let (this, under_way) = (this.clone(), Arc::clone(&under_way));
            tokio::spawn(async move {
                tokio::time::sleep(TELL).await;
                let mut now = locked(&under_way);
                now.waits = false;
                this.say(Event::RunAnswers(shown(run, &now)));
            });
        }))
    }
}

fn shown(run: RunId, now: &UnderWay) -> RunAnswers {
    let answers = now.answers.iter().filter(|(_, text)| !text.is_empty());
    let shown: Vec<AnswerUnderWay> = answers
        .take(SHOWN)
        .map(|(place, text)| AnswerUnderWay {
            case: place.case,
            column: place.column,
            text: end_of(text, SHOWN_BYTES),
        })
        .collect();
    let more = now.answers.len().saturating_sub(shown.len());
    RunAnswers {
        run,
        answers: shown,
        more: u32::try_from(more).unwrap_or(u32::MAX),
    }
}
