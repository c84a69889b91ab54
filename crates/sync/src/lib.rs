//! Brings a store and a registry to agreement, and names what it cannot settle.
//!
//! * [`client::Client`] makes the calls of the HTTP contract; [`plan::plan`] says what two heads mean.
//!
//! It never overwrites: where a registry and the replica here disagree, it says how, keeps
//! everything and stops. It holds no rule of the ledger (those are `domain`'s), reads no keychain
//! and signs nothing itself: whoever starts it passes in the key and the signer.

pub mod client;
pub mod plan;
