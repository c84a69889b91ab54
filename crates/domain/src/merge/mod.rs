//! Two people's changes to one version, joined.
//!
//! [`three_way`] merges by message, within a message by sentence, and by setting. Where two changes
//! touch it asks: a [`Conflict`] holds every wording, the merged content carries a default, and
//! [`resolve`] makes content of what people chose. Nothing that anybody wrote is in neither.
//!
//! It refuses to guess: no word-level blend of two wordings of one sentence, no half of a schema.

mod choices;
mod lists;
mod messages;
mod settings;
mod texts;

use crate::content::{Message, Role, VersionContent};
use messages::{Slot, Stake};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Two versions joined, and what people have to decide.
#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct Merge {
    /// The merged content, with a default at every conflict.
    pub content: VersionContent,
    /// What both sides changed in different ways, in reading order.
    pub conflicts: Vec<Conflict>,
    /// What nobody has to decide and somebody should know.
    pub notes: Vec<String>,
    /// How content is made of choices.
    #[serde(skip)]
    #[specta(skip)]
    recipe: Recipe,
}

/// One thing that both sides changed in different ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Conflict {
    /// Its number, by which it is resolved.
    pub id: u32,
    /// Where it is.
    pub place: Place,
    /// What people call that place.
    pub label: String,
    /// What it is about, in plain words.
    pub question: String,
    /// Before both; nothing when there was nothing, or no common version.
    pub base: Option<String>,
    /// Ours; nothing when we have nothing there.
    pub ours: Option<String>,
    /// Theirs.
    pub theirs: Option<String>,
    /// What the merged content carries until somebody chooses.
    pub default: Default,
    /// Both may be kept.
    pub both: bool,
}

/// What stands until somebody chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Default {
    /// Ours.
    Ours,
    /// Theirs: we have nothing there.
    Theirs,
}

/// Where a conflict is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Place {
    /// In the text of a message of the merged content.
    Text {
        /// Which, from 0.
        message: u32,
    },
    /// Whole messages, at this place of the merged content.
    Messages {
        /// Which, from 0.
        message: u32,
    },
    /// Who speaks in a message of the merged content.
    Role {
        /// Which, from 0.
        message: u32,
    },
    /// A setting.
    Setting {
        /// Its path: `model`, `parameters`, `temperature`.
        path: Vec<String>,
    },
}

/// What somebody chose for a conflict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "pick", rename_all = "snake_case")]
pub enum Choice {
    /// Ours.
    Ours,
    /// Theirs.
    Theirs,
    /// Ours, then theirs.
    Both,
    /// Something else.
    Text {
        /// The text; for a setting its value, as text or JSON.
        text: String,
    },
}

/// A choice that can't be followed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ResolveError {
    /// No conflict has this number.
    #[error("there is no conflict {0} in this merge")]
    NoSuchConflict(u32),
    /// Only one of the two can stand there.
    #[error("{0} can hold only one of the two: choose one, or write a third")]
    NotBoth(String),
    /// The value doesn't fit the place.
    #[error("this is no value for {label}: {reason}")]
    DoesNotFit {
        /// The place.
        label: String,
        /// Why, as the reader says it.
        reason: String,
    },
}

/// How content is made of choices.
#[derive(Clone, Debug, PartialEq, std::default::Default)]
struct Recipe {
    tree: Value,
    order: [Vec<String>; 2],
    slots: Vec<Slot>,
    stakes: Vec<Stake>,
    /// A version that can't be told as JSON is taken as it is.
    whole: Option<Box<VersionContent>>,
}

