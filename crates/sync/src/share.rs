//! Sharing a project: from the registry of this computer to a team's (rule 12 of the design).
//!
//! All entries with all content are given in chunks. Each chunk begins by asking how far the other
//! registry is, so that the whole can be repeated after any failure and goes on where it was. The
//! registry checks everything: signatures, chain, decisions. Keys and tokens are entries, so the
//! founder's token opens the project there as it does here.

use crate::client::{Client, ClientError};
use crate::link::{Fetching, Link};
use crate::plan::Disagreement;
use crate::progress::{Stage, Task};
use crate::pull::{pull, pull_contents};
use crate::{SyncError, verify};
use domain::Digest;
use domain::ledger::{Entry, Event, Seen};
use protocol::ErrorCode;
use protocol::ledger::{LedgerHead, Me};
use std::collections::BTreeSet;
use store::Place;

/// Entries in one chunk.
const ENTRIES: usize = 2_000;
/// Bytes of content after which a chunk ends; one entry's content may exceed it alone.
const CONTENT_BYTES: usize = 16 << 20;
/// How often one chunk is tried while the registry can't be reached.
const TRIES: u32 = 3;

/// Gives the project of `here` to the registry of `founder`, a client with a founding token of
/// that registry, and makes that registry the project's place. `member` is a client of the same
/// registry with the person's own token, the one that `here` uses.
///
/// An engine on the same link waits meanwhile, and ends once the project has moved. What waits in
/// the outbox stays there and is sent to the new registry.
///
/// # Errors
/// See [`SyncError`]. Calling it again goes on where it was.
pub async fn share(
    here: &Link,
    founder: &Client,
    member: &Client,
    task: &Task,
) -> Result<LedgerHead, SyncError> {
    let _turn = here.turn.lock().await;
    let mut theirs = give_all(here, founder, task).await?;
    // What another process of this computer did meanwhile goes along.
    while pull(here, task).await?.registry != theirs {
        theirs = give_all(here, founder, task).await?;
    }
    opens(here, member, task).await?;
    let address = member.address().to_string();
    here.blocking(move |link| {
        link.store.update_project(link.project, |known| {
            known.place = Place::Registry { address };
            known.sync.registry = Some(Seen {
                seq: theirs.seq,
                digest: theirs.digest,
            });
            known.sync.problem = None;
            known.sync.offline_since = None;
        })?;
        Ok(())
    })
    .await?;
    Ok(theirs)
}

/// Gives everything that is here by now.
async fn give_all(here: &Link, founder: &Client, task: &Task) -> Result<LedgerHead, SyncError> {
    pull(here, task).await?;
    pull_contents(here, task).await?;
    // What is given must hold: the other registry would refuse it in the middle.
    verify::verify(here, task).await?;
    let ours = here.head().await?;
    let mut theirs = ask_head(here, founder, task).await?;
    task.tell(Stage::Giving, theirs.seq, ours.seq);
    while theirs.seq < ours.seq {
        task.check()?;
        same_history(here, &theirs).await?;
        let before = theirs.seq;
        theirs = give_chunk(here, founder, &theirs, task).await?;
        if theirs.seq <= before {
            return Err(
                ClientError::Broken("it took entries, and ends where it did".to_owned()).into(),
            );
        }
        task.tell(Stage::Giving, theirs.seq, ours.seq);
    }
    same_history(here, &theirs).await?;
    if theirs.seq > ours.seq {
        return Err(apart(&ours, &theirs));
    }
    Ok(theirs)
}

/// Where the other registry's ledger of this project ends: zeros where it has none.
async fn ask_head(here: &Link, founder: &Client, task: &Task) -> Result<LedgerHead, SyncError> {
    let nothing = founder.give(here.project, Seen::default(), &[], &[]);
    Ok(task.or_cancelled(nothing).await?.head)
}

async fn same_history(here: &Link, theirs: &LedgerHead) -> Result<(), SyncError> {
    let seq = theirs.seq;
    let at_theirs = here
        .blocking(move |link| Ok(link.store.entry_digest(link.project, seq)?))
        .await?;
    if at_theirs == Some(theirs.digest) {
        return Ok(());
    }
    Err(apart(&here.head().await?, theirs))
}

fn apart(ours: &LedgerHead, theirs: &LedgerHead) -> SyncError {
    SyncError::Disagree(Disagreement::OtherHistory {
        ours: ours.seq,
        theirs: theirs.seq,
    })
}

async fn give_chunk(
    here: &Link,
    founder: &Client,
    theirs: &LedgerHead,
    task: &Task,
) -> Result<LedgerHead, SyncError> {
    let (entries, contents) = chunk(here, theirs.seq, task).await?;
    let extends = Seen {
        seq: theirs.seq,
        digest: theirs.digest,
    };
    let mut attempt = 1;
    loop {
        let giving = founder.give(here.project, extends, &contents, &entries);
        match task.or_cancelled(giving).await {
            Ok(given) => return Ok(given.head),
            // It may have taken them and the answer was lost: giving the same again is once.
            Err(SyncError::Client(error)) if error.is_passing() && attempt < TRIES => {
                attempt += 1;
            }
            Err(SyncError::Client(error)) if error.code() == Some(ErrorCode::Conflict) => {
                return ask_head(here, founder, task).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// The next entries with everything that they name, datasets and results too.
async fn chunk(
    here: &Link,
    after: u64,
    task: &Task,
) -> Result<(Vec<Entry>, Vec<(Digest, String)>), SyncError> {
    let mut entries = here
        .blocking(move |link| Ok(link.store.entries(link.project, after, ENTRIES)?))
        .await?;
    let mut contents = Vec::new();
    let mut taken = BTreeSet::new();
    let mut bytes = 0;
    let mut whole = 0;
    for entry in &entries {
        if bytes >= CONTENT_BYTES {
            break;
        }
        for digest in entry.events().iter().flat_map(Event::contents) {
            if !taken.insert(digest) {
                continue;
            }
            if let Some(text) = content(here, digest, task).await? {
                bytes += text.len();
                contents.push((digest, text));
            }
        }
        whole += 1;
    }
    entries.truncate(whole);
    Ok((entries, contents))
}

/// A content as text; none where it was redacted. What was never fetched is fetched now.
async fn content(here: &Link, digest: Digest, task: &Task) -> Result<Option<String>, SyncError> {
    let found = here
        .blocking(move |link| {
            if link.store.project(link.project)?.is_redacted(&digest) {
                return Ok(Some(None));
            }
            Ok(link.store.content(&digest)?.map(Some))
        })
        .await?;
    let text = match found {
        Some(None) => return Ok(None),
        Some(Some(bytes)) => String::from_utf8(bytes.to_vec()).ok(),
        None => {
            let mut came = Vec::new();
            let mut fetching = Fetching::new(vec![digest]);
            while let Some(batch) = here.fetch(&mut fetching, task).await? {
                came.extend(batch);
            }
            came.pop().map(|(_, text)| text)
        }
    };
    Ok(text)
}

/// The project must open there with the person's own token before this computer lets go.
async fn opens(here: &Link, member: &Client, task: &Task) -> Result<(), SyncError> {
    match task.or_cancelled(member.me()).await? {
        Me::Person { project, .. } if project == here.project => Ok(()),
        _ => Err(SyncError::WrongProject(
            "this person's token opens something else on the new registry; the project stays on this computer",
        )),
    }
}
