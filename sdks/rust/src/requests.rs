//! Ready-made request bodies for OpenAI and Anthropic.
//!
//! They are put together as Galley puts them together when it tries a prompt on a dataset: what was
//! tested is what is sent.

use crate::content::Content;
use crate::error::RenderError;
use crate::template::is_blank;
use serde_json::{Map, Value, json};

const NOT_OPENAI: &[&str] = &[
    "model",
    "messages",
    "stream",
    "stream_options",
    "tools",
    "response_format",
];
const NOT_ANTHROPIC: &[&str] = &[
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

fn refuse<T>(message: impl Into<String>) -> Result<T, RenderError> {
    Err(RenderError::plain("request", message))
}

pub(crate) fn openai(content: &Content, messages: Vec<Value>) -> Result<Value, RenderError> {
    let mut body = Map::new();
    if let Some(model) = &content.model {
        let parameters = model.parameters.iter();
        let taken = parameters.filter(|(name, _)| !NOT_OPENAI.contains(&name.as_str()));
        body.extend(taken.map(|(name, value)| (name.clone(), value.clone())));
        body.insert("model".to_owned(), json!(model.model));
    }
    body.insert("messages".to_owned(), json!(filled(messages)?));
    if !content.tools.is_empty() {
        let tools = content.tools.iter().map(|tool| {
            let function = json!({"name": tool.name, "description": tool.description, "parameters": tool.schema});
            json!({"type": "function", "function": function})
        });
        body.insert("tools".to_owned(), tools.collect());
    }
    if let Some(schema) = &content.response_schema {
        // OpenAI enforces a schema only when asked to, and then only closed ones.
        let strict = schema.get("additionalProperties") == Some(&Value::Bool(false));
        let format = json!({"name": ANSWER, "schema": schema, "strict": strict});
        body.insert(
            "response_format".to_owned(),
            json!({"type": "json_schema", "json_schema": format}),
        );
    }
    Ok(Value::Object(body))
}

pub(crate) fn anthropic(content: &Content, messages: Vec<Value>) -> Result<Value, RenderError> {
    let mut body = Map::new();
    body.insert("max_tokens".to_owned(), json!(1024));
    if let Some(model) = &content.model {
        for (name, value) in &model.parameters {
            if name == "stop" {
                let list = if value.is_array() {
                    value.clone()
                } else {
                    json!([value])
                };
                body.insert("stop_sequences".to_owned(), list);
            } else if !NOT_ANTHROPIC.contains(&name.as_str()) {
                body.insert(name.clone(), value.clone());
            }
        }
        body.insert("model".to_owned(), json!(model.model));
    }
    let (mut instructions, mut turns) = (Vec::new(), Vec::new());
    for message in filled(messages)? {
        match message
            .get("role")
            .and_then(Value::as_str)
            .unwrap_or_default()
        {
            "system" | "developer" => match message.get("content").and_then(Value::as_str) {
                Some(text) => instructions.push(text.to_owned()),
                None => return refuse("Anthropic takes instructions only as text"),
            },
            "user" | "assistant" => turns.push(message),
            other => return refuse(format!("Anthropic has no messages of the role “{other}”")),
        }
    }
    if turns.is_empty() {
        return refuse("Anthropic needs a message of the user");
    }
    body.insert("messages".to_owned(), json!(turns));
    if !instructions.is_empty() {
        body.insert("system".to_owned(), json!(instructions.join("\n\n")));
    }
    let tools = content.tools.iter();
    let tool = |name: &str, description: &str, schema: &Value| json!({"name": name, "description": description, "input_schema": schema});
    let mut tools: Vec<Value> = tools
        .map(|one| tool(&one.name, &one.description, &one.schema))
        .collect();
    if let Some(schema) = &content.response_schema {
        if !tools.is_empty() {
            return refuse("Anthropic can't follow a response schema and call tools at once");
        }
        let wrapped =
            json!({"type": "object", "properties": {ANSWER: schema}, "required": [ANSWER]});
        let is_object = schema.get("type").and_then(Value::as_str) == Some("object");
        tools.push(tool(
            ANSWER,
            "Give the answer.",
            if is_object { schema } else { &wrapped },
        ));
        body.insert(
            "tool_choice".to_owned(),
            json!({"type": "tool", "name": ANSWER}),
        );
    }
    if !tools.is_empty() {
        body.insert("tools".to_owned(), json!(tools));
    }
    Ok(Value::Object(body))
}

/// Without messages that say nothing: some providers refuse them.
fn filled(messages: Vec<Value>) -> Result<Vec<Value>, RenderError> {
    let says = |message: &Value| {
        !message
            .get("content")
            .and_then(Value::as_str)
            .is_some_and(is_blank)
    };
    let kept: Vec<Value> = messages.into_iter().filter(says).collect();
    if kept.is_empty() {
        return refuse("there is nothing to send: all messages are empty");
    }
    Ok(kept)
}
