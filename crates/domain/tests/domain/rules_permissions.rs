//! Who may do what: the page for people, the table in the code, and every row acted out.

use crate::support::*;
use domain::ledger::{Body, CommentOn, DeviceKey, VerdictKind};
use domain::permissions::{COMMANDS, Least, Rights, Role, Row, ServiceMay, row};
use domain::policy::{Policy, Releasers};
use domain::{CommentId, KeyId, PersonId, PromptId, RefusalCode as Code, ReleaseId, VersionId};
use uuid::Uuid;

const ROLES: [Role; 4] = [Role::Viewer, Role::Author, Role::Reviewer, Role::Admin];

fn in_words(least: Least) -> &'static str {
    match least {
        Least::Role(role) => role.as_str(),
        Least::Nobody => "nobody",
        Least::Otherwise => "otherwise",
    }
}

fn service_in_words(may: ServiceMay) -> &'static str {
    match may {
        ServiceMay::Never => "–",
        ServiceMay::Save => "save",
        ServiceMay::Run => "run",
        ServiceMay::Ask => "ask",
        ServiceMay::AskOwn => "ask, its own",
        ServiceMay::Release => "release, there",
    }
}

#[test]
fn the_page_and_the_table_say_the_same() {
    let page = include_str!("../../../../docs/permissions.md");
    let told: Vec<&str> = page.lines().filter(|l| l.starts_with("| `")).collect();
    let table: Vec<String> = COMMANDS
        .iter()
        .map(|row| {
            format!(
                "| `{}` | {} | {} | {} |",
                row.command,
                in_words(row.own),
                in_words(row.other),
                service_in_words(row.service)
            )
        })
        .collect();
    assert_eq!(told, table);
}

/// The one who acts, and the one whose things are somebody else's.
const DANA: u8 = 40;
const OTTO: u8 = 41;

/// A world in which one command can be given, lawfully but for who gives it.
struct Stage {
    world: World,
    dana: PersonId,
    bob: PersonId,
    prompt: PromptId,
    v1: VersionId,
    v2: VersionId,
    first: ReleaseId,
    /// Whose things there are.
    owner: u8,
}

impl Stage {
    fn new(own: bool) -> Self {
        let mut world = World::new();
        // Both begin as admins, so that they can have things that their role would not let them make.
        let dana = world.alice().invites_and_joins("Dana", DANA, Role::Admin);
        world.alice().invites_and_joins("Otto", OTTO, Role::Admin);
        let prompt = world.bob().creates("support/triage");
        let v1 = world.bob().saves(prompt, &[], "one");
        let v2 = world.bob().saves(prompt, &[v1], "two");
        let first = world.bob().releases(STAGING, v1);
        let bob = world.bob;
        Self {
            world,
            dana,
            bob,
            prompt,
            v1,
            v2,
            first,
            owner: if own { DANA } else { OTTO },
        }
    }

