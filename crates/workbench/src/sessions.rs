//! Sessions: one for each open project, which keeps this computer in step with its registry.

use crate::reading::Reading;
use crate::views::{ReleaseKind, SyncChanged, SyncKind, SyncProgress, SyncState};
use crate::{Error, Event, Workbench, locked};
use domain::ledger::{Command, SignedCommand};
use domain::{Digest, Millis, ProjectId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use store::{OutboxState, Place};
use sync::{
    Address, Bearer, BearerSource, Client, ClientOptions, Engine, Link, Pace, Signer, SyncError,
    Task,
};
use tokio_util::sync::CancellationToken;

/// The sessions of this process.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<HashMap<ProjectId, Arc<Session>>>);

/// What talks to one project's registry.
pub(crate) struct Session {
    pub engine: Engine,
    /// Stops the round that somebody waits for.
    cancel: Mutex<CancellationToken>,
    /// Stops the background sync, once there is one.
    live: Mutex<Option<CancellationToken>>,
}

impl Workbench {
    /// Syncs a project in the background from now on.
    pub(crate) async fn keep_in_step(&self, project: ProjectId) -> Result<(), Error> {
        let session = self.session(project).await?;
        let mut live = locked(&session.live);
        if live.is_some() {
            return Ok(());
        }
        let cancel = CancellationToken::new();
        *live = Some(cancel.clone());
        let engine = session.engine.clone();
        tokio::spawn(self.clone().follow_reviews(project, cancel.clone()));
        tokio::spawn(async move { engine.run(cancel).await });
        let (this, mut state) = (self.clone(), session.engine.state());
        tokio::spawn(async move {
            while state.changed().await.is_ok() {
                this.say_sync(project);
            }
        });
        Ok(())
    }

    /// Brings a project in step now.
    ///
    /// # Errors
    /// The registry can't be reached, or something needs the person: what was done stays.
    pub async fn sync_now(&self, project: ProjectId) -> Result<SyncState, Error> {
        let session = self.session(project).await?;
        let outcome = self.round(&session).await;
        self.say_sync(project);
        outcome?;
        self.sync_state(project).await
    }

    /// Stops what syncing does now. What was done so far stays, and the next round goes on.
    ///
    /// # Errors
    /// The project is not on this computer.
    pub async fn cancel_sync(&self, project: ProjectId) -> Result<(), Error> {
        if let Some(session) = self.session_if_any(project) {
            locked(&session.cancel).cancel();
        }
        Ok(())
    }

    /// How far this computer is in step.
    ///
    /// # Errors
    /// The project is not on this computer.
    pub async fn sync_state(&self, project: ProjectId) -> Result<SyncState, Error> {
        let reading = self.reading(project)?;
        self.sync_state_of(&reading)
    }

    /// One round for a command that somebody waits for.
    pub(crate) async fn push_now(&self, project: ProjectId) -> Result<(), Error> {
        let session = self.session(project).await?;
        self.round(&session).await?;
        Ok(())
    }

    /// Fetches one content that is not kept here.
    pub(crate) async fn fetch(&self, project: ProjectId, digest: &Digest) -> Result<(), Error> {
        let session = self.session(project).await?;
        session.engine.link().fetch_content(*digest).await?;
        Ok(())
    }

    /// The address that applications read a project from.
    pub(crate) fn address(&self, project: ProjectId) -> Option<String> {
        match self.store().known_project(project).ok()?.place {
            Place::Registry { address } => Some(address),
            Place::ThisComputer => Some(self.inner.local.get()?.address().to_string()),
        }
    }

    /// What happens to a release while the registry can't be reached.
    pub(crate) fn offline_words(&self, project: ProjectId, kind: ReleaseKind) -> Option<String> {
        let note = self.store().known_project(project).ok()?.sync;
        note.offline_since?;
        Some(match kind {
            ReleaseKind::Revert => {
                "The registry can't be reached: this waits in the outbox and is sent as soon as it can be, \
                 unless what it replaces has moved by then. It is not live until then."
                    .to_owned()
            }
            ReleaseKind::Release | ReleaseKind::Promotion => {
                "The registry can't be reached: this waits in the outbox. If that takes over an hour, \
                 you are asked again before it is sent. It is not live until then."
                    .to_owned()
            }
        })
    }

    pub(crate) fn sync_state_of(&self, reading: &Reading) -> Result<SyncState, Error> {
        let known = self.store().known_project(reading.project)?;
        let note = &known.sync;
        let engine = self
            .session_if_any(reading.project)
            .map(|session| session.engine.state().borrow().clone());
        let refused = reading
            .pending
            .iter()
            .filter(|pending| {
                pending.refusal.is_some()
                    || matches!(
                        pending.queued.state,
                        OutboxState::Refused | OutboxState::NeedsAsking
                    )
            })
            .count();
        let outbox = reading.pending.len() - refused;
        let (kind, words) = match engine
            .as_ref()
            .map(|state| (state.kind, state.words.clone()))
        {
            Some((sync::SyncKind::Problem, words)) => (SyncKind::Problem, words),
            Some((sync::SyncKind::Offline, _)) => {
                (SyncKind::Offline, offline(note.offline_since, self.now()))
            }
            Some((sync::SyncKind::Syncing, words)) if known.place != Place::ThisComputer => {
                (SyncKind::Syncing, words)
            }
            Some((sync::SyncKind::InStep, words)) => (SyncKind::InStep, words),
            _ => match (&note.problem, note.offline_since) {
                (Some(problem), _) => (SyncKind::Problem, problem.clone()),
                (None, Some(since)) => (SyncKind::Offline, offline(Some(since), self.now())),
                _ if known.place == Place::ThisComputer => {
                    (SyncKind::OnThisComputer, "On this computer".to_owned())
                }
                _ => (SyncKind::InStep, "In step with the registry".to_owned()),
            },
        };
        Ok(SyncState {
            words,
            kind,
            since: note.offline_since.or(note.last_contact),
            outbox: u32::try_from(outbox).unwrap_or(u32::MAX),
            refused: u32::try_from(refused).unwrap_or(u32::MAX),
            progress: engine
                .and_then(|state| state.progress)
                .map(|progress| SyncProgress {
                    done: progress.done,
                    total: progress.total,
                    words: progress.stage.words().to_owned(),
                }),
            verified_to: note.verified_to,
            head: reading.accepted.head().seq,
        })
    }

    pub(crate) fn say_sync(&self, project: ProjectId) {
        let Ok(reading) = self.reading(project) else {
            return;
        };
        if let Ok(state) = self.sync_state_of(&reading) {
            self.say(Event::SyncChanged(SyncChanged { project, state }));
        }
    }

    fn session_if_any(&self, project: ProjectId) -> Option<Arc<Session>> {
        locked(&self.inner.sessions.0).get(&project).cloned()
    }

    pub(crate) async fn session(&self, project: ProjectId) -> Result<Arc<Session>, Error> {
        if let Some(session) = self.session_if_any(project) {
            return Ok(session);
        }
        let known = self.store().known_project(project)?;
        // An unfinished founding has no entry to sync yet.
        self.finish_setup(&known).await?;
        let address = match known.place {
            Place::Registry { address } => {
                Address::read(&address).map_err(|error| Error::invalid(error.to_string()))?
            }
            Place::ThisComputer => self.local().await?.address(),
        };
        let client = Client::new(address, self.bearer(project), &self.client_options())
            .map_err(SyncError::from)?;
        let link = Link::new(self.store().clone(), client, project);
        let session = Arc::new(Session {
            engine: Engine::new(link, self.signer(project), Pace::default())?,
            cancel: Mutex::new(CancellationToken::new()),
            live: Mutex::new(None),
        });
        // Two may have made one: the first stays.
        Ok(Arc::clone(
            locked(&self.inner.sessions.0)
                .entry(project)
                .or_insert(session),
        ))
    }

    /// Ends a project's session: its registry has moved.
    pub(crate) fn end_session(&self, project: ProjectId) {
        if let Some(session) = locked(&self.inner.sessions.0).remove(&project) {
            locked(&session.cancel).cancel();
            if let Some(live) = locked(&session.live).take() {
                live.cancel();
            }
        }
    }

    /// How this computer talks to registries.
    pub(crate) fn client_options(&self) -> ClientOptions {
        // A team's own certificate authority, beside Galley's other files.
        let extra_roots_pem = std::fs::read(self.home().join("authorities.pem")).ok();
        ClientOptions {
            extra_roots_pem,
            ..ClientOptions::default()
        }
    }

    // Asked before each call: a keychain that is unlocked later counts at once.
    pub(crate) fn bearer(&self, project: ProjectId) -> BearerSource {
        let secrets = self.secrets().clone();
        Arc::new(move || {
            let token = secrets.find(&crate::token_name(project)).ok()??;
            Some(Bearer::new(token.reveal()))
        })
    }

    fn signer(&self, project: ProjectId) -> Signer {
        let this = self.clone();
        Arc::new(move |command: &Command| {
            let key = this.device_key(project).ok()?;
            SignedCommand::sign(command.clone(), &key).ok()
        })
    }

    // One round, which the person can stop.
    async fn round(&self, session: &Session) -> Result<(), SyncError> {
        let cancel = CancellationToken::new();
        *locked(&session.cancel) = cancel.clone();
        session.engine.sync_once(&Task::new(|_| (), cancel)).await?;
        Ok(())
    }
}

fn offline(since: Option<Millis>, now: Millis) -> String {
    since.map_or_else(
        || "Offline".to_owned(),
        |since| format!("Offline since {}", clock_time(since, now)),
    )
}

/// A time as people say it: `14:02`, or with the day if it is not today.
fn clock_time(at: Millis, now: Millis) -> String {
    let zoned = |at: Millis| {
        jiff::Timestamp::from_millisecond(at.0)
            .unwrap_or_default()
            .to_zoned(jiff::tz::TimeZone::system())
    };
    let (at, now) = (zoned(at), zoned(now));
    if at.date() == now.date() {
        at.strftime("%H:%M").to_string()
    } else {
        at.strftime("%-d %b, %H:%M").to_string()
    }
}
