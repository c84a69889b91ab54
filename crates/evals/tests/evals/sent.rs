//! What was sent and what came back is kept word for word, and no key ever stands in it.

use crate::support::{KEY, answering, options, provider, question};
use evals::ProviderKind::{self, Anthropic, Google, OpenaiCompatible};
use evals::{Exchange, MemoryCache, Tried, try_one};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use wiremock::ResponseTemplate;

const KINDS: [ProviderKind; 3] = [OpenaiCompatible, Anthropic, Google];

async fn asked(kind: ProviderKind, address: &str, q: &str, streaming: bool) -> Tried {
    let (cache, cancel) = (MemoryCache::default(), CancellationToken::new());
    let provider = provider(address, kind);
    let mut nobody = |_: &str| {};
    let on_text: Option<&mut (dyn FnMut(&str) + Send)> =
        if streaming { Some(&mut nobody) } else { None };
    let question = question(kind, q);
    try_one(&question, &provider, &cache, &options(), on_text, &cancel)
        .await
        .unwrap()
}

/// An answer in the shape of each, which says what is given.
fn whole(kind: ProviderKind, text: &str) -> Value {
    match kind {
        OpenaiCompatible => {
            json!({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]})
        }
        Anthropic => {
            json!({"content": [{"type": "text", "text": text}], "stop_reason": "end_turn"})
        }
        Google => {
            json!({"candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": "STOP"}]})
        }
    }
}

fn streamed(kind: ProviderKind, text: &str) -> String {
    match kind {
        OpenaiCompatible => format!(
            "data: {}\n\ndata: {{\"choices\":[{{\"delta\":{{}},\"finish_reason\":\"stop\"}}]}}\n\ndata: [DONE]\n\n",
            json!({"choices": [{"delta": {"content": text}}]})
        ),
        Anthropic => format!(
            "data: {}\n\ndata: {{\"type\":\"message_stop\"}}\n\n",
            json!({"type": "content_block_delta", "delta": {"type": "text_delta", "text": text}})
        ),
        Google => format!("data: {}\n\n", whole(kind, text)),
    }
}

fn exchange(tried: &Tried) -> Exchange {
    tried.answer.exchange.as_deref().unwrap().clone()
}

#[tokio::test]
async fn it_is_word_for_word_whole_and_in_pieces() {
    for kind in KINDS {
        let body = whole(kind, "Because.");
        let server = answering(ResponseTemplate::new(200).set_body_json(&body)).await;
        let kept = exchange(&asked(kind, &server.uri(), "Why?", false).await);
        let request = &server.received_requests().await.unwrap()[0];
        let sent: Value = serde_json::from_str(&kept.sent).unwrap();
        assert_eq!(sent, request.body_json::<Value>().unwrap());
        assert!(kept.sent.contains("Why?"), "{}", kept.sent);
        let received: Value = serde_json::from_str(&kept.received).unwrap();
        assert_eq!(received, body);
        assert!(
            kept.address.ends_with(request.url.path()),
            "{}",
            kept.address
        );

        let stream = streamed(kind, "Because.");
        let server = answering(
            ResponseTemplate::new(200).set_body_raw(stream.as_str(), "text/event-stream"),
        )
        .await;
        let tried = asked(kind, &server.uri(), "Why?", true).await;
        assert_eq!(tried.answer.text, "Because.");
        let kept = exchange(&tried);
        assert_eq!(kept.received, stream);
        assert!(!kept.address.contains('?'), "{}", kept.address);
    }
}

#[tokio::test]
async fn no_key_stands_in_it_whoever_repeats_it() {
    // A model that was told the key, a provider that echoes it, a person who wrote it into the prompt.
    let said = format!("the key is {KEY}, in an address ?key={KEY}");
    for kind in KINDS {
        for streaming in [false, true] {
            let template = if streaming {
                ResponseTemplate::new(200).set_body_raw(streamed(kind, &said), "text/event-stream")
            } else {
                ResponseTemplate::new(200)
                    .insert_header("x-echo", KEY)
                    .set_body_json(whole(kind, &said))
            };
            let server = answering(template).await;
            let tried = asked(kind, &server.uri(), &format!("mine is {KEY}"), streaming).await;
            let kept = exchange(&tried);
            for side in [&kept.address, &kept.sent, &kept.received] {
                assert!(!side.contains(KEY), "{kind:?}: {side}");
            }
            assert!(kept.sent.contains("mine is •••"), "{}", kept.sent);
            assert!(kept.received.contains("the key is •••"));
            let answer = serde_json::to_string(&tried.answer).unwrap();
            assert!(
                !answer.contains(KEY) && answer.contains("the key is •••"),
                "{answer}"
            );
            assert!(!format!("{kept:?}").contains(KEY));
        }
    }
}

#[tokio::test]
async fn a_key_that_comes_in_pieces_or_spelt_otherwise_is_nowhere() {
    // Cut anywhere, as models write.
    let piece = |text: &str| {
        let json = json!({"model": KEY, "choices": [{"delta": {"content": text}}]});
        format!("data: {json}\n\n")
    };
    let (one, two) = KEY.split_at(7);
    let stream = format!(
        "{}{}{}data: {{\"choices\":[{{\"delta\":{{}},\"finish_reason\":\"stop\"}}]}}\n\ndata: [DONE]\n\n",
        piece("it is "),
        piece(one),
        piece(two)
    );
    let template = ResponseTemplate::new(200).set_body_raw(stream, "text/event-stream");
    let server = answering(template).await;
    let (cache, cancel) = (MemoryCache::default(), CancellationToken::new());
    let provider = provider(&server.uri(), OpenaiCompatible);
    let mut heard = String::new();
    let mut hear = |piece: &str| heard.push_str(piece);
    let question = question(OpenaiCompatible, "Why?");
    let tried = try_one(
        &question,
        &provider,
        &cache,
        &options(),
        Some(&mut hear),
        &cancel,
    )
    .await
    .unwrap();
    assert_eq!(
        (heard.as_str(), tried.answer.text.as_str()),
        ("it is •••", "it is •••")
    );
    assert_eq!(tried.answer.model, "•••");
    let kept = exchange(&tried);
    assert!(
        !kept.received.contains(one) && !kept.received.contains(two),
        "{kept:?}"
    );

    let spelt: String = KEY
        .chars()
        .map(|c| format!("\\u{:04x}", u32::from(c)))
        .collect();
    let body = format!(
        r#"{{"choices": [{{"message": {{"content": "{spelt}"}}, "finish_reason": "stop"}}], "x": "{spelt}"}}"#
    );
    let template = ResponseTemplate::new(200).set_body_raw(body, "application/json");
    let server = answering(template).await;
    let tried = asked(OpenaiCompatible, &server.uri(), "Why?", false).await;
    assert_eq!(tried.answer.text, "•••");
    assert!(!exchange(&tried).received.contains(&spelt));
}

#[tokio::test]
async fn it_does_not_travel_with_the_answer() {
    let body = whole(OpenaiCompatible, "Because.");
    let server = answering(ResponseTemplate::new(200).set_body_json(&body)).await;
    let tried = asked(OpenaiCompatible, &server.uri(), "Why?", false).await;
    let json = serde_json::to_value(&tried.answer).unwrap();
    assert!(json.get("exchange").is_none(), "{json}");
    let read: evals::Answer = serde_json::from_value(json).unwrap();
    assert_eq!(read.exchange, None);
}
