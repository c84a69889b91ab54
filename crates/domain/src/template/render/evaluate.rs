//! The values of names, filters and conditions.

use super::super::check::LOOP_FIELDS;
use super::super::declare::described;
use super::super::output::Budget;
use super::super::tree::{Base, Comparison, Condition, Filter, FilterKind, Operand, Path, Span};
use super::super::{Code, Fault};
use super::Render;
use crate::canonical::value_to_canonical;
use serde_json::{Number, Value};
use std::borrow::Cow;

/// What a path leads to.
enum Found<'a> {
    Value(Cow<'a, Value>),
    /// An optional input that nobody gave, as what it counts for.
    LeftOut(Cow<'a, Value>),
    Nothing,
}

impl<'v> Render<'_, 'v> {
    fn find(&self, path: &Path) -> Found<'_> {
        if let Some(running) = self
            .loops
            .iter()
            .rev()
            .find(|running| running.variable == path.root)
        {
            return below(Cow::Borrowed(&running.item), &path.fields);
        }
        if path.root == "loop" {
            return self.of_loop(&path.fields);
        }
        match self.inputs.get(path.root.as_str()) {
            Some(given) if given.left_out && path.fields.is_empty() => {
                Found::LeftOut(Cow::Borrowed(given.value.as_ref()))
            }
            Some(given) => below(Cow::Borrowed(given.value.as_ref()), &path.fields),
            None => Found::Nothing,
        }
    }

    fn of_loop(&self, fields: &[String]) -> Found<'_> {
        let (Some(running), [field]) = (self.loops.last(), fields) else {
            return Found::Nothing;
        };
        let value = match LOOP_FIELDS.iter().position(|known| known == field) {
            Some(0) => Value::from(running.index + 1),
            Some(1) => Value::from(running.index == 0),
            Some(2) => Value::from(running.index + 1 == running.count),
            _ => return Found::Nothing,
        };
        Found::Value(Cow::Owned(value))
    }

    fn base<'b>(&'b self, base: &'b Base) -> Result<Cow<'b, Value>, Fault> {
        match base {
            Base::Literal(value) => Ok(Cow::Borrowed(value)),
            Base::Path(path) => match self.find(path) {
                Found::Value(value) | Found::LeftOut(value) => Ok(value),
                Found::Nothing => Err(undefined(path)),
            },
        }
    }

    fn operand<'b>(&'b self, operand: &'b Operand) -> Result<Cow<'b, Value>, Fault> {
        let mut filters = operand.filters.as_slice();
        let mut value = match (&operand.base, filters) {
            (
                Base::Path(path),
                [
                    Filter {
                        kind: FilterKind::Default,
                        argument: Some(argument),
                        ..
                    },
                    rest @ ..,
                ],
            ) => {
                filters = rest;
                match self.find(path) {
                    Found::Value(value) => value,
                    Found::LeftOut(_) | Found::Nothing => self.base(argument)?,
                }
            }
            (base, _) => self.base(base)?,
        };
        for filter in filters {
            value = Cow::Owned(self.filtered(&value, filter)?);
        }
        Ok(value)
    }

    fn filtered(&self, value: &Value, filter: &Filter) -> Result<Value, Fault> {
        let span = &filter.span;
        let wrong = |takes: &str| {
            let message = format!(
                "{} takes {takes}, not {}",
                filter.kind.name(),
                described(value)
            );
            Fault::new(Code::WrongKind, message, span.clone())
        };
        let text = || value.as_str().ok_or_else(|| wrong("a text"));
        Ok(match filter.kind {
            // The parser puts it first, where it is dealt with.
            FilterKind::Default => value.clone(),
            FilterKind::Lower => Value::from(text()?.to_lowercase()),
            FilterKind::Upper => Value::from(text()?.to_uppercase()),
            FilterKind::Trim => Value::from(text()?.trim()),
            FilterKind::Length => Value::from(match value {
                Value::String(text) => text.chars().count(),
                Value::Array(items) => items.len(),
                Value::Object(fields) => fields.len(),
                _ => return Err(wrong("a text, a list or an object")),
            }),
            FilterKind::ToJson => {
                let bytes = value_to_canonical(value).map_err(|error| {
                    Fault::new(Code::WrongKind, error.to_string(), span.clone())
                })?;
                Budget::fits(bytes.len(), span)?;
                Value::from(String::from_utf8_lossy(&bytes).into_owned())
            }
            FilterKind::Join => {
                let items = value.as_array().ok_or_else(|| wrong("a list"))?;
                let separator = match &filter.argument {
                    Some(argument) => self.base(argument)?,
                    None => Cow::Owned(Value::from("")),
                };
                let separator = separator.as_str().ok_or_else(|| {
                    let message = "join puts a text between the items: join(\", \")";
                    Fault::new(Code::WrongKind, message, span.clone())
                })?;
                Value::from(joined(items, separator, span)?)
            }
        })
    }

    /// What `{{ }}` writes.
    pub(super) fn printed(&mut self, operand: &Operand) -> Result<String, Fault> {
        self.charge(operand)?;
        if let (Base::Path(path), []) = (&operand.base, operand.filters.as_slice())
            && matches!(self.find(path), Found::LeftOut(_))
        {
            return Ok(String::new());
        }
        let value = self.operand(operand)?;
        written(&value).ok_or_else(|| {
            let message = format!(
                "{} can't be written as it is: name a field, use join(\", \") or tojson",
                described(&value)
            );
            Fault::new(Code::WrongKind, message, operand.span.clone())
        })
    }

    /// The items of a list that a loop runs over.
    pub(super) fn items(&mut self, path: &Path) -> Result<Vec<Value>, Fault> {
        let (items, cost) = match self.find(path) {
            Found::Nothing => return Err(undefined(path)),
            Found::Value(value) | Found::LeftOut(value) => match value.as_ref() {
                list @ Value::Array(items) => (items.clone(), size(list)),
                other => {
                    let message = format!(
                        "{} is {}: a loop runs over a list",
                        path.written(),
                        described(other)
                    );
                    return Err(Fault::new(Code::WrongKind, message, path.span.clone()));
                }
            },
        };
        self.budget.step(cost, &path.span)?;
        Ok(items)
    }

    pub(super) fn holds(&mut self, condition: &Condition) -> Result<bool, Fault> {
        Ok(match condition {
            Condition::Holds(operand) => {
                self.charge(operand)?;
                is_something(&*self.operand(operand)?)
            }
            Condition::Defined(path) => {
                self.budget.step(0, &path.span)?;
                matches!(self.find(path), Found::Value(_))
            }
            Condition::Not(inner) => !self.holds(inner)?,
            Condition::And(left, right) => self.holds(left)? && self.holds(right)?,
            Condition::Or(left, right) => self.holds(left)? || self.holds(right)?,
            Condition::Compare(left, comparison, right, span) => {
                self.charge(left)?;
                self.charge(right)?;
                compare(
                    &*self.operand(left)?,
                    *comparison,
                    &*self.operand(right)?,
                    span,
                )?
            }
        })
    }

    /// Reading a value costs by its size, and so does every filter that it goes through.
    fn charge(&mut self, operand: &Operand) -> Result<(), Fault> {
        let size = match &operand.base {
            Base::Literal(value) => size(value),
            Base::Path(path) => match self.find(path) {
                Found::Value(value) | Found::LeftOut(value) => size(&value),
                Found::Nothing => 0,
            },
        };
        self.budget.step(
            size.saturating_mul(1 + operand.filters.len()),
            &operand.span,
        )
    }
}

