//! Who may do what: one table, used by the registry, the desktop and the CLI.
//!
//! [`row`] is the table; `docs/permissions.md` repeats it and a test holds the two together. What
//! an environment's policy says of who may release there comes on top, in [`crate::rules`].

mod table;

pub use table::{COMMANDS, Least, Row, ServiceMay, row};

use crate::EnvironmentId;
use serde::{Deserialize, Serialize};

/// What a person may do in a project. Each role may do what those before it may.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, specta::Type,
)]
// The type's name is for TypeScript, where whoever speaks in a message has a `Role`, too.
#[serde(rename = "MemberRole", rename_all = "snake_case")]
pub enum Role {
    /// Reads and comments.
    Viewer,
    /// Writes, tries, saves, asks, and releases and reverts where the policy lets authors.
    Author,
    /// All of that, and gives verdicts on requests.
    Reviewer,
    /// All of that, and people, environments, policies, keys and redaction.
    Admin,
}

impl Role {
    /// The word that screens show.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Author => "author",
            Self::Reviewer => "reviewer",
            Self::Admin => "admin",
        }
    }

    /// The word with its article: "an author".
    #[must_use]
    pub fn with_article(self) -> &'static str {
        match self {
            Self::Viewer => "a viewer",
            Self::Author => "an author",
            Self::Reviewer => "a reviewer",
            Self::Admin => "an admin",
        }
    }

    /// Whoever has at least this role, in words.
    #[must_use]
    pub fn and_above(self) -> &'static str {
        match self {
            Self::Viewer => "a member",
            Self::Author => "an author, a reviewer or an admin",
            Self::Reviewer => "a reviewer or an admin",
            Self::Admin => "an admin",
        }
    }
}

/// Whether somebody may look after a project's webhooks. They are no command and no entry: where a
/// team's programs listen is the operator's plumbing. But what they tell leaves the project, and so
/// it is for admins, and for human beings: a service has no role.
#[must_use]
pub fn may_manage_webhooks(role: Role, service: bool) -> bool {
    !service && role >= Role::Admin
}

/// What a service account may do. It never approves, and never has a role.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, specta::Type,
)]
#[serde(deny_unknown_fields)]
pub struct Rights {
    /// Make prompts, save versions and datasets.
    pub save: bool,
    /// Record runs.
    pub run: bool,
    /// Open requests, change and withdraw its own, and comment.
    pub ask: bool,
    /// Release and revert in these environments, as far as their policies allow.
    pub release: Vec<EnvironmentId>,
}

impl Rights {
    /// Whether there is nothing that it may do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.save && !self.run && !self.ask && self.release.is_empty()
    }
}
