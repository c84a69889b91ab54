//! The rules of prompts and labels.

use crate::support::*;
use domain::RefusalCode as Code;
use domain::ledger::{Body, Event};
use domain::{PromptId, VersionId};
use uuid::Uuid;

#[test]
fn a_prompt_is_made_renamed_archived_and_restored() {
    let mut world = World::new();
    let prompt = world.bob().creates("support/triage");
    let made = world.project().prompt(prompt).expect("made");
    assert_eq!(
        (made.name.as_str(), made.by, made.archived),
        ("support/triage", world.bob, false)
    );
    assert_eq!(
        world
            .project()
            .prompt_named("SUPPORT/Triage")
            .expect("by any case")
            .id,
        prompt
    );

    world
        .carol()
        .does(rename(prompt, "support/triage", "support/Triage"));
    world
        .bob()
        .does(rename(prompt, "support/Triage", "desk/sort"));
    assert!(world.project().prompt_named("support/triage").is_none());
    assert_eq!(
        world
            .project()
            .prompt_named("desk/SORT")
            .expect("renamed")
            .id,
        prompt
    );

    world.bob().does(Body::ArchivePrompt { prompt });
    assert!(world.project().prompt(prompt).expect("kept").archived);
    let taken = world.bob().cannot(create("desk/sort"), Code::NameTaken);
    assert!(taken.message.contains("archived"), "{taken}");
    world.bob().does(Body::RestorePrompt { prompt });
    assert!(!world.project().prompt(prompt).expect("kept").archived);
    // Its old name is free again.
    world.bob().creates("support/triage");
}

#[test]
fn what_prompts_refuse() {
    let mut world = World::new();
    let prompt = world.bob().creates("support/triage");
    let other = world.bob().creates("support/reply");
    let served = world.bob().saves(other, &[], "Hello");
    world.bob().releases(PRODUCTION, served);
    let nothing = PromptId(Uuid::from_u128(404));
    let bob = Who::Bob;
    world.refuses(vec![
        ("same name", bob, create("support/triage"), Code::NameTaken),
        ("other case", bob, create("Support/TRIAGE"), Code::NameTaken),
        ("no name", bob, create(""), Code::Invalid),
        (
            "outside the folder",
            bob,
            create("../triage"),
            Code::Invalid,
        ),
        ("a line break", bob, create("tri\nage"), Code::Invalid),
        (
            "201 characters",
            bob,
            create(&"x".repeat(201)),
            Code::Invalid,
        ),
        (
            "a stranger",
            Who::Mallory,
            create("mine"),
            Code::UnknownDevice,
        ),
        (
            "rename: nothing there",
            bob,
            rename(nothing, "a", "b"),
            Code::NotFound,
        ),
        (
            "rename: moved",
            bob,
            rename(prompt, "support/old", "desk"),
            Code::Conflict,
        ),
        (
            "rename: taken",
            bob,
            rename(prompt, "support/triage", "SUPPORT/reply"),
            Code::NameTaken,
        ),
        (
            "rename: same",
            bob,
            rename(prompt, "support/triage", "support/triage"),
            Code::Invalid,
        ),
        (
            "rename: bad",
            bob,
            rename(prompt, "support/triage", "a//b"),
            Code::Invalid,
        ),
        (
            "archive: nothing",
            bob,
            Body::ArchivePrompt { prompt: nothing },
            Code::NotFound,
        ),
        (
            "archive: served",
            bob,
            Body::ArchivePrompt { prompt: other },
            Code::InUse,
        ),
        (
            "restore: not archived",
            bob,
            Body::RestorePrompt { prompt },
            Code::Invalid,
        ),
        (
            "restore: nothing",
            bob,
            Body::RestorePrompt { prompt: nothing },
            Code::NotFound,
        ),
    ]);
    world.bob().does(Body::ArchivePrompt { prompt });
    world
        .bob()
        .cannot(Body::ArchivePrompt { prompt }, Code::Invalid);
    let conflict = world
        .bob()
        .cannot(rename(other, "support/old", "desk"), Code::Conflict);
    assert_eq!(
        conflict.details.expect("what is there now")["now"],
        "support/reply"
    );
}

