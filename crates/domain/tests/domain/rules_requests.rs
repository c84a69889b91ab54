//! The rules of requests: what may be asked, and what becomes of it.

use crate::support::*;
use domain::RefusalCode as Code;
use domain::ledger::{Body, Missing, Note, ReleaseChange, Reviewer, Side};
use domain::permissions::Role;
use domain::policy::Policy;
use domain::project::Decision;
use domain::rules::requests::{Why, renew};
use domain::{PromptId, RequestId, VersionId};
use uuid::Uuid;

/// Bob writes, Rita and Ron review, production asks for an approval.
pub struct Desk {
    pub world: World,
    pub prompt: PromptId,
    pub v1: VersionId,
    pub v2: VersionId,
    pub rita: domain::PersonId,
    pub ron: domain::PersonId,
}

pub const RITA: u8 = 30;
const RON: u8 = 31;

pub fn desk() -> Desk {
    let mut world = World::new();
    let rita = world.reviewer("Rita", RITA);
    let ron = world.reviewer("Ron", RON);
    let prompt = world.bob().creates("support/triage");
    let v1 = world.bob().saves(prompt, &[], "one");
    let v2 = world.bob().saves(prompt, &[v1], "two");
    world.bob().releases(PRODUCTION, v1);
    world.demands(PRODUCTION, approvals(1));
    Desk {
        world,
        prompt,
        v1,
        v2,
        rita,
        ron,
    }
}

#[test]
fn asked_approved_released() {
    let mut desk = desk();
    let world = &mut desk.world;
    // Without a request it does not go, and the refusal says what to do.
    let direct = world.release_of(PRODUCTION, desk.v2);
    let refusal = world.bob().cannot(direct, Code::PolicyUnmet);
    assert_eq!(
        refusal.message,
        "production asks for a review; open a request"
    );
    let details = refusal.details.expect("in data too");
    assert_eq!(details["missing"][0]["type"], "request");
    let request = world.bob().opens(&[(PRODUCTION, desk.v2)]);
    let part = world.part(request, PRODUCTION);
    assert_eq!(part.sentences, ["production needs 1 approval and has 0"]);
    let early = world.release_under(request, &[PRODUCTION]);
    world.bob().cannot(early, Code::PolicyUnmet);
    assert_eq!(world.project().waiting_for(desk.rita).len(), 1);
    world.device(key(RITA)).approves(request);
    assert!(world.project().waiting_for(desk.rita).is_empty());
    assert_eq!(world.project().waiting_for(desk.ron).len(), 1);
    assert!(world.part(request, PRODUCTION).may_go());
    let decided = world.project().decided_for(world.bob);
    assert_eq!(
        (decided[0].1.what, decided[0].1.by),
        (Decision::Approved, desk.rita)
    );
    let done = world.bob().carries_out(request, &[PRODUCTION]);
    assert_eq!(world.served(PRODUCTION, desk.prompt), [desk.v2]);
    let record = world.project().release(done).expect("kept").clone();
    let grounds = record.grounds.as_ref().expect("kept for ever");
    assert_eq!((grounds.request, grounds.step), (Some(request), Some(1)));
    assert_eq!(grounds.approvals[0].by, [desk.rita]);
    assert!(grounds.overridden.is_none());
    // It is closed: nothing more becomes of it.
    assert!(!world.project().request(request).expect("kept").is_open());
    assert!(world.project().open_requests().is_empty());
    assert_eq!(
        world.project().decided_for(world.bob)[0].1.what,
        Decision::Released
    );
    let late = Body::WithdrawRequest {
        request,
        reason: None,
    };
    world.bob().cannot(late, Code::Invalid);
    // The same approval does not carry a second release.
    let again = under(world.release_of(PRODUCTION, desk.v1), request);
    world.bob().cannot(again, Code::Invalid);
}

