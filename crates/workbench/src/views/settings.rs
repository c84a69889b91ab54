//! Settings: the registry and its people, environments, keys, providers, the keychain.

use super::{EnvironmentCard, Keychain, Me, PersonRole, Place, State};
use domain::{EnvironmentId, InvitationId, KeyId, Millis, PersonId};
use serde::{Deserialize, Serialize};

/// The Settings screen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Settings {
    /// Where the project's ledger is.
    pub registry: RegistryCard,
    /// Who acts here.
    pub me: Me,
    /// Everybody in the project.
    pub people: Vec<PersonRow>,
    /// The programs that act for it.
    pub services: Vec<ServiceRow>,
    /// Invitations that are open.
    pub invitations: Vec<InvitationRow>,
    /// The environments in their order.
    pub environments: Vec<EnvironmentCard>,
    /// Environment keys and personal tokens.
    pub keys: Vec<KeyRow>,
    /// Who answers prompts on this machine.
    pub providers: Vec<ProviderCard>,
    /// Whether secrets can be kept here.
    pub keychain: Keychain,
    /// The sizes and rates that hold, one line each.
    pub limits: Vec<String>,
}

/// Where a project's ledger is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct RegistryCard {
    /// On this computer or at a team's registry.
    pub place: Place,
    /// The address that applications read from.
    pub address: Option<String>,
    /// How it is doing, in words.
    pub state: String,
}

/// One person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct PersonRow {
    /// Who.
    pub id: PersonId,
    /// Their name.
    pub name: String,
    /// What they may do.
    pub role: PersonRole,
    /// Their devices.
    pub devices: Vec<DeviceRow>,
    /// Whether they were removed.
    pub removed: bool,
}

/// One device of a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct DeviceRow {
    /// Its public key, which is its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it is this one.
    pub this: bool,
    /// Since when it is enrolled.
    pub since: Millis,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// One service account. Its secret is in no view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ServiceRow {
    /// Which.
    pub id: PersonId,
    /// Its name.
    pub name: String,
    /// The member who answers for it.
    pub owner: String,
    /// Whether that member has left: somebody else should answer for it.
    pub owner_left: bool,
    /// Who made it.
    pub by: String,
    /// When.
    pub since: Millis,
    /// What it may do.
    pub rights: domain::permissions::Rights,
    /// The same in words ("may record runs and release in staging").
    pub words: String,
    /// Whether it was removed.
    pub removed: bool,
    /// Whether it still waits in the outbox: its secret opens nothing yet.
    pub unsent: bool,
}

/// One open invitation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct InvitationRow {
    /// Which one.
    pub id: InvitationId,
    /// Who it is for.
    pub name: String,
    /// What they will be able to do.
    pub role: PersonRole,
    /// Who invited.
    pub by: String,
    /// When.
    pub at: Millis,
    /// Until when it can be used.
    pub expires: Option<Millis>,
    /// Where it has got to.
    pub state: State,
}

/// What a key opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// One environment, for an application.
    Environment,
    /// A person's token.
    Personal,
    /// A service account, for CI.
    Service,
}

/// One key or token. Its secret is in no view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct KeyRow {
    /// Its public half.
    pub id: KeyId,
    /// What it opens.
    pub kind: KeyKind,
    /// What people call it.
    pub name: String,
    /// The environment it reads.
    pub environment: Option<EnvironmentId>,
    /// That environment's name.
    pub environment_name: Option<String>,
    /// Who made it.
    pub by: String,
    /// When.
    pub at: Millis,
    /// Until when it works.
    pub expires: Option<Millis>,
    /// Whether it opens nothing any more.
    pub revoked: bool,
    /// How it stands.
    pub state: KeyStanding,
    /// Whether what was done to it waits in the outbox: until the registry has it, it is as it was.
    pub waiting: bool,
    /// Whether it is old enough to be replaced.
    pub old: bool,
    /// How its text begins, so that whoever has one can tell which it is. No part of its secret.
    pub begins: String,
}

/// How a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum KeyStanding {
    /// It opens.
    Open,
    /// It opens until its end; another took its place.
    Replaced,
    /// Its time is over.
    Ended,
    /// It was revoked.
    Revoked,
}

/// What a project's keys were used for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct KeyUsesView {
    /// Why nothing is known, where the registry can't be asked.
    pub note: Option<String>,
    /// Keys that were used; the others never were.
    pub rows: Vec<KeyUseRow>,
}

/// What one key was used for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct KeyUseRow {
    /// Which.
    pub id: KeyId,
    /// When it was last let in.
    pub last_used: Option<Millis>,
    /// Where it had no business, in words; empty for those who aren't admins.
    pub strayed: Vec<String>,
}

/// A key that was just made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct KeyMade {
    /// Its public half.
    pub id: KeyId,
    /// Where its secret is now ("copied to the clipboard; it is shown nowhere else").
    pub words: String,
}

/// A service account that was just made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ServiceMade {
    /// Which one.
    pub id: PersonId,
    /// Where its secret is now.
    pub words: String,
}

/// An invitation that was just made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Invited {
    /// Which one.
    pub id: InvitationId,
    /// Where its link is now, and what to do with it.
    pub words: String,
}

/// What follows from a change, before it is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Consequences {
    /// One line each.
    pub words: Vec<String>,
}

/// How a provider is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum ProviderKind {
    /// OpenAI chat completions: OpenAI, Ollama, llama.cpp, vLLM, LM Studio.
    Openai,
    /// Anthropic messages.
    Anthropic,
    /// Google Gemini.
    Google,
}

/// Whether a provider has its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// It needs one and has none.
    None,
    /// It is in this machine's keychain.
    InKeychain,
    /// It needs none.
    NotNeeded,
}

/// What a provider's key is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Trying things.
    #[default]
    Trying,
    /// CI.
    Ci,
    /// Production; samples never use it.
    Production,
}

/// One provider on this machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ProviderCard {
    /// The name that versions use.
    pub name: String,
    /// How it is spoken to.
    pub kind: ProviderKind,
    /// Its address.
    pub address: String,
    /// The model that is offered first.
    pub model: String,
    /// Whether it has its key.
    pub key: KeyState,
    /// The only origin that its key is sent to.
    pub origin: String,
    /// What its key is for.
    pub purpose: Purpose,
    /// Which prompts of this project name it, if any ("used by 5 prompts"); empty when none.
    pub used_words: String,
    /// What it may be asked at most.
    pub limits: evals::CallLimits,
}

/// A provider as a person sets it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ProviderSettings {
    /// The name that versions use.
    pub name: String,
    /// How it is spoken to.
    pub kind: ProviderKind,
    /// Its address.
    pub address: String,
    /// The model that is offered first.
    pub model: String,
    /// What its key is for.
    #[serde(default)]
    pub purpose: Purpose,
    /// What it may be asked at most.
    #[serde(default)]
    pub limits: evals::CallLimits,
}

/// The answers that are kept on this computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct CacheView {
    /// How many.
    pub answers: u32,
    /// Their bytes.
    #[specta(type = f64)]
    pub bytes: u64,
    /// How many of them no limit reaches: something rests on them that is still to be decided.
    pub held: u32,
    /// Bytes that are kept at most.
    #[specta(type = f64)]
    pub most_bytes: u64,
    /// Days since its last use after which an answer goes; none: it stays however old.
    pub days: Option<u32>,
    /// The same in words.
    pub words: String,
}
