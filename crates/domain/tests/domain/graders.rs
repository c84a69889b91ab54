//! Graders as tables: what passes, what doesn't, and what people are told.

use domain::dataset::Case;
use domain::graders::{Grader, GraderError, Score, grade};
use proptest::prelude::*;
use serde_json::{Value, json};

fn case(expected: Value) -> Case {
    Case {
        id: "1".to_owned(),
        expected: Some(expected),
        ..Case::default()
    }
}

fn judge(grader: Value, expected: Value, answer: &str) -> Score {
    let grader: Grader = serde_json::from_value(grader).expect("a grader");
    let case = if expected.is_null() {
        Case::default()
    } else {
        case(expected)
    };
    grade(&grader, answer, &case).expect("a grader that can be used")
}

#[test]
fn answers_and_what_graders_think_of_them() {
    let exact = json!({"type": "exact"});
    let field = json!({"type": "exact", "field": "intent"});
    let schema = json!({"type": "json_schema", "schema": {
        "type": "object", "required": ["intent"],
        "properties": {"intent": {"enum": ["a", "b"]}, "n": {"type": "integer"}}}});
    let contains = |lists: Value| {
        let mut grader = json!({"type": "contains"});
        grader
            .as_object_mut()
            .expect("an object")
            .extend(lists.as_object().expect("lists").clone());
        grader
    };
    let table: Vec<(Value, Value, &str, bool, &str)> = vec![
        (
            exact.clone(),
            json!("lost_card"),
            "lost_card",
            true,
            "as expected",
        ),
        (
            exact.clone(),
            json!("lost_card"),
            " lost_card\n",
            true,
            "as expected",
        ),
        (
            exact.clone(),
            json!("lost_card"),
            "Lost_card",
            false,
            "only space or capitals differ",
        ),
        (
            exact.clone(),
            json!("lost_card"),
            "lost card",
            false,
            "expected “lost_card”, but the answer is “lost card”",
        ),
        (exact.clone(), json!("1"), "1.0", false, "expected “1”"),
        (exact.clone(), json!(1), "1.0", true, "as expected"),
        (
            exact.clone(),
            json!({"a": [1, 2]}),
            "{ \"a\": [1,2] }",
            true,
            "as expected",
        ),
        (
            exact.clone(),
            Value::Null,
            "x",
            false,
            "nothing is expected",
        ),
        (
            json!({"type": "exact", "ignore_case": true}),
            json!("ÄRGER"),
            "ärger",
            true,
            "as expected",
        ),
        (
            json!({"type": "exact", "trim": false}),
            json!("a"),
            "a ",
            false,
            "only space or capitals differ",
        ),
        (
            json!({"type": "exact", "expected": "x"}),
            json!("y"),
            "x",
            true,
            "as expected",
        ),
        (
            field.clone(),
            json!("a"),
            "{\"intent\":\"a\"}",
            true,
            "the field intent is “a”",
        ),
        (
            field.clone(),
            json!("a"),
            "{\"intent\":\"b\"}",
            false,
            "the field intent is “b”",
        ),
        (
            field.clone(),
            json!("a"),
            "{\"other\":\"a\"}",
            false,
            "has no field intent",
        ),
        (
            field.clone(),
            json!("a"),
            "a",
            false,
            "not JSON; it begins “a”",
        ),
        (
            field.clone(),
            json!("a"),
            "{\"intent\":\"a",
            false,
            "stops in the middle",
        ),
        (field, json!("a"), "", false, "the answer is empty"),
        (
            json!({"type": "exact", "field": "c.tier"}),
            json!(2),
            "{\"c\":{\"tier\":2}}",
            true,
            "as expected",
        ),
        (
            contains(json!({"all": ["a", "b"]})),
            Value::Null,
            "xaxbx",
            true,
            "everything",
        ),
        (
            contains(json!({"all": ["a", "b", "c"]})),
            Value::Null,
            "xaxx",
            false,
            "“b”, “c” missing",
        ),
        (
            contains(json!({"any": ["a", "b"]})),
            Value::Null,
            "b",
            true,
            "everything",
        ),
        (
            contains(json!({"any": ["a", "b"]})),
            Value::Null,
            "c",
            false,
            "none of “a”, “b” is there",
        ),
        (
            contains(json!({"none": ["sorry"]})),
            Value::Null,
            "so sorry",
            false,
            "“sorry” should not be there",
        ),
        (
            contains(json!({"none": ["sorry"]})),
            Value::Null,
            "Sorry",
            true,
            "everything",
        ),
        (
            contains(json!({"none": ["sorry"], "ignore_case": true})),
            Value::Null,
            "Sorry",
            false,
            "should not",
        ),
        (
            contains(json!({})),
            json!("card"),
            "my card",
            true,
            "everything",
        ),
        (
            contains(json!({})),
            json!(["card", "pin"]),
            "my card",
            false,
            "“pin” missing",
        ),
        (
            contains(json!({})),
            Value::Null,
            "x",
            false,
            "nothing is expected",
        ),
        (
            json!({"type": "regex", "pattern": "\\b\\d{4}\\b"}),
            Value::Null,
            "code 1234.",
            true,
            "found “1234”",
        ),
        (
            json!({"type": "regex", "pattern": "^\\d+$"}),
            Value::Null,
            "a1",
            false,
            "finds nothing",
        ),
        (
            json!({"type": "regex", "pattern": "SORRY", "ignore_case": true, "absent": true}),
            Value::Null,
            "sorry!",
            false,
            "should not be there",
        ),
        (
            json!({"type": "regex", "pattern": "x", "absent": true}),
            Value::Null,
            "y",
            true,
            "as it should",
        ),
        (
            schema.clone(),
            Value::Null,
            "{\"intent\": \"a\"}",
            true,
            "follows the schema",
        ),
        (
            schema.clone(),
            Value::Null,
            "{\"intent\": \"c\"}",
            false,
            "/intent: \"c\" is not one of",
        ),
        (
            schema.clone(),
            Value::Null,
            "{}",
            false,
            "\"intent\" is a required property",
        ),
        (
            schema.clone(),
            Value::Null,
            "```json\n{}\n```",
            false,
            "code fence",
        ),
        (
            schema,
            Value::Null,
            "{\"intent\":\"a\",\n\"n\": x}",
            false,
            "line 2, column 6",
        ),
    ];
    for (grader, expected, answer, pass, reason) in table {
        let score = judge(grader.clone(), expected, answer);
        let told = score.reason.contains(reason);
        assert!(
            score.pass == pass && told,
            "{grader} on {answer:?}: {score:?}, expected {reason:?}"
        );
        assert_eq!(score.value, if pass { 1.0 } else { 0.0 });
    }
}

