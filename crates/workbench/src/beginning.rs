//! Beginning: founding a project, joining one, and finishing what was begun.
//!
//! An invitation is good once, and an answer may be lost when it was used: so what is begun is
//! remembered with its ids and keys, and beginning again with the same invitation goes on with it.

use crate::acting::new_id;
use crate::secrets::{Secret, random_16, random_32};
use crate::views::ProjectCard;
use crate::{Error, Workbench, token_name};
use domain::ledger::{Command, DeviceKey, NewEnvironment, SignedCommand};
use domain::{EnvironmentId, KeyId, ProjectId};
use protocol::membership::{Membership, MembershipKind};
use protocol::token::{Invitation, Kind, Token};
use std::sync::Arc;
use store::{Begun, KnownProject, Place};
use sync::{Address, Bearer, Client, Founding, Newcomer, Signer, SyncError, Task};

/// The environments that a new project starts with.
const ENVIRONMENTS: [&str; 3] = ["development", "staging", "production"];

/// What a person can do about a project that is not set up.
const AGAIN: &str =
    "join the team again with the same invitation, or take the project off this computer";

/// What a project is begun with: in the keychain before anything is sent.
struct Beginning {
    project: ProjectId,
    device: DeviceKey,
    token: Token,
}

/// Whether a project is founded by the invitation of an operator, or by this computer's own.
struct Founder {
    address: Address,
    place: Place,
    invitation: Token,
}

impl Workbench {
    /// Founds a project on this computer.
    ///
    /// # Errors
    /// A name can't be one, or there is no keychain for the new key.
    pub async fn create_project(&self, name: String, person: String) -> Result<ProjectCard, Error> {
        let founder = self.local_founder().await?;
        let name = domain::names::tidy(&name);
        let begun = self.store().projects()?.into_iter().find(|known| {
            known.place == Place::ThisComputer
                && known.sync.begun.is_some()
                && domain::names::folded(&known.name) == domain::names::folded(&name)
        });
        let beginning = self.beginning(begun.as_ref())?;
        self.found(&founder, &beginning, &name, &person).await?;
        self.settle_in(beginning.project).await
    }

    /// Joins a team with an invitation, or makes a registry's first project with the one that its
    /// operator was given, or enters with the link that a person made on another computer of theirs.
    ///
    /// # Errors
    /// The invitation is none, was used, or the registry can't be reached.
    pub async fn join_team(
        &self,
        address: String,
        invitation: Secret,
        person: String,
        project_name: Option<String>,
    ) -> Result<ProjectCard, Error> {
        let address = Address::read(&address).map_err(|error| Error::invalid(error.to_string()))?;
        if let Some(token) =
            Token::read(invitation.reveal()).filter(|token| token.kind == Kind::Founding)
        {
            let name = project_name
                .filter(|name| !name.trim().is_empty())
                .ok_or_else(|| {
                    Error::invalid(
                        "this invitation makes a new project: say what it is to be called",
                    )
                })?;
            return self.found_at(address, token, &name, &person).await;
        }
        if let Some(link) = Membership::read(MembershipKind::Device, invitation.reveal()) {
            return self.enter_on_this_computer(address, &link).await;
        }
        let Some(invitation) = Invitation::read(invitation.reveal()) else {
            return Err(Error::invalid(
                "this is not an invitation; it begins with gal_inv_ (gal_new_ for a registry's first project, gal_dev_ for a further computer of yours)",
            ));
        };
        self.join(address, invitation, &person).await
    }

