//! Which tools the model wants called, and with what.

use super::words::{same, shortened};
use super::{Answered, Score};
use serde_json::{Map, Value};

pub(super) fn grade(
    answer: &Answered<'_>,
    name: Option<&str>,
    arguments: &Map<String, Value>,
    only: bool,
) -> Score {
    let named: Vec<_> = answer
        .calls
        .iter()
        .filter(|call| name.is_none_or(|name| call.name == name))
        .collect();
    if named.is_empty() {
        let made: Vec<_> = answer.calls.iter().map(|call| call.name).collect();
        let wanted = name.unwrap_or("any tool");
        return Score::of(
            false,
            if made.is_empty() {
                format!("no tool was called; {wanted} should have been")
            } else {
                format!(
                    "{wanted} was not called, but {}",
                    shortened(&made.join(", "))
                )
            },
        );
    }
    let mut first_fault = None;
    for call in named {
        match fault(call.arguments, arguments, only) {
            None => return Score::of(true, format!("{} was called as it should be", call.name)),
            Some(fault) => {
                first_fault.get_or_insert_with(|| format!("{} was called, but {fault}", call.name));
            }
        }
    }
    Score::of(false, first_fault.unwrap_or_default())
}

fn fault(given: &Value, wanted: &Map<String, Value>, only: bool) -> Option<String> {
    let Some(given) = given.as_object() else {
        return Some("its arguments are no JSON object".to_owned()).filter(|_| {
            // A tool without arguments may be called with nothing at all.
            only || !wanted.is_empty()
        });
    };
    for (name, value) in wanted {
        match given.get(name) {
            None => return Some(format!("without {name}")),
            Some(found) if !holds(found, value, only) => {
                return Some(format!(
                    "with {name} {}, not {}",
                    shortened(&found.to_string()),
                    shortened(&value.to_string())
                ));
            }
            Some(_) => {}
        }
    }
    let more = given.keys().find(|name| !wanted.contains_key(*name));
    more.filter(|_| only).map(|name| format!("with {name} too"))
}

/// Objects within arguments may hold more than is asked for, unless only that is wanted.
fn holds(found: &Value, wanted: &Value, only: bool) -> bool {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) if !only => {
            wanted.iter().all(|(name, value)| {
                found
                    .get(name)
                    .is_some_and(|found| holds(found, value, only))
            })
        }
        _ => same(found, wanted),
    }
}
