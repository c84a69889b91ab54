//! What an application's key does not open, on every route that it reads by; and bodies and names
//! that are meant to do harm.

use crate::team::{House, Reader, Team, with_limits};
use domain::ledger::Body;
use domain::split::SLOTS;
use reqwest::{Method, StatusCode};
use std::io::{Read as _, Write as _};

/// Production serves v1 of `triage` and has served v2; v3 is served in staging alone, v4 nowhere.
/// `latest` is v4; `tried` is a label on v3, `good` one on v2.
async fn desk(house: &House) -> (Team, Reader, Reader) {
    let team = house.found().await;
    let ada = &team.ada;
    let prompt = ada.creates_prompt("triage").await;
    let mut versions = Vec::new();
    for text in ["first", "second", "third", "fourth"] {
        versions.push(ada.saves(prompt, text).await);
    }
    let side = |n: usize| [(versions[n], SLOTS)];
    let second = ada.releases(team.production, prompt, &side(1), None).await;
    ada.releases(team.production, prompt, &side(0), Some(second))
        .await;
    ada.releases(team.staging, prompt, &side(2), None).await;
    for (label, n) in [("tried", 2), ("good", 1)] {
        ada.does(Body::SetLabel {
            prompt,
            label: label.into(),
            version: versions[n],
            replaces: None,
        })
        .await;
    }
    let (production, _) = ada.issues_key(team.production).await;
    let (development, _) = ada.issues_key(team.development).await;
    (team, production, development)
}

