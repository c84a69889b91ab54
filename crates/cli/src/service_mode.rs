//! Acting as a service account: what a pipeline does.
//!
//! The account's secret stands in `GALLEY_SECRET`, or behind the file descriptor whose number
//! stands in `GALLEY_SECRET_FD`; the registry's address in `GALLEY_REGISTRY`. No keychain is
//! touched: secrets live in memory, and die with the process. The project's copy is kept in
//! `GALLEY_HOME` if that is set, so that the next call fetches only what is new, and else in a
//! folder that is removed at the end. A provider's key comes from `GALLEY_KEY_` and its name.

use crate::{Arguments, Failure, commands};
use std::path::PathBuf;
use std::process::ExitCode;
use workbench::{Options, Secret, Secrets, Workbench};

/// What a service account's secret begins with.
const PREFIX: &str = "gal_svc_";

/// The secret of a service account, if this process was given one.
pub fn secret() -> Result<Option<Secret>, Failure> {
    if let Ok(number) = std::env::var("GALLEY_SECRET_FD") {
        let number: u32 = number.trim().parse().map_err(|_| {
            Failure::other("GALLEY_SECRET_FD is the number of an open file descriptor, like 3")
        })?;
        let text = std::fs::read_to_string(format!("/dev/fd/{number}")).map_err(|error| {
            Failure::other(format!("file descriptor {number} can't be read: {error}"))
        })?;
        return Ok(Some(Secret::new(text.trim())));
    }
    let given = std::env::var("GALLEY_SECRET").ok().map(Secret::new);
    // Mostly a pipeline that was not given its secret: acting as nobody would leave things behind.
    if given
        .as_ref()
        .is_some_and(|secret| secret.reveal().trim().is_empty())
    {
        return Err(Failure::other(
            "GALLEY_SECRET is set and empty: give the pipeline its service account's secret, or unset the variable",
        ));
    }
    Ok(given.filter(|secret| secret.reveal().trim().starts_with(PREFIX)))
}

/// Does what was asked, as the service account.
pub async fn run(arguments: &Arguments, secret: &Secret) -> Result<ExitCode, Failure> {
    let address = std::env::var("GALLEY_REGISTRY").map_err(|_| {
        Failure::other(
            "a service account needs the registry's address in GALLEY_REGISTRY (https://galley.example)",
        )
    })?;
    let (home, _removed_at_the_end) = home()?;
    let bench = Workbench::open(Options {
        home,
        secrets: Secrets::in_memory(),
    })?;
    bench.enter_as_service(&address, secret).await?;
    for card in bench.providers()? {
        if let Ok(key) = std::env::var(key_variable(&card.name)) {
            bench.set_provider_key(card.name, Secret::new(key)).await?;
        }
    }
    // The future holds every command's: too much for a stack.
    Box::pin(commands::carry_out(&bench, arguments)).await
}

fn home() -> Result<(PathBuf, Option<tempfile::TempDir>), Failure> {
    if let Some(home) = std::env::var_os("GALLEY_HOME") {
        return Ok((PathBuf::from(home), None));
    }
    let folder = tempfile::Builder::new()
        .prefix("galley-")
        .tempdir()
        .map_err(|error| {
            Failure::other(format!(
                "no folder could be made to work in: {error}; set GALLEY_HOME"
            ))
        })?;
    Ok((folder.path().to_owned(), Some(folder)))
}

/// `open ai` has its key in `GALLEY_KEY_OPEN_AI`.
fn key_variable(provider: &str) -> String {
    let name: String = provider
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect();
    format!("GALLEY_KEY_{name}")
}

#[cfg(test)]
mod tests {
    use super::key_variable;

    #[test]
    fn a_provider_has_its_key_in_a_variable_of_its_name() {
        assert_eq!(key_variable("openai"), "GALLEY_KEY_OPENAI");
        assert_eq!(key_variable("our gateway-2"), "GALLEY_KEY_OUR_GATEWAY_2");
    }
}
