//! People: inviting, roles, devices.

use crate::secrets::{Secret, random_32};
use crate::views::PersonRole;
use crate::{Error, Workbench};
use domain::ledger::{Body, PublicKey};
use domain::permissions::Role;
use domain::{InvitationId, PersonId, ProjectId};
use protocol::token::Invitation;

const DAY: i64 = 24 * 60 * 60 * 1000;
/// How long an invitation can be used.
const INVITATION_DAYS: i64 = 14;

/// An invitation that was just made, with its secret. Whoever holds it copies it once and drops it.
#[derive(Debug)]
pub struct NewInvitation {
    /// Which.
    pub id: InvitationId,
    /// The secret to hand over.
    pub secret: Secret,
    /// While the registry does not have it: that it opens nothing yet.
    pub not_yet: Option<String>,
}

impl Workbench {
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
        let accepted = act.send().await?;
        Ok(NewInvitation {
            id: InvitationId::from(id),
            secret: Secret::new(invitation.reveal()),
            not_yet: self.not_yet(project, accepted),
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
}

pub(crate) fn role_of(role: PersonRole) -> Role {
    match role {
        PersonRole::Viewer => Role::Viewer,
        PersonRole::Author => Role::Author,
        PersonRole::Reviewer => Role::Reviewer,
        PersonRole::Admin => Role::Admin,
    }
}
