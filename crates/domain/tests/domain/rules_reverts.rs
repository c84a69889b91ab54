//! The rule of going back: always possible, never a way around a promotion.

use crate::support::*;
use domain::RefusalCode as Code;
use domain::ledger::{Body, Pointer};
use domain::project::ReleaseKind;
use domain::{EnvironmentId, PromptId, ReleaseId, VersionId};
use uuid::Uuid;

struct Desk {
    world: World,
    prompt: PromptId,
    v: Vec<VersionId>,
    /// The releases of `v[0]`, `v[1]` … to production, in this order.
    r: Vec<ReleaseId>,
}

fn desk(released: usize) -> Desk {
    let mut world = World::new();
    let prompt = world.bob().creates("support/triage");
    let v: Vec<_> = (1..=5)
        .map(|n| world.bob().saves(prompt, &[], &format!("text {n}")))
        .collect();
    let r = v[..released]
        .iter()
        .map(|v| world.bob().releases(PRODUCTION, *v))
        .collect();
    Desk {
        world,
        prompt,
        v,
        r,
    }
}

#[test]
fn what_was_served_before_is_served_again() {
    let Desk {
        mut world,
        prompt,
        v,
        r,
    } = desk(2);
    let back = world.bob().reverts(PRODUCTION, r[0], prompt);
    assert_eq!(world.served(PRODUCTION, prompt), [v[0]]);
    let record = world.project().release(back).expect("a release of its own");
    assert_eq!(record.kind, ReleaseKind::Revert(r[0]));
    assert_eq!(record.changes[0].before, Some(r[1]));
    assert!(world.project().release(r[1]).expect("it").changes[0].reverted);
    assert!(!world.project().release(r[0]).expect("it").changes[0].reverted);
}

#[test]
fn undoing_a_revert_is_a_promotion() {
    let Desk {
        mut world,
        prompt,
        v,
        r,
    } = desk(2);
    let back = world.bob().reverts(PRODUCTION, r[0], prompt);
    let undo = world.revert(PRODUCTION, r[1], &[prompt]);
    world.bob().cannot(undo, Code::RevertedFrom);
    // Released again in the ordinary way it is another release, and can be gone back to.
    let again = world.bob().releases(PRODUCTION, v[1]);
    world.bob().releases(PRODUCTION, v[2]);
    let old = world.revert(PRODUCTION, r[1], &[prompt]);
    world.bob().cannot(old, Code::RevertedFrom);
    world.bob().reverts(PRODUCTION, again, prompt);
    assert_eq!(world.served(PRODUCTION, prompt), [v[1]]);
    world.bob().reverts(PRODUCTION, back, prompt);
    assert_eq!(world.served(PRODUCTION, prompt), [v[0]]);
}

#[test]
fn several_reverts_in_a_row_go_further_back_each_time() {
    let Desk {
        mut world,
        prompt,
        v,
        r,
    } = desk(4);
    let first = world.bob().reverts(PRODUCTION, r[2], prompt);
    let second = world.bob().reverts(PRODUCTION, r[1], prompt);
    world.bob().reverts(PRODUCTION, r[0], prompt);
    assert_eq!(world.served(PRODUCTION, prompt), [v[0]]);
    // Neither the releases nor the reverts that were gone back from can be gone to.
    for gone in [r[3], r[2], r[1], first, second] {
        let body = world.revert(PRODUCTION, gone, &[prompt]);
        world.bob().cannot(body, Code::RevertedFrom);
    }
    let here = world.revert(PRODUCTION, r[0], &[prompt]);
    world.bob().cannot(here, Code::Invalid);
}

#[test]
fn one_revert_may_skip_several_releases() {
    let Desk {
        mut world,
        prompt,
        v,
        r,
    } = desk(4);
    world.bob().reverts(PRODUCTION, r[0], prompt);
    assert_eq!(world.served(PRODUCTION, prompt), [v[0]]);
    for gone in &r[1..] {
        let body = world.revert(PRODUCTION, *gone, &[prompt]);
        world.bob().cannot(body, Code::RevertedFrom);
    }
}

#[test]
fn it_goes_to_what_was_served_right_after_a_release_of_another_prompt() {
    let Desk {
        mut world,
        prompt,
        v,
        r,
    } = desk(1);
    let reply = world.bob().creates("support/reply");
    let first = world.bob().saves(reply, &[], "reply 1");
    let between = world.bob().releases(PRODUCTION, first);
    world.bob().releases(PRODUCTION, v[1]);
    let second = world.bob().saves(reply, &[], "reply 2");
    world.bob().releases(PRODUCTION, second);

    // A bundle: both prompts as they were then.
    let body = world.revert(PRODUCTION, between, &[prompt, reply]);
    world.bob().does(body);
    assert_eq!(world.served(PRODUCTION, prompt), [v[0]]);
    assert_eq!(world.served(PRODUCTION, reply), [first]);
    // Before the reply was ever released there was none: nothing is served again.
    let none = world.revert(PRODUCTION, r[0], &[reply]);
    world.bob().does(none);
    assert!(world.served(PRODUCTION, reply).is_empty());
    assert_eq!(
        world.served(PRODUCTION, prompt),
        [v[0]],
        "a prompt not named stays"
    );
    // And from nothing to the same nothing is no revert.
    let none = world.revert(PRODUCTION, r[0], &[reply]);
    world.bob().cannot(none, Code::Invalid);
}

