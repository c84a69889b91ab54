//! Merging: the table of merges that people would want, and what must hold for any three contents.

use crate::merges_table::cases;
use domain::VersionContent;
use domain::content::{Message, Role};
use domain::merge::{Choice, Conflict, Merge, Place, ResolveError, resolve, three_way};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn all(merge: &Merge, choice: &Choice) -> BTreeMap<u32, Choice> {
    merge
        .conflicts
        .iter()
        .map(|conflict| (conflict.id, choice.clone()))
        .collect()
}

fn shown(conflict: &Conflict) -> String {
    let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "∅".to_owned());
    format!(
        "{} | {} | {} | {}",
        conflict.label,
        side(&conflict.base),
        side(&conflict.ours),
        side(&conflict.theirs)
    )
}

#[test]
fn merges_as_people_would() {
    let table = cases();
    assert!(table.len() >= 25);
    let mut wrong = Vec::new();
    for case in &table {
        let merge = three_way(case.base.as_ref(), &case.ours, &case.theirs);
        let mut expect = |what: &str, expected: String, found: String| {
            if expected != found {
                wrong.push(format!(
                    "## {} {what}\n  expected {expected}\n  found    {found}",
                    case.name
                ));
            }
        };
        let json =
            |content: &VersionContent| serde_json::to_string(content).expect("content is JSON");
        expect("merged", json(&case.merged), json(&merge.content));
        let conflicts: Vec<String> = merge.conflicts.iter().map(shown).collect();
        expect("conflicts", case.conflicts.join("\n"), conflicts.join("\n"));
        expect("notes", case.notes.join("\n"), merge.notes.join("\n"));
        for (pick, expected) in &case.all {
            let choice = match pick.as_str() {
                "ours" => Choice::Ours,
                "theirs" => Choice::Theirs,
                _ => Choice::Both,
            };
            let found = resolve(&merge, &all(&merge, &choice)).expect("it can be chosen");
            expect(&format!("all {pick}"), json(expected), json(&found));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}\n{}",
        wrong.len(),
        table.len(),
        wrong.join("\n\n")
    );
}

fn chat(system: &str) -> VersionContent {
    let mut content = VersionContent::empty_chat();
    content.messages[0] = Message::Message {
        role: Role::System,
        text: system.to_owned(),
        other: BTreeMap::new(),
    };
    content
}

#[test]
fn a_third_wording_is_taken_as_written() {
    let merge = three_way(
        Some(&chat("Be kind. Stop.")),
        &chat("Be brief. Stop."),
        &chat("Be calm. Stop."),
    );
    assert_eq!(merge.conflicts.len(), 1);
    assert_eq!(merge.conflicts[0].place, Place::Text { message: 0 });
    assert!(merge.conflicts[0].both);
    let choices = BTreeMap::from([(
        0,
        Choice::Text {
            text: "Be both.".to_owned(),
        },
    )]);
    assert_eq!(resolve(&merge, &choices), Ok(chat("Be both. Stop.")));
}

#[test]
fn a_choice_that_does_not_fit_is_refused_by_name() {
    let with = |value: Value| {
        let fields = json!({ "kind": "chat", "messages": [], "inputs": [
            { "name": "n", "type": value, "required": true }
        ] });
        serde_json::from_value::<VersionContent>(fields).expect("a version")
    };
    let merge = three_way(
        Some(&with(json!("text"))),
        &with(json!("number")),
        &with(json!("list")),
    );
    let text = |text: &str| {
        BTreeMap::from([(
            0,
            Choice::Text {
                text: text.to_owned(),
            },
        )])
    };
    assert_eq!(
        resolve(&merge, &text("boolean")),
        Ok(with(json!("boolean")))
    );
    let refused = resolve(&merge, &text("banana")).expect_err("no type");
    assert!(
        refused
            .to_string()
            .starts_with("this is no value for type of input `n`"),
        "{refused}"
    );
    let both = BTreeMap::from([(0, Choice::Both)]);
    assert_eq!(
        resolve(&merge, &both),
        Err(ResolveError::NotBoth("type of input `n`".to_owned()))
    );
    let unknown = BTreeMap::from([(7, Choice::Ours)]);
    assert_eq!(
        resolve(&merge, &unknown),
        Err(ResolveError::NoSuchConflict(7))
    );
}

