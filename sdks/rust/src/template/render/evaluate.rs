//! The values of names, filters and conditions.

use super::super::tokens::Fault;
use super::super::tree::{Base, Comparison, Condition, Filter, FilterKind, Operand, Path};
use super::super::values::{canonical, described, is_something, same, size, written};
use super::{RENDERED_BYTES, Render, too_large};
use serde_json::Value;
use std::borrow::Cow;

/// What a path leads to.
enum Found<'a> {
    Value(Cow<'a, Value>),
    /// An optional input that nobody gave, as what it counts for.
    LeftOut(Cow<'a, Value>),
    Nothing,
}

impl Render<'_, '_> {
    fn find(&self, path: &Path) -> Found<'_> {
        let mut running = self.loops.iter().rev();
        if let Some(running) = running.find(|running| running.variable == path.root) {
            return below(&running.item, &path.fields);
        }
        if path.root == "loop" {
            return self.of_loop(&path.fields);
        }
        match self.inputs.get(path.root.as_str()) {
            Some(given) if given.left_out && path.fields.is_empty() => {
                Found::LeftOut(Cow::Borrowed(given.value.as_ref()))
            }
            Some(given) => below(given.value.as_ref(), &path.fields),
            None => Found::Nothing,
        }
    }

    fn of_loop(&self, fields: &[String]) -> Found<'_> {
        let (Some(running), [field]) = (self.loops.last(), fields) else {
            return Found::Nothing;
        };
        let value = match field.as_str() {
            "index" => Value::from(running.index + 1),
            "first" => Value::from(running.index == 0),
            "last" => Value::from(running.index + 1 == running.count),
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
        let at = filter.at;
        let wrong = |takes: &str| {
            let message = format!(
                "{} takes {takes}, not {}",
                filter.kind.name(),
                described(value)
            );
            Fault::new("wrong_kind", message, at)
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
                _ => return Err(wrong("a text or a list or an object")),
            }),
            FilterKind::ToJson => {
                let json =
                    canonical(value).map_err(|message| Fault::new("wrong_kind", message, at))?;
                if json.len() > RENDERED_BYTES {
                    return Err(too_large(at));
                }
                Value::from(json)
            }
            FilterKind::Join => {
                let items = value.as_array().ok_or_else(|| wrong("a list"))?;
                let separator = match &filter.argument {
                    Some(argument) => self.base(argument)?,
                    None => Cow::Owned(Value::from("")),
                };
                let Some(separator) = separator.as_str() else {
                    let message = "join puts a text between the items: join(\", \")";
                    return Err(Fault::new("wrong_kind", message, at));
                };
                Value::from(joined(items, separator, at)?)
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
            let what = described(&value);
            let message =
                format!("{what} can't be written as it is: name a field, use join or tojson");
            Fault::new("wrong_kind", message, operand.at)
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
                    return Err(Fault::new("wrong_kind", message, path.at));
                }
            },
        };
        self.budget.step(cost, path.at)?;
        Ok(items)
    }

    pub(super) fn holds(&mut self, condition: &Condition) -> Result<bool, Fault> {
        Ok(match condition {
            Condition::Holds(operand) => {
                self.charge(operand)?;
                is_something(&*self.operand(operand)?)
            }
            Condition::Defined(path) => {
                self.budget.step(0, path.at)?;
                matches!(self.find(path), Found::Value(_))
            }
            Condition::Not(inner) => !self.holds(inner)?,
            Condition::And(left, right) => self.holds(left)? && self.holds(right)?,
            Condition::Or(left, right) => self.holds(left)? || self.holds(right)?,
            Condition::Compare(left, how, right) => {
                self.charge(left)?;
                self.charge(right)?;
                compare(&*self.operand(left)?, *how, &*self.operand(right)?, left.at)?
            }
        })
    }

    /// Reading a value costs by its size, and so does every filter that it goes through.
    fn charge(&mut self, operand: &Operand) -> Result<(), Fault> {
        let cost = match &operand.base {
            Base::Literal(value) => size(value),
            Base::Path(path) => match self.find(path) {
                Found::Value(value) | Found::LeftOut(value) => size(&value),
                Found::Nothing => 0,
            },
        };
        self.budget
            .step(cost.saturating_mul(1 + operand.filters.len()), operand.at)
    }
}

fn below<'a>(value: &'a Value, fields: &[String]) -> Found<'a> {
    let found = fields
        .iter()
        .try_fold(value, |value, field| value.as_object()?.get(field));
    match found {
        Some(Value::Null) | None => Found::Nothing,
        Some(value) => Found::Value(Cow::Borrowed(value)),
    }
}

fn undefined(path: &Path) -> Fault {
    let written = path.written();
    let message = match written.rsplit_once('.') {
        Some((parent, field)) => {
            let instead = format!("{{{{ {written}|default(\"…\") }}}}");
            format!("{parent} has no “{field}” here: correct the path, or write {instead}")
        }
        None => format!("{written} has no value here"),
    };
    Fault::new("undefined", message, path.at)
}

fn joined(items: &[Value], separator: &str, at: usize) -> Result<String, Fault> {
    let mut text = String::new();
    for (index, item) in items.iter().enumerate() {
        let Some(item) = written(item) else {
            let (what, number) = (described(item), index + 1);
            let message =
                format!("join can't write {what}: item {number} of the list is no text or number");
            return Err(Fault::new("wrong_kind", message, at));
        };
        if index > 0 {
            text.push_str(separator);
        }
        text.push_str(&item);
        if text.len() > RENDERED_BYTES {
            return Err(too_large(at));
        }
    }
    Ok(text)
}

fn compare(left: &Value, how: Comparison, right: &Value, at: usize) -> Result<bool, Fault> {
    let wrong = |message: String| Err(Fault::new("wrong_kind", message, at));
    let (one, other) = (described(left), described(right));
    Ok(match how {
        Comparison::Equal => same(left, right),
        Comparison::NotEqual => !same(left, right),
        Comparison::In | Comparison::NotIn => {
            let found = match (left, right) {
                (Value::String(part), Value::String(whole)) => whole.contains(part.as_str()),
                (_, Value::Array(items)) => items.iter().any(|item| same(item, left)),
                _ => {
                    return wrong(format!(
                        "in looks for a text in a text or for a value in a list, not for {one} in {other}"
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
                    "only numbers can be larger or smaller, not {one} and {other}"
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
