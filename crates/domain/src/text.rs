//! Free text that a person typed: a message, a reason.

use crate::{CanonicalError, Digest, limits, to_canonical};
use serde::{Deserialize, Serialize};

/// Free text with a random salt, stored under its digest.
///
/// The salt is why an entry that outlives a redacted text doesn't give the text away: without it,
/// whoever guesses a short reason could confirm the guess by its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SaltedText {
    /// 128 random bits, as hexadecimal digits.
    pub salt: String,
    /// What was typed.
    pub text: String,
}

impl SaltedText {
    /// A text with the salt that the caller drew.
    #[must_use]
    pub fn new(text: impl Into<String>, salt: [u8; 16]) -> Self {
        Self {
            salt: hex::encode(salt),
            text: text.into(),
        }
    }

    /// The bytes that are stored, and their digest.
    ///
    /// # Errors
    /// None that a text can cause; the signature is that of the canonical form.
    pub fn encode(&self) -> Result<(Vec<u8>, Digest), CanonicalError> {
        let bytes = to_canonical(self)?;
        let digest = Digest::of(&bytes);
        Ok((bytes, digest))
    }

    /// Reads stored bytes. `None` if they are no salted text in its one form or exceed
    /// [`limits::TEXT_BYTES`].
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        // A character takes at most six bytes more in JSON than in the text.
        if bytes.len() > 6 * limits::TEXT_BYTES + 64 {
            return None;
        }
        let text: Self = serde_json::from_slice(bytes).ok()?;
        if to_canonical(&text).ok()? != bytes {
            return None;
        }
        let salted = text.salt.len() == 32 && hex::decode(&text.salt).is_ok();
        (salted && text.text.len() <= limits::TEXT_BYTES).then_some(text)
    }
}
