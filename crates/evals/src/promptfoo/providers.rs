//! Models: the name of who answers, the model, and the settings that every provider knows.
//!
//! A version names a provider and never an address, header or key. Of a provider's settings
//! only their names are told when they are left out.

use super::files::{Files, ending, is_program, reference};
use super::left_out::Notes;
use super::yaml::{Kind, Node};
use domain::content::{ModelSettings, Tool};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A model with what a version holds beside it.
pub(super) struct Model {
    pub settings: ModelSettings,
    pub tools: Vec<Tool>,
    pub response_schema: Option<Value>,
}

/// Who speaks what Galley speaks: OpenAI's chat completions under another address, or their own.
const SPOKEN: &[&str] = &[
    "openai",
    "anthropic",
    "google",
    "ollama",
    "openrouter",
    "groq",
    "mistral",
    "deepseek",
    "togetherai",
    "together",
    "xai",
    "perplexity",
    "fireworks",
    "cerebras",
    "litellm",
    "localai",
    "nvidia",
];
/// What may stand between the provider and the model.
const FORMS: &[&str] = &["chat", "completion", "messages", "responses"];
/// Forms that are other services under the same name.
const OTHERS: &[&str] = &[
    "embedding",
    "embeddings",
    "moderation",
    "image",
    "realtime",
    "assistant",
    "claude-agent-sdk",
    "codex-sdk",
    "agents",
    "live",
    "speech",
    "transcription",
    "video",
];
/// Settings that go to the provider under a name that it takes.
const PARAMETERS: &[(&str, &str)] = &[
    ("temperature", "temperature"),
    ("max_tokens", "max_tokens"),
    ("maxOutputTokens", "max_tokens"),
    ("max_completion_tokens", "max_completion_tokens"),
    ("num_predict", "max_tokens"),
    ("top_p", "top_p"),
    ("topP", "top_p"),
    ("top_k", "top_k"),
    ("topK", "top_k"),
    ("seed", "seed"),
    ("stop", "stop"),
    ("frequency_penalty", "frequency_penalty"),
    ("presence_penalty", "presence_penalty"),
    ("reasoning_effort", "reasoning_effort"),
];

pub(super) fn read(node: &Node, files: &Files<'_>, notes: &mut Notes) -> Vec<Model> {
    let mut models = Vec::new();
    for one in node.each() {
        add(one, files, notes, &mut models, 0);
    }
    models
}

fn add(one: &Node, files: &Files<'_>, notes: &mut Notes, models: &mut Vec<Model>, depth: u8) {
    let none = Node {
        line: one.line,
        kind: Kind::Null,
    };
    let (id, config) = match &one.kind {
        Kind::Text(id) => (id.as_str(), &none),
        Kind::Fields(fields) => match (one.get("id").and_then(Node::text), fields.as_slice()) {
            (Some(id), _) => {
                for (name, node) in fields {
                    if !["id", "label", "config"].contains(&name.as_str()) {
                        notes.add(
                            node.line,
                            format!("{name} of a provider"),
                            "is nothing that Galley has",
                        );
                    }
                }
                (id, one.get("config").unwrap_or(&none))
            }
            // The older form: the id is the field's name.
            (None, [(id, inside)]) => (id.as_str(), inside.get("config").unwrap_or(&none)),
            _ => return notes.add(one.line, "a provider", "has no id"),
        },
        _ => return notes.add(one.line, "a provider", "has no id"),
    };
    if let Some(path) = reference(id) {
        if is_program(path) || !matches!(ending(path).as_str(), "yaml" | "yml" | "json") {
            return notes.add(
                one.line,
                "the provider in a file",
                "is a program, and an import runs nothing",
            );
        }
        match files.yaml(path) {
            Ok(inside) if depth < 2 => {
                let before = notes.turn_to(path);
                for one in inside.each() {
                    add(one, files, notes, models, depth + 1);
                }
                notes.turn_to(&before);
            }
            Ok(_) => notes.add(one.line, path, "names files that name files"),
            Err(reason) => notes.add(one.line, path, reason),
        }
        return;
    }
    match named(id) {
        Ok((provider, model)) => {
            let model =
                model.or_else(|| config.get("model").and_then(Node::text).map(str::to_owned));
            match model {
                Some(model) => models.push(with_settings(provider, model, config, notes)),
                None => notes.add(
                    one.line,
                    format!("the provider {provider}"),
                    "names no model",
                ),
            }
        }
        Err(why) => {
            // An address may hold a key: only its kind is told.
            let kind = id.split([':', '/', ' ']).next().unwrap_or_default();
            notes.add(one.line, format!("the provider {kind}"), why);
        }
    }
}

