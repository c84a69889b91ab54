//! The graders that look at more than wording, as tables.

use domain::dataset::Case;
use domain::graders::{Answered, Called, Grader, GraderError, Score};
use serde_json::{Value, json};

pub fn grader(json: Value) -> Grader {
    serde_json::from_value(json).expect("a grader")
}

pub fn judged(by: &Value, expected: Value, answer: &Answered<'_>) -> Score {
    let case = Case {
        id: "1".to_owned(),
        expected: (!expected.is_null()).then_some(expected),
        ..Case::default()
    };
    let ready = grader(by.clone()).prepare();
    ready
        .expect("a grader that can be used")
        .grade(answer, &case)
}

fn check(rows: Vec<(Value, Value, &str, bool, &str)>) {
    for (by, expected, text, pass, words) in rows {
        let score = judged(&by, expected, &Answered::text(text));
        assert_eq!(score.pass, pass, "{by} of {text:?}: {}", score.reason);
        assert!(
            score.reason.contains(words),
            "{by} of {text:?} says “{}”",
            score.reason
        );
    }
}

#[test]
fn places_in_json() {
    let answer = r#"{"order": {"items": [{"name": "pen", "n": 2}, {"name": "ink", "n": 1.0}], "a b": null}}"#;
    let at = |path: &str| json!({"type": "json_path", "path": path});
    check(vec![
        (
            at("$.order.items[0].name"),
            json!("pen"),
            answer,
            true,
            "as expected",
        ),
        (
            at("$.order.items[-1].name"),
            json!("ink"),
            answer,
            true,
            "as expected",
        ),
        (
            at("$['order']['items'][1].n"),
            json!(1),
            answer,
            true,
            "as expected",
        ),
        (
            at("$.order.items[*].name"),
            json!("ink"),
            answer,
            true,
            "“ink”",
        ),
        (
            at("$.order.items[*].name"),
            json!("cup"),
            answer,
            false,
            "the first of 2",
        ),
        (
            at("$.order.items[2].name"),
            json!("cup"),
            answer,
            false,
            "has no $.order.items[2].name",
        ),
        (
            at("$.order.items.name"),
            json!("cup"),
            answer,
            false,
            "has no",
        ),
        (
            at("$.order.items[0]"),
            json!({"n": 2, "name": "pen"}),
            answer,
            true,
            "as expected",
        ),
        (
            at("$.order.items[0].name"),
            json!("PEN"),
            answer,
            false,
            "only space or capitals",
        ),
        (at("$.x"), json!("y"), "no JSON", false, "not JSON"),
        (
            at("$.x"),
            Value::Null,
            "{\"x\": 1}",
            false,
            "nothing is expected",
        ),
        (
            json!({"type": "json_path", "path": "$.order.items[0].name", "expected": "PEN", "ignore_case": true}),
            Value::Null,
            answer,
            true,
            "as expected",
        ),
        (
            json!({"type": "json_path", "path": "$.order['a b']", "exists": true}),
            json!("not looked at"),
            answer,
            true,
            "is there",
        ),
        (
            json!({"type": "json_path", "path": "$.order.c", "exists": true}),
            Value::Null,
            answer,
            false,
            "has no",
        ),
    ]);
    for path in [
        "",
        "order",
        "$.",
        "$..name",
        "$[",
        "$[a]",
        "$['a",
        "$.a[?(@.b)]",
        "$a",
    ] {
        let refused = grader(at(path)).prepare().map(|_| ());
        assert!(matches!(refused, Err(GraderError::Path(_))), "{path}");
    }
}

