//! Whoever may choose the evidence can pass anything: every way that we know of, tried.

use crate::support::*;
use domain::ledger::{Body, GateFault, Missing, RULES, VerdictKind};
use domain::policy::Policy;
use domain::project::ChainError;
use domain::statistics::verdict::{GateDoubt, GateOutcome};
use domain::{PromptId, RefusalCode as Code, RequestId, RunId, VersionId};

const DAY: i64 = 24 * HOUR;
const RITA: u8 = 30;
const ROSA: u8 = 31;

/// v1 serves production, v2 is proposed; 40 cases, a loss below 10 points is allowed.
fn desk() -> (World, PromptId, VersionId, VersionId) {
    let mut world = World::new();
    world.reviewer("Rita", RITA);
    let prompt = world.bob().creates("support/triage");
    let v1 = world.bob().saves(prompt, &[], "one");
    let v2 = world.bob().saves(prompt, &[v1], "two");
    world.bob().releases(PRODUCTION, v1);
    let suite = world.suite_of("triage", 40);
    let body = world.sets_suite(prompt, &suite);
    world.bob().does(body);
    world.demands(PRODUCTION, gated_by(suite_gate()));
    (world, prompt, v1, v2)
}

fn announced(world: &mut World, version: VersionId) -> RunId {
    let body = world.announces(PRODUCTION, version, 1);
    world.bob().does(body).into()
}

#[test]
fn a_run_that_is_hidden_costs_a_look() {
    let (mut world, _, _, v2) = desk();
    // It came out badly, and nobody hears of it.
    let hidden = announced(&mut world, v2);
    world.bob().runs(PRODUCTION, v2, &told(40, 0, 0));
    let judged = world.judged(PRODUCTION, v2);
    let verdict = judged.verdict.expect("one");
    assert_eq!(verdict.look, 2);
    assert_eq!(judged.silent, [hidden]);
    assert_eq!(judged.unfinished, [hidden]);
    assert_eq!(
        (verdict.outcome, verdict.doubt),
        (GateOutcome::CantTell, Some(GateDoubt::Unfinished)),
        "once would have passed"
    );
    let words = domain::statistics::words::verdict(&verdict);
    assert!(
        words.contains("not recorded yet") && words.contains("This is look 2"),
        "{words}"
    );
    // However often the others go well: whoever may leave out what went badly proves nothing.
    for _ in 0..5 {
        world.bob().runs(PRODUCTION, v2, &told(40, 0, 0));
        let verdict = world.judged(PRODUCTION, v2).verdict.expect("one");
        assert_eq!(verdict.doubt, Some(GateDoubt::Unfinished));
    }
    // Once it is told it counts like any other.
    let truth = told(40, 0, 30);
    let body = world.records(hidden, &truth, &truth);
    world.bob().does(body);
    let judged = world.judged(PRODUCTION, v2);
    assert_eq!((judged.silent.len(), judged.unfinished.len()), (0, 0));
    let verdict = judged.verdict.expect("one");
    assert_eq!((verdict.look, verdict.estimate), (7, 1_071), "30 of 7 × 40");
}

#[test]
fn a_run_that_is_never_recorded_is_forgotten_with_all_that_is_as_old() {
    let (mut world, _, _, v2) = desk();
    let lost = announced(&mut world, v2);
    world.bob().runs(PRODUCTION, v2, &told(40, 0, 0));
    world.wait(7 * DAY);
    let judged = world.judged(PRODUCTION, v2);
    assert_eq!((judged.evidence.len(), judged.unfinished.len()), (0, 0));
    assert!(judged.silent.contains(&lost), "it has cost its look");
    world.bob().runs(PRODUCTION, v2, &told(40, 0, 0));
    let verdict = world.judged(PRODUCTION, v2).verdict.expect("one");
    assert_eq!(verdict.look, 3);
    assert_ne!(verdict.doubt, Some(GateDoubt::Unfinished));
}

#[test]
fn a_run_in_which_nothing_was_asked_is_recorded_as_that() {
    let (mut world, _, _, v2) = desk();
    let run = announced(&mut world, v2);
    let nothing = told(0, 0, 0);
    let body = world.records(run, &nothing, &nothing);
    world.bob().does(body);
    let judged = world.judged(PRODUCTION, v2);
    assert_eq!((judged.silent.len(), judged.unfinished.len()), (1, 0));
}

