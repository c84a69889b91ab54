//! Gates wait for what holds a changed part: which evidence that is, row by row, and the ways round
//! it that we know of.

use crate::support::*;
use domain::ledger::{GateFault, Missing, RULES};
use domain::policy::{OfDependents, SuiteGate};
use domain::project::ChainError;
use domain::{Digest, PromptId, RefusalCode as Code, VersionContent, VersionId};

/// Production serves a tone, and a reply that includes it; both have suites under one gate.
struct Desk {
    world: World,
    tone: PromptId,
    reply: PromptId,
    tone1: VersionId,
    reply1: VersionId,
}

fn content_of(world: &World, version: VersionId) -> Digest {
    world
        .project()
        .version(version)
        .expect("a version")
        .1
        .content
}

/// Saves a text that includes a version of something.
fn including(
    world: &mut World,
    prompt: PromptId,
    parents: &[VersionId],
    text: &str,
    part: VersionId,
) -> VersionId {
    let pinned = content_of(world, part);
    let name = {
        let (of, _) = world.project().version(part).expect("it");
        of.name.clone()
    };
    let mut content = VersionContent::text(format!("{text} {{% include \"{name}\" %}}"));
    content.includes.insert(name, pinned);
    let content = world.content(&content);
    let message = world.reason("saved");
    world
        .bob()
        .does(save(prompt, parents, content, &[pinned], message))
        .into()
}

fn desk() -> Desk {
    let mut world = World::new();
    let tone = world.bob().creates("snippets/tone");
    let reply = world.bob().creates("support/reply");
    let tone1 = {
        let kind = world.content(&VersionContent::text("Be kind."));
        let message = world.reason("saved");
        world.bob().does(save(tone, &[], kind, &[], message)).into()
    };
    let reply1 = including(&mut world, reply, &[], "Reply.", tone1);
    world.bob().releases(PRODUCTION, tone1);
    world.bob().releases(PRODUCTION, reply1);
    for (prompt, name) in [(tone, "tone"), (reply, "reply")] {
        let suite = world.suite_of(name, 40);
        let body = world.sets_suite(prompt, &suite);
        world.bob().does(body);
    }
    world.demands(PRODUCTION, gated_by(suite_gate()));
    Desk {
        world,
        tone,
        reply,
        tone1,
        reply1,
    }
}

impl Desk {
    /// A new tone that passes its own suite.
    fn tone2(&mut self, text: &str) -> VersionId {
        let content = self.world.content(&VersionContent::text(text));
        let message = self.world.reason("saved");
        let body = save(self.tone, &[self.tone1], content, &[], message);
        let version = self.world.bob().does(body).into();
        self.world.bob().runs(PRODUCTION, version, &told(40, 0, 0));
        version
    }

    fn owed(&mut self, versions: &[VersionId]) -> Vec<Missing> {
        let places: Vec<_> = versions
            .iter()
            .map(|version| (PRODUCTION, *version))
            .collect();
        let request = self.world.bob().opens(&places);
        let part = self.world.part(request, PRODUCTION);
        let body = self.world.release_under(request, &[PRODUCTION]);
        match part.missing.is_empty() {
            // What the standing says is what the release is decided by.
            true => drop(self.world.bob().does(body)),
            false => drop(self.world.bob().cannot(body, Code::PolicyUnmet)),
        }
        part.missing
    }

    fn dependent(
        &self,
        part: VersionId,
        version: Option<VersionId>,
        fault: Option<GateFault>,
    ) -> Missing {
        Missing::Dependent {
            environment: PRODUCTION,
            prompt: self.reply,
            part,
            version,
            fault,
        }
    }
}

