//! Verdicts: a table of what comes in and what comes out, and the simulation in small.
#![allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // Percents of small samples.

#[path = "../../../examples/gate_simulation/world.rs"]
mod world;

use domain::statistics::pairs::{CaseAnswers, Pairs};
use domain::statistics::verdict::{
    BoundsMethod, Evidence, GateDoubt, GateMeasure, GateOutcome, GateVerdict, Strictness,
    TooStrict, judge, outcome_of_loss,
};
use domain::statistics::{StatisticsError, hundredths, looks, pairs, words};
use world::{Cell, Kind};

const STRICT: Strictness = Strictness {
    allowed_loss: 500,
    least_rate: 8_000,
    alpha: 500,
};

fn case(id: usize, live: &[u32], proposed: &[u32]) -> CaseAnswers {
    CaseAnswers {
        case: format!("case {id}"),
        group: None,
        live: live.to_vec(),
        proposed: proposed.to_vec(),
    }
}

/// So many cases of each kind: both pass, lost, gained, both fail.
fn cases(both: usize, lost: usize, gained: usize, neither: usize) -> Vec<CaseAnswers> {
    let kinds = [
        (both, 10_000, 10_000),
        (lost, 10_000, 0),
        (gained, 0, 10_000),
        (neither, 0, 0),
    ];
    kinds
        .iter()
        .flat_map(|(count, live, proposed)| std::iter::repeat_n((*live, *proposed), *count))
        .enumerate()
        .map(|(id, (live, proposed))| case(id, &[live], &[proposed]))
        .collect()
}

fn evidence(answers: &[CaseAnswers]) -> Evidence<'_> {
    Evidence {
        answers,
        announced: 1,
        cases: u32::try_from(answers.len()).expect("few"),
        live: true,
        copies: false,
    }
}

fn judged(answers: &[CaseAnswers]) -> GateVerdict {
    judge(&STRICT, &evidence(answers)).expect("answers that are scores")
}

#[test]
fn what_the_gate_says_of_pass_and_fail() {
    use GateOutcome::{CantTell, Fail, Pass};
    // Both pass, lost, gained, both fail; 5 points allowed.
    let rows = [
        // Nothing differs: that says little of twenty cases, and enough of 120.
        ((20, 0, 0, 0), CantTell),
        ((0, 0, 0, 20), CantTell),
        ((120, 0, 0, 0), Pass),
        ((60, 0, 0, 60), Pass),
        // One case says nothing, whichever way it goes.
        ((1, 0, 0, 0), CantTell),
        ((0, 1, 0, 0), CantTell),
        ((0, 0, 1, 0), CantTell),
        // Everything is lost, or gained.
        ((0, 20, 0, 0), Fail),
        ((0, 0, 20, 0), Pass),
        // As many lost as gained: the more differ, the more cases it takes.
        ((160, 20, 20, 0), CantTell),
        ((920, 40, 40, 0), Pass),
        // Surely worse, but surely by less than 5 points: what is allowed is allowed.
        ((970, 25, 5, 0), Pass),
        // Worse by about 10 points.
        ((170, 25, 5, 0), Fail),
        // Worse by 3 points as seen, and nobody knows.
        ((190, 8, 2, 0), CantTell),
    ];
    for ((both, lost, gained, neither), expected) in rows {
        let verdict = judged(&cases(both, lost, gained, neither));
        assert_eq!(
            verdict.outcome, expected,
            "{both}, {lost}, {gained}, {neither}: {verdict:?}"
        );
        assert_eq!(verdict.method, BoundsMethod::Score);
        assert_eq!(verdict.measure, GateMeasure::Loss);
        assert_eq!(
            verdict.doubt.is_some(),
            expected == CantTell,
            "a doubt is named where there is one"
        );
    }
}

