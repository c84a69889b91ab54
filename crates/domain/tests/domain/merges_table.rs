//! Reads `tests/data/merge/*.txt`: merges as two people would want them (see the README there).

use crate::edits_table::{blocks, content, message, visible};
use domain::VersionContent;
use domain::content::Message;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One merge and what is expected of it.
#[derive(Debug)]
pub struct Case {
    pub name: String,
    pub base: Option<VersionContent>,
    pub ours: VersionContent,
    pub theirs: VersionContent,
    pub merged: VersionContent,
    /// `label | base | ours | theirs`.
    pub conflicts: Vec<String>,
    pub notes: Vec<String>,
    /// By `ours`, `theirs`, `both`: the content when every conflict is settled so.
    pub all: BTreeMap<String, VersionContent>,
}

/// All cases.
pub fn cases() -> Vec<Case> {
    blocks("merge")
        .into_iter()
        .map(|(name, lines)| case(name, &lines))
        .collect()
}

fn case(name: String, lines: &[String]) -> Case {
    let mut fields: BTreeMap<String, Value> = BTreeMap::new();
    let mut texts: BTreeMap<String, Vec<Message>> = BTreeMap::new();
    let (mut conflicts, mut notes) = (Vec::new(), Vec::new());
    let mut current: Option<String> = None;
    for line in lines.iter().filter(|line| !line.trim().is_empty()) {
        if let Some(head) = line.strip_prefix("=== ") {
            texts.entry(head.to_owned()).or_default();
            current = Some(head.to_owned());
            continue;
        }
        let (key, value) = line.split_once(": ").expect("key: value");
        if let Some(current) = &current {
            let text = visible(value);
            let head = if key == "placeholder" {
                format!("{key} {value}")
            } else {
                key.to_owned()
            };
            texts
                .get_mut(current)
                .expect("it was opened")
                .push(message(&head, text));
            continue;
        }
        match key {
            "conflict" => conflicts.push(visible(value)),
            "note" => notes.push(value.to_owned()),
            "base" | "ours" | "theirs" | "merged" | "all theirs" => {
                let read = serde_json::from_str(value).expect("fields are JSON");
                fields.insert(key.to_owned(), read);
            }
            other => panic!("{name}: no such header: {other}"),
        }
    }
    let known = !texts.contains_key("no base");
    let base_fields = fields.get("base").cloned().unwrap_or_else(|| json!({}));
    let base_texts = texts.get("base").cloned().unwrap_or_default();
    let side = |side: &str| {
        let fields = fields
            .get(side)
            .cloned()
            .unwrap_or_else(|| base_fields.clone());
        let texts = texts
            .get(side)
            .cloned()
            .unwrap_or_else(|| base_texts.clone());
        content("chat", &fields, &texts)
    };
    let merged = side("merged");
    let all = ["ours", "theirs", "both"]
        .into_iter()
        .filter_map(|pick| {
            let key = format!("all {pick}");
            if !texts.contains_key(&key) && !fields.contains_key(&key) {
                return None;
            }
            let fields = fields
                .get(&key)
                .or(fields.get("merged"))
                .unwrap_or(&base_fields)
                .clone();
            let texts = texts
                .get(&key)
                .cloned()
                .unwrap_or_else(|| merged.messages.clone());
            Some((pick.to_owned(), content("chat", &fields, &texts)))
        })
        .collect();
    Case {
        base: known.then(|| side("base")),
        ours: side("ours"),
        theirs: side("theirs"),
        merged,
        conflicts,
        notes,
        all,
        name,
    }
}
