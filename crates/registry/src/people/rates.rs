//! How often one key may call, and how often one address may fail.

use crate::Limits;
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
    streams: Arc<Mutex<Streams>>,
    limits: Limits,
}

#[derive(Debug, Default)]
struct Streams {
    all: usize,
    by_key: HashMap<KeyId, usize>,
}

/// A place among the open streams; given back when it is dropped.
#[derive(Debug)]
pub struct StreamPlace {
    key: KeyId,
    streams: Arc<Mutex<Streams>>,
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        let mut streams = self.streams.lock();
        streams.all -= 1;
        if let Some(count) = streams.by_key.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                streams.by_key.remove(&self.key);
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

    /// A place for a stream; none if there are too many.
    #[must_use]
    pub fn stream(&self, key: KeyId) -> Option<StreamPlace> {
        let mut streams = self.streams.lock();
        let mine = streams.by_key.get(&key).copied().unwrap_or(0);
        if streams.all >= self.limits.streams || mine >= self.limits.streams_per_key {
            return None;
        }
        streams.all += 1;
        streams.by_key.insert(key, mine + 1);
        Some(StreamPlace {
            key,
            streams: Arc::clone(&self.streams),
        })
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
