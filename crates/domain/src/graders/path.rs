//! Places in JSON: names, numbers and `*` of RFC 9535, which is what people write.
//!
//! Filters, slices and the search at any depth are left out on purpose: a few of them together
//! visit a value more often than it has parts.

use super::words::{self, shortened};
use super::{GraderError, Score, texts};
use serde_json::Value;

/// Values that are looked at, at most: `[*][*]` of a large answer is enough for anybody.
const VALUES: usize = 10_000;
/// Steps of one path.
const STEPS: usize = 64;

/// A path, read.
#[derive(Debug)]
pub(super) struct Path(Vec<Step>, String);

#[derive(Debug)]
enum Step {
    Name(String),
    Place(i64),
    All,
}

impl Path {
    pub(super) fn read(text: &str) -> Result<Self, GraderError> {
        let wrong = || GraderError::Path(shortened(text));
        let mut steps = Vec::new();
        let mut rest = text.trim().strip_prefix('$').ok_or_else(wrong)?;
        while !rest.is_empty() {
            let (step, after) = if let Some(after) = rest.strip_prefix('.') {
                let end = after.find(['.', '[']).unwrap_or(after.len());
                let (name, after) = after.split_at(end);
                let step = match name {
                    "" => return Err(wrong()),
                    "*" => Step::All,
                    name => Step::Name(name.to_owned()),
                };
                (step, after)
            } else {
                bracketed(rest).ok_or_else(wrong)?
            };
            steps.push(step);
            rest = after;
        }
        if steps.len() > STEPS {
            return Err(wrong());
        }
        Ok(Self(steps, text.trim().to_owned()))
    }

    fn find<'v>(&self, root: &'v Value) -> Vec<&'v Value> {
        let mut found = vec![root];
        for step in &self.0 {
            found = found
                .into_iter()
                .flat_map(|value| step.of(value))
                .take(VALUES)
                .collect();
        }
        found
    }
}

/// `['name']`, `["name"]`, `[3]`, `[-1]` or `[*]`, and what comes after it.
fn bracketed(text: &str) -> Option<(Step, &str)> {
    let inside = text.strip_prefix('[')?;
    for quote in ['\'', '"'] {
        if let Some(inside) = inside.strip_prefix(quote) {
            let (name, after) = inside.split_once(quote)?;
            return Some((Step::Name(name.to_owned()), after.strip_prefix(']')?));
        }
    }
    let (inside, after) = inside.split_once(']')?;
    let step = match inside.trim() {
        "*" => Step::All,
        number => Step::Place(number.parse().ok()?),
    };
    Some((step, after))
}

impl Step {
    fn of<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        match (self, value) {
            (Self::Name(name), Value::Object(fields)) => fields.get(name).into_iter().collect(),
            (Self::Place(place), Value::Array(list)) => {
                let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
                let place = if *place < 0 { length + place } else { *place };
                let found = usize::try_from(place)
                    .ok()
                    .and_then(|place| list.get(place));
                found.into_iter().collect()
            }
            (Self::All, Value::Array(list)) => list.iter().collect(),
            (Self::All, Value::Object(fields)) => fields.values().collect(),
            _ => Vec::new(),
        }
    }
}

/// With nothing expected it is enough that something stands there.
pub(super) fn grade(
    path: &Path,
    answer: &str,
    expected: Option<&Value>,
    ignore_case: bool,
) -> Score {
    let root = match words::json(answer) {
        Ok(root) => root,
        Err(reason) => return Score::of(false, reason),
    };
    let found = path.find(&root);
    let place = &path.1;
    let Some(first) = found.first() else {
        return Score::of(false, format!("the answer is JSON, but has no {place}"));
    };
    let Some(expected) = expected else {
        let value = shortened(&words::as_text(first));
        return Score::of(true, format!("{place} is there: “{value}”"));
    };
    let tidied = |text: &str| {
        if ignore_case {
            text.trim().to_lowercase()
        } else {
            text.trim().to_owned()
        }
    };
    let subject = if found.len() == 1 {
        place.clone()
    } else {
        format!("the first of {} at {place}", found.len())
    };
    let mut scores = found
        .iter()
        .map(|value| texts::compared(&words::as_text(value), expected, place, tidied));
    scores
        .find(|score| score.pass)
        .unwrap_or_else(|| texts::compared(&words::as_text(first), expected, &subject, tidied))
}
