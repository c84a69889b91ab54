//! `POST …/commands`: commands in order, and an outcome for each by its id.

use domain::ledger::{CommandError, Signature, SignedCommand};
use domain::{CommandId, Digest, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Commands at most in one request.
pub const MAX_COMMANDS: usize = 200;

/// What is sent.
#[derive(Debug, Serialize, Deserialize)]
pub struct CommandsRequest {
    /// In the order in which they are to be decided.
    pub commands: Vec<WireCommand>,
}

/// A command in its exact bytes, with its signature.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WireCommand {
    /// Canonical JSON.
    pub command: Box<RawValue>,
    /// Over those bytes.
    pub signature: Signature,
}

impl WireCommand {
    /// The command in a form that can be decided; its signature is not yet checked.
    ///
    /// # Errors
    /// Bytes that are no command.
    pub fn read(&self) -> Result<SignedCommand, CommandError> {
        SignedCommand::read(self.command.get(), self.signature)
    }
}

impl From<&SignedCommand> for WireCommand {
    fn from(signed: &SignedCommand) -> Self {
        Self {
            command: signed.raw().to_owned(),
            signature: *signed.signature(),
        }
    }
}

/// What came of them.
#[derive(Debug, Serialize, Deserialize)]
pub struct CommandsResponse {
    /// One for each command, in order.
    pub outcomes: Vec<CommandOutcome>,
}

/// What came of one command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandOutcome {
    /// Which.
    pub id: CommandId,
    /// What.
    #[serde(flatten)]
    pub result: CommandResult,
}

/// Accepted or refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum CommandResult {
    /// It is this entry, on disk. Sending it again gives the same answer.
    Accepted {
        /// Its number.
        seq: u64,
        /// The entry's digest.
        digest: Digest,
    },
    /// Nothing changed.
    Refused {
        /// Why.
        refusal: Refusal,
    },
}
