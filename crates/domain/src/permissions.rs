//! Who may do what: one table, used by the registry, the desktop and the CLI.

use crate::ledger::Body;
use serde::{Deserialize, Serialize};

/// What a person may do in a project.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, specta::Type,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Writes, tries, saves, releases and reverts.
    Author,
    /// All of that, and people, environments, keys and redaction.
    Admin,
}

impl Role {
    /// The word that screens show.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Author => "author",
            Self::Admin => "admin",
        }
    }
}

/// The least role that may give this command; `None` for commands that are judged by something
/// other than a role (founding a project, joining by invitation).
#[must_use]
pub fn least_role(body: &Body) -> Option<Role> {
    match body {
        Body::CreateProject { .. } | Body::Join { .. } | Body::Newer => None,
        Body::CreatePrompt { .. }
        | Body::RenamePrompt { .. }
        | Body::ArchivePrompt { .. }
        | Body::RestorePrompt { .. }
        | Body::SaveVersion { .. }
        | Body::SetLabel { .. }
        | Body::RemoveLabel { .. }
        | Body::Release { .. }
        | Body::Revert { .. }
        | Body::IssueToken { .. }
        | Body::SaveDataset { .. }
        | Body::RecordRun { .. }
        // Own devices and keys are judged further by `rules::people` and `rules::keys`.
        | Body::RevokeKey { .. }
        | Body::EnrolDevice { .. }
        | Body::RevokeDevice { .. } => Some(Role::Author),
        Body::RenameProject { .. }
        | Body::AddEnvironment { .. }
        | Body::RenameEnvironment { .. }
        | Body::ReorderEnvironments { .. }
        | Body::RetireEnvironment { .. }
        | Body::SetDefaultEnvironment { .. }
        | Body::IssueEnvironmentKey { .. }
        | Body::Invite { .. }
        | Body::WithdrawInvitation { .. }
        | Body::SetRole { .. }
        | Body::RemovePerson { .. }
        | Body::Redact { .. }
        | Body::BeginEpoch { .. } => Some(Role::Admin),
    }
}
