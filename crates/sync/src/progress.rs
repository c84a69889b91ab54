//! How far long work is, and how it is stopped.

use std::fmt;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What is being worked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Entries are fetched.
    Entries,
    /// Content is fetched.
    Content,
    /// Signatures and decisions are checked.
    Checking,
    /// Commands are sent.
    Sending,
    /// A project is given to another registry.
    Giving,
}

impl Stage {
    /// Of what so much is done, for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Entries => "entries fetched",
            Self::Content => "texts fetched",
            Self::Checking => "entries verified",
            Self::Sending => "changes sent",
            Self::Giving => "entries given to the registry",
        }
    }
}

/// How far something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being worked through.
    pub stage: Stage,
    /// Done so far.
    pub done: u64,
    /// All of it, as far as is known by now.
    pub total: u64,
}

type Listener = dyn Fn(Progress) + Send + Sync;

/// Who is told how far work is, and who may stop it. Clones are the same task.
#[derive(Clone)]
pub struct Task {
    listener: Arc<Listener>,
    cancel: CancellationToken,
}

impl Task {
    /// A task that tells `listener`, and ends early when `cancel` is cancelled.
    #[must_use]
    pub fn new(
        listener: impl Fn(Progress) + Send + Sync + 'static,
        cancel: CancellationToken,
    ) -> Self {
        Self {
            listener: Arc::new(listener),
            cancel,
        }
    }

    /// A task that nobody watches or stops.
    #[must_use]
    pub fn unwatched() -> Self {
        Self::new(|_| (), CancellationToken::new())
    }

    pub(crate) fn tell(&self, stage: Stage, done: u64, total: u64) {
        (self.listener)(Progress { stage, done, total });
    }

    /// The same task, that somebody else is told about.
    pub(crate) fn and_tell(&self, listener: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self::new(listener, self.cancel.clone())
    }

    pub(crate) fn relay(&self, progress: Progress) {
        (self.listener)(progress);
    }

    pub(crate) fn check(&self) -> Result<(), crate::SyncError> {
        if self.cancel.is_cancelled() {
            return Err(crate::SyncError::Cancelled);
        }
        Ok(())
    }

    /// The result of `work`, or that it was cancelled meanwhile.
    pub(crate) async fn or_cancelled<T, E: Into<crate::SyncError>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, crate::SyncError> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(crate::SyncError::Cancelled),
            result = work => result.map_err(Into::into),
        }
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Task")
    }
}
