//! Which column is what, and the cases that follow from it.

use super::{Format, LineProblem, PROBLEMS, Table};
use domain::content::{Input, InputKind};
use domain::dataset::{Case, Dataset};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Which column is what. A column that is not named is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Mapping {
    /// Column → the input that it fills.
    pub inputs: BTreeMap<String, String>,
    /// The column with what is expected.
    #[serde(default)]
    pub expected: Option<String>,
    /// The column that names each case; without one they are numbered.
    #[serde(default)]
    pub id: Option<String>,
    /// The column with tags, separated by commas.
    #[serde(default)]
    pub tags: Option<String>,
    /// The column with notes for people.
    #[serde(default)]
    pub note: Option<String>,
}

const EXPECTED: &[&str] = &[
    "expected",
    "expectedoutput",
    "expectedanswer",
    "answer",
    "label",
    "category",
    "intent",
    "target",
    "output",
    "ideal",
    "reference",
    "completion",
    "groundtruth",
    "class",
];
const IDS: &[&str] = &["id", "caseid", "key"];
const TAGS: &[&str] = &["tags", "tag"];
const NOTES: &[&str] = &["note", "notes", "comment", "comments"];
/// What the one text of a row is often called.
const TEXTS: &[&str] = &[
    "text",
    "message",
    "question",
    "input",
    "query",
    "prompt",
    "content",
    "utterance",
    "body",
];

/// The columns for which a mapping has no use, each with the name of an input that it could fill.
#[must_use]
pub fn left_over(table: &Table, mapping: &Mapping) -> BTreeMap<String, String> {
    let others = [&mapping.expected, &mapping.id, &mapping.tags, &mapping.note];
    let used = |column: &String| {
        mapping.inputs.contains_key(column)
            || others.iter().any(|other| other.as_ref() == Some(column))
    };
    let mut names: BTreeSet<String> = mapping.inputs.values().cloned().collect();
    let mut found = BTreeMap::new();
    // What is kept beside a case as it came is not lost.
    let free = table.columns.iter().filter(|_| !table.is_export);
    for column in free.filter(|column| !used(column)) {
        let plain = identifier(column);
        let mut name = plain.clone();
        let mut number = 2;
        while !names.insert(name.clone()) {
            name = format!("{plain}_{number}");
            number += 1;
        }
        found.insert(column.clone(), name);
    }
    found
}

/// A mapping that is probably right for a prompt with these inputs. Without inputs every column
/// that is nothing else becomes one.
#[must_use]
pub fn suggest(table: &Table, inputs: &[Input]) -> Mapping {
    let mut mapping = Mapping::default();
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    let columns = || table.columns.iter().map(String::as_str);
    let is_input = |column: &str| {
        table.is_export && column.starts_with("inputs.")
            || inputs
                .iter()
                .any(|input| folded(&input.name) == folded(column))
    };
    for column in columns() {
        let plain = column.strip_prefix("inputs.").filter(|_| table.is_export);
        let declared = inputs
            .iter()
            .find(|input| folded(&input.name) == folded(column));
        if let Some(name) = plain.or(declared.map(|input| input.name.as_str())) {
            mapping.inputs.insert(column.to_owned(), name.to_owned());
            taken.insert(column);
        }
    }
    for (slot, names) in [
        (&mut mapping.id, IDS),
        (&mut mapping.tags, TAGS),
        (&mut mapping.note, NOTES),
        (&mut mapping.expected, EXPECTED),
    ] {
        // In the order of the names: “expected” before “category”.
        let found = names
            .iter()
            .find_map(|name| columns().find(|column| folded(column) == *name && !is_input(column)));
        if let Some(column) = found {
            *slot = Some(column.to_owned());
            taken.insert(column);
        }
    }
    if table.is_export {
        return mapping;
    }
    let free: Vec<&str> = columns().filter(|column| !taken.contains(column)).collect();
    if inputs.is_empty() {
        let mut names = BTreeSet::new();
        for column in free {
            let name = identifier(column);
            if names.insert(name.clone()) {
                mapping.inputs.insert(column.to_owned(), name);
            }
        }
        return mapping;
    }
    // One text input is left, or one of them is named like a text; and one column that looks like a
    // text, or just one.
    let filled: BTreeSet<String> = mapping.inputs.values().cloned().collect();
    let open = || {
        inputs
            .iter()
            .filter(|input| input.kind == InputKind::Text && !filled.contains(&input.name))
    };
    let is_text = |name: &str| TEXTS.contains(&folded(name).as_str());
    let left = only(open()).or_else(|| only(open().filter(|input| is_text(&input.name))));
    if let Some(input) = left {
        let like_text = free.iter().find(|column| is_text(column));
        if let Some(column) = like_text.or(if free.len() == 1 { free.first() } else { None }) {
            mapping
                .inputs
                .insert((*column).to_owned(), input.name.clone());
        }
    }
    mapping
}

