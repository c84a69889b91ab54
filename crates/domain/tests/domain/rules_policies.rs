//! The rules of policies: setting them, and what each demand lets through.

use crate::support::*;
use domain::RefusalCode as Code;
use domain::freeze::{self, Calendar, Freeze, WeekTime, Weekday, Window};
use domain::gate::Gate;
use domain::ledger::{Body, Missing, RunSummary};
use domain::policy::{Policy, Releasers};
use domain::{DatasetId, Digest, EnvironmentId, PromptId, VersionId};
use uuid::Uuid;

const RITA: u8 = 30;
const YEAR: i64 = 365 * 24 * HOUR;

struct Desk {
    world: World,
    prompt: PromptId,
    v1: VersionId,
    v2: VersionId,
}

fn desk() -> Desk {
    let mut world = World::new();
    world.reviewer("Rita", RITA);
    let prompt = world.bob().creates("support/triage");
    let v1 = world.bob().saves(prompt, &[], "one");
    let v2 = world.bob().saves(prompt, &[v1], "two");
    Desk {
        world,
        prompt,
        v1,
        v2,
    }
}

fn berlin(world: &World) -> Calendar {
    freeze::transitions(
        "Europe/Berlin",
        world.now.plus(-YEAR),
        world.now.plus(2 * YEAR),
    )
    .expect("a zone")
}

fn frozen(world: &World, windows: &[(&str, Window)]) -> Policy {
    Policy {
        freezes: windows
            .iter()
            .map(|(name, window)| Freeze {
                name: (*name).to_owned(),
                zone: "Europe/Berlin".to_owned(),
                window: *window,
            })
            .collect(),
        calendars: vec![berlin(world)],
        ..Policy::default()
    }
}

fn once(from: &str, until: &str) -> Window {
    Window::Once {
        from: from.parse().expect(from),
        until: until.parse().expect(until),
    }
}

fn weekly(from: (Weekday, &str), until: (Weekday, &str)) -> Window {
    let time = |(day, time): (Weekday, &str)| WeekTime {
        day,
        time: time.parse().expect(time),
    };
    Window::Weekly {
        from: time(from),
        until: time(until),
    }
}

fn sundays() -> Window {
    weekly((Weekday::Sunday, "00:00"), (Weekday::Monday, "00:00"))
}

#[test]
fn a_policy_is_set_by_compare_and_swap_and_stays_in_history() {
    let Desk { mut world, .. } = desk();
    let first = world.policy(PRODUCTION, approvals(1));
    let late = world.policy(PRODUCTION, approvals(3));
    world.alice().does(first.clone());
    assert_eq!(world.project().policy(PRODUCTION).approvals, 1);
    assert_eq!(*world.project().policy(STAGING), Policy::default());
    world.alice().cannot(late, Code::Conflict);
    let same = world.policy(PRODUCTION, approvals(1));
    world.alice().cannot(same, Code::Invalid);
    let back = world.policy(PRODUCTION, Policy::default());
    world.alice().does(back);
    let set = world.project().policy_set(PRODUCTION).expect("set");
    assert_eq!((set.by, &set.policy), (world.alice, &Policy::default()));
}

