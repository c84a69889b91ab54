//! What people do, without a window: workbenches, and a registry in a process of its own.
//!
//! * `author`: writes, loses nothing, saves, sees what changed.
//! * `team`: from a first version to what an application reads, and back.
//! * `command_line`: the README, typed.
//! * `offline`: works without the registry, comes back; meets what others did meanwhile.

mod author;
mod command_line;
mod offline;
mod team;
