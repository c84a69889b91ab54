//! A prompt as an environment serves it: read it, fill it in, send it.

use crate::content::{Content, Input, Kind, Message, Role};
use crate::error::RenderError;
use crate::template::{Contents, Part, Template, inputs_as_passed};
use crate::{requests, spans};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// Where a prompt came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The registry, since this program started.
    Registry,
    /// The last known good on disk, from before this program started.
    Kept,
    /// The code's own.
    Fallback,
}

impl Source {
    /// As spans name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Kept => "kept",
            Self::Fallback => "fallback",
        }
    }
}

/// One version of one prompt. It never changes: keep it for as long as one request takes.
pub struct Prompt {
    /// The prompt's name.
    pub name: String,
    /// The environment that serves it; empty for a fallback.
    pub environment: String,
    /// The version's number; 0 for a fallback.
    pub version: u32,
    /// The version's id; empty for a fallback.
    pub id: String,
    /// The SHA-256 of the content's canonical JSON: what was approved is what runs.
    pub digest: String,
    /// The release that put it there.
    pub release: String,
    /// Since when it is served, in milliseconds since 1970.
    pub since: i64,
    /// Everything that the version holds.
    pub content: Content,
    /// The content of the snippets that it includes, by digest.
    pub snippets: Contents,
    /// Where it came from.
    pub source: Source,
    pub(crate) template: OnceLock<Result<Template, RenderError>>,
}

impl fmt::Debug for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prompt")
            .field("name", &self.name)
            .field("version", &self.version)
            .field("environment", &self.environment)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl Prompt {
    /// What the code gives for the worst case: a text, whose inputs are whatever is passed.
    ///
    /// ```
    /// # use galley_sdk::Prompt;
    /// let prompt = Prompt::fallback("support/triage", "Sort this message: {{ message }}");
    /// assert_eq!(prompt.text(serde_json::json!({ "message": "Hi" }))?, "Sort this message: Hi");
    /// # Ok::<(), galley_sdk::RenderError>(())
    /// ```
    #[must_use]
    pub fn fallback(name: &str, text: &str) -> Arc<Self> {
        let message = Message::Message {
            role: Role::User,
            text: text.to_owned(),
        };
        let content = Content {
            kind: Kind::Text,
            messages: vec![message],
            inputs: None,
            model: None,
            tools: Vec::new(),
            response_schema: None,
            includes: std::collections::BTreeMap::new(),
        };
        Self::fallback_with(name, content)
    }

    /// What the code gives for the worst case, with everything that a version can hold.
    #[must_use]
    pub fn fallback_with(name: &str, content: Content) -> Arc<Self> {
        Arc::new(Self {
            name: name.to_owned(),
            environment: String::new(),
            version: 0,
            id: String::new(),
            digest: String::new(),
            release: String::new(),
            since: 0,
            content,
            snippets: Contents::new(),
            source: Source::Fallback,
            template: OnceLock::new(),
        })
    }

    /// What the application passes in.
    #[must_use]
    pub fn inputs(&self) -> &[Input] {
        self.content.inputs.as_deref().unwrap_or_default()
    }

    /// The model's name, if the version names one.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.content
            .model
            .as_ref()
            .map(|model| model.model.as_str())
    }

    /// What a span says of the version.
    #[must_use]
    pub fn attributes(&self) -> Vec<(&'static str, Value)> {
        let mut found = vec![
            ("galley.prompt.name", json!(self.name)),
            ("galley.prompt.source", json!(self.source.as_str())),
        ];
        if self.source != Source::Fallback {
            found.push(("galley.prompt.version", json!(self.version)));
            found.push(("galley.prompt.digest", json!(self.digest)));
            found.push(("galley.environment", json!(self.environment)));
            found.push(("galley.release", json!(self.release)));
        }
        found
    }

    /// The messages with every value filled in, each with `role` and `content`.
    ///
    /// # Errors
    /// `values` are no object, or a value doesn't fit the prompt's inputs.
    pub fn render(&self, values: impl Serialize) -> Result<Vec<Value>, RenderError> {
        let mut messages = Vec::new();
        for part in self.parts(values)? {
            match part {
                Part::Message { role, text } => {
                    messages.push(json!({"role": role.as_str(), "content": text}));
                }
                Part::Placeholder {
                    messages: passed, ..
                } => messages.extend(passed),
            }
        }
        Ok(messages)
    }

    /// All texts filled in, one after the other: what a prompt of kind `text` is for.
    ///
    /// # Errors
    /// As [`Self::render`].
    pub fn text(&self, values: impl Serialize) -> Result<String, RenderError> {
        let texts = self
            .parts(values)?
            .into_iter()
            .filter_map(|part| match part {
                Part::Message { text, .. } => Some(text),
                Part::Placeholder { .. } => None,
            });
        Ok(texts.collect::<Vec<_>>().join("\n\n"))
    }

    /// The body of OpenAI's chat completions: messages, model, parameters, tools, response format.
    ///
    /// # Errors
    /// As [`Self::render`]; or there is nothing to send (`request`).
    pub fn openai(&self, values: impl Serialize) -> Result<Value, RenderError> {
        requests::openai(&self.content, self.render(values)?)
    }

    /// The body of Anthropic's messages. A response schema is asked for as the tool `answer`; the
    /// answer is what it is called with.
    ///
    /// # Errors
    /// As [`Self::render`]; or it can't be asked of Anthropic (`request`).
    pub fn anthropic(&self, values: impl Serialize) -> Result<Value, RenderError> {
        requests::anthropic(&self.content, self.render(values)?)
    }

    /// The messages, and what was passed for placeholders apart from them.
    #[doc(hidden)]
    pub fn rendered(&self, values: impl Serialize) -> Result<Vec<Value>, RenderError> {
        let shaped = |part| match part {
            Part::Message { role, text } => {
                json!({"type": "message", "role": role.as_str(), "text": text})
            }
            Part::Placeholder { name, messages } => {
                json!({"type": "placeholder", "name": name, "messages": messages})
            }
        };
        Ok(self.parts(values)?.into_iter().map(shaped).collect())
    }

    fn parts(&self, values: impl Serialize) -> Result<Vec<Part>, RenderError> {
        let values = match serde_json::to_value(values) {
            Ok(Value::Object(values)) => values,
            Ok(Value::Null) => Map::new(),
            Ok(_) => {
                return Err(RenderError::plain(
                    "input_kind",
                    "the values are passed by name: give an object",
                ));
            }
            Err(error) => {
                let message = format!("the values can't be written as JSON: {error}");
                return Err(RenderError::plain("input_kind", message));
            }
        };
        spans::mark(self);
        if self.source == Source::Fallback && self.content.inputs.is_none() {
            let content = Content {
                inputs: Some(inputs_as_passed(&self.content, &values)),
                ..self.content.clone()
            };
            return Template::new(&content, &self.snippets)?.render(&values);
        }
        let template = self
            .template
            .get_or_init(|| Template::new(&self.content, &self.snippets));
        template.as_ref().map_err(Clone::clone)?.render(&values)
    }
}
