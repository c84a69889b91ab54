//! What a run would cost before it is begun: calls counted, money guessed and said to be a guess.

use crate::path::Walk;
use crate::runner::{Estimate, Foreseen, Put, Slot};
use crate::{Answer, AnswerCache, GUESSED_ANSWER, Run};
use domain::Digest;
use std::collections::{BTreeSet, HashMap};

/// Answers that are looked for together, and held together.
const TOGETHER: usize = 1_024;

/// A question that would be asked, in short.
struct Call {
    provider: String,
    model: String,
    here: bool,
    sent: u64,
    most: Option<u64>,
}

/// What the cache says about a model's answers.
#[derive(Default)]
struct Lengths {
    answers: u64,
    tokens: u64,
}

#[derive(Default)]
struct Looking {
    estimate: Estimate,
    calls: Vec<Call>,
    lengths: HashMap<(String, String), Lengths>,
    seen: BTreeSet<Digest>,
}

impl Run {
    /// What it would cost now, in calls and in money.
    #[must_use]
    pub fn foresee(&self, cache: &dyn AnswerCache) -> Foreseen {
        let mut looking = Looking::default();
        looking.estimate.cells = self.cells.len();
        let mut plain: Vec<(&Slot, Digest, u32)> = Vec::new();
        for slot in &self.cells {
            match &slot.question {
                Put::Nothing(_) => looking.estimate.failed += 1,
                Put::Question(digest, sent) => plain.push((slot, *digest, *sent)),
                Put::Path => {
                    if let Some(walk) = self.walk(slot) {
                        looking.path(walk, cache);
                    }
                }
            }
        }
        plain.sort_unstable_by_key(|(_, digest, _)| *digest);
        plain.dedup_by_key(|(_, digest, _)| *digest);
        for group in plain.chunks(TOGETHER) {
            let digests: Vec<Digest> = group.iter().map(|(_, digest, _)| *digest).collect();
            for ((slot, digest, sent), answer) in group.iter().zip(cache.get_many(&digests)) {
                let Some(asked) = self.asked_at_last(slot) else {
                    continue;
                };
                match answer {
                    Some(answer) => looking.there(asked.provider, asked.model, &answer),
                    None => looking.asked(*digest, || Call {
                        provider: asked.provider.to_owned(),
                        model: asked.model.to_owned(),
                        here: asked.here,
                        sent: u64::from(*sent),
                        most: asked.most_answered,
                    }),
                }
            }
        }
        self.add_up(looking)
    }

    fn add_up(&self, looking: Looking) -> Foreseen {
        let mut foreseen = Foreseen {
            estimate: looking.estimate,
            ..Foreseen::default()
        };
        let (mut all, calls) = (
            0_u64,
            u64::try_from(looking.calls.len()).unwrap_or(u64::MAX),
        );
        let mut counted = BTreeSet::new();
        for call in looking.calls {
            let key = (call.provider, call.model);
            let lengths = looking.lengths.get(&key);
            let known = lengths.filter(|lengths| lengths.answers > 0);
            let guess = known.map_or(GUESSED_ANSWER, |known| known.tokens / known.answers);
            let answered = call.most.map_or(guess, |most| guess.min(most));
            all += answered;
            if let Some(known) = known
                && counted.insert(key.clone())
            {
                foreseen.from_answers += usize::try_from(known.answers).unwrap_or(usize::MAX);
            }
            match self.prices.of(&key.0, &key.1) {
                Some(price) => foreseen.cost.add(&price.cost(call.sent, answered)),
                None if call.here => {}
                None => {
                    foreseen.unpriced.insert(format!("{}/{}", key.0, key.1));
                }
            }
        }
        foreseen.answered_each = all.checked_div(calls).unwrap_or(0);
        foreseen
    }
}

impl Looking {
    fn there(&mut self, provider: &str, model: &str, answer: &Answer) {
        let key = (provider.to_owned(), model.to_owned());
        let lengths = self.lengths.entry(key).or_default();
        if let Some(tokens) = answer.tokens_out {
            lengths.answers += 1;
            lengths.tokens += u64::from(tokens);
        }
    }

    fn asked(&mut self, digest: Digest, call: impl FnOnce() -> Call) {
        if self.seen.insert(digest) {
            self.estimate.calls += 1;
            self.calls.push(call());
        }
    }

    // As far as the answers that are there lead; what comes after is counted, a call for each step,
    // and its length taken to be as that of what it is fed with.
    fn path(&mut self, mut walk: Walk<'_>, cache: &dyn AnswerCache) {
        while walk.left() > 0 {
            let Ok(next) = walk.next() else {
                self.estimate.failed += 1;
                return;
            };
            match cache.get(&next.digest) {
                Some(answer) => {
                    let asked = &next.question;
                    self.there(&asked.provider, &asked.model, &answer);
                    walk.give(&answer);
                }
                None => {
                    let asked = &next.question;
                    self.asked(next.digest, || Call {
                        provider: asked.provider.clone(),
                        model: asked.model.clone(),
                        here: next.provider.is_here(),
                        sent: asked.tokens_sent_guessed(),
                        most: asked.most_answered(),
                    });
                    for model in walk.models_after() {
                        self.estimate.calls += 1;
                        self.calls.push(Call {
                            provider: model.0.to_owned(),
                            model: model.1.to_owned(),
                            here: model.2,
                            sent: next.question.tokens_sent_guessed() + GUESSED_ANSWER,
                            most: None,
                        });
                    }
                    return;
                }
            }
        }
    }
}
