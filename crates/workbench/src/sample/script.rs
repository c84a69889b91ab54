//! What `sample/project.yaml` says: people, environments, datasets, and the steps in their order.

use super::broken;
use crate::Error;
use domain::graders::Grader;
use evals::ProviderConfig;
use include_dir::Dir;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The whole file.
#[derive(Deserialize)]
pub(super) struct Script {
    pub project: String,
    pub people: Vec<Person>,
    pub environments: Vec<String>,
    pub default_environment: String,
    pub providers: Vec<ProviderConfig>,
    #[serde(default)]
    pub model: Option<String>,
    pub datasets: Vec<DatasetFile>,
    pub suites: Vec<Suite>,
    pub answers: Vec<Answered>,
    pub steps: Vec<Step>,
}

/// Somebody of the desk.
#[derive(Deserialize)]
pub(super) struct Person {
    pub name: String,
    pub role: domain::permissions::Role,
}

/// A dataset.
#[derive(Deserialize)]
pub(super) struct DatasetFile {
    pub name: String,
    pub file: String,
    pub by: String,
    pub days_ago: f64,
    pub attribution: String,
}

/// By what a prompt is judged.
#[derive(Deserialize)]
pub(super) struct Suite {
    pub prompt: String,
    pub dataset: String,
    pub graders: Vec<Grader>,
}

/// The versions of a prompt that answered every case.
#[derive(Deserialize)]
pub(super) struct Answered {
    pub prompt: String,
    pub versions: Vec<u32>,
}

/// One step: exactly one of the verbs, with what goes with it.
#[derive(Deserialize)]
pub(super) struct Step {
    pub save: Option<Save>,
    pub release: Option<Release>,
    pub promote: Option<Promote>,
    pub revert: Option<Revert>,
    pub label: Option<Label>,
    #[serde(default)]
    pub changes: BTreeMap<String, u32>,
    #[serde(default)]
    pub prompts: Vec<String>,
    pub reason: Option<String>,
    pub message: Option<String>,
}

/// Saving a version: its content is in `prompts/<prompt>/<version>.yaml`.
#[derive(Deserialize)]
pub(super) struct Save {
    pub prompt: String,
    pub version: u32,
    pub by: String,
    pub days_ago: f64,
}

/// Releasing versions by their numbers.
#[derive(Deserialize)]
pub(super) struct Release {
    pub environment: String,
    pub name: Option<String>,
    pub by: String,
    pub days_ago: f64,
}

/// Promoting what one environment serves to another.
#[derive(Deserialize)]
pub(super) struct Promote {
    pub from: String,
    pub to: String,
    pub name: Option<String>,
    pub by: String,
    pub days_ago: f64,
}

/// Going back to a release that has a name here.
#[derive(Deserialize)]
pub(super) struct Revert {
    pub environment: String,
    pub to: String,
    pub prompts: Vec<String>,
    pub by: String,
    pub days_ago: f64,
}

/// Putting a label on a version.
#[derive(Deserialize)]
pub(super) struct Label {
    pub prompt: String,
    pub label: String,
    pub version: u32,
    pub by: String,
    pub days_ago: f64,
}

impl Script {
    /// Reads the file of a sample's folder.
    pub fn read(files: &Dir<'_>) -> Result<Self, Error> {
        let yaml = text(files, "project.yaml")?;
        let mut script: Self = serde_norway::from_str(yaml)
            .map_err(|error| broken("project.yaml", &error.to_string()))?;
        // The oldest first: datasets and steps are told in the order of their days.
        script
            .datasets
            .sort_by(|one, other| other.days_ago.total_cmp(&one.days_ago));
        Ok(script)
    }
}

/// A file of the sample as text.
pub(super) fn text<'a>(files: &'a Dir<'_>, path: &str) -> Result<&'a str, Error> {
    files
        .get_file(path)
        .and_then(|file| file.contents_utf8())
        .ok_or_else(|| broken(path, "it is not there"))
}
