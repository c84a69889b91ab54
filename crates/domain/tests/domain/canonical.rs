//! Canonical JSON, held to the examples of RFC 8785 and to what we refuse beyond it.

use domain::CanonicalError;
use domain::canonical::{from_canonical, to_canonical, value_to_canonical};
use proptest::prelude::*;
use serde_json::{Value, json};

const SAFE: f64 = 9_007_199_254_740_991.0;

#[test]
fn numbers_are_written_as_appendix_b_says() {
    let table = include_str!("../data/rfc8785/numbers.txt");
    let mut rows = 0;
    for row in table.lines() {
        let (bits, text) = row.split_once(' ').expect("bits and text");
        let number = f64::from_bits(u64::from_str_radix(bits, 16).expect("hexadecimal"));
        rows += 1;
        let written = serde_json_canonicalizer::to_string(&number);
        if !number.is_finite() {
            assert!(written.is_err(), "{row}: JSON has no such number");
            continue;
        }
        assert_eq!(written.expect("a number"), text, "{row}");
        let ours = to_canonical(&number);
        if text.contains(['.', 'e']) || number.abs() <= SAFE {
            assert_eq!(ours.expect("a number"), text.as_bytes(), "{row}");
        } else {
            // Written without a point, it would read back as an integer that a double can't hold.
            assert!(
                matches!(ours, Err(CanonicalError::NumberTooLarge { .. })),
                "{row}"
            );
        }
    }
    assert_eq!(rows, 26, "the whole table");
}

#[test]
fn the_sample_object_becomes_the_bytes_of_section_3_2_4() {
    let sample: Value =
        serde_json::from_str(include_str!("../data/rfc8785/sample.json")).expect("JSON");
    let expected: Vec<u8> = include_str!("../data/rfc8785/sample.hex")
        .split_whitespace()
        .map(|byte| u8::from_str_radix(byte, 16).expect("hexadecimal"))
        .collect();
    let bytes = value_to_canonical(&sample).expect("a canonical form");
    assert_eq!(bytes, expected);
    assert_eq!(from_canonical(&bytes).expect("its own form"), sample);
}

#[test]
fn properties_are_sorted_by_utf_16_units_as_in_section_3_2_3() {
    let value: Value =
        serde_json::from_str(include_str!("../data/rfc8785/sorting.json")).expect("JSON");
    let text = String::from_utf8(value_to_canonical(&value).expect("canonical")).expect("UTF-8");
    let order = [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ];
    let places: Vec<_> = order.map(|name| text.find(name).expect("there")).to_vec();
    assert!(places.is_sorted(), "{text}");
}

#[test]
fn integers_beyond_a_doubles_reach_are_refused_with_their_place() {
    let refused: &[(&str, &str)] = &[
        ("9007199254740992", "/"),
        ("-9007199254740992", "/"),
        ("18446744073709551615", "/"),
        ("-9223372036854775808", "/"),
        ("9007199254740992.0", "/"),
        ("9007199254740993.5", "/"),
        ("1e17", "/"),
        ("-123456789e12", "/"),
        ("999999999999999900000", "/"),
        (r#"{"a":[1,{"b/c":9007199254740993}]}"#, "/a/1/b~1c"),
        (r#"{"x~y":[0,0,-9007199254740993]}"#, "/x~0y/2"),
    ];
    for (text, expected) in refused {
        let value: Value = serde_json::from_str(text).expect("JSON");
        match value_to_canonical(&value) {
            Err(CanonicalError::NumberTooLarge { place, .. }) => assert_eq!(&place, expected),
            other => panic!("{text}: {other:?}"),
        }
    }
    for text in [
        "9007199254740991",
        "-9007199254740991",
        "1e+21",
        "0",
        "1.5",
        "5e-324",
    ] {
        let value: Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(
            value_to_canonical(&value).expect("it fits"),
            text.as_bytes()
        );
    }
}

#[test]
fn only_the_canonical_spelling_is_taken() {
    let refused: &[&str] = &[
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"a":2}"#,
        r#"{"b":1,"a":2}"#,
        r#"{"a": 1}"#,
        "[1,2]\n",
        " [1,2]",
        "1.0",
        "-0",
        "1E2",
        "1e21",
        "0.10",
        r#""\u0041""#,
        r#""\/""#,
        r#""\u000A""#,
        r#""\u001F""#,
    ];
    for text in refused {
        let value: Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(
            from_canonical(text.as_bytes()),
            Err(CanonicalError::NotCanonical),
            "{value}"
        );
    }
    for text in [
        r#""\n""#,
        r#""\u001f""#,
        r#""A/é😀""#,
        "100",
        "[1,2]",
        r#"{"":{},"a":[]}"#,
    ] {
        assert!(from_canonical(text.as_bytes()).is_ok(), "{text}");
    }
}

#[test]
fn nesting_ends_at_the_limit() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let limit = domain::limits::JSON_DEPTH + 1;
    assert!(from_canonical(nested(limit).as_bytes()).is_ok());
    match from_canonical(nested(limit + 1).as_bytes()) {
        Err(CanonicalError::TooDeep { place }) => {
            assert_eq!(place.matches("/0").count(), limit);
        }
        other => panic!("{other:?}"),
    }
    for depth in [200, 100_000] {
        let refused = from_canonical(nested(depth).as_bytes());
        assert!(
            matches!(refused, Err(CanonicalError::NotJson(_))),
            "{refused:?}"
        );
        let open = from_canonical("[".repeat(depth).as_bytes());
        assert!(matches!(open, Err(CanonicalError::NotJson(_))));
    }
}

/// JSON as people and programs write it, with every kind of number that we take.
pub fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(Value::from),
        any::<f64>()
            .prop_filter("a double that we take", |d| d.is_finite()
                && (d.abs() <= SAFE || d.abs() >= 1e21))
            .prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(".{0,6}", inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back_and_is_written_alike(value in values()) {
        let bytes = value_to_canonical(&value).expect("canonical");
        let read = from_canonical(&bytes).expect("its own form");
        prop_assert_eq!(value_to_canonical(&read).expect("canonical"), bytes);
    }

    #[test]
    fn spaces_and_order_never_change_the_name(value in values()) {
        let pretty = serde_json::to_string_pretty(&json!({ "z": value, "a": 1 })).expect("JSON");
        let read: Value = serde_json::from_str(&pretty).expect("JSON");
        prop_assert_eq!(
            value_to_canonical(&read).expect("canonical"),
            value_to_canonical(&json!({ "a": 1, "z": value })).expect("canonical")
        );
    }
}
