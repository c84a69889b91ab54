//! What is asked before both sides of a run that counts.

use crate::VersionId;
use serde::{Deserialize, Serialize};

/// The versions whose outputs are inputs in a run that counts, directly or through others, as far
/// as the environment serves those prompts. Each list is sorted and names each prompt once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Upstream {
    /// Before the live version: what the environment serves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub live: Vec<VersionId>,
    /// Before the proposed one: the same, but for what is proposed together with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proposed: Vec<VersionId>,
}

impl Upstream {
    /// Whether nothing is asked first.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.live.is_empty() && self.proposed.is_empty()
    }
}
