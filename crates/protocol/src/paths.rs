//! Every path, once. A name with `/` is one URL-encoded segment.

use crate::webhooks::{DeliveryId, WebhookId};
use domain::{Digest, ProjectId};

/// Whether the process lives.
pub const HEALTHZ: &str = "/healthz";
/// Whether it can serve.
pub const READYZ: &str = "/readyz";
/// Prometheus text.
pub const METRICS: &str = "/metrics";
/// The OpenAPI document.
pub const OPENAPI: &str = "/openapi.json";
/// Who the bearer is, and what they may reach: [`crate::ledger::Me`].
pub const ME: &str = "/v1/me";
/// What the key's environment serves of one prompt.
pub const PROMPT: &str = "/v1/prompts/{name}";
/// Everything that the key's environment serves.
pub const ENVIRONMENT: &str = "/v1/environment";
/// Releases in the key's environment, as server-sent events.
pub const ENVIRONMENT_CHANGES: &str = "/v1/environment/changes";
/// What the key's environment serves of one prompt, as Langfuse's SDKs read it.
pub const LANGFUSE_PROMPT: &str = "/api/public/v2/prompts/{name}";
/// A list of what the key's environment serves, as Langfuse's SDKs read it.
pub const LANGFUSE_PROMPTS: &str = "/api/public/v2/prompts";
/// Where Langfuse's SDKs move labels; here it is refused in words.
pub const LANGFUSE_VERSION: &str = "/api/public/v2/prompts/{name}/versions/{version}";
/// Entries after a number: lines, each the exact bytes of an entry.
pub const LEDGER: &str = "/v1/projects/{project}/ledger";
/// Commands to decide.
pub const COMMANDS: &str = "/v1/projects/{project}/commands";
/// One content: `GET` and `PUT`.
pub const CONTENT: &str = "/v1/projects/{project}/content/{digest}";
/// Many contents at once: `POST` of a [`crate::ledger::ContentRequest`].
pub const CONTENTS: &str = "/v1/projects/{project}/content";
/// Growth of the ledger, as server-sent events.
pub const CHANGES: &str = "/v1/projects/{project}/changes";
/// What a project's keys were used for.
pub const KEYS: &str = "/v1/projects/{project}/keys";
/// A project's webhooks: `GET` and `POST`.
pub const WEBHOOKS: &str = "/v1/projects/{project}/webhooks";
/// One webhook: `PATCH` and `DELETE`.
pub const WEBHOOK: &str = "/v1/projects/{project}/webhooks/{webhook}";
/// Another secret for a webhook.
pub const WEBHOOK_SECRET: &str = "/v1/projects/{project}/webhooks/{webhook}/secret";
/// Sending a webhook something to try it.
pub const WEBHOOK_TEST: &str = "/v1/projects/{project}/webhooks/{webhook}/test";
/// What was sent to a webhook.
pub const DELIVERIES: &str = "/v1/projects/{project}/webhooks/{webhook}/deliveries";
/// Sending something once more.
pub const REPLAY: &str = "/v1/projects/{project}/webhooks/{webhook}/deliveries/{delivery}/replay";

/// The path of a project's ledger, for entries after `seq`.
#[must_use]
pub fn ledger(project: ProjectId, after: u64) -> String {
    format!("/v1/projects/{project}/ledger?after={after}")
}

/// The path to which a ledger is given (rule 12 of the design).
#[must_use]
pub fn give_ledger(project: ProjectId) -> String {
    format!("/v1/projects/{project}/ledger")
}

/// The path of a project's commands.
#[must_use]
pub fn commands(project: ProjectId) -> String {
    format!("/v1/projects/{project}/commands")
}

/// The path of what a project's keys were used for.
#[must_use]
pub fn keys(project: ProjectId) -> String {
    format!("/v1/projects/{project}/keys")
}

/// The path of one content.
#[must_use]
pub fn content(project: ProjectId, digest: &Digest) -> String {
    format!("/v1/projects/{project}/content/{digest}")
}

/// The path of many contents.
#[must_use]
pub fn contents(project: ProjectId) -> String {
    format!("/v1/projects/{project}/content")
}

/// The path of a project's changes.
#[must_use]
pub fn changes(project: ProjectId) -> String {
    format!("/v1/projects/{project}/changes")
}

/// The path of a project's webhooks.
#[must_use]
pub fn webhooks(project: ProjectId) -> String {
    format!("/v1/projects/{project}/webhooks")
}

/// The path of one webhook.
#[must_use]
pub fn webhook(project: ProjectId, webhook: WebhookId) -> String {
    format!("{}/{webhook}", webhooks(project))
}

/// The path of a webhook's secret.
#[must_use]
pub fn webhook_secret(project: ProjectId, id: WebhookId) -> String {
    format!("{}/secret", webhook(project, id))
}

/// The path of a webhook's test.
#[must_use]
pub fn webhook_test(project: ProjectId, id: WebhookId) -> String {
    format!("{}/test", webhook(project, id))
}

/// The path of a webhook's deliveries, the newest first; those before one of them.
#[must_use]
pub fn deliveries(project: ProjectId, id: WebhookId, before: Option<DeliveryId>) -> String {
    let path = format!("{}/deliveries", webhook(project, id));
    match before {
        Some(before) => format!("{path}?before={before}"),
        None => path,
    }
}

/// The path of sending a delivery once more.
#[must_use]
pub fn replay(project: ProjectId, id: WebhookId, delivery: DeliveryId) -> String {
    format!("{}/deliveries/{delivery}/replay", webhook(project, id))
}

/// The path of a served prompt.
#[must_use]
pub fn prompt(name: &str) -> String {
    format!("/v1/prompts/{}", encode_segment(name))
}

/// Percent-encodes a text as one path segment (RFC 3986: all but the unreserved characters).
#[must_use]
pub fn encode_segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => {
                out.push('%');
                out.push_str(&hex::encode_upper([byte]));
            }
        }
    }
    out
}