#[test]
fn a_part_waits_until_what_holds_it_has_passed_with_it() {
    let mut desk = desk();
    let tone2 = desk.tone2("Be brief.");
    // Nobody has saved the reply with it.
    let owed = desk.owed(&[tone2]);
    assert_eq!(owed, [desk.dependent(tone2, None, None)]);
    // A version that goes on with the old one is no help, however well it does.
    let (reply, tone1, reply1) = (desk.reply, desk.tone1, desk.reply1);
    let old = including(&mut desk.world, reply, &[reply1], "Reply well.", tone1);
    desk.world.bob().runs(PRODUCTION, old, &told(40, 0, 0));
    let owed = desk.owed(&[tone2]);
    assert_eq!(owed, [desk.dependent(tone2, None, None)]);
    // Saved with it, and never run.
    let reply2 = including(&mut desk.world, reply, &[reply1], "Reply.", tone2);
    let owed = desk.owed(&[tone2]);
    assert_eq!(
        owed,
        [desk.dependent(tone2, Some(reply2), Some(GateFault::NoRun))]
    );
    // Run, and worse.
    desk.world.bob().runs(PRODUCTION, reply2, &told(40, 0, 15));
    let owed = desk.owed(&[tone2]);
    assert!(
        matches!(&owed[..], [Missing::Dependent { version, fault: Some(GateFault::Verdict { .. }), .. }] if *version == Some(reply2)),
        "{owed:?}"
    );
    // Another that does: the latest with the part is what counts.
    let reply3 = including(&mut desk.world, reply, &[reply2], "Reply kindly.", tone2);
    let record = desk.world.bob().runs(PRODUCTION, reply3, &told(40, 0, 0));
    let request = desk.world.bob().opens(&[(PRODUCTION, tone2)]);
    assert!(
        desk.world
            .part(request, PRODUCTION)
            .evidence
            .contains(&record)
    );
    let done = desk.world.bob().carries_out(request, &[PRODUCTION]);
    let grounds = desk
        .world
        .project()
        .release(done)
        .expect("it")
        .grounds
        .clone();
    assert!(grounds.expect("kept").evidence.contains(&record));
    let lines: Vec<_> = desk
        .world
        .entries
        .iter()
        .map(|entry| entry.line())
        .collect();
    assert!(verify(&lines, &desk.world.contents).is_ok());
}

#[test]
fn what_comes_with_the_part_is_judged_by_its_own_gate() {
    let mut desk = desk();
    let tone2 = desk.tone2("Be brief.");
    let (reply, tone1, reply1) = (desk.reply, desk.tone1, desk.reply1);
    let old = including(&mut desk.world, reply, &[reply1], "Reply well.", tone1);
    desk.world.bob().runs(PRODUCTION, old, &told(40, 0, 0));
    // In one release with a version that has the old part: that shows nothing of the new one.
    let owed = desk.owed(&[tone2, old]);
    assert_eq!(owed, [desk.dependent(tone2, None, None)]);
    let reply2 = including(&mut desk.world, reply, &[reply1], "Reply.", tone2);
    let owed = desk.owed(&[tone2, reply2]);
    assert!(
        matches!(&owed[..], [Missing::SuiteGate { version, fault: GateFault::NoRun, .. }] if *version == reply2),
        "{owed:?}"
    );
    desk.world.bob().runs(PRODUCTION, reply2, &told(40, 0, 0));
    // First the reply, which brings its own part along; then the part alone owes nothing.
    assert_eq!(desk.owed(&[reply2]), []);
    assert_eq!(desk.owed(&[tone2]), []);
}

#[test]
fn parts_of_parts_and_two_at_once() {
    let mut desk = desk();
    let (reply, reply1, tone1) = (desk.reply, desk.reply1, desk.tone1);
    // support/reply includes a style, which includes the tone.
    let style = desk.world.bob().creates("snippets/style");
    let style1 = including(&mut desk.world, style, &[], "Style.", tone1);
    let deep = including(&mut desk.world, reply, &[reply1], "Reply.", style1);
    desk.world.bob().runs(PRODUCTION, deep, &told(40, 0, 0));
    assert_eq!(desk.owed(&[deep]), []);
    let tone2 = desk.tone2("Be brief.");
    let owed = desk.owed(&[tone2]);
    assert_eq!(owed, [desk.dependent(tone2, None, None)]);
    // Both through another and by itself: one version must hold both new parts.
    let style2 = including(&mut desk.world, style, &[style1], "Style.", tone2);
    let with = including(&mut desk.world, reply, &[deep], "Reply.", style2);
    desk.world.bob().runs(PRODUCTION, with, &told(40, 0, 0));
    assert_eq!(desk.owed(&[tone2]), []);
}

