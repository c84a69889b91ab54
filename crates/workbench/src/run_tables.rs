//! A run with all its rows, drawn cell by cell: what a terminal prints and reports hold.

use crate::results::{expected_text, one_line};
use crate::views::{Ref, ResultCell, ResultRow, RunColumn, RunProgress, RunState, RunView};
use domain::dataset::Dataset;
use domain::{Millis, RunId};
use evals::Cell;
use std::collections::BTreeMap;

/// A run's table as it is drawn, cell by cell: of an answer that was drawn nothing else is held.
pub(crate) struct Table {
    columns: Vec<Column>,
    /// By case, then by column: what is shown, and each asking.
    rows: BTreeMap<u32, Vec<Drawn>>,
}

/// A column, and what is added up of its cells.
struct Column {
    reference: Ref,
    label: String,
    model: String,
    cells: usize,
    cached: usize,
    judged: u32,
    passed: u32,
    tokens: u64,
    time_ms: u64,
    /// The model of its first answer, as the provider named it.
    answered_by: Option<String>,
    newest: Option<Millis>,
    paid: evals::Sum,
}

/// A run without its table.
pub(crate) struct About {
    pub id: RunId,
    pub title: String,
    pub state: RunState,
    pub progress: RunProgress,
}

impl Table {
    /// A table without rows.
    pub fn new(references: Vec<Ref>, labels: Vec<String>, models: Vec<String>) -> Self {
        let mut models = models.into_iter();
        let columns = references.into_iter().zip(labels);
        Self {
            columns: columns
                .map(|(reference, label)| Column {
                    reference,
                    label,
                    model: models.next().unwrap_or_default(),
                    cells: 0,
                    cached: 0,
                    judged: 0,
                    passed: 0,
                    tokens: 0,
                    time_ms: 0,
                    answered_by: None,
                    newest: None,
                    paid: evals::Sum::default(),
                })
                .collect(),
            rows: BTreeMap::new(),
        }
    }

    /// Takes in a cell of a column.
    pub fn draw(&mut self, side: usize, cell: &Cell) {
        let columns = self.columns.len();
        let row = self.rows.entry(cell.case);
        let row = row.or_insert_with(|| vec![(None, Vec::new()); columns]);
        if let (Some(column), Some((shown, times))) =
            (self.columns.get_mut(side), row.get_mut(side))
        {
            column.add(cell);
            times.push((cell.pass(), cell.mean()));
            // Of a case that was asked again the worst answer is shown: it passed if it did each time.
            let found = cell_view(cell);
            let worse = shown
                .as_ref()
                .is_none_or(|old| badness(&found) > badness(old));
            if worse {
                *shown = Some(found);
            }
        }
    }

    /// The table with what it is about.
    pub fn view(self, about: About, dataset: Option<&Dataset>, now: Millis) -> RunView {
        let columns: Vec<RunColumn> = self
            .columns
            .into_iter()
            .map(|column| column.view(now))
            .collect();
        let cases = dataset.map_or(&[][..], |dataset| &dataset.cases);
        let rows = self.rows.into_iter().map(|(place, cells)| {
            let case = usize::try_from(place)
                .ok()
                .and_then(|place| cases.get(place));
            let cells = cells.into_iter().map(|(mut shown, times)| {
                if let Some(cell) = shown.as_mut().filter(|_| times.len() > 1) {
                    together(cell, &times);
                }
                shown
            });
            let cells: Vec<Option<ResultCell>> = cells.collect();
            ResultRow {
                case: place,
                input_text: case.map(one_line).unwrap_or_default(),
                expected: case.and_then(expected_text),
                differs: differs(&cells),
                cells,
            }
        });
        // A run that has just begun has none to tell.
        let rows: Vec<ResultRow> = rows
            .filter(|row| row.cells.iter().any(Option::is_some))
            .collect();
        let summary = summary(&columns, &rows);
        RunView {
            id: about.id,
            title: about.title,
            state: about.state,
            progress: about.progress,
            columns,
            rows,
            summary,
            error: None,
            shared: None,
        }
    }
}

fn differs(cells: &[Option<ResultCell>]) -> bool {
    let mut there = cells.iter().flatten();
    there.next().is_some_and(|first| {
        there.any(|other| {
            other.pass != first.pass || (first.pass.is_none() && other.answer != first.answer)
        })
    })
}

impl Column {
    fn add(&mut self, cell: &Cell) {
        self.cells += 1;
        self.cached += usize::from(cell.from_cache);
        let pass = cell.pass();
        self.judged += u32::from(pass.is_some());
        self.passed += u32::from(pass == Some(true));
        if let Some(paid) = &cell.paid {
            self.paid.add(paid);
        }
        if let Some(answer) = &cell.answer {
            let tokens = [answer.tokens_in, answer.tokens_out];
            self.tokens += tokens.into_iter().flatten().map(u64::from).sum::<u64>();
            self.time_ms += u64::from(answer.latency_ms);
            self.newest = self.newest.max(Some(answer.at));
            self.answered_by.get_or_insert_with(|| answer.model.clone());
        }
    }

    fn view(self, now: Millis) -> RunColumn {
        let model = self.answered_by.unwrap_or_default();
        let cells = (self.cells, self.cached);
        let cost_note = crate::prices::paid_words(&model, cells, self.newest, &self.paid, now);
        RunColumn {
            reference: self.reference,
            label: self.label,
            model: self.model,
            passed: self.passed,
            total: self.judged,
            cost_note,
            model_note: String::new(),
            tokens: self.tokens,
            time_ms: self.time_ms,
        }
    }
}

// A cell as it is shown, and all its askings.
type Drawn = (Option<ResultCell>, Vec<Asking>);

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
