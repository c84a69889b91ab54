//! promptfoo's assertions as our graders, by its names and meanings.
//!
//! What each means is in promptfoo's reference of deterministic metrics (promptfoo.dev, read in
//! November 2026). What is not the same here is noted; what Galley has not is left out.

use super::files::Files;
use super::left_out::Notes;
use super::values::{as_text, filled, loaded};
use super::yaml::{self, Kind, Node};
use domain::graders::{Grader, Likeness, Part, Unit};
use serde_json::{Map, Value, json};

/// The distance that `levenshtein` allows where it says nothing else.
const EDITS: u32 = 5;
/// The likeness that `rouge-n` asks for where it says nothing else.
const ROUGE: f64 = 0.75;
/// How deep sets of assertions are followed.
const DEPTH: u8 = 3;

pub(super) struct Asserts<'a> {
    files: &'a Files<'a>,
    templates: Option<&'a Node>,
}

impl<'a> Asserts<'a> {
    pub fn new(files: &'a Files<'a>, templates: Option<&'a Node>) -> Self {
        Self { files, templates }
    }

    /// Every assertion of a list that Galley has, each with its weight.
    pub fn parts(&self, list: &Node, vars: &Map<String, Value>, notes: &mut Notes) -> Vec<Part> {
        self.parts_at(list, vars, notes, 0)
    }

    fn parts_at(
        &self,
        list: &Node,
        vars: &Map<String, Value>,
        notes: &mut Notes,
        depth: u8,
    ) -> Vec<Part> {
        let list = list.each().iter();
        list.filter_map(|one| self.part(one, vars, notes, depth))
            .collect()
    }

    fn part(
        &self,
        written: &Node,
        vars: &Map<String, Value>,
        notes: &mut Notes,
        depth: u8,
    ) -> Option<Part> {
        let line = written.line;
        let whole = self.referred(written);
        let node = whole.as_ref().unwrap_or(written);
        let Some(name) = node.get("type").and_then(Node::text) else {
            let what = node
                .get("$ref")
                .and_then(Node::text)
                .unwrap_or("an assertion");
            notes.add(line, what, "names no type that is there");
            return None;
        };
        for field in ["transform", "contextTransform"] {
            if node.get(field).is_some() {
                notes.add(line, name, format!("judges what a program ({field}) made of the answer, and an import runs nothing"));
                return None;
            }
        }
        let (base, negated) = match name.strip_prefix("not-") {
            Some(base) => (base, true),
            None => (name, false),
        };
        let judged = if base == "assert-set" {
            self.set(node, vars, notes, depth)
        } else {
            self.grader(base, node, vars)
        };
        let found = judged
            .map(|grader| if negated { turned(grader) } else { grader })
            .and_then(|grader| match grader.prepare() {
                Ok(_) => Ok(grader),
                Err(error) => Err(format!("can't be used here: {error}")),
            });
        let grader = match found {
            Ok(grader) => grader,
            Err(why) => {
                notes.add(line, name, why);
                return None;
            }
        };
        if base == "rouge-n" {
            notes.add(line, name, "is taken as the share of words in common (ROUGE-1); words are cut as Galley cuts them");
        }
        let weight = node.get("weight").and_then(Node::number).unwrap_or(1.0);
        if weight < 0.0 {
            notes.add(line, name, "has a weight below 0");
            return None;
        }
        Some(Part {
            name: node.get("metric").and_then(Node::text).map(str::to_owned),
            weight,
            grader,
        })
    }

    /// What a `$ref` to this file's assertionTemplates means; its own fields go before.
    fn referred(&self, node: &Node) -> Option<Node> {
        let name = node
            .get("$ref")?
            .text()?
            .strip_prefix("#/assertionTemplates/")?;
        let template = self.templates?.get(name)?;
        let own = node.fields().iter().filter(|(field, _)| field != "$ref");
        let mut fields: Vec<_> = own.cloned().collect();
        for (field, value) in template.fields() {
            if !fields.iter().any(|(name, _)| name == field) {
                fields.push((field.clone(), value.clone()));
            }
        }
        Some(Node {
            line: node.line,
            kind: Kind::Fields(fields),
        })
    }

    fn set(
        &self,
        node: &Node,
        vars: &Map<String, Value>,
        notes: &mut Notes,
        depth: u8,
    ) -> Result<Grader, String> {
        if depth >= DEPTH {
            return Err("nests deeper than sets of assertions do here".to_owned());
        }
        let list = node.get("assert").ok_or("holds no assertions")?;
        let parts = self.parts_at(list, vars, notes, depth + 1);
        if parts.is_empty() {
            return Err("holds no assertion that Galley has".to_owned());
        }
        Ok(Grader::Together {
            parts,
            least: node.get("threshold").and_then(Node::number),
        })
    }

