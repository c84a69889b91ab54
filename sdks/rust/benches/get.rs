//! What a cached `get` costs. Prints its own table and verdict; `cargo bench -p galley-sdk` runs it.

#![allow(clippy::print_stdout, clippy::unwrap_used)] // It is there to print.

use galley_sdk::{Galley, Options};
use serde_json::json;
use std::hint::black_box;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

const BUDGET: Duration = Duration::from_nanos(50);
const ROUNDS: u32 = 1_000_000;

/// Answers every read with the same environment: a hundred prompts, one of them split.
fn serve() -> String {
    let version = |number: u32| {
        let content = json!({"kind": "text", "messages": [{"type": "message", "role": "user", "text": "Hi"}]});
        json!({"weight": 5_000, "version": {"id": number.to_string(), "number": number, "digest": "", "content": content}})
    };
    let whole = json!([{"from": 0, "to": 10_000, "version": "1"}]);
    let halves = json!([{"from": 0, "to": 5_000, "version": "1"}, {"from": 5_000, "to": 10_000, "version": "2"}]);
    let prompts = (0..100).map(|n| {
        let slots = if n == 7 { &halves } else { &whole };
        json!({"name": format!("support/prompt-{n}"), "sides": [version(1), version(2)], "slots": slots,
            "salt": "3f2b6c1e-9a4d-4c55-8f0e-5b1d2a7c9e10", "release": "", "since": 0})
    });
    let body =
        json!({"environment": "production", "prompts": prompts.collect::<Vec<_>>()}).to_string();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let _ = client.read(&mut [0; 4_096]);
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = client.write_all(format!("{head}{body}").as_bytes());
        }
    });
    url
}

/// The best of seven: what else runs on this computer only ever adds.
fn cost(mut act: impl FnMut()) -> f64 {
    let rounds = (0..7).map(|_| {
        let began = Instant::now();
        for _ in 0..ROUNDS {
            act();
        }
        began.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS)
    });
    rounds.fold(f64::INFINITY, f64::min)
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let galley = runtime.block_on(async {
        let galley = Galley::start(&serve(), "gal_env_bench", Options::default()).unwrap();
        galley.ready().await;
        galley
    });
    let plain = || drop(black_box(galley.get(black_box("support/prompt-42"))));
    let for_unit = |name: &str| drop(black_box(galley.get_for(black_box(name), "customer-4711")));
    let table = [
        ("get, one version", cost(plain)),
        (
            "get_for, one version",
            cost(|| for_unit("support/prompt-42")),
        ),
        ("get_for, a split", cost(|| for_unit("support/prompt-7"))),
    ];
    println!("| Rust | ns |\n| --- | --- |");
    for (what, nanoseconds) in table {
        println!("| {what} | {nanoseconds:.0} |");
    }
    let budget = BUDGET.as_secs_f64() * 1e9;
    let verdict = if table[0].1 < budget {
        "within"
    } else {
        "MISSED"
    };
    println!(
        "\na cached get: {:.0} ns, budget {budget:.0} ns: {verdict}",
        table[0].1
    );
    std::process::exit(i32::from(table[0].1 >= budget));
}
