//! What a text uses, for an editor's highlights and for the list of who depends on a snippet.

use super::parse;
use super::place::{Locator, Place};
use super::tree::{Base, Condition, Node, Operand, Path, Span};
use serde::{Deserialize, Serialize};

/// The names in one text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Uses {
    /// Names that must be inputs, in the order of the text.
    pub inputs: Vec<Use>,
    /// Snippets that it includes.
    pub includes: Vec<Use>,
}

/// One name where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Use {
    /// The input's name without its fields, or the snippet's name.
    pub name: String,
    /// Where: the whole path, or the whole include tag. The message number is 0.
    pub place: Place,
}

/// What `text` uses. A text that can't be read whole gives what could be read.
#[must_use]
pub fn uses(text: &str) -> Uses {
    let parsed = parse::text(text);
    let mut found = Found {
        inputs: Vec::new(),
        includes: Vec::new(),
        loops: Vec::new(),
    };
    found.nodes(&parsed.tree);
    let place_all = |mut list: Vec<(String, Span)>| {
        list.sort_by_key(|(_, span)| span.start);
        let mut locator = Locator::new(text);
        list.into_iter()
            .map(|(name, span)| Use {
                name,
                place: locator.place(0, &span),
            })
            .collect::<Vec<_>>()
    };
    let inputs = place_all(found.inputs);
    Uses {
        inputs,
        includes: place_all(found.includes),
    }
}

struct Found<'t> {
    inputs: Vec<(String, Span)>,
    includes: Vec<(String, Span)>,
    loops: Vec<&'t str>,
}

impl<'t> Found<'t> {
    fn nodes(&mut self, nodes: &'t [Node]) {
        for node in nodes {
            match node {
                Node::Text(_) => {}
                Node::Print(operand) => self.operand(operand),
                Node::If {
                    branches,
                    otherwise,
                } => {
                    for (condition, body) in branches {
                        self.condition(condition);
                        self.nodes(body);
                    }
                    self.nodes(otherwise);
                }
                Node::For {
                    variable,
                    list,
                    body,
                    otherwise,
                    ..
                } => {
                    self.path(list);
                    self.loops.push(variable);
                    self.nodes(body);
                    self.loops.pop();
                    self.nodes(otherwise);
                }
                Node::Include { name, span } => self.includes.push((name.clone(), span.clone())),
            }
        }
    }

    fn path(&mut self, path: &Path) {
        let root = path.root.as_str();
        let of_a_loop = root == "loop" && !self.loops.is_empty();
        if !root.is_empty() && !of_a_loop && !self.loops.contains(&root) {
            self.inputs.push((path.root.clone(), path.span.clone()));
        }
    }

    fn base(&mut self, base: &Base) {
        if let Base::Path(path) = base {
            self.path(path);
        }
    }

    fn operand(&mut self, operand: &Operand) {
        self.base(&operand.base);
        for argument in operand
            .filters
            .iter()
            .filter_map(|filter| filter.argument.as_ref())
        {
            self.base(argument);
        }
    }

    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::Holds(operand) => self.operand(operand),
            Condition::Defined(path) => self.path(path),
            Condition::Not(inner) => self.condition(inner),
            Condition::And(left, right) | Condition::Or(left, right) => {
                self.condition(left);
                self.condition(right);
            }
            Condition::Compare(left, _, right, _) => {
                self.operand(left);
                self.operand(right);
            }
        }
    }
}
