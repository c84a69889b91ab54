//! What the tests of asking share: a provider at an address, a version, an answer.

use domain::VersionContent;
use evals::{
    AskError, Key, MemoryCache, Options, Patience, Provider, ProviderConfig, ProviderKind,
    Question, Secret, Tried, TryError, origin_of, try_one,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

pub const KEY: &str = "sk-test-0123456789";

pub fn provider(address: &str, kind: ProviderKind) -> Provider {
    let config = ProviderConfig {
        name: "local".to_owned(),
        kind,
        address: address.to_owned(),
    };
    let key = Key {
        secret: Secret::new(KEY),
        origin: origin_of(address).unwrap(),
    };
    Provider::new(config, Some(key)).unwrap()
}

pub fn openai(address: &str) -> Provider {
    provider(&format!("{address}/v1"), ProviderKind::OpenaiCompatible)
}

pub fn providers(provider: Provider) -> BTreeMap<String, Arc<Provider>> {
    BTreeMap::from([(provider.name().to_owned(), Arc::new(provider))])
}

/// A version that asks `{{ q }}`.
pub fn version() -> VersionContent {
    serde_json::from_value(json!({
        "kind": "chat",
        "messages": [
            {"type": "message", "role": "system", "text": "Be brief."},
            {"type": "message", "role": "user", "text": "{{ q }}"}
        ],
        "inputs": [{"name": "q", "type": "text", "required": true}],
        "model": {"provider": "local", "model": "m1", "parameters": {"temperature": 0, "stop": "END"}}
    }))
    .unwrap()
}

pub fn question(kind: ProviderKind, q: &str) -> Question {
    Question::new(&version(), &values(q), &|_| None, kind).unwrap()
}

pub fn values(q: &str) -> Map<String, Value> {
    Map::from_iter([("q".to_owned(), Value::from(q))])
}

/// Impatient enough for a test, and patient enough for a slow machine.
pub fn options() -> Options {
    Options {
        timeout: Duration::from_secs(20),
        patience: Patience {
            retries: 3,
            first: Duration::from_millis(1),
            longest: Duration::from_secs(5),
        },
        ..Options::default()
    }
}

pub fn completion(text: &str) -> Value {
    json!({
        "model": "m1-2026",
        "system_fingerprint": "fp_1",
        "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 3}
    })
}

pub async fn ask(
    address: &str,
    kind: ProviderKind,
    question: &Question,
    options: &Options,
) -> Result<Tried, AskError> {
    let provider = match kind {
        ProviderKind::OpenaiCompatible => openai(address),
        ProviderKind::Anthropic | ProviderKind::Google => provider(address, kind),
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

pub async fn answering(template: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(template)
        .mount(&server)
        .await;
    server
}

pub async fn failing_once(first: ResponseTemplate) -> MockServer {
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
