//! Google's Gemini over real HTTP: the documented shapes, and what goes wrong.

use crate::support::{KEY, answering, options, provider, question, values, version};
use evals::{AskError, MemoryCache, Provider, ProviderKind, Question, Tried, TryError, try_one};
use serde_json::{Value, json};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wiremock::matchers::{body_json, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

fn google(address: &str) -> Provider {
    provider(address, ProviderKind::Google)
}

async fn ask(address: &str, question: &Question) -> Result<Tried, AskError> {
    asked(address, question, &options()).await
}

async fn asked(
    address: &str,
    question: &Question,
    options: &evals::Options,
) -> Result<Tried, AskError> {
    let (cache, cancel) = (MemoryCache::default(), CancellationToken::new());
    let provider = google(address);
    let tried = try_one(question, &provider, &cache, options, None, &cancel).await;
    tried.map_err(|error| match error {
        TryError::Ask(error) => error,
        TryError::Question(error) => panic!("{error}"),
    })
}

fn reply(parts: &Value) -> Value {
    json!({
        "candidates": [{"content": {"parts": parts, "role": "model"}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": 11, "candidatesTokenCount": 3, "thoughtsTokenCount": 4, "totalTokenCount": 18},
        "modelVersion": "m1-002", "responseId": "r"
    })
}

#[tokio::test]
async fn it_is_asked_in_its_words() {
    let server = MockServer::start().await;
    let expected = json!({
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [{"role": "user", "parts": [{"text": "Why?"}]}],
        "generationConfig": {
            "temperature": 0, "stopSequences": ["END"], "maxOutputTokens": 50, "topP": 0.5,
            "thinkingConfig": {"thinkingBudget": 0},
            "responseMimeType": "application/json", "responseJsonSchema": {"type": "string"}},
        "tools": [{"functionDeclarations": [{"name": "look_up", "description": "d", "parametersJsonSchema": {"type": "object"}}]}]
    });
    Mock::given(method("POST"))
        .and(path("/v1beta/models/m1:generateContent"))
        .and(header("x-goog-api-key", KEY))
        .and(body_json(expected))
        .respond_with(ResponseTemplate::new(200).set_body_json(reply(&json!([
            {"text": "let me think", "thought": true}, {"text": "Be"}, {"text": "cause."},
            {"functionCall": {"name": "look_up", "args": {"id": 7}}}]))))
        .expect(1)
        .mount(&server)
        .await;
    let mut content = version();
    content.response_schema = Some(json!({"type": "string"}));
    content.tools = vec![
        serde_json::from_value(
            json!({"name": "look_up", "description": "d", "schema": {"type": "object"}}),
        )
        .unwrap(),
    ];
    let parameters = &mut content.model.as_mut().unwrap().parameters;
    parameters.insert("max_tokens".to_owned(), json!(50));
    parameters.insert("top_p".to_owned(), json!(0.5));
    parameters.insert("thinkingConfig".to_owned(), json!({"thinkingBudget": 0}));
    // A version can't smuggle another question in among its parameters.
    parameters.insert("contents".to_owned(), json!([]));
    let question =
        Question::new(&content, &values("Why?"), &|_| None, ProviderKind::Google).unwrap();
    let answer = ask(&server.uri(), &question).await.unwrap().answer;
    assert_eq!(answer.text, "Because.");
    assert_eq!(answer.model, "m1-002");
    assert_eq!(answer.finish.as_deref(), Some("STOP"));
    assert_eq!((answer.tokens_in, answer.tokens_out), (Some(11), Some(7)));
    assert_eq!(
        json!(answer.tool_calls),
        json!([{"name": "look_up", "arguments": {"id": 7}}])
    );
}

#[tokio::test]
async fn a_stream_comes_to_the_same() {
    let stream = concat!(
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Be\"}],\"role\":\"model\"}}],\"usageMetadata\":{\"promptTokenCount\":11},\"modelVersion\":\"m1-002\"}\r\n\r\n",
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"cause.\"}],\"role\":\"model\"},\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":11,\"candidatesTokenCount\":3}}\r\n\r\n",
    );
    let server = MockServer::start().await;
    Mock::given(path("/v1beta/models/m1:streamGenerateContent"))
        .and(query_param("alt", "sse"))
        .respond_with(ResponseTemplate::new(200).set_body_raw(stream, "text/event-stream"))
        .expect(1)
        .mount(&server)
        .await;
    let mut pieces = Vec::new();
    let mut on_text = |piece: &str| pieces.push(piece.to_owned());
    let (cache, cancel, options) = (MemoryCache::default(), CancellationToken::new(), options());
    let question = question(ProviderKind::Google, "Why?");
    let provider = google(&server.uri());
    let tried = try_one(
        &question,
        &provider,
        &cache,
        &options,
        Some(&mut on_text),
        &cancel,
    );
    let answer = tried.await.unwrap().answer;
    assert_eq!(pieces, ["Be", "cause."]);
    assert_eq!(
        (answer.text.as_str(), answer.model.as_str()),
        ("Because.", "m1-002")
    );
    assert_eq!((answer.tokens_in, answer.tokens_out), (Some(11), Some(3)));
}

#[tokio::test]
async fn a_stream_that_is_cut_is_no_answer() {
    let stream = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Half an\"}]}}]}\n\n";
    let server =
        answering(ResponseTemplate::new(200).set_body_raw(stream, "text/event-stream")).await;
    let mut on_text = |_: &str| {};
    let (cache, cancel, options) = (MemoryCache::default(), CancellationToken::new(), options());
    let question = question(ProviderKind::Google, "q");
    let provider = google(&server.uri());
    let tried = try_one(
        &question,
        &provider,
        &cache,
        &options,
        Some(&mut on_text),
        &cancel,
    )
    .await;
    assert!(
        matches!(tried, Err(TryError::Ask(AskError::BrokeOff { .. }))),
        "{tried:?}"
    );
    assert!(cache.is_empty());
}

#[tokio::test]
async fn a_blocked_question_is_an_answer_that_graders_see() {
    let body = json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 9}});
    let server = answering(ResponseTemplate::new(200).set_body_json(body)).await;
    let answer = ask(&server.uri(), &question(ProviderKind::Google, "q"))
        .await
        .unwrap()
        .answer;
    assert_eq!(
        (answer.text.as_str(), answer.finish.as_deref()),
        ("", Some("PROHIBITED_CONTENT"))
    );
    let refuses =
        serde_json::from_value::<domain::graders::Grader>(json!({"type": "refusal"})).unwrap();
    let case = domain::dataset::Case::default();
    assert!(
        refuses
            .prepare()
            .unwrap()
            .grade(&answer.answered("", None), &case)
            .pass
    );
}

