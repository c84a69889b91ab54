//! Before anything else: is this request meant for us, and did a program make it?
//!
//! A page in somebody's browser can reach a registry on their machine or network, by its address
//! or by a name that was made to point there (DNS rebinding). So an unknown `Host` is refused,
//! and so is whatever has an `Origin`: browsers send one with all that a page does across
//! origins, and none of our clients is a page. No CORS header is ever sent.

use super::{App, Failure, Refused};
use crate::people::ConnectionPlace;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use parking_lot::Mutex;
use protocol::ErrorCode;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// What one listener lets in.
#[derive(Debug)]
pub struct Gate {
    hosts: Vec<String>,
    behind_proxy: bool,
    /// Ends streams when the listener stops.
    pub(crate) stopping: CancellationToken,
    /// It will stop soon: nothing new is to be sent here.
    leaving: AtomicBool,
    /// What was there at the start is still being read.
    reading: AtomicBool,
    pub(crate) connections: AtomicUsize,
    pub(crate) began: jiff::Timestamp,
    boot: u32,
    requests: AtomicU64,
}

/// One connection: which key was first used on it, and its place among that key's.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    pub(crate) place: Arc<Mutex<Option<ConnectionPlace>>>,
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
            leaving: AtomicBool::new(false),
            reading: AtomicBool::new(false),
            connections: AtomicUsize::new(0),
            began: jiff::Timestamp::now(),
            boot: u32::from_be_bytes(boot),
            requests: AtomicU64::new(1),
        }
    }

    fn knows(&self, host: &str) -> bool {
        self.hosts
            .iter()
            .any(|known| known.eq_ignore_ascii_case(host))
    }

    /// From now on, until [`Self::has_read`], it is not ready: its projects are being read.
    pub fn reads(&self) {
        self.reading.store(true, Ordering::Relaxed);
    }

    /// All is in memory.
    pub fn has_read(&self) {
        self.reading.store(false, Ordering::Relaxed);
    }

    /// From now on it is not ready: it will stop soon. It goes on answering.
    pub fn leaves(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    /// Why no requests should be sent here, if so.
    pub(super) fn unready(&self) -> Option<&'static str> {
        if self.leaving.load(Ordering::Relaxed) || self.stopping.is_cancelled() {
            return Some("the registry is stopping");
        }
        let reading = self.reading.load(Ordering::Relaxed);
        reading.then_some("the registry is still reading its projects")
    }

    /// Whether a proxy stands before it, whose connections are anybody's.
    pub(super) fn is_behind_proxy(&self) -> bool {
        self.behind_proxy
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
    let id = match request.headers().get(REQUEST_ID).and_then(given) {
        Some(id) => id.to_owned(),
        None => format!("{:08x}-{number}", app.gate.boot),
    };
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = match admit(&app.gate, &request) {
        Ok(()) => next.run(request).await,
        Err((failure, why)) => {
            if let Some(why) = why {
                app.registry.inner.counts.refused(why);
            }
            failure.into_response()
        }
    };
    let status = response.status();
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    let took = started.elapsed();
    let route = route.as_ref().map(MatchedPath::as_str);
    let counts = &app.registry.inner.counts;
    counts.answered(route, &method, status, took);
    let route = route.unwrap_or("none");
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    // An application's reads come by the thousand: they are counted, and logged when asked for.
    if method == http::Method::GET && status.is_success() || status == 304 {
        tracing::debug!(id, %method, route, status = status.as_u16(), micros, "answered");
    } else {
        tracing::info!(id, %method, route, status = status.as_u16(), micros, "answered");
    }
    response
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A caller's own id for its request, if it is one that can stand in a log and a header as it is.
fn given(value: &HeaderValue) -> Option<&str> {
    let sane = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let text = value.to_str().ok()?;
    ((1..=64).contains(&text.len()) && text.bytes().all(sane)).then_some(text)
}

fn admit(gate: &Gate, request: &Request) -> Result<(), (Failure, Option<Refused>)> {
    let headers = request.headers();
    if headers.contains_key(header::ORIGIN) {
        let failure = Failure::new(
            ErrorCode::Forbidden,
            "requests from web pages are not taken: this one has an Origin",
        );
        return Err((failure, Some(Refused::Origin)));
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
        let failure = Failure::new(
            ErrorCode::Forbidden,
            "this registry does not go by the name in the request's Host; its operator lists the names with --host",
        );
        return Err((failure, Some(Refused::Host)));
    }
    if percent_encoding::percent_decode_str(request.uri().path())
        .decode_utf8()
        .is_err()
    {
        return Err((Failure::bad("the path is not UTF-8"), None));
    }
    let length = request
        .uri()
        .path_and_query()
        .map_or(0, |path| path.as_str().len());
    if length > crate::limits::URI_BYTES {
        let most = crate::limits::URI_BYTES;
        return Err((Failure::too_large("the path (in bytes)", most), None));
    }
    Ok(())
}
