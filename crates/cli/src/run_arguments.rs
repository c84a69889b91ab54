//! The shape of what is said to runs, and to what they need: providers, prices, the cache.

use crate::gate_arguments::Reports;
use clap::{Args, Subcommand};

/// What to run.
#[derive(Args)]
pub struct Run {
    /// The prompt.
    #[arg(required_unless_present = "resume")]
    pub prompt: Option<String>,
    /// The dataset.
    #[arg(long, required_unless_present_any = ["place", "resume"])]
    pub dataset: Option<String>,
    /// Let it count for this environment: the run is announced, asks what is served there by
    /// turns with the version, and stands whatever comes of it.
    #[arg(long = "for", value_name = "ENVIRONMENT", conflicts_with_all = ["dataset", "grader", "share", "models"])]
    pub place: Option<String>,
    /// Go on with a run that was broken off or stopped: its id. What it was answered is not asked again.
    #[arg(long, value_name = "ID", conflicts_with_all = ["prompt", "dataset", "place", "grader", "models", "repeats"])]
    pub resume: Option<String>,
    /// How often each case is asked; without it once, with --for as often as the gate wants.
    #[arg(long)]
    pub repeats: Option<u32>,
    /// Ask this model instead of the one a version names: provider/model. Several times, for a column of
    /// every version with each of them.
    #[arg(long = "model", value_name = "PROVIDER/MODEL")]
    pub models: Vec<String>,
    /// Versions to run side by side: v7, latest, a label, an environment, draft. Several times.
    #[arg(long = "version-of", value_name = "VERSION", default_value = "latest")]
    pub versions: Vec<String>,
    /// A grader as JSON ({"type":"exact"}). Several times; without one the dataset's own judge, or
    /// whether what the case expects is in the answer.
    #[arg(long)]
    pub grader: Vec<String>,
    /// Calls at once.
    #[arg(long, default_value_t = 4)]
    pub concurrency: u32,
    /// Share the results with the team, also when cases fail: gates and reviewers see them.
    #[arg(long)]
    pub share: bool,
    #[command(flatten)]
    pub reports: Reports,
}

/// What to compare.
#[derive(Args)]
pub struct Compare {
    /// The prompt.
    pub prompt: String,
    /// The earlier one: v7, latest, a label, an environment, draft.
    pub before: String,
    /// The later one.
    pub after: String,
    /// The dataset.
    #[arg(long)]
    pub dataset: String,
    /// How often each case is asked.
    #[arg(long, default_value_t = 1)]
    pub repeats: u32,
    /// Ask this model instead of those that the versions name: provider/model.
    #[arg(long, value_name = "PROVIDER/MODEL")]
    pub model: Option<String>,
    /// A grader as JSON ({"type":"exact"}). Several times; without one the dataset's own judge, or
    /// whether what the case expects is in the answer.
    #[arg(long)]
    pub grader: Vec<String>,
    /// Calls at once.
    #[arg(long, default_value_t = 4)]
    pub concurrency: u32,
    #[command(flatten)]
    pub reports: Reports,
}

/// Which answers a person marks.
#[derive(Args)]
pub struct Mark {
    /// The run: its id or the beginning of it; without it the last one.
    pub run: Option<String>,
    /// Only say which runs there are, with their ids: those of this computer and those that were shared.
    #[arg(long, conflicts_with = "run")]
    pub runs: bool,
    /// Share the marks, and the run with them, when done.
    #[arg(long)]
    pub share: bool,
    /// Also answers that others have marked, as long as you have not.
    #[arg(long, conflicts_with_all = ["apart", "sample", "all"])]
    pub not_by_me: bool,
    /// Only answers on which people and a judge disagree.
    #[arg(long, conflicts_with_all = ["sample", "all"])]
    pub apart: bool,
    /// So many, drawn by chance.
    #[arg(long, value_name = "NUMBER", conflicts_with = "all")]
    pub sample: Option<u32>,
    /// What the draw begins with: the same number draws the same answers.
    #[arg(long, default_value_t = 1, requires = "sample")]
    pub seed: u32,
    /// All answers, marked or not.
    #[arg(long)]
    pub all: bool,
    /// Only say which answers these are, and how far it is; mark nothing.
    #[arg(long)]
    pub list: bool,
}