#[test]
fn what_asking_refuses() {
    let Desk {
        mut world,
        prompt,
        v1,
        v2,
        rita,
        ..
    } = desk();
    let other = world.bob().creates("support/reply");
    let foreign = world.bob().saves(other, &[], "reply");
    let first = world.last(PRODUCTION, prompt);
    let carol = world.carol;
    let mut with = |change: &dyn Fn(&mut domain::ledger::Asked)| {
        let mut asked = world.asked(&[(PRODUCTION, v2)]);
        change(&mut asked);
        Body::OpenRequest {
            asked: Box::new(asked),
        }
    };
    let nobody = domain::PersonId(Uuid::nil());
    let half = |version| Side {
        version,
        weight: 5_000,
    };
    let note = |place, text| Note {
        environment: place,
        prompt,
        input: "name".to_owned(),
        kind: domain::contract::BreakKind::Removed,
        text,
    };
    let rows: Vec<(&str, Body, Code)> = vec![
        ("nothing", with(&|a| a.changes.clear()), Code::Invalid),
        (
            "twice the same",
            with(&|a| a.changes.push(a.changes[0].clone())),
            Code::Invalid,
        ),
        (
            "no step",
            with(&|a| a.changes[0].steps.clear()),
            Code::Invalid,
        ),
        (
            "too many steps",
            with(&|a| a.changes[0].steps = vec![whole(v2); 11]),
            Code::Invalid,
        ),
        (
            "a step that changes nothing",
            with(&|a| a.changes[0].steps = vec![whole(v2), whole(v2)]),
            Code::Invalid,
        ),
        (
            "what is served already",
            with(&|a| a.changes[0].steps = vec![whole(v1)]),
            Code::Invalid,
        ),
        (
            "half of the traffic",
            with(&|a| a.changes[0].steps = vec![vec![half(v2)]]),
            Code::Invalid,
        ),
        (
            "another prompt's version",
            with(&|a| a.changes[0].steps = vec![whole(foreign)]),
            Code::Invalid,
        ),
        (
            "replacing what is not there",
            with(&|a| a.changes[0].replaces = None),
            Code::Conflict,
        ),
        (
            "no such environment",
            with(&|a| a.changes[0].environment = domain::EnvironmentId(Uuid::nil())),
            Code::NotFound,
        ),
        (
            "asking an author",
            with(&|a| a.reviewers = vec![Reviewer::Person(carol)]),
            Code::Invalid,
        ),
        (
            "asking nobody",
            with(&|a| a.reviewers = vec![Reviewer::Person(nobody)]),
            Code::NotFound,
        ),
        (
            "asking authors",
            with(&|a| a.reviewers = vec![Reviewer::Role(Role::Author)]),
            Code::Invalid,
        ),
        (
            "asking twice",
            with(&|a| a.reviewers = vec![Reviewer::Person(rita); 2]),
            Code::Invalid,
        ),
        (
            "a note on something else",
            with(&|a| a.notes = vec![note(STAGING, a.reason)]),
            Code::Invalid,
        ),
        (
            "a note twice",
            with(&|a| a.notes = vec![note(PRODUCTION, a.reason); 2]),
            Code::Invalid,
        ),
        (
            "a reason that was not sent",
            with(&|a| a.reason = domain::Digest::of(b"absent")),
            Code::ContentMissing,
        ),
    ];
    let rows = rows.into_iter().map(|(w, b, c)| (w, Who::Bob, b, c));
    let rows: Vec<_> = rows.collect();
    world.refuses(rows);
    assert_eq!(world.last(PRODUCTION, prompt), first);
    let nothing = RequestId(Uuid::from_u128(404));
    let reason = world.reason("why");
    let digest = reason;
    let rows: Vec<(&str, Who, Body, Code)> = vec![
        (
            "withdraw: nothing",
            Who::Bob,
            Body::WithdrawRequest {
                request: nothing,
                reason: None,
            },
            Code::NotFound,
        ),
        (
            "verdict: nothing",
            Who::Alice,
            Body::GiveVerdict {
                request: nothing,
                digest,
                verdict: domain::ledger::VerdictKind::Approve,
                evidence: vec![],
                comment: None,
            },
            Code::NotFound,
        ),
        (
            "release: nothing",
            Who::Bob,
            under(world.release_of(STAGING, v2), nothing),
            Code::NotFound,
        ),
    ];
    world.refuses(rows);
}

