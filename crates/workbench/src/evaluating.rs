//! Runs: versions over a dataset, judged by graders; every answer kept, partial results too.
//!
//! What a run asks is put together in `preparing`; `carrying` carries it to its end.

use crate::comparing::Resolved;
use crate::preparing::KeptPlan;
use crate::reading::Reading;
use crate::secrets::random_16;
use crate::trying::StoredAnswers;
use crate::views::{RunPlan, RunProgress, RunRow, RunView};
use crate::{Error, Workbench};
use domain::dataset::Dataset;
use domain::ledger::{Body, RunSummary};
use domain::{Digest, ProjectId, RunId};
use evals::{Cell, Progress};
use serde::{Deserialize, Serialize};

/// How a run ended.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct KeptEnd {
    pub progress: RunProgress,
    pub error: Option<String>,
    /// The runs in the ledger that this one was shared as.
    #[serde(default)]
    pub shared: Vec<RunId>,
}

/// A run's results as they travel through a registry.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SharedResults {
    pub title: String,
    pub label: String,
    pub model: String,
    pub dataset: Digest,
    pub graders: Vec<domain::graders::Grader>,
    pub cells: Vec<Cell>,
    /// The announcement of a run that counts, and what was asked by turns with this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced: Option<RunId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live_label: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub live: Vec<Cell>,
}

impl Workbench {
    /// Starts a run. It goes on in the background; progress is an event.
    ///
    /// # Errors
    /// A version, grader or provider can't be used: the words say which.
    pub async fn start_run(&self, project: ProjectId, plan: RunPlan) -> Result<RunView, Error> {
        if plan.counts.is_some() {
            return Err(Error::invalid(
                "a run that counts is announced first; start it as one",
            ));
        }
        let ready = self.prepare(project, &plan).await?;
        let id = RunId(uuid::Builder::from_random_bytes(random_16()?).into_uuid());
        self.carry_on(project, id, ready).await
    }

    /// Stops a run; what it has is kept.
    ///
    /// # Errors
    /// None: a run that is over stays over.
    pub async fn cancel_run(&self, _project: ProjectId, run: RunId) -> Result<(), Error> {
        self.inner.runs.cancel(run);
        Ok(())
    }

    /// Every run of this computer and every shared one, the newest first.
    ///
    /// # Errors
    /// The project is not on this computer.
    pub async fn runs(&self, project: ProjectId) -> Result<Vec<RunRow>, Error> {
        let reading = self.reading(project)?;
        self.rows_of_runs(&reading)
    }

    /// One run with its results so far.
    ///
    /// # Errors
    /// The run is not there, or its results can't be fetched now.
    pub async fn run(&self, project: ProjectId, run: RunId) -> Result<RunView, Error> {
        let reading = self.reading(project)?;
        self.marks_up_to_date(&reading, run).await?;
        // Asked before the store: a run that ends in between is kept as ended before it is let go,
        // so that it is never taken for one that was broken off.
        let here = self.inner.runs.progress(run);
        match self.store().run(run) {
            Ok(local) => {
                let going = here.or_else(|| self.going(&local));
                self.local_run_view(&reading, &local, going).await
            }
            Err(store::StoreError::Unknown(_)) => self.shared_run_view(&reading, run).await,
            Err(error) => Err(error.into()),
        }
    }

    /// One run once it has come to its end, or was stopped or broken off.
    ///
    /// # Errors
    /// The run is not there.
    pub async fn run_to_its_end(&self, project: ProjectId, run: RunId) -> Result<RunView, Error> {
        let mut events = self.events();
        // Any event is a reason to look again; a missed one is made up for by the next.
        while self.inner.runs.progress(run).is_some() {
            if let Err(tokio::sync::broadcast::error::RecvError::Closed) = events.recv().await {
                break;
            }
        }
        self.run(project, run).await
    }

