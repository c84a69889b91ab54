//! The rules of versions: never late, always checked for what they say.

use crate::support::*;
use domain::RefusalCode as Code;
use domain::content::{Kind, Message, Other, Role};
use domain::{Digest, PromptId, VersionContent, VersionId, limits};
use serde_json::json;
use uuid::Uuid;

fn chat(texts: &[&str]) -> VersionContent {
    let message = |text: &&str| Message::Message {
        role: Role::User,
        text: (*text).to_owned(),
        other: Other::new(),
    };
    VersionContent {
        messages: texts.iter().map(message).collect(),
        ..VersionContent::empty_chat()
    }
}

fn including(name: &str, digest: Digest) -> VersionContent {
    let mut content = chat(&[&format!("{{% include \"{name}\" %}}")]);
    content.includes.insert(name.to_owned(), digest);
    content
}

#[test]
fn numbers_grow_by_one_for_each_prompt() {
    let mut world = World::new();
    let a = world.bob().creates("a");
    let b = world.bob().creates("b");
    let mut numbers = Vec::new();
    for (prompt, text) in [(a, "1"), (a, "2"), (b, "1"), (a, "3"), (b, "2")] {
        let id = world.bob().saves(prompt, &[], text);
        numbers.push(world.project().version(id).expect("saved").1.number);
    }
    assert_eq!(numbers, [1, 2, 1, 3, 2]);
    assert_eq!(
        world
            .project()
            .prompt(a)
            .expect("a")
            .numbered(3)
            .expect("v3")
            .number,
        3
    );
    assert!(world.project().prompt(a).expect("a").numbered(0).is_none());
    assert!(world.project().prompt(a).expect("a").numbered(4).is_none());
}

#[test]
fn two_on_one_parent_diverge_until_a_merge() {
    let mut world = World::new();
    let prompt = world.bob().creates("support/triage");
    let v1 = world.bob().saves(prompt, &[], "start");
    let seen = world.project().head().seq;
    let bobs = world.bob().saves(prompt, &[v1], "Bob's");
    assert!(!world.project().prompt(prompt).expect("it").diverged());
    // Saving is never refused for being late, and records who and when.
    world.wait(HOUR);
    let content = world.text("Carol's");
    let message = world.reason("mine");
    let late = save(prompt, &[v1], content, &[], message);
    let carols: VersionId = world.carol().offline_since(seen).does(late).into();
    let (of, version) = world.project().version(carols).expect("saved");
    assert_eq!(
        (version.by, version.number, version.seq),
        (world.carol, 3, world.project().head().seq)
    );
    assert_eq!(
        version.at.0 - version.saved.0,
        7,
        "the registry's clock, and the device's beside it"
    );
    assert_eq!(of.heads(), [bobs, carols]);
    assert!(of.diverged());
    let merged = world.carol().saves(prompt, &[bobs, carols], "both");
    let settled = world.project().prompt(prompt).expect("it");
    assert_eq!(settled.heads(), [merged]);
    assert!(!settled.diverged());
    // An old parent makes a new head.
    world.bob().saves(prompt, &[v1], "again");
    assert!(world.project().prompt(prompt).expect("it").diverged());
}

#[test]
fn heads_of_equal_content_are_no_divergence() {
    let mut world = World::new();
    let prompt = world.bob().creates("support/triage");
    let v1 = world.bob().saves(prompt, &[], "start");
    world.bob().saves(prompt, &[v1], "the same");
    world.carol().saves(prompt, &[v1], "the same");
    let it = world.project().prompt(prompt).expect("it");
    assert_eq!(it.heads().len(), 2);
    assert!(!it.diverged());
    world.carol().saves(prompt, &[v1], "another");
    assert!(world.project().prompt(prompt).expect("it").diverged());
}

