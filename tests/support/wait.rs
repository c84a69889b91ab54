//! Waiting for something to become true.

use std::time::{Duration, Instant};

/// How long something may take that takes a moment when all is well. Generous: two cores may be
/// busy with a build.
pub const PATIENCE: Duration = Duration::from_secs(150);

/// Looks again and again until `look` finds what it looks for, and gives it back.
///
/// # Panics
/// It did not come: the message says what was waited for and what was there instead.
pub async fn until<T, F>(what: &str, mut look: impl FnMut() -> F) -> T
where
    F: Future<Output = Result<T, String>>,
{
    let started = Instant::now();
    loop {
        let instead = match look().await {
            Ok(found) => return found,
            Err(instead) => instead,
        };
        assert!(
            started.elapsed() < PATIENCE,
            "waited in vain for {what}; there was {instead}"
        );
        // The pause between two looks: it spares the processor and decides nothing.
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
