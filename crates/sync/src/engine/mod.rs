//! The engine: keeps one project in step while the app is open.
//!
//! * [`Engine::run`] syncs when something changes here (the outbox), there (server-sent events,
//!   with polling behind them) or in another process, and backs off while the registry is away.
//! * [`SyncState`] is what a person is told; it is published after every step.
//! * [`Engine::sync_once`] is one round, for a button or a command line.
//!
//! One round runs at a time. Nothing that goes wrong ends it: it says what it is, and tries again
//! when that may help.

mod pace;
mod state;

pub use pace::Pace;
pub use state::{SyncKind, SyncState};

use crate::client::{Changes, ClientError};
use crate::exchange::{Report, exchange};
use crate::link::Link;
use crate::progress::{Progress, Task};
use crate::push::Signer;
use crate::{SyncError, clock, verify};
use domain::ProjectId;
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;
use store::{Area, Place, Token};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How often is looked whether another process queued something.
const LOOK_EVERY: Duration = Duration::from_millis(700);

/// Keeps one project in step. Clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    link: Link,
    signer: Signer,
    place: Place,
    pace: Pace,
    state: watch::Sender<SyncState>,
    woken: Notify,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("project", &self.inner.link.project)
            .finish_non_exhaustive()
    }
}

/// Why the engine stops waiting.
enum Woken {
    Again,
    Stopped,
}

impl Engine {
    /// An engine for a project of the store. Nothing is sent until it is told to.
    ///
    /// # Errors
    /// The project is not in the store, or the file can't be read.
    pub fn new(link: Link, signer: Signer, pace: Pace) -> Result<Self, SyncError> {
        let known = link.store.known_project(link.project)?;
        let state = state::at_start(&link, &known)?;
        let inner = Arc::new(Inner {
            place: known.place,
            signer,
            pace,
            state: watch::Sender::new(state),
            woken: Notify::new(),
            link,
        });
        wake_on_outbox(&inner);
        Ok(Self { inner })
    }

    /// The store and the registry that it brings together.
    #[must_use]
    pub fn link(&self) -> &Link {
        &self.inner.link
    }

    /// The project.
    #[must_use]
    pub fn project(&self) -> ProjectId {
        self.inner.link.project
    }

