//! Measures the registry against the budgets of the design, and prints its own table and verdict.
//!
//! `cargo run --release -p registry --example bench_registry`. Reads are compared with a bare axum
//! answer of the same size in the same run, by the same client, on the same cores: the client
//! takes its share of them. `GALLEY_BENCH_ENTRIES` sets the size of the large ledger (default
//! 100,000; the budget speaks of 1,000,000).

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that can't go on has nothing to say"
)]

mod client;
mod desk;

use client::{Speed, call, hammer, probe};
use desk::{Desk, Ids};
use domain::ledger::{Body, Command, DeviceKey, ReleaseChange, Seen, Side, SignedCommand};
use domain::split::SLOTS;
use domain::{CommandId, Millis, ProjectId, VersionContent};
use protocol::commands::CommandsRequest;
use protocol::token::{Kind, Token};
use registry::{Listening, Options, Registry};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Instant;
use tokio::net::TcpStream;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    println!("| what | measured | budget | verdict |\n| --- | --- | --- | --- |");
    runtime.block_on(reads_and_commands());
    starts();
}

fn row(what: &str, measured: &str, budget: &str, met: Option<bool>) {
    let verdict = match met {
        Some(true) => "met",
        Some(false) => "**missed**",
        None => "",
    };
    println!("| {what} | {measured} | {budget} | {verdict} |");
}

async fn reads_and_commands() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("bench.sqlite");
    let (mut desk, production) = Desk::new();
    let prompt = desk
        .does(Body::CreatePrompt {
            name: "triage".into(),
        })
        .into();
    let (bytes, content) = VersionContent::text("Answer kindly. ".repeat(48))
        .encode()
        .unwrap();
    desk.keep(bytes);
    let message = desk.writes();
    let version = desk
        .does(Body::SaveVersion {
            prompt,
            parents: Vec::new(),
            content,
            includes: Vec::new(),
            message,
        })
        .into();
    let reason = desk.writes();
    let change = ReleaseChange {
        environment: production,
        prompt,
        sides: vec![Side {
            version,
            weight: SLOTS,
        }],
        replaces: None,
    };
    desk.does(Body::Release {
        changes: vec![change],
        reason,
        promoted_from: None,
        request: None,
        step: None,
        override_reason: None,
    });
    let app = desk.token(Kind::Environment, production);
    let ada = desk.token(Kind::Personal, production);
    let (project, key) = (desk.project, desk.key.clone());
    desk.into_file(&file);
    let registry = Registry::open(&file, Options::default()).unwrap();
    let running = registry.serve(&Listening::loopback()).await.unwrap();
    let address = running.address();
    let head = format!(
        "host: {address}\r\nauthorization: Bearer {}\r\n",
        app.reveal()
    );
    let read = format!("GET /v1/prompts/triage HTTP/1.1\r\n{head}\r\n");
    let (size, tag) = probe(address, &read).await;
    let unchanged =
        format!("GET /v1/prompts/triage HTTP/1.1\r\n{head}if-none-match: {tag}\r\n\r\n");

    let bare = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let bare_address = bare.local_addr().unwrap();
    let body = bytes::Bytes::from(vec![b'x'; size]);
    let router = axum::Router::new().route(
        "/",
        axum::routing::get(move || std::future::ready(body.clone())),
    );
    tokio::spawn(async move { axum::serve(bare, router).await });
    let plain = format!("GET / HTTP/1.1\r\nhost: {bare_address}\r\n\r\n");

    for connections in [1, 8, 64] {
        let bare = hammer(bare_address, &plain, connections).await;
        let ours = hammer(address, &read, connections).await;
        let cheap = hammer(address, &unchanged, connections).await;
        let at = format!(
            "{connections} connection{}",
            if connections == 1 { "" } else { "s" }
        );
        row(
            &format!("a bare axum answer of {size} bytes, {at}"),
            &bare.text(),
            "",
            None,
        );
        let met = connections == 64;
        row(
            &format!("an application's read, {at}"),
            &format!(
                "{}; {:.0} % of bare",
                ours.text(),
                100.0 * ours.rate / bare.rate
            ),
            if met {
                "32,800/s (200 × MLflow's 164) and 36,800/s (50 × Langfuse's 736); p99 < 5 ms"
            } else {
                ""
            },
            met.then_some(ours.rate > 36_800.0 && ours.p99 < 5_000.0),
        );
        row(
            &format!("the same, unchanged (304), {at}"),
            &cheap.text(),
            "cheaper",
            Some(cheap.rate > ours.rate),
        );
    }

    commands(address, project, &key, &ada).await;
    running.stop().await;
}

