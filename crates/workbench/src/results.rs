//! Runs and answers as screens show them.

use crate::comparing::Resolved;
use crate::evaluating::{KeptEnd, SharedResults, read_json};
use crate::preparing::KeptPlan;
use crate::reading::Reading;
use crate::trying::day;
use crate::views::{
    ComparedAnswer, Ref, ResultCell, ResultRow, RunColumn, RunProgress, RunRow, RunState, RunView,
    State,
};
use crate::{Error, Workbench, words};
use domain::dataset::{Case, Dataset};
use domain::graders::Grader;
use domain::{Millis, RunId};
use evals::{AnswerCache, Cell, Question};
use serde_json::Value;
use std::collections::BTreeMap;

/// Cases whose answers Compare shows.
const COMPARED: usize = 200;

/// What a run's table is drawn from.
struct Table<'a> {
    references: Vec<Ref>,
    labels: Vec<String>,
    models: Vec<String>,
    dataset: Option<&'a Dataset>,
    cells: Vec<(usize, Cell)>,
}

impl Workbench {
    pub(crate) fn rows_of_runs(&self, reading: &Reading) -> Result<Vec<RunRow>, Error> {
        let mut rows = Vec::new();
        let mut shared_from_here = Vec::new();
        for local in self.store().runs(reading.project)? {
            let kept: KeptPlan = read_json(local.plan.clone())?;
            let end: KeptEnd = local
                .summary
                .clone()
                .map(read_json)
                .transpose()?
                .unwrap_or_default();
            let outcome = self.passed_of(&local, kept.labels.len())?;
            let words: Vec<_> = kept
                .labels
                .iter()
                .zip(outcome)
                .map(|(label, (passed, all))| format!("{label} {passed} of {all}"))
                .collect();
            rows.push(RunRow {
                id: local.id,
                title: kept.title,
                at: local.started,
                by: kept.by,
                state: run_state(local.state, self.going(&local).is_some()),
                words: words.join(", "),
                shared: reading.shared_state(&end.shared),
            });
            shared_from_here.extend(end.shared);
        }
        for run in reading
            .ahead
            .runs()
            .filter(|run| !shared_from_here.contains(&run.id))
        {
            let name = reading
                .ahead
                .version(run.version)
                .map(|(prompt, version)| {
                    format!(
                        "{} {}",
                        prompt.name,
                        reading.both().version_words(version.id)
                    )
                })
                .unwrap_or_default();
            rows.push(RunRow {
                id: run.id,
                title: name,
                at: run.at,
                by: reading.person(run.by),
                state: RunState::Done,
                words: format!("{} of {} passed", run.summary.passed, run.summary.cases),
                shared: reading.shared_state(&[run.id]),
            });
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.at));
        Ok(rows)
    }

    // What passed of each column, counted once for each time that the run changed.
    fn passed_of(&self, run: &store::LocalRun, columns: usize) -> Result<Vec<(u32, u32)>, Error> {
        if let Some(known) = self.inner.matrices.outcome(run.id, run.changed) {
            return Ok(known);
        }
        let mut outcome = vec![(0, 0); columns];
        self.store().each_result(run.id, |side, cell: Cell| {
            let side = usize::try_from(side).unwrap_or(usize::MAX);
            if let Some((passed, all)) = outcome.get_mut(side) {
                *passed += u32::from(cell.pass() == Some(true));
                *all += 1;
            }
        })?;
        let known = outcome.clone();
        self.inner.matrices.keep_outcome(run.id, run.changed, known);
        Ok(outcome)
    }

    pub(crate) async fn local_run_view(
        &self,
        reading: &Reading,
        local: &store::LocalRun,
        going: Option<RunProgress>,
    ) -> Result<RunView, Error> {
        let kept: KeptPlan = read_json(local.plan.clone())?;
        let end: KeptEnd = local
            .summary
            .clone()
            .map(read_json)
            .transpose()?
            .unwrap_or_default();
        let dataset = reading.stored_dataset(&kept.dataset);
        let cells = self.cells(local.id)?;
        let is_going = going.is_some();
        let progress = match going {
            Some(progress) => progress,
            // Broken off: it has no end that says how far it got.
            None if end.progress.total == 0 => self.counted_up(local),
            None => end.progress,
        };
        let notes = match is_going {
            true => Vec::new(),
            false => self.model_notes(reading.project, local.id),
        };
        let table = Table {
            references: kept.references(),
            labels: kept.labels,
            models: kept.models,
            dataset: dataset.as_ref(),
            cells,
        };
        let state = run_state(local.state, is_going);
        let mut view = table.view(local.id, kept.title, state, progress, self.now());
        for (column, note) in view.columns.iter_mut().zip(notes) {
            column.model_note = note;
        }
        if state != RunState::Running {
            view.summary = self.said(reading, local.id).await?;
        }
        view.error = end.error;
        view.shared = reading.shared_state(&end.shared);
        Ok(view)
    }

    pub(crate) async fn shared_run_view(
        &self,
        reading: &Reading,
        run: RunId,
    ) -> Result<RunView, Error> {
        let found = reading
            .ahead
            .runs()
            .find(|shared| shared.id == run)
            .ok_or_else(|| Error::not_found("this run is not on this computer"))?;
        for digest in [found.results, found.dataset] {
            if reading.store.content(&digest)?.is_none() {
                self.fetch(reading.project, &digest).await?;
            }
        }
        let bytes = reading.store.content(&found.results)?;
        let bytes = bytes.ok_or_else(|| {
            Error::not_found("the results can't be fetched now, or were redacted")
        })?;
        let mut results: SharedResults = serde_json::from_slice(&bytes)
            .map_err(|error| Error::invalid(format!("the results can't be read: {error}")))?;
        let dataset = reading.stored_dataset(&found.dataset);
        if let Some(dataset) = &dataset {
            let all = results.live.iter_mut().chain(&mut results.cells);
            self.with_marks(reading, &found.dataset, &results.graders, dataset, all)?;
        }
        let total = results.cells.len() + results.live.len();
        let total = u32::try_from(total).unwrap_or(u32::MAX);
        // What was asked by turns with it stands beside it.
        let live = found
            .announced
            .and_then(|id| reading.ahead.announced_run(id)?.live)
            .filter(|_| results.live_label.is_some())
            .map(|(version, _)| version);
        let own = usize::from(live.is_some());
        let progress = RunProgress {
            done: total,
            total,
            from_cache: total,
            calls: 0,
            failed: found.summary.failed,
            cost_note: String::new(),
            ..RunProgress::default()
        };
        let table = Table {
            references: live
                .into_iter()
                .chain([found.version])
                .map(|version| Ref::Version { version })
                .collect(),
            labels: live
                .and(results.live_label)
                .into_iter()
                .chain([results.label])
                .collect(),
            // Both sides of a run that counts are asked by the same turns, each with its own model.
            models: live
                .map(|_| String::new())
                .into_iter()
                .chain([results.model])
                .collect(),
            dataset: dataset.as_ref(),
            cells: live
                .map(|_| results.live.into_iter().map(|cell| (0, cell)))
                .into_iter()
                .flatten()
                .chain(results.cells.into_iter().map(|cell| (own, cell)))
                .collect(),
        };
        let mut view = table.view(run, results.title, RunState::Done, progress, self.now());
        view.summary = self.said(reading, run).await?;
        view.shared = reading.shared_state(&[run]);
        Ok(view)
    }

    /// What both sides of a comparison answered to the same cases, from the cache alone.
    pub(crate) fn answers_from_cache(
        &self,
        reading: &Reading,
        dataset: &Dataset,
        before: &Resolved,
        after: &Resolved,
    ) -> Result<(Vec<ComparedAnswer>, String), Error> {
        let cache = self.answers(&[]);
        let left = self.cached(reading, &cache, dataset, before)?;
        let right = self.cached(reading, &cache, dataset, after)?;
        let answers: Vec<_> = dataset
            .cases
            .iter()
            .take(COMPARED)
            .zip(left.into_iter().zip(right))
            .enumerate()
            .filter(|(_, (_, (left, right)))| left.is_some() || right.is_some())
            .map(|(place, (case, (left, right)))| {
                let pass = |answer: &Option<String>| {
                    let expected = case.expected.as_ref()?;
                    answer.as_ref().map(|answer| passes(answer, expected, case))
                };
                ComparedAnswer {
                    case: u32::try_from(place).unwrap_or(u32::MAX),
                    input_text: one_line(case),
                    inputs: named_inputs(case),
                    expected: expected_text(case),
                    left_pass: pass(&left),
                    right_pass: pass(&right),
                    left,
                    right,
                }
            })
            .collect();
        let note = match answers.len() {
            0 => {
                "Neither has answered these cases yet; run both in Evals to see their answers here."
                    .to_owned()
            }
            n => format!(
                "From the cache, {}: nothing was asked.",
                words::count(n, "case", "cases")
            ),
        };
        Ok((answers, note))
    }

    fn cached(
        &self,
        reading: &Reading,
        cache: &dyn AnswerCache,
        dataset: &Dataset,
        side: &Resolved,
    ) -> Result<Vec<Option<String>>, Error> {
        let kind = match &side.content.model {
            Some(model) => self
                .provider(&model.provider)?
                .map(|row| crate::trying::kind_of(&row)),
            None => None,
        };
        let Some(kind) = kind else {
            return Ok(vec![None; dataset.cases.len()]);
        };
        let answers = dataset.cases.iter().take(COMPARED).map(|case| {
            let question = Question::new(
                &side.content,
                &case.inputs,
                &|digest| reading.content(digest),
                kind,
            )
            .ok()?;
            let answer = cache.get(&question.digest().ok()?)?;
            Some(answer.graded_text())
        });
        Ok(answers.collect())
    }
}

