//! What is counted for `/metrics`: calls by route, method and status, how long they took, and what
//! was refused. Nothing here names a project, a person, a prompt or a key.
//!
//! Counting is a few additions without a lock: it stands in the way of every read.

use crate::webhooks::Outcome;
use http::{Method, StatusCode};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// The methods that are told apart; anything else is the last.
pub(super) const METHODS: [&str; 7] = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "other"];
/// The statuses that are told apart: those of `/openapi.json`, and a fault of ours.
pub(super) const STATUSES: [u16; 17] = [
    200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 409, 410, 413, 429, 500, 503, 0,
];
/// The upper ends of the histogram's buckets, in microseconds; the last has none.
pub(super) const BUCKETS: [u64; 12] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 50_000, 100_000, 500_000, 1_000_000, 5_000_000,
];

/// Which limit held a call up: the settings' names under `limits.`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limited {
    /// Requests of one person's token or invitation.
    PersonRequests,
    /// Requests of one environment key.
    EnvironmentRequests,
    /// Refused calls from one address.
    Failed,
    /// Streams, over all keys.
    Streams,
    /// Streams of one key.
    StreamsPerKey,
    /// Connections of one key.
    ConnectionsPerKey,
    /// Bodies in memory.
    Bodies,
    /// Content that no entry names.
    Loose,
}

impl Limited {
    pub(super) const ALL: [(Self, &'static str); 8] = [
        (Self::PersonRequests, "person_requests_per_second"),
        (Self::EnvironmentRequests, "environment_requests_per_second"),
        (Self::Failed, "failed_per_minute"),
        (Self::Streams, "streams"),
        (Self::StreamsPerKey, "streams_per_key"),
        (Self::ConnectionsPerKey, "connections_per_key"),
        (Self::Bodies, "body_bytes"),
        (Self::Loose, "loose_bytes"),
    ];
}

/// Why a call was turned away at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No key, or none that opens anything.
    UnknownKey,
    /// A good key, at a door that is not its own.
    OtherDoor,
    /// It comes from a web page.
    Origin,
    /// It calls the registry by a name that it does not have.
    Host,
}

impl Refused {
    pub(super) const ALL: [(Self, &'static str); 4] = [
        (Self::UnknownKey, "unknown_key"),
        (Self::OtherDoor, "other_door"),
        (Self::Origin, "origin"),
        (Self::Host, "host"),
    ];
}

/// One route with one method.
#[derive(Debug, Default)]
pub(super) struct Calls {
    pub(super) statuses: [AtomicU64; STATUSES.len()],
    /// Not added up: each call is in one of them.
    pub(super) buckets: [AtomicU64; BUCKETS.len() + 1],
    pub(super) micros: AtomicU64,
}

/// What happened since the start.
#[derive(Debug)]
pub struct Counts {
    pub(super) paths: Vec<&'static str>,
    places: HashMap<&'static str, usize>,
    pub(super) calls: Vec<[Calls; METHODS.len()]>,
    pub(super) limited: [AtomicU64; Limited::ALL.len()],
    pub(super) refused: [AtomicU64; Refused::ALL.len()],
    pub(super) commands: [AtomicU64; 2],
    pub(super) webhooks: [AtomicU64; 2],
}

impl Default for Counts {
    fn default() -> Self {
        // What is no path of ours is counted under the first.
        let mut paths = vec!["none"];
        for route in super::routes() {
            if !paths.contains(&route.path) {
                paths.push(route.path);
            }
        }
        Self {
            places: paths.iter().copied().zip(0..).collect(),
            calls: paths.iter().map(|_| Default::default()).collect(),
            paths,
            limited: Default::default(),
            refused: Default::default(),
            commands: Default::default(),
            webhooks: Default::default(),
        }
    }
}

impl Counts {
    pub(super) fn answered(
        &self,
        route: Option<&str>,
        method: &Method,
        status: StatusCode,
        took: Duration,
    ) {
        let place = route.and_then(|path| self.places.get(path)).unwrap_or(&0);
        let last = METHODS.len() - 1;
        let method = METHODS.iter().position(|known| *known == method.as_str());
        let Some(calls) = self
            .calls
            .get(*place)
            .and_then(|methods| methods.get(method.unwrap_or(last)))
        else {
            return;
        };
        let status = STATUSES.iter().position(|known| *known == status.as_u16());
        if let Some(count) = calls.statuses.get(status.unwrap_or(STATUSES.len() - 1)) {
            count.fetch_add(1, Relaxed);
        }
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BUCKETS.partition_point(|end| *end < micros);
        if let Some(count) = calls.buckets.get(bucket) {
            count.fetch_add(1, Relaxed);
        }
        calls.micros.fetch_add(micros, Relaxed);
    }

    pub(crate) fn limited(&self, by: Limited) {
        let place = Limited::ALL.iter().position(|(one, _)| *one == by);
        if let Some(count) = place.and_then(|place| self.limited.get(place)) {
            count.fetch_add(1, Relaxed);
        }
    }

    pub(super) fn refused(&self, why: Refused) {
        let place = Refused::ALL.iter().position(|(one, _)| *one == why);
        if let Some(count) = place.and_then(|place| self.refused.get(place)) {
            count.fetch_add(1, Relaxed);
        }
    }

    pub(super) fn decided(&self, accepted: u64, refused: u64) {
        self.commands[0].fetch_add(accepted, Relaxed);
        self.commands[1].fetch_add(refused, Relaxed);
    }

    pub(crate) fn tried(&self, outcome: Outcome) {
        let place = usize::from(!matches!(outcome, Outcome::Delivered));
        self.webhooks[place].fetch_add(1, Relaxed);
    }
}
