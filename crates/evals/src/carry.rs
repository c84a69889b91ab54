//! Carrying a run out: what the cache has, then the rest by turns, and everything judged.
//!
//! An answer is kept before anything else is asked: whatever ends the program, no more can have to be
//! paid for again than was under way at that moment.

use crate::ask::{Ear, patiently};
use crate::path::Walk;
use crate::runner::{Put, Slot};
use crate::{
    Answer, AnswerCache, AskError, Cell, ColumnReport, Cost, Failure, Heard, Options, Place,
    Progress, Run, RunReport, Sum,
};
use domain::Digest;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

/// How often the cache and the progress are looked after while nothing is asked.
const BATCH: usize = 256;

/// After so many questions of a column in a row to which its provider gave no answer, each asked as
/// patiently as any, the rest are not asked: an address that is wrong, a key that has expired.
const UNANSWERED: usize = 5;

/// Who is told of each finished cell, with its column.
type OnCell<'a> = &'a (dyn Fn(&Progress, usize, &Cell) + Send + Sync);

/// The answers of steps that several cells go through: the first asks, the others wait for it.
type Steps = Mutex<HashMap<Digest, Arc<OnceCell<Result<Answer, Failure>>>>>;

/// What came of one question, or of one path.
struct Given {
    slots: Vec<usize>,
    question: Option<Digest>,
    result: Result<Answer, Failure>,
    attempts: u32,
    cost: Option<Cost>,
    paid: Option<Cost>,
}

impl Given {
    fn is_of_the_provider(&self) -> bool {
        let failure = self.result.as_ref().err();
        failure.is_some_and(Failure::is_of_the_provider)
    }
}

/// What a column's provider has not answered since its last answer.
#[derive(Default)]
struct Unanswered {
    held: Vec<Given>,
}

impl Run {
    /// Runs. Every finished cell is reported at once (with its column); when it is stopped, what
    /// there is until then is the report.
    pub async fn start(
        mut self,
        cache: &dyn AnswerCache,
        options: &Options,
        on_cell: OnCell<'_>,
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
        self.take_already(&mut tally);
        // Stopped by a person, or because nothing more would be answered.
        let (by_hand, cancel) = (cancel, &cancel.child_token());
        let mut unanswered: BTreeMap<usize, Unanswered> = BTreeMap::new();
        let mut out_of_reach = None;
        let this = &self;
        let mut open = this.look_up(cache, &mut tally, cancel).await.into_iter();
        let steps = &Steps::default();
        let at_once = options.concurrency.max(1);
        let mut asking = FuturesUnordered::new();
        let mut stopped = false;
        loop {
            while asking.len() < at_once && !stopped && !cancel.is_cancelled() {
                let Some(group) = open.next() else { break };
                asking.push(this.ask(group, cache, options, steps, cancel));
            }
            let Some(first) = asking.next().await else {
                break;
            };
            // What came in together is kept together: a disk is waited for once, not for each.
            let mut given = vec![first];
            while given.len() < at_once {
                match asking.next().now_or_never() {
                    Some(Some(next)) => given.push(next),
                    _ => break,
                }
            }
            let mut ready: Vec<Given> = Vec::new();
            for one in given.into_iter().flatten() {
                let column = one.slots.first().and_then(|slot| this.cells.get(*slot));
                let column = column.map_or(0, |slot| slot.column);
                let before = unanswered.entry(column).or_default();
                if !one.is_of_the_provider() {
                    ready.append(&mut before.held);
                    ready.push(one);
                    continue;
                }
                before.held.push(one);
                if before.held.len() >= UNANSWERED && out_of_reach.is_none() {
                    out_of_reach = this.out_of_reach(column, before);
                    cancel.cancel();
                }
            }
            stopped |= !this.keep(&ready, cache, &mut tally);
        }
        if out_of_reach.is_none() && !stopped && !by_hand.is_cancelled() {
            let rest: Vec<Given> = unanswered.into_values().flat_map(|one| one.held).collect();
            stopped |= !self.keep(&rest, cache, &mut tally);
        }
        let mut report = self.report(tally, stopped || by_hand.is_cancelled());
        report.out_of_reach = out_of_reach;
        report
    }

    fn out_of_reach(&self, column: usize, unanswered: &Unanswered) -> Option<String> {
        let last = unanswered.held.last()?.result.as_ref().err()?;
        let label = self
            .columns
            .get(column)
            .map_or("", |one| one.label.as_str());
        Some(format!(
            "{label}: {}. After {UNANSWERED} questions in a row without an answer nothing more was asked; mend that and go on with the run",
            last.message.trim_end_matches('.')
        ))
    }

