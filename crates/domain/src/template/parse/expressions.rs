//! What may stand inside a tag: values with filters, and the conditions of an `if`.

use super::super::tree::{Base, Comparison, Condition, Filter, FilterKind, Operand, Path};
use super::super::{Code, Fault};
use super::{PARTS, Parser};
use minijinja::machinery::Token;
use serde_json::{Number, Value};

const WORDS: &[&str] = &["and", "or", "not", "in", "is", "if", "else"];
const CONSTANTS: &[&str] = &[
    "true", "True", "false", "False", "none", "None", "loop", "self",
];

/// Words that can't name an input or a loop's variable.
pub(in super::super) fn is_reserved(name: &str) -> bool {
    WORDS.contains(&name) || CONSTANTS.contains(&name)
}

impl<'a> Parser<'a> {
    pub(super) fn operand(&mut self) -> Result<Operand, Fault> {
        let start = self.span().start;
        let base = self.base()?;
        self.refuse_behind(start)?;
        let mut filters: Vec<Filter> = Vec::new();
        while matches!(self.peek(), Some(Token::Pipe)) {
            let filter = self.filter()?;
            if filters.len() >= PARTS {
                let message = format!("at most {PARTS} filters can follow one value");
                return Err(Fault::new(Code::TooDeep, message, filter.span));
            }
            let first_of_path = filters.is_empty() && matches!(base, Base::Path(_));
            if filter.kind == FilterKind::Default && !first_of_path {
                return Err(Fault::new(
                    Code::NotAllowed,
                    "default stands directly behind a name: {{ name|default(\"…\")|upper }}",
                    filter.span,
                ));
            }
            filters.push(filter);
        }
        Ok(Operand {
            base,
            filters,
            span: start..self.reached(),
        })
    }

    fn base(&mut self) -> Result<Base, Fault> {
        let span = self.span();
        let refuse = |message: &str| Err(Fault::new(Code::NotAllowed, message, span.clone()));
        let literal = match self.peek() {
            Some(Token::Ident("true" | "True")) => Value::Bool(true),
            Some(Token::Ident("false" | "False")) => Value::Bool(false),
            Some(Token::Ident("none" | "None")) => {
                return refuse(
                    "none is not part of the template language: ask {% if name is defined %}",
                );
            }
            Some(Token::Ident("self")) => {
                return refuse("self is not part of the template language");
            }
            Some(Token::Ident(word)) if WORDS.contains(word) => {
                return Err(self.expected("a name or a value is missing here"));
            }
            Some(Token::Ident(_)) => return self.path().map(Base::Path),
            Some(Token::Str(text)) => Value::String((*text).to_owned()),
            Some(Token::String(text)) => Value::String(text.to_string()),
            Some(Token::Int(_) | Token::Int128(_) | Token::Float(_)) => return self.number(false),
            Some(Token::Minus) => {
                self.at += 1;
                return self.number(true);
            }
            Some(Token::ParenOpen) => {
                return refuse(
                    "brackets only group the conditions of an {% if %}: remove them here",
                );
            }
            Some(Token::BracketOpen) => {
                return refuse("a list can't be written in a text: pass it as an input");
            }
            Some(Token::BraceOpen) => {
                return refuse("an object can't be written in a text: pass it as an input");
            }
            _ => return Err(self.expected("a name or a value is missing here")),
        };
        self.at += 1;
        Ok(Base::Literal(literal))
    }

    fn number(&mut self, negative: bool) -> Result<Base, Fault> {
        const LARGEST: u64 = (1 << 53) - 1;
        let span = self.span();
        let number = match self.peek() {
            Some(Token::Int(whole)) if *whole <= LARGEST => i64::try_from(*whole)
                .ok()
                .map(|whole| Number::from(if negative { -whole } else { whole })),
            Some(Token::Float(float)) => Number::from_f64(if negative { -float } else { *float }),
            Some(Token::Int(_) | Token::Int128(_)) => None,
            _ => {
                let message = "calculations are not part of the template language: let the application pass the result";
                return Err(Fault::new(Code::NotAllowed, message, span));
            }
        };
        self.at += 1;
        number
            .map(|number| Base::Literal(Value::Number(number)))
            .ok_or_else(|| {
                Fault::new(
                    Code::NotAllowed,
                    "this number is too large to be exact",
                    span,
                )
            })
    }

