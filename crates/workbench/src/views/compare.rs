//! Two contents side by side, and settling a prompt that has diverged.

use super::{Conflict, ContentDiff, VersionRow};
use domain::{Millis, VersionContent};
use serde::{Deserialize, Serialize};

/// Two contents and what is different between them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Comparison {
    /// The earlier one.
    pub left: ComparedSide,
    /// The later one.
    pub right: ComparedSide,
    /// One plain sentence that says what changed.
    pub summary: String,
    /// The differences, by message and by setting.
    pub diff: ContentDiff,
    /// What both answered to the same cases.
    pub answers: Vec<ComparedAnswer>,
    /// Where the answers come from, or why there are none.
    pub answers_note: String,
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ComparedSide {
    /// What it is: "v7, live in production", "draft".
    pub label: String,
    /// Who wrote it.
    pub by: String,
    /// When.
    pub at: Option<Millis>,
}

/// What both sides answered to one case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ComparedAnswer {
    /// The case's place in its dataset, from 0.
    pub case: u32,
    /// Its inputs in one line.
    pub input_text: String,
    /// Its inputs by name, as text; empty where they are not at hand.
    #[serde(default)]
    pub inputs: Vec<(String, String)>,
    /// What was expected.
    pub expected: Option<String>,
    /// What the left side answered.
    pub left: Option<String>,
    /// What the right side answered.
    pub right: Option<String>,
    /// Whether the left answer passed; none without a grader.
    pub left_pass: Option<bool>,
    /// Whether the right answer passed.
    pub right_pass: Option<bool>,
}

/// A diverged prompt, merged as far as it goes by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct MergeView {
    /// The head that the person here wrote, or the older one.
    pub ours: VersionRow,
    /// The other head.
    pub theirs: VersionRow,
    /// What both were made from; none when they have nothing in common.
    pub base: Option<VersionRow>,
    /// Merged, with both texts where they clash.
    pub content: VersionContent,
    /// What a person must decide.
    pub conflicts: Vec<Conflict>,
    /// What was merged by itself, one line each.
    pub notes: Vec<String>,
    /// A message for the version that settles it, ready to edit.
    pub message: String,
}
