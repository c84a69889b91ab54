//! One prompt: its track, its versions, its labels; renaming, archiving, redacting.

use crate::reading::Reading;
use crate::views::{IncludePin, LabelRow, PromptLink, PromptView, State, VersionRow, VersionView};
use crate::{Error, Workbench, track};
use domain::content::Kind;
use domain::ledger::Body;
use domain::project::{Prompt, Version};
use domain::{ProjectId, PromptId, VersionContent, VersionId};
use std::collections::BTreeSet;

/// Versions that one answer lists; the window asks for older ones by comparing.
const VERSIONS: usize = 2_000;
/// Versions for which "what changed" is worked out at once.
const SUMMARIES: usize = 20;

impl Workbench {
    /// One prompt with everything that its screen shows at first.
    ///
    /// # Errors
    /// The prompt is not there.
    pub async fn prompt(&self, project: ProjectId, prompt: PromptId) -> Result<PromptView, Error> {
        let reading = self.reading(project)?;
        let found = reading.prompt(prompt)?;
        let draft = reading.store.draft_of(project, found.id)?;
        let draft = draft.filter(|row| !reading.is_passed(found, row));
        let has_draft = draft.as_ref().is_some_and(|row| reading.has_changes(row));
        let draft = draft.map(|row| reading.draft_view(row));
        let unsent = reading.unsent_prompts().contains(&found.id);
        Ok(PromptView {
            id: found.id,
            name: found.name.clone(),
            kind: found
                .latest()
                .map_or(Kind::Chat, |version| reading.kind_of(&version.content)),
            state: reading.state_of(found, has_draft, unsent),
            archived: found.archived,
            stages: track::track(reading.both(), found, |digest| reading.text(digest)),
            versions: found
                .versions()
                .rev()
                .take(VERSIONS)
                .enumerate()
                .map(|(place, version)| reading.version_row(found, version, place < SUMMARIES))
                .collect(),
            heads: found.heads().to_vec(),
            diverged: found.diverged(),
            draft,
            included_by: reading.included_by(found),
            feeds: reading.feeds(found.id),
            labels: found
                .labels()
                .map(|(label, version)| LabelRow {
                    label: label.to_owned(),
                    version,
                    number: reading.both().number(version),
                })
                .collect(),
        })
    }

    /// One version with its content.
    ///
    /// # Errors
    /// The version is not there.
    pub async fn version(
        &self,
        project: ProjectId,
        version: VersionId,
    ) -> Result<VersionView, Error> {
        let reading = self.reading(project)?;
        let (prompt, found) = reading
            .ahead
            .version(version)
            .ok_or_else(|| Error::not_found("this version is not on this computer"))?;
        let redacted = reading.ahead.is_redacted(&found.content);
        let mut content = reading.content(&found.content);
        if content.is_none() && !redacted {
            // Not fetched yet, or damaged here: the words below say so where it can't be had now.
            let _ = self.fetch(project, &found.content).await;
            content = reading.content(&found.content);
        }
        let content = match content {
            Some(content) => content,
            None if redacted => VersionContent::empty_chat(),
            None => {
                return Err(Error::not_found(format!(
                    "the content of {} {} is not on this computer, or was damaged here; sync fetches it anew as soon as \
                     the registry can be reached",
                    prompt.name,
                    reading.both().version_words(version)
                )));
            }
        };
        let includes = content
            .includes
            .iter()
            .map(|(name, digest)| {
                let from = reading.ahead.version_with(digest);
                IncludePin {
                    name: name.clone(),
                    digest: *digest,
                    prompt: from.map(|(prompt, _)| prompt.id),
                    number: from.and_then(|(_, version)| reading.both().number(version.id)),
                }
            })
            .collect();
        Ok(VersionView {
            row: reading.version_row(prompt, found, true),
            content,
            includes,
            redacted,
        })
    }

    /// Gives a prompt another name.
    ///
    /// # Errors
    /// The name is taken or can't be one.
    pub async fn rename_prompt(
        &self,
        project: ProjectId,
        prompt: PromptId,
        name: String,
    ) -> Result<(), Error> {
        let replaces = self.reading(project)?.prompt(prompt)?.name.clone();
        self.one(
            project,
            Body::RenamePrompt {
                prompt,
                name: domain::names::tidy(&name),
                replaces,
            },
        )
        .await
    }

    /// Takes a prompt out of sight.
    ///
    /// # Errors
    /// An environment serves it.
    pub async fn archive_prompt(&self, project: ProjectId, prompt: PromptId) -> Result<(), Error> {
        self.one(project, Body::ArchivePrompt { prompt }).await
    }

    /// Brings an archived prompt back.
    ///
    /// # Errors
    /// It is not archived.
    pub async fn restore_prompt(&self, project: ProjectId, prompt: PromptId) -> Result<(), Error> {
        self.one(project, Body::RestorePrompt { prompt }).await
    }

    /// Puts a label on a version.
    ///
    /// # Errors
    /// The label can't be called that, or was moved meanwhile.
    pub async fn set_label(
        &self,
        project: ProjectId,
        prompt: PromptId,
        label: String,
        version: VersionId,
    ) -> Result<(), Error> {
        let label = domain::names::tidy(&label);
        let replaces = self.reading(project)?.prompt(prompt)?.labelled(&label);
        self.one(
            project,
            Body::SetLabel {
                prompt,
                label,
                version,
                replaces,
            },
        )
        .await
    }

