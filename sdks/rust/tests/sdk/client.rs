//! The client from an application's side: addresses, keys, names, fallbacks.

use crate::faulty::{Faulty, KEY};
use galley_sdk::{Content, Galley, Options, Prompt, Source};
use serde_json::json;

#[tokio::test]
async fn addresses_that_are_refused_and_taken() {
    let table = [
        ("http://galley.example", "in the clear"),
        ("http://127.0.0.1.example", "in the clear"),
        ("http://10.0.0.1:7420", "in the clear"),
        ("https://user:secret@galley.example", "user or password"),
        ("ftp://galley.example", "can't be read"),
        ("galley.example", "can't be read"),
        ("https://galley.example/?key=1", "can't be read"),
        ("", "can't be read"),
    ];
    for (url, words) in table {
        let error = Galley::start(url, KEY, Options::default())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(words) && !error.contains("secret") && !error.contains(KEY),
            "{url}: {error}"
        );
    }
    for url in [
        "http://localhost:1",
        "http://127.0.0.1:1",
        "http://[::1]:1",
        "http://127.8.8.8:1/galley/",
    ] {
        assert!(Galley::start(url, KEY, Options::default()).is_ok(), "{url}");
    }
}

#[tokio::test]
async fn what_is_no_environment_key_is_refused_and_not_shown() {
    for key in [
        "",
        "gal_usr_abc",
        "gal_env_",
        "gal_env_a\nX-Header: b",
        "gal_env_a b",
        "something else",
    ] {
        let error = Galley::start("https://galley.example", key, Options::default())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("no environment key") && (key.len() < 9 || !error.contains(key)),
            "{error}"
        );
    }
}

#[tokio::test]
async fn certificates_that_are_none_are_refused() {
    let options = Options::default().roots_pem("no certificate");
    let error = Galley::start("https://galley.example", KEY, options).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the certificates to trust can't be read: they are not PEM"
    );
}

#[test]
fn without_a_runtime_it_says_so() {
    let error = Galley::start("https://galley.example", KEY, Options::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Galley is started inside a tokio runtime"
    );
}

#[tokio::test]
async fn the_key_is_sent_and_shown_nowhere() {
    let faulty = Faulty::start().await;
    let galley = Galley::start(&faulty.url, &format!(" {KEY}\n"), Options::default()).unwrap();
    galley.ready().await;
    let prompt = galley.get("A").unwrap();
    let seen = format!("{galley:?} {prompt:?} {:?}", galley.status());
    assert!(!seen.contains("gal_env"), "{seen}");
    let head = &faulty.asked("/v1/environment")[0];
    assert!(
        head.contains(&format!("authorization: bearer {KEY}\r\n")),
        "{head}"
    );
    assert_eq!(
        (prompt.name.as_str(), prompt.source),
        ("a", Source::Registry)
    );
    assert_eq!(
        galley.get("constructor").unwrap_err().to_string(),
        "production serves no prompt constructor; it serves a"
    );
}

#[test]
fn fallbacks_say_what_they_are() {
    let prompt = Prompt::fallback("a", "Hello {{ name }}.");
    assert_eq!(prompt.text(json!({"name": "Ana"})).unwrap(), "Hello Ana.");
    let error = prompt.text(json!({"nme": "Ana"})).unwrap_err();
    assert_eq!(
        (error.code, error.message.contains("no input “name”")),
        ("unknown_name", true)
    );
    assert_eq!(
        prompt.attributes(),
        [
            ("galley.prompt.name", json!("a")),
            ("galley.prompt.source", json!("fallback"))
        ]
    );
    assert_eq!(
        prompt.text(json!([1])).unwrap_err().message,
        "the values are passed by name: give an object"
    );
    let content: Content = serde_json::from_value(json!({
        "kind": "text",
        "messages": [{"type": "message", "role": "user", "text": "{{ a }}"}],
        "inputs": [{"name": "a", "type": "text", "required": true}],
        "model": {"provider": "p", "model": "m"},
    }))
    .unwrap();
    let prompt = Prompt::fallback_with("a", content);
    assert_eq!(prompt.openai(json!({"a": "x"})).unwrap()["model"], "m");
    assert_eq!(prompt.text(json!({})).unwrap_err().code, "input_missing");
}

/// Keeps what is recorded on spans.
#[derive(Clone, Default)]
struct Recorded(std::sync::Arc<std::sync::Mutex<Vec<(String, String)>>>);

impl tracing::field::Visit for Recorded {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        let value = format!("{value:?}");
        let mut kept = self.0.lock().unwrap();
        kept.push((field.name().to_owned(), value.trim_matches('"').to_owned()));
    }
}

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Recorded {
    fn on_record(
        &self,
        _: &tracing::span::Id,
        values: &tracing::span::Record<'_>,
        _: tracing_subscriber::layer::Context<'_, S>,
    ) {
        values.record(&mut self.clone());
    }
}

#[tokio::test]
async fn the_version_is_on_the_span_of_tracing_where_it_is_wanted() {
    use tracing_subscriber::layer::SubscriberExt;

    let faulty = Faulty::start().await;
    let galley = faulty.open(Options::default());
    galley.ready().await;
    let prompt = galley.get("a").unwrap();
    let recorded = Recorded::default();
    let subscriber = tracing_subscriber::registry().with(recorded.clone());
    let empty = tracing::field::Empty;
    tracing::subscriber::with_default(subscriber, || {
        let other = tracing::info_span!("other", customer = empty);
        other.in_scope(|| prompt.text(json!({})).unwrap());
        assert!(recorded.0.lock().unwrap().is_empty());
        let wanting = tracing::info_span!(
            "call",
            galley.prompt.name = empty,
            galley.prompt.version = empty,
            galley.environment = empty
        );
        wanting.in_scope(|| prompt.text(json!({})).unwrap());
    });
    let said = [
        ("galley.prompt.name", "a"),
        ("galley.prompt.version", "1"),
        ("galley.environment", "production"),
    ];
    let said = said.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(*recorded.0.lock().unwrap(), said);
}

#[cfg(feature = "opentelemetry")]
#[tokio::test]
async fn the_version_is_on_the_span() {
    use opentelemetry::trace::{Tracer, TracerProvider};
    use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};

    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    let faulty = Faulty::start().await;
    let galley = faulty.open(Options::default());
    galley.ready().await;
    let prompt = galley.get("a").unwrap();
    provider
        .tracer("t")
        .in_span("call", |_| prompt.text(json!({})).unwrap());
    let spans = exporter.get_finished_spans().unwrap();
    let seen: Vec<_> = spans[0]
        .attributes
        .iter()
        .map(|one| (one.key.to_string(), one.value.to_string()))
        .collect();
    let text = |value: &serde_json::Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let wanted: Vec<_> = prompt
        .attributes()
        .iter()
        .map(|(name, value)| ((*name).to_owned(), text(value)))
        .collect();
    assert_eq!(seen, wanted);
    assert!(wanted.contains(&("galley.prompt.version".to_owned(), "1".to_owned())));
}