fn only<'a>(mut inputs: impl Iterator<Item = &'a Input>) -> Option<&'a Input> {
    inputs.next().filter(|_| inputs.next().is_none())
}

/// Makes cases of a table. Values become what the inputs are declared as; those of an undeclared
/// input stay as they are.
///
/// # Errors
/// Every value that can't become what it should, by line and column, and what the table already
/// found wrong: nothing is imported in part.
pub fn dataset(
    table: &Table,
    mapping: &Mapping,
    inputs: &[Input],
) -> Result<Dataset, Vec<LineProblem>> {
    let mut problems = table.problems.clone();
    let place = |column: &str| table.columns.iter().position(|name| name == column);
    let mut fills = Vec::new();
    let mut filled = BTreeSet::new();
    for (column, name) in &mapping.inputs {
        let Some(place) = place(column) else {
            problems.push(LineProblem::of(1, column, "there is no such column"));
            continue;
        };
        if !filled.insert(name.as_str()) {
            problems.push(LineProblem::of(
                1,
                column,
                format!("two columns fill the input {name}: choose one"),
            ));
        }
        fills.push((
            place,
            column,
            name,
            inputs
                .iter()
                .find(|input| input.name == *name)
                .map(|input| input.kind),
        ));
    }
    let id = place_of(table, mapping.id.as_deref(), &mut problems);
    let expected = place_of(table, mapping.expected.as_deref(), &mut problems);
    let tags = place_of(table, mapping.tags.as_deref(), &mut problems);
    let note = place_of(table, mapping.note.as_deref(), &mut problems);
    let mut ids = BTreeSet::new();
    let mut cases = Vec::with_capacity(table.rows.len());
    for (index, row) in table.rows.iter().enumerate() {
        if problems.len() >= PROBLEMS {
            break;
        }
        let value = |place: usize| row.values.get(place).and_then(Option::as_ref);
        let mut case = Case {
            id: (index + 1).to_string(),
            ..Case::default()
        };
        for (place, column, name, kind) in &fills {
            match value(*place).map(|value| convert(value, *kind, table.format)) {
                Some(Ok(Some(value))) => {
                    case.inputs.insert((*name).clone(), value);
                }
                Some(Err(message)) => problems.push(LineProblem::of(row.line, column, message)),
                Some(Ok(None)) | None => {}
            }
        }
        if let Some((place, column)) = id {
            case.id = value(place).map(as_text).unwrap_or_default();
            if case.id.is_empty() {
                problems.push(LineProblem::of(row.line, column, "this case has no id"));
            } else if !ids.insert(case.id.clone()) {
                let message = format!("another case has the id “{}” already", case.id);
                problems.push(LineProblem::of(row.line, column, message));
            }
        }
        case.expected = expected
            .and_then(|(place, _)| value(place))
            .filter(|value| !value.is_null() && value.as_str() != Some(""))
            .map(|value| {
                if table.format == Format::Csv {
                    expectation(value)
                } else {
                    value.clone()
                }
            });
        case.tags = tags
            .and_then(|(place, _)| value(place))
            .map(tags_of)
            .unwrap_or_default();
        case.note = note
            .and_then(|(place, _)| value(place))
            .map(as_text)
            .unwrap_or_default();
        case.other = row.other.clone().into_iter().collect();
        if let Some(graders) = case.other.remove("graders") {
            match serde_json::from_value(graders) {
                Ok(graders) => case.graders = graders,
                Err(_) => problems.push(LineProblem::of(
                    row.line,
                    "graders",
                    "these are no graders as Galley writes them",
                )),
            }
        }
        cases.push(case);
    }
    if !problems.is_empty() {
        problems.truncate(PROBLEMS);
        return Err(problems);
    }
    let dataset = Dataset {
        cases,
        ..Dataset::default()
    };
    dataset
        .encode()
        .map_err(|error| vec![LineProblem::new(1, error.to_string())])?;
    Ok(dataset)
}

