//! Says which version was used: on the current span of `tracing` where it has the fields for it, and
//! with the feature `opentelemetry` on OpenTelemetry's.

use crate::Prompt;
use serde_json::Value;

/// A span of `tracing` takes the fields that it was made with, and no others. This one says that it
/// wants them.
const WANTED: &str = "galley.prompt.version";

pub(crate) fn mark(prompt: &Prompt) {
    let span = tracing::Span::current();
    if span.has_field(WANTED) {
        for (name, value) in prompt.attributes() {
            match value {
                Value::Number(number) => span.record(name, number.as_u64().unwrap_or_default()),
                Value::String(text) => span.record(name, text.as_str()),
                other => span.record(name, other.to_string().as_str()),
            };
        }
    }
    #[cfg(feature = "opentelemetry")]
    mark_opentelemetry(prompt);
}

#[cfg(feature = "opentelemetry")]
fn mark_opentelemetry(prompt: &Prompt) {
    use opentelemetry::trace::get_active_span;
    use opentelemetry::{KeyValue, Value as Said};

    get_active_span(|span| {
        for (name, value) in prompt.attributes() {
            let value = match value {
                Value::Number(number) => Said::I64(number.as_i64().unwrap_or_default()),
                Value::String(text) => Said::from(text),
                other => Said::from(other.to_string()),
            };
            span.set_attribute(KeyValue::new(name, value));
        }
    });
}