#[tokio::test]
async fn faults_are_waited_for_where_that_helps() {
    let fine =
        json!({"candidates": [{"content": {"parts": [{"text": "fine"}]}, "finishReason": "STOP"}]});
    let refusal = |code: u16, status: &str| {
        let body = json!({"error": {"code": code, "message": "Quota exceeded", "status": status}});
        ResponseTemplate::new(code).set_body_json(body)
    };
    for first in [
        refusal(429, "RESOURCE_EXHAUSTED").insert_header("retry-after", "0"),
        refusal(500, "INTERNAL"),
        refusal(503, "UNAVAILABLE"),
    ] {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .respond_with(first)
            .up_to_n_times(1)
            .with_priority(1)
            .mount(&server)
            .await;
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(200).set_body_json(fine.clone()))
            .mount(&server)
            .await;
        let tried = ask(&server.uri(), &question(ProviderKind::Google, "q"))
            .await
            .unwrap();
        assert_eq!(tried.answer.text, "fine");
        assert_eq!(server.received_requests().await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn what_is_no_answer_says_so_and_leaves_the_key_out() {
    let error = json!({"error": {"code": 400, "message": format!("API key {KEY} not valid"), "status": "INVALID_ARGUMENT"}});
    let table = [
        (
            ResponseTemplate::new(400).set_body_json(error.clone()),
            "not valid",
        ),
        (ResponseTemplate::new(200).set_body_json(error), "it says “"),
        (
            ResponseTemplate::new(200).set_body_string("{\"candidates\": ["),
            "not JSON",
        ),
        (
            ResponseTemplate::new(200).set_body_json(json!([1])),
            "no candidates",
        ),
        (
            ResponseTemplate::new(200).set_body_json(json!({"candidates": []})),
            "no candidates",
        ),
    ];
    for (template, words) in table {
        let server = answering(template).await;
        let error = ask(&server.uri(), &question(ProviderKind::Google, "q"))
            .await
            .unwrap_err();
        let told = error.to_string();
        assert!(told.contains(words), "{told}");
        assert!(
            !told.contains(KEY) && !format!("{error:?}").contains(KEY),
            "{told}"
        );
        assert_eq!(server.received_requests().await.unwrap().len(), 1);
    }
    let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(30));
    let server = answering(slow).await;
    let mut impatient = options();
    impatient.timeout = Duration::from_millis(200);
    impatient.patience.retries = 0;
    let error = asked(
        &server.uri(),
        &question(ProviderKind::Google, "q"),
        &impatient,
    )
    .await
    .unwrap_err();
    assert!(matches!(error, AskError::TimedOut { .. }), "{error}");
}

#[tokio::test]
async fn a_model_can_not_lead_the_question_elsewhere() {
    for model in [
        "",
        "../x",
        "a/b",
        "m?key=1",
        "m:generateContent#",
        "a..b",
        "m%2f",
    ] {
        let mut question = question(ProviderKind::Google, "q");
        question.model = model.to_owned();
        let server = MockServer::start().await;
        let error = ask(&server.uri(), &question).await.unwrap_err();
        assert!(
            matches!(error, AskError::NotAskable { .. }),
            "{model}: {error}"
        );
        assert!(
            server.received_requests().await.unwrap().is_empty(),
            "{model}"
        );
    }
}
