//! The ways in which a server can misbehave, and what is made of each.

use crate::support::{KEY, answering, ask, completion, failing_once, openai, options, question};
use evals::{AskError, MemoryCache, ProviderKind, TryError, try_one};
use serde_json::json;
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;
use wiremock::ResponseTemplate;

use ProviderKind::OpenaiCompatible;

#[tokio::test]
async fn passing_failures_are_asked_again() {
    for status in [429, 500, 502, 503, 529, 408] {
        let server = failing_once(ResponseTemplate::new(status)).await;
        let tried = ask(
            &server.uri(),
            OpenaiCompatible,
            &question(OpenaiCompatible, "q"),
            &options(),
        )
        .await;
        assert_eq!(tried.unwrap().answer.text, "fine now", "{status}");
        assert_eq!(
            server.received_requests().await.unwrap().len(),
            2,
            "{status}"
        );
    }
}

#[tokio::test]
async fn patience_ends() {
    let body = json!({"error": {"message": "model is loading"}});
    let server = answering(ResponseTemplate::new(503).set_body_json(body)).await;
    let error = ask(
        &server.uri(),
        OpenaiCompatible,
        &question(OpenaiCompatible, "q"),
        &options(),
    )
    .await
    .unwrap_err();
    assert_eq!(error.to_string(), "local failed (503): model is loading");
    assert_eq!(server.received_requests().await.unwrap().len(), 4);
}