#[test]
fn a_run_broken_off_when_it_stood_well_is_pooled_and_costs_a_look() {
    let (mut world, _, _, v2) = desk();
    world.bob().runs(PRODUCTION, v2, &told(40, 0, 20));
    let run = announced(&mut world, v2);
    // Only what stood well: the last cases of the first run are asked by nobody again.
    let well = told(10, 0, 0);
    let body = world.records(run, &well, &well);
    world.bob().does(body);
    let judged = world.judged(PRODUCTION, v2);
    assert_eq!(judged.evidence.len(), 2, "both count");
    let verdict = judged.verdict.expect("one");
    assert_eq!((verdict.look, verdict.outcome), (2, GateOutcome::Fail));
}

#[test]
fn running_until_it_passes_does_not() {
    let (mut world, _, _, v2) = desk();
    world.bob().runs(PRODUCTION, v2, &told(40, 0, 8));
    for look in 2..12 {
        world.bob().runs(PRODUCTION, v2, &told(40, 0, 8));
        let verdict = world.judged(PRODUCTION, v2).verdict.expect("one");
        assert_eq!(verdict.look, look);
        assert_ne!(verdict.outcome, GateOutcome::Pass);
    }
    // One lucky run after all those is one of twelve.
    world.bob().runs(PRODUCTION, v2, &told(40, 0, 0));
    let verdict = world.judged(PRODUCTION, v2).verdict.expect("one");
    assert_ne!(verdict.outcome, GateOutcome::Pass);
}

#[test]
fn an_answer_left_out_counts_against_the_new_version_on_either_side() {
    let (mut world, _, _, v2) = desk();
    for (live, proposed) in [("-", "0"), ("-", "-"), ("1", "-")] {
        let run = announced(&mut world, v2);
        let some = Told {
            live: live.repeat(20) + &"1".repeat(20),
            proposed: proposed.repeat(20) + &"1".repeat(20),
        };
        let body = world.records(run, &some, &some);
        world.bob().does(body);
        let verdict = world.judged(PRODUCTION, v2).verdict.expect("one");
        assert_eq!(verdict.unanswered, 0);
        assert_eq!(
            (verdict.estimate, verdict.outcome),
            (5_000, GateOutcome::Fail)
        );
    }
}

#[test]
fn nobody_is_believed_about_grades() {
    let (mut world, _, _, v2) = desk();
    let run = announced(&mut world, v2);
    let truth = told(40, 0, 15);
    for (what, said) in [
        ("better than it is", told(40, 0, 0)),
        ("one case better", told(40, 0, 14)),
        ("live worse than it is", told(40, 15, 15)),
        ("worse than it is", told(40, 0, 16)),
        (
            "none where one came",
            Told {
                live: "-".repeat(40),
                ..truth.clone()
            },
        ),
    ] {
        let body = world.records(run, &truth, &said);
        let refusal = world.bob().cannot(body, Code::ContentInvalid);
        assert!(
            refusal.message.starts_with("case "),
            "{what}: {}",
            refusal.message
        );
    }
    // One in between, where graders only pass or fail.
    let said = Told {
        live: truth.live.clone(),
        proposed: ".9999".repeat(40),
    };
    let body = world.records(run, &truth, &said);
    world.bob().cannot(body, Code::ContentInvalid);
    // Answers of another run, of which the grades are true.
    let other = announced(&mut world, v2);
    let good = told(40, 0, 0);
    let mut body = world.records(run, &good, &good);
    let elsewhere = world.results_of(other, &good);
    if let Body::RecordRun { results, .. } = &mut body {
        *results = elsewhere;
    }
    world.bob().cannot(body, Code::ContentInvalid);
    // Fewer than were asked, broken off before the bad ones: what is said is what is there.
    let body = world.records(run, &truth, &truth);
    world.bob().does(body);
}