// A run that nobody carries any more was broken off; what it had is kept.
pub(crate) fn run_state(state: store::RunState, going: bool) -> RunState {
    match state {
        store::RunState::Running if !going => RunState::BrokenOff,
        store::RunState::Running => RunState::Running,
        store::RunState::Done => RunState::Done,
        store::RunState::Cancelled => RunState::Cancelled,
        store::RunState::Failed => RunState::Failed,
    }
}

impl Reading {
    pub(crate) fn shared_state(&self, shared: &[RunId]) -> Option<State> {
        let first = shared.first()?;
        let accepted = self.accepted.runs().any(|run| run.id == *first);
        let waiting = self.ahead.runs().any(|run| run.id == *first);
        match (accepted, waiting) {
            (true, _) => Some(self.kept()),
            (false, true) => Some(State::Outbox),
            (false, false) => None,
        }
    }
}

impl Table<'_> {
    fn view(
        self,
        id: RunId,
        title: String,
        state: RunState,
        progress: RunProgress,
        now: Millis,
    ) -> RunView {
        let columns: Vec<RunColumn> = self
            .references
            .iter()
            .zip(&self.labels)
            .enumerate()
            .map(|(side, (reference, label))| {
                self.column(side, reference.clone(), label.clone(), now)
            })
            .collect();
        let rows = self.rows(columns.len());
        let summary = summary(&columns, &rows);
        RunView {
            id,
            title,
            state,
            progress,
            columns,
            rows,
            summary,
            error: None,
            shared: None,
        }
    }

    fn column(&self, side: usize, reference: Ref, label: String, now: Millis) -> RunColumn {
        let cells = || {
            self.cells
                .iter()
                .filter(|(column, _)| *column == side)
                .map(|(_, cell)| cell)
        };
        let answers = || cells().filter_map(|cell| cell.answer.as_ref());
        let sum = |of: &dyn Fn(&evals::Answer) -> u32| {
            answers().map(|answer| u64::from(of(answer))).sum::<u64>()
        };
        let cached = cells().filter(|cell| cell.from_cache).count();
        let all = cells().count();
        let model = answers()
            .map(|answer| answer.model.clone())
            .next()
            .unwrap_or_default();
        let newest = answers().map(|answer| answer.at).max();
        let paid: evals::Sum = cells().filter_map(|cell| cell.paid.as_ref()).collect();
        let cost_note = match (all, cached) {
            (0, _) => String::new(),
            (all, cached) if cached == all => {
                let when = newest
                    .map(|at| format!(" of {}", day(at, now)))
                    .unwrap_or_default();
                format!("all from the cache, answers{when} by {model}: cost nothing")
            }
            (_, cached) if paid.is_empty() => format!("{model}; {cached} from the cache"),
            (_, cached) => format!("{model}; cost {paid}; {cached} from the cache"),
        };
        let judged = cells().filter(|cell| cell.pass().is_some()).count();
        let passed = cells().filter(|cell| cell.pass() == Some(true)).count();
        RunColumn {
            reference,
            label,
            model: self.models.get(side).cloned().unwrap_or_default(),
            passed: u32::try_from(passed).unwrap_or(u32::MAX),
            total: u32::try_from(judged).unwrap_or(u32::MAX),
            cost_note,
            model_note: String::new(),
            tokens: sum(&|a| a.tokens_in.unwrap_or(0)) + sum(&|a| a.tokens_out.unwrap_or(0)),
            time_ms: sum(&|a| a.latency_ms),
        }
    }

    fn rows(&self, columns: usize) -> Vec<ResultRow> {
        let cases = self
            .dataset
            .map(|dataset| dataset.cases.as_slice())
            .unwrap_or_default();
        let most = self
            .cells
            .iter()
            .map(|(_, cell)| cell.case + 1)
            .max()
            .unwrap_or(0);
        let count = u32::try_from(cases.len()).unwrap_or(u32::MAX).max(most);
        let mut rows: Vec<ResultRow> = (0..count)
            .map(|place| {
                let case = usize::try_from(place)
                    .ok()
                    .and_then(|place| cases.get(place));
                ResultRow {
                    case: place,
                    input_text: case.map(one_line).unwrap_or_default(),
                    expected: case.and_then(expected_text),
                    cells: vec![None; columns],
                    differs: false,
                }
            })
            .collect();
        // Of a case that was asked again the worst answer is shown: it passed if it did each time.
        let mut asked: BTreeMap<(u32, usize), Vec<Asking>> = BTreeMap::new();
        for (side, cell) in &self.cells {
            let row = usize::try_from(cell.case)
                .ok()
                .and_then(|place| rows.get_mut(place));
            if let Some(slot) = row.and_then(|row| row.cells.get_mut(*side)) {
                let times = asked.entry((cell.case, *side)).or_default();
                times.push((cell.pass(), cell.mean()));
                let found = cell_view(cell);
                let worse = slot
                    .as_ref()
                    .is_none_or(|old| badness(&found) > badness(old));
                if worse {
                    *slot = Some(found);
                }
            }
        }
        for ((case, side), times) in asked.iter().filter(|(_, times)| times.len() > 1) {
            let row = usize::try_from(*case).ok();
            let row = row.and_then(|place| rows.get_mut(place));
            if let Some(Some(cell)) = row.and_then(|row| row.cells.get_mut(*side)) {
                together(cell, times);
            }
        }
        for row in &mut rows {
            let mut there = row.cells.iter().flatten();
            row.differs = there.next().is_some_and(|first| {
                there.any(|other| {
                    other.pass != first.pass
                        || (first.pass.is_none() && other.answer != first.answer)
                })
            });
        }
        // A run that has just begun has none to tell.
        rows.retain(|row| row.cells.iter().any(Option::is_some));
        rows
    }
}

