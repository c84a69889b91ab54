//! The rules of releases and promotions.

use crate::support::*;
use domain::RefusalCode as Code;
use domain::ledger::Body;
use domain::project::ReleaseKind;
use domain::{EnvironmentId, PromptId, ReleaseId, VersionId, limits, split};
use std::collections::BTreeMap;
use uuid::Uuid;

struct Desk {
    world: World,
    prompt: PromptId,
    v1: VersionId,
    v2: VersionId,
    v3: VersionId,
}

fn desk() -> Desk {
    let mut world = World::new();
    let prompt = world.bob().creates("support/triage");
    let v1 = world.bob().saves(prompt, &[], "one");
    let v2 = world.bob().saves(prompt, &[v1], "two");
    let v3 = world.bob().saves(prompt, &[v2], "three");
    Desk {
        world,
        prompt,
        v1,
        v2,
        v3,
    }
}

#[test]
fn an_environment_serves_what_was_released_there() {
    let Desk {
        mut world,
        prompt,
        v1,
        v2,
        ..
    } = desk();
    let first = world.bob().releases(STAGING, v1);
    assert_eq!(world.served(STAGING, prompt), [v1]);
    assert!(world.served(PRODUCTION, prompt).is_empty());
    let second = world.carol().releases(STAGING, v2);
    let serving = world.project().serving(STAGING, prompt).expect("it serves");
    assert_eq!((serving.release, serving.by), (second, world.carol));
    let record = world.project().release(second).expect("kept");
    assert_eq!(record.kind, ReleaseKind::Release);
    assert_eq!(record.changes[0].before, Some(first));
    // Serving nothing is a release too, and what comes next replaces that.
    let stop = world.bob().stops(STAGING, prompt);
    assert!(world.project().serving(STAGING, prompt).is_none());
    assert_eq!(world.project().served(STAGING).count(), 0);
    let reason = world.reason("back");
    let late = change(STAGING, prompt, &[(v1, 10_000)], Some(second));
    world.bob().cannot(release(&[late], reason), Code::Conflict);
    let again = world.bob().releases(STAGING, v1);
    assert_eq!(
        world.project().release(again).expect("it").changes[0].before,
        Some(stop)
    );
}

#[test]
fn a_pointer_that_moved_is_a_conflict_and_names_what_is_there() {
    let Desk {
        mut world,
        prompt,
        v1,
        v2,
        v3,
    } = desk();
    let first = world.bob().releases(PRODUCTION, v1);
    let second = world.bob().releases(PRODUCTION, v2);
    let reason = world.reason("mine");
    for stale in [None, Some(first), Some(ReleaseId(Uuid::from_u128(404)))] {
        let body = release(
            &[change(PRODUCTION, prompt, &[(v3, 10_000)], stale)],
            reason,
        );
        let now = world
            .carol()
            .cannot(body, Code::Conflict)
            .details
            .expect("now");
        assert_eq!(now["now"]["release"], second.to_string());
        assert_eq!(now["now"]["sides"][0]["version"], v2.to_string());
    }
    // In a bundle, one that moved stops all: nothing changes.
    let reply = world.bob().creates("support/reply");
    let r1 = world.bob().saves(reply, &[], "reply");
    let bundle = [
        change(PRODUCTION, reply, &[(r1, 10_000)], None),
        change(PRODUCTION, prompt, &[(v3, 10_000)], Some(first)),
    ];
    world.bob().cannot(release(&bundle, reason), Code::Conflict);
    assert!(world.served(PRODUCTION, reply).is_empty());
}

