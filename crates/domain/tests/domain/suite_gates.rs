//! Suites, announced runs and the gates that rest on them: the rules, row by row.
//!
//! With 40 cases on which nothing differs a loss of 10 points is ruled out at 0.9⁴⁰ = 1.5 %: enough
//! for a first look, which may err with 3.75 %, and too little for a second with 0.63 %.

use crate::support::*;
use domain::ledger::{Body, GateFault, Missing};
use domain::permissions::Role;
use domain::policy::{Policy, RunsBy, SuiteGate, WithoutSuite};
use domain::statistics::verdict::{GateDoubt, GateMeasure, GateOutcome};
use domain::suite::{Suite, SuiteGraders};
use domain::{Digest, PersonId, PromptId, RefusalCode as Code, RunId, VersionId};

struct Desk {
    world: World,
    prompt: PromptId,
    v1: VersionId,
    v2: VersionId,
    suite: Suite,
    rita: PersonId,
}

const RITA: u8 = 30;

/// v1 serves production, v2 is proposed, and the prompt has a suite of so many cases.
fn desk(cases: u32, gate: SuiteGate) -> Desk {
    let mut world = World::new();
    let rita = world.reviewer("Rita", RITA);
    let prompt = world.bob().creates("support/triage");
    let v1 = world.bob().saves(prompt, &[], "one");
    let v2 = world.bob().saves(prompt, &[v1], "two");
    world.bob().releases(PRODUCTION, v1);
    let suite = world.suite_of("triage", cases);
    let body = world.sets_suite(prompt, &suite);
    world.bob().does(body);
    world.demands(PRODUCTION, gated_by(gate));
    Desk {
        world,
        prompt,
        v1,
        v2,
        suite,
        rita,
    }
}

fn outcome(world: &World, version: VersionId) -> Option<GateOutcome> {
    Some(world.judged(PRODUCTION, version).verdict?.outcome)
}

#[test]
fn the_verdict_decides_what_is_released() {
    // Live wrong, proposed wrong, of 40; what the gate says, and in which words.
    for (live, proposed, says, words) in [
        (0, 0, GateOutcome::Pass, "Pass. 40 cases"),
        (5, 5, GateOutcome::Pass, "Pass."),
        (10, 0, GateOutcome::Pass, "is gained"),
        (0, 15, GateOutcome::Fail, "the new version is worse"),
        (0, 2, GateOutcome::CantTell, "more would settle it"),
    ] {
        let Desk { mut world, v2, .. } = desk(40, suite_gate());
        let request = world.bob().opens(&[(PRODUCTION, v2)]);
        let record = world.bob().runs(PRODUCTION, v2, &told(40, live, proposed));
        assert_eq!(outcome(&world, v2), Some(says), "{live} {proposed}");
        let verdict = world.judged(PRODUCTION, v2).verdict.expect("one");
        let told = domain::statistics::words::verdict(&verdict);
        assert!(told.contains(words), "{told}");
        let part = world.part(request, PRODUCTION);
        assert_eq!(part.evidence, [record]);
        if says == GateOutcome::Pass {
            let done = world.bob().carries_out(request, &[PRODUCTION]);
            let grounds = world.project().release(done).expect("it").grounds.clone();
            assert_eq!(grounds.expect("kept").evidence, [record]);
        } else {
            assert!(part.sentences[0].starts_with("support/triage v2: "));
            assert!(part.sentences[0].contains(words), "{:?}", part.sentences);
            let body = world.release_under(request, &[PRODUCTION]);
            world.bob().cannot(body, Code::PolicyUnmet);
        }
    }
}

