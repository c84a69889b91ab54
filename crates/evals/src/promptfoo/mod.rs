//! promptfoo's configurations: prompts, models, tests and their assertions, as ours.
//!
//! [`read`] takes what Galley has and names the rest, each with its place: nothing is dropped
//! silently. It runs nothing, reads no environment variable and no address, and asks its [`Folder`]
//! only for files below the configuration's own. What stands in a provider's settings is
//! named and never repeated: keys are often among it.

mod asserts;
mod files;
mod left_out;
mod prompts;
mod providers;
mod tables;
mod tests;
mod values;
mod yaml;

pub use left_out::LeftOut;
pub use prompts::ImportedPrompt;

use asserts::Asserts;
use domain::content::ModelSettings;
use domain::dataset::Dataset;
use files::Files;
use left_out::Notes;
use yaml::Node;

/// Bytes of one file, and of all files of an import.
pub const FILE_BYTES: usize = 32 << 20;

/// The files below a configuration. Paths are relative, with `/`, and never lead out.
pub trait Folder {
    /// The bytes of a file.
    ///
    /// # Errors
    /// Why it can't be read, in words.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;

    /// The names of the files in a folder below.
    ///
    /// # Errors
    /// Why it can't be looked at, in words.
    fn list(&self, folder: &str) -> Result<Vec<String>, String>;
}

/// What a configuration holds that Galley has too.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// What its author says of it.
    pub description: Option<String>,
    /// The prompts, each with the inputs that its tests fill and the first model.
    pub prompts: Vec<ImportedPrompt>,
    /// The models, in order; the addresses and keys of their providers are this machine's.
    pub models: Vec<ModelSettings>,
    /// The tests as cases, with graders for all and for each.
    pub dataset: Dataset,
    /// What was left out, or is not quite the same, with its place.
    pub left_out: Vec<LeftOut>,
}

/// Why nothing can be made of a configuration.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file can't be read.
    #[error("{file}: {reason}")]
    File {
        /// Which.
        file: String,
        /// Why.
        reason: String,
    },
    /// A line that is not YAML.
    #[error("{file}, line {line}: {reason}")]
    Line {
        /// Which file.
        file: String,
        /// Which line, from 1.
        line: u32,
        /// What is wrong.
        reason: String,
    },
    /// It holds nothing that promptfoo's configurations hold.
    #[error("{0} is no promptfoo configuration: it has neither prompts nor tests")]
    Nothing(String),
    /// The cases can't be kept.
    #[error(transparent)]
    Dataset(#[from] domain::dataset::DatasetError),
}

/// What is done with each field of a configuration.
const TAKEN: &[&str] = &[
    "description",
    "prompts",
    "providers",
    "targets",
    "tests",
    "defaultTest",
    "scenarios",
    "assertionTemplates",
    "$schema",
    "version",
];

/// Reads the configuration in `file`, a name in `folder`.
///
/// # Errors
/// The file is none, can't be read, or holds nothing.
pub fn read(file: &str, folder: &dyn Folder) -> Result<Imported, ImportError> {
    let files = Files::new(folder);
    let bytes = files.bytes(file).map_err(|reason| ImportError::File {
        file: file.to_owned(),
        reason,
    })?;
    let text = String::from_utf8(bytes).map_err(|_| ImportError::File {
        file: file.to_owned(),
        reason: "it is not UTF-8: save it as UTF-8".to_owned(),
    })?;
    let root = yaml::read(&text).map_err(|error| ImportError::Line {
        file: file.to_owned(),
        line: error.line,
        reason: error.reason,
    })?;
    let known = ["prompts", "tests", "scenarios", "providers", "targets"];
    if !known.iter().any(|name| root.get(name).is_some()) {
        return Err(ImportError::Nothing(file.to_owned()));
    }
    let mut notes = Notes::new(file);
    for (name, node) in root.fields() {
        if !TAKEN.contains(&name.as_str()) {
            notes.add(node.line, name, unknown(name));
        }
    }
    let models = root.get("providers").or_else(|| root.get("targets"));
    let models = models.map_or_else(Vec::new, |node| providers::read(node, &files, &mut notes));
    let templates = root.get("assertionTemplates");
    let mut reader = tests::Reader::new(&files, Asserts::new(&files, templates), &mut notes);
    let mut dataset = reader.all(&root, file);
    let prompts = root.get("prompts").map_or_else(Vec::new, |node| {
        prompts::read(node, &files, &mut dataset, models.first(), &mut notes)
    });
    dataset.encode()?;
    let description = root.get("description").and_then(Node::text);
    Ok(Imported {
        description: description.map(str::to_owned),
        prompts,
        models: models.into_iter().map(|model| model.settings).collect(),
        dataset,
        left_out: notes.done(),
    })
}

fn unknown(name: &str) -> &'static str {
    match name {
        "env" | "commandLineOptions" | "evaluateOptions" | "outputPath" | "sharing" | "tracing"
        | "writeLatestResults" => "says how promptfoo runs, which a run here says for itself",
        "extensions" | "nunjucksFilters" => "is a program, and an import runs nothing",
        "redteam" => "makes attacks up with a model; only tests that are written down are taken",
        "derivedMetrics" => "computes one figure from others, which Galley does not",
        _ => "is nothing that Galley has",
    }
}
