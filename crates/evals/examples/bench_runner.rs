//! Measures the runner: 1,000 cases answered from the cache, and 1,000 asked of a server that takes
//! 50 ms, 32 at once. Medians, with the budget and a verdict; `cargo run --release --example
//! bench_runner -p evals`. The cache is the one in memory: what SQLite adds, the store's bench tells.

#![allow(clippy::print_stdout)] // Its output is its purpose.
#![allow(clippy::expect_used, clippy::unwrap_used)] // A measurement that fails stops.

use domain::VersionContent;
use domain::dataset::{Case, Dataset};
use domain::graders::Grader;
use evals::{Column, MemoryCache, Options, Provider, ProviderConfig, ProviderKind, Run};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

const CASES: usize = 1_000;
const LATENCY: Duration = Duration::from_millis(50);
const CONCURRENCY: usize = 32;

#[tokio::main]
async fn main() {
    let calls = Arc::new(AtomicUsize::new(0));
    let address = serve(calls.clone()).await;
    let config = ProviderConfig {
        name: "bench".to_owned(),
        kind: ProviderKind::OpenaiCompatible,
        address,
    };
    let provider = Arc::new(Provider::new(config, None).expect("an address on this computer"));
    let providers = BTreeMap::from([("bench".to_owned(), provider)]);
    let options = Options {
        concurrency: CONCURRENCY,
        ..Options::default()
    };
    let cancel = CancellationToken::new();

    let (mut asked, mut cached) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let cache = MemoryCache::default();
        for times in [&mut asked, &mut cached] {
            let before = calls.load(Ordering::SeqCst);
            let began = Instant::now();
            let run = Run::prepare(
                vec![column()],
                dataset(),
                &graders(),
                &providers,
                &|_| None,
                1,
            );
            let report = run
                .expect("it can run")
                .start(&cache, &options, &|_, _, _| {}, &cancel)
                .await;
            times.push(began.elapsed());
            assert_eq!(
                report.columns[0].passed,
                1_000,
                "{:?}",
                report.columns[0].cells.first()
            );
            let made = calls.load(Ordering::SeqCst) - before;
            assert_eq!(made, report.progress.calls as usize);
        }
    }
    let ideal = LATENCY * u32::try_from(CASES.div_ceil(CONCURRENCY)).expect("few rounds");
    let ideal = ideal.min(Duration::from_millis(1570));
    row(
        "run of 1,000 cases from the cache",
        Duration::from_millis(300),
        median(&mut cached),
    );
    row(
        "run of 1,000 cases at 50 ms, 32 at once",
        ideal.mul_f64(1.1),
        median(&mut asked),
    );
}

fn row(what: &str, budget: Duration, measured: Duration) {
    let verdict = if measured <= budget { "kept" } else { "MISSED" };
    println!(
        "| {what} | {} ms | {} ms | {verdict} |",
        budget.as_millis(),
        measured.as_millis()
    );
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn column() -> Column {
    let content: VersionContent = serde_json::from_value(json!({
        "kind": "chat",
        "messages": [
            {"type": "message", "role": "system", "text": "You sort messages to a bank. {% if tier == 'gold' %}Be quick.{% endif %}"},
            {"type": "message", "role": "user", "text": "{{ message }}"}
        ],
        "inputs": [{"name": "message", "type": "text", "required": true}, {"name": "tier", "type": "text"}],
        "model": {"provider": "bench", "model": "m", "parameters": {"temperature": 0}}
    }))
    .expect("a version");
    Column {
        label: "v1".to_owned(),
        content,
    }
}

fn dataset() -> Arc<Dataset> {
    let cases = (0..CASES).map(|number| Case {
        id: number.to_string(),
        inputs: json!({"message": format!("My card {number} has not arrived yet, and I ordered it two weeks ago."), "tier": "gold"})
            .as_object()
            .expect("an object")
            .clone(),
        expected: Some(json!("card_arrival")),
        ..Case::default()
    });
    Arc::new(Dataset {
        cases: cases.collect(),
        ..Dataset::default()
    })
}

fn graders() -> Vec<Grader> {
    serde_json::from_value(json!([
        {"type": "exact", "field": "intent"},
        {"type": "json_schema", "schema": {"type": "object", "required": ["intent"]}}
    ]))
    .expect("graders")
}

/// A server that takes its time and always says the same, as small as it can be.
async fn serve(calls: Arc<AtomicUsize>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}/v1", listener.local_addr().expect("it is bound"));
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(answer(connection, calls.clone()));
        }
    });
    address
}

async fn answer(mut connection: TcpStream, calls: Arc<AtomicUsize>) -> Option<()> {
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
        tokio::time::sleep(LATENCY).await;
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
