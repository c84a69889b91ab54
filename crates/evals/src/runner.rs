//! Versions × cases: finds what the cache has, asks for the rest, judges all.
//!
//! [`Run::prepare`] does what can be wrong before anything is asked: templates, graders,
//! providers. [`Run::start`] asks. A question that occurs twice is asked once.

use crate::ask::{Line, patiently};
use crate::question;
use crate::{
    Answer, AnswerCache, Cell, ColumnReport, Failure, Patience, Progress, Provider, Question,
    QuestionError, RunReport,
};
use domain::dataset::{Dataset, DatasetError};
use domain::graders::{Grader, GraderError, Panel};
use domain::template::{Includes, Problem, Template};
use domain::{CanonicalError, Digest, VersionContent};
use futures_util::StreamExt;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How a run goes about it.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Calls at once.
    pub concurrency: usize,
    /// How often each case is asked. Each repeat has an answer of its own in the cache.
    pub repeats: u32,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// How often, and after what pauses, it asks again.
    pub patience: Patience,
    /// Spreads the pauses; the same seed gives the same ones.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            concurrency: 8,
            repeats: 1,
            timeout: Duration::from_secs(120),
            patience: Patience::default(),
            seed: 0,
        }
    }
}

/// One version of a run.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name in the report.
    pub label: String,
    /// What is run. To run it with another model, put that in first.
    pub content: VersionContent,
}

/// Why a run can't begin.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A version's template can't be used.
    #[error("{label}: {}", .problems.first().map_or("its template can't be used", |p| p.message.as_str()))]
    Template {
        /// Which version.
        label: String,
        /// Everything that is wrong.
        problems: Vec<Problem>,
    },
    /// A version names no model.
    #[error("{label} names no model: choose one first")]
    NoModel {
        /// Which version.
        label: String,
    },
    /// A version names a provider that this machine doesn't know.
    #[error(
        "{label} asks “{provider}”, which is not set up on this computer: add it in the settings"
    )]
    NoProvider {
        /// Which version.
        label: String,
        /// The provider's name.
        provider: String,
    },
    /// A grader that can't be used.
    #[error(transparent)]
    Grader(#[from] GraderError),
    /// A dataset that can't be used.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// Content that JSON can't hold.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
}

/// A run that is ready to begin.
#[derive(Debug)]
pub struct Run {
    columns: Vec<Ready>,
    graders: Vec<Grader>,
    panel: Panel,
    dataset: Arc<Dataset>,
    dataset_digest: Digest,
    cells: Vec<Slot>,
}

#[derive(Debug)]
struct Ready {
    label: String,
    digest: Digest,
    provider: Arc<Provider>,
    /// Whether another asking could only give a copy.
    copies: bool,
}

/// One cell before it has an answer.
#[derive(Debug)]
struct Slot {
    column: usize,
    case: usize,
    repeat: u32,
    question: Result<(Question, Digest), Failure>,
}

/// What a run would cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Cells that would be filled.
    pub cells: usize,
    /// Questions that would be asked.
    pub calls: usize,
    /// Cells whose question can't even be put.
    pub failed: usize,
}

/// How often the cache and the progress are looked after while nothing is asked.
const BATCH: usize = 256;

impl Run {
    /// Fills every version in for every case.
    ///
    /// A case that lacks an input is a failed cell; a template, grader or provider that can't be used at
    /// all is an error.
    ///
    /// # Errors
    /// What has to be changed before anything can be asked.
    pub fn prepare(
        columns: Vec<Column>,
        dataset: Arc<Dataset>,
        graders: &[Grader],
        providers: &BTreeMap<String, Arc<Provider>>,
        includes: Includes<'_>,
        repeats: u32,
    ) -> Result<Self, RunError> {
        let panel = Panel::prepare(graders, &dataset)?;
        let dataset_digest = dataset.encode()?.1;
        let mut ready = Vec::with_capacity(columns.len());
        let mut cells = Vec::with_capacity(columns.len() * dataset.cases.len());
        for (number, Column { label, content }) in columns.into_iter().enumerate() {
            let digest = content.encode()?.1;
            let template = match Template::prepare(&content, includes) {
                Ok(template) => template,
                Err(problems) => return Err(RunError::Template { label, problems }),
            };
            let Some(settings) = &content.model else {
                return Err(RunError::NoModel { label });
            };
            let Some(provider) = providers.get(&settings.provider) else {
                return Err(RunError::NoProvider {
                    label,
                    provider: settings.provider.clone(),
                });
            };
            for (index, case) in dataset.cases.iter().enumerate() {
                let rendered = template.render(&case.inputs).map_err(QuestionError::from);
                for repeat in 0..repeats.max(1) {
                    let question = match &rendered {
                        Ok(rendered) => {
                            Question::rendered(&content, rendered, provider.kind(), repeat)
                                .and_then(|question| Ok((question.digest()?, question)))
                                .map(|(digest, question)| (question, digest))
                                .map_err(|error| Failure::from(&error))
                        }
                        Err(error) => Err(Failure::from(error)),
                    };
                    cells.push(Slot {
                        column: number,
                        case: index,
                        repeat,
                        question,
                    });
                }
            }
            ready.push(Ready {
                label,
                digest,
                provider: provider.clone(),
                copies: question::repeats_are_copies(settings),
            });
        }
        // By turns, case by case: what changes at the provider meanwhile meets all versions alike,
        // and a run that is broken off has asked them alike.
        cells.sort_by_key(|slot| (slot.repeat, slot.case, slot.column));
        Ok(Self {
            columns: ready,
            graders: graders.to_vec(),
            panel,
            dataset,
            dataset_digest,
            cells,
        })
    }