    /// What an earlier beginning has filled stays as it is.
    fn take_already(&mut self, tally: &mut Tally<'_>) {
        let mut already = std::mem::take(&mut self.already);
        self.cells.retain(|slot| {
            match already.remove(&(slot.column, narrow(slot.case), slot.repeat)) {
                None => true,
                Some(cell) => {
                    tally.progress.calls += cell.attempts;
                    tally.count(slot.column, cell);
                    false
                }
            }
        });
    }

    // Says whether it could be kept.
    fn keep(&self, given: &[Given], cache: &dyn AnswerCache, tally: &mut Tally<'_>) -> bool {
        let cells: Vec<(usize, Cell)> = given.iter().flat_map(|given| self.group(given)).collect();
        let answers: Vec<(Digest, &Answer)> = given
            .iter()
            .filter_map(|given| Some((given.question?, given.result.as_ref().ok()?)))
            .collect();
        if cells.is_empty() {
            return true;
        }
        if cache.keep_given(&answers, &cells).is_err() {
            return false;
        }
        for (column, cell) in cells {
            tally.progress.calls += cell.attempts;
            tally.add(column, cell);
        }
        true
    }

    // Cells that asked the same: the first paid, the others share its answer.
    fn group<'a>(&'a self, given: &'a Given) -> impl Iterator<Item = (usize, Cell)> + 'a {
        let slots = given.slots.iter().filter_map(|slot| self.cells.get(*slot));
        slots.enumerate().map(|(place, slot)| {
            let mut cell = self.cell(
                slot,
                given.question,
                given.result.clone(),
                given.cost.clone(),
            );
            if place == 0 {
                cell.attempts = given.attempts;
                cell.paid.clone_from(&given.paid);
                cell.from_cache = given.attempts == 0 && given.result.is_ok();
            } else {
                cell.from_cache = true;
            }
            (slot.column, cell)
        })
    }

