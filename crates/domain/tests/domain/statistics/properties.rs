//! What must hold of every comparison, whatever the answers.

use domain::statistics::looks;
use domain::statistics::pairs::{CaseAnswers, Pairs};
use domain::statistics::verdict::{
    Bounds, Evidence, GateOutcome, GateVerdict, Strictness, judge, outcome_of_loss,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// One side's answers to a case: pass or fail once, or scores and repeats.
fn marks(plain: bool) -> BoxedStrategy<Vec<u32>> {
    if plain {
        prop_oneof![3 => Just(vec![10_000]), 1 => Just(vec![0])].boxed()
    } else {
        vec(prop_oneof![Just(0), Just(10_000), 0..=10_000_u32], 1..4).boxed()
    }
}

fn answers() -> impl Strategy<Value = Vec<CaseAnswers>> {
    any::<bool>().prop_flat_map(|plain| {
        vec(
            (
                marks(plain),
                marks(plain),
                proptest::option::weighted(0.1, 0..3_u32),
            ),
            1..60,
        )
        .prop_map(move |cases| {
            cases
                .into_iter()
                .enumerate()
                .map(|(id, (live, proposed, group))| CaseAnswers {
                    case: id.to_string(),
                    group: group.filter(|_| !plain).map(|group| group.to_string()),
                    live,
                    proposed,
                })
                .collect()
        })
    })
}

fn verdict(answers: &[CaseAnswers], allowed_loss: u32, alpha: u32) -> GateVerdict {
    let strict = Strictness {
        allowed_loss,
        least_rate: 0,
        alpha,
    };
    let evidence = Evidence {
        answers,
        announced: 1,
        cases: u32::try_from(answers.len()).expect("few"),
        live: true,
        copies: false,
    };
    judge(&strict, &evidence).expect("answers that are scores")
}

fn mostly_differs(answers: &[CaseAnswers]) -> bool {
    let pairs = Pairs::of(answers, false).expect("answers that are scores");
    let differing = pairs.differences().iter().filter(|d| **d != 0.0).count();
    2 * differing > pairs.units().len()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_bounds_hold_what_was_seen(answers in answers(), alpha in 10..1_000_u32) {
        let verdict = verdict(&answers, 500, alpha);
        prop_assert!(verdict.lower <= verdict.estimate && verdict.estimate <= verdict.upper);
        prop_assert!(-10_000 <= verdict.lower && verdict.upper <= 10_000);
    }

    #[test]
    fn the_outcome_is_what_the_recorded_numbers_say(answers in answers(), allowed in 1..5_000_u32) {
        let verdict = verdict(&answers, allowed, 500);
        let expected = if verdict.upper < i32::try_from(allowed).unwrap() {
            GateOutcome::Pass
        } else if verdict.lower > 0 {
            GateOutcome::Fail
        } else {
            GateOutcome::CantTell
        };
        prop_assert_eq!(verdict.outcome, expected);
        // The short way, which the simulation takes, comes to the same.
        let pairs = Pairs::of(&answers, false).unwrap();
        let short = outcome_of_loss(&pairs, looks::error_at(500, 1), i32::try_from(allowed).unwrap());
        prop_assert_eq!(short, expected);
    }

    #[test]
    fn who_may_lose_more_passes_at_least_as_easily(answers in answers(), allowed in 1..4_900_u32, more in 1..100_u32) {
        if verdict(&answers, allowed, 500).outcome == GateOutcome::Pass {
            prop_assert_eq!(verdict(&answers, allowed + more, 500).outcome, GateOutcome::Pass);
        }
    }

    #[test]
    fn swapping_the_sides_turns_the_signs(answers in answers()) {
        let swapped: Vec<CaseAnswers> = answers
            .iter()
            .map(|case| CaseAnswers {
                live: case.proposed.clone(),
                proposed: case.live.clone(),
                ..case.clone()
            })
            .collect();
        let bounds = |answers: &[CaseAnswers]| Bounds::of_loss(&Pairs::of(answers, false).unwrap(), 0.05);
        let (one, other) = (bounds(&answers), bounds(&swapped));
        prop_assert_eq!((one.lower, one.upper), (-other.upper, -other.lower));
        // Rounded to the nearest, halves upwards.
        prop_assert!((one.estimate + other.estimate).abs() <= 1);
    }

    #[test]
    fn the_order_changes_nothing(answers in answers(), turn in 0..60_usize) {
        let mut turned = answers.clone();
        turned.rotate_left(turn % answers.len());
        for case in &mut turned {
            case.live.reverse();
            case.proposed.reverse();
        }
        prop_assert_eq!(verdict(&answers, 500, 500), verdict(&turned, 500, 500));
    }

    #[test]
    fn more_of_the_same_never_widens(answers in answers()) {
        let mut doubled = answers.clone();
        doubled.extend(answers.iter().map(|case| CaseAnswers {
            case: format!("again {}", case.case),
            group: case.group.as_ref().map(|group| format!("again {group}")),
            ..case.clone()
        }));
        let (once, twice) = (verdict(&answers, 500, 500), verdict(&doubled, 500, 500));
        prop_assert!(twice.lower >= once.lower && twice.upper <= once.upper, "{:?} {:?}", once, twice);
    }

    #[test]
    fn one_answer_more_that_is_worse_never_looks_better(answers in answers(), which in 0..60_usize) {
        let mut worse = answers.clone();
        let at = which % worse.len();
        for mark in &mut worse[at].proposed {
            *mark = 0;
        }
        // Where more than half differ the wider of two bounds counts: crossing that line may widen.
        prop_assume!(mostly_differs(&answers) == mostly_differs(&worse));
        let (before, after) = (verdict(&answers, 500, 500), verdict(&worse, 500, 500));
        prop_assert!(after.upper >= before.upper && after.lower >= before.lower, "{:?} {:?}", before, after);
    }

    #[test]
    fn who_may_err_less_has_wider_bounds(answers in answers(), alpha in 10..500_u32) {
        let (strict, lax) = (verdict(&answers, 500, alpha), verdict(&answers, 500, 2 * alpha));
        prop_assert!(strict.lower <= lax.lower && lax.upper <= strict.upper);
    }
}