#[test]
fn a_run_of_something_else_is_no_evidence() {
    let (mut world, prompt, _, v2) = desk();
    let v3 = world.bob().saves(prompt, &[v2], "three");
    world.bob().runs(PRODUCTION, v3, &told(40, 0, 0));
    assert_eq!(world.judged(PRODUCTION, v2).fault, Some(GateFault::NoRun));
    // The same content in another version is the same.
    let again = world.bob().saves(prompt, &[v3], "three");
    assert_eq!(world.judged(PRODUCTION, again).fault, None);
    // A run that nobody announced says nothing, however well it came out.
    let suite = world.project().suite(prompt).expect("one").suite.clone();
    let results = world.bytes(b"{}");
    world.bob().does(run(v2, suite.content, results));
    assert_eq!(world.judged(PRODUCTION, v2).fault, Some(GateFault::NoRun));
}

#[test]
fn evidence_against_what_is_no_longer_served_is_none() {
    let (mut world, prompt, _, v2) = desk();
    let v3 = world.bob().saves(prompt, &[v2], "three");
    world.bob().runs(PRODUCTION, v2, &told(40, 0, 0));
    assert_eq!(world.judged(PRODUCTION, v2).fault, None);
    world.bob().runs(PRODUCTION, v3, &told(40, 0, 0));
    let request = world.bob().opens(&[(PRODUCTION, v3)]);
    world.bob().carries_out(request, &[PRODUCTION]);
    assert_eq!(world.judged(PRODUCTION, v2).fault, Some(GateFault::NoRun));
}

#[test]
fn old_evidence_is_none_and_waiting_costs_its_look() {
    let (mut world, _, _, v2) = desk();
    world.bob().runs(PRODUCTION, v2, &told(40, 0, 15));
    world.wait(7 * DAY - 10_000);
    let verdict = world.judged(PRODUCTION, v2).verdict.expect("one");
    assert_eq!(verdict.outcome, GateOutcome::Fail, "not yet old");
    world.wait(10_000);
    let verdict = world.judged(PRODUCTION, v2).verdict.expect("one");
    assert_eq!(verdict.doubt, Some(GateDoubt::Unanswered));
    world.bob().runs(PRODUCTION, v2, &told(40, 0, 0));
    let verdict = world.judged(PRODUCTION, v2).verdict.expect("one");
    assert_eq!((verdict.look, verdict.outcome), (2, GateOutcome::CantTell));
}

#[test]
fn an_easier_suite_is_asked_for_and_approved_by_others() {
    let (mut world, prompt, _, v2) = desk();
    world.reviewer("Rosa", ROSA);
    world.bob().runs(PRODUCTION, v2, &told(40, 0, 15));
    let easier = world.suite_of("easier", 40);
    let body = world.sets_suite(prompt, &easier);
    // Nobody sets it by themselves: neither author nor program, reviewer nor admin.
    let bob = world.bob;
    let made = service(bob, 95, 905, rights("save", &[]));
    world.alice().does(made);
    for device in [1, 2, 95, RITA] {
        world
            .device(key(device))
            .cannot(body.clone(), Code::PolicyUnmet);
    }
    let asks = world.asks_suite(prompt, &easier);
    let request: RequestId = world.bob().does(asks).into();
    let set = world.sets_suite_under(request);
    let refusal = world.bob().cannot(set.clone(), Code::PolicyUnmet);
    assert!(
        refusal
            .message
            .contains("production needs 1 approval and has 0"),
        "{}",
        refusal.message
    );
    // Another suite under this request.
    let other = world.suite_of("other", 40);
    let mut smuggled = set.clone();
    if let Body::SetSuite { suite, .. } = &mut smuggled {
        **suite = other.clone();
    }
    world.bob().cannot(smuggled, Code::Conflict);
    // An approval covers exactly this: asking for something else voids it.
    let approve = world.verdict(request, VerdictKind::Approve);
    world.device(key(RITA)).does(approve);
    let Body::OpenRequest { asked } = world.asks_suite(prompt, &other) else {
        panic!("it opens");
    };
    let replaces = world.digest_of(request);
    world.bob().does(Body::UpdateRequest {
        request,
        replaces,
        asked,
    });
    let set = world.sets_suite_under(request);
    world.bob().cannot(set.clone(), Code::PolicyUnmet);
    // Asking for changes holds it back, whoever else approves.
    let doubts = world.verdict(request, VerdictKind::AskForChanges);
    world.device(key(ROSA)).does(doubts);
    let approve = world.verdict(request, VerdictKind::Approve);
    world.device(key(RITA)).does(approve);
    world.bob().cannot(set.clone(), Code::PolicyUnmet);
    let approve = world.verdict(request, VerdictKind::Approve);
    world.device(key(ROSA)).does(approve);
    world.bob().does(set.clone());
    assert!(!world.project().request(request).expect("it").is_open());
    world.bob().cannot(set, Code::Conflict);
    // Evidence over the old suite is none over the new one; and back again it is what it was.
    assert_eq!(world.judged(PRODUCTION, v2).fault, Some(GateFault::NoRun));
    let first = {
        let run = world.project().announced_runs(prompt).next().expect("one");
        let suite = world.project().suite_with(prompt, run.suite);
        suite.expect("kept").clone()
    };
    world.agrees_on_suite(prompt, &first, RITA);
    let verdict = world.judged(PRODUCTION, v2).verdict.expect("one");
    assert_eq!((verdict.look, verdict.outcome), (1, GateOutcome::Fail));
    let lines: Vec<_> = world.entries.iter().map(|entry| entry.line()).collect();
    assert!(verify(&lines, &world.contents).is_ok());
}