#[test]
fn what_a_policy_can_not_be() {
    let Desk {
        mut world, prompt, ..
    } = desk();
    let gate = |dataset, prompts: &[PromptId], least| Gate {
        dataset,
        prompts: prompts.to_vec(),
        least_passed: least,
        largest_loss: None,
    };
    let (_, body) = world.dataset_of(2);
    let dataset: DatasetId = world.bob().does(body).into();
    let nobody = domain::PersonId(Uuid::nil());
    let nowhere = EnvironmentId(Uuid::nil());
    let plain = Policy::default;
    let with_path = |path: &[EnvironmentId]| Policy {
        path: path.to_vec(),
        ..plain()
    };
    let with_gate = |gate| Policy {
        gates: vec![gate],
        ..plain()
    };
    let named = |people: &[domain::PersonId]| Policy {
        releasers: Releasers::Named(people.to_vec()),
        ..plain()
    };
    let calendars = |change: &dyn Fn(&mut Policy)| {
        let mut policy = frozen(&world, &[("sundays", sundays())]);
        change(&mut policy);
        policy
    };
    let now = world.now;
    let rows: Vec<(&str, Policy, Code)> = vec![
        ("eleven approvals", approvals(11), Code::Invalid),
        (
            "none, independent",
            Policy {
                independent: true,
                ..plain()
            },
            Code::Invalid,
        ),
        ("itself first", with_path(&[PRODUCTION]), Code::Invalid),
        ("twice first", with_path(&[STAGING, STAGING]), Code::Invalid),
        ("nowhere first", with_path(&[nowhere]), Code::NotFound),
        (
            "a gate over nothing",
            with_gate(gate(DatasetId(Uuid::nil()), &[], 9_000)),
            Code::NotFound,
        ),
        (
            "a gate for no prompt",
            with_gate(gate(dataset, &[PromptId(Uuid::nil())], 9_000)),
            Code::NotFound,
        ),
        (
            "more than all must pass",
            with_gate(gate(dataset, &[prompt], 10_001)),
            Code::Invalid,
        ),
        ("nobody releases", named(&[nobody]), Code::NotFound),
        (
            "viewers release",
            Policy {
                releasers: Releasers::Role(domain::permissions::Role::Viewer),
                ..plain()
            },
            Code::Invalid,
        ),
        (
            "no calendar",
            calendars(&|p| p.calendars.clear()),
            Code::Invalid,
        ),
        (
            "a calendar of nothing",
            calendars(&|p| p.freezes.clear()),
            Code::Invalid,
        ),
        (
            "two calendars",
            calendars(&|p| p.calendars.push(p.calendars[0].clone())),
            Code::Invalid,
        ),
        (
            "a calendar that ended",
            calendars(&|p| p.calendars[0].until = now),
            Code::Invalid,
        ),
        (
            "a calendar in disorder",
            calendars(&|p| p.calendars[0].offsets.reverse()),
            Code::Invalid,
        ),
        (
            "a calendar from another planet",
            calendars(&|p| p.calendars[0].offsets[0].seconds = 200_000),
            Code::Invalid,
        ),
        (
            "beyond the calendar",
            frozen(
                &world,
                &[("far", once("2030-01-01T00:00", "2040-01-01T00:00"))],
            ),
            Code::Invalid,
        ),
        (
            "ends before it begins",
            frozen(
                &world,
                &[("x", once("2025-07-02T00:00", "2025-07-01T00:00"))],
            ),
            Code::Invalid,
        ),
        (
            "a week without end",
            frozen(
                &world,
                &[(
                    "x",
                    weekly((Weekday::Friday, "10:00"), (Weekday::Friday, "10:00")),
                )],
            ),
            Code::Invalid,
        ),
        (
            "a name that is none",
            frozen(&world, &[("a/b", sundays())]),
            Code::Invalid,
        ),
    ];
    for (what, policy, code) in rows {
        let body = world.policy(PRODUCTION, policy);
        world.refuses(vec![(what, Who::Alice, body, code)]);
    }
    // The lawful ones beside them are taken.
    for policy in [
        with_path(&[DEVELOPMENT, STAGING]),
        with_gate(gate(dataset, &[prompt], 10_000)),
        named(&[world.bob]),
        frozen(&world, &[("sundays", sundays())]),
        approvals(10),
    ] {
        world.demands(PRODUCTION, policy);
    }
    // What is on a path can't retire under it.
    world.demands(PRODUCTION, with_path(&[STAGING]));
    let retire = Body::RetireEnvironment {
        environment: STAGING,
    };
    world.alice().cannot(retire.clone(), Code::InUse);
    world.demands(PRODUCTION, Policy::default());
    world.alice().does(retire);
}

#[test]
fn a_path_is_walked_with_exactly_this_content() {
    let Desk {
        mut world,
        prompt,
        v1,
        v2,
    } = desk();
    world.demands(
        PRODUCTION,
        Policy {
            path: vec![STAGING],
            ..Policy::default()
        },
    );
    let body = world.release_of(PRODUCTION, v1);
    let refusal = world.bob().cannot(body, Code::PolicyUnmet);
    assert_eq!(
        refusal.message,
        "support/triage v1 was never served in staging, which comes before production; release it there first"
    );
    world.bob().releases(STAGING, v1);
    world.bob().releases(STAGING, v2);
    // Served before is enough; it need not be there now.
    world.bob().releases(PRODUCTION, v1);
    // Equal content is the same content, whoever saved it; of another prompt it is not.
    let copy = world.carol().saves(prompt, &[v2], "two");
    world.carol().releases(PRODUCTION, copy);
    let other = world.bob().creates("support/reply");
    let same = world.bob().saves(other, &[], "two");
    let body = world.release_of(PRODUCTION, same);
    world.bob().cannot(body, Code::PolicyUnmet);
    // Every side of a split must have come this way, but for what is served already.
    let v3 = world.bob().saves(prompt, &[v2], "three");
    let now = world.last(PRODUCTION, prompt);
    let reason = world.reason("split");
    let split = |a, b| {
        release(
            &[change(PRODUCTION, prompt, &[(a, 5_000), (b, 5_000)], now)],
            reason,
        )
    };
    world.bob().cannot(split(copy, v3), Code::PolicyUnmet);
    world.bob().does(split(copy, v1));
    // Stopping brings nothing in.
    world.bob().stops(PRODUCTION, prompt);
}

