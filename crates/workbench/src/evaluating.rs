//! Runs: versions over a dataset, judged by graders; every answer kept, partial results too.

use crate::comparing::Resolved;
use crate::reading::Reading;
use crate::secrets::random_16;
use crate::trying::StoredAnswers;
use crate::views::{Estimate, RunPlan, RunProgress, RunProgressed, RunRow, RunView};
use crate::{Error, Event, Workbench, locked};
use domain::dataset::Dataset;
use domain::ledger::{Body, RunSummary};
use domain::{Digest, ProjectId, RunId};
use evals::{Cell, Column, Progress, Run};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
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
    pub fn all(&self) -> std::collections::BTreeSet<RunId> {
        locked(&self.0).keys().copied().collect()
    }
}

/// What is kept of a run beside its cells.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct KeptPlan {
    pub plan: RunPlan,
    pub title: String,
    pub labels: Vec<String>,
    pub models: Vec<String>,
    pub dataset: Digest,
    pub by: String,
}

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

pub(crate) struct Ready {
    run: Run,
    kept: KeptPlan,
    sources: Vec<Digest>,
}

impl Workbench {
    /// What a run would cost.
    ///
    /// # Errors
    /// The plan names what is not there. What merely keeps it from starting is in the answer.
    pub async fn estimate_run(&self, project: ProjectId, plan: RunPlan) -> Result<Estimate, Error> {
        let cannot = |note: String| Estimate {
            calls: 0,
            cached: 0,
            note,
            can_start: false,
        };
        if plan.versions.is_empty() {
            return Ok(cannot("Choose at least one version to run.".to_owned()));
        }
        let ready = match self.prepare(project, &plan).await {
            Ok(ready) => ready,
            Err(error @ (Error::Invalid(_) | Error::Evals(_) | Error::NotFound(_))) => {
                return Ok(cannot(error.to_string()));
            }
            Err(error) => return Err(error),
        };
        let estimate = ready.run.estimate(&self.answers(&ready.sources));
        let cached = estimate
            .cells
            .saturating_sub(estimate.calls + estimate.failed);
        let note = match (estimate.calls, cached) {
            (0, _) => {
                "Every answer is in the cache: nothing is asked, and it costs nothing.".to_owned()
            }
            (calls, 0) => format!(
                "{} to the model.",
                crate::words::count(calls, "call", "calls")
            ),
            (calls, cached) => format!(
                "{} to the model; {} come from the cache.",
                crate::words::count(calls, "call", "calls"),
                crate::words::count(cached, "answer", "answers")
            ),
        };
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Ok(Estimate {
            calls: narrow(estimate.calls),
            cached: narrow(cached),
            note,
            can_start: true,
        })
    }

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

    /// Begins a run under this id, and leaves it to itself.
    pub(crate) async fn carry_on(
        &self,
        project: ProjectId,
        id: RunId,
        ready: Ready,
    ) -> Result<RunView, Error> {
        let Ready { run, kept, sources } = ready;
        let json =
            serde_json::to_value(&kept).map_err(|error| Error::invalid(error.to_string()))?;
        self.store()
            .begin_run(project, id, &json, &sources, self.now())?;
        let cancel = CancellationToken::new();
        locked(&self.inner.runs.0).insert(id, (cancel.clone(), Progress::default()));
        let this = self.clone();
        tokio::spawn(async move {
            this.carry_run(project, id, Ready { run, kept, sources }, cancel)
                .await;
        });
        self.run(project, id).await
    }

    /// Stops a run; what it has is kept.
    ///
    /// # Errors
    /// None: a run that is over stays over.
    pub async fn cancel_run(&self, _project: ProjectId, run: RunId) -> Result<(), Error> {
        if let Some((cancel, _)) = locked(&self.inner.runs.0).get(&run) {
            cancel.cancel();
        }
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
        // Asked before the store: a run that ends in between is kept as ended before it is let go,
        // so that it is never taken for one that was broken off.
        let going = self.inner.runs.progress(run);
        match self.store().run(run) {
            Ok(local) => self.local_run_view(&reading, &local, going).await,
            Err(store::StoreError::Unknown(_)) => self.shared_run_view(&reading, run).await,
            Err(error) => Err(error.into()),
        }
    }