fn place_of<'m>(
    table: &Table,
    column: Option<&'m str>,
    problems: &mut Vec<LineProblem>,
) -> Option<(usize, &'m str)> {
    let column = column?;
    let place = table.columns.iter().position(|name| name == column);
    if place.is_none() {
        problems.push(LineProblem::of(1, column, "there is no such column"));
    }
    Some((place?, column))
}

/// A value as its input is declared; nothing where an optional one is left empty.
fn convert(
    value: &Value,
    kind: Option<InputKind>,
    format: Format,
) -> Result<Option<Value>, String> {
    match (value, kind) {
        (Value::Null, _) => Ok(None),
        (value, None) => Ok(Some(value.clone())),
        (Value::String(cell), Some(kind)) if format == Format::Csv => from_cell(cell, kind),
        (value, Some(kind)) => match (value, kind) {
            (Value::String(_), InputKind::Text)
            | (Value::Number(_), InputKind::Number)
            | (Value::Bool(_), InputKind::Boolean)
            | (Value::Array(_), InputKind::List)
            | (Value::Object(_), InputKind::Object) => Ok(Some(value.clone())),
            // A number among texts is a text whose quotes were forgotten.
            (Value::Number(_) | Value::Bool(_), InputKind::Text) => {
                Ok(Some(Value::from(as_text(value))))
            }
            _ => Err(format!("this should be {}", wanted(kind))),
        },
    }
}

fn from_cell(cell: &str, kind: InputKind) -> Result<Option<Value>, String> {
    let bare = cell.trim();
    if kind == InputKind::Text {
        return Ok(Some(Value::from(cell)));
    }
    if bare.is_empty() {
        return Ok(None);
    }
    let value = match kind {
        InputKind::Text => None,
        InputKind::Number => match bare.parse::<i64>() {
            Ok(whole) => Some(Value::from(whole)),
            Err(_) => bare
                .parse::<f64>()
                .ok()
                .filter(|number| number.is_finite())
                .map(Value::from),
        },
        InputKind::Boolean => match bare.to_lowercase().as_str() {
            "true" | "yes" | "1" => Some(Value::Bool(true)),
            "false" | "no" | "0" => Some(Value::Bool(false)),
            _ => None,
        },
        InputKind::List => serde_json::from_str(bare).ok().filter(Value::is_array),
        InputKind::Object => serde_json::from_str(bare).ok().filter(Value::is_object),
    };
    value
        .map(Some)
        .ok_or_else(|| format!("“{}” should be {}", shortened(bare), wanted(kind)))
}

fn wanted(kind: InputKind) -> &'static str {
    match kind {
        InputKind::Text => "a text",
        InputKind::Number => "a number, as in 12 or 0.5",
        InputKind::Boolean => "true or false",
        InputKind::List => "a list, as in [\"a\", \"b\"]",
        InputKind::Object => "an object, as in {\"name\": \"Ana\"}",
    }
}

/// A cell of a spreadsheet has no type: one that is JSON of several parts is meant as that.
fn expectation(value: &Value) -> Value {
    let parsed = value
        .as_str()
        .filter(|text| text.trim_start().starts_with(['{', '[']));
    parsed
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_else(|| value.clone())
}

fn tags_of(value: &Value) -> Vec<String> {
    let texts = match value {
        Value::Array(list) => list.iter().map(as_text).collect(),
        Value::Null => Vec::new(),
        other => as_text(other)
            .split(',')
            .map(str::to_owned)
            .collect::<Vec<_>>(),
    };
    texts
        .iter()
        .map(|tag| tag.trim().to_owned())
        .filter(|tag| !tag.is_empty())
        .collect()
}

fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((cut, _)) => format!("{}…", text.get(..cut).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Names are compared without case, spaces and marks: “Expected output” is `expected_output`.
fn folded(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// A column's name as an input's: letters, digits and `_`.
fn identifier(column: &str) -> String {
    let mut name: String = column
        .trim()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        name.insert(0, '_');
    }
    name
}