    fn grader(&self, base: &str, node: &Node, vars: &Map<String, Value>) -> Result<Grader, String> {
        if let Some(why) = not_ours(base) {
            return Err(why.to_owned());
        }
        let threshold = node.get("threshold").and_then(Node::number);
        let value = match node.get("value") {
            Some(value) => Some(filled(&loaded(value, self.files)?, vars)?),
            None => None,
        };
        let needed = || value.clone().ok_or_else(|| "has no value".to_owned());
        let ignore_case = base.starts_with('i') && base[1..].starts_with("contains");
        Ok(
            match base
                .strip_prefix('i')
                .filter(|_| ignore_case)
                .unwrap_or(base)
            {
                "equals" => Grader::Exact {
                    expected: Some(needed()?),
                    field: None,
                    trim: false,
                    ignore_case: false,
                },
                "contains" => contains(vec![as_text(&needed()?)], Vec::new(), ignore_case),
                "contains-all" => contains(list_of(&needed()?), Vec::new(), ignore_case),
                "contains-any" => contains(Vec::new(), list_of(&needed()?), ignore_case),
                "regex" => pattern(as_text(&needed()?)),
                "starts-with" => pattern(format!(r"\A{}", regex::escape(&as_text(&needed()?)))),
                "is-json" => json_shape(value, false)?,
                "contains-json" => json_shape(value, true)?,
                "levenshtein" => Grader::Similar {
                    expected: Some(needed()?),
                    by: Likeness::Edits,
                    least: None,
                    most_edits: Some(threshold.map_or(Ok(EDITS), whole)?),
                    ignore_case: false,
                },
                "rouge-n" => Grader::Similar {
                    expected: Some(needed()?),
                    by: Likeness::Words,
                    least: Some(threshold.unwrap_or(ROUGE)),
                    most_edits: None,
                    ignore_case: true,
                },
                "word-count" => word_count(&needed()?)?,
                "latency" => Grader::Latency {
                    most_ms: whole(threshold.ok_or("has no threshold")?)?,
                },
                "cost" => Grader::Cost {
                    most: threshold.ok_or("has no threshold")?,
                },
                "is-refusal" => Grader::Refusal { absent: false },
                _ => return Err("is no assertion that Galley has".to_owned()),
            },
        )
    }
}

/// Why assertions of this name are not ours; none for those that are, or that nobody knows.
fn not_ours(base: &str) -> Option<&'static str> {
    Some(match base {
        "javascript" | "python" | "ruby" => "is a program, and an import runs nothing",
        "webhook" => "asks an address, and graders ask nobody",
        "llm-rubric"
        | "model-graded-closedqa"
        | "model-graded-factuality"
        | "factuality"
        | "g-eval"
        | "answer-relevance"
        | "context-faithfulness"
        | "context-recall"
        | "context-relevance"
        | "conversation-relevance"
        | "search-rubric"
        | "agent-rubric"
        | "trajectory:goal-success" => {
            "is judged by a model of its own choice: set up a `judge` with this rubric and a model of yours"
        }
        "similar" | "similar:cosine" | "similar:dot" | "similar:euclidean" => {
            "compares meanings by a model of their own; nearest here is `similar`, by words or characters"
        }
        "classifier" | "moderation" | "guardrails" | "pi" => "asks a service of its own",
        "select-best" | "max-score" => {
            "compares answers with each other; Galley compares versions over all cases"
        }
        "perplexity" | "perplexity-score" => {
            "needs the model's own probabilities, which Galley does not keep"
        }
        "is-valid-function-call"
        | "is-valid-openai-function-call"
        | "is-valid-openai-tools-call" => {
            "holds calls against the tools' schemas; nearest here is `tool_call` with its arguments"
        }
        _ => return None,
    })
}

fn contains(all: Vec<String>, any: Vec<String>, ignore_case: bool) -> Grader {
    Grader::Contains {
        all,
        any,
        none: Vec::new(),
        ignore_case,
    }
}

fn pattern(pattern: String) -> Grader {
    Grader::Regex {
        pattern,
        ignore_case: false,
        absent: false,
    }
}

/// The opposite, in the plainest form there is.
fn turned(grader: Grader) -> Grader {
    match grader {
        Grader::Contains {
            all,
            any,
            none,
            ignore_case,
        } if any.is_empty() && none.is_empty() && all.len() == 1 => Grader::Contains {
            all: Vec::new(),
            any: Vec::new(),
            none: all,
            ignore_case,
        },
        // Not one of several is none of them.
        Grader::Contains {
            all,
            any,
            none,
            ignore_case,
        } if all.is_empty() && none.is_empty() => Grader::Contains {
            all: Vec::new(),
            any: Vec::new(),
            none: any,
            ignore_case,
        },
        Grader::Regex {
            pattern,
            ignore_case,
            absent,
        } => Grader::Regex {
            pattern,
            ignore_case,
            absent: !absent,
        },
        Grader::Refusal { absent } => Grader::Refusal { absent: !absent },
        other => Grader::Not {
            grader: Box::new(other),
        },
    }
}

/// A list, or what stands between commas.
fn list_of(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.iter().map(as_text).collect(),
        other => as_text(other)
            .split(',')
            .map(|text| text.trim().to_owned())
            .collect(),
    }
}

fn json_shape(value: Option<Value>, anywhere: bool) -> Result<Grader, String> {
    let schema = match value {
        None => json!({}),
        Some(Value::String(text)) if text.trim().is_empty() => json!({}),
        Some(Value::String(text)) => match yaml::read(&text) {
            Ok(node) => node.value(),
            Err(_) => return Err("has a schema that can't be read".to_owned()),
        },
        Some(schema) => schema,
    };
    Ok(Grader::JsonSchema { schema, anywhere })
}

fn word_count(value: &Value) -> Result<Grader, String> {
    let number = |value: &Value| {
        let number = value
            .as_f64()
            .or_else(|| as_text(value).trim().parse().ok());
        whole(number.ok_or("counts words with something that is no number")?)
    };
    let (least, most) = match value {
        Value::Object(range) => (
            range.get("min").map(number).transpose()?,
            range.get("max").map(number).transpose()?,
        ),
        exactly => (Some(number(exactly)?), Some(number(exactly)?)),
    };
    Ok(Grader::Length {
        unit: Unit::Words,
        least,
        most,
    })
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Held to the range just before.
fn whole(number: f64) -> Result<u32, String> {
    if !(0.0..=f64::from(u32::MAX)).contains(&number) {
        return Err(format!("has the number {number}, which can't be"));
    }
    Ok(number.floor() as u32)
}
