//! What a change makes stale: the prompts that hold the changed part, and what gates say of them
//! with it.
//!
//! An include is pinned by digest when a version is saved, so that a prompt which an environment
//! serves goes on with the old part until it is saved and released anew. Releasing the part alone
//! would leave the environment with a part that nobody has tried where it is used. So a gate waits
//! until each prompt that it judges, and that holds the part, has a version with the new one, and
//! that version passes. What *reads* the output of a changed prompt is in [`super::upstream`].

use super::gates::{Judged, judged};
use super::upstream::{self, Beside};
use crate::ledger::GateFault;
use crate::policy::OfDependents;
use crate::{Digest, EnvironmentId, Millis, Project, PromptId, VersionId};
use std::collections::BTreeSet;

/// The rules that first looked at what is asked before a prompt.
pub const READING: u32 = 5;

/// What a release would put in place of what an environment serves of one prompt: the versions,
/// whatever their weights. None: it is served no more.
#[derive(Clone, Debug)]
pub struct Changed {
    /// Which prompt.
    pub prompt: PromptId,
    /// What is to be served of it.
    pub versions: Vec<VersionId>,
}

/// A prompt that an environment serves with a part that is to change there.
#[derive(Clone, Debug)]
pub struct Dependent<'a> {
    /// Which.
    pub prompt: PromptId,
    /// The new part.
    pub part: VersionId,
    /// Its latest version that holds the new part; none was saved yet.
    pub version: Option<VersionId>,
    /// What each gate that waits for it says of that version.
    pub judged: Vec<Judged<'a>>,
    /// The new versions with which it is to be tried, where it reads what comes out of them.
    pub beside: Beside,
}

impl Dependent<'_> {
    /// What keeps the change from going, gate by gate; the outer none: no version holds the part.
    #[must_use]
    pub fn faults(&self) -> Vec<Option<GateFault>> {
        match self.version {
            None => vec![None],
            Some(_) => {
                let faults = self.judged.iter().filter_map(|one| one.fault.clone());
                faults.map(Some).collect()
            }
        }
    }
}

/// The prompts that must be shown to do with the new parts, before an environment may serve these.
///
/// Looked at is what the environment serves and does not come with the change itself: what does is
/// judged by its own gate. A prompt without a suite is judged by nobody and not waited for.
#[must_use]
pub fn dependents<'a>(
    project: &'a Project,
    environment: EnvironmentId,
    changes: &[Changed],
    (now, rules): (Millis, u32),
) -> Vec<Dependent<'a>> {
    let policy = project.policy(environment);
    let waits = |prompt: PromptId| {
        let mut gates = policy.suite_gates.iter();
        gates.any(|gate| gate.dependents == OfDependents::Pass && gate.is_for(project, prompt))
    };
    let parts: Vec<Part> = changes
        .iter()
        .filter_map(|change| Part::of(project, environment, change))
        .collect();
    let mut found = Vec::new();
    if policy.suite_gates.is_empty() {
        return found;
    }
    let new = upstream::newcomers(project, environment, changes);
    if rules >= READING {
        found = upstream::readers(project, environment, changes, &waits, now);
    }
    if parts.is_empty() {
        return found;
    }
    for (prompt, serving) in project.served(environment) {
        if !waits(prompt) || project.suite(prompt).is_none() {
            continue;
        }
        let content = |version: VersionId| Some(project.version(version)?.1.content);
        let served = serving
            .sides
            .iter()
            .filter_map(|side| content(side.version));
        let served: Vec<Digest> = served.collect();
        let of_it: Vec<&Part> = parts
            .iter()
            .filter(|part| part.prompt != prompt)
            .filter(|part| served.iter().any(|content| part.holders.contains(content)))
            .collect();
        let change = changes.iter().find(|c| project.meant(c.prompt) == prompt);
        let after: Vec<Digest> = match change {
            None => served,
            Some(change) => change
                .versions
                .iter()
                .copied()
                .filter_map(content)
                .collect(),
        };
        if after.is_empty() {
            continue;
        }
        // Where a part comes in several sides, each is to be shown.
        let most = of_it.iter().map(|part| part.new.len()).max().unwrap_or(0);
        for side in 0..most {
            let parts: Vec<&New> = of_it.iter().filter_map(|part| part.side(side)).collect();
            let holds = |content: &Digest| parts.iter().all(|new| new.holders.contains(content));
            let Some(first) = parts.first() else {
                continue;
            };
            let beside = new.get(side).or(new.last()).cloned().unwrap_or_default();
            if after.iter().any(holds) {
                continue;
            }
            let version = project
                .prompt(prompt)
                .and_then(|prompt| {
                    let with = prompt.versions().filter(|version| holds(&version.content));
                    with.max_by_key(|version| version.number)
                })
                .map(|version| (version.id, version.content));
            let judged = match version {
                None => Vec::new(),
                Some((_, content)) => {
                    let beside = (rules >= READING).then_some(&beside);
                    let all = judged(project, environment, prompt, content, beside, now);
                    let waiting = all.into_iter();
                    waiting
                        .filter(|one| one.gate.dependents == OfDependents::Pass)
                        .collect()
                }
            };
            found.push(Dependent {
                prompt,
                part: first.version,
                version: version.map(|(version, _)| version),
                judged,
                beside,
            });
        }
    }
    found
}

/// A prompt that changes, and the contents that hold any version of it.
struct Part {
    prompt: PromptId,
    holders: BTreeSet<Digest>,
    new: Vec<New>,
}

/// What is not served yet, and the contents that hold it.
struct New {
    version: VersionId,
    holders: BTreeSet<Digest>,
}

impl Part {
    fn of(project: &Project, environment: EnvironmentId, change: &Changed) -> Option<Self> {
        let prompt = project.prompt(change.prompt)?;
        let content = |version: &VersionId| Some(project.version(*version)?.1.content);
        let serving = project.serving(environment, prompt.id);
        let served: Vec<Digest> = serving
            .iter()
            .flat_map(|serving| &serving.sides)
            .filter_map(|side| content(&side.version))
            .collect();
        let newcomers = change.versions.iter().filter_map(|version| {
            let content = content(version)?;
            (!served.contains(&content)).then_some((*version, content))
        });
        let newcomers: Vec<_> = newcomers.collect();
        if newcomers.is_empty() {
            return None;
        }
        let holders = holding(project, prompt.versions().map(|version| version.content));
        if holders.is_empty() {
            return None;
        }
        let new = newcomers.into_iter().map(|(version, content)| New {
            version,
            holders: holding(project, std::iter::once(content)),
        });
        Some(Self {
            prompt: prompt.id,
            holders,
            new: new.collect(),
        })
    }

    fn side(&self, side: usize) -> Option<&New> {
        self.new.get(side).or(self.new.last())
    }
}

/// The contents that include one of these, directly or through others.
fn holding(project: &Project, contents: impl Iterator<Item = Digest>) -> BTreeSet<Digest> {
    let mut found = BTreeSet::new();
    let mut next: Vec<Digest> = contents.collect();
    while let Some(content) = next.pop() {
        for version in project.included_by(&content) {
            if let Some((_, version)) = project.version(version)
                && found.insert(version.content)
            {
                next.push(version.content);
            }
        }
    }
    found
}
