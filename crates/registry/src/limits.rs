//! What a registry takes at most; `docs/limits.md` lists all of it for people.

use std::num::NonZeroU32;

/// Bytes of one request that carries commands.
pub const COMMANDS_BYTES: usize = 16 << 20;
/// Bytes of one request that asks for contents by digest.
pub const CONTENT_REQUEST_BYTES: usize = 128 << 10;
/// Bytes of one content: the largest that the domain knows is a dataset.
pub const CONTENT_BYTES: usize = domain::limits::DATASET_BYTES;
/// Bytes of one request that gives a ledger. A content is text inside JSON there, so the largest
/// may take twice its size.
pub const GIVE_BYTES: usize = 160 << 20;
/// Bytes of a path with its query.
pub const URI_BYTES: usize = 8 << 10;
/// Bytes of a request's line and headers.
pub const HEADER_BYTES: usize = 64 << 10;
/// How long content is kept that no entry names.
pub const LOOSE_MILLIS: i64 = 24 * 60 * 60 * 1_000;
/// How long a used one-time invitation may go on giving the ledger that it began.
pub const GIVING_MILLIS: i64 = 24 * 60 * 60 * 1_000;
/// Webhooks of one project.
pub const WEBHOOKS: usize = 20;
/// Bytes of a webhook's address.
pub const WEBHOOK_URL_BYTES: usize = 2_000;
/// Bytes of a request that says something of a webhook.
pub const WEBHOOK_REQUEST_BYTES: usize = 64 << 10;
/// Bytes of what is delivered; of more changes than fit, the rest are counted.
pub const WEBHOOK_BODY_BYTES: usize = 256 << 10;
/// Deliveries of one webhook that wait. What happens beyond them is taken up from the ledger when
/// there is room again.
pub const WEBHOOK_WAITING: usize = 1_000;
/// Deliveries of one webhook that are kept in its log after they ended.
pub const WEBHOOK_LOG: usize = 500;
/// Deliveries in one page of a log.
pub const WEBHOOK_PAGE: usize = 50;
/// Characters of a receiver's answer that are kept.
pub const WEBHOOK_ANSWER_CHARS: usize = 500;
/// Deliveries under way at once: to one webhook, for one project, for all.
pub const WEBHOOK_AT_ONCE: [usize; 3] = [4, 16, 64];
/// How long a receiver may take.
pub const WEBHOOK_PATIENCE: std::time::Duration = std::time::Duration::from_secs(15);

/// What an operator may set.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of content in one project that no entry names yet.
    pub loose_bytes: u64,
    /// Requests a second of one person's token or invitation.
    pub person_requests_per_second: NonZeroU32,
    /// Requests a second of one environment key.
    pub environment_requests_per_second: NonZeroU32,
    /// Failed authentications a minute from one address, before the answer is "too many".
    pub failed_per_minute: NonZeroU32,
    /// Connections at once.
    pub connections: usize,
    /// Connections at once on which one key was the first to be used; not counted behind a proxy.
    pub connections_per_key: usize,
    /// Streams of changes at once, over all keys.
    pub streams: usize,
    /// Streams of changes at once for one key.
    pub streams_per_key: usize,
    /// Answers that hold much memory (a ledger's page, contents) at once.
    pub large_at_once: usize,
    /// Bytes of bodies in memory at once, over all keys; one key may hold half of them.
    pub body_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        let number = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        Self {
            loose_bytes: 1 << 30,
            person_requests_per_second: number(5_000),
            environment_requests_per_second: number(20_000),
            failed_per_minute: number(60),
            connections: 10_000,
            connections_per_key: 2_500,
            streams: 5_000,
            streams_per_key: 1_000,
            large_at_once: 8,
            body_bytes: 384 << 20,
        }
    }
}
