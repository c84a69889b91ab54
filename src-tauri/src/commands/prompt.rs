//! One prompt: its drafts, its versions, comparing, merging, trying.

use super::passed_on;
use domain::content::Kind;
use domain::{ProjectId, PromptId, VersionContent, VersionId};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use workbench::views::{
    Check, Choice, Comparison, Draft, DraftId, DraftMoment, DraftSaved, MergeView, Preview,
    PromptView, Ref, VersionRow, VersionView,
};

passed_on! {
    /// One prompt with its track and versions.
    prompt(project: ProjectId, prompt: PromptId) -> PromptView;
    /// The prompt's draft, or a new one from a version.
    open_draft(project: ProjectId, prompt: PromptId, from: Option<VersionId>) -> Draft;
    /// A draft as it was last saved.
    draft(project: ProjectId, draft: DraftId) -> Draft;
    /// A draft of a prompt that is yet to be.
    new_draft(project: ProjectId, name: String, kind: Kind) -> Draft;
    /// Keeps what was typed.
    save_draft(
        project: ProjectId,
        draft: DraftId,
        content: VersionContent,
        name: Option<String>,
        message: Option<String>,
    ) -> DraftSaved;
    /// Lets a draft go.
    discard_draft(project: ProjectId, draft: DraftId) -> ();
    /// Takes a draft back that was let go.
    undo_discard_draft(project: ProjectId, draft: DraftId) -> Draft;
    /// The moments at which a draft was kept.
    draft_history(project: ProjectId, draft: DraftId) -> Vec<DraftMoment>;
    /// Takes a draft back to an earlier moment.
    restore_draft(project: ProjectId, draft: DraftId, moment: i64) -> Draft;
    /// What is wrong in a content, and what it uses.
    check(project: ProjectId, content: VersionContent) -> Check;
    /// What a model would get.
    preview(project: ProjectId, content: VersionContent, values: Map<String, Value>) -> Preview;
    /// Saves a draft as a version.
    save_version(project: ProjectId, draft: DraftId, message: String) -> VersionRow;
    /// One version.
    version(project: ProjectId, version: VersionId) -> VersionView;
    /// Two contents side by side.
    compare(project: ProjectId, left: Ref, right: Ref) -> Comparison;
    /// A prompt that has diverged, merged as far as it goes.
    merge_view(project: ProjectId, prompt: PromptId) -> MergeView;
    /// What would be saved with the choices so far.
    merge_preview(project: ProjectId, prompt: PromptId, choices: BTreeMap<u32, Choice>) -> VersionContent;
    /// Saves the version that settles it.
    merge_finish(project: ProjectId, prompt: PromptId, choices: BTreeMap<u32, Choice>, message: String) -> VersionRow;
    /// Gives a prompt another name.
    rename_prompt(project: ProjectId, prompt: PromptId, name: String) -> ();
    /// Archives a prompt.
    archive_prompt(project: ProjectId, prompt: PromptId) -> ();
    /// Takes a prompt out of the archive.
    restore_prompt(project: ProjectId, prompt: PromptId) -> ();
    /// Puts a label on a version.
    set_label(project: ProjectId, prompt: PromptId, label: String, version: VersionId) -> ();
    /// Takes a label away.
    remove_label(project: ProjectId, prompt: PromptId, label: String) -> ();
    /// Destroys a version's content; its place in history stays.
    redact(project: ProjectId, version: VersionId, reason: String) -> ();
}
