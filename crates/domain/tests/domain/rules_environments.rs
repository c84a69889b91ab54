//! The rules of environments.

use crate::support::*;
use domain::RefusalCode as Code;
use domain::ledger::{Body, NewEnvironment};
use domain::{CommandId, EnvironmentId, KeyId, limits};
use uuid::Uuid;

fn names(world: &World) -> Vec<String> {
    world
        .project()
        .environments()
        .map(|e| e.name.clone())
        .collect()
}

fn retire(environment: EnvironmentId) -> Body {
    Body::RetireEnvironment { environment }
}

fn reorder(order: &[EnvironmentId]) -> Body {
    Body::ReorderEnvironments {
        order: order.to_vec(),
    }
}

fn set_default(environment: EnvironmentId, replaces: EnvironmentId) -> Body {
    Body::SetDefaultEnvironment {
        environment,
        replaces,
    }
}

#[test]
fn they_stand_in_an_order_that_admins_set() {
    let mut world = World::new();
    assert_eq!(names(&world), ["development", "staging", "production"]);
    assert_eq!(world.project().default_environment(), Some(DEVELOPMENT));
    let qa: EnvironmentId = world
        .alice()
        .does(add_environment("qa", Some(STAGING)))
        .into();
    let first: EnvironmentId = world.alice().does(add_environment("sandbox", None)).into();
    let last: EnvironmentId = world
        .alice()
        .does(add_environment("eu", Some(PRODUCTION)))
        .into();
    assert_eq!(
        names(&world),
        [
            "sandbox",
            "development",
            "staging",
            "qa",
            "production",
            "eu"
        ]
    );
    world.alice().does(reorder(&[
        DEVELOPMENT,
        first,
        qa,
        STAGING,
        last,
        PRODUCTION,
    ]));
    assert_eq!(
        names(&world),
        [
            "development",
            "sandbox",
            "qa",
            "staging",
            "eu",
            "production"
        ]
    );
    world.alice().does(set_default(STAGING, DEVELOPMENT));
    world.alice().does(retire(DEVELOPMENT));
    assert_eq!(
        names(&world),
        ["sandbox", "qa", "staging", "eu", "production"]
    );
    // The name of a retired one is free; the new one is another.
    let again = world.alice().does(add_environment("Development", None));
    assert_eq!(
        world
            .project()
            .environment_named("development")
            .expect("new")
            .id
            .0,
        again.0
    );
}

#[test]
fn keys_and_what_is_served_go_on_under_another_name_and_end_with_retirement() {
    let mut world = World::new();
    let prompt = world.bob().creates("support/triage");
    let v1 = world.bob().saves(prompt, &[], "one");
    world.bob().releases(STAGING, v1);
    let key: KeyId = world
        .alice()
        .does(environment_key(STAGING, 901, None))
        .into();
    let other: KeyId = world
        .alice()
        .does(environment_key(PRODUCTION, 902, None))
        .into();
    world
        .alice()
        .does(rename_environment(STAGING, "staging", "Pre-production"));
    assert!(world.project().key(key).expect("it").is_open(world.now));
    assert_eq!(world.served(STAGING, prompt), [v1]);
    world.alice().does(rename_environment(
        STAGING,
        "Pre-production",
        "pre-production",
    ));

    world.alice().does(retire(STAGING));
    assert!(!world.project().key(key).expect("kept").is_open(world.now));
    assert!(world.project().key(other).expect("it").is_open(world.now));
    let nowhere = world
        .project()
        .environment(STAGING)
        .expect("its history stays");
    assert_eq!(
        nowhere.retired,
        Some(world.entries.last().expect("it").at())
    );
    // What a retired environment served keeps nothing from being archived.
    world.bob().does(Body::ArchivePrompt { prompt });
}

