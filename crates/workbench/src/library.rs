//! The library: every prompt with its track at a glance.

use crate::reading::Reading;
use crate::views::{EnvironmentCard, Library, NewDraft, PromptRow, State};
use crate::{Error, Workbench, track};
use domain::content::Kind;
use domain::project::Prompt;
use domain::{Millis, ProjectId};
use std::collections::{BTreeMap, BTreeSet};

impl Workbench {
    /// Every prompt, the environments, who acts here and how far this computer is in step.
    ///
    /// # Errors
    /// The project is not on this computer.
    pub async fn library(&self, project: ProjectId) -> Result<Library, Error> {
        let reading = self.reading(project)?;
        let drafts = reading.store.drafts(project)?;
        let by_prompt: BTreeMap<_, _> = drafts
            .iter()
            .filter(|draft| reading.has_changes(draft))
            .filter_map(|draft| Some((reading.prompt_of(draft)?, draft)))
            .collect();
        let unsent = reading.unsent_prompts();
        let mut prompts: Vec<_> = reading
            .ahead
            .prompts()
            .map(|prompt| reading.row(prompt, by_prompt.get(&prompt.id).copied(), &unsent))
            .collect();
        prompts.sort_by_cached_key(|row| domain::names::folded(&row.name));
        let sync = self.sync_state_of(&reading)?;
        Ok(Library {
            project: self.card(project)?,
            environments: reading.environments(),
            prompts,
            new_drafts: drafts
                .iter()
                .filter(|draft| reading.prompt_of(draft).is_none())
                .map(|draft| NewDraft {
                    draft: draft.id.0.to_string(),
                    name: draft.name.clone(),
                    updated: draft.updated,
                })
                .collect(),
            problems: sync.refused,
            reviews: reading.person_here.map_or(0, |person| {
                u32::try_from(reading.ahead.waiting_for(person).len()).unwrap_or(u32::MAX)
            }),
            sync,
            me: reading.me(),
        })
    }
}

impl Reading {
    fn row(
        &self,
        prompt: &Prompt,
        draft: Option<&store::Draft>,
        unsent: &BTreeSet<domain::PromptId>,
    ) -> PromptRow {
        let stages = track::stages(self.both(), prompt);
        let latest = prompt.latest();
        let updated = latest.map_or(prompt.created, |version| version.at);
        // Whether it is a snippet is in its content; the newest version says.
        let kind = latest.map_or(Kind::Chat, |version| self.kind_of(&version.content));
        let is_unsent = unsent.contains(&prompt.id);
        PromptRow {
            id: prompt.id,
            name: prompt.name.clone(),
            kind,
            state: self.state_of(prompt, draft.is_some(), is_unsent),
            has_draft: draft.is_some(),
            draft: draft.map(|draft| draft.id.0.to_string()),
            unsent: is_unsent,
            archived: prompt.archived,
            diverged: prompt.diverged(),
            differs: track::differs(self.both(), &stages),
            stages,
            updated: draft.map_or(updated, |draft| Millis::max(draft.updated, updated)),
        }
    }

    /// Where the newest writing of a prompt has got to.
    pub(crate) fn state_of(&self, prompt: &Prompt, has_draft: bool, unsent: bool) -> State {
        if has_draft {
            return State::Draft;
        }
        if unsent {
            return State::Outbox;
        }
        let Some(latest) = prompt.latest() else {
            return self.kept();
        };
        let live = self.ahead.environments().last().is_some_and(|last| {
            self.ahead
                .serving(last.id, prompt.id)
                .is_some_and(|serving| serving.sides.iter().any(|side| side.version == latest.id))
        });
        if live { State::Live } else { self.kept() }
    }

    /// What "accepted" is called: in a team's registry, or saved on this computer.
    pub(crate) fn kept(&self) -> State {
        if self.on_this_computer {
            State::Saved
        } else {
            State::Registry
        }
    }

    /// The environments in their order, retired ones last.
    pub(crate) fn environments(&self) -> Vec<EnvironmentCard> {
        let default = self.ahead.default_environment();
        let active: Vec<_> = self
            .ahead
            .environments()
            .map(|environment| environment.id)
            .collect();
        let retired = self
            .ahead
            .all_environments()
            .filter(|e| e.retired.is_some());
        self.ahead
            .environments()
            .chain(retired)
            .zip(0..)
            .map(|(environment, position)| EnvironmentCard {
                id: environment.id,
                name: environment.name.clone(),
                position,
                is_default: default == Some(environment.id),
                retired: !active.contains(&environment.id),
            })
            .collect()
    }
}
