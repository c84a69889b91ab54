//! Three-way merge of everything beside the texts, as a tree of JSON.
//!
//! Inputs and tools are merged by name, parameters and unknown fields by key; provider and model stay
//! together, a schema or a default is one thing. What was removed on one side and changed on the
//! other is kept and asked about.

use crate::diff::{describe_input, nth_names, same_value, show_value};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Where a value lives in the tree.
pub(super) type Path = Vec<String>;

/// Two values for one place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Clash {
    pub path: Path,
    pub base: Option<Value>,
    pub ours: Option<Value>,
    pub theirs: Option<Value>,
}

/// The settings of a version as a tree: `inputs` and `tools` by name, `who` for provider and model.
/// Messages are no settings; the unknown fields of each stand under `messages`, which the caller fills.
pub(super) fn tree(content: &crate::VersionContent) -> Result<Value, serde_json::Error> {
    let mut tree = serde_json::to_value(content)?;
    let Value::Object(fields) = &mut tree else {
        return Ok(tree);
    };
    fields.remove("messages");
    for list in ["inputs", "tools"] {
        let items = match fields.remove(list) {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        };
        let names = names_of(&items);
        fields.insert(
            list.to_owned(),
            names.into_iter().zip(items).collect::<Map<_, _>>().into(),
        );
    }
    fields.entry("includes").or_insert_with(|| json!({}));
    if let Some(Value::Object(model)) = fields.get_mut("model") {
        let who = json!({ "provider": model.remove("provider"), "model": model.remove("model") });
        model.insert("who".to_owned(), who);
        model.entry("parameters").or_insert_with(|| json!({}));
    }
    Ok(tree)
}

fn names_of(items: &[Value]) -> Vec<String> {
    nth_names(
        items
            .iter()
            .map(|item| item["name"].as_str().unwrap_or_default()),
    )
}

/// The names of a list of the tree, in the order of the version.
pub(super) fn names(content: &crate::VersionContent) -> [Vec<String>; 2] {
    [
        nth_names(content.inputs.iter().map(|input| input.name.as_str())),
        nth_names(content.tools.iter().map(|tool| tool.name.as_str())),
    ]
}

/// A version without messages again; `order` are the names of inputs and of tools.
pub(super) fn fields(tree: &Value, order: &[Vec<String>; 2]) -> Map<String, Value> {
    let Value::Object(mut fields) = tree.clone() else {
        return Map::new();
    };
    fields.remove("messages");
    for (list, order) in ["inputs", "tools"].into_iter().zip(order) {
        let Some(Value::Object(mut items)) = fields.remove(list) else {
            continue;
        };
        let items: Vec<Value> = order.iter().filter_map(|name| items.remove(name)).collect();
        fields.insert(list.to_owned(), items.into());
    }
    if let Some(Value::Object(model)) = fields.get_mut("model")
        && let Some(Value::Object(who)) = model.remove("who")
    {
        model.extend(who);
    }
    fields
}

/// Merges two trees; `known`: there is a common one. Gives what stands until somebody chooses.
pub(super) fn merge(
    base: Option<&Value>,
    ours: Option<&Value>,
    theirs: Option<&Value>,
    known: bool,
    path: &mut Path,
    clashes: &mut Vec<Clash>,
) -> Option<Value> {
    let same = |a: Option<&Value>, b: Option<&Value>| match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => same_value(a, b),
        _ => false,
    };
    if same(ours, theirs) || known && same(theirs, base) {
        return ours.cloned();
    }
    if known && same(ours, base) {
        return theirs.cloned();
    }
    if let (Some(Value::Object(a)), Some(Value::Object(b))) = (ours, theirs)
        && is_container(path)
    {
        let none = Map::new();
        let before = base.and_then(Value::as_object).unwrap_or(&none);
        let mut keys: Vec<&String> = before.keys().chain(a.keys()).chain(b.keys()).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut merged = Map::new();
        for key in keys {
            path.push(key.clone());
            let value = merge(
                before.get(key),
                a.get(key),
                b.get(key),
                known,
                path,
                clashes,
            );
            path.pop();
            merged.extend(value.map(|value| (key.clone(), value)));
        }
        return Some(merged.into());
    }
    clashes.push(Clash {
        path: path.clone(),
        base: base.filter(|_| known).cloned(),
        ours: ours.cloned(),
        theirs: theirs.cloned(),
    });
    // What one side removed and the other wants stays until somebody says otherwise.
    ours.or(theirs).cloned()
}

fn is_container(path: &[String]) -> bool {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    matches!(
        path.as_slice(),
        [] | ["model" | "inputs" | "tools" | "includes" | "messages"]
            | ["model", "parameters"]
            | ["inputs" | "tools" | "messages", _]
    )
}

