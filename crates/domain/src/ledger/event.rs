//! What `decide` made of a command: what happened, in the past tense.
//!
//! Events hold what applying needs and nothing that must be looked up in content, so that the
//! ledger can be followed where content was redacted or not yet fetched.

use super::{Asked, CommentOn, Grounds, KeyHash, PublicKey, Quote, Side, Upstream, VerdictKind};
use crate::evidence::Counts;
use crate::permissions::{Rights, Role};
use crate::policy::Policy;
use crate::split::Run;
use crate::suite::Suite;
use crate::{
    CommentId, DatasetId, Digest, EnvironmentId, InvitationId, KeyId, Millis, PersonId, PromptId,
    ReleaseId, RequestId, RunId, VersionId,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "fields mean what they mean in the command of the same name"
)]
pub enum Event {
    /// The project began.
    ProjectCreated {
        name: String,
        founder: PersonId,
        person: String,
        device: PublicKey,
        device_name: String,
        environments: Vec<MadeEnvironment>,
        default: EnvironmentId,
    },
    /// The project has another name.
    ProjectRenamed { name: String },
    /// A prompt was made.
    PromptCreated { prompt: PromptId, name: String },
    /// Someone had taken the name meanwhile: commands that say `prompt` mean `into`.
    PromptJoined { prompt: PromptId, into: PromptId },
    /// A prompt has another name.
    PromptRenamed {
        prompt: PromptId,
        name: String,
        before: String,
    },
    /// A prompt is out of sight.
    PromptArchived { prompt: PromptId },
    /// A prompt is back.
    PromptRestored { prompt: PromptId },
    /// A version was saved and has its number.
    VersionSaved {
        version: VersionId,
        prompt: PromptId,
        number: u32,
        parents: Vec<VersionId>,
        content: Digest,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        includes: Vec<Digest>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        reads: Vec<PromptId>,
        message: Digest,
    },
    /// A label moved, appeared (`before` none) or went (`version` none).
    LabelMoved {
        prompt: PromptId,
        label: String,
        version: Option<VersionId>,
        before: Option<VersionId>,
    },
    /// An environment was added at this place, counted from 0.
    EnvironmentAdded {
        environment: EnvironmentId,
        name: String,
        position: u32,
    },
    /// An environment has another name.
    EnvironmentRenamed {
        environment: EnvironmentId,
        name: String,
        before: String,
    },
    /// The environments stand in this order.
    EnvironmentsReordered { order: Vec<EnvironmentId> },
    /// An environment serves no longer; these keys ended with it.
    EnvironmentRetired {
        environment: EnvironmentId,
        keys: Vec<KeyId>,
    },
    /// Another environment is the default.
    DefaultEnvironmentChanged {
        environment: EnvironmentId,
        before: EnvironmentId,
    },
    /// Environments serve something else.
    Released {
        release: ReleaseId,
        changes: Vec<RecordedChange>,
        reason: Digest,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        promoted_from: Option<EnvironmentId>,
        /// The release that a revert went back to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reverts_to: Option<ReleaseId>,
        /// On what grounds, where a policy or a request had a say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grounds: Option<Box<Grounds>>,
    },
    /// An environment key exists.
    EnvironmentKeyIssued {
        key: KeyId,
        environment: EnvironmentId,
        name: String,
        hash: KeyHash,
        expires: Option<Millis>,
    },
    /// An environment key exists in place of another, which ends at `ends`.
    EnvironmentKeyRotated {
        key: KeyId,
        replaces: KeyId,
        hash: KeyHash,
        expires: Option<Millis>,
        ends: Millis,
    },
    /// A personal token exists.
    TokenIssued {
        key: KeyId,
        person: PersonId,
        name: String,
        hash: KeyHash,
        expires: Option<Millis>,
    },
    /// A key or token ended.
    KeyRevoked { key: KeyId },
    /// Somebody was invited.
    PersonInvited {
        invitation: InvitationId,
        key: PublicKey,
        hash: KeyHash,
        role: Role,
        name: String,
        expires: Millis,
    },
    /// An invitation was taken back.
    InvitationWithdrawn { invitation: InvitationId },
    /// Somebody joined.
    PersonJoined {
        person: PersonId,
        invitation: InvitationId,
        name: String,
        role: Role,
        device: PublicKey,
        device_name: String,
        token: KeyId,
        hash: KeyHash,
    },
    /// A device was enrolled.
    DeviceEnrolled {
        person: PersonId,
        device: PublicKey,
        name: String,
    },
    /// A device ended.
    DeviceRevoked { person: PersonId, device: PublicKey },
    /// A person has another role.
    RoleChanged {
        person: PersonId,
        role: Role,
        before: Role,
    },
    /// A person is no member any more.
    PersonRemoved { person: PersonId },
    /// A dataset was saved.
    DatasetSaved {
        dataset: DatasetId,
        name: String,
        content: Digest,
        cases: u32,
        before: Option<Digest>,
    },
    /// A run's results were shared.
    RunRecorded {
        run: RunId,
        version: VersionId,
        dataset: Digest,
        results: Digest,
        summary: RunSummary,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        counts: Option<Box<Counts>>,
    },
    /// A prompt is judged by another suite.
    SuiteChanged {
        prompt: PromptId,
        suite: Box<Suite>,
        digest: Digest,
        before: Option<Digest>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<RequestId>,
        /// Whose approvals counted.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        approvals: Vec<PersonId>,
    },
    /// A run was announced.
    RunAnnounced {
        run: RunId,
        prompt: PromptId,
        suite: Digest,
        environment: EnvironmentId,
        proposed: VersionId,
        live: Option<VersionId>,
        repeats: u32,
        #[serde(default, skip_serializing_if = "Upstream::is_empty")]
        upstream: Upstream,
    },
    /// Content was destroyed.
    ContentRedacted { content: Digest, reason: Digest },
    /// The registry was restored from an older backup.
    EpochBegun { epoch: u32, reason: Digest },
    /// A service account exists.
    ServiceCreated {
        service: PersonId,
        name: String,
        owner: PersonId,
        rights: Rights,
        device: PublicKey,
        token: KeyId,
        hash: KeyHash,
    },
    /// A service account may do something else.
    RightsChanged {
        service: PersonId,
        rights: Rights,
        before: Rights,
    },
    /// An environment demands something else.
    PolicySet {
        environment: EnvironmentId,
        policy: Box<Policy>,
        before: Option<Digest>,
    },
    /// A release was asked for. `digest` is that of exactly what will be recorded.
    RequestOpened {
        request: RequestId,
        asked: Box<Asked>,
        digest: Digest,
    },
    /// A request asks for something else.
    RequestUpdated {
        request: RequestId,
        asked: Box<Asked>,
        digest: Digest,
        before: Digest,
    },
    /// A request was taken back.
    RequestWithdrawn {
        request: RequestId,
        reason: Option<Digest>,
    },
    /// A reviewer gave a verdict.
    VerdictGiven {
        request: RequestId,
        person: PersonId,
        digest: Digest,
        verdict: VerdictKind,
        evidence: Vec<RunId>,
        comment: Option<Digest>,
    },
    /// A reviewer took their verdict back.
    VerdictWithdrawn {
        request: RequestId,
        person: PersonId,
    },
    /// An admin ended somebody's "ask for changes".
    VerdictDismissed {
        request: RequestId,
        person: PersonId,
        reason: Digest,
    },
    /// Something was said.
    CommentMade {
        comment: CommentId,
        on: CommentOn,
        quote: Option<Quote>,
        text: Digest,
        reply_to: Option<CommentId>,
        skip: Skip,
    },
    /// A comment was settled.
    CommentResolved { comment: CommentId, skip: Skip },
}

