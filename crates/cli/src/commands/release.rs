//! Releasing: promote, release, revert.

use super::At;
use super::look::waits;
use crate::say::answer;
use crate::{Failure, find};
use domain::PromptId;
use std::process::ExitCode;
use workbench::views::{BundleChange, BundleSide, DoneState, Library, Plan, Ref};

/// What a promotion would change; none where all of it is served already.
pub async fn plan_promotion(
    at: &At<'_>,
    prompts: &[String],
    from: &str,
    to: Option<&str>,
) -> Result<Option<Plan>, Failure> {
    let library = at.bench.library(at.project).await?;
    let from = find::environment(&library, Some(from))?;
    let to = match to {
        Some(to) => find::environment(&library, Some(to))?,
        None => {
            let active: Vec<_> = library.environments.iter().filter(|e| !e.retired).collect();
            let place = active.iter().position(|environment| environment.id == from);
            let next = place.and_then(|place| active.get(place + 1));
            next.map(|next| next.id)
                .ok_or_else(|| Failure::other("that is the last environment; say --to"))?
        }
    };
    let prompts = ids(&library, prompts)?;
    let mut served = from != to;
    for prompt in &prompts {
        let view = at.bench.prompt(at.project, *prompt).await?;
        let sides = |environment| {
            let stage = view
                .stages
                .iter()
                .find(|stage| stage.environment == environment);
            let sides = stage.map(|stage| &stage.sides).into_iter().flatten();
            sides
                .map(|side| (side.version, side.weight))
                .collect::<Vec<_>>()
        };
        served &= !sides(from).is_empty() && sides(from) == sides(to);
    }
    if served {
        return Ok(None);
    }
    let plan = at
        .bench
        .plan_promotion(at.project, from, to, prompts)
        .await?;
    Ok(Some(plan))
}

/// Where a promotion would change nothing: what a pipeline wanted, and for a person a word.
pub fn served_already(at: &At<'_>, prompts: &[String], wanted: bool) -> Result<ExitCode, Failure> {
    let words = format!(
        "{}: served there already, just like this",
        prompts.join(", ")
    );
    if !wanted {
        return Err(Failure::other(words));
    }
    let json = serde_json::json!({ "served_already": true, "words": words });
    answer(at.arguments, &json, || words.clone());
    Ok(ExitCode::SUCCESS)
}

pub async fn release(
    at: &At<'_>,
    prompt: &str,
    versions: &[String],
    to: Option<&str>,
    reason: &str,
) -> Result<ExitCode, Failure> {
    let library = at.bench.library(at.project).await?;
    let environment = find::environment(&library, to)?;
    let id = find::prompt(&library, prompt)?;
    let view = at.bench.prompt(at.project, id).await?;
    let mut sides = Vec::new();
    for text in versions {
        let (version, weight) = match text.split_once('=') {
            None => (text.as_str(), 100),
            Some((version, weight)) => {
                let weight = weight.trim_end_matches('%').parse().map_err(|_| {
                    Failure::other(format!("{text}: write a share as v9=10, in whole percents"))
                })?;
                (version, weight)
            }
        };
        let Ref::Version { version } = find::version(&library, &view, version)? else {
            return Err(Failure::other(format!(
                "{version} is no saved version; to take over what an environment serves, promote"
            )));
        };
        sides.push(BundleSide { version, weight });
    }
    let change = BundleChange {
        environment,
        prompt: id,
        sides,
    };
    let plan = at.bench.plan_release(at.project, vec![change]).await?;
    carry_out(at, plan, reason.to_owned()).await
}

pub async fn revert(
    at: &At<'_>,
    prompts: &[String],
    place: Option<&str>,
    reason: &str,
) -> Result<ExitCode, Failure> {
    let library = at.bench.library(at.project).await?;
    let environment = find::environment(&library, place)?;
    let plan = at
        .bench
        .plan_revert(at.project, environment, ids(&library, prompts)?, None)
        .await?;
    carry_out(at, plan, reason.to_owned()).await
}

pub async fn carry_out(at: &At<'_>, plan: Plan, reason: String) -> Result<ExitCode, Failure> {
    if plan.needs_request {
        return Err(Failure::other(format!(
            "this needs a review ({}); ask for it: galley review ask PROMPT --from staging --to production -m \"…\" (promote --wait asks, waits and releases)",
            plan.policy.first().map(String::as_str).unwrap_or_default()
        )));
    }
    let lines: Vec<String> = plan
        .changes
        .iter()
        .map(|c| {
            format!(
                "  {}: {} {} → {} ({})",
                c.environment_name, c.name, c.before, c.after, c.summary
            )
        })
        .chain(
            plan.changes
                .iter()
                .filter(|c| !c.moves.is_empty())
                .map(|c| format!("    {}", c.moves)),
        )
        .chain(
            plan.changes
                .iter()
                .filter(|c| c.undoes.len() > 1)
                .flat_map(|c| c.undoes.iter().map(|line| format!("    undoes {line}"))),
        )
        .chain(plan.stays.iter().map(|line| format!("  stays: {line}")))
        .chain(plan.warnings.iter().map(|line| format!("  {line}")))
        .collect();
    let done = at.bench.carry_out(at.project, plan.id, reason).await?;
    answer(at.arguments, &done, || {
        format!("{}\n{}", done.words, lines.join("\n"))
    });
    waits(at, done.state == DoneState::InRegistry).await?;
    Ok(ExitCode::SUCCESS)
}

fn ids(library: &Library, names: &[String]) -> Result<Vec<PromptId>, Failure> {
    names
        .iter()
        .map(|name| find::prompt(library, name))
        .collect()
}
