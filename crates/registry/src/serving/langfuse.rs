//! What an environment serves, in the form that Langfuse's SDKs read.
//!
//! The fields are those of Langfuse's public API for prompts (`GET /api/public/v2/prompts`, read in
//! November 2026). What Galley has that they lack is flattened: snippets are written out, settings
//! stand in `config`. What can't be said in their form is refused with the reason, never half said.

use super::Answer;
use domain::content::Kind;
use domain::template::{RenderedMessage, Template};
use domain::{Millis, ProjectId};
use protocol::serving::ServedPrompt;
use serde_json::{Map, Value, json};

/// What is sent to Langfuse's SDKs in place of this answer, or why nothing can be.
///
/// # Errors
/// Words for whoever asked.
pub fn answer(project: ProjectId, served: &Answer) -> Result<Answer, String> {
    let served = read(served).ok_or("what is served can't be read here")?;
    let flat = flatten(project, &served)?;
    Ok(Answer::of(flat.to_string().into_bytes()))
}

/// A served version as Langfuse's SDKs read it, or why they can't.
///
/// # Errors
/// Words for whoever reads the answer: the version's template has logic.
pub fn flatten(project: ProjectId, served: &ServedPrompt) -> Result<Value, String> {
    let version = &served.version;
    let find = |digest: &domain::Digest| version.snippets.get(digest).cloned();
    let template = Template::prepare(&version.content, &find).map_err(|problems| {
        let first = problems
            .first()
            .map(ToString::to_string)
            .unwrap_or_default();
        format!(
            "v{} of {} can't be read: {first}",
            version.number, served.name
        )
    })?;
    let messages = template.flat().map_err(|problem| {
        let place = problem.place.as_ref().map_or_else(String::new, |place| {
            let within = place
                .snippet
                .as_ref()
                .map_or_else(String::new, |name| format!(" of the snippet {name}"));
            format!(" (message {}, line {}{within})", place.message + 1, place.line)
        });
        format!(
            "v{} of {} can't be given to a Langfuse SDK: {problem}{place}. Read it with one of Galley's SDKs",
            version.number, served.name
        )
    })?;
    let (kind, prompt) = match version.content.kind {
        Kind::Text => ("text", json!(text_of(&messages))),
        Kind::Chat => ("chat", messages.iter().map(message).collect()),
    };
    Ok(json!({
        "id": version.id,
        "name": served.name,
        "version": version.number,
        "type": kind,
        "prompt": prompt,
        "config": config(served),
        "labels": [served.environment],
        "tags": [],
        "commitMessage": null,
        "resolutionGraph": null,
        "isActive": true,
        "projectId": project,
        "createdBy": "galley",
        "createdAt": iso(served.since),
        "updatedAt": iso(served.since),
    }))
}

/// One line of the list: what an environment serves of one prompt.
#[must_use]
pub fn row(served: &ServedPrompt) -> Value {
    json!({
        "name": served.name,
        "type": match served.version.content.kind { Kind::Text => "text", Kind::Chat => "chat" },
        "versions": [served.version.number],
        "labels": [served.environment],
        "tags": [],
        "lastUpdatedAt": iso(served.since),
        "lastConfig": config(served),
    })
}

/// What is served, from the answer that is ready to be sent.
#[must_use]
pub fn read(answer: &Answer) -> Option<ServedPrompt> {
    serde_json::from_slice(answer.json()).ok()
}

fn text_of(messages: &[RenderedMessage]) -> &str {
    match messages.first() {
        Some(RenderedMessage::Message { text, .. }) => text,
        _ => "",
    }
}

fn message(message: &RenderedMessage) -> Value {
    match message {
        RenderedMessage::Message { role, text } => {
            json!({ "type": "chatmessage", "role": role.as_str(), "content": text })
        }
        RenderedMessage::Placeholder { name, .. } => json!({ "type": "placeholder", "name": name }),
    }
}

/// The settings as Langfuse's users write them: `model` beside its parameters. What names exactly
/// this version in Galley stands under `galley`.
fn config(served: &ServedPrompt) -> Value {
    let content = &served.version.content;
    let mut config = Map::new();
    if let Some(model) = &content.model {
        config.extend(model.parameters.clone());
        config.insert("provider".to_owned(), json!(model.provider));
        config.insert("model".to_owned(), json!(model.model));
    }
    if !content.tools.is_empty() {
        config.insert("tools".to_owned(), json!(content.tools));
    }
    if let Some(schema) = &content.response_schema {
        config.insert("response_schema".to_owned(), schema.clone());
    }
    let galley = json!({
        "environment": served.environment,
        "version": served.version.id,
        "digest": served.version.digest,
        "release": served.release,
        "inputs": content.inputs,
    });
    config.insert("galley".to_owned(), galley);
    Value::Object(config)
}

fn iso(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| String::new(), |at| at.to_string())
}