    /// The same with each case asked once where another asking could only give a copy.
    #[must_use]
    pub fn without_copies(mut self) -> Self {
        let columns = &self.columns;
        self.cells.retain(|slot| {
            let copies = columns.get(slot.column).is_some_and(|one| one.copies);
            slot.repeat == 0 || !copies
        });
        self
    }

    /// The columns to which repeats add nothing, by name.
    pub fn asked_once(&self) -> impl Iterator<Item = &str> {
        let once = self.columns.iter().filter(|column| column.copies);
        once.map(|column| column.label.as_str())
    }

    /// What it would cost now.
    #[must_use]
    pub fn estimate(&self, cache: &dyn AnswerCache) -> Estimate {
        let mut questions: Vec<Digest> = self
            .cells
            .iter()
            .filter_map(|slot| slot.question.as_ref().ok())
            .map(|(_, d)| *d)
            .collect();
        let failed = self.cells.len() - questions.len();
        questions.sort_unstable();
        questions.dedup();
        let calls = cache
            .get_many(&questions)
            .iter()
            .filter(|answer| answer.is_none())
            .count();
        Estimate {
            cells: self.cells.len(),
            calls,
            failed,
        }
    }

    /// Runs. Every finished cell is reported at once (with its column); when it is stopped, what
    /// there is until then is the report.
    pub async fn start(
        self,
        cache: &dyn AnswerCache,
        options: &Options,
        on_cell: &(dyn Fn(&Progress, usize, &Cell) + Send + Sync),
        cancel: &CancellationToken,
    ) -> RunReport {
        let mut tally = Tally {
            progress: Progress {
                total: narrow(self.cells.len()),
                ..Progress::default()
            },
            columns: self.columns.iter().map(|_| Vec::new()).collect(),
            on_cell,
        };
        let open = self.look_up(cache, &mut tally, cancel).await;
        let lines: HashMap<&str, Line> = self
            .columns
            .iter()
            .map(|column| (column.provider.name(), Line::default()))
            .collect();
        let this = &self;
        let lines = &lines;
        let mut asked = std::pin::pin!(
            futures_util::stream::iter(open)
                .map(|group| async move {
                    let first = group.first().and_then(|slot| this.cells.get(*slot));
                    let (slot, question, digest) = match first.map(|slot| (slot, &slot.question)) {
                        Some((slot, Ok((question, digest)))) => (slot, question, digest),
                        // Only cells with a question are left open.
                        _ => return None,
                    };
                    let provider = &this.columns.get(slot.column)?.provider;
                    let line = lines.get(provider.name())?;
                    let asked =
                        patiently(question, digest, provider, options, line, None, cancel).await;
                    Some((group, *digest, asked))
                })
                .buffer_unordered(options.concurrency.max(1))
                // What came in together is kept together: a disk is waited for once, not for each.
                .ready_chunks(options.concurrency.max(1))
        );
        while let Some(finished) = asked.next().await {
            let finished: Vec<_> = finished.into_iter().flatten().collect();
            let answers: Vec<_> = finished
                .iter()
                .filter_map(|(_, digest, asked)| Some((*digest, asked.result.as_ref().ok()?)))
                .collect();
            if !answers.is_empty() {
                cache.put_many(&answers);
            }
            for (group, _, asked) in finished {
                if matches!(asked.result, Err(crate::AskError::Cancelled)) {
                    continue;
                }
                tally.progress.calls += asked.attempts;
                let result = asked.result.map_err(|error| Failure::from(&error));
                this.add_group(&mut tally, group, &result, asked.attempts);
            }
        }
        self.report(tally, cancel.is_cancelled())
    }