    /// Shares the results of a run with the team: one record for each saved version in it. What was
    /// shared before is shared once more, with the marks that came since.
    ///
    /// # Errors
    /// The run holds no saved version, or its dataset is not in the project.
    pub async fn share_run(&self, project: ProjectId, run: RunId) -> Result<(), Error> {
        let reading = self.reading(project)?;
        self.marks_up_to_date(&reading, run).await?;
        let local = match self.store().run(run) {
            Err(store::StoreError::Unknown(_)) => return self.share_marks(&reading, run).await,
            other => other?,
        };
        let kept: KeptPlan = read_json(local.plan)?;
        if let Some(counting) = &kept.plan.counts {
            let shared = self.record_counted(project, run, &kept, counting).await?;
            return self.note_shared(project, run, local.state, local.summary, shared);
        }
        let mut columns: Vec<Vec<Cell>> = Vec::new();
        columns.resize_with(kept.labels.len(), Vec::new);
        for (side, cell) in self.cells(run)? {
            if let Some(column) = columns.get_mut(side) {
                column.push(cell);
            }
        }
        let mut act = self.act(project)?;
        let mut shared = Vec::new();
        for ((side, reference), column) in kept.references().iter().enumerate().zip(columns) {
            let Some(version) = act.reading.resolve(reference)?.version else {
                continue;
            };
            let count = |test: &dyn Fn(&Cell) -> bool| {
                u32::try_from(column.iter().filter(|cell| test(cell)).count()).unwrap_or(u32::MAX)
            };
            let model = kept.models.get(side).cloned().unwrap_or_default();
            let (provider, model) = model.split_once('/').unwrap_or(("", &model));
            let summary = RunSummary {
                provider: provider.to_owned(),
                model: model.to_owned(),
                // What waits for marks has neither passed nor failed.
                cases: count(&|cell| !cell.waits()),
                passed: count(&|cell| cell.pass() == Some(true)),
                failed: count(&|cell| cell.failure.is_some()),
            };
            let results = SharedResults {
                title: kept.title.clone(),
                label: kept.labels.get(side).cloned().unwrap_or_default(),
                model: kept.models.get(side).cloned().unwrap_or_default(),
                dataset: kept.dataset,
                graders: kept.plan.graders.clone(),
                cells: column,
                announced: None,
                live_label: None,
                live: Vec::new(),
            };
            let results = act.content(domain::to_canonical(&results)?);
            let dataset = kept.dataset;
            shared.push(RunId::from(act.command(Body::RecordRun {
                version,
                dataset,
                results,
                summary,
                counts: None,
            })?));
        }
        if shared.is_empty() {
            return Err(Error::invalid(
                "only runs of saved versions can be shared; save the draft first",
            ));
        }
        act.send().await?;
        self.note_shared(project, run, local.state, local.summary, shared)
    }

    fn note_shared(
        &self,
        project: ProjectId,
        run: RunId,
        state: store::RunState,
        end: Option<serde_json::Value>,
        mut shared: Vec<RunId>,
    ) -> Result<(), Error> {
        let end: KeptEnd = end.map(read_json).transpose()?.unwrap_or_default();
        // The newest first: how far that got is what is shown.
        for earlier in &end.shared {
            if !shared.contains(earlier) {
                shared.push(*earlier);
            }
        }
        let end = serde_json::to_value(KeptEnd { shared, ..end })
            .map_err(|e| Error::invalid(e.to_string()))?;
        // A run that was announced and broken off with its program is over once it is recorded.
        let state = match state {
            store::RunState::Running => store::RunState::Cancelled,
            other => other,
        };
        self.store()
            .finish_run(run, state, Some(&end), self.now())?;
        self.say_changed(project);
        Ok(())
    }

    pub(crate) fn answers(&self, sources: &[Digest]) -> StoredAnswers {
        StoredAnswers {
            store: self.store().clone(),
            sources: sources.to_vec(),
            refresh: false,
        }
    }

    pub(crate) fn cells(&self, run: RunId) -> Result<Vec<(usize, Cell)>, Error> {
        let mut cells = Vec::new();
        self.each_cell(run, |side, cell| cells.push((side, cell)))?;
        Ok(cells)
    }

    /// Every cell of a run with its column, one after the other: nobody has to hold them all.
    pub(crate) fn each_cell(
        &self,
        run: RunId,
        mut take: impl FnMut(usize, Cell),
    ) -> Result<(), Error> {
        Ok(self.store().each_result(run, |side, cell: Cell| {
            take(usize::try_from(side).unwrap_or(usize::MAX), cell);
        })?)
    }

    /// The dataset that a comparison asks both sides with: of this prompt's latest run, or one
    /// whose cases fill its inputs.
    pub(crate) fn dataset_for(
        &self,
        reading: &Reading,
        after: &Resolved,
    ) -> Result<Option<Dataset>, Error> {
        let wanted: Vec<&str> = after
            .content
            .inputs
            .iter()
            .filter(|input| input.required)
            .map(|input| input.name.as_str())
            .collect();
        let mut found = None;
        for dataset in reading.ahead.datasets() {
            let Some(latest) = dataset.contents.last() else {
                continue;
            };
            let Some(cases) = reading.stored_dataset(&latest.content) else {
                continue;
            };
            let fits = cases.cases.first().is_some_and(|case| {
                !wanted.is_empty() && wanted.iter().all(|name| case.inputs.contains_key(*name))
            });
            if fits {
                found = Some(cases);
            }
        }
        Ok(found)
    }
}

pub(crate) fn progress_view(progress: Progress, paid: &evals::Sum) -> RunProgress {
    RunProgress {
        done: progress.done,
        total: progress.total,
        from_cache: progress.from_cache,
        calls: progress.calls,
        failed: progress.failed,
        cost_note: crate::carrying::cost_words(paid),
        ..RunProgress::default()
    }
}

pub(crate) fn read_json<T: serde::de::DeserializeOwned>(
    json: serde_json::Value,
) -> Result<T, Error> {
    serde_json::from_value(json)
        .map_err(|error| Error::invalid(format!("what was kept can't be read: {error}")))
}
