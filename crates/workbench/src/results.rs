//! Runs and answers as screens show them.

use crate::comparing::Resolved;
use crate::evaluating::{KeptEnd, SharedResults, read_json};
use crate::preparing::KeptPlan;
use crate::reading::Reading;
use crate::run_tables::{About, Table};
use crate::views::{ComparedAnswer, Ref, RunProgress, RunRow, RunState, RunView, State};
use crate::{Error, Workbench, words};
use domain::RunId;
use domain::dataset::{Case, Dataset};
use domain::graders::Grader;
use evals::{AnswerCache, Cell, Question};
use serde_json::Value;

/// Cases whose answers Compare shows.
const COMPARED: usize = 200;

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
                .map(|(label, outcome)| match outcome {
                    (_, 0) => format!("{label} nothing judged"),
                    (passed, all) => format!("{label} {passed} of {all}"),
                })
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
                words: match run.summary.cases {
                    0 => "not marked yet".to_owned(),
                    cases => format!("{} of {cases} passed", run.summary.passed),
                },
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
                // What waits for marks is neither.
                *all += u32::from(!cell.waits());
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
        let mut table = Table::new(kept.references(), kept.labels, kept.models);
        self.store().each_result(local.id, |side, cell: Cell| {
            table.draw(usize::try_from(side).unwrap_or(usize::MAX), &cell);
        })?;
        let dataset = reading.cases(&kept.dataset);
        let state = run_state(local.state, is_going);
        let about = About {
            id: local.id,
            title: kept.title,
            state,
            progress,
        };
        let mut view = table.view(about, dataset.as_deref(), self.now());
        for (column, note) in view.columns.iter_mut().zip(notes) {
            column.model_note = note;
        }
        if state != RunState::Running {
            view.summary = self
                .said(reading, local.id, crate::matrix::is_over(state))
                .await?;
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
        let dataset = reading.cases(&found.dataset);
        if let Some(dataset) = &dataset {
            let all = results.live.iter_mut().chain(&mut results.cells);
            self.with_marks(
                reading,
                (&found.dataset, found.by),
                &results.graders,
                dataset,
                all,
            )?;
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
        let references = live.into_iter().chain([found.version]);
        let labels = live.and(results.live_label).into_iter();
        let mut table = Table::new(
            references.map(|version| Ref::Version { version }).collect(),
            labels.chain([results.label]).collect(),
            // Both sides of a run that counts are asked by the same turns, each with its own model.
            live.map(|_| String::new())
                .into_iter()
                .chain([results.model])
                .collect(),
        );
        if live.is_some() {
            results.live.iter().for_each(|cell| table.draw(0, cell));
        }
        results.cells.iter().for_each(|cell| table.draw(own, cell));
        let about = About {
            id: run,
            title: results.title,
            state: RunState::Done,
            progress,
        };
        let mut view = table.view(about, dataset.as_deref(), self.now());
        view.summary = self.said(reading, run, true).await?;
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