/// Puts a value at a place of the tree, or takes it away.
pub(super) fn set(tree: &mut Value, path: &[String], value: Option<Value>) {
    let Some((last, parents)) = path.split_last() else {
        if let Some(value) = value {
            *tree = value;
        }
        return;
    };
    let mut at = tree;
    for key in parents {
        let Value::Object(fields) = at else { return };
        at = fields.entry(key.clone()).or_insert_with(|| json!({}));
    }
    if let Value::Object(fields) = at {
        match value {
            Some(value) => fields.insert(last.clone(), value),
            None => fields.remove(last),
        };
    }
}

/// What people call a place: `temperature`, ``default of input `region` ``.
pub(super) fn label(path: &[String], message: impl Fn(&str) -> String) -> String {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["model"] | ["model", "who"] => "model".to_owned(),
        ["model", "parameters", name] => (*name).to_owned(),
        ["model", name] => format!("`model.{name}`"),
        ["inputs", name] => format!("input `{name}`"),
        ["inputs", name, field] => format!("{field} of input `{name}`"),
        ["tools", name] => format!("tool `{name}`"),
        ["tools", name, field] => format!("{field} of tool `{name}`"),
        ["includes", name] => format!("include `{name}`"),
        ["response_schema"] => "response schema".to_owned(),
        ["kind"] => "kind".to_owned(),
        ["messages", at, field] => format!("`{field}` of {}", message(at)),
        other => format!("`{}`", other.join(".")),
    }
}

/// A value as people read it at its place.
pub(super) fn show(path: &[String], value: &Value) -> String {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let who = |who: &Value| {
        let text = |key: &str| who[key].as_str().unwrap_or_default().to_owned();
        format!("{} ({})", text("model"), text("provider"))
    };
    match path.as_slice() {
        ["model", "who"] => who(value),
        ["model"] => who(&value["who"]),
        ["inputs", _] => serde_json::from_value(value.clone())
            .map_or_else(|_| show_value(value), |input| describe_input(&input)),
        ["inputs", _, "required"] => if value == &Value::Bool(true) {
            "required"
        } else {
            "optional"
        }
        .to_owned(),
        ["tools", _] => match value["description"].as_str() {
            Some(text) if !text.is_empty() => text.to_owned(),
            _ => show_value(value),
        },
        _ => show_value(value),
    }
}

/// One order for the names of three lists. Who reordered decides; names that both sides added at one
/// place stand by name, so that the sides can be exchanged.
pub(super) fn order(base: &[String], ours: &[String], theirs: &[String]) -> Vec<String> {
    let set = |list: &'_ [String]| list.iter().cloned().collect::<BTreeSet<String>>();
    let (in_base, in_ours, in_theirs) = (set(base), set(ours), set(theirs));
    let common = |list: &[String]| -> Vec<String> {
        let all = [&in_base, &in_ours, &in_theirs];
        let common = list
            .iter()
            .filter(|name| all.iter().all(|set| set.contains(*name)));
        common.cloned().collect()
    };
    let (b, o, t) = (common(base), common(ours), common(theirs));
    let lead = match (o == b, t == b) {
        (true, _) => t,
        (_, true) => o,
        _ => o.min(t),
    };
    let mut mine = followers(ours, &lead);
    let mut yours = followers(theirs, &lead);
    let mut merged: Vec<String> = Vec::new();
    for anchor in std::iter::once(None).chain(lead.into_iter().map(Some)) {
        let (mine, yours) = (
            mine.remove(&anchor).unwrap_or_default(),
            yours.remove(&anchor).unwrap_or_default(),
        );
        // A name of the base is here only because the other side removed it: it decides no order.
        let adds = |list: &[String]| list.iter().any(|name| !in_base.contains(name));
        let both = match (adds(&mine), adds(&yours)) {
            _ if mine == yours => mine,
            (true, false) => [mine, yours].concat(),
            (false, true) => [yours, mine].concat(),
            _ => {
                let mut both = [mine, yours].concat();
                both.sort_unstable();
                both
            }
        };
        merged.extend(anchor);
        merged.extend(both);
    }
    let mut seen = BTreeSet::new();
    merged.retain(|name| seen.insert(name.clone()));
    merged
}

/// What is not common follows what it followed; at the start, nothing.
fn followers(list: &[String], lead: &[String]) -> BTreeMap<Option<String>, Vec<String>> {
    let lead: BTreeSet<&String> = lead.iter().collect();
    let mut after = None;
    let mut followers: BTreeMap<Option<String>, Vec<String>> = BTreeMap::new();
    for name in list {
        if lead.contains(name) {
            after = Some(name.clone());
        } else {
            followers
                .entry(after.clone())
                .or_default()
                .push(name.clone());
        }
    }
    followers
}
