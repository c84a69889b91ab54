//! Carrying a run out: what the cache has, then the rest by turns, and everything judged.
//!
//! An answer is kept before anything else is asked: whatever ends the program, no more can have to be
//! paid for again than was under way at that moment.

use crate::ask::{Ear, patiently};
use crate::path::{AskedAtLast, Walk};
use crate::runner::{Put, Slot};
use crate::{
    Answer, AnswerCache, AskError, Cell, ColumnReport, Cost, Failure, Heard, NotKept, Options,
    Place, Progress, Run, RunReport, Sum,
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

/// How a run ended, without what it was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Where it got to.
    pub progress: Progress,
    /// It was stopped before its last cell.
    pub cancelled: bool,
    /// Why nothing more was asked: a provider gave no answer so often in a row that the next would
    /// get none either. The cells for which it gave none are not filled.
    pub out_of_reach: Option<String>,
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
        let mut columns: Vec<Vec<Cell>> = self.columns.iter().map(|_| Vec::new()).collect();
        for (column, cell) in std::mem::take(&mut self.already) {
            if let Some(cells) = columns.get_mut(column) {
                cells.push(cell);
            }
        }
        let columns = Mutex::new(columns);
        let keep = |progress: &Progress, column: usize, cell: &Cell| {
            if let Some(cells) = columns.lock().get_mut(column) {
                cells.push(cell.clone());
            }
            on_cell(progress, column, cell);
        };
        let ended = self.carry(cache, options, &keep, cancel).await;
        self.report(columns.into_inner(), ended)
    }

    /// The same without a report: every finished cell is handed to the cache to be kept, and told,
    /// and then let go. However many cells there are, it holds those that are under way.
    pub async fn carry(
        &mut self,
        cache: &dyn AnswerCache,
        options: &Options,
        on_cell: OnCell<'_>,
        cancel: &CancellationToken,
    ) -> Ended {
        let mut tally = Tally {
            progress: Progress {
                total: narrow(self.cells.len()),
                ..Progress::default()
            },
            on_cell,
        };
        self.take_filled(&mut tally);
        // Stopped by a person, or because nothing more would be answered.
        let (by_hand, cancel) = (cancel, &cancel.child_token());
        let mut unanswered: BTreeMap<usize, Unanswered> = BTreeMap::new();
        let mut out_of_reach = None;
        let this = &*self;
        let mut stopped = false;
        let open = this.look_up(cache, &mut tally, cancel).await;
        let mut open = open.unwrap_or_else(|NotKept(_)| {
            stopped = true;
            Vec::new()
        });
        open.reverse();
        let steps = &Steps::default();
        let at_once = options.concurrency.max(1);
        let mut asking = FuturesUnordered::new();
        loop {
            while asking.len() < at_once && !stopped && !cancel.is_cancelled() {
                let Some(group) = open.pop() else { break };
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
            stopped |= this.keep(&ready, cache, &mut tally).is_err();
        }
        if out_of_reach.is_none() && !stopped && !by_hand.is_cancelled() {
            let rest: Vec<Given> = unanswered.into_values().flat_map(|one| one.held).collect();
            stopped |= this.keep(&rest, cache, &mut tally).is_err();
        }
        let progress = tally.progress;
        Ended {
            progress,
            // Stopped after the last cell is finished, not stopped.
            cancelled: (stopped || by_hand.is_cancelled()) && progress.done < progress.total,
            out_of_reach,
        }
    }

    fn out_of_reach(&self, column: usize, unanswered: &Unanswered) -> Option<String> {
        let last = unanswered.held.last()?.result.as_ref().err()?;
        let label = self
            .columns
            .get(column)
            .map_or("", |one| one.label.as_str());
        Some(format!(
            "{label}: {}. After {UNANSWERED} questions in a row without an answer nothing more was asked; mend that and go on with the run",
            last.message.trim_end_matches(['.', '?'])
        ))
    }

    /// What an earlier beginning has filled stays as it is.
    fn take_filled(&mut self, tally: &mut Tally<'_>) {
        let mut filled = std::mem::take(&mut self.filled);
        self.cells.retain(|slot| {
            match filled.remove(&(slot.column, narrow(slot.case), slot.repeat)) {
                None => true,
                Some(filled) => {
                    tally.progress.calls += filled.attempts;
                    tally.count(filled.from_cache, filled.failed);
                    false
                }
            }
        });
    }

    fn keep(
        &self,
        given: &[Given],
        cache: &dyn AnswerCache,
        tally: &mut Tally<'_>,
    ) -> Result<(), NotKept> {
        let cells: Vec<(usize, Cell)> = given.iter().flat_map(|given| self.group(given)).collect();
        let answers: Vec<(Digest, &Answer)> = given
            .iter()
            .filter_map(|given| Some((given.question?, given.result.as_ref().ok()?)))
            .collect();
        if cells.is_empty() {
            return Ok(());
        }
        cache.keep_given(&answers, &cells)?;
        for (column, cell) in cells {
            tally.progress.calls += cell.attempts;
            tally.add(column, &cell);
        }
        Ok(())
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

    /// Who is asked for a cell in the end.
    pub(crate) fn asked_at_last(&self, slot: &Slot) -> Option<AskedAtLast<'_>> {
        self.columns.get(slot.column)?.path.asked_at_last()
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
    ) -> Result<Vec<Vec<usize>>, NotKept> {
        let mut open: Vec<Vec<usize>> = Vec::new();
        let mut known: HashMap<Digest, usize> = HashMap::new();
        for (batch, slots) in self.cells.chunks(BATCH).enumerate() {
            if cancel.is_cancelled() {
                return Ok(Vec::new());
            }
            let mut found: Vec<(usize, Cell)> = Vec::new();
            let digests: Vec<Digest> = slots
                .iter()
                .filter_map(|slot| match &slot.question {
                    Put::Question(digest, _) => Some(*digest),
                    Put::Path | Put::Nothing(_) => None,
                })
                .collect();
            let mut answers = cache.get_many(&digests).into_iter();
            for (place, slot) in slots.iter().enumerate() {
                let number = batch * BATCH + place;
                match &slot.question {
                    Put::Nothing(failure) => {
                        let failure = Err((**failure).clone());
                        found.push((slot.column, self.cell(slot, None, failure, None)));
                    }
                    Put::Path => match self.whole_path(slot, cache) {
                        Some(cell) => found.push((slot.column, cell)),
                        None => open.push(vec![number]),
                    },
                    Put::Question(digest, _) => match answers.next().flatten() {
                        Some(answer) => {
                            let asked = self.asked_at_last(slot);
                            let cost = asked.and_then(|asked| {
                                self.prices.cost(asked.provider, asked.model, &answer)
                            });
                            let mut cell = self.cell(slot, Some(*digest), Ok(answer), cost);
                            cell.from_cache = true;
                            found.push((slot.column, cell));
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
            if !found.is_empty() {
                cache.keep_given(&[], &found)?;
            }
            for (column, cell) in &found {
                tally.add(*column, cell);
            }
            // Grading takes time too: others on this thread get their turn.
            tokio::task::yield_now().await;
        }
        Ok(open)
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

    fn report(self, columns: Vec<Vec<Cell>>, ended: Ended) -> RunReport {
        RunReport {
            dataset: self.dataset_digest,
            graders: self.graders,
            columns: self
                .columns
                .into_iter()
                .zip(columns)
                .map(|(column, cells)| ColumnReport::new(column.label, column.digest, cells))
                .collect(),
            cancelled: ended.cancelled,
            out_of_reach: ended.out_of_reach,
            progress: ended.progress,
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
    on_cell: OnCell<'a>,
}

impl Tally<'_> {
    fn add(&mut self, column: usize, cell: &Cell) {
        self.count(cell.from_cache, cell.failure.is_some());
        (self.on_cell)(&self.progress, column, cell);
    }

    fn count(&mut self, from_cache: bool, failed: bool) {
        self.progress.done += 1;
        self.progress.from_cache += u32::from(from_cache && !failed);
        self.progress.failed += u32::from(failed);
    }
}

fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
