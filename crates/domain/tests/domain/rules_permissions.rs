//! Who may do what: the table written by hand, beside the one that the code has, and acted out.

use crate::support::*;
use domain::RefusalCode as Code;
use domain::ledger::{Body, DeviceKey};
use domain::permissions::{Role, least_role};
use domain::{
    Digest, EnvironmentId, InvitationId, KeyId, PersonId, PromptId, ReleaseId, VersionId,
};
use uuid::Uuid;

/// One command of every kind, with the least role that may give it; `None`: no role decides.
fn table() -> Vec<(Body, Option<Role>)> {
    let id = Uuid::from_u128(5);
    let (prompt, version) = (PromptId(id), VersionId(id));
    let digest = Digest::of(b"content");
    let one_time: DeviceKey = key(50);
    let admin = Some(Role::Admin);
    let author = Some(Role::Author);
    vec![
        (found("Support"), None),
        (join(InvitationId(id), "Dave", &key(4), 4), None),
        (Body::Newer, None),
        (create("p"), author),
        (rename(prompt, "p", "q"), author),
        (Body::ArchivePrompt { prompt }, author),
        (Body::RestorePrompt { prompt }, author),
        (save(prompt, &[], digest, &[], digest), author),
        (label(prompt, "x", None, version), author),
        (unlabel(prompt, "x", version), author),
        (release(&[], digest), author),
        (
            Body::Revert {
                environment: STAGING,
                to: ReleaseId(id),
                prompts: vec![],
                reason: digest,
            },
            author,
        ),
        (token(77, None), author),
        (dataset(digest, "d", 1), author),
        (run(version, digest, digest), author),
        (Body::RevokeKey { key: KeyId(id) }, author),
        (
            Body::EnrolDevice {
                person: PersonId(id),
                device: key(9).public(),
                name: "x".to_owned(),
            },
            author,
        ),
        (
            Body::RevokeDevice {
                device: key(9).public(),
            },
            author,
        ),
        (
            Body::RenameProject {
                name: "x".to_owned(),
            },
            admin,
        ),
        (add_environment("x", None), admin),
        (rename_environment(EnvironmentId(id), "x", "y"), admin),
        (Body::ReorderEnvironments { order: vec![] }, admin),
        (
            Body::RetireEnvironment {
                environment: EnvironmentId(id),
            },
            admin,
        ),
        (
            Body::SetDefaultEnvironment {
                environment: STAGING,
                replaces: STAGING,
            },
            admin,
        ),
        (environment_key(STAGING, 78, None), admin),
        (
            invite(&one_time, 79, Role::Author, "Dave", START.plus(HOUR)),
            admin,
        ),
        (
            Body::WithdrawInvitation {
                invitation: InvitationId(id),
            },
            admin,
        ),
        (
            Body::SetRole {
                person: PersonId(id),
                role: Role::Admin,
                replaces: Role::Author,
            },
            admin,
        ),
        (
            Body::RemovePerson {
                person: PersonId(id),
            },
            admin,
        ),
        (
            Body::Redact {
                content: digest,
                reason: digest,
            },
            admin,
        ),
        (
            Body::BeginEpoch {
                epoch: 1,
                reason: digest,
            },
            admin,
        ),
    ]
}

fn kind(body: &Body) -> String {
    let text = format!("{body:?}");
    text.split([' ', '{']).next().expect("a name").to_owned()
}

#[test]
fn the_table_by_hand_and_the_table_in_the_code_agree() {
    let mut kinds: Vec<_> = table().iter().map(|(body, _)| kind(body)).collect();
    kinds.sort();
    kinds.dedup();
    assert_eq!(
        kinds.len(),
        31,
        "every kind of command is in the table once"
    );
    for (body, expected) in table() {
        assert_eq!(least_role(&body), expected, "{}", kind(&body));
    }
}

#[test]
fn an_author_is_refused_what_admins_do_and_a_stranger_everything() {
    for (body, least) in table().into_iter().filter(|(body, _)| *body != Body::Newer) {
        let what = kind(&body);
        let mut world = World::new();
        let strangers = world.by(Who::Mallory).cannot_anyhow(body.clone());
        match least {
            None => {}
            Some(_) => assert_eq!(strangers, Code::UnknownDevice, "{what}"),
        }
        let authors = world.bob().cannot_or_does(body.clone());
        if least == Some(Role::Admin) {
            assert_eq!(authors, Some(Code::NotAllowed), "{what}");
        } else if least == Some(Role::Author) {
            assert_ne!(authors, Some(Code::NotAllowed), "{what}");
        }
        if least.is_some() {
            let admins = world.alice().cannot_or_does(body);
            assert_ne!(admins, Some(Code::NotAllowed), "{what}");
        }
    }
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
    assert!(domain::ledger::SignedCommand::sign(command, &Who::Alice.key()).is_err());
}
