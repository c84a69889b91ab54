//! Marks of people and the answers of runs: marks are kept by themselves, under what was asked, and
//! taken into every run that holds such an answer; those that came with a shared run are kept too.
//!
//! A run's cells carry their marks, as they carry what judges said. So they travel with its results,
//! and whoever has those comes to the same scores.

use crate::evaluating::{KeptEnd, SharedResults, read_json};
use crate::preparing::KeptPlan;
use crate::reading::Reading;
use crate::{Error, Workbench};
use domain::dataset::Dataset;
use domain::graders::{Grader, Panel, PersonMark, Scale, mark_questions, newest};
use domain::ledger::{Body, RunSummary};
use domain::{Digest, PersonId, ProjectId, RunId};
use evals::Cell;
use std::collections::BTreeMap;

/// Marks by what was asked.
pub(crate) type Marks = BTreeMap<Digest, Vec<PersonMark>>;

/// Results that are written together.
const TOGETHER: usize = 64;

/// All who judge the case at this place: the run's, the dataset's, its own.
pub(crate) fn graders_of<'a>(
    graders: &'a [Grader],
    dataset: &'a Dataset,
    place: u32,
) -> Vec<&'a Grader> {
    let case = usize::try_from(place).ok();
    let case = case.and_then(|place| dataset.cases.get(place));
    let own = case.into_iter().flat_map(|case| &case.graders);
    graders.iter().chain(&dataset.graders).chain(own).collect()
}

/// Gives an answer the marks that are about it; says whether any changed.
pub(crate) fn put(cell: &mut Cell, graders: &[Grader], dataset: &Dataset, marks: &Marks) -> bool {
    let place = usize::try_from(cell.case).unwrap_or(usize::MAX);
    let (Some(answer), Some(case)) = (&cell.answer, dataset.cases.get(place)) else {
        return false;
    };
    let asked = graders_of(graders, dataset, cell.case);
    let mut found = Marks::new();
    for question in mark_questions(&asked, &answer.graded_text(), case) {
        let Some(digest) = question.digest() else {
            continue;
        };
        let standing = newest(marks.get(&digest).into_iter().flatten().cloned());
        if !standing.is_empty() {
            found.insert(digest, standing);
        }
    }
    let changed = found != cell.marks;
    cell.marks = found;
    changed
}

/// Judges an answer once more, with what judges and people said to it.
pub(crate) fn judge_again(panel: &Panel, dataset: &Dataset, cell: &mut Cell) {
    let Some(answer) = &cell.answer else {
        return;
    };
    let text = answer.graded_text();
    let mut answered = answer.answered(&text, cell.cost.as_ref().map(|cost| cost.amount));
    answered.judged = Some(&cell.judged);
    answered.marks = Some(&cell.marks);
    let place = usize::try_from(cell.case).unwrap_or(usize::MAX);
    cell.scores = panel.judge(&answered, dataset, place);
}

/// Whether marks matter to what a run says: people are asked, or a judge is held against them.
pub(crate) fn matters(graders: &[Grader], dataset: &Dataset) -> bool {
    let own = dataset.cases.iter().flat_map(|case| &case.graders);
    let mut all = graders.iter().chain(&dataset.graders).chain(own);
    all.any(|grader| grader.asks_people() || grader.asks_a_model())
}

impl Workbench {
    /// Takes the marks that are here into a run of this computer.
    pub(crate) fn take_marks(
        &self,
        project: ProjectId,
        run: RunId,
        kept: &KeptPlan,
        dataset: &Dataset,
    ) -> Result<(), Error> {
        let graders = &kept.plan.graders;
        let marks = self.store().marks(project)?;
        if marks.is_empty() || !matters(graders, dataset) {
            return Ok(());
        }
        let mut changed: Vec<(usize, Cell)> = Vec::new();
        self.store().each_result(run, |side, mut cell: Cell| {
            if put(&mut cell, graders, dataset, &marks) {
                changed.push((usize::try_from(side).unwrap_or(usize::MAX), cell));
            }
        })?;
        let panel =
            Panel::prepare(graders, dataset).map_err(|error| Error::Evals(error.to_string()))?;
        let mut rows = Vec::with_capacity(changed.len());
        for (column, mut cell) in changed {
            // What counts for a gate is judged by its suite, in which people have no part.
            if kept.plan.counts.is_none() {
                judge_again(&panel, dataset, &mut cell);
            }
            rows.push(crate::carrying::row(column, &cell)?);
        }
        for group in rows.chunks(TOGETHER) {
            self.store().keep_results(run, group, self.now())?;
        }
        Ok(())
    }

    /// Takes into a run of this computer what was marked since it was last written: in another run
    /// with the same answers, or by somebody whose results came here.
    pub(crate) async fn marks_up_to_date(
        &self,
        reading: &Reading,
        run: RunId,
    ) -> Result<(), Error> {
        let Some((changed, state)) = self.store().run_changed(run)? else {
            return Ok(());
        };
        let running = state == store::RunState::Running;
        if running || !self.store().marked_since(reading.project, Some(changed))? {
            return Ok(());
        }
        let now = self.now();
        let kept: KeptPlan = read_json(self.store().run(run)?.plan)?;
        // Redacted, or not to be had: its answers can't be marked either.
        let Ok(dataset) = self.cases_at(reading, &kept.dataset).await else {
            return Ok(());
        };
        let (this, project) = (self.clone(), reading.project);
        let taken = tokio::task::spawn_blocking(move || {
            this.take_marks(project, run, &kept, &dataset)?;
            // Looked at now: not again before something is marked.
            Ok::<(), Error>(this.store().keep_results(run, &[], now)?)
        });
        match taken.await {
            Ok(done) => done,
            Err(error) => Err(Error::invalid(format!(
                "the marks can't be taken in: {error}"
            ))),
        }
    }

