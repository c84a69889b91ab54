//! Two contents side by side, and settling a prompt that has diverged.

use crate::acting::Act;
use crate::reading::Reading;
use crate::views::{Choice, ComparedAnswer, ComparedSide, Comparison, MergeView, Ref, VersionRow};
use crate::{Error, Workbench, words};
use domain::diff::{Limits, compare};
use domain::merge::{Merge, resolve, three_way};
use domain::project::{Prompt, Version};
use domain::{ProjectId, PromptId, VersionContent, VersionId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One side of a comparison, resolved.
pub(crate) struct Resolved {
    pub content: VersionContent,
    pub label: String,
    pub side: ComparedSide,
    pub version: Option<VersionId>,
    pub prompt: Option<PromptId>,
}

impl Workbench {
    /// Two contents side by side: any versions, a draft, or what an environment serves.
    ///
    /// # Errors
    /// One of them is not there, or was redacted.
    pub async fn compare(
        &self,
        project: ProjectId,
        left: Ref,
        right: Ref,
    ) -> Result<Comparison, Error> {
        let reading = self.reading(project)?;
        let mut before = reading.resolve(&left)?;
        let after = reading.resolve(&right)?;
        // A draft's snippets are pinned when it is saved: until then they are those of the other side.
        if matches!(right, Ref::Draft { .. }) {
            before.content.includes.clone_from(&after.content.includes);
        }
        let diff = compare(&before.content, &after.content, Limits::default());
        let (answers, answers_note) = self.compared_answers(&reading, &before, &after)?;
        Ok(Comparison {
            summary: diff.summary.clone(),
            diff,
            left: before.side,
            right: after.side,
            answers,
            answers_note,
        })
    }

    /// A diverged prompt, merged as far as it goes by itself.
    ///
    /// # Errors
    /// The prompt has not diverged, or a content is not here.
    pub async fn merge_view(
        &self,
        project: ProjectId,
        prompt: PromptId,
    ) -> Result<MergeView, Error> {
        let reading = self.reading(project)?;
        let heads = reading.two_heads(prompt)?;
        let merge = reading.merge(&heads)?;
        let row = |version: &Version| reading.version_row(heads.prompt, version, true);
        Ok(MergeView {
            message: format!(
                "Brings together {} by {} and {} by {}",
                reading.both().version_words(heads.ours.id),
                reading.person(heads.ours.by),
                reading.both().version_words(heads.theirs.id),
                reading.person(heads.theirs.by),
            ),
            ours: row(heads.ours),
            theirs: row(heads.theirs),
            base: heads.base.map(|version| row(version)),
            content: merge.content,
            conflicts: merge.conflicts,
            notes: merge.notes,
        })
    }

    /// What would be saved with the choices so far; what is not decided yet stands as in
    /// [`Self::merge_view`].
    ///
    /// # Errors
    /// As for [`Self::merge_view`], or a choice does not fit its place.
    pub async fn merge_preview(
        &self,
        project: ProjectId,
        prompt: PromptId,
        choices: BTreeMap<u32, Choice>,
    ) -> Result<VersionContent, Error> {
        let reading = self.reading(project)?;
        let merge = reading.merge(&reading.two_heads(prompt)?)?;
        resolve(&merge, &choices).map_err(|error| Error::invalid(error.to_string()))
    }

    /// Settles a divergence with a version that has both heads as parents.
    ///
    /// # Errors
    /// A conflict was not decided, or the result breaks a rule.
    pub async fn merge_finish(
        &self,
        project: ProjectId,
        prompt: PromptId,
        choices: BTreeMap<u32, Choice>,
        message: String,
    ) -> Result<VersionRow, Error> {
        let act = self.act(project)?;
        let (parents, merged) = {
            let heads = act.reading.two_heads(prompt)?;
            let merge = act.reading.merge(&heads)?;
            let merged =
                resolve(&merge, &choices).map_err(|error| Error::invalid(error.to_string()))?;
            (vec![heads.ours.id, heads.theirs.id], merged)
        };
        self.save_merged(act, prompt, parents, &merged, &message)
            .await
    }

    /// The same with a content that a person made by hand, of the two versions that they saw.
    ///
    /// # Errors
    /// The prompt has not diverged, or into others by now; the content breaks a rule.
    pub async fn merge_by_hand(
        &self,
        project: ProjectId,
        prompt: PromptId,
        of: [VersionId; 2],
        merged: VersionContent,
        message: String,
    ) -> Result<VersionRow, Error> {
        let act = self.act(project)?;
        let heads = act.reading.two_heads(prompt)?;
        if [heads.ours.id, heads.theirs.id] != of {
            return Err(Error::invalid(
                "somebody saved another version meanwhile; look at what is there now and merge again",
            ));
        }
        self.save_merged(act, prompt, of.to_vec(), &merged, &message)
            .await
    }

    async fn save_merged(
        &self,
        mut act: Act<'_>,
        prompt: PromptId,
        parents: Vec<VersionId>,
        merged: &VersionContent,
        message: &str,
    ) -> Result<VersionRow, Error> {
        let (content, problems) = act.reading.pinned(merged);
        if let Some(problem) = problems.first() {
            return Err(Error::invalid(problem.message.clone()));
        }
        let message = match message.trim() {
            "" => "Brings two versions together",
            typed => typed,
        };
        let project = act.reading.project;
        let id = act.save_version(prompt, parents, &content, message)?;
        act.send().await?;
        self.row_of(project, VersionId::from(id))
    }

    /// The prompts that have diverged, each with the words that say so.
    ///
    /// # Errors
    /// The project is not on this computer.
    pub async fn diverged(&self, project: ProjectId) -> Result<Vec<(PromptId, String)>, Error> {
        let reading = self.reading(project)?;
        let diverged = reading.ahead.prompts().filter(|prompt| prompt.diverged());
        Ok(diverged
            .map(|prompt| (prompt.id, reading.diverged_words(prompt)))
            .collect())
    }

    fn compared_answers(
        &self,
        reading: &Reading,
        before: &Resolved,
        after: &Resolved,
    ) -> Result<(Vec<ComparedAnswer>, String), Error> {
        let Some(dataset) = self.dataset_for(reading, after)? else {
            return Ok((
                Vec::new(),
                "There is no dataset to ask both with yet; add one in Evals.".to_owned(),
            ));
        };
        self.answers_from_cache(reading, &dataset, before, after)
    }
}

struct Heads<'a> {
    prompt: &'a Prompt,
    ours: &'a Arc<Version>,
    theirs: &'a Arc<Version>,
    base: Option<&'a Arc<Version>>,
}

