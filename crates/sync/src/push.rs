//! Pushing: the outbox, in order, in batches; content first.
//!
//! A command leaves the outbox only when its entry has arrived here: an answer alone may be a
//! mistake, or may be lost with the registry's disk an hour later. Until then it is sent again,
//! which is harmless, because the same id with the same bytes is one command.

mod sort;

pub use sort::{Sorted, sort};

use crate::client::ClientError;
use crate::link::Link;
use crate::progress::{Stage, Task};
use crate::{SyncError, clock};
use domain::ledger::{Command, SignedCommand};
use domain::{CommandId, Digest, Refusal, RefusalCode};
use futures_util::{StreamExt as _, TryStreamExt as _};
use protocol::ErrorCode;
use protocol::commands::{CommandOutcome, CommandResult, MAX_COMMANDS};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::{Answer, Settle, StoreError};

/// Signs a command with this computer's key; nothing while the key can't be reached.
pub type Signer = Arc<dyn Fn(&Command) -> Option<SignedCommand> + Send + Sync>;

/// Bytes of commands in one request; the registry takes more.
const BATCH_BYTES: usize = 8 << 20;
/// Contents that are sent at once.
const UPLOADS: usize = 6;

/// What a push did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pushed {
    /// Commands that the registry says it accepted: their entries are to be pulled.
    pub accepted: Vec<CommandId>,
    /// Commands that were refused now.
    pub refused: Vec<CommandId>,
    /// Promotions that waited so long that their person is asked again.
    pub asked: Vec<CommandId>,
    /// Commands that wait for a key, with those behind them.
    pub unsigned: usize,
}

/// Sends what waits. Releases and reverts are sent only from a replica that was checked to its
/// end: see `needs_verified`.
///
/// # Errors
/// See [`SyncError`]. What was answered is noted; the rest waits.
pub async fn push(link: &Link, signer: &Signer, task: &Task) -> Result<Pushed, SyncError> {
    let signer = Arc::clone(signer);
    let (mut pushed, ready) = link.blocking(move |link| prepare(link, &signer)).await?;
    let total = ready.len() as u64;
    let mut done = 0;
    let mut rest = ready.as_slice();
    while !rest.is_empty() {
        task.check()?;
        task.tell(Stage::Sending, done, total);
        let (batch, later) = rest.split_at(batch_length(rest));
        let outcomes = send(link, batch, task).await?;
        note(link, batch, outcomes, &mut pushed).await?;
        done += batch.len() as u64;
        rest = later;
    }
    if total > 0 {
        task.tell(Stage::Sending, done, total);
    }
    Ok(pushed)
}

/// Whether something waits that may only be sent from a replica checked to its end.
pub(crate) async fn needs_verified(link: &Link) -> Result<bool, SyncError> {
    link.blocking(|link| {
        let outbox = link.store.outbox(link.project)?;
        Ok(outbox
            .iter()
            .any(|queued| sort::changes_what_is_served(&queued.command.body)))
    })
    .await
}

