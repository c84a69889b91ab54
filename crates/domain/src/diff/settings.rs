//! Everything beside the messages, as rows: kind, model, parameters, inputs, tools, schema,
//! includes, and fields that we don't know.

use super::edits::Limits;
use super::messages::message_label;
use super::pairing::pair_messages;
use super::words::tags;
use super::{SettingChange, SettingGroup, SettingRow, TextDiff, compare_texts};
use crate::content::{Input, InputKind, Kind, Message, ModelSettings, Other, Tool, VersionContent};
use crate::to_canonical;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Whether two values are one and the same to the digest: `1` and `1.0` are.
pub(crate) fn same_value(a: &Value, b: &Value) -> bool {
    a == b || matches!((to_canonical(a), to_canonical(b)), (Ok(a), Ok(b)) if a == b)
}

/// A value as people read it.
pub(crate) fn show_value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => to_canonical(other)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .unwrap_or_else(|| other.to_string()),
    }
}

/// An input in a few words: `text, optional, default EU`.
pub(crate) fn describe_input(input: &Input) -> String {
    let mut words = vec![
        show_kind(input.kind).to_owned(),
        show_required(input.required).to_owned(),
    ];
    if let Some(default) = &input.default {
        words.push(format!("default {}", show_value(default)));
    }
    if input.from.is_some() {
        words.push("from another prompt".to_owned());
    }
    if !input.description.is_empty() {
        words.push(input.description.clone());
    }
    words.join(", ")
}

fn show_kind(kind: InputKind) -> &'static str {
    match kind {
        InputKind::Text => "text",
        InputKind::Number => "number",
        InputKind::Boolean => "boolean",
        InputKind::List => "list",
        InputKind::Object => "object",
    }
}

fn show_required(required: bool) -> &'static str {
    if required { "required" } else { "optional" }
}

/// The rows between two versions.
pub(super) fn rows(old: &VersionContent, new: &VersionContent, limits: Limits) -> Vec<SettingRow> {
    let mut rows = Rows {
        rows: Vec::new(),
        limits,
    };
    if old.kind != new.kind {
        let show = |kind| if kind == Kind::Text { "text" } else { "chat" }.to_owned();
        rows.push(
            SettingGroup::Kind,
            "kind",
            None,
            Some(show(old.kind)),
            Some(show(new.kind)),
        );
    }
    rows.models(old.model.as_ref(), new.model.as_ref());
    rows.inputs(old, new);
    rows.tools(&old.tools, &new.tools);
    rows.schemas(old.response_schema.as_ref(), new.response_schema.as_ref());
    for name in union(&old.includes, &new.includes) {
        let show = |includes: &BTreeMap<String, crate::Digest>| {
            includes.get(name).map(crate::Digest::short)
        };
        if old.includes.get(name) != new.includes.get(name) {
            rows.push(
                SettingGroup::Include,
                name,
                None,
                show(&old.includes),
                show(&new.includes),
            );
        }
    }
    rows.others("", &old.other, &new.other);
    if old
        .messages
        .iter()
        .chain(&new.messages)
        .any(|message| !unknown(message).is_empty())
    {
        for (i, j) in pair_messages(&old.messages, &new.messages).pairs {
            let label = message_label(&new.messages, j, &[&old.messages, &new.messages]);
            rows.others(
                &label,
                &unknown(&old.messages[i]),
                &unknown(&new.messages[j]),
            );
        }
    }
    rows.rows
}

fn unknown(message: &Message) -> Other {
    match message {
        Message::Message { other, .. } => other.clone(),
        Message::Placeholder { .. } => Other::new(),
    }
}

fn union<'a, A, B>(old: &'a BTreeMap<String, A>, new: &'a BTreeMap<String, B>) -> Vec<&'a str> {
    let mut names: Vec<&str> = old.keys().chain(new.keys()).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names
}

struct Rows {
    rows: Vec<SettingRow>,
    limits: Limits,
}

impl Rows {
    fn push(
        &mut self,
        group: SettingGroup,
        name: &str,
        field: Option<&str>,
        old: Option<String>,
        new: Option<String>,
    ) {
        let change = match (&old, &new) {
            (None, _) => SettingChange::Added,
            (_, None) => SettingChange::Removed,
            _ => SettingChange::Changed,
        };
        let (name, field) = (name.to_owned(), field.map(str::to_owned));
        self.rows.push(SettingRow {
            group,
            name,
            field,
            change,
            old,
            new,
            words: None,
        });
    }

    /// A row whose texts are long enough to be worth marks.
    fn push_words(
        &mut self,
        group: SettingGroup,
        name: &str,
        field: Option<&str>,
        old: Option<String>,
        new: Option<String>,
    ) {
        let words: TextDiff = compare_texts(
            old.as_deref().unwrap_or_default(),
            new.as_deref().unwrap_or_default(),
            self.limits,
        );
        self.push(group, name, field, old, new);
        if let Some(row) = self.rows.last_mut() {
            row.words = Some(words);
        }
    }

