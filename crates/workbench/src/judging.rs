//! Judges: once a run's answers are there, the models that its graders name are asked about them,
//! and the answers are judged with what they said.
//!
//! What a judge says is kept beside the answer, and travels with it: whoever has the run's results
//! comes to the same scores without asking anybody. It is in the cache like any answer.

use crate::carrying::row;
use crate::preparing::{KeptPlan, Ready};
use crate::trying::StoredAnswers;
use crate::views::{RunProgress, RunProgressed};
use crate::{Error, Event, Workbench};
use domain::content::ModelSettings;
use domain::dataset::Dataset;
use domain::graders::{Grader, JudgeQuestion, Panel};
use domain::{Digest, ProjectId, RunId};
use evals::{AnswerCache, Cell, JudgesForeseen, Provider, Question, Sum};
use futures_util::StreamExt as _;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Results that are written together.
const TOGETHER: usize = 64;
/// After so many judgements it is told how far they are.
const TOLD: u32 = 8;

/// Who judges, by provider and model; none: nobody on this computer.
type Judges = BTreeMap<(String, String), Option<Arc<Provider>>>;

/// What judges were asked, beside what was there.
#[derive(Clone, Debug, Default)]
pub(crate) struct JudgesAsked {
    pub calls: u32,
    pub paid: Sum,
    /// How many answers they were asked about, of how many.
    pub judged: u32,
    pub to_judge: u32,
}

impl JudgesAsked {
    /// The progress of a run with what its judges took.
    pub fn with(&self, progress: RunProgress) -> RunProgress {
        let mut progress = RunProgress {
            judged: self.judged,
            to_judge: self.to_judge,
            ..progress
        };
        progress.calls = progress.calls.saturating_add(self.calls);
        if !self.paid.is_empty() {
            let judges = format!("{} for judging", self.paid);
            progress.cost_note = match progress.cost_note.as_str() {
                "" => judges,
                so_far => format!("{so_far}, {judges}"),
            };
        }
        progress
    }
}

/// Whether a model judges any answer of a run.
fn has_judges(graders: &[Grader], dataset: &Dataset) -> bool {
    let own = dataset.cases.iter().flat_map(|case| &case.graders);
    let mut all = graders.iter().chain(&dataset.graders).chain(own);
    all.any(Grader::asks_a_model)
}

fn settings_of(provider: &str, model: &str) -> ModelSettings {
    ModelSettings {
        provider: provider.to_owned(),
        model: model.to_owned(),
        parameters: BTreeMap::new(),
        other: Default::default(),
    }
}

impl Workbench {
    /// Asks the judges of a run about its answers, as far as there are answers and judges, and keeps
    /// the scores. What a judge can't be asked is a failed grading with the reason.
    pub(crate) async fn ask_judges(
        &self,
        (project, run): (ProjectId, RunId),
        kept: &KeptPlan,
        dataset: &Dataset,
        answers: &StoredAnswers,
        concurrency: usize,
        cancel: &CancellationToken,
    ) -> Result<JudgesAsked, Error> {
        let mut all = JudgesAsked::default();
        if !has_judges(&kept.plan.graders, dataset) {
            return Ok(all);
        }
        let panel = Panel::prepare(&kept.plan.graders, dataset)
            .map_err(|error| Error::Evals(error.to_string()))?;
        let cells = self.cells(run)?;
        // The same answer to the same case is judged once.
        let mut wanted: BTreeMap<Digest, JudgeQuestion> = BTreeMap::new();
        for (_, cell) in &cells {
            let asked = questions(&panel, dataset, cell).into_iter();
            wanted.extend(asked.filter(|(digest, _)| !cell.judged.contains_key(digest)));
        }
        let providers = self.judges(wanted.values())?;
        all.to_judge = u32::try_from(wanted.len()).unwrap_or(u32::MAX);
        self.tell_judging(project, run, &all);
        let prices = &self.price_table()?;
        let options = evals::Options {
            concurrency,
            ..evals::Options::default()
        };
        let asking = wanted.into_iter().map(|(digest, asked)| {
            let provider = providers.get(&(asked.provider.clone(), asked.model.clone()));
            let (options, provider) = (&options, provider.cloned());
            async move {
                let provider = provider?;
                let question = Question::of_judge(asked, &provider);
                let tried = evals::try_one(&question, &provider, answers, options, None, cancel);
                let tried = tried.await.ok()?;
                let cost = prices.cost(&question.provider, &question.model, &tried.answer);
                Some((digest, tried, cost))
            }
        });
        let mut coming =
            std::pin::pin!(futures_util::stream::iter(asking).buffer_unordered(concurrency.max(1)));
        let mut said: BTreeMap<Digest, String> = BTreeMap::new();
        while let Some(one) = coming.next().await {
            all.judged += 1;
            if let Some((digest, tried, cost)) = one {
                if !tried.from_cache {
                    all.calls += 1;
                    cost.iter().for_each(|cost| all.paid.add(cost));
                }
                said.insert(digest, tried.answer.text);
            }
            if all.judged % TOLD == 0 || all.judged == all.to_judge {
                self.tell_judging(project, run, &all);
            }
        }
        let mut rows = Vec::new();
        for (column, mut cell) in cells {
            for (digest, _) in questions(&panel, dataset, &cell) {
                if let Some(words) = said.get(&digest) {
                    cell.judged.insert(digest, words.clone());
                }
            }
            if cell.answer.is_none() {
                continue;
            }
            crate::marking::judge_again(&panel, dataset, &mut cell);
            rows.push(row(column, &cell)?);
        }
        for group in rows.chunks(TOGETHER) {
            self.store().keep_results(run, group, self.now())?;
        }
        Ok(all)
    }

