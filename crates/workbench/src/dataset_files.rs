//! Datasets out of the project, and what should be known before one is shared.

use crate::views::{
    DatasetCheck, DatasetFile, DatasetForm, DatasetRow, DatasetWarning, SensitivePlace,
};
use crate::{Error, Workbench, words};
use domain::dataset::{Case, Dataset};
use domain::{DatasetId, ProjectId, duplicates, sensitive};
use evals::export;
use std::collections::{BTreeMap, BTreeSet};

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
        let mut whole = self.dataset_content(&reading, dataset).await?;
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
