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