/// Who answers prompts on this computer.
#[derive(Subcommand)]
pub enum Provider {
    /// All.
    List,
    /// Look for Ollama on this computer, and say which models it has.
    Find {
        /// Set it up with this one of its models.
        #[arg(long = "use", value_name = "MODEL")]
        wanted: Option<String>,
    },
    /// Add one, or change one: what is not said stays as it is.
    Set(ProviderSet),
    /// Put its key into the keychain. Asks for it, or reads standard input.
    Key {
        /// Which.
        name: String,
    },
    /// See whether it answers.
    Test {
        /// Which.
        name: String,
    },
    /// Forget one and its key.
    Remove {
        /// Which.
        name: String,
    },
}

/// How a provider is reached, and how often.
#[derive(Args)]
pub struct ProviderSet {
    /// The name that versions use.
    pub name: String,
    /// Its address (`http://127.0.0.1:11434/v1`, `https://api.openai.com/v1`).
    #[arg(long)]
    pub address: Option<String>,
    /// The model that is offered first.
    #[arg(long)]
    pub model: Option<String>,
    /// It speaks Anthropic messages instead of OpenAI chat completions.
    #[arg(long)]
    pub anthropic: bool,
    /// It speaks Google Gemini's generateContent instead.
    #[arg(long, conflicts_with = "anthropic")]
    pub google: bool,
    /// Calls in any sixty seconds, at most; 0: no limit.
    #[arg(long, value_name = "NUMBER")]
    pub requests_a_minute: Option<u32>,
    /// Tokens sent and answered in any sixty seconds, at most; 0: no limit.
    #[arg(long, value_name = "NUMBER")]
    pub tokens_a_minute: Option<u32>,
    /// Calls at once, of all runs and tries together, at most; 0: no limit.
    #[arg(long, value_name = "NUMBER")]
    pub at_once: Option<u32>,
}

/// What models cost.
#[derive(Subcommand)]
pub enum Prices {
    /// All that are written down.
    List,
    /// Write one down: galley price set OpenAI gpt-4.1 --input 2 --output 8 --currency USD
    Set {
        /// The provider's name on this computer.
        provider: String,
        /// The model as versions name it; * for every other one of this provider.
        model: String,
        /// For a million tokens sent.
        #[arg(long)]
        input: f64,
        /// For a million tokens answered.
        #[arg(long)]
        output: f64,
        /// In which currency.
        #[arg(long, default_value = "USD")]
        currency: String,
    },
    /// Strike one out.
    Remove {
        /// The provider.
        provider: String,
        /// The model.
        model: String,
    },
}

/// The answers that are kept.
#[derive(Subcommand)]
pub enum Cache {
    /// How many there are, and how many are kept at most.
    Show,
    /// Keep fewer, or more. What goes over it goes at once, but nothing on which an open request rests.
    Limit {
        /// MiB of all together; without it 512.
        #[arg(long, value_name = "NUMBER")]
        mebibytes: Option<u32>,
        /// Days since an answer was last used; without it however old.
        #[arg(long, value_name = "NUMBER")]
        days: Option<u32>,
    },
    /// What was sent for an answer of a run and what came back, word for word, without headers and keys.
    Sent {
        /// The run.
        run: String,
        /// The case, from 1.
        #[arg(long, default_value_t = 1)]
        case: u32,
        /// The column, from 1.
        #[arg(long, default_value_t = 1)]
        column: usize,
    },
    /// Send all away that nothing rests on: asking the same again then costs again.
    Clear {
        /// Do it without asking.
        #[arg(long)]
        yes: bool,
    },
}
