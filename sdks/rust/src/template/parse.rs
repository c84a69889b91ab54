//! Reads the template language from tokens into a tree, and holds it to the declared inputs.
//!
//! The registry checks a version when it is saved; this checks again, so that an application never
//! sends what it could not have tested. It stops at the first thing that is wrong.

mod conditions;
mod known;
mod operands;

use super::tokens::{Fault, Kind, Token, cut};
use super::tree::{Base, Node, Operand, Path};
use super::values::named;
use crate::content::InputKind;

/// How deep blocks, brackets and `not` may nest.
const DEPTH: usize = 32;
/// Parts that a condition, a path or a chain of filters may have.
const PARTS: usize = 100;
/// Loops inside loops.
const LOOPS: usize = 2;
const NO_SUMS: &str =
    "calculations are not part of the template language: let the application pass the result";
const LOOP_FORM: &str = "a loop is written {% for item in items %}";
const INCLUDE_FORM: &str =
    "an include names one snippet in quotes: {% include \"snippets/tone\" %}";
const WORDS: &[&str] = &["and", "or", "not", "in", "is", "if", "else"];
const CONSTANTS: &[&str] = &[
    "true", "True", "false", "False", "none", "None", "loop", "self",
];
const LEFT_OUT: &[&str] = &[
    "set",
    "macro",
    "call",
    "import",
    "from",
    "extends",
    "block",
    "with",
    "filter",
    "autoescape",
    "do",
    "break",
    "continue",
    "trans",
];

/// Words that can't name an input or a loop's variable.
pub(super) fn is_reserved(name: &str) -> bool {
    WORDS.contains(&name) || CONSTANTS.contains(&name)
}

/// What names mean in a text, and what an include of a snippet brings with it.
pub(super) trait Scope {
    fn kind(&self, name: &str) -> Option<InputKind>;
    /// How many loops deep the included snippet goes.
    fn include(&mut self, name: &str, loops: usize, at: usize) -> Result<usize, Fault>;
}

/// What a body ended with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Elif,
    Else,
    Close,
    Text,
}

/// Reads one text.
pub(super) struct Parser<'t, S> {
    tokens: Vec<Token<'t>>,
    at: usize,
    scope: S,
    loops: Vec<String>,
    open: Vec<(&'static str, usize)>,
    /// How many loops deep the text goes, counting those of its snippets.
    deepest: usize,
}

impl<'t, S: Scope> Parser<'t, S> {
    /// The tree of a text, and how many loops deep it goes.
    pub(super) fn read(text: &'t str, scope: S) -> (Result<Vec<Node>, Fault>, S, usize) {
        let mut parser = Self {
            tokens: cut(text),
            at: 0,
            scope,
            loops: Vec::new(),
            open: Vec::new(),
            deepest: 0,
        };
        let read = parser.body().map(|(nodes, _)| nodes);
        (read, parser.scope, parser.deepest)
    }

    // Tokens