    fn path(&mut self) -> Result<Path, Fault> {
        let start = self.span().start;
        let Some(Token::Ident(root)) = self.peek() else {
            return Err(self.expected("a name is missing here"));
        };
        let root = (*root).to_owned();
        self.at += 1;
        let mut fields = Vec::new();
        while matches!(self.peek(), Some(Token::Dot)) {
            self.at += 1;
            match self.peek() {
                Some(Token::Ident(field)) if fields.len() < PARTS => {
                    fields.push((*field).to_owned());
                }
                Some(Token::Ident(_)) => {
                    let message = format!("a path has at most {PARTS} parts");
                    return Err(Fault::new(Code::TooDeep, message, self.span()));
                }
                Some(Token::Int(_) | Token::Int128(_) | Token::Float(_)) => {
                    return Err(Fault::new(
                        Code::NotAllowed,
                        "the items of a list have no number here: use {% for item in list %}",
                        self.span(),
                    ));
                }
                _ => return Err(self.expected("a name is missing behind the dot")),
            }
            self.at += 1;
        }
        Ok(Path {
            root,
            fields,
            span: start..self.reached(),
        })
    }

    /// What Jinja lets follow a value and the subset doesn't.
    fn refuse_behind(&self, start: usize) -> Result<(), Fault> {
        let message = match self.peek() {
            Some(Token::ParenOpen) => {
                "functions can't be called in a text: let the application pass the result"
            }
            Some(Token::BracketOpen) => {
                "square brackets are not part of the template language: write a path with dots, as in customer.name"
            }
            Some(Token::Str(_) | Token::String(_)) => {
                "two values stand side by side: something is missing between them"
            }
            _ => return Ok(()),
        };
        Err(Fault::new(
            Code::NotAllowed,
            message,
            start..self.span().end,
        ))
    }

    fn filter(&mut self) -> Result<Filter, Fault> {
        let start = self.span().start;
        self.at += 1;
        let Some(Token::Ident(name)) = self.peek() else {
            return Err(self.expected("the name of a filter is missing behind |"));
        };
        let name = *name;
        self.at += 1;
        let span = start..self.reached();
        let Some(kind) = FilterKind::named(name) else {
            let message = format!(
                "there is no filter “{name}”; there are {}",
                FilterKind::NAMES
            );
            return Err(Fault::new(Code::NotAllowed, message, span));
        };
        let argument = self.argument(kind, start)?;
        Ok(Filter {
            kind,
            argument,
            span: start..self.reached(),
        })
    }

    fn argument(&mut self, kind: FilterKind, start: usize) -> Result<Option<Base>, Fault> {
        let refuse = |parser: &Self, message: String| {
            Err(Fault::new(
                Code::NotAllowed,
                message,
                start..parser.span().end,
            ))
        };
        let given = matches!(self.peek(), Some(Token::ParenOpen));
        match kind {
            FilterKind::Default if !given => {
                return refuse(
                    self,
                    "default needs the value that stands in: default(\"…\")".into(),
                );
            }
            FilterKind::Default | FilterKind::Join if given => {}
            _ if given => {
                return refuse(self, format!("{} takes nothing in brackets", kind.name()));
            }
            _ => return Ok(None),
        }
        self.at += 1;
        let argument = self.base()?;
        self.refuse_behind(start)?;
        match self.peek() {
            Some(Token::ParenClose) => {
                self.at += 1;
                Ok(Some(argument))
            }
            Some(Token::Comma | Token::Assign | Token::Pipe) => refuse(
                self,
                format!("{} takes one plain value in brackets", kind.name()),
            ),
            _ => Err(self.unexpected(")", start)),
        }
    }

    pub(super) fn condition(&mut self) -> Result<Condition, Fault> {
        let mut parts = 0;
        self.any(&mut parts)
    }

