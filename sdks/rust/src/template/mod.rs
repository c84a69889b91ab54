//! A version's texts, checked once and filled in often.
//!
//! The language is the stated subset of Jinja in `docs/templates.md`; the cases in
//! `sdks/conformance/template` hold this and every other SDK to it.

mod parse;
mod render;
mod snippets;
mod tokens;
mod tree;
mod values;

use crate::content::{Content, Input, InputKind, Message, Role};
use crate::error::{Place, RenderError};
use parse::{Parser, is_reserved};
use render::{Budget, Render};
use serde_json::{Map, Value};
use snippets::{Library, TextScope};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use tokens::Fault;
use tree::Node;

/// Where content is found by its digest.
pub(crate) type Contents = BTreeMap<String, Content>;

/// A rendered message, or what was passed for a placeholder.
#[derive(Debug, PartialEq)]
pub(crate) enum Part {
    Message { role: Role, text: String },
    Placeholder { name: String, messages: Vec<Value> },
}

/// A checked version, ready to be filled in many times.
#[derive(Debug)]
pub(crate) struct Template {
    parts: Vec<(Message, Vec<Node>)>,
    inputs: Vec<Input>,
    includes: BTreeMap<String, String>,
    library: Library,
}

impl Template {
    pub(crate) fn new(content: &Content, contents: &Contents) -> Result<Self, RenderError> {
        let inputs = content.inputs.clone().unwrap_or_default();
        check_declared(content, &inputs)?;
        let mut library = Library::default();
        let mut parts = Vec::new();
        for (index, message) in content.messages.iter().enumerate() {
            let tree = match message {
                Message::Placeholder { .. } | Message::Unknown => Vec::new(),
                Message::Message { text, .. } => {
                    let scope =
                        TextScope::new(&mut library, contents, &inputs, &content.includes, 0);
                    let (tree, _, _) = Parser::read(text, scope);
                    tree.map_err(|fault| located(fault, text, index, None))?
                }
            };
            parts.push((message.clone(), tree));
        }
        Ok(Self {
            parts,
            inputs,
            includes: content.includes.clone(),
            library,
        })
    }

    /// The messages with every value filled in.
    pub(crate) fn render(&self, given: &Map<String, Value>) -> Result<Vec<Part>, RenderError> {
        let inputs = resolved(&self.inputs, |name| given.get(name).map(Cow::Borrowed))?;
        let mut budget = Budget::new();
        let mut parts = Vec::with_capacity(self.parts.len());
        for (index, (message, tree)) in self.parts.iter().enumerate() {
            parts.push(match message {
                // Nothing that holds one gets here.
                Message::Unknown => return Err(RenderError::plain("declaration", UNKNOWN)),
                Message::Placeholder { name } => Part::Placeholder {
                    name: name.clone(),
                    messages: passed(name, given.get(name), &mut budget)?,
                },
                Message::Message { role, text } => {
                    let mut render =
                        Render::new(&self.library, &mut budget, &inputs, &self.includes);
                    render.nodes(tree).map_err(|failure| match failure.within {
                        None => located(failure.fault, text, index, None),
                        Some((name, source)) => located(failure.fault, &source, index, Some(name)),
                    })?;
                    Part::Message {
                        role: *role,
                        text: render.output,
                    }
                }
            });
        }
        Ok(parts)
    }
}

/// The inputs of a fallback, which declares none: what is passed is what there is.
pub(crate) fn inputs_as_passed(content: &Content, given: &Map<String, Value>) -> Vec<Input> {
    let is_place = |wanted: &str| {
        let mut messages = content.messages.iter();
        messages.any(|message| matches!(message, Message::Placeholder { name } if name == wanted))
    };
    let passed = given.iter().filter(|(name, _)| !is_place(name));
    let input = |(name, value): (&String, &Value)| {
        let kind = values::kind_of(value)?;
        Some(Input {
            name: name.clone(),
            kind,
            required: false,
            default: None,
            description: String::new(),
        })
    };
    passed.filter_map(input).collect()
}

/// Whether a text says nothing.
pub(crate) fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

const UNKNOWN: &str = "this version holds something that this SDK does not know: update it";

/// Whether this SDK knows everything that the content is made of: later versions may have more.
fn is_known(content: &Content) -> bool {
    let message = |message: &Message| match message {
        Message::Message { role, .. } => *role != Role::Unknown,
        Message::Placeholder { .. } => true,
        Message::Unknown => false,
    };
    let mut inputs = content.inputs.iter().flatten();
    content.kind != crate::content::Kind::Unknown
        && content.messages.iter().all(message)
        && inputs.all(|input| input.kind != InputKind::Unknown)
}

