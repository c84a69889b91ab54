//! Two protocols over real HTTP, and the ways in which a server can misbehave.

use crate::support::{KEY, completion, openai, options, provider, question, values, version};
use domain::content::Tool;
use evals::{
    AnswerCache, AskError, MemoryCache, Options, ProviderKind, Question, Tried, TryError, try_one,
};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use ProviderKind::{Anthropic, OpenaiCompatible};

async fn ask(
    address: &str,
    kind: ProviderKind,
    question: &Question,
    options: &Options,
) -> Result<Tried, AskError> {
    let provider = match kind {
        OpenaiCompatible => openai(address),
        Anthropic => provider(address, Anthropic),
    };
    let cancel = CancellationToken::new();
    let cache = MemoryCache::default();
    try_one(question, &provider, &cache, options, None, &cancel)
        .await
        .map_err(|error| match error {
            TryError::Ask(error) => error,
            TryError::Question(error) => panic!("{error}"),
        })
}

async fn answering(template: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(template)
        .mount(&server)
        .await;
    server
}

async fn failing_once(first: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(first)
        .up_to_n_times(1)
        .with_priority(1)
        .mount(&server)
        .await;
    let then = ResponseTemplate::new(200).set_body_json(completion("fine now"));
    Mock::given(method("POST"))
        .respond_with(then)
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn openai_is_asked_in_its_words() {
    let server = MockServer::start().await;
    let expected = json!({
        "model": "m1", "temperature": 0, "stop": "END",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}],
        "tools": [{"type": "function", "function": {"name": "look_up", "description": "d", "parameters": {"type": "object"}}}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "string"}, "strict": false}}
    });
    Mock::given(method("POST"))
        .and(path("/v1/chat/completions"))
        .and(header("authorization", format!("Bearer {KEY}").as_str()))
        .and(body_json(expected))
        .respond_with(ResponseTemplate::new(200).set_body_json(completion("Because.")))
        .expect(1)
        .mount(&server)
        .await;
    let mut content = version();
    content.tools = vec![tool()];
    content.response_schema = Some(json!({"type": "string"}));
    // A version can't smuggle another question in among its parameters.
    let parameters = &mut content.model.as_mut().unwrap().parameters;
    parameters.insert("messages".to_owned(), json!([]));
    parameters.insert("stream".to_owned(), json!(true));
    let question = Question::new(&content, &values("Why?"), &|_| None, OpenaiCompatible).unwrap();
    let answer = ask(&server.uri(), OpenaiCompatible, &question, &options())
        .await
        .unwrap()
        .answer;
    assert_eq!(answer.text, "Because.");
    assert_eq!(answer.model, "m1-2026");
    assert_eq!(answer.fingerprint.as_deref(), Some("fp_1"));
    assert_eq!(answer.finish.as_deref(), Some("stop"));
    assert_eq!((answer.tokens_in, answer.tokens_out), (Some(11), Some(3)));
    assert!(answer.at.0 > 1_600_000_000_000);
}

fn tool() -> Tool {
    serde_json::from_value(
        json!({"name": "look_up", "description": "d", "schema": {"type": "object"}}),
    )
    .unwrap()
}

#[tokio::test]
async fn anthropic_is_asked_in_its_words() {
    let server = MockServer::start().await;
    let expected = json!({
        "model": "m1", "temperature": 0, "stop_sequences": ["END"], "max_tokens": 1024,
        "system": "Be brief.",
        "messages": [{"role": "user", "content": "Why?"}],
        "tools": [{"name": "answer", "description": "Give the answer.",
            "input_schema": {"type": "object", "properties": {"answer": {"enum": ["a"]}}, "required": ["answer"]}}],
        "tool_choice": {"type": "tool", "name": "answer"}
    });
    let reply = json!({
        "model": "claude-x", "stop_reason": "tool_use", "usage": {"input_tokens": 5, "output_tokens": 2},
        "content": [{"type": "tool_use", "name": "answer", "input": {"answer": "a"}}]
    });
    Mock::given(method("POST"))
        .and(path("/v1/messages"))
        .and(header("x-api-key", KEY))
        .and(header("anthropic-version", "2023-06-01"))
        .and(body_json(expected))
        .respond_with(ResponseTemplate::new(200).set_body_json(reply))
        .expect(1)
        .mount(&server)
        .await;
    let mut content = version();
    content.response_schema = Some(json!({"enum": ["a"]}));
    content
        .model
        .as_mut()
        .unwrap()
        .parameters
        .insert("seed".to_owned(), json!(1));
    let question = Question::new(&content, &values("Why?"), &|_| None, Anthropic).unwrap();
    let answer = ask(&server.uri(), Anthropic, &question, &options())
        .await
        .unwrap()
        .answer;
    assert_eq!(answer.text, "\"a\"");
    assert_eq!(
        (answer.model.as_str(), answer.tokens_in, answer.tokens_out),
        ("claude-x", Some(5), Some(2))
    );
}

