//! What a run asks: versions × models over cases, with everything that can be wrong with it found
//! before it costs anything.

use crate::comparing::Resolved;
use crate::reading::Reading;
use crate::views::{Estimate, ModelChoice, Ref, RunPlan};
use crate::{Error, Workbench, words};
use domain::content::ModelSettings;
use domain::dataset::Dataset;
use domain::limits::{REPEATS, RUN_ANSWERS, RUN_COLUMNS};
use domain::rules::upstream::Beside;
use domain::{Digest, EnvironmentId, ProjectId, PromptId, VersionContent, VersionId};
use evals::{Before, Column, JudgesForeseen, Run};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is kept of a run beside its cells.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct KeptPlan {
    pub plan: RunPlan,
    pub title: String,
    /// By column.
    pub labels: Vec<String>,
    /// By column: provider/model.
    pub models: Vec<String>,
    pub dataset: Digest,
    pub by: String,
    /// By column; none in runs of a Galley that knew one model for each version.
    #[serde(default)]
    pub columns: Vec<KeptColumn>,
    /// How many cells it fills.
    #[serde(default)]
    pub total: u32,
}

/// One column as it was when the run began: an environment moves on, and a draft changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct KeptColumn {
    #[serde(rename = "ref")]
    pub reference: Ref,
    /// Everything that is asked, with the model that was chosen.
    pub content: Digest,
    /// The content itself where no version holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<Box<VersionContent>>,
    /// The model that was chosen for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelChoice>,
    /// The versions of the prompts whose output its inputs are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub before: BTreeMap<PromptId, VersionId>,
}

impl KeptPlan {
    /// What each column is.
    pub fn references(&self) -> Vec<Ref> {
        if self.columns.is_empty() {
            return self.plan.versions.clone();
        }
        let columns = self.columns.iter();
        columns.map(|column| column.reference.clone()).collect()
    }
}

/// A run that can begin.
pub(crate) struct Ready {
    pub run: Run,
    pub kept: KeptPlan,
    pub sources: Vec<Digest>,
}

/// One column before it is prepared.
struct Side {
    kept: KeptColumn,
    source: Digest,
    label: String,
    content: VersionContent,
    before: BTreeMap<PromptId, Before>,
}

impl Workbench {
    /// What a run would cost.
    ///
    /// # Errors
    /// The plan names what is not there. What merely keeps it from starting is in the answer.
    pub async fn estimate_run(&self, project: ProjectId, plan: RunPlan) -> Result<Estimate, Error> {
        let cannot = |note: String| Estimate {
            calls: 0,
            cached: 0,
            note,
            cost_note: String::new(),
            can_start: false,
        };
        if plan.versions.is_empty() {
            return Ok(cannot("Choose at least one version to run.".to_owned()));
        }
        let ready = match self.prepare(project, &plan).await {
            Ok(ready) => ready,
            Err(error @ (Error::Invalid(_) | Error::Evals(_) | Error::NotFound(_))) => {
                return Ok(cannot(error.to_string()));
            }
            Err(error) => return Err(error),
        };
        let cache = self.answers(&ready.sources);
        let judges = match self.foresee_judges(&ready, &cache) {
            Ok(judges) => judges,
            Err(error) => return Ok(cannot(error.to_string())),
        };
        let mut foreseen = ready.run.foresee(&cache);
        let estimate = foreseen.estimate;
        let cached = estimate
            .cells
            .saturating_sub(estimate.calls + estimate.failed);
        let failed = estimate.failed;
        if failed > 0 && failed == estimate.cells {
            return Ok(cannot(format!(
                "Nothing can be asked: {}",
                ready.run.first_failure().unwrap_or_default()
            )));
        }
        let mut note = match (estimate.calls, cached) {
            (0, 0) => "Nothing is to be asked.".to_owned(),
            (0, _) => {
                "Every answer is in the cache: nothing is asked, and it costs nothing.".to_owned()
            }
            (calls, 0) => format!("{} to the model.", words::count(calls, "call", "calls")),
            (calls, cached) => format!(
                "{} to the model; {} come from the cache.",
                words::count(calls, "call", "calls"),
                words::count(cached, "answer", "answers")
            ),
        };
        if failed > 0 {
            let why = ready.run.first_failure().unwrap_or_default();
            let failed = words::count(failed, "question", "questions");
            note = format!("{note} {failed} can't be put: {why}.");
        }
        if let Some(words) = judges_words(&judges) {
            note = format!("{note} {words}");
        }
        // What is paid is paid for both.
        foreseen.estimate.calls += judges.foreseen.estimate.calls;
        foreseen.cost.add_all(&judges.foreseen.cost);
        foreseen.unpriced.extend(judges.foreseen.unpriced.clone());
        if let Some(copies) = copies_words(&ready, &plan) {
            note = format!("{note} {copies}");
        }
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Ok(Estimate {
            calls: narrow(foreseen.estimate.calls),
            cached: narrow(cached),
            note,
            cost_note: crate::prices::foreseen_words(&foreseen),
            can_start: true,
        })
    }

