//! Two protocols over real HTTP: what is asked, what is read, and what names the answer.

use crate::support::{
    KEY, answering, ask, completion, openai, options, provider, question, values, version,
};
use domain::content::Tool;
use evals::{AnswerCache, AskError, MemoryCache, ProviderKind, Question, TryError, try_one};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use ProviderKind::{Anthropic, OpenaiCompatible};

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
            _ => provider(&server.uri(), kind),
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
