//! A promptfoo configuration as prompts and a dataset of a project.
//!
//! `evals` reads it; this is the folder that it may read, and what is made of it. Nothing outside the
//! configuration's own folder is read, by name or by link.

use crate::views::{PromptfooImport, PromptfooPrompt, TextFile};
use crate::{Error, Workbench, plain};
use domain::ProjectId;
use evals::promptfoo::{self, FILE_BYTES, Folder, Imported};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Names that one folder may hold when a pattern looks for files.
const NAMES: usize = 10_000;

/// The configuration's folder on disk.
struct Beneath(PathBuf);

impl Beneath {
    /// The path, if it is where it says and no link leads away from there.
    fn found(&self, path: &str) -> Result<PathBuf, String> {
        let found = self.0.join(path).canonicalize();
        let found = found.map_err(|error| format!("can't be read: {}", plain(&error)))?;
        if !found.starts_with(&self.0) {
            return Err("leads out of the configuration's own folder".to_owned());
        }
        Ok(found)
    }
}

impl Folder for Beneath {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let found = self.found(path)?;
        let unreadable = |error: std::io::Error| format!("can't be read: {}", plain(&error));
        // A pipe or a device would be waited for.
        if !std::fs::metadata(&found).map_err(unreadable)?.is_file() {
            return Err("is no file".to_owned());
        }
        let file = std::fs::File::open(&found).map_err(unreadable)?;
        let mut bytes = Vec::new();
        let most = u64::try_from(FILE_BYTES).unwrap_or(u64::MAX);
        file.take(most + 1)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        if bytes.len() > FILE_BYTES {
            return Err(format!("is larger than {} MiB", FILE_BYTES >> 20));
        }
        Ok(bytes)
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, String> {
        let found = if folder.is_empty() {
            self.0.clone()
        } else {
            self.found(folder)?
        };
        let unreadable = |error: std::io::Error| format!("can't be looked at: {}", plain(&error));
        let names = std::fs::read_dir(found)
            .map_err(unreadable)?
            .take(NAMES)
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        Ok(names.collect())
    }
}

/// Files that a person chose, by their paths below the folder of the configuration.
struct Chosen(BTreeMap<String, String>);

impl Folder for Chosen {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let found = self.0.get(path);
        let text = found.ok_or("was not chosen: choose it together with the configuration")?;
        if text.len() > FILE_BYTES {
            return Err(format!("is larger than {} MiB", FILE_BYTES >> 20));
        }
        Ok(text.clone().into_bytes())
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, String> {
        let beginning = match folder {
            "" => String::new(),
            folder => format!("{folder}/"),
        };
        let below = self
            .0
            .keys()
            .filter_map(|path| path.strip_prefix(&beginning));
        let names: BTreeSet<&str> = below.filter_map(|rest| rest.split('/').next()).collect();
        Ok(names.into_iter().map(str::to_owned).collect())
    }
}

impl Workbench {
    /// Takes a promptfoo configuration into a project: its prompts as versions (as drafts where
    /// something has to be changed first), its tests as a dataset with graders. With `look` nothing
    /// is made: the answer says what would be.
    ///
    /// # Errors
    /// The file is no configuration, or a name is taken: choose another with `name`. Nothing is
    /// made then.
    pub async fn import_promptfoo(
        &self,
        project: ProjectId,
        path: PathBuf,
        name: Option<String>,
        look: bool,
    ) -> Result<PromptfooImport, Error> {
        let (folder, file) = place_of(&path)?;
        let imported = promptfoo::read(&file, &Beneath(folder))
            .map_err(|error| Error::invalid(error.to_string()))?;
        let base = base_name(name, &imported, &path);
        self.take_promptfoo(project, file, imported, base, look)
            .await
    }

    /// The same of files whose texts are at hand: a web view may open what a person chooses and
    /// knows no folder. The configuration is the file named so; the others are what it may read.
    ///
    /// # Errors
    /// As [`Self::import_promptfoo`]; no file of that name.
    pub async fn import_promptfoo_texts(
        &self,
        project: ProjectId,
        config: String,
        files: Vec<TextFile>,
        name: Option<String>,
        look: bool,
    ) -> Result<PromptfooImport, Error> {
        let files = Chosen(files.into_iter().map(|one| (one.path, one.text)).collect());
        let imported =
            promptfoo::read(&config, &files).map_err(|error| Error::invalid(error.to_string()))?;
        let base = base_name(name, &imported, Path::new(""));
        self.take_promptfoo(project, config, imported, base, look)
            .await
    }

