//! Datasets as files: JSON Lines, which keeps everything, CSV for spreadsheets, and what promptfoo,
//! Langfuse and MLflow read.
//!
//! What is not a text stands in a CSV cell as JSON; [`crate::import`] turns it back where the
//! prompt's inputs say what it is. A spreadsheet may change what it shows; JSON Lines is the one to keep.

mod foreign;

pub use foreign::{Written, langfuse, mlflow, promptfoo};

use domain::dataset::Dataset;
use serde_json::Value;

/// One case a line, as canonical as its JSON.
#[must_use]
pub fn jsonl(dataset: &Dataset) -> String {
    let mut text = String::new();
    for case in &dataset.cases {
        // A case is texts and JSON values: it always has a JSON form.
        text.push_str(&serde_json::to_string(case).unwrap_or_default());
        text.push('\n');
    }
    text
}

/// A header and one row a case: `id`, the inputs, `expected`, `tags`, `note`.
///
/// # Errors
/// None that a dataset can cause; the signature is that of the writer.
pub fn csv(dataset: &Dataset) -> Result<String, csv::Error> {
    let inputs = dataset.input_names();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let clash = |name: &str| ["id", "expected", "tags", "note"].contains(&name);
    let header = std::iter::once("id".to_owned())
        // An input may be called “expected” too; two columns may not.
        .chain(inputs.iter().map(|name| {
            if clash(name) {
                format!("{name} (input)")
            } else {
                (*name).to_owned()
            }
        }))
        .chain(["expected", "tags", "note"].map(str::to_owned));
    writer.write_record(header)?;
    for case in &dataset.cases {
        let row = std::iter::once(case.id.clone())
            .chain(inputs.iter().map(|name| cell(case.inputs.get(*name))))
            .chain([
                cell(case.expected.as_ref()),
                case.tags.join(", "),
                case.note.clone(),
            ]);
        writer.write_record(row)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