    pub(crate) fn walk(&self, slot: &Slot) -> Option<Walk<'_>> {
        let path = &self.columns.get(slot.column)?.path;
        let case = self.dataset.cases.get(slot.case)?;
        Some(path.walk(&case.inputs, slot.repeat))
    }

    /// Goes a path to its end; nothing if it was stopped on the way.
    async fn ask(
        &self,
        slots: Vec<usize>,
        cache: &dyn AnswerCache,
        options: &Options,
        steps: &Steps,
        cancel: &CancellationToken,
    ) -> Option<Given> {
        let first = slots.first().and_then(|slot| self.cells.get(*slot))?;
        let mut walk = self.walk(first)?;
        let (mut attempts, mut costs, mut paid) = (0, Vec::new(), Vec::new());
        let (question, result) = loop {
            let next = match walk.next() {
                Ok(next) => next,
                Err(failure) => break (None, Err(failure)),
            };
            let (question, digest) = (&next.question, next.digest);
            let price = |answer: &Answer| {
                self.prices
                    .cost(&question.provider, &question.model, answer)
            };
            let mut asked = false;
            // The end of a path may be there although its beginning was not.
            let there = matches!(first.question, Put::Path) && walk.is_last();
            let there = there.then(|| cache.get(&digest)).flatten();
            let result = if let Some(there) = there {
                Ok(there)
            } else if walk.is_last() {
                asked = true;
                let place = self.listener.as_ref().map(|_| Place {
                    case: narrow(first.case),
                    column: narrow(first.column),
                    repeat: first.repeat,
                });
                let mut tell = |heard: Heard<'_>| {
                    if let (Some(listener), Some(place)) = (&self.listener, place) {
                        listener.tell(place, heard);
                    }
                };
                // A stream costs a little more than a whole answer: only where somebody watches.
                let ear = place.is_some().then_some(Ear::Again(&mut tell));
                let asked = patiently(question, &digest, next.provider, options, ear, cancel).await;
                tell(Heard::Ends);
                attempts += asked.attempts;
                match asked.result {
                    Err(AskError::Cancelled) => return None,
                    other => other.map_err(|error| Failure::from(&error)),
                }
            } else {
                let step = Arc::clone(steps.lock().entry(digest).or_default());
                let answer = step.get_or_try_init(async || {
                    if let Some(there) = cache.get(&digest) {
                        return Ok(Ok(there));
                    }
                    asked = true;
                    let asked =
                        patiently(question, &digest, next.provider, options, None, cancel).await;
                    attempts += asked.attempts;
                    match asked.result {
                        Err(AskError::Cancelled) => Err(()),
                        Err(error) => Ok(Err(Failure::from(&error))),
                        Ok(answer) => match cache.keep_given(&[(digest, &answer)], &[]) {
                            Ok(()) => Ok(Ok(Answer {
                                exchange: None,
                                ..answer
                            })),
                            Err(_) => Err(()),
                        },
                    }
                });
                match answer.await {
                    Err(()) => return None,
                    Ok(result) => result.clone(),
                }
            };
            if let Ok(answer) = &result {
                costs.push(price(answer));
                if asked {
                    paid.push(price(answer));
                }
            }
            match result {
                Ok(answer) if !walk.is_last() => walk.give(&answer),
                result if walk.is_last() => break (Some(digest), result),
                result => break (None, result.map_err(|failure| walk.because(failure))),
            }
        };
        Some(Given {
            slots,
            question,
            result,
            attempts,
            cost: together(costs),
            paid: together(paid),
        })
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
                .filter_map(|slot| match &slot.question {
                    Put::Question(_, digest) => Some(*digest),
                    Put::Path | Put::Nothing(_) => None,
                })
                .collect();
            let mut answers = cache.get_many(&digests).into_iter();
            for (place, slot) in slots.iter().enumerate() {
                let number = batch * BATCH + place;
                match &slot.question {
                    Put::Nothing(failure) => {
                        let cell = self.cell(slot, None, Err(failure.clone()), None);
                        tally.add(slot.column, cell);
                    }
                    Put::Path => match self.whole_path(slot, cache) {
                        Some(cell) => tally.add(slot.column, cell),
                        None => open.push(vec![number]),
                    },
                    Put::Question(question, digest) => match answers.next().flatten() {
                        Some(answer) => {
                            let cost =
                                self.prices
                                    .cost(&question.provider, &question.model, &answer);
                            let mut cell = self.cell(slot, Some(*digest), Ok(answer), cost);
                            cell.from_cache = true;
                            tally.add(slot.column, cell);
                        }
                        None => {
                            let group = *known.entry(*digest).or_insert_with(|| {
                                open.push(Vec::new());
                                open.len() - 1
                            });
                            if let Some(group) = open.get_mut(group) {
                                group.push(number);
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

    /// The cell of a path whose every answer is there.
    fn whole_path(&self, slot: &Slot, cache: &dyn AnswerCache) -> Option<Cell> {
        let mut walk = self.walk(slot)?;
        let mut costs = Vec::new();
        loop {
            let next = walk.next().ok()?;
            let answer = cache.get(&next.digest)?;
            let (provider, model) = (&next.question.provider, &next.question.model);
            costs.push(self.prices.cost(provider, model, &answer));
            if walk.is_last() {
                let mut cell = self.cell(slot, Some(next.digest), Ok(answer), together(costs));
                cell.from_cache = true;
                return Some(cell);
            }
            walk.give(&answer);
        }
    }

    fn cell(
        &self,
        slot: &Slot,
        question: Option<Digest>,
        result: Result<Answer, Failure>,
        cost: Option<Cost>,
    ) -> Cell {
        let case = self.dataset.cases.get(slot.case);
        let (answer, failure) = match result {
            // It is kept beside the answer already: a run of 50,000 would hold it all in memory.
            Ok(answer) => (
                Some(Answer {
                    exchange: None,
                    ..answer
                }),
                None,
            ),
            Err(failure) => (None, Some(failure)),
        };
        let scores = match &answer {
            Some(answer) => {
                let text = answer.graded_text();
                let answered = answer.answered(&text, cost.as_ref().map(|cost| cost.amount));
                self.panel.judge(&answered, &self.dataset, slot.case)
            }
            None => Vec::new(),
        };
        Cell {
            case: narrow(slot.case),
            case_id: case.map(|case| case.id.clone()).unwrap_or_default(),
            repeat: slot.repeat,
            question,
            answer,
            scores,
            judged: BTreeMap::new(),
            marks: BTreeMap::new(),
            cost,
            paid: None,
            from_cache: false,
            attempts: 0,
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
            out_of_reach: None,
            progress,
        }
    }
}

// The cost of all of them; nothing where one is not known, or they are in several currencies.
fn together(costs: Vec<Option<Cost>>) -> Option<Cost> {
    let costs: Vec<Cost> = costs.into_iter().collect::<Option<_>>()?;
    costs.iter().collect::<Sum>().single()
}

/// What has come in so far.
struct Tally<'a> {
    progress: Progress,
    columns: Vec<Vec<Cell>>,
    on_cell: OnCell<'a>,
}

impl Tally<'_> {
    fn add(&mut self, column: usize, cell: Cell) {
        let at = self.columns.get(column).map_or(0, Vec::len);
        self.count(column, cell);
        if let Some(cell) = self.columns.get(column).and_then(|cells| cells.get(at)) {
            (self.on_cell)(&self.progress, column, cell);
        }
    }

    fn count(&mut self, column: usize, cell: Cell) {
        self.progress.done += 1;
        self.progress.from_cache += u32::from(cell.from_cache && cell.failure.is_none());
        self.progress.failed += u32::from(cell.failure.is_some());
        if let Some(cells) = self.columns.get_mut(column) {
            cells.push(cell);
        }
    }
}

fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
