//! Prompts: texts and conversations, inline or in files, with the inputs that they use.

use super::files::{Files, ending, is_program, reference};
use super::left_out::Notes;
use super::providers::Model;
use super::tests::texts;
use super::yaml::{self, Kind, Node};
use domain::content::{Input, InputKind, Kind as PromptKind, Message, Other, Role, VersionContent};
use domain::dataset::Dataset;
use domain::template;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A prompt as it can be saved, or why it can't be yet.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportedPrompt {
    /// What it is called; none: only its place in the list tells it from others.
    pub name: Option<String>,
    /// The content.
    pub content: VersionContent,
    /// What a person has to change before it can be saved.
    pub problems: Vec<String>,
}

struct Found {
    name: Option<String>,
    text: String,
    line: u32,
}

pub(super) fn read(
    node: &Node,
    files: &Files<'_>,
    dataset: &mut Dataset,
    model: Option<&Model>,
    notes: &mut Notes,
) -> Vec<ImportedPrompt> {
    let mut found = Vec::new();
    if node.fields().is_empty()
        || ["id", "raw", "label", "content"]
            .iter()
            .any(|name| node.get(name).is_some())
    {
        for one in node.each() {
            add(one, files, notes, &mut found);
        }
    } else {
        // The older form: files as names, labels as values.
        for (path, label) in node.fields() {
            let label = label.text().map(str::to_owned);
            from_path(path, label.as_deref(), node.line, files, notes, &mut found);
        }
    }
    let mut prompts: Vec<ImportedPrompt> = found
        .into_iter()
        .map(|one| prompt(one, model, notes))
        .collect();
    declare(&mut prompts, dataset, notes, node.line);
    prompts
}

fn add(one: &Node, files: &Files<'_>, notes: &mut Notes, found: &mut Vec<Found>) {
    match &one.kind {
        Kind::Text(text) => from_text(text, None, one.line, files, notes, found),
        Kind::Fields(fields) => {
            for (name, node) in fields {
                if !["id", "label", "raw", "content", "display"].contains(&name.as_str()) {
                    notes.add(
                        node.line,
                        format!("{name} of a prompt"),
                        "is nothing that Galley has",
                    );
                }
            }
            let text = |name: &str| one.get(name).and_then(Node::text);
            let label = text("label").or(text("display"));
            match (text("raw").or(text("content")), text("id")) {
                (Some(raw), id) => {
                    let name = label.or(id).map(str::to_owned);
                    from_text(raw, name, one.line, files, notes, found);
                }
                (None, Some(id)) => {
                    from_text(id, label.map(str::to_owned), one.line, files, notes, found);
                }
                (None, None) => notes.add(one.line, "a prompt", "holds neither a text nor a file"),
            }
        }
        _ => notes.add(one.line, "a prompt", "holds neither a text nor a file"),
    }
}

/// A text, or the path of a file as promptfoo tells them apart: by `file://` or by the ending.
fn from_text(
    text: &str,
    name: Option<String>,
    line: u32,
    files: &Files<'_>,
    notes: &mut Notes,
    found: &mut Vec<Found>,
) {
    if text.starts_with("exec:") {
        return notes.add(
            line,
            "a prompt",
            "is made by a program, and an import runs nothing",
        );
    }
    if [
        "langfuse://",
        "portkey://",
        "helicone://",
        "http://",
        "https://",
    ]
    .iter()
    .any(|start| text.starts_with(start))
    {
        return notes.add(
            line,
            "a prompt",
            "is kept at an address, and an import fetches nothing",
        );
    }
    let like_path = !text.contains(['\n', '{', ' '])
        && (is_program(text)
            || matches!(
                ending(text).as_str(),
                "txt" | "md" | "json" | "yaml" | "yml" | "j2" | "csv"
            ));
    match reference(text).or_else(|| text.strip_prefix("file:")) {
        Some(path) => from_path(path, name.as_deref(), line, files, notes, found),
        None if like_path => from_path(text, name.as_deref(), line, files, notes, found),
        None => found.push(Found {
            name,
            text: text.to_owned(),
            line,
        }),
    }
}

fn from_path(
    path: &str,
    name: Option<&str>,
    line: u32,
    files: &Files<'_>,
    notes: &mut Notes,
    found: &mut Vec<Found>,
) {
    if is_program(path) {
        return notes.add(
            line,
            format!("the prompt {path}"),
            "is made by a program, and an import runs nothing",
        );
    }
    let paths = match files.meant(path) {
        Ok(paths) => paths,
        Err(why) => return notes.add(line, format!("the prompt {path}"), why),
    };
    for path in paths {
        let text = match files.text(&path) {
            Ok(text) => text,
            Err(why) => {
                notes.add(line, format!("the prompt {path}"), why);
                continue;
            }
        };
        let file = path.rsplit('/').next().unwrap_or_default();
        let stem = file.split('.').next().unwrap_or_default().to_owned();
        let name = name.map_or(stem, str::to_owned);
        // Several prompts in one file of text stand between lines of three dashes.
        let many = matches!(ending(&path).as_str(), "txt" | "");
        let parts: Vec<&str> = if many {
            let lines = text.split("\n---\n");
            lines.filter(|part| !part.trim().is_empty()).collect()
        } else if ending(&path) == "csv" {
            notes.add(line, format!("the prompt {path}"), "is a table of prompts");
            continue;
        } else {
            vec![text.as_str()]
        };
        for (number, part) in parts.iter().enumerate() {
            let name = if parts.len() > 1 {
                format!("{name} {}", number + 1)
            } else {
                name.clone()
            };
            found.push(Found {
                name: Some(name),
                text: part.trim_end_matches('\n').to_owned(),
                line,
            });
        }
    }
}

