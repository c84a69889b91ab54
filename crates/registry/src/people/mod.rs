//! Who calls, and what they may do. [`auth`] is the one place that decides it.

pub mod auth;
mod rates;
mod uses;

pub use auth::{Access, Principal, Scope};
pub use rates::{ConnectionPlace, Rates, StreamPlace};
pub use uses::{KeyOf, Noted, Uses};