    /// Says how far the judges of a run are.
    fn tell_judging(&self, project: ProjectId, run: RunId, asked: &JudgesAsked) {
        let Some(progress) = self.inner.runs.progress(run) else {
            return;
        };
        // What is noted says what answers took; what judges took is put to it each time anew.
        let told = asked.with(progress.clone());
        self.inner.runs.note(
            run,
            RunProgress {
                judged: told.judged,
                to_judge: told.to_judge,
                ..progress
            },
        );
        self.say(Event::RunProgress(RunProgressed {
            project,
            run,
            progress: told,
        }));
    }

    /// What the judges of a run would be asked; nothing where it has none.
    ///
    /// # Errors
    /// A judge is not set up on this computer.
    pub(crate) fn foresee_judges(
        &self,
        ready: &Ready,
        cache: &dyn AnswerCache,
    ) -> Result<JudgesForeseen, Error> {
        let dataset = ready.run.dataset();
        if !has_judges(&ready.kept.plan.graders, &dataset) {
            return Ok(JudgesForeseen::default());
        }
        let known: RefCell<Judges> = RefCell::default();
        let missing: RefCell<Option<Error>> = RefCell::default();
        let find = |provider: &str, model: &str| {
            let key = (provider.to_owned(), model.to_owned());
            let mut known = known.borrow_mut();
            let found = known.entry(key).or_insert_with(|| {
                let found = self.provider_for(&settings_of(provider, model));
                found
                    .map_err(|error| {
                        missing.borrow_mut().get_or_insert(error);
                    })
                    .ok()
            });
            found.clone()
        };
        let foreseen = ready.run.foresee_judges(cache, &find);
        match missing.into_inner() {
            Some(error) => Err(Error::invalid(format!(
                "a judge of this run can't be asked: {error}"
            ))),
            None => Ok(foreseen),
        }
    }

    // Whom these questions are for, by provider and model.
    fn judges<'a>(
        &self,
        questions: impl Iterator<Item = &'a JudgeQuestion>,
    ) -> Result<BTreeMap<(String, String), Arc<Provider>>, Error> {
        let mut found = BTreeMap::new();
        for question in questions {
            let key = (question.provider.clone(), question.model.clone());
            if found.contains_key(&key) {
                continue;
            }
            let settings = settings_of(&question.provider, &question.model);
            found.insert(key, self.provider_for(&settings)?);
        }
        Ok(found)
    }
}

fn questions(panel: &Panel, dataset: &Dataset, cell: &Cell) -> Vec<(Digest, JudgeQuestion)> {
    let Some(answer) = &cell.answer else {
        return Vec::new();
    };
    let place = usize::try_from(cell.case).unwrap_or(usize::MAX);
    let asked = panel.questions(&answer.graded_text(), dataset, place);
    let named = asked.into_iter();
    named
        .filter_map(|question| Some((question.digest()?, question)))
        .collect()
}
