//! A path of prompts: an input that is another prompt's output is asked for first, and each step's
//! answer is kept like any other.

use crate::{Answer, Before, Failure, Provider, Question, QuestionError, RunError, question};
use domain::content::InputKind;
use domain::template::{Includes, Template};
use domain::{Digest, PromptId, VersionContent};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The steps of one column: whatever feeds another stands before it, and the last is the column's own.
#[derive(Debug)]
pub(crate) struct Path {
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    label: String,
    content: VersionContent,
    template: Template,
    provider: Arc<Provider>,
    feeds: Vec<Feed>,
    copies: bool,
}

/// An input that is an earlier step's answer.
#[derive(Debug)]
struct Feed {
    input: String,
    kind: InputKind,
    step: usize,
}

/// Who answers for a column, whatever the case.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AskedAtLast<'a> {
    pub provider: &'a str,
    pub model: &'a str,
    /// On this computer.
    pub here: bool,
    /// The longest answer that it allows, in tokens, if it says so.
    pub most_answered: Option<u64>,
}

/// What a path is put together from.
struct Maker<'a> {
    before: &'a BTreeMap<PromptId, Before>,
    providers: &'a BTreeMap<String, Arc<Provider>>,
    includes: Includes<'a>,
    made: BTreeMap<PromptId, usize>,
    making: BTreeSet<PromptId>,
    steps: Vec<Step>,
}

impl Path {
    pub fn prepare(
        label: &str,
        content: VersionContent,
        before: &BTreeMap<PromptId, Before>,
        providers: &BTreeMap<String, Arc<Provider>>,
        includes: Includes<'_>,
    ) -> Result<Self, RunError> {
        let mut maker = Maker {
            before,
            providers,
            includes,
            made: BTreeMap::new(),
            making: BTreeSet::new(),
            steps: Vec::new(),
        };
        maker.add(label, content)?;
        Ok(Self { steps: maker.steps })
    }

    /// Whether another asking could only give a copy.
    pub fn copies(&self) -> bool {
        self.steps.iter().all(|step| step.copies)
    }

    /// Who answers for the column itself.
    pub fn asked_at_last(&self) -> Option<AskedAtLast<'_>> {
        let step = self.steps.last()?;
        let model = step.content.model.as_ref()?;
        Some(AskedAtLast {
            provider: &model.provider,
            model: &model.model,
            here: step.provider.is_here(),
            most_answered: question::most_answered(&model.parameters),
        })
    }

    /// Begins to go through it for one case.
    pub fn walk<'a>(&'a self, inputs: &'a Map<String, Value>, repeat: u32) -> Walk<'a> {
        let mut needed = BTreeSet::new();
        let mut open: Vec<usize> = self.steps.len().checked_sub(1).into_iter().collect();
        while let Some(place) = open.pop() {
            if let Some(step) = self.steps.get(place)
                && needed.insert(place)
            {
                // What a case holds itself is not asked for.
                let feeds = step.feeds.iter();
                open.extend(
                    feeds
                        .filter(|feed| !inputs.contains_key(&feed.input))
                        .map(|feed| feed.step),
                );
            }
        }
        Walk {
            path: self,
            inputs,
            repeat,
            order: needed.into_iter().collect(),
            at: 0,
            outputs: BTreeMap::new(),
        }
    }
}

impl Maker<'_> {
    fn add(&mut self, label: &str, content: VersionContent) -> Result<usize, RunError> {
        let named = || label.to_owned();
        let template =
            Template::prepare(&content, self.includes).map_err(|problems| RunError::Template {
                label: named(),
                problems,
            })?;
        let settings = content
            .model
            .as_ref()
            .ok_or_else(|| RunError::NoModel { label: named() })?;
        let provider =
            self.providers
                .get(&settings.provider)
                .ok_or_else(|| RunError::NoProvider {
                    label: named(),
                    provider: settings.provider.clone(),
                })?;
        let (provider, copies) = (provider.clone(), question::repeats_are_copies(settings));
        let mut feeds = Vec::new();
        for input in &content.inputs {
            let Some((prompt, before)) = input
                .from
                .and_then(|prompt| Some((prompt, self.before.get(&prompt)?)))
            else {
                continue;
            };
            let step = match self.made.get(&prompt) {
                Some(step) => *step,
                None => {
                    if !self.making.insert(prompt) {
                        return Err(RunError::Circle {
                            label: before.label.clone(),
                        });
                    }
                    let step = self.add(&before.label, before.content.clone())?;
                    self.making.remove(&prompt);
                    self.made.insert(prompt, step);
                    step
                }
            };
            feeds.push(Feed {
                input: input.name.clone(),
                kind: input.kind,
                step,
            });
        }
        self.steps.push(Step {
            label: label.to_owned(),
            content,
            template,
            provider,
            feeds,
            copies,
        });
        Ok(self.steps.len() - 1)
    }
}

