//! Random moments that can be had again.

use std::time::{Duration, Instant, SystemTime};

/// How many times more often than usual is killed.
pub fn soak() -> usize {
    let factor = std::env::var("GALLEY_SOAK").ok();
    factor.and_then(|factor| factor.parse().ok()).unwrap_or(1)
}

/// Numbers without a pattern, the same for the same seed.
pub struct Chance(u64);

impl Chance {
    /// From `GALLEY_SEED`, or the clock. A test that fails says which.
    pub fn new() -> Self {
        let given = std::env::var("GALLEY_SEED").ok();
        let seed = given.and_then(|seed| seed.parse().ok()).unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            u64::from(now.unwrap().subsec_nanos())
        });
        println!("GALLEY_SEED={seed}");
        Self(seed | 1)
    }

    /// One of `0..end`.
    pub fn below(&mut self, end: u64) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % end
    }

    /// Goes on after a random time. It chooses a moment; nothing waits for it to be enough.
    pub fn pause(&mut self, most_micros: u64) {
        let until = Instant::now() + Duration::from_micros(self.below(most_micros));
        while Instant::now() < until {
            std::thread::yield_now();
        }
    }
}