#[test]
fn a_gate_opens_to_runs_that_are_recorded() {
    let Desk {
        mut world,
        prompt,
        v1,
        v2,
    } = desk();
    world.bob().releases(PRODUCTION, v1);
    let (content, body) = world.dataset_of(4);
    let dataset: DatasetId = world.bob().does(body).into();
    world.demands(
        PRODUCTION,
        Policy {
            gates: vec![Gate {
                dataset,
                prompts: vec![prompt],
                least_passed: 5_000,
                largest_loss: Some(2_500),
            }],
            ..Policy::default()
        },
    );
    let results = world.bytes(b"results");
    let ran = |version, dataset: Digest, cases, passed| Body::RecordRun {
        version,
        dataset,
        results,
        summary: RunSummary {
            provider: "local".to_owned(),
            model: "small".to_owned(),
            cases,
            passed,
            failed: 0,
        },
        counts: None,
    };
    // A gate is judged on a request; approvals are not asked for.
    let direct = world.release_of(PRODUCTION, v2);
    world.bob().cannot(direct, Code::PolicyUnmet);
    let request = world.bob().opens(&[(PRODUCTION, v2)]);
    let says = |world: &World| world.part(request, PRODUCTION).sentences.join("; ");
    assert!(
        says(&world).contains("v2 was not run over cases"),
        "{}",
        says(&world)
    );
    world.bob().does(ran(v2, content, 3, 3));
    assert!(
        says(&world).contains("asked 3 of the 4 cases"),
        "{}",
        says(&world)
    );
    world.bob().does(ran(v2, content, 4, 1));
    assert!(
        says(&world).contains("25 % of cases, and 50 % must pass"),
        "{}",
        says(&world)
    );
    world.bob().does(ran(v2, content, 4, 2));
    assert!(
        says(&world).contains("what is served now was not run"),
        "{}",
        says(&world)
    );
    world.bob().does(ran(v1, content, 4, 4));
    assert!(
        says(&world).contains("50 % less of cases"),
        "{}",
        says(&world)
    );
    let early = world.release_under(request, &[PRODUCTION]);
    world.bob().cannot(early, Code::PolicyUnmet);
    let last = world.bob().does(ran(v2, content, 4, 3));
    assert!(world.part(request, PRODUCTION).may_go());
    // The dataset has another content now: runs over the old one say nothing of it.
    let more = world.bytes(br#"{"cases":[{"id":"a","inputs":{}}]}"#);
    world.bob().does(Body::SaveDataset {
        dataset: Some(dataset),
        name: "cases".to_owned(),
        content: more,
        cases: 1,
        replaces: Some(content),
    });
    assert!(!world.part(request, PRODUCTION).may_go());
    let first = world.bob().does(ran(v1, more, 1, 1));
    let second = world.bob().does(ran(v2, more, 1, 1));
    let done = world.bob().carries_out(request, &[PRODUCTION]);
    let grounds = world.project().release(done).expect("it").grounds.clone();
    let evidence = grounds.expect("kept").evidence;
    assert_eq!(evidence, [first.into(), second.into()]);
    assert!(!evidence.contains(&last.into()));
}

#[test]
fn nothing_goes_into_a_freeze_but_a_revert() {
    let Desk {
        mut world,
        prompt,
        v1,
        v2,
    } = desk();
    let first = world.bob().releases(PRODUCTION, v1);
    world.bob().releases(PRODUCTION, v2);
    // Stories begin on Sunday, 15 June 2025, at 15:06 UTC: 17:06 in Berlin.
    let policy = frozen(&world, &[("sundays", sundays())]);
    world.demands(PRODUCTION, policy);
    let v3 = world.bob().saves(prompt, &[v2], "three");
    let body = world.release_of(PRODUCTION, v3);
    let refusal = world.bob().cannot(body.clone(), Code::PolicyUnmet);
    assert_eq!(
        refusal.message,
        "production is frozen until 2025-06-15 22:00 UTC (sundays)"
    );
    world.bob().reverts(PRODUCTION, first, prompt);
    let midnight = 1_750_024_800_000;
    world.now = domain::Millis(midnight - 1);
    let body = world.release_of(PRODUCTION, v3);
    world.bob().cannot(body.clone(), Code::PolicyUnmet);
    world.now = domain::Millis(midnight);
    world.bob().does(body);
    // Beyond the table nobody can say, and it says so.
    world.now = world.now.plus(2 * YEAR);
    let body = world.release_of(PRODUCTION, v2);
    let refusal = world.bob().cannot(body.clone(), Code::PolicyUnmet);
    assert!(
        refusal.message.contains("renew the policy's calendar"),
        "{refusal}"
    );
    let renewed = frozen(&world, &[("sundays", sundays())]);
    world.demands(PRODUCTION, renewed);
    world.bob().does(body);
}

#[test]
fn an_admin_sets_a_policy_aside_only_where_it_lets_them_and_for_ever_visibly() {
    let Desk {
        mut world,
        prompt,
        v1,
        v2,
    } = desk();
    let strict = |may_override| Policy {
        path: vec![STAGING],
        may_override,
        ..approvals(2)
    };
    world.demands(PRODUCTION, strict(false));
    let reason = world.reason("the house is on fire");
    let body = overriding(world.release_of(PRODUCTION, v1), reason);
    let refusal = world.alice().cannot(body.clone(), Code::PolicyUnmet);
    assert!(refusal.message.contains("can't be set aside"), "{refusal}");
    world.demands(PRODUCTION, strict(true));
    world.bob().cannot(body.clone(), Code::NotAllowed);
    world
        .device(key(RITA))
        .cannot(body.clone(), Code::NotAllowed);
    let done = world.alice().does(body).into();
    let record = world.project().release(done).expect("it");
    let overridden = record
        .grounds
        .clone()
        .expect("kept")
        .overridden
        .expect("kept");
    assert_eq!(overridden.reason, reason);
    assert_eq!(overridden.missing.len(), 2);
    assert!(matches!(overridden.missing[0], Missing::Request { .. }));
    assert!(matches!(overridden.missing[1], Missing::Path { .. }));
    assert!(world.project().names_content(&reason));
    // Under a request too: what was missing then is kept.
    let request = world.bob().opens(&[(PRODUCTION, v2)]);
    let body = world.release_under(request, &[PRODUCTION]);
    let done = world.alice().does(overriding(body, reason)).into();
    let grounds = world.project().release(done).expect("it").grounds.clone();
    let missing = grounds.expect("kept").overridden.expect("kept").missing;
    assert!(matches!(
        missing[0],
        Missing::Approvals {
            needed: 2,
            given: 0,
            ..
        }
    ));
    // Without a policy there is nothing to set aside.
    let body = overriding(world.release_of(STAGING, v1), reason);
    world.alice().cannot(body, Code::Invalid);
    assert_eq!(world.served(PRODUCTION, prompt), [v2]);
}

#[test]
fn approvals_are_counted_under_the_policy_in_force() {
    let Desk { mut world, v1, .. } = desk();
    world.demands(PRODUCTION, approvals(2));
    let request = world.bob().opens(&[(PRODUCTION, v1)]);
    world.device(key(RITA)).approves(request);
    let body = world.release_under(request, &[PRODUCTION]);
    world.bob().cannot(body.clone(), Code::PolicyUnmet);
    world.demands(PRODUCTION, approvals(1));
    world.bob().does(body);
}

#[test]
fn what_an_environment_served_at_a_time() {
    let Desk {
        mut world,
        prompt,
        v1,
        v2,
    } = desk();
    let before = world.now;
    let first = world.bob().releases(STAGING, v1);
    let one = world.now.plus(-1);
    world.wait(HOUR);
    let second = world.bob().releases(STAGING, v2);
    let two = world.now.plus(-1);
    let third = world.bob().stops(STAGING, prompt);
    let none = world.now.plus(-1);
    world.bob().releases(DEVELOPMENT, v2);
    let since = |release| world.project().changed_since(STAGING, release);
    assert_eq!(since(first)[&prompt], [second, third]);
    assert!(since(third).is_empty());
    let at = |world: &World, environment, time| -> Vec<VersionId> {
        let served = world.project().served_at(environment, time);
        served
            .values()
            .flat_map(|(_, change)| change.sides.iter().map(|side| side.version))
            .collect()
    };
    let rows: [(domain::Millis, &[VersionId]); 6] = [
        (before.plus(-1), &[]),
        (before, &[v1]),
        (one, &[v1]),
        (two.plus(-1_000), &[v1]),
        (two, &[v2]),
        (none, &[]),
    ];
    for (time, expected) in rows {
        assert_eq!(at(&world, STAGING, time), expected, "{time:?}");
        assert!(at(&world, PRODUCTION, time).is_empty());
    }
    let retired = world.now;
    world.alice().does(Body::RetireEnvironment {
        environment: STAGING,
    });
    assert_eq!(at(&world, STAGING, two), [v2], "it served then");
    assert!(at(&world, STAGING, retired).is_empty());
}