    /// Keeps the marks that came with a run of somebody else, and gives its answers all marks that
    /// are here.
    pub(crate) fn with_marks<'a>(
        &self,
        reading: &Reading,
        (source, by): (&Digest, PersonId),
        graders: &[Grader],
        dataset: &Dataset,
        cells: impl Iterator<Item = &'a mut Cell>,
    ) -> Result<(), Error> {
        let now = self.now();
        let mut cells: Vec<&mut Cell> = cells.collect();
        let came = cells.iter().flat_map(|cell| &cell.marks);
        let came: Vec<store::GivenMark> = came
            .flat_map(|(question, marks)| marks.iter().map(|mark| (*question, mark)))
            // What this person said comes from this person: others can only say what they said.
            .filter(|(_, mark)| Some(mark.person) != reading.person_here || mark.person == by)
            // A clock that runs ahead must not outlive what is marked after it.
            .filter(|(_, mark)| mark.at <= now && mark.name.chars().count() <= 200)
            .filter(|(_, mark)| mark.check(Scale::Thumb).is_ok() || mark.check(Scale::Five).is_ok())
            .map(|(question, mark)| store::GivenMark {
                question,
                mark: mark.clone(),
                source: *source,
            })
            .collect();
        self.store().keep_marks(reading.project, &came, now)?;
        if !self.store().marked_since(reading.project, None)? {
            return Ok(());
        }
        let marks = self.store().marks(reading.project)?;
        let panel = Panel::prepare(graders, dataset).ok();
        for cell in &mut cells {
            if put(cell, graders, dataset, &marks)
                && let Some(panel) = panel.as_ref().filter(|_| matters(graders, dataset))
            {
                judge_again(panel, dataset, cell);
            }
        }
        Ok(())
    }

    /// Whether marks came to this computer since a run was last shared from here or elsewhere, so that
    /// sharing it again has something to tell.
    pub(crate) fn marks_to_share(&self, reading: &Reading, run: RunId) -> Result<bool, Error> {
        let same = |one: &&std::sync::Arc<domain::project::Run>| one.announced.is_none();
        let mut all = reading.ahead.runs().filter(same);
        let shared = match self.store().run(run) {
            Ok(local) => {
                let end: KeptEnd = local
                    .summary
                    .map(read_json)
                    .transpose()?
                    .unwrap_or_default();
                all.rfind(|one| end.shared.contains(&one.id)).cloned()
            }
            Err(_) => all.find(|one| one.id == run).cloned(),
        };
        let Some(shared) = shared else {
            return Ok(false);
        };
        let Some(me) = reading.person_here else {
            return Ok(false);
        };
        let again = reading.ahead.runs().filter(|one| {
            one.by == me && one.version == shared.version && one.dataset == shared.dataset
        });
        let last = again.map(|one| one.at).max().unwrap_or(shared.at);
        Ok(self.store().marked_by(reading.project, me, last)?)
    }

    /// Shares a run that came from somebody else once more, with the marks that are here.
    pub(crate) async fn share_marks(&self, reading: &Reading, run: RunId) -> Result<(), Error> {
        let mut runs = reading.ahead.runs();
        let found = runs.find(|shared| shared.id == run);
        let found = found.ok_or_else(|| Error::not_found("this run is not on this computer"))?;
        if found.announced.is_some() {
            return Err(Error::invalid(
                "a run that counts stands as it was recorded: marks of it stay on this computer",
            ));
        }
        let lost = || Error::not_found("the results can't be fetched now, or were redacted");
        let bytes = reading.store.content(&found.results)?.ok_or_else(lost)?;
        let mut results: SharedResults = read_json(
            serde_json::from_slice(&bytes)
                .map_err(|error| Error::invalid(format!("the results can't be read: {error}")))?,
        )?;
        let dataset = self.cases_at(reading, &found.dataset).await?;
        let cells = results.cells.iter_mut();
        self.with_marks(
            reading,
            (&found.dataset, found.by),
            &results.graders,
            &dataset,
            cells,
        )?;
        let passed = results
            .cells
            .iter()
            .filter(|cell| cell.pass() == Some(true));
        let judged = results.cells.iter().filter(|cell| !cell.waits());
        let summary = RunSummary {
            passed: u32::try_from(passed.count()).unwrap_or(u32::MAX),
            cases: u32::try_from(judged.count()).unwrap_or(u32::MAX),
            ..found.summary.clone()
        };
        let (version, dataset) = (found.version, found.dataset);
        let mut act = self.act(reading.project)?;
        let results = act.content(domain::to_canonical(&results)?);
        act.command(Body::RecordRun {
            version,
            dataset,
            results,
            summary,
            counts: None,
        })?;
        act.send().await?;
        self.say_changed(reading.project);
        Ok(())
    }
}