#[test]
fn what_saving_refuses() {
    let mut world = World::new();
    let prompt = world.bob().creates("support/triage");
    let other = world.bob().creates("support/reply");
    let v1 = world.bob().saves(prompt, &[], "one");
    let foreign = world.bob().saves(other, &[], "two");
    let good = world.text("fine");
    let said = world.reason("because");
    let absent = Digest::of(b"never sent");
    let nowhere = VersionId(Uuid::from_u128(404));
    let many: Vec<_> = (0..=limits::PARENTS as u128)
        .map(|n| VersionId(Uuid::from_u128(n)))
        .collect();

    let not_json = world.bytes(b"Dear customer,");
    let spaced = world.bytes(br#"{"kind": "text", "messages": []}"#);
    let doubled = world.bytes(br#"{"kind":"chat","kind":"text","messages":[]}"#);
    let no_message = world.bytes(br#"{"kind":"text","messages":[]}"#);
    // A second spelling of a content that has a name already.
    let spelled = world.bytes(
        br#"{"inputs":[],"kind":"text","messages":[{"role":"user","text":"Hi","type":"message"}]}"#,
    );
    let dropped = world.bytes(
        br#"{"kind":"chat","messages":[{"cache":true,"name":"history","type":"placeholder"}]}"#,
    );
    let undeclared = world.content(&chat(&["Dear {{ customer }}"]));
    let macros = world.content(&chat(&["{% set a = 1 %}"]));
    let two_in_text = world.content(&VersionContent {
        kind: Kind::Text,
        ..chat(&["a", "b"])
    });
    let too_many = world.content(&chat(&vec!["x"; limits::MESSAGES + 1]));
    let large = world.content(&chat(&[&"x".repeat(limits::CONTENT_BYTES)]));
    let long = world.reason(&"x".repeat(limits::TEXT_BYTES + 1));
    let no_text = world.bytes(br#"{"text":"unsalted"}"#);
    let spaced_text = world.bytes(br#"{"salt":"00000000000000000000000000000000", "text":"x"}"#);

    let bob = Who::Bob;
    let of = |content, message| save(prompt, &[v1], content, &[], message);
    world.refuses(vec![
        (
            "no prompt",
            bob,
            save(PromptId(nowhere.0), &[], good, &[], said),
            Code::NotFound,
        ),
        (
            "no parent",
            bob,
            save(prompt, &[nowhere], good, &[], said),
            Code::NotFound,
        ),
        (
            "a foreign parent",
            bob,
            save(prompt, &[foreign], good, &[], said),
            Code::NotFound,
        ),
        (
            "a parent twice",
            bob,
            save(prompt, &[v1, v1], good, &[], said),
            Code::Invalid,
        ),
        (
            "17 parents",
            bob,
            save(prompt, &many, good, &[], said),
            Code::Invalid,
        ),
        ("no content", bob, of(absent, said), Code::ContentMissing),
        ("no message", bob, of(good, absent), Code::ContentMissing),
        ("no JSON", bob, of(not_json, said), Code::ContentInvalid),
        ("not canonical", bob, of(spaced, said), Code::ContentInvalid),
        ("a key twice", bob, of(doubled, said), Code::ContentInvalid),
        (
            "a text without a message",
            bob,
            of(no_message, said),
            Code::ContentInvalid,
        ),
        (
            "another spelling",
            bob,
            of(spelled, said),
            Code::ContentInvalid,
        ),
        (
            "a field that would be lost",
            bob,
            of(dropped, said),
            Code::ContentInvalid,
        ),
        (
            "an unknown input",
            bob,
            of(undeclared, said),
            Code::ContentInvalid,
        ),
        (
            "outside the subset",
            bob,
            of(macros, said),
            Code::ContentInvalid,
        ),
        (
            "a text of two messages",
            bob,
            of(two_in_text, said),
            Code::ContentInvalid,
        ),
        (
            "201 messages",
            bob,
            of(too_many, said),
            Code::ContentInvalid,
        ),
        ("over 4 MiB", bob, of(large, said), Code::ContentInvalid),
        (
            "a message over 64 KiB",
            bob,
            of(good, long),
            Code::ContentInvalid,
        ),
        (
            "an unsalted message",
            bob,
            of(good, no_text),
            Code::ContentInvalid,
        ),
        (
            "a message with spaces",
            bob,
            of(good, spaced_text),
            Code::ContentInvalid,
        ),
        (
            "a content for a message",
            bob,
            of(good, good),
            Code::ContentInvalid,
        ),
    ]);
    let missing = world
        .bob()
        .cannot(of(absent, Digest::of(b"nor this")), Code::ContentMissing);
    assert_eq!(
        missing.details.expect("which")["missing"]
            .as_array()
            .expect("a list")
            .len(),
        2
    );
    let problems = world
        .bob()
        .cannot(of(undeclared, said), Code::ContentInvalid);
    let first = problems.details.expect("where")["problems"][0].clone();
    assert!(first["message"].to_string().contains("customer"), "{first}");
    assert_eq!(first["place"]["message"], json!(0), "{first}");
    // At the limits all is well.
    let parents: Vec<_> = (0..limits::PARENTS)
        .map(|n| world.bob().saves(prompt, &[], &format!("head {n}")))
        .collect();
    let full = world.content(&chat(&vec!["x"; limits::MESSAGES]));
    let longest = world.reason(&"\u{1}".repeat(limits::TEXT_BYTES));
    world.bob().does(save(prompt, &parents, full, &[], longest));
}

#[test]
fn includes_are_pinned_to_what_was_saved() {
    let mut world = World::new();
    let tone = world.bob().creates("snippets/tone");
    let reply = world.bob().creates("support/reply");
    world.bob().saves(tone, &[], "Be kind.");
    let kind = world.text("Be kind.");
    let said = world.reason("with tone");
    let content = world.content(&including("snippets/tone", kind));
    let v1: VersionId = world
        .bob()
        .does(save(reply, &[], content, &[kind], said))
        .into();
    let users: Vec<_> = world.project().included_by(&kind).collect();
    assert_eq!(
        users,
        [v1],
        "changing a snippet lists the prompts that include it"
    );
    // A newer snippet changes nothing that was saved.
    world.bob().saves(tone, &[], "Be curt.");
    assert_eq!(world.project().version(v1).expect("it").1.includes, [kind]);

    let unsaved = world.text("never saved");
    let with_unsaved = world.content(&including("snippets/x", unsaved));
    let conversation = world.content(&chat(&["Hello"]));
    let talk = world.bob().creates("talk");
    let first = world.reason("first");
    world.bob().does(save(talk, &[], conversation, &[], first));
    let with_talk = world.content(&including("talk", conversation));
    let plain = world.text("plain");
    let bob = Who::Bob;
    let of = |content, includes: &[Digest]| save(reply, &[v1], content, includes, said);
    world.refuses(vec![
        ("not stated", bob, of(content, &[]), Code::ContentInvalid),
        (
            "stated in vain",
            bob,
            of(plain, &[kind]),
            Code::ContentInvalid,
        ),
        (
            "stated twice",
            bob,
            of(content, &[kind, kind]),
            Code::Invalid,
        ),
        (
            "never saved",
            bob,
            of(with_unsaved, &[unsaved]),
            Code::NotFound,
        ),
        (
            "a conversation",
            bob,
            of(with_talk, &[conversation]),
            Code::ContentInvalid,
        ),
    ]);
}

#[test]
fn includes_nest_eight_deep_and_no_further() {
    let mut world = World::new();
    let prompt = world.bob().creates("snippets/deep");
    let said = world.reason("deeper");
    let mut below = world.text("the bottom");
    world.bob().does(save(prompt, &[], below, &[], said));
    for depth in 1..=limits::INCLUDE_DEPTH + 1 {
        let name = format!("level {depth}");
        let mut content = VersionContent::text(format!("{{% include \"{name}\" %}}"));
        content.includes.insert(name, below);
        let digest = world.content(&content);
        let body = save(prompt, &[], digest, &[below], said);
        if depth <= limits::INCLUDE_DEPTH {
            world.bob().does(body);
        } else {
            world.bob().cannot(body, Code::Invalid);
        }
        below = digest;
    }
}

#[test]
fn unknown_fields_are_kept_and_count() {
    let mut world = World::new();
    let prompt = world.bob().creates("imported");
    let mut content = chat(&["Hello"]);
    content
        .other
        .insert("x-team".to_owned(), json!({"cost centre": 7.25}));
    let digest = world.content(&content);
    let said = world.reason("imported");
    world.bob().does(save(prompt, &[], digest, &[], said));
    assert_eq!(
        VersionContent::decode(&world.contents[&digest]).expect("it"),
        content
    );
    assert_ne!(digest, chat(&["Hello"]).encode().expect("canonical").1);
}