/// One case on its way.
pub(crate) struct Walk<'a> {
    path: &'a Path,
    inputs: &'a Map<String, Value>,
    repeat: u32,
    order: Vec<usize>,
    at: usize,
    outputs: BTreeMap<usize, String>,
}

/// What is to be asked next.
pub(crate) struct Next<'a> {
    pub question: Question,
    pub digest: Digest,
    pub provider: &'a Provider,
}

impl<'a> Walk<'a> {
    /// How many questions are still to be asked.
    pub fn left(&self) -> usize {
        self.order.len() - self.at
    }

    /// Whether the next answer is the column's own.
    pub fn is_last(&self) -> bool {
        self.left() <= 1
    }

    /// The next question.
    pub fn next(&self) -> Result<Next<'a>, Failure> {
        let place = self.order.get(self.at).copied().unwrap_or_default();
        let step = self.path.steps.get(place);
        let step = step.ok_or_else(|| Failure::from(&QuestionError::Empty))?;
        let repeat = if step.copies && !self.is_last() {
            0
        } else {
            self.repeat
        };
        let put = |values: &Map<String, Value>| {
            let rendered = step.template.render(values).map_err(QuestionError::from)?;
            Question::rendered(&step.content, &rendered, step.provider.kind(), repeat)
        };
        let question = if step.feeds.is_empty() {
            put(self.inputs)
        } else {
            let mut values = self.inputs.clone();
            for feed in &step.feeds {
                if !values.contains_key(&feed.input)
                    && let Some(output) = self.outputs.get(&feed.step)
                {
                    values.insert(feed.input.clone(), self.value(feed, output)?);
                }
            }
            put(&values)
        };
        let question = question.map_err(|error| self.failed(step, &error))?;
        let digest = question
            .digest()
            .map_err(|error| self.failed(step, &QuestionError::from(error)))?;
        Ok(Next {
            question,
            digest,
            provider: &step.provider,
        })
    }

    /// Who is asked after the next question: provider, model, and whether it is on this computer.
    pub fn models_after(&self) -> impl Iterator<Item = (&'a str, &'a str, bool)> {
        let path = self.path;
        let after = self.order.iter().skip(self.at + 1);
        after.filter_map(move |place| {
            let step = path.steps.get(*place)?;
            let model = step.content.model.as_ref()?;
            Some((
                model.provider.as_str(),
                model.model.as_str(),
                step.provider.is_here(),
            ))
        })
    }

    /// Takes the answer to the next question, and goes on.
    pub fn give(&mut self, answer: &Answer) {
        if let Some(place) = self.order.get(self.at) {
            self.outputs.insert(*place, answer.graded_text());
        }
        self.at += 1;
    }

    /// Why the next question has no answer; of a step before the last its name is said.
    pub fn because(&self, failure: Failure) -> Failure {
        let place = self.order.get(self.at).copied().unwrap_or_default();
        match self.path.steps.get(place) {
            Some(step) if !self.is_last() => Failure {
                code: failure.code,
                message: format!("{}, which comes before it: {}", step.label, failure.message),
            },
            _ => failure,
        }
    }

    fn failed(&self, step: &Step, error: &QuestionError) -> Failure {
        let failure = Failure::from(error);
        if self.is_last() {
            return failure;
        }
        Failure {
            message: format!("{}, which comes before it: {}", step.label, failure.message),
            ..failure
        }
    }

    fn value(&self, feed: &Feed, output: &str) -> Result<Value, Failure> {
        if feed.kind == InputKind::Text {
            return Ok(Value::from(output));
        }
        let wanted = match feed.kind {
            InputKind::Text => "text",
            InputKind::Number => "number",
            InputKind::Boolean => "true or false",
            InputKind::List => "list",
            InputKind::Object => "object",
        };
        let label = self
            .path
            .steps
            .get(feed.step)
            .map(|step| step.label.as_str());
        serde_json::from_str(output.trim()).map_err(|_| Failure {
            code: "question".to_owned(),
            message: format!(
                "the input {} wants a {wanted} from {}, whose answer is no JSON",
                feed.input,
                label.unwrap_or("the prompt before it")
            ),
        })
    }
}
