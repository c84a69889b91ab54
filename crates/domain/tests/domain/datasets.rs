//! What a dataset holds twice, and what it should perhaps not hold.

use domain::dataset::{Case, Dataset};
use domain::duplicates::{self, Duplicates};
use domain::sensitive::{self, Sensitive};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn of(cases: &[Value]) -> Dataset {
    let cases = cases.iter().enumerate().map(|(place, inputs)| Case {
        id: format!("c{place}"),
        inputs: inputs.as_object().expect("inputs").clone(),
        ..Case::default()
    });
    Dataset {
        cases: cases.collect(),
        ..Dataset::default()
    }
}

fn asking(texts: &[&str]) -> Dataset {
    let inputs: Vec<_> = texts.iter().map(|text| json!({"q": text})).collect();
    of(&inputs)
}

fn group(cases: &[u32], exact: bool) -> Duplicates {
    Duplicates {
        cases: cases.to_vec(),
        exact,
        contradict: false,
    }
}

#[test]
fn the_same_and_nearly_the_same() {
    let dataset = asking(&[
        "My card has not arrived yet, what should I do?",
        "How do I change my PIN?",
        "my card has not arrived yet - what should I do",
        "My card has not arrived yet, what should I do?",
        "Why was my card declined at the shop yesterday evening?",
        "Why was my card declined in the shop yesterday evening?",
        "How do I change my address?",
        "",
    ]);
    assert_eq!(
        duplicates::find(&dataset),
        [group(&[0, 2, 3], false), group(&[4, 5], false)]
    );
    let names = duplicates::groups(&dataset);
    let names: Vec<_> = names.iter().map(Option::as_deref).collect();
    let (first, fifth) = (Some("c0"), Some("c4"));
    assert_eq!(names, [first, None, first, first, fifth, fifth, None, None]);
    assert_eq!(
        duplicates::find(&asking(&["a", "b", "a"])),
        [group(&[0, 2], true)]
    );
}

#[test]
fn every_input_counts() {
    let article = "A long article that every case is about. ".repeat(40);
    let about = |question: &str| json!({"article": article, "question": question});
    let dataset = of(&[
        about("Who wrote it?"),
        about("What does it cost?"),
        about("who wrote it"),
    ]);
    assert_eq!(duplicates::find(&dataset), [group(&[0, 2], false)]);
    // One that lacks an input asks something else.
    let dataset = of(&[
        json!({"a": "the same text here"}),
        json!({"a": "the same text here", "b": "and another"}),
    ]);
    assert_eq!(duplicates::find(&dataset), []);
    assert_eq!(
        duplicates::find(&of(&[json!({}), json!({})])),
        [group(&[0, 1], true)]
    );
    assert_eq!(duplicates::find(&Dataset::default()), []);
}

#[test]
fn who_asks_the_same_and_expects_something_else_is_pointed_out() {
    let mut dataset = asking(&["where is it", "where is it", "elsewhere"]);
    dataset.cases[0].expected = Some(json!("here"));
    assert!(
        !duplicates::find(&dataset)[0].contradict,
        "one says nothing"
    );
    dataset.cases[1].expected = Some(json!("there"));
    assert!(duplicates::find(&dataset)[0].contradict);
    dataset.cases[1].expected = Some(json!("here"));
    assert!(!duplicates::find(&dataset)[0].contradict);
    // Nearly the same may well expect something else.
    let mut near = asking(&[
        "please send it to the first address now",
        "please send it to the first address now!",
    ]);
    near.cases[0].expected = Some(json!(1));
    near.cases[1].expected = Some(json!(2));
    assert_eq!(duplicates::find(&near), [group(&[0, 1], false)]);
}

#[test]
fn groups_are_told_apart_among_many() {
    // Ten cases of each of 500 kinds, whose words nobody else has.
    let dataset = Dataset {
        cases: (0..5_000_u32)
            .map(|n| {
                let kind = n % 500;
                let words = (0..6).map(|word| {
                    format!(
                        "{:x}",
                        (u64::from(kind) * 6 + word + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)
                    )
                });
                let text = format!("{} {}", words.collect::<Vec<_>>().join(" "), n / 500);
                Case {
                    id: n.to_string(),
                    inputs: Map::from_iter([("q".to_owned(), json!(text))]),
                    ..Case::default()
                }
            })
            .collect(),
        ..Dataset::default()
    };
    let found = duplicates::find(&dataset);
    assert_eq!(found.len(), 500);
    assert!(found.iter().all(|group| group.cases.len() == 10));
}

