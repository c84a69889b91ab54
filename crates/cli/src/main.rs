//! `galley`: everything the window does, for a terminal and for CI.
//!
//! * [`arguments`] is the shape of the command line; `galley --help` is the reference.
//! * [`run`] opens the workbench and does what was asked; [`commands`] has one file for each area.
//! * [`say`] writes answers: words for people, or one JSON document with `--json`.
//!
//! Exit codes: 0 done, 1 refused or a check that failed, 2 wrong use. Secrets are read from a
//! prompt that shows nothing, from `GALLEY_SECRET`, or from standard input; never from an argument.

mod arguments;
mod commands;
mod find;
mod review_arguments;
mod say;
mod webhook_arguments;

use arguments::{Arguments, Command};
use clap::Parser as _;
use std::process::ExitCode;
use workbench::{Options, Workbench};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Command::Completions { shell } = arguments.command {
        clap_complete::generate(
            shell,
            &mut <Arguments as clap::CommandFactory>::command(),
            "galley",
            &mut std::io::stdout(),
        );
        return ExitCode::SUCCESS;
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return say::failure(&arguments, &Failure::other(error.to_string())),
    };
    match runtime.block_on(run(&arguments)) {
        Ok(code) => code,
        Err(failure) => say::failure(&arguments, &failure),
    }
}

/// Why a command was not done.
pub(crate) struct Failure {
    /// For programs.
    pub code: String,
    /// For people.
    pub message: String,
    /// What helps to mend it.
    pub details: Option<serde_json::Value>,
}

impl Failure {
    /// One that no program branches on.
    pub fn other(message: impl Into<String>) -> Self {
        Self {
            code: "other".to_owned(),
            message: message.into(),
            details: None,
        }
    }
}

impl From<workbench::Error> for Failure {
    fn from(error: workbench::Error) -> Self {
        let code = serde_json::to_value(error.code()).ok();
        Self {
            code: code
                .and_then(|code| code.as_str().map(str::to_owned))
                .unwrap_or_default(),
            message: error.to_string(),
            details: error.details(),
        }
    }
}

async fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let bench = Workbench::open(Options::usual()?)?;
    let code = commands::carry_out(&bench, arguments).await?;
    Ok(code)
}
