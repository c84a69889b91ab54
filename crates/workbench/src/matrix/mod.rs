//! A run as a matrix: what it says, its rows a page at a time, one case opened.
//!
//! A run of 50,000 cases over four versions has 200,000 answers. What is asked about all of them
//! (filters, the worst first, statistics) is answered from some numbers for each, which are read
//! once and kept while the run is looked at; texts are read for the rows in sight.

mod agreeing;
mod marking;
mod opened;
mod rows;
mod saying;
mod table;

use crate::carrying::cost_words;
use crate::evaluating::{KeptEnd, SharedResults, read_json};
use crate::preparing::KeptPlan;
use crate::reading::Reading;
use crate::results::run_state;
use crate::views::{
    MatrixPage, MatrixQuery, OpenedCase, Ref, RunOverview, RunProgress, RunState, State,
};
use crate::{Error, Workbench, locked};
use domain::suite::Measure;
use domain::{Millis, ProjectId, RunId};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use table::{Sheet, Source, Sums, Table};

pub(crate) use marking::LastMarked;

/// How many runs are kept as numbers.
const KEPT: usize = 2;
/// While a run goes on it is read again at most so often, and so many times rarer than it takes.
const AGAIN: Duration = Duration::from_millis(400);
const RARER: u32 = 8;

/// How a number is meant.
const NOTE: &str = "A range holds what is true of all cases like these 19 times out of 20. A case is one voice, however often it was asked, and near-duplicates are one together.";
const NO_LIKES: &str = "Here they are not looked for: there are too many cases.";
const LOOKING: &str = "Looking decides nothing: that is the gate's part.";

/// The runs that were looked at last, and what came of each run in a list.
#[derive(Default)]
pub(crate) struct Matrices {
    seen: Mutex<Vec<Seen>>,
    outcomes: Mutex<HashMap<RunId, (Millis, Outcome)>>,
}

/// For each column what passed, of how many.
type Outcome = Vec<(u32, u32)>;

struct Seen {
    run: RunId,
    stamp: Option<(Millis, store::RunState)>,
    table: Arc<Table>,
    read: Instant,
    took: Duration,
}

impl Matrices {
    fn find(&self, run: RunId, stamp: Option<(Millis, store::RunState)>) -> Option<Arc<Table>> {
        let seen = locked(&self.seen);
        let found = seen.iter().find(|one| one.run == run)?;
        let running = |stamp: Option<(Millis, store::RunState)>| {
            stamp.is_some_and(|(_, state)| state == store::RunState::Running)
        };
        let soon = found.read.elapsed() < AGAIN.max(found.took * RARER);
        let good = found.stamp == stamp || (running(found.stamp) && running(stamp) && soon);
        good.then(|| Arc::clone(&found.table))
    }

    /// What came of a run that last changed then.
    pub fn outcome(&self, run: RunId, changed: Millis) -> Option<Outcome> {
        let outcomes = locked(&self.outcomes);
        let (at, outcome) = outcomes.get(&run)?;
        (*at == changed).then(|| outcome.clone())
    }

    /// Keeps it.
    pub fn keep_outcome(&self, run: RunId, changed: Millis, outcome: Outcome) {
        locked(&self.outcomes).insert(run, (changed, outcome));
    }

    fn keep(&self, one: Seen) {
        let mut seen = locked(&self.seen);
        seen.retain(|other| other.run != one.run);
        seen.insert(0, one);
        seen.truncate(KEPT);
    }
}

// Half a run may say the opposite of the whole. What a person stopped is as whole as it will be.
pub(crate) fn is_over(state: RunState) -> bool {
    matches!(state, RunState::Done | RunState::Cancelled)
}

impl Workbench {
    /// A run without its rows: what it says against one of its columns.
    ///
    /// # Errors
    /// The run is not there, or its results can't be fetched now.
    pub async fn run_overview(
        &self,
        project: ProjectId,
        run: RunId,
        base: u32,
    ) -> Result<RunOverview, Error> {
        let reading = self.reading(project)?;
        // Before the store, as for `run`.
        let here = self.inner.runs.progress(run);
        self.marks_up_to_date(&reading, run).await?;
        let about = self.about(&reading, run, here)?;
        let table = self.table(&reading, run).await?;
        let now = self.now();
        let marks_to_share = about.shared.is_some() && self.marks_to_share(&reading, run)?;
        let notes = match about.state {
            RunState::Running => Vec::new(),
            _ => {
                let this = self.clone();
                off_the_way(move || Ok(this.model_notes(project, run))).await?
            }
        };
        off_the_way(move || {
            let side = usize::try_from(base).unwrap_or(0);
            let (base, side) = match side < table.columns() {
                true => (base, side),
                false => (0, 0),
            };
            let mut said = table.say(side, is_over(about.state), now)?;
            for (column, note) in said.columns.iter_mut().zip(notes) {
                column.model_note = note;
            }
            Ok(RunOverview {
                marks_to_share,
                id: run,
                title: table.sheet.title.clone(),
                dataset: table.sheet.dataset_id,
                state: about.state,
                progress: about
                    .progress
                    .unwrap_or_else(|| table.progress(about.total)),
                error: about.error,
                shared: about.shared,
                cases: table.cases(),
                repeats: table.repeats(),
                base,
                counts: table.counts(side),
                columns: said.columns,
                tags: said.tags,
                sentences: said.sentences,
                note: match table.looks_for_likes() {
                    true => format!("{NOTE} {LOOKING}"),
                    false => format!("{NOTE} {NO_LIKES} {LOOKING}"),
                },
                flaky: said.flaky,
            })
        })
        .await
    }

