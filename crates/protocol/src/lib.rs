//! The HTTP contract between desktop, applications and registry: paths, bodies, error codes.
//!
//! * [`paths`] builds and names every path, so that client and server can't disagree.
//! * [`token`] is the form of keys, tokens and invitations; [`membership`] of a service account's secret.
//! * The bodies are below; [`ApiError`] is how every error crosses.
//!
//! It holds no client and no server, and decides nothing.

pub mod commands;
pub mod error;
pub mod keys;
pub mod ledger;
pub mod membership;
pub mod paths;
pub mod serving;
pub mod token;
pub mod webhooks;

pub use error::{ApiError, ErrorCode};
