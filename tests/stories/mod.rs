//! What people do, without a window: workbenches, and a registry in a process of its own.
//!
//! * `banking77`: a worse version caught in a terminal, twenty cases that can't tell, and a replay offline.
//! * `beginning`: founding and joining on a line that loses what is sent.
//! * `author`: writes, loses nothing, saves, sees what changed.
//! * `team`: from a first version to what an application reads, and back.
//! * `command_line`: the README, typed.
//! * `bundle`: a team of three, a policy of everything, each rule tried once.
//! * `pipeline`: the script of docs/ci.md; and what is released as soon as it is approved.
//! * `computers`: one person on two computers.
//! * `gate`: a version that is worse is caught, one that is equal is not failed, a few cases can't tell.
//! * `going_back`: releases compared, and one undone as a whole.
//! * `histories`: a registry that shows two laptops different histories, and how they find out.
//! * `keys`: an application's key replaced, its use seen; traffic shifted.
//! * `lost`: a laptop is lost: what it said before stays, and it says nothing more.
//! * `marks`: answers wait for a person, who marks them in a terminal.
//! * `review`: what must be approved is approved, exactly as it is; and the proof of it.
//! * `terminal_policy`: policies on the command line.
//! * `terminal_review`: a review on the command line alone, and its proof.
//! * `terminal`: the command line killed, asked twice, met by others, shut out.
//! * `webhooks`: a program of theirs is told what happened.
//! * `offline`: works without the registry, comes back; meets what others did meanwhile.

mod author;
mod banking77;
mod beginning;
mod bundle;
mod command_line;
mod computers;
mod gate;
mod going_back;
mod histories;
mod keys;
mod lost;
mod marks;
mod offline;
mod pipeline;
mod review;
mod team;
mod terminal;
mod terminal_policy;
mod terminal_review;
mod webhooks;