/// Sorts the outbox, notes what is not to be sent, and signs what is.
fn prepare(link: &Link, signer: &Signer) -> Result<(Pushed, Vec<SignedCommand>), SyncError> {
    let now = clock::now();
    let project = link.store.project(link.project)?;
    let accepted = |id| project.accepted(id).is_some();
    let dropped = link.store.dropped(link.project)?;
    let mut outbox = link.store.outbox(link.project)?;
    let again = sort(&outbox, &dropped, &accepted, now).again;
    if !again.is_empty() {
        for id in again {
            match link.store.settle(link.project, id, &Settle::Again, now) {
                Ok(()) | Err(StoreError::OutboxMoved | StoreError::Unknown(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        outbox = link.store.outbox(link.project)?;
    }
    let sorted = sort(&outbox, &dropped, &accepted, now);
    let mut answers: Vec<_> = sorted
        .ask
        .iter()
        .map(|id| (*id, Answer::NeedsAsking))
        .collect();
    let mut pushed = Pushed {
        asked: sorted.ask,
        ..Pushed::default()
    };
    for (id, refusal) in sorted.refuse {
        pushed.refused.push(id);
        answers.push((id, Answer::Refused(refusal)));
    }
    if !answers.is_empty() {
        link.store.answered(link.project, &answers, now)?;
    }
    let mut ready = Vec::with_capacity(sorted.send.len());
    for queued in &sorted.send {
        let signed = match &queued.signed {
            Some(signed) => signed.clone(),
            None => {
                let Some(signed) = signer(&queued.command) else {
                    // What comes after may need it: it waits too.
                    pushed.unsigned = sorted.send.len() - ready.len();
                    break;
                };
                match link.store.sign_queued(link.project, &signed, now) {
                    Ok(()) => signed,
                    // Another process signed or settled it: the next round sees what it is now.
                    Err(StoreError::OutboxMoved | StoreError::Unknown(_)) => break,
                    Err(error) => return Err(error.into()),
                }
            }
        };
        ready.push(signed);
    }
    Ok((pushed, ready))
}

fn batch_length(commands: &[SignedCommand]) -> usize {
    let mut bytes = 0;
    let fitting = commands
        .iter()
        .take(MAX_COMMANDS)
        .take_while(|command| {
            bytes += command.bytes().len() + 256;
            bytes <= BATCH_BYTES
        })
        .count();
    fitting.max(1)
}

async fn send(
    link: &Link,
    batch: &[SignedCommand],
    task: &Task,
) -> Result<Vec<CommandOutcome>, SyncError> {
    upload(link, contents_of(batch), task).await?;
    let call = || link.client.commands(link.project, batch);
    let answer = task.or_cancelled(call()).await?;
    let lacks_content = |outcome: &CommandOutcome| {
        matches!(&outcome.result, CommandResult::Refused { refusal }
            if refusal.code == RefusalCode::ContentMissing)
    };
    if !answer.outcomes.iter().any(lacks_content) {
        return Ok(answer.outcomes);
    }
    // It dropped content that waited too long for its command, or never got it: once more.
    upload(link, contents_of(batch), task).await?;
    Ok(task.or_cancelled(call()).await?.outcomes)
}

fn contents_of(batch: &[SignedCommand]) -> BTreeSet<Digest> {
    batch
        .iter()
        .flat_map(|signed| signed.command().body.contents())
        .collect()
}

async fn upload(link: &Link, wanted: BTreeSet<Digest>, task: &Task) -> Result<(), SyncError> {
    let uploads = futures_util::stream::iter(wanted)
        .map(|digest| upload_one(link, digest))
        .buffer_unordered(UPLOADS)
        .try_collect::<()>();
    task.or_cancelled(uploads).await
}

async fn upload_one(link: &Link, digest: Digest) -> Result<(), SyncError> {
    let found = link
        .blocking(move |link| Ok(link.store.content(&digest)?))
        .await?;
    // Content that isn't here any more: the registry may have it, and says if it doesn't.
    let Some(bytes) = found else { return Ok(()) };
    match link
        .client
        .put_content(link.project, &digest, bytes.to_vec())
        .await
    {
        Ok(()) => Ok(()),
        // About this one content only: the command that names it is refused by name.
        Err(ClientError::Refused { error, .. })
            if matches!(
                error.code,
                ErrorCode::Redacted | ErrorCode::TooLarge | ErrorCode::BadRequest
            ) =>
        {
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

async fn note(
    link: &Link,
    batch: &[SignedCommand],
    outcomes: Vec<CommandOutcome>,
    pushed: &mut Pushed,
) -> Result<(), SyncError> {
    let mut refused = Vec::new();
    for (outcome, signed) in outcomes.into_iter().zip(batch) {
        match outcome.result {
            CommandResult::Accepted { .. } => pushed.accepted.push(outcome.id),
            CommandResult::Refused { refusal } => {
                pushed.refused.push(outcome.id);
                refused.push((outcome.id, signed.command().body.contents(), refusal));
            }
        }
    }
    if refused.is_empty() {
        return Ok(());
    }
    link.blocking(move |link| {
        let mut answers = Vec::with_capacity(refused.len());
        for (id, contents, refusal) in refused {
            answers.push((id, Answer::Refused(ours_to_mend(link, &contents, refusal)?)));
        }
        link.store.answered(link.project, &answers, clock::now())?;
        Ok(())
    })
    .await
}

/// What the registry lacks because it is damaged or gone here is nothing that the registry can mend.
fn ours_to_mend(link: &Link, contents: &[Digest], refusal: Refusal) -> Result<Refusal, SyncError> {
    if refusal.code != RefusalCode::ContentMissing
        || link.store.content_of(contents)?.iter().all(Option::is_some)
    {
        return Ok(refusal);
    }
    Ok(Refusal::new(
        RefusalCode::ContentMissing,
        "a text of this change is damaged on this computer and could not be sent; write it anew, or let this change go",
    ))
}
