//! What a prompt, a version and a release are, and the rules between them.
//!
//! A project is an append-only list of [`ledger::Entry`]; everything else is a fold over it.
//! Three names carry the crate:
//!
//! * [`Project`] is the state. [`Project::decide`] holds every rule and answers a command with
//!   events or a [`Refusal`]; [`Project::apply`] only records.
//! * [`ledger`] is the format: commands as they are signed, entries as they are chained.
//! * [`content`] is what a version holds, named by the SHA-256 of its canonical JSON.
//!
//! Beside them live the things every side must compute alike: [`template`], [`diff`], [`merge`],
//! [`graders`] and [`split`]; what a release must satisfy: [`policy`], [`gate`], [`freeze`] and
//! [`contract`]; and by what a gate judges: [`suite`], [`evidence`] and [`statistics`].
//!
//! The crate refuses to do I/O, to read a clock and to draw random numbers. Whoever calls it
//! passes in the time, the ids and the content.

pub mod canonical;
pub mod content;
pub mod contract;
pub mod dataset;
pub mod diff;
pub mod digest;
pub mod evidence;
pub mod freeze;
pub mod gate;
pub mod graders;
pub mod ids;
pub mod ledger;
pub mod limits;
pub mod merge;
pub mod names;
pub mod permissions;
pub mod policy;
pub mod project;
pub mod refusal;
pub mod rules;
pub mod split;
pub mod statistics;
pub mod suite;
pub mod template;
pub mod text;
pub mod time;

pub use canonical::{CanonicalError, to_canonical};
pub use content::VersionContent;
pub use digest::Digest;
pub use ids::{
    CommandId, CommentId, DatasetId, EnvironmentId, InvitationId, KeyId, PersonId, ProjectId,
    PromptId, ReleaseId, RequestId, RunId, VersionId,
};
pub use policy::Policy;
pub use project::Project;
pub use refusal::{Refusal, RefusalCode};
pub use text::SaltedText;
pub use time::Millis;
