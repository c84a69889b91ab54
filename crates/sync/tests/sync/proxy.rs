//! A proxy between laptop and registry that does to requests what networks do.
//!
//! Each request takes the next fault of a plan; after the last one everything passes. A late
//! request is one that the client gave up, and that arrives after the next ones did.

use axum::body::Body;
use hyper::body::Incoming;
use hyper::header::HOST;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    Pass,
    /// It never arrives.
    DropRequest,
    /// It arrives, and its answer never does.
    DropAnswer,
    /// It arrives twice, and the second answer is given.
    Double,
    /// The client hears nothing, and it arrives after the next request.
    Late,
    /// The answer ends after this many thousandths of it.
    Cut(u16),
    /// Something before the registry answers 502.
    BadGateway,
}

struct Shared {
    target: Mutex<SocketAddr>,
    plan: Mutex<VecDeque<Fault>>,
    late: Mutex<Vec<(axum::http::request::Parts, bytes::Bytes)>>,
    met: Mutex<Vec<Fault>>,
    rewrite: Mutex<Option<Arc<Rewrite>>>,
    http: reqwest::Client,
}

type Rewrite = dyn Fn(&str, Vec<u8>) -> Vec<u8> + Send + Sync;

/// A proxy that is listening.
pub struct Proxy {
    shared: Arc<Shared>,
    address: SocketAddr,
    stop: CancellationToken,
}

impl Proxy {
    /// Begins to listen before a registry.
    pub async fn before(target: SocketAddr) -> Self {
        sync_provider();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let http = reqwest::Client::builder()
            .no_proxy()
            .no_gzip()
            .pool_max_idle_per_host(0)
            .tls_certs_only(std::iter::empty())
            .build()
            .unwrap();
        let shared = Arc::new(Shared {
            target: Mutex::new(target),
            plan: Mutex::default(),
            late: Mutex::default(),
            met: Mutex::default(),
            rewrite: Mutex::default(),
            http,
        });
        let stop = CancellationToken::new();
        tokio::spawn(accept(listener, Arc::clone(&shared), stop.clone()));
        Self {
            shared,
            address,
            stop,
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Leads elsewhere from now on.
    pub fn lead_to(&self, target: SocketAddr) {
        *self.shared.target.lock().unwrap() = target;
    }

    /// What happens to the next requests.
    pub fn plan(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.plan.lock().unwrap().extend(faults);
    }

    /// Lets everything pass from now on. Late requests still arrive.
    pub fn heal(&self) {
        self.shared.plan.lock().unwrap().clear();
    }

    /// The faults that requests have met, other than passing.
    pub fn met(&self) -> Vec<Fault> {
        self.shared.met.lock().unwrap().clone()
    }

    /// Changes every answer to a `GET` or `POST` from now on: the path, and the body.
    pub fn rewrite(&self, with: impl Fn(&str, Vec<u8>) -> Vec<u8> + Send + Sync + 'static) {
        *self.shared.rewrite.lock().unwrap() = Some(Arc::new(with));
    }

    /// Changes nothing any more.
    pub fn honest(&self) {
        *self.shared.rewrite.lock().unwrap() = None;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn sync_provider() {
    let address = sync::Address::read("http://127.0.0.1:1").unwrap();
    // Making a client chooses the provider of the process.
    sync::Client::new(address, Arc::new(|| None), &sync::ClientOptions::default()).unwrap();
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, stop: CancellationToken) {
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => continue,
            },
        };
        let (shared, stop) = (Arc::clone(&shared), stop.clone());
        tokio::spawn(async move {
            let service =
                hyper::service::service_fn(move |request| pass(Arc::clone(&shared), request));
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service);
            tokio::select! {
                () = stop.cancelled() => {}
                _ = connection => {}
            }
        });
    }
}

/// The connection ends without an answer.
#[derive(Debug)]
struct Lost;

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("lost")
    }
}
impl std::error::Error for Lost {}

async fn pass(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Body>, Lost> {
    let fault = shared
        .plan
        .lock()
        .unwrap()
        .pop_front()
        .unwrap_or(Fault::Pass);
    if fault != Fault::Pass {
        shared.met.lock().unwrap().push(fault);
    }
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(Body::new(body), usize::MAX)
        .await
        .map_err(|_| Lost)?;
    let overdue: Vec<_> = shared.late.lock().unwrap().drain(..).collect();
    let answer = match fault {
        Fault::DropRequest => Err(Lost),
        Fault::Late => {
            shared.late.lock().unwrap().push((parts, body));
            Err(Lost)
        }
        Fault::BadGateway => {
            let mut response = Response::new(Body::from("<html>bad gateway</html>"));
            *response.status_mut() = hyper::StatusCode::BAD_GATEWAY;
            Ok(response)
        }
        Fault::DropAnswer => {
            let _ = forward(&shared, &parts, body, None).await;
            Err(Lost)
        }
        Fault::Double => {
            let _ = forward(&shared, &parts, body.clone(), None).await;
            forward(&shared, &parts, body, None).await
        }
        Fault::Cut(thousandths) => forward(&shared, &parts, body, Some(thousandths)).await,
        Fault::Pass => forward(&shared, &parts, body, None).await,
    };
    for (parts, body) in overdue {
        let _ = forward(&shared, &parts, body, None).await;
    }
    answer
}

async fn forward(
    shared: &Shared,
    parts: &axum::http::request::Parts,
    body: bytes::Bytes,
    cut: Option<u16>,
) -> Result<Response<Body>, Lost> {
    let target = *shared.target.lock().unwrap();
    let url = format!("http://{target}{}", parts.uri);
    let mut headers = parts.headers.clone();
    headers.remove(HOST);
    let answer = shared
        .http
        .request(parts.method.clone(), url)
        .headers(headers)
        .body(body)
        .send()
        .await
        .map_err(|_| Lost)?;
    let mut response = Response::builder().status(answer.status());
    let events = parts.uri.path().ends_with("/changes");
    for (name, value) in answer.headers() {
        if !matches!(
            name.as_str(),
            "transfer-encoding" | "content-length" | "connection"
        ) {
            response = response.header(name, value);
        }
    }
    if events {
        let body = Body::from_stream(answer.bytes_stream());
        return response.body(body).map_err(|_| Lost);
    }
    let mut bytes = answer.bytes().await.map_err(|_| Lost)?;
    let rewrite = shared.rewrite.lock().unwrap().clone();
    if let Some(rewrite) = rewrite {
        bytes = rewrite(&parts.uri.to_string(), bytes.to_vec()).into();
    }
    let body = match cut {
        None => Body::from(bytes),
        Some(thousandths) => {
            let kept = bytes.len() * usize::from(thousandths) / 1_000;
            let chunks = [Ok(bytes.slice(..kept)), Err(Lost)];
            Body::from_stream(futures_util::stream::iter(chunks))
        }
    };
    response.body(body).map_err(|_| Lost)
}
