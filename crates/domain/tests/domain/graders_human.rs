//! Judging by people: that an unmarked answer waits and never passes, what several people's marks
//! come to, what a mark is kept under, and people held against a judge.

use domain::dataset::Case;
use domain::graders::{
    Answered, Grader, GraderError, Part, PersonMark, Scale, Score, mark_questions, newest,
    opinions, passed,
};
use domain::suite::{SuiteError, SuiteGraders};
use domain::{Digest, Millis, PersonId};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;
use uuid::Uuid;

fn human(look_at: &str, scale: Scale, least: Option<f64>) -> Grader {
    Grader::Human {
        look_at: look_at.to_owned(),
        scale,
        least,
    }
}

fn case() -> Case {
    Case {
        id: "1".to_owned(),
        inputs: [("message".to_owned(), json!("Where is my card?"))]
            .into_iter()
            .collect(),
        ..Case::default()
    }
}

fn mark(person: u128, name: &str, at: i64, value: Option<u8>) -> PersonMark {
    PersonMark {
        person: PersonId(Uuid::from_u128(person)),
        name: name.to_owned(),
        at: Millis(at),
        value,
        note: String::new(),
    }
}

/// The score of "In the post.", where these people gave these marks to all that is asked.
fn scored(grader: &Grader, marks: &[PersonMark]) -> Score {
    let asked = mark_questions(&[grader], "In the post.", &case());
    let marks: BTreeMap<Digest, Vec<PersonMark>> = asked
        .iter()
        .filter_map(|question| Some((question.digest()?, marks.to_vec())))
        .collect();
    let answer = Answered {
        marks: Some(&marks),
        ..Answered::text("In the post.")
    };
    grader.prepare().expect("usable").grade(&answer, &case())
}

fn people(values: &[u8]) -> Vec<PersonMark> {
    let named = values.iter().zip(["Ana", "Ben", "Cy", "Dee"]).zip(1_u32..);
    named
        .map(|((value, name), n)| mark(u128::from(n), name, i64::from(n), Some(*value)))
        .collect()
}

#[test]
fn several_people_are_one_mean_and_their_disagreement_is_said() {
    for (scale, least, values, value, pass, reason) in [
        (Scale::Thumb, None, &[1][..], 1.0, true, "Ana says good"),
        (Scale::Thumb, None, &[0], 0.0, false, "Ana says not good"),
        (
            Scale::Thumb,
            None,
            &[1, 1, 0],
            2.0 / 3.0,
            true,
            "people disagree: Ana says good; Ben says good; Cy says not good",
        ),
        // As many for as against is no reason to let it pass.
        (
            Scale::Thumb,
            None,
            &[1, 0],
            0.5,
            false,
            "people disagree: Ana says good; Ben says not good",
        ),
        (Scale::Five, None, &[4], 0.75, true, "Ana says 4 of 5"),
        (
            Scale::Five,
            None,
            &[3],
            0.5,
            false,
            "Ana says 3 of 5; 4 is asked for",
        ),
        (Scale::Five, Some(2.5), &[3], 0.5, true, "Ana says 3 of 5"),
        // 5 and 4 both pass at 4; the mean of 5 and 2 is 3.5.
        (
            Scale::Five,
            None,
            &[5, 4],
            0.875,
            true,
            "Ana says 5 of 5; Ben says 4 of 5",
        ),
        (
            Scale::Five,
            None,
            &[5, 2],
            0.625,
            false,
            "people disagree: Ana says 5 of 5; Ben says 2 of 5; 4 is asked for",
        ),
    ] {
        let score = scored(&human("", scale, least), &people(values));
        assert!((score.value - value).abs() < 1e-9, "{values:?}: {score:?}");
        assert_eq!(
            (score.pass, score.reason.as_str(), score.waiting),
            (pass, reason, false)
        );
    }
}

