//! What the workbench says without being asked. Each is one event to the window, named as the
//! type in snake_case.

use super::{AnswerUnderWay, RunProgress, SyncState, TriedCell};
use domain::{ProjectId, RequestId, RunId};
use serde::{Deserialize, Serialize};

/// The ledger, the outbox or a draft of a project changed, here or elsewhere (`project_changed`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ProjectChanged {
    /// Which project.
    pub project: ProjectId,
}

/// Sync of a project got somewhere (`sync_changed`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct SyncChanged {
    /// Which project.
    pub project: ProjectId,
    /// Where.
    pub state: SyncState,
}

/// A run got somewhere (`run_progress`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct RunProgressed {
    /// Which project.
    pub project: ProjectId,
    /// Which run.
    pub run: RunId,
    /// How far.
    pub progress: RunProgress,
}

/// An answer while it is being written (`answer_chunk`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct AnswerChunk {
    /// What is tried: a handful, or a conversation.
    pub id: String,
    /// The case.
    pub case: u32,
    /// The column.
    pub column: u32,
    /// What is written so far; of a long one, its end.
    pub text: String,
}

/// An answer of a handful is there, or will not come (`answer_done`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct AnswerDone {
    /// What is tried.
    pub id: String,
    /// The answer.
    pub cell: TriedCell,
}

/// The answers of a run that are being written now, the latest of them (`run_answers`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct RunAnswers {
    /// Which run.
    pub run: RunId,
    /// Them.
    pub answers: Vec<AnswerUnderWay>,
    /// How many there are besides.
    pub more: u32,
}

/// Something to tell the person that needs no answer (`notice`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Notice {
    /// In words.
    pub words: String,
}

/// Somebody asks for a review, has decided on one, or has released it (`news`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct News {
    /// Of which project.
    pub project: ProjectId,
    /// Which request; none: of several.
    pub request: Option<RequestId>,
    /// In words.
    pub words: String,
}
