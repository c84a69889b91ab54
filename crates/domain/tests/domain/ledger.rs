//! The format of the ledger: commands as they are signed, entries as they are chained.

use crate::support::*;
use domain::ledger::{
    Body, CommandError, Entry, EntryError, FORMAT, RULES, Seen, Signature, SignedCommand,
};
use domain::project::ChainError;
use domain::{CommandId, Millis, PromptId, VersionId, limits};
use serde_json::{Value, json};
use uuid::Uuid;

/// A story in which most kinds of command occur.
pub fn story() -> World {
    let mut world = World::new();
    let prompt = world.bob().creates("support/triage");
    let v1 = world.bob().saves(prompt, &[], "one");
    let seen = world.project().head().seq;
    let v2 = world.bob().saves(prompt, &[v1], "two");
    let content = world.text("other");
    let said = world.reason("mine");
    let late = save(prompt, &[v1], content, &[], said);
    let v3: VersionId = world.carol().offline_since(seen).does(late).into();
    let v4 = world.carol().saves(prompt, &[v2, v3], "both");
    world.bob().does(label(prompt, "good", None, v2));
    let first = world.bob().releases(STAGING, v1);
    world.bob().splits(STAGING, &[(v2, 9_000), (v4, 1_000)]);
    world.bob().splits(STAGING, &[(v2, 5_000), (v4, 5_000)]);
    world.carol().reverts(STAGING, first, prompt);
    world.alice().does(add_environment("qa", Some(STAGING)));
    world
        .alice()
        .does(environment_key(PRODUCTION, 801, Some(world_end())));
    world.bob().does(token(802, None));
    world
        .bob()
        .does(rename(prompt, "support/triage", "desk/triage"));
    world.carol().offline_since(seen).creates("support/triage");
    let person = world.bob;
    world.alice().does(Body::RemovePerson { person });
    world
}

/// The same, told once for all who only read it.
pub fn told() -> &'static World {
    static TOLD: std::sync::OnceLock<World> = std::sync::OnceLock::new();
    TOLD.get_or_init(story)
}

fn world_end() -> Millis {
    START.plus(1_000 * HOUR)
}

#[test]
fn an_entry_reads_back_as_it_was_written() {
    let world = story();
    let mut prev = domain::Digest::ZERO;
    for (seq, entry) in (1..).zip(&world.entries) {
        let read = Entry::read(entry.line()).expect("its own line");
        assert_eq!((read.line(), read.digest()), (entry.line(), entry.digest()));
        assert_eq!((read.seq(), read.prev(), read.rules()), (seq, prev, RULES));
        assert_eq!(read.events(), entry.events());
        assert_eq!(read.events_text(), Parts::of(entry).events.get());
        assert_eq!(Parts::of(entry).line(), entry.line());
        assert!(!entry.line().contains('\n'));
        // The whole line is canonical JSON, not only its parts.
        domain::canonical::from_canonical(entry.line().as_bytes()).expect("canonical");
        prev = entry.digest();
    }
}

