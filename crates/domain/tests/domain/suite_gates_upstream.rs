//! Evidence counts with what is asked before a prompt, and gates wait for what reads a changed
//! prompt's output: row by row, and the ways round it that we know of.

use crate::support::*;
use domain::content::Input;
use domain::ledger::{Body, GateFault, Missing, Upstream};
use domain::policy::{OfDependents, SuiteGate};
use domain::rules::upstream::Beside;
use domain::{PromptId, RefusalCode as Code, VersionContent, VersionId};

/// Production serves a triage, a reply that reads its output, and a check that reads the reply's.
/// All have suites under one gate.
struct Chain {
    world: World,
    triage: PromptId,
    reply: PromptId,
    check: PromptId,
    triage1: VersionId,
    reply1: VersionId,
    check1: VersionId,
}

fn reading(text: &str, from: &[PromptId]) -> VersionContent {
    let mut content = VersionContent::text(text);
    for (n, prompt) in from.iter().enumerate() {
        let input = serde_json::json!({"name": format!("in{n}"), "type": "text", "from": prompt});
        content
            .inputs
            .push(serde_json::from_value::<Input>(input).expect("an input"));
    }
    content
}

fn saves(
    world: &mut World,
    prompt: PromptId,
    parents: &[VersionId],
    text: &str,
    from: &[PromptId],
) -> VersionId {
    let body = saving(world, prompt, parents, &reading(text, from));
    world.bob().does(body).into()
}

fn saving(
    world: &mut World,
    prompt: PromptId,
    parents: &[VersionId],
    content: &VersionContent,
) -> Body {
    let digest = world.content(content);
    let message = world.reason("saved");
    let mut body = save(prompt, parents, digest, &[], message);
    if let Body::SaveVersion { reads, .. } = &mut body {
        *reads = content.reads();
    }
    body
}

fn chain() -> Chain {
    let mut world = World::new();
    let triage = world.bob().creates("support/triage");
    let reply = world.bob().creates("support/reply");
    let check = world.bob().creates("support/check");
    let triage1 = saves(&mut world, triage, &[], "Sort it.", &[]);
    let reply1 = saves(&mut world, reply, &[], "Answer it.", &[triage]);
    let check1 = saves(&mut world, check, &[], "Check it.", &[reply]);
    for version in [triage1, reply1, check1] {
        world.bob().releases(PRODUCTION, version);
    }
    for (prompt, name) in [(triage, "triage"), (reply, "reply"), (check, "check")] {
        let suite = world.suite_of(name, 40);
        let body = world.sets_suite(prompt, &suite);
        world.bob().does(body);
    }
    world.demands(PRODUCTION, gated_by(suite_gate()));
    Chain {
        world,
        triage,
        reply,
        check,
        triage1,
        reply1,
        check1,
    }
}

impl Chain {
    /// Runs a version with others before it, so that it counts.
    fn runs(&mut self, prompt: PromptId, version: VersionId, beside: &[VersionId], told: &Told) {
        let beside: Beside = beside
            .iter()
            .map(|version| (self.world.prompt_of(*version), *version))
            .collect();
        let body = self
            .world
            .announces_with(PRODUCTION, (prompt, version), 1, &beside);
        let run = self.world.bob().does(body).into();
        let body = self.world.records(run, told, told);
        self.world.bob().does(body);
    }

