//! What the registry has not accepted: shown with its reason and the author's words, until the
//! person settles it.

use crate::reading::Reading;
use crate::views::{KeptText, OutboxRow, OutboxState, Settle};
use crate::{Error, Workbench, words};
use domain::content::Message;
use domain::ledger::{Body, Command};
use domain::{CommandId, ProjectId, PromptId, VersionId};

impl Workbench {
    /// Every command that the registry has not accepted, in the order in which it will be sent.
    ///
    /// # Errors
    /// The project is not on this computer.
    pub async fn outbox(&self, project: ProjectId) -> Result<Vec<OutboxRow>, Error> {
        let reading = self.reading(project)?;
        Ok(reading
            .pending
            .iter()
            .map(|pending| reading.outbox_row(pending))
            .collect())
    }

    /// Settles a command: asks again on what is there now, or lets it go, keeping what was
    /// written as a draft where the person wants that.
    ///
    /// # Errors
    /// The command is settled already, or asking again is refused at once.
    pub async fn settle(
        &self,
        project: ProjectId,
        command: CommandId,
        how: Settle,
    ) -> Result<(), Error> {
        let queued = self.store().queued(project, command)?;
        match how {
            Settle::Drop => {
                self.store()
                    .settle(project, command, &store::Settle::Drop, self.now())?;
            }
            Settle::KeepAsDraft => {
                self.keep_as_draft(project, command, &queued.command.body)
                    .await?;
                self.store()
                    .settle(project, command, &store::Settle::Drop, self.now())?;
            }
            Settle::Again => {
                let body = self.on_what_is_there(project, queued.command.body)?;
                self.store()
                    .settle(project, command, &store::Settle::Drop, self.now())?;
                let asked = async {
                    let mut act = self.act(project)?;
                    act.command(body)?;
                    act.send().await
                };
                if let Err(error) = asked.await {
                    // It can't be asked again: the old one comes back, with all it holds.
                    self.store()
                        .settle(project, command, &store::Settle::Again, self.now())?;
                    self.say_changed(project);
                    return Err(error);
                }
            }
        }
        self.say_changed(project);
        Ok(())
    }

    async fn keep_as_draft(
        &self,
        project: ProjectId,
        command: CommandId,
        body: &Body,
    ) -> Result<(), Error> {
        let Body::SaveVersion {
            prompt,
            parents,
            content,
            message,
            ..
        } = body
        else {
            return Err(Error::invalid(
                "there is no text in it that could be kept as a draft",
            ));
        };
        let reading = self.reading(project)?;
        let content = reading
            .content(content)
            .ok_or_else(|| Error::not_found("its text is not here any more"))?;
        let message = reading.text(message);
        let there = reading.ahead.prompt(*prompt).is_some();
        let draft = if there {
            self.open_draft(project, *prompt, parents.first().copied())
                .await?
        } else {
            // Each has a name of its own: two versions of one refused prompt are two drafts.
            let name = format!("kept {}", domain::VersionId::from(command).short());
            self.new_draft_of(project, name, content.clone()).await?
        };
        self.save_draft(project, draft.id, content, None, Some(message))
            .await?;
        Ok(())
    }

    // What a pointer replaces is what is there now: the person has looked and asks again.
    fn on_what_is_there(&self, project: ProjectId, body: Body) -> Result<Body, Error> {
        let reading = self.reading(project)?;
        let now = &reading.accepted;
        Ok(match body {
            Body::Release {
                mut changes,
                reason,
                promoted_from,
                request,
                step,
                override_reason,
            } => {
                for change in &mut changes {
                    change.replaces = now
                        .last_served(change.environment, change.prompt)
                        .map(|s| s.release);
                }
                Body::Release {
                    changes,
                    reason,
                    promoted_from,
                    request,
                    step,
                    override_reason,
                }
            }
            Body::Revert {
                environment,
                to,
                mut prompts,
                reason,
            } => {
                for pointer in &mut prompts {
                    if let Some(serving) = now.last_served(environment, pointer.prompt) {
                        pointer.replaces = serving.release;
                    }
                }
                Body::Revert {
                    environment,
                    to,
                    prompts,
                    reason,
                }
            }
            Body::SetLabel {
                prompt,
                label,
                version,
                ..
            } => {
                let replaces = now
                    .prompt(prompt)
                    .and_then(|prompt| prompt.labelled(&label));
                Body::SetLabel {
                    prompt,
                    label,
                    version,
                    replaces,
                }
            }
            Body::RenamePrompt { prompt, name, .. } => {
                let replaces = words::prompt(now, prompt);
                Body::RenamePrompt {
                    prompt,
                    name,
                    replaces,
                }
            }
            other => other,
        })
    }
}

