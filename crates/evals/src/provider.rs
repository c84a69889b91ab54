//! Who answers: the settings of this machine for a provider's name, and what its key may reach.

use crate::{Line, Secret};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::sync::Arc;

/// A provider as this machine's settings know it. A version names only its `name`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct ProviderConfig {
    /// The name that versions use.
    pub name: String,
    /// Which protocol it speaks.
    pub kind: ProviderKind,
    /// Its base address: `https://api.openai.com/v1`, `http://127.0.0.1:11434/v1`,
    /// `https://api.anthropic.com`, `https://generativelanguage.googleapis.com`.
    pub address: String,
}

/// Which protocol a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum ProviderKind {
    /// OpenAI's chat completions: OpenAI, Ollama, llama.cpp, vLLM, LM Studio and many more.
    OpenaiCompatible,
    /// Anthropic's messages.
    Anthropic,
    /// Google's Gemini (`generateContent`).
    Google,
}

/// A key and the one origin that it was saved for, as [`origin_of`] gave it then.
#[derive(Clone, Debug)]
pub struct Key {
    /// The key.
    pub secret: Secret,
    /// `https://api.openai.com`
    pub origin: String,
}

/// A provider that can be asked.
#[derive(Clone, Debug)]
pub struct Provider {
    pub(crate) config: ProviderConfig,
    pub(crate) endpoint: Url,
    pub(crate) secret: Option<Secret>,
    pub(crate) client: reqwest::Client,
    pub(crate) line: Arc<Line>,
}

/// Why a provider can't be asked.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// An address that is none.
    #[error("“{0}” is no address: write it as https://api.example.com/v1")]
    Address(String),
    /// Something in the address that does not belong there.
    #[error(
        "the address {0} holds a password, a query or a fragment: only scheme, host, port and path belong there"
    )]
    AddressParts(String),
    /// Plain HTTP to another computer.
    #[error(
        "{0} would be spoken to without encryption: use https://, or an address on this computer"
    )]
    PlainHttp(String),
    /// The key was saved for another origin.
    #[error("the saved key belongs to {saved}, not to {asked}: enter the key for the new address")]
    OtherOrigin {
        /// Where the key belongs.
        saved: String,
        /// Where it would have gone.
        asked: String,
    },
    /// The HTTP client could not be set up.
    #[error("the connection could not be set up")]
    Client(#[from] reqwest::Error),
}

/// Scheme, host and port of an address: what a key is saved for.
///
/// # Errors
/// An address that no provider may have.
pub fn origin_of(address: &str) -> Result<String, ProviderError> {
    Ok(read_address(address)?.origin().ascii_serialization())
}

