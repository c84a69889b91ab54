//! What environments have served: the list, two of them compared, and undoing one as a whole.

use super::At;
use super::release::carry_out;
use crate::say::{answer, when};
use crate::{Failure, find, say};
use domain::EnvironmentId;
use std::fmt::Write as _;
use std::process::ExitCode;
use workbench::views::{Library, ReleaseComparison, ReleasePoint, ReleasePointSide, ReleaseRow};

/// The fewest characters of an id that say which release is meant.
const SHORTEST: usize = 4;

pub async fn list(at: &At<'_>, place: Option<&str>, limit: usize) -> Result<ExitCode, Failure> {
    let library = at.bench.library(at.project).await?;
    let environment = find::environment(&library, place)?;
    let view = at.bench.releases(at.project).await?;
    let rows: Vec<_> = view
        .history
        .into_iter()
        .filter(|row| row.environment == environment)
        .take(limit)
        .collect();
    answer(at.arguments, &rows, || {
        if rows.is_empty() {
            return "nothing has been released there yet".to_owned();
        }
        let lines = rows.iter().map(|row| {
            let state = match (row.current, row.reverted) {
                (true, _) => "  (serves now)",
                (_, true) => "  (was reverted)",
                _ => "",
            };
            let reason = &row.reason;
            format!(
                "{}  {}  {}, by {}: {reason}{state}",
                row.id.short(),
                when(row.at),
                row.what,
                row.by
            )
        });
        lines.collect::<Vec<_>>().join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

pub async fn compare(
    at: &At<'_>,
    place: Option<&str>,
    sides: [&String; 2],
) -> Result<ExitCode, Failure> {
    let library = at.bench.library(at.project).await?;
    let here = find::environment(&library, place)?;
    let view = at.bench.releases(at.project).await?;
    let point = |text| named(&library, &view.history, (here, place.is_some()), text);
    let [left, right] = sides;
    let found = at
        .bench
        .compare_releases(at.project, point(left)?, point(right)?)
        .await?;
    answer(at.arguments, &found, || told(&found));
    Ok(ExitCode::SUCCESS)
}

pub async fn undo(
    at: &At<'_>,
    release: &str,
    keep: &[String],
    place: Option<&str>,
    reason: &str,
) -> Result<ExitCode, Failure> {
    let library = at.bench.library(at.project).await?;
    let here = find::environment(&library, place)?;
    let view = at.bench.releases(at.project).await?;
    let row = row_of(&view.history, (here, place.is_some()), release)?;
    let (environment, id) = (row.environment, row.id);
    let keep = keep.iter().map(|name| find::prompt(&library, name));
    let keep = keep.collect::<Result<Vec<_>, _>>()?;
    let plan = at
        .bench
        .plan_undo(at.project, environment, id, keep)
        .await?;
    carry_out(at, plan, reason.to_owned()).await
}

pub async fn use_it(
    at: &At<'_>,
    prompt: &str,
    place: Option<&str>,
    language: Option<&str>,
) -> Result<ExitCode, Failure> {
    let library = at.bench.library(at.project).await?;
    let environment = find::environment(&library, place)?;
    let id = find::prompt(&library, prompt)?;
    let mut view = at.bench.use_it(at.project, environment, id).await?;
    if let Some(wanted) = language {
        let wanted = wanted.to_lowercase();
        view.samples
            .retain(|sample| sample.label.to_lowercase().starts_with(&wanted));
        if view.samples.is_empty() {
            return Err(Failure::other(
                "there is code for curl, python, typescript, rust and langfuse",
            ));
        }
    }
    for note in &view.notes {
        say::hint(note);
    }
    say::hint(&match view.keys.as_slice() {
        [] => format!(
            "No key opens {0} yet: galley key new NAME --in {0}",
            view.environment_name
        ),
        keys => format!("{} is opened by {}", view.environment_name, keys.join(", ")),
    });
    answer(at.arguments, &view, || {
        let samples = view
            .samples
            .iter()
            .map(|sample| format!("# {}\n{}", sample.label, sample.code));
        samples.collect::<Vec<_>>().join("\n\n")
    });
    Ok(ExitCode::SUCCESS)
}

fn named(
    library: &Library,
    history: &[ReleaseRow],
    here: (EnvironmentId, bool),
    text: &str,
) -> Result<ReleasePoint, Failure> {
    if text == "now" {
        return Ok(ReleasePoint {
            environment: here.0,
            release: None,
        });
    }
    if let Ok(environment) = find::environment(library, Some(text)) {
        return Ok(ReleasePoint {
            environment,
            release: None,
        });
    }
    let row = row_of(history, here, text)?;
    Ok(ReleasePoint {
        environment: row.environment,
        release: Some(row.id),
    })
}

// The row that is meant. One release may have changed several environments: the one that was named,
// or else the default one, is meant then.
fn row_of<'a>(
    history: &'a [ReleaseRow],
    (here, chosen): (EnvironmentId, bool),
    text: &str,
) -> Result<&'a ReleaseRow, Failure> {
    let wanted = text.to_ascii_lowercase().replace('-', "");
    let matches: Vec<_> = history
        .iter()
        .filter(|row| {
            wanted.len() >= SHORTEST && row.id.to_string().replace('-', "").starts_with(&wanted)
        })
        .filter(|row| !chosen || row.environment == here)
        .collect();
    let mut ids: Vec<_> = matches.iter().map(|row| row.id).collect();
    ids.dedup();
    match ids.len() {
        1 => Ok(matches
            .iter()
            .find(|row| row.environment == here)
            .unwrap_or(&matches[0])),
        0 => Err(Failure::other(format!(
            "there is no release or environment {text}; `galley releases` shows the ids"
        ))),
        _ => Err(Failure::other(format!(
            "several releases begin with {text}; write more of the id"
        ))),
    }
}

fn told(found: &ReleaseComparison) -> String {
    let side = |word: &str, side: &ReleasePointSide| {
        let when_by = match (side.at, &side.by) {
            (Some(at), Some(by)) => format!(", released {} by {by}", when(at)),
            _ => ", never released to".to_owned(),
        };
        let now = if side.now { " now" } else { "" };
        let reason = side.reason.as_deref().unwrap_or_default();
        let reason = if reason.is_empty() {
            String::new()
        } else {
            format!(": {reason}")
        };
        format!("{word} {}{now}{when_by}{reason}", side.environment_name)
    };
    let mut text = format!(
        "{}\n{}\n{}",
        side("first: ", &found.left),
        side("second:", &found.right),
        found.summary
    );
    for change in &found.changes {
        // A string takes whatever is written to it.
        let _ = write!(
            text,
            "\n  {}: {} → {} ({})",
            change.name, change.before, change.after, change.summary
        );
    }
    text
}
