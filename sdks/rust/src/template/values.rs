//! JSON values as templates see them: their kinds, their sizes, and how they are written.

use crate::content::InputKind;
use serde_json::{Number, Value};

const MAX_SAFE: i64 = 9_007_199_254_740_991;
const JSON_DEPTH: usize = 64;

/// The kind of a value, as inputs declare it. `null` has none.
pub(super) fn kind_of(value: &Value) -> Option<InputKind> {
    match value {
        Value::Null => None,
        Value::Bool(_) => Some(InputKind::Boolean),
        Value::Number(_) => Some(InputKind::Number),
        Value::String(_) => Some(InputKind::Text),
        Value::Array(_) => Some(InputKind::List),
        Value::Object(_) => Some(InputKind::Object),
    }
}

/// A kind in words.
pub(super) fn named(kind: InputKind) -> &'static str {
    match kind {
        InputKind::Text => "a text",
        InputKind::Number => "a number",
        InputKind::Boolean => "true or false",
        InputKind::List => "a list",
        InputKind::Object => "an object",
        InputKind::Unknown => "of an unknown kind",
    }
}

/// A value in words.
pub(super) fn described(value: &Value) -> &'static str {
    kind_of(value).map_or("nothing", named)
}

/// What looking at a value costs.
pub(super) fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().fold(8, |sum, item| sum + size(item)),
        Value::Object(fields) => {
            let costs = fields.iter().map(|(key, field)| key.len() + size(field));
            costs.fold(8, |sum, cost| sum + cost)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
    }
}

/// A value as canonical JSON (RFC 8785), or why it has none.
pub(super) fn canonical(value: &Value) -> Result<String, String> {
    check(value, 0)?;
    let bytes = serde_json_canonicalizer::to_vec(value).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

fn check(value: &Value, depth: usize) -> Result<(), String> {
    if depth > JSON_DEPTH {
        return Err("the value is nested too deeply".to_owned());
    }
    match value {
        Value::Number(number) if !is_safe(number) => Err(format!(
            "the number {number} is beyond what JSON can hold exactly (±{MAX_SAFE}); write it as text"
        )),
        Value::Array(items) => items.iter().try_for_each(|item| check(item, depth + 1)),
        Value::Object(fields) => fields
            .values()
            .try_for_each(|field| check(field, depth + 1)),
        _ => Ok(()),
    }
}

fn is_safe(number: &Number) -> bool {
    if let Some(whole) = number.as_i64() {
        return (-MAX_SAFE..=MAX_SAFE).contains(&whole);
    }
    let double = number.as_f64().map(f64::abs);
    !number.is_u64()
        && double.is_none_or(|double| !(9_007_199_254_740_992.0..1e21).contains(&double))
}

/// The text of a value that has one. Truth as Jinja writes it; `tojson` writes true and false.
pub(super) fn written(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(canonical(value).unwrap_or_else(|_| number.to_string())),
        Value::Bool(truth) => Some(if *truth { "True" } else { "False" }.to_owned()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Not empty, not zero and not false.
pub(super) fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

/// Equal in kind and value: 1 and 1.0 are, 1 and "1" are not.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let equal = |(key, a): (&String, &Value)| b.get(key).is_some_and(|b| same(a, b));
            a.len() == b.len() && a.iter().all(equal)
        }
        _ => left == right,
    }
}
