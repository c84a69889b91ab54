//! People's marks: the queue of answers to mark, and one answer of it.

use domain::Digest;
use domain::graders::{PersonMark, Scale};
use serde::{Deserialize, Serialize};

/// Which answers of a run are to be marked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "which", rename_all = "snake_case")]
pub enum MarkChoice {
    /// Those that nobody has marked.
    #[default]
    Unmarked,
    /// Those that the person at this computer has not marked.
    NotByMe,
    /// Those on which people and a judge disagree.
    Apart,
    /// So many, drawn by chance from those that nobody has marked; the same seed draws the same.
    Sample {
        /// How many.
        many: u32,
        /// What the draw begins with.
        seed: u32,
    },
    /// All.
    All,
}

/// The answers of a run that are to be marked, in an order that says nothing of where they come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct MarkQueue {
    /// What is to be marked, by the digest of what is asked; at most 5,000.
    pub questions: Vec<Digest>,
    /// How many the choice leaves altogether.
    pub chosen: u32,
    /// How far the whole run is.
    pub progress: MarkProgress,
    /// How many answers people and a judge disagree on.
    pub apart: u32,
    /// Whether a judge of this run can be held against people.
    pub judged: bool,
}

/// How many answers of a run are marked; the same answer to the same case counts once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct MarkProgress {
    /// All.
    pub total: u32,
    /// Those that somebody marked.
    pub marked: u32,
    /// Those that the person at this computer marked.
    pub mine: u32,
}

/// One answer that is to be marked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct MarkItem {
    /// The case's place in its dataset, from 0.
    pub case: u32,
    /// Its inputs by name, as text.
    pub inputs: Vec<(String, String)>,
    /// What is expected.
    pub expected: Option<String>,
    /// The answer.
    pub answer: String,
    /// What is asked about it, and what was said.
    pub asked: MarkAsked,
    /// The columns that gave it: not shown before it is marked, unless asked for.
    pub columns: Vec<String>,
    /// What judges said to it: likewise.
    pub judges: Vec<String>,
}

/// What people are asked about an answer, and what they said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct MarkAsked {
    /// The name of what is asked.
    pub question: Digest,
    /// What to look at, in words; empty: whether it is a good answer.
    pub look_at: String,
    /// Which marks can be given.
    pub scale: Scale,
    /// What the person at this computer gave; none: nothing yet.
    pub mine: Option<u8>,
    /// What they wrote to it.
    pub note: String,
    /// What others gave: not shown before it is marked, unless asked for.
    pub others: Vec<PersonMark>,
}

/// A mark as it is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct MarkGiven {
    /// Good (1) or not (0), or 1 to 5; none takes it back.
    pub value: Option<u8>,
    /// What is written to it.
    #[serde(default)]
    pub note: String,
}

/// What came of a mark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct MarkDone {
    /// What stood there before: giving that again undoes it.
    pub before: MarkGiven,
    /// How far the run is now.
    pub progress: MarkProgress,
}
