//! Anthropic's messages.
//!
//! What it has otherwise: instructions stand apart from the messages, `max_tokens` is a must
//! (1,024 where the version says nothing), `stop` is `stop_sequences`, and there is no `seed`. A
//! response schema is asked for as a tool that must be called; the answer is what it is called with.

use super::{count, text};
use crate::{Answer, Question, ToolCall};
use serde_json::{Map, Value, json};

const OURS: &[&str] = &[
    "model",
    "messages",
    "system",
    "stream",
    "tools",
    "tool_choice",
    "seed",
    "stop",
];
/// The tool that stands for a response schema.
const ANSWER: &str = "answer";

pub(super) fn body(question: &Question, streaming: bool) -> Result<Value, String> {
    let mut body = Map::new();
    body.insert("max_tokens".to_owned(), json!(1024));
    for (name, value) in &question.parameters {
        if name == "stop" {
            let list = if value.is_array() {
                value.clone()
            } else {
                json!([value])
            };
            body.insert("stop_sequences".to_owned(), list);
        } else if !OURS.contains(&name.as_str()) {
            body.insert(name.clone(), value.clone());
        }
    }
    let mut instructions = Vec::new();
    let mut messages = Vec::new();
    for message in &question.messages {
        match message.get("role").and_then(Value::as_str) {
            Some("system" | "developer") => match message.get("content") {
                Some(Value::String(text)) => instructions.push(text.as_str()),
                _ => return Err("its instructions must be text".to_owned()),
            },
            Some("user" | "assistant") => messages.push(message.clone()),
            other => {
                return Err(format!(
                    "it has no messages of the role “{}”",
                    other.unwrap_or("none")
                ));
            }
        }
    }
    if messages.is_empty() {
        return Err("it needs a message of the user".to_owned());
    }
    if !instructions.is_empty() {
        body.insert("system".to_owned(), json!(instructions.join("\n\n")));
    }
    let mut tools: Vec<Value> = question
        .tools
        .iter()
        .map(|tool| json!({"name": tool.name, "description": tool.description, "input_schema": tool.schema}))
        .collect();
    if let Some(schema) = &question.response_schema {
        if !tools.is_empty() {
            return Err("it can't follow a response schema and call tools at once".to_owned());
        }
        let schema = if is_object(schema) {
            schema.clone()
        } else {
            json!({"type": "object", "properties": {ANSWER: schema}, "required": [ANSWER]})
        };
        tools.push(
            json!({"name": ANSWER, "description": "Give the answer.", "input_schema": schema}),
        );
        body.insert(
            "tool_choice".to_owned(),
            json!({"type": "tool", "name": ANSWER}),
        );
    }
    if !tools.is_empty() {
        body.insert("tools".to_owned(), json!(tools));
        let chosen = question.parameters.get("tool_choice").map(choice);
        if let Some(chosen) = chosen.filter(|_| question.response_schema.is_none()) {
            body.insert("tool_choice".to_owned(), chosen);
        }
    }
    body.insert("model".to_owned(), json!(question.model));
    body.insert("messages".to_owned(), json!(messages));
    if streaming {
        body.insert("stream".to_owned(), json!(true));
    }
    Ok(Value::Object(body))
}

/// Which tool must be called: in OpenAI's words, or in Anthropic's own.
fn choice(wanted: &Value) -> Value {
    match (wanted.as_str(), wanted.pointer("/function/name")) {
        (Some("required"), _) => json!({"type": "any"}),
        (Some(word), _) => json!({"type": word}),
        (None, Some(name)) => json!({"type": "tool", "name": name}),
        (None, None) => wanted.clone(),
    }
}

fn is_object(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("object")
}

pub(super) fn read(json: &Value) -> Result<Answer, String> {
    let Some(parts) = json.get("content").and_then(Value::as_array) else {
        return Err("it holds no content".to_owned());
    };
    let mut answer = Answer {
        model: text(json, "/model").unwrap_or_default(),
        finish: text(json, "/stop_reason"),
        tokens_in: count(json, "/usage/input_tokens"),
        tokens_out: count(json, "/usage/output_tokens"),
        ..Answer::default()
    };
    for part in parts {
        match part.get("type").and_then(Value::as_str) {
            Some("text") => answer
                .text
                .push_str(&text(part, "/text").unwrap_or_default()),
            Some("tool_use") => {
                let name = text(part, "/name").unwrap_or_default();
                let input = part.get("input").cloned().unwrap_or_default();
                called(&mut answer, name, input);
            }
            _ => {}
        }
    }
    Ok(answer)
}

/// A call of the tool that stands for the schema is the answer; others are calls.
pub(super) fn called(answer: &mut Answer, name: String, input: Value) {
    if name != ANSWER {
        answer.tool_calls.push(ToolCall {
            name,
            arguments: input,
        });
        return;
    }
    let inner = match &input {
        Value::Object(fields) if fields.len() == 1 => fields.get(ANSWER),
        _ => None,
    };
    answer.text = inner.unwrap_or(&input).to_string();
}

/// Adds one piece of a stream; gives the text that is new.
pub(super) fn add(answer: &mut Answer, calls: &mut Vec<(String, String)>, json: &Value) -> String {
    match json.get("type").and_then(Value::as_str) {
        Some("message_start") => {
            answer.model = text(json, "/message/model").unwrap_or_default();
            answer.tokens_in = count(json, "/message/usage/input_tokens");
        }
        Some("content_block_start") => {
            if let Some(name) = text(json, "/content_block/name") {
                calls.push((name, String::new()));
            }
        }
        Some("content_block_delta") => {
            if let (Some(part), Some((name, arguments))) =
                (text(json, "/delta/partial_json"), calls.last_mut())
            {
                arguments.push_str(&part);
                if name == ANSWER {
                    return part;
                }
            }
            return text(json, "/delta/text").unwrap_or_default();
        }
        Some("message_delta") => {
            answer.finish = text(json, "/delta/stop_reason");
            answer.tokens_out = count(json, "/usage/output_tokens");
        }
        _ => {}
    }
    String::new()
}
