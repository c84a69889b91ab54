//! Webhooks: which programs a team's registry tells what happens, and what was sent to them.

use domain::{EnvironmentId, Millis};
use serde::{Deserialize, Serialize};

/// The webhooks of a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct WebhooksView {
    /// Why there are none to look after here, and what to do; none where there are.
    pub note: Option<String>,
    /// What can be sent.
    pub choices: Vec<WebhookChoice>,
    /// The oldest first.
    pub webhooks: Vec<WebhookRow>,
}

/// Something that can be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct WebhookChoice {
    /// As the receiver reads it.
    pub key: String,
    /// In words.
    pub words: String,
}

/// How a webhook is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum WebhookHealth {
    /// Nothing was sent yet.
    New,
    /// What was sent last arrived.
    Good,
    /// What was sent last did not arrive.
    Failing,
    /// Nothing is sent.
    Off,
}

/// One webhook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct WebhookRow {
    /// Its id.
    pub id: String,
    /// Where it leads.
    pub url: String,
    /// What is sent, as the receiver reads it.
    pub kinds: Vec<String>,
    /// The same in words.
    pub kind_words: String,
    /// Only what is about these environments; empty: all.
    pub environments: Vec<EnvironmentId>,
    /// The same in words.
    pub environment_words: String,
    /// Whether anything is sent.
    pub enabled: bool,
    /// How it is doing.
    pub health: WebhookHealth,
    /// The same in words.
    pub words: String,
    /// When something was sent last.
    pub last: Option<Millis>,
    /// Who made it.
    pub by: String,
    /// When.
    pub at: Millis,
}

/// A webhook as a person sets it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct WebhookDraft {
    /// Where it leads.
    pub url: String,
    /// What is sent.
    pub kinds: Vec<String>,
    /// Only what is about these environments; empty: all.
    pub environments: Vec<EnvironmentId>,
}

/// A webhook that was just made, or has another secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct WebhookMade {
    /// Its id.
    pub id: String,
    /// Where its secret is now ("on the clipboard").
    pub words: String,
}

/// Where a delivery has got to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryProgress {
    /// It is tried now, or will be.
    Waiting,
    /// It arrived.
    Delivered,
    /// It did not arrive, and is not tried any more.
    GivenUp,
}

/// Something that was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct DeliveryRow {
    /// Its id.
    pub id: String,
    /// What it told, as the receiver reads it.
    pub kind: String,
    /// The same in words.
    pub kind_words: String,
    /// What the receiver knows it by (`webhook-id`).
    pub message: String,
    /// When it was taken up.
    pub at: Millis,
    /// Where it has got to.
    pub progress: DeliveryProgress,
    /// The same in words: what the receiver said, how often it was tried.
    pub words: String,
    /// When it is tried next.
    pub next: Option<Millis>,
    /// The beginning of what the receiver answered, as text.
    pub answer: String,
    /// Whether it repeats an earlier one.
    pub again: bool,
}

/// What was sent to one webhook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct DeliveryLog {
    /// The newest first.
    pub deliveries: Vec<DeliveryRow>,
    /// Whether there are older ones.
    pub more: bool,
}
