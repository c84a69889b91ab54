//! How often the engine does what.

use crate::SyncError;
use crate::client::ClientError;
use std::hash::{BuildHasher as _, Hasher as _};
use std::time::Duration;

/// How often the engine does what. The defaults suit a laptop; tests are in more of a hurry.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Between rounds while server-sent events come: they could be lost without a sign.
    pub poll_behind_events: Duration,
    /// Between rounds where events can't be had.
    pub poll: Duration,
    /// After a first failure; doubled after each further one.
    pub retry_first: Duration,
    /// The longest wait after a failure.
    pub retry_most: Duration,
    /// After something that needs a person.
    pub problem: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            poll_behind_events: Duration::from_secs(60),
            poll: Duration::from_secs(10),
            retry_first: Duration::from_secs(1),
            retry_most: Duration::from_secs(60),
            problem: Duration::from_secs(60),
        }
    }
}

impl Pace {
    /// How long to wait after so many failures in a row, the last of them this one.
    pub(super) fn after_failure(&self, failures: u32, error: &SyncError) -> Duration {
        if let SyncError::Client(ClientError::Refused {
            retry_after: Some(asked),
            ..
        }) = error
        {
            return (*asked).min(self.retry_most);
        }
        if !error.is_passing() {
            return self.problem;
        }
        jittered(self.back_off(failures), random())
    }

    fn back_off(&self, failures: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1).min(16));
        self.retry_first
            .saturating_mul(doubled)
            .min(self.retry_most)
    }
}

/// Between half and the whole of it: a hundred laptops must not come back in the same second.
fn jittered(pause: Duration, random: u64) -> Duration {
    let half = pause / 2;
    let share = u32::try_from(random % 1_000).unwrap_or(0);
    half + half * share / 1_000
}

// Good enough to scatter laptops; nothing secret hangs on it.
fn random() -> u64 {
    std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_twice_as_long_each_time_up_to_the_most() {
        let pace = Pace::default();
        let table = [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (40, 60)];
        for (failures, seconds) in table {
            assert_eq!(pace.back_off(failures), Duration::from_secs(seconds));
        }
    }

    #[test]
    fn scatters_between_half_and_all() {
        let minute = Duration::from_secs(60);
        assert_eq!(jittered(minute, 0), Duration::from_secs(30));
        assert_eq!(jittered(minute, 500), Duration::from_secs(45));
        assert!(jittered(minute, 999) < minute);
    }
}