    /// Makes a run of a plan, as things are now.
    pub(crate) async fn prepare(&self, project: ProjectId, plan: &RunPlan) -> Result<Ready, Error> {
        let reading = self.reading(project)?;
        let (dataset, repeats) = match &plan.counts {
            None => {
                let dataset = self.dataset_content(&reading, plan.dataset).await?;
                (dataset, plan.repeats)
            }
            Some(counting) => {
                let dataset = self.cases_at(&reading, &counting.content).await?;
                (dataset, counting.repeats)
            }
        };
        fits(plan, &dataset, repeats)?;
        let mut sides = Vec::new();
        let mut prompts = Vec::new();
        for (place, reference) in plan.versions.iter().enumerate() {
            let found = reading.resolve(reference)?;
            prompts.extend(found.prompt.map(|id| words::prompt(&reading.ahead, id)));
            // What counts is judged as it would be served.
            if plan.models.is_empty() || plan.counts.is_some() {
                let first = plan.counts.as_ref().map(|counting| {
                    let live = place + 1 < plan.versions.len();
                    let of_it = &counting.upstream;
                    let first = if live { &of_it.live } else { &of_it.proposed };
                    reading.beside(first)
                });
                let first = first.unwrap_or_default();
                let label = match reading.others_first(&first, plan) {
                    Some(others) => format!("{} with {others}", found.label),
                    None => found.label.clone(),
                };
                let mut side = side(reference, label, &found, None)?;
                reading.go_back(&mut side, environment(reference, plan), &first, &dataset);
                sides.push(side);
                continue;
            }
            for model in &plan.models {
                let label = format!("{} · {}", found.label, model_words(model, &plan.models));
                let mut side = side(reference, label, &found, Some(model))?;
                let none = Beside::new();
                reading.go_back(&mut side, environment(reference, plan), &none, &dataset);
                sides.push(side);
            }
        }
        prompts.dedup();
        let name = reading
            .ahead
            .dataset(plan.dataset)
            .map(|d| d.name.clone())
            .unwrap_or_default();
        let labels: Vec<_> = sides.iter().map(|side| side.label.clone()).collect();
        let title = format!("{} {} over {name}", prompts.join(", "), labels.join(", "));
        self.assemble(&reading, plan, title, sides, dataset, repeats)
    }

    /// Makes a run once more, as it was when it began.
    pub(crate) async fn prepare_again(
        &self,
        project: ProjectId,
        kept: &KeptPlan,
    ) -> Result<Ready, Error> {
        if kept.columns.is_empty() {
            return Err(Error::invalid(
                "this run was begun by an older Galley and can't go on. Run the same again: what it was answered is in the cache",
            ));
        }
        let reading = self.reading(project)?;
        let dataset = self.cases_at(&reading, &kept.dataset).await?;
        let counting = kept.plan.counts.as_ref();
        let repeats = counting.map_or(kept.plan.repeats, |counting| counting.repeats);
        let mut sides = Vec::new();
        for (place, column) in kept.columns.iter().enumerate() {
            let label = kept.labels.get(place).cloned().unwrap_or_default();
            let mut side = match &column.draft {
                Some(draft) => Side {
                    kept: column.clone(),
                    source: draft.encode()?.1,
                    label,
                    content: (**draft).clone(),
                    before: BTreeMap::new(),
                },
                None => {
                    let found = reading.resolve(&column.reference)?;
                    side(&column.reference, label, &found, column.model.as_ref())?
                }
            };
            if side.kept.content != column.content {
                return Err(Error::invalid(format!(
                    "{} is not what it was when this run began, so it can't go on",
                    side.label
                )));
            }
            side.before = reading.before(&column.before)?;
            side.kept = column.clone();
            sides.push(side);
        }
        let title = kept.title.clone();
        self.assemble(&reading, &kept.plan, title, sides, dataset, repeats)
    }

