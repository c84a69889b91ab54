//! Answers, old and new: what the version that is served and the one that is proposed answered to
//! the same cases, as the runs say that were shared.

use crate::evaluating::SharedResults;
use crate::reading::Reading;
use crate::results::{expected_text, one_line};
use crate::views::{ComparedAnswer, ReviewAnswers};
use crate::{Error, Workbench, words};
use domain::dataset::Dataset;
use domain::ledger::Side;
use domain::project::Run;
use domain::{Digest, EnvironmentId, ProjectId, PromptId, RequestId, VersionId};
use evals::Cell;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Cases that a table shows; those that changed come first.
const SHOWN: usize = 200;
/// Datasets for which there is a table, those run last first.
const DATASETS: usize = 5;

/// One side of a table: its newest run, and what it answered case by case.
struct Column {
    words: String,
    passed: (u32, u32),
    cells: BTreeMap<u32, Cell>,
}

impl Workbench {
    /// What is served and what is proposed, case by case: one table for each dataset over which
    /// the proposed version was run and shared. What is missing here is fetched.
    ///
    /// # Errors
    /// There is no such request; results that are not on this computer can't be fetched now.
    pub async fn request_answers(
        &self,
        project: ProjectId,
        request: RequestId,
        environment: EnvironmentId,
        prompt: PromptId,
    ) -> Result<Vec<ReviewAnswers>, Error> {
        let reading = self.reading(project)?;
        let found = reading.find_request(request)?;
        let done = found.done(environment);
        let asked = found.asked().part(environment);
        let asked = asked
            .into_iter()
            .find(|change| reading.ahead.meant(change.prompt) == reading.ahead.meant(prompt));
        let steps = asked.map(|change| &change.steps);
        let sides = steps.and_then(|steps| steps.get(done).or(steps.last()));
        let Some(proposed) = sides.and_then(|sides| reading.newcomer(sides, environment, prompt))
        else {
            return Ok(Vec::new());
        };
        let served = reading
            .ahead
            .serving(environment, prompt)
            .and_then(|serving| serving.main_side())
            .map(|side| side.version);
        let mut tables = Vec::new();
        for (dataset, after) in reading.newest_runs(proposed) {
            let before = served.and_then(|version| reading.newest_run(version, &dataset));
            tables.push(
                self.answers_table(&reading, &dataset, before, after)
                    .await?,
            );
            if tables.len() == DATASETS {
                break;
            }
        }
        Ok(tables)
    }

    async fn answers_table(
        &self,
        reading: &Reading,
        dataset: &Digest,
        before: Option<&Run>,
        after: &Run,
    ) -> Result<ReviewAnswers, Error> {
        let left = match before {
            Some(run) => Some(self.column(reading, run).await?),
            None => None,
        };
        let right = self.column(reading, after).await?;
        if reading.store.content(dataset)?.is_none() {
            self.fetch(reading.project, dataset).await?;
        }
        let cases = reading.stored_dataset(dataset);
        let name = reading
            .ahead
            .datasets()
            .find(|known| known.contents.iter().any(|c| c.content == *dataset))
            .map_or("a dataset", |known| known.name.as_str());
        Ok(table(name, cases.as_ref(), left.as_ref(), &right))
    }

    async fn column(&self, reading: &Reading, run: &Run) -> Result<Column, Error> {
        if reading.store.content(&run.results)?.is_none() {
            self.fetch(reading.project, &run.results).await?;
        }
        let bytes = reading.store.content(&run.results)?.ok_or_else(|| {
            Error::not_found("the results can't be fetched now, or were redacted")
        })?;
        let results: SharedResults = serde_json::from_slice(&bytes)
            .map_err(|error| Error::invalid(format!("the results can't be read: {error}")))?;
        let cells = results.cells.into_iter().filter(|cell| cell.repeat == 0);
        Ok(Column {
            words: format!(
                "{} with {}, by {}",
                domain::rules::requests::words::version(&reading.ahead, run.version),
                run.summary.model,
                reading.person(run.by)
            ),
            passed: (run.summary.passed, run.summary.cases),
            cells: cells.map(|cell| (cell.case, cell)).collect(),
        })
    }
}

