//! Ed25519 keys and signatures (RFC 8032), written as hexadecimal digits.
//!
//! Verification is the strict kind: it refuses the malleable encodings that RFC 8032 leaves open,
//! so that one signature has one spelling.

use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

macro_rules! hex_newtype {
    ($(#[$doc:meta])* $name:ident, $bytes:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $bytes]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({}…)"), hex::encode(&self.0[..4]))
            }
        }

        impl FromStr for $name {
            type Err = &'static str;
            fn from_str(text: &str) -> Result<Self, &'static str> {
                let mut bytes = [0; $bytes];
                if text.bytes().any(|b| b.is_ascii_uppercase()) {
                    return Err($what);
                }
                hex::decode_to_slice(text, &mut bytes).map_err(|_| $what)?;
                Ok(Self(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.serialize_str(&hex::encode(self.0))
                } else {
                    serializer.serialize_bytes(&self.0)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                    text.parse().map_err(de::Error::custom)
                } else {
                    let bytes = <&[u8]>::deserialize(deserializer)?;
                    bytes.try_into().map(Self).map_err(|_| de::Error::custom($what))
                }
            }
        }

        impl specta::Type for $name {
            fn definition(types: &mut specta::Types) -> specta::datatype::DataType {
                <String as specta::Type>::definition(types)
            }
        }
    };
}

hex_newtype!(
    /// The public half of a device's or an invitation's key.
    PublicKey,
    32,
    "a public key is 64 lower-case hexadecimal digits"
);
hex_newtype!(
    /// An Ed25519 signature over a command.
    Signature,
    64,
    "a signature is 128 lower-case hexadecimal digits"
);
hex_newtype!(
    /// The SHA-256 of the 256 random bits of a key or token. The bits themselves never leave the
    /// machine that made them and the one that uses them.
    KeyHash,
    32,
    "a key's hash is 64 lower-case hexadecimal digits"
);

/// What is signed begins with this, so that a command's signature can't be passed off as a
/// signature of anything else.
const CONTEXT: &[u8] = b"galley command v1\n";

impl PublicKey {
    /// Whether `signature` was made over `command` by this key's private half.
    #[must_use]
    pub fn verifies(&self, command: &[u8], signature: &Signature) -> bool {
        let Ok(key) = VerifyingKey::from_bytes(&self.0) else {
            return false;
        };
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        key.verify_strict(&[CONTEXT, command].concat(), &signature)
            .is_ok()
    }
}

/// A private key that signs commands. Its bytes come from, and go back to, a keychain.
///
/// It has no `Display`, and `Debug` shows the public half only.
#[derive(Clone)]
pub struct DeviceKey(SigningKey);

impl DeviceKey {
    /// The key that 256 random bits make. The caller draws them; this crate has no randomness.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The half that everybody may see.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs the bytes of a command.
    #[must_use]
    pub fn sign(&self, command: &[u8]) -> Signature {
        Signature(self.0.sign(&[CONTEXT, command].concat()).to_bytes())
    }
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceKey(public {:?})", self.public())
    }
}
