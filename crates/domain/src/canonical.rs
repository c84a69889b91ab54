//! Canonical JSON (RFC 8785): one content, one sequence of bytes, one digest.
//!
//! Integers beyond ±(2⁵³−1) are refused with their place: RFC 8785 writes numbers as IEEE 754
//! doubles, so two different large integers would otherwise share one name.

use serde::Serialize;
use serde_json::{Number, Value};

/// The largest integer that a double holds exactly together with its neighbours: 2⁵³−1.
pub(crate) const MAX_SAFE: i64 = 9_007_199_254_740_991;

/// Why a value has no canonical form.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum CanonicalError {
    /// An integer that a double can't hold exactly.
    #[error(
        "the number {number} at {place} is beyond what JSON can hold exactly (±9007199254740991); write it as text"
    )]
    NumberTooLarge {
        /// The number as it would be written.
        number: String,
        /// Where it stands, as a JSON Pointer (RFC 6901).
        place: String,
    },
    /// Nested deeper than [`crate::limits::JSON_DEPTH`].
    #[error("the value is nested too deeply at {place}")]
    TooDeep {
        /// Where, as a JSON Pointer.
        place: String,
    },
    /// The value can't be written as JSON at all.
    #[error("the value can't be written as JSON: {0}")]
    NotJson(String),
    /// The bytes are JSON, but not in canonical form.
    #[error("the JSON is not in canonical form (RFC 8785)")]
    NotCanonical,
}

/// The canonical bytes of `value`.
///
/// # Errors
/// A number beyond ±(2⁵³−1), too deep a nesting, or a type that JSON can't hold.
pub fn to_canonical<T: Serialize>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    let value = serde_json::to_value(value).map_err(|e| CanonicalError::NotJson(e.to_string()))?;
    value_to_canonical(&value)
}

/// The canonical bytes of a JSON value.
///
/// # Errors
/// As [`to_canonical`].
pub fn value_to_canonical(value: &Value) -> Result<Vec<u8>, CanonicalError> {
    check(value, &mut String::new(), 0)?;
    serde_json_canonicalizer::to_vec(value).map_err(|e| CanonicalError::NotJson(e.to_string()))
}

/// Reads `bytes` as JSON and insists that they are the canonical form of what they say.
///
/// This also refuses doubled keys, which plain parsing passes over in silence.
///
/// # Errors
/// Bytes that are not JSON, or not canonical.
pub fn from_canonical(bytes: &[u8]) -> Result<Value, CanonicalError> {
    let value: Value =
        serde_json::from_slice(bytes).map_err(|e| CanonicalError::NotJson(e.to_string()))?;
    if value_to_canonical(&value)? == bytes {
        Ok(value)
    } else {
        Err(CanonicalError::NotCanonical)
    }
}

fn check(value: &Value, place: &mut String, depth: usize) -> Result<(), CanonicalError> {
    if depth > crate::limits::JSON_DEPTH {
        return Err(CanonicalError::TooDeep {
            place: place.clone(),
        });
    }
    match value {
        Value::Number(number) if !is_safe(number) => Err(CanonicalError::NumberTooLarge {
            number: number.to_string(),
            place: if place.is_empty() {
                "/".to_owned()
            } else {
                place.clone()
            },
        }),
        Value::Array(items) => items.iter().enumerate().try_for_each(|(index, item)| {
            at(place, &index.to_string(), |p| check(item, p, depth + 1))
        }),
        Value::Object(fields) => fields.iter().try_for_each(|(key, field)| {
            at(place, &key.replace('~', "~0").replace('/', "~1"), |p| {
                check(field, p, depth + 1)
            })
        }),
        _ => Ok(()),
    }
}

fn at<R>(place: &mut String, step: &str, inner: impl FnOnce(&mut String) -> R) -> R {
    let length = place.len();
    place.push('/');
    place.push_str(step);
    let result = inner(place);
    place.truncate(length);
    result
}

fn is_safe(number: &Number) -> bool {
    if let Some(signed) = number.as_i64() {
        return (-MAX_SAFE..=MAX_SAFE).contains(&signed);
    }
    if number.is_u64() {
        return false;
    }
    // A double from 2⁵³ up to 10²¹ would be written as an integer, and read back as one we refuse.
    number
        .as_f64()
        .is_none_or(|double| double.abs() < 9_007_199_254_740_992.0 || double.abs() >= 1e21)
}