    /// Some rows of a run, as a query filters and sorts them; at most 500.
    ///
    /// # Errors
    /// The run is not there, or its results can't be fetched now.
    pub async fn run_rows(
        &self,
        project: ProjectId,
        run: RunId,
        query: MatrixQuery,
        offset: u32,
        limit: u32,
    ) -> Result<MatrixPage, Error> {
        let reading = self.reading(project)?;
        let table = self.table(&reading, run).await?;
        off_the_way(move || table.page(&query, offset, limit)).await
    }

    /// One case of a run, opened.
    ///
    /// # Errors
    /// The run or the case is not there, or its results can't be fetched now.
    pub async fn run_case(
        &self,
        project: ProjectId,
        run: RunId,
        case: u32,
        base: u32,
    ) -> Result<OpenedCase, Error> {
        let reading = self.reading(project)?;
        let table = self.table(&reading, run).await?;
        let base = usize::try_from(base).unwrap_or(0);
        let me = reading.person_here;
        off_the_way(move || table.open(case, base, me)).await
    }

    /// What a run says, in sentences: of one that is not `over` no more than it counts.
    pub(crate) async fn said(
        &self,
        reading: &Reading,
        run: RunId,
        over: bool,
    ) -> Result<String, Error> {
        let table = self.table(reading, run).await?;
        let now = self.now();
        let said = off_the_way(move || table.say(0, over, now)).await?;
        Ok(said.sentences.join(" "))
    }

    async fn table(&self, reading: &Reading, run: RunId) -> Result<Arc<Table>, Error> {
        let stamp = self.store().run_changed(run)?;
        if let Some(found) = self.inner.matrices.find(run, stamp) {
            return Ok(found);
        }
        let began = Instant::now();
        let (sheet, source) = match stamp {
            Some(_) => self.local_sheet(reading, run).await?,
            None => self.shared_sheet(reading, run).await?,
        };
        let table = Arc::new(off_the_way(move || Table::read(sheet, source)).await?);
        if let Some((changed, _)) = stamp {
            let answered = table.sums.iter().map(|sums| sums.answered.clone());
            let known = &self.inner.same_model;
            known.keep(run, changed, answered.collect());
        }
        self.inner.matrices.keep(Seen {
            run,
            stamp,
            table: Arc::clone(&table),
            read: Instant::now(),
            took: began.elapsed(),
        });
        Ok(table)
    }

    async fn local_sheet(&self, reading: &Reading, run: RunId) -> Result<(Sheet, Source), Error> {
        let kept: KeptPlan = read_json(self.store().run(run)?.plan)?;
        // What it answered is shown even where its cases were redacted or can't be fetched.
        let dataset = self.cases_at(reading, &kept.dataset).await;
        let dataset = dataset.unwrap_or_default();
        let score = kept
            .plan
            .counts
            .as_ref()
            .is_some_and(|counting| counting.score);
        let references = kept.references().into_iter().map(Some).collect();
        let sheet = Sheet {
            title: kept.title,
            references,
            labels: kept.labels,
            dataset_id: reading
                .ahead
                .dataset(kept.plan.dataset)
                .map(|found| found.id),
            dataset,
            graders: kept.plan.graders,
            measure: measure(score),
            copies: false,
        };
        Ok((sheet, Source::Local(self.store().clone(), run)))
    }