#[tokio::test]
async fn calls_of_tools_are_read_in_both_protocols() {
    let reply = json!({"model": "m", "choices": [{"finish_reason": "tool_calls", "message": {"content": null,
        "tool_calls": [{"function": {"name": "look_up", "arguments": "{\"id\": 7}"}}, {"function": {"name": "odd", "arguments": "{not json"}}]}}]});
    let server = answering(ResponseTemplate::new(200).set_body_json(reply)).await;
    let mut wanted = question(OpenaiCompatible, "q");
    wanted.tools = vec![tool()];
    let answer = ask(&server.uri(), OpenaiCompatible, &wanted, &options())
        .await
        .unwrap()
        .answer;
    assert_eq!(
        json!(answer.tool_calls),
        json!([{"name": "look_up", "arguments": {"id": 7}}, {"name": "odd", "arguments": "{not json"}])
    );
    assert!(answer.graded_text().contains("look_up"));

    let reply = json!({"model": "m", "stop_reason": "tool_use", "content": [
        {"type": "text", "text": "Let me see."}, {"type": "tool_use", "name": "look_up", "input": {"id": 7}}]});
    let server = answering(ResponseTemplate::new(200).set_body_json(reply)).await;
    wanted.kind = Anthropic;
    let answer = ask(&server.uri(), Anthropic, &wanted, &options())
        .await
        .unwrap()
        .answer;
    assert_eq!(answer.text, "Let me see.");
    assert_eq!(
        json!(answer.tool_calls),
        json!([{"name": "look_up", "arguments": {"id": 7}}])
    );
}

#[tokio::test]
async fn streams_are_told_as_they_come_and_come_to_the_same() {
    let openai_stream = concat!(
        ": a comment\n\n",
        "data: {\"model\":\"m1-2026\",\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"Be\"}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"cause.\"}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":3}}\n\n",
        "data: [DONE]\n\n",
    );
    let anthropic_stream = concat!(
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"m1-2026\",\"usage\":{\"input_tokens\":11}}}\n\n",
        "event: ping\ndata: {\"type\":\"ping\"}\n\n",
        "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Be\"}}\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"cause.\"}}\n\n",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"stop\"},\"usage\":{\"output_tokens\":3}}\n\n",
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    );
    for (kind, stream) in [
        (OpenaiCompatible, openai_stream),
        (Anthropic, anthropic_stream),
    ] {
        let server =
            answering(ResponseTemplate::new(200).set_body_raw(stream, "text/event-stream")).await;
        let provider = match kind {
            OpenaiCompatible => openai(&server.uri()),
            Anthropic => provider(&server.uri(), kind),
        };
        let mut pieces = Vec::new();
        let mut on_text = |piece: &str| pieces.push(piece.to_owned());
        let cache = MemoryCache::default();
        let cancel = CancellationToken::new();
        let question = question(kind, "Why?");
        let tried = try_one(
            &question,
            &provider,
            &cache,
            &options(),
            Some(&mut on_text),
            &cancel,
        )
        .await
        .unwrap();
        assert_eq!(pieces, ["Be", "cause."]);
        assert_eq!(tried.answer.text, "Because.");
        assert_eq!(tried.answer.model, "m1-2026");
        assert_eq!(
            (tried.answer.tokens_in, tried.answer.tokens_out),
            (Some(11), Some(3))
        );
        let asked: Value = server.received_requests().await.unwrap()[0]
            .body_json()
            .unwrap();
        assert_eq!(asked["stream"], json!(true));
        // The second time it is there whole.
        let mut pieces = Vec::new();
        let mut on_text = |piece: &str| pieces.push(piece.to_owned());
        let again = try_one(
            &question,
            &provider,
            &cache,
            &options(),
            Some(&mut on_text),
            &cancel,
        )
        .await
        .unwrap();
        assert!(again.from_cache && again.answer == tried.answer);
        assert_eq!(pieces, ["Because."]);
        assert_eq!(server.received_requests().await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_no_answer_and_is_not_begun_again() {
    let stream = "data: {\"choices\":[{\"delta\":{\"content\":\"Half an\"}}]}\n\n";
    let server =
        answering(ResponseTemplate::new(200).set_body_raw(stream, "text/event-stream")).await;
    let cache = MemoryCache::default();
    let mut heard = String::new();
    let mut on_text = |piece: &str| heard.push_str(piece);
    let cancel = CancellationToken::new();
    let question = question(OpenaiCompatible, "q");
    let error = try_one(
        &question,
        &openai(&server.uri()),
        &cache,
        &options(),
        Some(&mut on_text),
        &cancel,
    )
    .await;
    assert!(
        matches!(error, Err(TryError::Ask(AskError::BrokeOff { .. }))),
        "{error:?}"
    );
    assert_eq!(heard, "Half an");
    assert!(cache.is_empty());
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

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

#[test]
fn everything_that_determines_the_answer_changes_the_digest() {
    let base = question(OpenaiCompatible, "q");
    let digest = base.digest().unwrap();
    let changes: Vec<fn(&mut Question)> = vec![
        |q| q.provider = "other".to_owned(),
        |q| q.kind = Anthropic,
        |q| q.model = "m2".to_owned(),
        |q| drop(q.parameters.insert("temperature".to_owned(), json!(0.5))),
        |q| drop(q.parameters.remove("stop")),
        |q| q.messages[1]["content"] = json!("q "),
        |q| q.messages[0]["role"] = json!("developer"),
        |q| q.tools.push(tool()),
        |q| q.response_schema = Some(json!({})),
        |q| q.repeat = 1,
    ];
    let mut digests = vec![digest];
    for change in changes {
        let mut changed = base.clone();
        change(&mut changed);
        digests.push(changed.digest().unwrap());
    }
    let count = digests.len();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), count);
    assert_eq!(question(OpenaiCompatible, "q").digest().unwrap(), digest);
    let cache = MemoryCache::default();
    assert!(cache.get(&digest).is_none());
}