/// Says that a reader who doesn't know the event may pass over it. Written as `true`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skip;

impl Serialize for Skip {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(true)
    }
}

impl<'de> Deserialize<'de> for Skip {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if bool::deserialize(deserializer)? {
            Ok(Self)
        } else {
            Err(de::Error::custom("this event can be passed over"))
        }
    }
}

/// An environment that a project started with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeEnvironment {
    /// Its id.
    pub id: EnvironmentId,
    /// Its name.
    pub name: String,
}

/// What a release did to one prompt in one environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedChange {
    /// Where.
    pub environment: EnvironmentId,
    /// Which prompt.
    pub prompt: PromptId,
    /// What is served from now on; empty: nothing.
    pub sides: Vec<Side>,
    /// Which slots each side has; see [`crate::split`].
    pub slots: Vec<Run>,
    /// What a caller's unit is mixed with; kept while the versions are the same.
    pub salt: ReleaseId,
    /// The release that this replaces.
    pub before: Option<ReleaseId>,
}

/// What came out of a run, for lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(deny_unknown_fields)]
pub struct RunSummary {
    /// The provider's name.
    pub provider: String,
    /// The model's name.
    pub model: String,
    /// Cases that were asked.
    pub cases: u32,
    /// Cases that every grader passed.
    pub passed: u32,
    /// Cases that had no answer.
    pub failed: u32,
}

impl Event {
    /// The content that this event makes part of the project: what may be read through it.
    #[must_use]
    pub fn contents(&self) -> Vec<Digest> {
        match self {
            Self::VersionSaved {
                content, message, ..
            } => vec![*content, *message],
            Self::Released {
                reason, grounds, ..
            } => std::iter::once(*reason)
                .chain(
                    grounds
                        .iter()
                        .filter_map(|g| Some(g.overridden.as_ref()?.reason)),
                )
                .collect(),
            Self::RequestOpened { asked, .. } | Self::RequestUpdated { asked, .. } => {
                asked.contents()
            }
            Self::RequestWithdrawn { reason, .. } => reason.iter().copied().collect(),
            Self::VerdictGiven { comment, .. } => comment.iter().copied().collect(),
            Self::CommentMade { text, .. } => vec![*text],
            Self::VerdictDismissed { reason, .. }
            | Self::ContentRedacted { reason, .. }
            | Self::EpochBegun { reason, .. } => vec![*reason],
            Self::DatasetSaved { content, .. } => vec![*content],
            Self::RunRecorded { results, .. } => vec![*results],
            Self::SuiteChanged { suite, .. } => vec![suite.graders],
            _ => Vec::new(),
        }
    }

    /// Whether the content named by this event is fetched only when somebody opens it: datasets
    /// and results may be large, versions and reasons are what offline work needs.
    #[must_use]
    pub fn fetched_on_demand(&self) -> bool {
        matches!(self, Self::DatasetSaved { .. } | Self::RunRecorded { .. })
    }
}
