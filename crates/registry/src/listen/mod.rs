//! Listening: loopback in the clear, anywhere else with TLS.

mod connections;
mod tls;

use crate::http::{Gate, router};
use crate::{Error, Registry};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// How often unnamed content is looked through.
const TIDY_EVERY: Duration = Duration::from_secs(15 * 60);
/// How often it is written down what keys were used for.
const NOTE_EVERY: Duration = Duration::from_secs(5);
/// How often another process's appends are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Where and how to listen.
#[derive(Clone, Debug)]
pub struct Listening {
    /// The address; port 0 means any free one.
    pub address: SocketAddr,
    /// A certificate, with which it may be any address.
    pub tls: Option<Tls>,
    /// The names by which clients call this registry, beside loopback's.
    pub hosts: Vec<String>,
    /// A proxy stands before it: the caller's address is the one that the proxy says.
    pub behind_proxy: bool,
}

/// A certificate with its key, both PEM files.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The certificate, with those that vouch for it.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Listening {
    /// On this computer only, on any free port.
    #[must_use]
    pub fn loopback() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            tls: None,
            hosts: Vec::new(),
            behind_proxy: false,
        }
    }
}

/// A registry that is listening. Dropping it leaves it so until the process ends; [`Self::stop`]
/// ends it in order.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    tls: bool,
    gate: Arc<Gate>,
    listening: JoinHandle<()>,
    tidying: JoinHandle<()>,
    delivering: Option<JoinHandle<()>>,
    registry: Registry,
}

impl Registry {
    /// Begins to listen. When this returns, it can be called at [`Running::address`].
    ///
    /// # Errors
    /// The address is taken, or is not loopback and there is no certificate, or that can't be used.
    pub async fn serve(&self, listening: &Listening) -> Result<Running, Error> {
        if listening.tls.is_none() && !listening.address.ip().is_loopback() {
            return Err(Error::NeedsTls(listening.address));
        }
        let tls = listening.tls.as_ref().map(tls::acceptor).transpose()?;
        let failed = |source| Error::Listen {
            address: listening.address.to_string(),
            source,
        };
        let listener = TcpListener::bind(listening.address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let gate = Arc::new(Gate::new(address, &listening.hosts, listening.behind_proxy));
        let service = router(self.clone(), Arc::clone(&gate));
        let most = self.inner.projects.limits.connections;
        let speaks_tls = tls.is_some();
        let stopping = gate.stopping.clone();
        let listening = tokio::spawn(connections::accept(listener, tls, service, stopping, most));
        let tidying = tokio::spawn(tidy(self.clone(), gate.stopping.clone()));
        let webhooks = self.inner.webhooks.clone();
        let delivering = webhooks
            .map(|webhooks| tokio::spawn(webhooks.work(self.clone(), gate.stopping.clone())));
        Ok(Running {
            address,
            tls: speaks_tls,
            gate,
            listening,
            tidying,
            delivering,
            registry: self.clone(),
        })
    }
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address as clients write it.
    #[must_use]
    pub fn url(&self) -> String {
        format!(
            "{}://{}",
            if self.tls { "https" } else { "http" },
            self.address
        )
    }

    /// Takes no new connection, answers what was asked, ends streams, and writes down what makes
    /// the next start fast.
    pub async fn stop(self) {
        self.gate.stopping.cancel();
        let _ = self.listening.await;
        let _ = self.tidying.await;
        if let Some(delivering) = self.delivering {
            let _ = delivering.await;
        }
        let registry = self.registry;
        let _ = tokio::task::spawn_blocking(move || registry.settle()).await;
    }
}

async fn tidy(registry: Registry, stopping: tokio_util::sync::CancellationToken) {
    let mut tidy = tokio::time::interval(TIDY_EVERY);
    let mut look = tokio::time::interval(LOOK_EVERY);
    let mut note = tokio::time::interval(NOTE_EVERY);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let result = tokio::select! {
            () = stopping.cancelled() => return,
            _ = look.tick() => registry.blocking(|projects| projects.catch_up()).await,
            _ = note.tick() => {
                let registry = registry.clone();
                tokio::task::spawn_blocking(move || registry.note_uses()).await.unwrap_or(Ok(()))
            }
            _ = tidy.tick() => {
                let registry = registry.clone();
                match tokio::task::spawn_blocking(move || registry.tidy()).await {
                    Ok(result) => result.map(|dropped| tracing::debug!(dropped, "tidied")),
                    Err(_) => Ok(()),
                }
            }
        };
        if let Err(error) = result {
            tracing::warn!(%error, "the data file could not be looked through");
        }
    }
}
