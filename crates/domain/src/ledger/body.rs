//! What a command asks for: the verbs of the ledger.

use super::{Asked, CommentOn, KeyHash, PublicKey, Quote, RunSummary, Side, Upstream, VerdictKind};
use crate::evidence::Counts;
use crate::permissions::{Rights, Role};
use crate::policy::Policy;
use crate::suite::Suite;
use crate::{
    CommentId, DatasetId, Digest, EnvironmentId, InvitationId, KeyId, Millis, PersonId, PromptId,
    ReleaseId, RequestId, RunId, VersionId,
};
use serde::{Deserialize, Serialize};

mod needs;

/// What is asked. Free text never stands in it: it names the digest of a [`crate::SaltedText`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Body {
    /// Founds a project: always its first entry. Its signer becomes the first admin.
    CreateProject {
        /// What the project is called.
        name: String,
        /// What the founder is called.
        person: String,
        /// What the founder's computer is called.
        device_name: String,
        /// The environments it starts with, in order.
        environments: Vec<NewEnvironment>,
        /// Which of them is the default.
        default: EnvironmentId,
    },
    /// Renames the project.
    RenameProject {
        /// The new name.
        name: String,
    },
    /// Makes a prompt, or joins the one that someone made under this name meanwhile.
    CreatePrompt {
        /// Its name.
        name: String,
    },
    /// Gives a prompt another name.
    RenamePrompt {
        /// Which.
        prompt: PromptId,
        /// The new name.
        name: String,
        /// The name it had when the person acted.
        replaces: String,
    },
    /// Takes a prompt out of sight. Nothing is deleted.
    ArchivePrompt {
        /// Which.
        prompt: PromptId,
    },
    /// Brings an archived prompt back.
    RestorePrompt {
        /// Which.
        prompt: PromptId,
    },
    /// Saves a version. Never refused for being late.
    SaveVersion {
        /// Of which prompt.
        prompt: PromptId,
        /// The versions it was made from: none for a first one, two or more for a merge.
        parents: Vec<VersionId>,
        /// The digest of a [`crate::VersionContent`].
        content: Digest,
        /// The digests that the content includes directly, sorted. Stated here so that whoever
        /// checks the ledger can follow includes even where content was redacted.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        includes: Vec<Digest>,
        /// The prompts whose output its inputs are, sorted: stated here for the same reason.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        reads: Vec<PromptId>,
        /// The digest of the message: what changed and why.
        message: Digest,
    },
    /// Puts a label on a version.
    SetLabel {
        /// Of which prompt.
        prompt: PromptId,
        /// The label's name.
        label: String,
        /// Where it goes.
        version: VersionId,
        /// Where it was when the person acted.
        replaces: Option<VersionId>,
    },
    /// Takes a label off.
    RemoveLabel {
        /// Of which prompt.
        prompt: PromptId,
        /// The label's name.
        label: String,
        /// Where it was when the person acted.
        replaces: VersionId,
    },
    /// Adds an environment.
    AddEnvironment {
        /// Its name.
        name: String,
        /// The environment it comes after; none for the first place.
        after: Option<EnvironmentId>,
    },
    /// Renames an environment. Keys are bound to the id and go on.
    RenameEnvironment {
        /// Which.
        environment: EnvironmentId,
        /// The new name.
        name: String,
        /// The name it had when the person acted.
        replaces: String,
    },
    /// Puts the environments in another order.
    ReorderEnvironments {
        /// All that are not retired, each once.
        order: Vec<EnvironmentId>,
    },
    /// Retires an environment: it serves no longer, its keys end, its history stays.
    RetireEnvironment {
        /// Which.
        environment: EnvironmentId,
    },
    /// Says which environment is meant when none is named.
    SetDefaultEnvironment {
        /// Which.
        environment: EnvironmentId,
        /// The default when the person acted.
        replaces: EnvironmentId,
    },
    /// Lets environments serve versions.
    Release {
        /// What changes: each prompt in each environment at most once.
        changes: Vec<ReleaseChange>,
        /// The digest of the reason.
        reason: Digest,
        /// The environment whose versions these are, if this is a promotion.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        promoted_from: Option<EnvironmentId>,
        /// The request that asked for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<RequestId>,
        /// Which step of the request this is, counted from 1; none: the next.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<u32>,
        /// The digest of why an admin sets the policy aside, where the policy lets them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        override_reason: Option<Digest>,
    },
    /// Brings back what an environment served right after an earlier release.
    Revert {
        /// Where.
        environment: EnvironmentId,
        /// The earlier release.
        to: ReleaseId,
        /// The prompts to bring back, each with the release that it replaces.
        prompts: Vec<Pointer>,
        /// The digest of the reason.
        reason: Digest,
    },
    /// Makes an environment key, for applications.
    IssueEnvironmentKey {
        /// The environment that it reads.
        environment: EnvironmentId,
        /// What it is for.
        name: String,
        /// SHA-256 of its 256 random bits.
        hash: KeyHash,
        /// When it ends by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires: Option<Millis>,
    },
    /// Makes an environment key in place of another, which goes on opening for a while.
    RotateEnvironmentKey {
        /// The key that it takes the place of.
        key: KeyId,
        /// SHA-256 of the new one's 256 random bits.
        hash: KeyHash,
        /// When the new one ends by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires: Option<Millis>,
        /// For how many milliseconds both open, counted by the registry from when this arrives: 0
        /// to [`limits::OVERLAP_MILLIS`](crate::limits::OVERLAP_MILLIS).
        overlap: i64,
    },
    /// Makes a personal token, with which a person's device talks to the registry.
    IssueToken {
        /// What it is for.
        name: String,
        /// SHA-256 of its 256 random bits.
        hash: KeyHash,
        /// When it ends by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires: Option<Millis>,
    },
    /// Ends a key or token.
    RevokeKey {
        /// Which.
        key: KeyId,
    },
    /// Invites a person: enrols the public half of a one-time key.
    Invite {
        /// The public half; the link holds the private one.
        key: PublicKey,
        /// SHA-256 of the invitation's bearer secret, with which the joining device reads and joins.
        hash: KeyHash,
        /// What the person will be.
        role: Role,
        /// For whom, as the admin calls them.
        name: String,
        /// When it ends by itself.
        expires: Millis,
    },
    /// Takes an invitation back.
    WithdrawInvitation {
        /// Which.
        invitation: InvitationId,
    },
    /// Accepts an invitation. Signed with the invitation's key.
    Join {
        /// Which.
        invitation: InvitationId,
        /// What the person is called.
        name: String,
        /// The public key of the person's device.
        device: PublicKey,
        /// What the device is called.
        device_name: String,
        /// The first personal token: SHA-256 of its 256 random bits. Its id is this command's.
        token: KeyHash,
    },
    /// Enrols a further device of a person.
    EnrolDevice {
        /// Whose.
        person: PersonId,
        /// Its public key.
        device: PublicKey,
        /// What it is called.
        name: String,
    },
    /// Ends a device: nothing signed with it counts from now on.
    RevokeDevice {
        /// Which.
        device: PublicKey,
    },
    /// Changes what a person may do.
    SetRole {
        /// Who.
        person: PersonId,
        /// The new role.
        role: Role,
        /// The role when the admin acted.
        replaces: Role,
    },
    /// Ends a person's membership, with all devices and tokens.
    RemovePerson {
        /// Who.
        person: PersonId,
    },
    /// Saves a dataset, or a further version of one.
    SaveDataset {
        /// Which; none for a new one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dataset: Option<DatasetId>,
        /// Its name.
        name: String,
        /// The digest of a [`crate::dataset::Dataset`].
        content: Digest,
        /// How many cases it has.
        cases: u32,
        /// The content it replaces.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replaces: Option<Digest>,
    },
    /// Shares the results of a run.
    RecordRun {
        /// Of which version.
        version: VersionId,
        /// Over which dataset content.
        dataset: Digest,
        /// The digest of the results.
        results: Digest,
        /// What came out, for lists.
        summary: RunSummary,
        /// What its answers are worth, if it was announced.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        counts: Option<Box<Counts>>,
    },
    /// Says by what a prompt is judged.
    SetSuite {
        /// Which prompt.
        prompt: PromptId,
        /// The whole suite.
        suite: Box<Suite>,
        /// The digest of the suite when the person acted; none where there was none.
        replaces: Option<Digest>,
        /// The request under which it was approved: where a gate rests on it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<RequestId>,
    },
    /// Announces a run, before its first answer, so that it counts whatever comes of it. The
    /// run has this command's id.
    AnnounceRun {
        /// Of which prompt.
        prompt: PromptId,
        /// The digest of the suite by which it is judged.
        suite: Digest,
        /// The environment for which the version is proposed.
        environment: EnvironmentId,
        /// The proposed version.
        proposed: VersionId,
        /// What the environment serves now, at the largest weight: asked in the same run, by
        /// turns. None where it serves nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        live: Option<VersionId>,
        /// How often each case is asked.
        repeats: u32,
        /// What is asked first, because its output is an input.
        #[serde(default, skip_serializing_if = "Upstream::is_empty")]
        upstream: Upstream,
    },
    /// Destroys content everywhere: personal data, a leaked secret. The chain still verifies.
    Redact {
        /// What must go.
        content: Digest,
        /// The digest of the reason.
        reason: Digest,
    },
    /// Begins a new epoch after the registry was restored from an older backup.
    BeginEpoch {
        /// One more than the epoch before.
        epoch: u32,
        /// The digest of the reason.
        reason: Digest,
    },
    /// Makes a service account for a program, with a token and a signing key of its own.
    CreateService {
        /// What it is called.
        name: String,
        /// The member who answers for it: counted as an author of what it saves.
        owner: PersonId,
        /// What it may do.
        rights: Rights,
        /// The public half of its signing key.
        device: PublicKey,
        /// SHA-256 of its token's 256 random bits. The token's id is this command's.
        token: KeyHash,
    },
    /// Changes what a service account may do.
    SetRights {
        /// Which.
        service: PersonId,
        /// The new rights.
        rights: Rights,
        /// The rights when the admin acted.
        replaces: Rights,
    },
    /// Says what an environment demands before a release.
    SetPolicy {
        /// Which.
        environment: EnvironmentId,
        /// The whole policy.
        policy: Box<Policy>,
        /// The digest of the policy when the admin acted; none where none was ever set.
        replaces: Option<Digest>,
    },
    /// Asks for a release.
    OpenRequest {
        /// What is asked.
        asked: Box<Asked>,
    },
    /// Changes what a request asks for. Approvals of what it asked before are void.
    UpdateRequest {
        /// Which.
        request: RequestId,
        /// The digest of what it asked when the person acted.
        replaces: Digest,
        /// What is asked now.
        asked: Box<Asked>,
    },
    /// Takes a request back.
    WithdrawRequest {
        /// Which.
        request: RequestId,
        /// The digest of the reason.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Digest>,
    },
    /// Gives a reviewer's verdict on exactly what a request asks.
    GiveVerdict {
        /// Which.
        request: RequestId,
        /// The digest of what the reviewer saw.
        digest: Digest,
        /// The verdict.
        verdict: VerdictKind,
        /// The runs that it rests on.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        evidence: Vec<RunId>,
        /// The digest of what the reviewer says to it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Digest>,
    },
    /// Takes the own verdict back.
    WithdrawVerdict {
        /// On which request.
        request: RequestId,
    },
    /// Ends somebody's "ask for changes", so that it no longer blocks.
    DismissVerdict {
        /// On which request.
        request: RequestId,
        /// Whose.
        person: PersonId,
        /// The digest of the reason.
        reason: Digest,
    },
    /// Says something to a request or a version.
    Comment {
        /// To what.
        on: CommentOn,
        /// The words that it is about; none: the whole.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quote: Option<Quote>,
        /// The digest of the text.
        text: Digest,
        /// The comment that it answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<CommentId>,
    },
    /// Marks a comment as settled.
    ResolveComment {
        /// Which.
        comment: CommentId,
    },
    /// Something that a newer Galley asked for; never sent, never decided here.
    #[serde(skip)]
    Newer,
}

/// An environment that a new project starts with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewEnvironment {
    /// Its id, drawn by the founder's device.
    pub id: EnvironmentId,
    /// Its name.
    pub name: String,
}

/// What a release does to one prompt in one environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseChange {
    /// Where.
    pub environment: EnvironmentId,
    /// Which prompt.
    pub prompt: PromptId,
    /// What is served from now on; empty to stop serving the prompt there.
    pub sides: Vec<Side>,
    /// The release that put there what is served now; none where nothing is.
    pub replaces: Option<ReleaseId>,
}

/// A prompt, and the release that put there what an environment serves of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pointer {
    /// Which prompt.
    pub prompt: PromptId,
    /// The release that the person saw.
    pub replaces: ReleaseId,
}