// One of several askings of a case: whether it passed, and its score.
type Asking = (Option<bool>, Option<f64>);

// What is shown rather, of several answers to one case.
fn badness(cell: &ResultCell) -> u8 {
    match (&cell.error, cell.pass) {
        (Some(_), _) => 3,
        (None, Some(false)) => 2,
        (None, None) => 1,
        (None, Some(true)) => 0,
    }
}

// All askings of a case: the mean of their scores, and how often it passed.
fn together(cell: &mut ResultCell, times: &[Asking]) {
    let passed = times.iter().filter(|(pass, _)| *pass == Some(true)).count();
    let scores: Vec<f64> = times.iter().filter_map(|(_, score)| *score).collect();
    let number = u32::try_from(scores.len()).map(f64::from);
    if let Ok(number) = number
        && number > 0.0
    {
        cell.score = Some(scores.iter().sum::<f64>() / number);
    }
    if passed > 0 && passed < times.len() {
        cell.reason = format!("passed {passed} of {} times; {}", times.len(), cell.reason);
    }
}

fn cell_view(cell: &Cell) -> ResultCell {
    let failing = cell
        .scores
        .iter()
        .filter(|score| !score.pass)
        .map(|score| score.reason.clone());
    ResultCell {
        answer: cell
            .answer
            .as_ref()
            .map(evals::Answer::graded_text)
            .unwrap_or_default(),
        pass: cell.pass(),
        score: cell.mean(),
        reason: failing.collect::<Vec<_>>().join("; "),
        from_cache: cell.from_cache,
        error: cell.failure.as_ref().map(|failure| failure.message.clone()),
        latency_ms: cell.answer.as_ref().map_or(0, |answer| answer.latency_ms),
    }
}

