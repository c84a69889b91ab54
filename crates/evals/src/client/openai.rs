//! OpenAI's chat completions, as OpenAI and the many that imitate it speak them.

use super::{arguments, count, text};
use crate::{Answer, Question, ToolCall};
use serde_json::{Map, Value, json};

/// What a version's parameters can't replace: the question itself.
const OURS: &[&str] = &[
    "model",
    "messages",
    "stream",
    "stream_options",
    "tools",
    "response_format",
];

pub(super) fn body(question: &Question, streaming: bool) -> Value {
    let mut body = Map::new();
    for (name, value) in &question.parameters {
        if !OURS.contains(&name.as_str()) {
            body.insert(name.clone(), value.clone());
        }
    }
    body.insert("model".to_owned(), json!(question.model));
    body.insert("messages".to_owned(), json!(question.messages));
    if !question.tools.is_empty() {
        let tools = question.tools.iter().map(|tool| {
            json!({"type": "function", "function": {
                "name": tool.name, "description": tool.description, "parameters": tool.schema}})
        });
        body.insert("tools".to_owned(), tools.collect());
    }
    if let Some(schema) = &question.response_schema {
        // OpenAI enforces a schema only when asked to, and then only closed ones.
        let strict = schema.get("additionalProperties") == Some(&Value::Bool(false));
        let format = json!({"type": "json_schema",
            "json_schema": {"name": "answer", "schema": schema, "strict": strict}});
        body.insert("response_format".to_owned(), format);
    }
    if streaming {
        body.insert("stream".to_owned(), json!(true));
        body.insert("stream_options".to_owned(), json!({"include_usage": true}));
    }
    Value::Object(body)
}

pub(super) fn read(json: &Value) -> Result<Answer, String> {
    let Some(message) = json.pointer("/choices/0/message") else {
        return Err("it holds no choices[0].message".to_owned());
    };
    let calls = message.get("tool_calls").and_then(Value::as_array);
    let tool_calls = calls.into_iter().flatten().map(|call| ToolCall {
        name: text(call, "/function/name").unwrap_or_default(),
        arguments: match call.pointer("/function/arguments") {
            Some(Value::String(written)) => arguments(written),
            other => other.cloned().unwrap_or_default(),
        },
    });
    let mut answer = Answer {
        text: content(message),
        tool_calls: tool_calls.collect(),
        finish: text(json, "/choices/0/finish_reason"),
        ..Answer::default()
    };
    named(&mut answer, json);
    Ok(answer)
}

/// Most send a text; some a list of parts.
fn content(message: &Value) -> String {
    match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts
            .iter()
            .filter_map(|part| part.get("text")?.as_str())
            .collect(),
        // A refusal is an answer too: graders should see it.
        _ => text(message, "/refusal").unwrap_or_default(),
    }
}

/// Model, fingerprint and counts: in an answer, and in a stream's last pieces.
fn named(answer: &mut Answer, json: &Value) {
    if let Some(model) = text(json, "/model") {
        answer.model = model;
    }
    answer.fingerprint = text(json, "/system_fingerprint").or(answer.fingerprint.take());
    answer.tokens_in = count(json, "/usage/prompt_tokens").or(answer.tokens_in);
    answer.tokens_out = count(json, "/usage/completion_tokens").or(answer.tokens_out);
}

/// Adds one piece of a stream; gives the text that is new.
pub(super) fn add(answer: &mut Answer, calls: &mut Vec<(String, String)>, json: &Value) -> String {
    named(answer, json);
    if let Some(finish) = text(json, "/choices/0/finish_reason") {
        answer.finish = Some(finish);
    }
    for call in json
        .pointer("/choices/0/delta/tool_calls")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let index = call.get("index").and_then(Value::as_u64).unwrap_or(0);
        // A model that counts from a million would have us allocate as much.
        let Some(index) = usize::try_from(index).ok().filter(|index| *index < 128) else {
            continue;
        };
        if calls.len() <= index {
            calls.resize(index + 1, Default::default());
        }
        if let Some((name, arguments)) = calls.get_mut(index) {
            name.push_str(&text(call, "/function/name").unwrap_or_default());
            arguments.push_str(&text(call, "/function/arguments").unwrap_or_default());
        }
    }
    let content = text(json, "/choices/0/delta/content").unwrap_or_default();
    if content.is_empty() {
        // A refusal is an answer too, as in one that comes whole.
        return text(json, "/choices/0/delta/refusal").unwrap_or_default();
    }
    content
}