#[test]
fn an_unmarked_answer_waits_wherever_it_stands_and_never_passes() {
    let asked = || human("Is it polite?", Scale::Thumb, None);
    let not = Grader::Not {
        grader: Box::new(asked()),
    };
    let with = |other: Grader, least| Grader::Together {
        parts: vec![Part::of(asked()), Part::of(other)],
        least,
    };
    let holds = |text: &str| Grader::Contains {
        all: vec![text.to_owned()],
        any: Vec::new(),
        none: Vec::new(),
        ignore_case: false,
    };
    for (grader, waits, passes) in [
        (asked(), true, None),
        (not, true, None),
        (with(holds("post"), None), true, None),
        (with(holds("post"), Some(0.5)), true, None),
        // Whatever a person says, it has failed.
        (with(holds("bank"), None), false, Some(false)),
        (with(holds("bank"), Some(0.6)), false, Some(false)),
        (with(holds("bank"), Some(0.5)), true, None),
    ] {
        let score = scored(&grader, &[]);
        assert_eq!((score.pass, score.waiting), (false, waits), "{grader:?}");
        assert_eq!(passed(&[score]), passes, "{grader:?}");
    }
    // A mark that was taken back, or is none of this scale, is none.
    for none in [
        mark(1, "Ana", 5, None),
        PersonMark {
            value: Some(3),
            ..mark(1, "Ana", 5, None)
        },
    ] {
        assert!(scored(&asked(), &[none]).waiting);
    }
    let good = Score {
        value: 1.0,
        pass: true,
        reason: String::new(),
        waiting: false,
    };
    let waiting = scored(&asked(), &[]);
    let bad = Score {
        pass: false,
        ..good.clone()
    };
    assert_eq!(passed(&[]), None);
    assert_eq!(passed(&[good.clone(), waiting.clone()]), None);
    assert_eq!(passed(&[bad, waiting]), Some(false));
    assert_eq!(passed(&[good]), Some(true));
}

#[test]
fn a_mark_stands_under_all_that_was_seen_and_nothing_else() {
    let one = |grader: &Grader, answer: &str, case: &Case| {
        let mut asked = mark_questions(&[grader], answer, case);
        assert_eq!(asked.len(), 1);
        asked.remove(0).digest().expect("a digest")
    };
    let grader = human("Is it polite?", Scale::Five, None);
    let first = one(&grader, "x", &case());
    // From which mark on it passes, and what the case is called, is not what a person is asked.
    let least = human("Is it polite?", Scale::Five, Some(3.0));
    let renamed = Case {
        id: "other".to_owned(),
        note: "n".to_owned(),
        ..case()
    };
    assert_eq!(first, one(&least, "x", &case()));
    assert_eq!(first, one(&grader, "x", &renamed));
    let expecting = Case {
        expected: Some(json!("card_arrival")),
        ..case()
    };
    for other in [
        one(&grader, "y", &case()),
        one(&grader, "x", &expecting),
        one(&human("Is it right?", Scale::Five, None), "x", &case()),
        one(&human("Is it polite?", Scale::Thumb, None), "x", &case()),
        one(&Grader::Refusal { absent: true }, "x", &case()),
    ] {
        assert_ne!(first, other);
    }
    // Two that ask the same are asked once; without one an answer can still be marked.
    let same = Grader::Together {
        parts: vec![Part::of(grader.clone()), Part::of(least)],
        least: None,
    };
    assert_eq!(one(&same, "x", &case()), first);
    assert_eq!(mark_questions(&[], "x", &case())[0].scale, Scale::Thumb);
}