    fn assemble(
        &self,
        reading: &Reading,
        plan: &RunPlan,
        title: String,
        sides: Vec<Side>,
        dataset: Arc<Dataset>,
        repeats: u32,
    ) -> Result<Ready, Error> {
        let digest = dataset
            .encode()
            .map_err(|error| Error::invalid(error.to_string()))?
            .1;
        let mut providers = BTreeMap::new();
        let mut models = Vec::new();
        for side in &sides {
            let Some(model) = &side.content.model else {
                return Err(Error::invalid(format!(
                    "{} names no model: choose one first",
                    side.label
                )));
            };
            let steps = side.before.values();
            let steps = steps.filter_map(|before| before.content.model.as_ref());
            for model in steps.chain([model]) {
                if !providers.contains_key(&model.provider) {
                    providers.insert(model.provider.clone(), self.provider_for(model)?);
                }
            }
            models.push(format!("{}/{}", model.provider, model.model));
        }
        let mut sources: Vec<Digest> = sides.iter().map(|side| side.source).collect();
        for before in sides.iter().flat_map(|side| side.before.values()) {
            sources.push(before.content.encode()?.1);
        }
        sources.push(digest);
        let mut kept = KeptPlan {
            plan: plan.clone(),
            title,
            labels: sides.iter().map(|side| side.label.clone()).collect(),
            models,
            dataset: digest,
            by: reading.my_name(),
            columns: sides.iter().map(|side| side.kept.clone()).collect(),
            total: 0,
        };
        let columns = sides.into_iter().map(|side| Column {
            label: side.label,
            content: side.content,
            before: side.before,
        });
        let mut run = Run::prepare(
            columns.collect(),
            dataset,
            &plan.graders,
            &providers,
            &|digest| reading.content(digest),
            repeats,
        )
        .map_err(|error| Error::Evals(error.to_string()))?;
        // What counts is asked as often as its announcement says, whatever comes of it.
        if plan.counts.is_none() {
            run = run.without_copies();
        }
        run = run.at_prices(self.price_table()?);
        kept.total = u32::try_from(run.total()).unwrap_or(u32::MAX);
        Ok(Ready { run, kept, sources })
    }
}

fn side(
    reference: &Ref,
    label: String,
    found: &Resolved,
    model: Option<&ModelChoice>,
) -> Result<Side, Error> {
    let source = found.content.encode()?.1;
    let mut content = found.content.clone();
    if let Some(chosen) = model {
        let settings = content.model.get_or_insert_with(|| ModelSettings {
            provider: String::new(),
            model: String::new(),
            parameters: BTreeMap::new(),
            other: BTreeMap::new(),
        });
        settings.provider.clone_from(&chosen.provider);
        settings.model.clone_from(&chosen.model);
    }
    let reference = match found.version {
        Some(version) => Ref::Version { version },
        None => reference.clone(),
    };
    let draft = found.version.is_none();
    Ok(Side {
        kept: KeptColumn {
            reference,
            content: content.encode()?.1,
            draft: draft.then(|| Box::new(content.clone())),
            model: model.cloned(),
            before: BTreeMap::new(),
        },
        source,
        label,
        content,
        before: BTreeMap::new(),
    })
}

impl Reading {
    /// Finds what has to be asked before a column: for inputs that are another prompt's output and that
    /// some case does not hold itself. Of each prompt the version is taken that stands in `first`, else
    /// the one that the environment serves, or the latest where there is none.
    fn go_back(
        &self,
        side: &mut Side,
        served_in: Option<EnvironmentId>,
        first: &Beside,
        dataset: &Dataset,
    ) {
        let mut open = vec![side.content.clone()];
        while let Some(content) = open.pop() {
            for input in &content.inputs {
                let Some(prompt) = input.from else { continue };
                let held = |case: &domain::dataset::Case| case.inputs.contains_key(&input.name);
                if side.before.contains_key(&prompt) || dataset.cases.iter().all(held) {
                    continue;
                }
                let served = served_in.and_then(|place| self.ahead.baseline(place, prompt));
                let chosen = first.get(&self.ahead.meant(prompt)).copied();
                let served = chosen.or_else(|| served.map(|(version, _)| version));
                let latest = || {
                    self.ahead
                        .prompt(self.ahead.meant(prompt))?
                        .latest()
                        .map(|v| v.id)
                };
                let Some(version) = served.or_else(latest) else {
                    continue;
                };
                if let Some(before) = self.before_it(version) {
                    open.push(before.content.clone());
                    side.before.insert(prompt, before);
                    side.kept.before.insert(prompt, version);
                }
            }
        }
    }

    /// Versions by their prompts; what is not known here is left out.
    pub(crate) fn beside(&self, versions: &[VersionId]) -> Beside {
        let known = versions.iter().filter_map(|version| {
            let (prompt, _) = self.ahead.version(*version)?;
            Some((self.ahead.meant(prompt.id), *version))
        });
        known.collect()
    }

