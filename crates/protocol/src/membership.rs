//! A membership in one text: what a pipeline is given to act as a service account, and what a
//! person takes to a further computer of theirs.
//!
//! A prefix that names its kind (`gal_svc_`, `gal_dev_`) and the base64 of project id, the public half of its token, 256 random bits, and the
//! digest of the project's first entry, so that nobody can show the pipeline another project.
//! A bearer token and a signing key come from the random bits; neither tells the other.

use crate::token::{Kind, Token};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ledger::DeviceKey;
use domain::{Digest, KeyId, ProjectId};
use std::fmt;
use uuid::Uuid;
use zeroize::Zeroizing;

/// For whom a membership is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MembershipKind {
    /// A service account: `gal_svc_`.
    Service,
    /// A further computer of a person: `gal_dev_`. That computer puts keys of its own in the place
    /// of these at once, so that the text opens nothing afterwards.
    Device,
}

impl MembershipKind {
    /// What every text of this kind begins with.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Service => "gal_svc_",
            Self::Device => "gal_dev_",
        }
    }

    // Secrets of one kind are never those of the other, whatever bits they are made of.
    fn labels(self) -> [&'static [u8]; 2] {
        match self {
            Self::Service => [b"galley service key", b"galley service bearer"],
            Self::Device => [b"galley device key", b"galley device bearer"],
        }
    }
}

/// A membership with its secrets. `Debug` shows the project only; there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Membership {
    /// For whom it is.
    pub kind: MembershipKind,
    /// The project that it acts in.
    pub project: ProjectId,
    /// The public half of its token.
    pub token: KeyId,
    /// The digest of the project's first entry.
    pub first: Digest,
    seed: Zeroizing<[u8; 32]>,
}

impl Membership {
    /// A membership of 256 bits that the caller drew.
    #[must_use]
    pub fn new(
        kind: MembershipKind,
        project: ProjectId,
        token: KeyId,
        first: Digest,
        seed: [u8; 32],
    ) -> Self {
        Self {
            kind,
            project,
            token,
            first,
            seed: Zeroizing::new(seed),
        }
    }

    /// The seed of the key that signs its commands.
    #[must_use]
    pub fn device_seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(Digest::of_parts(&[self.kind.labels()[0], &*self.seed]).0)
    }

    /// The key that signs its commands.
    #[must_use]
    pub fn device(&self) -> DeviceKey {
        DeviceKey::from_seed(&self.device_seed())
    }

    /// The token with which it talks to the registry.
    #[must_use]
    pub fn bearer(&self) -> Token {
        let secret = Digest::of_parts(&[self.kind.labels()[1], &*self.seed]).0;
        Token::new(Kind::Personal, self.token, secret)
    }

    /// The text that is handed over. A secret: not for logs.
    #[must_use]
    pub fn reveal(&self) -> String {
        let mut bytes = Zeroizing::new(self.project.0.as_bytes().to_vec());
        bytes.extend_from_slice(self.token.0.as_bytes());
        bytes.extend_from_slice(&*self.seed);
        bytes.extend_from_slice(&self.first.0);
        format!("{}{}", self.kind.prefix(), URL_SAFE_NO_PAD.encode(&*bytes))
    }

    /// Reads one of this kind. `None` if it is not one; the text is not repeated anywhere.
    #[must_use]
    pub fn read(kind: MembershipKind, text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD
            .decode(text.trim().strip_prefix(kind.prefix())?)
            .ok()?;
        let bytes: Zeroizing<[u8; 96]> = Zeroizing::new(bytes.try_into().ok()?);
        let (mut project, mut token) = ([0; 16], [0; 16]);
        let (mut seed, mut first) = ([0; 32], [0; 32]);
        project.copy_from_slice(&bytes[..16]);
        token.copy_from_slice(&bytes[16..32]);
        seed.copy_from_slice(&bytes[32..64]);
        first.copy_from_slice(&bytes[64..]);
        Some(Self::new(
            kind,
            ProjectId(Uuid::from_bytes(project)),
            KeyId(Uuid::from_bytes(token)),
            Digest(first),
            seed,
        ))
    }
}

impl fmt::Debug for Membership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Membership(in {})", self.project)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_wrote_and_nothing_else() {
        let (project, token) = (ProjectId(Uuid::from_u128(6)), KeyId(Uuid::from_u128(7)));
        let secret = Membership::new(
            MembershipKind::Service,
            project,
            token,
            Digest::of(b"first"),
            [9; 32],
        );
        let text = secret.reveal();
        assert_eq!(
            Membership::read(MembershipKind::Service, &text),
            Some(secret.clone())
        );
        assert_eq!(
            Membership::read(MembershipKind::Service, &text[..text.len() - 4]),
            None
        );
        assert_eq!(
            Membership::read(
                MembershipKind::Service,
                &text.replace("gal_svc_", "gal_inv_")
            ),
            None
        );
        assert!(!format!("{secret:?}").contains("0909"));

        let device = Membership::new(
            MembershipKind::Device,
            project,
            token,
            Digest::of(b"first"),
            [9; 32],
        );
        assert!(device.device().public() != secret.device().public());
        assert!(device.bearer().hash() != secret.bearer().hash());
        let text = device.reveal();
        assert_eq!(Membership::read(MembershipKind::Service, &text), None);
        assert_eq!(
            Membership::read(MembershipKind::Device, &text),
            Some(device)
        );
    }

    #[test]
    fn the_token_does_not_tell_the_signing_key() {
        let (project, token) = (ProjectId(Uuid::from_u128(6)), KeyId(Uuid::from_u128(7)));
        let secret = Membership::new(
            MembershipKind::Service,
            project,
            token,
            Digest::of(b"first"),
            [9; 32],
        );
        let bearer = secret.bearer().reveal();
        let seed = URL_SAFE_NO_PAD.encode(secret.device_seed());
        assert!(!bearer.contains(&seed[4..36]));
        assert_ne!(Digest(*secret.device_seed()).0, [9; 32]);
        assert_eq!(secret.bearer().id, token);
    }
}