#[test]
fn graders_that_can_not_be_used_say_why() {
    let doubling: Value = {
        let mut definitions = serde_json::Map::new();
        for step in 0..60 {
            let next = json!({"$ref": format!("#/$defs/s{}", step + 1)});
            definitions.insert(format!("s{step}"), json!({"allOf": [next, next]}));
        }
        definitions.insert("s60".to_owned(), json!({"type": "string"}));
        json!({"$ref": "#/$defs/s0", "$defs": definitions})
    };
    let table = [
        (json!({"type": "regex", "pattern": "("}), "unclosed group"),
        (json!({"type": "regex", "pattern": "(?=x)"}), "look-around"),
        (
            json!({"type": "regex", "pattern": "\\w{1000}{1000}"}),
            "too large",
        ),
        (
            json!({"type": "regex", "pattern": "(".repeat(100) + &")".repeat(100)}),
            "nest",
        ),
        (json!({"type": "contains", "all": [""]}), "empty text"),
        (json!({"type": "exact", "field": "a..b"}), "is no field"),
        (
            json!({"type": "json_schema", "schema": {"$ref": "https://example.com/s"}}),
            "https://example.com/s",
        ),
        (
            json!({"type": "json_schema", "schema": {"items": {"$ref": "file:///etc/passwd"}}}),
            "fetches nothing",
        ),
        (
            json!({"type": "json_schema", "schema": {"type": "texty"}}),
            "texty",
        ),
        (
            json!({"type": "json_schema", "schema": {"$ref": "#/nowhere"}}),
            "nowhere",
        ),
        (
            json!({"type": "json_schema", "schema": {"pattern": "(?=x)"}}),
            "can't be used",
        ),
        (
            json!({"type": "json_schema", "schema": "text"}),
            "can't be used",
        ),
        (
            json!({"type": "json_schema", "schema": doubling}),
            "multiply",
        ),
    ];
    for (grader, reason) in table {
        let parsed: Grader = serde_json::from_value(grader.clone()).expect("a grader");
        let error: GraderError = parsed.prepare().expect_err(&grader.to_string());
        assert!(error.to_string().contains(reason), "{grader}: {error}");
    }
}

#[test]
fn schemas_that_refer_to_themselves_work() {
    let tree = json!({"type": "json_schema", "schema": {
        "$defs": {"node": {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/node"}}}}},
        "$ref": "#/$defs/node"}});
    assert!(
        judge(
            tree.clone(),
            Value::Null,
            "{\"children\":[{\"children\":[]}]}"
        )
        .pass
    );
    assert!(!judge(tree, Value::Null, "{\"children\":[{\"children\":[1]}]}").pass);
    let circle = json!({"type": "json_schema", "schema": {"$ref": "#"}});
    assert!(judge(circle, Value::Null, "1").pass);
}

#[test]
fn a_pattern_that_would_backtrack_for_ever_does_not() {
    let answer = "a".repeat(100_000);
    assert!(
        !judge(
            json!({"type": "regex", "pattern": "(a+)+b"}),
            Value::Null,
            &answer
        )
        .pass
    );
    let schema = json!({"type": "json_schema", "schema": {"pattern": "^(a+)+$"}});
    assert!(!judge(schema, Value::Null, &format!("\"{answer}b\"")).pass);
}

proptest! {
    #[test]
    fn no_answer_makes_a_grader_panic(answer in any::<String>(), expected in any::<String>()) {
        for grader in [
            json!({"type": "exact"}),
            json!({"type": "exact", "field": "a.b"}),
            json!({"type": "contains", "ignore_case": true}),
            json!({"type": "json_schema", "schema": {"type": "object"}}),
        ] {
            let score = judge(grader, json!(expected), &answer);
            prop_assert!(!score.reason.is_empty() && score.reason.chars().count() < 500);
        }
    }

    #[test]
    fn an_answer_equals_itself(answer in any::<String>()) {
        let score = judge(json!({"type": "exact", "trim": false}), json!(answer), &answer);
        prop_assert!(score.pass);
    }
}
