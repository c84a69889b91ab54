//! JSON Schemas: compiled without any way to reach beyond the schema itself, and explained.

use super::{GraderError, Score, words};
use crate::limits;
use jsonschema::{PatternOptions, Validator};
use serde_json::Value;
use std::collections::BTreeMap;

/// How often the parts of a schema may be applied to one value, all references followed.
const APPLICATIONS: u64 = 10_000;
/// What is wrong, told of one answer.
const REASONS: usize = 3;

pub(super) fn compile(schema: &Value) -> Result<Validator, GraderError> {
    let refuse = |message: &str| Err(GraderError::Schema(message.to_owned()));
    let bytes = serde_json::to_string(schema).map_or(usize::MAX, |json| json.len());
    if bytes > limits::SCHEMA_BYTES {
        return Err(GraderError::Schema(format!(
            "it is larger than {} KiB",
            limits::SCHEMA_BYTES >> 10
        )));
    }
    if let Some(reference) = outside_reference(schema) {
        return Err(GraderError::Schema(format!(
            "it refers to “{reference}”: a schema stands for itself and fetches nothing"
        )));
    }
    let mut weights = BTreeMap::new();
    if weight(schema, schema, &mut weights, 0) > APPLICATIONS {
        return refuse("its references multiply: it would never be done");
    }
    jsonschema::options()
        .offline()
        // Linear time, whatever the pattern and the answer.
        .with_pattern_options(PatternOptions::regex().size_limit(limits::PATTERN_BYTES))
        .build(schema)
        .map_err(|error| {
            let place = error.instance_path().to_string();
            let at = if place.is_empty() {
                String::new()
            } else {
                format!(" at {place}")
            };
            GraderError::Schema(format!("{error}{at}"))
        })
}

pub(super) fn grade(validator: &Validator, answer: &str) -> Score {
    let answer = match words::json(answer) {
        Ok(answer) => answer,
        Err(reason) => return Score::of(false, reason),
    };
    let mut reasons: Vec<String> = validator
        .iter_errors(&answer)
        .take(REASONS + 1)
        .map(|error| {
            let place = error.instance_path().to_string();
            let at = if place.is_empty() {
                String::new()
            } else {
                format!("{place}: ")
            };
            words::shortened(&format!("{at}{error}"))
        })
        .collect();
    if reasons.is_empty() {
        return Score::of(true, "the answer is JSON and follows the schema");
    }
    if reasons.len() > REASONS {
        reasons.truncate(REASONS);
        reasons.push("and more".to_owned());
    }
    Score::of(false, reasons.join("; "))
}

/// Places where JSON may begin that are tried, and bytes of an answer that are looked through.
const BEGINNINGS: usize = 200;
const LOOKED_THROUGH: usize = 1 << 20;

/// The first JSON object or list within the answer that follows the schema.
pub(super) fn grade_anywhere(validator: &Validator, answer: &str) -> Score {
    let mut first_fault = None;
    let mut from = 0;
    let begins = |from: usize| {
        let rest = answer.get(from..LOOKED_THROUGH.min(answer.len()));
        // A limit in the middle of a character: what is left is looked through whole.
        let rest = rest.or_else(|| answer.get(from..)).unwrap_or_default();
        rest.find(['{', '[']).map(|place| from + place)
    };
    for _ in 0..BEGINNINGS {
        let Some(begin) = begins(from) else { break };
        let text = answer.get(begin..).unwrap_or_default();
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
        from = begin + 1;
        let Some(Ok(value)) = values.next() else {
            continue;
        };
        match validator.iter_errors(&value).next() {
            None => {
                return Score::of(
                    true,
                    format!(
                        "holds JSON that follows the schema: {}",
                        words::shortened(&value.to_string())
                    ),
                );
            }
            Some(error) => {
                first_fault.get_or_insert_with(|| words::shortened(&error.to_string()));
            }
        }
        // Within what was read stand only its parts.
        from = from.max(begin + values.byte_offset());
    }
    match first_fault {
        Some(fault) => Score::of(
            false,
            format!("the JSON in the answer does not fit: {fault}"),
        ),
        None => Score::of(false, "there is no JSON object or list in the answer"),
    }
}

/// A reference to anything but a place in the schema itself.
fn outside_reference(schema: &Value) -> Option<&str> {
    match schema {
        Value::Object(fields) => fields.iter().find_map(|(key, value)| match value {
            Value::String(target) if key == "$ref" || key == "$dynamicRef" => {
                (!target.starts_with('#')).then_some(target.as_str())
            }
            // What stands in these is data, not schema.
            _ if matches!(key.as_str(), "const" | "enum" | "default" | "examples") => None,
            other => outside_reference(other),
        }),
        Value::Array(items) => items.iter().find_map(outside_reference),
        _ => None,
    }
}

/// How often schemas are applied to the same value, counted without applying them: a chain of
/// references in which each names the next twice doubles at every step.
fn weight(schema: &Value, root: &Value, known: &mut BTreeMap<String, u64>, depth: usize) -> u64 {
    let Some(fields) = schema.as_object() else {
        return 1;
    };
    if depth > limits::JSON_DEPTH {
        return APPLICATIONS + 1;
    }
    let mut sum: u64 = 1;
    for (key, value) in fields {
        let more = match (key.as_str(), value) {
            ("$ref", Value::String(target)) => referred(target, root, known, depth),
            ("allOf" | "anyOf" | "oneOf", Value::Array(parts)) => {
                parts.iter().fold(0, |sum: u64, part| {
                    sum.saturating_add(weight(part, root, known, depth + 1))
                })
            }
            ("not" | "if" | "then" | "else", part) => weight(part, root, known, depth + 1),
            ("dependentSchemas", Value::Object(parts)) => {
                parts.values().fold(0, |sum: u64, part| {
                    sum.saturating_add(weight(part, root, known, depth + 1))
                })
            }
            // These apply to parts of the value, of which there are fewer at every step.
            _ => 0,
        };
        sum = sum.saturating_add(more);
    }
    sum
}

fn referred(target: &str, root: &Value, known: &mut BTreeMap<String, u64>, depth: usize) -> u64 {
    if let Some(weight) = known.get(target) {
        return *weight;
    }
    let Some(found) = target
        .strip_prefix('#')
        .and_then(|pointer| root.pointer(pointer))
    else {
        return 1;
    };
    // Met again on its own way it is a circle, which the validator cuts.
    known.insert(target.to_owned(), 1);
    let found = weight(found, root, known, depth + 1);
    known.insert(target.to_owned(), found);
    found
}