const SENTENCES: [&str; 14] = [
    "Answer in two sentences.",
    "Answer in three sentences.",
    "Be kind to every customer.",
    "Never ask for a PIN or a password.",
    "Never ask for a PIN.",
    "Greet {{ name }} first.",
    "Refund fees up to 20 euros.",
    "Refund fees up to 35 euros.",
    "Sign off.",
    "- card_arrival",
    "- card_swallowed",
    "请用礼貌的语气回答。",
    "不要询问密码。",
    "Refund nothing; ask a supervisor instead.",
];

fn text() -> impl Strategy<Value = String> {
    let piece = (
        prop::sample::select(SENTENCES.to_vec()),
        prop::sample::select(vec![" ", "\n", "\n\n", "  "]),
    );
    let pieces = prop::collection::vec(piece, 0..7);
    prop_oneof![
        8 => pieces.prop_map(|pieces| {
            pieces.into_iter().map(|(sentence, space)| format!("{sentence}{space}")).collect::<String>()
        }),
        1 => any::<String>(),
    ]
}

fn message() -> impl Strategy<Value = Message> {
    let role = prop::sample::select(vec![Role::System, Role::User, Role::Assistant]);
    let other = prop_oneof![
        6 => Just(BTreeMap::new()),
        1 => (0..3).prop_map(|n| BTreeMap::from([("weight".to_owned(), json!(n))])),
    ];
    prop_oneof![
        8 => (role, text(), other).prop_map(|(role, text, other)| Message::Message { role, text, other }),
        1 => prop::sample::select(vec!["history", "log"])
            .prop_map(|name| Message::Placeholder { name: name.to_owned() }),
    ]
}

fn fields() -> impl Strategy<Value = Value> {
    let input = (
        prop::sample::select(vec!["a", "b", "c", "d"]),
        any::<bool>(),
        prop::option::of(0..3),
    )
        .prop_map(|(name, required, default)| {
            let mut input = json!({ "name": name, "type": "text", "required": required });
            if let Some(default) = default {
                input["default"] = json!(default);
            }
            input
        });
    let model = prop::option::of((0..2, prop::option::of(0..3), prop::option::of(0..3))).prop_map(
        |model| {
            model.map(|(model, temperature, seed)| {
                let mut parameters = json!({});
                if let Some(temperature) = temperature {
                    parameters["temperature"] = json!(temperature);
                }
                if let Some(seed) = seed {
                    parameters["seed"] = json!(seed);
                }
                json!({ "provider": "p", "model": format!("m{model}"), "parameters": parameters })
            })
        },
    );
    (
        prop::collection::vec(input, 0..4),
        model,
        prop::option::of(0..3),
    )
        .prop_map(|(inputs, model, owner)| {
            let mut fields = json!({ "kind": "chat", "messages": [], "inputs": inputs });
            if let Some(model) = model {
                fields["model"] = model;
            }
            if let Some(owner) = owner {
                fields["owner"] = json!(owner);
            }
            fields
        })
}

fn version() -> impl Strategy<Value = VersionContent> {
    (fields(), prop::collection::vec(message(), 0..4)).prop_map(|(fields, messages)| {
        let content: VersionContent = serde_json::from_value(fields).expect("a version");
        VersionContent {
            messages,
            ..content
        }
    })
}