    /// Finishes what was begun, if the registry took it in.
    pub(crate) async fn finish_setup(&self, known: &KnownProject) -> Result<(), Error> {
        let project = known.id;
        let Some(begun) = &known.sync.begun else {
            return Ok(());
        };
        let text = match &known.place {
            Place::Registry { address } => address,
            // The registry of this computer is ours: it takes the project now, if it did not before.
            Place::ThisComputer => {
                let founder = self.local_founder().await?;
                let beginning = self.begun_with(project)?;
                return self.found(&founder, &beginning, &known.name, "").await;
            }
        };
        let address = Address::read(text).map_err(|error| Error::invalid(error.to_string()))?;
        let client = Client::new(address, self.bearer(project), &self.client_options())
            .map_err(SyncError::from)?;
        let device = self.device_key(project)?.public();
        let store = self.store();
        if sync::finish(store, &client, project, device, &Task::unwatched()).await? {
            return Ok(());
        }
        let what = match begun {
            Begun::Founding { .. } => format!("has not made {} yet", known.name),
            Begun::Joining { .. } => format!("has not let you into {} yet", known.name),
        };
        Err(Error::invalid(format!("{text} {what}; {AGAIN}")))
    }

    async fn local_founder(&self) -> Result<Founder, Error> {
        let local = self.local().await?;
        Ok(Founder {
            address: local.address(),
            place: Place::ThisComputer,
            invitation: local.founding_token()?,
        })
    }

    async fn found_at(
        &self,
        address: Address,
        invitation: Token,
        name: &str,
        person: &str,
    ) -> Result<ProjectCard, Error> {
        let with = Begun::Founding {
            invitation: invitation.id,
        };
        let mut known = self.store().projects()?.into_iter();
        let begun = known.find(|known| known.sync.begun == Some(with));
        let founder = Founder {
            place: Place::Registry {
                address: address.to_string(),
            },
            address,
            invitation,
        };
        let beginning = self.beginning(begun.as_ref())?;
        if begun.is_some() {
            // The same registry may have been named otherwise before.
            self.store().update_project(beginning.project, |known| {
                known.place = founder.place.clone();
            })?;
        }
        self.found(&founder, &beginning, name, person).await?;
        self.settle_in(beginning.project).await
    }

    /// What was begun with, or something new.
    fn beginning(&self, begun: Option<&KnownProject>) -> Result<Beginning, Error> {
        match begun {
            Some(known) => self.begun_with(known.id),
            None => self.begin(ProjectId::from(new_id()?)),
        }
    }

    /// New keys for a project. The keychain first: a project whose key is nowhere could never be
    /// led.
    fn begin(&self, project: ProjectId) -> Result<Beginning, Error> {
        let seed = random_32()?;
        let token = Token::new(Kind::Personal, KeyId::from(new_id()?), random_32()?);
        self.keep_keys(project, &Secret::new(hex::encode(seed)), &token)?;
        Ok(Beginning {
            project,
            device: DeviceKey::from_seed(&seed),
            token,
        })
    }

    fn begun_with(&self, project: ProjectId) -> Result<Beginning, Error> {
        let kept = self.secrets().find(&token_name(project))?;
        let token = kept
            .and_then(|kept| Token::read(kept.reveal()))
            .ok_or_else(|| {
                Error::not_found(
                    "the key that this project was begun with is no longer in this computer's keychain; \
                     take the project off this computer and ask for a new invitation",
                )
            })?;
        Ok(Beginning {
            project,
            device: self.device_key(project)?,
            token,
        })
    }

    async fn found(
        &self,
        founder: &Founder,
        beginning: &Beginning,
        name: &str,
        person: &str,
    ) -> Result<(), Error> {
        let names = ENVIRONMENTS.map(|name| -> Result<NewEnvironment, Error> {
            let id = uuid::Builder::from_random_bytes(random_16()?).into_uuid();
            Ok(NewEnvironment {
                id: EnvironmentId(id),
                name: name.to_owned(),
            })
        });
        let environments = names.into_iter().collect::<Result<Vec<_>, _>>()?;
        let [first, ..] = environments.as_slice() else {
            return Err(Error::invalid("no environments"));
        };
        let founding = Founding {
            project: beginning.project,
            name: domain::names::tidy(name),
            person: domain::names::tidy(person),
            device: beginning.device.public(),
            device_name: device_name(),
            default: first.id,
            environments,
            token: beginning.token.clone(),
            invitation: founder.invitation.id,
            place: founder.place.clone(),
            at: self.now(),
        };
        let client = Client::with_bearer(
            founder.address.clone(),
            Bearer::new(founder.invitation.reveal()),
            &self.client_options(),
        )
        .map_err(SyncError::from)?;
        let signer = signer_with(beginning.device.clone());
        let task = Task::unwatched();
        let founded = sync::found(self.store(), &client, &founding, &signer, &task).await;
        self.kept_or_dropped(beginning.project, founded.map_err(Error::from))
    }

