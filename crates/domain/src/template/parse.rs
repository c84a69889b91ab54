//! Reads the subset from tokens into a [`tree`](super::tree).
//!
//! It goes on after a mistake, so that an editor can mark all of them, and says each in words for
//! a person who writes prompts: what stands there and what could stand there instead.

mod blocks;
mod expressions;

pub(super) use expressions::is_reserved;

use super::tree::{Node, Span};
use super::{Code, Fault, tokens};
use minijinja::machinery::Token;

/// How deep blocks, brackets and `not` may nest. Keeps every recursion over a tree shallow.
const DEPTH: usize = 32;
/// Parts that one condition may have, joined by `and` and `or`.
const PARTS: usize = 100;
/// Problems told of one text; whoever has more has something else in mind.
const PROBLEMS: usize = 100;

/// A text, read.
pub(super) struct Parsed {
    pub(super) tree: Vec<Node>,
    /// In the order of the text. When there are any, `tree` is what could be made of the rest.
    pub(super) faults: Vec<Fault>,
}

pub(super) fn text(text: &str) -> Parsed {
    let tokens::Tokens { list, stopped } = tokens::cut(text);
    let cut_short = stopped.is_some();
    let mut parser = Parser {
        tokens: list,
        at: 0,
        end: text.len(),
        cut_short,
        faults: Vec::new(),
        open: Vec::new(),
        depth: 0,
    };
    let tree = parser.document();
    let mut faults = parser.faults;
    faults.extend(stopped);
    faults.sort_by_key(|fault| fault.span.start);
    faults.truncate(PROBLEMS);
    Parsed { tree, faults }
}

/// A block that waits for its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    If,
    For,
}

struct Parser<'a> {
    tokens: Vec<(Token<'a>, Span)>,
    at: usize,
    /// The length of the text: where a missing end is missing.
    end: usize,
    /// The tokenizer gave up: what is missing at the end is not told again.
    cut_short: bool,
    faults: Vec<Fault>,
    open: Vec<Open>,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    /// The bytes of the next token, or the end of the text.
    fn span(&self) -> Span {
        self.tokens
            .get(self.at)
            .map_or(self.end..self.end, |(_, span)| span.clone())
    }

    /// The end of the token read last.
    fn reached(&self) -> usize {
        self.at
            .checked_sub(1)
            .and_then(|last| self.tokens.get(last))
            .map_or(0, |(_, span)| span.end)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token::Ident(found)) if *found == word)
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    fn blame(&mut self, fault: Fault) {
        // Where the tokenizer gave up, whatever is missing is missing for its reason.
        let at_the_cut = self.cut_short && self.peek().is_none();
        if !at_the_cut && self.faults.len() < PROBLEMS {
            self.faults.push(fault);
        }
    }

    /// Goes on behind the tag in which something was wrong.
    fn skip_tag(&mut self) {
        while let Some((token, _)) = self.tokens.get(self.at) {
            match token {
                // A tag that was never closed ends where the next text or tag begins.
                Token::TemplateData(_) | Token::VariableStart | Token::BlockStart => return,
                Token::VariableEnd | Token::BlockEnd => {
                    self.at += 1;
                    return;
                }
                _ => self.at += 1,
            }
        }
    }

    fn descend<T>(
        &mut self,
        span: Span,
        inner: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        if self.depth >= DEPTH {
            return Err(Fault::new(
                Code::TooDeep,
                format!("this is nested more than {DEPTH} deep: take it apart"),
                span,
            ));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }
}
