//! The laptop's SQLite file: everything that one computer knows, and nothing secret.
//!
//! [`Store`] is the way in; it can be cloned and used from any thread, and two processes may have
//! the file open at once. Its methods stand beside the tables that they read and write:
//!
//! * projects ([`KnownProject`]): where each lives, how far syncing is.
//! * the replica: [`Store::append`] takes a registry's entries, [`Store::project`] is their fold.
//! * content by digest: [`Store::missing`], [`Store::keep_contents`].
//! * drafts ([`Draft`]), each with its history of autosaves.
//! * the outbox ([`Queued`]) and [`Store::view`], the state that it will lead to.
//! * answers of models ([`KeptAnswer`]), people's marks for them ([`GivenMark`]), runs
//!   ([`LocalRun`]), settings and providers.
//! * what was sent for an answer ([`Exchange`]), and conversations with a draft ([`Playground`]).
//! * [`Store::search`] over names, texts, messages and drafts.
//! * [`Store::changed_since`]: what another process wrote.
//!
//! A method that writes returns when the write is on disk, or wrote nothing. Every write that
//! rests on something read says what that was, and is refused if it moved.
//!
//! It refuses to hold secrets, to read a clock (times are passed in), to open a connection to
//! anywhere, and to overwrite a file that it does not understand. Calls block: from async code
//! they belong on a thread for blocking work.

mod answers;
mod changes;
mod columns;
mod content;
mod drafts;
mod error;
mod exchanges;
mod file;
mod histories;
mod marks;
mod migrations;
mod outbox;
mod playgrounds;
mod projects;
mod replica;
mod results;
mod runs;
mod search;
mod settings;
mod snapshot;
mod view;

pub use answers::{AnswerLimits, AnswersKept, KeptAnswer};
pub use changes::{Area, Changed, Token};
pub use content::{ContentKind, MissingContent, NewContent, StoredContents};
pub use drafts::{AfterSaving, Autosave, Draft, DraftId, DraftSave, NewDraft};
pub use error::{Result, StoreError};
pub use exchanges::{EXCHANGE_BYTES, Exchange};
pub use file::{Options, Store};
pub use histories::{OtherHistory, SetAside};
pub use marks::GivenMark;
pub use migrations::newest_schema;
pub use outbox::{Answer, Mark, NewCommand, OutboxState, QueueRequest, Queued, Settle};
pub use playgrounds::{PLAYGROUNDS, Playground};
pub use projects::{Begun, KeyNames, KnownProject, Place, SyncNote};
pub use runs::{CaseResult, GivenAnswers, LocalRun, RunState};
pub use search::{FoundIn, Hit, Segment};
pub use settings::Provider;
pub use view::{Pending, View};
