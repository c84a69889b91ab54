//! The library: every prompt with its track at a glance, and search.

use super::{DraftId, ProjectCard, State, SyncState};
use domain::content::Kind;
use domain::{EnvironmentId, Millis, PersonId, PromptId, VersionId};
use serde::{Deserialize, Serialize};

/// The left side of the window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Library {
    /// The open project.
    pub project: ProjectCard,
    /// The environments in their order, retired ones last.
    pub environments: Vec<EnvironmentCard>,
    /// All prompts by name, archived ones too.
    pub prompts: Vec<PromptRow>,
    /// Drafts of prompts that have no version yet.
    pub new_drafts: Vec<NewDraft>,
    /// How far this computer is in step.
    pub sync: SyncState,
    /// Who acts here.
    pub me: Me,
    /// Refused commands that wait for the person.
    pub problems: u32,
    /// Requests that wait for the person's verdict.
    pub reviews: u32,
}

/// One environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct EnvironmentCard {
    /// The environment.
    pub id: EnvironmentId,
    /// Its name.
    pub name: String,
    /// Its place in the order, from 0.
    pub position: u32,
    /// Whether CLI, snippets and personal tokens mean it when none is named.
    pub is_default: bool,
    /// Whether it is retired.
    pub retired: bool,
}

/// One prompt in the library.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct PromptRow {
    /// The prompt.
    pub id: PromptId,
    /// Its name, folders included.
    pub name: String,
    /// A text (a snippet) or a conversation.
    pub kind: Kind,
    /// Where its newest writing has got to.
    pub state: State,
    /// Whether there is a draft with changes.
    pub has_draft: bool,
    /// Its draft.
    pub draft: Option<DraftId>,
    /// Whether something of it is in the outbox.
    pub unsent: bool,
    /// Whether it is archived.
    pub archived: bool,
    /// Whether it has more than one head.
    pub diverged: bool,
    /// What each environment serves, in the order of the environments.
    pub stages: Vec<Stage>,
    /// Where environments differ, in a few words ("staging ahead by 2"); none where all agree.
    pub differs: Option<String>,
    /// When it last changed.
    pub updated: Millis,
}

/// What one environment serves of one prompt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Stage {
    /// The environment.
    pub environment: EnvironmentId,
    /// What it serves; empty when nothing. More than one is a split.
    pub sides: Vec<StageSide>,
    /// Since when.
    pub since: Option<Millis>,
    /// Who released it.
    pub by: Option<String>,
    /// How many versions it is ahead of the next environment.
    pub ahead_of_next: u32,
}

/// One side of what an environment serves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct StageSide {
    /// The version.
    pub version: VersionId,
    /// Its number, once accepted.
    pub number: Option<u32>,
    /// Its weight among the sides.
    pub weight: u32,
}

/// A draft whose prompt does not exist yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct NewDraft {
    /// The draft.
    pub draft: DraftId,
    /// The name that it will have.
    pub name: String,
    /// When it was last saved.
    pub updated: Millis,
}

/// The person at this computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Me {
    /// Who.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// What they may do.
    pub role: PersonRole,
}

/// What a person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum PersonRole {
    /// Reads and comments.
    Viewer,
    /// Writes, saves, releases.
    Author,
    /// Also gives verdicts on requests.
    Reviewer,
    /// Also people, environments, policies and keys.
    Admin,
}

/// One place where a searched text was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Hit {
    /// The prompt; none for a draft of a prompt that has no version yet.
    pub prompt: Option<PromptId>,
    /// The draft, when it was found there.
    pub draft: Option<DraftId>,
    /// The prompt's name.
    pub name: String,
    /// The version, when it was found there.
    pub version: Option<VersionId>,
    /// That version's number.
    pub number: Option<u32>,
    /// What it was found in.
    #[serde(rename = "where")]
    pub place: HitPlace,
    /// The text around it.
    pub snippet: Vec<SnippetPart>,
}

/// What a searched text was found in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum HitPlace {
    /// The prompt's name.
    Name,
    /// The text of a version.
    Text,
    /// The message that a version was saved with.
    Message,
    /// A draft.
    Draft,
}

/// A piece of the text around a hit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct SnippetPart {
    /// The text.
    pub text: String,
    /// Whether it is what was searched.
    pub hit: bool,
}