/// The prompts that a command is about.
pub(crate) fn prompts_of(command: &Command) -> Vec<PromptId> {
    match &command.body {
        Body::CreatePrompt { .. } => vec![PromptId::from(command.id)],
        Body::RenamePrompt { prompt, .. }
        | Body::ArchivePrompt { prompt }
        | Body::RestorePrompt { prompt }
        | Body::SaveVersion { prompt, .. }
        | Body::SetLabel { prompt, .. }
        | Body::RemoveLabel { prompt, .. } => vec![*prompt],
        Body::Release { changes, .. } => changes.iter().map(|change| change.prompt).collect(),
        Body::Revert { prompts, .. } => prompts.iter().map(|pointer| pointer.prompt).collect(),
        _ => Vec::new(),
    }
}

impl Reading {
    fn outbox_row(&self, pending: &store::Pending) -> OutboxRow {
        let row = &pending.queued;
        let body = &row.command.body;
        let refusal = row.refusal.as_ref().or(pending.refusal.as_ref());
        let state = match row.state {
            store::OutboxState::NeedsAsking => OutboxState::NeedsAsking,
            store::OutboxState::Refused => OutboxState::Refused,
            _ if refusal.is_some() => OutboxState::Refused,
            _ => OutboxState::Waiting,
        };
        let can = match (&state, body) {
            (OutboxState::Waiting, _) => vec![Settle::Drop],
            (_, Body::SaveVersion { .. }) => vec![Settle::Again, Settle::KeepAsDraft, Settle::Drop],
            _ => vec![Settle::Again, Settle::Drop],
        };
        OutboxRow {
            command: row.command.id,
            words: self.asked(row.command.id, body),
            at: row.created,
            state,
            refusal: refusal.map(|refusal| refusal.message.clone()),
            kept: self.kept_texts(body),
            can,
            prompt: prompts_of(&row.command)
                .first()
                .map(|prompt| self.ahead.meant(*prompt)),
        }
    }

