//! One request at a time to one registry: no redirect is followed, and the key is never shown.

use crate::error::SettingsError;
use ::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use reqwest::{Response, Url};
use std::error::Error;
use std::time::{Duration, SystemTime};

/// No environment is larger: an answer beyond it comes from something that is no registry.
const LARGEST: usize = 256 << 20;
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// A request that brought nothing.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    /// Why, for people.
    pub(crate) message: String,
    /// When to come again, if the registry said so.
    pub(crate) retry_after: Option<Duration>,
    /// Asking again soon makes no difference: the key is refused.
    pub(crate) is_final: bool,
}

impl Failed {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            retry_after: None,
            is_final: false,
        }
    }

    fn last(message: &str) -> Self {
        Self {
            is_final: true,
            ..Self::new(message)
        }
    }
}

/// An answer and its tag.
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    pub(crate) tag: Option<String>,
}

/// Calls of one registry with one key.
pub(crate) struct Http {
    client: reqwest::Client,
    /// Without a slash at its end.
    address: String,
    bearer: HeaderValue,
    timeout: Duration,
}

impl Http {
    pub(crate) fn new(
        address: &str,
        key: &str,
        timeout: Duration,
        roots_pem: Option<&[u8]>,
    ) -> Result<Self, SettingsError> {
        let (url, loopback) = checked(address)?;
        // Fails only where a provider was chosen before: that one does as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("galley-rust/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(timeout);
        if loopback {
            builder = builder.no_proxy();
        }
        if url.scheme() == "http" {
            // Plain loopback trusts nobody's certificates, and must work on a system without any.
            builder = builder.tls_certs_only(std::iter::empty());
        } else if let Some(pem) = roots_pem {
            let roots = reqwest::Certificate::from_pem_bundle(pem)
                .ok()
                .filter(|roots| !roots.is_empty());
            let unreadable = || {
                SettingsError(
                    "the certificates to trust can't be read: they are not PEM".to_owned(),
                )
            };
            builder = builder.tls_certs_merge(roots.ok_or_else(unreadable)?);
        }
        let client = builder
            .build()
            .map_err(|error| SettingsError(format!("no connection can be made: {error}")))?;
        Ok(Self {
            client,
            address: url.as_str().trim_end_matches('/').to_owned(),
            bearer: bearer(key)?,
            timeout,
        })
    }

    /// Asks, and gives the answer with its body unread.
    pub(crate) async fn open(&self, path: &str, headers: HeaderMap) -> Result<Response, Failed> {
        let request = self
            .client
            .get(format!("{}{path}", self.address))
            .headers(headers);
        let sent = request
            .header(header::AUTHORIZATION, self.bearer.clone())
            .send();
        let unreachable =
            |words: &str| Failed::new(format!("the registry can't be reached ({words})"));
        let response = tokio::time::timeout(self.timeout, sent)
            .await
            .map_err(|_| unreachable("no answer in time"))?
            .map_err(|error| unreachable(&words(&error)))?;
        match response.status() {
            StatusCode::OK | StatusCode::NOT_MODIFIED => Ok(response),
            _ => Err(refused(&response)),
        }
    }

    /// The body and its tag, or nothing if it is still what the tag names.
    pub(crate) async fn read(&self, path: &str, tag: Option<&str>) -> Result<Option<Body>, Failed> {
        let known = tag.and_then(|tag| HeaderValue::from_str(tag).ok());
        let headers: HeaderMap = known
            .map(|tag| (header::IF_NONE_MATCH, tag))
            .into_iter()
            .collect();
        let all = async {
            let mut response = self.open(path, headers).await?;
            if response.status() == StatusCode::NOT_MODIFIED {
                return Ok(None);
            }
            let tag = response
                .headers()
                .get(header::ETAG)
                .and_then(|tag| tag.to_str().ok())
                .map(str::to_owned);
            let mut bytes = Vec::new();
            let broke = |error| {
                Failed::new(format!(
                    "the registry's answer broke off ({})",
                    words(&error)
                ))
            };
            while let Some(chunk) = response.chunk().await.map_err(broke)? {
                if bytes.len() + chunk.len() > LARGEST {
                    return Err(Failed::new(
                        "the answer is larger than any environment: this is no registry",
                    ));
                }
                bytes.extend_from_slice(&chunk);
            }
            Ok(Some(Body { bytes, tag }))
        };
        let late = |_| Failed::new("the registry's answer broke off (no answer in time)");
        tokio::time::timeout(self.timeout, all)
            .await
            .map_err(late)?
    }
}

/// The address, and whether it is this computer's own. `http://` is for this computer only: a key would
/// cross the network in the clear.
fn checked(address: &str) -> Result<(Url, bool), SettingsError> {
    let refuse = |message: &str| Err(SettingsError(message.to_owned()));
    let unreadable = "the registry's address can't be read; write it like https://galley.example";
    let Ok(url) = Url::parse(address) else {
        return refuse(unreadable);
    };
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("the registry's address holds a user or password: leave them out");
    }
    let host = url.host_str().unwrap_or_default();
    let good = matches!(url.scheme(), "https" | "http") && !host.is_empty();
    if !good || url.query().is_some() || url.fragment().is_some() {
        return refuse(unreadable);
    }
    let literal = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    let loopback = host == "localhost" || literal.is_ok_and(|address| address.is_loopback());
    if url.scheme() == "http" && !loopback {
        let message = format!(
            "{host} is not this computer, so http:// would send the key in the clear: write https://"
        );
        return Err(SettingsError(message));
    }
    Ok((url, loopback))
}

/// The header that carries the key. Nothing that prints it shows it.
fn bearer(key: &str) -> Result<HeaderValue, SettingsError> {
    let key = key.trim();
    let rest = key.strip_prefix("gal_env_").unwrap_or_default();
    let good = !rest.is_empty()
        && rest
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    let header = HeaderValue::from_str(&format!("Bearer {key}"))
        .ok()
        .filter(|_| good);
    let Some(mut header) = header else {
        let message = "this is no environment key: one begins with gal_env_ and is made in Settings or by `galley key new`";
        return Err(SettingsError(message.to_owned()));
    };
    header.set_sensitive(true);
    Ok(header)
}

fn refused(response: &Response) -> Failed {
    let status = response.status();
    let failed = match status {
        StatusCode::UNAUTHORIZED => {
            Failed::last("the registry refuses the key: it is unknown, revoked, or has ended")
        }
        StatusCode::FORBIDDEN => Failed::last(
            "the registry refuses this key or this host: is it an environment key, and is the address right?",
        ),
        _ if status.is_redirection() => Failed::last(
            "the address answers with a redirect, which is not followed: write the registry's own address",
        ),
        StatusCode::TOO_MANY_REQUESTS => {
            Failed::new("the registry asks to come again later: too many calls")
        }
        StatusCode::NOT_FOUND => Failed::new(
            "nothing is served here: the environment is retired, or this is no registry",
        ),
        other => Failed::new(format!(
            "the registry answers with status {}",
            other.as_u16()
        )),
    };
    Failed {
        retry_after: retry_after(response.headers()),
        ..failed
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers
        .get(HeaderName::from_static("retry-after"))?
        .to_str()
        .ok()?
        .trim();
    let wait = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let moment = httpdate::parse_http_date(text).ok()?;
            moment.duration_since(SystemTime::now()).unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST_PAUSE))
}

/// What happened, without anything that was sent.
pub(crate) fn words(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut deepest: &dyn Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    match deepest.downcast_ref::<reqwest::Error>() {
        // Its own words would hold the address.
        Some(_) => "it broke off".to_owned(),
        None => deepest.to_string(),
    }
}