    fn owner(&mut self) -> Acting<'_> {
        self.world.device(key(self.owner))
    }

    fn opens(&mut self) -> domain::RequestId {
        let body = self.world.asks(&[(STAGING, self.v2)]);
        self.owner().does(body).into()
    }

    fn says(&mut self, request: domain::RequestId, verdict: VerdictKind) {
        let body = self.world.verdict(request, verdict);
        self.owner().does(body);
    }

    /// A command of this kind that is lawful but for who gives it.
    fn body(&mut self, kind: &str) -> Body {
        let reason = self.world.reason("why");
        let soon = self.world.now.plus(HOUR);
        let (prompt, v1, v2) = (self.prompt, self.v1, self.v2);
        match kind {
            "comment" => Body::Comment {
                on: CommentOn::Version(v1),
                quote: None,
                text: reason,
                reply_to: None,
            },
            "resolve_comment" => {
                let body = self.body("comment");
                let comment = CommentId::from(self.owner().does(body));
                Body::ResolveComment { comment }
            }
            "revoke_key" => {
                let key = KeyId::from(self.owner().does(token(900, None)));
                Body::RevokeKey { key }
            }
            "rotate_environment_key" => {
                let old = self.world.alice().does(environment_key(STAGING, 904, None));
                rotate(old.into(), 905, 0)
            }
            "issue_token" => token(901, None),
            "enrol_device" => Body::EnrolDevice {
                person: if self.owner == DANA {
                    self.dana
                } else {
                    self.bob
                },
                device: key(90).public(),
                name: "desktop".to_owned(),
            },
            "revoke_device" => {
                let whose = self
                    .world
                    .project()
                    .person_of(&key(self.owner).public())
                    .expect("a person")
                    .id;
                self.owner().does(Body::EnrolDevice {
                    person: whose,
                    device: key(91).public(),
                    name: "desktop".to_owned(),
                });
                Body::RevokeDevice {
                    device: key(91).public(),
                }
            }
            "create_prompt" => create("new"),
            "rename_prompt" => rename(prompt, "support/triage", "desk/triage"),
            "archive_prompt" => {
                let prompt = self.world.bob().creates("old");
                Body::ArchivePrompt { prompt }
            }
            "restore_prompt" => {
                let body = self.body("archive_prompt");
                let Body::ArchivePrompt { prompt } = body else {
                    unreachable!()
                };
                self.world.bob().does(Body::ArchivePrompt { prompt });
                Body::RestorePrompt { prompt }
            }
            "save_version" => {
                let content = self.world.text("three");
                save(prompt, &[v2], content, &[], reason)
            }
            "set_label" => label(prompt, "good", None, v1),
            "remove_label" => {
                self.world.bob().does(label(prompt, "good", None, v1));
                unlabel(prompt, "good", v1)
            }
            "save_dataset" => self.world.dataset_of(2).1,
            "record_run" => {
                let (content, body) = self.world.dataset_of(2);
                self.world.bob().does(body);
                run(v1, content, reason)
            }
            "set_suite" => self.world.any_suite(prompt),
            "announce_run" => self.world.any_announcement(STAGING, v2),
            "open_request" => self.world.asks(&[(STAGING, v2)]),
            "update_request" => {
                let request = self.opens();
                self.world.asks_instead(request, &[(PRODUCTION, v2)])
            }
            "withdraw_request" => Body::WithdrawRequest {
                request: self.opens(),
                reason: None,
            },
            "release" => release(
                &[change(STAGING, prompt, &[(v2, 10_000)], Some(self.first))],
                reason,
            ),
            "revert" => {
                self.world.bob().releases(STAGING, v2);
                self.world.revert(STAGING, self.first, &[prompt])
            }
            "give_verdict" => {
                let request = self.opens();
                self.world.verdict(request, VerdictKind::Approve)
            }
            "withdraw_verdict" => {
                let request = self.opens();
                self.says(request, VerdictKind::Approve);
                Body::WithdrawVerdict { request }
            }
            "dismiss_verdict" => {
                let request = self.opens();
                self.says(request, VerdictKind::AskForChanges);
                let device = key(self.owner).public();
                let person = self
                    .world
                    .project()
                    .person_of(&device)
                    .expect("a person")
                    .id;
                Body::DismissVerdict {
                    request,
                    person,
                    reason,
                }
            }
            "set_policy" => self.world.policy(STAGING, approvals(1)),
            "rename_project" => Body::RenameProject {
                name: "Desk".to_owned(),
            },
            "add_environment" => add_environment("qa", None),
            "rename_environment" => rename_environment(STAGING, "staging", "stage"),
            "reorder_environments" => Body::ReorderEnvironments {
                order: vec![PRODUCTION, STAGING, DEVELOPMENT],
            },
            "retire_environment" => Body::RetireEnvironment {
                environment: PRODUCTION,
            },
            "set_default_environment" => Body::SetDefaultEnvironment {
                environment: STAGING,
                replaces: DEVELOPMENT,
            },
            "issue_environment_key" => environment_key(STAGING, 902, None),
            "invite" => invite(&key(92), 903, Role::Reviewer, "Rita", soon),
            "withdraw_invitation" => {
                let body = self.body("invite");
                let invitation = self.world.alice().does(body).into();
                Body::WithdrawInvitation { invitation }
            }
            "set_role" => Body::SetRole {
                person: self.bob,
                role: Role::Viewer,
                replaces: Role::Author,
            },
            "create_service" => service(self.bob, 93, 904, rights("save", &[])),
            "set_rights" => {
                let body = self.body("create_service");
                let made = self.world.alice().does(body).into();
                Body::SetRights {
                    service: made,
                    rights: rights("run", &[]),
                    replaces: rights("save", &[]),
                }
            }
            "remove_person" => Body::RemovePerson { person: self.bob },
            "redact" => {
                let prompt = self.world.bob().creates("leak");
                self.world.bob().saves(prompt, &[], "a secret");
                Body::Redact {
                    content: self.world.text("a secret"),
                    reason,
                }
            }
            "begin_epoch" => Body::BeginEpoch { epoch: 1, reason },
            other => panic!("no lawful {other} here yet"),
        }
    }
}

fn acted_out() -> impl Iterator<Item = &'static Row> {
    COMMANDS.iter().filter(|row| row.own != Least::Otherwise)
}

