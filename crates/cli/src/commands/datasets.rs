//! Datasets: listed, shown, added to, taken in, written out, checked.

use super::At;
use crate::Failure;
use crate::dataset_arguments::{Datasets, Form};
use crate::say::{self, answer, count, table, when};
use domain::names::folded;
use std::process::ExitCode;
use workbench::plain;
use workbench::views::{Case, DatasetCheck, DatasetForm, DatasetRow, DatasetView, ProjectPlace};

/// Places that are listed before somebody is asked to look.
const LISTED: usize = 20;

pub async fn datasets(at: &At<'_>, asked: &Datasets) -> Result<ExitCode, Failure> {
    match asked {
        Datasets::List => list(at).await,
        Datasets::Show { name, limit } => show(at, name, *limit).await,
        Datasets::Add {
            name,
            inputs,
            expected,
            tags,
            note,
            anyway,
        } => {
            let mut case = Case {
                expected: expected.as_deref().map(value),
                tags: tags.clone(),
                note: note.clone(),
                ..Case::default()
            };
            for input in inputs {
                let (name, text) = input.split_once('=').ok_or_else(|| {
                    Failure::other(format!("{input}: write an input as name=value"))
                })?;
                case.inputs.insert(name.trim().to_owned(), value(text));
            }
            add(at, name, case, *anyway).await
        }
        Datasets::Import {
            path,
            name,
            columns,
            anyway,
        } => {
            if super::data::is_promptfoo(path) {
                return Err(Failure::other(format!(
                    "{} is a promptfoo configuration: galley import {} takes its prompts, tests and graders",
                    path.display(),
                    path.display()
                )));
            }
            super::data::import_dataset(at, path, name.as_deref(), columns, (false, *anyway)).await
        }
        Datasets::Export { name, form, output } => {
            let row = named(at, name).await?;
            let form = match form {
                Form::Jsonl => DatasetForm::Jsonl,
                Form::Csv => DatasetForm::Csv,
                Form::Promptfoo => DatasetForm::Promptfoo,
                Form::Langfuse => DatasetForm::Langfuse,
                Form::Mlflow => DatasetForm::Mlflow,
            };
            let file = at.bench.export_dataset(at.project, row.id, form).await?;
            for left in &file.left_out {
                say::hint(&format!("Not in the file: {left}"));
            }
            match output {
                Some(path) if path.as_os_str() != "-" => {
                    std::fs::write(path, &file.text).map_err(|error| {
                        Failure::other(format!("{}: {}", path.display(), plain(&error)))
                    })?;
                }
                _ => say::line(file.text.trim_end_matches('\n')),
            }
            Ok(ExitCode::SUCCESS)
        }
        Datasets::Check { name } => {
            let row = named(at, name).await?;
            let check = at.bench.check_dataset(at.project, row.id).await?;
            let view = at.bench.dataset(at.project, row.id).await?;
            answer(at.arguments, &check, || told(&check, &view));
            Ok(if check.sensitive.is_empty() {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(1)
            })
        }
    }
}

async fn list(at: &At<'_>) -> Result<ExitCode, Failure> {
    let rows = at.bench.datasets(at.project).await?;
    answer(at.arguments, &rows, || {
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| {
                let cases = row.cases.to_string();
                vec![row.name.clone(), cases, row.by.clone(), when(row.at)]
            })
            .collect();
        table(&["DATASET", "CASES", "BY", "SINCE"], &rows)
    });
    Ok(ExitCode::SUCCESS)
}

async fn show(at: &At<'_>, name: &str, limit: usize) -> Result<ExitCode, Failure> {
    let row = named(at, name).await?;
    let view = at.bench.dataset(at.project, row.id).await?;
    answer(at.arguments, &view, || {
        let mut head = vec!["CASE"];
        head.extend(view.inputs.iter().map(String::as_str));
        head.push("EXPECTED");
        let rows: Vec<Vec<String>> = view
            .cases
            .iter()
            .take(limit)
            .map(|case| {
                let inputs = view.inputs.iter().map(|name| short(case.inputs.get(name)));
                std::iter::once(case.id.clone())
                    .chain(inputs)
                    .chain([short(case.expected.as_ref())])
                    .collect()
            })
            .collect();
        let more = view.cases.len().saturating_sub(limit);
        let graders = view.graders.iter().map(domain::graders::Grader::title);
        let mut text = table(&head, &rows);
        if more > 0 {
            text.push_str(&format!("\n… and {more} more (--limit)"));
        }
        for title in graders {
            text.push_str(&format!("\nEvery answer: {title}"));
        }
        text
    });
    Ok(ExitCode::SUCCESS)
}