#[test]
fn nothing_is_asked_where_nothing_judges_or_nothing_changes() {
    // Named only, if the policy says so.
    let mut desk = desk();
    desk.world.demands(
        PRODUCTION,
        gated_by(SuiteGate {
            dependents: OfDependents::BeNamed,
            ..suite_gate()
        }),
    );
    let tone2 = desk.tone2("Be brief.");
    assert_eq!(desk.owed(&[tone2]), []);
    // A gate that is not for the reply.
    let mut desk = self::desk();
    let tone = desk.tone;
    desk.world.demands(
        PRODUCTION,
        gated_by(SuiteGate {
            prompts: vec![tone],
            ..suite_gate()
        }),
    );
    let tone2 = desk.tone2("Be brief.");
    assert_eq!(desk.owed(&[tone2]), []);
    // Another environment, where the reply is not served.
    let mut desk = self::desk();
    desk.world.demands(STAGING, gated_by(suite_gate()));
    let tone2 = desk.tone2("Be brief.");
    let request = desk.world.bob().opens(&[(STAGING, tone2)]);
    let missing = desk.world.part(request, STAGING).missing;
    assert!(
        missing
            .iter()
            .all(|missing| matches!(missing, Missing::SuiteGate { .. })),
        "{missing:?}"
    );
    // A version that says the same as what is served.
    let mut desk = self::desk();
    let same = desk.world.content(&VersionContent::text("Be kind."));
    let message = desk.world.reason("again");
    let (tone, tone1) = (desk.tone, desk.tone1);
    let again: VersionId = desk
        .world
        .bob()
        .does(save(tone, &[tone1], same, &[], message))
        .into();
    assert_eq!(desk.owed(&[again]), []);
}

/// A ledger in which the part was released though nobody had run what holds it: told with every
/// entry under the rules of its number, counted from 1.
fn released_unseen(rules: impl Fn(usize) -> u32) -> (Vec<String>, World) {
    let mut desk = desk();
    let tone2 = desk.tone2("Be brief.");
    let (reply, reply1) = (desk.reply, desk.reply1);
    let reply2 = including(&mut desk.world, reply, &[reply1], "Reply.", tone2);
    let request = desk.world.bob().opens(&[(PRODUCTION, tone2)]);
    let before = desk.world.entries.len();
    let record = desk.world.bob().runs(PRODUCTION, reply2, &told(40, 0, 0));
    let after = desk.world.entries.len();
    desk.world.bob().carries_out(request, &[PRODUCTION]);
    let mut parts: Vec<Parts> = desk.world.entries.iter().map(Parts::of).collect();
    // Without that run, in the grounds as well.
    let last = parts.last_mut().expect("the release");
    let named = format!("\"{record}\"");
    assert!(last.events.get().contains(&named));
    let events = last.events.get();
    let without = events
        .replace(&format!("{named},"), "")
        .replace(&format!(",{named}"), "");
    *last = last.clone().telling_raw(&without);
    parts.drain(before..after);
    (retold(&parts, rules), desk.world)
}

#[test]
fn what_was_released_under_earlier_rules_stands_and_nothing_goes_back_to_them() {
    let (all, world) = released_unseen(|_| 3);
    if let Err(caught) = verify(&all, &world.contents) {
        panic!("{}: {}", caught.line, caught.error);
    }
    let last = all.len();
    let (all, world) = released_unseen(|_| RULES);
    let caught = verify(&all, &world.contents).expect_err("nobody ran it");
    assert!(
        matches!(caught.error, ChainError::Refused { .. }),
        "{}",
        caught.error
    );
    // Whoever only claims that the old rules held is found out by the entries before.
    let (all, world) = released_unseen(|line| if line == last { 3 } else { RULES });
    let caught = verify(&all, &world.contents).expect_err("it was too late for that");
    let there = usize::try_from(caught.line).expect("small") == last;
    assert!(
        there && matches!(caught.error, ChainError::Back { rules: 3, .. }),
        "{}: {}",
        caught.line,
        caught.error
    );
}