fn named(id: &str) -> Result<(String, Option<String>), &'static str> {
    let (provider, rest) = id.split_once(':').unwrap_or((id, ""));
    if matches!(provider, "exec" | "python" | "golang" | "ruby" | "package") {
        return Err("is a program, and an import runs nothing");
    }
    if matches!(
        provider,
        "http" | "https" | "ws" | "wss" | "websocket" | "webhook" | "browser" | "mcp"
    ) {
        return Err("is an application behind an address, not a model");
    }
    if matches!(provider, "echo" | "manual-input" | "promptfoo") {
        return Err("asks no model");
    }
    if !SPOKEN.contains(&provider) {
        return Err(
            "speaks nothing that Galley speaks; if it also speaks OpenAI's chat completions, set it up in Settings and choose it in the prompt",
        );
    }
    let (form, model) = match rest.split_once(':') {
        Some((form, model)) if FORMS.contains(&form) => (form, model),
        _ if FORMS.contains(&rest) => (rest, ""),
        _ => ("", rest),
    };
    let first = model.split(':').next().unwrap_or_default();
    if OTHERS.contains(&form) || OTHERS.contains(&first) {
        return Err("is another service than asking a model for a text");
    }
    Ok((
        provider.to_owned(),
        (!model.is_empty()).then(|| model.to_owned()),
    ))
}

fn with_settings(provider: String, model: String, config: &Node, notes: &mut Notes) -> Model {
    let mut found = Model {
        settings: ModelSettings {
            provider,
            model,
            parameters: BTreeMap::new(),
            other: BTreeMap::new(),
        },
        tools: Vec::new(),
        response_schema: None,
    };
    settings(&mut found, config, notes);
    found
}

fn settings(found: &mut Model, config: &Node, notes: &mut Notes) {
    for (name, node) in config.fields() {
        let known = PARAMETERS.iter().find(|(theirs, _)| theirs == name);
        match (name.as_str(), known) {
            ("model", _) => {}
            (_, Some((_, ours))) => {
                found.settings.parameters.insert((*ours).to_owned(), node.value());
            }
            ("generationConfig", _) => settings(found, node, notes),
            ("tools", _) => tools(found, node, notes),
            ("response_format", _) => {
                let value = node.value();
                match value.pointer("/json_schema/schema") {
                    Some(schema) => found.response_schema = Some(schema.clone()),
                    None if value.get("type") == Some(&json!("text")) => {}
                    None => notes.add(node.line, "response_format", "is no JSON Schema: say in the prompt that the answer is JSON, or add a schema"),
                }
            }
            _ => notes.add(
                node.line,
                format!("{name} in a provider's config"),
                "is a setting of the machine that asks, or none that Galley knows; set it up in Settings",
            ),
        }
    }
}

fn tools(found: &mut Model, node: &Node, notes: &mut Notes) {
    for one in node.each() {
        let value = one.value();
        // OpenAI's form has it under `function`, Anthropic's beside the name.
        let function = value.get("function").unwrap_or(&value);
        let name = function.get("name").and_then(Value::as_str);
        let schema = function
            .get("parameters")
            .or_else(|| function.get("input_schema"));
        match name {
            Some(name) => found.tools.push(Tool {
                name: name.to_owned(),
                description: function
                    .get("description")
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned(),
                schema: schema.cloned().unwrap_or_else(|| json!({"type": "object"})),
                other: BTreeMap::new(),
            }),
            None => notes.add(
                one.line,
                "a tool",
                "is written in a form that is not known here",
            ),
        }
    }
}
