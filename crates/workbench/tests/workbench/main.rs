//! The use cases from outside: real store, real registry, real HTTP; only the keychain is memory,
//! because several people act in one process.

mod main_job;
mod support;
