//! What is shown and decides nothing: tags, flaky cases, where the doubt comes from.

use domain::statistics::flaky::{AnswerSide, FlakyCase, flaky, noise};
use domain::statistics::pairs::CaseAnswers;
use domain::statistics::tags::by_tag;
use domain::statistics::wilcoxon::signed_ranks;
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
