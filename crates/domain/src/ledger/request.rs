//! What requests, verdicts and comments are made of, and the grounds that a release records.

use super::{Missing, Side};
use crate::contract::BreakKind;
use crate::permissions::Role;
use crate::suite::Suite;

use crate::{Digest, EnvironmentId, PersonId, PromptId, ReleaseId, RequestId, RunId, VersionId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// All that a request asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// What is to change: each prompt in each environment at most once. The changes of one
    /// environment are one part, which goes as a whole, under that environment's policy.
    pub changes: Vec<RequestedChange>,
    /// The digest of the reason.
    pub reason: Digest,
    /// Who is asked for a verdict; nobody named: every reviewer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reviewers: Vec<Reviewer>,
    /// Why breaks of the input contract are safe.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// Another suite for a prompt on which a gate rests. Such a request changes nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suite: Option<Box<AskedSuite>>,
}

/// By what a prompt is to be judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedSuite {
    /// Which prompt.
    pub prompt: PromptId,
    /// The whole suite.
    pub suite: Suite,
    /// The digest of the suite that it replaces; none where there is none.
    pub replaces: Option<Digest>,
}

/// What a request asks for one prompt in one environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestedChange {
    /// Where.
    pub environment: EnvironmentId,
    /// Which prompt.
    pub prompt: PromptId,
    /// What is to be served, step after step; most have one. [`crate::rules::requests::steps`]
    /// makes the steps of a growing split.
    pub steps: Vec<Vec<Side>>,
    /// The release that put there what is served now; none where nothing is.
    pub replaces: Option<ReleaseId>,
}

/// Who is asked for a verdict.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, specta::Type,
)]
#[serde(rename_all = "snake_case")]
pub enum Reviewer {
    /// This person.
    Person(PersonId),
    /// Everybody of this role or a higher one.
    Role(Role),
}

/// Why a break of the input contract is safe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// Where.
    pub environment: EnvironmentId,
    /// Of which prompt.
    pub prompt: PromptId,
    /// The input.
    pub input: String,
    /// What about it.
    pub kind: BreakKind,
    /// The digest of the text.
    pub text: Digest,
}

/// A reviewer's verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum VerdictKind {
    /// It may go.
    Approve,
    /// It may not go as it is. Blocks until the reviewer gives another verdict.
    AskForChanges,
}

/// What a comment is said to.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, specta::Type,
)]
#[serde(rename_all = "snake_case")]
pub enum CommentOn {
    /// A request.
    Request(RequestId),
    /// A version.
    Version(VersionId),
}

impl CommentOn {
    /// The id of the request or version.
    #[must_use]
    pub fn id(self) -> Uuid {
        match self {
            Self::Request(id) => id.0,
            Self::Version(id) => id.0,
        }
    }
}

/// Words of a version that a comment is about. Content never changes, so their place is enough,
/// and no text stands in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(deny_unknown_fields)]
pub struct Quote {
    /// Of which version.
    pub version: VersionId,
    /// In which of its messages, counted from 0.
    pub message: u32,
    /// The first character, counted from 0.
    pub from: u32,
    /// The first character after them.
    pub until: u32,
}

/// On what grounds a release was let through, kept with it for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grounds {
    /// The request that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestId>,
    /// Which step of it, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
    /// Whose approvals counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Approval>,
    /// The runs by which gates were judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<RunId>,
    /// What an admin set aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden: Option<Overridden>,
}

/// Whose approvals counted under one environment's policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Where.
    pub environment: EnvironmentId,
    /// Who.
    pub by: Vec<PersonId>,
}

/// What an admin set aside, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overridden {
    /// The digest of the reason.
    pub reason: Digest,
    /// What the policies still asked for.
    pub missing: Vec<Missing>,
}

impl Asked {
    /// The content that this names.
    #[must_use]
    pub fn contents(&self) -> Vec<Digest> {
        std::iter::once(self.reason)
            .chain(self.notes.iter().map(|note| note.text))
            .chain(self.suite.iter().map(|asked| asked.suite.graders))
            .collect()
    }

    /// The ids that must exist for this to make sense.
    pub fn needs(&self) -> impl Iterator<Item = Uuid> {
        let changes = self.changes.iter().flat_map(|c| {
            [c.environment.0, c.prompt.0]
                .into_iter()
                .chain(c.replaces.map(|r| r.0))
                .chain(c.steps.iter().flatten().map(|side| side.version.0))
        });
        let people = self.reviewers.iter().filter_map(|reviewer| match reviewer {
            Reviewer::Person(person) => Some(person.0),
            Reviewer::Role(_) => None,
        });
        let suite = self.suite.iter();
        let suite = suite.flat_map(|asked| [asked.prompt.0, asked.suite.dataset.0]);
        changes.chain(people).chain(suite)
    }

    /// The environments that it is about, in order of first mention: its parts.
    #[must_use]
    pub fn environments(&self) -> Vec<EnvironmentId> {
        let mut found = Vec::new();
        for change in &self.changes {
            if !found.contains(&change.environment) {
                found.push(change.environment);
            }
        }
        found
    }

    /// The changes of one part.
    pub fn part(&self, environment: EnvironmentId) -> impl Iterator<Item = &RequestedChange> {
        self.changes
            .iter()
            .filter(move |change| change.environment == environment)
    }

    /// How many steps one part has.
    #[must_use]
    pub fn steps(&self, environment: EnvironmentId) -> usize {
        let counts = self.part(environment).map(|change| change.steps.len());
        counts.max().unwrap_or(0)
    }
}

impl Reviewer {
    /// Whether this asks somebody.
    #[must_use]
    pub fn means(&self, person: &crate::project::Person) -> bool {
        match self {
            Self::Person(id) => *id == person.id,
            Self::Role(role) => person.role >= *role,
        }
    }
}