#[test]
fn a_stopped_prompt_comes_back() {
    let Desk {
        mut world,
        prompt,
        v,
        r,
    } = desk(2);
    world.bob().stops(PRODUCTION, prompt);
    world.bob().reverts(PRODUCTION, r[1], prompt);
    assert_eq!(world.served(PRODUCTION, prompt), [v[1]]);
    // Never out of the archive: nobody would see what is served.
    world.bob().stops(PRODUCTION, prompt);
    world.bob().does(Body::ArchivePrompt { prompt });
    let body = world.revert(PRODUCTION, r[1], &[prompt]);
    world.bob().cannot(body.clone(), Code::Invalid);
    world.bob().does(Body::RestorePrompt { prompt });
    world.bob().does(body);
}

#[test]
fn a_split_comes_back_with_its_salt_and_slots() {
    let Desk {
        mut world,
        prompt,
        v,
        ..
    } = desk(0);
    let split = world
        .bob()
        .splits(PRODUCTION, &[(v[0], 7_000), (v[1], 3_000)]);
    world
        .bob()
        .splits(PRODUCTION, &[(v[0], 2_000), (v[1], 8_000)]);
    let wide = world
        .bob()
        .splits(PRODUCTION, &[(v[0], 6_000), (v[1], 4_000)]);
    let then = world.project().release(split).expect("it").changes[0].clone();
    world.bob().releases(PRODUCTION, v[2]);
    world.bob().reverts(PRODUCTION, wide, prompt);
    world.bob().reverts(PRODUCTION, split, prompt);
    let now = world.project().serving(PRODUCTION, prompt).expect("served");
    assert_eq!(
        (&now.sides, &now.slots, now.salt),
        (&then.sides, &then.slots, then.salt)
    );
}

#[test]
fn what_is_served_already_is_not_gone_back_to() {
    let Desk {
        mut world,
        prompt,
        v,
        r,
    } = desk(2);
    world.bob().releases(PRODUCTION, v[0]);
    // Another release, the same thing served: nothing would change.
    let same = world.revert(PRODUCTION, r[0], &[prompt]);
    world.bob().cannot(same, Code::Invalid);
    assert!(!world.project().release(r[1]).expect("it").changes[0].reverted);
}

#[test]
fn what_reverts_refuse() {
    let Desk {
        mut world,
        prompt,
        v,
        r,
    } = desk(3);
    let elsewhere = world.bob().releases(STAGING, v[0]);
    let reason = world.reason("why");
    let absent = domain::Digest::of(b"absent");
    let nowhere = EnvironmentId(Uuid::from_u128(404));
    let gone: EnvironmentId = world.alice().does(add_environment("gone", None)).into();
    let there = world.bob().releases(gone, v[0]);
    world.bob().releases(gone, v[1]);
    world
        .alice()
        .does(Body::RetireEnvironment { environment: gone });
    let unreleased = world.bob().creates("support/reply");
    let body = |environment, to, pointers: &[(PromptId, ReleaseId)], reason| Body::Revert {
        environment,
        to,
        prompts: pointers
            .iter()
            .map(|(prompt, replaces)| Pointer {
                prompt: *prompt,
                replaces: *replaces,
            })
            .collect(),
        reason,
    };
    let at = |to, pointers: &[(PromptId, ReleaseId)]| body(PRODUCTION, to, pointers, reason);
    let bob = Who::Bob;
    world.refuses(vec![
        ("no prompts", bob, at(r[0], &[]), Code::Invalid),
        (
            "no reason",
            bob,
            body(PRODUCTION, r[0], &[(prompt, r[2])], absent),
            Code::ContentMissing,
        ),
        ("moved", bob, at(r[0], &[(prompt, r[1])]), Code::Conflict),
        (
            "no such release",
            bob,
            at(ReleaseId(nowhere.0), &[(prompt, r[2])]),
            Code::NotFound,
        ),
        (
            "another environment's release",
            bob,
            at(elsewhere, &[(prompt, r[2])]),
            Code::NotFound,
        ),
        (
            "no such environment",
            bob,
            body(nowhere, r[0], &[(prompt, r[2])], reason),
            Code::NotFound,
        ),
        (
            "a retired environment",
            bob,
            body(gone, there, &[(prompt, r[2])], reason),
            Code::Invalid,
        ),
        (
            "no such prompt",
            bob,
            at(r[0], &[(PromptId(nowhere.0), r[2])]),
            Code::NotFound,
        ),
        (
            "never released there",
            bob,
            at(r[0], &[(unreleased, r[2])]),
            Code::Conflict,
        ),
        (
            "what is there",
            bob,
            at(r[2], &[(prompt, r[2])]),
            Code::Invalid,
        ),
        (
            "one prompt twice",
            bob,
            at(r[0], &[(prompt, r[2]), (prompt, r[2])]),
            Code::Invalid,
        ),
        (
            "no member",
            Who::Mallory,
            at(r[0], &[(prompt, r[2])]),
            Code::UnknownDevice,
        ),
    ]);
}

#[test]
fn a_redacted_version_is_not_brought_back() {
    let Desk {
        mut world,
        prompt,
        v,
        r,
    } = desk(2);
    let content = world.project().version(v[0]).expect("it").1.content;
    let reason = world.reason("a customer's name");
    world.alice().does(Body::Redact { content, reason });
    let body = world.revert(PRODUCTION, r[0], &[prompt]);
    world.bob().cannot(body, Code::InUse);
}
