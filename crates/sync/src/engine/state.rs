//! What a person is told about syncing.

use crate::SyncError;
use crate::link::Link;
use crate::progress::{Progress, Stage};
use domain::Millis;
use store::{KnownProject, OutboxState, Place};

/// What the state of sync comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncKind {
    /// Nothing to fetch, and nothing to send that the registry would take.
    InStep,
    /// It is sending or fetching.
    Syncing,
    /// The registry can't be reached; work goes on.
    Offline,
    /// Something needs a person.
    Problem,
    /// The project lives on this computer, and is in step with itself.
    OnThisComputer,
}

/// How far this computer is in step with its registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncState {
    /// What it comes to.
    pub kind: SyncKind,
    /// The same in words, with what to do where something is to be done.
    pub words: String,
    /// Since when it is so.
    pub since: Option<Millis>,
    /// Commands that wait to be sent.
    pub outbox: u32,
    /// Commands that were refused, and wait for the person.
    pub refused: u32,
    /// Promotions that waited so long that the person is asked again.
    pub asking: u32,
    /// How far long work is.
    pub progress: Option<Progress>,
    /// The entry up to which signatures and decisions were checked.
    pub verified_to: u64,
    /// The newest entry here.
    pub head: u64,
}

impl SyncState {
    pub(super) fn plain_words(&self) -> String {
        let waiting = match self.outbox {
            0 => String::new(),
            1 => "; one change waits to be sent".to_owned(),
            n => format!("; {n} changes wait to be sent"),
        };
        match self.kind {
            SyncKind::InStep => format!("In step with the registry{waiting}"),
            SyncKind::Syncing => "Syncing with the registry".to_owned(),
            SyncKind::Offline => format!("Offline; work goes on{waiting}"),
            SyncKind::Problem => "Syncing needs your attention".to_owned(),
            SyncKind::OnThisComputer => "On this computer".to_owned(),
        }
    }

    pub(super) fn advance(&mut self, progress: Progress) {
        match progress.stage {
            // Runs behind everything else: "verified to entry N" says it, no bar does.
            Stage::Checking => self.verified_to = progress.done,
            Stage::Entries => {
                self.head = progress.done;
                self.progress = Some(progress);
            }
            Stage::Content | Stage::Sending | Stage::Giving => self.progress = Some(progress),
        }
    }
}

/// What the store says.
pub(super) struct Counts {
    outbox: u32,
    refused: u32,
    asking: u32,
    verified_to: u64,
    head: u64,
}

impl Counts {
    pub(super) fn look(link: &Link) -> Result<Self, SyncError> {
        let outbox = link.store.outbox(link.project)?;
        let count = |state: OutboxState| {
            let found = outbox.iter().filter(|queued| queued.state == state).count();
            u32::try_from(found).unwrap_or(u32::MAX)
        };
        Ok(Self {
            outbox: count(OutboxState::Waiting) + count(OutboxState::Accepted),
            refused: count(OutboxState::Refused),
            asking: count(OutboxState::NeedsAsking),
            verified_to: link.store.known_project(link.project)?.sync.verified_to,
            head: link.store.head(link.project)?.seq,
        })
    }

    pub(super) fn put_into(&self, state: &mut SyncState) {
        state.outbox = self.outbox;
        state.refused = self.refused;
        state.asking = self.asking;
        state.verified_to = self.verified_to;
        state.head = self.head;
    }
}

/// What is known before anything was asked: as it was when the app was closed.
pub(super) fn at_start(link: &Link, known: &KnownProject) -> Result<SyncState, SyncError> {
    let kind = match (&known.place, &known.sync.problem, known.sync.offline_since) {
        (Place::ThisComputer, None, _) => SyncKind::OnThisComputer,
        (_, Some(_), _) => SyncKind::Problem,
        (_, None, Some(_)) => SyncKind::Offline,
        (_, None, None) => SyncKind::Syncing,
    };
    let mut state = SyncState {
        kind,
        words: String::new(),
        since: known.sync.offline_since.or(known.sync.last_contact),
        outbox: 0,
        refused: 0,
        asking: 0,
        progress: None,
        verified_to: 0,
        head: 0,
    };
    Counts::look(link)?.put_into(&mut state);
    state.words = match &known.sync.problem {
        Some(problem) => problem.clone(),
        None => state.plain_words(),
    };
    Ok(state)
}
