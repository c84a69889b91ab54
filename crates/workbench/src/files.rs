//! A project as a readable folder, and back to the same digests.
//!
//! ```text
//! galley.json                     what this is
//! ledger.jsonl                    the entries, each line the bytes that are hashed
//! prompts/<name>/v<number>.yaml   the content of each version
//! datasets/<name>-<digest>.jsonl  the cases of each dataset
//! texts.jsonl                     messages and reasons, with their salts
//! results.jsonl                   the results of shared runs that are on this computer
//! ```
//!
//! Taking it back reads nothing outside the folder and trusts nothing in it: every file must lead
//! to the digest that the ledger names, and the ledger is checked whole.

use crate::reading::Reading;
use crate::views::ProjectCard;
use crate::{Error, Workbench};
use domain::dataset::Dataset;
use domain::ledger::{Entry, Event, Seen};
use domain::{Digest, ProjectId, VersionContent, names, to_canonical};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use store::{KnownProject, Place};
use sync::{Bearer, Client, SyncError};

const FORMAT: u32 = 1;
/// Entries read or given at once.
const CHUNK: u64 = 500;

/// What an export holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Exported {
    /// The version of this folder's form.
    pub format: u32,
    /// The project.
    pub project: ProjectId,
    /// Its name.
    pub name: String,
    /// Entries.
    pub entries: u64,
    /// The digest of the last.
    pub head: Digest,
    /// Versions whose content is in it.
    pub versions: u64,
}

/// One content that has no file of its own.
#[derive(Serialize, Deserialize)]
struct Line {
    digest: Digest,
    content: serde_json::Value,
}

impl Workbench {
    /// Writes a project as a readable folder that does not exist yet.
    ///
    /// # Errors
    /// The folder exists, or can't be written.
    pub async fn export_project(
        &self,
        project: ProjectId,
        folder: PathBuf,
    ) -> Result<Exported, Error> {
        let reading = self.reading(project)?;
        if folder.exists() {
            return Err(Error::invalid(format!(
                "{} exists already; name a new folder",
                folder.display()
            )));
        }
        let work = tokio::task::spawn_blocking(move || reading.export(&folder));
        work.await
            .map_err(|error| Error::invalid(error.to_string()))?
    }

    /// Takes an exported project onto this computer, with its whole history. Without the keys of
    /// a member one can look at it, try and compare, but not add to it.
    ///
    /// # Errors
    /// The folder is no export, or something in it does not hold: it is named. Nothing is taken then.
    pub async fn import_project(&self, folder: PathBuf) -> Result<ProjectCard, Error> {
        let read = tokio::task::spawn_blocking(move || Import::read(&folder));
        let import = read
            .await
            .map_err(|error| Error::invalid(error.to_string()))??;
        let project = import.about.project;
        if self.store().known_project(project).is_ok() {
            return Err(Error::invalid(format!(
                "{} is on this computer already",
                import.about.name
            )));
        }
        let local = self.local().await?;
        let founding = local.founding_token()?;
        let client = Client::with_bearer(
            local.address(),
            Bearer::new(founding.reveal()),
            &self.client_options(),
        )
        .map_err(SyncError::from)?;
        let mut extends = Seen::default();
        for (place, entries) in import
            .entries
            .chunks(usize::try_from(CHUNK).unwrap_or(500))
            .enumerate()
        {
            let contents: &[_] = if place == 0 { &import.contents } else { &[] };
            let given = client
                .give(project, extends, contents, entries)
                .await
                .map_err(SyncError::from)?;
            extends = Seen {
                seq: given.head.seq,
                digest: given.head.digest,
            };
        }
        let mut known = KnownProject::new(project, import.about.name.clone(), Place::ThisComputer);
        known.opened = Some(self.now());
        self.store().add_project(&known)?;
        self.store().append(
            project,
            Seen::default(),
            &import.entries,
            &import.new_contents(),
            self.now(),
        )?;
        self.card(project)
    }
}

