//! The registry from outside: real SQLite, real HTTP on a free port.

#![expect(clippy::unwrap_used, reason = "a test that lacks what it needs fails")]

mod access;
mod attacks;
mod attacks_borders;
mod attacks_policies;
mod attacks_signing;
mod browser;
mod cast;
mod changes;
mod commands;
mod contents;
mod contract;
mod faults;
mod giving;
mod keys;
mod kills;
mod langfuse;
mod process;
mod receiver;
mod serving;
mod team;
mod uploads;
mod webhooks;
mod webhooks_kept;
mod webhooks_queue;
mod webhooks_reach;