#[test]
fn names_are_one_whatever_their_case_in_any_script() {
    let pairs = [
        ("Straße", "STRASSE"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Ärger", "ärger"),
        ("ДОБРО", "добро"),
        ("ﬁnal", "FINAL"),
    ];
    let mut world = World::new();
    for (one, same) in pairs {
        world.bob().creates(one);
        world.bob().cannot(create(same), Code::NameTaken);
    }
    // No mark that nobody sees makes a second name.
    for invisible in [
        "Ärger\u{34f}",
        "Ärger\u{fe0f}",
        "\u{3164}",
        "a\u{115f}b",
        "a\u{e0100}",
    ] {
        world.bob().cannot(create(invisible), Code::Invalid);
    }
}

#[test]
fn who_did_not_know_that_the_name_was_taken_joins() {
    let mut world = World::new();
    let before = world.project().head().seq;
    let bobs = world.bob().creates("support/triage");
    let v1 = world.bob().saves(bobs, &[], "Bob's");
    // Carol was offline when she made hers.
    let carols = world
        .carol()
        .offline_since(before)
        .creates("Support/Triage");
    assert_eq!(
        world.entries.last().expect("hers").events(),
        [Event::PromptJoined {
            prompt: carols,
            into: bobs
        }]
    );
    assert_eq!(world.project().prompt(carols).expect("joined").id, bobs);
    assert_eq!(world.project().prompts().count(), 1);

    // All that she does under her id is done to the one prompt.
    let v2 = world.carol().saves(carols, &[], "Carol's");
    let prompt = world.project().prompt(bobs).expect("one prompt");
    assert_eq!(prompt.heads(), [v1, v2]);
    assert!(prompt.diverged());
    assert_eq!(prompt.latest().expect("two").number, 2);
    let v3 = world.carol().saves(carols, &[v1, v2], "both");
    assert_eq!(world.project().prompt(bobs).expect("one").heads(), [v3]);
    world
        .carol()
        .does(rename(carols, "support/triage", "support/sort"));
    world.carol().does(label(carols, "good", None, v3));
    world.carol().releases(STAGING, v3);
    assert_eq!(world.served(STAGING, bobs), [v3]);
    assert_eq!(world.served(STAGING, carols), [v3]);
    world
        .bob()
        .cannot(Body::ArchivePrompt { prompt: carols }, Code::InUse);

    // Whoever had seen the name taken is told so instead.
    world
        .carol()
        .cannot(create("SUPPORT/sort"), Code::NameTaken);
    // A rename takes a name too: who did not see it joins.
    let renamed = world.project().head().seq - 4;
    let late = world.alice().offline_since(renamed).creates("support/sort");
    assert_eq!(world.project().meant(late), bobs);
}

#[test]
fn labels_move_by_compare_and_swap() {
    let mut world = World::new();
    let prompt = world.bob().creates("support/triage");
    let v1 = world.bob().saves(prompt, &[], "one");
    let v2 = world.bob().saves(prompt, &[v1], "two");
    world.bob().does(label(prompt, "Tested", None, v1));
    let on = |world: &World, name: &str| world.project().prompt(prompt).expect("it").labelled(name);
    assert_eq!(on(&world, "tested"), Some(v1));
    assert_eq!(on(&world, "latest"), Some(v2));
    world.carol().does(label(prompt, "tested", Some(v1), v2));
    assert_eq!(on(&world, "TESTED"), Some(v2));
    let late = world
        .bob()
        .cannot(label(prompt, "tested", Some(v1), v1), Code::Conflict);
    assert_eq!(late.details.expect("now")["now"], v2.to_string());
    world.bob().does(unlabel(prompt, "tested", v2));
    assert_eq!(on(&world, "tested"), None);
    world.bob().does(label(prompt, "v", None, v2));
}

#[test]
fn what_labels_refuse() {
    let mut world = World::new();
    let prompt = world.bob().creates("support/triage");
    let other = world.bob().creates("support/reply");
    let v1 = world.bob().saves(prompt, &[], "one");
    let foreign = world.bob().saves(other, &[], "two");
    world.bob().does(label(prompt, "good", None, v1));
    let nothing = PromptId(Uuid::from_u128(404));
    let nowhere = VersionId(Uuid::from_u128(404));
    let bob = Who::Bob;
    world.refuses(vec![
        (
            "not there",
            bob,
            label(nothing, "x", None, v1),
            Code::NotFound,
        ),
        (
            "no such version",
            bob,
            label(prompt, "x", None, nowhere),
            Code::NotFound,
        ),
        (
            "another prompt's",
            bob,
            label(prompt, "x", None, foreign),
            Code::NotFound,
        ),
        (
            "latest",
            bob,
            label(prompt, "Latest", None, v1),
            Code::Invalid,
        ),
        ("a number", bob, label(prompt, "7", None, v1), Code::Invalid),
        (
            "a version",
            bob,
            label(prompt, "V7", None, v1),
            Code::Invalid,
        ),
        (
            "an environment",
            bob,
            label(prompt, "Production", None, v1),
            Code::Invalid,
        ),
        (
            "a folder",
            bob,
            label(prompt, "a/b", None, v1),
            Code::Invalid,
        ),
        (
            "taken",
            bob,
            label(prompt, "good", None, v1),
            Code::Conflict,
        ),
        (
            "already there",
            bob,
            label(prompt, "good", Some(v1), v1),
            Code::Invalid,
        ),
        (
            "was not there",
            bob,
            label(prompt, "x", Some(v1), v1),
            Code::Conflict,
        ),
        (
            "remove: elsewhere",
            bob,
            unlabel(prompt, "good", foreign),
            Code::Conflict,
        ),
        (
            "remove: not there",
            bob,
            unlabel(prompt, "x", v1),
            Code::Conflict,
        ),
        (
            "remove: no prompt",
            bob,
            unlabel(nothing, "good", v1),
            Code::NotFound,
        ),
        (
            "remove: latest",
            bob,
            unlabel(prompt, "latest", v1),
            Code::Invalid,
        ),
    ]);
}

#[test]
fn what_a_review_protects_keeps_its_name_but_for_an_admin() {
    let mut world = World::new();
    let served = world.bob().creates("support/triage");
    let other = world.bob().creates("support/tone");
    let version = world.bob().saves(served, &[], "one");
    world.bob().releases(PRODUCTION, version);
    // Nothing is asked there yet: an author may.
    world
        .bob()
        .does(rename(served, "support/triage", "support/sort"));
    world.demands(PRODUCTION, approvals(1));
    let away = rename(served, "support/sort", "support/old");
    world.bob().cannot(away, Code::NotAllowed);
    // Its case means nothing to whoever asks for it, and what nobody is served nobody asks for.
    world
        .bob()
        .does(rename(served, "support/sort", "support/Sort"));
    world
        .bob()
        .does(rename(other, "support/tone", "support/voice"));
    // What moved is said first.
    let late = rename(served, "support/sort", "support/old");
    world.bob().cannot(late, Code::Conflict);
    world
        .alice()
        .does(rename(served, "support/Sort", "support/old"));
}