    fn token(&self) -> Result<&Token<'t>, Fault> {
        // The list ends with `End`, behind which nobody reads.
        let last = self.tokens.len().saturating_sub(1);
        match self.tokens.get(self.at.min(last)) {
            Some(Token {
                kind: Kind::Bad(fault),
                ..
            }) => Err(fault.clone()),
            Some(token) => Ok(token),
            None => Err(Fault::new("syntax", "this template can't be read", 0)),
        }
    }

    fn kind(&self) -> Result<&Kind<'t>, Fault> {
        self.token().map(|token| &token.kind)
    }

    fn start(&self) -> Result<usize, Fault> {
        self.token().map(|token| token.start)
    }

    fn is_op(&self, operators: &[&str]) -> Result<bool, Fault> {
        Ok(matches!(self.kind()?, Kind::Op(op) if operators.contains(op)))
    }

    fn is_word(&self, words: &[&str]) -> Result<bool, Fault> {
        Ok(matches!(self.kind()?, Kind::Name(name) if words.contains(name)))
    }

    fn take_word(&mut self, word: &str) -> Result<bool, Fault> {
        let found = self.is_word(&[word])?;
        self.at += usize::from(found);
        Ok(found)
    }

    fn is_tag_end(&self) -> Result<bool, Fault> {
        Ok(matches!(self.kind()?, Kind::TagEnd | Kind::End))
    }

    fn refuse<T>(&self, message: impl Into<String>) -> Result<T, Fault> {
        Err(Fault::new("not_allowed", message, self.start()?))
    }

    fn expected<T>(&self, message: impl Into<String>) -> Result<T, Fault> {
        Err(Fault::new("syntax", message, self.start()?))
    }

    /// The tag's end must come next; `start` is where the tag or bracket began.
    fn close(&mut self, end: &str, start: usize) -> Result<(), Fault> {
        let fits = match self.kind()? {
            Kind::PrintEnd => end == "}}",
            Kind::TagEnd => end == "%}",
            Kind::Op(op) => *op == end,
            Kind::End => {
                return Err(Fault::new(
                    "syntax",
                    format!("this is not closed: add {end}"),
                    start,
                ));
            }
            _ => false,
        };
        if fits {
            self.at += 1;
            return Ok(());
        }
        if self.is_op(&["+", "-", "*", "/", "//", "**", "%"])? {
            return self.refuse(NO_SUMS);
        }
        if self.is_op(&["~"])? {
            return self.refuse("~ is not part of the template language");
        }
        if self.is_word(&["if", "is", "and", "or", "not", "in"])?
            || self.is_op(conditions::OPERATORS)?
        {
            return self.refuse("a comparison or a condition stands in an {% if %}");
        }
        if self.is_op(&["="])? {
            return self.expected("two equals signs compare: ==");
        }
        self.expected(format!("{end} is expected here"))
    }

    // Texts and tags

    fn body(&mut self) -> Result<(Vec<Node>, Ending), Fault> {
        let mut nodes = Vec::new();
        loop {
            let Token { kind, start } = self.token()?.clone();
            self.at += 1;
            match kind {
                Kind::End => match self.open.last() {
                    Some((word, at)) => return Err(unclosed(word, *at)),
                    None => return Ok((nodes, Ending::Text)),
                },
                Kind::Text(text) => nodes.push(Node::Text(text.to_owned())),
                Kind::PrintStart => nodes.push(self.print(start)?),
                Kind::TagStart => {
                    if let Some(ending) = self.tag(start, &mut nodes)? {
                        return Ok((nodes, ending));
                    }
                }
                _ => return Err(Fault::new("syntax", "this tag can't be read", start)),
            }
        }
    }

    fn print(&mut self, start: usize) -> Result<Node, Fault> {
        let operand = self.operand()?;
        self.close("}}", start)?;
        if let Some(kind @ (InputKind::List | InputKind::Object)) = self.check(&operand)? {
            let message = format!(
                "{} can't be written as it is: name a field, use join or tojson",
                named(kind)
            );
            return Err(Fault::new("wrong_kind", message, start));
        }
        Ok(Node::Print(Operand {
            at: start,
            ..operand
        }))
    }

    fn tag(&mut self, start: usize, nodes: &mut Vec<Node>) -> Result<Option<Ending>, Fault> {
        let Kind::Name(word) = *self.kind()? else {
            let message = "a tag begins with if, for or include, as in {% if name %}";
            return Err(Fault::new("syntax", message, start));
        };
        self.at += 1;
        match word {
            "if" => nodes.push(self.nested("if", start, Self::if_block)?),
            "for" => nodes.push(self.nested("for", start, Self::for_block)?),
            "include" => nodes.push(self.include(start)?),
            "else" | "elif" | "endif" | "endfor" => return self.ending(word, start).map(Some),
            _ if LEFT_OUT.contains(&word) => {
                let message = format!("{{% {word} %}} is not part of the template language");
                return Err(Fault::new("not_allowed", message, start));
            }
            _ => {
                let message = format!("there is no tag “{word}”; there are if, for and include");
                return Err(Fault::new("syntax", message, start));
            }
        }
        Ok(None)
    }

    fn nested(
        &mut self,
        word: &'static str,
        start: usize,
        read: impl FnOnce(&mut Self, usize) -> Result<Node, Fault>,
    ) -> Result<Node, Fault> {
        if self.open.len() >= DEPTH {
            return Err(too_deep(start));
        }
        self.open.push((word, start));
        let node = read(self, start)?;
        self.open.pop();
        Ok(node)
    }

    fn ending(&self, word: &str, start: usize) -> Result<Ending, Fault> {
        let closes = |open: &str| match word {
            "else" => true,
            "endfor" => open == "for",
            _ => open == "if",
        };
        match self.open.last() {
            Some((open, _)) if closes(open) => Ok(match word {
                "elif" => Ending::Elif,
                "else" => Ending::Else,
                _ => Ending::Close,
            }),
            Some((open, at)) if self.open.iter().any(|(open, _)| closes(open)) => {
                Err(unclosed(open, *at))
            }
            _ => {
                let message =
                    format!("this {{% {word} %}} belongs to nothing before it: remove it");
                Err(Fault::new("syntax", message, start))
            }
        }
    }

    fn if_block(&mut self, start: usize) -> Result<Node, Fault> {
        let mut branches = Vec::new();
        loop {
            let condition = self.condition()?;
            self.close("%}", start)?;
            self.check_condition(&condition)?;
            let (body, ending) = self.body()?;
            branches.push((condition, body));
            if ending != Ending::Elif {
                let otherwise = self.last_body(ending, start)?;
                return Ok(Node::If {
                    branches,
                    otherwise,
                });
            }
        }
    }

    fn for_block(&mut self, start: usize) -> Result<Node, Fault> {
        let (variable, items) = self.for_head()?;
        self.close("%}", start)?;
        if self.loops.len() >= LOOPS {
            return Err(Fault::new(
                "too_deep",
                "loops can be two deep, not deeper",
                start,
            ));
        }
        if self.scope.kind(&variable).is_some() || self.loops.contains(&variable) {
            let message = format!(
                "{variable} means something already: give the loop's variable another name"
            );
            return Err(Fault::new("not_allowed", message, start));
        }
        if let Some(kind) = self.check_path(&items)?
            && kind != InputKind::List
        {
            let message = format!(
                "{} is {}: a loop runs over a list",
                items.written(),
                named(kind)
            );
            return Err(Fault::new("wrong_kind", message, items.at));
        }
        self.loops.push(variable.clone());
        self.deepest = self.deepest.max(self.loops.len());
        let (body, ending) = self.body()?;
        self.loops.pop();
        Ok(Node::For {
            variable,
            items,
            body,
            otherwise: self.last_body(ending, start)?,
            at: start,
        })
    }

    fn for_head(&mut self) -> Result<(String, Path), Fault> {
        let variable = match self.kind()? {
            Kind::Name(name) if !is_reserved(name) => (*name).to_owned(),
            _ => return self.expected(LOOP_FORM),
        };
        self.at += 1;
        if self.is_op(&[","])? {
            return self.refuse("a loop has one variable: {% for item in items %}");
        }
        if !self.take_word("in")? {
            return self.expected(LOOP_FORM);
        }
        let items = self.operand()?;
        if self.is_word(&["if"])? {
            return self.refuse("a loop can't choose among its items: put {% if %} inside it");
        }
        if self.is_word(&["recursive"])? {
            return self.refuse("loops can't be recursive");
        }
        match items {
            Operand {
                base: Base::Path(path),
                filters,
                ..
            } if filters.is_empty() => Ok((variable, path)),
            Operand { at, .. } => {
                let message = "a loop runs over an input that is a list, by its plain name or path";
                Err(Fault::new("not_allowed", message, at))
            }
        }
    }

    /// What follows `else`, if that is how the body before ended; and the block's own end.
    fn last_body(&mut self, ending: Ending, start: usize) -> Result<Vec<Node>, Fault> {
        let mut nodes = Vec::new();
        if ending == Ending::Else {
            self.close("%}", start)?;
            let (read, last) = self.body()?;
            nodes = read;
            if last != Ending::Close {
                // The tag's opening stands before its word, behind which we are.
                let opening = self.at.checked_sub(2).and_then(|at| self.tokens.get(at));
                let at = opening.map_or(start, |token| token.start);
                let message = "nothing but the block's end can follow {% else %}";
                return Err(Fault::new("syntax", message, at));
            }
        }
        self.close("%}", start)?;
        Ok(nodes)
    }

    fn include(&mut self, start: usize) -> Result<Node, Fault> {
        let name = match self.kind()? {
            Kind::Quoted(name) => name.clone(),
            Kind::TagEnd | Kind::End => return self.expected(INCLUDE_FORM),
            _ => return self.refuse(INCLUDE_FORM),
        };
        self.at += 1;
        if !self.is_tag_end()? {
            return self.refuse(INCLUDE_FORM);
        }
        self.close("%}", start)?;
        let loops = self.scope.include(&name, self.loops.len(), start)?;
        self.deepest = self.deepest.max(self.loops.len() + loops);
        Ok(Node::Include { name, at: start })
    }
}

fn unclosed(word: &str, at: usize) -> Fault {
    let message = format!("this {{% {word} %}} is not closed: add {{% end{word} %}}");
    Fault::new("syntax", message, at)
}

fn too_deep(at: usize) -> Fault {
    let message = format!("this is nested more than {DEPTH} deep: take it apart");
    Fault::new("too_deep", message, at)
}
