//! One project's store and registry, held together: what every step of syncing works on.

use crate::client::Client;
use crate::{SyncError, clock};
use domain::project::Project;
use domain::{Digest, ProjectId};
use protocol::ledger::{FoundContent, LedgerHead, MAX_CONTENTS};
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use store::{NewContent, Store};
use tokio::sync::Mutex;

/// A project on this computer and its registry. Clones are the same pair.
#[derive(Clone, Debug)]
pub struct Link {
    /// This computer's file.
    pub store: Store,
    /// The registry.
    pub client: Client,
    /// The project.
    pub project: ProjectId,
    // Two checks of the same entries would do the same work.
    pub(crate) checking: Arc<Mutex<()>>,
    // One round, or one sharing, at a time: a project must not be written to while it moves.
    pub(crate) turn: Arc<Mutex<()>>,
}

/// What came of fetching content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FetchedContents {
    /// Contents that are here now.
    pub here: u64,
    /// Contents that the registry destroyed.
    pub redacted: u64,
    /// Contents that the registry does not have, either.
    pub missing: u64,
}

/// Contents on their way: what is still wanted, and what came of the rest.
#[derive(Debug)]
pub(crate) struct Fetching {
    queue: VecDeque<Digest>,
    /// What came of it so far.
    pub fetched: FetchedContents,
}

impl Fetching {
    pub(crate) fn new(wanted: Vec<Digest>) -> Self {
        Self {
            queue: wanted.into(),
            fetched: FetchedContents::default(),
        }
    }
}

/// The end of a ledger as heads are compared.
#[must_use]
pub fn head_of(project: &Project) -> LedgerHead {
    let head = project.head();
    LedgerHead {
        epoch: project.epoch(),
        seq: head.seq,
        digest: head.digest,
    }
}

impl Link {
    /// A project on this computer and its registry.
    #[must_use]
    pub fn new(store: Store, client: Client, project: ProjectId) -> Self {
        Self {
            store,
            client,
            project,
            checking: Arc::default(),
            turn: Arc::default(),
        }
    }

    /// Does work that waits for the disk or keeps a core busy, beside the threads that wait for
    /// the network.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, SyncError> + Send + 'static,
    ) -> Result<T, SyncError> {
        let link = self.clone();
        tokio::task::spawn_blocking(move || work(&link)).await?
    }

    /// Where the replica ends.
    pub(crate) async fn head(&self) -> Result<LedgerHead, SyncError> {
        self.blocking(|link| Ok(head_of(&*link.store.project(link.project)?)))
            .await
    }

    /// Fetches one batch of what is still wanted; nothing once all was asked for.
    pub(crate) async fn fetch(
        &self,
        fetching: &mut Fetching,
        task: &crate::Task,
    ) -> Result<Option<Vec<(Digest, String)>>, SyncError> {
        let Fetching { queue, fetched } = fetching;
        if queue.is_empty() {
            return Ok(None);
        }
        let asked: Vec<_> = queue.drain(..queue.len().min(MAX_CONTENTS)).collect();
        let mut came = Vec::new();
        let mut answered = HashSet::new();
        let call = self.client.contents(self.project, &asked, |digest, found| {
            if !answered.insert(digest) {
                return;
            }
            match found {
                FoundContent::Here { content } => came.push((digest, content)),
                FoundContent::Redacted => fetched.redacted += 1,
                FoundContent::Missing => fetched.missing += 1,
            }
        });
        task.or_cancelled(call).await?;
        let asked_for: HashSet<_> = asked.iter().copied().collect();
        came.retain(|(digest, _)| asked_for.contains(digest));
        let left: Vec<_> = asked
            .into_iter()
            .filter(|digest| !answered.contains(digest))
            .collect();
        if came.is_empty() && answered.is_empty() {
            return Err(crate::client::ClientError::Broken(
                "it holds none of the contents that were asked for".to_owned(),
            )
            .into());
        }
        // An answer ends after so many bytes; what was left out is asked for again.
        left.into_iter()
            .rev()
            .for_each(|digest| queue.push_front(digest));
        fetched.here += came.len() as u64;
        Ok(Some(came))
    }

    /// Keeps contents in the store.
    pub(crate) async fn keep(&self, came: Vec<(Digest, String)>) -> Result<(), SyncError> {
        self.blocking(move |link| {
            let contents: Vec<_> = came
                .iter()
                .map(|(digest, text)| NewContent {
                    digest: *digest,
                    bytes: text.as_bytes(),
                })
                .collect();
            link.store
                .keep_contents(link.project, &contents, clock::now())?;
            Ok(())
        })
        .await
    }
}
