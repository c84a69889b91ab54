//! Accepting commands: who may send them, what the rules say, and the append.

use super::contents::Stored;
use super::{Loaded, Projects};
use crate::ledger::Append;
use crate::{Error, clock};
use domain::ledger::{Body, CommandError, Entry, Event, KeyHash, Seen, SignedCommand};
use domain::project::{Outcome, Trial};
use domain::{CommandId, InvitationId, KeyId, PersonId, Project, ProjectId, Refusal, RefusalCode};
use protocol::commands::{CommandOutcome, CommandResult};
use std::collections::HashMap;
use std::sync::Arc;

/// Who sends commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Submitter {
    /// A member: commands signed by their own devices.
    Person(PersonId),
    /// Somebody invited: their joining.
    Invitation(InvitationId),
    /// Somebody who makes a project: its founding, and the first token.
    Founding(KeyHash),
}

/// A command as it came: readable or not.
#[derive(Debug)]
pub struct Arrived {
    /// Its id.
    pub id: CommandId,
    /// The command with a good signature, or why it can't be taken.
    pub command: Result<SignedCommand, Refusal>,
}

impl Arrived {
    /// Reads a command as it was sent, and checks its signature. `None` if not even its id can
    /// be read.
    #[must_use]
    pub fn read(wire: &protocol::commands::WireCommand) -> Option<Self> {
        #[derive(serde::Deserialize)]
        struct Id {
            id: CommandId,
        }
        let verified = wire
            .read()
            .and_then(|command| command.verify().map(|()| command));
        match verified {
            Ok(command) => Some(Self {
                id: command.id(),
                command: Ok(command),
            }),
            Err(error) => {
                let Id { id } = serde_json::from_str(wire.command.get()).ok()?;
                let code = match error {
                    CommandError::Signature => RefusalCode::BadSignature,
                    CommandError::TooLarge(_) => RefusalCode::Limit,
                    _ => RefusalCode::Invalid,
                };
                Some(Self {
                    id,
                    command: Err(Refusal::new(code, error.to_string())),
                })
            }
        }
    }
}

/// Why no command of a request was decided.
#[derive(Debug, thiserror::Error)]
pub enum NotDecided {
    /// The device has seen entries that are not here.
    #[error("the device has seen another history of this project than the registry has")]
    OtherHistory {
        /// What the device saw.
        seen: Seen,
        /// What is here.
        head: protocol::ledger::LedgerHead,
    },
    /// The project isn't here.
    #[error("there is no such project")]
    NoProject,
    /// The registry can't.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl Projects {
    /// Decides commands in order and appends what is accepted. When this returns, what it calls
    /// accepted is on disk.
    ///
    /// # Errors
    /// Nothing was decided and nothing changed.
    pub fn accept(
        self: &Arc<Self>,
        id: ProjectId,
        by: Submitter,
        commands: &[Arrived],
    ) -> Result<Vec<CommandOutcome>, NotDecided> {
        let founding = match by {
            Submitter::Founding(hash) => Some(hash),
            _ => None,
        };
        let loaded = match self.load(id)? {
            Some(loaded) => loaded,
            None if founding.is_some() => Arc::new(Loaded::fresh(id)),
            None => return Err(NotDecided::NoProject),
        };
        let mut last_snapshot = loaded.turn.lock();
        loop {
            match self.try_accept(&loaded, by, commands) {
                // Another process appended since we looked: what it did counts first.
                Err(NotDecided::Failed(Error::Moved)) => match self.in_memory(id) {
                    Some(known) if Arc::ptr_eq(&known, &loaded) => self.follow(&loaded)?,
                    _ => {
                        drop(last_snapshot);
                        return self.accept(id, by, commands);
                    }
                },
                Err(error) => return Err(error),
                Ok(outcomes) => {
                    if founding.is_some() && loaded.head().seq > 0 {
                        self.loaded
                            .write()
                            .entry(id)
                            .or_insert_with(|| Arc::clone(&loaded));
                    }
                    self.snapshot_if_due(&loaded, &mut last_snapshot);
                    return Ok(outcomes);
                }
            }
        }
    }

    fn try_accept(
        &self,
        loaded: &Loaded,
        by: Submitter,
        commands: &[Arrived],
    ) -> Result<Vec<CommandOutcome>, NotDecided> {
        let before = loaded.state();
        for arrived in commands {
            if let Ok(command) = &arrived.command {
                self.same_history(&before, loaded.id, command.command().seen)?;
            }
        }
        let now = clock::now();
        let contents = Stored {
            projects: self,
            project: loaded.id,
            by: match by {
                Submitter::Person(person) => Some(person),
                _ => None,
            },
            along: &HashMap::new(),
            failed: std::cell::RefCell::default(),
        };
        let mut trial = Trial::new(Project::clone(&before));
        let mut entries: Vec<Entry> = Vec::new();
        let mut outcomes = Vec::with_capacity(commands.len());
        for arrived in commands {
            let entitled = entitled(trial.project(), loaded.id, by, arrived);
            let result = match entitled.and_then(|command| self.own_id(loaded.id, command)) {
                Ok(command) => match trial.submit(command, &contents, now) {
                    Outcome::Accepted(entry) => {
                        let (seq, digest) = (entry.seq(), entry.digest());
                        entries.push(*entry);
                        CommandResult::Accepted { seq, digest }
                    }
                    Outcome::Again { seq } => CommandResult::Accepted {
                        seq,
                        digest: self.digest_at(loaded.id, seq, &entries)?,
                    },
                    Outcome::Refused(refusal) => CommandResult::Refused { refusal },
                },
                Err(refusal) => {
                    trial.note_refused(arrived.id);
                    CommandResult::Refused { refusal }
                }
            };
            if let Some(error) = contents.failed.take() {
                return Err(error.into());
            }
            outcomes.push(CommandOutcome {
                id: arrived.id,
                result,
            });
        }
        if !entries.is_empty() {
            let append = Append {
                project: loaded.id,
                expected: before.seen(),
                entries: &entries,
                contents: &[],
                founding: match by {
                    Submitter::Founding(hash) => Some(hash),
                    _ => None,
                },
                now,
            };
            self.append(loaded, &append, trial.into_project())?;
        }
        Ok(outcomes)
    }

