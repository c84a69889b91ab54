//! What people do, without a window: workbenches, and a registry in a process of its own.
//!
//! * `beginning`: founding and joining on a line that loses what is sent.
//! * `author`: writes, loses nothing, saves, sees what changed.
//! * `team`: from a first version to what an application reads, and back.
//! * `command_line`: the README, typed.
//! * `bundle`: a team of three, a policy of everything, each rule tried once.
//! * `review`: what must be approved is approved, exactly as it is; and the proof of it.
//! * `terminal`: the command line killed, asked twice, met by others, shut out.
//! * `webhooks`: a program of theirs is told what happened.
//! * `offline`: works without the registry, comes back; meets what others did meanwhile.

mod author;
mod beginning;
mod bundle;
mod command_line;
mod offline;
mod review;
mod team;
mod terminal;
mod webhooks;