    /// The state, and its changes from now on.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<SyncState> {
        self.inner.state.subscribe()
    }

    /// Begins a round at once: the person asked, a key became available, the network is back.
    pub fn wake(&self) {
        self.inner.woken.notify_one();
    }

    /// One round, with everything checked at its end.
    ///
    /// # Errors
    /// See [`SyncError`].
    pub async fn sync_once(&self, task: &Task) -> Result<Report, SyncError> {
        let mut report = self.round(task).await?;
        if !report.verified {
            let checked = verify::verify(&self.inner.link, &self.watched(task)).await;
            self.after(&checked.as_ref().map(|_| ())).await;
            checked?;
            report.verified = true;
        }
        Ok(report)
    }

    /// Keeps the project in step until `cancel` is cancelled.
    pub async fn run(&self, cancel: CancellationToken) {
        let task = Task::new(|_| (), cancel.clone());
        let mut failures = 0;
        let mut changes = None;
        let mut checking = Checking::default();
        let mut token = self.token().await;
        loop {
            let result = self.round(&task).await;
            let pause = match &result {
                Ok(report) => {
                    failures = 0;
                    if !report.verified {
                        checking.begin(self, &task);
                    }
                    if changes.is_none() {
                        changes = self.follow(report.registry.seq).await;
                    }
                    if changes.is_some() {
                        self.inner.pace.poll_behind_events
                    } else {
                        self.inner.pace.poll
                    }
                }
                Err(SyncError::Cancelled | SyncError::Elsewhere) => return,
                Err(error) => {
                    // The stream may hang on a connection that is no more.
                    changes = None;
                    failures += 1;
                    self.inner.pace.after_failure(failures, error)
                }
            };
            match self.wait(pause, &mut changes, &mut token, &cancel).await {
                Woken::Again => {}
                Woken::Stopped => return,
            }
        }
    }

    /// Waits until something is to be done.
    async fn wait(
        &self,
        pause: Duration,
        changes: &mut Option<Changes>,
        token: &mut Option<Token>,
        cancel: &CancellationToken,
    ) -> Woken {
        let until = tokio::time::Instant::now() + pause;
        loop {
            let look = tokio::time::Instant::now() + LOOK_EVERY;
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Woken::Stopped,
                () = self.inner.woken.notified() => return Woken::Again,
                () = tokio::time::sleep_until(until) => return Woken::Again,
                change = next_change(changes) => match change {
                    Ok(Some(change)) if self.is_news(change.head.seq, &change.head.digest) => {
                        return Woken::Again;
                    }
                    Ok(Some(_)) => {}
                    // It ended, or broke: the round that follows finds out how the registry is.
                    Ok(None) | Err(_) => {
                        *changes = None;
                        return Woken::Again;
                    }
                },
                () = tokio::time::sleep_until(look) => {
                    if self.queued_elsewhere(token).await {
                        return Woken::Again;
                    }
                }
            }
        }
    }

    fn is_news(&self, seq: u64, digest: &domain::Digest) -> bool {
        // Another number, smaller too, or another entry under the same one.
        let link = &self.inner.link;
        link.store.project(link.project).map_or(true, |project| {
            project.head().seq != seq || project.head().digest != *digest
        })
    }

    async fn follow(&self, after: u64) -> Option<Changes> {
        let link = &self.inner.link;
        link.client.changes(link.project, after).await.ok()
    }

    async fn token(&self) -> Option<Token> {
        let looked = self
            .inner
            .link
            .blocking(|link| Ok(link.store.token()?))
            .await;
        looked.ok()
    }

    // What this process queued wakes the engine by itself; this finds the other's.
    async fn queued_elsewhere(&self, token: &mut Option<Token>) -> bool {
        let Some(before) = *token else {
            *token = self.token().await;
            return false;
        };
        let looked = self
            .inner
            .link
            .blocking(move |link| Ok(link.store.changed_since(before)?))
            .await;
        let Ok((now, changed)) = looked else {
            return false;
        };
        *token = Some(now);
        let ours = Some(self.inner.link.project);
        let queued = changed
            .iter()
            .any(|changed| changed.project == ours && changed.area == Area::Outbox);
        queued && self.something_waits().await
    }

    async fn something_waits(&self) -> bool {
        let looked = self
            .inner
            .link
            .blocking(|link| Ok(!link.store.to_send(link.project, 1)?.is_empty()))
            .await;
        looked.unwrap_or(true)
    }

    async fn round(&self, task: &Task) -> Result<Report, SyncError> {
        let _turn = self.inner.link.turn.lock().await;
        self.still_lives_there().await?;
        let quiet = self.inner.state.borrow().kind == SyncKind::Offline;
        // While the registry is away, trying again is no news: the state stays "offline".
        if !quiet {
            self.publish(SyncKind::Syncing, None).await;
        }
        let result = exchange(&self.inner.link, &self.inner.signer, &self.watched(task)).await;
        self.after(&result.as_ref().map(|_| ())).await;
        result
    }

    // Once a project was shared, nothing more may be sent to the registry that it left.
    async fn still_lives_there(&self) -> Result<(), SyncError> {
        let there = self.inner.place.clone();
        self.inner
            .link
            .blocking(move |link| {
                if link.store.known_project(link.project)?.place == there {
                    Ok(())
                } else {
                    Err(SyncError::Elsewhere)
                }
            })
            .await
    }

    /// Publishes how something went.
    async fn after(&self, result: &Result<(), &SyncError>) {
        match result {
            Ok(()) => {
                let kind = match self.inner.place {
                    Place::ThisComputer => SyncKind::OnThisComputer,
                    Place::Registry { .. } => SyncKind::InStep,
                };
                self.publish(kind, None).await;
            }
            Err(SyncError::Cancelled) => self.publish(SyncKind::InStep, None).await,
            Err(error) if error.is_offline() || error.is_passing() => {
                self.publish(SyncKind::Offline, Some(error.to_string()))
                    .await;
            }
            Err(error) => {
                self.publish(SyncKind::Problem, Some(error.to_string()))
                    .await;
            }
        }
    }

    async fn publish(&self, kind: SyncKind, words: Option<String>) {
        let looked = self.inner.link.blocking(state::Counts::look).await;
        self.inner.state.send_if_modified(|state| {
            let mut next = state.clone();
            if next.kind != kind {
                next.since = Some(clock::now());
            }
            next.kind = kind;
            if let Ok(counts) = &looked {
                counts.put_into(&mut next);
            }
            if kind != SyncKind::Syncing {
                next.progress = None;
            }
            next.words = words.clone().unwrap_or_else(|| next.plain_words());
            let changed = next != *state;
            *state = next;
            changed
        });
    }

    // The same task, with its progress in the state.
    fn watched(&self, task: &Task) -> Task {
        let (inner, outer) = (Arc::downgrade(&self.inner), task.clone());
        task.and_tell(move |progress: Progress| {
            outer.relay(progress);
            if let Some(inner) = inner.upgrade() {
                inner.state.send_modify(|state| state.advance(progress));
            }
        })
    }
}

/// The check of a long first pull, behind everything else.
#[derive(Default)]
struct Checking {
    running: Option<JoinHandle<()>>,
}

impl Checking {
    fn begin(&mut self, engine: &Engine, task: &Task) {
        if self
            .running
            .as_ref()
            .is_some_and(|check| !check.is_finished())
        {
            return;
        }
        let (engine, task) = (engine.clone(), task.clone());
        self.running = Some(tokio::spawn(async move {
            let checked = verify::verify(&engine.inner.link, &engine.watched(&task)).await;
            match checked {
                Ok(_) => {
                    let kind = engine.inner.state.borrow().kind;
                    engine.publish(kind, None).await;
                    // A release may have waited for this.
                    engine.wake();
                }
                Err(error) => engine.after(&Err(&error)).await,
            }
        }));
    }
}

async fn next_change(
    changes: &mut Option<Changes>,
) -> Result<Option<protocol::ledger::Change>, ClientError> {
    match changes {
        Some(changes) => changes.next().await,
        None => std::future::pending().await,
    }
}

fn wake_on_outbox(inner: &Arc<Inner>) {
    let weak: Weak<Inner> = Arc::downgrade(inner);
    let project = inner.link.project;
    inner.link.store.on_change(move |changed| {
        if changed.project == Some(project)
            && changed.area == Area::Outbox
            && let Some(inner) = weak.upgrade()
        {
            inner.woken.notify_one();
        }
    });
}