#[test]
fn a_gate_that_nothing_could_pass_is_refused() {
    let strict = |allowed_loss, least_rate, alpha| Strictness {
        allowed_loss,
        least_rate,
        alpha,
    };
    let rows = [
        (strict(0, 0, 500), Err(TooStrict::NoLoss)),
        (strict(1, 0, 500), Ok(())),
        (strict(5_000, 9_999, 1_000), Ok(())),
        (strict(5_001, 0, 500), Err(TooStrict::AnyLoss)),
        (strict(500, 10_000, 500), Err(TooStrict::All)),
        (strict(500, 0, 9), Err(TooStrict::Alpha)),
        (strict(500, 0, 1_001), Err(TooStrict::Alpha)),
    ];
    for (strictness, expected) in rows {
        assert_eq!(strictness.check(), expected, "{strictness:?}");
    }
    assert!(
        TooStrict::NoLoss
            .to_string()
            .contains("nothing could ever pass")
    );
}

#[test]
fn a_case_without_an_answer_leaves_it_open() {
    let mut answers = cases(1_000, 0, 0, 0);
    let full = judged(&answers);
    assert_eq!((full.outcome, full.unanswered), (GateOutcome::Pass, 0));

    // The runs never reached ten cases of the dataset.
    let partial = Evidence {
        cases: 1_010,
        ..evidence(&answers)
    };
    let verdict = judge(&STRICT, &partial).unwrap();
    assert_eq!(
        (verdict.outcome, verdict.unanswered),
        (GateOutcome::CantTell, 10)
    );
    assert_eq!(verdict.doubt, Some(GateDoubt::Unanswered));

    // One side of one case has no answer.
    answers[3].proposed.clear();
    let verdict = judged(&answers);
    assert_eq!(
        (verdict.outcome, verdict.unanswered),
        (GateOutcome::CantTell, 1)
    );
    assert_eq!((verdict.units, verdict.answered), (999, 999));

    let verdict = judged(&[]);
    assert_eq!(verdict.outcome, GateOutcome::CantTell);
    assert_eq!((verdict.lower, verdict.upper), (-10_000, 10_000));
}

#[test]
fn the_case_is_the_unit_however_often_it_is_asked() {
    let once = cases(18, 1, 1, 0);
    let repeated = |times: usize| -> Vec<CaseAnswers> {
        once.iter()
            .map(|case| CaseAnswers {
                live: case.live.repeat(times),
                proposed: case.proposed.repeat(times),
                ..case.clone()
            })
            .collect()
    };
    let five_times = repeated(5);
    let (few, many) = (judged(&once), judged(&five_times));
    assert_eq!((few.units, many.units), (20, 20));
    assert_eq!(few.estimate, many.estimate);
    assert_eq!(
        judged(&repeated(2)),
        many,
        "asking the same again is no evidence about other cases"
    );

    // Where a repeat can only copy, it is as if it had been asked once.
    let copied = Evidence {
        copies: true,
        ..evidence(&five_times)
    };
    assert_eq!(judge(&STRICT, &copied).unwrap(), few);
}

#[test]
fn near_duplicates_are_one_unit() {
    // 120 cases that are 12 in truth: what passed with 120 doesn't with 12.
    let mut answers = cases(120, 0, 0, 0);
    assert_eq!(judged(&answers).outcome, GateOutcome::Pass);
    for (at, case) in answers.iter_mut().enumerate() {
        case.group = Some(format!("like {}", at / 10));
    }
    let verdict = judged(&answers);
    assert_eq!((verdict.units, verdict.answered), (12, 120));
    assert_eq!(verdict.outcome, GateOutcome::CantTell);

    // A group of three weighs as much as a single case.
    let mut answers = vec![
        case(0, &[10_000], &[0]),
        case(1, &[10_000], &[0]),
        case(2, &[10_000], &[10_000]),
        case(3, &[0], &[10_000]),
    ];
    for like in &mut answers[..3] {
        like.group = Some("case 3".to_owned());
    }
    let pairs = Pairs::of(&answers, false).unwrap();
    assert_eq!(
        pairs.units().len(),
        2,
        "a group is not the case of its name"
    );
    assert_eq!(judged(&answers).estimate, -1_667); // (⅔ − 1) ÷ 2
}

#[test]
fn repeats_are_averaged_within_their_case_however_many_each_has() {
    let answers = [
        case(0, &[10_000, 0, 0, 0], &[10_000]),   // ¼ − 1
        case(1, &[10_000, 10_000], &[10_000, 0]), // 1 − ½
    ];
    let pairs = Pairs::of(&answers, false).unwrap();
    assert_eq!(pairs.differences(), [-0.75, 0.5]);
    assert_eq!(pairs.table(), None);
    assert_eq!(pairs::mean(&pairs.proposed()), 0.75);
}

