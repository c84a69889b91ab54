//! A client that does as little as it can, so that it measures the server.

use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long each measurement runs.
pub const RUN: Duration = Duration::from_secs(2);

/// How fast calls were answered: a second, and in milliseconds.
pub struct Speed {
    pub rate: f64,
    pub p50: f64,
    pub p99: f64,
}

impl Speed {
    pub fn of(mut times: Vec<Duration>, over: Duration) -> Self {
        times.sort_unstable();
        let at = |share: usize| {
            let place = (times.len() * share / 100).min(times.len() - 1);
            times[place].as_secs_f64() * 1e3
        };
        let count = u32::try_from(times.len()).unwrap();
        Self {
            rate: f64::from(count) / over.as_secs_f64(),
            p50: at(50),
            p99: at(99),
        }
    }
}

/// Asks the same again and again on so many connections.
pub async fn hammer(address: SocketAddr, request: &str, connections: usize) -> Speed {
    let started = Instant::now();
    let workers: Vec<_> = (0..connections)
        .map(|_| {
            let request = request.to_owned();
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.set_nodelay(true).unwrap();
                let (mut buffer, mut times) = (Vec::new(), Vec::new());
                while started.elapsed() < RUN {
                    let sent = Instant::now();
                    let (status, _, _) = call(&mut stream, &request, &mut buffer).await;
                    assert!(status == 200 || status == 304, "{status}");
                    times.push(sent.elapsed());
                }
                times
            })
        })
        .collect();
    let mut times = Vec::new();
    for worker in workers {
        times.extend(worker.await.unwrap());
    }
    Speed::of(times, started.elapsed())
}

/// One answer: how long its body is, and its tag.
pub async fn probe(address: SocketAddr, request: &str) -> (usize, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (status, head, body) = call(&mut stream, request, &mut Vec::new()).await;
    assert_eq!(status, 200, "{body}");
    let tag = head
        .lines()
        .find_map(|line| line.strip_prefix("etag: "))
        .unwrap();
    (body.len(), tag.to_owned())
}

/// One request and its whole answer, with as little work of the client's as can be.
pub async fn call(
    stream: &mut TcpStream,
    request: &str,
    buffer: &mut Vec<u8>,
) -> (u16, String, String) {
    stream.write_all(request.as_bytes()).await.unwrap();
    buffer.clear();
    loop {
        assert!(
            stream.read_buf(buffer).await.unwrap() > 0,
            "the connection was closed"
        );
        let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let head = std::str::from_utf8(&buffer[..end]).unwrap();
        let length: usize = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |(_, length)| length.trim().parse().unwrap());
        if buffer.len() >= end + 4 + length {
            let status = head.get(9..12).unwrap().parse().unwrap();
            let body = String::from_utf8_lossy(&buffer[end + 4..]).into_owned();
            return (status, head.to_owned(), body);
        }
    }
}
