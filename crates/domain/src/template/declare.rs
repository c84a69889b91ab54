//! The declared inputs: their names, and that a default is of the kind it stands in for.

use super::parse::is_reserved;
use super::{Code, Problem};
use crate::content::{Input, InputKind, Message, VersionContent};
use crate::limits;
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) fn check(content: &VersionContent, problems: &mut Vec<Problem>) {
    let count = content.inputs.len();
    if count > limits::INPUTS {
        problems.push(Problem::new(
            Code::Declaration,
            format!("there are {count} inputs; at most {} fit", limits::INPUTS),
        ));
        return;
    }
    let mut seen = BTreeSet::new();
    for input in &content.inputs {
        if let Some(message) = wrong_name(&input.name) {
            problems.push(Problem::about(&input.name, Code::Declaration, message));
        } else if !seen.insert(input.name.as_str()) {
            let message = format!("the input {} is declared twice: remove one", input.name);
            problems.push(Problem::about(&input.name, Code::Declaration, message));
        }
        if let Some(message) = wrong_default(input) {
            problems.push(Problem::about(&input.name, Code::Declaration, message));
        }
    }
    for message in &content.messages {
        if let Message::Placeholder { name } = message
            && (wrong_name(name).is_some() || !seen.insert(name.as_str()))
        {
            let message = format!(
                "the placeholder “{name}” needs a name of its own: a letter or _, then letters a to z, digits and _"
            );
            problems.push(Problem::about(name, Code::Declaration, message));
        }
    }
}

fn wrong_name(name: &str) -> Option<String> {
    let mut characters = name.chars();
    let starts = characters
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if !starts || !characters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Some(format!(
            "“{name}” can't name an input: use a letter or _, then letters a to z, digits and _"
        ));
    }
    if is_reserved(name) {
        return Some(format!(
            "“{name}” means something else in a template: choose another name"
        ));
    }
    (name.len() > limits::NAME_CHARS).then(|| {
        format!(
            "the name of this input is longer than {} characters",
            limits::NAME_CHARS
        )
    })
}

fn wrong_default(input: &Input) -> Option<String> {
    let default = input.default.as_ref()?;
    (!fits(default, input.kind)).then(|| {
        format!(
            "the default of {} is {}, but the input is {}",
            input.name,
            described(default),
            kind_named(input.kind)
        )
    })
}

/// Whether `value` may be passed for an input of `kind`.
pub(super) fn fits(value: &Value, kind: InputKind) -> bool {
    matches!(
        (value, kind),
        (Value::String(_), InputKind::Text)
            | (Value::Number(_), InputKind::Number)
            | (Value::Bool(_), InputKind::Boolean)
            | (Value::Array(_), InputKind::List)
            | (Value::Object(_), InputKind::Object)
    )
}

/// A value in words.
pub(super) fn described(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A kind in words.
pub(super) fn kind_named(kind: InputKind) -> &'static str {
    match kind {
        InputKind::Text => "a text",
        InputKind::Number => "a number",
        InputKind::Boolean => "true or false",
        InputKind::List => "a list",
        InputKind::Object => "an object",
    }
}