impl Reading {
    // The side that is new there, with the most weight.
    fn newcomer(
        &self,
        sides: &[Side],
        environment: EnvironmentId,
        prompt: PromptId,
    ) -> Option<VersionId> {
        let content = |version| self.ahead.version(version).map(|(_, v)| v.content);
        let served: Vec<_> = self
            .ahead
            .serving(environment, prompt)
            .map(|serving| {
                serving
                    .sides
                    .iter()
                    .filter_map(|side| content(side.version))
                    .collect()
            })
            .unwrap_or_default();
        let new = sides
            .iter()
            .filter(|side| content(side.version).is_some_and(|c| !served.contains(&c)));
        new.max_by_key(|side| side.weight).map(|side| side.version)
    }

    // The newest run of this content over each dataset, the newest first.
    fn newest_runs(&self, version: VersionId) -> Vec<(Digest, &Run)> {
        let mut found: Vec<(Digest, &Run)> = Vec::new();
        for run in self.runs_of(version) {
            if !found.iter().any(|(dataset, _)| *dataset == run.dataset) {
                found.push((run.dataset, run));
            }
        }
        found
    }

    fn newest_run(&self, version: VersionId, dataset: &Digest) -> Option<&Run> {
        self.runs_of(version).find(|run| run.dataset == *dataset)
    }

    fn runs_of(&self, version: VersionId) -> impl Iterator<Item = &Run> {
        let wanted = self.ahead.version(version).map(|(_, v)| v.content);
        self.ahead
            .runs()
            .rev()
            .map(|run| &**run)
            .filter(move |run| {
                wanted.is_some()
                    && self.ahead.version(run.version).map(|(_, v)| v.content) == wanted
            })
    }
}

fn table(
    dataset: &str,
    cases: Option<&Dataset>,
    before: Option<&Column>,
    after: &Column,
) -> ReviewAnswers {
    let nobody = BTreeMap::new();
    let left = before.map_or(&nobody, |column| &column.cells);
    let mut rows: Vec<ComparedAnswer> = after
        .cells
        .iter()
        .map(|(place, cell)| {
            let case = usize::try_from(*place)
                .ok()
                .and_then(|place| cases?.cases.get(place));
            let old = left.get(place);
            ComparedAnswer {
                case: *place,
                input_text: case.map_or_else(|| cell.case_id.clone(), one_line),
                inputs: case.map(crate::results::named_inputs).unwrap_or_default(),
                expected: case.and_then(expected_text),
                left: old.and_then(answer_of),
                right: answer_of(cell),
                left_pass: old.and_then(Cell::pass),
                right_pass: cell.pass(),
            }
        })
        .collect();
    let count = |wanted: fn(&ComparedAnswer) -> bool| rows.iter().filter(|row| wanted(row)).count();
    let worse = count(|row| row.left_pass == Some(true) && row.right_pass != Some(true));
    let better = count(|row| row.left_pass == Some(false) && row.right_pass == Some(true));
    let other = count(|row| row.left_pass == row.right_pass && row.left != row.right);
    let all = rows.len();
    // What got worse first, then what got better, then what merely reads otherwise.
    rows.sort_by_key(|row| {
        let rank = match (row.left_pass, row.right_pass) {
            (Some(true), Some(false) | None) => 3,
            (Some(false) | None, Some(true)) if row.left.is_some() => 2,
            _ if row.left != row.right => 1,
            _ => 0,
        };
        (Reverse(rank), row.case)
    });
    rows.truncate(SHOWN);
    let (passed, of) = after.passed;
    let words = match before {
        None => {
            format!("{passed} of {of} passed. What is served now was not run over these cases.")
        }
        Some(before) => format!(
            "{} of {} passed before, {passed} of {of} now: {} got worse, {} got better, {} answered otherwise",
            before.passed.0,
            before.passed.1,
            words::count(worse, "case", "cases"),
            better,
            other
        ),
    };
    ReviewAnswers {
        dataset: dataset.to_owned(),
        before: before.map(|column| column.words.clone()),
        after: after.words.clone(),
        words,
        left_out: u32::try_from(all - rows.len()).unwrap_or(u32::MAX),
        rows,
    }
}

fn answer_of(cell: &Cell) -> Option<String> {
    match (&cell.answer, &cell.failure) {
        (Some(answer), _) => Some(answer.graded_text()),
        (None, Some(failure)) => Some(format!("no answer: {}", failure.message)),
        (None, None) => None,
    }
}
