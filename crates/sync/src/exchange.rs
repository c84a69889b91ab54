//! One round of syncing: pull, push, pull what was accepted, fetch content, check.
//!
//! [`exchange`] is what must happen before a person can go on; [`sync_once`] also waits until
//! everything is checked.

use crate::client::ClientError;
use crate::link::Link;
use crate::progress::Task;
use crate::pull::{pull, pull_contents};
use crate::push::{self, Signer, push};
use crate::{SyncError, clock, verify};
use domain::CommandId;
use domain::ledger::Seen;
use domain::permissions::Role;
use protocol::ErrorCode;
use protocol::ledger::LedgerHead;

/// What a round did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Entries that came.
    pub entries: u64,
    /// Contents that came.
    pub contents: u64,
    /// Commands that became entries.
    pub accepted: Vec<CommandId>,
    /// Commands that were refused in this round.
    pub refused: Vec<CommandId>,
    /// Promotions about which their person is asked again.
    pub asked: Vec<CommandId>,
    /// Commands that wait for a key.
    pub unsigned: usize,
    /// The registry's head.
    pub registry: LedgerHead,
    /// Whether every entry here was checked.
    pub verified: bool,
}

/// Brings a store and a registry to agreement, once, and checks everything.
///
/// # Errors
/// See [`SyncError`]. What was done before stays, and the next round goes on from there.
pub async fn sync_once(link: &Link, signer: &Signer, task: &Task) -> Result<Report, SyncError> {
    let mut report = exchange(link, signer, task).await?;
    verify::verify(link, task).await?;
    report.verified = true;
    Ok(report)
}

/// The same, but leaves the checking of a long first pull for later, unless something waits that
/// changes what an environment serves: nothing is released on an unchecked history.
///
/// # Errors
/// See [`SyncError`]. The store notes what a person must know of it.
pub async fn exchange(link: &Link, signer: &Signer, task: &Task) -> Result<Report, SyncError> {
    let result = match round(link, signer, task).await {
        Err(error) if error.refused_with(ErrorCode::Unauthorized) => Err(locked_out(link).await?),
        result => result,
    };
    remember(link, &result).await?;
    result
}

// A token that was never good ends with its founding or joining: this one was.
async fn locked_out(link: &Link) -> Result<SyncError, SyncError> {
    link.blocking(|link| {
        let us = link.store.known_project(link.project)?.person;
        let state = link.store.project(link.project)?;
        let admins = state
            .people()
            .filter(|person| person.role == Role::Admin && person.removed.is_none())
            .filter(|person| Some(person.id) != us)
            .map(|person| person.name.clone());
        Ok(SyncError::LockedOut {
            admins: admins.collect(),
        })
    })
    .await
}

async fn round(link: &Link, signer: &Signer, task: &Task) -> Result<Report, SyncError> {
    check_fault(link, task).await?;
    let mut pulled = pull(link, task).await?;
    if push::needs_verified(link).await? {
        pull_contents(link, task).await?;
        verify::verify(link, task).await?;
    }
    let pushed = push(link, signer, task).await?;
    if !pushed.accepted.is_empty() {
        let again = pull(link, task).await?;
        pulled.entries += again.entries;
        pulled.registry = again.registry;
        arrived(link, &pushed.accepted).await?;
    }
    let fetched = pull_contents(link, task).await?;
    let head = link.head().await?;
    Ok(Report {
        entries: pulled.entries,
        contents: fetched.here,
        accepted: pushed.accepted,
        refused: pushed.refused,
        asked: pushed.asked,
        unsigned: pushed.unsigned,
        registry: pulled.registry,
        verified: verify::is_verified(link, &head).await?,
    })
}

// What did not hold before is looked at again before anything else: a newer Galley may know
// better, or the person may have begun anew.
async fn check_fault(link: &Link, task: &Task) -> Result<(), SyncError> {
    let note = link
        .blocking(|link| Ok(link.store.known_project(link.project)?.sync))
        .await?;
    if verify::fault(&note).is_some() {
        verify::verify(link, task).await?;
    }
    Ok(())
}

/// What the registry said it accepted must be in its ledger.
async fn arrived(link: &Link, accepted: &[CommandId]) -> Result<(), SyncError> {
    let accepted = accepted.to_vec();
    link.blocking(move |link| {
        let project = link.store.project(link.project)?;
        match accepted.iter().find(|id| project.accepted(**id).is_none()) {
            None => Ok(()),
            Some(id) => Err(ClientError::Broken(format!(
                "it says that it accepted the change {id}, and its ledger does not show it"
            ))
            .into()),
        }
    })
    .await
}

/// Notes for the next start, and for other processes, how this went.
async fn remember(link: &Link, result: &Result<Report, SyncError>) -> Result<(), SyncError> {
    let now = clock::now();
    let said = match result {
        Ok(report) => Said::InTouch(Some(report.registry), None),
        Err(error) if error.is_offline() => Said::Offline,
        Err(
            error @ (SyncError::Disagree(_)
            | SyncError::Faulty { .. }
            | SyncError::Newer { .. }
            | SyncError::LockedOut { .. }
            | SyncError::Client(
                ClientError::Broken(_)
                | ClientError::Untrusted(_)
                | ClientError::NotTls
                | ClientError::Refused { .. }
                | ClientError::NoKey,
            )),
        ) if !error.is_passing() => Said::InTouch(None, Some(error.to_string())),
        Err(_) => return Ok(()),
    };
    link.blocking(move |link| {
        let epoch = link.store.project(link.project)?.epoch();
        link.store.update_sync(link.project, |note| {
            note.epoch = epoch;
            match said {
                Said::Offline => {
                    note.offline_since.get_or_insert(now);
                }
                Said::InTouch(registry, problem) => {
                    note.offline_since = None;
                    note.last_contact = Some(now);
                    if let Some(head) = registry {
                        note.registry = Some(Seen {
                            seq: head.seq,
                            digest: head.digest,
                        });
                    }
                    note.problem = problem;
                }
            }
        })?;
        Ok(())
    })
    .await
}

enum Said {
    Offline,
    InTouch(Option<LedgerHead>, Option<String>),
}