    fn any(&mut self, parts: &mut usize) -> Result<Condition, Fault> {
        let mut left = self.all(parts)?;
        while self.take_word("or") {
            let right = self.all(parts)?;
            left = Condition::Or(Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn all(&mut self, parts: &mut usize) -> Result<Condition, Fault> {
        let mut left = self.negation(parts)?;
        while self.take_word("and") {
            let right = self.negation(parts)?;
            left = Condition::And(Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn negation(&mut self, parts: &mut usize) -> Result<Condition, Fault> {
        let span = self.span();
        *parts += 1;
        if *parts > PARTS {
            let message = format!("a condition has at most {PARTS} parts");
            return Err(Fault::new(Code::TooDeep, message, span));
        }
        if self.take_word("not") {
            let inner = self.descend(span, |parser| parser.negation(parts))?;
            return Ok(Condition::Not(Box::new(inner)));
        }
        if !matches!(self.peek(), Some(Token::ParenOpen)) {
            return self.comparison();
        }
        self.at += 1;
        let inner = self.descend(span.clone(), |parser| parser.any(parts))?;
        if !matches!(self.peek(), Some(Token::ParenClose)) {
            return Err(self.unexpected(")", span.start));
        }
        self.at += 1;
        match self.peek() {
            Some(Token::BlockEnd | Token::ParenClose | Token::Ident("and" | "or")) | None => {
                Ok(inner)
            }
            Some(_) => Err(Fault::new(
                Code::NotAllowed,
                "brackets only group conditions: nothing but and, or may follow them",
                span.start..self.span().end,
            )),
        }
    }

    fn comparison(&mut self) -> Result<Condition, Fault> {
        let left = self.operand()?;
        if self.is_word("is") {
            return self.is_defined(left);
        }
        let Some(comparison) = self.take_comparison()? else {
            return Ok(Condition::Holds(left));
        };
        let right = self.operand()?;
        let span = left.span.start..right.span.end;
        if self.take_comparison()?.is_some() {
            return Err(Fault::new(
                Code::NotAllowed,
                "compare two values at a time, joined by and",
                span.start..self.reached(),
            ));
        }
        Ok(Condition::Compare(left, comparison, right, span))
    }

    fn is_defined(&mut self, left: Operand) -> Result<Condition, Fault> {
        self.at += 1;
        let negated = self.take_word("not");
        let start = left.span.start;
        match (self.take_word("defined"), left) {
            (
                true,
                Operand {
                    base: Base::Path(path),
                    filters,
                    ..
                },
            ) if filters.is_empty() => {
                let defined = Condition::Defined(path);
                Ok(if negated {
                    Condition::Not(Box::new(defined))
                } else {
                    defined
                })
            }
            (true, _) => Err(Fault::new(
                Code::NotAllowed,
                "only a plain name or path can be defined or not",
                start..self.reached(),
            )),
            (false, _) => Err(Fault::new(
                Code::NotAllowed,
                "behind is only defined can stand: {% if name is defined %}",
                start..self.span().end,
            )),
        }
    }

    fn take_comparison(&mut self) -> Result<Option<Comparison>, Fault> {
        let comparison = match self.peek() {
            Some(Token::Eq) => Comparison::Equal,
            Some(Token::Ne) => Comparison::NotEqual,
            Some(Token::Lt) => Comparison::Less,
            Some(Token::Lte) => Comparison::LessOrEqual,
            Some(Token::Gt) => Comparison::Greater,
            Some(Token::Gte) => Comparison::GreaterOrEqual,
            Some(Token::Ident("in")) => Comparison::In,
            Some(Token::Ident("not")) => {
                self.at += 1;
                if !self.is_word("in") {
                    return Err(self.expected("behind not stands in: {% if word not in text %}"));
                }
                Comparison::NotIn
            }
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some(comparison))
    }

    /// Something is missing at the next token.
    pub(super) fn expected(&self, message: &str) -> Fault {
        Fault::new(Code::Syntax, message, self.span())
    }

    /// The next token can't stand where `end` should; `start` is where the tag or bracket began.
    pub(super) fn unexpected(&self, end: &str, start: usize) -> Fault {
        let span = self.span();
        let Some(token) = self.peek() else {
            let message = format!("this is not closed: add {end}");
            return Fault::new(Code::Syntax, message, start..self.end);
        };
        let (code, message) = match token {
            Token::Plus | Token::Minus | Token::Mul | Token::Div | Token::FloorDiv | Token::Pow | Token::Mod => (
                Code::NotAllowed,
                "calculations are not part of the template language: let the application pass the result".to_owned(),
            ),
            Token::Tilde => (
                Code::NotAllowed,
                "~ is not part of the template language: write the values one after the other".to_owned(),
            ),
            Token::Ident("if") => (
                Code::NotAllowed,
                "an if stands in its own tag: {% if name %} … {% endif %}".to_owned(),
            ),
            Token::Ident("is" | "and" | "or" | "not" | "in")
            | Token::Eq | Token::Ne | Token::Lt | Token::Lte | Token::Gt | Token::Gte => (
                Code::NotAllowed,
                "a comparison stands in an {% if %}".to_owned(),
            ),
            Token::Assign => (Code::Syntax, "two equals signs compare: ==".to_owned()),
            Token::Ident(word) => (Code::Syntax, format!("“{word}” is not expected here; {end} is")),
            _ => (Code::Syntax, format!("{end} is expected here")),
        };
        Fault::new(code, message, span)
    }
}
