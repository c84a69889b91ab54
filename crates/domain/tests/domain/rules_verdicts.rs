//! The rules of verdicts: whose approval counts, for what, and until when.

use crate::support::*;
use domain::RefusalCode as Code;
use domain::ledger::{Body, VerdictKind};
use domain::permissions::Role;
use domain::policy::Policy;
use domain::rules::requests::Why;
use domain::{PersonId, PromptId, RequestId, RunId, VersionId};
use uuid::Uuid;

const RITA: u8 = 30;
const RON: u8 = 31;

struct Desk {
    world: World,
    prompt: PromptId,
    v1: VersionId,
    v2: VersionId,
    rita: PersonId,
    ron: PersonId,
}

fn desk(policy: Policy) -> Desk {
    let mut world = World::new();
    let rita = world.reviewer("Rita", RITA);
    let ron = world.reviewer("Ron", RON);
    let prompt = world.bob().creates("support/triage");
    let v1 = world.bob().saves(prompt, &[], "one");
    let v2 = world.bob().saves(prompt, &[v1], "two");
    world.bob().releases(PRODUCTION, v1);
    world.demands(PRODUCTION, policy);
    Desk {
        world,
        prompt,
        v1,
        v2,
        rita,
        ron,
    }
}

fn independent(approvals: u32) -> Policy {
    Policy {
        approvals,
        independent: true,
        ..Policy::default()
    }
}

fn may_go(world: &World, request: RequestId) -> bool {
    world.part(request, PRODUCTION).may_go()
}

#[test]
fn each_person_counts_once_by_their_latest_verdict() {
    let Desk {
        mut world,
        v2,
        rita,
        ..
    } = desk(approvals(2));
    let request = world.bob().opens(&[(PRODUCTION, v2)]);
    world.device(key(RITA)).approves(request);
    let again = world.verdict(request, VerdictKind::Approve);
    world.device(key(RITA)).cannot(again.clone(), Code::Invalid);
    // People, not devices.
    world.device(key(RITA)).does(Body::EnrolDevice {
        person: rita,
        device: key(RITA + 20).public(),
        name: "desktop".to_owned(),
    });
    world.device(key(RITA + 20)).cannot(again, Code::Invalid);
    assert!(!may_go(&world, request));
    world.device(key(RON)).approves(request);
    assert!(may_go(&world, request));
    // Taken back, it counts no more; and what she said before does not come alive again.
    world
        .device(key(RITA + 20))
        .does(Body::WithdrawVerdict { request });
    assert!(!may_go(&world, request));
    let none = Body::WithdrawVerdict { request };
    world.device(key(RITA)).cannot(none, Code::NotFound);
    let verdicts = world.standing(request).verdicts;
    assert_eq!(verdicts[0].void[0].0, Why::TakenBack);
    world.device(key(RITA)).approves(request);
    assert!(may_go(&world, request));
    world.bob().carries_out(request, &[PRODUCTION]);
}

#[test]
fn an_ask_for_changes_blocks_until_it_is_changed_or_dismissed() {
    let Desk {
        mut world,
        prompt,
        v2,
        rita,
        ron,
        ..
    } = desk(approvals(1));
    let request = world.bob().opens(&[(PRODUCTION, v2)]);
    world.device(key(RITA)).approves(request);
    world.device(key(RON)).asks_for_changes(request);
    let part = world.part(request, PRODUCTION);
    assert_eq!(
        part.sentences,
        ["Ron asks for changes; make them and ask again, or have an admin dismiss it"]
    );
    let blocked = world.release_under(request, &[PRODUCTION]);
    world.bob().cannot(blocked, Code::PolicyUnmet);
    // It blocks what is asked next too, until he has looked.
    let v3 = world.bob().saves(prompt, &[v2], "three");
    let update = world.asks_instead(request, &[(PRODUCTION, v3)]);
    world.bob().does(update);
    world.device(key(RITA)).approves(request);
    assert!(!may_go(&world, request));
    assert_eq!(world.project().waiting_for(ron).len(), 1);
    let reason = world.reason("he is on leave, and I looked");
    let dismiss = |person| Body::DismissVerdict {
        request,
        person,
        reason,
    };
    world
        .device(key(RITA))
        .cannot(dismiss(ron), Code::NotAllowed);
    world.alice().cannot(dismiss(rita), Code::NotFound);
    world.alice().does(dismiss(ron));
    world.alice().cannot(dismiss(ron), Code::NotFound);
    let verdicts = world.standing(request).verdicts;
    let ended = verdicts.iter().find(|v| v.person == ron).expect("kept");
    assert_eq!(ended.void[0].1, "dismissed by Alice");
    assert!(may_go(&world, request));
    world.device(key(RON)).asks_for_changes(request);
    assert!(!may_go(&world, request));
    world.device(key(RON)).approves(request);
    assert!(may_go(&world, request));
}

