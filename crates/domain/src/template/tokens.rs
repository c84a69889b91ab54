//! Cuts a text into tokens with MiniJinja's tokenizer.
//!
//! The tokenizer decides the fiddly part of the language (raw blocks, comments, `-` that swallows
//! white space, escapes in strings), so it is decided as every Jinja decides it.

use super::tree::Span;
use super::{Code, Fault};
use minijinja::machinery::{Token, Tokenizer};
use minijinja::syntax::SyntaxConfig;

/// The tokens of a text, up to the first place that can't be cut.
pub(super) struct Tokens<'a> {
    pub(super) list: Vec<(Token<'a>, Span)>,
    /// Why it stopped early, and where.
    pub(super) stopped: Option<Fault>,
}

pub(super) fn cut(text: &str) -> Tokens<'_> {
    // What is written is what is sent: Jinja's habit of dropping the last line break is off.
    let syntax = SyntaxConfig::builder()
        .keep_trailing_newline(true)
        .build()
        .unwrap_or_default();
    let mut tokenizer = Tokenizer::new(text, "", false, syntax);
    let mut list: Vec<(Token<'_>, Span)> = Vec::new();
    let stopped = loop {
        match tokenizer.next_token() {
            Ok(Some((token, span))) => {
                list.push((token, span.start_offset as usize..span.end_offset as usize));
            }
            Ok(None) => break None,
            Err(error) => {
                let reached = list.last().map_or(0, |(_, span)| span.end);
                break Some(explain(text, reached, error.detail().unwrap_or_default()));
            }
        }
    };
    Tokens { list, stopped }
}

/// Finds the place that the tokenizer stumbled over: it tells us only the line.
fn explain(text: &str, reached: usize, detail: &str) -> Fault {
    let rest = text.get(reached..).unwrap_or_default();
    let opening = |mark: &str| rest.find(mark).map(|found| reached + found);
    let (message, start) = if detail.contains("comment") {
        (
            "this comment is not closed: add #} after it".to_owned(),
            opening("{#"),
        )
    } else if detail.contains("raw block") {
        (
            "this raw block is not closed: add {% endraw %} after it".to_owned(),
            opening("{%"),
        )
    } else if detail.contains("string") {
        (
            "this text in quotes is not closed: add the closing quote".to_owned(),
            skip_space(text, reached),
        )
    } else {
        let start = skip_space(text, reached);
        let found = start
            .and_then(|at| text.get(at..))
            .and_then(|rest| rest.chars().next());
        let message = match found {
            Some(character) if character.is_alphabetic() => format!(
                "“{character}” can't stand in a name: names are made of the letters a to z, digits and _"
            ),
            Some(character) => format!("“{character}” has no meaning here"),
            None => "this tag can't be read".to_owned(),
        };
        (message, start)
    };
    let start = start.unwrap_or(reached);
    let width = text
        .get(start..)
        .and_then(|rest| rest.chars().next())
        .map_or(0, char::len_utf8);
    Fault::new(Code::Syntax, message, start..start + width)
}

fn skip_space(text: &str, from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    rest.find(|c: char| !c.is_ascii_whitespace())
        .map(|found| from + found)
}