    async fn join(
        &self,
        address: Address,
        invitation: Invitation,
        person: &str,
    ) -> Result<ProjectCard, Error> {
        let project = invitation.project;
        let beginning = match self.store().known_project(project) {
            Ok(known) if known.sync.begun.is_some() => {
                self.store().update_project(project, |known| {
                    known.place = Place::Registry {
                        address: address.to_string(),
                    };
                })?;
                self.begun_with(project)?
            }
            Ok(_) if self.is_locked_out(&address, project).await? => {
                self.end_session(project);
                let beginning = self.begin(project)?;
                self.store().update_project(project, |known| {
                    known.sync.begun = Some(Begun::Joining {
                        invitation: invitation.key().public(),
                    });
                })?;
                beginning
            }
            Ok(_) => return Err(Error::invalid("this project is on this computer already")),
            Err(_) => self.begin(project)?,
        };
        let newcomer = Newcomer {
            name: domain::names::tidy(person),
            device: beginning.device.public(),
            device_name: device_name(),
            token: beginning.token,
        };
        let client = Client::with_bearer(
            address,
            Bearer::new(invitation.bearer()),
            &self.client_options(),
        )
        .map_err(SyncError::from)?;
        let task = Task::unwatched();
        let joined = sync::join(self.store(), &client, &invitation, &newcomer, &task).await;
        self.kept_or_dropped(project, joined.map(drop).map_err(Error::from))?;
        self.settle_in(project).await
    }

    /// Whether the registry no longer knows this computer's token: then one may join anew, with all
    /// that is here.
    pub(crate) async fn is_locked_out(
        &self,
        address: &Address,
        project: ProjectId,
    ) -> Result<bool, Error> {
        let client = Client::new(
            address.clone(),
            self.bearer(project),
            &self.client_options(),
        )
        .map_err(SyncError::from)?;
        Ok(sync::is_locked_out(&client).await)
    }

    // The keys of a project that is not kept are of no use.
    pub(crate) fn kept_or_dropped(
        &self,
        project: ProjectId,
        result: Result<(), Error>,
    ) -> Result<(), Error> {
        if result.is_err() && self.store().known_project(project).is_err() {
            self.drop_keys(project)?;
        }
        result
    }

    // A project that was just founded or joined is the one that is open now, and stays in step.
    pub(crate) async fn settle_in(&self, project: ProjectId) -> Result<ProjectCard, Error> {
        let now = self.now();
        self.store()
            .update_project(project, |known| known.opened = Some(now))?;
        self.keep_in_step(project).await?;
        self.card(project)
    }
}

/// What is to be said of a project whose founding or joining is not finished.
pub(crate) fn setup_words(known: &KnownProject) -> Option<String> {
    let words = match (known.sync.begun?, &known.place) {
        (_, Place::ThisComputer) => "being set up: opening it finishes that".to_owned(),
        (Begun::Founding { .. }, Place::Registry { address }) => {
            format!("being set up: it is not known yet whether {address} made it; {AGAIN}")
        }
        (Begun::Joining { .. }, Place::Registry { address }) => {
            format!("being set up: it is not known yet whether {address} let you in; {AGAIN}")
        }
    };
    Some(words)
}

fn signer_with(device: DeviceKey) -> Signer {
    Arc::new(move |command: &Command| SignedCommand::sign(command.clone(), &device).ok())
}

/// What this computer is called, in a form that a name can have.
pub(crate) fn device_name() -> String {
    let host = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let tidy: String = host
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'))
        .collect();
    if tidy.is_empty() {
        "This computer".to_owned()
    } else {
        tidy
    }
}
