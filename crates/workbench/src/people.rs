//! People: founding a project, joining one, inviting, roles, devices.

use crate::acting::new_id;
use crate::secrets::{Secret, random_16, random_32};
use crate::views::{PersonRole, ProjectCard};
use crate::{Error, Workbench};
use domain::ledger::{Body, Command, DeviceKey, NewEnvironment, PublicKey, SignedCommand};
use domain::permissions::Role;
use domain::{EnvironmentId, InvitationId, KeyId, PersonId, ProjectId};
use protocol::token::{Invitation, Kind, Token};
use std::sync::Arc;
use store::Place;
use sync::{Address, Bearer, Client, Founding, Newcomer, Signer, SyncError, Task};

const DAY: i64 = 24 * 60 * 60 * 1000;
/// How long an invitation can be used.
const INVITATION_DAYS: i64 = 14;
/// The environments that a new project starts with.
const ENVIRONMENTS: [&str; 3] = ["development", "staging", "production"];

/// An invitation that was just made, with its secret. Whoever holds it copies it once and drops it.
#[derive(Debug)]
pub struct NewInvitation {
    /// Which.
    pub id: InvitationId,
    /// The secret to hand over.
    pub secret: Secret,
}

impl Workbench {
    /// Founds a project on this computer.
    ///
    /// # Errors
    /// A name can't be one, or there is no keychain for the new key.
    pub async fn create_project(&self, name: String, person: String) -> Result<ProjectCard, Error> {
        let local = self.local().await?;
        let token = local.founding_token()?;
        self.found(local.address(), Place::ThisComputer, token, &name, &person)
            .await
    }

