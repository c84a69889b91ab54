//! How long to wait before asking again.

use crate::AskError;
use std::time::{Duration, SystemTime};

/// How often, and after what pauses, a question is asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Attempts after the first.
    pub retries: u32,
    /// The pause before the first of them; it doubles from one to the next.
    pub first: Duration,
    /// No pause of our own is longer, and no provider's wish for a longer one is followed: the
    /// question fails then and says so.
    pub longest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            retries: 4,
            first: Duration::from_millis(500),
            longest: Duration::from_secs(120),
        }
    }
}

impl Patience {
    /// The pause before attempt `attempt` (1 is the first repetition), or nothing when it is over.
    /// `seed` spreads many askers apart; the same seed gives the same pauses.
    pub(crate) fn pause(&self, error: &AskError, attempt: u32, seed: u64) -> Option<Duration> {
        if attempt > self.retries || !error.is_passing() {
            return None;
        }
        let doubled = self
            .first
            .saturating_mul(1_u32.checked_shl(attempt - 1).unwrap_or(u32::MAX));
        // Between half and the whole of it.
        let own = doubled
            .min(self.longest)
            .mul_f64(0.5 + fraction(seed, attempt) / 2.0);
        match error.wait() {
            // What a provider asks for is the least; the spread keeps all from coming back at once.
            Some(wait) if wait <= self.longest => {
                Some(wait + self.first.mul_f64(fraction(seed, attempt)))
            }
            Some(_) => None,
            None => Some(own),
        }
    }
}

/// A number from 0 to 1 that depends on both (SplitMix64).
#[allow(clippy::cast_precision_loss)] // 53 bits are exact.
fn fraction(seed: u64, attempt: u32) -> f64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(u64::from(attempt) + 1));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Reads `Retry-After`: seconds, or a date.
pub(crate) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slow(wait: Option<Duration>) -> AskError {
        AskError::SlowDown {
            provider: "p".to_owned(),
            wait,
            message: String::new(),
        }
    }

    #[test]
    fn pauses_double_and_spread() {
        let patience = Patience {
            retries: 8,
            first: Duration::from_secs(1),
            longest: Duration::from_secs(20),
        };
        for (attempt, whole) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 20), (8, 20)] {
            for seed in 0..50 {
                let pause = patience
                    .pause(&slow(None), attempt, seed)
                    .expect("patience left");
                let whole = Duration::from_secs(whole);
                assert!(pause >= whole / 2 && pause <= whole, "{attempt}: {pause:?}");
            }
        }
        assert_eq!(patience.pause(&slow(None), 9, 1), None);
        assert_ne!(
            patience.pause(&slow(None), 1, 1),
            patience.pause(&slow(None), 1, 2)
        );
        assert_eq!(
            patience.pause(&slow(None), 1, 1),
            patience.pause(&slow(None), 1, 1)
        );
    }

    #[test]
    fn a_providers_wish_is_followed_up_to_the_limit() {
        let patience = Patience::default();
        let wish = Duration::from_secs(30);
        assert!(
            patience
                .pause(&slow(Some(wish)), 1, 7)
                .expect("patience left")
                >= wish
        );
        assert_eq!(
            patience.pause(&slow(Some(Duration::from_secs(121))), 1, 7),
            None
        );
    }

    #[test]
    fn a_refusal_is_not_asked_again() {
        let refused = AskError::Refused {
            provider: "p".to_owned(),
            status: 400,
            message: String::new(),
        };
        assert_eq!(Patience::default().pause(&refused, 1, 1), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let table = [
            ("30", Some(30_000)),
            ("0", Some(0)),
            ("1.5", Some(1500)),
            // RFC 9110's own example is that very second.
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:50:07 GMT", Some(30_000)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
            ("1e300", None),
        ];
        for (value, expected) in table {
            assert_eq!(
                retry_after(value, now),
                expected.map(Duration::from_millis),
                "{value}"
            );
        }
    }
}
