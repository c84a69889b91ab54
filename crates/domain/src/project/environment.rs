//! Environments and what they serve.

use crate::ledger::Side;
use crate::split::Run;
use crate::{EnvironmentId, Millis, PersonId, ReleaseId};
use serde::{Deserialize, Serialize};

/// A named, ordered stage that applications read from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Environment {
    /// Its id; keys are bound to it.
    pub id: EnvironmentId,
    /// Its name.
    pub name: String,
    /// When it was retired.
    pub retired: Option<Millis>,
}

/// What an environment serves of one prompt.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Serving {
    /// The release that put it there.
    pub release: ReleaseId,
    /// Versions and weights; empty where a release stopped serving the prompt.
    pub sides: Vec<Side>,
    /// Which slots each side has.
    pub slots: Vec<Run>,
    /// What a caller's unit is mixed with.
    pub salt: ReleaseId,
    /// Since when.
    pub since: Millis,
    /// Who released it.
    pub by: PersonId,
}

impl Serving {
    /// The side with the largest weight; the first among equals.
    #[must_use]
    pub fn main_side(&self) -> Option<Side> {
        self.sides.iter().copied().reduce(|best, side| {
            if side.weight > best.weight {
                side
            } else {
                best
            }
        })
    }
}
