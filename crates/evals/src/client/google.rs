//! Google's Gemini: `generateContent` of the Gemini API, version v1beta.
//!
//! What it has otherwise: the model stands in the path, instructions apart from the messages, the model's
//! own messages are of the role `model`, and settings stand under `generationConfig` in camel case. Blocked
//! questions are answered without a candidate; the reason is why the answer ended, so graders see it.

use super::{count, text};
use crate::{Answer, Question, ToolCall};
use serde_json::{Map, Value, json};

/// Our names of settings, and Gemini's.
const SETTINGS: &[(&str, &str)] = &[
    ("temperature", "temperature"),
    ("top_p", "topP"),
    ("top_k", "topK"),
    ("max_tokens", "maxOutputTokens"),
    ("seed", "seed"),
    ("frequency_penalty", "frequencyPenalty"),
    ("presence_penalty", "presencePenalty"),
];
/// Fields of a request that a version's parameters may hold, as Gemini names them.
const PASSED: &[&str] = &["safetySettings", "toolConfig"];
/// What a version's parameters can't replace: the question itself.
const OURS: &[&str] = &[
    "contents",
    "systemInstruction",
    "tools",
    "model",
    "cachedContent",
];

/// What comes after the address: `models/NAME:generateContent`.
pub(super) fn path(model: &str, streaming: bool) -> Result<String, String> {
    let name = model.strip_prefix("models/").unwrap_or(model);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if name.is_empty() || !name.chars().all(plain) || name.contains("..") {
        return Err(format!(
            "“{model}” is no model of Google's: write it as in gemini-2.5-flash"
        ));
    }
    Ok(if streaming {
        format!("models/{name}:streamGenerateContent?alt=sse")
    } else {
        format!("models/{name}:generateContent")
    })
}

pub(super) fn body(question: &Question) -> Result<Value, String> {
    let (mut body, mut settings) = (Map::new(), Map::new());
    for (name, value) in &question.parameters {
        let known = SETTINGS.iter().find(|(ours, _)| ours == name);
        match (name.as_str(), known) {
            (_, Some((_, theirs))) => {
                settings.insert((*theirs).to_owned(), value.clone());
            }
            ("stop", _) => {
                let list = if value.is_array() {
                    value.clone()
                } else {
                    json!([value])
                };
                settings.insert("stopSequences".to_owned(), list);
            }
            (name, _) if PASSED.contains(&name) => {
                body.insert(name.to_owned(), value.clone());
            }
            (name, _) if OURS.contains(&name) => {}
            ("tool_choice", _) => {
                if !question.tools.is_empty() {
                    body.insert("toolConfig".to_owned(), choice(value));
                }
            }
            // `thinkingConfig` and the like.
            (name, _) => {
                settings.insert(name.to_owned(), value.clone());
            }
        }
    }
    let (mut instructions, mut contents) = (Vec::new(), Vec::new());
    for message in &question.messages {
        let Some(said) = message.get("content").and_then(Value::as_str) else {
            return Err("its messages must be text".to_owned());
        };
        match message.get("role").and_then(Value::as_str) {
            Some("system" | "developer") => instructions.push(json!({"text": said})),
            Some("user") => contents.push(json!({"role": "user", "parts": [{"text": said}]})),
            Some("assistant") => contents.push(json!({"role": "model", "parts": [{"text": said}]})),
            other => {
                return Err(format!(
                    "it has no messages of the role “{}”",
                    other.unwrap_or("none")
                ));
            }
        }
    }
    if contents.is_empty() {
        return Err("it needs a message of the user".to_owned());
    }
    if !instructions.is_empty() {
        body.insert(
            "systemInstruction".to_owned(),
            json!({"parts": instructions}),
        );
    }
    if let Some(schema) = &question.response_schema {
        settings.insert("responseMimeType".to_owned(), json!("application/json"));
        settings.insert("responseJsonSchema".to_owned(), schema.clone());
    }
    if !question.tools.is_empty() {
        let tools = question.tools.iter().map(|tool| {
            json!({"name": tool.name, "description": tool.description, "parametersJsonSchema": tool.schema})
        });
        let tools: Vec<Value> = tools.collect();
        body.insert("tools".to_owned(), json!([{"functionDeclarations": tools}]));
    }
    if !settings.is_empty() {
        body.insert("generationConfig".to_owned(), Value::Object(settings));
    }
    body.insert("contents".to_owned(), json!(contents));
    Ok(Value::Object(body))
}

/// Which tool must be called, said in OpenAI's words.
fn choice(wanted: &Value) -> Value {
    let config = match (wanted.as_str(), wanted.pointer("/function/name")) {
        (Some("required"), _) => json!({"mode": "ANY"}),
        (Some("none"), _) => json!({"mode": "NONE"}),
        (None, Some(name)) => json!({"mode": "ANY", "allowedFunctionNames": [name]}),
        _ => json!({"mode": "AUTO"}),
    };
    json!({"functionCallingConfig": config})
}

pub(super) fn read(json: &Value) -> Result<Answer, String> {
    let blocked = json.pointer("/promptFeedback/blockReason").is_some();
    if json.pointer("/candidates/0").is_none() && !blocked {
        return Err("it holds no candidates".to_owned());
    }
    let mut answer = Answer::default();
    answer.text = add(&mut answer, json);
    Ok(answer)
}

/// Adds one piece of a stream, or a whole answer; gives the text that is new.
pub(super) fn add(answer: &mut Answer, json: &Value) -> String {
    if let Some(model) = text(json, "/modelVersion") {
        answer.model = model;
    }
    let finish = text(json, "/candidates/0/finishReason");
    let finish = finish.or_else(|| text(json, "/promptFeedback/blockReason"));
    answer.finish = finish.or(answer.finish.take());
    answer.tokens_in = count(json, "/usageMetadata/promptTokenCount").or(answer.tokens_in);
    let said = count(json, "/usageMetadata/candidatesTokenCount");
    // Thoughts are not shown and cost as much.
    let thought = count(json, "/usageMetadata/thoughtsTokenCount");
    if said.is_some() || thought.is_some() {
        answer.tokens_out = Some(said.unwrap_or(0).saturating_add(thought.unwrap_or(0)));
    }
    let parts = json.pointer("/candidates/0/content/parts");
    let mut new = String::new();
    for part in parts.and_then(Value::as_array).into_iter().flatten() {
        if let Some(name) = text(part, "/functionCall/name") {
            let arguments = part.pointer("/functionCall/args").cloned();
            answer.tool_calls.push(ToolCall {
                name,
                arguments: arguments.unwrap_or_else(|| json!({})),
            });
        } else if part.get("thought") != Some(&Value::Bool(true)) {
            new.push_str(&text(part, "/text").unwrap_or_default());
        }
    }
    new
}
