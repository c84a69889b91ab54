//! The state of a project: the fold over its entries.
//!
//! [`Project::decide`] holds every rule (they live in [`crate::rules`]); [`Project::apply`] only
//! records. Both are pure. A clone costs next to nothing, because the collections share their
//! parts: a preview of the outbox, the trial of a batch and a snapshot are all clones.

mod announced;
mod apply;
mod as_text;
mod environment;
mod people;
mod prompt;
mod release;
mod replay;
mod request;
mod reviews;
mod trial;

pub use announced::{Announced, CameTo, SuiteSet};
pub use apply::ApplyError;
pub use environment::{Environment, Serving};
pub use people::{Device, Invitation, Key, KeyKind, Person, Service};
pub use prompt::{Prompt, Version};
pub use release::{Change, Release, ReleaseKind};
pub use replay::{ChainError, Replay};
pub use request::{Comment, Ended, Request, Revision, Step, SuiteDone, Verdict, Withdrawn};
pub use reviews::{Decided, Decision, PolicySet};
pub use trial::{Outcome, Trial};

use crate::ledger::{KeyHash, PublicKey, Seen};
use crate::names::folded;
use crate::{
    CommandId, CommentId, DatasetId, Digest, EnvironmentId, InvitationId, KeyId, Millis, PersonId,
    ProjectId, PromptId, ReleaseId, RequestId, RunId, VersionId,
};
use imbl::{OrdMap, OrdSet, Vector};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Everything that the entries so far say.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Project {
    pub(crate) id: Option<ProjectId>,
    pub(crate) name: String,
    pub(crate) head: Head,
    /// The digest of each entry, the first at 0: what a command says it had seen is held to them.
    pub(crate) digests: Vector<Digest>,
    /// What the rules of the next entry may not be below: see [`crate::ledger::NEVER_BACK`].
    pub(crate) least_rules: u32,
    pub(crate) epoch: u32,
    /// The entry that began the first epoch: what was seen from there on may have been lost.
    pub(crate) first_epoch: Option<u64>,
    /// All content that an entry named: only that may be read through this project.
    pub(crate) named: OrdSet<Digest>,
    pub(crate) prompts: OrdMap<PromptId, Arc<Prompt>>,
    /// A prompt that joined another → the other.
    pub(crate) joined: OrdMap<PromptId, PromptId>,
    /// Case-folded name → prompt; archived prompts keep theirs.
    pub(crate) prompt_names: OrdMap<String, NameTaken>,
    pub(crate) versions: OrdMap<VersionId, (PromptId, u32)>,
    /// Content → the first version that had it.
    pub(crate) version_contents: OrdMap<Digest, VersionId>,
    /// Content → the versions that include it directly.
    pub(crate) included_by: OrdMap<Digest, OrdSet<VersionId>>,
    pub(crate) environments: OrdMap<EnvironmentId, Arc<Environment>>,
    /// The environments that are not retired, in order.
    pub(crate) order: Vector<EnvironmentId>,
    pub(crate) default: Option<EnvironmentId>,
    pub(crate) serving: OrdMap<(EnvironmentId, PromptId), Arc<Serving>>,
    pub(crate) releases: Vector<Arc<Release>>,
    pub(crate) release_places: OrdMap<ReleaseId, u32>,
    pub(crate) people: OrdMap<PersonId, Arc<Person>>,
    pub(crate) devices: OrdMap<PublicKey, PersonId>,
    pub(crate) invitations: OrdMap<InvitationId, Arc<Invitation>>,
    pub(crate) keys: OrdMap<KeyId, Arc<Key>>,
    /// The hashes of all keys, tokens and invitations there ever were.
    pub(crate) secrets: OrdSet<KeyHash>,
    /// The public halves of all invitations there ever were.
    pub(crate) one_time_keys: OrdSet<PublicKey>,
    pub(crate) datasets: OrdMap<DatasetId, Arc<Dataset>>,
    pub(crate) dataset_names: OrdMap<String, DatasetId>,
    pub(crate) runs: Vector<Arc<Run>>,
    pub(crate) suites: OrdMap<PromptId, Arc<SuiteSet>>,
    /// Every suite that a prompt ever had.
    pub(crate) past_suites: OrdMap<(PromptId, Digest), Arc<SuiteSet>>,
    pub(crate) announced: Vector<Arc<Announced>>,
    pub(crate) announced_places: OrdMap<RunId, u32>,
    pub(crate) redacted: OrdMap<Digest, (u64, Millis)>,
    pub(crate) policies: OrdMap<EnvironmentId, Arc<PolicySet>>,
    pub(crate) requests: OrdMap<RequestId, Arc<Request>>,
    pub(crate) comments: OrdMap<CommentId, Arc<Comment>>,
    /// Every content that an environment ever served of a prompt.
    pub(crate) served_contents: OrdSet<(EnvironmentId, PromptId, Digest)>,
    /// Accepted commands: id → what [`crate::ledger::SignedCommand::digest`] said, and the entry.
    pub(crate) commands: OrdMap<CommandId, (Digest, u64)>,
}

