//! The snippets that a version includes, each read once however often it is included.

use super::parse::{Parser, Scope};
use super::render::INCLUDE_DEPTH;
use super::tokens::Fault;
use super::tree::Node;
use super::values::named;
use super::{Contents, UNKNOWN, is_known};
use crate::content::{Content, Input, InputKind, Kind, Message};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An included text.
#[derive(Debug)]
pub(super) struct Snippet {
    pub(super) source: String,
    pub(super) tree: Vec<Node>,
    pub(super) inputs: Vec<Input>,
    pub(super) includes: BTreeMap<String, String>,
    /// How many includes deep it goes on.
    reach: usize,
    /// How many loops deep it goes.
    loops: usize,
    fault: Option<Fault>,
}

/// The snippets that came with a version, by digest.
#[derive(Debug, Default)]
pub(super) struct Library {
    known: BTreeMap<String, Arc<Snippet>>,
}

impl Library {
    pub(super) fn snippet(&self, digest: &str) -> Option<&Arc<Snippet>> {
        self.known.get(digest)
    }
}

/// What names mean in one text: its inputs, and the snippets that it includes.
pub(super) struct TextScope<'s> {
    library: &'s mut Library,
    contents: &'s Contents,
    inputs: &'s [Input],
    includes: &'s BTreeMap<String, String>,
    /// How many includes led here.
    depth: usize,
    /// How many includes deep the text goes on.
    reach: usize,
}

impl<'s> TextScope<'s> {
    pub(super) fn new(
        library: &'s mut Library,
        contents: &'s Contents,
        inputs: &'s [Input],
        includes: &'s BTreeMap<String, String>,
        depth: usize,
    ) -> Self {
        Self {
            library,
            contents,
            inputs,
            includes,
            depth,
            reach: 0,
        }
    }

    fn learn(&mut self, digest: &str, name: &str, at: usize) -> Result<Arc<Snippet>, Fault> {
        if let Some(known) = self.library.known.get(digest) {
            return Ok(Arc::clone(known));
        }
        let missing = |message: String| Fault::new("include_missing", message, at);
        let content = self.contents.get(digest);
        let content =
            content.ok_or_else(|| missing(format!("there is no snippet “{name}” to include")))?;
        let source = text_of(content).ok_or_else(|| {
            missing(format!(
                "“{name}” is a conversation: only a text can be included"
            ))
        })?;
        if !is_known(content) {
            return Err(missing(format!("in the snippet “{name}”: {UNKNOWN}")));
        }
        let inputs = content.inputs.clone().unwrap_or_default();
        let scope = TextScope::new(
            self.library,
            self.contents,
            &inputs,
            &content.includes,
            self.depth + 1,
        );
        let (read, scope, loops) = Parser::read(source, scope);
        let reach = scope.reach;
        let (tree, fault) = match read {
            Ok(tree) => (tree, None),
            Err(fault) => (Vec::new(), Some(fault)),
        };
        let snippet = Arc::new(Snippet {
            source: source.to_owned(),
            tree,
            includes: content.includes.clone(),
            reach,
            loops,
            fault,
            inputs,
        });
        self.library
            .known
            .insert(digest.to_owned(), Arc::clone(&snippet));
        Ok(snippet)
    }
}

/// The one text of a snippet, if the content can be included at all.
fn text_of(content: &Content) -> Option<&str> {
    match (content.kind, &content.messages[..]) {
        (Kind::Text, [Message::Message { text, .. }]) => Some(text),
        _ => None,
    }
}

impl Scope for TextScope<'_> {
    fn kind(&self, name: &str) -> Option<InputKind> {
        let found = self.inputs.iter().find(|input| input.name == name);
        found.map(|input| input.kind)
    }

    fn include(&mut self, name: &str, loops: usize, at: usize) -> Result<usize, Fault> {
        let refuse = |code, message: String| Err(Fault::new(code, message, at));
        let too_deep = || format!("snippets include one another more than {INCLUDE_DEPTH} deep");
        let Some(digest) = self.includes.get(name) else {
            return refuse(
                "include_missing",
                format!("there is no snippet “{name}” to include"),
            );
        };
        if self.depth >= INCLUDE_DEPTH {
            return refuse("too_deep", too_deep());
        }
        let snippet = self.learn(digest, name, at)?;
        for wanted in &snippet.inputs {
            match self.kind(&wanted.name) {
                None if wanted.required && wanted.default.is_none() => {
                    let wanted = &wanted.name;
                    let message = format!(
                        "the snippet “{name}” needs the input “{wanted}”: declare it here too"
                    );
                    return refuse("include_input", message);
                }
                Some(given) if given != wanted.kind => {
                    let (takes, here) = (named(wanted.kind), named(given));
                    let message = format!(
                        "the snippet “{name}” takes {} as {takes}; here it is {here}",
                        wanted.name
                    );
                    return refuse("include_input", message);
                }
                _ => {}
            }
        }
        if let Some(fault) = &snippet.fault {
            return refuse(
                fault.code,
                format!("the snippet “{name}” can't be used: {}", fault.message),
            );
        }
        if loops + snippet.loops > 2 {
            let message = format!("loops can be two deep, counting those of the snippet “{name}”");
            return refuse("too_deep", message);
        }
        if self.depth + 1 + snippet.reach > INCLUDE_DEPTH {
            return refuse("too_deep", too_deep());
        }
        self.reach = self.reach.max(1 + snippet.reach);
        Ok(snippet.loops)
    }
}
