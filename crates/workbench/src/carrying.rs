//! Carrying a run: it goes on in the background, and what comes is kept as it comes.

use crate::evaluating::{KeptEnd, progress_view};
use crate::preparing::Ready;
use crate::trying::StoredAnswers;
use crate::views::{RunProgressed, RunView};
use crate::{Error, Event, Workbench, locked};
use domain::{ProjectId, RunId};
use evals::{Cell, Progress};
use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How far the places of a case's repeats lie apart: no dataset has more cases.
pub(crate) const EACH_REPEAT: u32 = 100_000;
/// Calls at once, at most.
const MOST_AT_ONCE: u32 = 64;
/// How many finished cells are written together, and how long one waits for others.
const TOGETHER: usize = 64;
const WAIT: Duration = Duration::from_millis(150);

/// The runs that go on in this process.
#[derive(Default)]
pub(crate) struct Running(Mutex<HashMap<RunId, (CancellationToken, Progress)>>);

impl Running {
    /// How far a run is, if it goes on in this process.
    pub fn progress(&self, run: RunId) -> Option<Progress> {
        locked(&self.0).get(&run).map(|(_, progress)| *progress)
    }

    /// All runs that go on in this process.
    pub fn all(&self) -> BTreeSet<RunId> {
        locked(&self.0).keys().copied().collect()
    }

    /// Stops a run, if it goes on in this process.
    pub fn cancel(&self, run: RunId) {
        if let Some((cancel, _)) = locked(&self.0).get(&run) {
            cancel.cancel();
        }
    }
}

impl Workbench {
    /// Begins a run under this id, and leaves it to itself.
    pub(crate) async fn carry_on(
        &self,
        project: ProjectId,
        id: RunId,
        ready: Ready,
    ) -> Result<RunView, Error> {
        let json =
            serde_json::to_value(&ready.kept).map_err(|error| Error::invalid(error.to_string()))?;
        self.store()
            .begin_run(project, id, &json, &ready.sources, self.now())?;
        let cancel = CancellationToken::new();
        locked(&self.inner.runs.0).insert(id, (cancel.clone(), Progress::default()));
        let this = self.clone();
        tokio::spawn(async move {
            this.carry_run(project, id, ready, cancel).await;
        });
        self.run(project, id).await
    }

    async fn carry_run(
        &self,
        project: ProjectId,
        id: RunId,
        Ready { run, kept, sources }: Ready,
        cancel: CancellationToken,
    ) {
        let most = kept.plan.concurrency.clamp(1, MOST_AT_ONCE);
        let concurrency = usize::try_from(most).unwrap_or(1);
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        let writer = tokio::spawn(self.clone().keep_cells(project, id, receiver));
        let options = evals::Options {
            concurrency,
            ..evals::Options::default()
        };
        // Whoever could announce what was answered before could choose among answers.
        let cache = StoredAnswers {
            refresh: kept.plan.counts.is_some(),
            ..self.answers(&sources)
        };
        let on_cell = move |progress: &Progress, column: usize, cell: &Cell| {
            // The writer is gone only when the process ends.
            let _ = sender.send((*progress, column, cell.clone()));
        };
        let report = run.start(&cache, &options, &on_cell, &cancel).await;
        drop(on_cell);
        let error = match writer.await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        let state = match (&error, report.cancelled) {
            (Some(_), _) => store::RunState::Failed,
            (None, true) => store::RunState::Cancelled,
            (None, false) => store::RunState::Done,
        };
        let mut end = KeptEnd {
            progress: progress_view(report.progress),
            error,
            shared: Vec::new(),
        };
        if let Some(counting) = &kept.plan.counts {
            match self.record_counted(project, id, &kept, counting).await {
                Ok(shared) => end.shared = shared,
                Err(error) => {
                    end.error.get_or_insert_with(|| error.to_string());
                }
            }
        }
        if let Ok(json) = serde_json::to_value(&end) {
            // If this can't be written the run is found "running" and, at the next look, broken off.
            let _ = self.store().finish_run(id, state, Some(&json), self.now());
        }
        locked(&self.inner.runs.0).remove(&id);
        self.say(Event::RunProgress(RunProgressed {
            project,
            run: id,
            progress: end.progress,
        }));
        self.say_changed(project);
    }

    // Writes cells in groups: each group is one transaction, and a crash loses one group at most.
    async fn keep_cells(
        self,
        project: ProjectId,
        id: RunId,
        mut cells: tokio::sync::mpsc::UnboundedReceiver<(Progress, usize, Cell)>,
    ) -> Result<(), Error> {
        while let Some(first) = cells.recv().await {
            let mut group = vec![first];
            let more = async {
                while group.len() < TOGETHER {
                    match cells.recv().await {
                        Some(cell) => group.push(cell),
                        None => break,
                    }
                }
            };
            let _ = tokio::time::timeout(WAIT, more).await;
            let last = group
                .last()
                .map(|(progress, ..)| *progress)
                .unwrap_or_default();
            let rows: Result<Vec<_>, _> = group
                .iter()
                .map(|(_, column, cell)| {
                    Ok(store::CaseResult {
                        // Each asking has a place of its own, whatever the dataset.
                        place: cell
                            .case
                            .saturating_add(cell.repeat.saturating_mul(EACH_REPEAT)),
                        side: u32::try_from(*column).unwrap_or(u32::MAX),
                        result: serde_json::to_value(cell)?,
                    })
                })
                .collect();
            let rows =
                rows.map_err(|error: serde_json::Error| Error::invalid(error.to_string()))?;
            self.store().keep_results(id, &rows, self.now())?;
            if let Some((_, progress)) = locked(&self.inner.runs.0).get_mut(&id) {
                *progress = last;
            }
            self.say(Event::RunProgress(RunProgressed {
                project,
                run: id,
                progress: progress_view(last),
            }));
        }
        Ok(())
    }
}
