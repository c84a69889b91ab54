//! Datasets out of the project, and what should be known before one is shared.

use crate::views::{
    DatasetCheck, DatasetFile, DatasetForm, DatasetRow, DatasetWarning, SavedFile, SensitivePlace,
};
use crate::{Error, Workbench, words};
use domain::dataset::{Case, Dataset};
use domain::{DatasetId, ProjectId, duplicates, sensitive};
use evals::export;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Places that a warning names.
const NAMED: usize = 5;

impl Workbench {
    /// What a dataset holds twice, nearly twice, or should perhaps not hold.
    ///
    /// # Errors
    /// The dataset is not there, or its cases can't be fetched now.
    pub async fn check_dataset(
        &self,
        project: ProjectId,
        dataset: DatasetId,
    ) -> Result<DatasetCheck, Error> {
        let reading = self.reading(project)?;
        let found = self.dataset_content(&reading, dataset).await?;
        Ok(checked(&found))
    }

    /// The same of cases that are not saved yet.
    ///
    /// # Errors
    /// None; the signature is that of every call.
    pub async fn check_cases(&self, cases: Vec<Case>) -> Result<DatasetCheck, Error> {
        Ok(checked(&Dataset {
            cases,
            ..Dataset::default()
        }))
    }

    /// What of a project's datasets should perhaps not be shared: asked before a project goes to a
    /// team, and earlier savings of a dataset go with it. None: nothing looks like it.
    ///
    /// # Errors
    /// The laptop's file can't be read.
    pub async fn check_before_sharing(
        &self,
        project: ProjectId,
    ) -> Result<Vec<DatasetWarning>, Error> {
        let reading = self.reading(project)?;
        let mut warnings = Vec::new();
        for dataset in reading.ahead.datasets() {
            let savings = dataset.contents.iter().rev();
            let found = savings
                .filter_map(|saved| reading.stored_dataset(&saved.content))
                .map(|cases| sensitive::find(&cases))
                .find(|found| !found.is_empty());
            let Some(found) = found else { continue };
            warnings.push(DatasetWarning {
                id: dataset.id,
                name: dataset.name.clone(),
                places: u32::try_from(found.len()).unwrap_or(u32::MAX),
                words: found.iter().take(NAMED).map(said_of).collect(),
            });
        }
        Ok(warnings)
    }

    /// Adds a case to a dataset, under an id of its own.
    ///
    /// # Errors
    /// The dataset is not there, somebody else saved it meanwhile, or it is full.
    pub async fn add_case(
        &self,
        project: ProjectId,
        dataset: DatasetId,
        case: Case,
    ) -> Result<DatasetRow, Error> {
        let reading = self.reading(project)?;
        let mut whole = Arc::unwrap_or_clone(self.dataset_content(&reading, dataset).await?);
        let name = reading.ahead.dataset(dataset).map(|row| row.name.clone());
        let id = {
            let taken: BTreeSet<&str> = whole.cases.iter().map(|one| one.id.as_str()).collect();
            let mut ids = (whole.cases.len() + 1..).map(|number| number.to_string());
            ids.find(|id| !taken.contains(id.as_str()))
                .unwrap_or_default()
        };
        whole.cases.push(Case { id, ..case });
        self.save_whole_dataset(project, Some(dataset), name.unwrap_or_default(), whole)
            .await
    }

    /// A dataset as the text of a file, with what that file can't hold.
    ///
    /// # Errors
    /// The dataset is not there, or its cases can't be fetched now.
    pub async fn export_dataset(
        &self,
        project: ProjectId,
        dataset: DatasetId,
        form: DatasetForm,
    ) -> Result<DatasetFile, Error> {
        let reading = self.reading(project)?;
        let found = self.dataset_content(&reading, dataset).await?;
        let name = reading.ahead.dataset(dataset).map(|row| row.name.clone());
        let name = name.unwrap_or_default();
        let graders = !found.graders.is_empty();
        let written = match form {
            DatasetForm::Jsonl => export::Written {
                text: export::jsonl(&found),
                left_out: graders
                    .then(|| "the graders of the whole dataset: JSON Lines hold cases".to_owned())
                    .into_iter()
                    .collect(),
            },
            DatasetForm::Csv => {
                let own = found.cases.iter().any(|case| !case.graders.is_empty());
                export::Written {
                    text: export::csv(&found).map_err(|error| Error::invalid(error.to_string()))?,
                    left_out: (graders || own)
                        .then(|| "the graders: a table holds none".to_owned())
                        .into_iter()
                        .collect(),
                }
            }
            DatasetForm::Promptfoo => export::promptfoo(&found),
            DatasetForm::Langfuse => export::langfuse(&found, &name),
            DatasetForm::Mlflow => export::mlflow(&found),
        };
        Ok(DatasetFile {
            text: written.text,
            left_out: written.left_out,
        })
    }

