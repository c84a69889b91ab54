//! The ledger in plain words.

use super::State;
use domain::{Millis, PersonId, PromptId};
use serde::{Deserialize, Serialize};

/// Which entries to show.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ActivityFilter {
    /// Words that the line must hold.
    pub text: String,
    /// One kind only.
    pub kind: Option<ActivityKind>,
    /// One person only.
    pub person: Option<PersonId>,
}

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum ActivityKind {
    /// A version was saved.
    Version,
    /// A release, promotion or revert.
    Release,
    /// A prompt was created, renamed, archived; a label moved.
    Prompt,
    /// A dataset or a shared run.
    Evals,
    /// People, invitations and devices.
    People,
    /// Environments.
    Environments,
    /// Keys and tokens.
    Keys,
    /// The project itself: founding, redaction, a move.
    Project,
}

/// A page of entries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ActivityPage {
    /// The entries, the newest first.
    pub entries: Vec<ActivityRow>,
    /// Whether there are earlier ones.
    pub more: bool,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ActivityRow {
    /// Its number; none while it waits in the outbox.
    #[specta(type = Option<u32>)]
    pub seq: Option<u64>,
    /// When.
    pub at: Millis,
    /// Who.
    pub by: String,
    /// What, in words that follow the person's name ("saved support/triage v9").
    pub words: String,
    /// What it is about.
    pub kind: ActivityKind,
    /// The reason or message that was given.
    pub reason: Option<String>,
    /// The prompt to open, where it is about one.
    pub prompt: Option<PromptId>,
    /// Where it has got to.
    pub state: State,
}

/// What checking the whole ledger found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Verification {
    /// Whether all of it is as it should be.
    pub good: bool,
    /// In words: what was checked, or what is wrong and what to do.
    pub words: String,
    /// How many entries were checked.
    #[specta(type = u32)]
    pub checked: u64,
    /// The first entry that is wrong.
    #[specta(type = Option<u32>)]
    pub first_bad: Option<u64>,
}