    /// Joins a team with an invitation, or makes a registry's first project with the one that its
    /// operator was given.
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
            let place = Place::Registry {
                address: address.to_string(),
            };
            return self
                .found(address, place, Secret::new(token.reveal()), &name, &person)
                .await;
        }
        let Some(invitation) = Invitation::read(invitation.reveal()) else {
            return Err(Error::invalid(
                "this is not an invitation; it begins with gal_inv_ (or gal_new_ for a registry's first project)",
            ));
        };
        self.join(address, invitation, &person).await
    }

    /// Invites a person. The answer holds the secret to hand over, once.
    ///
    /// # Errors
    /// Only an admin may.
    pub async fn invite(
        &self,
        project: ProjectId,
        role: PersonRole,
        name: String,
    ) -> Result<NewInvitation, Error> {
        let mut act = self.act(project)?;
        let first = self.store().entry_digest(project, 1)?.ok_or_else(|| {
            Error::not_found(
                "the project's first entry is not on this computer yet; sync and try again",
            )
        })?;
        let invitation = Invitation::new(project, first, random_32()?);
        let id = act.command(Body::Invite {
            key: invitation.key().public(),
            hash: invitation.hash(),
            role: role_of(role),
            name: domain::names::tidy(&name),
            expires: self.now().plus(INVITATION_DAYS * DAY),
        })?;
        act.send().await?;
        Ok(NewInvitation {
            id: InvitationId::from(id),
            secret: Secret::new(invitation.reveal()),
        })
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    /// It was used already.
    pub async fn withdraw_invitation(
        &self,
        project: ProjectId,
        invitation: InvitationId,
    ) -> Result<(), Error> {
        self.one(project, Body::WithdrawInvitation { invitation })
            .await
    }

    /// Changes what a person may do.
    ///
    /// # Errors
    /// Only an admin may; the project would be left without one.
    pub async fn set_role(
        &self,
        project: ProjectId,
        person: PersonId,
        role: PersonRole,
    ) -> Result<(), Error> {
        let reading = self.reading(project)?;
        let replaces = reading
            .ahead
            .person(person)
            .map(|found| found.role)
            .ok_or_else(|| Error::not_found("this person is not in the project"))?;
        self.one(
            project,
            Body::SetRole {
                person,
                role: role_of(role),
                replaces,
            },
        )
        .await
    }

    /// Ends a person's membership, with all devices and tokens.
    ///
    /// # Errors
    /// Only an admin may; the project would be left without one.
    pub async fn remove_person(&self, project: ProjectId, person: PersonId) -> Result<(), Error> {
        self.one(project, Body::RemovePerson { person }).await
    }

    /// Ends a device: nothing signed with it counts from now on.
    ///
    /// # Errors
    /// It is ended already, or belongs to somebody else and this is no admin.
    pub async fn revoke_device(&self, project: ProjectId, device: String) -> Result<(), Error> {
        let device: PublicKey = device.parse().map_err(Error::invalid)?;
        self.one(project, Body::RevokeDevice { device }).await
    }

    async fn found(
        &self,
        address: Address,
        place: Place,
        founding: Secret,
        name: &str,
        person: &str,
    ) -> Result<ProjectCard, Error> {
        let (device, seed) = new_device()?;
        let id = new_id()?;
        let project = ProjectId::from(id);
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
        let token = Token::new(Kind::Personal, KeyId::from(new_id()?), random_32()?);
        // The keychain first: a project whose key is nowhere could never be led.
        self.keep_keys(project, &seed, &token)?;
        let founding_as = Founding {
            project,
            name: domain::names::tidy(name),
            person: domain::names::tidy(person),
            device: device.public(),
            device_name: device_name(),
            default: first.id,
            environments,
            token,
            place,
            at: self.now(),
        };
        let client = Client::with_bearer(
            address,
            Bearer::new(founding.reveal()),
            &self.client_options(),
        )
        .map_err(SyncError::from)?;
        let signer = signer_with(device);
        let founded = sync::found(
            self.store(),
            &client,
            &founding_as,
            &signer,
            &Task::unwatched(),
        )
        .await;
        if let Err(error) = founded {
            if matches!(error, SyncError::Refused(_)) {
                self.drop_keys(project)?;
            }
            return Err(error.into());
        }
        self.settle_in(project).await
    }

    async fn join(
        &self,
        address: Address,
        invitation: Invitation,
        person: &str,
    ) -> Result<ProjectCard, Error> {
        let project = invitation.project;
        if self.store().known_project(project).is_ok() {
            return Err(Error::invalid("this project is on this computer already"));
        }
        let (device, seed) = new_device()?;
        let token = Token::new(Kind::Personal, KeyId::from(new_id()?), random_32()?);
        self.keep_keys(project, &seed, &token)?;
        let newcomer = Newcomer {
            name: domain::names::tidy(person),
            device: device.public(),
            device_name: device_name(),
            token,
        };
        let client = Client::with_bearer(
            address,
            Bearer::new(invitation.bearer()),
            &self.client_options(),
        )
        .map_err(SyncError::from)?;
        let joined = sync::join(
            self.store(),
            &client,
            &invitation,
            &newcomer,
            &Task::unwatched(),
        )
        .await;
        if let Err(error) = joined {
            if self.store().known_project(project).is_err() {
                self.drop_keys(project)?;
            }
            return Err(error.into());
        }
        self.settle_in(project).await
    }

    // A project that was just founded or joined is the one that is open now, and stays in step.
    async fn settle_in(&self, project: ProjectId) -> Result<ProjectCard, Error> {
        let now = self.now();
        self.store()
            .update_project(project, |known| known.opened = Some(now))?;
        self.keep_in_step(project).await?;
        self.card(project)
    }
}

fn signer_with(device: DeviceKey) -> Signer {
    Arc::new(move |command: &Command| SignedCommand::sign(command.clone(), &device).ok())
}

fn new_device() -> Result<(DeviceKey, Secret), Error> {
    let seed = random_32()?;
    Ok((DeviceKey::from_seed(&seed), Secret::new(hex::encode(seed))))
}

pub(crate) fn role_of(role: PersonRole) -> Role {
    match role {
        PersonRole::Viewer => Role::Viewer,
        PersonRole::Author => Role::Author,
        PersonRole::Reviewer => Role::Reviewer,
        PersonRole::Admin => Role::Admin,
    }
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
