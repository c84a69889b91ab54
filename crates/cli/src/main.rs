//! `galley`: everything the window does, for a terminal and for CI.
//!
//! * [`arguments`] is the shape of the command line; `galley --help` is the reference.
//! * [`run`] opens the workbench and does what was asked; [`commands`] has one file for each area.
//! * [`reports`] writes what pipelines read.
//! * [`say`] writes answers: words for people, or one JSON document with `--json`.
//!
//! * [`service_mode`] is how a pipeline acts: with a service account's secret, and without a
//!   keychain.
//!
//! Exit codes: 0 done, 1 refused or a check that failed, 2 wrong use, 3 a gate that can't tell. Secrets are read from a
//! prompt that shows nothing, from `GALLEY_SECRET`, or from standard input; never from an argument.

mod arguments;
mod commands;
mod dataset_arguments;
mod find;
mod gate_arguments;
mod reports;
mod review_arguments;
mod run_arguments;
mod say;
mod service_arguments;
mod service_mode;
mod try_arguments;
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
    /// One that programs know by its code.
    pub fn coded(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            ..Self::other(message)
        }
    }

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
    // What the command is about needs nobody's keys.
    let alone = matches!(&arguments.command, Command::Verify { folder: Some(_) });
    if let (Some(secret), false) = (service_mode::secret()?, alone) {
        return Box::pin(service_mode::run(arguments, &secret)).await;
    }
    let bench = Workbench::open(Options::usual()?)?;
    if bench.belongs_to_a_service()? {
        return Err(Failure::other(
            "this folder was made by a service account: give its secret in GALLEY_SECRET, or set GALLEY_HOME to another folder",
        ));
    }
    // The future holds every command's: too much for a stack.
    let code = Box::pin(commands::carry_out(&bench, arguments)).await?;
    Ok(code)
}

/// A time to wait, as `90s`, `30m` or `1h 30m`.
pub(crate) fn waiting_time(text: &str) -> Result<std::time::Duration, String> {
    let wrong = || format!("{text} is no time to wait; write 90s, 30m or 12h");
    let time: jiff::SignedDuration = text.parse().map_err(|_| wrong())?;
    std::time::Duration::try_from(time)
        .ok()
        .filter(|time| !time.is_zero())
        .ok_or_else(wrong)
}