#[test]
fn scores_that_are_none_are_refused() {
    for score in [f64::NAN, f64::INFINITY, -0.01, 1.000_1] {
        let refused = hundredths("greeting", score);
        assert!(
            matches!(&refused, Err(StatisticsError::NotAScore { case, .. }) if case == "greeting"),
            "{score}: {refused:?}"
        );
    }
    assert_eq!(hundredths("", 0.0), Ok(0));
    assert_eq!(hundredths("", 1.0), Ok(10_000));
    assert_eq!(hundredths("", 0.333_35), Ok(3_334));
    let beyond = [case(0, &[10_001], &[0])];
    assert!(judge(&STRICT, &evidence(&beyond)).is_err());
    let twice = [case(0, &[0], &[0]), case(0, &[0], &[0])];
    assert_eq!(
        judge(&STRICT, &evidence(&twice)),
        Err(StatisticsError::SameCase("case 0".to_owned()))
    );
}

#[test]
fn looks_are_paid_for() {
    // What they spend adds up to no more than all there is, over a thousand looks.
    let spent: f64 = (1..=1_000).map(|look| looks::error_at(500, look)).sum();
    assert!(spent < 0.05 && spent > 0.049_98, "{spent}");
    assert_eq!(looks::error_at(500, 1), 0.0375);
    assert_eq!(looks::error_at(500, 2), 0.006_25);

    // The same evidence says less at a later look, and the verdict names it.
    let answers = cases(120, 0, 0, 0);
    let at = |announced| {
        judge(
            &STRICT,
            &Evidence {
                announced,
                ..evidence(&answers)
            },
        )
        .unwrap()
    };
    let (first, third) = (at(1), at(3));
    assert_eq!(
        (first.outcome, first.look, first.error),
        (GateOutcome::Pass, 1, 37_500)
    );
    assert_eq!(
        (third.outcome, third.look, third.error),
        (GateOutcome::CantTell, 3, 2_083)
    );
    assert!(third.upper > first.upper);
    assert!(words::verdict(&third).contains("look 3"));
}

#[test]
fn runs_are_pooled_by_case() {
    let first = [case(0, &[10_000], &[0]), case(1, &[0], &[0])];
    // Abandoned after one case; it counts all the same.
    let abandoned = [case(0, &[10_000], &[10_000])];
    let pooled = looks::pool(&[&first, &abandoned]).unwrap();
    assert_eq!(
        pooled,
        [
            case(0, &[10_000, 10_000], &[0, 10_000]),
            case(1, &[0], &[0])
        ]
    );
    let other = [CaseAnswers {
        group: Some("g".to_owned()),
        ..case(0, &[0], &[0])
    }];
    assert_eq!(
        looks::pool(&[&first, &other]),
        Err(StatisticsError::OtherGroup("case 0".to_owned()))
    );
}

#[test]
fn where_nothing_is_live_the_pass_rate_counts() {
    use GateOutcome::{CantTell, Fail, Pass};
    // Passed and failed; 80 % must pass.
    for (passed, failed, expected) in [
        (10, 0, CantTell),
        (20, 0, Pass),
        (90, 10, Pass),
        (85, 15, CantTell),
        (75, 25, CantTell),
        (65, 35, Fail),
        (0, 3, Fail),
        (1, 0, CantTell),
    ] {
        let answers: Vec<CaseAnswers> = (0..passed + failed)
            .map(|id| case(id, &[], &[if id < passed { 10_000 } else { 0 }]))
            .collect();
        let verdict = judge(
            &STRICT,
            &Evidence {
                live: false,
                ..evidence(&answers)
            },
        )
        .unwrap();
        assert_eq!(verdict.outcome, expected, "{passed} of {}", passed + failed);
        assert_eq!((verdict.measure, verdict.bound), (GateMeasure::Rate, 8_000));
    }
    // Any rate will do: one answer to each case is enough.
    let any = Strictness {
        least_rate: 0,
        ..STRICT
    };
    let answers = [case(0, &[], &[0])];
    let verdict = judge(
        &any,
        &Evidence {
            live: false,
            ..evidence(&answers)
        },
    );
    assert_eq!(verdict.unwrap().outcome, Pass);
}

