//! Graders within graders, all who judge the cases of a dataset, and what earlier versions recorded.

use domain::dataset::Dataset;
use domain::graders::{Answered, Grader, GraderError, Panel};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::graders_more::{grader, judged};

#[test]
fn several_as_one_by_weight() {
    let holds = |text: &str| json!({"type": "contains", "all": [text]});
    let part = |text: &str, weight: f64| json!({"grader": holds(text), "weight": weight});
    let all = json!({"type": "together", "parts": [part("a", 1.0), part("b", 1.0)]});
    let most =
        json!({"type": "together", "least": 0.75, "parts": [part("a", 3.0), part("b", 1.0)]});
    let shown = json!({"type": "together", "parts": [
        part("a", 1.0), {"name": "polite", "weight": 0.0, "grader": holds("please")}]});
    let not = json!({"type": "not", "grader": holds("a")});
    let nested = json!({"type": "not", "grader": {"type": "not", "grader": holds("a")}});
    let table = [
        (&all, "ab", true, 1.0, "2 of 2 hold"),
        (&all, "a", false, 0.5, "1 of 2 hold; contains: “b” missing"),
        (&most, "a", true, 0.75, "0.75 of 1 by weight"),
        (&most, "b", false, 0.25, "at least 0.75"),
        (
            &shown,
            "a",
            true,
            1.0,
            "polite (does not count): “please” missing",
        ),
        (&not, "b", true, 1.0, "as it should be"),
        (&not, "a", false, 0.0, "should not be so"),
        (&nested, "a", true, 1.0, "should"),
    ];
    for (by, text, pass, value, words) in table {
        let score = judged(by, Value::Null, &Answered::text(text));
        assert_eq!(score.pass, pass, "{by} of {text}: {}", score.reason);
        assert!(
            (score.value - value).abs() < 1e-12,
            "{by} of {text}: {}",
            score.value
        );
        assert!(
            score.reason.contains(words),
            "{by} of {text}: {}",
            score.reason
        );
    }
    let deep = (0..6).fold(
        holds("a"),
        |inner, _| json!({"type": "not", "grader": inner}),
    );
    assert_eq!(
        grader(deep).prepare().map(|_| ()),
        Err(GraderError::TooMany)
    );
    let many: Vec<_> = (0..101).map(|_| part("a", 1.0)).collect();
    let many = grader(json!({"type": "together", "parts": many}));
    assert_eq!(many.prepare().map(|_| ()), Err(GraderError::TooMany));
    for parts in [json!([]), json!([part("a", 0.0)])] {
        let none = grader(json!({"type": "together", "parts": parts}));
        assert_eq!(none.prepare().map(|_| ()), Err(GraderError::NoWeight));
    }
    let negative = grader(json!({"type": "together", "parts": [part("a", -1.0)]}));
    assert!(matches!(negative.prepare(), Err(GraderError::Number(_))));
}

#[test]
fn a_case_is_judged_by_the_run_the_dataset_and_its_own() {
    let dataset: Dataset = serde_json::from_value(json!({
        "graders": [{"type": "contains", "all": ["d"]}],
        "cases": [{"id": "1"}, {"id": "2", "graders": [{"type": "regex", "pattern": "^c"}]}]}))
    .expect("a dataset");
    let run = [grader(json!({"type": "contains", "all": ["r"]}))];
    let panel = Panel::prepare(&run, &dataset).expect("graders that can be used");
    let passed = |place| -> Vec<bool> {
        let scores = panel.judge(&Answered::text("rd"), &dataset, place);
        scores.iter().map(|score| score.pass).collect()
    };
    assert_eq!(passed(0), [true, true]);
    assert_eq!(passed(1), [true, true, false]);
    assert_eq!(passed(2), [] as [bool; 0]);
    let mut broken = dataset;
    broken.cases[1].graders = vec![grader(json!({"type": "regex", "pattern": "("}))];
    let error = Panel::prepare(&run, &broken).expect_err("an open bracket");
    assert!(
        error
            .to_string()
            .starts_with("a grader of the case “2”: this regular"),
        "{error}"
    );
}