#[test]
fn nobody_approves_their_own_work_where_approvals_are_independent() {
    let Desk {
        mut world,
        prompt,
        v2,
        rita,
        ..
    } = desk(independent(1));
    // Rita writes on Bob's version; Bob corrects a word. Her part of it is not served yet.
    let v3 = world.device(key(RITA)).saves(prompt, &[v2], "three");
    let v4 = world.bob().saves(prompt, &[v3], "three.");
    let own = world.bob().opens(&[(PRODUCTION, v3)]);
    let built_on = world.bob().opens(&[(PRODUCTION, v4)]);
    assert!(
        world.project().waiting_for(rita).is_empty(),
        "not hers to approve"
    );
    for request in [own, built_on] {
        let verdict = world.verdict(request, VerdictKind::Approve);
        let refusal = world.device(key(RITA)).cannot(verdict, Code::NotAllowed);
        assert!(refusal.message.contains("support/triage v3"), "{refusal}");
        world.device(key(RITA)).asks_for_changes(request);
        world
            .device(key(RITA))
            .does(Body::WithdrawVerdict { request });
        world.device(key(RON)).approves(request);
        assert!(may_go(&world, request));
    }
    world.bob().carries_out(built_on, &[PRODUCTION]);
    // Now it is served: what is built on it is hers no more.
    let v5 = world.bob().saves(prompt, &[v4], "four");
    let next = world.bob().opens(&[(PRODUCTION, v5)]);
    world.device(key(RITA)).approves(next);
    assert!(may_go(&world, next));
    // Bob saves again what she wrote first: it stays hers.
    let copied = world.device(key(RITA)).saves(prompt, &[v5], "hers");
    let copy = world.bob().saves(prompt, &[v5], "hers");
    assert_ne!(copied, copy);
    let request = world.bob().opens(&[(PRODUCTION, copy)]);
    let verdict = world.verdict(request, VerdictKind::Approve);
    world.device(key(RITA)).cannot(verdict, Code::NotAllowed);
    // Where the policy asks for no independence, the same call is taken.
    world.demands(PRODUCTION, approvals(1));
    world.device(key(RITA)).approves(request);
    assert!(may_go(&world, request));
    // Under the policy in force when it is released, it does not count after all.
    world.demands(PRODUCTION, independent(1));
    let standing = world.standing(request);
    assert!(matches!(
        standing.verdicts[0].void[0].0,
        Why::WroteIt { .. }
    ));
    let body = world.release_under(request, &[PRODUCTION]);
    world.bob().cannot(body, Code::PolicyUnmet);
}

#[test]
fn a_snippet_and_what_a_service_saved_have_authors_too() {
    let Desk {
        mut world,
        prompt,
        v1,
        ..
    } = desk(independent(1));
    // Rita wrote the snippet that Bob includes.
    let snippet = world.device(key(RITA)).creates("snippets/policy");
    world.device(key(RITA)).saves(snippet, &[], "be kind");
    let included = world.text("be kind");
    let mut content = domain::VersionContent::text("{% include \"snippets/policy\" %}");
    content
        .includes
        .insert("snippets/policy".to_owned(), included);
    let content = world.content(&content);
    let message = world.reason("with the policy");
    let body = save(prompt, &[v1], content, &[included], message);
    let v3: VersionId = world.bob().does(body).into();
    let request = world.bob().opens(&[(PRODUCTION, v3)]);
    let verdict = world.verdict(request, VerdictKind::Approve);
    world.device(key(RITA)).cannot(verdict, Code::NotAllowed);
    world.device(key(RON)).approves(request);
    world.bob().carries_out(request, &[PRODUCTION]);
    // Ron answers for the service; Alice made it.
    let ron = world
        .project()
        .person_of(&key(RON).public())
        .expect("Ron")
        .id;
    world
        .alice()
        .does(service(ron, 95, 905, rights("save", &[])));
    let v4 = world.device(key(95)).saves(prompt, &[v3], "by a program");
    let request = world.bob().opens(&[(PRODUCTION, v4)]);
    let verdict = world.verdict(request, VerdictKind::Approve);
    world
        .device(key(RON))
        .cannot(verdict.clone(), Code::NotAllowed);
    world.alice().cannot(verdict.clone(), Code::NotAllowed);
    world.device(key(95)).cannot(verdict, Code::NotAllowed);
    world.device(key(RITA)).approves(request);
    world.bob().carries_out(request, &[PRODUCTION]);
}

