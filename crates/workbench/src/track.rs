//! A prompt's track through the environments, and where one can promote and revert to.

use crate::views::{Stage, StageSide, TrackStage};
use crate::words;
use domain::ledger::Side;
use domain::project::{Project, Prompt, Serving};
use domain::{EnvironmentId, ReleaseId};

/// The two states that every screen is drawn from.
#[derive(Clone, Copy)]
pub(crate) struct Both<'a> {
    /// What the registry has accepted.
    pub accepted: &'a Project,
    /// The same with everything that waits in the outbox.
    pub ahead: &'a Project,
}

impl Both<'_> {
    /// The number of a version, once accepted.
    pub fn number(&self, version: domain::VersionId) -> Option<u32> {
        self.accepted
            .version(version)
            .map(|(_, version)| version.number)
    }

    /// `v9`, or the short id of a version that waits.
    pub fn version_words(&self, version: domain::VersionId) -> String {
        self.number(version)
            .map_or_else(|| version.short(), |number| format!("v{number}"))
    }
}

/// The stages of a prompt as the library shows them.
pub(crate) fn stages(both: Both<'_>, prompt: &Prompt) -> Vec<Stage> {
    let environments: Vec<_> = both.ahead.environments().collect();
    environments
        .iter()
        .enumerate()
        .map(|(place, environment)| {
            let serving = both.ahead.serving(environment.id, prompt.id);
            let next = environments.get(place + 1).map(|next| next.id);
            Stage {
                environment: environment.id,
                sides: side_views(
                    both,
                    serving.map(|s| s.sides.as_slice()).unwrap_or_default(),
                ),
                since: serving.map(|s| s.since),
                by: serving
                    .and_then(|s| both.ahead.person(s.by))
                    .map(|person| person.name.clone()),
                ahead_of_next: ahead_of(both.ahead, prompt, environment.id, next),
            }
        })
        .collect()
}

/// The stages of a prompt as its own screen and Releases show them.
pub(crate) fn track(
    both: Both<'_>,
    prompt: &Prompt,
    reason: impl Fn(&domain::Digest) -> String,
) -> Vec<TrackStage> {
    let environments: Vec<_> = both
        .ahead
        .environments()
        .map(|e| (e.id, e.name.clone()))
        .collect();
    stages(both, prompt)
        .into_iter()
        .zip(environments.iter().enumerate())
        .map(|(stage, (place, (id, name)))| {
            let serving = both.ahead.serving(*id, prompt.id);
            let next = environments.get(place + 1).map(|(next, _)| *next);
            let accepted = both.accepted.last_served(*id, prompt.id).map(|s| s.release);
            let last = both.ahead.last_served(*id, prompt.id).map(|s| s.release);
            let words = match stage.ahead_of_next {
                0 => String::new(),
                n => format!("ahead by {n}"),
            };
            TrackStage {
                environment: *id,
                name: name.clone(),
                reason: serving
                    .and_then(|s| both.ahead.release(s.release))
                    .map(|r| reason(&r.reason)),
                can_release: (place == 0)
                    .then(|| releasable(both, prompt, serving))
                    .flatten(),
                can_promote_to: next.filter(|next| can_promote(both.ahead, prompt, serving, *next)),
                can_revert_to: revert_target(both.ahead, *id, prompt),
                waiting: accepted != last,
                sides: stage.sides,
                since: stage.since,
                by: stage.by,
                ahead_of_next: stage.ahead_of_next,
                ahead_words: words,
            }
        })
        .collect()
}

pub(crate) fn side_views(both: Both<'_>, sides: &[Side]) -> Vec<StageSide> {
    sides
        .iter()
        .map(|side| StageSide {
            version: side.version,
            number: both.number(side.version),
            weight: side.weight / 100,
        })
        .collect()
}

/// Where environments differ, in a few words; `None` where all that serve agree.
pub(crate) fn differs(both: Both<'_>, stages: &[Stage]) -> Option<String> {
    let served: Vec<_> = stages
        .iter()
        .filter(|stage| !stage.sides.is_empty())
        .collect();
    let first = served.first()?;
    if served.iter().all(|stage| stage.sides == first.sides) {
        return None;
    }
    let ahead = served.iter().rev().find(|stage| stage.ahead_of_next > 0);
    Some(match ahead {
        Some(stage) => format!(
            "{} ahead",
            words::environment(both.ahead, stage.environment)
        ),
        None => "differs".to_owned(),
    })
}

/// The release that Revert goes back to: what was served before, passing over what was itself
/// reverted from.
pub(crate) fn revert_target(
    project: &Project,
    environment: EnvironmentId,
    prompt: &Prompt,
) -> Option<ReleaseId> {
    let now = project.last_served(environment, prompt.id)?;
    let mut next = project
        .release(now.release)?
        .change(environment, prompt.id)?
        .before;
    while let Some(id) = next {
        let change = project.release(id)?.change(environment, prompt.id)?;
        if !change.reverted && change.sides != now.sides {
            return Some(id);
        }
        next = change.before;
    }
    None
}

fn releasable(
    both: Both<'_>,
    prompt: &Prompt,
    serving: Option<&std::sync::Arc<Serving>>,
) -> Option<StageSide> {
    let [head] = prompt.heads() else { return None };
    let served = |serving: &std::sync::Arc<Serving>| {
        serving.sides.len() == 1 && serving.sides.iter().any(|side| side.version == *head)
    };
    let new = !prompt.archived && !serving.is_some_and(served);
    new.then(|| StageSide {
        version: *head,
        number: both.number(*head),
        weight: 100,
    })
}

fn can_promote(
    project: &Project,
    prompt: &Prompt,
    serving: Option<&std::sync::Arc<Serving>>,
    to: EnvironmentId,
) -> bool {
    let there = project.serving(to, prompt.id);
    !prompt.archived
        && serving.is_some_and(|here| there.is_none_or(|there| there.sides != here.sides))
}

fn ahead_of(
    project: &Project,
    prompt: &Prompt,
    here: EnvironmentId,
    next: Option<EnvironmentId>,
) -> u32 {
    let newest = |environment| {
        let serving = project.serving(environment, prompt.id)?;
        let numbers = serving
            .sides
            .iter()
            .filter_map(|side| project.version(side.version));
        numbers.map(|(_, version)| version.number).max()
    };
    let (Some(next), Some(here)) = (next, newest(here)) else {
        return 0;
    };
    here.saturating_sub(newest(next).unwrap_or(0))
}
