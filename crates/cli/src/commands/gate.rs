//! Suites, runs that count, and what gates say.

use super::At;
use super::look::settled;
use crate::gate_arguments::{Gate, Reports, Suites};
use crate::say::{answer, hint};
use crate::{Failure, find, reports};
use domain::RunId;
use domain::names::folded;
use domain::statistics::verdict::GateOutcome;
use domain::suite::Measure;
use serde::Serialize;
use std::process::ExitCode;
use workbench::views::{Announced, GateView, RunView, SuiteDraft};

/// What a run that counts came to.
#[derive(Serialize)]
struct Counted<'a> {
    run: &'a RunView,
    gate: &'a GateView,
}

pub async fn gate(at: &At<'_>, asked: &Gate) -> Result<ExitCode, Failure> {
    let mut views = said(at, asked).await?;
    if asked.run && run_missing(at, &views, asked.concurrency).await? {
        views = said(at, asked).await?;
    }
    if asked.replay {
        return replay(at, &views).await;
    }
    reports::write(&asked.reports, None, &views)?;
    answer(at.arguments, &views, || {
        let told = views.iter().map(gate_told);
        match views.is_empty() {
            true => "No gate asks anything of it.".to_owned(),
            false => told.collect::<Vec<_>>().join("\n\n"),
        }
    });
    Ok(code(views.iter().map(|view| view.outcome)))
}

/// Makes the runs that these wait for; whether there were any.
async fn run_missing(at: &At<'_>, views: &[GateView], concurrency: u32) -> Result<bool, Failure> {
    let mut made = 0;
    let mut told = Vec::new();
    for view in views {
        let new = view.runs.iter().filter(|run| !told.contains(run));
        let runs: Vec<_> = new.cloned().collect();
        told.extend(view.runs.iter());
        let ended = at
            .bench
            .run_what_is_missing(at.project, view.environment, runs, concurrency)
            .await?;
        ended.iter().for_each(|run| hint(&run.summary));
        made += ended.len();
    }
    if made == 0 {
        hint("galley: there is no run to make now");
    }
    settled(at).await?;
    Ok(made > 0)
}

/// What gates say of a version, or of all that a request asks for next.
async fn said(at: &At<'_>, asked: &Gate) -> Result<Vec<GateView>, Failure> {
    match (&asked.request, &asked.prompt) {
        (Some(request), _) => {
            let id = super::review::request_of(at, request).await?;
            Ok(at.bench.gates_of(at.project, id).await?)
        }
        (None, Some(prompt)) => {
            let library = at.bench.library(at.project).await?;
            let id = find::prompt(&library, prompt)?;
            let view = at.bench.prompt(at.project, id).await?;
            let version = find::version(&library, &view, &asked.which)?;
            let place = find::environment(&library, asked.place.as_deref())?;
            Ok(vec![at.bench.gate(at.project, place, version).await?])
        }
        (None, None) => Err(Failure::other("name a prompt, or a request")),
    }
}

/// Grades the evidence of these verdicts again, here.
async fn replay(at: &At<'_>, views: &[GateView]) -> Result<ExitCode, Failure> {
    let rows = views.iter().flat_map(|view| &view.gates);
    let mut runs: Vec<_> = rows
        .flat_map(|gate| gate.evidence.iter().map(|row| row.run))
        .collect();
    runs.sort_unstable();
    runs.dedup();
    let mut graded = Vec::new();
    for run in runs {
        graded.push(at.bench.grade_again(at.project, run).await?);
    }
    answer(at.arguments, &graded, || match graded.is_empty() {
        true => "There are no runs to grade again.".to_owned(),
        false => graded
            .iter()
            .map(|one| {
                let lines = std::iter::once(&one.words).chain(&one.differing);
                lines.cloned().collect::<Vec<_>>().join("\n  ")
            })
            .collect::<Vec<_>>()
            .join("\n"),
    });
    let same = graded.iter().all(|one| one.same);
    Ok(ExitCode::from(u8::from(!same)))
}

/// The worst of all: a failure before a doubt.
fn code(outcomes: impl Iterator<Item = GateOutcome>) -> ExitCode {
    let mut worst = 0;
    for outcome in outcomes {
        worst = match (outcome, worst) {
            (GateOutcome::Fail, _) | (_, 1) => 1,
            (GateOutcome::CantTell, _) | (_, 3) => 3,
            (GateOutcome::Pass, _) => 0,
        };
    }
    ExitCode::from(worst)
}

fn gate_told(view: &GateView) -> String {
    let mut lines = vec![
        format!(
            "{} for {}: {}",
            view.name,
            view.place,
            reports::outcome(view.outcome)
        ),
        format!("  {}", view.words),
    ];
    for gate in &view.gates {
        if let Some(against) = &gate.against {
            lines.push(format!("  compared with {against}"));
        }
        lines.extend(gate.evidence.iter().map(|row| format!("  {}", row.words)));
        match gate.silent {
            0 => {}
            1 => lines.push(
                "  1 more run was announced and brought no answers; it counts as a look".to_owned(),
            ),
            n => lines.push(format!(
                "  {n} more runs were announced and brought no answers; each counts as a look"
            )),
        }
    }
    let mut open: Vec<&String> = view.gates.iter().flat_map(|gate| &gate.open).collect();
    open.sort_unstable();
    open.dedup();
    for run in open {
        lines.push(format!(
            "  not recorded yet: {run} (galley run --resume goes on with one that was broken off)"
        ));
    }
    lines.extend(view.dependents.iter().map(|one| format!("  {}", one.words)));
    let runs = view.runs.iter();
    lines.extend(runs.map(|run| format!("  to run: {} (galley gate … --run)", run.words)));
    lines.join("\n")
}

