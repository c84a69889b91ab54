//! One case of a run with all that was answered to it: the answers against each other, and why.

use super::marking::{asked, questions};
use super::table::Table;
use crate::Error;
use crate::results::{expected_text, named_inputs};
use crate::views::{GraderSaid, OneAnswer, OpenedCase, OpenedColumn};
use domain::PersonId;
use domain::diff::{Limits, compare_texts};
use domain::graders::Grader;
use evals::Cell;

impl Table {
    /// Opens a case.
    pub fn open(&self, place: u32, base: usize, me: Option<PersonId>) -> Result<OpenedCase, Error> {
        if place >= self.cases() {
            return Err(Error::not_found("this run has no such case"));
        }
        let case = self.case(place);
        let cells = self.cells(&[place])?;
        let first = |side: usize| {
            let mut of_it = cells.iter().filter(|(column, _)| *column == side);
            of_it.find_map(|(_, cell)| Some(cell.answer.as_ref()?.graded_text()))
        };
        let before = first(base);
        let graders: Vec<&Grader> = self
            .sheet
            .graders
            .iter()
            .chain(&self.sheet.dataset.graders)
            .chain(case.iter().flat_map(|one| &one.graders))
            .collect();
        let columns = self.sheet.labels.iter().enumerate().map(|(side, label)| {
            let askings = cells.iter().filter(|(column, _)| *column == side);
            OpenedColumn {
                label: label.clone(),
                difference: match side == base {
                    true => None,
                    false => self.difference(place, base, side),
                },
                diff: match (side == base, &before, first(side)) {
                    (false, Some(before), Some(after)) => {
                        Some(compare_texts(before, &after, Limits::default()).inline)
                    }
                    _ => None,
                },
                askings: askings
                    .map(|(_, cell)| self.asking(cell, &graders, me))
                    .collect(),
            }
        });
        Ok(OpenedCase {
            case: place,
            id: case.map(|one| one.id.clone()).unwrap_or_default(),
            inputs: case.map(named_inputs).unwrap_or_default(),
            expected: case.and_then(expected_text),
            tags: case.map(|one| one.tags.clone()).unwrap_or_default(),
            note: case.map(|one| one.note.clone()).unwrap_or_default(),
            columns: columns.collect(),
        })
    }

    fn asking(&self, cell: &Cell, graders: &[&Grader], me: Option<PersonId>) -> OneAnswer {
        let said = cell
            .scores
            .iter()
            .enumerate()
            .map(|(place, score)| GraderSaid {
                name: graders
                    .get(place)
                    .map(|one| one.title())
                    .unwrap_or_default(),
                pass: score.pass,
                value: score.value,
                reason: score.reason.clone(),
                waiting: score.waiting,
            });
        OneAnswer {
            answer: cell
                .answer
                .as_ref()
                .map(evals::Answer::graded_text)
                .unwrap_or_default(),
            error: cell.failure.as_ref().map(|failure| failure.message.clone()),
            pass: cell.pass(),
            score: cell.mean(),
            from_cache: cell.from_cache,
            latency_ms: cell.answer.as_ref().map_or(0, |answer| answer.latency_ms),
            model: cell
                .answer
                .as_ref()
                .map(|answer| answer.model.clone())
                .unwrap_or_default(),
            question: cell.question,
            graders: said.collect(),
            marks: questions(self, cell)
                .iter()
                .map(|(digest, wanted)| asked(*digest, wanted, cell.marks.get(digest), me))
                .collect(),
        }
    }
}
