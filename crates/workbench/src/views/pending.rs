//! Stand-ins for domain types that the views carry as they are.
//!
//! Each is the JSON of the type of the same name; the window reads it by that type's own shape.

use serde::{Deserialize, Serialize};
use serde_json::Value;

macro_rules! stand_ins {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
        #[serde(transparent)]
        pub struct $name(pub Value);
    )*};
}

stand_ins! {
    /// `domain::diff::ContentDiff`.
    ContentDiff
    /// `domain::merge::Conflict`.
    Conflict
    /// `domain::merge::Choice`: how a person settled one conflict.
    Choice
    /// `domain::dataset::Case`.
    Case
    /// `domain::graders::Grader`.
    Grader
}
