//! A version as readers take it who know `{{ name }}` and nothing else: snippets written out, and a
//! plain word on what can't be said in that form.

use super::place::Locator;
use super::tree::{Base, Node, Operand, Span};
use super::{Code, Fault, Part, Problem, RenderedMessage, Template, index};
use crate::content::InputKind;
use crate::{Digest, limits};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a name means to a plain reader.
#[derive(Clone, Copy)]
enum Meant<'t> {
    /// What the application passes in.
    Given,
    /// A snippet's own default, which its includer can't change.
    Text(&'t str),
    /// The same, in a form that each reader writes in its own way.
    Other,
}

type Scope<'t> = BTreeMap<&'t str, Meant<'t>>;

/// The fault, and in which snippet (its name and text), if in one.
type Wrong<'t> = (Fault, Option<(&'t str, &'t str)>);

impl Template {
    /// The messages with every snippet written out, holding nothing but characters and
    /// `{{ name }}`. What is rendered from them by putting each input's text in its place is what
    /// [`Template::render`] gives for inputs that are texts.
    ///
    /// # Errors
    /// The first thing that such a reader would not understand, with its place: a condition, a
    /// loop, a filter, a path, or braces that are meant as they are written.
    pub fn flat(&self) -> Result<Vec<RenderedMessage>, Problem> {
        let mut messages = Vec::with_capacity(self.parts.len());
        let names = self.inputs.iter().map(|input| input.name.as_str());
        let scope: Scope<'_> = names.map(|name| (name, Meant::Given)).collect();
        for (number, part) in self.parts.iter().enumerate() {
            messages.push(match part {
                Part::Placeholder { name } => RenderedMessage::Placeholder {
                    name: name.clone(),
                    messages: Vec::new(),
                },
                Part::Text { role, source, tree } => {
                    let mut text = String::new();
                    let written = self.write(tree, (&self.includes, &scope), 0, &mut text);
                    written.map_err(|(fault, within)| match within {
                        None => fault.located(&mut Locator::new(source), index(number)),
                        Some((name, source)) => {
                            let mut problem =
                                fault.located(&mut Locator::new(source), index(number));
                            if let Some(place) = &mut problem.place {
                                place.snippet = Some(name.to_owned());
                            }
                            problem
                        }
                    })?;
                    RenderedMessage::Message { role: *role, text }
                }
            });
        }
        Ok(messages)
    }

    fn write<'t>(
        &'t self,
        nodes: &'t [Node],
        (includes, scope): (&'t BTreeMap<String, Digest>, &Scope<'t>),
        depth: usize,
        text: &mut String,
    ) -> Result<(), Wrong<'t>> {
        for node in nodes {
            match node {
                Node::Text(characters) => {
                    // Braces that were written as text would be taken for an input.
                    if characters.contains("{{") {
                        return Err((logic("double braces that are not an input", &(0..0)), None));
                    }
                    text.push_str(characters);
                }
                Node::Print(operand) => {
                    let name = plain_name(operand).map_err(|fault| (fault, None))?;
                    match scope.get(name) {
                        Some(Meant::Text(constant)) if !constant.contains("{{") => {
                            text.push_str(constant);
                        }
                        Some(Meant::Text(_) | Meant::Other) => {
                            let what = "a snippet's own value that is no plain text";
                            return Err((logic(what, &operand.span), None));
                        }
                        Some(Meant::Given) | None => {
                            text.push_str("{{");
                            text.push_str(name);
                            text.push_str("}}");
                        }
                    }
                }
                Node::If { branches, .. } => {
                    let span = branches
                        .first()
                        .map_or(0..0, |(condition, _)| condition.span());
                    return Err((logic("a condition ({% if %})", &span), None));
                }
                Node::For { span, .. } => {
                    return Err((logic("a loop ({% for %})", span), None));
                }
                Node::Include { name, span } => {
                    let snippet = includes
                        .get(name)
                        .and_then(|digest| self.snippets.get(digest))
                        .filter(|_| depth < limits::INCLUDE_DEPTH)
                        .ok_or_else(|| {
                            let words = format!("there is no snippet “{name}” to include");
                            (Fault::new(Code::IncludeMissing, words, span.clone()), None)
                        })?;
                    let inner = snippet.inputs.iter().map(|input| {
                        let outer = scope.get(input.name.as_str());
                        let own = || match (&input.default, input.kind) {
                            (Some(Value::String(text)), _) => Meant::Text(text),
                            (None, InputKind::Text) => Meant::Text(""),
                            _ => Meant::Other,
                        };
                        (input.name.as_str(), outer.copied().unwrap_or_else(own))
                    });
                    let inner: Scope<'_> = inner.collect();
                    self.write(&snippet.tree, (&snippet.includes, &inner), depth + 1, text)
                        .map_err(|(fault, within)| {
                            (
                                fault,
                                within.or(Some((name.as_str(), snippet.source.as_str()))),
                            )
                        })?;
                }
            }
            if text.len() > limits::RENDERED_BYTES {
                let words = "with its snippets written out, the text is too large";
                return Err((Fault::new(Code::TooLarge, words, 0..0), None));
            }
        }
        Ok(())
    }
}

fn plain_name(operand: &Operand) -> Result<&str, Fault> {
    match &operand.base {
        Base::Path(path) if operand.filters.is_empty() && path.fields.is_empty() => Ok(&path.root),
        Base::Path(path) if operand.filters.is_empty() => Err(logic(
            &format!("a path into an input ({})", path.written()),
            &operand.span,
        )),
        Base::Literal(_) if operand.filters.is_empty() => {
            Err(logic("a value written in braces", &operand.span))
        }
        _ => Err(logic("a filter", &operand.span)),
    }
}

fn logic(what: &str, span: &Span) -> Fault {
    Fault::new(
        Code::NotAllowed,
        format!("this template has {what}; readers that only know {{{{ name }}}} can't take it"),
        span.clone(),
    )
}
