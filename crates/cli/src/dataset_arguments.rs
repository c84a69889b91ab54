//! The shape of `galley dataset`.

use clap::{Subcommand, ValueEnum};
use std::path::PathBuf;

/// Datasets.
#[derive(Subcommand)]
pub enum Datasets {
    /// All.
    List,
    /// One with its cases.
    Show {
        /// Its name.
        name: String,
        /// How many cases.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Add a case to one, or begin one with it.
    Add {
        /// Its name.
        name: String,
        /// A value of an input (message=Hello). JSON is taken as that. Several times.
        #[arg(long = "input", value_name = "NAME=VALUE")]
        inputs: Vec<String>,
        /// What the answer should be.
        #[arg(long)]
        expected: Option<String>,
        /// A tag. Several times.
        #[arg(long = "tag")]
        tags: Vec<String>,
        /// A note for people.
        #[arg(long, default_value = "")]
        note: String,
        /// Do it also if something looks like a secret or personal data and others will see it.
        #[arg(long)]
        anyway: bool,
    },
    /// Make one of a file: CSV, JSON Lines, or JSON as Langfuse and MLflow write it.
    Import {
        /// The file.
        path: PathBuf,
        /// What it is called; without it the file's name.
        #[arg(long)]
        name: Option<String>,
        /// Which column fills which input (question=message), where that isn't plain. Several times.
        #[arg(long = "column", value_name = "COLUMN=INPUT")]
        columns: Vec<String>,
        /// Do it also if something looks like a secret or personal data and others will see it.
        #[arg(long)]
        anyway: bool,
    },
    /// Write one as a file.
    Export {
        /// Its name.
        name: String,
        /// In what form.
        #[arg(long = "as", value_enum, default_value = "jsonl")]
        form: Form,
        /// The file; without it standard output.
        #[arg(long, short)]
        output: Option<PathBuf>,
    },
    /// What it holds twice, nearly twice, or should perhaps not hold. The exit code is 1 if
    /// something looks like a secret or personal data.
    Check {
        /// Its name.
        name: String,
    },
}

/// The form of a file.
#[derive(Clone, Copy, ValueEnum)]
pub enum Form {
    /// JSON Lines: everything that a case holds.
    Jsonl,
    /// A table for a spreadsheet.
    Csv,
    /// promptfoo's tests, as JSON.
    Promptfoo,
    /// Langfuse's dataset items, as JSON.
    Langfuse,
    /// MLflow's records, as JSON.
    Mlflow,
}