#[test]
fn who_no_longer_gives_verdicts_does_not_count_and_whose_laptop_is_lost_does() {
    let Desk {
        mut world,
        v2,
        rita,
        ron,
        ..
    } = desk(approvals(1));
    let role = |person, role, replaces| Body::SetRole {
        person,
        role,
        replaces,
    };
    let request = world.bob().opens(&[(PRODUCTION, v2)]);
    world.device(key(RITA)).approves(request);
    let release = world.release_under(request, &[PRODUCTION]);
    world.alice().does(role(rita, Role::Author, Role::Reviewer));
    world.bob().cannot(release, Code::PolicyUnmet);
    let verdict = &world.standing(request).verdicts[0];
    assert_eq!(verdict.void[0].0, Why::NotEntitled);
    world.alice().does(role(rita, Role::Reviewer, Role::Author));
    assert!(may_go(&world, request));
    world.alice().does(Body::RemovePerson { person: rita });
    assert!(!may_go(&world, request));
    // An ask for changes of somebody who is gone blocks nobody.
    world.device(key(RON)).asks_for_changes(request);
    world.alice().approves(request);
    assert!(!may_go(&world, request));
    world.alice().does(Body::RemovePerson { person: ron });
    assert!(may_go(&world, request));
}

#[test]
fn a_verdict_counts_by_what_holds_when_it_arrives() {
    let Desk {
        mut world,
        prompt,
        v2,
        rita,
        ..
    } = desk(approvals(1));
    let request = world.bob().opens(&[(PRODUCTION, v2)]);
    let seen = world.project().head().seq;
    let said = world.verdict(request, VerdictKind::Approve);
    // Offline, and nothing that matters happened: it counts.
    world.bob().creates("something else");
    world
        .device(key(RITA))
        .offline_since(seen)
        .does(said.clone());
    assert!(may_go(&world, request));
    // That the device was lost since takes nothing from it.
    world.alice().does(Body::EnrolDevice {
        person: rita,
        device: key(50).public(),
        name: "new".to_owned(),
    });
    world.alice().does(Body::RevokeDevice {
        device: key(RITA).public(),
    });
    assert!(may_go(&world, request));
    // What the lost device signs from now on does, whatever it had seen; the new one's counts.
    let v3 = world.bob().saves(prompt, &[v2], "three");
    let update = world.asks_instead(request, &[(PRODUCTION, v3)]);
    world.bob().does(update);
    let late = world.verdict(request, VerdictKind::Approve);
    world
        .device(key(RITA))
        .offline_since(seen)
        .cannot(late.clone(), Code::UnknownDevice);
    world
        .device(key(50))
        .offline_since(seen)
        .cannot(said, Code::Conflict);
    world.device(key(50)).does(late);
    assert!(may_go(&world, request));
}

#[test]
fn evidence_is_named_and_later_runs_are_shown() {
    let Desk { mut world, v2, .. } = desk(approvals(1));
    let (content, body) = world.dataset_of(2);
    world.bob().does(body);
    let results = world.bytes(b"results");
    let first: RunId = world.bob().does(run(v2, content, results)).into();
    let request = world.bob().opens(&[(PRODUCTION, v2)]);
    let with = |world: &World, evidence: &[RunId]| {
        let mut body = world.verdict(request, VerdictKind::Approve);
        if let Body::GiveVerdict { evidence: e, .. } = &mut body {
            *e = evidence.to_vec();
        }
        body
    };
    let nothing = RunId(Uuid::nil());
    let rita = key(RITA);
    let absent = with(&world, &[nothing]);
    world.device(rita.clone()).cannot(absent, Code::NotFound);
    let twice = with(&world, &[first, first]);
    world.device(rita.clone()).cannot(twice, Code::Invalid);
    let once = with(&world, &[first]);
    world.device(rita).does(once);
    let later: RunId = world.bob().does(run(v2, content, results)).into();
    let verdict = &world.standing(request).verdicts[0];
    assert_eq!(verdict.newer, [later]);
    assert!(verdict.void.is_empty(), "later evidence voids nothing");
}

#[test]
fn what_moved_in_one_part_takes_nothing_from_another() {
    let Desk {
        mut world,
        v1,
        v2,
        prompt,
        ..
    } = desk(approvals(1));
    world.demands(STAGING, approvals(1));
    // A program asks; nobody but a person approves.
    let bob = world.bob;
    world
        .alice()
        .does(service(bob, 95, 905, rights("ask", &[])));
    let request = world
        .device(key(95))
        .opens(&[(STAGING, v2), (PRODUCTION, v2)]);
    world.device(key(RITA)).approves(request);
    // Somebody lets another version into staging meanwhile, under a request of its own.
    let other = world.carol().opens(&[(STAGING, v1)]);
    world.device(key(RON)).approves(other);
    world.carol().carries_out(other, &[STAGING]);
    let standing = world.standing(request);
    assert!(!standing.parts[0].may_go() && standing.parts[1].may_go());
    assert_eq!(
        standing.verdicts[0].void[0].1,
        "void: staging moved from nothing to v1 of support/triage"
    );
    // An approval still counts where nothing moved.
    world.device(key(RON)).approves(request);
    world.bob().carries_out(request, &[PRODUCTION]);
    assert_eq!(world.served(PRODUCTION, prompt), [v2]);
    // Only what moved is left: it can't be approved before it is asked for anew.
    let verdict = world.verdict(request, VerdictKind::Approve);
    world.alice().cannot(verdict, Code::Conflict);
}
