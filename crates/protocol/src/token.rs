//! The form of keys, tokens and invitations.
//!
//! A key is a prefix that names its kind, and 48 bytes as URL-safe base64: the 16 of its public id
//! and 256 random bits. The registry knows the SHA-256 of the random bits; nobody else needs more.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ledger::{DeviceKey, KeyHash};
use domain::{Digest, KeyId, ProjectId};
use std::fmt;
use uuid::Uuid;

/// What a key opens, as its prefix says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Reads one environment: `gal_env_`.
    Environment,
    /// A person's device: `gal_usr_`.
    Personal,
    /// Makes a project on a registry, once: `gal_new_`.
    Founding,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Environment, Self::Personal, Self::Founding];

    /// The prefix.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Environment => "gal_env_",
            Self::Personal => "gal_usr_",
            Self::Founding => "gal_new_",
        }
    }
}

/// A key with its secret. `Debug` shows the public half only; there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// What it opens.
    pub kind: Kind,
    /// The public id.
    pub id: KeyId,
    secret: [u8; 32],
}

impl Token {
    /// A key of 256 bits that the caller drew.
    #[must_use]
    pub fn new(kind: Kind, id: KeyId, secret: [u8; 32]) -> Self {
        Self { kind, id, secret }
    }

    /// What the ledger keeps of it.
    #[must_use]
    pub fn hash(&self) -> KeyHash {
        KeyHash(Digest::of(&self.secret).0)
    }

    /// The text that is copied once and kept in a keychain. A secret: not for logs.
    #[must_use]
    pub fn reveal(&self) -> String {
        let mut bytes = self.id.0.as_bytes().to_vec();
        bytes.extend_from_slice(&self.secret);
        format!("{}{}", self.kind.prefix(), URL_SAFE_NO_PAD.encode(bytes))
    }

    /// How the text of a key with this id begins: enough for people to tell which one they have,
    /// and nothing of its secret.
    #[must_use]
    pub fn begins(kind: Kind, id: KeyId) -> String {
        let mut start = URL_SAFE_NO_PAD.encode(id.0.as_bytes());
        // Of the 22 characters the last also depends on nothing but the id; 18 are plenty.
        start.truncate(18);
        format!("{}{start}", kind.prefix())
    }

    /// Reads a key. `None` if it is not one; the text is not repeated anywhere.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let (kind, rest) = Kind::ALL
            .iter()
            .find_map(|kind| Some((*kind, text.strip_prefix(kind.prefix())?)))?;
        let bytes: [u8; 48] = URL_SAFE_NO_PAD.decode(rest).ok()?.try_into().ok()?;
        let (mut id, mut secret) = ([0; 16], [0; 32]);
        id.copy_from_slice(&bytes[..16]);
        secret.copy_from_slice(&bytes[16..]);
        Some(Self {
            kind,
            id: KeyId(Uuid::from_bytes(id)),
            secret,
        })
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({:?}, {})", self.kind, self.id)
    }
}

/// An invitation into a project: `gal_inv_` and the base64 of project id, 256 random bits, and the
/// digest of the project's first entry, so that nobody can show the newcomer another project.
///
/// Two secrets come from the random bits: the key that signs the joining, and the bearer secret
/// that lets the newcomer read and join.
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The project.
    pub project: ProjectId,
    /// The digest of its first entry.
    pub first: Digest,
    seed: [u8; 32],
}

const INVITATION: &str = "gal_inv_";

impl Invitation {
    /// An invitation of 256 bits that the caller drew.
    #[must_use]
    pub fn new(project: ProjectId, first: Digest, seed: [u8; 32]) -> Self {
        Self {
            project,
            first,
            seed,
        }
    }

    /// The key that signs the joining.
    #[must_use]
    pub fn key(&self) -> DeviceKey {
        DeviceKey::from_seed(&Digest::of_parts(&[b"galley invitation key", &self.seed]).0)
    }

    /// SHA-256 of the bearer secret: what the ledger keeps.
    #[must_use]
    pub fn hash(&self) -> KeyHash {
        KeyHash(Digest::of(&self.bearer_secret()).0)
    }

    /// What the joining device sends as bearer. A secret, and less than the invitation: it can't sign.
    #[must_use]
    pub fn bearer(&self) -> String {
        let mut bytes = self.project.0.as_bytes().to_vec();
        bytes.extend_from_slice(&self.bearer_secret());
        format!("gal_joi_{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads a bearer as [`Self::bearer`] writes it: the project and the secret's hash.
    #[must_use]
    pub fn read_bearer(text: &str) -> Option<(ProjectId, KeyHash)> {
        let bytes: [u8; 48] = URL_SAFE_NO_PAD
            .decode(text.strip_prefix("gal_joi_")?)
            .ok()?
            .try_into()
            .ok()?;
        let mut id = [0; 16];
        id.copy_from_slice(&bytes[..16]);
        Some((
            ProjectId(Uuid::from_bytes(id)),
            KeyHash(Digest::of(&bytes[16..]).0),
        ))
    }

    /// The text that is handed over. A secret: not for logs.
    #[must_use]
    pub fn reveal(&self) -> String {
        let mut bytes = self.project.0.as_bytes().to_vec();
        bytes.extend_from_slice(&self.seed);
        bytes.extend_from_slice(&self.first.0);
        format!("{INVITATION}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads an invitation. `None` if it is not one.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let bytes: [u8; 80] = URL_SAFE_NO_PAD
            .decode(text.trim().strip_prefix(INVITATION)?)
            .ok()?
            .try_into()
            .ok()?;
        let (mut id, mut seed, mut first) = ([0; 16], [0; 32], [0; 32]);
        id.copy_from_slice(&bytes[..16]);
        seed.copy_from_slice(&bytes[16..48]);
        first.copy_from_slice(&bytes[48..]);
        Some(Self {
            project: ProjectId(Uuid::from_bytes(id)),
            seed,
            first: Digest(first),
        })
    }

    fn bearer_secret(&self) -> [u8; 32] {
        Digest::of_parts(&[b"galley invitation bearer", &self.seed]).0
    }
}

impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Invitation(to {})", self.project)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_wrote_and_nothing_else() {
        let token = Token::new(Kind::Environment, KeyId(Uuid::from_u128(5)), [7; 32]);
        assert_eq!(Token::read(&token.reveal()), Some(token.clone()));
        assert_eq!(
            Token::read(&token.reveal().replace("gal_env_", "gal_xyz_")),
            None
        );
        assert_eq!(Token::read("gal_env_short"), None);
        assert!(!format!("{token:?}").contains("0707"));

        let invitation =
            Invitation::new(ProjectId(Uuid::from_u128(6)), Digest::of(b"first"), [9; 32]);
        assert_eq!(
            Invitation::read(&invitation.reveal()),
            Some(invitation.clone())
        );
        let (project, hash) = Invitation::read_bearer(&invitation.bearer()).unwrap();
        assert_eq!((project, hash), (invitation.project, invitation.hash()));
        assert!(!invitation.reveal().contains(&invitation.bearer()[8..40]));
    }
}