#[test]
fn what_was_recorded_reads_and_writes_as_before() {
    // As versions before wrote them, byte for byte.
    for json in [
        r#"{"type":"exact","field":"intent","trim":true,"ignore_case":false}"#,
        r#"{"type":"contains","none":["x"],"ignore_case":true}"#,
        r#"{"type":"regex","pattern":"a+","ignore_case":false,"absent":true}"#,
        r#"{"type":"json_schema","schema":{"type":"object"}}"#,
    ] {
        let read: Grader = serde_json::from_str(json).expect("a grader");
        assert_eq!(serde_json::to_string(&read).expect("JSON"), json);
    }
    let dataset = r#"{"cases":[{"id":"1","inputs":{}}]}"#;
    let read = Dataset::decode(dataset.as_bytes()).expect("a dataset");
    assert_eq!(serde_json::to_string(&read).expect("JSON"), dataset);
}

proptest! {
    #[test]
    fn no_answer_stops_a_grader(text in ".{0,200}", expected in ".{0,50}") {
        let graders = [
            json!({"type": "json_path", "path": "$.a[*]['b c']"}),
            json!({"type": "similar", "by": "edits"}),
            json!({"type": "similar", "by": "words"}),
            json!({"type": "length", "unit": "characters", "most": 5}),
            json!({"type": "tool_call", "name": "x"}),
            json!({"type": "refusal"}),
            json!({"type": "json_schema", "anywhere": true, "schema": {}}),
        ];
        for by in graders {
            let score = judged(&by, json!(expected), &Answered::text(&text));
            prop_assert!((0.0..=1.0).contains(&score.value));
            prop_assert!(!score.reason.is_empty());
            let not = judged(&json!({"type": "not", "grader": by}), json!(expected), &Answered::text(&text));
            prop_assert_eq!(not.pass, !score.pass);
        }
    }

    // A distance: none to itself, the same both ways.
    #[test]
    fn likeness_is_a_likeness(one in "[ab ]{0,12}", other in "[ab ]{0,12}") {
        for by in [json!({"type": "similar", "by": "edits"}), json!({"type": "similar", "by": "words"})] {
            let there = judged(&by, json!(one), &Answered::text(&other)).value;
            let back = judged(&by, json!(other), &Answered::text(&one)).value;
            prop_assert!((there - back).abs() < 1e-12);
            prop_assert!((judged(&by, json!(one), &Answered::text(&one)).value - 1.0).abs() < 1e-12);
        }
    }
}

#[test]
fn a_typed_grader_has_no_field_that_its_kind_has_not() {
    let known = [
        json!({"type": "exact", "field": "intent", "ignore_case": false}),
        json!({"type": "exact"}),
        json!({"type": "contains", "all": [], "none": ["x"]}),
        json!({"type": "json_path", "path": "$.a", "expected": null, "exists": false}),
        json!({"type": "tool_call", "name": "refund", "arguments": {"order": "A1"}}),
        json!({"type": "judge", "rubric": "r", "provider": "p", "model": "m", "parameters": {"temperature": 0}}),
        json!({"type": "not", "grader": {"type": "regex", "pattern": "a", "absent": false}}),
        json!({"type": "together", "least": 0.5, "parts": [
            {"grader": {"type": "exact"}},
            {"name": "short", "weight": 1.0, "grader": {"type": "length", "unit": "words", "most": 5}},
        ]}),
    ];
    for grader in known {
        assert!(Grader::typed(&grader.to_string()).is_ok(), "{grader}");
    }
    let slips = [
        (
            json!({"type": "exact", "feild": "intent"}),
            "exact",
            "feild",
        ),
        (
            json!({"type": "similar", "by": "words", "lest": 0.9}),
            "similar",
            "lest",
        ),
        (
            json!({"type": "not", "grader": {"type": "exact", "extra": 1}}),
            "exact",
            "extra",
        ),
        (
            json!({"type": "together", "parts": [{"wieght": 2, "grader": {"type": "exact"}}]}),
            "a part",
            "wieght",
        ),
        (
            json!({"type": "together", "parts": [{"grader": {"type": "exact", "x": {}}}]}),
            "exact",
            "x",
        ),
    ];
    for (grader, of, field) in slips {
        let said = Grader::typed(&grader.to_string()).expect_err("a slip");
        assert_eq!(said.to_string(), format!("{of} has no field “{field}”"));
    }
    assert!(Grader::typed("{}").is_err() && Grader::typed("{").is_err());
}

#[test]
fn weights_that_can_not_be_added_are_refused() {
    let part = json!({"weight": 1e308, "grader": {"type": "exact"}});
    let grader: Grader =
        serde_json::from_value(json!({"type": "together", "least": 0.5, "parts": [part, part]}))
            .expect("a grader");
    let said = grader.prepare().expect_err("no sum");
    assert!(said.to_string().contains("too large to be added"), "{said}");
}
