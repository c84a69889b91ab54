//! This computer's clock: it dates notes and decides nothing.

use domain::Millis;
use std::time::{SystemTime, UNIX_EPOCH};

/// The time now.
pub(crate) fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Millis(since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX)))
}
