//! Carrying a run: it goes on in the background, and what comes is kept as it comes. One that was broken
//! off, or stopped, goes on where it was.

use crate::evaluating::{KeptEnd, progress_view, read_json};
use crate::preparing::{KeptPlan, Ready};
use crate::running::{Going, Lock};
use crate::trying::StoredAnswers;
use crate::views::{RunProgress, RunProgressed, RunView};
use crate::{Error, Event, Workbench};
use domain::{Digest, ProjectId, RunId};
use evals::{Answer, AnswerCache, Cell, Cost, Filled, NotKept, Progress, Sum};
use std::sync::Mutex;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How far the places of a case's repeats lie apart: no dataset has more cases.
pub(crate) const EACH_REPEAT: u32 = 100_000;
/// Calls at once, at most.
const MOST_AT_ONCE: u32 = 64;
/// How many finished cells are told together, and how long one waits for others.
const TOGETHER: usize = 64;
const WAIT: Duration = Duration::from_millis(150);

/// The answers of a run: kept together with the cells that they fill.
struct RunAnswers {
    answers: StoredAnswers,
    run: RunId,
    /// Those of a run that counts are held until it is recorded.
    hold: bool,
    failed: Mutex<Option<String>>,
}

impl AnswerCache for RunAnswers {
    fn get(&self, question: &Digest) -> Option<Answer> {
        self.answers.get(question)
    }

    fn put(&self, question: &Digest, answer: &Answer) {
        self.answers.put(question, answer);
    }

    fn keep_given(
        &self,
        answers: &[(Digest, &Answer)],
        cells: &[(usize, Cell)],
    ) -> Result<(), NotKept> {
        let kept: Vec<_> = answers
            .iter()
            .filter_map(|(digest, answer)| Some((*digest, StoredAnswers::kept(answer)?)))
            .collect();
        let given = store::GivenAnswers {
            answers: &kept,
            sources: &self.answers.sources,
            anew: self.answers.refresh,
            hold: self.hold,
        };
        let rows = cells.iter().map(|(column, cell)| row(*column, cell));
        let done = rows.collect::<Result<Vec<_>, _>>().and_then(|rows| {
            let now = crate::trying::now();
            Ok(self
                .answers
                .store
                .keep_given(self.run, &given, &rows, now)?)
        });
        done.map_err(|error: Error| {
            let words = error.to_string();
            crate::locked(&self.failed).get_or_insert(words.clone());
            NotKept(words)
        })
    }
}

/// A finished cell, kept already, on its way to the window.
struct Finished {
    progress: Progress,
    paid: Option<Cost>,
}

