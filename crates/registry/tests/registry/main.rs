//! The registry from outside: real SQLite, real HTTP on a free port.

mod access;
mod browser;
mod changes;
mod commands;
mod contents;
mod contract;
mod faults;
mod giving;
mod kills;
mod process;
mod serving;
mod team;
