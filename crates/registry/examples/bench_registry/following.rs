//! A release, until every application that follows its environment knows of it.

use crate::client::call;
use crate::row::{Budget, ms_since, row};
use crate::team::Team;
use std::time::Instant;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

const CLIENTS: usize = 1_000;
const RELEASES: usize = 11;

/// Opens the streams and releases one version and the other in turn.
pub async fn measure(team: &Team) {
    let (tell, mut heard) = unbounded_channel();
    for n in 0..CLIENTS {
        let request = team.read(
            n % team.apps.len(),
            protocol::paths::ENVIRONMENT_CHANGES,
            "",
        );
        let mut stream = TcpStream::connect(team.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        tokio::spawn(follow(stream, tell.clone()));
    }
    // Each is told at once where the ledger is.
    for _ in 0..CLIENTS {
        heard.recv().await.unwrap();
    }
    let mut stream = TcpStream::connect(team.address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut buffer, mut times, mut replaces) = (Vec::new(), Vec::new(), team.first_release);
    for n in 0..RELEASES {
        let (id, request) = team.release(team.versions[(n + 1) % 2], replaces);
        replaces = id.into();
        let began = Instant::now();
        let (status, _, body) = call(&mut stream, &request, &mut buffer).await;
        assert!(status == 200 && body.contains("accepted"), "{body}");
        for _ in 0..CLIENTS {
            heard.recv().await.unwrap();
        }
        times.push(ms_since(began));
    }
    row(
        "release_told",
        "a release, until every one of 1,000 connected clients knows",
        &times,
        "ms",
        Budget::AtMost(1_000.0),
        "from sending the command to the last client's event; the disk included",
    );
}

/// Says once for each event that it came.
async fn follow(mut stream: TcpStream, tell: UnboundedSender<()>) {
    let mut buffer = Vec::new();
    loop {
        // The streams end with the registry.
        let Ok(1..) = stream.read_buf(&mut buffer).await else {
            return;
        };
        let text = String::from_utf8_lossy(&buffer);
        let events = text.matches("event: change").count();
        assert!(
            text.starts_with("HTTP/1.1 200") || !text.starts_with("HTTP"),
            "{text}"
        );
        // An event that came in two pieces stays until its end is there.
        if events > 0 && text.trim_end_matches("\r\n").ends_with("\n\n") {
            buffer.clear();
            for _ in 0..events {
                if tell.send(()).is_err() {
                    return;
                }
            }
        }
    }
}