#[test]
fn what_is_missing_before_there_is_a_verdict() {
    let Desk {
        mut world,
        prompt,
        v1,
        v2,
        ..
    } = desk(40, suite_gate());
    // A gate is judged on a request.
    let direct = world.release_of(PRODUCTION, v2);
    world.bob().cannot(direct, Code::PolicyUnmet);
    let fault = |world: &World, version| world.judged(PRODUCTION, version).fault;
    assert_eq!(fault(&world, v2), Some(GateFault::NoRun));
    let body = world.announces(PRODUCTION, v2, 1);
    let run: RunId = world.bob().does(body).into();
    let unanswered = |world: &World, doubt| {
        let verdict = world.judged(PRODUCTION, v2).verdict.expect("one");
        assert_eq!(verdict.doubt, Some(doubt));
        verdict.unanswered
    };
    assert_eq!(unanswered(&world, GateDoubt::Unfinished), 40);
    let half = told(20, 0, 0);
    let body = world.records(run, &half, &half);
    world.bob().does(body);
    assert_eq!(unanswered(&world, GateDoubt::Unanswered), 20);
    // A prompt without a suite.
    let other = world.bob().creates("other");
    let first = world.bob().saves(other, &[], "hello");
    assert_eq!(fault(&world, first), Some(GateFault::NoSuite));
    let request = world.bob().opens(&[(PRODUCTION, first)]);
    let says = world.part(request, PRODUCTION).sentences.join("; ");
    assert!(says.contains("other has no suite"), "{says}");
    world.demands(
        PRODUCTION,
        gated_by(SuiteGate {
            without_suite: WithoutSuite::Release,
            ..suite_gate()
        }),
    );
    assert_eq!(fault(&world, first), None);
    world.bob().carries_out(request, &[PRODUCTION]);
    // What is served already is no newcomer: shifting weights asks no gate.
    world.demands(
        PRODUCTION,
        gated_by(SuiteGate {
            prompts: vec![other],
            ..suite_gate()
        }),
    );
    assert!(world.project().gated(prompt).is_empty());
    assert_eq!(world.project().gated(other), [PRODUCTION]);
    let request = world.bob().opens(&[(PRODUCTION, v2)]);
    assert!(world.part(request, PRODUCTION).may_go());
    assert_ne!(v1, v2);
}

#[test]
fn where_nothing_is_served_the_rate_counts() {
    // Wrong of 40, with half of them asked for.
    for (proposed, says) in [
        (0, GateOutcome::Pass),
        (39, GateOutcome::Fail),
        (18, GateOutcome::CantTell),
    ] {
        let Desk { mut world, v2, .. } = desk(40, suite_gate());
        world.demands(STAGING, gated_by(suite_gate()));
        let mut told = told(40, 0, proposed);
        told.live.clear();
        world.bob().runs(STAGING, v2, &told);
        let verdict = world.judged(STAGING, v2).verdict.expect("one");
        assert_eq!(
            (verdict.measure, verdict.outcome),
            (GateMeasure::Rate, says)
        );
        // Against what production serves it says nothing.
        let there = world.judged(PRODUCTION, v2).fault;
        assert_eq!(there, Some(GateFault::NoRun));
    }
}

#[test]
fn evidence_of_one_environment_counts_wherever_the_same_is_served() {
    let Desk {
        mut world, v1, v2, ..
    } = desk(40, suite_gate());
    world.bob().releases(STAGING, v1);
    world.demands(STAGING, gated_by(suite_gate()));
    world.bob().runs(STAGING, v2, &told(40, 3, 3));
    assert_eq!(outcome(&world, v2), Some(GateOutcome::Pass));
    assert_eq!(world.judged(PRODUCTION, v2).verdict.expect("one").look, 1);
}

#[test]
fn the_largest_weight_is_what_is_compared_with() {
    let Desk {
        mut world,
        prompt,
        v1,
        v2,
        ..
    } = desk(40, suite_gate());
    let v3 = world.bob().saves(prompt, &[v2], "three");
    world.demands(PRODUCTION, Policy::default());
    world.bob().splits(PRODUCTION, &[(v1, 4_000), (v3, 6_000)]);
    world.demands(PRODUCTION, gated_by(suite_gate()));
    let served = world
        .project()
        .baseline(PRODUCTION, prompt)
        .expect("some")
        .0;
    assert_eq!(served, v3);
    world.bob().runs(PRODUCTION, v2, &told(40, 0, 0));
    assert_eq!(outcome(&world, v2), Some(GateOutcome::Pass));
}