    fn value(
        &mut self,
        group: SettingGroup,
        name: &str,
        field: Option<&str>,
        old: Option<&Value>,
        new: Option<&Value>,
    ) {
        let same = match (old, new) {
            (None, None) => true,
            (Some(a), Some(b)) => same_value(a, b),
            _ => false,
        };
        if !same {
            self.push(group, name, field, old.map(show_value), new.map(show_value));
        }
    }

    fn models(&mut self, old: Option<&ModelSettings>, new: Option<&ModelSettings>) {
        let whole = |model: &ModelSettings| format!("{} ({})", model.model, model.provider);
        match (old, new) {
            (Some(a), Some(b)) => {
                for (name, a, b) in [
                    ("provider", &a.provider, &b.provider),
                    ("model", &a.model, &b.model),
                ] {
                    if a != b {
                        self.push(
                            SettingGroup::Model,
                            name,
                            None,
                            Some(a.clone()),
                            Some(b.clone()),
                        );
                    }
                }
            }
            (None, None) => {}
            _ => self.push(
                SettingGroup::Model,
                "model",
                None,
                old.map(whole),
                new.map(whole),
            ),
        }
        let none = BTreeMap::new();
        let a = old.map_or(&none, |model| &model.parameters);
        let b = new.map_or(&none, |model| &model.parameters);
        for name in union(a, b) {
            self.value(
                SettingGroup::Parameter,
                name,
                None,
                a.get(name),
                b.get(name),
            );
        }
        let a = old.map_or(&none, |model| &model.other);
        let b = new.map_or(&none, |model| &model.other);
        self.others("model", a, b);
    }

    fn others(&mut self, place: &str, old: &Other, new: &Other) {
        for name in union(old, new) {
            let path = if place.is_empty() {
                name.to_owned()
            } else {
                format!("{place}.{name}")
            };
            self.value(
                SettingGroup::Other,
                &path,
                None,
                old.get(name),
                new.get(name),
            );
        }
    }

    fn schemas(&mut self, old: Option<&Value>, new: Option<&Value>) {
        let same = matches!((old, new), (Some(a), Some(b)) if same_value(a, b));
        if !same && (old.is_some() || new.is_some()) {
            self.push_words(
                SettingGroup::Schema,
                "response schema",
                None,
                old.map(pretty),
                new.map(pretty),
            );
        }
    }

    fn inputs(&mut self, old: &VersionContent, new: &VersionContent) {
        let named = |inputs: &[Input]| nth_names(inputs.iter().map(|input| input.name.as_str()));
        let (olds, news) = (named(&old.inputs), named(&new.inputs));
        let (in_old, in_new) = (places(&olds), places(&news));
        let gone: Vec<usize> = (0..olds.len())
            .filter(|i| !in_new.contains_key(olds[*i].as_str()))
            .collect();
        let come: Vec<usize> = (0..news.len())
            .filter(|j| !in_old.contains_key(news[*j].as_str()))
            .collect();
        // Among very many nothing is evident, and looking for it would take long.
        const FEW: usize = 400;
        let few = gone.len() * come.len() <= FEW;
        // New place → old place.
        let renamed: BTreeMap<usize, usize> = gone
            .iter()
            .filter(|_| few)
            .filter_map(|i| {
                let mut likely = come.iter().filter(|j| is_rename(old, *i, new, **j));
                match (likely.next(), likely.next()) {
                    (Some(j), None) => Some((*j, *i)),
                    _ => None,
                }
            })
            .collect();
        for (index, name) in news.iter().enumerate() {
            let input = &new.inputs[index];
            if let Some(i) = renamed.get(&index) {
                let from = &old.inputs[*i];
                self.push(
                    SettingGroup::Input,
                    name,
                    None,
                    Some(olds[*i].clone()),
                    Some(name.clone()),
                );
                if let Some(row) = self.rows.last_mut() {
                    row.change = SettingChange::Renamed;
                }
                self.input_fields(name, from, input);
            } else if let Some(i) = in_old.get(name.as_str()) {
                self.input_fields(name, &old.inputs[*i], input);
            } else {
                self.push(
                    SettingGroup::Input,
                    name,
                    None,
                    None,
                    Some(describe_input(input)),
                );
            }
        }
        let went_on: BTreeSet<usize> = renamed.into_values().collect();
        for i in gone.iter().filter(|i| !went_on.contains(i)) {
            let shown = describe_input(&old.inputs[*i]);
            self.push(SettingGroup::Input, &olds[*i], None, Some(shown), None);
        }
        self.order(SettingGroup::Input, &olds, &news);
    }

