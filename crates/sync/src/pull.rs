//! Pulling: entries first, in pages, then the content that offline work needs.
//!
//! The chain is checked before anything is kept. A replica whose every entry was verified stays
//! so: a few new entries are checked in full, content, signatures and decisions, before they are
//! taken, so that a lying registry gets nothing into it. A first pull takes what the chain
//! vouches for, so that the library shows at once; [`crate::verify`] does the rest behind it.

use crate::link::{FetchedContents, Fetching, Link};
use crate::plan::{Plan, plan};
use crate::progress::{Stage, Task};
use crate::{SyncError, clock, verify};
use domain::ledger::{Entry, Event, Seen};
use domain::project::Replay;
use domain::rules::Contents;
use domain::{Digest, ProjectId};
use protocol::ledger::LedgerHead;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{NewContent, StoreError};
use tokio::sync::mpsc;

/// Bytes of lines that are read, checked and kept at once.
const BATCH_BYTES: usize = 4 << 20;
/// New entries that are verified before they are taken; more are taken on the chain's word and
/// verified behind it.
const AT_ONCE: u64 = 2_000;
/// How often a page is begun again because another process of this computer pulled meanwhile.
const TURNS: u32 = 20;

/// What a pull did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pulled {
    /// Entries that were taken.
    pub entries: u64,
    /// The registry's head as it last said.
    pub registry: LedgerHead,
}