#[test]
fn repeats_groups_and_whose_runs_count_are_the_policys() {
    // Twice each case.
    let Desk { mut world, v2, .. } = desk(
        40,
        SuiteGate {
            repeats: 2,
            ..suite_gate()
        },
    );
    world.bob().runs(PRODUCTION, v2, &told(40, 0, 0));
    let verdict = world.judged(PRODUCTION, v2).verdict.expect("one");
    assert_eq!(verdict.unanswered, 40, "once is not twice");
    let body = world.announces(PRODUCTION, v2, 2);
    let run: RunId = world.bob().does(body).into();
    let twice = told(80, 0, 0);
    let body = world.records(run, &twice, &twice);
    world.bob().does(body);
    let verdict = world.judged(PRODUCTION, v2).verdict.expect("one");
    assert_eq!((verdict.units, verdict.unanswered), (40, 0));

    // Forty wordings of four questions are four units.
    let Desk {
        mut world,
        prompt,
        v2,
        mut suite,
        ..
    } = desk(40, suite_gate());
    suite.groups = (0..4).map(|g| (g * 10..g * 10 + 10).collect()).collect();
    world.agrees_on_suite(prompt, &suite, RITA);
    world.bob().runs(PRODUCTION, v2, &told(40, 0, 0));
    let verdict = world.judged(PRODUCTION, v2).verdict.expect("one");
    assert_eq!((verdict.units, verdict.answered), (4, 40));
    assert_eq!(verdict.outcome, GateOutcome::CantTell);

    // Services only.
    let gate = SuiteGate {
        runs_by: RunsBy::Services,
        ..suite_gate()
    };
    let Desk {
        mut world,
        v2,
        rita,
        ..
    } = desk(40, gate);
    world.bob().runs(PRODUCTION, v2, &told(40, 0, 0));
    assert_eq!(world.judged(PRODUCTION, v2).fault, Some(GateFault::NoRun));
    let made = service(rita, 95, 905, rights("run", &[]));
    world.alice().does(made);
    world.device(key(95)).runs(PRODUCTION, v2, &told(40, 0, 0));
    let judged = world.judged(PRODUCTION, v2);
    assert_eq!(judged.verdict.expect("one").look, 1, "people's pay nothing");
    assert_eq!(judged.fault, None);
}

#[test]
fn a_policy_that_nothing_could_pass_is_refused_with_the_reason() {
    let with = |change: &dyn Fn(&mut SuiteGate)| {
        let mut gate = suite_gate();
        change(&mut gate);
        gated_by(gate)
    };
    for (policy, words) in [
        (with(&|g| g.allowed_loss = 0), "nothing could ever pass"),
        (with(&|g| g.allowed_loss = 5_001), "more than 50 points"),
        (with(&|g| g.least_rate = 10_000), "pass rate of 100 %"),
        (with(&|g| g.alpha = 9), "between 0.1 % and 10 %"),
        (with(&|g| g.alpha = 1_001), "between 0.1 % and 10 %"),
        (with(&|g| g.repeats = 0), "1 to 10 answers"),
        (with(&|g| g.repeats = 11), "1 to 10 answers"),
        (with(&|g| g.oldest_days = 0), "1 to 365 days"),
        (with(&|g| g.oldest_days = 366), "1 to 365 days"),
        (
            Policy {
                suite_gates: vec![suite_gate(); 33],
                ..Policy::default()
            },
            "at most 32 gates",
        ),
    ] {
        let mut world = World::new();
        let body = world.policy(PRODUCTION, policy);
        let refusal = world.alice().cannot(body, Code::Invalid);
        assert!(refusal.message.contains(words), "{}", refusal.message);
    }
    let mut world = World::new();
    let unknown = PromptId(uuid::Uuid::from_u128(9));
    let body = world.policy(PRODUCTION, with(&|g| g.prompts = vec![unknown]));
    world.alice().cannot(body, Code::NotFound);
}

