//! When something is tried again, and the clock that says so.

use domain::{Digest, Millis};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// How long to wait after each attempt that failed, as the Standard Webhooks scheme suggests;
/// after the last of them it is given up. About three days and four hours in all.
pub const WAITS: [i64; 9] = [
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
];

/// When to try again after so many attempts; none when it is given up.
///
/// Up to a fifth is added, so that what failed together is not tried together for ever. It is a
/// function of the message: nobody needs to remember it.
#[must_use]
pub fn again(message: &str, attempts: u32, now: Millis) -> Option<Millis> {
    let place = usize::try_from(attempts.checked_sub(1)?).ok()?;
    let wait = *WAITS.get(place)?;
    let mixed = Digest::of_parts(&[message.as_bytes(), &attempts.to_be_bytes()]);
    let share = i64::from(mixed.0[0]);
    Some(now.plus(wait + wait / 5 * share / 255))
}

/// The end of a wait.
pub type Waited<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// What time it is, and waiting. The system's own outside of tests.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Now.
    fn now(&self) -> Millis;
    /// Waits until then, or for a while: whoever waits looks at the clock again.
    fn until(&self, at: Millis) -> Waited<'_>;
}

/// The system's clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

/// A clock that is set anew is noticed after this long.
const LOOK: u64 = 60_000;

impl Clock for SystemClock {
    fn now(&self) -> Millis {
        crate::clock::now()
    }

    fn until(&self, at: Millis) -> Waited<'_> {
        let left = u64::try_from(at.0.saturating_sub(self.now().0)).unwrap_or(0);
        Box::pin(tokio::time::sleep(Duration::from_millis(left.min(LOOK))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let now = Millis(1_000_000);
        for (attempts, least) in (1..).zip(WAITS) {
            for message in ["msg_a", "msg_b", "msg_c"] {
                let at = again(message, attempts, now).unwrap();
                let waited = at.0 - now.0;
                assert!(waited >= least && waited <= least + least / 5, "{waited}");
                assert_eq!(again(message, attempts, now), Some(at));
            }
        }
        assert_eq!(again("msg_a", 10, now), None);
        assert_eq!(again("msg_a", 0, now), None);
        let apart: std::collections::BTreeSet<_> = (0..20)
            .map(|number| again(&format!("msg_{number}"), 9, now))
            .collect();
        assert!(apart.len() > 15, "they are spread: {apart:?}");
    }
}
