//! Drafts: saved at every pause in typing, with their own history, and never leaving the machine.

use crate::reading::Reading;
use crate::secrets::random_16;
use crate::views::{Changed, Draft, DraftId, DraftMoment, DraftSaved, VersionRow};
use crate::{Error, Workbench};
use domain::content::{Kind, Message};
use domain::diff::{Limits, compare};
use domain::ledger::Body;
use domain::{ProjectId, PromptId, VersionContent, VersionId};

impl Workbench {
    /// The draft of a prompt: the open one, or a new one from a version (the newest unless named).
    ///
    /// # Errors
    /// The prompt or version is not there, or its content was redacted.
    pub async fn open_draft(
        &self,
        project: ProjectId,
        prompt: PromptId,
        from: Option<VersionId>,
    ) -> Result<Draft, Error> {
        let reading = self.reading(project)?;
        let found = reading.prompt(prompt)?;
        if let Some(row) = reading.store.draft_of(project, found.id)? {
            if from.is_none_or(|from| row.base == Some(from)) && !reading.is_passed(found, &row) {
                return Ok(reading.draft_view(row));
            }
            // Starting from another version puts what was written away, where it can be found.
            self.store().discard_draft(row.id, self.now())?;
        }
        let base = from.or_else(|| found.latest().map(|version| version.id));
        let content = match base {
            None => VersionContent::empty_chat(),
            Some(base) => {
                let (_, version) = reading
                    .ahead
                    .version(base)
                    .ok_or_else(|| Error::not_found("this version is not here"))?;
                reading.content(&version.content).ok_or_else(|| {
                    Error::not_found(
                        "the content of this version is not on this computer, or was redacted",
                    )
                })?
            }
        };
        let (Started::Now(row) | Started::Before(row)) =
            self.start_draft(&reading, Some(found.id), &found.name, base, content)?;
        Ok(reading.draft_view(row))
    }

    /// A draft of a prompt that does not exist yet.
    ///
    /// # Errors
    /// The name can't be one, or is taken.
    pub async fn new_draft(
        &self,
        project: ProjectId,
        name: String,
        kind: Kind,
    ) -> Result<Draft, Error> {
        let content = match kind {
            Kind::Chat => VersionContent {
                model: self.reading(project)?.usual_model()?,
                ..VersionContent::empty_chat()
            },
            Kind::Text => VersionContent::text(""),
        };
        self.new_draft_of(project, name, content).await
    }

    /// The same, with a content to begin from.
    ///
    /// # Errors
    /// As for [`Self::new_draft`].
    pub async fn new_draft_of(
        &self,
        project: ProjectId,
        name: String,
        content: VersionContent,
    ) -> Result<Draft, Error> {
        let reading = self.reading(project)?;
        let name = domain::names::tidy(&name);
        reading.free_name(&name)?;
        let new = self.start_draft(&reading, None, &name, None, content)?;
        match new {
            Started::Now(row) => Ok(reading.draft_view(row)),
            Started::Before(row) => Err(Error::invalid(format!(
                "there is a draft named {} already: go on with it, or discard it first",
                row.name
            ))),
        }
    }

    /// A draft as it was last saved.
    ///
    /// # Errors
    /// The draft is gone.
    pub async fn draft(&self, project: ProjectId, draft: DraftId) -> Result<Draft, Error> {
        let row = self.store().draft(id_of(&draft)?)?;
        Ok(self.reading(project)?.draft_view(row))
    }

    /// The autosave. Answers once the draft is on disk.
    ///
    /// # Errors
    /// The disk is full or the draft is gone; the words say so and the window keeps its text.
    pub async fn save_draft(
        &self,
        project: ProjectId,
        draft: DraftId,
        content: VersionContent,
        name: Option<String>,
        message: Option<String>,
    ) -> Result<DraftSaved, Error> {
        let now = self.now();
        let save = store::DraftSave {
            revision: None,
            content: &content,
            name: name.as_deref(),
            message: message.as_deref(),
        };
        let row = self.store().save_draft(id_of(&draft)?, &save, now)?;
        let reading = self.reading(project)?;
        let (check, changed) = (reading.check(&content), reading.changed(row.base, &content));
        Ok(DraftSaved {
            at: now,
            check,
            changed,
        })
    }

    /// Puts a draft away. It can be brought back from its history.
    ///
    /// # Errors
    /// The draft is gone already.
    pub async fn discard_draft(&self, project: ProjectId, draft: DraftId) -> Result<(), Error> {
        self.store().discard_draft(id_of(&draft)?, self.now())?;
        self.say_changed(project);
        Ok(())
    }

