//! Values with their filters.

use super::super::tokens::{Fault, Kind};
use super::super::tree::{Base, Filter, FilterKind, Operand, Path};
use super::{NO_SUMS, PARTS, Parser, Scope, WORDS};
use serde_json::{Number, Value};

impl<S: Scope> Parser<'_, S> {
    pub(super) fn operand(&mut self) -> Result<Operand, Fault> {
        let at = self.start()?;
        let base = self.base()?;
        self.refuse_behind(at)?;
        let mut filters: Vec<Filter> = Vec::new();
        while self.is_op(&["|"])? {
            let found = self.filter()?;
            if filters.len() >= PARTS {
                let message = format!("at most {PARTS} filters can follow one value");
                return Err(Fault::new("too_deep", message, found.at));
            }
            let first = filters.is_empty() && matches!(base, Base::Path(_));
            if found.kind == FilterKind::Default && !first {
                let message =
                    "default stands directly behind a name: {{ name|default(\"…\")|upper }}";
                return Err(Fault::new("not_allowed", message, found.at));
            }
            filters.push(found);
        }
        Ok(Operand { base, filters, at })
    }

    fn base(&mut self) -> Result<Base, Fault> {
        let literal = match self.kind()?.clone() {
            Kind::Name("true" | "True") => Value::Bool(true),
            Kind::Name("false" | "False") => Value::Bool(false),
            Kind::Name(word @ ("none" | "None" | "self")) => {
                return self.refuse(format!("{word} is not part of the template language"));
            }
            Kind::Name(word) if WORDS.contains(&word) => {
                return self.expected("a name or a value is missing here");
            }
            Kind::Name(root) => return self.path(root.to_owned()).map(Base::Path),
            Kind::Quoted(text) => Value::String(text),
            Kind::Number(_) => return self.number(false),
            Kind::Op("-") => {
                self.at += 1;
                return self.number(true);
            }
            Kind::Op("(") => {
                return self.refuse("brackets only group the conditions of an {% if %}");
            }
            Kind::Op("[" | "{") => {
                return self
                    .refuse("a list or an object can't be written in a text: pass it as an input");
            }
            _ => return self.expected("a name or a value is missing here"),
        };
        self.at += 1;
        Ok(Base::Literal(literal))
    }

    fn number(&mut self, negative: bool) -> Result<Base, Fault> {
        let Kind::Number(number) = self.kind()? else {
            return self.refuse(NO_SUMS);
        };
        let turned = |number: &Number| match number.as_i64() {
            Some(whole) => Some(Number::from(-whole)),
            None => number.as_f64().and_then(|double| Number::from_f64(-double)),
        };
        let number = number.as_ref().and_then(|number| {
            if negative {
                turned(number)
            } else {
                Some(number.clone())
            }
        });
        match number {
            Some(number) => {
                self.at += 1;
                Ok(Base::Literal(Value::Number(number)))
            }
            None => self.refuse("this number is too large to be exact"),
        }
    }

    fn path(&mut self, root: String) -> Result<Path, Fault> {
        let at = self.start()?;
        self.at += 1;
        let mut fields = Vec::new();
        while self.is_op(&["."])? {
            self.at += 1;
            match self.kind()? {
                Kind::Name(_) if fields.len() >= PARTS => {
                    let message = format!("a path has at most {PARTS} parts");
                    return Err(Fault::new("too_deep", message, self.start()?));
                }
                Kind::Name(field) => fields.push((*field).to_owned()),
                Kind::Number(_) => {
                    return self.refuse(
                        "the items of a list have no number here: use {% for item in list %}",
                    );
                }
                _ => return self.expected("a name is missing behind the dot"),
            }
            self.at += 1;
        }
        Ok(Path { root, fields, at })
    }

    /// What Jinja lets follow a value and this language doesn't.
    fn refuse_behind(&self, at: usize) -> Result<(), Fault> {
        let message = match self.kind()? {
            Kind::Op("(") => {
                "functions can't be called in a text: let the application pass the result"
            }
            Kind::Op("[") => "write a path with dots, as in customer.name",
            Kind::Quoted(_) => "two values stand side by side: something is missing between them",
            _ => return Ok(()),
        };
        Err(Fault::new("not_allowed", message, at))
    }

    fn filter(&mut self) -> Result<Filter, Fault> {
        let at = self.start()?;
        let refuse = |message: String| Err(Fault::new("not_allowed", message, at));
        self.at += 1;
        let Kind::Name(name) = *self.kind()? else {
            return self.expected("the name of a filter is missing behind |");
        };
        let Some(kind) = FilterKind::named(name) else {
            return refuse(format!(
                "there is no filter “{name}”; there are {}",
                FilterKind::NAMES
            ));
        };
        self.at += 1;
        if !self.is_op(&["("])? {
            if kind == FilterKind::Default {
                return refuse("default needs the value that stands in: default(\"…\")".to_owned());
            }
            return Ok(Filter {
                kind,
                argument: None,
                at,
            });
        }
        if !matches!(kind, FilterKind::Default | FilterKind::Join) {
            return refuse(format!("{name} takes nothing in brackets"));
        }
        self.at += 1;
        let argument = self.base()?;
        self.refuse_behind(at)?;
        if self.is_op(&[",", "=", "|"])? {
            return refuse(format!("{name} takes one plain value in brackets"));
        }
        self.close(")", at)?;
        Ok(Filter {
            kind,
            argument: Some(argument),
            at,
        })
    }
}
