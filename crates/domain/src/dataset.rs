//! Datasets: the inputs on which a prompt is tried, with what is expected.
//!
//! A dataset is content like a version's: canonical JSON under its digest, immutable. A changed
//! dataset is another content. It refuses more than [`limits::CASES`] cases, more than
//! [`limits::DATASET_BYTES`], and two cases of one id.

use crate::content::Other;
use crate::graders::Grader;
use crate::{CanonicalError, Digest, limits, to_canonical};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Cases in their order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Dataset {
    /// What the file or its author calls it. Its name in the project is the project's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The cases.
    pub cases: Vec<Case>,
    /// Who judges every case, beside the graders of a run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub graders: Vec<Grader>,
    /// Fields that we don't know; also where the cases come from and under what licence
    /// (`attribution`).
    #[serde(flatten)]
    #[specta(skip)]
    pub other: Other,
}

/// One set of inputs, with what is expected of the answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Case {
    /// Names the case within its dataset, so that results can be compared over runs.
    pub id: String,
    /// The values of the prompt's inputs.
    #[serde(default)]
    pub inputs: Map<String, Value>,
    /// What the answer should be, or hold; graders say which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Value>,
    /// Who judges this case, beside the dataset's graders and those of a run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub graders: Vec<Grader>,
    /// For choosing among cases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Fields that we don't know.
    #[serde(flatten)]
    #[specta(skip)]
    pub other: Other,
}

/// Why a dataset can't be kept.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// More cases than [`limits::CASES`].
    #[error("the dataset has {0} cases; at most {max} fit: split it", max = limits::CASES)]
    TooManyCases(usize),
    /// More bytes than [`limits::DATASET_BYTES`].
    #[error("the dataset takes {0} bytes; at most {max} fit: split it", max = limits::DATASET_BYTES)]
    TooLarge(usize),
    /// Two cases under one id.
    #[error("two cases have the id “{0}”: give each its own")]
    SameId(String),
    /// A case without an id.
    #[error("case {0} has no id")]
    NoId(usize),
    /// A value that JSON can't hold exactly.
    #[error("the dataset can't be kept: {0}")]
    Canonical(#[from] CanonicalError),
    /// Bytes that are no dataset.
    #[error("this is no dataset: {0}")]
    NotADataset(#[from] serde_json::Error),
}

impl Dataset {
    /// Checks it against the limits and the rules about ids.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), DatasetError> {
        if self.cases.len() > limits::CASES {
            return Err(DatasetError::TooManyCases(self.cases.len()));
        }
        let mut ids = BTreeSet::new();
        for (index, case) in self.cases.iter().enumerate() {
            if case.id.is_empty() {
                return Err(DatasetError::NoId(index + 1));
            }
            if !ids.insert(case.id.as_str()) {
                return Err(DatasetError::SameId(case.id.clone()));
            }
        }
        Ok(())
    }

    /// The bytes that are stored, and the digest that names them.
    ///
    /// # Errors
    /// What [`Dataset::check`] finds, a size beyond the limit, or a number that JSON can't hold.
    pub fn encode(&self) -> Result<(Vec<u8>, Digest), DatasetError> {
        self.check()?;
        let bytes = to_canonical(self)?;
        if bytes.len() > limits::DATASET_BYTES {
            return Err(DatasetError::TooLarge(bytes.len()));
        }
        let digest = Digest::of(&bytes);
        Ok((bytes, digest))
    }

    /// Reads a dataset that came from outside or from storage.
    ///
    /// # Errors
    /// Bytes that are no dataset, or one that breaks the limits.
    pub fn decode(bytes: &[u8]) -> Result<Self, DatasetError> {
        if bytes.len() > limits::DATASET_BYTES {
            return Err(DatasetError::TooLarge(bytes.len()));
        }
        let dataset: Self = serde_json::from_slice(bytes)?;
        dataset.check()?;
        Ok(dataset)
    }

    /// The names of the inputs that its cases fill, in order of first use.
    #[must_use]
    pub fn input_names(&self) -> Vec<&str> {
        let mut seen = BTreeSet::new();
        let names = self.cases.iter().flat_map(|case| case.inputs.keys());
        names
            .map(String::as_str)
            .filter(|name| seen.insert(*name))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn case(id: &str) -> Case {
        Case {
            id: id.to_owned(),
            ..Case::default()
        }
    }

    #[test]
    fn fields_that_we_do_not_know_are_kept_and_count() {
        let json = json!({"cases": [{"id": "1", "inputs": {"q": "?"}, "weight": 2}], "attribution": "CC BY"});
        let dataset = Dataset::decode(json.to_string().as_bytes()).expect("a dataset");
        let (bytes, digest) = dataset.encode().expect("it fits");
        assert_eq!(Dataset::decode(&bytes).expect("our own bytes"), dataset);
        assert_eq!(serde_json::from_slice::<Value>(&bytes).expect("JSON"), json);
        let mut changed = dataset;
        changed.cases[0].other.insert("weight".to_owned(), json!(3));
        assert_ne!(changed.encode().expect("it fits").1, digest);
    }

    #[test]
    fn limits_hold_at_and_beyond() {
        let full = Dataset {
            cases: (0..limits::CASES).map(|n| case(&n.to_string())).collect(),
            ..Dataset::default()
        };
        assert!(full.encode().is_ok());
        let mut beyond = full;
        beyond.cases.push(case("one more"));
        assert!(matches!(
            beyond.encode(),
            Err(DatasetError::TooManyCases(50_001))
        ));
        let mut large = Dataset {
            cases: vec![case("1")],
            ..Dataset::default()
        };
        let note_bytes =
            limits::DATASET_BYTES - large.encode().expect("small").0.len() - r#","note":"""#.len();
        large.cases[0].note = "x".repeat(note_bytes);
        assert_eq!(
            large.encode().expect("exactly at the limit").0.len(),
            limits::DATASET_BYTES
        );
        large.cases[0].note.push('x');
        assert!(matches!(large.encode(), Err(DatasetError::TooLarge(_))));
    }

    #[test]
    fn ids_are_there_and_differ() {
        let of = |ids: &[&str]| Dataset {
            cases: ids.iter().map(|id| case(id)).collect(),
            ..Dataset::default()
        };
        assert!(of(&["a", "b"]).check().is_ok());
        assert!(matches!(of(&["a", "b", "a"]).check(), Err(DatasetError::SameId(id)) if id == "a"));
        assert!(matches!(of(&["a", ""]).check(), Err(DatasetError::NoId(2))));
    }
}
