//! Fills a checked template in.
//!
//! `null` counts as not there, at every depth: as an input, as a field, as an item.

mod evaluate;

use super::output::Budget;
use super::place::Locator;
use super::tree::{Node, Span};
use super::values::{self, Values};
use super::{Code, Fault, Part, Problem, Rendered, RenderedMessage, Snippet, Template, index};
use crate::content::Role;
use crate::limits;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub(super) fn template(
    template: &Template,
    given: &Map<String, Value>,
) -> Result<Rendered, Problem> {
    let inputs = values::from_caller(&template.inputs, given)?;
    let mut budget = Budget::new();
    let mut messages = Vec::with_capacity(template.parts.len());
    for (number, part) in template.parts.iter().enumerate() {
        let number = index(number);
        messages.push(match part {
            Part::Placeholder { name } => {
                let messages = passed(name, given, &mut budget)?;
                RenderedMessage::Placeholder {
                    name: name.clone(),
                    messages,
                }
            }
            Part::Text { role, source, tree } => {
                let mut render = Render {
                    template,
                    budget: &mut budget,
                    inputs: &inputs,
                    includes: &template.includes,
                    loops: Vec::new(),
                    depth: 0,
                    output: String::new(),
                };
                render
                    .nodes(tree)
                    .map_err(|Failure { fault, within }| match within {
                        None => fault.located(&mut Locator::new(source), number),
                        Some((name, source)) => {
                            let mut problem = fault.located(&mut Locator::new(&source), number);
                            if let Some(place) = &mut problem.place {
                                place.snippet = Some(name);
                            }
                            problem
                        }
                    })?;
                RenderedMessage::Message {
                    role: *role,
                    text: render.output,
                }
            }
        });
    }
    Ok(Rendered { messages })
}

/// The messages that were passed for a placeholder.
fn passed(
    name: &str,
    given: &Map<String, Value>,
    budget: &mut Budget,
) -> Result<Vec<Value>, Problem> {
    let wrong = |message: String| Problem::about(name, Code::InputKind, message);
    let list = match given.get(name) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(wrong(format!("{name} takes a list of messages"))),
    };
    for message in list {
        let role = message.get("role").map(Role::deserialize);
        if !matches!(role, Some(Ok(_))) || message.get("content").is_none() {
            return Err(wrong(format!(
                "each message of {name} needs a role and a content"
            )));
        }
        let bytes =
            serde_json::to_string(message).map_or(limits::RENDERED_BYTES, |json| json.len());
        budget
            .write(bytes, &(0..0))
            .map_err(|fault| Problem::about(name, fault.code, fault.message))?;
    }
    Ok(list.clone())
}

/// What went wrong, and in which snippet (its name and text), if in one.
struct Failure {
    fault: Fault,
    within: Option<(String, String)>,
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self {
            fault,
            within: None,
        }
    }
}

/// One text being written.
struct Render<'r, 'v> {
    template: &'v Template,
    budget: &'r mut Budget,
    inputs: &'r Values<'v>,
    includes: &'v BTreeMap<String, crate::Digest>,
    loops: Vec<Loop<'v>>,
    depth: usize,
    output: String,
}

/// A loop that is running.
struct Loop<'v> {
    variable: &'v str,
    item: Value,
    index: usize,
    count: usize,
}

impl<'v> Render<'_, 'v> {
    fn write(&mut self, text: &str, span: &Span) -> Result<(), Fault> {
        self.budget.write(text.len(), span)?;
        self.output.push_str(text);
        Ok(())
    }

    fn nodes(&mut self, nodes: &'v [Node]) -> Result<(), Failure> {
        for node in nodes {
            match node {
                Node::Text(text) => self.write(text, &(0..0))?,
                Node::Print(operand) => {
                    let text = self.printed(operand)?;
                    self.write(&text, &operand.span)?;
                }
                Node::If {
                    branches,
                    otherwise,
                } => {
                    let mut chosen = otherwise;
                    for (condition, body) in branches {
                        if self.holds(condition)? {
                            chosen = body;
                            break;
                        }
                    }
                    self.nodes(chosen)?;
                }
                Node::For {
                    variable,
                    list,
                    body,
                    otherwise,
                    span,
                } => {
                    let items = self.items(list)?;
                    if items.is_empty() {
                        self.nodes(otherwise)?;
                    }
                    let count = items.len();
                    for (index, item) in items.into_iter().enumerate() {
                        self.budget.step(0, span)?;
                        self.loops.push(Loop {
                            variable,
                            item,
                            index,
                            count,
                        });
                        let written = self.nodes(body);
                        self.loops.pop();
                        written?;
                    }
                }
                Node::Include { name, span } => self.include(name, span)?,
            }
        }
        Ok(())
    }

    fn include(&mut self, name: &str, span: &Span) -> Result<(), Failure> {
        self.budget.step(0, span)?;
        let missing = || {
            let message = format!("there is no snippet “{name}” to include");
            Fault::new(Code::IncludeMissing, message, span.clone())
        };
        if self.depth >= limits::INCLUDE_DEPTH {
            return Err(Fault::new(
                Code::TooDeep,
                "snippets include one another too deeply",
                span.clone(),
            )
            .into());
        }
        let template: &'v Template = self.template;
        let digest = self.includes.get(name).ok_or_else(missing)?;
        let Snippet {
            source,
            tree,
            inputs,
            includes,
        } = template.snippets.get(digest).ok_or_else(missing)?;
        let inputs = values::from_includer(inputs, self.inputs).map_err(|problem| {
            let message = format!("in the snippet “{name}”: {}", problem.message);
            Fault::new(problem.code, message, span.clone())
        })?;
        let mut inner = Render {
            template,
            budget: self.budget,
            inputs: &inputs,
            includes,
            loops: Vec::new(),
            depth: self.depth + 1,
            output: std::mem::take(&mut self.output),
        };
        let written = inner.nodes(tree);
        self.output = inner.output;
        written.map_err(|failure| Failure {
            within: failure
                .within
                .or_else(|| Some((name.to_owned(), source.clone()))),
            fault: failure.fault,
        })
    }
}
