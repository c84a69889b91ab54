//! What a cached `get` costs. Says its own verdict; `cargo bench -p galley-sdk` runs it.

#![allow(clippy::print_stdout, clippy::unwrap_used)] // It is there to print.

#[path = "../../../scripts/bench/row.rs"]
mod row;

use galley_sdk::{Galley, Options};
use row::{Budget, row};
use serde_json::json;
use std::hint::black_box;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Instant;

/// Nanoseconds.
const BUDGET: f64 = 50.0;
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

/// Nanoseconds of one call, seven times.
fn cost(mut act: impl FnMut()) -> Vec<f64> {
    let rounds = (0..7).map(|_| {
        let began = Instant::now();
        for _ in 0..ROUNDS {
            act();
        }
        began.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS)
    });
    rounds.collect()
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
    let budget = Budget::AtMost(BUDGET);
    row(
        "get_rust",
        "a cached get, Rust",
        &cost(plain),
        "ns",
        budget,
        "",
    );
    let unit = cost(|| for_unit("support/prompt-42"));
    row(
        "get_rust_unit",
        "the same with a unit, one version",
        &unit,
        "ns",
        Budget::None,
        "",
    );
    let split = cost(|| for_unit("support/prompt-7"));
    row(
        "get_rust_split",
        "the same with a unit, a split",
        &split,
        "ns",
        Budget::None,
        "",
    );
}
