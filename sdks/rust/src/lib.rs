//! Reads the prompts that a Galley environment serves: from memory, whatever happens to the registry.
//!
//! ```no_run
//! # async fn run(text: &str) -> Result<(), Box<dyn std::error::Error>> {
//! use galley_sdk::{Galley, Options};
//! use serde_json::json;
//!
//! let key = std::env::var("GALLEY_KEY")?;
//! let galley = Galley::start("https://galley.example", &key, Options::default().disk("/var/cache/app/prompts.json"))?;
//! galley.ready().await;
//! let prompt = galley.get("support/triage")?;
//! let body = prompt.openai(json!({ "message": text }))?;
//! # Ok(()) }
//! ```
//!
//! [`Galley::get`] reads memory and never waits. Memory is kept fresh by the registry's stream of
//! changes, with polling behind; [`Galley::age`] and [`Galley::is_stale`] say how fresh it is.

mod client;
mod content;
mod disk;
mod error;
mod http;
mod keeper;
mod prompt;
mod requests;
mod served;
mod spans;
mod stream;
mod template;

pub use client::{Galley, Options, Status};
pub use content::{Content, Input, InputKind, Kind, Message, ModelSettings, Role, Tool};
pub use error::{GetError, Place, RenderError, SettingsError};
pub use keeper::Timing;
pub use prompt::{Prompt, Source};

/// What the shared cases look at; no part of the interface.
#[doc(hidden)]
pub mod inside {
    pub use crate::served::{Board, Served};
}
