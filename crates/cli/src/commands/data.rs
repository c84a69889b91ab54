//! Import and export.

use super::At;
use crate::Failure;
use crate::arguments::Arguments;
use crate::say::{answer, count};
use std::path::Path;
use std::process::ExitCode;
use workbench::views::DatasetFormat;
use workbench::{Workbench, plain};

pub async fn import_dataset(
    at: &At<'_>,
    path: &Path,
    name: Option<&str>,
    anyway: bool,
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
    let check = at
        .bench
        .check_import(
            at.project,
            text.clone(),
            DatasetFormat::Auto,
            reading.suggested.clone(),
        )
        .await?;
    super::datasets::may_be_shared(at, &check, anyway)?;
    let row = at
        .bench
        .import_dataset(
            at.project,
            name,
            text,
            DatasetFormat::Auto,
            reading.suggested,
        )
        .await?;
    answer(at.arguments, &row, || {
        let cases = count(row.cases.into(), "case", "cases");
        format!("Dataset {} with {cases}", row.name)
    });
    Ok(ExitCode::SUCCESS)
}

/// Whether a file is a promptfoo configuration, by its name.
pub fn is_promptfoo(path: &Path) -> bool {
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
