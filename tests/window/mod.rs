//! The real program, driven through its real web view, on a display that nobody looks at.
//!
//! * `first_start`: three ways in, and the sample at once; what a bare computer says.
//! * `main_job`: write, try on real messages, compare, save offline, sync, promote, read with a key, revert.
//! * `offline`: the registry gone, the power cut, and back.
//! * `going_back`: a bundle is undone, one prompt of it kept, and two releases are compared.
//! * `kills`: the power cut again and again, while somebody types and saves.
//! * `conflict`: two desktops, one prompt, brought together.
//! * `playing`: a handful of cases side by side, and a conversation that outlives a power cut.
//! * `review`: an author asks, a reviewer approves, and it goes.
//! * `review_more`: two reviewers, a change under an approval, a way back, a verdict on a train.
//! * `evals`: Banking77 imported, versions run, a worse one caught, and twenty cases that can't tell.
//! * `serving`: two applications read, traffic is split, shifted and taken back, and the registry dies.
//! * `team`, `trying`: what the journeys have in common.
//! * `accessibility`: every screen in both themes, and the keyboard alone.

mod accessibility;
mod conflict;
mod evals;
mod first_start;
mod going_back;
mod kills;
mod main_job;
mod offline;
mod playing;
mod review;
mod review_more;
mod serving;
mod team;
mod trying;
