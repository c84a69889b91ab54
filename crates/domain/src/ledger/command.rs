//! A command: what a person or program asks of the ledger, signed, with its own id.

use super::{Body, DeviceKey, PublicKey, Signature};
use crate::canonical::{self, CanonicalError};
use crate::{CommandId, Digest, Millis, ProjectId, limits};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What is signed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// Sending it twice is once.
    pub id: CommandId,
    /// The ledger it is for. The command that founds a project has the project's id as its own.
    pub project: ProjectId,
    /// The key that signed it; says who acts.
    pub device: PublicKey,
    /// How far the device's replica had come when the person acted.
    pub seen: Seen,
    /// The device's own time: shown, and deciding nothing.
    pub at: Millis,
    /// What is asked.
    pub body: Body,
}

/// A place in a ledger: how many entries, and the digest of the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Seen {
    /// The number of the last entry; 0 before the first.
    #[specta(type = f64)]
    pub seq: u64,
    /// Its digest; zeros before the first.
    pub digest: Digest,
}

/// A command in the bytes that were signed, with its signature.
///
/// Equality is equality of bytes and signature: that is what "the same command again" means.
#[derive(Clone, Debug)]
pub struct SignedCommand {
    bytes: Box<RawValue>,
    signature: Signature,
    command: Command,
}

/// Why bytes are no command.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// They are no JSON, or not of a command's form.
    #[error("this is not a command: {0}")]
    Form(#[from] serde_json::Error),
    /// They are not in canonical form.
    #[error("this command can't be read: {0}")]
    Canonical(#[from] CanonicalError),
    /// More than [`limits::COMMAND_BYTES`].
    #[error("the command has {0} bytes; at most {max} are taken", max = limits::COMMAND_BYTES)]
    TooLarge(usize),
    /// It is written in a way that this Galley would not write it, or says more than it knows.
    #[error("this command says things that are not known here; update Galley")]
    Unknown,
    /// The signature is not that of the key that the command names.
    #[error("the signature does not belong to this command and device")]
    Signature,
}

impl SignedCommand {
    /// Signs a command.
    ///
    /// # Errors
    /// The command holds a number that JSON can't, or is too large.
    pub fn sign(command: Command, key: &DeviceKey) -> Result<Self, CommandError> {
        let bytes = canonical::to_canonical(&command)?;
        if bytes.len() > limits::COMMAND_BYTES {
            return Err(CommandError::TooLarge(bytes.len()));
        }
        let signature = key.sign(&bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Self {
            bytes: RawValue::from_string(text)?,
            signature,
            command,
        })
    }

    /// A command that nobody signed, to be tried on a state while there is no key. Its signature
    /// is all zeros and verifies with no key: no registry takes it.
    ///
    /// # Errors
    /// The command holds a number that JSON can't, or is too large.
    pub fn unsigned_preview(command: Command) -> Result<Self, CommandError> {
        let bytes = canonical::to_canonical(&command)?;
        if bytes.len() > limits::COMMAND_BYTES {
            return Err(CommandError::TooLarge(bytes.len()));
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Self {
            bytes: RawValue::from_string(text)?,
            signature: Signature([0; 64]),
            command,
        })
    }

    /// Reads a command as it was sent, and insists on its form; see [`Self::verify`] for the
    /// signature, which costs more.
    ///
    /// # Errors
    /// Bytes that are too many, no JSON, not canonical, or of another form.
    pub fn read(bytes: &str, signature: Signature) -> Result<Self, CommandError> {
        if bytes.len() > limits::COMMAND_BYTES {
            return Err(CommandError::TooLarge(bytes.len()));
        }
        canonical::from_canonical(bytes.as_bytes())?;
        let command = serde_json::from_str(bytes)?;
        // What was signed is what is decided: a field that is not known here, or a second spelling
        // of the same command, is not passed over.
        if canonical::to_canonical(&command)? != bytes.as_bytes() {
            return Err(CommandError::Unknown);
        }
        Ok(Self {
            bytes: RawValue::from_string(bytes.to_owned())?,
            signature,
            command,
        })
    }

    /// Reads the command of an entry whose chain is checked already: canonical form was insisted
    /// on when it was accepted, and is again by whoever verifies the ledger.
    pub(super) fn read_chained(
        bytes: Box<RawValue>,
        signature: Signature,
    ) -> Result<Self, CommandError> {
        let command = serde_json::from_str(bytes.get())?;
        Ok(Self {
            bytes,
            signature,
            command,
        })
    }

    /// Reads the envelope of a command from a newer Galley, whose body is not known here.
    pub(super) fn read_newer(
        bytes: Box<RawValue>,
        signature: Signature,
    ) -> Result<Self, CommandError> {
        #[derive(Deserialize)]
        struct Envelope {
            id: CommandId,
            project: ProjectId,
            device: PublicKey,
            seen: Seen,
            at: Millis,
        }
        let Envelope {
            id,
            project,
            device,
            seen,
            at,
        } = serde_json::from_str(bytes.get())?;
        let command = Command {
            id,
            project,
            device,
            seen,
            at,
            body: Body::Newer,
        };
        Ok(Self {
            bytes,
            signature,
            command,
        })
    }

    /// Checks the form and the signature.
    ///
    /// # Errors
    /// What does not hold.
    pub fn verify(&self) -> Result<(), CommandError> {
        let bytes = self.bytes().as_bytes();
        if bytes.len() > limits::COMMAND_BYTES {
            return Err(CommandError::TooLarge(bytes.len()));
        }
        if self.command.body == Body::Newer {
            canonical::from_canonical(bytes)?;
        } else if canonical::to_canonical(&self.command)? != bytes {
            // Canonical or not: it is not what this Galley would have signed.
            canonical::from_canonical(bytes)?;
            return Err(CommandError::Unknown);
        }
        if self
            .command
            .device
            .verifies(self.bytes().as_bytes(), &self.signature)
        {
            Ok(())
        } else {
            Err(CommandError::Signature)
        }
    }

    /// What was asked.
    #[must_use]
    pub fn command(&self) -> &Command {
        &self.command
    }

    /// The bytes that were signed.
    #[must_use]
    pub fn bytes(&self) -> &str {
        self.bytes.get()
    }

    /// The bytes that were signed, ready to stand inside other JSON.
    #[must_use]
    pub fn raw(&self) -> &RawValue {
        &self.bytes
    }

    /// The signature over them.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The id of the command.
    #[must_use]
    pub fn id(&self) -> CommandId {
        self.command.id
    }

    /// The digest by which "the same id with other bytes" is noticed.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of_parts(&[self.bytes().as_bytes(), &self.signature.0])
    }
}

impl PartialEq for SignedCommand {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes() && self.signature == other.signature
    }
}
impl Eq for SignedCommand {}
