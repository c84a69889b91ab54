//! People: invitations, joining, devices, roles.

use super::{Case, flat_name};
use crate::ledger::{Body, Command, Event, KeyHash, PublicKey};
use crate::permissions::Role;
use crate::project::Person;
use crate::{InvitationId, KeyId, Millis, PersonId, Refusal, RefusalCode};

impl Case<'_> {
    pub(super) fn invite(
        &self,
        key: PublicKey,
        hash: KeyHash,
        role: Role,
        name: &str,
        expires: Millis,
    ) -> Result<Vec<Event>, Refusal> {
        flat_name("the person", name)?;
        if expires <= self.now {
            return Err(Refusal::invalid("the invitation would have ended already"));
        }
        if self.is_known_key(&key) {
            return Err(Refusal::invalid(
                "this key was used before; an invitation needs a new one",
            ));
        }
        self.new_secret(&hash)?;
        let (invitation, name) = (InvitationId::from(self.id), name.to_owned());
        Ok(vec![Event::PersonInvited {
            invitation,
            key,
            hash,
            role,
            name,
            expires,
        }])
    }

    pub(super) fn withdraw_invitation(&self, id: InvitationId) -> Result<Vec<Event>, Refusal> {
        let invitation = self
            .project
            .invitation(id)
            .ok_or_else(|| Refusal::not_found("the invitation"))?;
        if invitation.closed.is_some() {
            return Err(Refusal::invalid(
                "this invitation was used or withdrawn already",
            ));
        }
        Ok(vec![Event::InvitationWithdrawn { invitation: id }])
    }

    pub(super) fn join(&self, command: &Command) -> Result<Vec<Event>, Refusal> {
        let Body::Join {
            invitation,
            name,
            device,
            device_name,
            token,
        } = &command.body
        else {
            return Err(Refusal::invalid("this is no joining"));
        };
        let found = self
            .project
            .invitation(*invitation)
            .ok_or_else(|| Refusal::not_found("the invitation"))?;
        if found.key != command.device {
            return Err(Refusal::new(
                RefusalCode::UnknownDevice,
                "this is not signed with the invitation's key",
            ));
        }
        if !found.is_open(self.now) {
            return Err(Refusal::new(
                RefusalCode::NotAllowed,
                "this invitation was used, withdrawn or has ended; ask an admin for a new one",
            ));
        }
        flat_name("the person", name)?;
        flat_name("the device", device_name)?;
        self.new_device(device)?;
        self.new_secret(token)?;
        Ok(vec![Event::PersonJoined {
            person: PersonId::from(self.id),
            invitation: *invitation,
            name: name.clone(),
            role: found.role,
            device: *device,
            device_name: device_name.clone(),
            token: KeyId::from(self.id),
            hash: *token,
        }])
    }

    pub(super) fn enrol_device(
        &self,
        person: PersonId,
        device: PublicKey,
        name: &str,
    ) -> Result<Vec<Event>, Refusal> {
        if self.member(person)?.service.is_some() {
            return Err(Refusal::invalid(
                "a service has the one key that it was made with; make a new service instead",
            ));
        }
        flat_name("the device", name)?;
        self.new_device(&device)?;
        Ok(vec![Event::DeviceEnrolled {
            person,
            device,
            name: name.to_owned(),
        }])
    }

    pub(super) fn revoke_device(&self, device: PublicKey) -> Result<Vec<Event>, Refusal> {
        let owner = self
            .project
            .person_of(&device)
            .ok_or_else(|| Refusal::not_found("the device"))?;
        self.member(owner.id)?;
        if owner
            .devices
            .iter()
            .any(|d| d.key == device && d.revoked.is_some())
        {
            return Err(Refusal::invalid("this device is revoked already"));
        }
        let others = owner
            .devices
            .iter()
            .any(|d| d.key != device && d.revoked.is_none());
        if owner.role == Role::Admin && !others {
            self.another_admin(owner.id)?;
        }
        Ok(vec![Event::DeviceRevoked {
            person: owner.id,
            device,
        }])
    }

    pub(super) fn set_role(
        &self,
        id: PersonId,
        role: Role,
        replaces: Role,
    ) -> Result<Vec<Event>, Refusal> {
        let person = self.member(id)?;
        if person.service.is_some() {
            return Err(Refusal::invalid(format!(
                "{} is a service and has no role; change what it may do instead",
                person.name
            )));
        }
        if person.role != replaces {
            return Err(Refusal::conflict(
                format!("the role of {} was changed meanwhile", person.name),
                &person.role,
            ));
        }
        if role == replaces {
            return Err(Refusal::invalid(format!(
                "{} is {} already",
                person.name,
                role.as_str()
            )));
        }
        if person.role == Role::Admin {
            self.another_admin(id)?;
        }
        Ok(vec![Event::RoleChanged {
            person: id,
            role,
            before: replaces,
        }])
    }

    pub(super) fn remove_person(&self, id: PersonId) -> Result<Vec<Event>, Refusal> {
        if self.member(id)?.role == Role::Admin {
            self.another_admin(id)?;
        }
        Ok(vec![Event::PersonRemoved { person: id }])
    }

    pub(super) fn member(&self, id: PersonId) -> Result<&Person, Refusal> {
        let person = self
            .project
            .person(id)
            .ok_or_else(|| Refusal::not_found("the person"))?;
        if person.removed.is_some() {
            return Err(Refusal::invalid(format!(
                "{} is no longer a member",
                person.name
            )));
        }
        Ok(person)
    }

    // A project without an admin who can sign could never be led again.
    fn another_admin(&self, than: PersonId) -> Result<(), Refusal> {
        let other = self.project.people().any(|p| {
            p.id != than
                && p.role == Role::Admin
                && p.removed.is_none()
                && p.devices.iter().any(|d| d.revoked.is_none())
        });
        if other {
            return Ok(());
        }
        Err(Refusal::new(
            RefusalCode::NotAllowed,
            "the project would be left without an admin",
        ))
    }

    fn is_known_key(&self, key: &PublicKey) -> bool {
        self.project.person_of(key).is_some() || self.project.one_time_keys.contains(key)
    }

    pub(super) fn new_device(&self, device: &PublicKey) -> Result<(), Refusal> {
        if self.is_known_key(device) {
            return Err(Refusal::invalid(
                "this device key was enrolled before; a device needs its own",
            ));
        }
        Ok(())
    }
}