    fn asked(&self, id: CommandId, body: &Body) -> String {
        let prompt = |id: PromptId| words::prompt(&self.ahead, id);
        let place = |id| words::environment(&self.ahead, id);
        match body {
            Body::CreatePrompt { name } => format!("make the prompt {name}"),
            Body::RenamePrompt { name, replaces, .. } => format!("rename {replaces} to {name}"),
            Body::ArchivePrompt { prompt: id } => format!("archive {}", prompt(*id)),
            Body::RestorePrompt { prompt: id } => format!("bring {} back", prompt(*id)),
            Body::SaveVersion { prompt: of, .. } => {
                format!("save {} ({})", prompt(*of), VersionId::from(id).short())
            }
            Body::SetLabel {
                prompt: of,
                label,
                version,
                ..
            } => {
                format!(
                    "put the label {label} on {} {}",
                    prompt(*of),
                    self.both().version_words(*version)
                )
            }
            Body::RemoveLabel {
                prompt: of, label, ..
            } => format!("take the label {label} off {}", prompt(*of)),
            Body::Release {
                changes,
                promoted_from,
                ..
            } => {
                let verb = if promoted_from.is_some() {
                    "promote"
                } else {
                    "release"
                };
                let what: Vec<_> = changes
                    .iter()
                    .map(|c| {
                        format!(
                            "{} {} to {}",
                            prompt(c.prompt),
                            self.sides_words(&c.sides),
                            place(c.environment)
                        )
                    })
                    .collect();
                format!("{verb} {}", words::list(&what))
            }
            Body::Revert {
                environment,
                prompts,
                ..
            } => {
                let what: Vec<_> = prompts
                    .iter()
                    .map(|pointer| prompt(pointer.prompt))
                    .collect();
                format!("revert {} in {}", words::list(&what), place(*environment))
            }
            Body::AddEnvironment { name, .. } => format!("add the environment {name}"),
            Body::RenameEnvironment { name, replaces, .. } => {
                format!("rename the environment {replaces} to {name}")
            }
            Body::ReorderEnvironments { .. } => "put the environments in another order".to_owned(),
            Body::RetireEnvironment { environment } => format!("retire {}", place(*environment)),
            Body::SetDefaultEnvironment { environment, .. } => {
                format!("make {} the default", place(*environment))
            }
            Body::IssueEnvironmentKey {
                name, environment, ..
            } => {
                format!("make the key {name} for {}", place(*environment))
            }
            Body::RotateEnvironmentKey { .. } => "make a new key in place of another".to_owned(),
            Body::IssueToken { name, .. } => format!("make the token {name}"),
            Body::RevokeKey { .. } => "revoke a key".to_owned(),
            Body::Invite { name, .. } => format!("invite {name}"),
            Body::WithdrawInvitation { .. } => "take an invitation back".to_owned(),
            Body::EnrolDevice { name, .. } => format!("enrol the device {name}"),
            Body::RevokeDevice { .. } => "revoke a device".to_owned(),
            Body::SetRole { person, role, .. } => {
                format!("make {} {}", self.person(*person), role.as_str())
            }
            Body::RemovePerson { person } => format!("remove {}", self.person(*person)),
            Body::SaveDataset { name, .. } => format!("save the dataset {name}"),
            Body::RecordRun { .. } => "share a run".to_owned(),
            Body::SetSuite { prompt: of, .. } => {
                format!("say by what {} is judged", prompt(*of))
            }
            Body::AnnounceRun { prompt: of, .. } => {
                format!("announce a run of {}", prompt(*of))
            }
            Body::Redact { .. } => "redact a content".to_owned(),
            Body::CreateService { name, .. } => format!("make the service {name}"),
            Body::SetRights { service, .. } => {
                format!("change what {} may do", self.person(*service))
            }
            Body::SetPolicy { environment, .. } => {
                format!("set the policy of {}", place(*environment))
            }
            Body::OpenRequest { .. } => "ask for a release".to_owned(),
            Body::UpdateRequest { .. } => "change a request".to_owned(),
            Body::WithdrawRequest { .. } => "take a request back".to_owned(),
            Body::GiveVerdict { .. } => "give a verdict on a request".to_owned(),
            Body::WithdrawVerdict { .. } => "take a verdict back".to_owned(),
            Body::DismissVerdict { .. } => "dismiss a verdict".to_owned(),
            Body::Comment { .. } => "comment".to_owned(),
            Body::ResolveComment { .. } => "settle a comment".to_owned(),
            Body::RenameProject { name } => format!("rename the project to {name}"),
            Body::CreateProject { .. }
            | Body::Join { .. }
            | Body::BeginEpoch { .. }
            | Body::Newer => "change the project".to_owned(),
        }
    }

    // What the person wrote, whole: whatever becomes of the command, it can be read and copied.
    fn kept_texts(&self, body: &Body) -> Vec<KeptText> {
        let text = |label: &str, digest| KeptText {
            label: label.to_owned(),
            text: self.text(digest),
        };
        match body {
            Body::SaveVersion {
                content, message, ..
            } => {
                let mut kept = vec![text("message", message)];
                if let Some(content) = self.content(content) {
                    kept.extend(content.messages.iter().filter_map(|message| match message {
                        Message::Message { role, text, .. } => Some(KeptText {
                            label: role.as_str().to_owned(),
                            text: text.clone(),
                        }),
                        Message::Placeholder { .. } => None,
                    }));
                }
                kept
            }
            Body::Release { reason, .. }
            | Body::Revert { reason, .. }
            | Body::Redact { reason, .. } => {
                vec![text("reason", reason)]
            }
            _ => Vec::new(),
        }
    }
}