    /// Appends, and shows everybody the new state.
    pub(super) fn append(
        &self,
        loaded: &Loaded,
        append: &Append<'_>,
        after: Project,
    ) -> Result<(), Error> {
        self.ledger.append(append)?;
        let events: Vec<&Event> = append.entries.iter().flat_map(Entry::events).collect();
        let board = match loaded
            .board()
            .changed(&after, &events, &self.served_contents(loaded.id))
        {
            Ok(board) => board,
            Err(error) => {
                // It is accepted and on disk: whoever asks next loads the project anew from there.
                tracing::error!(project = %loaded.id, %error, "what is served could not be built");
                self.loaded.write().remove(&loaded.id);
                None
            }
        };
        loaded.publish(after, board);
        self.grown.notify_one();
        if let Err(error) = self.read_keys() {
            tracing::error!(%error, "new keys could not be read");
        }
        Ok(())
    }

    fn digest_at(
        &self,
        project: ProjectId,
        seq: u64,
        fresh: &[Entry],
    ) -> Result<domain::Digest, Error> {
        if let Some(entry) = fresh.iter().find(|entry| entry.seq() == seq) {
            return Ok(entry.digest());
        }
        self.ledger
            .entry_digest(project, seq)?
            .ok_or_else(|| Error::Damaged {
                project,
                what: format!("entry {seq} is gone"),
            })
    }

    // A device that has seen entries which are not here must not build on them: the registry was
    // restored from an older backup, or somebody shows it another history.
    fn same_history(
        &self,
        state: &Project,
        project: ProjectId,
        seen: Seen,
    ) -> Result<(), NotDecided> {
        let here = match seen.seq {
            0 => Some(domain::Digest::ZERO),
            seq if seq == state.head().seq => Some(state.head().digest),
            seq if seq > state.head().seq => None,
            seq => self.ledger.entry_digest(project, seq)?,
        };
        if here == Some(seen.digest) {
            return Ok(());
        }
        Err(NotDecided::OtherHistory {
            seen,
            head: super::head_of(state),
        })
    }
}

impl Loaded {
    /// A project that has no entry yet.
    pub(super) fn fresh(id: ProjectId) -> Self {
        Self::new(id, Project::new(), crate::serving::Board::default(), 0)
    }
}

impl Projects {
    /// A command's id is that of the key it makes: one that a key has elsewhere is refused.
    fn own_id<'a>(
        &self,
        project: ProjectId,
        signed: &'a SignedCommand,
    ) -> Result<&'a SignedCommand, Refusal> {
        if self.key_is_elsewhere(KeyId::from(signed.command().id), project) {
            return Err(Refusal::new(
                RefusalCode::IdReused,
                "this id belongs to a key of another project; do it again, with a new id",
            ));
        }
        Ok(signed)
    }
}

/// Whether this bearer may send this command at all; whether its signer may give it, the rules say.
fn entitled<'a>(
    project: &Project,
    id: ProjectId,
    by: Submitter,
    arrived: &'a Arrived,
) -> Result<&'a SignedCommand, Refusal> {
    let signed = arrived.command.as_ref().map_err(Clone::clone)?;
    let command = signed.command();
    if command.project != id {
        return Err(Refusal::invalid("this command is for another project"));
    }
    // The same command again is answered, not decided: whoever lost the first answer may have
    // nothing but the invitation that it used up.
    if project.accepted(command.id).is_some() {
        return Ok(signed);
    }
    let not_yours = |words: &str| Err(Refusal::new(RefusalCode::NotAllowed, words));
    match by {
        Submitter::Person(person) => match project.person_of(&command.device) {
            Some(signer) if signer.id != person => {
                not_yours("this token belongs to somebody else than the device that signed")
            }
            None if matches!(command.body, Body::Join { .. }) => {
                not_yours("joining is sent with the invitation, not with a token")
            }
            // A device that nobody enrolled is refused by the rules, by name.
            _ => Ok(signed),
        },
        Submitter::Invitation(invitation) => match &command.body {
            Body::Join {
                invitation: asked, ..
            } if *asked == invitation => Ok(signed),
            _ => not_yours("an invitation is for joining, and nothing else"),
        },
        Submitter::Founding(_) => match &command.body {
            Body::CreateProject { .. } if project.head().seq == 0 => Ok(signed),
            // The founder's first token comes with the founding, in the same request.
            Body::IssueToken { .. }
                if project.head().seq > 0 && project.keys().next().is_none() =>
            {
                Ok(signed)
            }
            _ => not_yours("this invitation is for founding a project, and nothing else"),
        },
    }
}
