//! What a model answered, with what it took.

use crate::Exchange;
use domain::Millis;
use domain::graders::{Answered, Called};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// One answer. This is also what the cache keeps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Answer {
    /// The text.
    pub text: String,
    /// What the model wants called instead of, or beside, answering.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// The model as the provider named it in its answer: often more exact than what was asked for.
    pub model: String,
    /// The provider's mark for its own configuration, when it gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Why it stopped, in the provider's word: `stop`, `length`, `tool_calls`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish: Option<String>,
    /// Tokens sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_in: Option<u32>,
    /// Tokens answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_out: Option<u32>,
    /// How long the provider took, the last attempt only.
    pub latency_ms: u32,
    /// When it was answered, by this machine's clock.
    #[serde(default)]
    pub at: Millis,
    /// What was sent for it and what came back. It is kept beside the answer and never goes with it:
    /// an answer that was read, or that stands in a run, has none.
    #[serde(skip)]
    #[specta(skip)]
    pub exchange: Option<Arc<Exchange>>,
}

/// A function that the model wants called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ToolCall {
    /// Its name.
    pub name: String,
    /// Its arguments; a text when the model's arguments are no JSON.
    pub arguments: Value,
}

impl Answer {
    /// Whether the answer was cut off at `max_tokens`.
    #[must_use]
    pub fn is_cut_off(&self) -> bool {
        matches!(
            self.finish.as_deref(),
            Some("length" | "max_tokens" | "MAX_TOKENS")
        )
    }

    /// The answer as graders see it: `text` is [`Answer::graded_text`], `cost` what it cost.
    #[must_use]
    pub fn answered<'a>(&'a self, text: &'a str, cost: Option<f64>) -> Answered<'a> {
        let calls = self.tool_calls.iter().map(|call| Called {
            name: &call.name,
            arguments: &call.arguments,
        });
        Answered {
            text,
            calls: calls.collect(),
            finish: self.finish.as_deref(),
            latency_ms: Some(self.latency_ms),
            tokens_out: self.tokens_out,
            judged: None,
            marks: None,
            cost,
        }
    }

    /// What graders judge: the text, or the calls as JSON when there is no text.
    #[must_use]
    pub fn graded_text(&self) -> String {
        if self.text.is_empty() && !self.tool_calls.is_empty() {
            return serde_json::to_string(&self.tool_calls).unwrap_or_default();
        }
        self.text.clone()
    }
}