/// Merges two versions that became of one; without a common one everything that differs is a conflict.
#[must_use]
pub fn three_way(
    base: Option<&VersionContent>,
    ours: &VersionContent,
    theirs: &VersionContent,
) -> Merge {
    let mut kitchen = Kitchen {
        known: base.is_some(),
        ..Kitchen::default()
    };
    let empty = VersionContent {
        messages: Vec::new(),
        ..VersionContent::empty_chat()
    };
    let before = base.unwrap_or(&empty);
    let trees = (
        settings::tree(before),
        settings::tree(ours),
        settings::tree(theirs),
    );
    let (Ok(b), Ok(o), Ok(t)) = trees else {
        return whole(ours.clone());
    };
    let mut clashes = Vec::new();
    let tree = settings::merge(
        Some(&b),
        Some(&o),
        Some(&t),
        kitchen.known,
        &mut Vec::new(),
        &mut clashes,
    );
    let tree = tree.unwrap_or_default();
    for clash in clashes {
        kitchen.setting(clash);
    }
    kitchen.messages(&before.messages, &ours.messages, &theirs.messages);
    let [b, o, t] = [
        settings::names(before),
        settings::names(ours),
        settings::names(theirs),
    ];
    let order = [0, 1].map(|list| settings::order(&b[list], &o[list], &t[list]));
    let recipe = Recipe {
        tree: with_message_fields(tree, &kitchen.fields),
        order,
        slots: kitchen.slots,
        stakes: kitchen.stakes,
        whole: None,
    };
    let Ok(content) = recipe.cook(&BTreeMap::new(), &kitchen.conflicts) else {
        return whole(ours.clone());
    };
    let mut conflicts = kitchen.conflicts;
    recipe.place(&mut conflicts, &content);
    let mut notes = kitchen.notes;
    notes.extend(lost_inputs(&content, [before, ours, theirs]));
    Merge {
        content,
        conflicts,
        notes,
        recipe,
    }
}

fn whole(content: VersionContent) -> Merge {
    let recipe = Recipe {
        whole: Some(Box::new(content.clone())),
        ..Recipe::default()
    };
    let notes = vec!["One version holds something that is no JSON; ours is kept whole.".to_owned()];
    Merge {
        content,
        conflicts: Vec::new(),
        notes,
        recipe,
    }
}

/// Makes content of what people chose; a conflict that nobody decided keeps its default.
///
/// # Errors
/// A choice that does not fit its place, by name.
pub fn resolve(
    merge: &Merge,
    choices: &BTreeMap<u32, Choice>,
) -> Result<VersionContent, ResolveError> {
    if let Some(id) = choices
        .keys()
        .find(|id| !merge.conflicts.iter().any(|c| c.id == **id))
    {
        return Err(ResolveError::NoSuchConflict(*id));
    }
    merge.recipe.cook(choices, &merge.conflicts)
}

fn with_message_fields(mut tree: Value, fields: &[Value]) -> Value {
    let numbered = fields
        .iter()
        .enumerate()
        .map(|(at, fields)| (at.to_string(), fields.clone()));
    if let Value::Object(tree) = &mut tree {
        tree.insert("messages".to_owned(), Value::Object(numbered.collect()));
    }
    tree
}

/// Names that a template still uses although no input of that name is left.
fn lost_inputs(merged: &VersionContent, versions: [&VersionContent; 3]) -> Vec<String> {
    let declared: BTreeSet<&str> = merged
        .inputs
        .iter()
        .map(|input| input.name.as_str())
        .collect();
    let known = versions
        .iter()
        .flat_map(|version| &version.inputs)
        .map(|input| input.name.as_str());
    let lost: BTreeSet<&str> = known.filter(|name| !declared.contains(name)).collect();
    let used: BTreeSet<&str> = merged
        .templates()
        .flat_map(|(_, text)| {
            crate::diff::tags(text)
                .into_iter()
                .map(move |tag| &text[tag])
        })
        .flat_map(crate::diff::names_in)
        .collect();
    lost.intersection(&used)
        .map(|name| {
            format!(
                "`{{{{ {name} }}}}` is used but is not an input any more: one side renamed or removed it."
            )
        })
        .collect()
}

/// A merge under way.
#[derive(Debug, std::default::Default)]
struct Kitchen {
    known: bool,
    slots: Vec<Slot>,
    /// Unknown fields of each slot's message.
    fields: Vec<Value>,
    stakes: Vec<Stake>,
    conflicts: Vec<Conflict>,
    notes: Vec<String>,
}

