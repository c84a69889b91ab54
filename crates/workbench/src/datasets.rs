//! Datasets: list, open, import, save, keep offline.

use crate::reading::Reading;
use crate::views::{
    DatasetCheck, DatasetChoice, DatasetFit, DatasetFormat, DatasetRow, DatasetView, LineProblem,
    Mapping, Reading as ReadingView, State,
};
use crate::{Error, Workbench, words};
use domain::content::Input;
use domain::dataset::{Case, Dataset};
use domain::ledger::Body;
use domain::{DatasetId, Digest, ProjectId, VersionContent};
use evals::import;
use serde_json::Value;
use std::sync::Arc;

/// Rows that a preview shows.
const PREVIEW: usize = 8;

impl Workbench {
    /// Every dataset of a project.
    ///
    /// # Errors
    /// The project is not on this computer.
    pub async fn datasets(&self, project: ProjectId) -> Result<Vec<DatasetRow>, Error> {
        let reading = self.reading(project)?;
        let kept = self.store().kept_offline(project)?;
        let mut rows: Vec<_> = reading
            .ahead
            .datasets()
            .filter_map(|dataset| reading.dataset_row(dataset, kept.contains(&dataset.id.0)))
            .collect();
        rows.sort_by_cached_key(|row| domain::names::folded(&row.name));
        Ok(rows)
    }

    /// Every dataset of a project with what it lacks for a content, and the one to try it with.
    ///
    /// # Errors
    /// The project is not on this computer.
    pub async fn datasets_for(
        &self,
        project: ProjectId,
        content: VersionContent,
    ) -> Result<DatasetChoice, Error> {
        let reading = self.reading(project)?;
        let rows = self.datasets(project).await?;
        let mut best: Option<(usize, DatasetId)> = None;
        let mut fits = Vec::with_capacity(rows.len());
        for row in rows {
            let cases = reading
                .ahead
                .dataset(row.id)
                .and_then(|found| found.contents.last())
                .and_then(|latest| reading.stored_dataset(&latest.content));
            let Some(cases) = cases else {
                fits.push(DatasetFit {
                    row,
                    missing: Vec::new(),
                    words: "fetched when chosen".to_owned(),
                });
                continue;
            };
            let (filled, missing) = filling(&content.inputs, &cases);
            if filled > 0 && missing.is_empty() && best.is_none_or(|(most, _)| filled > most) {
                best = Some((filled, row.id));
            }
            fits.push(DatasetFit {
                words: match (missing.as_slice(), cases.cases.is_empty()) {
                    (_, true) => "no cases".to_owned(),
                    ([], _) => String::new(),
                    (missing, _) => format!("has no {}", words::list(missing)),
                },
                row,
                missing,
            });
        }
        let wanted: Vec<String> = content.inputs.iter().map(|one| one.name.clone()).collect();
        let words = match (&best, wanted.is_empty(), fits.is_empty()) {
            (Some(_), ..) | (_, true, _) => String::new(),
            (None, false, true) => "There is no dataset yet.".to_owned(),
            (None, false, false) => {
                let needed = required(&content.inputs);
                format!(
                    "No dataset on this computer fills {}.",
                    words::list(if needed.is_empty() { &wanted } else { &needed })
                )
            }
        };
        Ok(DatasetChoice {
            rows: fits,
            suggested: best.map(|(_, id)| id),
            words,
        })
    }

    /// One dataset with its cases, fetched if they are not here yet.
    ///
    /// # Errors
    /// The dataset is not there, or its cases can't be fetched now.
    pub async fn dataset(
        &self,
        project: ProjectId,
        dataset: DatasetId,
    ) -> Result<DatasetView, Error> {
        let reading = self.reading(project)?;
        let cases = self.dataset_content(&reading, dataset).await?;
        let kept = self.store().kept_offline(project)?.contains(&dataset.0);
        let row = reading
            .ahead
            .dataset(dataset)
            .and_then(|found| reading.dataset_row(found, kept))
            .ok_or_else(|| Error::not_found("this dataset is not in the project"))?;
        let mut inputs: Vec<String> = Vec::new();
        for name in cases.cases.iter().flat_map(|case| case.inputs.keys()) {
            if !inputs.contains(name) {
                inputs.push(name.clone());
            }
        }
        let attribution = cases
            .other
            .get("attribution")
            .and_then(|text| text.as_str())
            .map(str::to_owned);
        Ok(DatasetView {
            row,
            inputs,
            graders: cases.graders.clone(),
            cases: cases.cases.clone(),
            attribution,
        })
    }

