//! A grader made ready: patterns and schemas compiled, numbers checked.

use super::path::Path;
use super::texts::{self, nothing_expected, wanted_texts};
use super::{
    Answered, Grader, GraderError, JudgeQuestion, Score, calls, human, judge, measures, refusal,
    schema, similarity,
};
use super::{path, together};
use crate::dataset::Case;

/// A grader made ready for many answers.
#[derive(Debug)]
pub struct Prepared {
    grader: Grader,
    ready: Ready,
}

#[derive(Debug)]
enum Ready {
    Nothing,
    Regex(regex::Regex),
    Schema(Box<jsonschema::Validator>),
    Path(Path),
    Parts(Vec<Prepared>),
}

impl Grader {
    /// Whether it judges the same answer alike on every computer: what an answer cost depends on
    /// the prices of whoever asked.
    #[must_use]
    pub fn is_alike_everywhere(&self) -> bool {
        match self {
            Self::Cost { .. } => false,
            Self::Not { grader } => grader.is_alike_everywhere(),
            Self::Together { parts, .. } => {
                parts.iter().all(|part| part.grader.is_alike_everywhere())
            }
            _ => true,
        }
    }

    /// Whether a model must be asked before it can judge.
    #[must_use]
    pub fn asks_a_model(&self) -> bool {
        match self {
            Self::Judge { .. } => true,
            Self::Not { grader } => grader.asks_a_model(),
            Self::Together { parts, .. } => parts.iter().any(|part| part.grader.asks_a_model()),
            _ => false,
        }
    }

    /// Whether a person must mark an answer before it can judge.
    #[must_use]
    pub fn asks_people(&self) -> bool {
        match self {
            Self::Human { .. } => true,
            Self::Not { grader } => grader.asks_people(),
            Self::Together { parts, .. } => parts.iter().any(|part| part.grader.asks_people()),
            _ => false,
        }
    }

    /// Checks it and makes it ready.
    ///
    /// # Errors
    /// What a person has to change.
    pub fn prepare(&self) -> Result<Prepared, GraderError> {
        self.prepare_at(0)
    }

    fn prepare_at(&self, depth: usize) -> Result<Prepared, GraderError> {
        if depth > together::DEPTH {
            return Err(GraderError::TooMany);
        }
        let ready = match self {
            Self::Exact { field, .. } => match field {
                Some(field) if field.split('.').any(str::is_empty) => {
                    return Err(GraderError::Field(field.clone()));
                }
                _ => Ready::Nothing,
            },
            Self::Contains { all, any, none, .. } => {
                if [all, any, none].into_iter().flatten().any(String::is_empty) {
                    return Err(GraderError::EmptyText);
                }
                Ready::Nothing
            }
            Self::Regex {
                pattern,
                ignore_case,
                ..
            } => Ready::Regex(texts::compile(pattern, *ignore_case)?),
            Self::JsonSchema { schema, .. } => Ready::Schema(Box::new(schema::compile(schema)?)),
            Self::JsonPath { path, .. } => Ready::Path(Path::read(path)?),
            Self::Similar { least, .. } => {
                measures::check_share(*least)?;
                Ready::Nothing
            }
            Self::Length { least, most, .. } => {
                measures::check_range(*least, *most)?;
                Ready::Nothing
            }
            Self::Cost { most } => {
                measures::check_cost(*most)?;
                Ready::Nothing
            }
            Self::Latency { .. } | Self::ToolCall { .. } | Self::Refusal { .. } => Ready::Nothing,
            Self::Judge {
                rubric,
                provider,
                model,
                least,
                ..
            } => {
                judge::check(rubric, provider, model, *least)?;
                Ready::Nothing
            }
            Self::Human {
                look_at,
                scale,
                least,
            } => {
                human::check(look_at, *scale, *least)?;
                Ready::Nothing
            }
            // Words that can't be read would pass, turned round.
            Self::Not { grader } if grader.asks_a_model() => {
                return Err(GraderError::Judge(
                    "a judge can't be turned round; write its rubric the other way",
                ));
            }
            Self::Not { grader } => Ready::Parts(vec![grader.prepare_at(depth + 1)?]),
            Self::Together { parts, least } => {
                together::check(parts, *least)?;
                let parts = parts.iter().map(|part| part.grader.prepare_at(depth + 1));
                Ready::Parts(parts.collect::<Result<_, _>>()?)
            }
        };
        Ok(Prepared {
            grader: self.clone(),
            ready,
        })
    }
}

