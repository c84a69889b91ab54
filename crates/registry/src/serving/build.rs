//! Making a board: from the whole state at the start, and from what changed after that.

use super::{Answer, Board, Ready, Served, Shelf};
use crate::Error;
use domain::ledger::Event;
use domain::names::folded;
use domain::project::{Environment, Serving, Version};
use domain::{Digest, EnvironmentId, Project, PromptId, VersionContent};
use protocol::serving::{ServedPrompt, ServedSide, ServedSplit, ServedVersion};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

/// Reads content by digest; `None` where it is missing.
pub trait Read: Fn(&Digest) -> Result<Option<Arc<[u8]>>, Error> {}
impl<F: Fn(&Digest) -> Result<Option<Arc<[u8]>>, Error>> Read for F {}

impl Board {
    /// What every environment of this state serves.
    ///
    /// # Errors
    /// Content can't be read.
    pub fn of(project: &Project, read: &impl Read) -> Result<Self, Error> {
        let mut board = Self::default();
        for environment in project.environments() {
            board
                .shelves
                .insert(environment.id, Arc::new(shelf(project, environment, read)?));
        }
        Ok(board)
    }

    /// The board after these events; `None` if nothing that is served changed.
    ///
    /// # Errors
    /// Content can't be read.
    pub fn changed(
        &self,
        project: &Project,
        events: &[&Event],
        read: &impl Read,
    ) -> Result<Option<Self>, Error> {
        let mut prompts: BTreeSet<(EnvironmentId, PromptId)> = BTreeSet::new();
        for event in events {
            match event {
                Event::Released { changes, .. } => {
                    prompts.extend(
                        changes
                            .iter()
                            .map(|c| (c.environment, project.meant(c.prompt))),
                    );
                }
                // Names stand in answers; these are rare, and everything is made anew.
                Event::ProjectCreated { .. }
                | Event::PromptRenamed { .. }
                | Event::EnvironmentAdded { .. }
                | Event::EnvironmentRenamed { .. }
                | Event::EnvironmentRetired { .. } => return Self::of(project, read).map(Some),
                _ => {}
            }
        }
        if prompts.is_empty() {
            return Ok(None);
        }
        let mut board = self.clone();
        let touched: BTreeSet<EnvironmentId> = prompts.iter().map(|(e, _)| *e).collect();
        for id in touched {
            let Some(environment) = project.environment(id) else {
                continue;
            };
            let mut shown = board
                .shelves
                .get(&id)
                .map(|shelf| shelf.prompts.clone())
                .unwrap_or_default();
            for (_, prompt) in prompts.iter().filter(|(e, _)| *e == id) {
                let Some(found) = project.prompt(*prompt) else {
                    continue;
                };
                match project.serving(id, *prompt) {
                    Some(serving) => {
                        let served = served(project, environment, *prompt, serving, read)?;
                        shown.insert(folded(&found.name), Arc::new(served));
                    }
                    None => {
                        shown.remove(&folded(&found.name));
                    }
                }
            }
            let shelf = Shelf {
                name: environment.name.clone(),
                prompts: shown,
                whole: OnceLock::new(),
            };
            board.shelves.insert(id, Arc::new(shelf));
        }
        Ok(Some(board))
    }
}

fn shelf(project: &Project, environment: &Environment, read: &impl Read) -> Result<Shelf, Error> {
    let mut prompts = HashMap::new();
    for (id, serving) in project.served(environment.id) {
        let Some(prompt) = project.prompt(id) else {
            continue;
        };
        let served = served(project, environment, id, serving, read)?;
        prompts.insert(folded(&prompt.name), Arc::new(served));
    }
    Ok(Shelf {
        name: environment.name.clone(),
        prompts,
        whole: OnceLock::new(),
    })
}

