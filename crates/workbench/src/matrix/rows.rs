//! The rows of a matrix: which, in which order, and what stands in them.

use super::table::Table;
use crate::results::{expected_text, one_line};
use crate::views::{
    Difference, FilterCounts, MatrixCell, MatrixFilter, MatrixPage, MatrixQuery, MatrixRow,
    MatrixSort,
};
use crate::{Error, locked};
use evals::Cell;
use std::sync::Arc;

/// Characters of a text that a row shows.
const SHOWN: usize = 280;
/// Rows in one answer, at most.
const MOST: u32 = 500;

impl Table {
    /// Some of the rows that a query leaves.
    pub fn page(&self, query: &MatrixQuery, offset: u32, limit: u32) -> Result<MatrixPage, Error> {
        let order = match self.remembered(query) {
            Some(order) => order,
            None => {
                let order = Arc::new(self.order(query)?);
                *locked(&self.asked) = Some((query.clone(), Arc::clone(&order)));
                order
            }
        };
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let many = usize::try_from(limit.min(MOST)).unwrap_or(usize::MAX);
        let places: Vec<u32> = order.iter().skip(from).take(many).copied().collect();
        let cells = self.cells(&places)?;
        let base = usize::try_from(query.base).unwrap_or(0);
        Ok(MatrixPage {
            total: u32::try_from(order.len()).unwrap_or(u32::MAX),
            offset,
            rows: places
                .iter()
                .map(|place| self.row(*place, base, &cells))
                .collect(),
        })
    }

    fn order(&self, query: &MatrixQuery) -> Result<Vec<u32>, Error> {
        let base = usize::try_from(query.base).unwrap_or(0);
        let wanted = query.text.trim().to_lowercase();
        let answering = match wanted.is_empty() {
            true => None,
            false => Some(self.answering(&wanted)?),
        };
        let mut order: Vec<u32> = (0..self.cases())
            .filter(|case| self.passes(query.filter, *case, base))
            .filter(|case| {
                query
                    .tag
                    .as_ref()
                    .is_none_or(|tag| self.case(*case).is_some_and(|one| one.tags.contains(tag)))
            })
            .filter(|case| {
                let Some(answering) = &answering else {
                    return true;
                };
                answering.contains(case)
                    || self.case(*case).is_some_and(|one| {
                        one_line(one).to_lowercase().contains(&wanted)
                            || expected_text(one)
                                .is_some_and(|text| text.to_lowercase().contains(&wanted))
                    })
            })
            .collect();
        if query.sort == MatrixSort::Worst {
            order.sort_by_cached_key(|case| self.badness(*case, base));
        }
        Ok(order)
    }

    // What lost most comes first, then what scores least; what was never judged comes last.
    fn badness(&self, case: u32, base: usize) -> (i64, i64) {
        let before = self.mean(case, base);
        let sides = 0..self.columns();
        let change = sides
            .clone()
            .filter(|side| *side != base)
            .filter_map(|side| Some(self.mean(case, side)? - before?))
            .min();
        let score = sides.filter_map(|side| self.mean(case, side)).min();
        let last = i64::MAX;
        let change = match (change, self.columns()) {
            (None, 1) => 0,
            (change, _) => change.unwrap_or(last),
        };
        (change, score.unwrap_or(last))
    }

    fn passes(&self, filter: MatrixFilter, case: u32, base: usize) -> bool {
        let others = || (0..self.columns()).filter(|side| *side != base);
        let became = |wanted: &[Difference]| {
            others().any(|side| {
                self.difference(case, base, side)
                    .is_some_and(|one| wanted.contains(&one))
            })
        };
        match filter {
            MatrixFilter::All => true,
            MatrixFilter::Changed => {
                became(&[Difference::Better, Difference::Worse, Difference::Changed])
            }
            MatrixFilter::Worse => became(&[Difference::Worse]),
            MatrixFilter::Better => became(&[Difference::Better]),
            MatrixFilter::Failed => (0..self.columns())
                .any(|side| self.spots(case, side).any(|spot| spot.pass == Some(false))),
            MatrixFilter::Errors => (0..self.columns())
                .any(|side| self.spots(case, side).any(|spot| spot.answer.is_none())),
            MatrixFilter::Waiting => {
                (0..self.columns()).any(|side| self.spots(case, side).any(|spot| spot.waits))
            }
            MatrixFilter::Apart => {
                (0..self.columns()).any(|side| self.spots(case, side).any(|spot| spot.apart))
            }
            MatrixFilter::Flaky => {
                self.repeats() > 1 && (0..self.columns()).any(|side| self.wavers(case, side))
            }
        }
    }

    /// How many cases each filter leaves.
    pub fn counts(&self, base: usize) -> FilterCounts {
        let count = |filter| {
            let passing = (0..self.cases()).filter(|case| self.passes(filter, *case, base));
            u32::try_from(passing.count()).unwrap_or(u32::MAX)
        };
        FilterCounts {
            all: self.cases(),
            changed: count(MatrixFilter::Changed),
            worse: count(MatrixFilter::Worse),
            better: count(MatrixFilter::Better),
            failed: count(MatrixFilter::Failed),
            errors: count(MatrixFilter::Errors),
            flaky: count(MatrixFilter::Flaky),
            waiting: count(MatrixFilter::Waiting),
            apart: count(MatrixFilter::Apart),
        }
    }

    fn row(&self, place: u32, base: usize, cells: &[(usize, Cell)]) -> MatrixRow {
        let case = self.case(place);
        MatrixRow {
            case: place,
            input_text: case.map(|one| cut(&one_line(one))).unwrap_or_default(),
            expected: case.and_then(expected_text).map(|text| cut(&text)),
            tags: case.map(|one| one.tags.clone()).unwrap_or_default(),
            cells: (0..self.columns())
                .map(|side| {
                    let first = cells
                        .iter()
                        .find(|(column, cell)| *column == side && cell.case == place)?;
                    Some(self.cell(place, base, side, &first.1))
                })
                .collect(),
        }
    }

    fn cell(&self, place: u32, base: usize, side: usize, cell: &Cell) -> MatrixCell {
        let answer = match (&cell.failure, &cell.answer) {
            (Some(failure), _) => failure.message.clone(),
            (None, answer) => answer
                .as_ref()
                .map(evals::Answer::graded_text)
                .unwrap_or_default(),
        };
        let asked: Vec<_> = self.spots(place, side).collect();
        let passed = asked.iter().filter(|spot| spot.pass == Some(true)).count();
        MatrixCell {
            answer: cut(&answer),
            failed: cell.failure.is_some(),
            pass: cell.pass(),
            waiting: cell.waits(),
            score: cell.mean(),
            reason: cut(&reason(cell)),
            from_cache: cell.from_cache,
            latency_ms: cell.answer.as_ref().map_or(0, |answer| answer.latency_ms),
            asked: u32::try_from(asked.len()).unwrap_or(u32::MAX),
            passed: u32::try_from(passed).unwrap_or(u32::MAX),
            difference: match side == base {
                true => None,
                false => self.difference(place, base, side),
            },
        }
    }
}

/// Why an answer failed, in the graders' words.
fn reason(cell: &Cell) -> String {
    let failing = cell.scores.iter().filter(|score| !score.pass);
    let reasons: Vec<&str> = failing.map(|score| score.reason.as_str()).collect();
    reasons.join("; ")
}

// Long texts are whole only where one case is opened.
fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
