//! The shape of `galley webhook`.

use clap::{Args, Subcommand};

/// What can be done with webhooks (admins; projects at a team's registry). Without one: all of them.
#[derive(Subcommand)]
pub enum Hooks {
    /// All, and how each is doing.
    List,
    /// Add one. Its secret is written once, to standard output.
    Add {
        /// Where it leads: https://…
        url: String,
        #[command(flatten)]
        what: What,
    },
    /// Change where one leads, or what is sent; what is not said stays.
    Change {
        /// Which: its address, or the beginning of its id.
        webhook: String,
        /// Where it leads from now on.
        #[arg(long)]
        url: Option<String>,
        /// About every environment again.
        #[arg(long, conflicts_with = "environments")]
        everywhere: bool,
        #[command(flatten)]
        what: What,
    },
    /// Switch one on. What happened while it was off is not sent later.
    On {
        /// Which.
        webhook: String,
    },
    /// Switch one off.
    Off {
        /// Which.
        webhook: String,
    },
    /// Remove one, its log and its secret.
    Remove {
        /// Which.
        webhook: String,
        /// Do it without asking.
        #[arg(long)]
        yes: bool,
    },
    /// Send one something to try it. The exit code is 1 if it does not arrive.
    Test {
        /// Which.
        webhook: String,
    },
    /// What was sent to one, the newest first.
    Log {
        /// Which.
        webhook: String,
        /// How many at most.
        #[arg(long, default_value_t = 30)]
        limit: usize,
    },
    /// Send something once more. The exit code is 1 if it does not arrive.
    Replay {
        /// Which.
        webhook: String,
        /// The delivery: the beginning of its id, as `log` shows it.
        delivery: String,
    },
    /// Draw another secret, written once to standard output. The one before signs beside it for a day.
    Rotate {
        /// Which.
        webhook: String,
    },
}

/// What is sent.
#[derive(Args)]
pub struct What {
    /// What is sent: request.opened, request.changed, verdict.given, release.made, release.reverted,
    /// version.saved. Several times; without it everything.
    #[arg(long = "on", value_name = "KIND")]
    pub kinds: Vec<String>,
    /// Only what is about this environment. Several times; without it every environment.
    #[arg(long = "in", value_name = "ENVIRONMENT")]
    pub environments: Vec<String>,
}
