//! Syncing as it happens: real stores and a real registry over real HTTP, through a proxy that
//! drops, doubles, delays and cuts what passes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that lacks something fails"
)]

mod desk;
mod proxy;
mod server;

mod basics;
mod beginning;
mod calls;
mod content;
mod convergence;
mod liar;
mod live;
mod restored;
mod shared;
mod verified;
