//! What the registry says of itself: whether it is ready, what it counted, which request was which.

use crate::process::{Process, init};
use crate::team::{House, Reader, Team, client, with_limits};
use axum::body::Body;
use domain::split::SLOTS;
use http::{Request, StatusCode};
use registry::http::{Gate, router};
use registry::{Options, Registry};
use std::collections::BTreeMap;
use std::sync::Arc;
use tempfile::TempDir;
use tower::ServiceExt as _;

/// The page, by name with labels.
async fn counted(url: &str) -> BTreeMap<String, f64> {
    let page = client().get(format!("{url}/metrics")).send().await.unwrap();
    let kind = page.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
    let text = page.text().await.unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

/// A project whose production serves one prompt, and who reads it.
async fn served(house: &House) -> (Team, Reader) {
    let team = house.found().await;
    let prompt = team.ada.creates_prompt("secret name").await;
    let version = team.ada.saves(prompt, "Sort it.").await;
    let sides = [(version, SLOTS)];
    team.ada
        .releases(team.production, prompt, &sides, None)
        .await;
    let (app, _) = team.ada.issues_key(team.production).await;
    (team, app)
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_counted_by_route_and_status_and_nothing_is_named() {
    let house = House::with(with_limits(|limits| limits.streams_per_key = 1)).await;
    let (team, app) = served(&house).await;
    let path = "/v1/prompts/secret%20name";
    for _ in 0..3 {
        assert_eq!(app.gets(path).await.status(), 200);
    }
    assert_eq!(app.gets("/v1/prompts/none").await.status(), 404);
    assert_eq!(team.ada.gets(path).await.status(), 403);
    assert_eq!(app.gets("/nowhere/at/all").await.status(), 404);
    let stream = app.gets("/v1/environment/changes").await;
    assert_eq!(app.gets("/v1/environment/changes").await.status(), 429);

    let counts = counted(&house.url()).await;
    let requests = |route: &str, status: u16| {
        let name = format!(
            "galley_requests_total{{route=\"{route}\",method=\"GET\",status=\"{status}\"}}"
        );
        counts.get(&name).copied()
    };
    let prompt = "/v1/prompts/{name}";
    assert_eq!(requests(prompt, 200), Some(3.0));
    assert_eq!(requests(prompt, 404), Some(1.0));
    assert_eq!(requests(prompt, 403), Some(1.0));
    assert_eq!(requests("none", 404), Some(1.0));
    assert_eq!(requests("/v1/environment/changes", 429), Some(1.0));
    // A bucket holds what those below it hold; the last holds all.
    let labels = format!("route=\"{prompt}\",method=\"GET\"");
    let bucket = |end: &str| {
        counts[&format!("galley_request_duration_seconds_bucket{{{labels},le=\"{end}\"}}")]
    };
    let ends = ["0.0001", "0.00025", "0.0005", "0.001", "0.0025", "0.005"];
    let all: Vec<f64> = ends
        .into_iter()
        .chain(["0.01", "0.05", "0.1", "0.5", "1", "5", "+Inf"])
        .map(bucket)
        .collect();
    assert!(all.is_sorted(), "{all:?}");
    assert_eq!(all.last(), Some(&5.0));
    assert_eq!(
        counts[&format!("galley_request_duration_seconds_count{{{labels}}}")],
        5.0
    );
    assert!(counts[&format!("galley_request_duration_seconds_sum{{{labels}}}")] > 0.0);
    for (name, value) in [
        ("galley_open_streams", 1.0),
        ("galley_open_streams_of_one_key", 1.0),
        ("galley_limited_total{limit=\"streams_per_key\"}", 1.0),
        ("galley_limited_total{limit=\"streams\"}", 0.0),
        ("galley_limit{limit=\"streams_per_key\"}", 1.0),
        ("galley_refused_total{reason=\"other_door\"}", 1.0),
        ("galley_refused_total{reason=\"unknown_key\"}", 0.0),
        ("galley_commands_total{outcome=\"refused\"}", 0.0),
        ("galley_ready", 1.0),
    ] {
        assert_eq!(counts.get(name), Some(&value), "{name}: {counts:?}");
    }
    assert!(counts["galley_open_connections"] >= 1.0);
    assert!(counts["galley_commands_total{outcome=\"accepted\"}"] >= 5.0);
    drop(stream);
    let page = format!("{counts:?}");
    for named in ["secret", "Support desk", "Ada", &team.project.to_string()] {
        assert!(!page.contains(named), "{named}: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_keeps_the_id_that_its_sender_gave_it() {
    let house = House::open().await;
    let ask = async |id: Option<&[u8]>| {
        let mut request = client().get(format!("{}/healthz", house.url()));
        if let Some(id) = id {
            request = request.header("x-request-id", id);
        }
        let answer = request.send().await.unwrap();
        answer.headers()["x-request-id"].as_bytes().to_vec()
    };
    let longest = "a".repeat(64);
    for id in ["a", "0f9e-1", "Trace_1.2-B", &longest] {
        assert_eq!(ask(Some(id.as_bytes())).await, id.as_bytes());
    }
    let too_long = "a".repeat(65);
    let bad: [&[u8]; 6] = [
        b"",
        b"a b",
        b"a\"b",
        b"{}",
        "caf\u{e9}".as_bytes(),
        too_long.as_bytes(),
    ];
    let (one, other) = (ask(None).await, ask(None).await);
    assert_ne!(one, other, "each request has an id of its own");
    for id in bad {
        let given = ask(Some(id)).await;
        assert_ne!(given, id);
        assert_eq!(given[..9], one[..9], "it is one of ours, of this start");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_ready_when_its_projects_are_read_until_it_is_about_to_stop() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("registry.sqlite");
    let registry = Registry::open(file, Options::create()).unwrap();
    let gate = Arc::new(Gate::new(([127, 0, 0, 1], 80).into(), &[], false));
    let service = router(registry, Arc::clone(&gate));
    let status = async |path: &str| {
        let request = Request::get(path).header("host", "localhost:80");
        let request = request.body(Body::empty()).unwrap();
        service.clone().oneshot(request).await.unwrap().status()
    };
    assert_eq!(status("/readyz").await, StatusCode::OK);
    gate.reads();
    assert_eq!(status("/readyz").await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(status("/healthz").await, StatusCode::OK);
    gate.has_read();
    assert_eq!(status("/readyz").await, StatusCode::OK);
    gate.leaves();
    assert_eq!(status("/readyz").await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(status("/healthz").await, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_not_ready_while_its_file_can_not_be_written_to() {
    let house = House::open().await;
    let (_, app) = served(&house).await;
    let ready = async || app.gets("/readyz").await.status().as_u16();
    assert_eq!(ready().await, 200);
    let other = rusqlite::Connection::open(house.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(ready().await, 503);
    // What is in memory is served all the same.
    assert_eq!(app.gets("/v1/environment").await.status(), 200);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(ready().await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_it_says_so_first_and_goes_on_answering() {
    let home = TempDir::new().unwrap();
    let invitation = init(home.path());
    std::fs::write(home.path().join("c.toml"), "stop_notice_seconds = 2\n").unwrap();
    let mut process = Process::start(home.path(), &["--config", "c.toml"]);
    let team = Team::found(&process.url, &invitation).await;
    let (app, _) = team.ada.issues_key(team.production).await;
    process.told_to_stop();
    // The signal arrives when it arrives; the notice is longer than that by far.
    while app.gets("/readyz").await.status() != 503 {}
    assert_eq!(app.gets("/v1/environment").await.status(), 200);
    assert!(process.ends().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_is_answered_before_it_stops() {
    let house = House::open().await;
    let (team, _) = served(&house).await;
    let content = serde_json::to_vec(&"a long text ".repeat(100_000)).unwrap();
    let digest = domain::Digest::of(&content);
    let (first, rest) = content.split_at(content.len() / 2);
    let (send, receive) = tokio::sync::mpsc::channel::<Result<Vec<u8>, std::io::Error>>(1);
    let (url, ada, running) = (house.url(), team.ada.clone(), house.running);
    let body = reqwest::Body::wrap_stream(tokio_stream::wrappers::ReceiverStream::new(receive));
    let path = protocol::paths::content(team.project, &digest);
    let request = ada
        .http
        .put(format!("{url}{path}"))
        .bearer_auth(&ada.bearer);
    let answer = tokio::spawn(request.body(body).send());
    send.send(Ok(first.to_vec())).await.unwrap();
    // Its head was read when the connection is that key's: then it is under way.
    while counted(&url).await["galley_open_connections"] < 2.0 {}
    let stopped = tokio::spawn(running.stop());
    while client().get(format!("{url}/healthz")).send().await.is_ok() {}
    send.send(Ok(rest.to_vec())).await.unwrap();
    drop(send);
    assert_eq!(answer.await.unwrap().unwrap().status(), 201);
    stopped.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_tells_requests_by_their_ids_and_holds_nothing_that_was_asked() {
    let home = TempDir::new().unwrap();
    let invitation = init(home.path());
    let limits = "[limits]\nenvironment_requests_per_second = 5\n";
    std::fs::write(home.path().join("c.toml"), limits).unwrap();
    let mut process = Process::start(home.path(), &["--config", "c.toml"]);
    let team = Team::found(&process.url, &invitation).await;
    let prompt = team.ada.creates_prompt("a-name-of-theirs").await;
    let version = team.ada.saves(prompt, "Sort it.").await;
    let sides = [(version, SLOTS)];
    team.ada
        .releases(team.production, prompt, &sides, None)
        .await;
    let (app, key) = team.ada.issues_key(team.production).await;
    let get = |path: &str| app.http.get(format!("{}{path}", app.url));
    let native = "/v1/prompts/a-name-of-theirs?unit=a-unit-of-theirs&label=production";
    let asked = get(native).bearer_auth(&app.bearer);
    let asked = asked.header("x-request-id", "one-of-theirs").send().await;
    assert_eq!(asked.unwrap().status(), 200);
    let basic = get("/api/public/v2/prompts/a-name-of-theirs");
    let basic = basic.basic_auth("a-public-key-of-theirs", Some(&app.bearer));
    assert_eq!(basic.send().await.unwrap().status(), 200);
    let forged = get("/v1/me").header("x-request-id", "{\"level\":\"FORGED\"}");
    assert_eq!(forged.send().await.unwrap().status(), 401);
    while app.gets("/v1/environment").await.status() != 429 {}
    assert!(process.stop().success());

    let log = std::fs::read_to_string(home.path().join("log")).unwrap();
    let line = |with: &str| log.lines().find(|line| line.contains(with));
    let told = line("\"id\":\"one-of-theirs\"").expect("it is told by its id");
    assert!(told.contains("\"route\":\"/v1/prompts/{name}\"") && told.contains("\"status\":200"));
    assert!(line(&key.to_string()).is_some_and(|line| line.contains("too many requests")));
    let basic = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        format!("a-public-key-of-theirs:{}", app.bearer),
    );
    for never in [
        "a-name-of-theirs",
        "a-unit-of-theirs",
        "a-public-key-of-theirs",
        "FORGED",
        &app.bearer,
        &basic,
        &team.ada.bearer,
    ] {
        assert!(line(never).is_none(), "{never}: {:?}", line(never));
    }
}