#[test]
fn a_line_has_one_spelling() {
    let world = story();
    let entry = &world.entries[5];
    let line = entry.line();
    let parts = Parts::of(entry);
    let tampered: Vec<(&str, String)> = vec![
        ("a space", line.replacen(':', ": ", 1)),
        ("a line break", format!("{line}\n")),
        ("a space before", format!(" {line}")),
        (
            "a line break among the events",
            line.replacen(r#""events":["#, "\"events\":[\n", 1),
        ),
        ("a further field", line.replacen("{", r#"{"a":1,"#, 1)),
        (
            "a space before the command",
            line.replacen(r#""command":"#, r#""command": "#, 1),
        ),
        (
            "an order",
            format!(r#"{{"v":1,{}"#, line[1..].replace(r#","v":1}"#, "}")),
        ),
        (
            "a number otherwise",
            line.replacen(r#""v":1}"#, r#""v":1.0}"#, 1),
        ),
        (
            "rules of nobody",
            Parts {
                rules: 0,
                ..parts.clone()
            }
            .line(),
        ),
        (
            "a format of nobody",
            Parts {
                v: 0,
                ..parts.clone()
            }
            .line(),
        ),
        (
            "a time beyond numbers",
            Parts {
                at: i64::MAX,
                ..parts.clone()
            }
            .line(),
        ),
        (
            "a place beyond numbers",
            Parts {
                seq: u64::MAX,
                ..parts.clone()
            }
            .line(),
        ),
    ];
    for (what, text) in tampered {
        assert_ne!(text, line, "{what}");
        let read = Entry::read(&text);
        assert!(
            matches!(
                read,
                Err(EntryError::NotCanonical { .. } | EntryError::Form(_))
            ),
            "{what}: {read:?}"
        );
    }
    assert!(matches!(
        Entry::read(&line.replacen(':', ": ", 1)),
        Err(EntryError::NotCanonical { seq: 6 })
    ));
}

#[test]
fn what_a_newer_galley_wrote_is_passed_over_or_stops_us_by_name() {
    let mut world = story();
    let head = world.project().head();
    let last = Parts::of(world.entries.last().expect("some"));
    let mut next = Parts {
        seq: head.seq + 1,
        prev: head.digest,
        rules: RULES + 1,
        ..last
    };
    // A command that we don't know, signed by Carol.
    let unknown = |seen: Seen, device: &domain::ledger::DeviceKey| {
        let id = Uuid::from_u128(0xFFFF);
        let command = json!({
            "at": 1, "body": {"text": "nice", "type": "comment"}, "device": device.public(),
            "id": id, "project": PROJECT, "seen": seen, "priority": "low",
        });
        let bytes = domain::to_canonical(&command).expect("canonical");
        let signature = device.sign(&bytes);
        (
            serde_json::value::RawValue::from_string(String::from_utf8(bytes).expect("text"))
                .expect("JSON"),
            signature,
        )
    };
    (next.command, next.signature) = unknown(world.project().seen(), &Who::Carol.key());
    let skippable = r#"[{"skip":true,"text":"nice","type":"commented"}]"#;
    let stops = r#"[{"text":"nice","type":"commented"}]"#;
    let both = r#"[{"skip":true,"type":"commented"},{"type":"frozen"}]"#;
    let known = r#"[{"skip":true,"type":"commented"},{"name":"x","type":"project_renamed"}]"#;
    let lines = |part: &Parts| {
        let mut lines: Vec<_> = world.entries.iter().map(|e| e.line().to_owned()).collect();
        lines.push(part.line());
        lines
    };

    let passed = next.clone().telling_raw(skippable);
    let entry = Entry::read(&passed.line()).expect("it can be passed over");
    assert_eq!((entry.skipped(), entry.events().len()), (1, 0));
    let project = verify(&lines(&passed), &world.contents).expect("it stops nobody");
    assert_eq!(project.head().seq, head.seq + 1);
    assert_eq!(project.name(), "Support desk");

    for (what, events) in [
        ("unknown", stops),
        ("one of two", both),
        ("a known one", known),
        ("none", "[]"),
    ] {
        let part = next.clone().telling_raw(events);
        match Entry::read(&part.line()) {
            Err(EntryError::Newer { seq, .. }) => assert_eq!(seq, head.seq + 1, "{what}"),
            other => panic!("{what}: {other:?}"),
        }
    }
    // Under today's rules there is no such event and no such command.
    for events in [stops, skippable] {
        let part = Parts {
            rules: RULES,
            ..next.clone()
        }
        .telling_raw(events);
        assert!(verify(&lines(&part), &world.contents).is_err());
        assert!(!matches!(
            Entry::read(&part.line()),
            Err(EntryError::Newer { .. })
        ));
    }
    // A known command under newer rules can't be checked here.
    let known = Parts {
        rules: RULES + 1,
        ..Parts::of(&world.entries[3])
    };
    let known = Parts {
        seq: head.seq + 1,
        prev: head.digest,
        at: head.at.0,
        ..known
    };
    let caught = verify(&lines(&known), &world.contents).expect_err("newer");
    assert!(
        matches!(caught.error, ChainError::Twice { .. }),
        "{:?}",
        caught.error
    );
    let fresh = known.commanding(&Who::Alice.key(), |command| {
        command.id = CommandId(Uuid::from_u128(0xABCD));
        command.device = Who::Alice.key().public();
    });
    let caught = verify(&lines(&fresh), &world.contents).expect_err("newer");
    assert!(
        matches!(caught.error, ChainError::Newer { .. }),
        "{:?}",
        caught.error
    );
    assert_eq!(caught.error.seq(), Some(head.seq + 1));
    // Nobody passes a stranger's or a removed member's over.
    for signer in [Who::Mallory, Who::Bob] {
        let mut part = passed.clone();
        (part.command, part.signature) = unknown(world.project().seen(), &signer.key());
        let caught = verify(&lines(&part), &world.contents).expect_err("who is that?");
        assert!(
            matches!(caught.error, ChainError::Refused { .. }),
            "{:?}",
            caught.error
        );
    }
    // A later format may look different altogether.
    for line in [r#"{"seq":7,"v":2}"#, r#"{"seq":7,"v":2,"body":{"x":[]}}"#] {
        assert!(
            matches!(Entry::read(line), Err(EntryError::Newer { seq: 7, .. })),
            "{line}"
        );
    }
    let format = Parts {
        v: FORMAT + 1,
        ..passed
    }
    .line();
    assert!(matches!(
        Entry::read(&format),
        Err(EntryError::Newer { .. })
    ));
    world.wait(1);
}

#[test]
fn a_command_says_what_was_signed_and_nothing_else() {
    let world = World::founded();
    let alice = Who::Alice.key();
    let command = world.command(
        CommandId(Uuid::from_u128(7)),
        &alice,
        world.project().seen(),
        create("p"),
    );
    let signed = alice.signs(command);
    let read = SignedCommand::read(signed.bytes(), *signed.signature()).expect("its own bytes");
    assert_eq!(read, signed);
    read.verify().expect("signed");

    let mut value: Value = serde_json::from_str(signed.bytes()).expect("JSON");
    let with = |value: &Value| {
        String::from_utf8(domain::to_canonical(value).expect("canonical")).expect("text")
    };
    value["only_if"] = json!("the moon is full");
    let more = with(&value);
    value = serde_json::from_str(signed.bytes()).expect("JSON");
    value["body"]["hidden"] = json!(true);
    let hidden = with(&value);
    value = serde_json::from_str(signed.bytes()).expect("JSON");
    value["body"]["type"] = json!("drop_everything");
    let unknown = with(&value);
    let spaced = signed.bytes().replacen(':', ": ", 1);
    for (what, text) in [
        ("a further field", &more),
        ("in the body", &hidden),
        ("unknown", &unknown),
        ("a space", &spaced),
    ] {
        let signature = alice.sign(text.as_bytes());
        assert!(SignedCommand::read(text, signature).is_err(), "{what}");
    }
    // A second spelling: what is left out may not be told as nothing.
    let reason = domain::Digest::of(b"x");
    let body = release(&[change(STAGING, PromptId(Uuid::nil()), &[], None)], reason);
    let signed = alice.signs(world.command(
        CommandId(Uuid::from_u128(8)),
        &alice,
        world.project().seen(),
        body,
    ));
    let mut value: Value = serde_json::from_str(signed.bytes()).expect("JSON");
    assert!(value["body"].get("promoted_from").is_none());
    value["body"]["promoted_from"] = Value::Null;
    let spelled = with(&value);
    let read = SignedCommand::read(&spelled, alice.sign(spelled.as_bytes()));
    assert!(matches!(read, Err(CommandError::Unknown)), "{read:?}");
}

#[test]
fn a_signature_belongs_to_one_command_and_one_key() {
    let world = World::founded();
    let alice = Who::Alice.key();
    let command = |name: &str| {
        world.command(
            CommandId(Uuid::from_u128(7)),
            &alice,
            world.project().seen(),
            create(name),
        )
    };
    let one = alice.signs(command("one"));
    let other = alice.signs(command("other"));
    let swapped = SignedCommand::read(one.bytes(), *other.signature()).expect("the form is right");
    assert!(matches!(swapped.verify(), Err(CommandError::Signature)));
    let forged = SignedCommand::read(one.bytes(), Who::Bob.key().sign(one.bytes().as_bytes()))
        .expect("form");
    assert!(matches!(forged.verify(), Err(CommandError::Signature)));
    for bit in 0..512 {
        let mut signature = *one.signature();
        signature.0[bit / 8] ^= 1 << (bit % 8);
        let bent = SignedCommand::read(one.bytes(), signature).expect("form");
        assert!(bent.verify().is_err(), "bit {bit}");
    }
    // The key of nobody: a point that verifies anything under lax rules.
    for weak in [[0; 32], {
        let mut one = [0; 32];
        one[0] = 1;
        one
    }] {
        let weak = domain::ledger::PublicKey(weak);
        assert!(!weak.verifies(b"anything", &Signature([0; 64])));
    }
}

#[test]
fn a_command_has_a_size() {
    let world = World::founded();
    let alice = Who::Alice.key();
    let command = |length: usize| {
        world.command(
            CommandId(Uuid::from_u128(7)),
            &alice,
            world.project().seen(),
            create(&"x".repeat(length)),
        )
    };
    let small = SignedCommand::sign(command(0), &alice)
        .expect("small")
        .bytes()
        .len();
    let room = limits::COMMAND_BYTES - small;
    let full = SignedCommand::sign(command(room), &alice).expect("at the limit");
    SignedCommand::read(full.bytes(), *full.signature())
        .expect("at the limit")
        .verify()
        .expect("signed");
    assert!(matches!(
        SignedCommand::sign(command(room + 1), &alice),
        Err(CommandError::TooLarge(_))
    ));
    let beyond = full.bytes().replacen("xx", "xxx", 1);
    let signature = alice.sign(beyond.as_bytes());
    assert!(matches!(
        SignedCommand::read(&beyond, signature),
        Err(CommandError::TooLarge(_))
    ));
}