fn prompt(found: Found, model: Option<&Model>, notes: &mut Notes) -> ImportedPrompt {
    let Found { name, text, line } = found;
    let messages = conversation(&text);
    let (kind, messages) = match messages {
        Some(Ok(messages)) => (PromptKind::Chat, messages),
        Some(Err(why)) => {
            notes.add(
                line,
                "a conversation",
                format!("{why}; it is kept as one text"),
            );
            (PromptKind::Chat, vec![message(Role::User, &text)])
        }
        None => (PromptKind::Chat, vec![message(Role::User, &text)]),
    };
    let content = VersionContent {
        kind,
        messages,
        inputs: Vec::new(),
        model: model.map(|model| model.settings.clone()),
        tools: model.map(|model| model.tools.clone()).unwrap_or_default(),
        response_schema: model.and_then(|model| model.response_schema.clone()),
        includes: BTreeMap::new(),
        other: Other::new(),
    };
    ImportedPrompt {
        name,
        content,
        problems: Vec::new(),
    }
}

fn message(role: Role, text: &str) -> Message {
    Message::Message {
        role,
        text: ours(text),
        other: Other::new(),
    }
}

/// Filters that have another name here, and one that does nothing here: nothing is escaped.
fn ours(text: &str) -> String {
    let mut text = text.to_owned();
    for (theirs, ours) in [
        ("| dump", "| tojson"),
        ("|dump", "| tojson"),
        (" | safe", ""),
        ("|safe", ""),
    ] {
        text = text.replace(theirs, ours);
    }
    text
}

/// The messages of a text that is a list of them, as JSON or YAML; none if it is just a text.
fn conversation(text: &str) -> Option<Result<Vec<Message>, String>> {
    let start = text.trim_start();
    if !(start.starts_with('[') || start.starts_with("- role") || start.starts_with("- content")) {
        return None;
    }
    // A template among the JSON makes it none; then it stays the text that it is.
    let Ok(root) = yaml::read(text) else {
        return start
            .contains("\"role\"")
            .then(|| Err("is written by a template that only filled in is JSON".to_owned()));
    };
    let Kind::List(list) = &root.kind else {
        return None;
    };
    if list.is_empty() || !list.iter().all(|one| one.get("role").is_some()) {
        return None;
    }
    let messages = list.iter().map(|one| {
        let role = match one.get("role").and_then(Node::text) {
            Some("system") => Role::System,
            Some("developer") => Role::Developer,
            Some("user") => Role::User,
            Some("assistant") => Role::Assistant,
            other => {
                return Err(format!(
                    "has a message of the role {}",
                    other.unwrap_or("none")
                ));
            }
        };
        match one.get("content").map(|content| &content.kind) {
            Some(Kind::Text(text)) => Ok(message(role, text)),
            Some(Kind::List(parts)) => {
                let texts: Option<Vec<&str>> =
                    parts.iter().map(|part| part.get("text")?.text()).collect();
                texts
                    .map(|texts| message(role, &texts.join("\n")))
                    .ok_or_else(|| "holds more than texts".to_owned())
            }
            None => Ok(message(role, "")),
            _ => Err("holds more than texts".to_owned()),
        }
    });
    Some(messages.collect())
}

/// Declares the inputs of each prompt as its tests fill them, and makes the values fit.
fn declare(prompts: &mut [ImportedPrompt], dataset: &mut Dataset, notes: &mut Notes, line: u32) {
    let mut kinds: BTreeMap<String, Option<InputKind>> = BTreeMap::new();
    let mut filled: BTreeMap<String, usize> = BTreeMap::new();
    for case in &dataset.cases {
        for (name, value) in case.inputs.iter().filter(|(_, value)| !value.is_null()) {
            let kind = kind_of(value);
            let known = kinds.entry(name.clone()).or_insert(Some(kind));
            if *known != Some(kind) {
                *known = None;
            }
            *filled.entry(name.clone()).or_default() += 1;
        }
    }
    for case in &mut dataset.cases {
        case.inputs.retain(|_, value| !value.is_null());
        for (name, value) in &mut case.inputs {
            if kinds.get(name) == Some(&None) && !value.is_string() {
                notes.add(
                    line,
                    format!("the variable {name}"),
                    "is now a text, now something else; all are texts here",
                );
                *value = texts(value);
            }
        }
    }
    for prompt in prompts {
        let mut seen = BTreeSet::new();
        let names: Vec<String> = prompt
            .content
            .templates()
            .flat_map(|(_, text)| template::uses(text).inputs)
            .map(|used| used.name)
            .filter(|name| seen.insert(name.clone()))
            .collect();
        prompt.content.inputs = names
            .into_iter()
            .map(|name| Input {
                kind: kinds
                    .get(&name)
                    .copied()
                    .flatten()
                    .unwrap_or(InputKind::Text),
                required: filled
                    .get(&name)
                    .is_some_and(|count| *count == dataset.cases.len()),
                default: None,
                description: String::new(),
                from: None,
                other: Other::new(),
                name,
            })
            .collect();
        let problems = template::check(&prompt.content, &|_| None);
        prompt.problems = problems
            .into_iter()
            .map(|problem| problem.message)
            .collect();
    }
}

fn kind_of(value: &Value) -> InputKind {
    match value {
        Value::Number(_) => InputKind::Number,
        Value::Bool(_) => InputKind::Boolean,
        Value::Array(_) => InputKind::List,
        Value::Object(_) => InputKind::Object,
        Value::String(_) | Value::Null => InputKind::Text,
    }
}