pub(crate) fn read_address(address: &str) -> Result<Url, ProviderError> {
    let address = address.trim();
    let url = Url::parse(address).map_err(|_| ProviderError::Address(address.to_owned()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(ProviderError::Address(address.to_owned()));
    }
    let extras = url.query().is_some() || url.fragment().is_some();
    if !url.username().is_empty() || url.password().is_some() || extras {
        // The address is shown without what may be a secret.
        return Err(ProviderError::AddressParts(
            url.origin().ascii_serialization(),
        ));
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(ProviderError::PlainHttp(url.origin().ascii_serialization()));
    }
    Ok(url)
}

/// A client that follows nothing elsewhere.
pub(crate) fn plain_client(base: &Url) -> Result<reqwest::Client, reqwest::Error> {
    // Another part of the process may have chosen one already: either will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .tcp_nodelay(true)
        .user_agent(concat!("galley/", env!("CARGO_PKG_VERSION")));
    if is_loopback(base) {
        // What is on this computer is not asked for through a proxy elsewhere.
        client = client.no_proxy();
    }
    client.build()
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

impl Provider {
    /// Checks the address and that the key belongs to it.
    ///
    /// # Errors
    /// What a person has to change in the settings.
    pub fn new(config: ProviderConfig, key: Option<Key>) -> Result<Self, ProviderError> {
        let base = read_address(&config.address)?;
        let asked = base.origin().ascii_serialization();
        let secret = match key {
            Some(key) if key.origin != asked => {
                return Err(ProviderError::OtherOrigin {
                    saved: key.origin,
                    asked,
                });
            }
            Some(key) => Some(key.secret),
            None => None,
        };
        let path = match config.kind {
            ProviderKind::OpenaiCompatible => "chat/completions",
            ProviderKind::Anthropic => "v1/messages",
            // The model and what is asked of it come after.
            ProviderKind::Google => "v1beta/",
        };
        let endpoint = format!("{}/{path}", base.as_str().trim_end_matches('/'));
        let endpoint = Url::parse(&endpoint).map_err(|_| ProviderError::Address(endpoint))?;
        Ok(Self {
            config,
            endpoint,
            secret,
            client: plain_client(&base)?,
            line: Arc::default(),
        })
    }

    /// The same provider, asked in a line with all others who stand in it.
    #[must_use]
    pub fn in_line(mut self, line: Arc<Line>) -> Self {
        self.line = line;
        self
    }

    /// Whether it is on this computer.
    #[must_use]
    pub fn is_here(&self) -> bool {
        is_loopback(&self.endpoint)
    }

    /// The name that versions use.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.config.name
    }

    /// Which protocol it speaks.
    #[must_use]
    pub fn kind(&self) -> ProviderKind {
        self.config.kind
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(address: &str, origin: Option<&str>) -> Result<Provider, ProviderError> {
        let config = ProviderConfig {
            name: "p".to_owned(),
            kind: ProviderKind::OpenaiCompatible,
            address: address.to_owned(),
        };
        let key = origin.map(|origin| Key {
            secret: Secret::new("k"),
            origin: origin.to_owned(),
        });
        Provider::new(config, key)
    }

    #[test]
    fn addresses_that_may_be_asked() {
        let table = [
            (
                "https://api.openai.com/v1",
                "https://api.openai.com/v1/chat/completions",
            ),
            (
                "https://api.openai.com/v1/",
                "https://api.openai.com/v1/chat/completions",
            ),
            (
                "http://127.0.0.1:8080/v1",
                "http://127.0.0.1:8080/v1/chat/completions",
            ),
            (
                "http://localhost:11434/v1",
                "http://localhost:11434/v1/chat/completions",
            ),
            ("http://[::1]:1/v1", "http://[::1]:1/v1/chat/completions"),
        ];
        for (address, endpoint) in table {
            assert_eq!(
                provider(address, None).expect(address).endpoint.as_str(),
                endpoint
            );
        }
        for address in [
            "",
            "api.openai.com",
            "ftp://x/y",
            "file:///etc/passwd",
            "https://",
        ] {
            assert!(
                matches!(provider(address, None), Err(ProviderError::Address(_))),
                "{address}"
            );
        }
        for address in [
            "http://api.openai.com/v1",
            "http://192.168.1.5/v1",
            "http://localhost.example.com/",
            "http://127.0.0.1.example.com/",
            "http://0.0.0.0/",
        ] {
            assert!(
                matches!(provider(address, None), Err(ProviderError::PlainHttp(_))),
                "{address}"
            );
        }
        for address in [
            "https://user:pw@x.com/",
            "https://x.com/?key=1",
            "https://x.com/#a",
        ] {
            let error = provider(address, None).expect_err(address);
            assert!(matches!(error, ProviderError::AddressParts(_)), "{address}");
            assert!(!error.to_string().contains("pw@"), "{error}");
        }
    }

    #[test]
    fn a_key_goes_only_where_it_was_saved_for() {
        let saved = origin_of("https://api.openai.com/v1").expect("an address");
        assert_eq!(saved, "https://api.openai.com");
        assert!(provider("https://api.openai.com/other", Some(&saved)).is_ok());
        for address in [
            "https://api.openai.com:8443/v1",
            "https://api.openai.com.evil.com/v1",
            "http://127.0.0.1/v1",
        ] {
            let error = provider(address, Some(&saved)).expect_err(address);
            assert!(
                matches!(error, ProviderError::OtherOrigin { .. }),
                "{address}: {error}"
            );
        }
    }
}