impl Reading {
    fn export(&self, folder: &Path) -> Result<Exported, Error> {
        make(folder)?;
        let head = self.accepted.head();
        let mut ledger = String::new();
        let mut named = BTreeSet::new();
        let mut done = 0;
        while done < head.seq {
            for entry in self.entries(done, (done + CHUNK).min(head.seq))? {
                ledger.push_str(entry.line());
                ledger.push('\n');
                named.extend(entry.events().iter().flat_map(Event::contents));
                done = entry.seq();
            }
        }
        write(&folder.join("ledger.jsonl"), &ledger)?;
        let mut versions = 0;
        for prompt in self.accepted.prompts() {
            let place = folder.join("prompts").join(&prompt.name);
            for version in prompt.versions() {
                named.remove(&version.content);
                let content = match self.content(&version.content) {
                    Some(content) => content,
                    None if self.accepted.is_redacted(&version.content) => continue,
                    None => {
                        return Err(Error::not_found(format!(
                            "the content of {} v{} is not on this computer, or was damaged here; sync and export again",
                            prompt.name, version.number
                        )));
                    }
                };
                make(&place)?;
                let yaml = serde_norway::to_string(&content)
                    .map_err(|error| Error::invalid(error.to_string()))?;
                let head = format!(
                    "# {} v{} by {}\n# {}\n# {}\n",
                    prompt.name,
                    version.number,
                    self.person(version.by),
                    one_line(&self.text(&version.message)),
                    version.content
                );
                write(
                    &place.join(format!("v{}.yaml", version.number)),
                    &format!("{head}{yaml}"),
                )?;
                versions += 1;
            }
        }
        for dataset in self.accepted.datasets() {
            for content in &dataset.contents {
                named.remove(&content.content);
                let Some(cases) = self.stored_dataset(&content.content) else {
                    continue;
                };
                let file = folder.join("datasets").join(format!(
                    "{}-{}.jsonl",
                    dataset.name,
                    content.content.short()
                ));
                make(file.parent().unwrap_or(folder))?;
                write(&file, &lines_of(content.content, &cases)?)?;
            }
        }
        let results: BTreeSet<_> = self.accepted.runs().map(|run| run.results).collect();
        let split = |wanted: &dyn Fn(&Digest) -> bool| -> Result<String, Error> {
            let mut text = String::new();
            for digest in named.iter().filter(|digest| wanted(digest)) {
                let Some(bytes) = self.store.content(digest)? else {
                    continue;
                };
                let content = serde_json::from_slice(&bytes)
                    .map_err(|error| Error::invalid(error.to_string()))?;
                text.push_str(&json(&Line {
                    digest: *digest,
                    content,
                })?);
                text.push('\n');
            }
            Ok(text)
        };
        write(
            &folder.join("texts.jsonl"),
            &split(&|digest| !results.contains(digest))?,
        )?;
        write(
            &folder.join("results.jsonl"),
            &split(&|digest| results.contains(digest))?,
        )?;
        let about = Exported {
            format: FORMAT,
            project: self.project,
            name: self.accepted.name().to_owned(),
            entries: head.seq,
            head: head.digest,
            versions,
        };
        let text = serde_json::to_string_pretty(&about)
            .map_err(|error| Error::invalid(error.to_string()))?;
        // Last: a folder without it is an export that was broken off.
        write(&folder.join("galley.json"), &text)?;
        Ok(about)
    }
}

/// A folder that was read, every digest of it checked.
pub(crate) struct Import {
    about: Exported,
    pub entries: Vec<Entry>,
    pub contents: Vec<(Digest, String)>,
    /// Files that the ledger does not name.
    pub strange: Vec<PathBuf>,
    /// Contents that the ledger names, that were not destroyed, and that are not here.
    pub lacking: usize,
}