fn check_declared(content: &Content, inputs: &[Input]) -> Result<(), RenderError> {
    if !is_known(content) {
        return Err(RenderError::plain("declaration", UNKNOWN));
    }
    let wrong = |name: &str, message: String| Err(RenderError::about(name, "declaration", message));
    let mut seen = BTreeSet::new();
    for input in inputs {
        let name = input.name.as_str();
        if !is_good_name(name) {
            return wrong(name, format!("“{name}” can't name an input"));
        }
        if !seen.insert(name) {
            return wrong(
                name,
                format!("the input {name} is declared twice: remove one"),
            );
        }
        if let Some(default) = &input.default
            && values::kind_of(default) != Some(input.kind)
        {
            return wrong(
                name,
                format!("the default of {name} is not {}", values::named(input.kind)),
            );
        }
    }
    for message in &content.messages {
        if let Message::Placeholder { name } = message
            && (!is_good_name(name) || !seen.insert(name))
        {
            return wrong(
                name,
                format!("the placeholder “{name}” needs a name of its own"),
            );
        }
    }
    let one_message = matches!(content.messages[..], [Message::Message { .. }]);
    if content.kind == crate::content::Kind::Text && !one_message {
        return Err(RenderError::plain(
            "declaration",
            "a text has exactly one message",
        ));
    }
    Ok(())
}

fn is_good_name(name: &str) -> bool {
    let starts = name.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic());
    starts
        && name.len() <= 200
        && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
        && !is_reserved(name)
}

/// An input's value, and whether nobody gave it.
#[derive(Clone, Debug)]
struct Given<'v> {
    value: Cow<'v, Value>,
    left_out: bool,
}

type Values<'v> = BTreeMap<&'v str, Given<'v>>;

fn resolved<'v>(
    inputs: &'v [Input],
    find: impl Fn(&str) -> Option<Cow<'v, Value>>,
) -> Result<Values<'v>, RenderError> {
    let mut values = Values::new();
    for input in inputs {
        let name = input.name.as_str();
        let found = find(name).filter(|value| !value.is_null());
        let left_out = found.is_none() && input.default.is_none();
        let value = match (found, &input.default) {
            (Some(value), _) if values::kind_of(&value) != Some(input.kind) => {
                let (wanted, got) = (values::named(input.kind), values::described(&value));
                let message = format!("the input {name} is {wanted}, but {got} was given");
                return Err(RenderError::about(name, "input_kind", message));
            }
            (Some(value), _) => value,
            (None, Some(default)) => Cow::Borrowed(default),
            (None, None) if input.required => {
                let message = format!("the input {name} is required and was not given");
                return Err(RenderError::about(name, "input_missing", message));
            }
            (None, None) => Cow::Owned(nothing(input.kind)),
        };
        values.insert(name, Given { value, left_out });
    }
    Ok(values)
}

/// What an optional input is when it is left out. A number is written as nothing too.
fn nothing(kind: InputKind) -> Value {
    match kind {
        InputKind::Text | InputKind::Number | InputKind::Unknown => Value::String(String::new()),
        InputKind::Boolean => Value::Bool(false),
        InputKind::List => Value::Array(Vec::new()),
        InputKind::Object => Value::Object(Map::new()),
    }
}

/// The messages that were passed for a placeholder, unchanged.
fn passed(
    name: &str,
    given: Option<&Value>,
    budget: &mut Budget,
) -> Result<Vec<Value>, RenderError> {
    let list = match given {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => {
            let message = format!("{name} takes a list of messages");
            return Err(RenderError::about(name, "input_kind", message));
        }
    };
    for message in list {
        let role = message
            .get("role")
            .cloned()
            .map(serde_json::from_value::<Role>);
        let known = matches!(role, Some(Ok(role)) if role != Role::Unknown);
        if !known || message.get("content").is_none() {
            let message = format!("each message of {name} needs a role and a content");
            return Err(RenderError::about(name, "input_kind", message));
        }
        budget
            .write(message.to_string().len(), 0)
            .map_err(|fault| RenderError::about(name, fault.code, fault.message))?;
    }
    Ok(list.clone())
}

fn located(fault: Fault, source: &str, message: usize, snippet: Option<String>) -> RenderError {
    let before = source.get(..fault.at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let last = before.rsplit('\n').next().unwrap_or_default();
    let place = Place {
        message,
        line,
        column: last.chars().count() + 1,
        snippet,
    };
    RenderError {
        place: Some(place),
        ..RenderError::plain(fault.code, fault.message)
    }
}
