//! Reads the sample project's files far enough to ask its questions: contents with their includes
//! pinned in the order of the steps, datasets, graders, and which answers there should be.

use domain::content::VersionContent;
use domain::dataset::Dataset;
use domain::graders::Grader;
use domain::template::uses;
use domain::{Digest, PromptId};
use evals::{Answer, ProviderConfig};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
pub struct Project {
    pub people: Vec<Person>,
    pub environments: Vec<String>,
    pub providers: Vec<ProviderConfig>,
    pub datasets: Vec<DatasetFile>,
    pub suites: Vec<Suite>,
    pub answers: Vec<Wanted>,
    pub steps: Vec<Step>,
}

#[derive(Deserialize)]
pub struct Person {
    pub name: String,
}

#[derive(Deserialize)]
pub struct DatasetFile {
    pub name: String,
    pub file: PathBuf,
}

#[derive(Deserialize)]
pub struct Suite {
    pub prompt: String,
    pub dataset: String,
    pub graders: Vec<Grader>,
}

#[derive(Deserialize)]
pub struct Wanted {
    pub prompt: String,
    pub versions: Vec<u32>,
}

/// One step; only what the tests look at.
#[derive(Deserialize)]
pub struct Step {
    pub save: Option<Save>,
    pub release: Option<Place>,
    pub promote: Option<Place>,
    pub revert: Option<Place>,
    #[serde(default)]
    pub changes: BTreeMap<String, u32>,
    #[serde(default)]
    pub prompts: Vec<String>,
    pub reason: Option<String>,
    pub message: Option<String>,
}

#[derive(Deserialize)]
pub struct Save {
    pub prompt: String,
    pub version: u32,
    pub by: String,
    pub days_ago: f64,
}

#[derive(Deserialize)]
pub struct Place {
    pub environment: Option<String>,
    pub from: Option<String>,
    pub to: Option<String>,
    /// A revert names them within; a promotion beside it.
    #[serde(default)]
    pub prompts: Vec<String>,
    pub name: Option<String>,
    pub by: String,
    pub days_ago: f64,
}

/// One line of answers.jsonl. The digest is what counts; the rest is for people.
#[derive(Serialize, Deserialize)]
pub struct AnswerLine {
    pub question: Digest,
    pub prompt: String,
    pub version: u32,
    pub case: String,
    pub answer: Answer,
}

pub struct Sample {
    pub folder: PathBuf,
    pub project: Project,
    pub versions: BTreeMap<(String, u32), VersionContent>,
    pub by_digest: BTreeMap<Digest, VersionContent>,
    pub datasets: BTreeMap<String, Dataset>,
}

impl Sample {
    pub fn load() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample");
        let read = |path: &Path| {
            std::fs::read_to_string(folder.join(path))
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let project: Project = serde_norway::from_str(&read(Path::new("project.yaml"))).unwrap();
        let (mut versions, mut by_digest, mut latest) =
            (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for save in project.steps.iter().filter_map(|step| step.save.as_ref()) {
            let path = PathBuf::from(format!("prompts/{}/{}.yaml", save.prompt, save.version));
            let mut yaml: serde_json::Value = serde_norway::from_str(&read(&path)).unwrap();
            // The files name the prompt that an input comes from; content names it by id.
            let inputs = yaml
                .get_mut("inputs")
                .and_then(|inputs| inputs.as_array_mut());
            for input in inputs.into_iter().flatten() {
                if let Some(from) = input.get("from").and_then(|from| from.as_str()) {
                    assert!(
                        latest.contains_key(from),
                        "{}: no prompt {from} yet",
                        path.display()
                    );
                    input["from"] = serde_json::to_value(PromptId(uuid_of(from))).unwrap();
                }
            }
            let mut content: VersionContent = serde_json::from_value(yaml).unwrap();
            let names: Vec<String> = content
                .templates()
                .flat_map(|(_, text)| uses(text).includes)
                .map(|found| found.name)
                .collect();
            for name in names {
                let digest = *latest
                    .get(&name)
                    .unwrap_or_else(|| panic!("no snippet {name} yet"));
                content.includes.insert(name, digest);
            }
            let digest = content.encode().unwrap().1;
            latest.insert(save.prompt.clone(), digest);
            by_digest.insert(digest, content.clone());
            versions.insert((save.prompt.clone(), save.version), content);
        }
        let datasets = project
            .datasets
            .iter()
            .map(|dataset| {
                let table = evals::import::read(read(&dataset.file).as_bytes(), None).unwrap();
                let mapping = evals::import::suggest(&table, &[]);
                (
                    dataset.name.clone(),
                    evals::import::dataset(&table, &mapping, &[]).unwrap(),
                )
            })
            .collect();
        Self {
            folder,
            project,
            versions,
            by_digest,
            datasets,
        }
    }

    pub fn suite(&self, prompt: &str) -> &Suite {
        self.project
            .suites
            .iter()
            .find(|suite| suite.prompt == prompt)
            .unwrap()
    }

    pub fn answers_path(&self) -> PathBuf {
        self.folder.join("answers.jsonl")
    }
}

/// Any id will do where only one project is looked at.
fn uuid_of(name: &str) -> uuid::Uuid {
    let digest = Digest::of(name.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.0[..16]);
    uuid::Uuid::from_bytes(bytes)
}
