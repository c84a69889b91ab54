//! Tests in files of their own: CSV, JSON, JSON Lines, YAML.

use super::files::{Files, ending, is_program, reference};
use super::yaml::{Kind, Node};
use crate::import::{self, Format};
use serde_json::Value;

/// Columns of a promptfoo table that are no inputs.
const EXPECTED: &str = "__expected";

/// The tests in one file.
pub(super) fn tests(path: &str, files: &Files<'_>) -> Result<Vec<Node>, String> {
    match ending(path).as_str() {
        "csv" => table(&files.bytes(path)?),
        "jsonl" | "ndjson" => lines(&files.text(path)?),
        "yaml" | "yml" | "json" => {
            let root = files.yaml(path)?;
            let list = root.get("tests").unwrap_or(&root);
            Ok(list.each().to_vec())
        }
        "xlsx" | "xls" => Err("is a spreadsheet: save it as CSV".to_owned()),
        _ => Err("is no kind of file that tests are read from".to_owned()),
    }
}

/// The path that a text means as tests: a reference, or just a path. None if it is an address
/// or a program, with why.
pub(super) fn path_of(text: &str) -> Result<&str, &'static str> {
    let path = reference(text).unwrap_or(text);
    if path.contains("://") {
        return Err("is an address, and an import fetches nothing");
    }
    if is_program(path) || text.starts_with("exec:") || text.starts_with("python:") {
        return Err("is a program, and an import runs nothing");
    }
    Ok(path)
}

fn lines(text: &str) -> Result<Vec<Node>, String> {
    let mut tests = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let number = number + 1;
        let value: Value = serde_json::from_str(line)
            .map_err(|_| format!("can't be read: line {number} is no JSON object"))?;
        tests.push(Node::of(&value, u32::try_from(number).unwrap_or(u32::MAX)));
    }
    Ok(tests)
}

fn table(bytes: &[u8]) -> Result<Vec<Node>, String> {
    let table = import::read(bytes, Some(Format::Csv))
        .map_err(|error| format!("can't be read: {error}"))?;
    if let Some(problem) = table.problems.first() {
        return Err(format!("can't be read: {problem}"));
    }
    let tests = table.rows.iter().map(|row| {
        let at = |kind| Node {
            line: row.line,
            kind,
        };
        let (mut vars, mut asserts, mut fields) = (Vec::new(), Vec::new(), Vec::new());
        let mut metric = None;
        for (column, cell) in table.columns.iter().zip(&row.values) {
            let cell = cell.as_ref().and_then(Value::as_str).unwrap_or_default();
            let text = at(Kind::Text(cell.to_owned()));
            match column.as_str() {
                name if name.starts_with(EXPECTED) => {
                    if !cell.trim().is_empty() {
                        asserts.push(assertion(cell, row.line));
                    }
                }
                "__description" => fields.push(("description".to_owned(), text)),
                "__threshold" if !cell.trim().is_empty() => {
                    fields.push(("threshold".to_owned(), text));
                }
                "__metric" if !cell.trim().is_empty() => metric = Some(text),
                // Told like any field that is left out.
                name if name.starts_with("__") => {
                    if !cell.trim().is_empty() {
                        fields.push((name.to_owned(), text));
                    }
                }
                name => vars.push((name.to_owned(), text)),
            }
        }
        if let Some(metric) = metric {
            for one in &mut asserts {
                if let Kind::Fields(fields) = &mut one.kind {
                    fields.push(("metric".to_owned(), metric.clone()));
                }
            }
        }
        fields.push(("vars".to_owned(), at(Kind::Fields(vars))));
        fields.push(("assert".to_owned(), at(Kind::List(asserts))));
        at(Kind::Fields(fields))
    });
    Ok(tests.collect())
}

/// `contains: a text`, `levenshtein(3): a text`, `fn: …`; anything else is what the answer should be.
fn assertion(cell: &str, line: u32) -> Node {
    let text = |value: &str| Node {
        line,
        kind: Kind::Text(value.to_owned()),
    };
    let (head, value) = cell.split_once(':').unwrap_or((cell, ""));
    let (name, threshold) = match head.trim().split_once('(') {
        Some((name, rest)) => (name, rest.strip_suffix(')')),
        None => (head.trim(), None),
    };
    let kind = match name {
        "fn" | "eval" | "javascript" => "javascript",
        "grade" => "llm-rubric",
        name if is_known(name) => name,
        "file" => "javascript",
        _ => "equals",
    };
    let value = if kind == "equals" && name.strip_prefix("not-").unwrap_or(name) != "equals" {
        cell
    } else {
        value.strip_prefix(' ').unwrap_or(value)
    };
    let mut fields = vec![("type".to_owned(), text(kind))];
    if !value.is_empty() {
        fields.push(("value".to_owned(), text(value)));
    }
    if let Some(threshold) = threshold {
        fields.push(("threshold".to_owned(), text(threshold)));
    }
    Node {
        line,
        kind: Kind::Fields(fields),
    }
}

/// Names of assertions that may begin a cell.
fn is_known(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "equals",
        "contains",
        "icontains",
        "contains-all",
        "contains-any",
        "icontains-all",
        "icontains-any",
        "contains-json",
        "contains-html",
        "contains-sql",
        "contains-xml",
        "is-json",
        "is-html",
        "is-sql",
        "is-xml",
        "is-refusal",
        "regex",
        "starts-with",
        "similar",
        "levenshtein",
        "rouge-n",
        "bleu",
        "gleu",
        "meteor",
        "latency",
        "cost",
        "perplexity",
        "perplexity-score",
        "classifier",
        "word-count",
        "llm-rubric",
        "factuality",
        "python",
        "answer-relevance",
        "context-recall",
        "context-relevance",
        "context-faithfulness",
        "model-graded-closedqa",
        "model-graded-factuality",
        "webhook",
        "moderation",
        "g-eval",
        "pi",
    ];
    NAMES.contains(&name.strip_prefix("not-").unwrap_or(name))
}
