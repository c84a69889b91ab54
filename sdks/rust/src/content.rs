//! What a version holds, as the registry sends it. Fields that are not listed are passed over.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Everything that determines a version's behaviour.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// One text, or a conversation.
    pub kind: Kind,
    /// What is sent.
    pub messages: Vec<Message>,
    /// What the application passes in. A fallback may leave it out: what is passed is what there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Vec<Input>>,
    /// Who answers, and how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelSettings>,
    /// What the model may call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Tool>,
    /// The JSON Schema that the answer must follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_schema: Option<Value>,
    /// The snippets that the texts include: name as written → digest.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub includes: BTreeMap<String, String>,
}

/// One text, or a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One text.
    Text,
    /// Messages with roles.
    Chat,
    /// Something that this SDK does not know yet.
    #[serde(other)]
    Unknown,
}

/// One message with a template, or the place where the application puts the conversation so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Message {
    /// A message.
    Message {
        /// Who speaks.
        role: Role,
        /// The template.
        text: String,
    },
    /// Where earlier messages go.
    Placeholder {
        /// The name under which the application passes them.
        name: String,
    },
    /// Something that this SDK does not know yet.
    #[serde(other)]
    Unknown,
}

/// Who speaks in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Something that this SDK does not know yet.
    #[serde(other)]
    Unknown,
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
            Self::Unknown => "unknown",
        }
    }
}

/// One value that the application passes in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Its name.
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
}

/// The kind of an input's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// A text.
    Text,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A list.
    List,
    /// Named fields.
    Object,
    /// Something that this SDK does not know yet.
    #[serde(other)]
    Unknown,
}

/// Who answers, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelSettings {
    /// The provider's name.
    pub provider: String,
    /// The model's name at that provider.
    pub model: String,
    /// `temperature`, `max_tokens`, and whatever the provider takes.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub parameters: Map<String, Value>,
}

/// One function that the model may call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it does, for the model.
    #[serde(default)]
    pub description: String,
    /// Its arguments, as JSON Schema.
    #[serde(default)]
    pub schema: Value,
}
