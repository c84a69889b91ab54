//! Running versions over a dataset, and comparing two of them.

use super::{At, gate};
use crate::gate_arguments::Reports;
use crate::run_arguments::{Compare, Run};
use crate::say::{answer, hint, table};
use crate::{Failure, find, reports};
use domain::RunId;
use domain::graders::Grader;
use domain::names::folded;
use std::process::ExitCode;
use workbench::views::{ModelChoice, Ref, ResultRow, RunPlan, RunView};

pub async fn run(at: &At<'_>, asked: &Run) -> Result<ExitCode, Failure> {
    if let Some(id) = &asked.resume {
        let id: RunId = serde_json::from_value(id.as_str().into())
            .map_err(|_| Failure::other(format!("{id} is no run's id")))?;
        at.bench.resume_run(at.project, id).await?;
        return match at.bench.announced(at.project, id)? {
            Some(counts) => Box::pin(gate::judged(at, id, &counts, &asked.reports)).await,
            None => follow(at, id, asked.share, &asked.reports).await,
        };
    }
    let prompt = asked.prompt.as_deref().unwrap_or_default();
    if let Some(place) = &asked.place {
        let counted = gate::Asked {
            prompt,
            versions: &asked.versions,
            place,
            repeats: asked.repeats,
            concurrency: asked.concurrency,
            reports: &asked.reports,
        };
        return Box::pin(gate::run(at, &counted)).await;
    }
    let versions: Vec<&str> = asked.versions.iter().map(String::as_str).collect();
    let plan = RunPlan {
        models: models(&asked.models)?,
        repeats: asked.repeats.unwrap_or(1),
        concurrency: asked.concurrency,
        ..plan(
            at,
            prompt,
            &versions,
            asked.dataset.as_deref().unwrap_or_default(),
            &asked.grader,
        )
        .await?
    };
    foretell(at, &plan).await?;
    let started = at.bench.start_run(at.project, plan).await?;
    follow(at, started.id, asked.share, &asked.reports).await
}

/// Two versions over a dataset, case by case where they differ.
pub async fn compare(at: &At<'_>, asked: &Compare) -> Result<ExitCode, Failure> {
    let versions = [asked.before.as_str(), asked.after.as_str()];
    let model: Vec<String> = asked.model.iter().cloned().collect();
    let plan = RunPlan {
        models: models(&model)?,
        repeats: asked.repeats,
        concurrency: asked.concurrency,
        ..plan(at, &asked.prompt, &versions, &asked.dataset, &asked.grader).await?
    };
    if plan.versions.first() == plan.versions.get(1) {
        return Err(Failure::other(format!(
            "{} and {} are the same version: there is nothing to compare",
            asked.before, asked.after
        )));
    }
    foretell(at, &plan).await?;
    let started = at.bench.start_run(at.project, plan).await?;
    let view = to_its_end(at, started.id).await?;
    reports::write(&asked.reports, Some(&view), &[])?;
    answer(at.arguments, &view, || shown(&view, |row| row.differs));
    Ok(ExitCode::SUCCESS)
}

async fn plan(
    at: &At<'_>,
    prompt: &str,
    versions: &[&str],
    dataset: &str,
    typed: &[String],
) -> Result<RunPlan, Failure> {
    let library = at.bench.library(at.project).await?;
    let view = at
        .bench
        .prompt(at.project, find::prompt(&library, prompt)?)
        .await?;
    let datasets = at.bench.datasets(at.project).await?;
    let dataset = datasets
        .iter()
        .find(|row| folded(&row.name) == folded(dataset))
        .ok_or_else(|| Failure::other(format!("there is no dataset named {dataset}")))?;
    let versions = versions
        .iter()
        .map(|text| find::version(&library, &view, text));
    let versions: Vec<Ref> = versions.collect::<Result<_, _>>()?;
    let own = at.bench.dataset(at.project, dataset.id).await?;
    let judges = |case: &workbench::views::Case| !case.graders.is_empty();
    let judged = typed.is_empty() && (!own.graders.is_empty() || own.cases.iter().any(judges));
    Ok(RunPlan {
        versions,
        dataset: dataset.id,
        graders: if judged { Vec::new() } else { graders(typed)? },
        models: Vec::new(),
        repeats: 1,
        concurrency: 4,
        counts: None,
    })
}

