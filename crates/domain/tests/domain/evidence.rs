//! Marks: one way to write each, and every way back.

use domain::evidence::{answers, read_marks, worth, write_marks};
use domain::graders::Score;
use domain::suite::Measure;
use proptest::prelude::*;

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