async fn commands(address: SocketAddr, project: ProjectId, key: &DeviceKey, ada: &Token) {
    let mut ids = Ids(1 << 64);
    let requests: Vec<String> = (0..6_000)
        .map(|n| {
            let command = Command {
                id: CommandId(ids.next()),
                project,
                device: key.public(),
                seen: Seen::default(),
                at: Millis(1),
                body: Body::CreatePrompt { name: format!("prompt {n}") },
            };
            let signed = SignedCommand::sign(command, key).unwrap();
            let body =
                serde_json::to_string(&CommandsRequest { commands: vec![(&signed).into()] }).unwrap();
            format!(
                "POST {} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n{body}",
                protocol::paths::commands(project),
                ada.reveal(),
                body.len()
            )
        })
        .collect();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut buffer = Vec::new();
    let mut times = Vec::new();
    let started = Instant::now();
    for request in &requests {
        if started.elapsed() > client::RUN {
            break;
        }
        let sent = Instant::now();
        let (status, _, body) = call(&mut stream, request, &mut buffer).await;
        assert!(status == 200 && body.contains("accepted"), "{body}");
        times.push(sent.elapsed());
    }
    let result = Speed::of(times, started.elapsed());
    row(
        "commands, one by one, signed and durable",
        &result.text(),
        "1,000/s",
        Some(result.rate > 1_000.0),
    );
}

/// Starts the program on an empty file, and on a large ledger with and without a snapshot.
fn starts() {
    let program = std::env::current_exe().unwrap();
    let program = program
        .parent()
        .unwrap()
        .parent()
        .unwrap()
        .join("galley-registry");
    assert!(
        program.exists(),
        "build it first: cargo build --release -p registry --bins"
    );
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("empty.sqlite");
    drop(Registry::open(&file, Options::create()).unwrap());
    let (millis, _, mut child) = start(&program, &file, None);
    let memory = memory(&child);
    end(&mut child);
    row(
        "start, empty",
        &format!("{millis:.0} ms"),
        "100 ms",
        Some(millis < 100.0),
    );
    row(
        "memory, empty",
        &format!("{memory} MB"),
        "50 MB",
        Some(memory < 50),
    );

    let entries = std::env::var("GALLEY_BENCH_ENTRIES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(100_000);
    let file = home.path().join("large.sqlite");
    let (mut desk, production) = Desk::new();
    let ada = desk.token(Kind::Personal, production);
    while desk.entries.len() < entries {
        let name = format!(
            "folder {}/prompt {}",
            desk.entries.len() % 100,
            desk.entries.len()
        );
        desk.does(Body::CreatePrompt { name });
    }
    desk.into_file(&file);
    let size = std::fs::metadata(&file).unwrap().len() >> 20;
    for (how, budget) in [("no snapshot", None), ("a snapshot", Some(3_000.0))] {
        let (millis, address, mut child) = start(&program, &file, Some(&ada));
        let memory = self::memory(&child);
        row(
            &format!(
                "start to the first answer from a project of {entries} entries ({size} MB), {how}"
            ),
            &format!("{millis:.0} ms, {memory} MB"),
            if budget.is_some() {
                "3 s for 1,000,000"
            } else {
                ""
            },
            budget.map(|budget| millis < budget),
        );
        let _ = address;
        end(&mut child);
    }
}

fn start(
    program: &Path,
    file: &Path,
    who: Option<&Token>,
) -> (f64, SocketAddr, std::process::Child) {
    use std::io::{BufRead as _, Read as _, Write as _};
    let started = Instant::now();
    let mut child = std::process::Command::new(program)
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--log",
            "error",
            "--data",
        ])
        .arg(file)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address: SocketAddr = line.trim().rsplit('/').next().unwrap().parse().unwrap();
    let bearer = who.map(|token| format!("authorization: Bearer {}\r\n", token.reveal()));
    let path = if who.is_some() { "/v1/me" } else { "/healthz" };
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let bearer = bearer.unwrap_or_default();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {address}\r\n{bearer}connection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    (started.elapsed().as_secs_f64() * 1_000.0, address, child)
}

fn memory(child: &std::process::Child) -> u64 {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap_or_default();
    line.split_whitespace()
        .nth(1)
        .and_then(|kb| kb.parse::<u64>().ok())
        .unwrap_or(0)
        / 1_024
}

/// Stops it in order: that is when a snapshot is written.
fn end(child: &mut std::process::Child) {
    let _ = std::process::Command::new("kill")
        .arg(child.id().to_string())
        .status();
    let _ = child.wait();
}
