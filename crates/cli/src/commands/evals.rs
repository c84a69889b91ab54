//! Running versions over a dataset.

use super::At;
use crate::gate_arguments::Reports;
use crate::say::{answer, table};
use crate::{Failure, find, reports};
use domain::graders::Grader;
use domain::names::folded;
use std::process::ExitCode;
use workbench::Event;
use workbench::views::{ModelChoice, RunPlan, RunState};

/// What is to be run.
pub struct Asked<'a> {
    pub prompt: &'a str,
    pub dataset: &'a str,
    pub versions: &'a [String],
    pub graders: &'a [String],
    pub models: &'a [String],
    pub repeats: u32,
    pub concurrency: u32,
    pub share: bool,
    pub reports: &'a Reports,
}

pub async fn run(at: &At<'_>, asked: &Asked<'_>) -> Result<ExitCode, Failure> {
    let Asked {
        prompt,
        dataset,
        versions,
        graders,
        models,
        repeats,
        concurrency,
        share,
        reports,
    } = *asked;
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
        .map(|text| find::version(&library, &view, text))
        .collect::<Result<_, _>>()?;
    let own = at.bench.dataset(at.project, dataset.id).await?;
    let judges = |case: &workbench::views::Case| !case.graders.is_empty();
    let judged = if graders.is_empty() && (!own.graders.is_empty() || own.cases.iter().any(judges))
    {
        Vec::new()
    } else {
        self::graders(graders)?
    };
    let plan = RunPlan {
        versions,
        dataset: dataset.id,
        graders: judged,
        models: models_typed(models)?,
        repeats,
        concurrency,
        counts: None,
    };
    let mut events = at.bench.events();
    let started = at.bench.start_run(at.project, plan).await?;
    let mut view = at.bench.run(at.project, started.id).await?;
    while view.state == RunState::Running {
        // Any event of this run is a reason to look again; a missed one is made up for by the next.
        match events.recv().await {
            Ok(Event::RunProgress(told)) if told.run != started.id => continue,
            Ok(_) | Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
            Err(tokio::sync::broadcast::error::RecvError::Closed) => break,
        }
        view = at.bench.run(at.project, started.id).await?;
    }
    if share {
        at.bench.share_run(at.project, started.id).await?;
    }
    let failed = view
        .columns
        .iter()
        .any(|column| column.passed < column.total)
        || view.progress.failed > 0;
    reports::write(reports, Some(&view), &[])?;
    answer(at.arguments, &view, || {
        let rows: Vec<Vec<String>> = view
            .rows
            .iter()
            .filter(|row| {
                row.cells
                    .iter()
                    .flatten()
                    .any(|cell| cell.pass == Some(false) || cell.error.is_some())
            })
            .map(|row| {
                let mut cells = vec![(row.case + 1).to_string(), short(&row.input_text)];
                cells.push(row.expected.clone().unwrap_or_default());
                cells.extend(row.cells.iter().map(|cell| match cell {
                    None => "–".to_owned(),
                    Some(cell) => cell.error.clone().unwrap_or_else(|| {
                        format!(
                            "{} {}",
                            if cell.pass == Some(true) {
                                "✓"
                            } else {
                                "✗"
                            },
                            short(&cell.answer)
                        )
                    }),
                }));
                cells
            })
            .collect();
        let mut head = vec!["CASE", "INPUT", "EXPECTED"];
        head.extend(view.columns.iter().map(|column| column.label.as_str()));
        let notes = view
            .columns
            .iter()
            .map(|column| format!("{}: {}", column.label, column.cost_note));
        let notes = notes.collect::<Vec<_>>().join("\n");
        if rows.is_empty() {
            format!("{}\n{notes}", view.summary)
        } else {
            format!("{}\n\n{}\n{notes}", table(&head, &rows), view.summary)
        }
    });
    Ok(if failed {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}

/// Graders as they were typed; none: what the case expects is in the answer.
pub fn graders(typed: &[String]) -> Result<Vec<Grader>, Failure> {
    let mut judged = Vec::new();
    for text in typed {
        let grader: Grader = serde_json::from_str(text)
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
pub fn models_typed(typed: &[String]) -> Result<Vec<ModelChoice>, Failure> {
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
