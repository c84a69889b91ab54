//! A model that takes its time: every answer is the same and comes after a while.
#![allow(
    clippy::expect_used,
    reason = "a benchmark stops where something fails"
)]

use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How long it thinks.
pub const LATENCY: Duration = Duration::from_millis(50);

/// A server that takes so long and always says the same, as small as it can be.
pub async fn serve(calls: Arc<AtomicUsize>, latency: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}/v1", listener.local_addr().expect("it is bound"));
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(answer(connection, calls.clone(), latency));
        }
    });
    address
}

async fn answer(
    mut connection: TcpStream,
    calls: Arc<AtomicUsize>,
    latency: Duration,
) -> Option<()> {
    let _ = connection.set_nodelay(true);
    let body = json!({"model": "m", "choices": [{"message": {"content": "{\"intent\": \"card_arrival\"}"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 40, "completion_tokens": 8}})
    .to_string();
    let reply = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut read = Vec::new();
    let mut piece = [0; 8192];
    loop {
        let end = loop {
            if let Some(end) = end_of_request(&read) {
                break end;
            }
            match connection.read(&mut piece).await.ok()? {
                0 => return None,
                count => read.extend_from_slice(&piece[..count]),
            }
        };
        read.drain(..end);
        calls.fetch_add(1, Ordering::SeqCst);
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        connection.write_all(reply.as_bytes()).await.ok()?;
    }
}

/// Where the first request in `bytes` ends, if all of it is there.
fn end_of_request(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).ok()?.to_lowercase();
    let length = text
        .split("content-length:")
        .nth(1)?
        .lines()
        .next()?
        .trim()
        .parse::<usize>()
        .ok()?;
    (bytes.len() >= head + length).then_some(head + length)
}
