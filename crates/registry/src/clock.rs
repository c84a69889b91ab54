//! The registry's clock. It is read in one place and passed on; the ledger sees to it that it
//! never runs backwards there.

use domain::Millis;
use std::time::{SystemTime, UNIX_EPOCH};

/// Now, as the system says.
#[must_use]
pub fn now() -> Millis {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