    fn owed(&mut self, versions: &[VersionId]) -> Vec<Missing> {
        let places: Vec<_> = versions.iter().map(|one| (PRODUCTION, *one)).collect();
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

    fn waits_for(&self, prompt: PromptId, version: VersionId, part: VersionId) -> Missing {
        Missing::Dependent {
            environment: PRODUCTION,
            prompt,
            part,
            version: Some(version),
            fault: Some(GateFault::NoRun),
        }
    }
}

#[test]
fn a_changed_prompt_waits_until_all_that_reads_it_has_passed_with_it() {
    let mut chain = chain();
    let (triage, reply, check) = (chain.triage, chain.reply, chain.check);
    let (triage1, reply1, check1) = (chain.triage1, chain.reply1, chain.check1);
    let triage2 = saves(&mut chain.world, triage, &[triage1], "Sort it well.", &[]);
    chain.runs(triage, triage2, &[], &told(40, 0, 0));
    // Both who read it, one of them through the other.
    let mut owed = chain.owed(&[triage2]);
    owed.sort_by_key(|missing| match missing {
        Missing::Dependent { prompt, .. } => *prompt != reply,
        _ => panic!("{missing:?}"),
    });
    assert_eq!(
        owed,
        [
            chain.waits_for(reply, reply1, triage2),
            chain.waits_for(check, check1, triage2)
        ]
    );
    // A run of what is served with what is served before it shows nothing of the new one.
    chain.runs(reply, reply1, &[], &told(40, 0, 0));
    assert_eq!(chain.owed(&[triage2]).len(), 2);
    chain.runs(reply, reply1, &[triage2], &told(40, 0, 0));
    assert_eq!(
        chain.owed(&[triage2]),
        [chain.waits_for(check, check1, triage2)]
    );
    // With it the check is worse: that blocks, though the triage itself is not.
    chain.runs(check, check1, &[triage2], &told(40, 0, 20));
    let owed = chain.owed(&[triage2]);
    assert!(
        matches!(&owed[..], [Missing::Dependent { prompt, fault: Some(GateFault::Verdict { .. }), .. }] if *prompt == check),
        "{owed:?}"
    );
    // Another triage with which all three do well.
    let triage3 = saves(&mut chain.world, triage, &[triage2], "Sort it so.", &[]);
    chain.runs(triage, triage3, &[], &told(40, 0, 0));
    chain.runs(reply, reply1, &[triage3], &told(40, 0, 0));
    chain.runs(check, check1, &[triage3], &told(40, 0, 0));
    assert_eq!(chain.owed(&[triage3]), []);
    let lines: Vec<_> = chain.world.entries.iter().map(|e| e.line()).collect();
    assert!(verify(&lines, &chain.world.contents).is_ok());
}

#[test]
fn evidence_is_stale_once_something_else_is_served_before_it() {
    let mut chain = chain();
    let (triage, reply) = (chain.triage, chain.reply);
    let (triage1, reply1) = (chain.triage1, chain.reply1);
    let reply2 = saves(&mut chain.world, reply, &[reply1], "Answer.", &[triage]);
    chain.runs(reply, reply2, &[], &told(40, 0, 0));
    let triage2 = saves(&mut chain.world, triage, &[triage1], "Sort it well.", &[]);
    let policy = gated_by(SuiteGate {
        prompts: vec![reply],
        dependents: OfDependents::BeNamed,
        ..suite_gate()
    });
    chain.world.demands(PRODUCTION, policy);
    assert_eq!(chain.owed(&[triage2]), [], "the policy only names");
    let owed = chain.owed(&[reply2]);
    assert!(
        matches!(&owed[..], [Missing::SuiteGate { version, fault: GateFault::NoRun, .. }] if *version == reply2),
        "{owed:?}"
    );
    chain.runs(reply, reply2, &[], &told(40, 0, 0));
    // The check reads the reply, and this gate is not for it.
    assert_eq!(chain.owed(&[reply2]), []);
}

#[test]
fn what_comes_together_is_tried_together() {
    let mut chain = chain();
    let (triage, reply, check) = (chain.triage, chain.reply, chain.check);
    let (triage1, reply1, check1) = (chain.triage1, chain.reply1, chain.check1);
    let triage2 = saves(&mut chain.world, triage, &[triage1], "Sort it well.", &[]);
    let reply2 = saves(&mut chain.world, reply, &[reply1], "Answer.", &[triage]);
    chain.runs(triage, triage2, &[], &told(40, 0, 0));
    // Each by itself shows nothing of both.
    chain.runs(reply, reply2, &[], &told(40, 0, 0));
    chain.runs(check, check1, &[reply2], &told(40, 0, 0));
    chain.runs(check, check1, &[triage2], &told(40, 0, 0));
    let owed = chain.owed(&[triage2, reply2]);
    let mut told_of = owed.iter();
    assert!(
        told_of.any(|one| matches!(one, Missing::SuiteGate { version, fault: GateFault::NoRun, .. } if *version == reply2)),
        "{owed:?}"
    );
    assert!(
        owed.iter()
            .any(|one| matches!(one, Missing::Dependent { prompt, .. } if *prompt == check)),
        "{owed:?}"
    );
    chain.runs(reply, reply2, &[triage2], &told(40, 0, 0));
    chain.runs(check, check1, &[triage2, reply2], &told(40, 0, 0));
    assert_eq!(chain.owed(&[triage2, reply2]), []);
}

#[test]
fn a_version_says_what_it_reads_and_a_run_what_is_asked_before() {
    let mut chain = chain();
    let (triage, reply, check) = (chain.triage, chain.reply, chain.check);
    let (triage1, reply1) = (chain.triage1, chain.reply1);
    // Who keeps quiet about it, or says something else, saves nothing.
    for said in [vec![], vec![check], vec![triage, check]] {
        let content = reading("Answer.", &[triage]);
        let mut body = saving(&mut chain.world, reply, &[reply1], &content);
        if let Body::SaveVersion { reads, .. } = &mut body {
            *reads = said;
        }
        chain.world.bob().cannot(body, Code::ContentInvalid);
    }
    let triage2 = saves(&mut chain.world, triage, &[triage1], "Sort it well.", &[]);
    let other = saves(&mut chain.world, check, &[], "Another.", &[]);
    for (live, proposed) in [
        (vec![], vec![]),
        (vec![triage1], vec![]),
        (vec![triage2], vec![triage2]),
        (vec![triage1], vec![triage1, other]),
        (vec![triage1], vec![triage1, triage2]),
        (vec![triage1, triage1], vec![triage1]),
    ] {
        let mut body = chain.world.announces(PRODUCTION, reply1, 1);
        if let Body::AnnounceRun { upstream, .. } = &mut body {
            *upstream = Upstream { live, proposed };
        }
        chain.world.bob().cannot(body, Code::Conflict);
    }
    let body = chain.world.announces(PRODUCTION, reply1, 1);
    let Body::AnnounceRun { upstream, .. } = &body else {
        panic!("{body:?}");
    };
    assert_eq!(
        (&upstream.live[..], &upstream.proposed[..]),
        (&[triage1][..], &[triage1][..])
    );
    chain.world.bob().does(body);
}
