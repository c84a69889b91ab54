//! What graders judge: an answer with what it took.

use super::PersonMark;
use crate::Digest;
use serde_json::Value;
use std::collections::BTreeMap;

/// One answer as graders see it. What is not known is none, and a grader that needs it says so.
#[derive(Clone, Debug, Default)]
pub struct Answered<'a> {
    /// The text; where there is none, the calls as JSON.
    pub text: &'a str,
    /// The tools that the model wants called, in order.
    pub calls: Vec<Called<'a>>,
    /// Why the model stopped, in its provider's word: `stop`, `length`, `content_filter`.
    pub finish: Option<&'a str>,
    /// How long the answer took, in milliseconds. An answer from the cache keeps its first time.
    pub latency_ms: Option<u32>,
    /// Tokens of the answer as its provider counted them.
    pub tokens_out: Option<u32>,
    /// What judges said to it, by the digest of the question that they were asked.
    pub judged: Option<&'a BTreeMap<Digest, String>>,
    /// What people gave it, by the digest of what they were asked.
    pub marks: Option<&'a BTreeMap<Digest, Vec<PersonMark>>>,
    /// What it cost, by the prices of the computer that asked.
    pub cost: Option<f64>,
}

/// One call of a tool.
#[derive(Clone, Copy, Debug)]
pub struct Called<'a> {
    /// The tool's name.
    pub name: &'a str,
    /// Its arguments.
    pub arguments: &'a Value,
}

impl<'a> Answered<'a> {
    /// A text of which nothing else is known.
    #[must_use]
    pub fn text(text: &'a str) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }
}