    async fn shared_sheet(&self, reading: &Reading, run: RunId) -> Result<(Sheet, Source), Error> {
        let found = reading
            .ahead
            .runs()
            .find(|shared| shared.id == run)
            .ok_or_else(|| Error::not_found("this run is not on this computer"))?;
        if reading.store.content(&found.results)?.is_none() {
            self.fetch(reading.project, &found.results).await?;
        }
        let bytes = reading.store.content(&found.results)?;
        let bytes = bytes.ok_or_else(|| {
            Error::not_found("the results can't be fetched now, or were redacted")
        })?;
        let mut results: SharedResults = serde_json::from_slice(&bytes)
            .map_err(|error| Error::invalid(format!("the results can't be read: {error}")))?;
        let dataset = self
            .cases_at(reading, &found.dataset)
            .await
            .unwrap_or_default();
        let all = results.live.iter_mut().chain(&mut results.cells);
        self.with_marks(
            reading,
            (&found.dataset, found.by),
            &results.graders,
            &dataset,
            all,
        )?;
        // What was asked by turns with it stands beside it.
        let live = found
            .announced
            .and_then(|id| reading.ahead.announced_run(id)?.live)
            .filter(|_| results.live_label.is_some())
            .map(|(version, _)| version);
        let own = usize::from(live.is_some());
        let mut cells: BTreeMap<u32, Vec<_>> = BTreeMap::new();
        let both = live
            .map(|_| results.live.into_iter().map(|cell| (0, cell)))
            .into_iter()
            .flatten()
            .chain(results.cells.into_iter().map(|cell| (own, cell)));
        for (side, cell) in both {
            cells.entry(cell.case).or_default().push((side, cell));
        }
        cells
            .values_mut()
            .for_each(|of_case| of_case.sort_by_key(|(side, cell)| (cell.repeat, *side)));
        let dataset_id = reading
            .ahead
            .datasets()
            .find(|one| one.contents.iter().any(|at| at.content == found.dataset))
            .map(|one| one.id);
        let sheet = Sheet {
            title: results.title,
            labels: live
                .and(results.live_label)
                .into_iter()
                .chain([results.label])
                .collect(),
            references: live
                .into_iter()
                .chain([found.version])
                .map(|version| Some(Ref::Version { version }))
                .collect(),
            dataset_id,
            dataset,
            graders: results.graders,
            measure: Measure::Pass,
            copies: false,
        };
        Ok((sheet, Source::Shared(cells)))
    }

    fn about(
        &self,
        reading: &Reading,
        run: RunId,
        here: Option<RunProgress>,
    ) -> Result<About, Error> {
        match self.store().run(run) {
            Ok(local) => {
                let going = here.or_else(|| self.going(&local));
                let state = run_state(local.state, going.is_some());
                let broken_off = going.is_none() && local.summary.is_none();
                let kept = read_json::<KeptPlan>(local.plan);
                let end: KeptEnd = local
                    .summary
                    .map(read_json)
                    .transpose()?
                    .unwrap_or_default();
                Ok(About {
                    state,
                    total: broken_off.then(|| kept.map_or(0, |kept| kept.total)),
                    // It has no end that says how far it got: its cells do.
                    progress: match broken_off {
                        true => None,
                        false => going.or(Some(end.progress)),
                    },
                    error: end.error,
                    shared: reading.shared_state(&end.shared),
                })
            }
            Err(store::StoreError::Unknown(_)) => Ok(About {
                state: RunState::Done,
                total: None,
                progress: None,
                error: None,
                shared: reading.shared_state(&[run]),
            }),
            Err(error) => Err(error.into()),
        }
    }
}

impl Table {
    // As the cells say. `total` is that of a run of this computer that was broken off; of one that
    // came from elsewhere all is here, and nothing was asked from here.
    fn progress(&self, total: Option<u32>) -> RunProgress {
        let sum = |of: fn(&Sums) -> u32| self.sums.iter().map(of).sum::<u32>();
        let done = sum(|sums| sums.cells);
        if let Some(total) = total {
            let mut paid = evals::Sum::default();
            self.sums.iter().for_each(|sums| paid.add_all(&sums.paid));
            return RunProgress {
                done,
                total: total.max(done),
                from_cache: sum(|sums| sums.found),
                calls: sum(|sums| sums.attempts),
                failed: sum(|sums| sums.failed),
                cost_note: cost_words(&paid),
                ..RunProgress::default()
            };
        }
        let total = done;
        RunProgress {
            done: total,
            total,
            from_cache: total,
            calls: 0,
            failed: self.counts(0).errors,
            cost_note: String::new(),
            ..RunProgress::default()
        }
    }
}

struct About {
    state: RunState,
    /// How many cells it fills, where it was broken off.
    total: Option<u32>,
    /// None: it was broken off, or came from elsewhere.
    progress: Option<RunProgress>,
    error: Option<String>,
    shared: Option<State>,
}

fn measure(score: bool) -> Measure {
    match score {
        true => Measure::Score,
        false => Measure::Pass,
    }
}

// Reading 200,000 answers is not done on a thread that others wait for.
async fn off_the_way<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(Error::invalid(format!("the run can't be shown: {error}"))),
    }
}
