//! Datasets, shared runs, and redaction.

use super::{Case, bad_name};
use crate::evidence::Counts;
use crate::ledger::{Event, RunSummary};
use crate::names::{self, folded};
use crate::{DatasetId, Digest, Refusal, RefusalCode, RunId, VersionId, limits};

impl Case<'_> {
    pub(super) fn save_dataset(
        &self,
        dataset: Option<DatasetId>,
        name: &str,
        content: &Digest,
        cases: u32,
        replaces: Option<Digest>,
    ) -> Result<Vec<Event>, Refusal> {
        names::check(name).map_err(|error| bad_name("the dataset", &error))?;
        if usize::try_from(cases).is_ok_and(|n| n > limits::CASES) {
            return Err(Refusal::new(
                RefusalCode::Limit,
                format!(
                    "the dataset has {cases} cases; at most {} fit",
                    limits::CASES
                ),
            ));
        }
        let now = match dataset {
            None => None,
            Some(id) => {
                let found = self
                    .project
                    .dataset(id)
                    .ok_or_else(|| Refusal::not_found("the dataset"))?;
                found.contents.last().map(|latest| latest.content)
            }
        };
        if now != replaces {
            return Err(Refusal::conflict(
                "this dataset was saved by somebody else meanwhile",
                &now,
            ));
        }
        let owner = self.project.dataset_names.get(&folded(name));
        if owner.is_some_and(|owner| Some(*owner) != dataset) {
            return Err(Refusal::new(
                RefusalCode::NameTaken,
                format!("there is a dataset named {name} already"),
            ));
        }
        self.check_dataset(content, cases)?;
        Ok(vec![Event::DatasetSaved {
            dataset: dataset.unwrap_or(DatasetId::from(self.id)),
            name: name.to_owned(),
            content: *content,
            cases,
            before: now,
        }])
    }

    fn check_dataset(&self, content: &Digest, cases: u32) -> Result<(), Refusal> {
        let Some(bytes) = self.contents.find(content) else {
            return Ok(());
        };
        let invalid = |message: String| Refusal::new(RefusalCode::ContentInvalid, message);
        if bytes.len() > limits::DATASET_BYTES {
            return Err(invalid(format!(
                "the dataset has over {} bytes",
                limits::DATASET_BYTES
            )));
        }
        // Only the count matters here; whoever opens the dataset reads it whole.
        #[derive(serde::Deserialize)]
        struct Counted {
            cases: Vec<serde::de::IgnoredAny>,
        }
        let dataset: Counted = serde_json::from_slice(&bytes)
            .map_err(|error| invalid(format!("the content is not a dataset's: {error}")))?;
        if u32::try_from(dataset.cases.len()).ok() != Some(cases) {
            return Err(invalid(
                "the number of cases is not the dataset's".to_owned(),
            ));
        }
        Ok(())
    }

    pub(super) fn record_run(
        &self,
        version: VersionId,
        dataset: Digest,
        results: Digest,
        summary: &RunSummary,
        counts: Option<&Counts>,
    ) -> Result<Vec<Event>, Refusal> {
        if self.project.version(version).is_none() {
            return Err(Refusal::not_found("the version"));
        }
        let known = self
            .project
            .datasets()
            .any(|d| d.contents.iter().any(|c| c.content == dataset));
        if !known {
            return Err(Refusal::not_found("the dataset"));
        }
        if let Some(counts) = counts {
            self.check_counts(counts, version, dataset, results)?;
        }
        let run = RunId::from(self.id);
        Ok(vec![Event::RunRecorded {
            run,
            version,
            dataset,
            results,
            summary: summary.clone(),
            counts: counts.cloned().map(Box::new),
        }])
    }

    pub(super) fn redact(&self, content: Digest, reason: Digest) -> Result<Vec<Event>, Refusal> {
        self.check_text(&reason)?;
        if self.project.is_redacted(&content) {
            return Err(Refusal::invalid("this content is redacted already"));
        }
        if !self.project.names_content(&content) {
            return Err(Refusal::not_found("the content"));
        }
        let serving: Vec<_> = self
            .project
            .environments()
            .filter(|environment| self.project.serves_content(environment.id, content))
            .map(|environment| environment.name.clone())
            .collect();
        if !serving.is_empty() {
            return Err(Refusal::new(
                RefusalCode::InUse,
                format!(
                    "{} serves this, or something that includes it; release another version first",
                    serving.join(", ")
                ),
            ));
        }
        Ok(vec![Event::ContentRedacted { content, reason }])
    }
}

impl crate::Project {
    fn serves_content(&self, environment: crate::EnvironmentId, content: Digest) -> bool {
        self.served(environment)
            .flat_map(|(_, serving)| serving.sides.iter())
            .any(|side| {
                self.version(side.version)
                    .is_some_and(|(_, v)| self.reaches(v.content).contains(&content))
            })
    }
}