/// What is asked of a run that counts.
pub struct Asked<'a> {
    pub prompt: &'a str,
    pub versions: &'a [String],
    pub place: &'a str,
    pub repeats: Option<u32>,
    pub concurrency: u32,
    pub reports: &'a Reports,
}

pub async fn run(at: &At<'_>, asked: &Asked<'_>) -> Result<ExitCode, Failure> {
    let library = at.bench.library(at.project).await?;
    let id = find::prompt(&library, asked.prompt)?;
    let view = at.bench.prompt(at.project, id).await?;
    let [version] = asked.versions else {
        return Err(Failure::other(
            "a run that counts is of one version; what is served is asked along with it",
        ));
    };
    let version = find::version(&library, &view, version)?;
    let place = find::environment(&library, Some(asked.place))?;
    let repeats = match asked.repeats {
        Some(repeats) => repeats,
        None => at.bench.repeats_wanted(at.project, place, id).await?,
    };
    let before = at.bench.gate(at.project, place, version.clone()).await?;
    for run in before.gates.iter().flat_map(|gate| &gate.open) {
        hint(&format!(
            "galley: another run of it is not recorded yet ({run}): nothing passes before that"
        ));
    }
    let started = at
        .bench
        .start_counted_run(
            at.project,
            version.clone(),
            place,
            Vec::new(),
            repeats,
            asked.concurrency,
        )
        .await?;
    hint("galley: the run is announced; what comes of it counts");
    hint(&format!(
        "galley: if it is broken off, galley run --resume {} goes on",
        started.id
    ));
    let announced = Announced {
        environment: place,
        version,
    };
    judged(at, started.id, &announced, asked.reports).await
}

/// A run that counts, to its end, and what its gate says then.
pub async fn judged(
    at: &At<'_>,
    run: RunId,
    announced: &Announced,
    to: &Reports,
) -> Result<ExitCode, Failure> {
    let run = at.bench.run_to_its_end(at.project, run).await?;
    let (place, version) = (announced.environment, announced.version.clone());
    let gate = at.bench.gate(at.project, place, version).await?;
    reports::write(to, Some(&run), std::slice::from_ref(&gate))?;
    let counted = Counted {
        run: &run,
        gate: &gate,
    };
    answer(at.arguments, &counted, || {
        let mut lines = vec![run.summary.clone()];
        lines.extend(run.error.clone());
        lines.push(gate_told(&gate));
        lines.join("\n")
    });
    settled(at).await?;
    Ok(code(std::iter::once(gate.outcome)))
}

pub async fn suite(at: &At<'_>, what: &Suites) -> Result<ExitCode, Failure> {
    let library = at.bench.library(at.project).await?;
    match what {
        Suites::Show { prompt } => {
            let prompt = find::prompt(&library, prompt)?;
            let view = at.bench.suite(at.project, prompt).await?;
            answer(at.arguments, &view, || {
                let mut lines = vec![view.words.clone()];
                let graders = view.graders.iter();
                lines.extend(graders.filter_map(|grader| serde_json::to_string(grader).ok()));
                if !view.gated.is_empty() {
                    lines.push(format!(
                        "A gate of {} rests on it, so that another is asked for and approved.",
                        view.gated.join(", ")
                    ));
                }
                lines.join("\n")
            });
        }
        Suites::Set {
            prompt,
            dataset,
            grader,
            score,
            every_case,
            message,
            instead,
        } => {
            let prompt = find::prompt(&library, prompt)?;
            let datasets = at.bench.datasets(at.project).await?;
            let dataset = datasets
                .iter()
                .find(|row| folded(&row.name) == folded(dataset))
                .ok_or_else(|| Failure::other(format!("there is no dataset named {dataset}")))?;
            let before = at.bench.suite(at.project, prompt).await?;
            let draft = SuiteDraft {
                dataset: dataset.id,
                graders: super::evals::graders(grader)?,
                measure: match score {
                    true => Measure::Score,
                    false => Measure::Pass,
                },
                groups: every_case.then(Vec::new),
            };
            let asks = !before.gated.is_empty() || instead.is_some();
            if asks {
                let Some(message) = message else {
                    return Err(Failure::other(format!(
                        "a gate of {} rests on the suite of {}, so another is asked for and approved; say why with -m",
                        before.gated.join(", "),
                        before.name
                    )));
                };
                let instead = match instead {
                    None => None,
                    Some(request) => Some(super::review::request_of(at, request).await?),
                };
                let (digest, message) = (before.digest, message.clone());
                let asked = at
                    .bench
                    .ask_for_suite(at.project, prompt, draft, digest, message, instead)
                    .await?;
                answer(at.arguments, &asked, || {
                    format!("{} {}", super::review::short(asked.request), asked.words)
                });
                settled(at).await?;
                return Ok(ExitCode::SUCCESS);
            }
            let view = at
                .bench
                .set_suite(at.project, prompt, draft, before.digest)
                .await?;
            answer(at.arguments, &view, || view.words.clone());
            settled(at).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
