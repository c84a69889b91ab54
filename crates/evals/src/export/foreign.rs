//! Datasets as promptfoo, Langfuse and MLflow read them, with what they can't hold.

use crate::import::foreign::RESPONSE;
use domain::dataset::{Case, Dataset};
use domain::graders::{Grader, Likeness, Part, Unit};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// A file, and in words what of the dataset is not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The file's text.
    pub text: String,
    /// What was left out.
    pub left_out: Vec<String>,
}

/// Items as Langfuse's `POST /api/public/dataset-items` takes them, one JSON list.
#[must_use]
pub fn langfuse(dataset: &Dataset, name: &str) -> Written {
    let items = dataset.cases.iter().map(|case| {
        let mut metadata = match case.other.get("metadata") {
            Some(Value::Object(fields)) => fields.clone(),
            _ => Map::new(),
        };
        if !case.tags.is_empty() {
            metadata.insert("tags".to_owned(), json!(case.tags));
        }
        if !case.note.is_empty() {
            metadata.insert("note".to_owned(), json!(case.note));
        }
        json!({
            "id": case.id, "datasetName": name, "input": case.inputs,
            "expectedOutput": case.expected, "metadata": metadata,
        })
    });
    written(items.collect(), without_graders(dataset, "Langfuse"))
}

/// Records as MLflow's `merge_records` takes them, one JSON list.
#[must_use]
pub fn mlflow(dataset: &Dataset) -> Written {
    let mut left_out = without_graders(dataset, "MLflow");
    if dataset.cases.iter().any(|case| !case.note.is_empty()) {
        left_out.push("the notes of cases: MLflow's records hold none".to_owned());
    }
    let records = dataset.cases.iter().map(|case| {
        let expectations = match &case.expected {
            None => json!({}),
            Some(Value::Object(fields)) => json!(fields),
            Some(expected) => json!({RESPONSE: expected}),
        };
        let tags = case.tags.iter().map(|tag| {
            let (name, value) = tag.split_once('=').unwrap_or((tag, ""));
            (name.to_owned(), Value::from(value))
        });
        let tags: Map<String, Value> = tags.collect();
        json!({"inputs": case.inputs, "expectations": expectations, "tags": tags})
    });
    written(records.collect(), left_out)
}

/// promptfoo's tests, as JSON, which is YAML too: name the file `.json` or `.yaml`.
#[must_use]
pub fn promptfoo(dataset: &Dataset) -> Written {
    let mut left_out = BTreeSet::new();
    let tests = dataset.cases.iter().map(|case| {
        let graders = dataset.graders.iter().chain(&case.graders);
        let mut asserts: Vec<Value> = Vec::new();
        for grader in graders {
            match assertion(grader, case) {
                Some(assert) => asserts.push(assert),
                None => {
                    left_out.insert(format!("a grader that promptfoo has not: {}", grader.title()));
                }
            }
        }
        if asserts.is_empty()
            && let Some(expected) = &case.expected
        {
            asserts.push(json!({"type": "equals", "value": expected}));
        }
        if !case.tags.is_empty() {
            left_out.insert("the tags of cases".to_owned());
        }
        let mut test = json!({"vars": case.inputs, "assert": asserts, "options": {"disableVarExpansion": true}});
        if let Some(fields) = test.as_object_mut() {
            if !case.note.is_empty() {
                fields.insert("description".to_owned(), json!(case.note));
            }
            if let Some(metadata) = case.other.get("metadata") {
                fields.insert("metadata".to_owned(), metadata.clone());
            }
        }
        test
    });
    let tests: Vec<Value> = tests.collect();
    written(tests, left_out.into_iter().collect())
}

