//! Marks: one way to write each, and every way back.

use domain::dataset::Dataset;
use domain::evidence::{
    Counts, EvidenceError, Held, answers, check, read_marks, worth, write_marks,
};
use domain::graders::{Grader, Score};
use domain::suite::{Measure, SuiteGraders};
use domain::{Digest, RunId};
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

#[test]
fn marks_have_one_spelling() {
    let marks = [None, Some(0), Some(10_000), Some(1), Some(9_999), Some(250)];
    assert_eq!(write_marks(&marks), "-01.0001.9999.0250");
    assert_eq!(
        read_marks("-01.0001.9999.0250").as_deref(),
        Some(&marks[..])
    );
    for wrong in ["2", ".", ".12", ".0000", ".12a4", "1 0", "é", ".1é"] {
        assert_eq!(read_marks(wrong), None, "{wrong}");
    }
    assert_eq!(read_marks(""), Some(Vec::new()));
}

#[test]
fn askings_are_told_apart_by_case() {
    // Three cases, asked once and once more as far as the second; the first two are alike.
    let marks = |text| read_marks(text).expect("marks");
    let found = answers(&marks("10-01"), &marks("-1110"), &[vec![0, 1]], 3);
    let told: Vec<_> = found
        .iter()
        .map(|c| {
            (
                c.case.as_str(),
                c.group.is_some(),
                c.live.clone(),
                c.proposed.clone(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("0", true, vec![10_000, 0], vec![0, 10_000]),
            ("1", true, vec![0, 10_000], vec![10_000, 0]),
            ("2", false, vec![10_000], vec![10_000]),
        ]
    );
    assert!(answers(&[], &[], &[], 3).is_empty());
}

#[test]
fn what_an_answer_is_worth() {
    let score = |value, pass| Score {
        value,
        pass,
        reason: String::new(),
        waiting: false,
    };
    for (scores, pass, mean) in [
        (vec![score(1.0, true)], 10_000, 10_000),
        (vec![score(1.0, true), score(0.5, true)], 10_000, 7_500),
        (vec![score(1.0, true), score(0.4, false)], 0, 7_000),
        (vec![score(0.0, false)], 0, 0),
        (vec![score(0.333_333, false)], 0, 3_333),
        (Vec::new(), 0, 0),
    ] {
        assert_eq!(worth(&scores, Measure::Pass), pass);
        assert_eq!(worth(&scores, Measure::Score), mean);
    }
}

#[test]
fn a_run_is_held_against_all_who_judge_and_all_that_the_answers_hold() {
    let dataset: Dataset = serde_json::from_value(json!({
    "graders": [{"type": "latency", "most_ms": 100}],
    "cases": [
        {"id": "1"},
        {"id": "2", "graders": [{"type": "tool_call", "name": "close"}]},
    ]}))
    .expect("a dataset");
    let graders: Vec<Grader> =
        serde_json::from_value(json!([{"type": "contains", "all": ["yes"]}])).expect("graders");
    let (announced, digest) = (RunId(Uuid::from_u128(1)), Digest::of(b"cases"));
    let held = Held {
        announced,
        digest,
        dataset: &dataset,
        graders: &graders,
        measure: Measure::Pass,
    };
    let cell = |case: u32, latency_ms: u32, tool: &str| {
        json!({"case": case, "repeat": 0, "answer": {
            "text": "yes", "latency_ms": latency_ms, "finish": "stop",
            "tool_calls": [{"name": tool, "arguments": {}}]}})
    };
    let said = |proposed: &str| Counts {
        announced,
        live: String::new(),
        proposed: proposed.to_owned(),
    };
    let results = |cells: &[serde_json::Value]| {
        json!({"dataset": digest, "announced": announced, "cells": cells}).to_string()
    };
    for (cells, marks) in [
        ([cell(0, 50, "open"), cell(1, 50, "close")], "11"),
        // Too slow; not the tool that this case wants.
        ([cell(0, 101, "open"), cell(1, 50, "open")], "00"),
    ] {
        let results = results(&cells);
        assert_eq!(check(&said(marks), results.as_bytes(), &held), Ok(()));
        let found = check(&said("01"), results.as_bytes(), &held);
        assert!(
            matches!(found, Err(EvidenceError::Worth { .. })),
            "{found:?}"
        );
    }
}

#[test]
fn a_suite_judges_alike_on_every_computer() {
    let suite = |grader: serde_json::Value| {
        let bytes = json!({ "graders": [grader] }).to_string();
        SuiteGraders::decode(bytes.as_bytes()).map(|_| ())
    };
    let cost = json!({"type": "cost", "most": 0.01});
    for grader in [
        cost.clone(),
        json!({"type": "not", "grader": cost}),
        json!({"type": "together", "parts": [{"grader": cost}]}),
    ] {
        let error = suite(grader).expect_err("prices are each computer's own");
        assert!(error.to_string().contains("prices of its own"), "{error}");
    }
    assert!(suite(json!({"type": "latency", "most_ms": 900})).is_ok());
}

proptest! {
    #[test]
    fn marks_come_back(marks in prop::collection::vec(prop::option::of(0..=10_000_u32), 0..60)) {
        prop_assert_eq!(read_marks(&write_marks(&marks)), Some(marks));
    }

    #[test]
    fn what_is_read_is_written_alike(text in "[-01.2a0-9]{0,20}") {
        if let Some(marks) = read_marks(&text) {
            prop_assert_eq!(write_marks(&marks), text);
        }
    }
}
