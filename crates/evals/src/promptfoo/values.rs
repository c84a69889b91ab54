//! Values of tests: files that they name, other values that they name, and names that inputs can have.

use super::files::{Files, ending, is_program, reference};
use super::yaml::Node;
use serde_json::{Map, Value};

/// A value as it is written, or what stands in the file that it names.
pub(super) fn loaded(node: &Node, files: &Files<'_>) -> Result<Value, String> {
    let Some(path) = node.text().and_then(reference) else {
        return Ok(node.value());
    };
    if is_program(path) {
        return Err("names a program, and an import runs nothing".to_owned());
    }
    let bad = |reason: String| format!("names the file {path}, which {reason}");
    match ending(path).as_str() {
        "yaml" | "yml" => files.yaml(path).map(|node| node.value()).map_err(bad),
        "json" => {
            let text = files.text(path).map_err(bad)?;
            serde_json::from_str(&text).map_err(|_| bad("is not JSON".to_owned()))
        }
        "pdf" | "docx" | "png" | "jpg" | "jpeg" | "gif" | "webp" | "mp3" | "wav" | "mp4" => {
            Err(bad("is no text".to_owned()))
        }
        // As promptfoo reads it: an editor's line end is no part of what is expected.
        "txt" => {
            let text = files.text(path).map_err(bad)?;
            Ok(Value::from(text.trim()))
        }
        _ => files.text(path).map(Value::String).map_err(bad),
    }
}

/// `value` with `{{ name }}` filled in from `vars`, in every text of it.
pub(super) fn filled(value: &Value, vars: &Map<String, Value>) -> Result<Value, String> {
    match value {
        Value::String(text) => filled_text(text, vars).map(Value::String),
        Value::Array(list) => list.iter().map(|one| filled(one, vars)).collect(),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| Ok((name.clone(), filled(value, vars)?)));
            fields
                .collect::<Result<Map<_, _>, String>>()
                .map(Value::Object)
        }
        other => Ok(other.clone()),
    }
}

/// Whether a text is more than itself.
pub(super) fn is_template(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("{{") || text.contains("{%"),
        Value::Array(list) => list.iter().any(is_template),
        Value::Object(fields) => fields.values().any(is_template),
        _ => false,
    }
}

fn filled_text(text: &str, vars: &Map<String, Value>) -> Result<String, String> {
    if text.contains("{%") {
        return Err("holds a template with more than {{ names }}".to_owned());
    }
    let mut done = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((inside, after)) = after.split_once("}}") else {
            break;
        };
        let path = inside.trim_matches(['-', ' ', '\n', '\t']);
        let (first, fields) = path.split_once('.').unwrap_or((path, ""));
        if first == "env" {
            return Err("reads an environment variable, and an import reads none".to_owned());
        }
        if !path
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
        {
            return Err("holds a template with more than {{ names }}".to_owned());
        }
        let start = vars.get(first);
        let found = fields
            .split('.')
            .filter(|field| !field.is_empty())
            .try_fold(start, |value, field| Some(value?.get(field)))
            .flatten();
        let found = found.ok_or_else(|| format!("names {path}, which its test does not set"))?;
        done.push_str(before);
        done.push_str(&as_text(found));
        rest = after;
    }
    done.push_str(rest);
    Ok(done)
}

pub(super) fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A name that an input can have: letters, digits and `_`.
pub(super) fn input_name(name: &str) -> String {
    let mut plain: String = name
        .trim()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if !plain.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        plain.insert(0, '_');
    }
    plain
}