    // What is asked first otherwise than where it would be served, in words.
    fn others_first(&self, first: &Beside, plan: &RunPlan) -> Option<String> {
        let place = plan.counts.as_ref()?.environment;
        let content = |version: VersionId| Some(self.ahead.version(version)?.1.content);
        let other = first.iter().filter(|(prompt, version)| {
            let served = self.ahead.baseline(place, **prompt);
            served.map(|(_, content)| content) != content(**version)
        });
        let words: Vec<String> = other
            .map(|(_, version)| domain::rules::requests::words::version(&self.ahead, *version))
            .collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    fn before(
        &self,
        versions: &BTreeMap<PromptId, VersionId>,
    ) -> Result<BTreeMap<PromptId, Before>, Error> {
        let each = versions.iter().map(|(prompt, version)| {
            let before = self.before_it(*version).ok_or_else(|| {
                Error::not_found("a version that this run asks first is not here, or was redacted")
            })?;
            Ok((*prompt, before))
        });
        each.collect()
    }

    fn before_it(&self, version: VersionId) -> Option<Before> {
        let (prompt, found) = self.ahead.version(version)?;
        Some(Before {
            label: format!("{} {}", prompt.name, self.both().version_words(version)),
            content: self.content(&found.content)?,
        })
    }
}

// Where the prompts before it are looked for: where it would be served.
fn environment(reference: &Ref, plan: &RunPlan) -> Option<EnvironmentId> {
    match (&plan.counts, reference) {
        (Some(counting), _) => Some(counting.environment),
        (None, Ref::Environment { environment, .. }) => Some(*environment),
        (None, _) => None,
    }
}

// The provider is named where two of them have a model of this name.
pub(crate) fn model_words(model: &ModelChoice, among: &[ModelChoice]) -> String {
    let same = among.iter().filter(|other| other.model == model.model);
    if same.count() > 1 {
        format!("{}/{}", model.provider, model.model)
    } else {
        model.model.clone()
    }
}

fn fits(plan: &RunPlan, dataset: &Dataset, repeats: u32) -> Result<(), Error> {
    if repeats == 0 || repeats > REPEATS {
        return Err(Error::invalid(format!(
            "a run asks each case once to {REPEATS} times, not {repeats} times"
        )));
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = plan
        .models
        .iter()
        .find(|one| !seen.insert((&one.provider, &one.model)))
    {
        return Err(Error::invalid(format!(
            "{} of {} is chosen twice",
            twice.model, twice.provider
        )));
    }
    let columns = plan.versions.len() * plan.models.len().max(1);
    if columns > RUN_COLUMNS {
        return Err(Error::invalid(format!(
            "{columns} columns are too many: a run shows {RUN_COLUMNS} at most, versions times models"
        )));
    }
    let answers = columns * dataset.cases.len() * usize::try_from(repeats).unwrap_or(usize::MAX);
    if answers > RUN_ANSWERS {
        return Err(Error::invalid(format!(
            "{answers} answers are too many for one run: {RUN_ANSWERS} at most. Choose fewer versions, models, repeats or cases"
        )));
    }
    Ok(())
}

/// What judges will be asked, in words; nothing where there are none.
pub(crate) fn judges_words(judges: &JudgesForeseen) -> Option<String> {
    let (calls, cached) = (judges.foreseen.estimate.calls, judges.cached);
    let there = words::count(cached, "judgement", "judgements");
    match (calls, cached) {
        (0, 0) => None,
        (0, _) => Some(format!("{there} are there already.")),
        (calls, 0) => Some(format!(
            "Then {} to judge the answers.",
            words::count(calls, "call", "calls")
        )),
        (calls, _) => Some(format!(
            "Then {} to judge the answers; {there} are there already.",
            words::count(calls, "call", "calls")
        )),
    }
}

fn copies_words(ready: &Ready, plan: &RunPlan) -> Option<String> {
    if plan.repeats < 2 || plan.counts.is_some() {
        return None;
    }
    let copies: Vec<&str> = ready.run.asked_once().collect();
    let all = copies.len() == ready.kept.labels.len();
    match copies.as_slice() {
        [] => None,
        _ if all => Some(
            "Repeats add nothing here: at temperature 0 each would only be a copy, so each case is asked once.".to_owned(),
        ),
        some => Some(format!(
            "Repeats add nothing to {}: at temperature 0 each would only be a copy, so it is asked once.",
            some.join(", ")
        )),
    }
}