    /// A text as it would be imported: its columns, a mapping that is probably right, and what is
    /// wrong, by line.
    ///
    /// # Errors
    /// Nothing can be made of it at all.
    pub async fn read_dataset(
        &self,
        project: ProjectId,
        text: String,
        format: DatasetFormat,
    ) -> Result<ReadingView, Error> {
        let reading = self.reading(project)?;
        let table = import::read(text.as_bytes(), as_import(format))
            .map_err(|error| Error::invalid(error.to_string()))?;
        let suggested = import::suggest(&table, &reading.known_inputs());
        let left_over = import::left_over(&table, &suggested);
        let shown = |value: &Option<Value>| match value {
            None => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        let preview = table
            .rows
            .iter()
            .take(PREVIEW)
            .map(|row| row.values.iter().map(shown).collect());
        Ok(ReadingView {
            format: match table.format {
                import::Format::Csv => DatasetFormat::Csv,
                import::Format::Jsonl => DatasetFormat::Jsonl,
            },
            suggested: Mapping {
                inputs: suggested.inputs,
                expected: suggested.expected,
            },
            left_over,
            preview: preview.collect(),
            rows: u32::try_from(table.rows.len()).unwrap_or(u32::MAX),
            columns: table.columns,
            problems: table
                .problems
                .iter()
                .map(|problem| LineProblem {
                    line: problem.line,
                    column: problem.column.clone(),
                    message: problem.message.clone(),
                })
                .collect(),
        })
    }

    /// Makes a dataset of a text.
    ///
    /// # Errors
    /// A line is wrong (it is named), or the name is taken. Nothing is imported then.
    pub async fn import_dataset(
        &self,
        project: ProjectId,
        name: String,
        text: String,
        format: DatasetFormat,
        mapping: Mapping,
    ) -> Result<DatasetRow, Error> {
        let reading = self.reading(project)?;
        let cases = reading.cases_of(&text, format, mapping)?;
        self.save_dataset(project, None, name, cases).await
    }

    /// What a text would bring with it that stands there twice, or should perhaps not be shared.
    ///
    /// # Errors
    /// A line is wrong, as for [`Self::import_dataset`].
    pub async fn check_import(
        &self,
        project: ProjectId,
        text: String,
        format: DatasetFormat,
        mapping: Mapping,
    ) -> Result<DatasetCheck, Error> {
        let reading = self.reading(project)?;
        let cases = reading.cases_of(&text, format, mapping)?;
        self.check_cases(cases).await
    }

    /// Saves a dataset, or a further version of one.
    ///
    /// # Errors
    /// The name is taken, somebody else saved it meanwhile, or it is too large.
    pub async fn save_dataset(
        &self,
        project: ProjectId,
        dataset: Option<DatasetId>,
        name: String,
        cases: Vec<Case>,
    ) -> Result<DatasetRow, Error> {
        // Who judges, and what is known of where the cases come from, goes on with them.
        let reading = self.reading(project)?;
        let before = dataset
            .and_then(|id| reading.ahead.dataset(id)?.contents.last())
            .and_then(|latest| reading.stored_dataset(&latest.content));
        let content = Dataset {
            name: None,
            cases,
            ..before.unwrap_or_default()
        };
        self.save_whole_dataset(project, dataset, name, content)
            .await
    }

    pub(crate) async fn save_whole_dataset(
        &self,
        project: ProjectId,
        dataset: Option<DatasetId>,
        name: String,
        content: Dataset,
    ) -> Result<DatasetRow, Error> {
        let mut act = self.act(project)?;
        let latest = dataset
            .and_then(|id| act.reading.ahead.dataset(id))
            .and_then(|found| found.contents.last());
        let replaces = latest.map(|content| content.content);
        let (bytes, _) = content
            .encode()
            .map_err(|error| Error::invalid(error.to_string()))?;
        let count = u32::try_from(content.cases.len()).unwrap_or(u32::MAX);
        let content = act.content(bytes);
        let name = domain::names::tidy(&name);
        let id = act.command(Body::SaveDataset {
            dataset,
            name,
            content,
            cases: count,
            replaces,
        })?;
        act.send().await?;
        let reading = self.reading(project)?;
        let id = dataset.unwrap_or(DatasetId::from(id));
        let row = reading
            .ahead
            .dataset(id)
            .and_then(|found| reading.dataset_row(found, false));
        row.ok_or_else(|| Error::not_found("the dataset was refused; see what waits for you"))
    }

    /// Keeps a dataset on this computer for work offline, or no longer.
    ///
    /// # Errors
    /// The laptop's file can't be written, or its cases can't be fetched now.
    pub async fn keep_offline(
        &self,
        project: ProjectId,
        dataset: DatasetId,
        keep: bool,
    ) -> Result<(), Error> {
        self.store().keep_offline(project, dataset.0, keep)?;
        if keep {
            let reading = self.reading(project)?;
            self.dataset_content(&reading, dataset).await?;
        }
        self.say_changed(project);
        Ok(())
    }

    pub(crate) async fn dataset_content(
        &self,
        reading: &Reading,
        dataset: DatasetId,
    ) -> Result<Arc<Dataset>, Error> {
        let found = reading
            .ahead
            .dataset(dataset)
            .and_then(|found| found.contents.last())
            .ok_or_else(|| Error::not_found("this dataset is not in the project"))?;
        self.cases_at(reading, &found.content).await
    }

    /// The cases of one saving of a dataset.
    pub(crate) async fn cases_at(
        &self,
        reading: &Reading,
        content: &Digest,
    ) -> Result<Arc<Dataset>, Error> {
        if let Some(here) = reading.cases(content) {
            return Ok(here);
        }
        self.fetch(reading.project, content).await?;
        reading.cases(content).ok_or_else(|| {
            Error::not_found("the cases of this dataset can't be fetched now, or were redacted")
        })
    }
}

impl Reading {
    pub(crate) fn stored_dataset(&self, digest: &Digest) -> Option<Dataset> {
        serde_json::from_slice(&self.store.content(digest).ok().flatten()?).ok()
    }