/// The routes by which an application reads, each with a query.
const ROUTES: [&str; 5] = [
    "/v1/prompts/triage",
    "/v1/environment",
    "/v1/environment/changes",
    "/api/public/v2/prompts/triage",
    "/api/public/v2/prompts",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_key_reads_what_its_environment_serves_or_has_served_and_nothing_else() {
    let house = House::open().await;
    let (_, app, development) = desk(&house).await;
    let (native, langfuse) = (ROUTES[0], ROUTES[3]);
    for (query, status, text) in [
        ("", 200, "first"),
        ("?version=1", 200, "first"),
        ("?version=2", 200, "second"),
        ("?version=3", 404, ""),
        ("?version=4", 404, ""),
        ("?version=5", 404, ""),
        ("?version=0", 404, ""),
        ("?version=4294967295", 404, ""),
        ("?version=4294967296", 400, ""),
        ("?label=latest", 404, ""),
        ("?label=LATEST", 404, ""),
        ("?label=tried", 404, ""),
        ("?label=good", 200, "second"),
        ("?label=production", 200, "first"),
        ("?label=Production", 200, "first"),
        ("?label=staging", 403, ""),
        ("?label=STAGING", 403, ""),
        ("?label=development", 403, ""),
        ("?label=", 404, ""),
    ] {
        for route in [native, langfuse] {
            let answer = app.gets(&format!("{route}{query}")).await;
            assert_eq!(answer.status(), status, "{route}{query}");
            let said = answer.text().await.unwrap();
            assert!(said.contains(text), "{route}{query}: {said}");
            for never in ["third", "fourth"] {
                assert!(!said.contains(never), "{route}{query}: {said}");
            }
        }
    }
    // Of an environment that serves nothing, nothing is said: not even that there is such a prompt.
    let unknown = development.gets("/v1/prompts/none").await;
    let unknown = unknown.text().await.unwrap();
    for query in ["", "?version=1", "?version=3", "?label=good"] {
        for route in [native, langfuse] {
            let answer = development.gets(&format!("{route}{query}")).await;
            assert_eq!(answer.status(), 404, "{route}{query}");
            let said = answer.text().await.unwrap();
            assert!(!query.is_empty() || said == unknown, "{route}: {said}");
        }
    }
    let list = development.gets(ROUTES[4]).await.text().await.unwrap();
    assert!(!list.contains("triage"), "{list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_environments_name_is_refused_wherever_it_stands() {
    let house = House::open().await;
    let (_, app, _) = desk(&house).await;
    for route in &ROUTES[..3] {
        for (name, status) in [
            ("production", StatusCode::OK),
            ("PRODUCTION", StatusCode::OK),
            ("staging", StatusCode::FORBIDDEN),
            ("Staging", StatusCode::FORBIDDEN),
            ("nowhere", StatusCode::NOT_FOUND),
            ("", StatusCode::NOT_FOUND),
        ] {
            let answer = app.gets(&format!("{route}?environment={name}")).await;
            assert_eq!(answer.status(), status, "{route} {name}");
        }
    }
    let list = app.gets(&format!("{}?label=staging", ROUTES[4])).await;
    assert_eq!(list.status(), 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_door_has_its_own_key_and_a_revoked_one_opens_none() {
    let house = House::with(with_limits(|limits| {
        limits.failed_per_minute = std::num::NonZeroU32::new(10_000).unwrap();
    }))
    .await;
    let (team, app, _) = desk(&house).await;
    let (revoked, key) = team.ada.issues_key(team.production).await;
    // It is open until it is revoked, and its stream ends with it.
    let mut stream = revoked.gets(ROUTES[2]).await;
    assert_eq!(revoked.gets(ROUTES[0]).await.status(), 200);
    team.ada.does(Body::RevokeKey { key }).await;
    while stream.chunk().await.unwrap().is_some() {}
    for route in ROUTES {
        assert_eq!(app.gets(route).await.status(), 200, "{route}");
        assert_eq!(revoked.gets(route).await.status(), 401, "{route}");
        assert_eq!(team.ada.gets(route).await.status(), 403, "{route}");
    }
    let project = format!("/v1/projects/{}", team.project);
    for (method, path) in [
        (Method::GET, "ledger"),
        (Method::POST, "ledger"),
        (Method::POST, "commands"),
        (Method::POST, "content"),
        (Method::GET, "changes"),
        (Method::GET, "keys"),
        (Method::GET, "webhooks"),
        (Method::POST, "webhooks"),
    ] {
        let url = format!("{}{project}/{path}", house.url());
        let ask = |bearer: &str| app.http.request(method.clone(), &url).bearer_auth(bearer);
        let answer = ask(&app.bearer).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{method} {path}");
        let answer = ask(&revoked.bearer).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn oversized_bodies_are_refused_on_every_route_that_takes_one() {
    let sending = crate::receiver::Sending::open().await;
    let (house, team) = (&sending.house, &sending.team);
    let prompt = team.ada.creates_prompt("triage").await;
    let version = team.ada.saves(prompt, "Sort it.").await;
    let sides = [(version, SLOTS)];
    team.ada
        .releases(team.production, prompt, &sides, None)
        .await;
    let (app, _) = team.ada.issues_key(team.production).await;
    let project = format!("/v1/projects/{}", team.project);
    let digest = domain::Digest::of(b"x");
    let most = registry::limits::WEBHOOK_REQUEST_BYTES;
    let hook = uuid::Uuid::from_u128(1);
    for (method, path, most) in [
        (
            Method::POST,
            "commands".into(),
            registry::limits::COMMANDS_BYTES,
        ),
        (
            Method::POST,
            "content".into(),
            registry::limits::CONTENT_REQUEST_BYTES,
        ),
        (
            Method::PUT,
            format!("content/{digest}"),
            registry::limits::CONTENT_BYTES,
        ),
        (Method::POST, "ledger".into(), registry::limits::GIVE_BYTES),
        (Method::POST, "webhooks".into(), most),
        (Method::PATCH, format!("webhooks/{hook}"), most),
    ] {
        // Announced alone: nothing of it need be sent to be refused.
        let mut stream = std::net::TcpStream::connect(house.running.address()).unwrap();
        write!(
            stream,
            "{method} {project}/{path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            house.running.address(),
            team.ada.bearer,
            most + 1
        )
        .unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        assert!(said.starts_with("HTTP/1.1 413"), "{method} {path}: {said}");
        assert!(said.contains("\"code\":\"too_large\""), "{said}");
    }
    // Reading takes no body: one that comes along is not looked at.
    let url = format!("{}{}", house.url(), ROUTES[0]);
    let body = vec![b'x'; 1 << 20];
    let read = app.http.get(url).bearer_auth(&app.bearer).body(body);
    assert_eq!(read.send().await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_brings_no_header_and_no_second_answer() {
    let house = House::open().await;
    let (team, app, _) = desk(&house).await;
    let harm = [
        "%0D%0Ax-injected:%201",
        "a%0D%0A%0D%0AHTTP/1.1%20200%20OK",
        "%0Ax-injected:1",
        "%00",
        "%E2%80%A8x-injected:1",
        "..%2F..%2Fhealthz",
        "%2e%2e%2fenvironment",
    ];
    for bad in harm {
        for path in [
            format!("/v1/prompts/{bad}"),
            format!("/api/public/v2/prompts/{bad}"),
            format!("/v1/prompts/triage?label={bad}"),
            format!("/v1/prompts/triage?environment={bad}"),
            format!("/api/public/v2/prompts/triage?label={bad}"),
            format!("/v1/environment?environment={bad}"),
        ] {
            let answer = app.gets(&path).await;
            assert_eq!(answer.status(), 404, "{path}");
            assert!(!answer.headers().contains_key("x-injected"), "{path}");
            let error: protocol::ApiError = answer.json().await.unwrap();
            assert_eq!(error.code, protocol::ErrorCode::NotFound, "{path}");
        }
        // A unit is anybody's text: it picks a side and goes nowhere.
        let answer = app.gets(&format!("/v1/prompts/triage?unit={bad}")).await;
        assert_eq!(answer.status(), 200);
        assert!(!answer.headers().contains_key("x-injected"));
        let list = app
            .gets(&format!("/api/public/v2/prompts?name={bad}"))
            .await;
        assert_eq!(list.status(), 200);
    }
    assert_eq!(app.gets("/v1/prompts/%FF").await.status(), 400);
    // Nor does a prompt come to have such a name.
    for name in ["a\r\nx-injected: 1", "a\nb", "a\0b", "../a", "a//b"] {
        let refusal = team.ada.may_not(Body::CreatePrompt { name: name.into() });
        assert_eq!(refusal.await.code, domain::RefusalCode::Invalid, "{name:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_keys_streams_and_connections_leave_room_for_others() {
    let house = House::with(with_limits(|limits| {
        limits.streams_per_key = 2;
        limits.connections_per_key = 4;
    }))
    .await;
    let (team, greedy, _) = desk(&house).await;
    let (modest, _) = team.ada.issues_key(team.production).await;
    let streams = [greedy.gets(ROUTES[2]).await, greedy.gets(ROUTES[2]).await];
    assert!(streams.iter().all(|stream| stream.status() == 200));
    let third = greedy.gets(ROUTES[2]).await;
    assert_eq!(third.status(), 429);
    assert!(third.headers().contains_key("retry-after"));
    assert_eq!(modest.gets(ROUTES[2]).await.status(), 200);
    drop((streams, third));

    let address = house.running.address();
    let ask = |bearer: &str| {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        write!(
            stream,
            "GET /v1/environment HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {bearer}\r\n\r\n"
        )
        .unwrap();
        let mut said = vec![0; 16 << 10];
        let read = stream.read(&mut said).unwrap();
        said.truncate(read);
        (stream, String::from_utf8_lossy(&said).to_lowercase())
    };
    // Those that the streams had may still be open: as many as there is room for, then no more.
    let mut held = Vec::new();
    let refused = (0..5).find_map(|_| {
        let (stream, said) = ask(&greedy.bearer);
        let full = said.starts_with("http/1.1 429");
        held.push(stream);
        full.then_some(said)
    });
    let refused = refused.expect("the fifth is one too many");
    assert!(refused.contains("connection: close"), "{refused}");
    let (_stream, said) = ask(&modest.bearer);
    assert!(said.starts_with("http/1.1 200"), "{said}");
    // What is closed is room again.
    held.clear();
    while !ask(&greedy.bearer).1.starts_with("http/1.1 200") {}
}