impl Prepared {
    /// The grader as it was set up.
    #[must_use]
    pub fn grader(&self) -> &Grader {
        &self.grader
    }

    /// What models must be asked before it can judge this answer.
    pub(super) fn questions(&self, answer: &str, case: &Case, found: &mut Vec<JudgeQuestion>) {
        found.extend(judge::question(&self.grader, answer, case));
        if let Ready::Parts(parts) = &self.ready {
            for part in parts {
                part.questions(answer, case, found);
            }
        }
    }

    /// Judges one answer.
    #[must_use]
    pub fn grade(&self, answer: &Answered<'_>, case: &Case) -> Score {
        let of_case = case.expected.as_ref();
        match (&self.grader, &self.ready) {
            (
                Grader::Exact {
                    expected,
                    field,
                    trim,
                    ignore_case,
                },
                _,
            ) => match expected.as_ref().or(of_case) {
                Some(expected) => {
                    texts::exact(answer.text, expected, field.as_deref(), *trim, *ignore_case)
                }
                None => nothing_expected(),
            },
            (
                Grader::Contains {
                    all,
                    any,
                    none,
                    ignore_case,
                },
                _,
            ) => {
                if all.is_empty() && any.is_empty() && none.is_empty() {
                    return match of_case.and_then(wanted_texts) {
                        Some(wanted) => {
                            texts::contains(answer.text, &wanted, &[], &[], *ignore_case)
                        }
                        None => nothing_expected(),
                    };
                }
                texts::contains(answer.text, all, any, none, *ignore_case)
            }
            (Grader::Regex { absent, .. }, Ready::Regex(regex)) => {
                texts::matches(regex, answer.text, *absent)
            }
            (Grader::JsonSchema { anywhere, .. }, Ready::Schema(validator)) => {
                if *anywhere {
                    schema::grade_anywhere(validator, answer.text)
                } else {
                    schema::grade(validator, answer.text)
                }
            }
            (
                Grader::JsonPath {
                    expected,
                    exists,
                    ignore_case,
                    ..
                },
                Ready::Path(place),
            ) => {
                let expected = expected.as_ref().or(of_case).filter(|_| !exists);
                if expected.is_none() && !exists {
                    return nothing_expected();
                }
                path::grade(place, answer.text, expected, *ignore_case)
            }
            (
                Grader::Similar {
                    expected,
                    by,
                    least,
                    most_edits,
                    ignore_case,
                },
                _,
            ) => match expected.as_ref().or(of_case) {
                Some(expected) => similarity::grade(
                    *by,
                    answer.text,
                    expected,
                    *least,
                    *most_edits,
                    *ignore_case,
                ),
                None => nothing_expected(),
            },
            (Grader::Length { unit, least, most }, _) => {
                measures::length(answer, *unit, *least, *most)
            }
            (Grader::Latency { most_ms }, _) => measures::latency(answer, *most_ms),
            (Grader::Cost { most }, _) => measures::cost(answer, *most),
            (
                Grader::ToolCall {
                    name,
                    arguments,
                    only,
                },
                _,
            ) => calls::grade(answer, name.as_deref(), arguments, *only),
            (Grader::Judge { least, .. }, _) => judge::grade(&self.grader, answer, case, *least),
            (
                Grader::Human {
                    look_at,
                    scale,
                    least,
                },
                _,
            ) => human::grade(look_at, *scale, *least, answer, case),
            (Grader::Refusal { absent }, _) => refusal::grade(answer, *absent),
            (Grader::Not { .. }, Ready::Parts(parts)) => match parts.first() {
                Some(part) => together::turned(&part.grade(answer, case)),
                None => not_ready(),
            },
            (Grader::Together { parts, least }, Ready::Parts(ready)) => {
                let scores: Vec<_> = ready.iter().map(|part| part.grade(answer, case)).collect();
                together::judged(parts, &scores, *least)
            }
            // Not reached: `prepare` pairs them.
            (
                Grader::Regex { .. }
                | Grader::JsonSchema { .. }
                | Grader::JsonPath { .. }
                | Grader::Not { .. }
                | Grader::Together { .. },
                _,
            ) => not_ready(),
        }
    }
}

fn not_ready() -> Score {
    Score::of(false, "this grader was not made ready")
}
