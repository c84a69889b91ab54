//! The shape of what is said to a try.

use clap::Args;

/// What to try.
#[derive(Args)]
pub struct Try {
    /// The prompt.
    pub prompt: String,
    /// What to ask: draft, v7, latest, a label, an environment. Several times, side by side; without it
    /// the draft, or the latest version where there is none.
    #[arg(long = "version-of", value_name = "VERSION")]
    pub versions: Vec<String>,
    /// A value for an input: name=text. What is JSON is taken as such where the input is no text.
    #[arg(long = "value", value_name = "NAME=TEXT")]
    pub values: Vec<String>,
    /// Take cases of this dataset; its graders judge the answers.
    #[arg(long)]
    pub dataset: Option<String>,
    /// Which cases, from 1: several times; without it the first.
    #[arg(long = "case", value_name = "NUMBER", requires = "dataset")]
    pub cases: Vec<usize>,
    /// Ask this model instead: provider/model. Several times, side by side.
    #[arg(long = "model", value_name = "PROVIDER/MODEL")]
    pub models: Vec<String>,
    /// Go on with the answer: say this, and let it answer again. Several times, one after the other.
    #[arg(long = "follow-up", value_name = "TEXT", conflicts_with_all = ["dataset"])]
    pub follow_ups: Vec<String>,
    /// Ask again where an answer is kept.
    #[arg(long)]
    pub again: bool,
    /// Show what was sent and received, too (not of follow-ups), word for word, without headers and keys.
    #[arg(long)]
    pub sent: bool,
}