impl Import {
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let mut strange = crate::exported_files::all(folder)?;
        for name in [
            "galley.json",
            "ledger.jsonl",
            "texts.jsonl",
            "results.jsonl",
        ] {
            strange.remove(&folder.join(name));
        }
        let about: Exported = serde_json::from_str(&text(&folder.join("galley.json"))?)
            .map_err(|error| Error::invalid(format!("galley.json: {error}")))?;
        if about.format > FORMAT {
            return Err(Error::invalid(
                "this folder was written by a newer Galley; update Galley to take it back",
            ));
        }
        let mut state = domain::Project::new();
        let mut entries = Vec::new();
        let mut named = BTreeSet::new();
        let ledger = text(&folder.join("ledger.jsonl"))?;
        let lines: Vec<&str> = ledger.lines().collect();
        for page in lines.chunks(crate::proof::PAGE) {
            let wrong = |place: usize, why: String| {
                Error::invalid(format!("ledger.jsonl, line {}: {why}", place + 1))
            };
            let (read, unread) = crate::proof::read(page);
            for entry in read {
                state
                    .apply(&entry)
                    .map_err(|error| wrong(entries.len(), error.to_string()))?;
                named.extend(entry.events().iter().flat_map(Event::contents));
                entries.push(entry);
            }
            if let Some(error) = unread {
                return Err(wrong(entries.len(), error.to_string()));
            }
        }
        if state.head().digest != about.head {
            return Err(Error::invalid(
                "ledger.jsonl does not end where galley.json says",
            ));
        }
        if state.name() != about.name {
            return Err(Error::invalid(format!(
                "galley.json calls the project {}, and the ledger calls it {}",
                about.name,
                state.name()
            )));
        }
        let mut found: BTreeMap<Digest, Vec<u8>> = BTreeMap::new();
        // Whether the rules allowed these names is not known yet, and they lead to files.
        let inside = |name: &str| {
            names::check(name)
                .map_err(|error| Error::invalid(format!("ledger.jsonl names {name:?}: {error}")))
        };
        for prompt in state.prompts() {
            inside(&prompt.name)?;
            for version in prompt.versions() {
                let path = folder
                    .join("prompts")
                    .join(&prompt.name)
                    .join(format!("v{}.yaml", version.number));
                if !strange.remove(&path) {
                    continue;
                }
                let content: VersionContent = serde_norway::from_str(&text(&path)?)
                    .map_err(|error| Error::invalid(format!("{}: {error}", path.display())))?;
                let (bytes, digest) = content.encode()?;
                check(&path, digest, version.content)?;
                found.insert(digest, bytes);
            }
        }
        for dataset in state.datasets() {
            inside(&dataset.name)?;
            for content in &dataset.contents {
                let name = format!("{}-{}.jsonl", dataset.name, content.content.short());
                let path = folder.join("datasets").join(name);
                if !strange.remove(&path) {
                    continue;
                }
                let (bytes, digest) = read_dataset(&path)?;
                check(&path, digest, content.content)?;
                found.insert(digest, bytes);
            }
        }
        for name in ["texts.jsonl", "results.jsonl"] {
            let path = folder.join(name);
            for (number, line) in text(&path)?.lines().enumerate() {
                let wrong =
                    |why: String| Error::invalid(format!("{name}, line {}: {why}", number + 1));
                let line: Line =
                    serde_json::from_str(line).map_err(|error| wrong(error.to_string()))?;
                let bytes =
                    to_canonical(&line.content).map_err(|error| wrong(error.to_string()))?;
                if Digest::of(&bytes) != line.digest {
                    return Err(wrong(
                        "it was changed: it does not lead to its digest".to_owned(),
                    ));
                }
                found.insert(line.digest, bytes);
            }
        }
        let lacking = named
            .iter()
            .filter(|digest| !found.contains_key(digest) && !state.is_redacted(digest))
            .count();
        let contents = found
            .into_iter()
            .map(|(digest, bytes)| (digest, String::from_utf8_lossy(&bytes).into_owned()));
        Ok(Self {
            about,
            entries,
            contents: contents.collect(),
            strange: strange.into_iter().collect(),
            lacking,
        })
    }

    fn new_contents(&self) -> Vec<store::NewContent<'_>> {
        let contents = self.contents.iter();
        contents
            .map(|(digest, text)| store::NewContent {
                digest: *digest,
                bytes: text.as_bytes(),
            })
            .collect()
    }
}

// The first line holds what is not a case; each further line is one.
fn lines_of(digest: Digest, dataset: &Dataset) -> Result<String, Error> {
    let about = Dataset {
        cases: Vec::new(),
        ..dataset.clone()
    };
    let content =
        serde_json::to_value(&about).map_err(|error| Error::invalid(error.to_string()))?;
    let mut text = json(&Line { digest, content })?;
    for case in &dataset.cases {
        text.push('\n');
        text.push_str(&json(case)?);
    }
    text.push('\n');
    Ok(text)
}

fn read_dataset(path: &Path) -> Result<(Vec<u8>, Digest), Error> {
    let text = text(path)?;
    let wrong = |line: usize, why: String| {
        Error::invalid(format!("{}, line {line}: {why}", path.display()))
    };
    let mut lines = text.lines().enumerate();
    let (_, first) = lines
        .next()
        .ok_or_else(|| wrong(1, "it is empty".to_owned()))?;
    let first: Line = serde_json::from_str(first).map_err(|error| wrong(1, error.to_string()))?;
    let mut dataset: Dataset =
        serde_json::from_value(first.content).map_err(|error| wrong(1, error.to_string()))?;
    for (number, line) in lines {
        dataset.cases.push(
            serde_json::from_str(line).map_err(|error| wrong(number + 1, error.to_string()))?,
        );
    }
    dataset
        .encode()
        .map_err(|error| Error::invalid(error.to_string()))
}

fn check(path: &Path, found: Digest, named: Digest) -> Result<(), Error> {
    if found == named {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "{} was changed: the ledger names another content",
        path.display()
    )))
}

fn json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::invalid(error.to_string()))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(crate) fn text(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::File {
        what: path.display().to_string(),
        source,
    })
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    std::fs::write(path, text).map_err(|source| Error::File {
        what: path.display().to_string(),
        source,
    })
}

fn make(folder: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(folder).map_err(|source| Error::File {
        what: folder.display().to_string(),
        source,
    })
}