pub(crate) fn row(column: usize, cell: &Cell) -> Result<store::CaseResult, Error> {
    Ok(store::CaseResult {
        // Each asking has a place of its own, whatever the dataset.
        place: cell
            .case
            .saturating_add(cell.repeat.saturating_mul(EACH_REPEAT)),
        side: u32::try_from(column).unwrap_or(u32::MAX),
        result: serde_json::to_value(cell).map_err(|error| Error::invalid(error.to_string()))?,
    })
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
        // Taken first: nobody shall find it begun and carried by nobody.
        let lock = self.inner.runs.lock(run_folder(self), id).await?;
        self.store()
            .begin_run(project, id, &json, &ready.sources, self.now())?;
        self.leave_to_itself(project, id, ready, lock);
        self.run(project, id).await
    }

    /// Goes on with a run that was broken off or stopped: what it was answered stays, and is not asked
    /// again. Of a run that counts nothing at all is asked again, failures neither; of another, what
    /// failed is tried anew.
    ///
    /// # Errors
    /// It goes on already, came to its end or was recorded; or what it asks is not as it was.
    pub async fn resume_run(&self, project: ProjectId, run: RunId) -> Result<RunView, Error> {
        let local = self.store().run(run)?;
        if local.project != project {
            return Err(Error::not_found("this run is not in this project"));
        }
        let kept: KeptPlan = read_json(local.plan)?;
        let lock = self.inner.runs.lock(run_folder(self), run).await?;
        if kept.plan.counts.is_some() {
            let reading = self.reading(project)?;
            let announced = reading.ahead.announced_run(run);
            let announced = announced.ok_or_else(|| {
                Error::not_found("the announcement of this run is not on this computer")
            })?;
            if announced.came_to.is_some() {
                return Err(Error::invalid(
                    "this run was recorded: what came of it stands, and nothing can be added. Start a new one to ask again",
                ));
            }
        }
        let failed_too = kept.plan.counts.is_some();
        let mut filled = Vec::new();
        self.each_cell(run, |column, cell| {
            if failed_too || cell.answer.is_some() {
                filled.push((column, Filled::of(&cell)));
            }
        })?;
        let mut ready = self.prepare_again(project, &kept).await?;
        if filled.len() >= ready.run.total() && local.state == store::RunState::Done {
            return Err(Error::invalid(
                "this run came to its end: nothing is left to ask",
            ));
        }
        ready.run = ready.run.without(filled);
        self.store().resume_run(run, self.now())?;
        self.leave_to_itself(project, run, ready, lock);
        self.run(project, run).await
    }

    /// How far a run is, if somebody carries it: this process, or another one on this computer.
    pub(crate) fn going(&self, local: &store::LocalRun) -> Option<RunProgress> {
        if let Some(progress) = self.inner.runs.progress(local.id) {
            return Some(progress);
        }
        let elsewhere = local.state == store::RunState::Running
            && crate::running::is_carried(&run_folder(self), local.id);
        elsewhere.then(|| self.counted_up(local))
    }

    /// How far a run is, as its cells say.
    pub(crate) fn counted_up(&self, local: &store::LocalRun) -> RunProgress {
        let mut progress = RunProgress::default();
        let mut paid = Sum::default();
        // What can't be read is not counted; whoever opens the run is told why.
        let _ = self.each_cell(local.id, |_, cell| {
            progress.done += 1;
            progress.from_cache += u32::from(cell.from_cache && cell.failure.is_none());
            progress.calls += cell.attempts;
            progress.failed += u32::from(cell.failure.is_some());
            cell.paid.iter().for_each(|cost| paid.add(cost));
        });
        let total = read_json::<KeptPlan>(local.plan.clone()).map_or(0, |kept| kept.total);
        RunProgress {
            total: total.max(progress.done),
            cost_note: cost_words(&paid),
            ..progress
        }
    }

    fn leave_to_itself(&self, project: ProjectId, id: RunId, ready: Ready, lock: Lock) {
        let cancel = CancellationToken::new();
        let mut paid = Sum::default();
        let _ = self.each_cell(id, |_, cell| {
            cell.paid.iter().for_each(|cost| paid.add(cost));
        });
        self.inner.runs.begin(
            id,
            Going {
                cancel: cancel.clone(),
                progress: RunProgress {
                    total: ready.kept.total,
                    ..RunProgress::default()
                },
            },
        );
        let this = self.clone();
        tokio::spawn(async move {
            Box::pin(this.carry_run(project, id, ready, paid, cancel)).await;
            lock.release();
        });
    }

    async fn carry_run(
        &self,
        project: ProjectId,
        id: RunId,
        Ready { run, kept, sources }: Ready,
        paid: Sum,
        cancel: CancellationToken,
    ) {
        let most = kept.plan.concurrency.clamp(1, MOST_AT_ONCE);
        let concurrency = usize::try_from(most).unwrap_or(1);
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        let teller = tokio::spawn(self.clone().tell_cells(project, id, paid, receiver));
        let options = evals::Options {
            concurrency,
            ..evals::Options::default()
        };
        let counts = kept.plan.counts.is_some();
        let cache = RunAnswers {
            // Whoever could announce what was answered before could choose among answers.
            answers: StoredAnswers {
                refresh: counts,
                ..self.answers(&sources)
            },
            run: id,
            hold: counts,
            failed: Mutex::default(),
        };
        let on_cell = move |progress: &Progress, _: usize, cell: &Cell| {
            // Whoever tells it is gone only when the process ends.
            let _ = sender.send(Finished {
                progress: *progress,
                paid: cell.paid.clone(),
            });
        };
        let mut run = match self.listener(id) {
            Some(listener) => run.heard_by(listener),
            None => run,
        };
        let dataset = run.dataset();
        let ended = run.carry(&cache, &options, &on_cell, &cancel).await;
        drop((on_cell, run));
        let told = teller.await.map_err(|error| error.to_string());
        let not_kept = crate::locked(&cache.failed).clone();
        let out_of_reach = ended.out_of_reach.clone();
        let error = not_kept
            .clone()
            .or(told.as_ref().err().cloned())
            .or(out_of_reach.clone());
        let state = match (&error, ended.cancelled) {
            (Some(_), _) => store::RunState::Failed,
            (None, true) => store::RunState::Cancelled,
            (None, false) => store::RunState::Done,
        };
        let before = self.store().run(id).ok().and_then(|local| local.summary);
        let before: KeptEnd = before
            .and_then(|json| read_json(json).ok())
            .unwrap_or_default();
        let mut end = KeptEnd {
            progress: progress_view(ended.progress, &told.unwrap_or_default()),
            error,
            shared: before.shared,
        };
        if not_kept.is_none() {
            let judged = self
                .ask_judges(
                    (project, id),
                    &kept,
                    &dataset,
                    &cache.answers,
                    concurrency,
                    &cancel,
                )
                .await;
            let marked = self.take_marks(project, id, &kept, &dataset);
            match judged {
                Ok(judged) => end.progress = judged.with(end.progress),
                Err(error) => {
                    end.error.get_or_insert_with(|| error.to_string());
                }
            }
            if let Err(error) = marked {
                end.error.get_or_insert_with(|| error.to_string());
            }
        }
        // What could not be kept is no end: it can go on when there is room. Nor is a provider that is
        // out of reach.
        let over = not_kept.is_none() && out_of_reach.is_none();
        if let Some(counting) = kept.plan.counts.as_ref().filter(|_| over) {
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
        self.inner.runs.end(id);
        self.say(Event::RunProgress(RunProgressed {
            project,
            run: id,
            progress: end.progress,
        }));
        self.say_changed(project);
    }

    // Tells how far the run is, in groups: a window that is told of each of 50,000 cells draws
    // nothing else. Gives what was paid.
    async fn tell_cells(
        self,
        project: ProjectId,
        id: RunId,
        mut paid: Sum,
        mut cells: tokio::sync::mpsc::UnboundedReceiver<Finished>,
    ) -> Sum {
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
            group
                .iter()
                .filter_map(|finished| finished.paid.as_ref())
                .for_each(|cost| paid.add(cost));
            let last = group.last().map(|finished| finished.progress);
            let progress = progress_view(last.unwrap_or_default(), &paid);
            self.inner.runs.note(id, progress.clone());
            self.say(Event::RunProgress(RunProgressed {
                project,
                run: id,
                progress,
            }));
        }
        paid
    }
}

fn run_folder(bench: &Workbench) -> std::path::PathBuf {
    bench.home().join("runs")
}

/// What was paid so far; empty where nothing was, or no price is known.
pub(crate) fn cost_words(paid: &Sum) -> String {
    if paid.is_empty() {
        String::new()
    } else {
        format!("{paid} so far")
    }
}
