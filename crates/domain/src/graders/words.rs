//! Answers and expectations as texts, and what is wrong with them as sentences.

use serde_json::Value;

/// Characters of an answer that a reason quotes.
const QUOTED: usize = 80;

/// At most [`QUOTED`] characters, on one line.
pub(super) fn shortened(text: &str) -> String {
    let line = text.trim().replace(['\n', '\r', '\t'], " ");
    match line.char_indices().nth(QUOTED) {
        Some((cut, _)) => format!("{}…", line.get(..cut).unwrap_or_default()),
        None => line,
    }
}

/// A text as it is; anything else as JSON.
pub(super) fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether `text` is JSON and says the same as `value`.
pub(super) fn same_json(text: &str, value: &Value) -> bool {
    let canonical = crate::canonical::value_to_canonical;
    match (
        serde_json::from_str(text)
            .ok()
            .map(|found| canonical(&found)),
        canonical(value),
    ) {
        (Some(Ok(found)), Ok(wanted)) => found == wanted,
        _ => false,
    }
}

/// Whether two values say the same: 1 is 1.0, and fields stand in any order.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    let canonical = crate::canonical::value_to_canonical;
    matches!((canonical(one), canonical(other)), (Ok(one), Ok(other)) if one == other)
}

/// One field of an answer that is a JSON object, by a dotted path.
pub(super) fn field_of(answer: &str, field: &str) -> Result<Value, String> {
    let answer = json(answer)?;
    let found = field
        .split('.')
        .try_fold(&answer, |value, name| value.as_object()?.get(name));
    found
        .cloned()
        .ok_or_else(|| format!("the answer is JSON, but has no field {field}"))
}

/// The answer as JSON, or where it stops being that.
pub(super) fn json(answer: &str) -> Result<Value, String> {
    let answer = answer.trim();
    serde_json::from_str(answer).map_err(|error| {
        if answer.is_empty() {
            return "the answer is empty".to_owned();
        }
        if answer.starts_with("```") {
            return "the answer is wrapped in a code fence (```), so it is not plain JSON"
                .to_owned();
        }
        if !answer.starts_with(['{', '[', '"']) {
            return format!("the answer is not JSON; it begins “{}”", shortened(answer));
        }
        if error.is_eof() {
            return "the answer is JSON that stops in the middle; perhaps max_tokens cut it off"
                .to_owned();
        }
        let (line, column) = (error.line(), error.column());
        format!("the answer stops being JSON in line {line}, column {column}")
    })
}

/// What the regular expression's parser says, without its drawing.
pub(super) fn of_pattern(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
        other => {
            let text = other.to_string();
            text.lines()
                .last()
                .unwrap_or_default()
                .trim_start_matches("error: ")
                .to_owned()
        }
    }
}