#[test]
fn every_command_by_every_role_on_what_is_theirs_and_what_is_not() {
    for row in acted_out() {
        for own in [true, false] {
            for role in ROLES {
                let what = format!("{} by {} (own: {own})", row.command, role.as_str());
                let mut stage = Stage::new(own);
                let body = stage.body(row.command);
                assert_eq!(body.kind(), row.command);
                if role != Role::Admin {
                    let person = stage.dana;
                    stage.world.alice().does(Body::SetRole {
                        person,
                        role,
                        replaces: Role::Admin,
                    });
                }
                // A verdict of somebody else's is found by nobody: the command names no person.
                let least = match (row.command, own) {
                    ("withdraw_verdict", false) => Least::Role(Role::Reviewer),
                    (_, true) => row.own,
                    (_, false) => row.other,
                };
                let may = matches!(least, Least::Role(least) if role >= least);
                let refused = stage.world.device(key(DANA)).cannot_or_does(body);
                match (row.command, own, may) {
                    ("withdraw_verdict", false, true) => {
                        assert_eq!(refused, Some(Code::NotFound), "{what}");
                    }
                    (_, _, true) => assert_eq!(refused, None, "{what}"),
                    (_, _, false) => assert_eq!(refused, Some(Code::NotAllowed), "{what}"),
                }
            }
        }
    }
}

#[test]
fn every_command_by_services_with_each_right_and_by_strangers() {
    for row in acted_out() {
        for right in ["save", "run", "ask", "release", "all but this one's"] {
            let mut stage = Stage::new(true);
            let needs = match row.service {
                ServiceMay::Never => "",
                ServiceMay::Save => "save",
                ServiceMay::Run => "run",
                ServiceMay::Ask | ServiceMay::AskOwn => "ask",
                ServiceMay::Release => "release",
            };
            let rights = match right {
                "all but this one's" => {
                    let mut all = Rights {
                        save: true,
                        run: true,
                        ask: true,
                        release: vec![STAGING],
                    };
                    match needs {
                        "save" => all.save = false,
                        "run" => all.run = false,
                        "ask" => all.ask = false,
                        "release" => all.release.clear(),
                        _ => {}
                    }
                    all
                }
                one => rights(one, &[STAGING]),
            };
            let bob = stage.bob;
            stage.world.alice().does(service(bob, 95, 905, rights));
            // What it may do only with its own it made itself.
            let may = right == needs;
            if row.service == ServiceMay::AskOwn && may {
                stage.owner = 95;
            }
            let body = stage.body(row.command);
            let what = format!("{} by a service with {right}", row.command);
            let stranger = stage.world.by(Who::Mallory).cannot_anyhow(body.clone());
            assert_eq!(stranger, Code::UnknownDevice, "{what}");
            let refused = stage.world.device(key(95)).cannot_or_does(body);
            let expected = (!may).then_some(Code::NotAllowed);
            assert_eq!(refused, expected, "{what}");
        }
    }
    // With the right, but not its own.
    for kind in ["update_request", "withdraw_request", "resolve_comment"] {
        let mut stage = Stage::new(true);
        let bob = stage.bob;
        let made = service(bob, 95, 905, rights("ask", &[]));
        stage.world.alice().does(made);
        let body = stage.body(kind);
        stage.world.device(key(95)).cannot(body, Code::NotAllowed);
    }
}

#[test]
fn who_may_release_and_revert_where() {
    let named = |people: &[PersonId]| Releasers::Named(people.to_vec());
    for kind in ["release", "revert"] {
        for role in ROLES {
            for rule in 0..5 {
                let mut stage = Stage::new(true);
                let (dana, bob) = (stage.dana, stage.bob);
                let (releasers, may) = match rule {
                    0 => (Releasers::Role(Role::Author), role >= Role::Author),
                    1 => (Releasers::Role(Role::Reviewer), role >= Role::Reviewer),
                    2 => (Releasers::Role(Role::Admin), role == Role::Admin),
                    3 => (named(&[dana]), role >= Role::Author),
                    _ => (named(&[bob]), role == Role::Admin),
                };
                let policy = Policy {
                    releasers: releasers.clone(),
                    ..Policy::default()
                };
                let body = stage.body(kind);
                if policy != Policy::default() {
                    let set = stage.world.policy(STAGING, policy);
                    stage.world.alice().does(set);
                }
                if role != Role::Admin {
                    stage.world.alice().does(Body::SetRole {
                        person: dana,
                        role,
                        replaces: Role::Admin,
                    });
                }
                let what = format!("{kind} by {} under {releasers:?}", role.as_str());
                let refused = stage.world.device(key(DANA)).cannot_or_does(body);
                assert_eq!(refused, (!may).then_some(Code::NotAllowed), "{what}");
                // The policy is that of one environment: in another it decides nothing.
                let v2 = stage.v2;
                let other = stage.world.release_of(DEVELOPMENT, v2);
                let refused = stage.world.device(key(DANA)).cannot_or_does(other);
                let may = role >= Role::Author;
                assert_eq!(
                    refused,
                    (!may).then_some(Code::NotAllowed),
                    "elsewhere: {what}"
                );
            }
        }
    }
}