    /// Takes a label off.
    ///
    /// # Errors
    /// It is on no version.
    pub async fn remove_label(
        &self,
        project: ProjectId,
        prompt: PromptId,
        label: String,
    ) -> Result<(), Error> {
        let replaces = self
            .reading(project)?
            .prompt(prompt)?
            .labelled(&label)
            .ok_or_else(|| Error::not_found("this label is on no version"))?;
        self.one(
            project,
            Body::RemoveLabel {
                prompt,
                label,
                replaces,
            },
        )
        .await
    }

    /// Destroys the content of a version everywhere.
    ///
    /// # Errors
    /// Only an admin may; an environment serves it.
    pub async fn redact(
        &self,
        project: ProjectId,
        version: VersionId,
        reason: String,
    ) -> Result<(), Error> {
        let reading = self.reading(project)?;
        let (_, found) = reading
            .ahead
            .version(version)
            .ok_or_else(|| Error::not_found("this version is not here"))?;
        let content = found.content;
        let mut act = self.act(project)?;
        let reason = act.text(reason.trim())?;
        act.command(Body::Redact { content, reason })?;
        act.send().await?;
        Ok(())
    }
}

impl Reading {
    pub(crate) fn prompt(&self, id: PromptId) -> Result<&Prompt, Error> {
        let found = self.ahead.prompt(id);
        found
            .map(AsRef::as_ref)
            .ok_or_else(|| Error::not_found("this prompt is not on this computer"))
    }

    pub(crate) fn version_row(
        &self,
        prompt: &Prompt,
        version: &Version,
        summarise: bool,
    ) -> VersionRow {
        let number = self.both().number(version.id);
        let live_in: Vec<_> = self
            .ahead
            .environments()
            .filter(|environment| {
                self.ahead
                    .serving(environment.id, prompt.id)
                    .is_some_and(|serving| {
                        serving.sides.iter().any(|side| side.version == version.id)
                    })
            })
            .map(|environment| environment.name.clone())
            .collect();
        let last = self
            .ahead
            .environments()
            .last()
            .map(|environment| environment.name.clone());
        let redacted = self.ahead.is_redacted(&version.content);
        let mut labels: Vec<String> = prompt
            .labels()
            .filter(|(_, on)| *on == version.id)
            .map(|(label, _)| label.to_owned())
            .collect();
        if prompt
            .latest()
            .is_some_and(|latest| latest.id == version.id)
        {
            labels.insert(0, "latest".to_owned());
        }
        VersionRow {
            id: version.id,
            prompt: prompt.id,
            number,
            short: version.id.short(),
            by: self.person(version.by),
            at: if number.is_some() {
                version.at
            } else {
                version.saved
            },
            message: self.text(&version.message),
            parents: version.parents.clone(),
            is_head: prompt.heads().contains(&version.id),
            labels,
            state: match number {
                None => State::Outbox,
                Some(_) if last.is_some_and(|last| live_in.contains(&last)) => State::Live,
                Some(_) => self.kept(),
            },
            live_in,
            summary_since_parent: summarise.then(|| self.since_parent(version)).flatten(),
            redacted,
        }
    }

    fn since_parent(&self, version: &Version) -> Option<String> {
        let parent = version.parents.first()?;
        let (_, parent) = self.ahead.version(*parent)?;
        let before = self.content(&parent.content)?;
        let after = self.content(&version.content)?;
        Some(domain::diff::compare(&before, &after, domain::diff::Limits::default()).summary)
    }

    // Whoever's newest version, or what an environment serves, includes any version of this.
    fn included_by(&self, prompt: &Prompt) -> Vec<PromptLink> {
        let mut found = BTreeSet::new();
        for version in prompt.versions() {
            for including in self.ahead.included_by(&version.content) {
                if let Some((other, version)) = self.ahead.version(including) {
                    let newest = other.latest().is_some_and(|latest| latest.id == version.id);
                    let served = self.ahead.environments().any(|environment| {
                        self.ahead
                            .serving(environment.id, other.id)
                            .is_some_and(|serving| {
                                serving.sides.iter().any(|side| side.version == including)
                            })
                    });
                    if newest || served {
                        found.insert((other.name.clone(), other.id));
                    }
                }
            }
        }
        found
            .into_iter()
            .map(|(name, prompt)| PromptLink { prompt, name })
            .collect()
    }

    // Whoever's newest version takes this prompt's output as an input.
    fn feeds(&self, prompt: PromptId) -> Vec<PromptLink> {
        let mut found = Vec::new();
        for other in self
            .ahead
            .prompts()
            .filter(|other| !other.archived && other.id != prompt)
        {
            let Some(latest) = other.latest() else {
                continue;
            };
            let Some(content) = self.content(&latest.content) else {
                continue;
            };
            let takes = content.inputs.iter().filter_map(|input| input.from);
            if takes
                .map(|from| self.ahead.meant(from))
                .any(|from| from == prompt)
            {
                found.push(PromptLink {
                    prompt: other.id,
                    name: other.name.clone(),
                });
            }
        }
        found
    }
}
