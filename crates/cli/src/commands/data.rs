//! Import and export.

use super::At;
use crate::Failure;
use crate::arguments::Arguments;
use crate::say::{answer, count, hint};
use std::path::Path;
use std::process::ExitCode;
use workbench::views::{DatasetFormat, Mapping, Reading};
use workbench::{Workbench, plain};

pub async fn import_dataset(
    at: &At<'_>,
    path: &Path,
    name: Option<&str>,
    inputs: &[String],
    (look, anyway): (bool, bool),
) -> Result<ExitCode, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::other(format!("{}: {}", path.display(), plain(&error))))?;
    let stem = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default();
    let name = name.map_or(stem, str::to_owned);
    let reading = at
        .bench
        .read_dataset(at.project, text.clone(), DatasetFormat::Auto)
        .await?;
    let mapping = mapping(&reading, inputs)?;
    if look {
        let rows = count(reading.rows.into(), "case", "cases");
        let lines = mapping.inputs.iter();
        let lines = lines.map(|(column, input)| format!("  {column} → {input}"));
        let expected = mapping.expected.iter();
        let expected = expected.map(|column| format!("  {column} → what is expected"));
        let lines: Vec<String> = lines.chain(expected).collect();
        answer(at.arguments, &reading, || {
            format!("Dataset {name} would have {rows}:\n{}", lines.join("\n"))
        });
        return Ok(ExitCode::SUCCESS);
    }
    let check = at
        .bench
        .check_import(
            at.project,
            text.clone(),
            DatasetFormat::Auto,
            mapping.clone(),
        )
        .await?;
    super::datasets::may_be_shared(at, &check, anyway)?;
    let row = at
        .bench
        .import_dataset(at.project, name, text, DatasetFormat::Auto, mapping)
        .await?;
    answer(at.arguments, &row, || {
        let cases = count(row.cases.into(), "case", "cases");
        format!("Dataset {} with {cases}", row.name)
    });
    Ok(ExitCode::SUCCESS)
}

/// Which column fills which input: as told, else what is probably right; what would be left over
/// becomes an input of its own. A column that becomes an input of another name is said, since
/// nobody sees it otherwise.
fn mapping(reading: &Reading, told: &[String]) -> Result<Mapping, Failure> {
    let mut mapping = reading.suggested.clone();
    mapping.inputs.extend(reading.left_over.clone());
    for pair in told {
        let Some((column, input)) = pair.split_once('=') else {
            return Err(Failure::other(format!(
                "{pair} does not say which column fills which input: COLUMN=INPUT"
            )));
        };
        if !reading.columns.iter().any(|known| known == column) {
            return Err(Failure::other(format!(
                "there is no column {column}; the columns are {}",
                reading.columns.join(", ")
            )));
        }
        if mapping.expected.as_deref() == Some(column) {
            mapping.expected = None;
        }
        // Told by hand, an input has just that column.
        mapping.inputs.retain(|_, filled| filled != input);
        mapping.inputs.insert(column.to_owned(), input.to_owned());
    }
    for (column, input) in &mapping.inputs {
        let asked = told
            .iter()
            .any(|pair| pair.split('=').next() == Some(column));
        let plain = column.strip_prefix("inputs.").unwrap_or(column);
        if !asked && plain != input {
            hint(&format!(
                "galley: the column {column} is taken for the input {input}; --column '{column}=NAME' calls it otherwise"
            ));
        }
    }
    if mapping.inputs.is_empty() {
        return Err(Failure::other(
            "there is no column that could be an input, so its cases would ask nothing; nothing was imported",
        ));
    }
    Ok(mapping)
}

/// Whether a file is a promptfoo configuration: by its name, or by what a JSON file holds.
pub fn is_promptfoo(path: &Path) -> bool {
    let json = path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    if json
        && let Ok(text) = std::fs::read_to_string(path)
        && let Ok(serde_json::Value::Object(read)) = serde_json::from_str(&text)
        && read.contains_key("prompts")
        && (read.contains_key("tests") || read.contains_key("providers"))
    {
        return true;
    }
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().to_lowercase());
    let name = name.unwrap_or_default();
    name.starts_with("promptfooconfig.") || name.ends_with(".yaml") || name.ends_with(".yml")
}

pub async fn import_promptfoo(
    at: &At<'_>,
    path: &Path,
    name: Option<String>,
    look: bool,
    anyway: bool,
) -> Result<ExitCode, Failure> {
    let ending = path.extension().and_then(|ending| ending.to_str());
    if !matches!(ending, Some("yaml" | "yml" | "json")) {
        return Err(Failure::other(format!(
            "{} is a program, and an import runs nothing: have promptfoo write it as YAML",
            path.display()
        )));
    }
    let import = |look| {
        let (path, name) = (path.to_owned(), name.clone());
        at.bench.import_promptfoo(at.project, path, name, look)
    };
    let mut made = import(true).await?;
    super::datasets::may_be_shared(at, &made.check, anyway)?;
    if !look {
        made = import(false).await?;
    }
    answer(at.arguments, &made, || {
        let mut lines = Vec::new();
        for prompt in &made.prompts {
            match (prompt.saved, look) {
                (true, false) => lines.push(format!("Prompt {} saved", prompt.name)),
                (true, true) => lines.push(format!("Prompt {} would be saved", prompt.name)),
                (false, _) => {
                    lines.push(format!(
                        "Prompt {} is a draft; before it can be saved:",
                        prompt.name
                    ));
                    lines.extend(prompt.problems.iter().map(|problem| format!("  {problem}")));
                }
            }
        }
        let (cases, graders) = (
            count(made.cases.into(), "case", "cases"),
            count(made.graders.into(), "grader", "graders"),
        );
        if made.cases > 0 {
            lines.push(format!("Dataset {} with {cases} and {graders}", made.name));
        }
        if !made.models.is_empty() {
            lines.push(format!("Models: {}", made.models.join(", ")));
        }
        if !made.left_out.is_empty() {
            lines.push(String::new());
            lines.push("Left out, or not quite the same here:".to_owned());
            lines.extend(made.left_out.iter().map(|one| format!("  {one}")));
        }
        lines.join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

pub async fn export(at: &At<'_>, folder: &Path) -> Result<ExitCode, Failure> {
    let done = at
        .bench
        .export_project(at.project, folder.to_owned())
        .await?;
    answer(at.arguments, &done, || {
        format!(
            "{} with {} and {} is in {}",
            done.name,
            count(done.entries, "entry", "entries"),
            count(done.versions, "version", "versions"),
            folder.display()
        )
    });
    Ok(ExitCode::SUCCESS)
}

pub async fn import_project(
    bench: &Workbench,
    arguments: &Arguments,
    folder: &Path,
    _name: Option<&str>,
) -> Result<ExitCode, Failure> {
    let card = bench.import_project(folder.to_owned()).await?;
    answer(arguments, &card, || {
        format!("{} is on this computer, with its whole history", card.name)
    });
    Ok(ExitCode::SUCCESS)
}
