//! What a screen is given: plain data, already decided and already in words.
//!
//! Every type here crosses to the window as JSON (snake_case fields, ids as strings, times as
//! [`domain::Millis`]) and to TypeScript through `specta`. A field that is a sentence for people
//! (`words`, `title`, `note`, `summary`, `before`, `after`) is written on this side: the window
//! draws, it decides nothing.
//!
//! One file for each screen:
//!
//! * [`app`]: the first start and the projects on this computer.
//! * [`library`]: the list of prompts, and search.
//! * [`prompt`]: one prompt, its track, its draft and its versions.
//! * [`compare`]: two versions side by side, and settling a prompt that has diverged.
//! * [`evals`]: datasets, runs and results.
//! * [`marks`]: what people say of answers.
//! * [`releases`]: what each environment serves, and the plan of a change to it.
//! * [`review`]: requests with their evidence, verdicts and comments; policies.
//! * [`activity`]: the ledger in plain words.
//! * [`settings`]: people, environments, keys, providers.
//! * [`suites`]: by what prompts are judged, and what gates say.
//! * [`syncing`]: how far this computer is in step with its registry, and the outbox.
//! * [`trying`]: a handful of cases, conversations with a draft, what was sent.
//! * [`webhooks`]: which programs are told what happens, and what was sent to them.
//! * [`events`]: what the workbench says without being asked.
//!
//! These types refuse to carry a secret: no key, token or invitation is in any of them.

pub mod activity;
pub mod app;
pub mod compare;
pub mod evals;
pub mod events;
pub mod library;
pub mod marks;
pub mod matrix;
pub mod prompt;
pub mod releases;
pub mod review;
pub mod settings;
pub mod suites;
pub mod syncing;
pub mod trying;
pub mod webhooks;

pub use ::evals::{CallLimits, Price};
pub use activity::*;
pub use app::*;
pub use compare::*;
pub use domain::dataset::Case;
pub use domain::diff::ContentDiff;
pub use domain::graders::Grader;
pub use domain::merge::{Choice, Conflict};
pub use evals::*;
pub use events::*;
pub use library::*;
pub use marks::*;
pub use matrix::*;
pub use prompt::*;
pub use releases::*;
pub use review::*;
pub use settings::*;
pub use suites::*;
pub use syncing::*;
pub use trying::*;
pub use webhooks::*;

use domain::{EnvironmentId, PromptId, VersionId};
use serde::{Deserialize, Serialize};

/// The id of a draft. Drafts live on this machine only, so it is no domain id.
pub type DraftId = String;

/// One content that can be looked at, compared or run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Ref {
    /// A version.
    Version {
        /// Which one.
        version: VersionId,
    },
    /// A draft on this machine, as it was last saved.
    Draft {
        /// Which one.
        draft: DraftId,
    },
    /// What an environment serves of a prompt; of a split, the side with the largest weight.
    Environment {
        /// The environment.
        environment: EnvironmentId,
        /// The prompt.
        prompt: PromptId,
    },
}

/// Where something that a person wrote has got to. Always shown in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Changes that are in no version yet.
    Draft,
    /// In the ledger of a project that lives on this computer only.
    Saved,
    /// Waiting in the outbox.
    Outbox,
    /// Accepted by the team's registry.
    Registry,
    /// Served by an environment now.
    Live,
}