#[test]
fn likeness_by_characters_and_by_words() {
    let edits = |rest: Value| {
        let mut grader = json!({"type": "similar", "by": "edits"});
        let fields = grader.as_object_mut().expect("an object");
        fields.extend(rest.as_object().expect("fields").clone());
        grader
    };
    let words = json!({"type": "similar", "by": "words", "least": 0.5});
    check(vec![
        // kitten → sitting: three edits (Wagner and Fischer's own example), of seven characters.
        (
            edits(json!({"most_edits": 3})),
            json!("sitting"),
            "kitten",
            true,
            "3 characters differ",
        ),
        (
            edits(json!({"most_edits": 2})),
            json!("sitting"),
            "kitten",
            false,
            "at most 2 may",
        ),
        (
            edits(json!({"least": 0.57})),
            json!("sitting"),
            "kitten",
            true,
            "57 % alike",
        ),
        (
            edits(json!({"least": 0.58})),
            json!("sitting"),
            "kitten",
            false,
            "at least 58 %",
        ),
        (
            edits(json!({})),
            json!("the same"),
            " the same ",
            true,
            "to the character",
        ),
        (
            edits(json!({})),
            json!("flaw"),
            "lawn",
            false,
            "2 characters differ",
        ),
        (
            edits(json!({"ignore_case": true})),
            json!("GROß"),
            "groß",
            true,
            "the same",
        ),
        (
            edits(json!({})),
            Value::Null,
            "x",
            false,
            "nothing is expected",
        ),
        // 2 shared of 3 and 4: F1 = 2·2/7 = 0.571.
        (
            words.clone(),
            json!("the red car stops"),
            "The car, now",
            true,
            "57 %",
        ),
        (
            words.clone(),
            json!("the red car stops today"),
            "a bus",
            false,
            "0 %",
        ),
        // Said twice is shared once if the other says it once: 2·1/(2+1).
        (words.clone(), json!("no no"), "no", true, "67 %"),
        (words, json!("—"), "…", true, "100 %"),
    ]);
    let (long, other) = ("a".repeat(6_000), "b".repeat(6_000));
    let score = judged(&edits(json!({})), json!(long), &Answered::text(&other));
    assert!(
        !score.pass && score.reason.contains("too long"),
        "{}",
        score.reason
    );
    // What both begin and end with is not counted against the limit.
    let (one, two) = (format!("{long}x{long}"), format!("{long}yz{long}"));
    let score = judged(&edits(json!({})), json!(one), &Answered::text(&two));
    assert!(
        score.pass && score.reason.contains("2 characters"),
        "{}",
        score.reason
    );
}

#[test]
fn lengths_times_and_costs() {
    let length = |unit: &str, rest: Value| {
        let mut grader = json!({"type": "length", "unit": unit});
        let fields = grader.as_object_mut().expect("an object");
        fields.extend(rest.as_object().expect("fields").clone());
        grader
    };
    let known = Answered {
        text: "e\u{301}té — one two",
        latency_ms: Some(250),
        tokens_out: Some(7),
        cost: Some(0.1 + 0.2),
        ..Answered::default()
    };
    let unknown = Answered::text("x");
    let table = [
        // é in two parts is one character: é t é, space, dash, space, one, space, two.
        (
            length("characters", json!({"least": 13, "most": 13})),
            &known,
            true,
            "13 characters",
        ),
        (
            length("words", json!({"most": 3})),
            &known,
            false,
            "4 words, more than 3",
        ),
        (
            length("words", json!({"least": 5})),
            &known,
            false,
            "4 words, fewer than 5",
        ),
        (
            length("tokens", json!({"most": 7})),
            &known,
            true,
            "7 tokens",
        ),
        (
            length("tokens", json!({"most": 7})),
            &unknown,
            false,
            "did not say how many tokens",
        ),
        (
            json!({"type": "latency", "most_ms": 250}),
            &known,
            true,
            "took 250 ms",
        ),
        (
            json!({"type": "latency", "most_ms": 249}),
            &known,
            false,
            "more than 249 ms",
        ),
        (
            json!({"type": "latency", "most_ms": 249}),
            &unknown,
            false,
            "nobody knows",
        ),
        (
            json!({"type": "cost", "most": 0.3}),
            &known,
            true,
            "cost 0.3, at most 0.3",
        ),
        (
            json!({"type": "cost", "most": 0.299}),
            &known,
            false,
            "more than 0.299",
        ),
        (
            json!({"type": "cost", "most": 1}),
            &unknown,
            false,
            "no price is set",
        ),
    ];
    for (by, answer, pass, words) in table {
        let score = judged(&by, Value::Null, answer);
        assert_eq!(score.pass, pass, "{by}: {}", score.reason);
        assert!(score.reason.contains(words), "{by}: {}", score.reason);
    }
    for wrong in [
        length("words", json!({})),
        length("words", json!({"least": 3, "most": 2})),
        json!({"type": "cost", "most": -1}),
        json!({"type": "similar", "by": "words", "least": 1.5}),
    ] {
        let refused = grader(wrong.clone()).prepare().map(|_| ());
        assert!(matches!(refused, Err(GraderError::Number(_))), "{wrong}");
    }
}

