//! The shape of `galley service`.

use clap::{Args, Subcommand, ValueEnum};

/// What can be done with service accounts.
#[derive(Subcommand)]
pub enum Service {
    /// All, with what they may do.
    List,
    /// Make one (admins). Its secret is written once, to standard output; a pipeline reads it from GALLEY_SECRET.
    New {
        /// What it is called.
        name: String,
        /// The member who answers for it; without it you.
        #[arg(long, value_name = "PERSON")]
        owner: Option<String>,
        #[command(flatten)]
        rights: RightsOptions,
    },
    /// Change what one may do (admins): exactly this from now on.
    Rights {
        /// Which.
        name: String,
        #[command(flatten)]
        rights: RightsOptions,
    },
    /// Remove one: its secret opens nothing any more.
    Remove {
        /// Which.
        name: String,
    },
}

/// What a service account may do. It never approves.
#[derive(Args)]
#[group(required = true, multiple = true)]
pub struct RightsOptions {
    /// What it may do. Several, with commas: run,ask.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub may: Vec<May>,
    /// Release and revert in this environment, as far as its policy allows. Several times.
    #[arg(long, value_name = "ENVIRONMENT")]
    pub release_in: Vec<String>,
}

/// One right.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum May {
    /// Make prompts, save versions and datasets.
    Save,
    /// Record runs.
    Run,
    /// Ask for reviews, change and withdraw its own requests, comment.
    Ask,
}
