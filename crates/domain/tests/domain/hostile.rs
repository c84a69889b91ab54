//! Hostile input to everything that reads bytes: no panic, no hang, no more memory than the bytes
//! are worth, and an answer that says what is wrong.

use crate::canonical::values;
use crate::ledger::{story, told};
use crate::support::*;
use domain::canonical::{from_canonical, value_to_canonical};
use domain::ledger::{DeviceKey, Entry, Signature, SignedCommand};
use domain::project::Replay;
use domain::{Digest, Project, SaltedText, VersionContent, names};
use proptest::prelude::*;
use serde_json::Value;

/// All that reads bytes from outside, in one call.
fn read_all(bytes: &[u8]) {
    let _ = from_canonical(bytes);
    let _ = SaltedText::decode(bytes);
    let _ = domain::dataset::Dataset::decode(bytes);
    if let Ok(content) = VersionContent::decode(bytes) {
        let _ = domain::rules::content_problems(&content, &|_| None);
        if let Ok((own, _)) = content.encode() {
            assert_eq!(
                VersionContent::decode(&own).expect("our own bytes"),
                content
            );
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(entry) = Entry::read(text) {
            assert_eq!(entry.line(), text);
            assert_eq!(entry.digest(), Digest::of(bytes));
            let _ = Replay::check_signature(&entry);
            let _ = Replay::new().push(&entry, &Contents::new());
            let _ = Project::new().apply(&entry);
        }
        let signature = Signature([7; 64]);
        if let Ok(command) = SignedCommand::read(text, signature) {
            assert_eq!(command.bytes(), text);
            assert!(command.verify().is_err());
        }
        // Longer ones never come here: a command holds at most 256 KiB.
        let short: String = text.chars().take(5_000).collect();
        let _ = names::check(&short);
        let _ = names::check_flat(&names::tidy(&short));
        let _ = names::folded(&short);
        let _ = text.parse::<Digest>();
        let _ = text.parse::<Signature>();
    }
    let _ = postcard::from_bytes::<Project>(bytes);
}

/// A valid line, with some bytes changed, cut, doubled or put in.
fn bent_lines() -> impl Strategy<Value = Vec<u8>> {
    let cut = (
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        0..6_u8,
        any::<Vec<u8>>(),
    );
    (
        any::<prop::sample::Index>(),
        prop::collection::vec(cut, 1..4),
    )
        .prop_map(|(which, cuts)| {
            let world = told();
            let mut bytes = world.entries[which.index(world.entries.len())]
                .line()
                .as_bytes()
                .to_vec();
            for (from, to, kind, new) in cuts {
                if bytes.is_empty() {
                    break;
                }
                let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
                let (from, to) = (from.min(to), from.max(to));
                let tokens: &[&[u8]] = &[
                    b"null",
                    b"{}",
                    b"[]",
                    b"1e999",
                    b"-9223372036854775809",
                    b"\"\\ud800\"",
                ];
                match kind {
                    0 => {
                        bytes.drain(from..to);
                    }
                    1 => {
                        bytes.splice(from..to, new);
                    }
                    2 => {
                        let copy = bytes[from..to].to_vec();
                        bytes.splice(to..to, copy);
                    }
                    3 => bytes.truncate(from),
                    4 => {
                        bytes.splice(from..from, tokens[to % tokens.len()].iter().copied());
                    }
                    _ => bytes[from] = bytes[from].wrapping_add(1),
                }
            }
            bytes
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(bytes in any::<Vec<u8>>()) {
        read_all(&bytes);
    }

    #[test]
    fn random_text(text in any::<String>()) {
        read_all(text.as_bytes());
    }

    #[test]
    fn random_json(value in values()) {
        read_all(value.to_string().as_bytes());
    }

    #[test]
    fn bent_valid_lines(bytes in bent_lines()) {
        read_all(&bytes);
    }

    #[test]
    fn fields_of_a_command_exchanged_for_other_json(
        which in any::<prop::sample::Index>(),
        path in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
        with in values(),
    ) {
        let entry = which.get(&told().entries);
        let mut value: Value = serde_json::from_str(entry.line()).expect("JSON");
        let mut pointer = String::new();
        for step in &path {
            let next = match value.pointer(&pointer).expect("there") {
                Value::Object(fields) if !fields.is_empty() => {
                    fields.keys().nth(step.index(fields.len())).expect("there").clone()
                }
                Value::Array(items) if !items.is_empty() => step.index(items.len()).to_string(),
                _ => break,
            };
            pointer = format!("{pointer}/{next}");
        }
        *value.pointer_mut(&pointer).expect("there") = with.clone();
        let Ok(line) = value_to_canonical(&value) else { return Ok(()) };
        read_all(&line);
        let command = value_to_canonical(&value["command"]).expect("canonical");
        read_all(&command);
    }

    #[test]
    fn names_are_checked_whatever_they_are(text in any::<String>()) {
        let tidy = names::tidy(&text);
        if names::check(&tidy).is_ok() {
            // What is taken once is taken in every spelling of its case.
            for other in [tidy.to_uppercase(), tidy.to_lowercase()] {
                prop_assert_eq!(names::folded(&other), names::folded(&tidy));
            }
            prop_assert!(!tidy.contains("..//") && !tidy.starts_with('/') && !tidy.chars().any(char::is_control));
        }
        prop_assert_eq!(names::folded(&names::folded(&text)), names::folded(&text));
    }
}

/// Bytes that cost more to read than to send, if one is not careful.
#[test]
fn shapes_that_grow_when_read() {
    let line = story().entries[4].line().to_owned();
    let deep = |open: &str, close: &str, n: usize| format!("{}{}", open.repeat(n), close.repeat(n));
    let shapes: Vec<String> = vec![
        deep("[", "]", 127),
        deep("[", "]", 100_000),
        deep(r#"{"a":"#, "}", 50_000),
        "[".repeat(100_000),
        format!("[{}0]", "0,".repeat(100_000)),
        format!("[{}[]]", "[],".repeat(10_000)),
        format!(
            r#"{{{}"z":1}}"#,
            (0..100_000)
                .map(|n| format!(r#""k{n}":0,"#))
                .collect::<String>()
        ),
        format!("{}1", "1".repeat(100_000)),
        format!("1e{}", "9".repeat(100_000)),
        format!("0.{}", "3".repeat(100_000)),
        format!("\"{}\"", "\\u0000".repeat(30_000)),
        format!("\"{}\"", "a".repeat(300_000)),
        line.replace(
            "\"events\":[",
            &format!("\"events\":[{}", "{},".repeat(30_000)),
        ),
        line.replace(
            "\"command\":{",
            &format!("\"command\":{{\"x\":{},", deep("[", "]", 100_000)),
        ),
        format!(
            r#"{{"kind":"chat","messages":[{}]}}"#,
            r#"{"role":"user","text":"","type":"message"},"#
                .repeat(10_000)
                .trim_end_matches(',')
        ),
        format!(
            r#"{{"kind":"text","messages":[{{"role":"user","text":"{}","type":"message"}}]}}"#,
            "{% if a %}".repeat(10_000)
        ),
        format!(
            r#"{{"kind":"text","messages":[{{"role":"user","text":"{}","type":"message"}}]}}"#,
            "{{".repeat(20_000)
        ),
    ];
    for shape in &shapes {
        read_all(shape.as_bytes());
    }
}

#[test]
fn bytes_that_are_no_text_are_refused_by_everything() {
    let bad: &[&[u8]] = &[
        b"\"\xff\"",
        b"{\"salt\":\"\xc3\x28\"}",
        b"\"\xed\xa0\x80\"",
        b"\xfe\xff",
        b"\"\\ud800\"",
        b"\xef\xbb\xbf1",
    ];
    for bytes in bad {
        assert!(from_canonical(bytes).is_err(), "{bytes:?}");
        assert!(VersionContent::decode(bytes).is_err());
        assert!(SaltedText::decode(bytes).is_none());
        read_all(bytes);
    }
}

#[test]
fn what_can_not_be_read_is_named_with_its_place() {
    let world = story();
    let line = world.entries[4].line();
    let cut = Entry::read(&line[..line.len() / 2])
        .expect_err("cut")
        .to_string();
    assert!(cut.contains("line 1 column"), "{cut}");
    let other = line.replacen("\"body\":{", "\"body\":{\"x\":1,", 1);
    let other = Entry::read(&other)
        .expect_err("another command")
        .to_string();
    assert!(other.contains("entry 5"), "{other}");
    let content = br#"{"kind":"chat","messages":[{"role":"king","text":"","type":"message"}]}"#;
    let content = VersionContent::decode(content)
        .expect_err("no such role")
        .to_string();
    assert!(
        content.contains("king") || content.contains("column"),
        "{content}"
    );
}

#[test]
fn keys_say_nothing_of_their_private_half() {
    let key = DeviceKey::from_seed(&[0x5a; 32]);
    let shown = format!("{key:?}");
    assert!(
        !shown.contains("5a5a") && shown.contains("public"),
        "{shown}"
    );
}
