//! The registry: the authority over the ledgers of many projects, on one SQLite file.
//!
//! * [`Registry`] is opened on a data file and [served](Registry::serve), by the binary
//!   `galley-registry` for a team and inside the desktop for a project on this computer.
//! * [`projects`] folds each ledger, decides commands and appends what is accepted; [`ledger`]
//!   is what it asks of storage, and [`sqlite`] the engine that gives it.
//! * [`people::auth`] authorises every call in one place; [`http`] lists the calls.
//! * [`serving`] keeps what environments serve ready to be sent.
//! * [`webhooks`] tells other programs what happened.
//!
//! It refuses to listen beyond loopback without TLS, to answer a web page, and to call anything
//! accepted that is not on disk. It draws no rule of its own: all of them are the domain's.

mod clock;
pub mod config;
mod error;
pub mod http;
pub mod ledger;
pub mod limits;
mod listen;
pub mod people;
pub mod projects;
mod registry;
pub mod serving;
pub mod sqlite;
mod verify;
pub mod webhooks;

pub use error::Error;
pub use limits::Limits;
pub use listen::{Listening, Running, Tls};
pub use registry::{FileChoice, Options, Registry};
pub use verify::{Problem, ProjectReport, Report};
pub use webhooks::WebhookOptions;