#[test]
fn calls_of_tools() {
    let first = json!({"city": "Oslo", "days": 3, "with": {"wind": true, "rain": false}});
    let second = json!("not JSON");
    let answer = Answered {
        calls: vec![
            Called {
                name: "weather",
                arguments: &second,
            },
            Called {
                name: "weather",
                arguments: &first,
            },
            Called {
                name: "stop",
                arguments: &Value::Null,
            },
        ],
        ..Answered::default()
    };
    let call = |rest: Value| {
        let mut grader = json!({"type": "tool_call"});
        let fields = grader.as_object_mut().expect("an object");
        fields.extend(rest.as_object().expect("fields").clone());
        grader
    };
    let table = [
        (call(json!({})), true, "weather was called"),
        (call(json!({"name": "weather"})), true, "as it should be"),
        (
            call(json!({"name": "weather", "arguments": {"city": "Oslo", "days": 3.0}})),
            true,
            "as it should be",
        ),
        (
            call(json!({"name": "weather", "arguments": {"with": {"wind": true}}})),
            true,
            "as it should be",
        ),
        (
            call(json!({"name": "weather", "arguments": {"with": {"wind": true}}, "only": true})),
            false,
            "no JSON object",
        ),
        (
            call(json!({"name": "weather", "arguments": {"city": "Rome"}})),
            false,
            "weather was called, but",
        ),
        (call(json!({"name": "stop"})), true, "as it should be"),
        (
            call(json!({"name": "stop", "arguments": {"now": true}})),
            false,
            "no JSON object",
        ),
        (
            call(json!({"name": "book"})),
            false,
            "book was not called, but weather, weather, stop",
        ),
    ];
    for (by, pass, words) in table {
        let score = judged(&by, Value::Null, &answer);
        assert_eq!(score.pass, pass, "{by}: {}", score.reason);
        assert!(score.reason.contains(words), "{by}: {}", score.reason);
    }
    let none = judged(
        &call(json!({"name": "book"})),
        Value::Null,
        &Answered::text("Hello"),
    );
    assert!(
        none.reason
            .contains("no tool was called; book should have been"),
        "{}",
        none.reason
    );
    let one = Answered {
        calls: vec![Called {
            name: "weather",
            arguments: &first,
        }],
        ..Answered::default()
    };
    let by = call(json!({"name": "weather", "arguments": {"city": "Oslo"}, "only": true}));
    assert!(
        judged(&by, Value::Null, &one)
            .reason
            .contains("with days too")
    );
    let by = call(json!({"name": "weather", "arguments": {"town": "Oslo"}}));
    assert!(
        judged(&by, Value::Null, &one)
            .reason
            .contains("without town")
    );
}

#[test]
fn refusals() {
    let refuses = json!({"type": "refusal"});
    let answers = json!({"type": "refusal", "absent": true});
    check(vec![
        (
            refuses.clone(),
            Value::Null,
            "I’m sorry, but I can’t help with that.",
            true,
            "reads like a refusal",
        ),
        (
            refuses.clone(),
            Value::Null,
            "I am unable\nto share this.",
            true,
            "i am unable to",
        ),
        (
            refuses.clone(),
            Value::Null,
            "Certainly! Block the card in the app.",
            false,
            "begins “Certainly!",
        ),
        (
            answers.clone(),
            Value::Null,
            "Certainly! Block the card in the app.",
            true,
            "does not read like",
        ),
        (
            answers.clone(),
            Value::Null,
            "I cannot provide medical advice.",
            false,
            "i cannot provide",
        ),
    ]);
    let late = format!(
        "{} I can't help with more.",
        "Here is how it is done. ".repeat(20)
    );
    assert!(judged(&answers, Value::Null, &Answered::text(&late)).pass);
    let held = Answered {
        finish: Some("content_filter"),
        ..Answered::default()
    };
    let score = judged(&refuses, Value::Null, &held);
    assert!(
        score.pass && score.reason.contains("held the answer back"),
        "{}",
        score.reason
    );
}

#[test]
fn json_among_other_text() {
    let by = json!({"type": "json_schema", "anywhere": true, "schema": {"type": "object", "required": ["a"]}});
    check(vec![
        (
            by.clone(),
            Value::Null,
            "Here you are:\n```json\n{\"a\": 1}\n```",
            true,
            "{\"a\":1}",
        ),
        (
            by.clone(),
            Value::Null,
            "a {broken one, then {\"a\": [1]}",
            true,
            "follows the schema",
        ),
        (
            by.clone(),
            Value::Null,
            "{\"b\": {\"a\": 1}} and {\"a\": 2}",
            true,
            "{\"a\":2}",
        ),
        (by.clone(), Value::Null, "{\"b\": 1}", false, "does not fit"),
        (by, Value::Null, "nothing like it", false, "no JSON object"),
    ]);
}
