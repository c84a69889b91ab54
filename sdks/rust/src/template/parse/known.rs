//! What the declarations tell before there are values.

use super::super::tokens::Fault;
use super::super::tree::{Base, Condition, FilterKind, Operand, Path};
use super::super::values::{kind_of, named};
use super::{Parser, Scope};
use crate::content::InputKind;

impl<S: Scope> Parser<'_, S> {
    /// The kind of what a path leads to, as far as it is known.
    pub(super) fn check_path(&self, path: &Path) -> Result<Option<InputKind>, Fault> {
        let wrong = |code, message: String| Err(Fault::new(code, message, path.at));
        if self.loops.contains(&path.root) {
            return Ok(None);
        }
        if path.root == "loop" {
            if self.loops.is_empty() {
                return wrong(
                    "unknown_name",
                    "loop has a meaning only inside a {% for %}".to_owned(),
                );
            }
            return match path.fields.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                ["index"] => Ok(Some(InputKind::Number)),
                ["first" | "last"] => Ok(Some(InputKind::Boolean)),
                _ => wrong(
                    "not_allowed",
                    "of a loop there are loop.index, loop.first and loop.last".to_owned(),
                ),
            };
        }
        let root = &path.root;
        let Some(kind) = self.scope.kind(root) else {
            return wrong(
                "unknown_name",
                format!("there is no input “{root}”: declare it, or correct the name"),
            );
        };
        if path.fields.is_empty() {
            return Ok(Some(kind));
        }
        if kind != InputKind::Object {
            let message = format!(
                "{root} is {}: only an object has fields behind a dot",
                named(kind)
            );
            return wrong("wrong_kind", message);
        }
        Ok(None)
    }

    fn check_base(&self, base: &Base) -> Result<Option<InputKind>, Fault> {
        match base {
            Base::Path(path) => self.check_path(path),
            Base::Literal(value) => Ok(kind_of(value)),
        }
    }

    pub(super) fn check(&self, operand: &Operand) -> Result<Option<InputKind>, Fault> {
        let mut known = self.check_base(&operand.base)?;
        for filter in &operand.filters {
            if let Some(argument) = &filter.argument {
                self.check_base(argument)?;
            }
            if let Some(kind) = known
                && !takes(filter.kind).contains(&kind)
            {
                let message = format!("{} can't take {}", filter.kind.name(), named(kind));
                return Err(Fault::new("wrong_kind", message, filter.at));
            }
            known = match filter.kind {
                FilterKind::Default => known,
                FilterKind::Length => Some(InputKind::Number),
                _ => Some(InputKind::Text),
            };
        }
        Ok(known)
    }

    pub(super) fn check_condition(&self, condition: &Condition) -> Result<(), Fault> {
        match condition {
            Condition::Holds(operand) => self.check(operand).map(drop),
            Condition::Defined(path) => self.check_path(path).map(drop),
            Condition::Not(inner) => self.check_condition(inner),
            Condition::And(left, right) | Condition::Or(left, right) => {
                self.check_condition(left)?;
                self.check_condition(right)
            }
            Condition::Compare(left, _, right) => {
                self.check(left)?;
                self.check(right).map(drop)
            }
        }
    }
}

/// The kinds that a filter takes.
fn takes(filter: FilterKind) -> &'static [InputKind] {
    use InputKind::{Boolean, List, Number, Object, Text};
    match filter {
        FilterKind::Default | FilterKind::ToJson => &[Text, Number, Boolean, List, Object],
        FilterKind::Join => &[List],
        FilterKind::Length => &[Text, List, Object],
        FilterKind::Lower | FilterKind::Trim | FilterKind::Upper => &[Text],
    }
}
