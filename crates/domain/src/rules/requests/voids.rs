//! Why a verdict does not count, and what was run since.

use super::super::suites::waiting_work;
use super::standing::{Why, stale};
use crate::ledger::{RequestedChange, VerdictKind};
use crate::project::{Request, Verdict};
use crate::{EnvironmentId, PersonId, Project, PromptId, RunId, VersionId};
use std::collections::BTreeMap;

/// Why a verdict does not count, part by part; nothing if it does.
pub(super) fn void(
    project: &Project,
    request: &Request,
    verdict: &Verdict,
    authors: &BTreeMap<PersonId, VersionId>,
) -> Vec<Why> {
    if let Some(ended) = verdict.ended {
        return vec![match ended.reason {
            Some(_) => Why::Dismissed { by: ended.by },
            None => Why::TakenBack,
        }];
    }
    let latest = request.verdict_of(verdict.person);
    if latest.is_none_or(|latest| latest.seq != verdict.seq) {
        return vec![Why::Replaced];
    }
    let person = project.person(verdict.person);
    if !person.is_some_and(|person| person.gives_verdicts()) {
        return vec![Why::NotEntitled];
    }
    if verdict.kind == VerdictKind::AskForChanges {
        return Vec::new();
    }
    if verdict.digest != request.digest() {
        return vec![Why::Updated {
            changes: changed(request, verdict),
        }];
    }
    let mut found = Vec::new();
    found.extend(super::suites::moved(project, request).map(Why::Moved));
    if super::asks_for_suite(project, request, verdict.person) {
        found.push(Why::AskedIt);
    }
    if let Some(asked) = &request.asked().suite
        && let Some(environment) = project.gated(asked.prompt).first()
        && let Some(version) = waiting_work(project, asked.prompt, verdict.person)
    {
        found.push(Why::WroteIt {
            environment: *environment,
            version,
        });
    }
    for environment in request.asked().environments() {
        if !request.is_waiting(environment) {
            continue;
        }
        let moved = stale(project, request, environment);
        found.extend(moved.into_iter().map(Why::Moved));
        if project.policy(environment).independent
            && let Some(version) = authors.get(&verdict.person)
        {
            found.push(Why::WroteIt {
                environment,
                version: *version,
            });
        }
    }
    found
}

// What differs between what a verdict covers and what is asked now.
fn changed(request: &Request, verdict: &Verdict) -> Vec<(EnvironmentId, PromptId)> {
    let covered = request.revisions().find(|r| r.digest == verdict.digest);
    let Some(covered) = covered else {
        return Vec::new();
    };
    let (before, now) = (&covered.asked.changes, &request.asked().changes);
    let other =
        |change: &&RequestedChange, in_those: &[RequestedChange]| !in_those.contains(change);
    let gone = before.iter().filter(|change| other(change, now));
    let new = now.iter().filter(|change| other(change, before));
    let mut found: Vec<_> = gone
        .chain(new)
        .map(|change| (change.environment, change.prompt))
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Runs of what is asked for that were shared after a verdict.
pub(super) fn newer(project: &Project, request: &Request, verdict: &Verdict) -> Vec<RunId> {
    let asked = request.asked().changes.iter();
    let versions: Vec<_> = asked
        .flat_map(|change| change.steps.iter().flatten())
        .map(|side| side.version)
        .collect();
    project
        .runs()
        .filter(|run| run.at > verdict.at && versions.contains(&run.version))
        .map(|run| run.id)
        .collect()
}
