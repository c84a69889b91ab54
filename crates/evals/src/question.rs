//! Everything that determines an answer, and its digest: the answer's name in the cache.

use crate::ProviderKind;
use domain::content::{ModelSettings, Tool};
use domain::template::{Includes, Problem, Rendered, RenderedMessage, Template};
use domain::{CanonicalError, Digest, VersionContent, to_canonical};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Tokens of an answer where nothing better is known.
pub const GUESSED_ANSWER: u64 = 256;

/// One question to one model.
///
/// Its canonical JSON is hashed for the cache. The provider counts by its name and protocol, not
/// by its address or key: the same model behind a moved address gives the same answers, and a
/// cache that knew keys would be a secret. What answers under one name is for a person to keep
/// apart by name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Question {
    /// The provider's name.
    pub provider: String,
    /// The protocol it speaks.
    pub kind: ProviderKind,
    /// The model's name.
    pub model: String,
    /// Temperature and the like, as the version says.
    pub parameters: BTreeMap<String, Value>,
    /// The messages, each with `role` and `content`.
    pub messages: Vec<Value>,
    /// What the model may call.
    pub tools: Vec<Tool>,
    /// The schema that the answer must follow.
    pub response_schema: Option<Value>,
    /// Which of several askings of the same: 0 for the first.
    pub repeat: u32,
}

/// Why there is nothing to ask.
#[derive(Debug, thiserror::Error)]
pub enum QuestionError {
    /// The version names no model.
    #[error("this version names no model: choose one first")]
    NoModel,
    /// The template can't be filled in.
    #[error("{0}")]
    Template(#[from] Problem),
    /// There is nothing in it.
    #[error("there is nothing to send: all messages are empty")]
    Empty,
    /// A number that JSON can't hold exactly.
    #[error("{0}")]
    Canonical(#[from] CanonicalError),
}

impl Question {
    /// Fills the version in and puts the question together.
    ///
    /// # Errors
    /// No model, or a template that can't be rendered with these values.
    pub fn new(
        content: &VersionContent,
        values: &Map<String, Value>,
        includes: Includes<'_>,
        kind: ProviderKind,
    ) -> Result<Self, QuestionError> {
        let problems = |problems: Vec<Problem>| problems.into_iter().next();
        match Template::prepare(content, includes) {
            Ok(template) => Self::rendered(content, &template.render(values)?, kind, 0),
            Err(found) => {
                Err(problems(found).map_or(QuestionError::Empty, QuestionError::Template))
            }
        }
    }

    /// Puts the question together from what was rendered already.
    ///
    /// # Errors
    /// No model, or nothing to send.
    pub fn rendered(
        content: &VersionContent,
        rendered: &Rendered,
        kind: ProviderKind,
        repeat: u32,
    ) -> Result<Self, QuestionError> {
        let settings = content.model.as_ref().ok_or(QuestionError::NoModel)?;
        let mut messages = Vec::new();
        for message in &rendered.messages {
            match message {
                // An empty message says nothing, and some providers refuse it.
                RenderedMessage::Message { text, .. } if text.trim().is_empty() => {}
                RenderedMessage::Message { role, text } => {
                    messages.push(json!({"role": role.as_str(), "content": text}));
                }
                RenderedMessage::Placeholder {
                    messages: given, ..
                } => {
                    messages.extend(given.iter().cloned());
                }
            }
        }
        if messages.is_empty() {
            return Err(QuestionError::Empty);
        }
        Ok(Self {
            provider: settings.provider.clone(),
            kind,
            model: settings.model.clone(),
            parameters: seeded(&settings.parameters, repeat),
            messages,
            tools: content.tools.clone(),
            response_schema: content.response_schema.clone(),
            repeat,
        })
    }

    /// Tokens that will be sent, guessed: four characters each.
    #[must_use]
    pub fn tokens_sent_guessed(&self) -> u64 {
        let messages: usize = self.messages.iter().map(length).sum();
        let tools: usize = self
            .tools
            .iter()
            .map(|tool| tool.description.len() + length(&tool.schema))
            .sum();
        let schema = self.response_schema.as_ref().map_or(0, length);
        u64::try_from(messages + tools + schema).unwrap_or(u64::MAX) / 4 + 1
    }

    /// The longest answer that it allows, in tokens, if it says so.
    #[must_use]
    pub fn most_answered(&self) -> Option<u64> {
        most_answered(&self.parameters)
    }

    /// Tokens that it will take, there and back, guessed.
    pub(crate) fn tokens_guessed(&self) -> u64 {
        let answered = self
            .most_answered()
            .map_or(GUESSED_ANSWER, |most| most.min(GUESSED_ANSWER));
        self.tokens_sent_guessed() + answered
    }

    /// The name of its answer.
    ///
    /// # Errors
    /// A number that JSON can't hold exactly.
    pub fn digest(&self) -> Result<Digest, CanonicalError> {
        Ok(Digest::of(&to_canonical(self)?))
    }
}

pub(crate) fn most_answered(parameters: &BTreeMap<String, Value>) -> Option<u64> {
    let names = ["max_tokens", "max_completion_tokens"];
    names
        .iter()
        .find_map(|name| parameters.get(*name)?.as_u64())
}

// The letters in it, without writing it down.
fn length(json: &Value) -> usize {
    match json {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(length).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| name.len() + length(value))
            .sum(),
        _ => 4,
    }
}

// A repeat with the seed of the first asking would be its copy.
fn seeded(parameters: &BTreeMap<String, Value>, repeat: u32) -> BTreeMap<String, Value> {
    let mut parameters = parameters.clone();
    if let Some(seed) = parameters.get_mut("seed")
        && let Some(first) = seed.as_i64()
    {
        // Beyond what JSON holds exactly it begins anew from nought.
        let next = first.checked_add(i64::from(repeat));
        *seed = Value::from(next.filter(|n| *n < 1 << 53).unwrap_or(i64::from(repeat)));
    }
    parameters
}

/// Whether asking again could only give a copy: at temperature 0 the likeliest word is always taken,
/// whatever the seed.
pub(crate) fn repeats_are_copies(settings: &ModelSettings) -> bool {
    let temperature = settings.parameters.get("temperature");
    temperature.and_then(Value::as_f64) == Some(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeat_asks_with_the_next_seed() {
        let table = [
            (json!({"seed": 7}), 0, json!({"seed": 7})),
            (json!({"seed": 7}), 2, json!({"seed": 9})),
            (json!({"seed": -1}), 1, json!({"seed": 0})),
            (json!({"seed": "x"}), 2, json!({"seed": "x"})),
            (json!({"temperature": 1}), 2, json!({"temperature": 1})),
            (
                json!({"seed": 9_007_199_254_740_991_i64}),
                1,
                json!({"seed": 1}),
            ),
        ];
        for (given, repeat, expected) in table {
            let read = |json: Value| serde_json::from_value(json).expect("a map");
            assert_eq!(seeded(&read(given), repeat), read(expected));
        }
    }

    #[test]
    fn repeats_are_copies_only_where_nothing_is_drawn() {
        let table = [
            (json!({"temperature": 0}), true),
            (json!({"temperature": 0.0, "seed": 3}), true),
            (json!({"temperature": 0.1}), false),
            (json!({"seed": 3}), false),
            (json!({}), false),
        ];
        for (given, expected) in table {
            let settings = ModelSettings {
                provider: "p".to_owned(),
                model: "m".to_owned(),
                parameters: serde_json::from_value(given.clone()).expect("a map"),
                other: BTreeMap::new(),
            };
            assert_eq!(repeats_are_copies(&settings), expected, "{given}");
        }
    }
}
