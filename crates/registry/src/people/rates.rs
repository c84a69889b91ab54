//! How often one key may call, and how often one address may fail.

use crate::Limits;
use crate::http::Limited;
use domain::KeyId;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

/// Counts calls.
#[derive(Debug)]
pub struct Rates {
    people: DefaultKeyedRateLimiter<KeyId>,
    environments: DefaultKeyedRateLimiter<KeyId>,
    failures: DefaultKeyedRateLimiter<IpAddr>,
    streams: Arc<Mutex<Places>>,
    connections: Arc<Mutex<Places>>,
    limits: Limits,
}

#[derive(Debug, Default)]
struct Places {
    all: usize,
    by_key: HashMap<KeyId, usize>,
}

/// A place among what is open; given back when it is dropped.
#[derive(Debug)]
struct Place {
    key: KeyId,
    among: Arc<Mutex<Places>>,
}

/// A place among the open streams; given back when it is dropped.
#[derive(Debug)]
pub struct StreamPlace(#[expect(dead_code, reason = "held until it is dropped")] Place);

/// A place among a key's connections; given back when it is dropped.
#[derive(Debug)]
pub struct ConnectionPlace(#[expect(dead_code, reason = "held until it is dropped")] Place);

impl Place {
    fn take(key: KeyId, among: &Arc<Mutex<Places>>, held: &mut Places) -> Self {
        held.all += 1;
        *held.by_key.entry(key).or_default() += 1;
        let among = Arc::clone(among);
        Self { key, among }
    }
}

impl Places {
    fn of(&self, key: KeyId) -> usize {
        self.by_key.get(&key).copied().unwrap_or(0)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.among.lock();
        held.all -= 1;
        if let Some(count) = held.by_key.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                held.by_key.remove(&self.key);
            }
        }
    }
}

/// When to come again, in seconds.
pub type ComeAgain = u64;

impl Rates {
    /// Counting by these limits.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            people: RateLimiter::keyed(Quota::per_second(limits.person_requests_per_second)),
            environments: RateLimiter::keyed(Quota::per_second(
                limits.environment_requests_per_second,
            )),
            failures: RateLimiter::keyed(Quota::per_minute(limits.failed_per_minute)),
            streams: Arc::default(),
            connections: Arc::default(),
            limits,
        }
    }

    /// One call with a person's token.
    ///
    /// # Errors
    /// Too many; when to come again.
    pub fn person(&self, key: KeyId) -> Result<(), ComeAgain> {
        check(&self.people, &key)
    }

    /// One call with an environment key.
    ///
    /// # Errors
    /// Too many; when to come again.
    pub fn environment(&self, key: KeyId) -> Result<(), ComeAgain> {
        check(&self.environments, &key)
    }

    /// One failed authentication. Good keys from the same address are not held up by it.
    ///
    /// # Errors
    /// Too many; when to come again.
    pub fn failure(&self, address: IpAddr) -> Result<(), ComeAgain> {
        check(&self.failures, &address)
    }

    /// A place for a stream.
    ///
    /// # Errors
    /// There are too many, of this key or of all.
    pub fn stream(&self, key: KeyId) -> Result<StreamPlace, Limited> {
        let mut streams = self.streams.lock();
        if streams.of(key) >= self.limits.streams_per_key {
            return Err(Limited::StreamsPerKey);
        }
        if streams.all >= self.limits.streams {
            return Err(Limited::Streams);
        }
        Ok(StreamPlace(Place::take(key, &self.streams, &mut streams)))
    }

    /// A place for a connection; none if the key has too many.
    #[must_use]
    pub fn connection(&self, key: KeyId) -> Option<ConnectionPlace> {
        let mut open = self.connections.lock();
        let room = open.of(key) < self.limits.connections_per_key;
        room.then(|| ConnectionPlace(Place::take(key, &self.connections, &mut open)))
    }

    /// How many streams are open, and how many of them are of the key that has the most.
    #[must_use]
    pub fn open_streams(&self) -> (usize, usize) {
        let streams = self.streams.lock();
        let most = streams.by_key.values().max().copied().unwrap_or(0);
        (streams.all, most)
    }

    /// Forgets keys and addresses that have not called for a while.
    pub fn forget(&self) {
        self.people.retain_recent();
        self.environments.retain_recent();
        self.failures.retain_recent();
    }
}

fn check<K: std::hash::Hash + Eq + Clone>(
    limiter: &DefaultKeyedRateLimiter<K>,
    key: &K,
) -> Result<(), ComeAgain> {
    limiter.check_key(key).map_err(|denied| {
        denied
            .wait_time_from(DefaultClock::default().now())
            .as_secs()
            + 1
    })
}
