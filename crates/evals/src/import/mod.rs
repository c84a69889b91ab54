//! Datasets from CSV and JSON Lines, as people, Galley, Langfuse and MLflow write them.
//!
//! In two steps, so that a person can look in between: [`read`] gives a [`Table`] with what is
//! wrong by line, [`suggest`] guesses which column is what, and [`dataset`] makes cases of it. It
//! refuses files beyond the dataset's limits before it reads them whole.

mod delimited;
pub(crate) mod foreign;
mod lines;
mod mapping;

use domain::limits;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use mapping::{Mapping, dataset, left_over, suggest};

/// What a text to import is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Values with a header line, separated by commas, semicolons or tabs.
    Csv,
    /// One JSON object a line, or a list of them.
    Jsonl,
}

/// A text, read into rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// What it was written in.
    pub format: Format,
    /// The columns, in the order of the file.
    pub columns: Vec<String>,
    /// The rows that can be imported.
    pub rows: Vec<Row>,
    /// What is wrong with the others, by line; at most [`PROBLEMS`].
    pub problems: Vec<LineProblem>,
    /// The rows are cases as [`crate::export`] writes them: inputs stand under `inputs.`.
    pub is_export: bool,
}

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The line it begins on, from 1.
    pub line: u32,
    /// One value for each column; none where a JSON row lacks it.
    pub values: Vec<Option<Value>>,
    /// Fields of an exported case that we don't know.
    pub other: Map<String, Value>,
}

/// One thing that is wrong in a text to import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct LineProblem {
    /// The line, from 1.
    pub line: u32,
    /// The column by name, where one is to blame.
    pub column: Option<String>,
    /// What is wrong.
    pub message: String,
}

/// Problems that are told; whoever has more has another kind of file.
pub const PROBLEMS: usize = 100;

impl LineProblem {
    fn new(line: usize, message: impl Into<String>) -> Self {
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        Self {
            line,
            column: None,
            message: message.into(),
        }
    }

    fn of(line: u32, column: &str, message: impl Into<String>) -> Self {
        Self {
            line,
            column: Some(column.to_owned()),
            message: message.into(),
        }
    }
}

/// Reads a file's bytes. With no format it is whichever it looks like.
///
/// # Errors
/// What makes the whole file unreadable: its encoding, its header, its size. What is wrong with
/// single lines is in the table.
pub fn read(bytes: &[u8], format: Option<Format>) -> Result<Table, LineProblem> {
    if bytes.len() > limits::DATASET_BYTES {
        let message = format!(
            "the file is larger than {} MiB: split it",
            limits::DATASET_BYTES >> 20
        );
        return Err(LineProblem::new(1, message));
    }
    let text = decode(bytes)?;
    let format = format.unwrap_or_else(|| {
        if text.trim_start().starts_with(['{', '[']) {
            Format::Jsonl
        } else {
            Format::Csv
        }
    });
    let table = match format {
        Format::Csv => match delimited::read(text)? {
            table if foreign::is_foreign(&table.columns) => lines::foreign(table)?,
            table => table,
        },
        Format::Jsonl => lines::read(text)?,
    };
    if table.rows.is_empty() && table.problems.is_empty() {
        return Err(LineProblem::new(1, "the file holds no cases"));
    }
    Ok(table)
}

fn decode(bytes: &[u8]) -> Result<&str, LineProblem> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(LineProblem::new(
            1,
            "the file is written in UTF-16: save it as UTF-8",
        ));
    }
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        LineProblem::new(
            line,
            "this line is not UTF-8: save the file as UTF-8 (in Excel “CSV UTF-8”)",
        )
    })?;
    if let Some(place) = text.find('\0') {
        let line = text.get(..place).unwrap_or_default().matches('\n').count() + 1;
        return Err(LineProblem::new(line, "this is no text file"));
    }
    Ok(text)
}