#[test]
fn a_release_under_a_request_is_exactly_what_it_asks() {
    let Desk {
        mut world,
        prompt,
        v2,
        ..
    } = desk();
    let v3 = world.bob().saves(prompt, &[v2], "three");
    let other = world.bob().creates("support/reply");
    let r1 = world.bob().saves(other, &[], "reply");
    let request = world.bob().opens(&[(PRODUCTION, v2), (PRODUCTION, r1)]);
    world.device(key(RITA)).approves(request);
    let lawful = world.release_under(request, &[PRODUCTION]);
    let altered = |change: &dyn Fn(&mut Vec<ReleaseChange>)| {
        let mut body = lawful.clone();
        if let Body::Release { changes, .. } = &mut body {
            change(changes);
        }
        body
    };
    let extra = change(STAGING, prompt, &[(v2, 10_000)], None);
    let mut stepped = lawful.clone();
    if let Body::Release { step, .. } = &mut stepped {
        *step = Some(2);
    }
    let mut stepless = world.release_of(STAGING, v2);
    if let Body::Release { step, .. } = &mut stepless {
        *step = Some(1);
    }
    let reason = world.reason("x");
    let conflicts = [
        ("another version", altered(&|c| c[0].sides = whole(v3))),
        (
            "a split",
            altered(&|c| {
                c[0].sides = vec![
                    Side {
                        version: v2,
                        weight: 9_000,
                    },
                    Side {
                        version: v3,
                        weight: 1_000,
                    },
                ];
            }),
        ),
        ("one less", altered(&|c| drop(c.pop()))),
        ("stopping it", altered(&|c| c[0].sides.clear())),
    ];
    let rows = conflicts.map(|(what, body)| (what, Who::Bob, body, Code::Conflict));
    world.refuses(rows.to_vec());
    world.refuses(vec![
        (
            "one more, elsewhere",
            Who::Bob,
            altered(&|c| c.push(extra.clone())),
            Code::Invalid,
        ),
        ("another step", Who::Bob, stepped, Code::Invalid),
        ("a step of nothing", Who::Bob, stepless, Code::Invalid),
        (
            "an override of nothing",
            Who::Alice,
            overriding(lawful.clone(), reason),
            Code::Invalid,
        ),
    ]);
    world.bob().does(lawful);
    assert_eq!(world.served(PRODUCTION, other), [r1]);
}

#[test]
fn any_change_voids_approvals_and_says_what_changed() {
    let Desk {
        mut world,
        prompt,
        v2,
        rita,
        ..
    } = desk();
    let v3 = world.bob().saves(prompt, &[v2], "three");
    let request = world.bob().opens(&[(PRODUCTION, v2)]);
    let before = world.digest_of(request);
    world.device(key(RITA)).approves(request);
    let old = world.verdict(request, domain::ledger::VerdictKind::Approve);
    let update = world.asks_instead(request, &[(PRODUCTION, v3)]);
    world.bob().does(update.clone());
    assert_ne!(world.digest_of(request), before);
    let standing = world.standing(request);
    let (why, words) = &standing.verdicts[0].void[0];
    assert_eq!(
        *why,
        Why::Updated {
            changes: vec![(PRODUCTION, prompt)]
        }
    );
    assert_eq!(
        words,
        "void: the request changed (support/triage in production)"
    );
    assert!(!standing.parts[0].may_go());
    // Back in the inbox; the old approval can't be given again on what is asked now.
    assert_eq!(world.project().waiting_for(rita).len(), 1);
    world.device(key(RON)).cannot(old, Code::Conflict);
    world.bob().cannot(update, Code::Conflict);
    let same = world.asks_instead(request, &[(PRODUCTION, v3)]);
    world.bob().cannot(same, Code::Invalid);
    // Other words and other reviewers are no other content: approvals stay.
    world.device(key(RITA)).approves(request);
    let mut named = asking(world.asks_instead(request, &[(PRODUCTION, v3)]), &[rita]);
    if let Body::UpdateRequest { asked, .. } = &mut named {
        asked.reason = world.reason("said better");
    }
    world.bob().does(named);
    assert!(world.part(request, PRODUCTION).may_go());
    // Back to what was approved first: the digest is that of then, and so is the latest verdict not.
    let back = world.asks_instead(request, &[(PRODUCTION, v2)]);
    world.bob().does(back);
    assert_eq!(world.digest_of(request), before);
    assert!(!world.part(request, PRODUCTION).may_go());
}

#[test]
fn what_moved_meanwhile_makes_a_request_stale() {
    let Desk {
        mut world,
        prompt,
        v1,
        v2,
        ..
    } = desk();
    let v3 = world.bob().saves(prompt, &[v1], "three");
    let one = world.bob().opens(&[(PRODUCTION, v2)]);
    let two = world.carol().opens(&[(PRODUCTION, v3)]);
    world.device(key(RITA)).approves(one);
    world.device(key(RITA)).approves(two);
    let approved = world.release_under(two, &[PRODUCTION]);
    world.bob().carries_out(one, &[PRODUCTION]);
    world.carol().cannot(approved, Code::Conflict);
    let standing = world.standing(two);
    assert_eq!(
        standing.verdicts[0].void[0].1,
        "void: production moved from v1 to v2 of support/triage"
    );
    assert!(matches!(standing.verdicts[0].void[0].0, Why::Moved(_)));
    let part = &standing.parts[0];
    assert!(matches!(part.missing[0], Missing::Stale { .. }));
    assert!(part.sentences[0].contains("update the request"), "{part:?}");
    assert!(part.approvals.is_empty());
    // Nobody can approve it before it says what it replaces now.
    let verdict = world.verdict(two, domain::ledger::VerdictKind::Approve);
    world.device(key(RON)).cannot(verdict, Code::Conflict);
    let renewed = renew(world.project(), world.project().request(two).expect("it"));
    assert_eq!(renewed.changes, world.asked(&[(PRODUCTION, v3)]).changes);
    let replaces = world.digest_of(two);
    world.carol().does(Body::UpdateRequest {
        request: two,
        replaces,
        asked: Box::new(renewed),
    });
    world.device(key(RON)).approves(two);
    world.carol().carries_out(two, &[PRODUCTION]);
    assert_eq!(world.served(PRODUCTION, prompt), [v3]);
}

