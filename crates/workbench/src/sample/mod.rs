//! The sample project: a bank's support desk, made on this computer by replaying the steps of
//! `sample/project.yaml` through the same commands that people use.
//!
//! * [`script`] is what that file says.
//! * [`telling`] replays it into a ledger, with its people, times and reasons.
//!
//! The answers beside it were really given by the model named in them; they go into the answer
//! cache, so that evals work without a key and without a network.

mod script;
mod telling;

use crate::views::{ProjectCard, Ref, RunPlan};
use crate::{Error, Workbench};
use domain::ProjectId;
use domain::ledger::Seen;
use evals::Answer;
use include_dir::{Dir, include_dir};
use script::Script;
use serde::Deserialize;
use sync::{Bearer, Client, SyncError};
use telling::Telling;

/// The files of the sample.
static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../sample");
/// What marks the sample among a computer's projects.
const MARK: &str = "sample";
/// Entries given at once.
const CHUNK: usize = 500;

/// One line of the answers' file.
#[derive(Deserialize)]
struct AnswerLine {
    question: domain::Digest,
    answer: Answer,
}

impl Workbench {
    /// Opens the sample project on this computer, and makes it if it isn't there.
    ///
    /// # Errors
    /// There is no keychain for its key, or the disk is full.
    pub async fn open_sample(&self) -> Result<ProjectCard, Error> {
        let known = self.store().projects()?;
        if let Some(there) = known
            .iter()
            .find(|known| known.settings.get(MARK).is_some())
        {
            let (id, now) = (there.id, self.now());
            self.store()
                .update_project(id, |known| known.opened = Some(now))?;
            self.keep_in_step(id).await?;
            return self.card(id);
        }
        let script = Script::read(&FILES)?;
        self.add_sample_providers(&script)?;
        self.keep_sample_answers()?;
        let told = Telling::tell(&script, &FILES, self.now())?;
        let project = told.project;
        self.keep_keys(project, &told.seed, &told.token)?;
        let local = self.local().await?;
        let founding = local.founding_token()?;
        let client = Client::with_bearer(
            local.address(),
            Bearer::new(founding.reveal()),
            &self.client_options(),
        )
        .map_err(SyncError::from)?;
        let mut extends = Seen::default();
        for (place, entries) in told.entries.chunks(CHUNK).enumerate() {
            let contents: &[_] = if place == 0 { &told.contents } else { &[] };
            let given = client
                .give(project, extends, contents, entries)
                .await
                .map_err(SyncError::from)?;
            extends = Seen {
                seq: given.head.seq,
                digest: given.head.digest,
            };
        }
        self.add_project(project, &script.project, None, told.person, told.device)?;
        self.store().update_project(project, |known| {
            known.settings = serde_json::json!({ MARK: true });
        })?;
        self.sync_now(project).await?;
        // Its cases are what one tries first: they are here before anybody opens them.
        for row in self.datasets(project).await? {
            self.dataset(project, row.id).await?;
        }
        self.keep_in_step(project).await?;
        self.run_sample_suites(project, &script).await?;
        self.card(project)
    }

    /// Judges every answered version by its prompt's suite: all of it from the cache, so that the
    /// first look at evals finds something to read.
    async fn run_sample_suites(&self, project: ProjectId, script: &Script) -> Result<(), Error> {
        let datasets = self.datasets(project).await?;
        let state = self.store().project(project)?;
        // The first in the file is run last, and stands on top of the list.
        for suite in script.suites.iter().rev() {
            let missing = |what: &str| broken("project.yaml", &format!("a suite without {what}"));
            let dataset = datasets
                .iter()
                .find(|row| row.name == suite.dataset)
                .ok_or_else(|| missing("its dataset"))?;
            let prompt = state
                .prompt_named(&suite.prompt)
                .ok_or_else(|| missing("its prompt"))?;
            let versions = script
                .answers
                .iter()
                .filter(|answered| answered.prompt == suite.prompt)
                .flat_map(|answered| &answered.versions)
                .filter_map(|number| prompt.numbered(*number))
                .map(|version| Ref::Version {
                    version: version.id,
                })
                .collect();
            let plan = RunPlan {
                versions,
                dataset: dataset.id,
                graders: suite.graders.clone(),
                models: Vec::new(),
                repeats: 1,
                concurrency: 1,
                counts: None,
            };
            self.start_run(project, plan).await?;
        }
        Ok(())
    }

    fn add_sample_providers(&self, script: &Script) -> Result<(), Error> {
        let there = self.store().providers()?;
        for provider in &script.providers {
            if there.iter().any(|row| row.name == provider.name) {
                continue;
            }
            let kind = match provider.kind {
                evals::ProviderKind::OpenaiCompatible => "openai",
                evals::ProviderKind::Anthropic => "anthropic",
                evals::ProviderKind::Google => "google",
            };
            self.store().save_provider(&store::Provider {
                name: provider.name.clone(),
                kind: kind.to_owned(),
                address: provider.address.clone(),
                model: script.model.clone().unwrap_or_default(),
                purpose: "trying".to_owned(),
                rest: std::collections::BTreeMap::new(),
            })?;
        }
        Ok(())
    }

    fn keep_sample_answers(&self) -> Result<(), Error> {
        let Some(file) = FILES
            .get_file("answers.jsonl")
            .and_then(|file| file.contents_utf8())
        else {
            return Ok(());
        };
        let mut answers = Vec::new();
        for line in file.lines().filter(|line| !line.trim().is_empty()) {
            let line: AnswerLine = serde_json::from_str(line)
                .map_err(|error| broken("answers.jsonl", &error.to_string()))?;
            let kept = store::KeptAnswer {
                answer: serde_json::to_value(&line.answer)
                    .map_err(|e| broken("answers.jsonl", &e.to_string()))?,
                provider: String::new(),
                model: line.answer.model.clone(),
                at: line.answer.at,
                exchange: None,
            };
            answers.push((line.question, kept, Vec::new()));
        }
        self.store().keep_answers(&answers, self.now())?;
        Ok(())
    }
}

fn broken(file: &str, why: &str) -> Error {
    Error::invalid(format!("the sample's file {file} can't be read: {why}"))
}
