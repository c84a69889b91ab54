//! `/openapi.json`: the contract for those who don't read Rust. A test holds it to [`super::routes`].

use http::header;

/// The document, kept by hand.
pub const DOCUMENT: &str = include_str!("openapi.json");

/// The document.
pub async fn document() -> ([(header::HeaderName, &'static str); 1], &'static str) {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT)
}
