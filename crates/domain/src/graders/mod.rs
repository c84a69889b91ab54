//! Graders: each judges one answer and says why, in words for whoever wrote the prompt.
//!
//! They are pure: the same answer, case and grader give the same score on every machine. For a
//! [judge](Grader::Judge) the words of the model that judged belong to the answer. A
//! [`Grader`] is what a person sets up and a run records; [`Prepared`] is one made ready for many
//! answers; a [`Panel`] is all who judge the cases of one dataset. They refuse patterns and schemas
//! that could run for ever or reach the network. What a grader needs beyond the text of an answer
//! (how long it took, what it cost, which tools it called) stands in [`Answered`].

mod answered;
mod calls;
mod judge;
mod measures;
mod panel;
mod path;
mod prepare;
mod refusal;
mod schema;
mod similarity;
mod strict;
mod texts;
mod together;
mod words;

pub use answered::{Answered, Called};
pub use judge::JudgeQuestion;
pub use measures::Unit;
pub use panel::Panel;
pub use prepare::Prepared;
pub use similarity::Likeness;
pub use strict::TypedError;
pub use together::Part;

use crate::dataset::Case;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One way to judge an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Grader {
    /// The answer is what was expected, and nothing else.
    Exact {
        /// What is expected; none: what the case expects.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected: Option<Value>,
        /// Look only at this field of an answer that is a JSON object (`intent`, `customer.tier`).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        field: Option<String>,
        /// Space at both ends doesn't count.
        #[serde(default = "yes")]
        trim: bool,
        /// Capitals don't count.
        #[serde(default)]
        ignore_case: bool,
    },
    /// The answer holds certain texts. With all three lists empty: what the case expects.
    Contains {
        /// Each of these.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        all: Vec<String>,
        /// At least one of these.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        any: Vec<String>,
        /// None of these.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        none: Vec<String>,
        /// Capitals don't count.
        #[serde(default)]
        ignore_case: bool,
    },
    /// A regular expression finds something in the answer.
    Regex {
        /// The expression, as Rust's `regex` reads it: no look-around, no back-references.
        pattern: String,
        /// Capitals don't count.
        #[serde(default)]
        ignore_case: bool,
        /// It must find nothing instead.
        #[serde(default)]
        absent: bool,
    },
    /// The answer is JSON that follows a schema.
    JsonSchema {
        /// The JSON Schema. References beyond itself are refused.
        schema: Value,
        /// It is enough that such JSON stands somewhere in the answer, among other text.
        #[serde(default, skip_serializing_if = "is_no")]
        anywhere: bool,
    },
    /// A place in an answer that is JSON holds what is expected.
    JsonPath {
        /// Where: `$.order.items[0].name`, `$.items[*].id`. Names, numbers and `*`; nothing else of
        /// RFC 9535. With `*` one value that is right is enough.
        path: String,
        /// What stands there; none: what the case expects.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected: Option<Value>,
        /// It is enough that something stands there.
        #[serde(default, skip_serializing_if = "is_no")]
        exists: bool,
        /// Capitals don't count.
        #[serde(default, skip_serializing_if = "is_no")]
        ignore_case: bool,
    },
    /// The answer is close to what was expected.
    Similar {
        /// What it should be close to; none: what the case expects.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected: Option<Value>,
        /// What closeness means.
        by: Likeness,
        /// The least likeness, from 0 (nothing in common) to 1 (the same); 0.8 where nothing else is said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        least: Option<f64>,
        /// Instead: the most characters that may have to be changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        most_edits: Option<u32>,
        /// Capitals don't count.
        #[serde(default, skip_serializing_if = "is_no")]
        ignore_case: bool,
    },
    /// The answer is neither too short nor too long.
    Length {
        /// What is counted.
        unit: Unit,
        /// At least so many.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        least: Option<u32>,
        /// At most so many.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        most: Option<u32>,
    },
    /// The answer came soon enough.
    Latency {
        /// At most so many milliseconds.
        most_ms: u32,
    },
    /// The answer was cheap enough.
    Cost {
        /// At most this much, in the currency of the prices on the computer that asked.
        most: f64,
    },
    /// The model called a tool.
    ToolCall {
        /// Which one; none: any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Arguments that it must have been called with.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        arguments: Map<String, Value>,
        /// With these arguments and no others.
        #[serde(default, skip_serializing_if = "is_no")]
        only: bool,
    },
    /// The model refused to answer. A guess by its wording, in English.
    Refusal {
        /// It must not refuse instead.
        #[serde(default)]
        absent: bool,
    },
    /// A model judges the answer by a rubric. Its words are kept beside the answer.
    Judge {
        /// What a good answer is, in words.
        rubric: String,
        /// The name of the provider that is asked.
        provider: String,
        /// The model.
        model: String,
        /// Temperature and the like.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        parameters: Map<String, Value>,
        /// The least score with which it passes, from 0 to 1; 0.5 where nothing else is said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        least: Option<f64>,
    },
    /// What another grader asks for must not be so.
    Not {
        /// The other grader.
        grader: Box<Grader>,
    },
    /// Several graders as one.
    Together {
        /// The graders, each with its weight.
        parts: Vec<Part>,
        /// The least mean of their scores by weight, from 0 to 1; none: each must pass.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        least: Option<f64>,
    },
}

fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref)] // What serde asks for.
fn is_no(value: &bool) -> bool {
    !value
}

/// What a grader thinks of one answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Score {
    /// From 0 (wrong) to 1 (right).
    pub value: f64,
    /// Whether it is good enough.
    pub pass: bool,
    /// Why, in plain words.
    pub reason: String,
}

impl Score {
    fn of(pass: bool, reason: impl Into<String>) -> Self {
        Self {
            value: if pass { 1.0 } else { 0.0 },
            pass,
            reason: reason.into(),
        }
    }
}

/// Why a grader can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraderError {
    /// A regular expression that can't be read, or is too large.
    #[error("this regular expression can't be used: {0}")]
    Pattern(String),
    /// A schema that is none, or refers beyond itself.
    #[error("this JSON Schema can't be used: {0}")]
    Schema(String),
    /// A text to look for that is empty: every answer holds it.
    #[error("an empty text is found in every answer: remove it")]
    EmptyText,
    /// The name of a field that can't be one.
    #[error("“{0}” is no field: write names joined by dots, as in customer.tier")]
    Field(String),
    /// A path into JSON that can't be one.
    #[error(
        "“{0}” is no place in JSON: begin with $, then .name, ['name'], [0] or [*], as in $.items[0].name"
    )]
    Path(String),
    /// A number that asks for nothing, or for what can't be.
    #[error("{0}")]
    Number(String),
    /// A judge that can't be asked.
    #[error("{0}")]
    Judge(&'static str),
    /// Graders within graders, too deep or too many.
    #[error("graders may stand within graders {depth} deep, and {parts} side by side: use fewer",
        depth = together::DEPTH, parts = together::PARTS)]
    TooMany,
    /// Several graders as one, of which none counts.
    #[error("none of these graders counts: give at least one a weight above 0")]
    NoWeight,
    /// A grader of one case.
    #[error("a grader of the case “{case}”: {error}")]
    OfCase {
        /// The case's id.
        case: String,
        /// What is wrong with it.
        error: Box<GraderError>,
    },
}

/// Judges the text of one answer. To judge many, or more than a text, keep a [`Prepared`].
///
/// # Errors
/// The grader itself can't be used.
pub fn grade(grader: &Grader, answer: &str, case: &Case) -> Result<Score, GraderError> {
    Ok(grader.prepare()?.grade(&Answered::text(answer), case))
}

impl Grader {
    /// What it does, in a few words: the head of a column.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Exact {
                field: Some(field), ..
            } => format!("{field} is exactly as expected"),
            Self::Exact { .. } => "exactly as expected".to_owned(),
            Self::Contains { all, any, none, .. } => {
                match (all.is_empty() && any.is_empty(), none.is_empty()) {
                    (false, _) => "contains".to_owned(),
                    (true, false) => "does not contain".to_owned(),
                    (true, true) => "contains what is expected".to_owned(),
                }
            }
            Self::Regex { absent: false, .. } => "matches a pattern".to_owned(),
            Self::Regex { absent: true, .. } => "does not match a pattern".to_owned(),
            Self::JsonSchema {
                anywhere: false, ..
            } => "is JSON of the right shape".to_owned(),
            Self::JsonSchema { anywhere: true, .. } => "holds JSON of the right shape".to_owned(),
            Self::JsonPath {
                path, exists: true, ..
            } => format!("there is a {path}"),
            Self::JsonPath { path, .. } => format!("{path} is as expected"),
            Self::Similar { .. } => "close to what is expected".to_owned(),
            Self::Length { unit, least, most } => measures::range_words(*unit, *least, *most),
            Self::Latency { most_ms } => format!("within {most_ms} ms"),
            Self::Cost { most } => format!("costs at most {most}"),
            Self::ToolCall {
                name: Some(name), ..
            } => format!("calls {name}"),
            Self::ToolCall { name: None, .. } => "calls a tool".to_owned(),
            Self::Refusal { absent: false } => "refuses".to_owned(),
            Self::Refusal { absent: true } => "does not refuse".to_owned(),
            Self::Judge { model, .. } => format!("is good by a rubric, says {model}"),
            Self::Not { grader } => format!("not: {}", grader.title()),
            Self::Together { parts, least } => together::title(parts, *least),
        }
    }
}
