//! The sample project's files hold together: steps, contents, datasets, and an answer for every
//! question that a first start may ask without a network.

use crate::sample_files::{AnswerLine, Sample};
use domain::dataset::Dataset;
use domain::template::check;
use evals::{AnswerCache, Column, MemoryCache, Options, Provider, Run};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

#[test]
fn it_is_a_teams_work() {
    let sample = Sample::load();
    let prompts: BTreeSet<_> = sample
        .versions
        .keys()
        .map(|(prompt, _)| prompt.as_str())
        .collect();
    assert!(prompts.len() >= 5, "{prompts:?}");
    let authors: BTreeSet<_> = sample
        .project
        .steps
        .iter()
        .filter_map(|step| Some(step.save.as_ref()?.by.as_str()))
        .collect();
    let people: BTreeSet<_> = sample
        .project
        .people
        .iter()
        .map(|person| person.name.as_str())
        .collect();
    assert_eq!(authors, people);
    assert!(
        sample
            .project
            .steps
            .iter()
            .any(|step| step.revert.is_some())
    );
    for ((prompt, version), content) in &sample.versions {
        let problems = check(content, &|digest| sample.by_digest.get(digest).cloned());
        assert_eq!(problems, [], "{prompt} v{version}");
        assert!(*version == 1 || sample.versions.contains_key(&(prompt.clone(), version - 1)));
    }
    let from_summary = &sample.versions[&("support/escalation".to_owned(), 2)];
    assert!(from_summary.inputs.iter().any(|input| input.from.is_some()));
    assert!(from_summary.includes.contains_key("snippets/policy"));
}

#[test]
fn its_steps_can_be_taken_in_their_order() {
    let sample = Sample::load();
    let mut saved: BTreeMap<&str, u32> = BTreeMap::new();
    let mut serves: BTreeMap<String, BTreeMap<String, u32>> = BTreeMap::new();
    let mut named = BTreeMap::new();
    let mut before = f64::MAX;
    for step in &sample.project.steps {
        let days_ago = step.save.as_ref().map(|save| save.days_ago).or_else(|| {
            [&step.release, &step.promote, &step.revert]
                .into_iter()
                .flatten()
                .map(|place| place.days_ago)
                .next()
        });
        if let Some(days_ago) = days_ago {
            assert!(days_ago < before, "{days_ago} comes after {before}");
            before = days_ago;
        }
        if let Some(save) = &step.save {
            let last = saved.insert(&save.prompt, save.version).unwrap_or(0);
            assert_eq!(save.version, last + 1, "{}", save.prompt);
            assert!(step.message.is_some());
            continue;
        }
        let (target, place) = match (&step.release, &step.promote, &step.revert) {
            (Some(place), None, None) => (place.environment.as_deref(), place),
            (None, Some(place), None) => (place.to.as_deref(), place),
            (None, None, Some(place)) => (place.environment.as_deref(), place),
            _ => continue,
        };
        let target = target.unwrap().to_owned();
        assert!(sample.project.environments.contains(&target));
        assert!(
            sample
                .project
                .people
                .iter()
                .any(|person| person.name == place.by)
        );
        assert!(step.reason.is_some());
        let mut changes = step.changes.clone();
        if step.promote.is_some() {
            let source = &serves[place.from.as_ref().unwrap()];
            changes.extend(
                step.prompts
                    .iter()
                    .map(|prompt| (prompt.clone(), source[prompt])),
            );
        }
        if step.revert.is_some() {
            let then: &BTreeMap<String, u32> = &named[place.to.as_ref().unwrap()];
            changes.extend(
                place
                    .prompts
                    .iter()
                    .map(|prompt| (prompt.clone(), then[prompt])),
            );
        }
        let now = serves.entry(target).or_default();
        let mut moved = false;
        for (prompt, version) in changes {
            assert!(
                version <= saved[prompt.as_str()],
                "{prompt} v{version} is not saved yet"
            );
            moved |= now.insert(prompt, version) != Some(version);
        }
        assert!(moved, "a release changes something");
        if let Some(name) = &place.name {
            named.insert(name.clone(), now.clone());
        }
    }
    let triage: Vec<u32> = sample
        .project
        .environments
        .iter()
        .map(|environment| serves[environment]["support/triage"])
        .collect();
    let different: BTreeSet<_> = triage.iter().collect();
    assert_eq!(
        different.len(),
        3,
        "development, staging and production serve {triage:?}"
    );
}

#[tokio::test]
async fn its_questions_are_answered_without_a_network() {
    let sample = Sample::load();
    let intents = &sample.datasets["intents"];
    assert!(intents.cases.len() >= 60);
    assert!(intents.cases.iter().all(|case| case.expected.is_some()));
    let cache = MemoryCache::default();
    let text = std::fs::read_to_string(sample.answers_path()).expect("make sample writes it");
    for line in text.lines() {
        let line: AnswerLine = serde_json::from_str(line).unwrap();
        assert_eq!(line.answer.model, "SmolLM2-135M-Instruct");
        cache.put(&line.question, &line.answer);
    }
    let providers: BTreeMap<_, _> = sample
        .project
        .providers
        .iter()
        .map(|config| {
            (
                config.name.clone(),
                Arc::new(Provider::new(config.clone(), None).unwrap()),
            )
        })
        .collect();
    for wanted in &sample.project.answers {
        let suite = sample.suite(&wanted.prompt);
        let dataset: Arc<Dataset> = Arc::new(sample.datasets[&suite.dataset].clone());
        let columns = wanted.versions.iter().map(|version| Column {
            label: format!("v{version}"),
            content: sample.versions[&(wanted.prompt.clone(), *version)].clone(),
            before: std::collections::BTreeMap::new(),
        });
        let includes = |digest: &domain::Digest| sample.by_digest.get(digest).cloned();
        let run = Run::prepare(
            columns.collect(),
            dataset,
            &suite.graders,
            &providers,
            &includes,
            1,
        )
        .unwrap();
        // Were one missing, nothing could be asked: the estimate says so before the run.
        assert_eq!(
            run.estimate(&cache).calls,
            0,
            "{}: run make sample",
            wanted.prompt
        );
        let report = run
            .start(
                &cache,
                &Options::default(),
                &|_, _, _| {},
                &CancellationToken::new(),
            )
            .await;
        assert_eq!((report.progress.calls, report.progress.failed), (0, 0));
        for column in &report.columns {
            // A sample in which all is right, or all wrong, would show nothing.
            let judged = u32::try_from(column.cells.len()).unwrap();
            assert!(
                column.judged == judged && column.passed > 0,
                "{} {}",
                wanted.prompt,
                column.label
            );
        }
    }
}
