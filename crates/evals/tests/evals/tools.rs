//! Tools and schemas reach each provider in its own words, and what it calls comes back, whole and in
//! pieces. The shapes are those of the providers' documentation.

use crate::support::{answering, options, provider, question};
use evals::ProviderKind::{self, Anthropic, Google, OpenaiCompatible};
use evals::{Answer, MemoryCache, Question, try_one};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use wiremock::ResponseTemplate;

fn with_tool(kind: ProviderKind, choice: Option<Value>) -> Question {
    let mut asked = question(kind, "Where is order 7?");
    asked.tools = vec![
        serde_json::from_value(
            json!({"name": "look_up", "description": "Finds an order.", "schema": {"type": "object"}}),
        )
        .unwrap(),
    ];
    if let Some(choice) = choice {
        asked.parameters.insert("tool_choice".to_owned(), choice);
    }
    asked
}

async fn sent(asked: &Question) -> Value {
    let reply = match asked.kind {
        OpenaiCompatible => json!({"choices": [{"message": {"content": "x"}}]}),
        Anthropic => json!({"content": [{"type": "text", "text": "x"}]}),
        Google => json!({"candidates": [{"content": {"parts": [{"text": "x"}]}}]}),
    };
    let server = answering(ResponseTemplate::new(200).set_body_json(reply)).await;
    let provider = provider(&server.uri(), asked.kind);
    let (cache, cancel) = (MemoryCache::default(), CancellationToken::new());
    try_one(asked, &provider, &cache, &options(), None, &cancel)
        .await
        .unwrap();
    server.received_requests().await.unwrap()[0]
        .body_json()
        .unwrap()
}

#[tokio::test]
async fn which_tool_must_be_called_is_said_in_each_ones_words() {
    let one = json!({"type": "function", "function": {"name": "look_up"}});
    let table = [
        (
            json!("auto"),
            json!({"type": "auto"}),
            json!({"mode": "AUTO"}),
        ),
        (
            json!("none"),
            json!({"type": "none"}),
            json!({"mode": "NONE"}),
        ),
        (
            json!("required"),
            json!({"type": "any"}),
            json!({"mode": "ANY"}),
        ),
        (
            one,
            json!({"type": "tool", "name": "look_up"}),
            json!({"mode": "ANY", "allowedFunctionNames": ["look_up"]}),
        ),
    ];
    for (said, anthropic, google) in table {
        let body = sent(&with_tool(OpenaiCompatible, Some(said.clone()))).await;
        assert_eq!(body["tool_choice"], said);
        assert_eq!(body["tools"][0]["function"]["name"], "look_up");
        let body = sent(&with_tool(Anthropic, Some(said.clone()))).await;
        assert_eq!(body["tool_choice"], anthropic);
        assert_eq!(body["tools"][0]["input_schema"], json!({"type": "object"}));
        let body = sent(&with_tool(Google, Some(said.clone()))).await;
        assert_eq!(body["toolConfig"]["functionCallingConfig"], google);
        assert!(body["generationConfig"].get("tool_choice").is_none());
        // Without a tool there is nothing to choose.
        let mut bare = with_tool(Google, Some(said.clone()));
        bare.tools.clear();
        let body = sent(&bare).await;
        assert!(body.get("toolConfig").is_none() && body.get("tools").is_none());
        bare.kind = Anthropic;
        let body = sent(&bare).await;
        assert!(body.get("tool_choice").is_none());
    }
    // Its own words stay its own.
    let own = json!({"type": "any", "disable_parallel_tool_use": true});
    let body = sent(&with_tool(Anthropic, Some(own.clone()))).await;
    assert_eq!(body["tool_choice"], own);
}

async fn streamed(asked: &Question, stream: &str) -> (Answer, String) {
    let template = ResponseTemplate::new(200).set_body_raw(stream, "text/event-stream");
    let server = answering(template).await;
    let provider = provider(&server.uri(), asked.kind);
    let (cache, cancel, options) = (MemoryCache::default(), CancellationToken::new(), options());
    let mut told = String::new();
    let mut on_text = |piece: &str| told.push_str(piece);
    let tried = try_one(
        asked,
        &provider,
        &cache,
        &options,
        Some(&mut on_text),
        &cancel,
    );
    let answer = tried.await.unwrap().answer;
    (answer, told)
}

#[tokio::test]
async fn calls_in_pieces_come_to_the_same() {
    // Two calls, the second without arguments.
    let openai = concat!(
        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"call_1\",\"type\":\"function\",\"function\":{\"name\":\"look_up\",\"arguments\":\"\"}}]}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"id\\\"\"}}]}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\": 7}\"}}]}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"call_2\",\"function\":{\"name\":\"now\"}}]}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n",
        "data: [DONE]\n\n",
    );
    let anthropic = concat!(
        "data: {\"type\":\"message_start\",\"message\":{\"model\":\"m\"}}\n\n",
        "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"look_up\",\"input\":{}}}\n\n",
        "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"id\\\"\"}}\n\n",
        "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\": 7}\"}}\n\n",
        "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
        "data: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t2\",\"name\":\"now\",\"input\":{}}}\n\n",
        "data: {\"type\":\"content_block_stop\",\"index\":1}\n\n",
        "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"}}\n\n",
        "data: {\"type\":\"message_stop\"}\n\n",
    );
    let google = concat!(
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{\"name\":\"look_up\",\"args\":{\"id\":7}}}]}}]}\n\n",
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{\"name\":\"now\"}}]},\"finishReason\":\"STOP\"}]}\n\n",
    );
    for (kind, stream) in [
        (OpenaiCompatible, openai),
        (Anthropic, anthropic),
        (Google, google),
    ] {
        let (answer, _) = streamed(&with_tool(kind, None), stream).await;
        assert_eq!(
            json!(answer.tool_calls),
            json!([{"name": "look_up", "arguments": {"id": 7}}, {"name": "now", "arguments": {}}]),
            "{kind:?}"
        );
        assert!(answer.graded_text().contains("look_up"), "{kind:?}");
    }
}

#[tokio::test]
async fn an_answer_of_a_shape_is_read_along_and_a_refusal_is_an_answer() {
    let mut asked = question(Anthropic, "q");
    asked.response_schema =
        Some(json!({"type": "object", "properties": {"intent": {"type": "string"}}}));
    let stream = concat!(
        "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"name\":\"answer\",\"input\":{}}}\n\n",
        "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"intent\\\": \"}}\n\n",
        "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"\\\"refund\\\"}\"}}\n\n",
        "data: {\"type\":\"message_stop\"}\n\n",
    );
    let (answer, told) = streamed(&asked, stream).await;
    assert_eq!(told, "{\"intent\": \"refund\"}");
    assert_eq!(answer.text, "{\"intent\":\"refund\"}");
    assert!(answer.tool_calls.is_empty());

    let stream = concat!(
        "data: {\"choices\":[{\"delta\":{\"refusal\":\"I can't \"}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"refusal\":\"help.\"},\"finish_reason\":\"stop\"}]}\n\n",
        "data: [DONE]\n\n",
    );
    let (answer, told) = streamed(&question(OpenaiCompatible, "q"), stream).await;
    assert_eq!(
        (answer.text.as_str(), told.as_str()),
        ("I can't help.", "I can't help.")
    );
}
