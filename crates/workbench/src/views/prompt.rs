//! One prompt: its track, its draft, its versions, and what checking and trying say.

use super::{ContentDiff, DraftId, StageSide, State};
use domain::content::{Kind, Role};
use domain::{Digest, EnvironmentId, Millis, PromptId, ReleaseId, VersionContent, VersionId};
use serde::{Deserialize, Serialize};

/// One prompt with everything that its screen shows at first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct PromptView {
    /// The prompt.
    pub id: PromptId,
    /// Its name.
    pub name: String,
    /// A text or a conversation.
    pub kind: Kind,
    /// Where its newest writing has got to.
    pub state: State,
    /// Whether it is archived.
    pub archived: bool,
    /// Its track: one stage for each environment, in order.
    pub stages: Vec<TrackStage>,
    /// Its versions, the newest first.
    pub versions: Vec<VersionRow>,
    /// The versions that no other has as a parent.
    pub heads: Vec<VersionId>,
    /// Whether the heads differ.
    pub diverged: bool,
    /// Its draft, if one is open.
    pub draft: Option<Draft>,
    /// The prompts that include it.
    pub included_by: Vec<PromptLink>,
    /// The prompts that take its output as an input.
    pub feeds: Vec<PromptLink>,
    /// The labels that a person moves, with the version that each is on.
    pub labels: Vec<LabelRow>,
}

/// What one environment serves of one prompt, and what can be done about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct TrackStage {
    /// The environment.
    pub environment: EnvironmentId,
    /// Its name.
    pub name: String,
    /// What it serves; empty when nothing. More than one is a split.
    pub sides: Vec<StageSide>,
    /// Since when.
    pub since: Option<Millis>,
    /// Who released it.
    pub by: Option<String>,
    /// Why it was released.
    pub reason: Option<String>,
    /// How many versions it is ahead of the next environment.
    pub ahead_of_next: u32,
    /// The same in words ("ahead by 2"); empty when it is not.
    pub ahead_words: String,
    /// The newest version, where this is the first environment and does not serve it: what Release
    /// brings here. None while the prompt has diverged or is archived.
    pub can_release: Option<StageSide>,
    /// The environment that Promote goes to; none when there is nothing to promote.
    pub can_promote_to: Option<EnvironmentId>,
    /// The release that Revert goes back to; none when there is no earlier one.
    pub can_revert_to: Option<ReleaseId>,
    /// Whether a change to it waits in the outbox.
    pub waiting: bool,
}

/// One version in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct VersionRow {
    /// The version.
    pub id: VersionId,
    /// Its prompt.
    pub prompt: PromptId,
    /// Its number, once accepted.
    pub number: Option<u32>,
    /// What is shown before it has a number.
    pub short: String,
    /// Who saved it.
    pub by: String,
    /// When.
    pub at: Millis,
    /// Why, in the words of who saved it.
    pub message: String,
    /// What it was made from.
    pub parents: Vec<VersionId>,
    /// Whether no other version has it as a parent.
    pub is_head: bool,
    /// The labels on it.
    pub labels: Vec<String>,
    /// The names of the environments that serve it.
    pub live_in: Vec<String>,
    /// Where it has got to.
    pub state: State,
    /// What changed since its first parent, in one line; none for a first version or where it was not worked out.
    pub summary_since_parent: Option<String>,
    /// Whether its content was redacted.
    pub redacted: bool,
}

/// The editable content on this machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Draft {
    /// The draft.
    pub id: DraftId,
    /// Its prompt; none before the first version is saved.
    pub prompt: Option<PromptId>,
    /// The prompt's name, or the one it will have.
    pub name: String,
    /// The version it starts from.
    pub base: Option<VersionId>,
    /// That version's number.
    pub base_number: Option<u32>,
    /// What is written so far.
    pub content: VersionContent,
    /// When it was last saved on this machine.
    pub saved_at: Millis,
    /// The message for the next version, as typed so far.
    pub message: String,
    /// What has changed since the base.
    pub changed: Changed,
}