    // Cells that asked the same: the first paid, the others share its answer.
    fn add_group(
        &self,
        tally: &mut Tally<'_>,
        group: Vec<usize>,
        result: &Result<Answer, Failure>,
        attempts: u32,
    ) {
        for (place, slot) in group
            .into_iter()
            .filter_map(|slot| self.cells.get(slot))
            .enumerate()
        {
            let (shared, attempts) = match place {
                0 => (false, attempts),
                _ => (true, 0),
            };
            tally.add(
                slot.column,
                self.cell(slot, result.clone(), shared, attempts),
            );
        }
    }

    /// Fills the cells whose answer is there; gives the others, grouped by question.
    async fn look_up(
        &self,
        cache: &dyn AnswerCache,
        tally: &mut Tally<'_>,
        cancel: &CancellationToken,
    ) -> Vec<Vec<usize>> {
        let mut open: Vec<Vec<usize>> = Vec::new();
        let mut known: HashMap<Digest, usize> = HashMap::new();
        for (batch, slots) in self.cells.chunks(BATCH).enumerate() {
            if cancel.is_cancelled() {
                return Vec::new();
            }
            let digests: Vec<Digest> = slots
                .iter()
                .filter_map(|slot| slot.question.as_ref().ok())
                .map(|(_, d)| *d)
                .collect();
            let mut answers = cache.get_many(&digests).into_iter();
            for (place, slot) in slots.iter().enumerate() {
                match &slot.question {
                    Err(failure) => {
                        tally.add(slot.column, self.cell(slot, Err(failure.clone()), false, 0));
                    }
                    Ok((_, digest)) => match answers.next().flatten() {
                        Some(answer) => {
                            tally.add(slot.column, self.cell(slot, Ok(answer), true, 0));
                        }
                        None => {
                            let group = *known.entry(*digest).or_insert_with(|| {
                                open.push(Vec::new());
                                open.len() - 1
                            });
                            if let Some(group) = open.get_mut(group) {
                                group.push(batch * BATCH + place);
                            }
                        }
                    },
                }
            }
            // Grading takes time too: others on this thread get their turn.
            tokio::task::yield_now().await;
        }
        open
    }

    fn cell(
        &self,
        slot: &Slot,
        result: Result<Answer, Failure>,
        from_cache: bool,
        attempts: u32,
    ) -> Cell {
        let case = self.dataset.cases.get(slot.case);
        let (answer, failure) = match result {
            Ok(answer) => (Some(answer), None),
            Err(failure) => (None, Some(failure)),
        };
        let scores = match &answer {
            Some(answer) => {
                let text = answer.graded_text();
                let answered = answer.answered(&text, None);
                self.panel.judge(&answered, &self.dataset, slot.case)
            }
            None => Vec::new(),
        };
        Cell {
            case: narrow(slot.case),
            case_id: case.map(|case| case.id.clone()).unwrap_or_default(),
            repeat: slot.repeat,
            question: slot.question.as_ref().ok().map(|(_, digest)| *digest),
            answer,
            scores,
            from_cache,
            attempts,
            failure,
        }
    }

    fn report(&self, tally: Tally<'_>, cancelled: bool) -> RunReport {
        let Tally {
            progress, columns, ..
        } = tally;
        RunReport {
            dataset: self.dataset_digest,
            graders: self.graders.clone(),
            columns: self
                .columns
                .iter()
                .zip(columns)
                .map(|(column, cells)| {
                    ColumnReport::new(column.label.clone(), column.digest, cells)
                })
                .collect(),
            // Stopped after the last cell is finished, not stopped.
            cancelled: cancelled && progress.done < progress.total,
            progress,
        }
    }
}

/// What has come in so far.
struct Tally<'a> {
    progress: Progress,
    columns: Vec<Vec<Cell>>,
    on_cell: &'a (dyn Fn(&Progress, usize, &Cell) + Send + Sync),
}

impl Tally<'_> {
    fn add(&mut self, column: usize, cell: Cell) {
        self.progress.done += 1;
        self.progress.from_cache += u32::from(cell.from_cache && cell.failure.is_none());
        self.progress.failed += u32::from(cell.failure.is_some());
        (self.on_cell)(&self.progress, column, &cell);
        if let Some(cells) = self.columns.get_mut(column) {
            cells.push(cell);
        }
    }
}

fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
