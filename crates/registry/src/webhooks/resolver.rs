//! The way out: clients that connect to nothing but what the rule allows.
//!
//! A name is resolved once for each connection, and the connection goes to one of the addresses
//! that were checked: a name that means something else a moment later (DNS rebinding) gains
//! nothing. No proxy stands between, no redirect is followed, and no connection is kept.

use super::address::{Rule, literal};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Url};
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// What a lookup gives.
pub type Found = Pin<Box<dyn Future<Output = std::io::Result<Vec<SocketAddr>>> + Send>>;

/// Finds the addresses of a name. The system's own outside of tests.
pub trait Lookup: Send + Sync + fmt::Debug {
    /// The addresses of a name, whatever they are; the port means nothing.
    fn look_up(&self, name: String) -> Found;
}

/// As the system resolves names.
#[derive(Clone, Copy, Debug)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn look_up(&self, name: String) -> Found {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
    }
}

/// A connection that the rule does not allow.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotAllowed(pub &'static str);

/// Resolves names, and gives out only what the rule allows.
#[derive(Clone, Debug)]
struct Checked {
    lookup: Arc<dyn Lookup>,
    rule: Rule,
}

impl Checked {
    async fn addresses(self, name: String) -> Result<Vec<SocketAddr>, Refused> {
        let found = self.lookup.look_up(name).await?;
        let mut refused = None;
        let mut allowed = Vec::new();
        for address in found {
            match self.rule.allows(address.ip()) {
                Ok(()) => allowed.push(address),
                Err(words) => refused = Some(NotAllowed(words)),
            }
        }
        match (allowed.is_empty(), refused) {
            (true, Some(refused)) => Err(refused.into()),
            (true, None) => Err("the name has no address".into()),
            (false, _) => Ok(allowed),
        }
    }
}

type Refused = Box<dyn std::error::Error + Send + Sync>;

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let this = self.clone();
        Box::pin(async move {
            let addresses = this.addresses(name.as_str().to_owned()).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Clients for both kinds of connection.
#[derive(Debug)]
pub struct WayOut {
    /// With TLS. None where this system has no certificates to trust: the words say so.
    secure: Result<Client, String>,
    /// In the clear, to private networks.
    plain: Client,
    allow_private: bool,
}

impl WayOut {
    /// Clients under a rule.
    ///
    /// # Errors
    /// Not even a client without TLS can be made.
    pub fn new(
        lookup: &Arc<dyn Lookup>,
        allow_private: bool,
        patience: Duration,
        roots: Option<&[u8]>,
    ) -> Result<Self, reqwest::Error> {
        // Fails only where a provider was chosen before: that one does as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = |plain: bool| {
            let rule = Rule {
                allow_private,
                plain,
            };
            let lookup = Arc::clone(lookup);
            Client::builder()
                .user_agent(concat!("galley-registry/", env!("CARGO_PKG_VERSION")))
                .redirect(reqwest::redirect::Policy::none())
                .referer(false)
                .no_proxy()
                .no_gzip()
                .pool_max_idle_per_host(0)
                .timeout(patience)
                .dns_resolver(Checked { lookup, rule })
        };
        let plain = client(true).tls_certs_only(std::iter::empty()).build()?;
        let mut builder = client(false).https_only(true);
        if let Some(pem) = roots {
            builder = builder.tls_certs_merge(reqwest::Certificate::from_pem_bundle(pem)?);
        }
        let secure = builder.build().map_err(|error| {
            tracing::warn!(%error, "no webhook can be sent with TLS");
            "the registry's system has no certificates to trust; tell its operator".to_owned()
        });
        Ok(Self {
            secure,
            plain,
            allow_private,
        })
    }

    /// The client for an address.
    ///
    /// # Errors
    /// Nothing may be sent there; in words.
    pub fn client(&self, url: &Url) -> Result<&Client, String> {
        let plain = url.scheme() != "https";
        // An address in place of a name is connected to without asking the resolver.
        if let Some(address) = literal(url) {
            let rule = Rule {
                allow_private: self.allow_private,
                plain,
            };
            rule.allows(address)?;
        }
        if plain {
            if !self.allow_private {
                return Err("http:// is for private networks only, and this registry's operator does not allow those; nothing was sent".to_owned());
            }
            return Ok(&self.plain);
        }
        self.secure.as_ref().map_err(Clone::clone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Answers differently each time: what whoever owns a name can do.
    #[derive(Debug)]
    struct Turns(Vec<&'static [&'static str]>, AtomicUsize);

    impl Lookup for Turns {
        fn look_up(&self, _name: String) -> Found {
            let turn = self.1.fetch_add(1, Ordering::Relaxed);
            let found = self.0[turn]
                .iter()
                .map(|text| SocketAddr::new(text.parse().unwrap(), 0))
                .collect();
            Box::pin(async move { Ok(found) })
        }
    }

    #[tokio::test]
    async fn each_answer_is_checked_by_itself() {
        let lookup: Arc<dyn Lookup> = Arc::new(Turns(
            vec![
                &["8.8.8.8"],
                &["127.0.0.1"],
                &["10.0.0.1", "8.8.4.4", "::1"],
                &["::ffff:127.0.0.1", "fe80::1"],
                &[],
            ],
            AtomicUsize::new(0),
        ));
        let rule = Rule {
            allow_private: false,
            plain: false,
        };
        let checked = Checked { lookup, rule };
        let mut told = Vec::new();
        for _ in 0..5 {
            let found = checked.clone().addresses("hooks.example".into()).await;
            told.push(match found {
                Ok(found) => Ok(found.iter().map(SocketAddr::ip).collect::<Vec<IpAddr>>()),
                Err(error) => Err(error.downcast_ref::<NotAllowed>().is_some()),
            });
        }
        let public = |text: &str| Ok(vec![text.parse().unwrap()]);
        assert_eq!(
            told,
            [
                public("8.8.8.8"),
                Err(true),
                public("8.8.4.4"),
                Err(true),
                Err(false)
            ]
        );
    }

    #[test]
    fn an_address_in_place_of_a_name_is_checked_as_well() {
        let lookup: Arc<dyn Lookup> = Arc::new(SystemLookup);
        let way = |allow| WayOut::new(&lookup, allow, Duration::from_secs(1), None).unwrap();
        let (strict, open) = (way(false), way(true));
        for (url, when_allowed) in [
            ("http://127.0.0.1:1/", true),
            ("http://[::1]:1/", true),
            ("http://8.8.8.8/", false),
            ("http://169.254.169.254/", false),
            ("https://0.0.0.0/", false),
        ] {
            let url = Url::parse(url).unwrap();
            assert!(strict.client(&url).is_err(), "{url}");
            assert_eq!(open.client(&url).is_ok(), when_allowed, "{url}");
        }
    }
}
