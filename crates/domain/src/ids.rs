//! Ids: one newtype for each kind of thing, so that a prompt's id can't be passed for a version's.
//!
//! All are UUIDs made on the machine of whoever acts; the id of a thing is the id of the command
//! that made it, so sending that command twice makes it once.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, specta::Type,
        )]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The first eight hexadecimal digits: what is shown before a number is given.
            #[must_use]
            pub fn short(&self) -> String {
                self.0.simple().to_string()[..8].to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::from_str(text).map(Self)
            }
        }

        impl From<CommandId> for $name {
            fn from(id: CommandId) -> Self {
                Self(id.0)
            }
        }
    )*};
}

/// One command: what a person or program asked of the ledger.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, specta::Type,
)]
#[serde(transparent)]
pub struct CommandId(pub Uuid);

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommandId({})", self.0.hyphenated())
    }
}

impl FromStr for CommandId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        Uuid::from_str(text).map(Self)
    }
}

ids! {
    /// One project: what a team shares.
    ProjectId
    /// One prompt, through all its names.
    PromptId
    /// One version of one prompt.
    VersionId
    /// One environment, through all its names.
    EnvironmentId
    /// One release in the ledger.
    ReleaseId
    /// One person, through all their devices.
    PersonId
    /// The public half of an environment key or a personal token.
    KeyId
    /// One invitation.
    InvitationId
    /// One dataset, through all its versions.
    DatasetId
    /// One recorded run.
    RunId
    /// One request.
    RequestId
    /// One comment.
    CommentId
}
