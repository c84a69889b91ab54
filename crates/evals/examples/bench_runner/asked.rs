//! What is asked: 1,000 messages to a bank, with what the answer should be.
#![allow(
    clippy::expect_used,
    reason = "a benchmark stops where something fails"
)]

use domain::VersionContent;
use domain::dataset::Case;
use domain::graders::Grader;
use serde_json::json;

/// How many are asked.
pub const CASES: usize = 1_000;

/// The version that asks, of a provider named "bench".
pub fn content() -> VersionContent {
    serde_json::from_value(json!({
        "kind": "chat",
        "messages": [
            {"type": "message", "role": "system", "text": "You sort messages to a bank. {% if tier == 'gold' %}Be quick.{% endif %}"},
            {"type": "message", "role": "user", "text": "{{ message }}"}
        ],
        "inputs": [{"name": "message", "type": "text", "required": true}, {"name": "tier", "type": "text"}],
        "model": {"provider": "bench", "model": "m", "parameters": {"temperature": 0}}
    }))
    .expect("a version")
}

/// The cases.
pub fn cases() -> Vec<Case> {
    many_cases(CASES)
}

/// So many of the same kind.
pub fn many_cases(count: usize) -> Vec<Case> {
    let case = |number: usize| {
        Case {
        id: number.to_string(),
        inputs: json!({"message": format!("My card {number} has not arrived yet, and I ordered it two weeks ago."), "tier": "gold"})
            .as_object()
            .expect("an object")
            .clone(),
        expected: Some(json!("card_arrival")),
        ..Case::default()
    }
    };
    (0..count).map(case).collect()
}

/// Who judges.
pub fn graders() -> Vec<Grader> {
    serde_json::from_value(json!([
        {"type": "exact", "field": "intent"},
        {"type": "json_schema", "schema": {"type": "object", "required": ["intent"]}}
    ]))
    .expect("graders")
}
