//! Everything that determines an answer, and its digest: the answer's name in the cache.

use crate::ProviderKind;
use domain::content::Tool;
use domain::template::{Includes, Problem, Rendered, RenderedMessage, Template};
use domain::{CanonicalError, Digest, VersionContent, to_canonical};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// One question to one model.
///
/// Its canonical JSON is hashed for the cache. The provider counts by its name and protocol, not
/// by its address or key: the same model behind a moved address gives the same answers, and a
/// cache that knew keys would be a secret. What answers under one name is for a person to keep
/// apart by name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Question {
    /// The provider's name.
    pub provider: String,
    /// The protocol it speaks.
    pub kind: ProviderKind,
    /// The model's name.
    pub model: String,
    /// Temperature and the like, as the version says.
    pub parameters: BTreeMap<String, Value>,
    /// The messages, each with `role` and `content`.
    pub messages: Vec<Value>,
    /// What the model may call.
    pub tools: Vec<Tool>,
    /// The schema that the answer must follow.
    pub response_schema: Option<Value>,
    /// Which of several askings of the same: 0 for the first.
    pub repeat: u32,
}

/// Why there is nothing to ask.
#[derive(Debug, thiserror::Error)]
pub enum QuestionError {
    /// The version names no model.
    #[error("this version names no model: choose one first")]
    NoModel,
    /// The template can't be filled in.
    #[error("{0}")]
    Template(#[from] Problem),
    /// There is nothing in it.
    #[error("there is nothing to send: all messages are empty")]
    Empty,
    /// A number that JSON can't hold exactly.
    #[error("{0}")]
    Canonical(#[from] CanonicalError),
}

impl Question {
    /// Fills the version in and puts the question together.
    ///
    /// # Errors
    /// No model, or a template that can't be rendered with these values.
    pub fn new(
        content: &VersionContent,
        values: &Map<String, Value>,
        includes: Includes<'_>,
        kind: ProviderKind,
    ) -> Result<Self, QuestionError> {
        let problems = |problems: Vec<Problem>| problems.into_iter().next();
        match Template::prepare(content, includes) {
            Ok(template) => Self::rendered(content, &template.render(values)?, kind, 0),
            Err(found) => {
                Err(problems(found).map_or(QuestionError::Empty, QuestionError::Template))
            }
        }
    }

    /// Puts the question together from what was rendered already.
    ///
    /// # Errors
    /// No model, or nothing to send.
    pub fn rendered(
        content: &VersionContent,
        rendered: &Rendered,
        kind: ProviderKind,
        repeat: u32,
    ) -> Result<Self, QuestionError> {
        let settings = content.model.as_ref().ok_or(QuestionError::NoModel)?;
        let mut messages = Vec::new();
        for message in &rendered.messages {
            match message {
                // An empty message says nothing, and some providers refuse it.
                RenderedMessage::Message { text, .. } if text.trim().is_empty() => {}
                RenderedMessage::Message { role, text } => {
                    messages.push(json!({"role": role.as_str(), "content": text}));
                }
                RenderedMessage::Placeholder {
                    messages: given, ..
                } => {
                    messages.extend(given.iter().cloned());
                }
            }
        }
        if messages.is_empty() {
            return Err(QuestionError::Empty);
        }
        Ok(Self {
            provider: settings.provider.clone(),
            kind,
            model: settings.model.clone(),
            parameters: settings.parameters.clone(),
            messages,
            tools: content.tools.clone(),
            response_schema: content.response_schema.clone(),
            repeat,
        })
    }

    /// The name of its answer.
    ///
    /// # Errors
    /// A number that JSON can't hold exactly.
    pub fn digest(&self) -> Result<Digest, CanonicalError> {
        Ok(Digest::of(&to_canonical(self)?))
    }
}
