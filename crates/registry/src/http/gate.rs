//! Before anything else: is this request meant for us, and did a program make it?
//!
//! A page in somebody's browser can reach a registry on their machine or network, by its address
//! or by a name that was made to point there (DNS rebinding). So an unknown `Host` is refused,
//! and so is whatever has an `Origin`: browsers send one with all that a page does across
//! origins, and none of our clients is a page. No CORS header is ever sent.

use super::{App, Failure};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use protocol::ErrorCode;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// What one listener lets in.
#[derive(Debug)]
pub struct Gate {
    hosts: Vec<String>,
    behind_proxy: bool,
    /// Ends streams when the listener stops.
    pub(crate) stopping: CancellationToken,
    boot: u32,
    requests: AtomicU64,
}

impl Gate {
    /// Lets in requests for these names, and for this address by its loopback names.
    #[must_use]
    pub fn new(address: SocketAddr, names: &[String], behind_proxy: bool) -> Self {
        let port = address.port();
        let mut hosts: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
        for name in names.iter().filter(|name| !has_port(name)) {
            hosts.push(format!("{}:{port}", name.to_ascii_lowercase()));
        }
        if address.ip().is_loopback() {
            hosts.extend(["127.0.0.1", "localhost", "[::1]"].map(|name| format!("{name}:{port}")));
        }
        if !address.ip().is_unspecified() {
            hosts.push(address.to_string());
        }
        let mut boot = [0; 4];
        // Only tells one start from the next in the log.
        let _ = getrandom::fill(&mut boot);
        Self {
            hosts,
            behind_proxy,
            stopping: CancellationToken::new(),
            boot: u32::from_be_bytes(boot),
            requests: AtomicU64::new(1),
        }
    }

    fn knows(&self, host: &str) -> bool {
        self.hosts
            .iter()
            .any(|known| known.eq_ignore_ascii_case(host))
    }

    /// The address that calls; behind a proxy, the one that the proxy says.
    #[must_use]
    pub fn caller(&self, peer: Option<SocketAddr>, headers: &HeaderMap) -> IpAddr {
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
        if !self.behind_proxy {
            return peer;
        }
        // The last entry is the proxy's own; the ones before are whatever the caller wrote.
        headers
            .get("x-forwarded-for")
            .and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok())
            .unwrap_or(peer)
    }
}

fn has_port(name: &str) -> bool {
    name.rsplit_once(':')
        .is_some_and(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
}

/// Lets a request in, and writes down that it came: method, route, status, time. Never the query
/// (a caller's unit stands there), a header or a body.
pub async fn gate(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let number = app.gate.requests.fetch_add(1, Ordering::Relaxed);
    let id = format!("{:08x}-{number}", app.gate.boot);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = match admit(&app.gate, &request) {
        Ok(()) => next.run(request).await,
        Err(failure) => failure.into_response(),
    };
    let status = response.status();
    app.registry.inner.counts.answered(status);
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    // An application's reads come by the thousand: they are counted, and logged when asked for.
    if method == http::Method::GET && status.is_success() || status == 304 {
        tracing::debug!(id, %method, route, status = status.as_u16(), micros, "answered");
    } else {
        tracing::info!(id, %method, route, status = status.as_u16(), micros, "answered");
    }
    response
}

fn admit(gate: &Gate, request: &Request) -> Result<(), Failure> {
    let headers = request.headers();
    if headers.contains_key(header::ORIGIN) {
        return Err(Failure::new(
            ErrorCode::Forbidden,
            "requests from web pages are not taken: this one has an Origin",
        ));
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    let named = hosts.next().and_then(|host| host.to_str().ok());
    let authority = request.uri().authority().map(http::uri::Authority::as_str);
    let known = match (named, authority) {
        (Some(host), None) => gate.knows(host),
        (None, Some(host)) => gate.knows(host),
        (Some(host), Some(other)) => gate.knows(host) && gate.knows(other),
        (None, None) => false,
    };
    if !known || hosts.next().is_some() {
        return Err(Failure::new(
            ErrorCode::Forbidden,
            "this registry does not go by the name in the request's Host; its operator lists the names with --host",
        ));
    }
    if percent_encoding::percent_decode_str(request.uri().path())
        .decode_utf8()
        .is_err()
    {
        return Err(Failure::bad("the path is not UTF-8"));
    }
    let length = request
        .uri()
        .path_and_query()
        .map_or(0, |path| path.as_str().len());
    if length > crate::limits::URI_BYTES {
        return Err(Failure::too_large(
            "the path (in bytes)",
            crate::limits::URI_BYTES,
        ));
    }
    Ok(())
}
