//! The use cases from outside: real store, real registry, real HTTP; only the keychain is memory,
//! because several people act in one process.

#![allow(clippy::unwrap_used, reason = "a test that meets an error ends there")]
#![allow(clippy::print_stdout, reason = "a test says what its kills met")]

mod chance;
mod child;
mod computers;
#[cfg(target_os = "linux")]
mod disks;
mod gates;
mod going_back;
mod holding;
mod kills;
#[cfg(unix)]
mod links;
mod main_job;
mod marks;
mod matrix;
mod resuming;
mod running;
mod support;
mod trying;
mod upstream_gates;
