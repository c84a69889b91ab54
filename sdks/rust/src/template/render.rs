//! Fills a checked text in.
//!
//! `null` counts as not there, at every depth: as an input, as a field, as an item.

mod evaluate;

use super::snippets::Library;
use super::tokens::Fault;
use super::tree::Node;
use super::{Values, resolved};
use serde_json::Value;
use std::collections::BTreeMap;

const RENDERED_BYTES: usize = 1 << 20;
const RENDER_STEPS: usize = 1_000_000;
pub(super) const INCLUDE_DEPTH: usize = 8;

/// What bounds a rendering: bytes, counted while they are written, and steps.
pub(super) struct Budget {
    bytes: usize,
    steps: usize,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self {
            bytes: RENDERED_BYTES,
            steps: RENDER_STEPS,
        }
    }

    /// One piece of work; bytes that are looked at on the way cost too.
    fn step(&mut self, bytes: usize, at: usize) -> Result<(), Fault> {
        let Some(left) = self.steps.checked_sub(1 + bytes / 64) else {
            let message = "this template repeats too much: shorten its lists or its loops";
            return Err(Fault::new("too_long", message, at));
        };
        self.steps = left;
        Ok(())
    }

    /// Room for so many bytes more of output.
    pub(super) fn write(&mut self, bytes: usize, at: usize) -> Result<(), Fault> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or_else(|| too_large(at))?;
        Ok(())
    }
}

fn too_large(at: usize) -> Fault {
    let message = format!(
        "the finished text is larger than {} KiB",
        RENDERED_BYTES >> 10
    );
    Fault::new("too_large", message, at)
}

/// What went wrong, and in which snippet (its name and text), if in one.
pub(super) struct Failure {
    pub(super) fault: Fault,
    pub(super) within: Option<(String, String)>,
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self {
            fault,
            within: None,
        }
    }
}

/// A loop that is running.
struct Loop<'v> {
    variable: &'v str,
    item: Value,
    index: usize,
    count: usize,
}

/// One text being written.
pub(super) struct Render<'r, 'v> {
    pub(super) output: String,
    library: &'v Library,
    budget: &'r mut Budget,
    inputs: &'r Values<'v>,
    includes: &'v BTreeMap<String, String>,
    loops: Vec<Loop<'v>>,
}

impl<'r, 'v> Render<'r, 'v> {
    pub(super) fn new(
        library: &'v Library,
        budget: &'r mut Budget,
        inputs: &'r Values<'v>,
        includes: &'v BTreeMap<String, String>,
    ) -> Self {
        Self {
            output: String::new(),
            library,
            budget,
            inputs,
            includes,
            loops: Vec::new(),
        }
    }

    fn write(&mut self, text: &str, at: usize) -> Result<(), Fault> {
        self.budget.write(text.len(), at)?;
        self.output.push_str(text);
        Ok(())
    }

    pub(super) fn nodes(&mut self, nodes: &'v [Node]) -> Result<(), Failure> {
        for node in nodes {
            match node {
                Node::Text(text) => self.write(text, 0)?,
                Node::Print(operand) => {
                    let text = self.printed(operand)?;
                    self.write(&text, operand.at)?;
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
                    items,
                    body,
                    otherwise,
                    at,
                } => {
                    let items = self.items(items)?;
                    if items.is_empty() {
                        self.nodes(otherwise)?;
                    }
                    let count = items.len();
                    for (index, item) in items.into_iter().enumerate() {
                        self.budget.step(0, *at)?;
                        self.loops.push(Loop {
                            variable,
                            item,
                            index,
                            count,
                        });
                        self.nodes(body)?;
                        self.loops.pop();
                    }
                }
                Node::Include { name, at } => self.include(name, *at)?,
            }
        }
        Ok(())
    }

    fn include(&mut self, name: &str, at: usize) -> Result<(), Failure> {
        self.budget.step(0, at)?;
        let library = self.library;
        let snippet = self
            .includes
            .get(name)
            .and_then(|digest| library.snippet(digest));
        let Some(snippet) = snippet else {
            let message = format!("there is no snippet “{name}” to include");
            return Err(Fault::new("include_missing", message, at).into());
        };
        let around = |name: &str| {
            let given = self.inputs.get(name).filter(|given| !given.left_out);
            given.map(|given| given.value.clone())
        };
        let inputs = resolved(&snippet.inputs, around).map_err(|error| {
            let message = format!("in the snippet “{name}”: {}", error.message);
            Fault::new(error.code, message, at)
        })?;
        let mut inner = Render::new(library, self.budget, &inputs, &snippet.includes);
        let written = inner.nodes(&snippet.tree);
        let text = inner.output;
        self.output.push_str(&text);
        written.map_err(|failure| Failure {
            within: failure
                .within
                .or_else(|| Some((name.to_owned(), snippet.source.clone()))),
            fault: failure.fault,
        })
    }
}