    /// Shares the results of a run with the team: one record for each saved version in it.
    ///
    /// # Errors
    /// The run holds no saved version, or its dataset is not in the project.
    pub async fn share_run(&self, project: ProjectId, run: RunId) -> Result<(), Error> {
        let local = self.store().run(run)?;
        let kept: KeptPlan = read_json(local.plan)?;
        if let Some(counting) = &kept.plan.counts {
            let shared = self.record_counted(project, run, &kept, counting).await?;
            return self.note_shared(project, run, local.state, local.summary, shared);
        }
        let cells = self.cells(run)?;
        let mut act = self.act(project)?;
        let mut shared = Vec::new();
        for (side, reference) in kept.plan.versions.iter().enumerate() {
            let Some(version) = act.reading.resolve(reference)?.version else {
                continue;
            };
            let column: Vec<Cell> = cells
                .iter()
                .filter(|(column, _)| *column == side)
                .map(|(_, cell)| cell.clone())
                .collect();
            let count = |test: &dyn Fn(&Cell) -> bool| {
                u32::try_from(column.iter().filter(|cell| test(cell)).count()).unwrap_or(u32::MAX)
            };
            let model = kept.models.get(side).cloned().unwrap_or_default();
            let (provider, model) = model.split_once('/').unwrap_or(("", &model));
            let summary = RunSummary {
                provider: provider.to_owned(),
                model: model.to_owned(),
                cases: u32::try_from(column.len()).unwrap_or(u32::MAX),
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
        shared: Vec<RunId>,
    ) -> Result<(), Error> {
        let end: KeptEnd = end.map(read_json).transpose()?.unwrap_or_default();
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

    pub(crate) async fn prepare(&self, project: ProjectId, plan: &RunPlan) -> Result<Ready, Error> {
        let reading = self.reading(project)?;
        let dataset = match &plan.counts {
            None => self.dataset_content(&reading, plan.dataset).await?,
            Some(counting) => self.cases_at(&reading, &counting.content).await?,
        };
        let dataset: Arc<Dataset> = Arc::new(dataset);
        let name = reading
            .ahead
            .dataset(plan.dataset)
            .map(|d| d.name.clone())
            .unwrap_or_default();
        let mut columns = Vec::new();
        let mut providers = BTreeMap::new();
        let (mut labels, mut models, mut sources, mut prompts) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for reference in &plan.versions {
            let Resolved {
                mut content,
                label,
                prompt,
                ..
            } = reading.resolve(reference)?;
            sources.push(content.encode()?.1);
            if let (Some(instead), Some(model)) = (&plan.instead, &mut content.model) {
                model.provider.clone_from(&instead.provider);
                model.model.clone_from(&instead.model);
            }
            if let Some(model) = &content.model {
                if !providers.contains_key(&model.provider) {
                    providers.insert(model.provider.clone(), self.provider_for(model)?);
                }
                models.push(format!("{}/{}", model.provider, model.model));
            } else {
                return Err(Error::invalid(format!(
                    "{label} names no model: choose one first"
                )));
            }
            prompts.extend(prompt.map(|id| crate::words::prompt(&reading.ahead, id)));
            labels.push(label.clone());
            columns.push(Column { label, content });
        }
        prompts.dedup();
        let title = format!("{} {} over {name}", prompts.join(", "), labels.join(", "));
        let run = Run::prepare(
            columns,
            Arc::clone(&dataset),
            &plan.graders,
            &providers,
            &|digest| reading.content(digest),
            plan.counts.as_ref().map_or(1, |counting| counting.repeats),
        )
        .map_err(|error| Error::Evals(error.to_string()))?;
        let digest = dataset
            .encode()
            .map_err(|error| Error::invalid(error.to_string()))?
            .1;
        sources.push(digest);
        let by = reading.my_name();
        let kept = KeptPlan {
            plan: plan.clone(),
            title,
            labels,
            models,
            dataset: digest,
            by,
        };
        Ok(Ready { run, kept, sources })
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

    pub(crate) fn answers(&self, sources: &[Digest]) -> StoredAnswers {
        StoredAnswers {
            store: self.store().clone(),
            sources: sources.to_vec(),
            refresh: false,
        }
    }

    pub(crate) fn cells(&self, run: RunId) -> Result<Vec<(usize, Cell)>, Error> {
        let rows = self.store().run_results(run)?;
        rows.into_iter()
            .map(|row| {
                Ok((
                    usize::try_from(row.side).unwrap_or(usize::MAX),
                    read_json(row.result)?,
                ))
            })
            .collect()
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

pub(crate) fn progress_view(progress: Progress) -> RunProgress {
    RunProgress {
        done: progress.done,
        total: progress.total,
        from_cache: progress.from_cache,
        calls: progress.calls,
        failed: progress.failed,
    }
}

pub(crate) fn read_json<T: serde::de::DeserializeOwned>(
    json: serde_json::Value,
) -> Result<T, Error> {
    serde_json::from_value(json)
        .map_err(|error| Error::invalid(format!("what was kept can't be read: {error}")))
}
