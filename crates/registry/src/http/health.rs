//! Whether the process lives, and whether it can serve.

use super::{App, Failure};
use axum::extract::State;
use protocol::ErrorCode;

/// The process lives.
pub async fn healthz() -> &'static str {
    "ok"
}

/// Whether to send requests here: what was there at the start is in memory, the listener is not
/// about to stop, and the data file can be read and written to.
pub async fn readyz(State(app): State<App>) -> Result<&'static str, Failure> {
    if let Some(why) = app.gate.unready() {
        return Err(Failure::new(ErrorCode::Unavailable, why));
    }
    app.registry
        .blocking(|projects| projects.ledger().writable())
        .await?;
    Ok("ready")
}
