//! How far this computer is in step with its registry, and the outbox.

use domain::{CommandId, Millis, PromptId};
use serde::{Deserialize, Serialize};

/// How far this computer is in step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct SyncState {
    /// In words ("In step with the registry", "Offline since 14:02").
    pub words: String,
    /// What it comes to.
    pub kind: SyncKind,
    /// Since when.
    pub since: Option<Millis>,
    /// Commands that wait to be sent.
    pub outbox: u32,
    /// Commands that were refused and wait for the person.
    pub refused: u32,
    /// How far a long pull is.
    pub progress: Option<SyncProgress>,
    /// The entry up to which signatures and decisions were checked.
    #[specta(type = u32)]
    pub verified_to: u64,
    /// The newest entry here.
    #[specta(type = u32)]
    pub head: u64,
}

/// What the state of sync comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum SyncKind {
    /// Nothing to send, nothing to fetch.
    InStep,
    /// It is sending or fetching.
    Syncing,
    /// The registry can't be reached; work goes on.
    Offline,
    /// Something needs a person.
    Problem,
    /// The project lives on this computer.
    OnThisComputer,
}

/// How far a long pull is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct SyncProgress {
    /// Done so far.
    #[specta(type = u32)]
    pub done: u64,
    /// All.
    #[specta(type = u32)]
    pub total: u64,
    /// Of what.
    pub words: String,
}

/// One command that the registry has not accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct OutboxRow {
    /// The command.
    pub command: CommandId,
    /// What it asks for ("save support/triage", "promote support/triage to production").
    pub words: String,
    /// When the person asked.
    pub at: Millis,
    /// Where it has got to.
    pub state: OutboxState,
    /// Why it was refused and what to do, in words.
    pub refusal: Option<String>,
    /// What the person wrote with it, kept whole.
    pub kept: Vec<KeptText>,
    /// How it can be settled.
    pub can: Vec<Settle>,
    /// The prompt it is about.
    pub prompt: Option<PromptId>,
}

/// A text that a refused command keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct KeptText {
    /// What it is ("system", "message", "reason").
    pub label: String,
    /// The text.
    pub text: String,
}

/// Where a command has got to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum OutboxState {
    /// It waits to be sent.
    Waiting,
    /// The registry refused it.
    Refused,
    /// It waited so long that the person is asked again before it is sent.
    NeedsAsking,
}

/// How a person settles a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Settle {
    /// Ask again, on what is there now.
    Again,
    /// Let it go.
    Drop,
    /// Let it go, and keep what was written as a draft.
    KeepAsDraft,
}
