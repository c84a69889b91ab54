//! Connections: accepted up to a number, served, and drained at the end.

use crate::http::{Connection, Gate};
use axum::Router;
use axum::extract::ConnectInfo;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

/// How long a handshake, or a request's headers, may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long answers may take once it stops.
const DRAIN: Duration = Duration::from_secs(10);

/// Accepts connections until told to stop, then lets what was asked be answered.
pub async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    service: Router,
    gate: Arc<Gate>,
    most: usize,
) {
    let stopping = gate.stopping.clone();
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(most));
    loop {
        let place = tokio::select! {
            () = stopping.cancelled() => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let Ok(place) = place else { break };
        let (stream, peer) = tokio::select! {
            () = stopping.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of files, most likely: those that are open end some time.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        let _ = stream.set_nodelay(true);
        let (service, watcher, tls) = (service.clone(), graceful.watcher(), tls.clone());
        let open = Open::new(&gate);
        tokio::spawn(async move {
            let _place = (place, open);
            match tls {
                None => serve(stream, peer, service, watcher).await,
                Some(tls) => match tokio::time::timeout(PATIENCE, tls.accept(stream)).await {
                    Ok(Ok(stream)) => serve(stream, peer, service, watcher).await,
                    _ => tracing::debug!("a handshake failed"),
                },
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some answers were not read in time; their connections were closed");
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    peer: SocketAddr,
    service: Router,
    watcher: hyper_util::server::graceful::Watcher,
) {
    let connection = Connection::default();
    let service = service.map_request(move |mut request: http::Request<hyper::body::Incoming>| {
        let extensions = request.extensions_mut();
        extensions.insert(ConnectInfo(peer));
        extensions.insert(connection.clone());
        request
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(crate::limits::HEADER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(128)
        .max_header_list_size(64 << 10)
        .keep_alive_interval(Some(Duration::from_secs(30)));
    let served = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    if let Err(error) = watcher.watch(served.into_owned()).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Counts one connection for as long as it is open.
struct Open(Arc<Gate>);

impl Open {
    fn new(gate: &Arc<Gate>) -> Self {
        gate.connections.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(gate))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}
