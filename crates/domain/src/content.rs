//! What a version holds: everything that determines behaviour, and nothing that belongs to a machine.
//!
//! A version names a provider and never an address, header or key.

use crate::{CanonicalError, Digest, PromptId, to_canonical};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Fields that we don't know: imported content keeps them, and they count for the digest.
pub type Other = BTreeMap<String, Value>;

/// The content of a version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct VersionContent {
    /// One text, or a list of messages.
    pub kind: Kind,
    /// What is sent. A text has exactly one message; a snippet is a text.
    pub messages: Vec<Message>,
    /// What the application passes in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Input>,
    /// Who answers, and how. A snippet has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelSettings>,
    /// What the model may call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Tool>,
    /// The JSON Schema that the answer must follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_schema: Option<Value>,
    /// The snippets that the texts include: name as written → digest of the snippet's content.
    /// Filled in when a version is saved; what was tested is what is served.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub includes: BTreeMap<String, Digest>,
    /// Fields that we don't know.
    #[serde(flatten)]
    #[specta(skip)]
    pub other: Other,
}

/// One text, or a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One text: a completion prompt or a snippet that others include.
    Text,
    /// A list of messages with roles.
    Chat,
}

/// One message, or the place where the application puts the conversation so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Message {
    /// A message with a role and a template.
    Message {
        /// Who speaks.
        role: Role,
        /// The template.
        text: String,
        /// Fields that we don't know. (Not skipped for TypeScript: an internally tagged variant can't hide one.)
        #[serde(flatten)]
        other: Other,
    },
    /// Where the application inserts earlier messages.
    Placeholder {
        /// The name under which the application passes them.
        name: String,
    },
}

/// Who speaks in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Instructions.
    System,
    /// Instructions, as newer models of some providers call them.
    Developer,
    /// The person.
    User,
    /// The model.
    Assistant,
    /// What a tool returned.
    Tool,
}

impl Role {
    /// The role as it is written on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Developer => "developer",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }
}

/// One value that the application passes in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Input {
    /// The name that templates use: a letter or `_`, then letters, digits and `_`.
    pub name: String,
    /// What kind of value it is.
    #[serde(rename = "type")]
    pub kind: InputKind,
    /// Whether a call without it is an error.
    #[serde(default)]
    pub required: bool,
    /// What stands in when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// For the people who fill it in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The prompt whose output this input is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<PromptId>,
    /// Fields that we don't know.
    #[serde(flatten)]
    #[specta(skip)]
    pub other: Other,
}

/// The kind of an input's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// A text.
    Text,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A list: `for` runs over it.
    List,
    /// Named fields, reached by dotted paths.
    Object,
}

/// Who answers, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ModelSettings {
    /// The provider's name, as each machine's settings know it. Never an address.
    pub provider: String,
    /// The model's name at that provider.
    pub model: String,
    /// `temperature`, `max_tokens`, `top_p`, `stop`, `seed`, and whatever the provider takes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, Value>,
    /// Fields that we don't know.
    #[serde(flatten)]
    #[specta(skip)]
    pub other: Other,
}

/// One function that the model may call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it does, for the model.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Its arguments, as JSON Schema.
    #[serde(default)]
    pub schema: Value,
    /// Fields that we don't know.
    #[serde(flatten)]
    #[specta(skip)]
    pub other: Other,
}

impl VersionContent {
    /// An empty conversation: what a new draft starts from.
    #[must_use]
    pub fn empty_chat() -> Self {
        let message = |role| Message::Message {
            role,
            text: String::new(),
            other: Other::new(),
        };
        Self {
            kind: Kind::Chat,
            messages: vec![message(Role::System), message(Role::User)],
            inputs: Vec::new(),
            model: None,
            tools: Vec::new(),
            response_schema: None,
            includes: BTreeMap::new(),
            other: Other::new(),
        }
    }

    /// The prompts whose output its inputs are, sorted.
    #[must_use]
    pub fn reads(&self) -> Vec<PromptId> {
        let from: BTreeSet<PromptId> = self.inputs.iter().filter_map(|input| input.from).collect();
        from.into_iter().collect()
    }

    /// A text of one message: a snippet.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            kind: Kind::Text,
            messages: vec![Message::Message {
                role: Role::User,
                text: text.into(),
                other: Other::new(),
            }],
            ..Self::empty_chat()
        }
    }

    /// The bytes that are stored, and the digest that names them.
    ///
    /// # Errors
    /// A number somewhere in it that JSON can't hold exactly.
    pub fn encode(&self) -> Result<(Vec<u8>, Digest), CanonicalError> {
        let bytes = to_canonical(self)?;
        let digest = Digest::of(&bytes);
        Ok((bytes, digest))
    }

    /// Reads content that came from outside or from storage.
    ///
    /// # Errors
    /// The line, column and reason, as the JSON reader gives them.
    pub fn decode(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// The templates of this content, with the place of each (`messages/0`).
    pub fn templates(&self) -> impl Iterator<Item = (usize, &str)> {
        self.messages
            .iter()
            .enumerate()
            .filter_map(|(index, message)| match message {
                Message::Message { text, .. } => Some((index, text.as_str())),
                Message::Placeholder { .. } => None,
            })
    }
}