/// A grader as promptfoo's assertion; none where it has no such.
fn assertion(grader: &Grader, case: &Case) -> Option<Value> {
    let or_case = |expected: &Option<Value>| expected.clone().or_else(|| case.expected.clone());
    Some(match grader {
        // promptfoo trims nothing: where space doesn't count it is not the same.
        Grader::Exact {
            expected,
            field: None,
            ignore_case: false,
            trim: false,
        } => {
            json!({"type": "equals", "value": or_case(expected)?})
        }
        Grader::Contains {
            all,
            any,
            none,
            ignore_case,
        } => {
            let i = if *ignore_case { "i" } else { "" };
            match (all.as_slice(), any.as_slice(), none.as_slice()) {
                ([], [], []) => {
                    json!({"type": format!("{i}contains"), "value": case.expected.as_ref()?.as_str()?})
                }
                ([one], [], []) => json!({"type": format!("{i}contains"), "value": one}),
                ([], [], [one]) => json!({"type": format!("not-{i}contains"), "value": one}),
                (all, [], []) => json!({"type": format!("{i}contains-all"), "value": all}),
                ([], any, []) => json!({"type": format!("{i}contains-any"), "value": any}),
                ([], [], none) => json!({"type": format!("not-{i}contains-any"), "value": none}),
                _ => return None,
            }
        }
        Grader::Regex {
            pattern,
            ignore_case: false,
            absent,
        } => {
            json!({"type": if *absent { "not-regex" } else { "regex" }, "value": pattern})
        }
        Grader::JsonSchema { schema, anywhere } => {
            json!({"type": if *anywhere { "contains-json" } else { "is-json" }, "value": schema})
        }
        Grader::Similar {
            expected,
            by: Likeness::Edits,
            most_edits: Some(most),
            ignore_case: false,
            ..
        } => {
            json!({"type": "levenshtein", "value": or_case(expected)?, "threshold": most})
        }
        Grader::Length {
            unit: Unit::Words,
            least,
            most,
        } => {
            let mut range = Map::new();
            range.extend(least.map(|least| ("min".to_owned(), json!(least))));
            range.extend(most.map(|most| ("max".to_owned(), json!(most))));
            json!({"type": "word-count", "value": range})
        }
        Grader::Latency { most_ms } => json!({"type": "latency", "threshold": most_ms}),
        Grader::Cost { most } => json!({"type": "cost", "threshold": most}),
        Grader::Refusal { absent } => {
            json!({"type": if *absent { "not-is-refusal" } else { "is-refusal" }})
        }
        Grader::Not { grader } => {
            let mut inner = assertion(grader, case)?;
            let kind = inner.get("type")?.as_str()?.to_owned();
            let turned = match kind.strip_prefix("not-") {
                Some(kind) => kind.to_owned(),
                None => format!("not-{kind}"),
            };
            inner
                .as_object_mut()?
                .insert("type".to_owned(), json!(turned));
            inner
        }
        Grader::Together { parts, least } => {
            let inner: Option<Vec<Value>> = parts.iter().map(|part| weighed(part, case)).collect();
            let mut set = json!({"type": "assert-set", "assert": inner?});
            if let Some(least) = least {
                set.as_object_mut()?
                    .insert("threshold".to_owned(), json!(least));
            }
            set
        }
        _ => return None,
    })
}

fn weighed(part: &Part, case: &Case) -> Option<Value> {
    let mut inner = assertion(&part.grader, case)?;
    let fields = inner.as_object_mut()?;
    fields.insert("weight".to_owned(), json!(part.weight));
    if let Some(name) = &part.name {
        fields.insert("metric".to_owned(), json!(name));
    }
    Some(inner)
}

fn without_graders(dataset: &Dataset, who: &str) -> Vec<String> {
    let some =
        !dataset.graders.is_empty() || dataset.cases.iter().any(|case| !case.graders.is_empty());
    let words = || format!("the graders: {who}'s datasets hold none");
    some.then(words).into_iter().collect()
}

fn written(items: Vec<Value>, left_out: Vec<String>) -> Written {
    let mut text = serde_json::to_string_pretty(&Value::Array(items)).unwrap_or_default();
    text.push('\n');
    Written { text, left_out }
}
