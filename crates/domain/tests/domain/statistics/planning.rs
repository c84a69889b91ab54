//! What a dataset can see, against the exact chance; and verdicts and plans in words.

use domain::statistics::pairs::{CaseAnswers, PairedTable, Pairs};
use domain::statistics::power::{self, FromTo, PLAUSIBLE, Rule};
use domain::statistics::verdict::{Evidence, Strictness, judge};
use domain::statistics::{looks, normal, tango, words};

const ERROR: f64 = 0.0375;

/// The exact chance that a table is decided so, with these shares of lost and gained cases.
fn chance(cases: u32, lost: f64, gained: f64, decided: impl Fn(&PairedTable) -> bool) -> f64 {
    let same = 1.0 - lost - gained;
    // Multinomial chances, each from the one before.
    let mut total = 0.0;
    let mut first = same.powf(f64::from(cases));
    for b in 0..=cases {
        let mut at = first;
        for c in 0..=cases - b {
            let table = PairedTable {
                both: cases - b - c,
                lost: b,
                gained: c,
                neither: 0,
            };
            if decided(&table) {
                total += at;
            }
            at *= f64::from(cases - b - c) / f64::from(c + 1) * gained / same;
        }
        first *= f64::from(cases - b) / f64::from(b + 1) * lost / same;
    }
    total
}

#[test]
fn the_smallest_loss_seen_is_seen_about_four_times_in_five() {
    let z = normal::exceeded(ERROR);
    let rule = Rule::of(ERROR, true);
    for cases in [30, 60, 120, 200] {
        for share in [500, 1_000, 2_000, 4_000] {
            let smallest = rule.smallest_seen(cases, share);
            let loss = f64::from(smallest) / 1e4;
            let differ = (f64::from(share) / 1e4).max(loss);
            let seen = chance(
                cases,
                0.5 * (differ + loss),
                0.5 * (differ - loss),
                |table| tango::lower(table, z, tango::CORRECTION) > 0,
            );
            assert!(
                (0.72..0.93).contains(&seen),
                "{cases} cases, {share} differ: a loss of {smallest} is seen with {seen}"
            );
        }
    }
}

#[test]
fn as_many_cases_as_are_said_settle_it_about_four_times_in_five() {
    let z = normal::exceeded(ERROR);
    let rule = Rule::of(ERROR, true);
    for (share, allowed) in [(500, 500), (1_000, 500), (1_000, 1_000), (200, 500)] {
        let cases = rule.units_to_settle(0, share, allowed).unwrap();
        let half = f64::from(share) / 2e4;
        let passed = chance(cases, half, half, |table| {
            tango::upper(table, z, tango::CORRECTION) < i32::try_from(allowed).unwrap()
        });
        assert!(
            (0.72..0.95).contains(&passed),
            "{share} differ, {allowed} allowed: {cases} cases pass with {passed}"
        );
    }
}

#[test]
fn where_nothing_differs_it_takes_as_many_cases_as_counting_says() {
    // 0.95ⁿ ≤ 3.75 % from n = 65.
    assert_eq!(Rule::of(ERROR, true).units_to_settle(0, 0, 501), Some(64));
    assert_eq!(Rule::of(ERROR, true).units_to_settle(0, 0, 500), Some(65));
}

#[test]
fn more_cases_see_more_and_smaller_losses_take_more_cases() {
    let rule = Rule::of(ERROR, true);
    let seen: Vec<u32> = [5, 20, 100, 1_000, 50_000]
        .map(|cases| rule.smallest_seen(cases, 1_000))
        .to_vec();
    assert!(seen.is_sorted_by(|a, b| a > b), "{seen:?}");
    assert_eq!(
        rule.smallest_seen(1, 1_000),
        10_000,
        "one case sees nothing"
    );
    let needed: Vec<Option<u32>> = [2_000, 1_000, 500, 100]
        .map(|loss| rule.units_to_see(loss, 1_000))
        .to_vec();
    assert!(needed.is_sorted() && needed[3].is_some(), "{needed:?}");
    assert_eq!(
        rule.units_to_see(1, 1_000),
        None,
        "no dataset holds so many"
    );
}

#[test]
fn the_share_of_differing_cases_is_that_which_was_seen() {
    assert_eq!(power::differing(&Pairs::default()), PLAUSIBLE);
    let answers: Vec<CaseAnswers> = (0..100)
        .map(|id| CaseAnswers {
            case: id.to_string(),
            group: None,
            live: vec![10_000],
            proposed: vec![if id < 12 { 0 } else { 10_000 }],
        })
        .collect();
    let range = power::differing(&Pairs::of(&answers, false).unwrap());
    // Clopper and Pearson's bounds of 12 in 100 with 10 % at either end, from SciPy: 7.959 % and 17.263 %.
    assert_eq!(
        range,
        FromTo {
            low: 795,
            high: 1_727
        }
    );
}