    /// The draft of a name that was put away last, to be brought back.
    ///
    /// # Errors
    /// There is none.
    pub async fn discarded_draft(
        &self,
        project: ProjectId,
        name: String,
    ) -> Result<DraftId, Error> {
        let wanted = domain::names::folded(&name);
        let rows = self.store().discarded_drafts(project)?;
        let found = rows
            .into_iter()
            .filter(|row| domain::names::folded(&row.name) == wanted)
            .max_by_key(|row| row.discarded);
        found.map(|row| row.id.0.to_string()).ok_or_else(|| {
            Error::not_found(format!("no draft of {name} was discarded on this computer"))
        })
    }

    /// Brings back the draft that was put away last.
    ///
    /// # Errors
    /// It is not there any more.
    pub async fn undo_discard_draft(
        &self,
        project: ProjectId,
        draft: DraftId,
    ) -> Result<Draft, Error> {
        let row = self.store().bring_back_draft(id_of(&draft)?, self.now())?;
        self.say_changed(project);
        let reading = self.reading(project)?;
        Ok(reading.draft_view(row))
    }

    /// The autosaves of a draft, the newest first.
    ///
    /// # Errors
    /// The draft is gone.
    pub async fn draft_history(
        &self,
        project: ProjectId,
        draft: DraftId,
    ) -> Result<Vec<DraftMoment>, Error> {
        self.reading(project)?;
        let moments = self.store().draft_history(id_of(&draft)?)?;
        Ok(moments
            .iter()
            .enumerate()
            .map(|(place, moment)| {
                let summary = match moments.get(place + 1) {
                    Some(before) => {
                        compare(&before.content, &moment.content, Limits::default()).summary
                    }
                    None => "where it began".to_owned(),
                };
                DraftMoment {
                    id: moment.id,
                    at: moment.at,
                    summary,
                }
            })
            .collect())
    }

    /// Brings an earlier autosave back; what is there now stays in the history.
    ///
    /// # Errors
    /// The draft or the autosave is gone.
    pub async fn restore_draft(
        &self,
        project: ProjectId,
        draft: DraftId,
        moment: i64,
    ) -> Result<Draft, Error> {
        let row = self
            .store()
            .restore_draft(id_of(&draft)?, moment, self.now())?;
        let reading = self.reading(project)?;
        Ok(reading.draft_view(row))
    }

    /// Saves a draft as a version: in the outbox at once, in the registry as soon as it can be
    /// reached. The draft goes on from the new version.
    ///
    /// # Errors
    /// The content breaks a rule, or there is no keychain; the draft stays as it is.
    pub async fn save_version(
        &self,
        project: ProjectId,
        draft: DraftId,
        message: String,
    ) -> Result<VersionRow, Error> {
        let mut act = self.act(project)?;
        let row = act.reading.draft_row(&draft)?;
        let (content, problems) = act.reading.pinned(&row.content);
        if let Some(problem) = problems.first() {
            return Err(Error::Refused(
                domain::Refusal::new(domain::RefusalCode::ContentInvalid, problem.message.clone())
                    .with(serde_json::json!({ "problems": problems })),
            ));
        }
        let says_something = content.messages.iter().any(|message| match message {
            Message::Message { text, .. } => !text.trim().is_empty(),
            Message::Placeholder { .. } => true,
        });
        if !says_something {
            return Err(Error::invalid(format!(
                "{} is empty: write a text in it first",
                row.name
            )));
        }
        let message = message.trim();
        if message.is_empty() {
            return Err(Error::invalid(
                "say in a few words what changed and why; reviewers read it",
            ));
        }
        // A prompt or version that was refused after all does not exist: the draft begins anew.
        let base = row
            .base
            .filter(|base| act.reading.ahead.version(*base).is_some());
        let prompt = match act.reading.prompt_of(&row) {
            Some(prompt) => prompt,
            None => {
                let name = domain::names::tidy(&row.name);
                act.reading.free_name(&name)?;
                PromptId::from(act.command(Body::CreatePrompt { name })?)
            }
        };
        let id = act.save_version(prompt, base.into_iter().collect(), &content, message)?;
        act.rebase_draft(row.id, prompt, VersionId::from(id));
        act.send().await?;
        self.row_of(project, VersionId::from(id))
    }

    pub(crate) fn row_of(
        &self,
        project: ProjectId,
        version: VersionId,
    ) -> Result<VersionRow, Error> {
        let reading = self.reading(project)?;
        let (prompt, found) = reading
            .ahead
            .version(version)
            .ok_or_else(|| Error::not_found("the version was refused; see what waits for you"))?;
        Ok(reading.version_row(prompt, found, true))
    }