#[test]
fn nobody_approves_a_suite_of_their_own_or_for_work_of_their_own() {
    let (mut world, prompt, _, v2) = desk();
    world.reviewer("Rosa", ROSA);
    let easier = world.suite_of("easier", 40);
    // Whoever asked, or changed what is asked, or answers for the program that did.
    let asks = world.asks_suite(prompt, &easier);
    let request: RequestId = world.device(key(RITA)).does(asks).into();
    let approve = world.verdict(request, VerdictKind::Approve);
    world
        .device(key(RITA))
        .cannot(approve.clone(), Code::NotAllowed);
    world.bob().cannot(approve.clone(), Code::NotAllowed);
    let other = world.suite_of("other", 40);
    let Body::OpenRequest { asked } = world.asks_suite(prompt, &other) else {
        panic!("it opens");
    };
    let replaces = world.digest_of(request);
    world.alice().does(Body::UpdateRequest {
        request,
        replaces,
        asked,
    });
    let approve = world.verdict(request, VerdictKind::Approve);
    for device in [1, RITA] {
        world
            .device(key(device))
            .cannot(approve.clone(), Code::NotAllowed);
    }
    world.device(key(ROSA)).does(approve);
    // As many as the policy asks for: one was enough before two were.
    world.demands(
        PRODUCTION,
        Policy {
            approvals: 2,
            independent: true,
            ..gated_by(suite_gate())
        },
    );
    let set = world.sets_suite_under(request);
    world.bob().cannot(set, Code::PolicyUnmet);
    world.demands(
        PRODUCTION,
        Policy {
            approvals: 1,
            independent: true,
            ..gated_by(suite_gate())
        },
    );
    // Rosa writes what is to be judged by it: her approval counts no more.
    let v3 = world.device(key(ROSA)).saves(prompt, &[v2], "three");
    let release = world.device(key(ROSA)).opens(&[(PRODUCTION, v3)]);
    let set = world.sets_suite_under(request);
    world.bob().cannot(set.clone(), Code::PolicyUnmet);
    let standing = world.standing(request);
    assert!(
        standing
            .verdicts
            .iter()
            .all(|verdict| !verdict.void.is_empty()),
        "{:?}",
        standing.verdicts
    );
    world.device(key(ROSA)).does(Body::WithdrawRequest {
        request: release,
        reason: None,
    });
    world.bob().does(set);
}

