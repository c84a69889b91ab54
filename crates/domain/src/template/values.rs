//! The values of the inputs: what was given, held against what is declared.

use super::declare::{described, fits, kind_named};
use super::{Code, Problem};
use crate::content::{Input, InputKind};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// An input's value where a text is rendered.
#[derive(Clone, Debug)]
pub(super) struct Given<'a> {
    pub(super) value: Cow<'a, Value>,
    /// Nobody gave it and it has no default: `default` applies and `is defined` is false.
    pub(super) left_out: bool,
}

pub(super) type Values<'a> = BTreeMap<&'a str, Given<'a>>;

/// What a caller gave. `null` counts as not given.
pub(super) fn from_caller<'a>(
    inputs: &'a [Input],
    given: &'a Map<String, Value>,
) -> Result<Values<'a>, Problem> {
    resolve(inputs, |name| {
        given
            .get(name)
            .filter(|value| !value.is_null())
            .map(Cow::Borrowed)
    })
}

/// What an included snippet gets: the inputs of the same name of whoever includes it.
pub(super) fn from_includer<'a>(
    inputs: &'a [Input],
    outer: &Values<'a>,
) -> Result<Values<'a>, Problem> {
    resolve(inputs, |name| {
        outer
            .get(name)
            .filter(|given| !given.left_out)
            .map(|given| given.value.clone())
    })
}

fn resolve<'a>(
    inputs: &'a [Input],
    find: impl Fn(&str) -> Option<Cow<'a, Value>>,
) -> Result<Values<'a>, Problem> {
    let mut values = BTreeMap::new();
    for input in inputs {
        let found = find(&input.name);
        if let Some(value) = &found
            && !fits(value, input.kind)
        {
            let message = format!(
                "the input {} is {}, but {} was given",
                input.name,
                kind_named(input.kind),
                described(value)
            );
            return Err(Problem::about(&input.name, Code::InputKind, message));
        }
        let given = match (found, &input.default) {
            (Some(value), _) => Given {
                value,
                left_out: false,
            },
            (None, Some(default)) => Given {
                value: Cow::Borrowed(default),
                left_out: false,
            },
            (None, None) if input.required => {
                let message = format!("the input {} is required and was not given", input.name);
                return Err(Problem::about(&input.name, Code::InputMissing, message));
            }
            (None, None) => Given {
                value: Cow::Owned(nothing(input.kind)),
                left_out: true,
            },
        };
        values.insert(input.name.as_str(), given);
    }
    Ok(values)
}

/// What an optional input is when it is left out. A number is written as nothing too: a 0 that
/// nobody gave would be a lie.
fn nothing(kind: InputKind) -> Value {
    match kind {
        InputKind::Text | InputKind::Number => Value::String(String::new()),
        InputKind::Boolean => Value::Bool(false),
        InputKind::List => Value::Array(Vec::new()),
        InputKind::Object => Value::Object(Map::new()),
    }
}