/// Brings the replica to the registry's head.
///
/// # Errors
/// See [`SyncError`]. What was taken before stays, and the next pull goes on from there.
pub async fn pull(link: &Link, task: &Task) -> Result<Pulled, SyncError> {
    let mut entries = 0;
    let mut turns = 0;
    loop {
        task.check()?;
        let ours = link.head().await?;
        let mut page = task
            .or_cancelled(link.client.ledger(link.project, ours.seq))
            .await?;
        let theirs = page.head;
        let first = if theirs.seq > ours.seq {
            task.or_cancelled(page.lines.next(BATCH_BYTES)).await?
        } else {
            None
        };
        let same = is_same(link, &ours, &theirs, first.as_deref()).await?;
        match plan(&ours, &theirs, same) {
            Plan::InStep => {
                return Ok(Pulled {
                    entries,
                    registry: theirs,
                });
            }
            Plan::Stop(disagreement) => return Err(SyncError::Disagree(disagreement)),
            Plan::Pull { .. } => {}
        }
        let Some(first) = first else {
            return Err(crate::client::ClientError::Broken(
                "it names entries that it does not send".to_owned(),
            )
            .into());
        };
        let before = ours.seq;
        let careful = theirs.seq - ours.seq <= AT_ONCE && verify::is_verified(link, &ours).await?;
        let took = if careful {
            take_verified(link, &ours, &theirs, first, &mut page.lines, task).await
        } else {
            take_chained(link, &ours, &theirs, first, &mut page.lines, task).await
        };
        match took {
            Ok(()) => entries += link.head().await?.seq.saturating_sub(before),
            // Another process took them, or some: begin again from what is there now.
            Err(SyncError::Store(StoreError::Moved { .. })) if turns < TURNS => turns += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Fetches what the entries name and offline work needs. Datasets and results are fetched by
/// [`Link::fetch_content`] when somebody opens them.
///
/// # Errors
/// See [`SyncError`].
pub async fn pull_contents(link: &Link, task: &Task) -> Result<FetchedContents, SyncError> {
    let missing = link
        .blocking(|link| Ok(link.store.missing(link.project)?))
        .await?;
    let total = missing.len() as u64;
    if total == 0 {
        return Ok(FetchedContents::default());
    }
    let mut done = 0;
    task.tell(Stage::Content, done, total);
    let wanted = missing.into_iter().map(|missing| missing.digest).collect();
    let mut fetching = Fetching::new(wanted);
    while let Some(came) = link.fetch(&mut fetching, task).await? {
        done += came.len() as u64;
        link.keep(came).await?;
        task.tell(Stage::Content, done, total);
    }
    Ok(fetching.fetched)
}

impl Link {
    /// Fetches one content because somebody opened it. `true` if it is here now.
    ///
    /// # Errors
    /// See [`SyncError`].
    pub async fn fetch_content(&self, digest: Digest) -> Result<bool, SyncError> {
        let here = self
            .blocking(move |link| Ok(link.store.content(&digest)?.is_some()))
            .await?;
        if here {
            return Ok(true);
        }
        let mut fetching = Fetching::new(vec![digest]);
        while let Some(came) = self.fetch(&mut fetching, &Task::unwatched()).await? {
            self.keep(came).await?;
        }
        Ok(fetching.fetched.here > 0)
    }
}

/// Whether both have the same entry at the number of the shorter one.
async fn is_same(
    link: &Link,
    ours: &LedgerHead,
    theirs: &LedgerHead,
    first: Option<&[String]>,
) -> Result<bool, SyncError> {
    if theirs.seq > ours.seq {
        // An entry that can't be read is judged when it is read as the next one.
        return Ok(first
            .and_then(|lines| Entry::read(lines.first()?).ok())
            .is_none_or(|entry| entry.prev() == ours.digest));
    }
    let (seq, digest) = (theirs.seq, theirs.digest);
    let at_theirs = link
        .blocking(move |link| Ok(link.store.entry_digest(link.project, seq)?))
        .await?;
    Ok(at_theirs == Some(digest))
}

/// Takes entries on the word of the chain, reading and writing at the same time.
async fn take_chained(
    link: &Link,
    ours: &LedgerHead,
    theirs: &LedgerHead,
    first: Vec<String>,
    lines: &mut crate::client::Lines,
    task: &Task,
) -> Result<(), SyncError> {
    // Three stages at once: the network, reading on every core, and the file.
    let (send, mut batches) = mpsc::channel::<Vec<String>>(2);
    let (pass_on, mut taken) = mpsc::channel::<Vec<Entry>>(1);
    let reader = tokio::task::spawn_blocking({
        let (project, mut after) = (link.project, ours.seq);
        move || -> Result<(), SyncError> {
            while let Some(batch) = batches.blocking_recv() {
                let entries = read(&batch, project, after)?;
                after += entries.len() as u64;
                if pass_on.blocking_send(entries).is_err() {
                    break;
                }
            }
            Ok(())
        }
    });
    let writer = tokio::task::spawn_blocking({
        let (link, task) = (link.clone(), task.clone());
        let (mut at, total) = (seen(ours), theirs.seq);
        move || -> Result<(), SyncError> {
            while let Some(entries) = taken.blocking_recv() {
                task.check()?;
                at = append(&link, at, &entries, &[])?;
                task.tell(Stage::Entries, at.seq, total.max(at.seq));
            }
            Ok(())
        }
    });
    let mut next = Ok(Some(first));
    let (mut read_to, mut page_from) = (ours.seq, ours.seq);
    let reading = loop {
        match next {
            Ok(Some(batch)) => {
                read_to += batch.len() as u64;
                // A later stage met something and left: its error says what.
                if send.send(batch).await.is_err() {
                    break Ok(());
                }
            }
            // The page ended: the next is on its way while this one is written.
            Ok(None) if page_from < read_to && read_to < theirs.seq => {
                page_from = read_to;
                let page = link.client.ledger(link.project, read_to);
                match task.or_cancelled(page).await {
                    Ok(page) => *lines = page.lines,
                    Err(error) => break Err(error),
                }
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
        next = task.or_cancelled(lines.next(BATCH_BYTES)).await;
    };
    drop(send);
    let (read, written) = (reader.await?, writer.await?);
    written?;
    read?;
    // A cache, and a long pull is worth one. Nobody waits for it: without it the next start is
    // slower, and that is all.
    let link = link.clone();
    tokio::task::spawn_blocking(move || link.store.write_snapshot(link.project));
    reading
}

/// Takes entries whose content is here, whose signatures hold and whose decisions are ours.
async fn take_verified(
    link: &Link,
    ours: &LedgerHead,
    theirs: &LedgerHead,
    first: Vec<String>,
    lines: &mut crate::client::Lines,
    task: &Task,
) -> Result<(), SyncError> {
    let mut at = seen(ours);
    let mut next = Some(first);
    while let Some(batch) = next {
        let after = at.seq;
        let (entries, wanted) = link
            .blocking(move |link| {
                let entries = read(&batch, link.project, after)?;
                let wanted = wanted(link, &entries)?;
                Ok((entries, wanted))
            })
            .await?;
        let mut contents = Vec::new();
        let mut fetching = Fetching::new(wanted);
        while let Some(came) = link.fetch(&mut fetching, task).await? {
            contents.extend(came);
        }
        at = link
            .blocking(move |link| take_checked(link, at, &entries, &contents))
            .await?;
        task.tell(Stage::Entries, at.seq, theirs.seq.max(at.seq));
        next = task.or_cancelled(lines.next(BATCH_BYTES)).await?;
    }
    Ok(())
}

fn take_checked(
    link: &Link,
    at: Seen,
    entries: &[Entry],
    contents: &[(Digest, String)],
) -> Result<Seen, SyncError> {
    let state = link.store.project(link.project)?;
    if state.seen() != at {
        return Err(StoreError::Moved { now: state.seen() }.into());
    }
    verify::signatures(entries)?;
    let stored = link.store.contents();
    let overlay = Overlay {
        fresh: contents
            .iter()
            .map(|(digest, text)| (*digest, Arc::from(text.as_bytes())))
            .collect(),
        stored: &stored,
    };
    let mut replay = Replay::from(domain::Project::clone(&state));
    for entry in entries {
        replay
            .push(entry, &overlay)
            .map_err(|error| SyncError::chain(entry.seq(), &error))?;
    }
    drop(overlay);
    stored.finish()?;
    let contents: Vec<_> = contents
        .iter()
        .map(|(digest, text)| NewContent {
            digest: *digest,
            bytes: text.as_bytes(),
        })
        .collect();
    let at = append(link, at, entries, &contents)?;
    verify::note(link, at)?;
    Ok(at)
}

/// Content that came with a pull, before that of the store.
struct Overlay<'a> {
    fresh: BTreeMap<Digest, Arc<[u8]>>,
    stored: &'a store::StoredContents,
}

impl Contents for Overlay<'_> {
    fn find(&self, digest: &Digest) -> Option<Arc<[u8]>> {
        self.fresh
            .get(digest)
            .cloned()
            .or_else(|| self.stored.find(digest))
    }
}

/// Reads lines as the entries after `after`, on every core.
fn read(lines: &[String], project: ProjectId, after: u64) -> Result<Vec<Entry>, SyncError> {
    let entries: Vec<_> = lines.par_iter().map(|line| Entry::read(line)).collect();
    entries
        .into_iter()
        .zip(after + 1..)
        .map(|(entry, expected)| {
            let entry = entry.map_err(|error| SyncError::entry(expected, &error))?;
            if entry.command().command().project == project {
                Ok(entry)
            } else {
                Err(SyncError::Faulty {
                    seq: expected,
                    what: "it belongs to another project".to_owned(),
                })
            }
        })
        .collect()
}

fn append(
    link: &Link,
    at: Seen,
    entries: &[Entry],
    contents: &[NewContent<'_>],
) -> Result<Seen, SyncError> {
    let state = link
        .store
        .append(link.project, at, entries, contents, clock::now())
        .map_err(|error| match error {
            StoreError::Chain(error) => SyncError::apply(&error),
            other => other.into(),
        })?;
    Ok(state.seen())
}

/// The content that deciding these entries again needs and that is not here.
fn wanted(link: &Link, entries: &[Entry]) -> Result<Vec<Digest>, SyncError> {
    let events = || entries.iter().flat_map(Entry::events);
    let redacted: BTreeSet<_> = events()
        .filter_map(|event| match event {
            Event::ContentRedacted { content, .. } => Some(*content),
            _ => None,
        })
        .collect();
    let state = link.store.project(link.project)?;
    let named: BTreeSet<_> = events()
        .filter(|event| !event.fetched_on_demand())
        .flat_map(Event::contents)
        .filter(|digest| !redacted.contains(digest) && !state.is_redacted(digest))
        .collect();
    let named: Vec<_> = named.into_iter().collect();
    let here = link.store.content_of(&named)?;
    Ok(named
        .into_iter()
        .zip(here)
        .filter_map(|(digest, here)| here.is_none().then_some(digest))
        .collect())
}

fn seen(head: &LedgerHead) -> Seen {
    Seen {
        seq: head.seq,
        digest: head.digest,
    }
}