// What the numbers say, and no more: how sure one can be of a difference comes with the gate.
fn summary(columns: &[RunColumn], rows: &[ResultRow]) -> String {
    match columns {
        [] => String::new(),
        [only]
            if only.total == 0
                && rows.iter().all(|row| {
                    let mut cells = row.cells.iter().flatten();
                    cells.all(|cell| cell.error.is_some())
                }) =>
        {
            format!("{} answered nothing.", only.label)
        }
        [only] if only.total == 0 => format!("{} answered; no grader judged.", only.label),
        [only] => format!("{} passed {} of {}.", only.label, only.passed, only.total),
        [first, .., last] => {
            let (mut better, mut worse) = (0, 0);
            for row in rows {
                let pass =
                    |cell: Option<&Option<ResultCell>>| cell.and_then(|cell| cell.as_ref()?.pass);
                match (pass(row.cells.first()), pass(row.cells.last())) {
                    (Some(false), Some(true)) => better += 1,
                    (Some(true), Some(false)) => worse += 1,
                    _ => {}
                }
            }
            format!(
                "{} passed {} of {}, {} passed {} of {}: {} better, {} worse. A difference of a few cases can be chance.",
                first.label,
                first.passed,
                first.total,
                last.label,
                last.passed,
                last.total,
                if better == 0 {
                    "none".to_owned()
                } else {
                    better.to_string()
                },
                if worse == 0 {
                    "none".to_owned()
                } else {
                    worse.to_string()
                },
            )
        }
    }
}

pub(crate) fn one_line(case: &Case) -> String {
    let values = case.inputs.values().map(text_of);
    values
        .collect::<Vec<_>>()
        .join(" · ")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// The inputs of a case by name, as text.
pub(crate) fn named_inputs(case: &Case) -> Vec<(String, String)> {
    let inputs = case.inputs.iter();
    inputs
        .map(|(name, value)| (name.clone(), text_of(value)))
        .collect()
}

pub(crate) fn expected_text(case: &Case) -> Option<String> {
    case.expected.as_ref().map(text_of)
}

pub(crate) fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn passes(answer: &str, expected: &Value, case: &Case) -> bool {
    let grader = Grader::Contains {
        all: vec![text_of(expected)],
        any: Vec::new(),
        none: Vec::new(),
        ignore_case: true,
    };
    domain::graders::grade(&grader, answer, case).is_ok_and(|score| score.pass)
}
