//! Webhooks of a project: what an admin says of them, and what was delivered.
//!
//! What is delivered itself is in `docs/webhooks.md`: it goes to whoever listens there, not between
//! our own programs.

use domain::{EnvironmentId, Millis, PersonId};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::from_str(text).map(Self)
            }
        }
    )*};
}

ids! {
    /// One webhook.
    WebhookId
    /// One thing that was to be delivered to one webhook.
    DeliveryId
}

/// What happened, as the `type` of what is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum WebhookKind {
    /// A release was asked for.
    #[serde(rename = "request.opened")]
    RequestOpened,
    /// A request asks for something else, was taken back, or lost a verdict.
    #[serde(rename = "request.changed")]
    RequestChanged,
    /// A reviewer gave a verdict.
    #[serde(rename = "verdict.given")]
    VerdictGiven,
    /// Environments serve something else.
    #[serde(rename = "release.made")]
    ReleaseMade,
    /// An environment went back to what it served before.
    #[serde(rename = "release.reverted")]
    ReleaseReverted,
    /// A version was saved.
    #[serde(rename = "version.saved")]
    VersionSaved,
    /// Somebody tries whether it arrives. Sent to whoever asks for it, never chosen.
    #[serde(rename = "test")]
    Test,
}

impl WebhookKind {
    /// Those that a webhook can be for, in the order in which they are offered.
    pub const CHOICES: [Self; 6] = [
        Self::RequestOpened,
        Self::RequestChanged,
        Self::VerdictGiven,
        Self::ReleaseMade,
        Self::ReleaseReverted,
        Self::VersionSaved,
    ];

    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RequestOpened => "request.opened",
            Self::RequestChanged => "request.changed",
            Self::VerdictGiven => "verdict.given",
            Self::ReleaseMade => "release.made",
            Self::ReleaseReverted => "release.reverted",
            Self::VersionSaved => "version.saved",
            Self::Test => "test",
        }
    }

    /// One that a webhook can be for, as it is written.
    #[must_use]
    pub fn choice(text: &str) -> Option<Self> {
        Self::CHOICES.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl fmt::Display for WebhookKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `POST …/webhooks`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// Where to deliver.
    pub url: String,
    /// What to deliver.
    pub kinds: Vec<WebhookKind>,
    /// Only what is about one of these environments; none named: about any. A saved version is
    /// about none, and always told.
    #[serde(default)]
    pub environments: Vec<EnvironmentId>,
}

/// `PATCH …/webhooks/{webhook}`: what is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeWebhook {
    /// Where to deliver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What to deliver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<WebhookKind>>,
    /// About which environments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<EnvironmentId>>,
    /// Whether to deliver at all. What happens while it is off is not delivered later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// A webhook. Its secret is in no answer but the one that makes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Where to deliver.
    pub url: String,
    /// What to deliver.
    pub kinds: Vec<WebhookKind>,
    /// About which environments; empty: any.
    pub environments: Vec<EnvironmentId>,
    /// Whether to deliver at all.
    pub enabled: bool,
    /// Why it was switched off, if nobody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// Who made it.
    pub made_by: PersonId,
    /// When.
    pub made_at: Millis,
    /// Whether its secret is where the registry keeps secrets; without it nothing can be sent.
    pub has_secret: bool,
    /// Deliveries that wait.
    pub waiting: u32,
    /// The delivery that was tried last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Delivery>,
}

/// `GET …/webhooks`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Webhooks {
    /// The oldest first.
    pub webhooks: Vec<Webhook>,
}

/// The answer to making a webhook, or another secret for one. `Debug` shows nothing of the secret.
#[derive(Clone, Serialize, Deserialize)]
pub struct MadeWebhook {
    /// The webhook.
    pub webhook: Webhook,
    /// Its secret, shown this once: `whsec_…`.
    pub secret: String,
}

impl fmt::Debug for MadeWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MadeWebhook")
            .field("webhook", &self.webhook)
            .finish_non_exhaustive()
    }
}

/// How a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is tried now, or will be (again).
    Waiting,
    /// It arrived.
    Delivered,
    /// It did not, and is not tried any more.
    GivenUp,
}

/// One thing that was to be delivered to one webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// What the receiver knows it by (`webhook-id`): the same through all attempts and replays.
    pub message: String,
    /// What happened.
    pub kind: WebhookKind,
    /// The entry that tells it; none for a test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// When it was taken up.
    pub made_at: Millis,
    /// How it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Millis>,
    /// How the last attempt went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Attempt>,
    /// The delivery that this repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay_of: Option<DeliveryId>,
}

/// How an attempt went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When.
    pub at: Millis,
    /// The receiver's status; none if it did not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The beginning of what it answered, as text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub answer: String,
    /// Why it did not count as delivered, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// `GET …/webhooks/{webhook}/deliveries`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Deliveries {
    /// The newest first.
    pub deliveries: Vec<Delivery>,
    /// Whether there are older ones: ask for those before the last of these.
    pub more: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_written_the_same_everywhere_and_a_test_can_not_be_chosen() {
        for kind in WebhookKind::CHOICES {
            assert_eq!(WebhookKind::choice(kind.as_str()), Some(kind));
            let json = serde_json::to_value(kind).unwrap();
            assert_eq!(json, kind.as_str());
        }
        assert_eq!(serde_json::to_value(WebhookKind::Test).unwrap(), "test");
        for none in ["test", "release", "Release.made", ""] {
            assert_eq!(WebhookKind::choice(none), None, "{none}");
        }
    }

    #[test]
    fn a_secret_is_not_in_debug_output() {
        let made = MadeWebhook {
            webhook: Webhook {
                id: WebhookId(Uuid::from_u128(1)),
                url: "https://example.com/".into(),
                kinds: vec![WebhookKind::ReleaseMade],
                environments: Vec::new(),
                enabled: true,
                stopped: None,
                made_by: PersonId(Uuid::from_u128(2)),
                made_at: Millis(3),
                has_secret: true,
                waiting: 0,
                last: None,
            },
            secret: "whsec_c2VjcmV0".into(),
        };
        assert!(!format!("{made:?}").contains("c2VjcmV0"));
    }
}