    fn order(&mut self, group: SettingGroup, olds: &[String], news: &[String]) {
        let kept = |names: &[String], others: &[String]| -> Vec<String> {
            let others: BTreeSet<&String> = others.iter().collect();
            let kept = names.iter().filter(|name| others.contains(name));
            kept.cloned().collect()
        };
        let (a, b) = (kept(olds, news), kept(news, olds));
        if a != b {
            // No input can have this name.
            self.push(
                group,
                "(order)",
                None,
                Some(a.join(", ")),
                Some(b.join(", ")),
            );
        }
    }

    fn input_fields(&mut self, name: &str, old: &Input, new: &Input) {
        let group = SettingGroup::Input;
        if old.kind != new.kind {
            let show = |kind| Some(show_kind(kind).to_owned());
            self.push(group, name, Some("type"), show(old.kind), show(new.kind));
        }
        if old.required != new.required {
            let show = |required| Some(show_required(required).to_owned());
            self.push(
                group,
                name,
                Some("required"),
                show(old.required),
                show(new.required),
            );
        }
        self.value(
            group,
            name,
            Some("default"),
            old.default.as_ref(),
            new.default.as_ref(),
        );
        self.description(group, name, &old.description, &new.description);
        if old.from != new.from {
            let show = |from: Option<crate::PromptId>| from.map(|id| id.to_string());
            self.push(group, name, Some("from"), show(old.from), show(new.from));
        }
        for field in union(&old.other, &new.other) {
            self.value(
                group,
                name,
                Some(field),
                old.other.get(field),
                new.other.get(field),
            );
        }
    }

    fn description(&mut self, group: SettingGroup, name: &str, old: &str, new: &str) {
        if old != new {
            let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            self.push_words(group, name, Some("description"), some(old), some(new));
        }
    }

    fn tools(&mut self, old: &[Tool], new: &[Tool]) {
        let named = |tools: &[Tool]| nth_names(tools.iter().map(|tool| tool.name.as_str()));
        let (olds, news) = (named(old), named(new));
        let (in_old, in_new) = (places(&olds), places(&news));
        let group = SettingGroup::Tool;
        for (tool, name) in new.iter().zip(&news) {
            let Some(before) = in_old.get(name.as_str()).map(|at| &old[*at]) else {
                self.push(group, name, None, None, Some(tool.description.clone()));
                continue;
            };
            self.description(group, name, &before.description, &tool.description);
            if !same_value(&before.schema, &tool.schema) {
                let show = |value: &Value| (!value.is_null()).then(|| pretty(value));
                let (a, b) = (show(&before.schema), show(&tool.schema));
                self.push_words(group, name, Some("schema"), a, b);
            }
            for field in union(&before.other, &tool.other) {
                let (a, b) = (before.other.get(field), tool.other.get(field));
                self.value(group, name, Some(field), a, b);
            }
        }
        for (tool, name) in old
            .iter()
            .zip(&olds)
            .filter(|(_, name)| !in_new.contains_key(name.as_str()))
        {
            self.push(group, name, None, Some(tool.description.clone()), None);
        }
        self.order(group, &olds, &news);
    }
}

fn places(names: &[String]) -> BTreeMap<&str, usize> {
    names
        .iter()
        .enumerate()
        .map(|(at, name)| (name.as_str(), at))
        .collect()
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
}

/// Names, the second of a kind as `name (2)`: what can be read can be compared, valid or not.
pub(crate) fn nth_names<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    names
        .map(|name| {
            let nth = seen.entry(name).or_default();
            *nth += 1;
            if *nth == 1 {
                name.to_owned()
            } else {
                format!("{name} ({nth})")
            }
        })
        .collect()
}

/// Whether an input that went and one that came are evidently the same one: all else about them is
/// equal, and the texts use the new name as often as they used the old one.
fn is_rename(old: &VersionContent, i: usize, new: &VersionContent, j: usize) -> bool {
    let (from, to) = (&old.inputs[i], &new.inputs[j]);
    let alike = from.kind == to.kind
        && from.required == to.required
        && from.default == to.default
        && from.description == to.description
        && from.from == to.from;
    let uses = uses_of(old, &from.name);
    alike && uses > 0 && uses == uses_of(new, &to.name) && uses_of(new, &from.name) == 0
}

fn uses_of(content: &VersionContent, name: &str) -> usize {
    content
        .templates()
        .flat_map(|(_, text)| tags(text).into_iter().map(move |tag| &text[tag]))
        .map(|tag| names_in(tag).filter(|word| *word == name).count())
        .sum()
}

/// The words of a tag that may be names.
pub(crate) fn names_in(tag: &str) -> impl Iterator<Item = &str> {
    tag.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
}