#[test]
fn a_dataset_says_in_words_what_it_can_see() {
    let rule = Rule::of(looks::error_at(500, 1), true);
    let say = |units, share: FromTo, loss| {
        let needed = [share.low, share.high].map(|share| rule.units_to_see(loss, share));
        let needed = needed[0]
            .zip(needed[1])
            .map(|(low, high)| FromTo { low, high });
        words::sight(&power::sight(units, share, rule), loss, needed, true)
    };
    let few = say(
        60,
        FromTo {
            low: 500,
            high: 1_500,
        },
        500,
    );
    assert!(
        few.starts_with("60 cases can't see a loss under 13 to 14 points")
            && few.contains(" points, if the versions differ on 5 to 15 % of the cases. About ")
            && few.ends_with(" cases more would see 5 points."),
        "{few}"
    );
    let many = say(
        2_000,
        FromTo {
            low: 500,
            high: 1_000,
        },
        500,
    );
    assert!(many.ends_with("A loss of 5 points is seen."), "{many}");
    let none = say(1, PLAUSIBLE, 1);
    assert!(
        none.starts_with("1 case can't see any loss")
            && none.ends_with("No dataset of a size that Galley holds would see 0.01 points."),
        "{none}"
    );
}

#[test]
fn verdicts_in_words() {
    let strict = Strictness {
        allowed_loss: 500,
        least_rate: 8_000,
        alpha: 500,
    };
    let said = |both: u32, lost: u32, live: bool, cases: u32| {
        let answers: Vec<CaseAnswers> = (0..both + lost)
            .map(|id| CaseAnswers {
                case: id.to_string(),
                group: None,
                live: vec![10_000],
                proposed: vec![if id < lost { 0 } else { 10_000 }],
            })
            .collect();
        let evidence = Evidence {
            answers: &answers,
            announced: 1,
            cases,
            live,
            copies: false,
        };
        words::verdict(&judge(&strict, &evidence).unwrap())
    };
    for (text, start, end) in [
        (
            said(200, 0, true, 200),
            "Pass. 200 cases show that less than 1.",
            " points is lost; a loss below 5 points is allowed.",
        ),
        (
            said(170, 30, true, 200),
            "Fail. 200 cases show that the new version is worse, by between 1",
            " points; a loss below 5 points would be allowed.",
        ),
        (
            said(20, 0, true, 20),
            "Can't tell. From 20 cases the new version may be anything from ",
            " more would settle it, four times in five.",
        ),
        (
            said(20, 0, true, 21),
            "Can't tell. 1 case has not been answered yet",
            "whole datasets only.",
        ),
        (
            said(0, 0, true, 5),
            "Can't tell. No case",
            "yet, or none as often as the gate asks for.",
        ),
        (
            said(1_000, 0, false, 1_000),
            "Pass. 1,000 cases show that at least 99.",
            "nothing to lose.",
        ),
        (
            said(50, 50, false, 100),
            "Fail. 100 cases show that fewer than 5",
            " % pass; 80 % are asked for.",
        ),
        (
            said(82, 18, false, 100),
            "Can't tell. From 100 cases, between 7",
            " more would settle it, four times in five.",
        ),
    ] {
        assert!(text.starts_with(start) && text.ends_with(end), "{text}");
    }
    assert_eq!(words::points(100), "1 point");
    assert_eq!(words::points(-1_250), "12.5 points");
    assert_eq!(words::points(5), "0.05 points");
}

#[test]
fn what_differs_on_so_few_cases_can_not_lose_more() {
    let rule = Rule::of(looks::error_at(500, 1), true);
    let share = FromTo { low: 0, high: 228 };
    let sight = power::sight(100, share, rule);
    assert!(sight.smallest.low > 228, "more than differ: {sight:?}");
    // Before anything was compared that share is only assumed, and not told as if it were seen.
    let told = words::sight(&sight, 500, None, false);
    assert!(
        told.starts_with("In 100 cases a loss stands out from ") && !told.contains("differ"),
        "{told}"
    );
    let told = words::sight(&sight, 500, None, true);
    assert!(
        told.starts_with("The versions differ on 0 to 2.28 % of the cases, so that a larger loss is not to be expected; in 100 cases a loss stands out from ")
            && !told.contains("can't see"),
        "{told}"
    );
}
