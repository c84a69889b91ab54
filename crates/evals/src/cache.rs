//! Where answers are kept: a trait that the store implements, and one in memory.

use crate::{Answer, Cell};
use domain::Digest;
use parking_lot::Mutex;
use std::collections::HashMap;

/// Answers under the digest of their question.
///
/// Calls are synchronous and short. A cache that can't be read or written counts as empty: a
/// question is then asked again, which costs and is never wrong.
pub trait AnswerCache: Send + Sync {
    /// The answer, if it is there.
    fn get(&self, question: &Digest) -> Option<Answer>;

    /// Keeps an answer.
    fn put(&self, question: &Digest, answer: &Answer);

    /// Keeps several. A cache on disk does this in one go.
    fn put_many(&self, answers: &[(Digest, &Answer)]) {
        for (question, answer) in answers {
            self.put(question, answer);
        }
    }

    /// Keeps what a run was just given, before it asks anything else: the answers, and the cells that
    /// they fill, each with its column. A cache that keeps both at once loses neither without the other.
    ///
    /// # Errors
    /// Nothing was kept: the run asks nothing more, since it would pay for what it can't keep.
    fn keep_given(
        &self,
        answers: &[(Digest, &Answer)],
        _cells: &[(usize, Cell)],
    ) -> Result<(), NotKept> {
        self.put_many(answers);
        Ok(())
    }

    /// Several at once, in order. A cache on disk does this in one go.
    fn get_many(&self, questions: &[Digest]) -> Vec<Option<Answer>> {
        questions
            .iter()
            .map(|question| self.get(question))
            .collect()
    }
}

/// Answers could not be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answers can't be kept: {0}")]
pub struct NotKept(pub String);

/// Answers that live as long as the process.
#[derive(Debug, Default)]
pub struct MemoryCache(Mutex<HashMap<Digest, Answer>>);

impl MemoryCache {
    /// How many it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.lock().len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl AnswerCache for MemoryCache {
    fn get(&self, question: &Digest) -> Option<Answer> {
        self.0.lock().get(question).cloned()
    }

    fn put(&self, question: &Digest, answer: &Answer) {
        self.0.lock().insert(*question, answer.clone());
    }
}