#[test]
fn the_parts_of_a_bundle_go_each_under_its_own_policy() {
    let Desk {
        mut world,
        prompt,
        v2,
        ..
    } = desk();
    let places = [(STAGING, v2), (PRODUCTION, v2)];
    world.demands(
        PRODUCTION,
        Policy {
            path: vec![STAGING],
            ..approvals(1)
        },
    );
    let request = world.bob().opens(&places);
    assert!(world.part(request, STAGING).may_go());
    let part = world.part(request, PRODUCTION);
    assert_eq!(part.missing.len(), 2, "{:?}", part.sentences);
    assert!(part.sentences[1].contains("never served in staging"));
    // Both at once: production does not go, so neither does.
    let both = world.release_under(request, &[STAGING, PRODUCTION]);
    world.bob().cannot(both, Code::PolicyUnmet);
    world.bob().carries_out(request, &[STAGING]);
    assert!(world.project().request(request).expect("it").is_open());
    // Brought up to what is there now, only production is left of it.
    let renewed = renew(
        world.project(),
        world.project().request(request).expect("it"),
    );
    assert_eq!(renewed.environments(), [PRODUCTION]);
    world.device(key(RITA)).approves(request);
    world.bob().carries_out(request, &[PRODUCTION]);
    assert_eq!(world.served(PRODUCTION, prompt), [v2]);
    assert!(!world.project().request(request).expect("it").is_open());
}

#[test]
fn taking_a_request_back() {
    let Desk {
        mut world,
        v2,
        rita,
        ..
    } = desk();
    let request = world.bob().opens(&[(PRODUCTION, v2)]);
    world.device(key(RITA)).approves(request);
    let release = world.release_under(request, &[PRODUCTION]);
    let reason = world.reason("no longer needed");
    world.alice().does(Body::WithdrawRequest {
        request,
        reason: Some(reason),
    });
    world.bob().cannot(release, Code::Invalid);
    let update = world.asks_instead(request, &[(STAGING, v2)]);
    world.bob().cannot(update, Code::Invalid);
    let verdict = world.verdict(request, domain::ledger::VerdictKind::AskForChanges);
    world.device(key(RITA)).cannot(verdict, Code::Invalid);
    assert!(world.project().waiting_for(rita).is_empty());
    let decided = world.project().decided_for(world.bob);
    assert_eq!(decided[0].1.what, Decision::Withdrawn);
}

#[test]
fn whom_a_request_asks() {
    let Desk {
        mut world,
        v2,
        rita,
        ron,
        ..
    } = desk();
    let waits = |world: &World, person| world.project().waiting_for(person).len();
    let body = asking(world.asks(&[(PRODUCTION, v2)]), &[ron]);
    let by_name: RequestId = world.bob().does(body).into();
    assert_eq!((waits(&world, rita), waits(&world, ron)), (0, 1));
    assert_eq!(waits(&world, world.alice), 0);
    // Whoever was not asked may give a verdict all the same.
    world.device(key(RITA)).approves(by_name);
    assert!(world.part(by_name, PRODUCTION).may_go());
    let mut body = world.asks(&[(PRODUCTION, v2)]);
    if let Body::OpenRequest { asked } = &mut body {
        asked.reviewers = vec![Reviewer::Role(Role::Admin)];
    }
    world.device(key(RON)).does(body);
    assert_eq!((waits(&world, rita), waits(&world, world.alice)), (0, 1));
    // Nobody in particular: every reviewer, but not who asks.
    world.device(key(RON)).opens(&[(STAGING, v2)]);
    assert_eq!((waits(&world, rita), waits(&world, ron)), (1, 1));
    assert_eq!(
        (waits(&world, world.bob), waits(&world, world.alice)),
        (0, 2)
    );
}