#[test]
fn what_releases_refuse() {
    let Desk {
        mut world,
        prompt,
        v1,
        v2,
        v3,
    } = desk();
    let other = world.bob().creates("support/reply");
    let foreign = world.bob().saves(other, &[], "reply");
    let archived = world.bob().creates("old");
    let old = world.bob().saves(archived, &[], "old");
    world.bob().does(Body::ArchivePrompt { prompt: archived });
    let here = world.bob().splits(STAGING, &[(v1, 5_000), (v2, 5_000)]);
    let reason = world.reason("why");
    let absent = domain::Digest::of(b"absent");
    let no_text = world.text("not a salted text");
    let nowhere = EnvironmentId(Uuid::from_u128(404));
    let nothing = PromptId(nowhere.0);
    let of =
        |sides: &[(VersionId, u32)]| release(&[change(PRODUCTION, prompt, sides, None)], reason);
    let nine: Vec<_> = (0..=limits::SIDES)
        .map(|n| world.bob().saves(prompt, &[v3], &format!("{n}")))
        .collect();
    let weighted = |count: usize| -> Vec<(VersionId, u32)> {
        let each = 10_000 / u32::try_from(count).expect("small");
        let mut sides: Vec<_> = nine[..count].iter().map(|v| (*v, each)).collect();
        sides[0].1 += 10_000 - each * u32::try_from(count).expect("small");
        sides
    };
    let one = change(PRODUCTION, prompt, &[(v1, 10_000)], None);
    let bob = Who::Bob;
    world.refuses(vec![
        ("nothing in it", bob, release(&[], reason), Code::Invalid),
        (
            "no reason",
            bob,
            release(std::slice::from_ref(&one), absent),
            Code::ContentMissing,
        ),
        (
            "a content for a reason",
            bob,
            release(std::slice::from_ref(&one), no_text),
            Code::ContentInvalid,
        ),
        (
            "no environment",
            bob,
            release(&[change(nowhere, prompt, &[(v1, 10_000)], None)], reason),
            Code::NotFound,
        ),
        (
            "no prompt",
            bob,
            release(
                &[change(PRODUCTION, nothing, &[(v1, 10_000)], None)],
                reason,
            ),
            Code::NotFound,
        ),
        (
            "no version",
            bob,
            of(&[(VersionId(nowhere.0), 10_000)]),
            Code::NotFound,
        ),
        (
            "another prompt's version",
            bob,
            of(&[(foreign, 10_000)]),
            Code::Invalid,
        ),
        (
            "archived",
            bob,
            release(
                &[change(PRODUCTION, archived, &[(old, 10_000)], None)],
                reason,
            ),
            Code::Invalid,
        ),
        ("99.99 %", bob, of(&[(v1, 9_999)]), Code::Invalid),
        ("100.01 %", bob, of(&[(v1, 10_001)]), Code::Invalid),
        ("110 %", bob, of(&[(v1, 9_000), (v2, 2_000)]), Code::Invalid),
        (
            "overflowing",
            bob,
            of(&[(v1, u32::MAX), (v2, 10_001)]),
            Code::Invalid,
        ),
        (
            "a side of nothing",
            bob,
            of(&[(v1, 10_000), (v2, 0)]),
            Code::Invalid,
        ),
        (
            "one version twice",
            bob,
            of(&[(v1, 5_000), (v1, 5_000)]),
            Code::Invalid,
        ),
        ("nine sides", bob, of(&weighted(9)), Code::Invalid),
        (
            "the same twice",
            bob,
            release(&[one.clone(), one.clone()], reason),
            Code::Invalid,
        ),
        (
            "serving nothing where nothing is",
            bob,
            of(&[]),
            Code::Invalid,
        ),
        (
            "what is there",
            bob,
            release(
                &[change(
                    STAGING,
                    prompt,
                    &[(v1, 5_000), (v2, 5_000)],
                    Some(here),
                )],
                reason,
            ),
            Code::Invalid,
        ),
        (
            "what is there, told otherwise",
            bob,
            release(
                &[change(
                    STAGING,
                    prompt,
                    &[(v2, 5_000), (v1, 5_000)],
                    Some(here),
                )],
                reason,
            ),
            Code::Invalid,
        ),
        (
            "501 changes",
            bob,
            release(&vec![one; limits::CHANGES + 1], reason),
            Code::Limit,
        ),
    ]);
    world.bob().does(of(&weighted(8)));
}

#[test]
fn a_promotion_takes_what_its_source_serves() {
    let Desk {
        mut world,
        prompt,
        v1,
        v2,
        v3,
    } = desk();
    world.bob().splits(STAGING, &[(v1, 9_000), (v2, 1_000)]);
    let reason = world.reason("tested");
    let to = |sides: &[(VersionId, u32)], replaces| change(PRODUCTION, prompt, sides, replaces);
    let same = [to(&[(v1, 9_000), (v2, 1_000)], None)];
    let gone: EnvironmentId = world.alice().does(add_environment("gone", None)).into();
    world
        .alice()
        .does(Body::RetireEnvironment { environment: gone });
    let bob = Who::Bob;
    world.refuses(vec![
        (
            "source moved",
            bob,
            promote(STAGING, &[to(&[(v3, 10_000)], None)], reason),
            Code::Conflict,
        ),
        (
            "source weighs otherwise",
            bob,
            promote(STAGING, &[to(&[(v1, 1_000), (v2, 9_000)], None)], reason),
            Code::Conflict,
        ),
        (
            "source serves nothing",
            bob,
            promote(DEVELOPMENT, &same, reason),
            Code::Conflict,
        ),
        (
            "into itself",
            bob,
            promote(PRODUCTION, &same, reason),
            Code::Invalid,
        ),
        (
            "from a retired one",
            bob,
            promote(gone, &same, reason),
            Code::Invalid,
        ),
        (
            "from nowhere",
            bob,
            promote(EnvironmentId(Uuid::nil()), &same, reason),
            Code::NotFound,
        ),
    ]);
    let promoted = world.carol().does(promote(STAGING, &same, reason));
    let record = world.project().release(promoted.into()).expect("kept");
    assert_eq!(record.kind, ReleaseKind::Promotion(STAGING));
    assert_eq!(world.served(PRODUCTION, prompt), [v1, v2]);
    // The order in which the sides are told makes no difference.
    let turned = [change(
        DEVELOPMENT,
        prompt,
        &[(v2, 1_000), (v1, 9_000)],
        None,
    )];
    world.carol().does(promote(STAGING, &turned, reason));
}