#[test]
fn a_verdict_reads_back_as_it_was_written() {
    let verdict = judged(&cases(190, 8, 2, 0));
    let written = serde_json::to_string(&verdict).unwrap();
    assert_eq!(
        serde_json::from_str::<GateVerdict>(&written).unwrap(),
        verdict
    );
    assert!(!written.contains('.'), "whole numbers only: {written}");
}

/// The error of a cell: passed though worse by what is allowed, or failed though no worse.
fn error(kind: Kind, units: usize, share: f64, loss: f64, method: world::Method) -> f64 {
    let cell = Cell {
        kind,
        units,
        share,
        loss,
        allowed: 500,
        alpha: 500,
    };
    assert!(cell.possible());
    let counts = cell.run(1_200, 7, method);
    let wrong = if loss > 0.0 {
        counts.passed
    } else {
        counts.failed
    };
    f64::from(wrong) / f64::from(counts.trials)
}

/// What the full simulation plays with more trials: `cargo run --release -p domain --example
/// gate_simulation`.
#[test]
fn in_worlds_where_the_truth_is_known_the_gate_keeps_its_promise() {
    // 5 % and three standard errors of 1,200 trials.
    let most = 0.05 + 3.0 * (0.05_f64 * 0.95 / 1_200.0).sqrt();
    for kind in Kind::ALL {
        for (units, share) in [(20, 0.1), (50, 0.2)] {
            for loss in [0.0, 0.05] {
                let error = error(kind, units, share, loss, outcome_of_loss);
                assert!(
                    error <= most,
                    "{kind:?}, {units} units, {share} differ, loss {loss}: {error}"
                );
            }
        }
    }
}

/// Methods that are often used and that the simulation has to catch.
#[test]
fn the_simulation_sees_a_method_that_breaks_the_promise() {
    // The mean and 1.645 standard errors, each answer as good as `units` cases.
    fn by_the_mean(pairs: &Pairs<'_>, units: f64, allowed: i32) -> GateOutcome {
        let differences = pairs.differences();
        let mean = pairs::mean(&differences);
        let squares: Vec<f64> = differences
            .iter()
            .map(|d| (d - mean) * (d - mean))
            .collect();
        let count = differences.len() as f64;
        let reach = 1.645 * (pairs::mean(&squares) / (count - 1.0) / units).sqrt();
        if mean + reach < f64::from(allowed) / 1e4 {
            GateOutcome::Pass
        } else if mean - reach > 0.0 {
            GateOutcome::Fail
        } else {
            GateOutcome::CantTell
        }
    }
    fn normal(pairs: &Pairs<'_>, _: f64, allowed: i32) -> GateOutcome {
        by_the_mean(pairs, 1.0, allowed)
    }
    // Three cases of each group, three times the units.
    fn every_answer(pairs: &Pairs<'_>, _: f64, allowed: i32) -> GateOutcome {
        by_the_mean(pairs, 3.0, allowed)
    }
    // The gate's own way, but as if each look were the only one.
    fn peeking(pairs: &Pairs<'_>, _: f64, allowed: i32) -> GateOutcome {
        outcome_of_loss(pairs, 0.05, allowed)
    }
    let most = 0.05 + 3.0 * (0.05_f64 * 0.95 / 1_200.0).sqrt();
    for (kind, units, share, loss, method, name) in [
        (
            Kind::Plain,
            20,
            0.1,
            0.05,
            normal as world::Method,
            "normal",
        ),
        (Kind::Skewed, 60, 0.1, 0.05, normal, "normal, skewed"),
        (Kind::Groups, 60, 0.4, 0.0, every_answer, "every answer"),
        (Kind::Abandoned, 60, 0.1, 0.05, peeking, "peeking"),
    ] {
        let error = error(kind, units, share, loss, method);
        assert!(error > most, "{name}: {error}");
    }
}