    /// The same, shared with everybody who looks at it now.
    pub(crate) fn cases(&self, digest: &Digest) -> Option<Arc<Dataset>> {
        // What was redacted meanwhile is not given out again.
        let bytes = self.store.content(digest).ok().flatten()?;
        self.in_use
            .find_or(digest, || serde_json::from_slice(&bytes).ok())
    }

    fn dataset_row(
        &self,
        dataset: &domain::project::Dataset,
        keep_offline: bool,
    ) -> Option<DatasetRow> {
        let latest = dataset.contents.last()?;
        let accepted = self
            .accepted
            .dataset(dataset.id)
            .and_then(|found| found.contents.last());
        let in_registry = accepted.is_some_and(|content| content.content == latest.content);
        Some(DatasetRow {
            id: dataset.id,
            name: dataset.name.clone(),
            cases: latest.cases,
            by: self.person(latest.by),
            at: latest.at,
            state: if in_registry {
                self.kept()
            } else {
                State::Outbox
            },
            keep_offline,
            here: self.store.content(&latest.content).ok().flatten().is_some(),
        })
    }

    // The cases of a text, as the mapping has them.
    fn cases_of(
        &self,
        text: &str,
        format: DatasetFormat,
        mapping: Mapping,
    ) -> Result<Vec<Case>, Error> {
        let table = import::read(text.as_bytes(), as_import(format))
            .map_err(|error| Error::invalid(error.to_string()))?;
        let suggested = import::suggest(&table, &self.known_inputs());
        let mapping = import::Mapping {
            inputs: mapping.inputs,
            expected: mapping.expected,
            ..suggested
        };
        let made = import::dataset(&table, &mapping, &self.known_inputs()).map_err(|problems| {
            let first = problems
                .first()
                .map_or_else(String::new, ToString::to_string);
            Error::invalid(match problems.len() {
                0 | 1 => first,
                n => format!(
                    "{first} (and {} more)",
                    words::count(n - 1, "problem", "problems")
                ),
            })
        })?;
        Ok(made.cases)
    }

    // The inputs that prompts of this project declare: what columns are probably for.
    fn known_inputs(&self) -> Vec<Input> {
        let mut inputs: Vec<Input> = self
            .ahead
            .prompts()
            .filter_map(|prompt| prompt.latest())
            .filter_map(|version| self.content(&version.content))
            .flat_map(|content| content.inputs)
            .collect();
        inputs.sort_by(|one, other| one.name.cmp(&other.name));
        inputs.dedup_by(|one, other| one.name == other.name);
        inputs
    }
}

fn required(inputs: &[Input]) -> Vec<String> {
    inputs
        .iter()
        // What another prompt puts out is asked for first: no case has to hold it.
        .filter(|input| input.required && input.default.is_none() && input.from.is_none())
        .map(|input| input.name.clone())
        .collect()
}

// How many inputs the cases fill, and which they had to and don't.
fn filling(inputs: &[Input], cases: &Dataset) -> (usize, Vec<String>) {
    let columns = cases.input_names();
    let filled = inputs
        .iter()
        .filter(|input| columns.contains(&input.name.as_str()))
        .count();
    let missing = required(inputs)
        .into_iter()
        .filter(|name| !columns.contains(&name.as_str()))
        .collect();
    (filled, missing)
}

fn as_import(format: DatasetFormat) -> Option<import::Format> {
    match format {
        DatasetFormat::Jsonl => Some(import::Format::Jsonl),
        DatasetFormat::Csv => Some(import::Format::Csv),
        DatasetFormat::Auto => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn input(name: &str, required: bool, default: Option<&Value>) -> Input {
        serde_json::from_value(json!({
            "name": name, "type": "text", "required": required, "default": default,
        }))
        .unwrap()
    }

    fn cases(inputs: &Value) -> Dataset {
        serde_json::from_value(json!({ "cases": [{ "id": "1", "inputs": inputs }] })).unwrap()
    }

    #[test]
    fn an_input_that_has_a_default_or_may_be_left_out_is_not_missed() {
        let inputs = [
            input("message", true, None),
            input("tone", true, Some(&json!("kind"))),
            input("region", false, None),
        ];
        let found = filling(&inputs, &cases(&json!({ "message": "hello" })));
        assert_eq!(found, (1, vec![]));
        let found = filling(&inputs, &cases(&json!({ "region": "north" })));
        assert_eq!(found, (1, vec!["message".to_owned()]));
    }

    #[test]
    fn cases_of_another_prompt_fill_nothing() {
        let inputs = [input("region", false, None)];
        let found = filling(&inputs, &cases(&json!({ "question": "why?" })));
        assert_eq!(found, (0, vec![]));
    }
}
