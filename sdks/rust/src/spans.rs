//! Says on the current OpenTelemetry span which version was used, with the feature `opentelemetry`.

use crate::Prompt;

#[cfg(feature = "opentelemetry")]
pub(crate) fn mark(prompt: &Prompt) {
    use opentelemetry::trace::get_active_span;
    use opentelemetry::{KeyValue, Value};

    get_active_span(|span| {
        for (name, value) in prompt.attributes() {
            let value = match value {
                serde_json::Value::Number(number) => {
                    Value::I64(number.as_i64().unwrap_or_default())
                }
                serde_json::Value::String(text) => Value::from(text),
                other => Value::from(other.to_string()),
            };
            span.set_attribute(KeyValue::new(name, value));
        }
    });
}

#[cfg(not(feature = "opentelemetry"))]
pub(crate) fn mark(_: &Prompt) {}