impl Kitchen {
    fn conflict(
        &mut self,
        place: Place,
        label: String,
        [base, ours, theirs]: [Option<String>; 3],
        stake: Stake,
    ) -> u32 {
        let id = u32::try_from(self.conflicts.len()).unwrap_or(u32::MAX);
        let question = match (&base, &ours, &theirs) {
            (Some(_), None, _) => format!("We removed this from {label}; they changed it."),
            (Some(_), _, None) => format!("They removed this from {label}; we changed it."),
            (None, Some(_), None) => format!("Only we have this in {label}."),
            (None, None, Some(_)) => format!("Only they have this in {label}."),
            (None, ..) => format!("Both wrote something else for {label}."),
            (Some(_), ..) => format!("Both changed {label} in different ways."),
        };
        let default = if ours.is_some() {
            Default::Ours
        } else {
            Default::Theirs
        };
        let both = matches!(stake, Stake::Text { .. } | Stake::Messages { .. })
            && ours.is_some()
            && theirs.is_some();
        let conflict = Conflict {
            id,
            place,
            label,
            question,
            base,
            ours,
            theirs,
            default,
            both,
        };
        self.conflicts.push(conflict);
        self.stakes.push(stake);
        id
    }

    fn setting(&mut self, clash: settings::Clash) {
        let label = settings::label(&clash.path, |at| format!("message {at}"));
        let show = |value: &Option<Value>| {
            value
                .as_ref()
                .map(|value| settings::show(&clash.path, value))
        };
        let shown = [show(&clash.base), show(&clash.ours), show(&clash.theirs)];
        let place = Place::Setting {
            path: clash.path.clone(),
        };
        self.conflict(place, label, shown, Stake::Setting(clash));
    }
}

impl Recipe {
    fn cook(
        &self,
        choices: &BTreeMap<u32, Choice>,
        conflicts: &[Conflict],
    ) -> Result<VersionContent, ResolveError> {
        if let Some(whole) = &self.whole {
            return Ok((**whole).clone());
        }
        let mut tree = self.tree.clone();
        for (conflict, stake) in conflicts.iter().zip(&self.stakes) {
            let (Stake::Setting(clash), Some(choice)) = (stake, choices.get(&conflict.id)) else {
                continue;
            };
            let value = match choice {
                Choice::Ours => clash.ours.clone(),
                Choice::Theirs => clash.theirs.clone(),
                Choice::Both => return Err(ResolveError::NotBoth(conflict.label.clone())),
                Choice::Text { text } => Some(read_value(clash, text)),
            };
            settings::set(&mut tree, &clash.path, value);
            if matches!(choice, Choice::Text { .. }) {
                // Told now, by its name: afterwards nobody knows which value does not fit.
                self.content(&tree, Vec::new())
                    .map_err(|reason| ResolveError::DoesNotFit {
                        label: conflict.label.clone(),
                        reason: reason.to_string(),
                    })?;
            }
        }
        let messages = choices::cook(&self.slots, &self.stakes, choices, conflicts, &tree)?;
        self.content(&tree, messages)
            .map_err(|reason| ResolveError::DoesNotFit {
                label: "this version".to_owned(),
                reason: reason.to_string(),
            })
    }

    fn content(
        &self,
        tree: &Value,
        messages: Vec<Message>,
    ) -> Result<VersionContent, serde_json::Error> {
        let mut fields = settings::fields(tree, &self.order);
        fields.insert("messages".to_owned(), json!([]));
        let content: VersionContent = serde_json::from_value(fields.into())?;
        Ok(VersionContent {
            messages,
            ..content
        })
    }

    /// Tells every conflict of messages where it stands in the merged content.
    fn place(&self, conflicts: &mut [Conflict], content: &VersionContent) {
        let places = choices::places(&self.slots, &self.stakes, conflicts);
        let last = content.messages.len();
        for conflict in conflicts {
            let at = places.get(&conflict.id).copied().unwrap_or(last);
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            match &mut conflict.place {
                Place::Text { message } | Place::Messages { message } | Place::Role { message } => {
                    *message = at;
                }
                Place::Setting { .. } => {}
            }
        }
    }
}

/// A value that somebody typed: a text where texts stand, otherwise JSON.
fn read_value(clash: &settings::Clash, text: &str) -> Value {
    let a_text = |value: &Option<Value>| value.as_ref().is_none_or(Value::is_string);
    let required = clash.path.last().is_some_and(|last| last == "required");
    match text {
        "required" if required => Value::Bool(true),
        "optional" if required => Value::Bool(false),
        _ if a_text(&clash.ours) && a_text(&clash.theirs) => Value::String(text.to_owned()),
        _ => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
    }
}

/// A role as it is written, or nothing.
fn read_role(text: &str) -> Option<Role> {
    serde_json::from_value(json!(text.trim())).ok()
}
