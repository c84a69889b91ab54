//! Graders: each judges one answer and says why, in words for whoever wrote the prompt.
//!
//! They are pure: the same answer, case and grader give the same score on every machine. A
//! [`Grader`] is what a person sets up and a run records; [`Prepared`] is one made ready for many
//! answers. They refuse patterns and schemas that could run for ever or reach the network.

mod schema;
mod words;

use crate::dataset::Case;
use crate::limits;
use regex::RegexBuilder;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use words::shortened;

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
    },
}

fn yes() -> bool {
    true
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
}

/// A grader made ready for many answers.
#[derive(Debug)]
pub struct Prepared {
    grader: Grader,
    ready: Ready,
}

#[derive(Debug)]
enum Ready {
    Nothing,
    Regex(regex::Regex),
    Schema(Box<jsonschema::Validator>),
}

/// Judges one answer. To judge many, keep a [`Prepared`].
///
/// # Errors
/// The grader itself can't be used.
pub fn grade(grader: &Grader, answer: &str, case: &Case) -> Result<Score, GraderError> {
    Ok(grader.prepare()?.grade(answer, case))
}

impl Grader {
    /// Checks it and makes it ready.
    ///
    /// # Errors
    /// What a person has to change.
    pub fn prepare(&self) -> Result<Prepared, GraderError> {
        let ready = match self {
            Self::Exact { field, .. } => match field {
                Some(field) if field.split('.').any(str::is_empty) => {
                    return Err(GraderError::Field(field.clone()));
                }
                _ => Ready::Nothing,
            },
            Self::Contains { all, any, none, .. } => {
                if [all, any, none].into_iter().flatten().any(String::is_empty) {
                    return Err(GraderError::EmptyText);
                }
                Ready::Nothing
            }
            Self::Regex {
                pattern,
                ignore_case,
                ..
            } => {
                let regex = RegexBuilder::new(pattern)
                    .case_insensitive(*ignore_case)
                    .size_limit(limits::PATTERN_BYTES)
                    .nest_limit(50)
                    .build()
                    .map_err(|error| GraderError::Pattern(words::of_pattern(&error)))?;
                Ready::Regex(regex)
            }
            Self::JsonSchema { schema } => Ready::Schema(Box::new(schema::compile(schema)?)),
        };
        Ok(Prepared {
            grader: self.clone(),
            ready,
        })
    }

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
            Self::JsonSchema { .. } => "is JSON of the right shape".to_owned(),
        }
    }
}

impl Prepared {
    /// The grader as it was set up.
    #[must_use]
    pub fn grader(&self) -> &Grader {
        &self.grader
    }

    /// Judges one answer.
    #[must_use]
    pub fn grade(&self, answer: &str, case: &Case) -> Score {
        match (&self.grader, &self.ready) {
            (
                Grader::Exact {
                    expected,
                    field,
                    trim,
                    ignore_case,
                },
                _,
            ) => {
                let Some(expected) = expected.as_ref().or(case.expected.as_ref()) else {
                    return nothing_expected();
                };
                exact(answer, expected, field.as_deref(), *trim, *ignore_case)
            }
            (
                Grader::Contains {
                    all,
                    any,
                    none,
                    ignore_case,
                },
                _,
            ) => {
                if all.is_empty() && any.is_empty() && none.is_empty() {
                    return match case.expected.as_ref().and_then(wanted_texts) {
                        Some(wanted) => contains(answer, &wanted, &[], &[], *ignore_case),
                        None => nothing_expected(),
                    };
                }
                contains(answer, all, any, none, *ignore_case)
            }
            (Grader::Regex { absent, .. }, Ready::Regex(regex)) => {
                match (regex.find(answer), absent) {
                    (Some(found), false) => {
                        Score::of(true, format!("found “{}”", shortened(found.as_str())))
                    }
                    (None, false) => Score::of(false, "the pattern finds nothing in the answer"),
                    (Some(found), true) => Score::of(
                        false,
                        format!(
                            "found “{}”, which should not be there",
                            shortened(found.as_str())
                        ),
                    ),
                    (None, true) => Score::of(true, "the pattern finds nothing, as it should"),
                }
            }
            (Grader::JsonSchema { .. }, Ready::Schema(validator)) => {
                schema::grade(validator, answer)
            }
            // Not reached: `prepare` pairs them.
            (Grader::Regex { .. } | Grader::JsonSchema { .. }, _) => {
                Score::of(false, "this grader was not made ready")
            }
        }
    }
}

fn nothing_expected() -> Score {
    Score::of(
        false,
        "nothing is expected: neither the case nor the grader says what the answer should be",
    )
}

/// What a case expects an answer to hold: a text, or a list of texts.
fn wanted_texts(expected: &Value) -> Option<Vec<String>> {
    let texts = match expected {
        Value::Array(list) => list.iter().map(words::as_text).collect::<Vec<_>>(),
        other => vec![words::as_text(other)],
    };
    (!texts.is_empty() && texts.iter().all(|text| !text.is_empty())).then_some(texts)
}

fn exact(
    answer: &str,
    expected: &Value,
    field: Option<&str>,
    trim: bool,
    ignore_case: bool,
) -> Score {
    let wanted = words::as_text(expected);
    let found = match field {
        None => answer.to_owned(),
        Some(field) => match words::field_of(answer, field) {
            Ok(found) => words::as_text(&found),
            Err(reason) => return Score::of(false, reason),
        },
    };
    let tidied = |text: &str| {
        let text = if trim { text.trim() } else { text };
        if ignore_case {
            text.to_lowercase()
        } else {
            text.to_owned()
        }
    };
    let same = tidied(&found) == tidied(&wanted)
        // {"a": 1} may be written with other spaces; a plain text is never read as JSON.
        || (!expected.is_string() && words::same_json(&found, expected));
    let subject = field.map_or_else(
        || "the answer".to_owned(),
        |field| format!("the field {field}"),
    );
    if same {
        return Score::of(
            true,
            format!("{subject} is “{}”, as expected", shortened(&wanted)),
        );
    }
    let nearly = if tidied(found.trim()).to_lowercase() == wanted.trim().to_lowercase() {
        " (only space or capitals differ)"
    } else {
        ""
    };
    Score::of(
        false,
        format!(
            "expected “{}”, but {subject} is “{}”{nearly}",
            shortened(&wanted),
            shortened(&found)
        ),
    )
}

fn contains(
    answer: &str,
    all: &[String],
    any: &[String],
    none: &[String],
    ignore_case: bool,
) -> Score {
    let folded = |text: &str| {
        if ignore_case {
            text.to_lowercase()
        } else {
            text.to_owned()
        }
    };
    let answer = folded(answer);
    let holds = |text: &String| answer.contains(&folded(text));
    let quoted = |texts: Vec<&String>| {
        texts
            .iter()
            .map(|text| format!("“{}”", shortened(text)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let missing: Vec<&String> = all.iter().filter(|text| !holds(text)).collect();
    let unwanted: Vec<&String> = none.iter().filter(|text| holds(text)).collect();
    let some = any.is_empty() || any.iter().any(holds);
    let mut wrong = Vec::new();
    if !missing.is_empty() {
        wrong.push(format!("{} missing", quoted(missing)));
    }
    if !some {
        wrong.push(format!("none of {} is there", quoted(any.iter().collect())));
    }
    if !unwanted.is_empty() {
        wrong.push(format!("{} should not be there", quoted(unwanted)));
    }
    if wrong.is_empty() {
        Score::of(
            true,
            "everything that should be there is there, and nothing else that shouldn't",
        )
    } else {
        Score::of(false, wrong.join("; "))
    }
}
