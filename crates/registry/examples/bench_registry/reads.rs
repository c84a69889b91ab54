//! What an application reads: as often as can be, beside a bare answer and a peer.

use crate::client::{Speed, hammer, probe};
use crate::row::{Budget, median, row};
use crate::team::Team;
use std::net::SocketAddr;

const ROUNDS: usize = 5;
/// 50 times what Langfuse gave from its cache on two such cores, 736 a second.
const FIFTY_LANGFUSES: f64 = 36_800.0;

/// Hammers all in turn, so that a slow moment of the machine meets all of them.
pub async fn measure(team: &Team) {
    let path = "/v1/prompts/triage";
    let read = team.read(0, path, "");
    let (size, tag) = probe(team.address, &read).await;
    let unchanged = team.read(0, path, &format!("if-none-match: {tag}\r\n"));
    let flat = team.read(0, "/api/public/v2/prompts/triage", "");
    let (bare_address, plain) = bare(size).await;
    let peer = peer().await;
    for connections in [1, 8, 64] {
        let (mut bares, mut reads, mut same, mut peers) = (vec![], vec![], vec![], vec![]);
        let mut flats = vec![];
        for _ in 0..ROUNDS {
            bares.push(hammer(bare_address, &plain, connections).await);
            reads.push(hammer(team.address, &read, connections).await);
            same.push(hammer(team.address, &unchanged, connections).await);
            flats.push(hammer(team.address, &flat, connections).await);
            if let Some((address, request)) = &peer {
                peers.push(hammer(*address, request, connections).await);
            }
        }
        let at = match connections {
            1 => "1 connection".to_owned(),
            n => format!("{n} connections"),
        };
        let tell = |id: &str, what: &str, speeds: &[Speed], budget, note: &str| {
            let rates: Vec<f64> = speeds.iter().map(|speed| speed.rate).collect();
            let id = format!("{id}_{connections}");
            row(&id, &format!("{what}, {at}"), &rates, "/s", budget, note);
            rates
        };
        let p99 = |speeds: &[Speed]| speeds.iter().map(|speed| speed.p99).collect::<Vec<_>>();
        let p50 = |speeds: &[Speed]| speeds.iter().map(|speed| speed.p50).collect::<Vec<_>>();
        let note = |speeds: &[Speed]| {
            let (half, most) = (median(&p50(speeds)), median(&p99(speeds)));
            format!("p50 {half:.2} ms, p99 {most:.2} ms")
        };
        let budget = match connections {
            64 => Budget::AtLeast(FIFTY_LANGFUSES),
            _ => Budget::None,
        };
        let told = note(&bares);
        let what = format!("a bare axum answer of {size} bytes");
        let bare = tell("bare", &what, &bares, Budget::None, &told);
        let share = 100.0 * median(&reads.iter().map(|speed| speed.rate).collect::<Vec<_>>())
            / median(&bare);
        let told = format!("{}; {share:.0} % of a bare axum answer", note(&reads));
        let ours = tell("read", "an application's read", &reads, budget, &told);
        let cheaper = Budget::AtLeast(median(&ours));
        let told = format!("{}; the budget is the read that is no 304", note(&same));
        tell(
            "unchanged",
            "the same, unchanged (304)",
            &same,
            cheaper,
            &told,
        );
        let what = "the same in the form of Langfuse's SDKs";
        tell("flat", what, &flats, Budget::None, &note(&flats));
        if connections == 64 {
            let what = "p99 of an application's read, 64 connections";
            let budget = Budget::AtMost(5.0);
            row("read_p99", what, &p99(&reads), "ms", budget, "");
        }
        if peers.is_empty() {
            continue;
        }
        let told = note(&peers);
        let theirs = tell(
            "peer_read",
            "MLflow's read by alias",
            &peers,
            Budget::None,
            &told,
        );
        let times: Vec<f64> = ours.iter().zip(&theirs).map(|(a, b)| a / b).collect();
        let budget = match connections {
            64 => Budget::AtLeast(200.0),
            _ => Budget::None,
        };
        let told = format!(
            "{:.0}/s against {:.0}/s, by the same client in the same run",
            median(&ours),
            median(&theirs)
        );
        row(
            &format!("read_ratio_{connections}"),
            &format!("reads: times MLflow's, {at}"),
            &times,
            "×",
            budget,
            &told,
        );
    }
}

/// An answer of the same size that costs as little as axum can.
async fn bare(size: usize) -> (SocketAddr, String) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let body = bytes::Bytes::from(vec![b'x'; size]);
    let answer = move || std::future::ready(body.clone());
    let router = axum::Router::new().route("/", axum::routing::get(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let request = format!("GET / HTTP/1.1\r\nhost: {address}\r\n\r\n");
    (address, request)
}

/// What a peer is asked, if there is one.
async fn peer() -> Option<(SocketAddr, String)> {
    let address = std::env::var("GALLEY_BENCH_PEER").ok()?;
    let (host, path) = address
        .strip_prefix("http://")
        .and_then(|rest| rest.split_once('/'))
        .unwrap();
    let found = tokio::net::lookup_host(host).await.unwrap().next().unwrap();
    let request = format!("GET /{path} HTTP/1.1\r\nhost: {host}\r\n\r\n");
    Some((found, request))
}
