//! The shape of `galley review` and `galley policy`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What can be done with requests. Without one: what waits for you, and all that is open.
#[derive(Subcommand)]
pub enum Review {
    /// What waits for your verdict, what you asked for, and the rest.
    List {
        /// Those that are over, too.
        #[arg(long)]
        all: bool,
    },
    /// One request: what would change, what is missing, who said what.
    Show {
        /// The request: the beginning of its id, as `galley review list` shows it.
        request: String,
    },
    /// Ask for a release: what an environment serves (--from), or a version (--version-of; without either the latest).
    Ask(Asking),
    /// Approve exactly what the request asks now.
    Approve {
        /// The request.
        request: String,
        /// What you say to it.
        #[arg(long, short = 'm', default_value = "")]
        message: String,
    },
    /// Ask for changes: nothing of it goes until you decide again.
    Changes {
        /// The request.
        request: String,
        /// What is to change.
        #[arg(long, short = 'm')]
        message: String,
    },
    /// Take your verdict back.
    TakeBack {
        /// The request.
        request: String,
    },
    /// End somebody's "ask for changes" (admins).
    Dismiss {
        /// The request.
        request: String,
        /// Whose.
        #[arg(long)]
        whose: String,
        /// Why; everybody sees it.
        #[arg(long, short = 'm')]
        message: String,
    },
    /// Say something to a request.
    Comment {
        /// The request.
        request: String,
        /// What.
        text: String,
    },
    /// Take a request back.
    Withdraw {
        /// The request.
        request: String,
        /// Why.
        #[arg(long, short = 'm', default_value = "")]
        message: String,
    },
    /// Bring a request up to what is served now. Approvals are needed anew.
    Renew {
        /// The request.
        request: String,
    },
    /// Release what a request asks for: every part that may go, or only where you say.
    Release {
        /// The request.
        request: String,
        /// Only in these environments. Several times.
        #[arg(long = "in", value_name = "ENVIRONMENT")]
        places: Vec<String>,
        /// Why; without it the request's own reason.
        #[arg(long, short = 'm', default_value = "")]
        message: String,
        /// Set the policy aside, with a reason that is shown for ever (admins, where the policy allows it).
        #[arg(long = "override", value_name = "REASON")]
        set_aside: Option<String>,
    },
}

/// What is asked for.
#[derive(Args)]
pub struct Asking {
    /// The prompts.
    #[arg(required = true)]
    pub prompts: Vec<String>,
    /// To which environments. Several times.
    #[arg(long, required = true, value_name = "ENVIRONMENT")]
    pub to: Vec<String>,
    /// What this environment serves.
    #[arg(long, value_name = "ENVIRONMENT", conflicts_with = "which")]
    pub from: Option<String>,
    /// This version (one prompt): v9, latest, a label.
    #[arg(long = "version-of", value_name = "VERSION")]
    pub which: Option<String>,
    /// Why, for whoever reviews it.
    #[arg(long, short = 'm')]
    pub message: String,
    /// Who is asked, by name; without it every reviewer. Several times.
    #[arg(long, value_name = "PERSON")]
    pub reviewer: Vec<String>,
    /// Shares of the traffic by which to go there: 10,50.
    #[arg(long, value_delimiter = ',', value_name = "PERCENT")]
    pub steps: Vec<u32>,
    /// Change an open request to ask for this instead: its id. Approvals of what it asked are void.
    #[arg(long, value_name = "REQUEST")]
    pub instead: Option<String>,
    /// Why a break of the input contract is safe: INPUT=WORDS. Several times.
    #[arg(long, value_name = "INPUT=WORDS")]
    pub note: Vec<String>,
}

/// What can be done with policies.
#[derive(Subcommand)]
pub enum Policies {
    /// What each environment demands.
    List,
    /// One environment's policy as YAML, to change and give back to `set`.
    Show {
        /// The environment.
        environment: String,
    },
    /// Set what an environment demands (admins): from YAML, or by the options, which change what is there.
    Set(SetPolicy),
}

/// A policy, or changes to one.
#[derive(Args)]
pub struct SetPolicy {
    /// The environment.
    pub environment: String,
    /// The whole policy (YAML, as `show` prints it) from a file, or - for standard input.
    #[arg(long, conflicts_with_all = ["approvals", "independent", "after", "may_override"])]
    pub from: Option<PathBuf>,
    /// How many people must approve, 0 to 10.
    #[arg(long)]
    pub approvals: Option<u32>,
    /// Whether they must have written nothing of it.
    #[arg(long, value_name = "true|false")]
    pub independent: Option<bool>,
    /// Where it must have been served before. Several times.
    #[arg(long, value_name = "ENVIRONMENT")]
    pub after: Vec<String>,
    /// Whether an admin may set the policy aside with a reason.
    #[arg(long, value_name = "true|false")]
    pub may_override: Option<bool>,
}
