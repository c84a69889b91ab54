//! Brings a store and a registry to agreement, and names what it cannot settle.
//!
//! * [`client::Client`] makes the calls of the HTTP contract.
//! * [`plan::plan`] says what two heads mean; [`pull`], [`push`] and [`verify`] do it, on a
//!   [`Link`] of a store and a registry.
//! * [`sync_once`] is all of it once; an [`Engine`] does it whenever something changes.
//! * [`mod@join`] founds a project or joins one, [`enter()`] brings one in that a service account is in
//!   already; [`mod@share`] moves one to a team's registry.
//!
//! It never overwrites: where a registry and the replica here disagree, it says how, keeps
//! everything and stops. It holds no rule of the ledger (those are `domain`'s), reads no keychain
//! and signs nothing itself: whoever starts it passes in the key and the signer.

pub mod client;
mod clock;
pub mod engine;
mod enter;
mod error;
pub mod exchange;
pub mod join;
mod link;
pub mod plan;
mod progress;
pub mod pull;
pub mod push;
pub mod share;
pub mod verify;

pub use client::{Address, Bearer, BearerSource, Client, ClientError, ClientOptions};
pub use engine::{Engine, Pace, SyncKind, SyncState};
pub use enter::enter;
pub use error::SyncError;
pub use exchange::{Report, sync_once};
pub use join::{Founding, Newcomer, finish, found, is_locked_out, join};
pub use link::{FetchedContents, Link, head_of};
pub use plan::Disagreement;
pub use progress::{Progress, Stage, Task};
pub use push::Signer;
pub use share::share;
