//! Bodies on their way in: slow ones, many, too large ones.

use crate::team::{House, Team};
use domain::Digest;
use protocol::{ApiError, ErrorCode, paths};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// Announces a large body to this call and sends only its beginning.
fn begins(team: &Team, method: &str, path: &str) -> TcpStream {
    let address = team.ada.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Length: 8000000\r\n\r\n{{",
        team.ada.bearer
    )
    .unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sends_slowly_keeps_nobody_from_reading() {
    let house = House::open().await;
    let team = house.found().await;
    let prompt = team.ada.creates_prompt("triage").await;
    team.ada.saves(prompt, "Sort it.").await;
    let digest = Digest::of(b"{}");
    let content = paths::content(team.project, &digest);
    let calls = [
        ("PUT", content.clone()),
        ("POST", paths::ledger(team.project, 0)),
        ("POST", paths::commands(team.project)),
    ];
    let mut open = Vec::new();
    for (method, path) in &calls {
        for _ in 0..registry::Limits::default().large_at_once {
            open.push(begins(&team, method, path));
        }
    }
    // Bodies that are sent whole are taken, and everything is read.
    assert_eq!(team.ada.try_put(digest, b"{}".to_vec()).await.status(), 201);
    assert_eq!(team.ada.gets(&content).await.status(), 200);
    assert!(team.ada.ledger().await.len() >= 4);
    team.ada.creates_prompt("another").await;
    // None of the slow ones was given up meanwhile: they were in the way for all of it.
    for stream in &mut open {
        stream.set_nonblocking(true).unwrap();
        let error = stream.read(&mut [0]).expect_err("nothing was answered yet");
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_take_no_more_memory_than_there_is_room_for() {
    let limits = registry::Limits {
        body_bytes: 20_000,
        ..Default::default()
    };
    let house = House::with(registry::Options {
        create: true,
        limits,
        ..Default::default()
    })
    .await;
    let team = house.found().await;
    let text = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2)).into_bytes();
    // One key may hold half of the room.
    let fits = text(10_000);
    let over = text(10_001);
    let response = team.ada.try_put(Digest::of(&over), over.clone()).await;
    assert_eq!(response.status(), 429);
    assert!(response.headers().contains_key("retry-after"));
    let error: ApiError = response.json().await.unwrap();
    assert_eq!(error.code, ErrorCode::TooMany);
    assert!(error.message.contains("send it again"), "{error}");
    for _ in 0..3 {
        let response = team.ada.try_put(Digest::of(&fits), fits.clone()).await;
        assert!(response.status().is_success(), "the room is given back");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sends_too_much_comes_to_read_why() {
    let house = House::open().await;
    let team = house.found().await;
    let calls = [
        (
            reqwest::Method::POST,
            paths::commands(team.project),
            registry::limits::COMMANDS_BYTES,
        ),
        (
            reqwest::Method::PUT,
            paths::content(team.project, &Digest::of(b"{}")),
            registry::limits::CONTENT_BYTES,
        ),
    ];
    for (method, path, most) in calls {
        let response = team
            .ada
            .http
            .request(method, format!("{}{path}", team.ada.url))
            .bearer_auth(&team.ada.bearer)
            .body(vec![b' '; most + 1])
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 413, "{path}");
        let error: ApiError = response.json().await.unwrap();
        assert!(error.message.contains(&most.to_string()), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_call_is_told_in_json() {
    let house = House::open().await;
    let team = house.found().await;
    let (app, _) = team.ada.issues_key(team.production).await;
    let call = async |method: reqwest::Method, path: &str| {
        let url = format!("{}{path}", app.url);
        let request = app.http.request(method, url).bearer_auth(&app.bearer);
        request.send().await.unwrap()
    };
    let response = call(reqwest::Method::DELETE, "/v1/me").await;
    assert_eq!(response.status(), 405);
    let allow = response.headers()["allow"].to_str().unwrap().to_owned();
    assert!(allow.contains("GET"), "{allow}");
    let error: ApiError = response.json().await.unwrap();
    assert_eq!(error.code, ErrorCode::NotFound);
    for (path, status, code) in [
        ("/v1/nothing", 404, ErrorCode::NotFound),
        ("/v1/prompts/%ff%fe", 400, ErrorCode::BadRequest),
        ("/v1/prompts/none", 404, ErrorCode::NotFound),
    ] {
        let response = call(reqwest::Method::GET, path).await;
        assert_eq!(response.status(), status, "{path}");
        let error: ApiError = response.json().await.unwrap();
        assert_eq!(error.code, code, "{path}");
    }
}