impl Reading {
    /// A content that can be looked at, with its label.
    pub(crate) fn resolve(&self, reference: &Ref) -> Result<Resolved, Error> {
        match reference {
            Ref::Version { version } => self.resolve_version(*version, None),
            Ref::Draft { draft } => {
                let row = self.draft_row(draft)?;
                let (content, _) = self.pinned(&row.content);
                let label = "draft".to_owned();
                Ok(Resolved {
                    content,
                    side: ComparedSide {
                        label: label.clone(),
                        by: self.my_name(),
                        at: Some(row.updated),
                    },
                    label,
                    version: None,
                    prompt: row.prompt,
                })
            }
            Ref::Environment {
                environment,
                prompt,
            } => {
                let name = words::environment(&self.ahead, *environment);
                let side = self
                    .ahead
                    .serving(*environment, *prompt)
                    .and_then(|serving| serving.main_side());
                let side = side.ok_or_else(|| {
                    Error::not_found(format!("{name} serves nothing of this prompt"))
                })?;
                self.resolve_version(side.version, Some(&name))
            }
        }
    }

    fn resolve_version(&self, id: VersionId, live_in: Option<&str>) -> Result<Resolved, Error> {
        let (prompt, version) = self
            .ahead
            .version(id)
            .ok_or_else(|| Error::not_found("this version is not on this computer"))?;
        let content = self.content(&version.content).ok_or_else(|| {
            Error::not_found("the content of this version is not here, or was redacted")
        })?;
        let short = self.both().version_words(id);
        let label =
            live_in.map_or_else(|| short.clone(), |name| format!("{short}, live in {name}"));
        Ok(Resolved {
            content,
            side: ComparedSide {
                label,
                by: self.person(version.by),
                at: Some(version.at),
            },
            label: short,
            version: Some(id),
            prompt: Some(prompt.id),
        })
    }

    fn diverged_words(&self, prompt: &Prompt) -> String {
        let heads = prompt.heads().iter();
        let heads: Vec<_> = heads
            .filter_map(|id| self.ahead.version(*id))
            .map(|(_, version)| {
                let label = self.both().version_words(version.id);
                format!("{label} by {}", self.person(version.by))
            })
            .collect();
        let count = match heads.len() {
            2 => "two".to_owned(),
            n => n.to_string(),
        };
        format!(
            "{} has {count} newest versions: {}",
            prompt.name,
            words::list(&heads)
        )
    }

    fn two_heads(&self, prompt: PromptId) -> Result<Heads<'_>, Error> {
        let prompt = self.prompt(prompt)?;
        let heads: Vec<_> = prompt
            .heads()
            .iter()
            .filter_map(|id| self.ahead.version(*id))
            .map(|(_, version)| version)
            .collect();
        // What the person here wrote is "ours"; of others' work the older one.
        let mine = heads
            .iter()
            .rposition(|version| Some(version.by) == self.person_here)
            .unwrap_or(0);
        let ours = heads.get(mine).copied();
        let theirs = heads
            .iter()
            .rev()
            .find(|version| ours.is_some_and(|o| o.content != version.content))
            .copied();
        let (Some(ours), Some(theirs)) = (ours, theirs) else {
            return Err(Error::invalid(
                "this prompt has not diverged; there is nothing to bring together",
            ));
        };
        Ok(Heads {
            prompt,
            ours,
            theirs,
            base: self.common_base(prompt, ours, theirs),
        })
    }

    // The newest version that both descend from.
    fn common_base<'a>(
        &'a self,
        prompt: &'a Prompt,
        ours: &Version,
        theirs: &Version,
    ) -> Option<&'a Arc<Version>> {
        let (ours, theirs) = (self.ancestors(ours), self.ancestors(theirs));
        prompt
            .versions()
            .rev()
            .find(|version| ours.contains(&version.id) && theirs.contains(&version.id))
    }

    fn ancestors(&self, of: &Version) -> BTreeSet<VersionId> {
        let mut found = BTreeSet::new();
        let mut next = of.parents.clone();
        while let Some(id) = next.pop() {
            if found.insert(id)
                && let Some((_, version)) = self.ahead.version(id)
            {
                next.extend(version.parents.iter().copied());
            }
        }
        found
    }

    fn merge(&self, heads: &Heads<'_>) -> Result<Merge, Error> {
        let content = |version: &Version| {
            self.content(&version.content).ok_or_else(|| {
                Error::not_found(
                    "the content of a version that was to be merged is not here, or was redacted",
                )
            })
        };
        let base = heads.base.map(|version| content(version)).transpose()?;
        Ok(three_way(
            base.as_ref(),
            &content(heads.ours)?,
            &content(heads.theirs)?,
        ))
    }
}
