//! The shape of what is said to gates and suites.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Of what a verdict is wanted.
#[derive(Args)]
pub struct Gate {
    /// The prompt.
    #[arg(required_unless_present = "request", conflicts_with = "request")]
    pub prompt: Option<String>,
    /// The environment where it is to go; without it the default one.
    #[arg(long = "for", value_name = "ENVIRONMENT", conflicts_with = "request")]
    pub place: Option<String>,
    /// The version: v7, latest, a label, an environment.
    #[arg(long = "version-of", value_name = "VERSION", default_value = "latest")]
    pub which: String,
    /// All that a request asks for next: its id.
    #[arg(long)]
    pub request: Option<String>,
    /// Make the runs that count which it still waits for, one after another, and judge then: of the
    /// version, and of what includes it or reads what comes out of it.
    #[arg(long)]
    pub run: bool,
    /// Grade the author's answers again on this computer, and say whether the marks are the same.
    #[arg(long, conflicts_with = "run")]
    pub replay: bool,
    /// How many questions are asked at once with --run.
    #[arg(long, default_value_t = 8, value_name = "NUMBER")]
    pub concurrency: u32,
    #[command(flatten)]
    pub reports: Reports,
}

/// Files for a pipeline.
#[derive(Args, Default)]
pub struct Reports {
    /// Write the outcome as JUnit XML.
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Write the outcome as Markdown.
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
}

/// What can be done with suites.
#[derive(Subcommand)]
pub enum Suites {
    /// By what a prompt is judged.
    Show {
        /// The prompt.
        prompt: String,
    },
    /// Say by what a prompt is judged. Where a gate rests on it this asks for a review (with -m).
    Set {
        /// The prompt.
        prompt: String,
        /// The dataset; its latest saving is meant.
        #[arg(long)]
        dataset: String,
        /// A grader as JSON ({"type":"exact"}). Several times; without one: what the case expects is in the answer.
        #[arg(long)]
        grader: Vec<String>,
        /// Count the mean of the graders' scores, instead of whether all of them pass.
        #[arg(long)]
        score: bool,
        /// Count every case by itself; without it near-duplicates count as one.
        #[arg(long)]
        every_case: bool,
        /// Why, for whoever reviews it: where a gate rests on the suite.
        #[arg(short, long, value_name = "WORDS")]
        message: Option<String>,
        /// The open request for a suite that asks for this from now on.
        #[arg(long, value_name = "REQUEST", requires = "message")]
        instead: Option<String>,
    },
}
