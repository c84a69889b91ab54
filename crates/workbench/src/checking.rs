//! What checking a content finds, its preview with values, and pinning its snippets.

use crate::reading::Reading;
use crate::views::{Check, IncludeUse, InputUse, Preview, PreviewMessage, Problem, Uses};
use crate::{Error, Workbench};
use domain::content::Message;
use domain::template::{self, Code, Place, RenderedMessage};
use domain::{ProjectId, VersionContent, limits};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Characters for each token, on the long average of English prose with common tokenizers. An
/// estimate is all that can be had without each model's own tokenizer.
const CHARS_PER_TOKEN: usize = 4;

impl Workbench {
    /// Everything that is wrong with a content, what its texts use, and about how long they are.
    ///
    /// # Errors
    /// The project is not on this computer.
    pub async fn check(&self, project: ProjectId, content: VersionContent) -> Result<Check, Error> {
        let reading = self.reading(project)?;
        Ok(reading.check(&content))
    }

    /// A content rendered with values.
    ///
    /// # Errors
    /// The project is not on this computer; what keeps it from being rendered is in the answer.
    pub async fn preview(
        &self,
        project: ProjectId,
        content: VersionContent,
        values: Map<String, Value>,
    ) -> Result<Preview, Error> {
        let reading = self.reading(project)?;
        let (content, missing) = reading.pinned(&content);
        if !missing.is_empty() {
            return Ok(Preview {
                messages: Vec::new(),
                problems: missing,
            });
        }
        match template::render(&content, &values, &|digest| reading.content(digest)) {
            Ok(rendered) => {
                let messages = rendered.messages.into_iter().map(|message| match message {
                    RenderedMessage::Message { role, text } => {
                        PreviewMessage::Message { role, text }
                    }
                    RenderedMessage::Placeholder { name, .. } => {
                        PreviewMessage::Placeholder { name }
                    }
                });
                Ok(Preview {
                    messages: messages.collect(),
                    problems: Vec::new(),
                })
            }
            Err(problem) => Ok(Preview {
                messages: Vec::new(),
                problems: vec![view(&content, &problem)],
            }),
        }
    }
}

impl Reading {
    pub(crate) fn check(&self, content: &VersionContent) -> Check {
        let (pinned, mut problems) = self.pinned(content);
        let found = domain::rules::content_problems(&pinned, &|digest| self.content(digest));
        // A snippet that could not be pinned was named already, in better words.
        let pinning = !problems.is_empty();
        let found = found
            .iter()
            .filter(|problem| !(pinning && problem.code == Code::IncludeMissing));
        problems.extend(found.map(|problem| view(&pinned, problem)));
        problems.extend(too_large(content));
        Check {
            problems,
            uses: self.uses(&pinned),
            tokens: content
                .messages
                .iter()
                .map(|message| match message {
                    Message::Message { text, .. } => tokens(text),
                    Message::Placeholder { .. } => 0,
                })
                .collect(),
            tokens_note: format!(
                "estimated at {CHARS_PER_TOKEN} characters a token, without the inputs' values"
            ),
        }
    }

    /// The content with every snippet that its texts include pinned to the newest version of it,
    /// and what is wrong where that can't be.
    pub(crate) fn pinned(&self, content: &VersionContent) -> (VersionContent, Vec<Problem>) {
        let mut includes = BTreeMap::new();
        let mut problems = Vec::new();
        for (index, text) in content.templates() {
            for include in template::uses(text).includes {
                if includes.contains_key(&include.name) {
                    continue;
                }
                let snippet = self
                    .ahead
                    .prompt_named(&include.name)
                    .filter(|prompt| !prompt.archived);
                match snippet.and_then(|prompt| prompt.latest()) {
                    Some(latest) => {
                        includes.insert(include.name.clone(), latest.content);
                    }
                    None => problems.push(Problem {
                        place: format!("messages/{index}"),
                        line: include.place.line,
                        column: include.place.column,
                        from: include.place.start,
                        to: include.place.end,
                        code: "include_missing".to_owned(),
                        message: match snippet {
                            None => format!("there is no prompt named {} to include", include.name),
                            Some(_) => format!("{} has no saved version yet", include.name),
                        },
                    }),
                }
            }
        }
        (
            VersionContent {
                includes,
                ..content.clone()
            },
            problems,
        )
    }

    fn uses(&self, content: &VersionContent) -> Uses {
        let mut uses = Uses::default();
        for (index, text) in content.templates() {
            let place = format!("messages/{index}");
            let found = template::uses(text);
            uses.inputs.extend(found.inputs.into_iter().map(|input| {
                InputUse {
                    place: place.clone(),
                    from: input.place.start,
                    to: input.place.end,
                    known: content
                        .inputs
                        .iter()
                        .any(|declared| declared.name == input.name),
                    name: input.name,
                }
            }));
            uses.includes
                .extend(found.includes.into_iter().map(|include| {
                    let prompt = self.ahead.prompt_named(&include.name);
                    let latest = prompt.and_then(|prompt| prompt.latest());
                    IncludeUse {
                        place: place.clone(),
                        from: include.place.start,
                        to: include.place.end,
                        prompt: prompt.map(|prompt| prompt.id),
                        number: latest.and_then(|version| self.both().number(version.id)),
                        name: include.name,
                    }
                }));
        }
        uses
    }
}

/// That a content is more than a version can hold, at its longest message. Counted roughly, as it is
/// asked at every pause in typing; saving counts exactly.
fn too_large(content: &VersionContent) -> Option<Problem> {
    let bytes = content
        .templates()
        .map(|(_, text)| text.len())
        .sum::<usize>();
    if bytes <= limits::CONTENT_BYTES {
        return None;
    }
    let (index, longest) = content.templates().max_by_key(|(_, text)| text.len())?;
    let mib = |bytes: usize| format!("{}.{} MiB", bytes >> 20, ((bytes & 0xf_ffff) * 10) >> 20);
    Some(Problem {
        place: format!("messages/{index}"),
        line: 0,
        column: 0,
        from: 0,
        to: 0,
        code: "too_large".to_owned(),
        message: format!(
            "the messages have {} together, and a version holds at most {}; the longest is message {} with {}",
            mib(bytes),
            mib(limits::CONTENT_BYTES),
            index + 1,
            mib(longest.len())
        ),
    })
}

/// A problem as the window places it.
pub(crate) fn view(content: &VersionContent, problem: &template::Problem) -> Problem {
    let input = problem.input.as_ref();
    let place = match (&problem.place, input) {
        (Some(place), _) => format!("messages/{}", place.message),
        (None, Some(name)) => content
            .inputs
            .iter()
            .position(|declared| declared.name == *name)
            .map_or_else(|| "inputs".to_owned(), |index| format!("inputs/{index}")),
        (None, None) => "messages".to_owned(),
    };
    // A place inside a snippet has no place in this text: the words name the snippet.
    let here = problem
        .place
        .as_ref()
        .filter(|place| place.snippet.is_none());
    let at = |of: fn(&Place) -> u32| here.map_or(0, of);
    let code = serde_json::to_value(problem.code)
        .ok()
        .and_then(|code| code.as_str().map(str::to_owned));
    Problem {
        place,
        line: at(|place| place.line),
        column: at(|place| place.column),
        from: at(|place| place.start),
        to: at(|place| place.end),
        code: code.unwrap_or_default(),
        message: problem.message.clone(),
    }
}

fn tokens(text: &str) -> u32 {
    u32::try_from(text.chars().count().div_ceil(CHARS_PER_TOKEN)).unwrap_or(u32::MAX)
}
