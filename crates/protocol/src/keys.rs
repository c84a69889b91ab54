//! What keys were used for. It is no part of the ledger: the registry sees it, and forgets it when
//! its file is moved without this.

use domain::{EnvironmentId, KeyId, Millis};
use serde::{Deserialize, Serialize};

/// The answer about a project's keys and tokens; those that were never used are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyUses {
    /// The keys.
    pub keys: Vec<KeyUse>,
}

/// What one key or token was used for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyUse {
    /// Which.
    pub key: KeyId,
    /// When a call with it was last let in, by the registry's clock; within the last five seconds
    /// it may lag.
    pub last_used: Option<Millis>,
    /// Calls in which it named another environment than its own. Only admins are told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strayed: Vec<Strayed>,
}

/// Calls with an environment key that named another environment. All were refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strayed {
    /// The environment that was named.
    pub environment: EnvironmentId,
    /// How often.
    pub times: u64,
    /// The last time.
    pub last: Millis,
}
