//! Acting: commands are decided here at once, kept in the outbox, signed, and sent.
//!
//! An [`Act`] collects what belongs together (a new prompt and its first version), decides each
//! command on the state ahead, and puts all of it into the outbox in one write, on the state that
//! it was decided on; when another process moved that meanwhile it decides again.

use crate::reading::Reading;
use crate::secrets::random_16;
use crate::{Error, Workbench};
use domain::ledger::{Body, Command, SignedCommand};
use domain::project::{Outcome, Trial};
use domain::{CommandId, Digest, ProjectId, PromptId, SaltedText, VersionContent, VersionId};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use store::{NewCommand, NewContent, QueueRequest};

/// How long an act waits for the registry's answer before it says "in the outbox".
const PATIENCE: Duration = Duration::from_secs(4);
/// How often an act is decided again because another process moved the state.
const TRIES: usize = 20;

/// Commands that belong together, on their way into the outbox.
pub(crate) struct Act<'a> {
    workbench: &'a Workbench,
    pub reading: Reading,
    trial: Trial,
    commands: Vec<Command>,
    contents: BTreeMap<Digest, Arc<[u8]>>,
    after: Option<store::AfterSaving>,
}

/// The content that an act brings along, and beside it what is on this computer.
struct Both<'a> {
    own: &'a BTreeMap<Digest, Arc<[u8]>>,
    store: &'a store::StoredContents,
}

impl domain::rules::Contents for Both<'_> {
    fn find(&self, digest: &Digest) -> Option<Arc<[u8]>> {
        self.own
            .get(digest)
            .cloned()
            .or_else(|| self.store.find(digest))
    }
}

impl Workbench {
    /// Begins to act in a project.
    pub(crate) fn act(&self, project: ProjectId) -> Result<Act<'_>, Error> {
        let reading = self.reading(project)?;
        let trial = Trial::new((*reading.ahead).clone());
        Ok(Act {
            workbench: self,
            reading,
            trial,
            commands: Vec::new(),
            contents: BTreeMap::new(),
            after: None,
        })
    }

    /// One command by itself.
    pub(crate) async fn one(&self, project: ProjectId, body: Body) -> Result<(), Error> {
        let mut act = self.act(project)?;
        act.command(body)?;
        act.send().await?;
        Ok(())
    }
}

