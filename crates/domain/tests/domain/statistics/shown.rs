//! What is shown and decides nothing: tags, flaky cases, where the doubt comes from.

use domain::statistics::compare::{Change, change, compare, rate};
use domain::statistics::flaky::{AnswerSide, FlakyCase, flaky, noise};
use domain::statistics::pairs::{CaseAnswers, PairedTable};
use domain::statistics::tags::{TagDifference, by_tag};
use domain::statistics::wilcoxon::signed_ranks;
use domain::statistics::{tango, telling};
use std::collections::BTreeMap;

fn case(id: &str, live: &[u32], proposed: &[u32]) -> CaseAnswers {
    CaseAnswers {
        case: id.to_owned(),
        group: None,
        live: live.to_vec(),
        proposed: proposed.to_vec(),
    }
}

#[test]
fn differences_by_tag_are_corrected_for_their_number() {
    let mut cases = Vec::new();
    let mut tags = BTreeMap::new();
    for id in 0..40 {
        let name = format!("{id:02}");
        // Eight of ten refunds are lost; elsewhere nothing differs.
        let proposed = if id < 8 { 0 } else { 10_000 };
        cases.push(case(&name, &[10_000], &[proposed]));
        let of_case = match id {
            0..10 => vec!["refund", "refund", "urgent"],
            10..20 => vec!["urgent"],
            _ => vec!["card"],
        };
        tags.insert(name, of_case.into_iter().map(str::to_owned).collect());
    }
    let found = by_tag(&cases, &tags, false, 500).unwrap();
    let names: Vec<(&str, u32)> = found.iter().map(|d| (d.tag.as_str(), d.units)).collect();
    assert_eq!(names, [("card", 20), ("refund", 10), ("urgent", 20)]);
    let [card, refund, urgent] = &found[..] else {
        panic!("three tags");
    };
    assert_eq!((card.estimate, card.p, card.corrected), (0, 10_000, 10_000));
    // 8 lost and none gained: a fair coin does that with 2 · 2⁻⁸ = 0.78 %, rounded up; the two
    // alike come first and second of three.
    assert_eq!(
        (refund.estimate, refund.p, refund.corrected),
        (8_000, 79, 235)
    );
    assert_eq!(
        (urgent.estimate, urgent.p, urgent.corrected),
        (4_000, 79, 235)
    );
    assert!(refund.lower > 0 && card.lower < 0 && card.upper > 0);
}

#[test]
fn flaky_cases_are_named_the_widest_first() {
    let cases = [
        case("steady", &[10_000, 10_000], &[0, 0]),
        case("b", &[10_000, 0, 10_000], &[5_000]),
        case("a", &[10_000, 10_000], &[4_000, 5_000]),
    ];
    let of = |case: &str, side, repeats, mean, range| FlakyCase {
        case: case.to_owned(),
        side,
        repeats,
        mean,
        range,
    };
    assert_eq!(
        flaky(&cases).unwrap(),
        [
            of("b", AnswerSide::Live, 3, 6_666, 10_000),
            of("a", AnswerSide::Proposed, 2, 4_500, 1_000),
        ]
    );
}

#[test]
fn the_doubt_is_parted_into_cases_and_repeats() {
    // Asked once, nothing can be said.
    assert_eq!(noise(&[case("a", &[0], &[0]), case("b", &[0], &[0])]), None);
    // Two cases, differences 1 and 0, every repeat alike: all of it is the cases'.
    let steady = [
        case("a", &[10_000, 10_000], &[0, 0]),
        case("b", &[10_000, 10_000], &[10_000, 10_000]),
    ];
    let parts = noise(&steady).unwrap();
    assert_eq!((parts.seen, parts.repeats, parts.cases), (0.5, 0.0, 2));
    // Two cases alike whose live answers are 0 and 1: variance ½, of a mean of two ¼.
    let restless = [
        case("a", &[10_000, 0], &[0, 0]),
        case("b", &[0, 10_000], &[0, 0]),
        case("asked once", &[0], &[10_000]),
    ];
    let parts = noise(&restless).unwrap();
    assert_eq!((parts.seen, parts.repeats, parts.cases), (0.0, 0.25, 2));
}

#[test]
fn signed_ranks_of_nothing_say_nothing() {
    for differences in [&[][..], &[0.0, 0.0][..]] {
        let ranks = signed_ranks(differences);
        assert_eq!((ranks.differing, ranks.p), (0, 1.0));
    }
    // Ranks 1, 2½, 2½ and 4; the gain has one of the two in the middle.
    let ranks = signed_ranks(&[0.1, 0.0, 0.2, -0.2, 0.5]);
    assert_eq!((ranks.differing, ranks.losses, ranks.gains), (4, 7.5, 2.5));
}

fn marks(id: &str, live: u32, proposed: u32) -> CaseAnswers {
    case(id, &[live], &[proposed])
}

// 40 cases: 10 lost, none gained.
fn ten_lost() -> Vec<CaseAnswers> {
    (0..40)
        .map(|n| marks(&format!("{n:02}"), 10_000, if n < 10 { 0 } else { 10_000 }))
        .collect()
}