async fn add(at: &At<'_>, name: &str, mut case: Case, anyway: bool) -> Result<ExitCode, Failure> {
    if case.inputs.is_empty() {
        return Err(Failure::other(
            "a case needs values: --input message=Hello".to_owned(),
        ));
    }
    let check = at.bench.check_cases(vec![case.clone()]).await?;
    may_be_shared(at, &check, anyway)?;
    let rows = at.bench.datasets(at.project).await?;
    let found = rows.iter().find(|row| folded(&row.name) == folded(name));
    let (id, name, mut cases) = match found {
        Some(row) => {
            let view = at.bench.dataset(at.project, row.id).await?;
            (Some(row.id), row.name.clone(), view.cases)
        }
        None => (None, name.to_owned(), Vec::new()),
    };
    let mut number = cases.len() + 1;
    while cases.iter().any(|case| case.id == number.to_string()) {
        number += 1;
    }
    case.id = number.to_string();
    cases.push(case);
    let row = at.bench.save_dataset(at.project, id, name, cases).await?;
    answer(at.arguments, &row, || {
        let cases = count(row.cases.into(), "case", "cases");
        format!("Dataset {} with {cases}; the new one is {number}", row.name)
    });
    Ok(ExitCode::SUCCESS)
}

/// Says what looks like a secret or personal data, and stops where others would see it.
pub fn may_be_shared(at: &At<'_>, check: &DatasetCheck, anyway: bool) -> Result<(), Failure> {
    if check.sensitive.is_empty() || anyway {
        return Ok(());
    }
    for place in check.sensitive.iter().take(LISTED) {
        say::hint(&place.words);
    }
    let more = check.sensitive.len().saturating_sub(LISTED);
    if more > 0 {
        say::hint(&format!("… and {more} more"));
    }
    if matches!(at.bench.card(at.project)?.place, ProjectPlace::ThisComputer) {
        return Ok(());
    }
    Err(Failure::other(
        "everybody in this project would see this; take it out, or say --anyway".to_owned(),
    ))
}

fn told(check: &DatasetCheck, view: &DatasetView) -> String {
    if check.words.is_empty() {
        return "Nothing stands there twice, and nothing looks like a secret or personal data."
            .to_owned();
    }
    let id = |place: &u32| {
        let place = usize::try_from(*place).unwrap_or(usize::MAX);
        view.cases.get(place).map_or("?", |case| case.id.as_str())
    };
    let mut lines = check.words.clone();
    for group in check.duplicates.iter().take(LISTED) {
        let ids: Vec<_> = group.cases.iter().map(id).collect();
        let how = match (group.exact, group.contradict) {
            (_, true) => "ask the same and expect different answers",
            (true, _) => "the same",
            (false, _) => "nearly the same",
        };
        lines.push(format!("  cases {}: {how}", ids.join(", ")));
    }
    for place in check.sensitive.iter().take(LISTED) {
        lines.push(format!("  {}", place.words));
    }
    let all = check.duplicates.len().max(LISTED) + check.sensitive.len().max(LISTED);
    if all > 2 * LISTED {
        lines.push("  … and more (--json lists all)".to_owned());
    }
    lines.join("\n")
}

async fn named(at: &At<'_>, name: &str) -> Result<DatasetRow, Failure> {
    let rows = at.bench.datasets(at.project).await?;
    let found = rows
        .into_iter()
        .find(|row| folded(&row.name) == folded(name));
    found.ok_or_else(|| Failure::other(format!("there is no dataset named {name}")))
}

/// JSON as that; anything else is a text.
fn value(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

fn short(value: Option<&serde_json::Value>) -> String {
    let text = match value {
        None => String::new(),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    super::evals::short(&text)
}