#[test]
fn a_service_releases_only_where_it_was_given_the_right_and_the_policy_lets_it() {
    let agent = PersonId::from(domain::CommandId(Uuid::nil()));
    for (right, named, may) in [
        (STAGING, None, true),
        (PRODUCTION, None, false),
        (STAGING, Some(true), true),
        (STAGING, Some(false), false),
        (PRODUCTION, Some(true), false),
    ] {
        let mut stage = Stage::new(true);
        let bob = stage.bob;
        let made = service(bob, 95, 905, rights("release", &[right]));
        let made: PersonId = stage.world.alice().does(made).into();
        assert_ne!(made, agent);
        if let Some(named) = named {
            let policy = Policy {
                releasers: Releasers::Named(vec![if named { made } else { bob }]),
                ..Policy::default()
            };
            let set = stage.world.policy(STAGING, policy);
            stage.world.alice().does(set);
        }
        let v2 = stage.v2;
        let body = stage.world.release_of(STAGING, v2);
        let refused = stage.world.device(key(95)).cannot_or_does(body);
        assert_eq!(
            refused,
            (!may).then_some(Code::NotAllowed),
            "{right:?} {named:?}"
        );
    }
}

#[test]
fn what_a_service_can_never_be() {
    let mut stage = Stage::new(true);
    let (dana, bob) = (stage.dana, stage.bob);
    let made = service(bob, 95, 905, rights("save", &[]));
    let ci: PersonId = stage.world.alice().does(made).into();
    let role = |person, role, replaces| Body::SetRole {
        person,
        role,
        replaces,
    };
    let change = |service, rights, replaces| Body::SetRights {
        service,
        rights,
        replaces,
    };
    let (save, run) = (rights("save", &[]), rights("run", &[]));
    let enrol = Body::EnrolDevice {
        person: ci,
        device: key(96).public(),
        name: "x".to_owned(),
    };
    let request = stage.opens();
    let named = {
        let mut body = stage.world.asks_instead(request, &[(PRODUCTION, stage.v2)]);
        if let Body::UpdateRequest { asked, .. } = &mut body {
            asked.reviewers = vec![domain::ledger::Reviewer::Person(ci)];
        }
        body
    };
    let nowhere = domain::EnvironmentId(Uuid::from_u128(404));
    stage.world.refuses(vec![
        (
            "a role",
            Who::Alice,
            role(ci, Role::Reviewer, Role::Viewer),
            Code::Invalid,
        ),
        ("a second key", Who::Alice, enrol, Code::Invalid),
        ("asked for a verdict", Who::Alice, named, Code::Invalid),
        (
            "rights for a person",
            Who::Alice,
            change(dana, run.clone(), save.clone()),
            Code::Invalid,
        ),
        (
            "rights that moved",
            Who::Alice,
            change(ci, save.clone(), run.clone()),
            Code::Conflict,
        ),
        (
            "the same rights",
            Who::Alice,
            change(ci, save.clone(), save.clone()),
            Code::Invalid,
        ),
        (
            "no rights",
            Who::Alice,
            change(ci, Rights::default(), save),
            Code::Invalid,
        ),
        (
            "answered for by a service",
            Who::Alice,
            service(ci, 97, 907, run.clone()),
            Code::Invalid,
        ),
        (
            "answered for by nobody",
            Who::Alice,
            service(PersonId(Uuid::nil()), 97, 907, run.clone()),
            Code::NotFound,
        ),
        (
            "with a key of somebody's",
            Who::Alice,
            service(bob, 2, 907, run.clone()),
            Code::Invalid,
        ),
        (
            "with a secret of somebody's",
            Who::Alice,
            service(bob, 97, 2, run),
            Code::Invalid,
        ),
        (
            "nowhere",
            Who::Alice,
            service(bob, 97, 907, rights("release", &[nowhere])),
            Code::NotFound,
        ),
    ]);
    // It ends as a person does.
    stage.world.alice().does(Body::RemovePerson { person: ci });
    stage
        .world
        .device(key(95))
        .cannot(create("x"), Code::UnknownDevice);
}

#[test]
fn a_command_that_is_not_known_here_is_never_decided() {
    let world = World::new();
    let command = world.command(
        domain::CommandId(Uuid::from_u128(9)),
        &Who::Alice.key(),
        world.project().seen(),
        Body::Newer,
    );
    let decided = world.project().decide(
        &command,
        &world.contents,
        world.now,
        domain::rules::Checking::Arrival,
    );
    assert!(decided.is_err());
    assert!(row(&Body::Newer).is_none());
    let key: DeviceKey = Who::Alice.key();
    assert!(domain::ledger::SignedCommand::sign(command, &key).is_err());
}