#[test]
fn a_comparison_counts_cases_and_turns_the_sign() {
    let found = compare(&ten_lost(), false).unwrap().unwrap();
    assert_eq!(
        [
            found.better,
            found.worse,
            found.same,
            found.cases,
            found.units
        ],
        [0, 10, 30, 40, 40]
    );
    assert_eq!(found.difference, -2_500);
    // The same bounds as the gate's, with the sign turned and 2.5 % at each end.
    let table = PairedTable {
        both: 30,
        lost: 10,
        ..PairedTable::default()
    };
    let (lower, upper) = tango::bounds(&table, 0.025);
    assert_eq!((found.lower, found.upper), (-upper, -lower));
    let words = telling::difference(&found, "v7", "v9");
    assert!(words.starts_with("v9 is worse than v7, by "), "{words}");
    assert!(
        words.ends_with(
            "(25 as seen). Of 40 cases, none got better, 10 got worse and 30 stayed the same."
        ),
        "{words}"
    );
    // Turned round it is as much better.
    let turned: Vec<CaseAnswers> = ten_lost()
        .into_iter()
        .map(|one| CaseAnswers {
            live: one.proposed,
            proposed: one.live,
            ..one
        })
        .collect();
    let other = compare(&turned, false).unwrap().unwrap();
    assert_eq!((other.lower, other.upper), (-found.upper, -found.lower));
    assert!(telling::difference(&other, "v7", "v9").starts_with("v9 is better than v7, by "));
}

#[test]
fn equal_columns_can_not_be_told_apart_and_near_duplicates_count_once() {
    let mut cases: Vec<CaseAnswers> = (0..20)
        .map(|n| marks(&format!("{n:02}"), 10_000, 10_000))
        .collect();
    for one in cases.iter_mut().take(5) {
        one.group = Some("00".to_owned());
    }
    cases.push(case("without an answer", &[10_000], &[]));
    let found = compare(&cases, false).unwrap().unwrap();
    assert_eq!([found.cases, found.units, found.unanswered], [20, 16, 1]);
    assert!(found.lower < 0 && found.upper > 0);
    let words = telling::difference(&found, "v7", "v9");
    assert!(
        words.starts_with(
            "These cases show no difference between v7 and v9 that could not be chance: v9 may be "
        ),
        "{words}"
    );
    assert!(words.contains("They count as 16"), "{words}");
    assert!(
        words.ends_with("1 case has not been answered and judged on both sides."),
        "{words}"
    );
    assert_eq!(compare(&[case("a", &[0], &[])], false).unwrap(), None);
}

#[test]
fn a_repeat_that_is_a_copy_changes_nothing() {
    let one = [case("a", &[10_000, 0], &[0, 10_000]), marks("b", 0, 0)];
    assert_eq!(change(&one[0], false), Some(Change::Same));
    assert_eq!(change(&one[0], true), Some(Change::Worse));
    // Unequally often: one of two against two of three.
    let uneven = case("c", &[10_000, 0], &[10_000, 10_000, 0]);
    assert_eq!(change(&uneven, false), Some(Change::Better));
    assert_eq!(change(&case("d", &[], &[0]), false), None);
}

#[test]
fn a_pass_rate_has_the_bounds_of_clopper_and_pearson() {
    let cases: Vec<CaseAnswers> = (0..20)
        .map(|n| marks(&n.to_string(), 0, if n < 18 { 10_000 } else { 0 }))
        .collect();
    let found = rate(&cases, false).unwrap().unwrap();
    // R: binom.test(18, 20)$conf.int is 0.6830173 to 0.9876515.
    assert_eq!(
        (found.mean, found.lower, found.upper),
        (9_000, 6_830, 9_877)
    );
    assert_eq!(
        telling::rate(&found),
        "90 %, and between 68.3 and 98.8 % of all cases like these"
    );
    assert_eq!(rate(&[], false).unwrap(), None);
}

#[test]
fn tags_flaky_cases_and_what_is_seen_are_told_in_words() {
    let of = |tag: &str, estimate, corrected| TagDifference {
        tag: tag.to_owned(),
        units: 10,
        estimate,
        lower: 0,
        upper: 0,
        p: corrected,
        corrected,
    };
    assert_eq!(telling::by_tag(&[]), "");
    assert_eq!(
        telling::by_tag(&[of("card", 100, 900), of("refund", 0, 10_000)]),
        "By tag nothing stands out, corrected for looking at 2 tags."
    );
    assert_eq!(
        telling::by_tag(&[of("card", -2_000, 400), of("refund", 8_000, 20)]),
        "By tag, corrected for looking at 2 tags: refund is worse by 80 points (10 cases), card is better by 20 points (10 cases)."
    );
    let restless = [
        case("a", &[10_000, 0], &[0, 0]),
        case("b", &[10_000, 10_000], &[0, 0]),
    ];
    // Differences ½ and 1, variance ⅛; the mean of a's two answers has ¼, b's none: ⅛ again.
    assert_eq!(
        telling::wavering(&flaky(&restless).unwrap(), 2, noise(&restless).as_ref()),
        "1 of 2 cases is flaky: asked again, it scores differently. About 100 % of the scatter between cases comes from that: asking each case more often takes it away, the rest only more cases."
    );
    assert_eq!(telling::wavering(&[], 0, None), "");
    assert_eq!(telling::foreseeing(0), "");
    let words = telling::foreseeing(200);
    assert!(
        words.starts_with("200 cases can't see a loss under "),
        "{words}"
    );
}