/// What saving a draft answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct DraftSaved {
    /// When it was saved.
    pub at: Millis,
    /// What checking found.
    pub check: Check,
    /// What has changed since the base.
    pub changed: Changed,
}

/// What has changed since a draft's base.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Changed {
    /// In one plain sentence.
    pub summary: String,
    /// Whether anything has.
    pub any: bool,
    /// The marks; none without a base.
    pub diff: Option<ContentDiff>,
}

/// One autosave of a draft.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct DraftMoment {
    /// Its id among the draft's autosaves.
    #[specta(type = u32)]
    pub id: i64,
    /// When.
    pub at: Millis,
    /// What it changed, in one line.
    pub summary: String,
}

/// What checking a content finds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Check {
    /// What is wrong, by place.
    pub problems: Vec<Problem>,
    /// What the texts use.
    pub uses: Uses,
    /// The estimated tokens of each message, in order; 0 for a placeholder.
    pub tokens: Vec<u32>,
    /// How good the estimate is.
    pub tokens_note: String,
}

/// One thing that is wrong with a content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Problem {
    /// Where: `messages/0`, `inputs/2`, `model`, `tools/1`, `response_schema`, `name`.
    pub place: String,
    /// The line in that text, from 1; 0 when it has none.
    pub line: u32,
    /// The column in that line, from 1; 0 when it has none.
    pub column: u32,
    /// Where it starts in that text, in UTF-16 units as the editor counts them.
    pub from: u32,
    /// Where it ends.
    pub to: u32,
    /// Which rule.
    pub code: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// What the texts of a content use.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Uses {
    /// Inputs.
    pub inputs: Vec<InputUse>,
    /// Snippets.
    pub includes: Vec<IncludeUse>,
}

/// One use of an input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct InputUse {
    /// The message: `messages/0`.
    pub place: String,
    /// Where it starts in that text, in UTF-16 units.
    pub from: u32,
    /// Where it ends.
    pub to: u32,
    /// The input's name.
    pub name: String,
    /// Whether the content declares it.
    pub known: bool,
}

/// One include of a snippet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct IncludeUse {
    /// The message: `messages/0`.
    pub place: String,
    /// Where it starts in that text, in UTF-16 units.
    pub from: u32,
    /// Where it ends.
    pub to: u32,
    /// The snippet's name as written.
    pub name: String,
    /// The prompt of that name; none when there is none.
    pub prompt: Option<PromptId>,
    /// The number of the version that is, or would be, included.
    pub number: Option<u32>,
}

/// A content rendered with values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Preview {
    /// What would be sent.
    pub messages: Vec<PreviewMessage>,
    /// What kept it from being rendered.
    pub problems: Vec<Problem>,
}

/// One rendered message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PreviewMessage {
    /// A message.
    Message {
        /// Who speaks.
        role: Role,
        /// The text as the model gets it.
        text: String,
    },
    /// Where the application puts the conversation so far.
    Placeholder {
        /// Its name.
        name: String,
    },
}

/// One version with its content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct VersionView {
    /// The version.
    pub row: VersionRow,
    /// Its content; empty when redacted.
    pub content: VersionContent,
    /// The snippets it was saved with.
    pub includes: Vec<IncludePin>,
    /// Whether its content was redacted.
    pub redacted: bool,
}

/// One snippet that a version was saved with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct IncludePin {
    /// Its name as written.
    pub name: String,
    /// The digest of its content.
    pub digest: Digest,
    /// The prompt it came from, where known.
    pub prompt: Option<PromptId>,
    /// The number of a version with that content.
    pub number: Option<u32>,
}

/// One prompt, named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct PromptLink {
    /// The prompt.
    pub prompt: PromptId,
    /// Its name.
    pub name: String,
}

/// One label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct LabelRow {
    /// Its name.
    pub label: String,
    /// The version it is on.
    pub version: VersionId,
    /// That version's number.
    pub number: Option<u32>,
}