    async fn take_promptfoo(
        &self,
        project: ProjectId,
        file: String,
        imported: Imported,
        base: String,
        look: bool,
    ) -> Result<PromptfooImport, Error> {
        let reading = self.reading(project)?;
        let names = prompt_names(&base, &imported);
        let taken = |name: &String| reading.ahead.prompt_named(name).is_some();
        if let Some(taken) = names.iter().find(|name| taken(name)) {
            return Err(Error::invalid(format!(
                "there is a prompt named {taken} already: choose another name for what is imported"
            )));
        }
        let folded = domain::names::folded(&base);
        let mut datasets = reading.ahead.datasets();
        let cases = imported.dataset.cases.len();
        if cases > 0 && datasets.any(|row| domain::names::folded(&row.name) == folded) {
            return Err(Error::invalid(format!(
                "there is a dataset named {base} already: choose another name for what is imported"
            )));
        }
        let models = imported
            .models
            .iter()
            .map(|model| format!("{}/{}", model.provider, model.model));
        let check = crate::dataset_files::checked(&imported.dataset);
        let mut made = PromptfooImport {
            name: base.clone(),
            prompts: Vec::new(),
            dataset: None,
            cases: u32::try_from(cases).unwrap_or(u32::MAX),
            graders: count_graders(&imported),
            models: models.collect(),
            left_out: imported.left_out,
            check,
        };
        if !look && cases > 0 {
            let saved = self.save_whole_dataset(project, None, base, imported.dataset);
            made.dataset = Some(saved.await?);
        }
        let message = format!("taken over from {file}");
        for (name, prompt) in names.into_iter().zip(imported.prompts) {
            let saved = prompt.problems.is_empty();
            if !look {
                let draft = self
                    .new_draft_of(project, name.clone(), prompt.content)
                    .await?;
                if saved {
                    self.save_version(project, draft.id, message.clone())
                        .await?;
                }
            }
            made.prompts.push(PromptfooPrompt {
                name,
                saved,
                problems: prompt.problems,
            });
        }
        Ok(made)
    }
}

/// The folder that may be read, and the configuration's name in it.
fn place_of(path: &Path) -> Result<(PathBuf, String), Error> {
    let found = path
        .canonicalize()
        .map_err(|error| Error::invalid(format!("{}: {}", path.display(), plain(&error))))?;
    let name = found.file_name().and_then(|name| name.to_str());
    match (found.parent(), name) {
        (Some(folder), Some(name)) => Ok((folder.to_owned(), name.to_owned())),
        _ => Err(Error::invalid(format!("{} is no file", path.display()))),
    }
}

fn count_graders(imported: &Imported) -> u32 {
    let cases = &imported.dataset.cases;
    let own: usize = cases.iter().map(|case| case.graders.len()).sum();
    u32::try_from(own + imported.dataset.graders.len()).unwrap_or(u32::MAX)
}

/// What was asked for, what its author says of it, or the name of its folder.
fn base_name(asked: Option<String>, imported: &Imported, path: &Path) -> String {
    let described = imported.description.as_deref().map(named);
    let folder = || {
        let found = path.canonicalize().ok();
        let folder = found
            .as_deref()
            .and_then(Path::parent)
            .and_then(Path::file_name);
        folder.map(|name| named(&name.to_string_lossy()))
    };
    asked
        .map(|name| domain::names::tidy(&name))
        .or(described.filter(|name| !name.is_empty()))
        .or_else(folder)
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "promptfoo".to_owned())
}

/// A name for each prompt: the only one has the name of all, several stand in a folder of it.
fn prompt_names(base: &str, imported: &Imported) -> Vec<String> {
    if imported.prompts.len() == 1 {
        return vec![base.to_owned()];
    }
    let mut taken = BTreeSet::new();
    let prompts = imported.prompts.iter().enumerate();
    prompts
        .map(|(place, prompt)| {
            let plain = format!("prompt {}", place + 1);
            let name = prompt.name.as_deref().map(named);
            let name = name.filter(|name| !name.is_empty()).unwrap_or(plain);
            let mut full = format!("{base}/{name}");
            let mut number = 2;
            while !taken.insert(domain::names::folded(&full)) {
                full = format!("{base}/{name} {number}");
                number += 1;
            }
            full
        })
        .collect()
}

/// A text as a name: what no name may hold is left out, and so is what makes it long.
fn named(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || matches!(c, '.' | '_' | '-') {
                c
            } else {
                ' '
            }
        })
        .collect();
    let mut name = String::new();
    for word in plain
        .split_whitespace()
        .filter(|word| !matches!(*word, "." | ".." | "-"))
    {
        if name.chars().count() + word.chars().count() > 60 {
            break;
        }
        if !name.is_empty() {
            name.push(' ');
        }
        name.push_str(word);
    }
    domain::names::tidy(&name)
}
