//! The HTTP client: every call that a laptop makes of a registry, and nothing else.
//!
//! * [`Client`] holds an address and where the key comes from; [`Bearer`] carries the key without
//!   showing it.
//! * [`ClientError`] tells offline, refused and broken apart, because people do different things
//!   about each.
//!
//! It follows no redirect (a key goes only to the address it was given for), sends nothing over
//! `http://` beyond this computer, and reads no answer larger than the contract allows.

mod address;
mod body;
mod calls;
mod changes;
mod error;
mod keys;
mod webhooks;

pub use address::{Address, AddressError};
pub use body::Lines;
pub use calls::LedgerPage;
pub use changes::Changes;
pub use error::ClientError;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A key as it is sent. `Debug` shows nothing of it; there is no `Display`.
#[derive(Clone)]
pub struct Bearer(String);

impl Bearer {
    /// Wraps a key: a personal token, a founding token, or an invitation's bearer.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(…)")
    }
}

/// Where the key comes from: asked before each call, so that a keychain that was unlocked later,
/// or a key that was changed, counts at once.
pub type BearerSource = Arc<dyn Fn() -> Option<Bearer> + Send + Sync>;

/// How long a call may take, and whom to trust besides the system's authorities.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// To reach the registry at all.
    pub connect: Duration,
    /// Without a byte of an answer. Server-sent events carry a comment more often than this.
    pub silence: Duration,
    /// Certificates (PEM) to trust as well: a team's own authority.
    pub extra_roots_pem: Option<Vec<u8>>,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            silence: Duration::from_secs(40),
            extra_roots_pem: None,
        }
    }
}

/// A registry, as a laptop talks to it.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    address: Address,
    bearer: BearerSource,
}

impl Client {
    /// A client for one address. Nothing is sent yet.
    ///
    /// # Errors
    /// The extra certificates can't be read, or this system has no certificates to trust.
    pub fn new(
        address: Address,
        bearer: BearerSource,
        options: &ClientOptions,
    ) -> Result<Self, ClientError> {
        let http = connect(&address, options).map_err(ClientError::Setup)?;
        Ok(Self {
            http,
            address,
            bearer,
        })
    }

    /// A client that always sends this key: for founding and joining.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_bearer(
        address: Address,
        bearer: Bearer,
        options: &ClientOptions,
    ) -> Result<Self, ClientError> {
        Self::new(address, Arc::new(move || Some(bearer.clone())), options)
    }

    /// The same registry with another key.
    #[must_use]
    pub fn bearing(&self, bearer: Bearer) -> Self {
        Self {
            bearer: Arc::new(move || Some(bearer.clone())),
            ..self.clone()
        }
    }

    /// The registry's address.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

fn connect(address: &Address, options: &ClientOptions) -> Result<reqwest::Client, reqwest::Error> {
    // Fails only where a provider was chosen before: that one does as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("galley/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(options.connect)
        .read_timeout(options.silence)
        .tcp_keepalive(Duration::from_secs(15))
        .tcp_nodelay(true);
    if address.is_loopback() {
        // No proxy stands before this computer, and compressing for it costs more than it saves.
        builder = builder.no_proxy().no_gzip();
    }
    if !address.is_tls() {
        // Plain loopback trusts nobody's certificates, and must work on a system without any.
        builder = builder.tls_certs_only(std::iter::empty());
    } else if let Some(pem) = &options.extra_roots_pem {
        builder = builder.tls_certs_merge(reqwest::Certificate::from_pem_bundle(pem)?);
    }
    builder.build()
}
