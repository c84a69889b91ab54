//! Recording what events say of people: invitations, devices, roles, keys and tokens.

use super::{Context, Project};
use crate::ledger::{Event, PublicKey};
use crate::permissions::Role;
use crate::project::{Device, Invitation, Key, KeyKind, Person};
use crate::{Millis, PersonId};
use std::sync::Arc;

impl Project {
    pub(super) fn record_people(&mut self, event: &Event, on: &Context) -> Option<()> {
        match event {
            Event::EnvironmentKeyIssued {
                key,
                environment,
                name,
                hash,
                expires,
            } => {
                self.secrets.insert(*hash);
                let kind = KeyKind::Environment(*environment);
                let (name, hash, expires) = (name.clone(), *hash, *expires);
                let made = Key {
                    id: *key,
                    kind,
                    name,
                    hash,
                    by: on.by,
                    at: on.at,
                    expires,
                    revoked: None,
                    replaces: None,
                    replaced: None,
                };
                self.keys.insert(*key, Arc::new(made));
            }
            Event::EnvironmentKeyRotated {
                key,
                replaces,
                hash,
                expires,
                ends,
            } => {
                self.secrets.insert(*hash);
                let before = Arc::make_mut(self.keys.get_mut(replaces)?);
                before.expires = Some(*ends);
                before.replaced = Some(*key);
                let made = Key {
                    id: *key,
                    kind: before.kind,
                    name: before.name.clone(),
                    hash: *hash,
                    by: on.by,
                    at: on.at,
                    expires: *expires,
                    revoked: None,
                    replaces: Some(*replaces),
                    replaced: None,
                };
                self.keys.insert(*key, Arc::new(made));
            }
            Event::TokenIssued {
                key,
                person,
                name,
                hash,
                expires,
            } => {
                self.secrets.insert(*hash);
                let kind = KeyKind::Personal(*person);
                let (name, hash, expires) = (name.clone(), *hash, *expires);
                let made = Key {
                    id: *key,
                    kind,
                    name,
                    hash,
                    by: on.by,
                    at: on.at,
                    expires,
                    revoked: None,
                    replaces: None,
                    replaced: None,
                };
                self.keys.insert(*key, Arc::new(made));
            }
            Event::KeyRevoked { key } => {
                Arc::make_mut(self.keys.get_mut(key)?).revoked = Some(on.at);
            }
            Event::PersonInvited {
                invitation,
                key,
                hash,
                role,
                name,
                expires,
            } => {
                self.secrets.insert(*hash);
                self.one_time_keys.insert(*key);
                let made = Invitation {
                    id: *invitation,
                    key: *key,
                    hash: *hash,
                    role: *role,
                    name: name.clone(),
                    by: on.by,
                    at: on.at,
                    expires: *expires,
                    closed: None,
                    joined: None,
                };
                self.invitations.insert(*invitation, Arc::new(made));
            }
            Event::InvitationWithdrawn { invitation } => {
                Arc::make_mut(self.invitations.get_mut(invitation)?).closed = Some(on.at);
            }
            Event::PersonJoined {
                person,
                invitation,
                name,
                role,
                device,
                device_name,
                token,
                hash,
            } => {
                let used = Arc::make_mut(self.invitations.get_mut(invitation)?);
                used.closed = Some(on.at);
                used.joined = Some(*person);
                self.secrets.insert(*hash);
                self.add_person(*person, name, *role, *device, device_name, on.at);
                let made = Key {
                    id: *token,
                    kind: KeyKind::Personal(*person),
                    name: device_name.clone(),
                    hash: *hash,
                    by: *person,
                    at: on.at,
                    expires: None,
                    revoked: None,
                    replaces: None,
                    replaced: None,
                };
                self.keys.insert(*token, Arc::new(made));
            }
            Event::DeviceEnrolled {
                person,
                device,
                name,
            } => {
                let found = Arc::make_mut(self.people.get_mut(person)?);
                found.devices.push(Device {
                    key: *device,
                    name: name.clone(),
                    since: on.at,
                    revoked: None,
                });
                self.devices.insert(*device, *person);
            }
            Event::DeviceRevoked { person, device } => {
                let found = Arc::make_mut(self.people.get_mut(person)?);
                found.devices.iter_mut().find(|d| d.key == *device)?.revoked = Some(on.at);
            }
            Event::RoleChanged { person, role, .. } => {
                Arc::make_mut(self.people.get_mut(person)?).role = *role;
            }
            Event::PersonRemoved { person } => {
                Arc::make_mut(self.people.get_mut(person)?).removed = Some(on.at);
                let own = KeyKind::Personal(*person);
                let open = self
                    .keys
                    .values()
                    .filter(|key| key.kind == own && key.revoked.is_none());
                for key in open.map(|key| key.id).collect::<Vec<_>>() {
                    Arc::make_mut(self.keys.get_mut(&key)?).revoked = Some(on.at);
                }
            }
            _ => return None,
        }
        Some(())
    }

    pub(super) fn add_person(
        &mut self,
        id: PersonId,
        name: &str,
        role: Role,
        key: PublicKey,
        device: &str,
        at: Millis,
    ) {
        let device = Device {
            key,
            name: device.to_owned(),
            since: at,
            revoked: None,
        };
        let made = Person {
            id,
            name: name.to_owned(),
            role,
            since: at,
            removed: None,
            devices: vec![device],
            service: None,
        };
        self.people.insert(id, Arc::new(made));
        self.devices.insert(key, id);
    }
}