/// The end of the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Entries so far.
    pub seq: u64,
    /// The digest of the last; zeros before the first.
    pub digest: Digest,
    /// Its time.
    pub at: Millis,
}

/// Who has a name, and since which entry.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct NameTaken {
    pub prompt: PromptId,
    pub seq: u64,
}

/// A dataset with its latest content.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Dataset {
    /// Its id.
    pub id: DatasetId,
    /// Its name.
    pub name: String,
    /// Its contents from first to latest: digest, cases, who, when.
    pub contents: Vec<DatasetContent>,
}

/// One content of a dataset.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DatasetContent {
    /// Its digest.
    pub content: Digest,
    /// How many cases it has.
    pub cases: u32,
    /// Who saved it.
    pub by: PersonId,
    /// When.
    pub at: Millis,
}

/// A run that somebody shared.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// What was run.
    pub version: VersionId,
    /// Over which dataset content.
    pub dataset: Digest,
    /// The digest of the results.
    pub results: Digest,
    /// What came out.
    pub summary: crate::ledger::RunSummary,
    /// The announcement, if it was announced.
    pub announced: Option<RunId>,
    /// Who shared it.
    pub by: PersonId,
    /// When.
    pub at: Millis,
}

impl Project {
    /// The project before its first entry.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Its id; none before the first entry.
    #[must_use]
    pub fn id(&self) -> Option<ProjectId> {
        self.id
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The end of its ledger.
    #[must_use]
    pub fn head(&self) -> Head {
        self.head
    }

    /// The end of its ledger, as a command states it.
    #[must_use]
    pub fn seen(&self) -> Seen {
        Seen {
            seq: self.head.seq,
            digest: self.head.digest,
        }
    }

    /// The digest of an entry; zeros for 0, the place before the first.
    #[must_use]
    pub fn digest_at(&self, seq: u64) -> Option<Digest> {
        match seq.checked_sub(1) {
            None => Some(Digest::ZERO),
            Some(place) => self.digests.get(usize::try_from(place).ok()?).copied(),
        }
    }

    /// How often the registry was restored from an older backup.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The prompt that an id means, followed through joining.
    #[must_use]
    pub fn prompt(&self, id: PromptId) -> Option<&Arc<Prompt>> {
        self.prompts.get(&self.meant(id))
    }

    /// The prompt of a name, without regard to case.
    #[must_use]
    pub fn prompt_named(&self, name: &str) -> Option<&Arc<Prompt>> {
        self.prompts
            .get(&self.prompt_names.get(&folded(name))?.prompt)
    }

    /// All prompts, archived ones too.
    pub fn prompts(&self) -> impl Iterator<Item = &Arc<Prompt>> {
        self.prompts.values()
    }

    /// A version with its prompt.
    #[must_use]
    pub fn version(&self, id: VersionId) -> Option<(&Arc<Prompt>, &Arc<Version>)> {
        let (prompt, number) = self.versions.get(&id)?;
        let prompt = self.prompts.get(prompt)?;
        Some((prompt, prompt.numbered(*number)?))
    }

    /// The first version that had this content.
    #[must_use]
    pub fn version_with(&self, content: &Digest) -> Option<(&Arc<Prompt>, &Arc<Version>)> {
        self.version(*self.version_contents.get(content)?)
    }

    /// The versions that include this content directly.
    pub fn included_by(&self, content: &Digest) -> impl Iterator<Item = VersionId> {
        self.included_by
            .get(content)
            .into_iter()
            .flat_map(|set| set.iter().copied())
    }

    /// The environments that are not retired, in order.
    pub fn environments(&self) -> impl Iterator<Item = &Arc<Environment>> {
        self.order.iter().filter_map(|id| self.environments.get(id))
    }

    /// All environments, retired ones too, by id.
    pub fn all_environments(&self) -> impl Iterator<Item = &Arc<Environment>> {
        self.environments.values()
    }

    /// An environment, retired or not.
    #[must_use]
    pub fn environment(&self, id: EnvironmentId) -> Option<&Arc<Environment>> {
        self.environments.get(&id)
    }

    /// The environment of a name among those not retired, without regard to case.
    #[must_use]
    pub fn environment_named(&self, name: &str) -> Option<&Arc<Environment>> {
        let wanted = folded(name);
        self.environments()
            .find(|environment| folded(&environment.name) == wanted)
    }

    /// The environment that is meant when none is named.
    #[must_use]
    pub fn default_environment(&self) -> Option<EnvironmentId> {
        self.default
    }

    /// What an environment serves of a prompt.
    #[must_use]
    pub fn serving(&self, environment: EnvironmentId, prompt: PromptId) -> Option<&Arc<Serving>> {
        self.last_served(environment, prompt)
            .filter(|serving| !serving.sides.is_empty())
    }

    /// The same, and where a release stopped serving the prompt, that (with no sides): what a
    /// further release replaces.
    #[must_use]
    pub fn last_served(
        &self,
        environment: EnvironmentId,
        prompt: PromptId,
    ) -> Option<&Arc<Serving>> {
        self.serving.get(&(environment, self.meant(prompt)))
    }

    /// All that an environment serves.
    pub fn served(
        &self,
        environment: EnvironmentId,
    ) -> impl Iterator<Item = (PromptId, &Arc<Serving>)> {
        let first = PromptId(uuid::Uuid::nil());
        let last = PromptId(uuid::Uuid::max());
        self.serving
            .range((environment, first)..=(environment, last))
            .filter(|(_, serving)| !serving.sides.is_empty())
            .map(|((_, prompt), serving)| (*prompt, serving))
    }

    /// The prompt that an id means: itself, or the one that it joined.
    #[must_use]
    pub fn meant(&self, prompt: PromptId) -> PromptId {
        self.joined.get(&prompt).copied().unwrap_or(prompt)
    }

    /// All releases, oldest first.
    pub fn releases(&self) -> impl DoubleEndedIterator<Item = &Arc<Release>> {
        self.releases.iter()
    }

    /// One release.
    #[must_use]
    pub fn release(&self, id: ReleaseId) -> Option<&Arc<Release>> {
        self.releases
            .get(usize::try_from(*self.release_places.get(&id)?).ok()?)
    }

    /// Everybody who is or was a member.
    pub fn people(&self) -> impl Iterator<Item = &Arc<Person>> {
        self.people.values()
    }

    /// One person.
    #[must_use]
    pub fn person(&self, id: PersonId) -> Option<&Arc<Person>> {
        self.people.get(&id)
    }

    /// Whose device a key is, revoked or not.
    #[must_use]
    pub fn person_of(&self, device: &PublicKey) -> Option<&Arc<Person>> {
        self.people.get(self.devices.get(device)?)
    }

    /// Invitations, used ones too.
    pub fn invitations(&self) -> impl Iterator<Item = &Arc<Invitation>> {
        self.invitations.values()
    }

    /// One invitation.
    #[must_use]
    pub fn invitation(&self, id: InvitationId) -> Option<&Arc<Invitation>> {
        self.invitations.get(&id)
    }

    /// Keys and tokens, ended ones too.
    pub fn keys(&self) -> impl Iterator<Item = &Arc<Key>> {
        self.keys.values()
    }

    /// One key or token.
    #[must_use]
    pub fn key(&self, id: KeyId) -> Option<&Arc<Key>> {
        self.keys.get(&id)
    }

    /// Datasets.
    pub fn datasets(&self) -> impl Iterator<Item = &Arc<Dataset>> {
        self.datasets.values()
    }

    /// One dataset.
    #[must_use]
    pub fn dataset(&self, id: DatasetId) -> Option<&Arc<Dataset>> {
        self.datasets.get(&id)
    }

    /// Shared runs, oldest first.
    pub fn runs(&self) -> impl DoubleEndedIterator<Item = &Arc<Run>> {
        self.runs.iter()
    }

    /// One shared run.
    #[must_use]
    pub fn run(&self, id: RunId) -> Option<&Arc<Run>> {
        self.runs.iter().find(|run| run.id == id)
    }

    /// Whether the ledger names this content: only then may it be read through this project.
    #[must_use]
    pub fn names_content(&self, content: &Digest) -> bool {
        self.named.contains(content)
    }

    /// Whether this content was destroyed.
    #[must_use]
    pub fn is_redacted(&self, content: &Digest) -> bool {
        self.redacted.contains_key(content)
    }

    /// The entry that accepted this command, and the command's digest.
    #[must_use]
    pub fn accepted(&self, command: CommandId) -> Option<(Digest, u64)> {
        self.commands.get(&command).copied()
    }
}
