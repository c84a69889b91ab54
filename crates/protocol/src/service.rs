//! The form of a service account's secret: what a pipeline is given, in one text.
//!
//! `gal_svc_` and the base64 of project id, the public half of its token, 256 random bits, and the
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

/// What every secret of a service account begins with.
pub const PREFIX: &str = "gal_svc_";

/// The secret of a service account. `Debug` shows the project only; there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceSecret {
    /// The project that it acts in.
    pub project: ProjectId,
    /// The public half of its token.
    pub token: KeyId,
    /// The digest of the project's first entry.
    pub first: Digest,
    seed: Zeroizing<[u8; 32]>,
}

impl ServiceSecret {
    /// A secret of 256 bits that the caller drew.
    #[must_use]
    pub fn new(project: ProjectId, token: KeyId, first: Digest, seed: [u8; 32]) -> Self {
        Self {
            project,
            token,
            first,
            seed: Zeroizing::new(seed),
        }
    }

    /// The seed of the key that signs its commands.
    #[must_use]
    pub fn device_seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(Digest::of_parts(&[b"galley service key", &*self.seed]).0)
    }

    /// The key that signs its commands.
    #[must_use]
    pub fn device(&self) -> DeviceKey {
        DeviceKey::from_seed(&self.device_seed())
    }

    /// The token with which it talks to the registry.
    #[must_use]
    pub fn bearer(&self) -> Token {
        let secret = Digest::of_parts(&[b"galley service bearer", &*self.seed]).0;
        Token::new(Kind::Personal, self.token, secret)
    }

    /// The text that a pipeline is given. A secret: not for logs.
    #[must_use]
    pub fn reveal(&self) -> String {
        let mut bytes = Zeroizing::new(self.project.0.as_bytes().to_vec());
        bytes.extend_from_slice(self.token.0.as_bytes());
        bytes.extend_from_slice(&*self.seed);
        bytes.extend_from_slice(&self.first.0);
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(&*bytes))
    }

    /// Reads a secret. `None` if it is not one; the text is not repeated anywhere.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD
            .decode(text.trim().strip_prefix(PREFIX)?)
            .ok()?;
        let bytes: Zeroizing<[u8; 96]> = Zeroizing::new(bytes.try_into().ok()?);
        let (mut project, mut token) = ([0; 16], [0; 16]);
        let (mut seed, mut first) = ([0; 32], [0; 32]);
        project.copy_from_slice(&bytes[..16]);
        token.copy_from_slice(&bytes[16..32]);
        seed.copy_from_slice(&bytes[32..64]);
        first.copy_from_slice(&bytes[64..]);
        Some(Self::new(
            ProjectId(Uuid::from_bytes(project)),
            KeyId(Uuid::from_bytes(token)),
            Digest(first),
            seed,
        ))
    }
}

impl fmt::Debug for ServiceSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceSecret(in {})", self.project)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_wrote_and_nothing_else() {
        let (project, token) = (ProjectId(Uuid::from_u128(6)), KeyId(Uuid::from_u128(7)));
        let secret = ServiceSecret::new(project, token, Digest::of(b"first"), [9; 32]);
        let text = secret.reveal();
        assert_eq!(ServiceSecret::read(&text), Some(secret.clone()));
        assert_eq!(ServiceSecret::read(&text[..text.len() - 4]), None);
        assert_eq!(
            ServiceSecret::read(&text.replace("gal_svc_", "gal_inv_")),
            None
        );
        assert!(!format!("{secret:?}").contains("0909"));
    }

    #[test]
    fn the_token_does_not_tell_the_signing_key() {
        let (project, token) = (ProjectId(Uuid::from_u128(6)), KeyId(Uuid::from_u128(7)));
        let secret = ServiceSecret::new(project, token, Digest::of(b"first"), [9; 32]);
        let bearer = secret.bearer().reveal();
        let seed = URL_SAFE_NO_PAD.encode(secret.device_seed());
        assert!(!bearer.contains(&seed[4..36]));
        assert_ne!(Digest(*secret.device_seed()).0, [9; 32]);
        assert_eq!(secret.bearer().id, token);
    }
}
