//! Who wrote something of what a request asks for: an approval of theirs is not independent.

use crate::ledger::{Asked, Side};
use crate::project::Version;
use crate::{Digest, EnvironmentId, PersonId, Project, PromptId, VersionId};
use std::collections::{BTreeMap, BTreeSet};

/// Everybody who wrote something of a request, each with a version that says so.
///
/// These are the authors of every version that it names, of what those versions were made from as
/// far back as the environment has not served it, and of the snippets in them that are not served
/// there now: all that nobody vouched for yet. For what a service saved, the person who answers for
/// it and the admin who made it are authors; and whoever first saved a content is an author of it,
/// whoever saves it again.
#[must_use]
pub fn authors(project: &Project, asked: &Asked) -> BTreeMap<PersonId, VersionId> {
    let mut found = BTreeMap::new();
    for change in &asked.changes {
        let sides = change.steps.iter().flatten();
        of_change(
            project,
            change.environment,
            change.prompt,
            sides,
            &mut found,
        );
    }
    found
}

fn of_change<'a>(
    project: &Project,
    environment: EnvironmentId,
    prompt: PromptId,
    sides: impl Iterator<Item = &'a Side>,
    found: &mut BTreeMap<PersonId, VersionId>,
) {
    // What is served there now, with all that it includes.
    let reached: BTreeSet<Digest> = project
        .serving(environment, prompt)
        .iter()
        .flat_map(|serving| &serving.sides)
        .filter_map(|side| project.version(side.version))
        .flat_map(|(_, version)| project.reaches(version.content))
        .collect();
    let vouched = |version: &Version| {
        reached.contains(&version.content)
            || project.has_served(environment, prompt, version.content)
    };
    let mut next: Vec<VersionId> = sides.map(|side| side.version).collect();
    let mut seen: BTreeSet<VersionId> = next.iter().copied().collect();
    while let Some(id) = next.pop() {
        let Some((_, version)) = project.version(id) else {
            continue;
        };
        note(project, version, id, found);
        let snippets = version
            .includes
            .iter()
            .filter_map(|include| project.version_with(include))
            .map(|(_, snippet)| snippet.id);
        for id in version.parents.iter().copied().chain(snippets) {
            let fresh = project.version(id).is_some_and(|(_, v)| !vouched(v));
            if fresh && seen.insert(id) {
                next.push(id);
            }
        }
    }
}

fn note(
    project: &Project,
    version: &Version,
    id: VersionId,
    found: &mut BTreeMap<PersonId, VersionId>,
) {
    let first = project.version_with(&version.content).map(|(_, v)| v.by);
    for by in std::iter::once(version.by).chain(first) {
        found.entry(by).or_insert(id);
        let service = project
            .person(by)
            .and_then(|person| person.service.as_ref());
        for behind in service.iter().flat_map(|s| [s.owner, s.by]) {
            found.entry(behind).or_insert(id);
        }
    }
}