#[test]
fn secrets_and_personal_data_by_their_shapes() {
    use Sensitive::{Card, Email, Iban, Key, Phone, PrivateKey};
    let table: Vec<(&str, &[Sensitive])> = vec![
        ("write to ana.b+c@mail.museum, please", &[Email]),
        ("write to somebody@example.com or a@b.test", &[]),
        ("an @mention and a@b", &[]),
        ("call +49 (0)30 901820 now", &[Phone]),
        ("call 0049 30 901820", &[Phone]),
        ("call (212) 555-0123 or 212-555-0123", &[Phone]),
        (
            "order 20261122-000017, 3.141592653589, 2026-11-22 14:00",
            &[],
        ),
        // The test numbers that Visa and Mastercard publish, and one digit off.
        ("4111 1111 1111 1111", &[Card]),
        ("card 5555555555554444.", &[Card]),
        ("4111 1111 1111 1112", &[]),
        ("0000 0000 0000 0000", &[]),
        // The examples of the registry of IBANs, and one digit off.
        ("pay to DE89 3704 0044 0532 0130 00 today", &[Iban]),
        ("GB82WEST12345698765432", &[Iban]),
        ("DE88 3704 0044 0532 0130 00", &[]),
        ("key sk-proj-abcdefghijklmnop1234", &[Key]),
        ("AKIAIOSFODNN7EXAMPLE", &[Key]),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", &[Key]),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE", &[PrivateKey]),
        ("sk-short, a task-list, desk-lamps", &[]),
        ("", &[]),
    ];
    for (text, kinds) in table {
        let found = sensitive::find(&asking(&[text]));
        let found: Vec<_> = found.into_iter().map(|one| one.kind).collect();
        assert_eq!(found, kinds, "{text}");
    }
}

#[test]
fn where_it_stands_is_said_and_not_what_it_is() {
    let mut dataset = asking(&["nothing", "mail me: eve@mail.museum"]);
    let case = &mut dataset.cases[1];
    case.expected = Some(json!({"to": ["+49 30 901820"]}));
    case.note = "from eve@mail.museum".to_owned();
    case.other.insert(
        "trace".to_owned(),
        json!({"card": 4_111_111_111_111_111_i64}),
    );
    let found = sensitive::find(&dataset);
    let places: Vec<_> = found
        .iter()
        .map(|one| {
            (
                one.case,
                one.case_id.as_str(),
                one.column.as_str(),
                one.kind,
            )
        })
        .collect();
    assert_eq!(
        places,
        [
            (1, "c1", "q", Sensitive::Email),
            (1, "c1", "expected", Sensitive::Phone),
            (1, "c1", "note", Sensitive::Email),
            (1, "c1", "trace", Sensitive::Card),
        ]
    );
    assert!(!format!("{found:?}").contains("eve"));
}

proptest! {
    // Whoever stands there twice is found, wherever; and no text stops the search.
    #[test]
    fn what_stands_twice_is_found(texts in proptest::collection::vec(".{0,30}", 1..12), pick in any::<prop::sample::Index>()) {
        let mut all: Vec<&str> = texts.iter().map(String::as_str).collect();
        let twice = pick.get(&texts).as_str();
        all.push(twice);
        let dataset = asking(&all);
        let place = texts.iter().position(|text| text == twice).expect("picked from it");
        let (place, last) = (u32::try_from(place).expect("few"), u32::try_from(texts.len()).expect("few"));
        let found = duplicates::find(&dataset);
        prop_assert!(found.iter().any(|group| group.cases.contains(&place) && group.cases.contains(&last)));
        for group in &found {
            prop_assert!(group.cases.len() > 1 && group.cases.is_sorted());
        }
        let _ = sensitive::find(&dataset);
    }
}