fn below<'a>(value: Cow<'a, Value>, fields: &[String]) -> Found<'a> {
    let found = match value {
        Cow::Borrowed(value) => descend(value, fields).map(Cow::Borrowed),
        Cow::Owned(value) => descend(&value, fields).cloned().map(Cow::Owned),
    };
    found.map_or(Found::Nothing, Found::Value)
}

fn descend<'a>(value: &'a Value, fields: &[String]) -> Option<&'a Value> {
    let found = fields
        .iter()
        .try_fold(value, |value, field| value.as_object()?.get(field))?;
    (!found.is_null()).then_some(found)
}

fn undefined(path: &Path) -> Fault {
    let written = path.written();
    let message = match written.rsplit_once('.') {
        Some((parent, field)) => format!(
            "{parent} has no “{field}” here: correct the path, or write {{{{ {written}|default(\"…\") }}}}"
        ),
        None => format!("{written} has no value here"),
    };
    Fault::new(Code::Undefined, message, path.span.clone())
}

/// The text of a value that has one.
fn written(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(digits(number)),
        // As Jinja writes them; `tojson` writes true and false.
        Value::Bool(truth) => Some(if *truth { "True" } else { "False" }.to_owned()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A number as JavaScript and RFC 8785 write it, so that every SDK writes it alike.
fn digits(number: &Number) -> String {
    value_to_canonical(&Value::Number(number.clone()))
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_else(|| number.to_string())
}

fn joined(items: &[Value], separator: &str, span: &Span) -> Result<String, Fault> {
    let mut text = String::new();
    for (index, item) in items.iter().enumerate() {
        let item = written(item).ok_or_else(|| {
            let message = format!(
                "join can't write {}: item {} of the list is no text or number",
                described(item),
                index + 1
            );
            Fault::new(Code::WrongKind, message, span.clone())
        })?;
        if index > 0 {
            text.push_str(separator);
        }
        text.push_str(&item);
        Budget::fits(text.len(), span)?;
    }
    Ok(text)
}

fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

fn compare(left: &Value, how: Comparison, right: &Value, span: &Span) -> Result<bool, Fault> {
    let wrong = |message: String| Err(Fault::new(Code::WrongKind, message, span.clone()));
    Ok(match how {
        Comparison::Equal => same(left, right),
        Comparison::NotEqual => !same(left, right),
        Comparison::In | Comparison::NotIn => {
            let found = match (left, right) {
                (Value::String(part), Value::String(whole)) => whole.contains(part.as_str()),
                (_, Value::Array(items)) => items.iter().any(|item| same(item, left)),
                _ => {
                    return wrong(format!(
                        "in looks for a text in a text or for a value in a list, not for {} in {}",
                        described(left),
                        described(right)
                    ));
                }
            };
            found == (how == Comparison::In)
        }
        Comparison::Less
        | Comparison::LessOrEqual
        | Comparison::Greater
        | Comparison::GreaterOrEqual => {
            let (Some(a), Some(b)) = (left.as_f64(), right.as_f64()) else {
                return wrong(format!(
                    "only numbers can be larger or smaller, not {} and {}",
                    described(left),
                    described(right)
                ));
            };
            match how {
                Comparison::Less => a < b,
                Comparison::LessOrEqual => a <= b,
                Comparison::Greater => a > b,
                _ => a >= b,
            }
        }
    })
}

/// Equal in kind and value: 1 and 1.0 are, 1 and "1" are not.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => left == right,
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().fold(8, |sum, item| sum + size(item)),
        Value::Object(fields) => fields
            .iter()
            .fold(8, |sum, (key, field)| sum + key.len() + size(field)),
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
    }
}