#[test]
fn an_admin_sets_a_verdict_aside_where_the_policy_lets_them() {
    let Desk { mut world, v2, .. } = desk(40, suite_gate());
    world.demands(
        PRODUCTION,
        Policy {
            may_override: true,
            ..gated_by(suite_gate())
        },
    );
    world.bob().runs(PRODUCTION, v2, &told(40, 0, 15));
    let request = world.bob().opens(&[(PRODUCTION, v2)]);
    let reason = world.reason("the old one leaks");
    let body = overriding(world.release_under(request, &[PRODUCTION]), reason);
    world.bob().cannot(body.clone(), Code::NotAllowed);
    let done = world.alice().does(body).into();
    let grounds = world.project().release(done).expect("it").grounds.clone();
    let missing = grounds.expect("kept").overridden.expect("it was").missing;
    assert!(
        matches!(&missing[..], [Missing::SuiteGate { fault: GateFault::Verdict { verdict }, .. }]
            if verdict.outcome == GateOutcome::Fail),
        "{missing:?}"
    );
}

#[test]
fn what_is_no_suite_and_who_may_not_set_one() {
    let Desk {
        mut world,
        prompt,
        suite,
        ..
    } = desk(4, suite_gate());
    let with = |change: &dyn Fn(&mut Suite)| {
        let mut suite = suite.clone();
        change(&mut suite);
        suite
    };
    let nobody = uuid::Uuid::from_u128(7);
    let not_graders = world.bytes(b"{}");
    let none = world.bytes(br#"{"graders":[]}"#);
    let pattern = world.bytes(br#"{"graders":[{"type":"regex","pattern":"("}]}"#);
    let mut rows = Vec::new();
    for (what, changed, code) in [
        ("exactly this", suite.clone(), Code::Invalid),
        (
            "no dataset",
            with(&|s| s.dataset.0 = nobody),
            Code::NotFound,
        ),
        (
            "no content",
            with(&|s| s.content = not_graders),
            Code::NotFound,
        ),
        (
            "not sent",
            with(&|s| s.graders = Digest([7; 32])),
            Code::ContentMissing,
        ),
        (
            "no graders",
            with(&|s| s.graders = not_graders),
            Code::ContentInvalid,
        ),
        ("none", with(&|s| s.graders = none), Code::ContentInvalid),
        (
            "a bad one",
            with(&|s| s.graders = pattern),
            Code::ContentInvalid,
        ),
        (
            "a group of one",
            with(&|s| s.groups = vec![vec![1]]),
            Code::Invalid,
        ),
        (
            "beyond",
            with(&|s| s.groups = vec![vec![3, 4]]),
            Code::Invalid,
        ),
        (
            "twice",
            with(&|s| s.groups = vec![vec![0, 1], vec![1, 2]]),
            Code::Invalid,
        ),
    ] {
        rows.push((what, Who::Alice, world.sets_suite(prompt, &changed), code));
    }
    let other = world.suite_of("other", 4);
    rows.push((
        "gated",
        Who::Bob,
        world.sets_suite(prompt, &other),
        Code::PolicyUnmet,
    ));
    rows.push((
        "moved",
        Who::Alice,
        Body::SetSuite {
            prompt,
            suite: Box::new(other.clone()),
            replaces: None,
            request: None,
        },
        Code::Conflict,
    ));
    world.refuses(rows);
    assert!(
        SuiteGraders {
            graders: Vec::new()
        }
        .encode()
        .is_err()
    );
    world.agrees_on_suite(prompt, &other, RITA);
    // Where no gate rests on it, authors may, and programs that save.
    world.demands(PRODUCTION, Policy::default());
    let body = world.sets_suite(prompt, &suite);
    world.bob().does(body);
}

#[test]
fn what_is_no_announcement_and_no_record_of_one() {
    let Desk {
        mut world,
        prompt,
        v1,
        v2,
        ..
    } = desk(4, suite_gate());
    let bare = world.bob().creates("bare");
    let first = world.bob().saves(bare, &[], "hello");
    let lawful = world.announces(PRODUCTION, v2, 1);
    let with = |change: &dyn Fn(&mut Body)| {
        let mut body = lawful.clone();
        change(&mut body);
        body
    };
    macro_rules! but {
        ($field:ident, $value:expr) => {
            with(&|body| {
                if let Body::AnnounceRun { $field, .. } = body {
                    *$field = $value;
                }
            })
        };
    }
    let other = Digest([9; 32]);
    world.refuses(vec![
        (
            "no suite",
            Who::Bob,
            with(&|body| {
                if let Body::AnnounceRun {
                    prompt, proposed, ..
                } = body
                {
                    (*prompt, *proposed) = (bare, first);
                }
            }),
            Code::Conflict,
        ),
        (
            "another suite",
            Who::Bob,
            but!(suite, other),
            Code::Conflict,
        ),
        (
            "another's version",
            Who::Bob,
            but!(proposed, first),
            Code::Invalid,
        ),
        (
            "against itself",
            Who::Bob,
            but!(live, Some(v2)),
            Code::Conflict,
        ),
        (
            "against nothing",
            Who::Bob,
            but!(live, None),
            Code::Conflict,
        ),
        ("never", Who::Bob, but!(repeats, 0), Code::Invalid),
        ("too often", Who::Bob, but!(repeats, 11), Code::Invalid),
    ]);
    let run: RunId = world.bob().does(lawful).into();
    let good = told(4, 0, 0);
    let record = world.records(run, &good, &good);
    let but = |change: &dyn Fn(&mut domain::evidence::Counts)| {
        let mut body = record.clone();
        if let Body::RecordRun {
            counts: Some(counts),
            ..
        } = &mut body
        {
            change(counts);
        }
        body
    };
    let of_v1 = {
        let mut body = record.clone();
        if let Body::RecordRun { version, .. } = &mut body {
            *version = v1;
        }
        body
    };
    world.refuses(vec![
        (
            "never announced",
            Who::Bob,
            but(&|c| c.announced.0 = prompt.0),
            Code::NotFound,
        ),
        (
            "somebody else's",
            Who::Carol,
            record.clone(),
            Code::NotAllowed,
        ),
        ("another version's", Who::Bob, of_v1, Code::Invalid),
        (
            "no marks",
            Who::Bob,
            but(&|c| c.live = "11x1".into()),
            Code::Invalid,
        ),
        (
            "one side only",
            Who::Bob,
            but(&|c| c.live = "111".into()),
            Code::Invalid,
        ),
        (
            "too many",
            Who::Bob,
            but(&|c| {
                c.live = "11111".into();
                c.proposed = "11111".into();
            }),
            Code::Invalid,
        ),
    ]);
    world.bob().does(record.clone());
    world.bob().cannot(record, Code::Invalid);
}

#[test]
fn roles_by_role_alone_do_not_hold_a_suite_that_no_gate_rests_on() {
    let mut world = World::new();
    let vera = world.alice().invites_and_joins("Vera", 50, Role::Viewer);
    assert!(world.project().person(vera).is_some());
    let prompt = world.bob().creates("support/triage");
    let suite = world.suite_of("triage", 2);
    let body = world.sets_suite(prompt, &suite);
    world.device(key(50)).cannot(body.clone(), Code::NotAllowed);
    world.carol().does(body);
}
