//! Graders that look at the wording: exactly this, holding that, matching a pattern.

use super::words::{self, shortened};
use super::{GraderError, Score};
use crate::limits;
use regex::{Regex, RegexBuilder};
use serde_json::Value;

pub(super) fn compile(pattern: &str, ignore_case: bool) -> Result<Regex, GraderError> {
    RegexBuilder::new(pattern)
        .case_insensitive(ignore_case)
        .size_limit(limits::PATTERN_BYTES)
        .nest_limit(50)
        .build()
        .map_err(|error| GraderError::Pattern(words::of_pattern(&error)))
}

pub(super) fn matches(regex: &Regex, answer: &str, absent: bool) -> Score {
    match (regex.find(answer), absent) {
        (Some(found), false) => Score::of(true, format!("found “{}”", shortened(found.as_str()))),
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

pub(super) fn nothing_expected() -> Score {
    Score::of(
        false,
        "nothing is expected: neither the case nor the grader says what the answer should be",
    )
}

/// What a case expects an answer to hold: a text, or a list of texts.
pub(super) fn wanted_texts(expected: &Value) -> Option<Vec<String>> {
    let texts = match expected {
        Value::Array(list) => list.iter().map(words::as_text).collect::<Vec<_>>(),
        other => vec![words::as_text(other)],
    };
    (!texts.is_empty() && texts.iter().all(|text| !text.is_empty())).then_some(texts)
}

pub(super) fn exact(
    answer: &str,
    expected: &Value,
    field: Option<&str>,
    trim: bool,
    ignore_case: bool,
) -> Score {
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
    let subject = field.map_or_else(
        || "the answer".to_owned(),
        |field| format!("the field {field}"),
    );
    compared(&found, expected, &subject, tidied)
}

/// What was found against what is expected, `tidied` as the grader wants it.
pub(super) fn compared(
    found: &str,
    expected: &Value,
    subject: &str,
    tidied: impl Fn(&str) -> String,
) -> Score {
    let wanted = words::as_text(expected);
    let same = tidied(found) == tidied(&wanted)
        // {"a": 1} may be written with other spaces; a plain text is never read as JSON.
        || (!expected.is_string() && words::same_json(found, expected));
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
            shortened(found)
        ),
    )
}

pub(super) fn contains(
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
