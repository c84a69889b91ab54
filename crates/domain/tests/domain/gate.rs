//! The gate's verdict, and the input contract.

use domain::content::{Input, InputKind, Other};
use domain::contract::{Break, BreakKind, breaks};
use domain::gate::{Baseline, Evidence, Fault, Gate, Sample, judge};
use domain::{DatasetId, RunId};
use uuid::Uuid;

fn sample(cases: u32, passed: u32) -> Sample {
    Sample {
        run: RunId(Uuid::nil()),
        cases,
        passed,
    }
}

fn gate(least_passed: u32, largest_loss: Option<u32>) -> Gate {
    Gate {
        dataset: DatasetId(Uuid::nil()),
        prompts: Vec::new(),
        least_passed,
        largest_loss,
    }
}

#[test]
fn what_a_gate_says() {
    let run = |passed| Some(sample(40, passed));
    let before = |passed| Baseline::Run(sample(40, passed));
    let nothing = Baseline::Nothing;
    let rate = |passed, least| Fault::Rate { passed, least };
    let lost = |loss, largest| Fault::Loss { loss, largest };
    let partial = Fault::Partial { ran: 39, cases: 40 };
    type Row = (u32, Option<u32>, Option<Sample>, Baseline, Vec<Fault>);
    let rows: Vec<Row> = vec![
        (9_000, None, None, nothing, vec![Fault::NoRun]),
        (9_000, None, run(36), nothing, vec![]),
        (9_000, None, run(35), nothing, vec![rate(8_750, 9_000)]),
        (9_000, None, Some(sample(39, 39)), nothing, vec![partial]),
        (0, None, run(0), nothing, vec![]),
        (10_000, None, run(40), nothing, vec![]),
        (10_000, None, run(39), nothing, vec![rate(9_750, 10_000)]),
        (0, Some(0), run(30), nothing, vec![]),
        (
            0,
            Some(0),
            run(30),
            Baseline::NoRun,
            vec![Fault::NoBaseline],
        ),
        (0, None, run(30), Baseline::NoRun, vec![]),
        (0, Some(0), run(30), before(30), vec![]),
        (0, Some(0), run(29), before(30), vec![lost(250, 0)]),
        (0, Some(250), run(29), before(30), vec![]),
        (0, Some(249), run(29), before(30), vec![lost(250, 249)]),
        (0, Some(0), run(40), before(30), vec![]),
        (
            9_000,
            Some(0),
            run(29),
            before(30),
            vec![rate(7_250, 9_000), lost(250, 0)],
        ),
        // More passed than were asked is all; a run of nothing is none.
        (10_000, None, Some(sample(40, 99)), nothing, vec![]),
    ];
    for (place, (least, largest, proposed, baseline, faults)) in rows.into_iter().enumerate() {
        let evidence = Evidence {
            cases: 40,
            proposed,
            baseline,
        };
        assert_eq!(
            judge(&gate(least, largest), &evidence),
            faults,
            "row {place}"
        );
    }
    let empty = Evidence {
        cases: 0,
        proposed: Some(sample(0, 0)),
        baseline: nothing,
    };
    assert!(
        !judge(&gate(0, None), &empty).is_empty(),
        "a run of nothing"
    );
}

#[test]
fn shares_are_compared_exactly() {
    // A third is over 33.33 % and under 33.34 %.
    let evidence = |proposed, baseline| Evidence {
        cases: 3,
        proposed: Some(proposed),
        baseline,
    };
    let third = evidence(sample(3, 1), Baseline::Nothing);
    assert!(judge(&gate(3_333, None), &third).is_empty());
    assert_eq!(judge(&gate(3_334, None), &third).len(), 1);
    // 1/3 after 2/3: a loss of a third.
    let worse = evidence(sample(3, 1), Baseline::Run(sample(3, 2)));
    assert_eq!(judge(&gate(0, Some(3_333)), &worse).len(), 1);
    assert!(judge(&gate(0, Some(3_334)), &worse).is_empty());
    let huge = evidence(
        sample(u32::MAX, u32::MAX - 1),
        Baseline::Run(sample(u32::MAX, u32::MAX)),
    );
    assert!(judge(&gate(9_999, Some(1)), &huge).is_empty());
}

fn input(name: &str, kind: InputKind, required: bool, default: bool) -> Input {
    Input {
        name: name.to_owned(),
        kind,
        required,
        default: default.then(|| serde_json::json!("x")),
        description: String::new(),
        from: None,
        other: Other::new(),
    }
}

#[test]
fn what_breaks_an_application_that_calls_as_it_does_today() {
    use InputKind::{List, Text};
    let needed = |name: &str| input(name, Text, true, false);
    let optional = |name: &str| input(name, Text, false, false);
    let with_default = |name: &str| input(name, Text, true, true);
    let broken = |name: &str, kind| Break {
        input: name.to_owned(),
        kind,
    };
    type Row<'a> = (&'a str, Vec<Input>, Vec<Input>, Vec<Break>);
    let rows: Vec<Row<'_>> = vec![
        ("nothing", vec![needed("a")], vec![needed("a")], vec![]),
        (
            "renamed",
            vec![needed("a")],
            vec![needed("b")],
            vec![
                broken("a", BreakKind::Removed),
                broken("b", BreakKind::Required),
            ],
        ),
        (
            "an optional one is gone",
            vec![optional("a")],
            vec![],
            vec![broken("a", BreakKind::Removed)],
        ),
        ("a new optional one", vec![], vec![optional("a")], vec![]),
        (
            "a new one with a default",
            vec![],
            vec![with_default("a")],
            vec![],
        ),
        (
            "a new required one",
            vec![],
            vec![needed("a")],
            vec![broken("a", BreakKind::Required)],
        ),
        (
            "one that could be left out",
            vec![optional("a")],
            vec![needed("a")],
            vec![broken("a", BreakKind::Required)],
        ),
        (
            "the default is gone",
            vec![with_default("a")],
            vec![needed("a")],
            vec![broken("a", BreakKind::Required)],
        ),
        (
            "no longer required",
            vec![needed("a")],
            vec![optional("a")],
            vec![],
        ),
        (
            "another type",
            vec![needed("a")],
            vec![input("a", List, true, false)],
            vec![broken("a", BreakKind::Type)],
        ),
        (
            "another type, and required now",
            vec![optional("a")],
            vec![input("a", List, true, false)],
            vec![
                broken("a", BreakKind::Required),
                broken("a", BreakKind::Type),
            ],
        ),
    ];
    for (what, old, new, expected) in rows {
        assert_eq!(breaks(&old, &new), expected, "{what}");
    }
}
