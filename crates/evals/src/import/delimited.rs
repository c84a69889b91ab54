//! Values separated by commas, semicolons or tabs, as spreadsheets write them (RFC 4180).

use super::{Format, LineProblem, PROBLEMS, Row, Table};
use csv::{ReaderBuilder, StringRecord};
use domain::limits;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Columns that a file may have.
const COLUMNS: usize = 500;

pub(super) fn read(text: &str) -> Result<Table, LineProblem> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator(text))
        .from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    if !next(&mut reader, &mut record)? {
        return Err(LineProblem::new(1, "the file is empty"));
    }
    let columns = header(&record)?;
    let mut table = Table {
        format: Format::Csv,
        columns,
        rows: Vec::new(),
        problems: Vec::new(),
        is_export: false,
    };
    let mut begins = reader.position().byte();
    while next(&mut reader, &mut record)? {
        let line = line_of(&record);
        let ends = reader.position().byte();
        let fault = if is_unclosed(text, begins, ends, &record) {
            Some(
                "a quoted text that begins on this line is never closed: add the closing quote"
                    .to_owned(),
            )
        } else if record.len() != table.columns.len() {
            Some(format!(
                "this row has {} values, but there are {} columns; a text with a comma or a line break needs quotes around it",
                record.len(),
                table.columns.len()
            ))
        } else {
            None
        };
        begins = ends;
        match fault {
            Some(message) if table.problems.len() < PROBLEMS => {
                table.problems.push(LineProblem::new(line, message));
            }
            Some(_) => {}
            None if table.rows.len() >= limits::CASES => {
                return Err(LineProblem::new(
                    line,
                    format!("there are more than {} rows: split the file", limits::CASES),
                ));
            }
            None => table.rows.push(Row {
                line: u32::try_from(line).unwrap_or(u32::MAX),
                values: record.iter().map(|cell| Some(Value::from(cell))).collect(),
                other: Map::new(),
            }),
        }
    }
    Ok(table)
}

fn next(reader: &mut csv::Reader<&[u8]>, record: &mut StringRecord) -> Result<bool, LineProblem> {
    reader.read_record(record).map_err(|error| {
        let line = error.position().map_or(1, csv::Position::line);
        LineProblem::new(
            usize::try_from(line).unwrap_or(1),
            "this line can't be read",
        )
    })
}

fn line_of(record: &StringRecord) -> usize {
    record.position().map_or(1, |position| {
        usize::try_from(position.line()).unwrap_or(usize::MAX)
    })
}

/// Spreadsheets use semicolons where the comma is in numbers. Whichever the header has most of.
fn separator(text: &str) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    for byte in text.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if quoted => {}
            _ => counts
                .iter_mut()
                .filter(|(separator, _)| *separator == byte)
                .for_each(|(_, n)| *n += 1),
        }
    }
    // The first of the most: a comma, where nothing separates anything.
    counts
        .iter()
        .rev()
        .max_by_key(|(_, count)| *count)
        .map_or(b',', |(separator, _)| *separator)
}

fn header(record: &StringRecord) -> Result<Vec<String>, LineProblem> {
    let line = line_of(record);
    if record.len() > COLUMNS {
        return Err(LineProblem::new(
            line,
            format!("the header has more than {COLUMNS} columns"),
        ));
    }
    let mut seen = BTreeSet::new();
    for (index, name) in record.iter().enumerate() {
        if name.trim().is_empty() {
            return Err(LineProblem::new(
                line,
                format!("column {} has no name in the header", index + 1),
            ));
        }
        if !seen.insert(name.trim()) {
            let message = format!("two columns are named “{}”: rename one", name.trim());
            return Err(LineProblem {
                column: Some(name.trim().to_owned()),
                ..LineProblem::new(line, message)
            });
        }
    }
    Ok(record.iter().map(|name| name.trim().to_owned()).collect())
}

/// The reader takes a quote that is never closed for one text to the end of the file. Seen by an
/// odd number of quotes in a last record whose last value runs over lines.
fn is_unclosed(text: &str, begins: u64, ends: u64, record: &StringRecord) -> bool {
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    let is_last = place(ends) >= text.len();
    let open_end = record
        .iter()
        .next_back()
        .is_some_and(|cell| cell.contains('\n'));
    is_last
        && (open_end || !text.ends_with('"'))
        && text.get(place(begins)..place(ends)).is_some_and(|raw| {
            raw.matches('"').count() % 2 == 1 && (open_end || starts_quoted(raw))
        })
}

/// Whether the raw record's last value begins with a quote.
fn starts_quoted(raw: &str) -> bool {
    raw.rsplit([',', ';', '\t'])
        .next()
        .is_some_and(|cell| cell.trim_start().starts_with('"'))
}
