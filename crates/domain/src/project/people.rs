//! People, their devices, invitations, keys and tokens.

use super::as_text;
use crate::ledger::{KeyHash, PublicKey};
use crate::permissions::{Rights, Role};
use crate::{EnvironmentId, InvitationId, KeyId, Millis, PersonId};
use serde::{Deserialize, Serialize};

/// A member, present or former.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Person {
    /// Their id.
    pub id: PersonId,
    /// What they are called.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Since when they are a member.
    pub since: Millis,
    /// When they ceased to be one.
    pub removed: Option<Millis>,
    /// Their devices, revoked ones too.
    pub devices: Vec<Device>,
    /// What a service account may do; none for a human being. A service has no role: the one
    /// above says nothing of it.
    pub service: Option<Service>,
}

/// A service account: a program that acts for the project.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Service {
    /// The member who answers for it: counted as an author of what it saves.
    pub owner: PersonId,
    /// The admin who made it: counted as an author too.
    pub by: PersonId,
    /// What it may do.
    #[serde(with = "as_text")]
    pub rights: Rights,
}

/// A device that signs for a person.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Device {
    /// Its public key.
    pub key: PublicKey,
    /// What it is called.
    pub name: String,
    /// Since when.
    pub since: Millis,
    /// When it ended.
    pub revoked: Option<Millis>,
}

/// A one-time key that lets somebody join.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// The public half.
    pub key: PublicKey,
    /// SHA-256 of its bearer secret.
    pub hash: KeyHash,
    /// What the person will be.
    pub role: Role,
    /// For whom.
    pub name: String,
    /// Who invited.
    pub by: PersonId,
    /// When.
    pub at: Millis,
    /// When it ends by itself.
    pub expires: Millis,
    /// When it was used or withdrawn.
    pub closed: Option<Millis>,
    /// Who joined with it.
    pub joined: Option<PersonId>,
}

impl Invitation {
    /// Whether it can still be used.
    #[must_use]
    pub fn is_open(&self, now: Millis) -> bool {
        self.closed.is_none() && now < self.expires
    }
}

/// An environment key or a personal token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Key {
    /// The public id.
    pub id: KeyId,
    /// What it opens.
    pub kind: KeyKind,
    /// What it is for.
    pub name: String,
    /// SHA-256 of its 256 random bits.
    pub hash: KeyHash,
    /// Who made it.
    pub by: PersonId,
    /// When.
    pub at: Millis,
    /// When it ends by itself.
    pub expires: Option<Millis>,
    /// When it was revoked.
    pub revoked: Option<Millis>,
    /// The key whose place it took.
    pub replaces: Option<KeyId>,
    /// The key that took its place.
    pub replaced: Option<KeyId>,
}

/// What a key opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyKind {
    /// Reads one environment, for applications.
    Environment(EnvironmentId),
    /// Talks to the registry for a person's device.
    Personal(PersonId),
}

impl Key {
    /// Whether it opens anything at this time.
    #[must_use]
    pub fn is_open(&self, now: Millis) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|end| now < end)
    }
}
