//! Commands one by one: each signed, decided and on disk before the next is sent.

use crate::client::{RUN, call};
use crate::row::{Budget, median, row};
use crate::team::Team;
use domain::ledger::Body;
use std::time::Instant;
use tokio::net::TcpStream;

const ROUNDS: usize = 5;

/// Sends them on one connection, round by round.
pub async fn measure(team: &Team) {
    let mut stream = TcpStream::connect(team.address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut buffer, mut rates, mut slowest) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let requests: Vec<String> = (0..8_000)
            .map(|n| {
                let name = format!("prompt {round}-{n}");
                team.send(Body::CreatePrompt { name }).1
            })
            .collect();
        let mut times = Vec::new();
        let started = Instant::now();
        for request in &requests {
            if started.elapsed() > RUN {
                break;
            }
            let sent = Instant::now();
            let (status, _, body) = call(&mut stream, request, &mut buffer).await;
            assert!(status == 200 && body.contains("accepted"), "{body}");
            times.push(sent.elapsed());
        }
        let speed = crate::client::Speed::of(times, started.elapsed());
        rates.push(speed.rate);
        slowest.push(speed.p99);
    }
    row(
        "commands",
        "commands accepted one by one, each signed and durable",
        &rates,
        "/s",
        Budget::AtLeast(1_000.0),
        &format!("p99 {:.2} ms", median(&slowest)),
    );
}
