//! What an `if` asks.

use super::super::tokens::{Fault, Kind};
use super::super::tree::{Base, Comparison, Condition, Operand};
use super::{DEPTH, PARTS, Parser, Scope, too_deep};

pub(super) const OPERATORS: &[&str] = &["==", "!=", "<", "<=", ">", ">="];

/// How many parts a condition has, and how deep they nest.
#[derive(Default)]
struct Count {
    parts: usize,
    depth: usize,
}

impl<S: Scope> Parser<'_, S> {
    pub(super) fn condition(&mut self) -> Result<Condition, Fault> {
        self.any(&mut Count::default())
    }

    fn any(&mut self, count: &mut Count) -> Result<Condition, Fault> {
        let mut left = self.all(count)?;
        while self.take_word("or")? {
            left = Condition::Or(Box::new(left), Box::new(self.all(count)?));
        }
        Ok(left)
    }

    fn all(&mut self, count: &mut Count) -> Result<Condition, Fault> {
        let mut left = self.negation(count)?;
        while self.take_word("and")? {
            left = Condition::And(Box::new(left), Box::new(self.negation(count)?));
        }
        Ok(left)
    }

    fn negation(&mut self, count: &mut Count) -> Result<Condition, Fault> {
        let at = self.start()?;
        count.parts += 1;
        if count.parts > PARTS {
            let message = format!("a condition has at most {PARTS} parts");
            return Err(Fault::new("too_deep", message, at));
        }
        if self.take_word("not")? {
            let inner = self.deeper(count, at, Self::negation)?;
            return Ok(Condition::Not(Box::new(inner)));
        }
        if !self.is_op(&["("])? {
            return self.comparison();
        }
        self.at += 1;
        let inner = self.deeper(count, at, Self::any)?;
        self.close(")", at)?;
        if self.is_tag_end()? || self.is_op(&[")"])? || self.is_word(&["and", "or"])? {
            return Ok(inner);
        }
        let message = "brackets only group conditions: nothing but and, or may follow them";
        Err(Fault::new("not_allowed", message, at))
    }

    fn deeper(
        &mut self,
        count: &mut Count,
        at: usize,
        inner: fn(&mut Self, &mut Count) -> Result<Condition, Fault>,
    ) -> Result<Condition, Fault> {
        if self.open.len() + count.depth >= DEPTH {
            return Err(too_deep(at));
        }
        count.depth += 1;
        let condition = inner(self, count)?;
        count.depth -= 1;
        Ok(condition)
    }

    fn comparison(&mut self) -> Result<Condition, Fault> {
        let left = self.operand()?;
        if self.take_word("is")? {
            return self.is_defined(left);
        }
        let Some(how) = self.take_comparison()? else {
            return Ok(Condition::Holds(left));
        };
        let right = self.operand()?;
        if self.take_comparison()?.is_some() {
            let message = "compare two values at a time, joined by and";
            return Err(Fault::new("not_allowed", message, left.at));
        }
        Ok(Condition::Compare(left, how, right))
    }

    fn is_defined(&mut self, left: Operand) -> Result<Condition, Fault> {
        let negated = self.take_word("not")?;
        let refuse = |message: &str| Err(Fault::new("not_allowed", message, left.at));
        if !self.take_word("defined")? {
            return refuse("behind is only defined can stand: {% if name is defined %}");
        }
        match left {
            Operand {
                base: Base::Path(path),
                filters,
                ..
            } if filters.is_empty() => {
                let defined = Condition::Defined(path);
                Ok(if negated {
                    Condition::Not(Box::new(defined))
                } else {
                    defined
                })
            }
            _ => refuse("only a plain name or path can be defined or not"),
        }
    }

    fn take_comparison(&mut self) -> Result<Option<Comparison>, Fault> {
        let comparison = match self.kind()? {
            Kind::Op("==") => Comparison::Equal,
            Kind::Op("!=") => Comparison::NotEqual,
            Kind::Op("<") => Comparison::Less,
            Kind::Op("<=") => Comparison::LessOrEqual,
            Kind::Op(">") => Comparison::Greater,
            Kind::Op(">=") => Comparison::GreaterOrEqual,
            Kind::Name("in") => Comparison::In,
            Kind::Name("not") => {
                self.at += 1;
                if !self.is_word(&["in"])? {
                    return self.expected("behind not stands in: {% if word not in text %}");
                }
                Comparison::NotIn
            }
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some(comparison))
    }
}
