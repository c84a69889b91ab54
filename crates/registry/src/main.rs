//! `galley-registry`: the registry as a program.
//!
//! It ends with 0 when done, 1 when it failed or found something wrong, 2 when used wrongly. What
//! it was asked for goes to standard output, its log to standard error. A secret is printed once,
//! by `init` and `invite`, and nowhere else.

use clap::{Parser, Subcommand};
use registry::config::Settings;
use registry::{Error, FileChoice, Registry, Report};
use serde::Serialize;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// The registry of Galley: what a team's laptops and applications share.
///
/// Settings come from a file (--config), from the environment (GALLEY_REGISTRY_LISTEN and so on)
/// and from flags, each over the one before. docs/operating.md lists them.
#[derive(Parser)]
#[command(name = "galley-registry", version)]
struct Cli {
    /// The configuration file (TOML).
    #[arg(long, global = true, env = "GALLEY_REGISTRY_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    call: Call,
}

#[derive(clap::Args, Serialize)]
struct Flags {
    /// The data file [default: galley-registry.sqlite]
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<PathBuf>,
    /// What is logged, for instance `warn` or `info,registry=debug` [default: info]
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<String>,
    /// The size in bytes that the data file may not exceed
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    max_bytes: Option<u64>,
    #[command(flatten)]
    #[serde(flatten)]
    listening: ListeningFlags,
}

#[derive(clap::Args, Serialize)]
struct ListeningFlags {
    /// serve: where to listen [default: 127.0.0.1:7420]
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    listen: Option<SocketAddr>,
    /// serve: a name by which clients call this registry; may be given several times
    #[arg(long = "host", global = true, value_name = "NAME")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hosts: Vec<String>,
    /// serve: the certificate (PEM); needed to listen beyond loopback
    #[arg(long, global = true, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_cert: Option<PathBuf>,
    /// serve: the certificate's private key (PEM)
    #[arg(long, global = true, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_key: Option<PathBuf>,
    /// serve: a proxy on this machine speaks TLS and writes X-Forwarded-For
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    behind_proxy: bool,
}

#[derive(Subcommand)]
enum Call {
    /// Makes the data file, and prints a one-time invitation with which a laptop makes the first project
    Init,
    /// Prints another one-time invitation for making a project, or bringing one along
    Invite,
    /// Listens until told to stop (SIGTERM or Ctrl-C), then answers what was asked and ends
    Serve,
    /// Checks the data file: chain, signatures, decisions and content of every project
    Verify,
    /// Copies the data file while it is in use, and checks the copy
    Backup {
        /// Where to; must not exist
        to: PathBuf,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(code) => code,
        Err(error @ Error::Setting(_)) => {
            complain(&error.to_string());
            ExitCode::from(2)
        }
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<ExitCode, Error> {
    let settings = Settings::read(cli.config.as_deref(), &cli.flags)?;
    log_as(&settings)?;
    let open = || Registry::open(&settings.data, settings.options(FileChoice::MustBeThere));
    match &cli.call {
        Call::Init => {
            let empty = std::fs::metadata(&settings.data).is_ok_and(|found| found.len() == 0);
            if settings.data.exists() && !empty {
                return Err(Error::Exists(settings.data));
            }
            let registry = Registry::open(&settings.data, settings.options(FileChoice::MayMake))?;
            invite(&registry)
        }
        Call::Invite => invite(&open()?),
        Call::Serve => serve(&settings, &open()?),
        Call::Verify => Ok(tell(&open()?.verify()?)),
        Call::Backup { to } => Ok(tell(&open()?.backup(to)?)),
    }
}

fn invite(registry: &Registry) -> Result<ExitCode, Error> {
    let token = registry.founding_token()?;
    complain("This invitation makes one project, once. It is shown only now:");
    say(&token.reveal());
    Ok(ExitCode::SUCCESS)
}

fn tell(report: &Report) -> ExitCode {
    say(report.to_string().trim_end());
    if report.holds() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn serve(settings: &Settings, registry: &Registry) -> Result<ExitCode, Error> {
    let listening = settings.listening()?;
    // Given back when the process ends, however it ends.
    let _alone = registry.serve_alone()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|source| Error::File {
            path: PathBuf::from("threads"),
            source,
        })?;
    runtime.block_on(async {
        // Before it says that it listens: who is told that may stop it at once.
        let stop = told_to_stop()?;
        let running = registry.serve(&listening).await?;
        tracing::info!(address = %running.address(), "listening");
        say(&format!("listening on {}", running.url()));
        stop.await;
        tracing::info!("stopping");
        let notice = std::time::Duration::from_secs(settings.stop_notice_seconds);
        running.stop_after(notice).await;
        Ok(ExitCode::SUCCESS)
    })
}

#[cfg(unix)]
fn told_to_stop() -> Result<impl Future<Output = ()>, Error> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| {
        signal(kind).map_err(|source| Error::File {
            path: PathBuf::from("signals"),
            source,
        })
    };
    let (mut term, mut int) = (
        listen(SignalKind::terminate())?,
        listen(SignalKind::interrupt())?,
    );
    Ok(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn told_to_stop() -> Result<impl Future<Output = ()>, Error> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    })
}

fn log_as(settings: &Settings) -> Result<(), Error> {
    let filter = tracing_subscriber::EnvFilter::try_new(&settings.log)
        .map_err(|error| Error::Setting(format!("setting `log`: {error}")))?;
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_current_span(false)
        .init();
    // A panic's words may hold anything; its place is enough to find it.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        tracing::error!(place, "panic");
    }));
    Ok(())
}

#[expect(
    clippy::print_stdout,
    reason = "what a program was asked for goes here"
)]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "words for whoever typed the command")]
fn complain(text: &str) {
    eprintln!("{text}");
}
