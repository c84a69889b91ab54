//! What is asked before a prompt, because its output is an input: which versions those are in an
//! environment, and which prompts a change reaches that way.
//!
//! An include is pinned when a version is saved; an output is not. Whoever reads a prompt's output
//! gets the new one as soon as it is served, without being saved or released anew. So evidence
//! about such a prompt is evidence with certain versions before it, and a gate waits until what is
//! served has passed with the new one.

use super::covered::{Changed, Dependent};
use super::gates::judged;
use crate::ledger::Upstream;
use crate::policy::OfDependents;
use crate::{Digest, EnvironmentId, Millis, Project, PromptId, VersionId};
use std::collections::{BTreeMap, BTreeSet};

/// Versions that are to be served, by prompt, where they differ from what is served.
pub type Beside = BTreeMap<PromptId, VersionId>;

/// The versions whose outputs a content's inputs are, directly or through others: of each prompt
/// what stands in `beside`, else what the environment serves at the largest weight. A prompt of
/// which it serves nothing is left out: what is asked of it is no matter of this environment.
#[must_use]
pub fn asked_first(
    project: &Project,
    environment: EnvironmentId,
    content: &Digest,
    beside: &Beside,
) -> Beside {
    let mut found = Beside::new();
    let mut seen = BTreeSet::new();
    let reads = |content: &Digest| {
        let version = project.version_with(content);
        version.map_or_else(Vec::new, |(_, version)| version.reads.clone())
    };
    let mut next = reads(content);
    while let Some(prompt) = next.pop() {
        let prompt = project.meant(prompt);
        if !seen.insert(prompt) {
            continue;
        }
        let served = || project.baseline(environment, prompt).map(|(id, _)| id);
        let Some(version) = beside.get(&prompt).copied().or_else(served) else {
            continue;
        };
        let Some((_, known)) = project.version(version) else {
            continue;
        };
        found.insert(prompt, version);
        next.extend(reads(&known.content));
    }
    found
}

impl Upstream {
    /// What stands before both sides of a run: before the live one what is served, before the
    /// proposed one that, too, but for what stands `beside` it.
    #[must_use]
    pub fn of(
        project: &Project,
        environment: EnvironmentId,
        proposed: Digest,
        live: Option<Digest>,
        beside: &Beside,
    ) -> Self {
        let sorted = |content: Digest, beside: &Beside| {
            let first = asked_first(project, environment, &content, beside);
            let mut versions: Vec<VersionId> = first.into_values().collect();
            versions.sort();
            versions
        };
        Self {
            live: live.map_or_else(Vec::new, |live| sorted(live, &Beside::new())),
            proposed: sorted(proposed, beside),
        }
    }
}

/// What such versions say: two of one content are one.
pub(crate) fn contents(
    project: &Project,
    versions: impl Iterator<Item = VersionId>,
) -> BTreeMap<PromptId, Digest> {
    let known = versions.filter_map(|version| project.version(version));
    known
        .map(|(prompt, version)| (project.meant(prompt.id), version.content))
        .collect()
}

/// What changes put in place of what is served, by their places: where a change has fewer sides
/// than another, its last stands for the rest.
#[must_use]
pub fn newcomers(
    project: &Project,
    environment: EnvironmentId,
    changes: &[Changed],
) -> Vec<Beside> {
    let of = |change: &Changed| {
        let prompt = project.meant(change.prompt);
        let served = served(project, environment, prompt);
        let new = change.versions.iter().copied().filter(|version| {
            let known = project.version(*version);
            known.is_some_and(|(_, version)| !served.contains(&version.content))
        });
        (prompt, new.collect::<Vec<_>>())
    };
    let all: Vec<(PromptId, Vec<VersionId>)> = changes.iter().map(of).collect();
    let most = all.iter().map(|(_, new)| new.len()).max().unwrap_or(0);
    let at = |place: usize| {
        let each = all.iter().filter_map(move |(prompt, new)| {
            let version = new.get(place).or(new.last())?;
            Some((*prompt, *version))
        });
        each.collect()
    };
    (0..most).map(at).collect()
}

/// The prompts that get another input by these changes and are served as before: what each gate
/// that waits for them says of what is served, with the new before it.
pub(crate) fn readers<'a>(
    project: &'a Project,
    environment: EnvironmentId,
    changes: &[Changed],
    waits: &dyn Fn(PromptId) -> bool,
    now: Millis,
) -> Vec<Dependent<'a>> {
    let mut found = Vec::new();
    let new = newcomers(project, environment, changes);
    if new.is_empty() {
        return found;
    }
    let served_now: Vec<(PromptId, Vec<VersionId>)> = project
        .served(environment)
        .map(|(prompt, serving)| {
            let sides = serving.sides.iter().map(|side| side.version);
            (prompt, sides.collect())
        })
        .collect();
    for (prompt, sides) in served_now {
        if !waits(prompt) || project.suite(prompt).is_none() {
            continue;
        }
        let before = served(project, environment, prompt);
        let change = changes.iter().find(|c| project.meant(c.prompt) == prompt);
        // What comes with the change is judged by its own gate.
        let stays = change.map_or(&sides, |change| &change.versions);
        let mut told = BTreeSet::new();
        for version in stays {
            let Some((_, known)) = project.version(*version) else {
                continue;
            };
            if !before.contains(&known.content) || !told.insert(known.content) {
                continue;
            }
            let now_first = asked_first(project, environment, &known.content, &Beside::new());
            for beside in &new {
                let then = asked_first(project, environment, &known.content, beside);
                let of = |first: &Beside| contents(project, first.values().copied());
                let (old, then_of) = (of(&now_first), of(&then));
                let mut other = then.iter().filter(|(prompt, _)| {
                    beside.contains_key(prompt) && old.get(prompt) != then_of.get(prompt)
                });
                let Some((_, part)) = other.next() else {
                    continue;
                };
                let judged = judged(
                    project,
                    environment,
                    prompt,
                    known.content,
                    Some(beside),
                    now,
                );
                let waiting = judged.into_iter();
                found.push(Dependent {
                    prompt,
                    part: *part,
                    version: Some(*version),
                    judged: waiting
                        .filter(|one| one.gate.dependents == OfDependents::Pass)
                        .collect(),
                    beside: beside.clone(),
                });
            }
        }
    }
    found
}

fn served(project: &Project, environment: EnvironmentId, prompt: PromptId) -> BTreeSet<Digest> {
    let serving = project.serving(environment, prompt);
    let sides = serving.iter().flat_map(|serving| &serving.sides);
    sides
        .filter_map(|side| Some(project.version(side.version)?.1.content))
        .collect()
}