fn served(
    project: &Project,
    environment: &Environment,
    id: PromptId,
    serving: &Serving,
    read: &impl Read,
) -> Result<Served, Error> {
    let name = project
        .prompt(id)
        .map(|prompt| prompt.name.clone())
        .unwrap_or_default();
    let mut sides = Vec::new();
    let mut parts = Vec::new();
    for side in &serving.sides {
        let version = match project.version(side.version) {
            Some((_, version)) => version_as_served(project, version, read)?,
            None => None,
        };
        let Some(version) = version else {
            sides.push((side.version, None));
            continue;
        };
        parts.push(ServedSide {
            weight: side.weight,
            version: version.clone(),
        });
        let answer = ServedPrompt {
            name: name.clone(),
            prompt: id,
            environment: environment.name.clone(),
            version,
            release: serving.release,
            since: serving.since,
        };
        sides.push((
            side.version,
            serde_json::to_vec(&answer)
                .ok()
                .map(|json| Ready::of(Answer::of(json))),
        ));
    }
    parts.sort_by_key(|side| std::cmp::Reverse(side.weight));
    let complete = parts.len() == serving.sides.len();
    let split = ServedSplit {
        name: name.clone(),
        prompt: id,
        sides: parts,
        slots: serving.slots.clone(),
        salt: serving.salt,
        release: serving.release,
        since: serving.since,
    };
    Ok(Served {
        name,
        prompt: id,
        salt: serving.salt,
        slots: serving.slots.clone(),
        main: serving
            .main_side()
            .map(|side| side.version)
            .unwrap_or(domain::VersionId(uuid::Uuid::nil())),
        sides,
        part: complete
            .then(|| serde_json::to_string(&split).ok())
            .flatten(),
    })
}

/// Where an environment serves what is not here, or is not what its digest says: the environment,
/// the prompt and the version's number. What was redacted is left out, for it is gone on purpose.
pub fn unservable(
    project: &Project,
    read: &impl Read,
) -> Result<Vec<(EnvironmentId, PromptId, u32)>, Error> {
    let mut found = Vec::new();
    for environment in project.environments().filter(|e| e.retired.is_none()) {
        for (prompt, serving) in project.served(environment.id) {
            for side in &serving.sides {
                let Some((_, version)) = project.version(side.version) else {
                    continue;
                };
                let gone = project.is_redacted(&version.content);
                if !gone && version_as_served(project, version, read)?.is_none() {
                    found.push((environment.id, prompt, version.number));
                }
            }
        }
    }
    Ok(found)
}

/// A version with the content of every snippet that it includes, however deep; none where any of
/// that is missing: half a prompt is not served.
pub(super) fn version_as_served(
    project: &Project,
    version: &Version,
    read: &impl Read,
) -> Result<Option<ServedVersion>, Error> {
    let Some(content) = content(&version.content, read)? else {
        return Ok(None);
    };
    let mut snippets = BTreeMap::new();
    let mut open: Vec<Digest> = version.includes.clone();
    while let Some(digest) = open.pop() {
        if snippets.contains_key(&digest) {
            continue;
        }
        let Some(snippet) = self::content(&digest, read)? else {
            return Ok(None);
        };
        open.extend(snippet.includes.values().copied());
        snippets.insert(digest, snippet);
        // The rules limit how deep includes go; this limits what a rule-breaking ledger could ask.
        if snippets.len() > domain::limits::INCLUDES * domain::limits::INCLUDE_DEPTH {
            return Ok(None);
        }
    }
    if project.is_redacted(&version.content) {
        return Ok(None);
    }
    Ok(Some(ServedVersion {
        id: version.id,
        number: version.number,
        digest: version.content,
        content,
        snippets,
    }))
}

/// A content, if it is here and is what its digest says: what was approved is what is served, or
/// nothing is.
fn content(digest: &Digest, read: &impl Read) -> Result<Option<VersionContent>, Error> {
    let Some(bytes) = read(digest)? else {
        return Ok(None);
    };
    if Digest::of(&bytes) != *digest {
        tracing::error!(%digest, "a content is damaged and is not served; `galley-registry verify` says more");
        return Ok(None);
    }
    Ok(VersionContent::decode(&bytes).ok())
}

/// Everything that an environment serves, in one answer, prompts by name.
pub(super) fn whole<'a>(
    environment: &str,
    prompts: impl Iterator<Item = (&'a String, &'a Arc<Served>)>,
) -> Answer {
    let mut parts: Vec<(&String, &str)> = prompts
        .filter_map(|(name, served)| Some((name, served.part.as_deref()?)))
        .collect();
    parts.sort_unstable();
    let list: Vec<&str> = parts.into_iter().map(|(_, part)| part).collect();
    let name = serde_json::to_string(environment).unwrap_or_default();
    Answer::of(format!(r#"{{"environment":{name},"prompts":[{}]}}"#, list.join(",")).into_bytes())
}