/// A version and an edit of it: a few sentences and messages replaced, dropped, carried elsewhere.
fn edits() -> impl Strategy<Value = [VersionContent; 3]> {
    let edit = || {
        prop::collection::vec(
            (
                0..5_u8,
                any::<prop::sample::Index>(),
                any::<prop::sample::Index>(),
                prop::sample::select(SENTENCES.to_vec()),
            ),
            0..4,
        )
    };
    let base = (
        fields(),
        prop::collection::vec(
            prop::collection::vec(prop::sample::select(SENTENCES.to_vec()), 0..6),
            1..4,
        ),
    );
    (base, edit(), edit(), fields(), fields()).prop_map(|((base, texts), a, b, ours, theirs)| {
        let build = |fields: &Value, texts: &[Vec<&str>]| {
            let content: VersionContent =
                serde_json::from_value(fields.clone()).expect("a version");
            let roles = [Role::System, Role::User, Role::Assistant];
            let messages = texts
                .iter()
                .zip(roles)
                .map(|(text, role)| Message::Message {
                    role,
                    text: text.join(" "),
                    other: BTreeMap::new(),
                })
                .collect();
            VersionContent {
                messages,
                ..content
            }
        };
        let change = |edits: Vec<(u8, prop::sample::Index, prop::sample::Index, &'static str)>| {
            let mut texts = texts.clone();
            for (what, message, at, sentence) in edits {
                let text = message.index(texts.len());
                let text = &mut texts[text];
                let at = at.index(text.len() + 1);
                match what {
                    0 if at < text.len() => drop(text.remove(at)),
                    1 => text.insert(at, sentence),
                    2 if at < text.len() => {
                        let moved = text.remove(at);
                        text.insert(0, moved);
                    }
                    _ if at < text.len() => text[at] = sentence,
                    _ => {}
                }
            }
            texts
        };
        [
            build(&base, &texts),
            build(&ours, &change(a)),
            build(&theirs, &change(b)),
        ]
    })
}

fn three() -> impl Strategy<Value = [VersionContent; 3]> {
    prop_oneof![edits(), [version(), version(), version()]]
}

fn words(content: &VersionContent) -> BTreeSet<String> {
    let texts = content
        .templates()
        .flat_map(|(_, text)| text.split_whitespace());
    texts.map(str::to_owned).collect()
}

proptest! {
    #[test]
    fn who_alone_changed_something_wins([base, x, _] in three()) {
        let merge = three_way(Some(&base), &x, &base);
        prop_assert_eq!(&merge.content, &x);
        prop_assert!(merge.conflicts.is_empty());
        let merge = three_way(Some(&base), &base, &x);
        prop_assert_eq!(&merge.content, &x);
        prop_assert!(merge.conflicts.is_empty());
    }

    #[test]
    fn two_who_did_the_same_agree([base, x, _] in three()) {
        for base in [Some(&base), None] {
            let merge = three_way(base, &x, &x);
            prop_assert_eq!(&merge.content, &x);
            prop_assert!(merge.conflicts.is_empty());
        }
    }

    #[test]
    fn the_sides_can_be_exchanged([base, ours, theirs] in three()) {
        let (a, b) = (three_way(Some(&base), &ours, &theirs), three_way(Some(&base), &theirs, &ours));
        let sides = |merge: &Merge, swap: bool| -> Vec<_> {
            let side = |c: &Conflict| match swap {
                false => [c.base.clone(), c.ours.clone(), c.theirs.clone()],
                true => [c.base.clone(), c.theirs.clone(), c.ours.clone()],
            };
            merge.conflicts.iter().map(side).collect()
        };
        prop_assert_eq!(sides(&a, false), sides(&b, true));
        let ours_of_a = resolve(&a, &all(&a, &Choice::Ours)).expect("it can be chosen");
        let theirs_of_b = resolve(&b, &all(&b, &Choice::Theirs)).expect("it can be chosen");
        prop_assert_eq!(ours_of_a, theirs_of_b);
    }

    #[test]
    fn no_word_that_somebody_wrote_is_lost([base, ours, theirs] in three(), known in any::<bool>()) {
        let base = known.then_some(base);
        let merge = three_way(base.as_ref(), &ours, &theirs);
        let mut kept = words(&merge.content);
        for conflict in &merge.conflicts {
            for side in [&conflict.ours, &conflict.theirs].into_iter().flatten() {
                kept.extend(side.split_whitespace().map(str::to_owned));
            }
        }
        let before = base.as_ref().map(words).unwrap_or_default();
        for word in words(&ours).union(&words(&theirs)) {
            prop_assert!(before.contains(word) || kept.contains(word), "{word:?} is lost");
        }
    }

    #[test]
    fn without_a_common_version_everything_that_differs_is_asked([_, ours, theirs] in three()) {
        let merge = three_way(None, &ours, &theirs);
        let mine = resolve(&merge, &all(&merge, &Choice::Ours)).expect("it can be chosen");
        prop_assert_eq!(words(&mine), words(&ours));
        let yours = resolve(&merge, &all(&merge, &Choice::Theirs)).expect("it can be chosen");
        prop_assert_eq!(words(&yours), words(&theirs));
        prop_assert_eq!(&yours.model, &theirs.model);
    }
}
