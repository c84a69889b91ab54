//! The embedded registry: the home of projects that live on this computer.
//!
//! It is the same registry that a team runs, as a library, on a loopback port of its own. Started
//! when a project first needs it.

use crate::{Error, Workbench};
use protocol::token::Token;
use registry::{Listening, Registry, Running};
use sync::Address;

/// The setting that holds the port of last time.
const PORT: &str = "local port";

/// A running embedded registry.
pub(crate) struct Local {
    // Runs until it is dropped.
    _running: Running,
    registry: Registry,
    address: Address,
}

impl Workbench {
    /// The embedded registry, started if it isn't running.
    pub(crate) async fn local(&self) -> Result<&Local, Error> {
        self.inner
            .local
            .get_or_try_init(|| self.start_local())
            .await
    }

    async fn start_local(&self) -> Result<Local, Error> {
        let registry = Registry::open(
            self.home().join("registry.sqlite"),
            registry::Options::create(),
        )?;
        // The port of last time, so that applications on this computer keep their address.
        let wanted: Option<u16> = self.store().setting(PORT)?;
        let loopback = std::net::Ipv4Addr::LOCALHOST;
        let listening = |port: u16| Listening {
            address: (loopback, port).into(),
            ..Listening::loopback()
        };
        let again = match wanted {
            Some(port) => registry.serve(&listening(port)).await.ok(),
            None => None,
        };
        let running = match again {
            Some(running) => running,
            // Another process of ours has that port, or somebody else: any other will do.
            None => registry.serve(&listening(0)).await?,
        };
        if wanted.is_none() {
            self.store().set_setting(PORT, &running.address().port())?;
        }
        let address =
            Address::read(&running.url()).map_err(|error| Error::invalid(error.to_string()))?;
        Ok(Local {
            _running: running,
            registry,
            address,
        })
    }
}

impl Local {
    /// Where it listens.
    pub fn address(&self) -> Address {
        self.address.clone()
    }

    /// A key that makes one project.
    pub fn founding_token(&self) -> Result<Token, Error> {
        Ok(self.registry.founding_token()?)
    }
}
