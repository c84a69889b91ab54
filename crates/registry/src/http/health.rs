//! Whether the process lives, whether it can serve, and what it counted.

use super::{App, Failure};
use axum::extract::State;
use http::header;

/// The process lives.
pub async fn healthz() -> &'static str {
    "ok"
}

/// The data file can be read and written to, and the listener is not stopping.
pub async fn readyz(State(app): State<App>) -> Result<&'static str, Failure> {
    if app.gate.stopping.is_cancelled() {
        return Err(Failure::new(
            protocol::ErrorCode::Unavailable,
            "the registry is stopping",
        ));
    }
    app.registry
        .blocking(|projects| projects.ledger().writable())
        .await?;
    Ok("ready")
}

/// Counts, as Prometheus reads them.
pub async fn metrics(State(app): State<App>) -> ([(header::HeaderName, &'static str); 1], String) {
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        app.registry.inner.counts.text(),
    )
}
