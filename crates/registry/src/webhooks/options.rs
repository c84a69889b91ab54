//! What an operator says of webhooks, and what tests put in place of the world.

use super::resolver::{Lookup, SystemLookup};
use super::schedule::{Clock, SystemClock};
use crate::{Error, limits};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How webhooks are sent.
#[derive(Clone, Debug)]
pub struct WebhookOptions {
    /// The file that holds their secrets.
    pub secrets: PathBuf,
    /// Whether they may go to private addresses.
    pub allow_private: bool,
    /// Certificates (PEM) to trust as well: a team's own authority.
    pub ca_file: Option<PathBuf>,
    /// How long a receiver may take.
    pub patience: Duration,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// How names are resolved.
    pub lookup: Arc<dyn Lookup>,
}

impl WebhookOptions {
    /// To public addresses only, with secrets in this file.
    #[must_use]
    pub fn new(secrets: PathBuf) -> Self {
        Self {
            secrets,
            allow_private: false,
            ca_file: None,
            patience: limits::WEBHOOK_PATIENCE,
            clock: Arc::new(SystemClock),
            lookup: Arc::new(SystemLookup),
        }
    }

    pub(super) fn read_roots(&self) -> Result<Option<Vec<u8>>, Error> {
        let Some(path) = &self.ca_file else {
            return Ok(None);
        };
        let read = std::fs::read(path).map_err(|source| Error::File {
            path: path.clone(),
            source,
        })?;
        // Wrong ones are told at the start, not at the first delivery.
        reqwest::Certificate::from_pem_bundle(&read).map_err(|error| {
            Error::Setting(format!(
                "setting `webhooks.ca_file`: {} holds no certificates (PEM): {error}",
                path.display()
            ))
        })?;
        Ok(Some(read))
    }
}