#[test]
fn a_request_for_a_suite_is_for_nothing_else() {
    let (mut world, prompt, _, v2) = desk();
    let easier = world.suite_of("easier", 40);
    let Body::OpenRequest { asked: suite } = world.asks_suite(prompt, &easier) else {
        panic!("it opens");
    };
    // With a release, or in place of one.
    let release = world.asked(&[(PRODUCTION, v2)]);
    let mut both = suite.clone();
    both.changes.clone_from(&release.changes);
    world
        .bob()
        .cannot(Body::OpenRequest { asked: both }, Code::Invalid);
    let open = world.bob().opens(&[(PRODUCTION, v2)]);
    let replaces = world.digest_of(open);
    world.bob().cannot(
        Body::UpdateRequest {
            request: open,
            replaces,
            asked: suite.clone(),
        },
        Code::Invalid,
    );
    // Under the request for a release, or a release under this one.
    let mut set = world.sets_suite(prompt, &easier);
    if let Body::SetSuite { request, .. } = &mut set {
        *request = Some(open);
    }
    world.bob().cannot(set, Code::Conflict);
    let request: RequestId = world.bob().does(Body::OpenRequest { asked: suite }).into();
    let approve = world.verdict(request, VerdictKind::Approve);
    world.device(key(RITA)).does(approve);
    let direct = world.release_of(PRODUCTION, v2);
    world.bob().cannot(under(direct, request), Code::Invalid);
    // Set meanwhile by another request, it has moved.
    let other = world.suite_of("other", 40);
    world.agrees_on_suite(prompt, &other, RITA);
    let set = world.sets_suite_under(request);
    world.bob().cannot(set, Code::Conflict);
    assert!(matches!(
        &world.standing(request).suite.expect("one").missing[..],
        [Missing::SuiteMoved { .. }, Missing::Approvals { .. }]
    ));
    // Where no gate rests on it there is nothing to ask.
    world.demands(PRODUCTION, Policy::default());
    let asks = world.asks_suite(prompt, &easier);
    world.bob().cannot(asks, Code::Invalid);
    let set = world.sets_suite(prompt, &easier);
    world.bob().does(set);
}

#[test]
fn a_suite_that_a_reviewer_set_under_earlier_rules_stands() {
    let (mut world, prompt, _, _) = desk();
    let easier = world.suite_of("easier", 40);
    let before = world.entries.len();
    world.demands(PRODUCTION, Policy::default());
    let set = world.sets_suite(prompt, &easier);
    world.device(key(RITA)).does(set);
    // Without the step between, a reviewer set it where a gate rested on it.
    let mut parts: Vec<Parts> = world.entries.iter().map(Parts::of).collect();
    parts.remove(before);
    if let Err(caught) = verify(&retold(&parts, |_| 3), &world.contents) {
        panic!("{}: {}", caught.line, caught.error);
    }
    let caught = verify(&retold(&parts, |_| RULES), &world.contents).expect_err("not so now");
    assert!(
        matches!(caught.error, ChainError::Refused { .. }),
        "{}",
        caught.error
    );
}

#[test]
fn a_run_announced_before_the_suite_changed_is_recorded_and_counts_for_the_old_one() {
    let (mut world, prompt, _, v2) = desk();
    let run = announced(&mut world, v2);
    let other = world.suite_of("other", 40);
    world.agrees_on_suite(prompt, &other, RITA);
    let good = told(40, 0, 0);
    let body = world.records(run, &good, &good);
    world.bob().does(body);
    assert_eq!(world.judged(PRODUCTION, v2).fault, Some(GateFault::NoRun));
}

#[test]
fn a_registry_that_says_otherwise_is_found_out_by_whoever_decides_again() {
    let (mut world, _, _, v2) = desk();
    let run = announced(&mut world, v2);
    let truth = told(40, 0, 15);
    let body = world.records(run, &truth, &truth);
    world.bob().does(body);
    let last = Parts::of(world.entries.last().expect("one"));
    let events = last
        .events
        .get()
        .replacen(&truth.proposed, &"1".repeat(40), 1);
    assert_ne!(events, last.events.get());
    let mut lines: Vec<_> = world.entries.iter().map(|e| e.line().to_owned()).collect();
    *lines.last_mut().expect("one") = last.telling_raw(&events).line();
    let found = verify(&lines, &world.contents);
    let found = format!("{:?}", found.expect_err("it is found out"));
    assert!(found.contains("OtherEvents"), "{found}");
}

#[test]
fn cases_that_were_redacted_are_graded_by_nobody() {
    let (mut world, prompt, _, v2) = desk();
    let run = announced(&mut world, v2);
    let good = told(40, 0, 0);
    let body = world.records(run, &good, &good);
    let content = world.project().suite(prompt).expect("one").suite.content;
    let reason = world.reason("customers' names");
    world.alice().does(Body::Redact { content, reason });
    world.contents.remove(&content);
    let refusal = world.bob().cannot(body, Code::Invalid);
    assert!(
        refusal.message.contains("set another suite"),
        "{}",
        refusal.message
    );
}
