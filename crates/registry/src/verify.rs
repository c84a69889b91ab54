//! Checking a data file from beginning to end, and copying it.

use crate::Error;
use crate::ledger::{StoredContent, StoredSnapshot};
use crate::sqlite::{FileOptions, Sqlite};
use domain::ledger::Entry;
use domain::project::Replay;
use domain::{Digest, ProjectId};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// What was found.
#[derive(Debug)]
pub struct Report {
    /// What SQLite itself says of the file, if it is not sound.
    pub file: Option<String>,
    /// Each project.
    pub projects: Vec<ProjectReport>,
}

/// What was found in one project.
#[derive(Debug)]
pub struct ProjectReport {
    /// Its id.
    pub id: ProjectId,
    /// Its name, as far as it could be read.
    pub name: String,
    /// Entries that hold.
    pub entries: u64,
    /// Contents that the ledger names and that are here.
    pub contents: usize,
    /// Contents that the ledger names and that have not come.
    pub missing: usize,
    /// The first thing that does not hold.
    pub problem: Option<Problem>,
}

/// The first thing that does not hold.
#[derive(Debug)]
pub struct Problem {
    /// The entry at which the ledger can't be trusted any more, where it is one.
    pub seq: Option<u64>,
    /// What is wrong.
    pub what: String,
}

impl Report {
    /// Whether everything holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.file.is_none()
            && self
                .projects
                .iter()
                .all(|project| project.problem.is_none())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(what) = &self.file {
            writeln!(f, "The data file is damaged: {what}")?;
        }
        if self.projects.is_empty() {
            writeln!(f, "There are no projects yet.")?;
        }
        for project in &self.projects {
            let ProjectReport {
                id,
                name,
                entries,
                contents,
                missing,
                problem,
            } = project;
            match problem {
                None => {
                    write!(
                        f,
                        "{name} ({id}): {entries} entries and {contents} contents hold."
                    )?;
                    if *missing > 0 {
                        write!(f, " {missing} contents have not come yet.")?;
                    }
                    writeln!(f)?;
                }
                Some(Problem {
                    seq: Some(seq),
                    what,
                }) => {
                    writeln!(f, "{name} ({id}): BROKEN at entry {seq}: {what}")?;
                }
                Some(Problem { seq: None, what }) => writeln!(f, "{name} ({id}): BROKEN: {what}")?,
            }
        }
        Ok(())
    }
}

/// Checks everything.
pub fn verify(ledger: &Sqlite) -> Result<Report, Error> {
    let file = ledger.integrity()?;
    let projects = ledger
        .projects()?
        .into_iter()
        .map(|id| project(ledger, id))
        .collect::<Result<_, _>>()?;
    Ok(Report { file, projects })
}

/// Copies a data file and checks the copy.
pub fn backup(ledger: &Sqlite, to: &Path) -> Result<Report, Error> {
    if to.exists() {
        return Err(Error::Exists(to.to_owned()));
    }
    ledger.copy_to(to)?;
    verify(&Sqlite::open(to, FileOptions::default())?)
}

fn project(ledger: &Sqlite, id: ProjectId) -> Result<ProjectReport, Error> {
    let mut replay = Replay::new();
    let mut named: BTreeMap<Digest, u64> = BTreeMap::new();
    let mut problem = None;
    let snapshot = ledger.snapshot(id)?.filter(StoredSnapshot::fits);
    let mut snapshot_holds = true;
    // Content that isn't there is passed over: what events say never depends on it.
    let no_contents = BTreeMap::new();
    ledger.each_entry(id, 0, |line| {
        let checked = Entry::read(line).map_err(Into::into).and_then(|entry| {
            Replay::check_signature(&entry)?;
            replay.push(&entry, &no_contents)?;
            if let Some(snapshot) = snapshot.as_ref().filter(|s| s.at.seq == entry.seq()) {
                snapshot_holds = snapshot.holds(replay.project());
            }
            for digest in entry
                .events()
                .iter()
                .flat_map(domain::ledger::Event::contents)
            {
                named.entry(digest).or_insert(entry.seq());
            }
            Ok::<_, domain::project::ChainError>(())
        });
        problem = checked.err().map(|error| Problem {
            // A line that can't be read at all is the one after the last that could.
            seq: error.seq().or(Some(replay.project().head().seq + 1)),
            what: error.to_string(),
        });
        problem.is_none()
    })?;
    let state = replay.project();
    if problem.is_none() && state.id() != Some(id) {
        problem = Some(Problem {
            seq: Some(1),
            what: "it founds another project".to_owned(),
        });
    }
    if problem.is_none() && !snapshot_holds {
        problem = Some(Problem {
            seq: None,
            what: "the state that was written down for a fast start is not what the entries say; stop the registry, delete its row in the table `snapshots`, and start it again".to_owned(),
        });
    }
    let (mut contents, mut missing) = (0, 0);
    for (digest, seq) in &named {
        let stored = ledger.content(id, digest)?;
        let wrong = match &stored {
            Some(StoredContent {
                bytes: Some(bytes), ..
            }) => {
                contents += 1;
                if state.is_redacted(digest) {
                    Some("was redacted, and is still here")
                } else if Digest::of(bytes) != *digest {
                    Some("is not what its digest says")
                } else {
                    None
                }
            }
            _ if state.is_redacted(digest) => None,
            _ => {
                missing += 1;
                None
            }
        };
        if let (Some(what), None) = (wrong, &problem) {
            let what = format!("the content {} that it names {what}", digest.short());
            problem = Some(Problem {
                seq: Some(*seq),
                what,
            });
        }
    }
    if problem.is_none() {
        problem = unservable(ledger, id, state)?;
    }
    Ok(ProjectReport {
        id,
        name: state.name().to_owned(),
        entries: state.head().seq,
        contents,
        missing,
        problem,
    })
}

/// Content may come late, but not what an environment serves: applications ask for it now.
fn unservable(
    ledger: &Sqlite,
    id: ProjectId,
    state: &domain::Project,
) -> Result<Option<Problem>, Error> {
    let read = |digest: &Digest| -> Result<_, Error> {
        Ok(ledger.content(id, digest)?.and_then(|found| found.bytes))
    };
    let found = crate::serving::unservable(state, &read)?;
    Ok(found.first().map(|(environment, prompt, number)| {
        let environment = state.environment(*environment).map_or("", |e| &e.name);
        let prompt = state.prompt(*prompt).map_or("", |p| &p.name);
        let what = format!("{environment} serves {prompt} v{number}, whose content is not here or is damaged; applications do not get it. Restore a backup that has it");
        Problem { seq: None, what }
    }))
}
