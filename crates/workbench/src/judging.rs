//! Judges: once a run's answers are there, the models that its graders name are asked about them,
//! and the answers are judged with what they said.
//!
//! What a judge says is kept beside the answer, and travels with it: whoever has the run's results
//! comes to the same scores without asking anybody. It is in the cache like any answer.

use crate::carrying::row;
use crate::preparing::KeptPlan;
use crate::trying::StoredAnswers;
use crate::{Error, Workbench};
use domain::content::ModelSettings;
use domain::dataset::Dataset;
use domain::graders::{JudgeQuestion, Panel};
use domain::{Digest, RunId};
use evals::{Cell, Provider, Question};
use futures_util::StreamExt as _;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Results that are written together.
const TOGETHER: usize = 64;

impl Workbench {
    /// Asks the judges of a run about its answers, as far as there are answers and judges, and keeps
    /// the scores. What a judge can't be asked is a failed grading with the reason.
    pub(crate) async fn ask_judges(
        &self,
        run: RunId,
        kept: &KeptPlan,
        dataset: &Dataset,
        answers: &StoredAnswers,
        concurrency: usize,
        cancel: &CancellationToken,
    ) -> Result<(), Error> {
        let own = dataset.cases.iter().flat_map(|case| &case.graders);
        let mut graders = kept.plan.graders.iter().chain(&dataset.graders).chain(own);
        if !graders.any(domain::graders::Grader::asks_a_model) {
            return Ok(());
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
        let options = evals::Options {
            concurrency,
            ..evals::Options::default()
        };
        let asking = wanted.into_iter().map(|(digest, asked)| {
            let provider = providers.get(&(asked.provider.clone(), asked.model.clone()));
            let (options, provider) = (&options, provider.cloned());
            async move {
                let provider = provider?;
                let question = put(asked, &provider);
                let tried = evals::try_one(&question, &provider, answers, options, None, cancel);
                Some((digest, tried.await.ok()?.answer.text))
            }
        });
        let said: Vec<Option<(Digest, String)>> = futures_util::stream::iter(asking)
            .buffer_unordered(concurrency.max(1))
            .collect()
            .await;
        let said: BTreeMap<Digest, String> = said.into_iter().flatten().collect();
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
        Ok(())
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
            let settings = ModelSettings {
                provider: question.provider.clone(),
                model: question.model.clone(),
                parameters: BTreeMap::new(),
                other: Default::default(),
            };
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

/// The judge's question as any other is asked.
fn put(asked: JudgeQuestion, provider: &Provider) -> Question {
    Question {
        provider: asked.provider,
        kind: provider.kind(),
        model: asked.model,
        parameters: asked.parameters.into_iter().collect(),
        messages: vec![
            json!({"role": "system", "content": asked.system}),
            json!({"role": "user", "content": asked.user}),
        ],
        tools: Vec::new(),
        response_schema: Some(asked.schema),
        repeat: 0,
    }
}
