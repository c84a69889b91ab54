//! Asks models: runs versions over datasets and keeps every answer.
//!
//! * [`Question`] is everything that determines an answer; its digest is the answer's name in the
//!   [`AnswerCache`], a trait that the store implements.
//! * [`Provider`] is who answers: anything that speaks OpenAI's chat completions, Anthropic's
//!   messages, or Google's Gemini. Its key goes to the origin that it was saved for and nowhere else.
//! * [`Run`] puts versions, cases and graders together; [`try_one`] asks a single question.
//! * [`import`] and [`export`] turn CSV and JSON Lines into datasets and back; [`promptfoo`] reads its
//!   configurations.
//!
//! With `sync` it is the only crate on a laptop that opens a connection. It refuses to follow redirects, to speak
//! plain HTTP beyond this computer, and to keep, log or show a key.

mod answer;
mod ask;
mod cache;
mod carry;
mod client;
mod error;
mod exchange;
pub mod export;
mod foresee;
mod hearing;
pub mod import;
mod judges;
mod line;
mod money;
pub mod ollama;
mod path;
mod patience;
pub mod promptfoo;
mod provider;
mod question;
mod report;
mod runner;
mod secret;

pub use answer::{Answer, ToolCall};
pub use ask::{Tried, TryError, try_one};
pub use cache::{AnswerCache, MemoryCache, NotKept};
pub use carry::Ended;
pub use error::{AskError, Failure};
pub use exchange::Exchange;
pub use hearing::{Heard, Listener, Place};
pub use judges::{FindJudge, JudgesForeseen};
pub use line::{CallLimits, Line};
pub use money::{ANY_MODEL, Cost, Price, PriceError, Prices, Sum};
pub use patience::Patience;
pub use provider::{Key, Provider, ProviderConfig, ProviderError, ProviderKind, origin_of};
pub use question::{GUESSED_ANSWER, Question, QuestionError};
pub use report::{Cell, ColumnReport, Progress, RunReport};
pub use runner::{Before, Column, Estimate, Filled, Foreseen, Options, Run, RunError};
pub use secret::Secret;

/// The largest answer that is read: 8 MiB, counted after decompression.
pub const ANSWER_BYTES: usize = 8 << 20;
