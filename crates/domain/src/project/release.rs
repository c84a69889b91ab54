//! Releases: the record that environments serve something else from then on.

use crate::ledger::{Grounds, Side};
use crate::split::Run;
use crate::{Digest, EnvironmentId, Millis, PersonId, PromptId, ReleaseId};
use serde::{Deserialize, Serialize};

/// One release.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Release {
    /// The id of the command that asked for it.
    pub id: ReleaseId,
    /// Its entry.
    pub seq: u64,
    /// When.
    pub at: Millis,
    /// Who.
    pub by: PersonId,
    /// The digest of the reason.
    pub reason: Digest,
    /// How it came about.
    pub kind: ReleaseKind,
    /// What it changed.
    pub changes: Vec<Change>,
    /// On what grounds, where a policy or a request had a say. What an admin set aside stands here
    /// for ever.
    #[serde(with = "super::as_text")]
    pub grounds: Option<Grounds>,
}

/// How a release came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReleaseKind {
    /// Versions chosen by hand.
    Release,
    /// What another environment serves.
    Promotion(EnvironmentId),
    /// What this environment served after an earlier release.
    Revert(ReleaseId),
}

/// What a release changed for one prompt in one environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Where.
    pub environment: EnvironmentId,
    /// Which prompt.
    pub prompt: PromptId,
    /// What is served from then on; empty: nothing.
    pub sides: Vec<Side>,
    /// Which slots each side has.
    pub slots: Vec<Run>,
    /// What a caller's unit is mixed with.
    pub salt: ReleaseId,
    /// The release before it there.
    pub before: Option<ReleaseId>,
    /// Whether a later revert went back past this: going here again is a promotion.
    pub reverted: bool,
}

impl Release {
    /// What this release changed for one prompt in one environment.
    #[must_use]
    pub fn change(&self, environment: EnvironmentId, prompt: PromptId) -> Option<&Change> {
        self.changes
            .iter()
            .find(|c| c.environment == environment && c.prompt == prompt)
    }
}
