//! The input contract: what an application passes in today, held against what another version
//! takes.

use crate::content::Input;
use serde::{Deserialize, Serialize};

/// One thing that an application which calls as it does today would stumble over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, specta::Type)]
#[serde(deny_unknown_fields)]
pub struct Break {
    /// The input's name.
    pub input: String,
    /// What about it.
    pub kind: BreakKind,
}

/// What breaks.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, specta::Type,
)]
#[serde(rename_all = "snake_case")]
pub enum BreakKind {
    /// Applications send it, and the new version has no use for it.
    Removed,
    /// The new version needs it, and a call that was right until now may lack it.
    Required,
    /// It takes another type of value.
    Type,
}

impl BreakKind {
    /// The break in plain words, after the input's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Removed => "is gone",
            Self::Required => "is now required",
            Self::Type => "takes another type of value",
        }
    }
}

/// What would break for whoever calls `new` as `old` was called, by the name of the input.
#[must_use]
pub fn breaks(old: &[Input], new: &[Input]) -> Vec<Break> {
    let needed = |input: &Input| input.required && input.default.is_none();
    let find = |inputs: &[Input], name: &str| inputs.iter().find(|i| i.name == name).cloned();
    let mut found = Vec::new();
    let mut add = |input: &Input, kind| {
        let input = input.name.clone();
        found.push(Break { input, kind });
    };
    for before in old {
        match find(new, &before.name) {
            None => add(before, BreakKind::Removed),
            Some(after) if after.kind != before.kind => add(before, BreakKind::Type),
            Some(_) => {}
        }
    }
    for after in new.iter().filter(|input| needed(input)) {
        if !find(old, &after.name).is_some_and(|before| needed(&before)) {
            add(after, BreakKind::Required);
        }
    }
    found.sort();
    found.dedup();
    found
}