#[test]
fn a_bundle_changes_several_prompts_in_several_environments_with_one_reason() {
    let Desk {
        mut world,
        prompt,
        v1,
        v2,
        ..
    } = desk();
    let reply = world.bob().creates("support/reply");
    let r1 = world.bob().saves(reply, &[], "reply");
    let before = world.bob().releases(STAGING, v1);
    let reason = world.reason("autumn");
    let entries = world.entries.len();
    let bundle = [
        change(STAGING, prompt, &[(v2, 10_000)], Some(before)),
        change(PRODUCTION, prompt, &[(v2, 10_000)], None),
        change(STAGING, reply, &[(r1, 10_000)], None),
        change(PRODUCTION, reply, &[(r1, 10_000)], None),
    ];
    let id = world.bob().does(release(&bundle, reason));
    assert_eq!(world.entries.len(), entries + 1, "one entry");
    for environment in [STAGING, PRODUCTION] {
        assert_eq!(world.served(environment, prompt), [v2]);
        assert_eq!(world.served(environment, reply), [r1]);
        let serving = world.project().serving(environment, reply).expect("served");
        assert_eq!(serving.release, ReleaseId::from(id));
    }
    // A prompt under the id that joined it is the same prompt: once in a release.
    let seen = world.project().head().seq;
    let mine = world.bob().creates("late");
    let also = world.carol().offline_since(seen).creates("late");
    let v = world.bob().saves(mine, &[], "late");
    let twice = [
        change(STAGING, mine, &[(v, 10_000)], None),
        change(STAGING, also, &[(v, 10_000)], None),
    ];
    world.bob().cannot(release(&twice, reason), Code::Invalid);
}

/// Which version each of many units gets.
fn units(world: &World, environment: EnvironmentId, prompt: PromptId) -> BTreeMap<u32, VersionId> {
    let serving = world
        .project()
        .serving(environment, prompt)
        .expect("served");
    (0..2_000)
        .map(|unit| {
            let chosen = split::choose(&serving.slots, serving.salt, &format!("customer {unit}"));
            (unit, chosen.expect("every unit gets a version"))
        })
        .collect()
}

#[test]
fn growing_a_side_only_adds_units_to_it() {
    let Desk {
        mut world,
        prompt,
        v1,
        v2,
        ..
    } = desk();
    world.bob().splits(PRODUCTION, &[(v1, 9_000), (v2, 1_000)]);
    let salt = world
        .project()
        .serving(PRODUCTION, prompt)
        .expect("it")
        .salt;
    let mut before = units(&world, PRODUCTION, prompt);
    for weight in [2_500, 5_000, 9_999] {
        world
            .bob()
            .splits(PRODUCTION, &[(v2, weight), (v1, 10_000 - weight)]);
        let after = units(&world, PRODUCTION, prompt);
        assert!(
            before
                .iter()
                .all(|(unit, version)| *version != v2 || after[unit] == v2),
            "nobody who had v2 loses it as it grows to {weight}"
        );
        let share = after.values().filter(|v| **v == v2).count() * 10_000 / after.len();
        let off = share.abs_diff(usize::try_from(weight).expect("small"));
        assert!(
            off < 400,
            "{weight} hundredths of a percent, {share} in fact"
        );
        assert_eq!(
            world
                .project()
                .serving(PRODUCTION, prompt)
                .expect("it")
                .salt,
            salt
        );
        before = after;
    }
    // Other versions, another salt: nobody is in the small share of every experiment.
    world.bob().releases(PRODUCTION, v2);
    assert_ne!(
        world
            .project()
            .serving(PRODUCTION, prompt)
            .expect("it")
            .salt,
        salt
    );
}