#[test]
fn people_are_held_against_a_judge_only_where_both_have_a_verdict() {
    let judge = Grader::Judge {
        rubric: "It is polite.".to_owned(),
        provider: "local".to_owned(),
        model: "small".to_owned(),
        parameters: serde_json::Map::new(),
        least: None,
    };
    let wanted = human("Is it polite?", Scale::Thumb, None);
    let say = |graders: &[&Grader], values: &[u8], words: Option<&str>| {
        let case = case();
        let asked = mark_questions(graders, "x", &case);
        let marks: BTreeMap<Digest, Vec<PersonMark>> = asked
            .iter()
            .map(|one| (one.digest().expect("a digest"), people(values)))
            .collect();
        let dataset = domain::dataset::Dataset {
            cases: vec![case.clone()],
            ..Default::default()
        };
        let panel = domain::graders::Panel::prepare(std::slice::from_ref(&judge), &dataset)
            .expect("usable");
        let judged: BTreeMap<Digest, String> = panel
            .questions("x", &dataset, 0)
            .iter()
            .filter_map(|question| Some((question.digest()?, words?.to_owned())))
            .collect();
        let answer = Answered {
            marks: Some(&marks),
            judged: Some(&judged),
            ..Answered::text("x")
        };
        let found = opinions(graders, &answer, &case);
        found
            .first()
            .map(|one| (one.judge.clone(), one.judge_good, one.people_good))
    };
    let good = Some(r#"{"score": 1, "reason": "It is."}"#);
    let bad = Some(r#"{"score": 0.2, "reason": "No."}"#);
    let both = |judge, people| Some(("small".to_owned(), judge, people));
    for (graders, values, words, found) in [
        (vec![&judge, &wanted], &[1][..], good, both(true, true)),
        (vec![&judge, &wanted], &[0], good, both(true, false)),
        (vec![&judge, &wanted], &[1, 1, 0], bad, both(false, true)),
        // No grader wants marks: an answer that was marked as it is counts.
        (vec![&judge], &[0], bad, both(false, false)),
        (vec![&judge, &wanted], &[1, 0], good, None),
        (vec![&judge, &wanted], &[], good, None),
        (vec![&judge, &wanted], &[1], None, None),
        (vec![&judge, &wanted], &[1], Some("broken"), None),
        (vec![&wanted], &[1], good, None),
    ] {
        assert_eq!(say(&graders, values, words), found, "{values:?} {words:?}");
    }
}

#[test]
fn what_can_not_be_asked_or_given_is_refused_and_a_suite_takes_none() {
    for wrong in [
        human("", Scale::Thumb, Some(1.0)),
        human("", Scale::Five, Some(0.5)),
        human("", Scale::Five, Some(f64::NAN)),
        human(&"x".repeat(2_000_000), Scale::Thumb, None),
    ] {
        assert!(matches!(wrong.prepare(), Err(GraderError::Human(_))));
    }
    for (scale, value, stands) in [
        (Scale::Thumb, Some(2), false),
        (Scale::Thumb, None, true),
        (Scale::Five, Some(0), false),
        (Scale::Five, Some(6), false),
        (Scale::Five, Some(5), true),
    ] {
        assert_eq!(mark(1, "Ana", 0, value).check(scale).is_ok(), stands);
    }
    let long = PersonMark {
        note: "x".repeat(2_001),
        ..mark(1, "Ana", 0, Some(1))
    };
    assert!(long.check(Scale::Thumb).is_err());
    let wanted = human("", Scale::Thumb, None);
    for inner in [
        wanted.clone(),
        Grader::Not {
            grader: Box::new(wanted.clone()),
        },
        Grader::Together {
            parts: vec![Part::of(wanted.clone())],
            least: None,
        },
    ] {
        let suite = SuiteGraders {
            graders: vec![inner],
        };
        assert!(matches!(suite.encode(), Err(SuiteError::People)));
        // Not by writing the bytes oneself either.
        let bytes = domain::to_canonical(&suite).expect("JSON");
        assert!(matches!(
            SuiteGraders::decode(&bytes),
            Err(SuiteError::People)
        ));
    }
}

#[test]
fn it_is_written_in_few_words_and_scores_written_earlier_are_read() {
    let read: Grader = serde_json::from_value(json!({"type": "human"})).expect("a grader");
    assert_eq!(read, human("", Scale::Thumb, None));
    let score: Score = serde_json::from_value(json!({"value": 0.5, "pass": true, "reason": "so"}))
        .expect("a score");
    assert!(!score.waiting);
}

proptest! {
    // One mark a person, the newest, in whatever order they came.
    #[test]
    fn the_newest_mark_of_each_person_counts(
        given in proptest::collection::vec((0_u128..4, 0_i64..1_000, proptest::option::of(0_u8..2)), 0..20),
    ) {
        // Two of one person at one moment can't be told apart: not drawn.
        let mut seen = std::collections::BTreeMap::new();
        for (person, at, value) in given {
            seen.insert((person, at), value);
        }
        let marks: Vec<PersonMark> = seen
            .iter()
            .map(|((person, at), value)| mark(*person, "x", *at, *value))
            .collect();
        let mut turned = marks.clone();
        turned.reverse();
        let found = newest(marks);
        prop_assert_eq!(&found, &newest(turned));
        for person in 0..4 {
            let own = seen.iter().filter(|((who, _), _)| *who == person);
            let last = own.max_by_key(|((_, at), _)| *at).and_then(|(_, value)| *value);
            let id = PersonId(Uuid::from_u128(person));
            let stands = found.iter().find(|one| one.person == id).and_then(|one| one.value);
            prop_assert_eq!(stands, last);
        }
    }
}
