//! Cuts a template into tokens, as every Jinja does it: raw blocks, comments, and the minus that
//! swallows white space. Line breaks are kept, the last one too.

use serde_json::Number;

/// What is wrong at one place of one text.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// The byte where it begins.
    pub(crate) at: usize,
}

impl Fault {
    pub(crate) fn new(code: &'static str, message: impl Into<String>, at: usize) -> Self {
        Self {
            code,
            message: message.into(),
            at,
        }
    }

    fn syntax(message: impl Into<String>, at: usize) -> Self {
        Self::new("syntax", message, at)
    }
}

#[derive(Clone, Debug)]
pub(super) enum Kind<'t> {
    Text(&'t str),
    PrintStart,
    PrintEnd,
    TagStart,
    TagEnd,
    Name(&'t str),
    Quoted(String),
    /// `None` where it is too large to be exact.
    Number(Option<Number>),
    Op(&'t str),
    Bad(Fault),
    End,
}

#[derive(Clone, Debug)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind<'t>,
    pub(super) start: usize,
}

/// The tokens of a text. Where it can't be cut the last one but the end is `Bad`.
pub(super) fn cut(text: &str) -> Vec<Token<'_>> {
    let mut cutter = Cutter {
        text,
        at: 0,
        found: Vec::new(),
    };
    if let Err(fault) = cutter.pieces() {
        let start = fault.at;
        cutter.push(Kind::Bad(fault), start);
    }
    cutter.push(Kind::End, text.len());
    cutter.found
}

struct Cutter<'t> {
    text: &'t str,
    at: usize,
    found: Vec<Token<'t>>,
}

/// How a tag that is only a word ends: how long it is, and whether it swallows the space behind.
struct Bare {
    length: usize,
    swallows: bool,
}

impl<'t> Cutter<'t> {
    fn push(&mut self, kind: Kind<'t>, start: usize) {
        self.found.push(Token { kind, start });
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn slice(&self, from: usize, to: usize) -> &'t str {
        self.text.get(from..to).unwrap_or_default()
    }

    fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    fn pieces(&mut self) -> Result<(), Fault> {
        let mut swallow = false;
        while self.at < self.text.len() {
            if swallow {
                self.at = self.text.len() - self.rest().trim_start().len();
            }
            let opening = self.opening();
            let mut lead = self.slice(self.at, opening.unwrap_or(self.text.len()));
            let minus = opening.is_some_and(|opening| self.byte(opening + 2) == b'-');
            if minus {
                lead = lead.trim_end();
            }
            if !lead.is_empty() {
                self.push(Kind::Text(lead), self.at);
            }
            let Some(opening) = opening else {
                return Ok(());
            };
            let sign = usize::from(matches!(self.byte(opening + 2), b'-' | b'+'));
            self.at = opening + 2 + sign;
            swallow = match self.byte(opening + 1) {
                b'#' => self.comment(opening)?,
                b'%' => match bare(self.rest(), "raw") {
                    Some(raw) => self.raw(opening, &raw)?,
                    None => {
                        self.push(Kind::TagStart, opening);
                        self.inside("%}", &Kind::TagEnd)?
                    }
                },
                _ => {
                    self.push(Kind::PrintStart, opening);
                    self.inside("}}", &Kind::PrintEnd)?
                }
            };
        }
        Ok(())
    }

    /// Where the next `{{`, `{%` or `{#` begins.
    fn opening(&self) -> Option<usize> {
        let bytes = self.rest().as_bytes();
        bytes
            .windows(2)
            .position(|pair| matches!(pair, b"{{" | b"{%" | b"{#"))
            .map(|found| self.at + found)
    }

    fn comment(&mut self, opening: usize) -> Result<bool, Fault> {
        let Some(length) = self.rest().find("#}") else {
            let message = "this comment is not closed: add #} after it";
            return Err(Fault::syntax(message, opening));
        };
        let swallows = length > 0 && self.byte(self.at + length - 1) == b'-';
        self.at += length + 2;
        Ok(swallows)
    }

