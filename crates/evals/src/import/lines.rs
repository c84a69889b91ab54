//! JSON Lines: one object a line, plain or as [`crate::export`] writes cases.

use super::{Format, LineProblem, PROBLEMS, Row, Table, foreign};
use domain::limits;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Columns that a file may have.
const COLUMNS: usize = 500;
/// The fields of a case beside its inputs.
const CASE: &[&str] = &["id", "expected", "tags", "note"];

pub(super) fn read(text: &str) -> Result<Table, LineProblem> {
    if let Some(items) = foreign::items(text) {
        return of_items(items);
    }
    let mut problems = Vec::new();
    let mut objects: Vec<(usize, Map<String, Value>)> = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        let number = index + 1;
        if line.trim().is_empty() {
            continue;
        }
        match object(line) {
            Ok(_) if objects.len() >= limits::CASES => {
                let message = format!("there are more than {} rows: split the file", limits::CASES);
                return Err(LineProblem::new(number, message));
            }
            Ok(object) => objects.push((number, foreign::as_case(object))),
            Err(message) if problems.len() < PROBLEMS => {
                problems.push(LineProblem::new(number, message));
            }
            Err(_) => {}
        }
    }
    table(objects, problems)
}

/// The items of one JSON text. They are told by their place in it, from 1.
fn of_items(items: Vec<Value>) -> Result<Table, LineProblem> {
    if items.len() > limits::CASES {
        let message = format!("there are more than {} rows: split the file", limits::CASES);
        return Err(LineProblem::new(limits::CASES + 1, message));
    }
    let mut problems = Vec::new();
    let mut objects = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        match item {
            Value::Object(object) => objects.push((index + 1, foreign::as_case(object))),
            _ if problems.len() < PROBLEMS => problems.push(LineProblem::new(
                index + 1,
                "each item of the list is one JSON object (counted by items, not lines)",
            )),
            _ => {}
        }
    }
    table(objects, problems)
}

/// Rows of another writing that are items or records.
pub(super) fn foreign(table: Table) -> Result<Table, LineProblem> {
    let objects = table.rows.into_iter().map(|row| {
        let cells = table.columns.iter().cloned().zip(row.values);
        let fields = cells.filter_map(|(name, value)| {
            let text = value.as_ref().and_then(Value::as_str)?;
            Some((name, foreign::cell(text)))
        });
        let line = usize::try_from(row.line).unwrap_or(usize::MAX);
        (line, foreign::as_case(fields.collect()))
    });
    self::table(objects.collect(), table.problems)
}

fn table(
    objects: Vec<(usize, Map<String, Value>)>,
    problems: Vec<LineProblem>,
) -> Result<Table, LineProblem> {
    let is_export = !objects.is_empty()
        && objects
            .iter()
            .all(|(_, object)| matches!(object.get("inputs"), Some(Value::Object(_))));
    let mut columns: Vec<String> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut rows = Vec::with_capacity(objects.len());
    for (number, object) in objects {
        let (fields, other) = if is_export {
            unfold(object)
        } else {
            (object.into_iter().collect(), Map::new())
        };
        let mut values = vec![None; columns.len()];
        for (name, value) in fields {
            let place = *places.entry(name).or_insert_with_key(|name| {
                columns.push(name.clone());
                columns.len() - 1
            });
            if place >= COLUMNS {
                return Err(LineProblem::new(
                    number,
                    format!("the rows have more than {COLUMNS} different fields"),
                ));
            }
            if values.len() <= place {
                values.resize(place + 1, None);
            }
            if let Some(slot) = values.get_mut(place) {
                *slot = Some(value);
            }
        }
        rows.push(Row {
            line: u32::try_from(number).unwrap_or(u32::MAX),
            values,
            other,
        });
    }
    for row in &mut rows {
        row.values.resize(columns.len(), None);
    }
    Ok(Table {
        format: Format::Jsonl,
        columns,
        rows,
        problems,
        is_export,
    })
}

fn object(line: &str) -> Result<Map<String, Value>, String> {
    match serde_json::from_str(line) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err("each line is one JSON object, as in {\"question\": \"…\"}".to_owned()),
        Err(error) if error.is_eof() => {
            Err("this line stops in the middle: each line is one whole JSON object".to_owned())
        }
        Err(error) => Err(format!(
            "this line stops being JSON at character {}",
            error.column()
        )),
    }
}

/// An exported case as columns: its inputs under `inputs.`, its own fields, and the rest.
fn unfold(object: Map<String, Value>) -> (Vec<(String, Value)>, Map<String, Value>) {
    let (mut fields, mut other) = (Vec::new(), Map::new());
    for (name, value) in object {
        match value {
            Value::Object(inputs) if name == "inputs" => {
                fields.extend(
                    inputs
                        .into_iter()
                        .map(|(name, value)| (format!("inputs.{name}"), value)),
                );
            }
            value if CASE.contains(&name.as_str()) => fields.push((name, value)),
            value => {
                other.insert(name, value);
            }
        }
    }
    (fields, other)
}