/// What it will cost, before it does.
async fn foretell(at: &At<'_>, plan: &RunPlan) -> Result<(), Failure> {
    let foreseen = at.bench.estimate_run(at.project, plan.clone()).await?;
    if foreseen.can_start {
        hint(&format!("galley: {} {}", foreseen.note, foreseen.cost_note));
    }
    Ok(())
}

async fn to_its_end(at: &At<'_>, run: RunId) -> Result<RunView, Failure> {
    hint(&format!(
        "galley: run {run}; if it is broken off, galley run --resume {run} goes on"
    ));
    Ok(at.bench.run_to_its_end(at.project, run).await?)
}

async fn follow(
    at: &At<'_>,
    run: RunId,
    share: bool,
    reports: &Reports,
) -> Result<ExitCode, Failure> {
    let view = to_its_end(at, run).await?;
    let failed = view
        .columns
        .iter()
        .any(|column| column.passed < column.total)
        || view.progress.failed > 0;
    reports::write(reports, Some(&view), &[])?;
    answer(at.arguments, &view, || {
        shown(&view, |row| {
            let mut cells = row.cells.iter().flatten();
            cells.any(|cell| cell.pass == Some(false) || cell.error.is_some())
        })
    });
    // What was asked and paid is told first, whatever becomes of sharing it.
    if share {
        at.bench.share_run(at.project, run).await?;
    }
    let mut cells = view.rows.iter().flat_map(|row| row.cells.iter().flatten());
    Ok(if failed || view.error.is_some() {
        ExitCode::from(1)
    } else if cells.any(reports::waits) {
        hint(&format!("galley: mark them with galley mark {run}"));
        ExitCode::from(3)
    } else {
        ExitCode::SUCCESS
    })
}

// The cases that are worth a look, what it comes to, and what each column cost.
fn shown(view: &RunView, worth: impl Fn(&ResultRow) -> bool) -> String {
    let rows: Vec<Vec<String>> = view
        .rows
        .iter()
        .filter(|row| worth(row))
        .map(|row| {
            let mut cells = vec![(row.case + 1).to_string(), short(&row.input_text)];
            cells.push(row.expected.clone().unwrap_or_default());
            cells.extend(row.cells.iter().map(|cell| match cell {
                None => "–".to_owned(),
                Some(cell) => cell.error.clone().unwrap_or_else(|| {
                    let mark = match cell.pass {
                        Some(true) => "✓ ",
                        Some(false) => "✗ ",
                        None => "",
                    };
                    format!("{mark}{}", short(&cell.answer))
                }),
            }));
            cells
        })
        .collect();
    let mut head = vec!["CASE", "INPUT", "EXPECTED"];
    head.extend(view.columns.iter().map(|column| column.label.as_str()));
    let mut lines = Vec::new();
    if !rows.is_empty() {
        lines.push(table(&head, &rows));
        lines.push(String::new());
    }
    lines.push(view.summary.clone());
    for column in &view.columns {
        lines.push(format!("{}: {}", column.label, column.cost_note));
        if !column.model_note.is_empty() {
            lines.push(format!("  {}", column.model_note));
        }
    }
    lines.extend(view.error.clone());
    lines.join("\n")
}

/// Graders as they were typed; none: what the case expects is in the answer.
pub fn graders(typed: &[String]) -> Result<Vec<Grader>, Failure> {
    let mut judged = Vec::new();
    for text in typed {
        let grader = Grader::typed(text)
            .map_err(|error| Failure::other(format!("the grader {text}: {error}")))?;
        judged.push(grader);
    }
    if judged.is_empty() {
        judged.push(Grader::Contains {
            all: Vec::new(),
            any: Vec::new(),
            none: Vec::new(),
            ignore_case: true,
        });
    }
    Ok(judged)
}

pub fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > 60 {
        format!("{}…", line.chars().take(59).collect::<String>())
    } else {
        line
    }
}

/// Models as they were typed: provider/model.
pub fn models(typed: &[String]) -> Result<Vec<ModelChoice>, Failure> {
    let each = typed.iter().map(|text| match text.split_once('/') {
        Some((provider, model)) if !provider.is_empty() && !model.is_empty() => Ok(ModelChoice {
            provider: provider.to_owned(),
            model: model.to_owned(),
        }),
        _ => Err(Failure::other(format!(
            "{text} names no model: write it as provider/model, as in openai/gpt-4.1"
        ))),
    });
    each.collect()
}