    fn raw(&mut self, opening: usize, raw: &Bare) -> Result<bool, Fault> {
        let start = self.at + raw.length;
        let mut from = start;
        loop {
            let Some(found) = self.slice(from, self.text.len()).find("{%") else {
                let message = "this raw block is not closed: add {% endraw %} after it";
                return Err(Fault::syntax(message, opening));
            };
            let end = from + found;
            from = end + 2;
            let sign = self.byte(from);
            let behind = from + usize::from(matches!(sign, b'-' | b'+'));
            let Some(closing) = bare(self.slice(behind, self.text.len()), "endraw") else {
                continue;
            };
            let mut inside = self.slice(start, end);
            if raw.swallows {
                inside = inside.trim_start();
            }
            if sign == b'-' {
                inside = inside.trim_end();
            }
            self.push(Kind::Text(inside), start);
            self.at = behind + closing.length;
            return Ok(closing.swallows);
        }
    }

    /// What stands in one tag; tells whether it swallows the space behind it.
    fn inside(&mut self, close: &str, end: &Kind<'t>) -> Result<bool, Fault> {
        let mut brackets = 0_i32;
        loop {
            while self.byte(self.at).is_ascii_whitespace() {
                self.at += 1;
            }
            let rest = self.rest();
            let Some(first) = rest.chars().next() else {
                return Ok(false);
            };
            if brackets == 0 {
                let bare = rest.strip_prefix(['-', '+']).unwrap_or(rest);
                if bare.starts_with(close) {
                    self.push(end.clone(), self.at);
                    self.at += rest.len() - bare.len() + close.len();
                    return Ok(first == '-');
                }
            }
            let start = self.at;
            let kind = self.one(first)?;
            if let Kind::Op(op) = kind {
                brackets += match op {
                    "(" | "[" | "{" => 1,
                    ")" | "]" | "}" => -1,
                    _ => 0,
                };
            }
            self.push(kind, start);
        }
    }

    fn take(&mut self, length: usize) -> &'t str {
        let taken = self.slice(self.at, self.at + length);
        self.at += length;
        taken
    }

    fn one(&mut self, first: char) -> Result<Kind<'t>, Fault> {
        let rest = self.rest();
        if ["//", "**", "==", "!=", "<=", ">="]
            .iter()
            .any(|op| rest.starts_with(op))
        {
            return Ok(Kind::Op(self.take(2)));
        }
        if "-+*/%.,:~|=<>()[]{}".contains(first) {
            return Ok(Kind::Op(self.take(1)));
        }
        if first == '_' || first.is_ascii_alphabetic() {
            let length = rest
                .bytes()
                .take_while(|byte| *byte == b'_' || byte.is_ascii_alphanumeric());
            let length = length.count();
            return Ok(Kind::Name(self.take(length)));
        }
        match first {
            '"' | '\'' => self.quoted(first),
            '0'..='9' => self.number(),
            letter if letter.is_alphabetic() => Err(Fault::syntax(
                format!(
                    "“{letter}” can't stand in a name: names are made of the letters a to z, digits and _"
                ),
                self.at,
            )),
            other => Err(Fault::syntax(
                format!("“{other}” has no meaning here"),
                self.at,
            )),
        }
    }

    fn quoted(&mut self, quote: char) -> Result<Kind<'t>, Fault> {
        let start = self.at;
        let mut escaped = false;
        let inside = self.slice(start + 1, self.text.len());
        let end = inside.char_indices().find(|(_, found)| {
            let ends = !escaped && *found == quote;
            escaped = !escaped && *found == '\\';
            ends
        });
        let Some((length, _)) = end else {
            return Err(Fault::syntax(
                "this text in quotes is not closed: add the closing quote",
                start,
            ));
        };
        self.at += length + 2;
        let inside = self.slice(start + 1, start + 1 + length);
        unescaped(inside)
            .map(Kind::Quoted)
            .ok_or_else(|| Fault::syntax("this escape stands for no character", start))
    }

    fn number(&mut self) -> Result<Kind<'t>, Fault> {
        let start = self.at;
        let after_dot = start > 0 && self.byte(start - 1) == b'.';
        let rest = self.rest().as_bytes();
        let radix = match rest.get(..2) {
            _ if after_dot => 10,
            Some(b"0x" | b"0X") => 16,
            Some(b"0o" | b"0O") => 8,
            Some(b"0b" | b"0B") => 2,
            _ => 10,
        };
        let count = |from: usize, of: &dyn Fn(u8) -> bool| {
            rest.iter().skip(from).take_while(|byte| of(**byte)).count()
        };
        let digit = |byte: u8| byte.is_ascii_digit() || (byte == b'_' && !after_dot);
        let in_radix = |byte: u8| byte == b'_' || char::from(byte).is_digit(radix);
        let mut whole = true;
        let mut length = if radix == 10 {
            count(0, &digit)
        } else {
            2 + count(2, &in_radix)
        };
        if radix == 10 && !after_dot {
            let byte = |at: usize| rest.get(at).copied().unwrap_or(0);
            let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
            if byte(length) == b'.' && !letter(byte(length + 1)) {
                length += 1 + count(length + 1, &digit);
                whole = false;
            }
            let sign = usize::from(matches!(byte(length + 1), b'+' | b'-'));
            if matches!(byte(length), b'e' | b'E') && byte(length + 1 + sign).is_ascii_digit() {
                length += 1 + sign + count(length + 1 + sign, &digit);
                whole = false;
            }
        }
        let written = self.take(length);
        if written.ends_with('_') {
            return Err(Fault::syntax("a number can't end in _", start));
        }
        let bare = written.replace('_', "");
        let number = if whole {
            let digits = if radix == 10 {
                bare.as_str()
            } else {
                bare.get(2..).unwrap_or_default()
            };
            let exact = i64::from_str_radix(digits, radix).ok();
            exact.filter(|number| *number < 1 << 53).map(Number::from)
        } else {
            bare.parse().ok().and_then(Number::from_f64)
        };
        Ok(Kind::Number(number))
    }
}

