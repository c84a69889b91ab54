//! What an application reads with an environment key.

use domain::split::Run;
use domain::{Digest, Millis, PromptId, ReleaseId, VersionContent, VersionId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `GET /v1/prompts/{name}`: what the key's environment serves of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServedPrompt {
    /// The prompt's name.
    pub name: String,
    /// Its id, through all its names.
    pub prompt: PromptId,
    /// The environment's name.
    pub environment: String,
    /// The version.
    pub version: ServedVersion,
    /// The release that put it there.
    pub release: ReleaseId,
    /// Since when it is served, in milliseconds since 1970.
    pub since: Millis,
}

/// A version as applications get it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServedVersion {
    /// Its id.
    pub id: VersionId,
    /// Its number.
    pub number: u32,
    /// The digest of its content: what was approved is what runs.
    pub digest: Digest,
    /// Its content.
    pub content: VersionContent,
    /// The content of every snippet that it includes, however deep, by digest.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub snippets: BTreeMap<Digest, VersionContent>,
}

/// One prompt of `GET /v1/environment`: all sides of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServedSplit {
    /// The prompt's name.
    pub name: String,
    /// Its id.
    pub prompt: PromptId,
    /// Its sides, largest first.
    pub sides: Vec<ServedSide>,
    /// Which slots each version has; see `docs/serving.md`.
    pub slots: Vec<Run>,
    /// What a unit is mixed with.
    pub salt: ReleaseId,
    /// The release that put it there.
    pub release: ReleaseId,
    /// Since when.
    pub since: Millis,
}

/// One side of a split.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServedSide {
    /// Hundredths of a percent.
    pub weight: u32,
    /// The version.
    pub version: ServedVersion,
}

/// `GET /v1/environment`: everything that it serves.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServedEnvironment {
    /// The environment's name.
    pub environment: String,
    /// Prompts by name.
    pub prompts: Vec<ServedSplit>,
}

/// The data of a `change` event on `GET /v1/environment/changes`; the event's id is `seq`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentChange {
    /// The entry up to which this is said.
    pub seq: u64,
    /// The prompts whose answer changed, by name. Empty: read everything again (most of it will
    /// be a `304`).
    pub prompts: Vec<String>,
}
