//! Recording: what each event does to the state. No rule is here.

use super::{
    Dataset, DatasetContent, Environment, Head, NameTaken, Project, Prompt, Release, ReleaseKind,
    Version,
};
use crate::ledger::{Entry, Event, NEVER_BACK, PublicKey};
use crate::names::folded;
use crate::permissions::Role;
use crate::{EnvironmentId, Millis, PersonId, PromptId};
use std::sync::Arc;

mod people;
mod releases;
mod requests;
mod runs;

/// An entry that can't be the next one here.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ApplyError {
    /// Its number, its link or its time do not follow what is there.
    #[error(
        "entry {found} does not follow entry {head}: the history was cut, reordered or changed there"
    )]
    DoesNotFollow {
        /// The last entry that is there.
        head: u64,
        /// The entry that was to be applied.
        found: u64,
    },
    /// An event that contradicts the state: only a registry that does not follow the rules can
    /// have written it.
    #[error(
        "entry {seq} speaks of something that does not exist; the registry that wrote it broke the rules"
    )]
    Contradiction {
        /// Which entry.
        seq: u64,
    },
}

/// What every event of one entry shares.
struct Context {
    seq: u64,
    at: Millis,
    saved: Millis,
    by: PersonId,
}

impl Project {
    /// Records an entry.
    ///
    /// # Errors
    /// The entry does not follow the last one, or contradicts the state; then the state may hold
    /// a part of it, and the caller drops it.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), ApplyError> {
        let head = self.head;
        if !entry.follows(head.seq, head.digest, head.at) {
            return Err(ApplyError::DoesNotFollow {
                head: head.seq,
                found: entry.seq(),
            });
        }
        let command = entry.command().command();
        for event in entry.events() {
            let by = self.actor_of(event, &command.device);
            let context = Context {
                seq: entry.seq(),
                at: entry.at(),
                saved: command.at,
                by,
            };
            self.record(event, command.project, &context)
                .ok_or(ApplyError::Contradiction { seq: entry.seq() })?;
            for content in event.contents() {
                self.named.insert(content);
            }
        }
        self.digests.push_back(entry.digest());
        self.commands
            .insert(command.id, (entry.command().digest(), entry.seq()));
        if entry.rules() >= NEVER_BACK {
            self.least_rules = self.least_rules.max(entry.rules());
        }
        self.head = Head {
            seq: entry.seq(),
            digest: entry.digest(),
            at: entry.at(),
        };
        Ok(())
    }

    // The founder and whoever joins act before their device is known.
    fn actor_of(&self, event: &Event, device: &PublicKey) -> PersonId {
        match event {
            Event::ProjectCreated { founder, .. } => *founder,
            Event::PersonJoined { person, .. } => *person,
            _ => self
                .devices
                .get(device)
                .copied()
                .unwrap_or(PersonId(uuid::Uuid::nil())),
        }
    }

    fn record(&mut self, event: &Event, project: crate::ProjectId, on: &Context) -> Option<()> {
        match event {
            Event::ProjectCreated {
                name,
                founder,
                person,
                device,
                device_name,
                environments,
                default,
            } => {
                self.id = Some(project);
                self.name.clone_from(name);
                for made in environments {
                    self.add_environment(made.id, &made.name, self.order.len());
                }
                self.default = Some(*default);
                self.add_person(*founder, person, Role::Admin, *device, device_name, on.at);
            }
            Event::ProjectRenamed { name } => self.name.clone_from(name),
            Event::PromptCreated { prompt, name } => {
                let made = Prompt {
                    id: *prompt,
                    name: name.clone(),
                    created: on.at,
                    by: on.by,
                    archived: false,
                    versions: imbl::Vector::new(),
                    heads: Vec::new(),
                    labels: imbl::OrdMap::new(),
                };
                self.prompts.insert(*prompt, Arc::new(made));
                self.prompt_names.insert(
                    folded(name),
                    NameTaken {
                        prompt: *prompt,
                        seq: on.seq,
                    },
                );
            }
            Event::PromptJoined { prompt, into } => {
                self.joined.insert(*prompt, *into);
            }
            Event::PromptRenamed {
                prompt,
                name,
                before,
            } => {
                Arc::make_mut(self.prompts.get_mut(prompt)?)
                    .name
                    .clone_from(name);
                self.prompt_names.remove(&folded(before));
                self.prompt_names.insert(
                    folded(name),
                    NameTaken {
                        prompt: *prompt,
                        seq: on.seq,
                    },
                );
            }
            Event::PromptArchived { prompt } => {
                Arc::make_mut(self.prompts.get_mut(prompt)?).archived = true;
            }
            Event::PromptRestored { prompt } => {
                Arc::make_mut(self.prompts.get_mut(prompt)?).archived = false;
            }
            Event::VersionSaved {
                version,
                prompt,
                number,
                parents,
                content,
                includes,
                reads,
                message,
            } => {
                let saved = Version {
                    id: *version,
                    number: *number,
                    seq: on.seq,
                    at: on.at,
                    saved: on.saved,
                    by: on.by,
                    parents: parents.clone(),
                    content: *content,
                    includes: includes.clone(),
                    reads: reads.clone(),
                    message: *message,
                };
                self.add_version(*prompt, saved)?;
            }
            Event::LabelMoved {
                prompt,
                label,
                version,
                ..
            } => {
                let prompt = Arc::make_mut(self.prompts.get_mut(prompt)?);
                match version {
                    Some(version) => prompt
                        .labels
                        .insert(folded(label), (label.clone(), *version)),
                    None => prompt.labels.remove(&folded(label)),
                };
            }
            Event::EnvironmentAdded {
                environment,
                name,
                position,
            } => {
                let place = usize::try_from(*position).ok()?.min(self.order.len());
                self.add_environment(*environment, name, place);
            }
            Event::EnvironmentRenamed {
                environment, name, ..
            } => {
                Arc::make_mut(self.environments.get_mut(environment)?)
                    .name
                    .clone_from(name);
            }
            Event::EnvironmentsReordered { order } => self.order = order.iter().copied().collect(),
            Event::EnvironmentRetired { environment, keys } => {
                Arc::make_mut(self.environments.get_mut(environment)?).retired = Some(on.at);
                self.order.retain(|id| id != environment);
                for key in keys {
                    Arc::make_mut(self.keys.get_mut(key)?).revoked = Some(on.at);
                }
            }
            Event::DefaultEnvironmentChanged { environment, .. } => {
                self.default = Some(*environment);
            }
            Event::Released {
                release,
                changes,
                reason,
                promoted_from,
                reverts_to,
                grounds,
            } => {
                let kind = match (reverts_to, promoted_from) {
                    (Some(to), _) => ReleaseKind::Revert(*to),
                    (None, Some(from)) => ReleaseKind::Promotion(*from),
                    (None, None) => ReleaseKind::Release,
                };
                let record = Release {
                    id: *release,
                    seq: on.seq,
                    at: on.at,
                    by: on.by,
                    reason: *reason,
                    kind,
                    changes: Vec::new(),
                    grounds: grounds.as_deref().cloned(),
                };
                self.add_release(record, changes)?;
            }
            Event::DatasetSaved {
                dataset,
                name,
                content,
                cases,
                ..
            } => {
                let content = DatasetContent {
                    content: *content,
                    cases: *cases,
                    by: on.by,
                    at: on.at,
                };
                self.save_dataset(*dataset, name, content);
            }
            Event::SuiteChanged { .. } | Event::RunAnnounced { .. } | Event::RunRecorded { .. } => {
                self.record_evidence(event, on)?;
            }
            Event::ContentRedacted { content, .. } => {
                self.redacted.insert(*content, (on.seq, on.at));
            }
            Event::EpochBegun { epoch, .. } => {
                self.epoch = *epoch;
                self.first_epoch.get_or_insert(on.seq);
            }
            Event::EnvironmentKeyIssued { .. }
            | Event::EnvironmentKeyRotated { .. }
            | Event::TokenIssued { .. }
            | Event::KeyRevoked { .. }
            | Event::PersonInvited { .. }
            | Event::InvitationWithdrawn { .. }
            | Event::PersonJoined { .. }
            | Event::DeviceEnrolled { .. }
            | Event::DeviceRevoked { .. }
            | Event::RoleChanged { .. }
            | Event::PersonRemoved { .. } => self.record_people(event, on)?,
            Event::ServiceCreated { .. }
            | Event::RightsChanged { .. }
            | Event::PolicySet { .. }
            | Event::RequestOpened { .. }
            | Event::RequestUpdated { .. }
            | Event::RequestWithdrawn { .. }
            | Event::VerdictGiven { .. }
            | Event::VerdictWithdrawn { .. }
            | Event::VerdictDismissed { .. }
            | Event::CommentMade { .. }
            | Event::CommentResolved { .. } => self.record_review(event, on)?,
        }
        Some(())
    }

    fn add_environment(&mut self, id: EnvironmentId, name: &str, place: usize) {
        let made = Environment {
            id,
            name: name.to_owned(),
            retired: None,
        };
        self.environments.insert(id, Arc::new(made));
        self.order.insert(place, id);
    }

    fn add_version(&mut self, prompt: PromptId, version: Version) -> Option<()> {
        let of = Arc::make_mut(self.prompts.get_mut(&prompt)?);
        of.heads.retain(|head| !version.parents.contains(head));
        of.heads.push(version.id);
        self.versions.insert(version.id, (prompt, version.number));
        if !self.version_contents.contains_key(&version.content) {
            self.version_contents.insert(version.content, version.id);
        }
        for include in &version.includes {
            self.included_by
                .entry(*include)
                .or_default()
                .insert(version.id);
        }
        of.versions.push_back(Arc::new(version));
        Some(())
    }

    fn save_dataset(&mut self, id: crate::DatasetId, name: &str, content: DatasetContent) {
        match self.datasets.get_mut(&id) {
            Some(dataset) => {
                let dataset = Arc::make_mut(dataset);
                self.dataset_names.remove(&folded(&dataset.name));
                name.clone_into(&mut dataset.name);
                dataset.contents.push(content);
            }
            None => {
                let made = Dataset {
                    id,
                    name: name.to_owned(),
                    contents: vec![content],
                };
                self.datasets.insert(id, Arc::new(made));
            }
        }
        self.dataset_names.insert(folded(name), id);
    }
}
