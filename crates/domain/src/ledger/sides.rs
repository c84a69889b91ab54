//! A side of a split: a version and how much of the traffic it gets.

use crate::VersionId;
use serde::{Deserialize, Serialize};

/// One version with its weight among the sides of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Side {
    /// What is served.
    pub version: VersionId,
    /// Hundredths of a percent; the sides of one prompt sum to [`crate::split::SLOTS`].
    pub weight: u32,
}
