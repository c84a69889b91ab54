//! Datasets as Langfuse and MLflow write them, turned into cases as [`crate::export`] does.
//!
//! *Langfuse*: items with `input`, `expectedOutput`, `metadata`, `status` (its API's `DatasetItem`, a
//! page of them under `data`, or the columns of its CSV). *MLflow*: records with `inputs`, `expectations`
//! and `tags` (`mlflow.genai.datasets`, `to_df`). What else they hold is kept beside the case.

use serde_json::{Map, Value};

/// The input that takes a text which has no name.
const ONLY_INPUT: &str = "input";
/// MLflow's name for the one expected text.
pub(crate) const RESPONSE: &str = "expected_response";

/// Whether rows with these columns are items or records.
pub(super) fn is_foreign(columns: &[String]) -> bool {
    let has = |name: &str| columns.iter().any(|column| column == name);
    let langfuse = has("input") && (has("expectedOutput") || has("expected_output"));
    langfuse || (has("inputs") && has("expectations"))
}

/// The items of a whole JSON text: a list, or a page with `data`. None if it is neither.
pub(super) fn items(text: &str) -> Option<Vec<Value>> {
    let start = text.trim_start();
    if start.starts_with('[') {
        return serde_json::from_str(text).ok();
    }
    // One object on many lines; JSON Lines stop being JSON where the second begins.
    match serde_json::from_str(text).ok()? {
        Value::Object(mut page) => match page.remove("data") {
            Some(Value::Array(items)) => Some(items),
            _ => None,
        },
        _ => None,
    }
}

/// A cell of a spreadsheet that holds JSON, as that.
pub(super) fn cell(text: &str) -> Value {
    let bare = text.trim();
    if bare.starts_with(['{', '[', '"']) {
        return serde_json::from_str(bare).unwrap_or_else(|_| Value::from(text));
    }
    Value::from(text)
}

/// An item or record as a case; any other object as it is.
pub(super) fn as_case(mut object: Map<String, Value>) -> Map<String, Value> {
    if is_item(&object) {
        let mut case = Map::new();
        let input = object.remove("input").unwrap_or_default();
        case.insert("inputs".to_owned(), inputs(input));
        for name in ["expectedOutput", "expected_output"] {
            if let Some(expected) = object.remove(name).filter(|value| !is_nothing(value)) {
                case.insert("expected".to_owned(), expected);
            }
        }
        case.extend(object.into_iter().filter(|(_, value)| !is_nothing(value)));
        return case;
    }
    if is_record(&object) {
        let mut case = Map::new();
        let input = object.remove("inputs").unwrap_or_default();
        case.insert("inputs".to_owned(), inputs(input));
        if let Some(id) = object.remove("dataset_record_id").filter(Value::is_string) {
            case.insert("id".to_owned(), id);
        }
        if let Some(expected) = object.remove("expectations").and_then(expectation) {
            case.insert("expected".to_owned(), expected);
        }
        if let Some(Value::Object(tags)) = object.remove("tags") {
            let tags = tags.into_iter().map(|(name, value)| match value {
                Value::String(text) if text.is_empty() => name,
                Value::String(text) => format!("{name}={text}"),
                other => format!("{name}={other}"),
            });
            case.insert("tags".to_owned(), tags.map(Value::from).collect());
        }
        case.extend(object.into_iter().filter(|(_, value)| !is_nothing(value)));
        return case;
    }
    object
}

fn is_item(object: &Map<String, Value>) -> bool {
    let marks = [
        "expectedOutput",
        "expected_output",
        "datasetId",
        "datasetName",
    ];
    object.contains_key("input") && marks.iter().any(|name| object.contains_key(*name))
}

fn is_record(object: &Map<String, Value>) -> bool {
    object.contains_key("inputs")
        && ["expectations", "dataset_record_id"]
            .iter()
            .any(|name| object.contains_key(*name))
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

fn inputs(value: Value) -> Value {
    match value {
        Value::Object(_) => value,
        other => Value::Object(Map::from_iter([(ONLY_INPUT.to_owned(), other)])),
    }
}

/// The one expected text, or all expectations by name.
fn expectation(value: Value) -> Option<Value> {
    match value {
        Value::Object(mut fields) if fields.len() == 1 && fields.contains_key(RESPONSE) => {
            fields.remove(RESPONSE)
        }
        Value::Object(fields) if fields.is_empty() => None,
        other => Some(other).filter(|value| !is_nothing(value)),
    }
}