#[tokio::test]
async fn retry_after_is_obeyed_as_seconds_and_as_a_date() {
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3));
    let began = SystemTime::now();
    let table = [
        ("1", began + Duration::from_secs(1)),
        (date.as_str(), httpdate::parse_http_date(&date).unwrap()),
    ];
    for (wait, earliest) in table {
        let server =
            failing_once(ResponseTemplate::new(429).insert_header("retry-after", wait)).await;
        let tried = ask(
            &server.uri(),
            OpenaiCompatible,
            &question(OpenaiCompatible, "q"),
            &options(),
        )
        .await;
        assert_eq!(tried.unwrap().answer.text, "fine now");
        assert!(SystemTime::now() >= earliest, "{wait}");
    }
    // Longer than our patience: said at once instead of waited for.
    let server =
        failing_once(ResponseTemplate::new(429).insert_header("retry-after", "3600")).await;
    let error = ask(
        &server.uri(),
        OpenaiCompatible,
        &question(OpenaiCompatible, "q"),
        &options(),
    )
    .await
    .unwrap_err();
    assert_eq!(error.wait(), Some(Duration::from_secs(3600)));
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn refusals_are_not_asked_again_and_keep_the_key_to_themselves() {
    let table = [
        (
            400,
            json!({"error": {"message": "temperature too high"}}),
            "local refuses the question (400): temperature too high",
        ),
        (
            401,
            json!({"error": {"message": format!("Incorrect API key provided: {KEY}")}}),
            "local refuses the key: check it in the settings: Incorrect API key provided: •••",
        ),
        (
            404,
            json!({"error": "model 'm1' not found"}),
            "local knows no such model or address: model 'm1' not found",
        ),
        (
            422,
            json!({"detail": "no"}),
            "local refuses the question (422): no",
        ),
    ];
    for (status, body, message) in table {
        let server = answering(ResponseTemplate::new(status).set_body_json(body)).await;
        let error = ask(
            &server.uri(),
            OpenaiCompatible,
            &question(OpenaiCompatible, "q"),
            &options(),
        )
        .await
        .unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(!format!("{error:?}").contains(KEY));
        assert_eq!(
            server.received_requests().await.unwrap().len(),
            1,
            "{status}"
        );
    }
    assert!(!format!("{:?}", openai("http://127.0.0.1:1")).contains(KEY));
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    let elsewhere = answering(ResponseTemplate::new(200).set_body_json(completion("stolen"))).await;
    for status in [301, 302, 307, 308] {
        let to = format!("{}/v1/chat/completions", elsewhere.uri());
        let server =
            answering(ResponseTemplate::new(status).insert_header("location", to.as_str())).await;
        let error = ask(
            &server.uri(),
            OpenaiCompatible,
            &question(OpenaiCompatible, "q"),
            &options(),
        )
        .await
        .unwrap_err();
        assert!(matches!(error, AskError::Redirected { .. }), "{error}");
    }
    assert_eq!(elsewhere.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn an_answer_that_is_too_slow_is_given_up() {
    let slow = ResponseTemplate::new(200)
        .set_body_json(completion("late"))
        .set_delay(Duration::from_secs(60));
    let server = answering(slow).await;
    let mut options = options();
    options.timeout = Duration::from_millis(50);
    options.patience.retries = 1;
    let error = ask(
        &server.uri(),
        OpenaiCompatible,
        &question(OpenaiCompatible, "q"),
        &options,
    )
    .await
    .unwrap_err();
    assert!(matches!(error, AskError::TimedOut { .. }), "{error}");
    assert_eq!(server.received_requests().await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_given_up() {
    let huge = "x".repeat(evals::ANSWER_BYTES + 1);
    let server = answering(ResponseTemplate::new(200).set_body_string(huge.clone())).await;
    let error = ask(
        &server.uri(),
        OpenaiCompatible,
        &question(OpenaiCompatible, "q"),
        &options(),
    )
    .await
    .unwrap_err();
    assert!(matches!(error, AskError::TooLarge { .. }), "{error}");
    // A stream says no length: it is counted while it comes, whether its events end or not.
    let cache = MemoryCache::default();
    let cancel = CancellationToken::new();
    let server = answering(
        ResponseTemplate::new(200).set_body_raw(format!("data: {huge}"), "text/event-stream"),
    )
    .await;
    let mut on_text = |_: &str| {};
    let asked = question(OpenaiCompatible, "q");
    let error = try_one(
        &asked,
        &openai(&server.uri()),
        &cache,
        &options(),
        Some(&mut on_text),
        &cancel,
    )
    .await;
    assert!(
        matches!(error, Err(TryError::Ask(AskError::TooLarge { .. }))),
        "{error:?}"
    );
}

#[tokio::test]
async fn answers_that_are_none_are_told() {
    let table = [
        (
            "<html>Gateway</html>",
            "it is not JSON but begins “<html>Gateway</html>”",
        ),
        ("{\"choices\": []}", "no choices[0].message"),
        ("[]", "no choices[0].message"),
        ("", "it is not JSON"),
    ];
    for (body, message) in table {
        let server = answering(ResponseTemplate::new(200).set_body_string(body)).await;
        let error = ask(
            &server.uri(),
            OpenaiCompatible,
            &question(OpenaiCompatible, "q"),
            &options(),
        )
        .await
        .unwrap_err();
        assert!(matches!(&error, AskError::NotUnderstood { .. }), "{error}");
        assert!(error.to_string().contains(message), "{error}");
        assert_eq!(server.received_requests().await.unwrap().len(), 1);
    }
}

/// A server that hangs up in the middle of its answer.
async fn hanging_up(answer: &'static str) -> (String, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut request = [0_u8; 4096];
            let _ = connection.read(&mut request).await;
            let _ = connection.write_all(answer.as_bytes()).await;
        }
    });
    (address, task)
}

#[tokio::test]
async fn connections_that_are_cut_or_not_there() {
    let (address, server) =
        hanging_up("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"model\": ").await;
    let error = ask(
        &address,
        OpenaiCompatible,
        &question(OpenaiCompatible, "q"),
        &options(),
    )
    .await
    .unwrap_err();
    assert!(matches!(error, AskError::BrokeOff { .. }), "{error}");
    server.abort();

    let (address, server) = hanging_up("").await;
    let error = ask(
        &address,
        OpenaiCompatible,
        &question(OpenaiCompatible, "q"),
        &options(),
    )
    .await
    .unwrap_err();
    assert!(matches!(error, AskError::Unreachable { .. }), "{error}");
    server.abort();

    // A port that was free a moment ago.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = ask(
        &address,
        OpenaiCompatible,
        &question(OpenaiCompatible, "q"),
        &options(),
    )
    .await
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("local can't be reached at {address}: is it running, and is there a network?")
    );
}

#[tokio::test]
async fn it_stops_at_once_when_told_to() {
    let slow = ResponseTemplate::new(200)
        .set_body_json(completion("late"))
        .set_delay(Duration::from_secs(60));
    let server = answering(slow).await;
    let cancel = CancellationToken::new();
    let cache = MemoryCache::default();
    let question = question(OpenaiCompatible, "q");
    let provider = openai(&server.uri());
    let options = options();
    let asking = try_one(&question, &provider, &cache, &options, None, &cancel);
    let stopping = async {
        while server.received_requests().await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        cancel.cancel();
    };
    let (result, ()) = tokio::join!(asking, stopping);
    assert!(
        matches!(result, Err(TryError::Ask(AskError::Cancelled))),
        "{result:?}"
    );
    assert!(cache.is_empty());
}