    /// Writes a dataset as a file into this person's folder for downloads, beside what is there.
    ///
    /// # Errors
    /// As [`Self::export_dataset`]; the system names no such folder, or it can't be written to.
    pub async fn save_dataset_file(
        &self,
        project: ProjectId,
        dataset: DatasetId,
        form: DatasetForm,
    ) -> Result<SavedFile, Error> {
        let file = self.export_dataset(project, dataset, form).await?;
        let row = self.reading(project)?;
        let name = row.ahead.dataset(dataset).map(|row| row.name.clone());
        let people = directories::UserDirs::new();
        let folder = people
            .as_ref()
            .and_then(|dirs| dirs.download_dir().or(Some(dirs.home_dir())))
            .ok_or_else(|| {
                Error::not_found(
                    "this system names no folder for downloads; `galley dataset export -o` writes where you say",
                )
            })?;
        let path = beside(folder, &name.unwrap_or_default(), ending(form), &file.text)?;
        Ok(SavedFile {
            path: path.display().to_string(),
            left_out: file.left_out,
        })
    }
}

// Writes a new file; one that is there already is left alone.
fn beside(folder: &Path, name: &str, ending: &str, text: &str) -> Result<PathBuf, Error> {
    let failed = |source| Error::File {
        what: format!("the file can't be written to {}", folder.display()),
        source,
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let name = name.replace('/', " ");
    for number in 1_u32.. {
        let name = match number {
            1 => format!("{name}.{ending}"),
            number => format!("{name} {number}.{ending}"),
        };
        let path = folder.join(name);
        match std::fs::File::create_new(&path) {
            Ok(mut file) => {
                file.write_all(text.as_bytes()).map_err(failed)?;
                return Ok(path);
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Err(Error::invalid("every name is taken"))
}

fn ending(form: DatasetForm) -> &'static str {
    match form {
        DatasetForm::Jsonl => "jsonl",
        DatasetForm::Csv => "csv",
        DatasetForm::Promptfoo | DatasetForm::Langfuse | DatasetForm::Mlflow => "json",
    }
}

pub(crate) fn checked(dataset: &Dataset) -> DatasetCheck {
    let duplicates = duplicates::find(dataset);
    let found = sensitive::find(dataset);
    let exact = duplicates.iter().filter(|group| group.exact).count();
    let near = duplicates.len() - exact;
    let against = duplicates.iter().filter(|group| group.contradict).count();
    let mut said = Vec::new();
    if exact > 0 {
        said.push(format!(
            "{} the same to the letter",
            words::count(exact, "group of cases is", "groups of cases are")
        ));
    }
    if near > 0 {
        said.push(format!(
            "{} nearly the same; statistics count each as one",
            words::count(near, "group of cases is", "groups of cases are")
        ));
    }
    if against > 0 {
        said.push(format!(
            "{} the same question and different answers",
            words::count(against, "group expects of", "groups expect of")
        ));
    }
    let mut kinds: BTreeMap<sensitive::Sensitive, usize> = BTreeMap::new();
    for finding in &found {
        *kinds.entry(finding.kind).or_default() += 1;
    }
    for (kind, times) in kinds {
        said.push(format!(
            "{} in {}",
            kind.words(),
            words::count(times, "place", "places")
        ));
    }
    let sensitive = found.into_iter().map(|finding| SensitivePlace {
        words: said_of(&finding),
        finding,
    });
    DatasetCheck {
        duplicates,
        sensitive: sensitive.collect(),
        words: said,
    }
}

fn said_of(finding: &sensitive::Finding) -> String {
    format!(
        "case {}, {}: looks like {}",
        finding.case_id,
        finding.column,
        finding.kind.words()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_there_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let write = |text: &str| beside(folder.path(), "cards/new", "csv", text).unwrap();
        let (first, second) = (write("one"), write("two"));
        assert_eq!(std::fs::read_to_string(&first).unwrap(), "one");
        assert_eq!(std::fs::read_to_string(&second).unwrap(), "two");
        assert_eq!(first.file_name().unwrap(), "cards new.csv");
        assert_eq!(second.file_name().unwrap(), "cards new 2.csv");
    }
}
