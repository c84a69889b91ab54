//! The format of the ledger: commands as they are signed, events as they are decided, entries as
//! they are chained.
//!
//! * [`SignedCommand`] keeps the bytes exactly as they were signed.
//! * [`Event`] is what [`crate::Project::decide`] made of a command.
//! * [`Entry`] is one accepted command with its place in the chain; its digest is over the very
//!   bytes in which it is stored and sent.
//!
//! This is a versioned format: a later reader reads earlier entries for ever. What it refuses is
//! named with the place, and reading it never panics whatever the bytes.

mod body;
mod command;
mod entry;
mod event;
mod keys;
mod missing;
mod request;
mod sides;
mod upstream;

pub use body::{Body, NewEnvironment, Pointer, ReleaseChange};
pub use command::{Command, CommandError, Seen, SignedCommand};
pub use entry::{Entry, EntryError, FORMAT, NEVER_BACK, NewEntry, RULES};
pub use event::{Event, MadeEnvironment, RecordedChange, RunSummary, Skip};
pub use keys::{DeviceKey, KeyHash, PublicKey, Signature};
pub use missing::{GateFault, Missing};
pub use request::{
    Approval, Asked, AskedSuite, CommentOn, Grounds, Note, Overridden, Quote, RequestedChange,
    Reviewer, VerdictKind,
};
pub use sides::Side;
pub use upstream::Upstream;
