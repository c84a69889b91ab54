//! What changed between two versions, for people who write prompts.
//!
//! [`compare`] gives a [`ContentDiff`]: messages with word-level marks, settings as rows, and one
//! plain sentence. A screen draws it and decides nothing. Sentences and words are the units; moved
//! text is shown as moved; white space is quiet. Work is bounded by counts ([`Limits`]), never by a
//! clock, and where words would take too long whole sentences are compared, which is said.
//!
//! It refuses to interpret: two texts that mean the same in other words are different here.

mod align;
mod draw;
mod edits;
mod messages;
mod pairing;
mod sentences;
mod settings;
mod summary;
mod weave;
mod words;

pub use edits::Limits;

use crate::content::{Role, VersionContent};
use serde::{Deserialize, Serialize};

pub(crate) use edits::{Link, Page, Plan, Style, plan};
pub(crate) use messages::message_label;
pub(crate) use pairing::{pair_messages, parts};
pub(crate) use settings::{describe_input, names_in, nth_names, same_value, show_value};
pub(crate) use words::tags;

/// Everything that differs between two versions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ContentDiff {
    /// One sentence in plain words, or `No change`.
    pub summary: String,
    /// Nothing differs, white space included.
    pub equal: bool,
    /// All messages, in the order in which they are read: the new one, removed ones at their old place.
    pub messages: Vec<MessageDiff>,
    /// Everything beside the messages that differs.
    pub settings: Vec<SettingRow>,
    /// How finely the texts were compared; the coarsest of all messages.
    pub detail: Detail,
}

/// How finely texts were compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// Word by word.
    Words,
    /// In some places only sentence by sentence: words would have taken too long.
    Sentences,
}

/// One message before and after.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct MessageDiff {
    /// What people call it: `system`, `user 2`, `placeholder history`.
    pub label: String,
    /// What happened to it.
    pub state: MessageState,
    /// It stands at another place among the messages.
    pub moved: bool,
    /// Before; nothing when it was added.
    pub old: Option<MessageSide>,
    /// After; nothing when it was removed.
    pub new: Option<MessageSide>,
    /// Its text.
    pub text: TextDiff,
    /// What happened to its sentences.
    pub counts: Counts,
    /// How finely it was compared.
    pub detail: Detail,
}

/// What happened to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// Nothing.
    Same,
    /// Its text differs in white space only.
    Spacing,
    /// Its text, role or name.
    Changed,
    /// It is new.
    Added,
    /// It is gone.
    Removed,
}

/// One side of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct MessageSide {
    /// Its place, from 0.
    pub index: u32,
    /// Who speaks; nothing for a placeholder.
    pub role: Option<Role>,
    /// The name of a placeholder.
    pub placeholder: Option<String>,
}

/// A text before and after, ready to be drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct TextDiff {
    /// The left column. All its texts together are the old text.
    pub old: Vec<Segment>,
    /// The right column. All its texts together are the new text.
    pub new: Vec<Segment>,
    /// Both in one column.
    pub inline: Vec<Segment>,
}

/// A piece of text under one mark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Segment {
    /// What it says.
    pub text: String,
    /// What happened to it.
    pub mark: Mark,
    /// Equal for both places of a moved text. Words taken out of or put into moved text carry it too.
    pub pair: Option<u32>,
    /// It is one template tag.
    pub tag: bool,
}

/// What happened to a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Nothing.
    Same,
    /// Taken out.
    Cut,
    /// Put in.
    Added,
    /// Moved; in the single column: moved here.
    Moved,
    /// In the single column: moved away from here.
    MovedAway,
    /// Only white space changed.
    Spacing,
}

/// What happened to the sentences of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Counts {
    /// Sentences put in.
    pub added: u32,
    /// Sentences taken out.
    pub removed: u32,
    /// Sentences of which some words changed.
    pub changed: u32,
    /// Sentences said anew.
    pub rewritten: u32,
    /// Sentences that stand elsewhere now.
    pub moved: u32,
}

/// One thing beside the messages that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct SettingRow {
    /// What kind of thing.
    pub group: SettingGroup,
    /// Its name: `temperature`, an input's name, a snippet's name.
    pub name: String,
    /// Which part of it, when not all: `description`, `default`.
    pub field: Option<String>,
    /// What happened to it.
    pub change: SettingChange,
    /// Before.
    pub old: Option<String>,
    /// After.
    pub new: Option<String>,
    /// The words, where it is a text or a schema.
    pub words: Option<TextDiff>,
}

/// What kind of thing a row is about.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, specta::Type,
)]
#[serde(rename_all = "snake_case")]
pub enum SettingGroup {
    /// Text or chat.
    Kind,
    /// Provider and model.
    Model,
    /// A parameter of the model.
    Parameter,
    /// An input.
    Input,
    /// A tool.
    Tool,
    /// The schema of the answer.
    Schema,
    /// An included snippet.
    Include,
    /// A field that we don't know.
    Other,
}

/// What happened to a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum SettingChange {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It has another value.
    Changed,
    /// It has another name.
    Renamed,
}

/// Compares two versions.
#[must_use]
pub fn compare(old: &VersionContent, new: &VersionContent, limits: Limits) -> ContentDiff {
    let settings = settings::rows(old, new, limits);
    let messages = messages::compare(old, new, limits);
    let summary = summary::summarise(old, new, &messages, &settings);
    let messages: Vec<MessageDiff> = messages.rows.into_iter().map(|row| row.diff).collect();
    let coarse = messages
        .iter()
        .any(|message| message.detail == Detail::Sentences);
    let equal = settings.is_empty()
        && messages
            .iter()
            .all(|message| message.state == MessageState::Same && !message.moved);
    ContentDiff {
        summary,
        equal,
        messages,
        settings,
        detail: if coarse {
            Detail::Sentences
        } else {
            Detail::Words
        },
    }
}

/// Compares two texts, for whoever has nothing but texts: answers, snippets, descriptions.
#[must_use]
pub fn compare_texts(old: &str, new: &str, limits: Limits) -> TextDiff {
    if old == new {
        return draw::draw_same(old);
    }
    let plan = plan(
        &[(old, new)],
        Style {
            limits,
            joins: true,
        },
    );
    draw::draw(&plan.sheets[0], &plan.vocabulary)
}
