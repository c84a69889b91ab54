//! Judges: their questions as any other is asked, and how many of them a run would ask.

use crate::runner::{Foreseen, Slot};
use crate::{AnswerCache, GUESSED_ANSWER, Provider, Question, Run};
use domain::Digest;
use domain::graders::JudgeQuestion;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Who is asked for a provider's name and a model; none: nobody on this computer.
pub type FindJudge<'a> = &'a dyn Fn(&str, &str) -> Option<Arc<Provider>>;

impl Question {
    /// A judge's question as any other is asked.
    #[must_use]
    pub fn of_judge(asked: JudgeQuestion, provider: &Provider) -> Self {
        Self {
            provider: asked.provider,
            kind: provider.kind(),
            model: asked.model,
            parameters: asked.parameters.into_iter().collect(),
            messages: vec![
                json!({"role": "system", "content": asked.system}),
                json!({"role": "user", "content": asked.user}),
            ],
            tools: Vec::new(),
            response_schema: Some(asked.schema),
            repeat: 0,
        }
    }
}

/// What judges of a run would be asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JudgesForeseen {
    /// The calls with their cost. Of answers that are still to come, one for each judge.
    pub foreseen: Foreseen,
    /// What judges said already, in the cache.
    pub cached: usize,
}

/// What is known of the answer in one cell.
enum Known {
    Answer(String),
    /// Not yet; the question at which the cache ends, and about how long the answer will be.
    Open(Digest),
    Never,
}

impl Run {
    /// What its judges would be asked, as far as can be known before the answers are there: those
    /// in the cache are looked at, for each other one every judge is counted once.
    #[must_use]
    pub fn foresee_judges(&self, cache: &dyn AnswerCache, judge: FindJudge<'_>) -> JudgesForeseen {
        let mut found = JudgesForeseen::default();
        let mut seen: BTreeSet<(Digest, usize)> = BTreeSet::new();
        let mut sent: Vec<(String, String, bool, u64)> = Vec::new();
        let (mut words, mut tokens) = (0_u64, 0_u64);
        for slot in &self.cells {
            let known = self.known(slot, cache);
            let (text, open) = match &known {
                Known::Answer(text) => (text.as_str(), None),
                Known::Open(question) => ("", Some(*question)),
                Known::Never => continue,
            };
            let asked = self.panel.questions(text, &self.dataset, slot.case);
            for (number, asked) in asked.into_iter().enumerate() {
                let Some(provider) = judge(&asked.provider, &asked.model) else {
                    continue;
                };
                let question = Question::of_judge(asked, &provider);
                let Ok(digest) = question.digest() else {
                    continue;
                };
                if !seen.insert(open.map_or((digest, 0), |open| (open, number))) {
                    continue;
                }
                let more = match open {
                    Some(_) => GUESSED_ANSWER,
                    None => {
                        if let Some(said) = cache.get(&digest) {
                            found.cached += 1;
                            words += 1;
                            tokens += u64::from(said.tokens_out.unwrap_or(0));
                            continue;
                        }
                        0
                    }
                };
                sent.push((
                    question.provider.clone(),
                    question.model.clone(),
                    provider.is_here(),
                    question.tokens_sent_guessed() + more,
                ));
            }
        }
        let answered = tokens
            .checked_div(words)
            .filter(|mean| *mean > 0)
            .unwrap_or(GUESSED_ANSWER);
        let foreseen = &mut found.foreseen;
        foreseen.estimate.calls = sent.len();
        foreseen.answered_each = answered;
        for (provider, model, here, tokens) in sent {
            match self.prices.of(&provider, &model) {
                Some(price) => foreseen.cost.add(&price.cost(tokens, answered)),
                None if here => {}
                None => {
                    foreseen.unpriced.insert(format!("{provider}/{model}"));
                }
            }
        }
        found
    }

    fn known(&self, slot: &Slot, cache: &dyn AnswerCache) -> Known {
        let Some(mut walk) = self.walk(slot) else {
            return Known::Never;
        };
        loop {
            let Ok(next) = walk.next() else {
                return Known::Never;
            };
            match cache.get(&next.digest) {
                None => return Known::Open(next.digest),
                Some(answer) if walk.is_last() => return Known::Answer(answer.graded_text()),
                Some(answer) => walk.give(&answer),
            }
        }
    }
}