impl Act<'_> {
    /// The id that the next command may have: what it makes has the same.
    pub fn next_id(&self) -> Result<CommandId, Error> {
        Ok(new_id()?)
    }

    /// The state ahead of this act: with all that it asks for so far.
    pub fn ahead(&self) -> &domain::Project {
        self.trial.project()
    }

    /// Takes a free text along: a reason, a comment.
    pub fn text(&mut self, text: &str) -> Result<Digest, Error> {
        self.text_of("the reason or comment", text)
    }

    /// The same, with what it is called when it is too long.
    fn text_of(&mut self, what: &str, text: &str) -> Result<Digest, Error> {
        if text.len() > domain::limits::TEXT_BYTES {
            return Err(Error::invalid(format!(
                "{what} has {} KiB; at most {} KiB fit: shorten it",
                text.len().div_ceil(1024),
                domain::limits::TEXT_BYTES >> 10
            )));
        }
        let (bytes, digest) = SaltedText::new(text, random_16()?).encode()?;
        self.contents.insert(digest, bytes.into());
        Ok(digest)
    }

    /// Takes content along.
    pub fn content(&mut self, bytes: Vec<u8>) -> Digest {
        let digest = Digest::of(&bytes);
        self.contents.insert(digest, bytes.into());
        digest
    }

    /// Asks for something, and hears at once what the rules say on the state here.
    pub fn command(&mut self, body: Body) -> Result<CommandId, Error> {
        let id = new_id()?;
        self.command_with(id, body)?;
        Ok(id)
    }

    /// The same with an id that is known before.
    pub fn command_with(&mut self, id: CommandId, body: Body) -> Result<(), Error> {
        let device = self.workbench.public_key(self.reading.project)?;
        let command = Command {
            id,
            project: self.reading.project,
            device,
            seen: self.reading.accepted.seen(),
            at: self.workbench.now(),
            body,
        };
        self.decide(&command)?;
        self.commands.push(command);
        Ok(())
    }

    /// Saves a version.
    pub fn save_version(
        &mut self,
        prompt: PromptId,
        parents: Vec<VersionId>,
        content: &VersionContent,
        message: &str,
    ) -> Result<CommandId, Error> {
        let (bytes, _) = content.encode()?;
        let content_digest = self.content(bytes);
        let mut includes: Vec<_> = content.includes.values().copied().collect();
        includes.sort_unstable();
        includes.dedup();
        let message = self.text_of("the message that says what changed", message)?;
        self.command(Body::SaveVersion {
            prompt,
            parents,
            content: content_digest,
            includes,
            reads: content.reads(),
            message,
        })
    }

    /// A draft that goes on from the new version once this is in the outbox.
    pub fn rebase_draft(&mut self, draft: store::DraftId, prompt: PromptId, base: VersionId) {
        self.after = Some(store::AfterSaving::Rebase {
            draft,
            prompt,
            base,
        });
    }

    /// Puts everything into the outbox and sends it. Answers whether the registry has accepted
    /// all of it; `false`: it waits, because the registry can't be reached or is slow, or because
    /// there is no key to sign with.
    ///
    /// What the registry refuses while one looks on is an error, and leaves the outbox again:
    /// whoever asked still has what they wrote.
    pub async fn send(mut self) -> Result<bool, Error> {
        let project = self.reading.project;
        let ids: Vec<_> = self.commands.iter().map(|command| command.id).collect();
        self.keep()?;
        self.workbench.say_changed(project);
        // Offline is no failure: the outbox says that it waits. What the registry refuses is there too.
        let _ = tokio::time::timeout(PATIENCE, self.workbench.push_now(project)).await;
        self.workbench.say_sync(project);
        let store = self.workbench.store();
        for queued in store
            .outbox(project)?
            .iter()
            .filter(|queued| ids.contains(&queued.command.id))
        {
            if let Some(refusal) = &queued.refusal {
                for id in &ids {
                    // One that was accepted meanwhile stays accepted.
                    let _ = store.settle(project, *id, &store::Settle::Drop, self.workbench.now());
                }
                self.workbench.say_changed(project);
                return Err(Error::Refused(refusal.clone()));
            }
        }
        self.workbench.say_changed(project);
        let accepted = &store.view(project, self.workbench.now())?.replica;
        Ok(ids.iter().all(|id| accepted.accepted(*id).is_some()))
    }

    fn keep(&mut self) -> Result<(), Error> {
        let project = self.reading.project;
        // Without the keychain the commands wait unsigned.
        let key = self.workbench.device_key(project).ok();
        for _ in 0..TRIES {
            let commands = self.commands.iter().map(|command| match &key {
                Some(key) => SignedCommand::sign(command.clone(), key).map(NewCommand::Signed),
                None => Ok(NewCommand::Unsigned(command.clone())),
            });
            let contents = self.contents.iter();
            let request = QueueRequest {
                on: Some(self.reading.mark),
                commands: commands.collect::<Result<_, _>>()?,
                contents: contents
                    .map(|(digest, bytes)| NewContent {
                        digest: *digest,
                        bytes,
                    })
                    .collect(),
                draft: self.after.clone(),
            };
            match self
                .workbench
                .store()
                .queue(project, &request, self.workbench.now())
            {
                Ok(_) => return Ok(()),
                Err(store::StoreError::Moved { .. }) => self.decide_again()?,
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::invalid(
            "another Galley on this computer is too busy; try again in a moment",
        ))
    }

    fn decide_again(&mut self) -> Result<(), Error> {
        self.reading = self.workbench.reading(self.reading.project)?;
        self.trial = Trial::new((*self.reading.ahead).clone());
        let seen = self.reading.accepted.seen();
        for command in &mut self.commands {
            command.seen = seen;
        }
        for command in self.commands.clone() {
            self.decide(&command)?;
        }
        Ok(())
    }

    fn decide(&mut self, command: &Command) -> Result<(), Error> {
        let unsigned = SignedCommand::unsigned_preview(command.clone())?;
        let stored = self.reading.store.contents();
        let contents = Both {
            own: &self.contents,
            store: &stored,
        };
        let outcome = self.trial.submit(&unsigned, &contents, command.at);
        stored.finish()?;
        match outcome {
            Outcome::Refused(refusal) => Err(refusal.into()),
            Outcome::Accepted(_) | Outcome::Again { .. } => Ok(()),
        }
    }
}

/// A new id: a UUID of version 4 from the system's random bits.
pub(crate) fn new_id() -> Result<CommandId, crate::secrets::SecretsError> {
    let bits = random_16()?;
    Ok(CommandId(
        uuid::Builder::from_random_bytes(bits).into_uuid(),
    ))
}
