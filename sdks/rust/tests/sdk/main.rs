//! The SDK from an application's side: the shared cases, faults, and the real registry.

#![allow(clippy::unwrap_used)] // A test that can't go on stops there.
#![allow(clippy::print_stdout)] // How many cases ran is told.

mod client;
mod conformance;
mod faults;
mod faulty;
mod registry;