    fn start_draft(
        &self,
        reading: &Reading,
        prompt: Option<PromptId>,
        name: &str,
        base: Option<VersionId>,
        content: VersionContent,
    ) -> Result<Started, Error> {
        let id = store::DraftId(uuid::Builder::from_random_bytes(random_16()?).into_uuid());
        let new = store::NewDraft {
            id,
            prompt,
            name: name.to_owned(),
            base,
            content,
        };
        let row = self.store().open_draft(reading.project, new, self.now())?;
        self.say_changed(reading.project);
        Ok(if row.id == id {
            Started::Now(row)
        } else {
            Started::Before(row)
        })
    }
}

/// A draft that was asked for.
enum Started {
    /// It was begun now.
    Now(store::Draft),
    /// There was one.
    Before(store::Draft),
}

impl Reading {
    pub(crate) fn draft_row(&self, draft: &str) -> Result<store::Draft, Error> {
        Ok(self.store.draft(id_of(draft)?)?)
    }

    pub(crate) fn draft_view(&self, row: store::Draft) -> Draft {
        Draft {
            changed: self.changed(row.base, &row.content),
            id: row.id.0.to_string(),
            prompt: self.prompt_of(&row),
            name: row.name,
            base: row.base,
            base_number: row.base.and_then(|base| self.both().number(base)),
            content: row.content,
            saved_at: row.updated,
            message: row.message,
        }
    }

    /// The prompt of a draft, if it exists.
    pub(crate) fn prompt_of(&self, row: &store::Draft) -> Option<PromptId> {
        let prompt = self.ahead.meant(row.prompt?);
        self.ahead.prompt(prompt).map(|prompt| prompt.id)
    }

    /// Whether a draft holds something that its base does not.
    pub(crate) fn has_changes(&self, row: &store::Draft) -> bool {
        let base = row.base.and_then(|base| self.ahead.version(base));
        let Some(mut before) = base.and_then(|(_, version)| self.content(&version.content)) else {
            return true;
        };
        before.includes.clone_from(&row.content.includes);
        before != row.content
    }

    /// Whether a draft in which nothing was written was passed by a newer version since it was
    /// begun: it goes on with the prompt then, since showing it would show an old text as the
    /// present one. One that was begun from an old version on purpose stays.
    pub(crate) fn is_passed(&self, prompt: &domain::project::Prompt, row: &store::Draft) -> bool {
        let current = row.base.is_none_or(|base| prompt.heads().contains(&base));
        let since = || {
            prompt
                .latest()
                .is_some_and(|latest| latest.at > row.created)
        };
        !current && since() && !self.has_changes(row)
    }

    pub(crate) fn changed(&self, base: Option<VersionId>, content: &VersionContent) -> Changed {
        let before = base
            .and_then(|base| self.ahead.version(base))
            .and_then(|(_, version)| self.content(&version.content));
        match before {
            None => Changed {
                summary: "a new prompt".to_owned(),
                any: true,
                diff: None,
            },
            Some(mut before) => {
                // What a draft includes is pinned when it is saved: a newer snippet is no change
                // of the writer's.
                before.includes.clone_from(&content.includes);
                let diff = compare(&before, content, Limits::default());
                Changed {
                    summary: diff.summary.clone(),
                    any: !diff.equal,
                    diff: Some(diff),
                }
            }
        }
    }

    fn free_name(&self, name: &str) -> Result<(), Error> {
        domain::names::check(name)
            .map_err(|error| Error::invalid(format!("the prompt can't be called that: {error}")))?;
        if self.ahead.prompt_named(name).is_some() {
            return Err(Error::invalid(format!(
                "there is a prompt named {name} already"
            )));
        }
        Ok(())
    }

    // What the newest version of another prompt names: a team mostly uses one model.
    fn usual_model(&self) -> Result<Option<domain::content::ModelSettings>, Error> {
        let newest = self
            .ahead
            .prompts()
            .filter_map(|prompt| prompt.latest())
            .filter_map(|version| Some((version.at, self.content(&version.content)?.model?)))
            .max_by_key(|(at, _)| *at);
        Ok(match newest {
            Some((_, model)) => Some(model),
            None => self.store.providers()?.into_iter().next().map(|provider| {
                domain::content::ModelSettings {
                    provider: provider.name,
                    model: provider.model,
                    parameters: std::collections::BTreeMap::new(),
                    other: domain::content::Other::new(),
                }
            }),
        })
    }
}

/// A draft's id as the window sends it.
pub(crate) fn id_of(draft: &str) -> Result<store::DraftId, Error> {
    draft
        .parse()
        .map(store::DraftId)
        .map_err(|_| Error::not_found("this draft is gone"))
}