#[test]
fn what_environments_refuse() {
    let mut world = World::new();
    let prompt = world.bob().creates("support/triage");
    let v1 = world.bob().saves(prompt, &[], "one");
    world.bob().does(label(prompt, "Tested", None, v1));
    let nowhere = EnvironmentId(Uuid::from_u128(404));
    let gone: EnvironmentId = world.alice().does(add_environment("gone", None)).into();
    world.alice().does(retire(gone));
    let alice = Who::Alice;
    world.refuses(vec![
        (
            "add: taken",
            alice,
            add_environment("STAGING", None),
            Code::NameTaken,
        ),
        (
            "add: latest",
            alice,
            add_environment("latest", None),
            Code::Invalid,
        ),
        (
            "add: a version's number",
            alice,
            add_environment("v12", None),
            Code::Invalid,
        ),
        (
            "add: a number",
            alice,
            add_environment("12", None),
            Code::Invalid,
        ),
        (
            "add: a label's name",
            alice,
            add_environment("tested", None),
            Code::NameTaken,
        ),
        (
            "add: a folder",
            alice,
            add_environment("eu/west", None),
            Code::Invalid,
        ),
        (
            "add: after nothing",
            alice,
            add_environment("x", Some(nowhere)),
            Code::NotFound,
        ),
        (
            "add: after a retired one",
            alice,
            add_environment("x", Some(gone)),
            Code::Invalid,
        ),
        (
            "rename: nothing",
            alice,
            rename_environment(nowhere, "a", "b"),
            Code::NotFound,
        ),
        (
            "rename: retired",
            alice,
            rename_environment(gone, "gone", "b"),
            Code::Invalid,
        ),
        (
            "rename: moved",
            alice,
            rename_environment(STAGING, "qa", "b"),
            Code::Conflict,
        ),
        (
            "rename: taken",
            alice,
            rename_environment(STAGING, "staging", "production"),
            Code::NameTaken,
        ),
        (
            "rename: same",
            alice,
            rename_environment(STAGING, "staging", "staging"),
            Code::Invalid,
        ),
        (
            "rename: label",
            alice,
            rename_environment(STAGING, "staging", "TESTED"),
            Code::NameTaken,
        ),
        (
            "order: one missing",
            alice,
            reorder(&[STAGING, DEVELOPMENT]),
            Code::Conflict,
        ),
        (
            "order: one twice",
            alice,
            reorder(&[STAGING, DEVELOPMENT, PRODUCTION, STAGING]),
            Code::Conflict,
        ),
        (
            "order: a retired one",
            alice,
            reorder(&[gone, STAGING, DEVELOPMENT, PRODUCTION]),
            Code::Conflict,
        ),
        (
            "order: as it is",
            alice,
            reorder(&[DEVELOPMENT, STAGING, PRODUCTION]),
            Code::Invalid,
        ),
        (
            "retire: the default",
            alice,
            retire(DEVELOPMENT),
            Code::InUse,
        ),
        ("retire: again", alice, retire(gone), Code::Invalid),
        ("retire: nothing", alice, retire(nowhere), Code::NotFound),
        (
            "default: moved",
            alice,
            set_default(PRODUCTION, STAGING),
            Code::Conflict,
        ),
        (
            "default: already",
            alice,
            set_default(DEVELOPMENT, DEVELOPMENT),
            Code::Invalid,
        ),
        (
            "default: retired",
            alice,
            set_default(gone, DEVELOPMENT),
            Code::Invalid,
        ),
        (
            "default: nothing",
            alice,
            set_default(nowhere, DEVELOPMENT),
            Code::NotFound,
        ),
        (
            "key: retired",
            alice,
            environment_key(gone, 1, None),
            Code::Invalid,
        ),
        (
            "key: nothing",
            alice,
            environment_key(nowhere, 1, None),
            Code::NotFound,
        ),
    ]);
    let room = limits::ENVIRONMENTS - world.project().environments().count();
    for n in 0..room {
        world
            .alice()
            .does(add_environment(&format!("stage {n}"), None));
    }
    world
        .alice()
        .cannot(add_environment("one more", None), Code::Limit);
}

#[test]
fn an_id_that_an_environment_has_is_not_given_twice() {
    // The founder's device drew these ids, so another command's may be one of them.
    let mut world = World::new();
    let body = add_environment("a second staging", None);
    let command = world.command(
        CommandId(STAGING.0),
        &Who::Alice.key(),
        world.project().seen(),
        body,
    );
    let refusal = world
        .submit(&Who::Alice.key().signs(command))
        .expect_err("the id is taken");
    assert_eq!(refusal.code, Code::IdReused);
    assert_eq!(names(&world), ["development", "staging", "production"]);
}

#[test]
fn what_founding_refuses() {
    let base = |change: &dyn Fn(&mut Vec<NewEnvironment>, &mut EnvironmentId)| {
        let Body::CreateProject {
            name,
            person,
            device_name,
            mut environments,
            mut default,
        } = found("Support desk")
        else {
            panic!("a founding")
        };
        change(&mut environments, &mut default);
        Body::CreateProject {
            name,
            person,
            device_name,
            environments,
            default,
        }
    };
    let named = |name: &str| NewEnvironment {
        id: EnvironmentId(Uuid::from_u128(9)),
        name: name.to_owned(),
    };
    let rows: Vec<(&str, Body, Code)> = vec![
        ("no name", found(""), Code::Invalid),
        ("no environment", base(&|all, _| all.clear()), Code::Invalid),
        (
            "one named twice",
            base(&|all, _| all.push(named("Staging"))),
            Code::NameTaken,
        ),
        (
            "one id twice",
            base(&|all, _| {
                all.push(NewEnvironment {
                    id: STAGING,
                    ..named("x")
                });
            }),
            Code::NameTaken,
        ),
        (
            "latest",
            base(&|all, _| all.push(named("LATEST"))),
            Code::Invalid,
        ),
        ("v1", base(&|all, _| all.push(named("v1"))), Code::Invalid),
        (
            "no default",
            base(&|_, default| *default = EnvironmentId(Uuid::nil())),
            Code::NotFound,
        ),
    ];
    for (what, body, code) in rows {
        let mut world = World::nothing();
        let command = world.command(CommandId(PROJECT.0), &key(1), world.project().seen(), body);
        let refusal = world.submit(&key(1).signs(command)).expect_err(what);
        assert_eq!(refusal.code, code, "{what}: {refusal}");
    }
    let mut world = World::nothing();
    let other = world.command(
        CommandId(Uuid::from_u128(2)),
        &key(1),
        world.project().seen(),
        found("x"),
    );
    assert_eq!(
        world
            .submit(&key(1).signs(other))
            .expect_err("another id")
            .code,
        Code::Invalid
    );
    let early = world.command(
        CommandId(PROJECT.0),
        &key(1),
        world.project().seen(),
        create("x"),
    );
    assert_eq!(
        world
            .submit(&key(1).signs(early))
            .expect_err("no project")
            .code,
        Code::NotFound
    );
    // Founded once.
    let mut world = World::new();
    world.alice().cannot(found("again"), Code::Invalid);
    let mut foreign = world.command(
        CommandId(Uuid::from_u128(3)),
        &key(1),
        world.project().seen(),
        create("x"),
    );
    foreign.project = domain::ProjectId(Uuid::from_u128(77));
    assert_eq!(
        world
            .submit(&key(1).signs(foreign))
            .expect_err("another project's")
            .code,
        Code::NotFound
    );
}