/// A tag that holds nothing but `word`, from behind its `{%`.
fn bare(text: &str, word: &str) -> Option<Bare> {
    let white = |c: char| c.is_ascii_whitespace();
    let rest = text.trim_start_matches(white).strip_prefix(word)?;
    let rest = rest.trim_start_matches(white);
    let end = rest
        .strip_prefix(['-', '+'])
        .unwrap_or(rest)
        .strip_prefix("%}")?;
    Some(Bare {
        length: text.len() - end.len(),
        swallows: rest.starts_with('-'),
    })
}

fn unescaped(text: &str) -> Option<String> {
    let mut units: Vec<u16> = Vec::new();
    let mut characters = text.chars().peekable();
    let put = |character: char, units: &mut Vec<u16>| {
        units.extend_from_slice(character.encode_utf16(&mut [0; 2]));
    };
    while let Some(character) = characters.next() {
        if character != '\\' {
            put(character, &mut units);
            continue;
        }
        let escape = characters.next()?;
        match escape {
            'b' => put('\u{8}', &mut units),
            'f' => put('\u{c}', &mut units),
            'n' => put('\n', &mut units),
            'r' => put('\r', &mut units),
            't' => put('\t', &mut units),
            '"' | '\'' | '/' | '\\' => put(escape, &mut units),
            'u' | 'x' => {
                let length = if escape == 'u' { 4 } else { 2 };
                let digits: String = characters.by_ref().take(length).collect();
                let good =
                    digits.len() == length && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                units.push(u16::from_str_radix(&digits, 16).ok().filter(|_| good)?);
            }
            '0'..='7' => {
                let mut code = escape.to_digit(8)?;
                for _ in 0..2 {
                    let Some(digit) = characters.peek().and_then(|next| next.to_digit(8)) else {
                        break;
                    };
                    code = code * 8 + digit;
                    characters.next();
                }
                put(char::from(u8::try_from(code).ok()?), &mut units);
            }
            other => {
                put('\\', &mut units);
                put(other, &mut units);
            }
        }
    }
    // Halves of pairs find each other here; a half alone is no character.
    String::from_utf16(&units).ok()
}
