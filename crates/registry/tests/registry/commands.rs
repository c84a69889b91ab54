//! What becomes of commands.

use crate::team::{House, Member, id, is_accepted};
use domain::ledger::{Body, DeviceKey, Seen};
use domain::permissions::Role;
use domain::{CommandId, Digest, PromptId, RefusalCode};
use protocol::commands::CommandResult;
use protocol::{ApiError, ErrorCode};

#[tokio::test(flavor = "multi_thread")]
async fn sent_twice_is_once_with_the_same_answer() {
    let house = House::open().await;
    let team = house.found().await;
    let command = team.ada.command(Body::CreatePrompt {
        name: "triage".into(),
    });
    let first = team.ada.send(std::slice::from_ref(&command)).await;
    team.ada.creates_prompt("another").await;
    let again = team.ada.send(&[command.clone(), command.clone()]).await;
    assert_eq!(first[0], again[0]);
    assert_eq!(first[0], again[1]);
    let house = house.restart().await;
    let ada = Member {
        url: house.url(),
        ..team.ada.clone()
    };
    assert_eq!(ada.send(std::slice::from_ref(&command)).await, first);
    assert_eq!(ada.head().await.seq, 4);

    let other = ada.signed(
        command.id(),
        Seen::default(),
        Body::CreatePrompt { name: "x".into() },
    );
    let refused = ada.send(&[other]).await.remove(0).result;
    assert!(
        matches!(&refused, CommandResult::Refused { refusal } if refusal.code == RefusalCode::IdReused),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_founding_sent_again_is_answered_though_its_invitation_is_used() {
    let house = House::open().await;
    let invitation = house.registry.founding_token().unwrap().reveal();
    let key = DeviceKey::from_seed(&crate::team::bits());
    let project = domain::ProjectId(id());
    let founder = Member::new(&house.url(), project, key, invitation.clone());
    let (body, _) = crate::team::founding();
    let create = founder.signed(CommandId(project.0), Seen::default(), body);
    let (issue, _) = founder.token_command();
    let batch = [create, issue];
    let first = founder.send(&batch).await;
    assert!(first.iter().all(is_accepted));
    assert_eq!(founder.send(&batch).await, first);
    // Nothing else: no second project, no further command.
    let more = founder
        .send(&[founder.command(Body::CreatePrompt { name: "x".into() })])
        .await;
    assert!(!is_accepted(&more[0]), "{more:?}");
    let (token, _) = founder.token_command();
    assert!(!is_accepted(&founder.send(&[token]).await[0]));
    let other = Member::new(
        &house.url(),
        domain::ProjectId(id()),
        DeviceKey::from_seed(&[1; 32]),
        invitation,
    );
    let (body, _) = crate::team::founding();
    let create = other.signed(CommandId(other.project.0), Seen::default(), body);
    assert_eq!(other.try_send(&[create]).await.status(), 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn joining_sent_again_is_answered_and_the_invitation_is_used_up() {
    let house = House::open().await;
    let team = house.found().await;
    let (invitation, id) = team.ada.invites(Role::Author).await;
    let (ben, joined) = Member::joins(&house.url(), &invitation, id).await;
    let guest = Member::new(
        &house.url(),
        team.project,
        invitation.key(),
        invitation.bearer(),
    );
    assert!(is_accepted(
        &guest.send(std::slice::from_ref(&joined)).await[0]
    ));
    assert!(is_accepted(&ben.send(&[joined]).await[0]));
    assert_eq!(guest.gets(protocol::paths::ME).await.status(), 403);
    assert_eq!(
        guest
            .gets(&protocol::paths::ledger(team.project, 0))
            .await
            .status(),
        403
    );
    ben.creates_prompt("by ben").await;
    // An author asks for what only admins may.
    let refusal = ben
        .may_not(Body::RenameProject {
            name: "Mine".into(),
        })
        .await;
    assert_eq!(refusal.code, RefusalCode::NotAllowed);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_command_is_refused_for_its_own_reason_and_the_rest_goes_on() {
    let house = House::open().await;
    let team = house.found().await;
    let (invitation, id_) = team.ada.invites(Role::Author).await;
    let (ben, _) = Member::joins(&house.url(), &invitation, id_).await;
    let prompt = |name: &str| Body::CreatePrompt { name: name.into() };
    let unsigned = {
        let good = team.ada.command(prompt("tampered"));
        let other = team.ada.command(prompt("other"));
        domain::ledger::SignedCommand::read(good.bytes(), *other.signature()).unwrap()
    };
    let needs = Body::ArchivePrompt {
        prompt: PromptId(unsigned.id().0),
    };
    let nobody = Member {
        key: DeviceKey::from_seed(&[9; 32]),
        ..team.ada.clone()
    };
    let elsewhere = Member {
        project: domain::ProjectId(id()),
        ..team.ada.clone()
    };
    let missing = Body::SaveVersion {
        prompt: PromptId(id()),
        parents: Vec::new(),
        content: Digest::of(b"nowhere"),
        includes: Vec::new(),
        reads: Vec::new(),
        message: Digest::of(b"nowhere either"),
    };
    let table = [
        (unsigned, Some(RefusalCode::BadSignature)),
        (team.ada.command(needs), Some(RefusalCode::DependsOn)),
        (
            ben.command(prompt("ben's, with ada's token")),
            Some(RefusalCode::NotAllowed),
        ),
        (
            nobody.command(prompt("nobody's")),
            Some(RefusalCode::UnknownDevice),
        ),
        (
            elsewhere.command(prompt("elsewhere")),
            Some(RefusalCode::Invalid),
        ),
        (team.ada.command(missing), Some(RefusalCode::ContentMissing)),
        (team.ada.command(prompt("fine")), None),
    ];
    let before = team.ada.head().await.seq;
    let commands: Vec<_> = table.iter().map(|(command, _)| command.clone()).collect();
    let outcomes = team.ada.send(&commands).await;
    for (outcome, (command, expected)) in outcomes.iter().zip(&table) {
        assert_eq!(outcome.id, command.id());
        let code = match &outcome.result {
            CommandResult::Accepted { .. } => None,
            CommandResult::Refused { refusal } => Some(refusal.code),
        };
        assert_eq!(code, *expected, "{outcome:?}");
    }
    assert_eq!(team.ada.head().await.seq, before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_saw_another_history_is_told() {
    let house = House::open().await;
    let team = house.found().await;
    let head = team.ada.head().await;
    let body = || Body::CreatePrompt { name: "x".into() };
    for (seq, digest, reason) in [
        (head.seq + 5, head.digest, "restored"),
        (head.seq, Digest::of(b"other"), "other_history"),
        (1, head.digest, "other_history"),
        (0, head.digest, "other_history"),
    ] {
        let seen = Seen { seq, digest };
        let command = team.ada.signed(CommandId(id()), seen, body());
        // One such command decides it for the whole request: nothing is decided.
        let response = team
            .ada
            .try_send(&[team.ada.command(body()), command])
            .await;
        assert_eq!(response.status(), 409);
        let error: ApiError = response.json().await.unwrap();
        assert_eq!(error.code, ErrorCode::Conflict);
        assert_eq!(error.details.unwrap()["reason"], reason, "seen {seq}");
    }
    assert_eq!(team.ada.head().await, head);
    let seen = Seen {
        seq: head.seq,
        digest: head.digest,
    };
    let command = team.ada.signed(CommandId(id()), seen, body());
    assert!(is_accepted(&team.ada.send(&[command]).await[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_file_keep_one_history() {
    let house = House::open().await;
    let team = house.found().await;
    let second = registry::Registry::open(house.file(), registry::Options::default()).unwrap();
    let running = second
        .serve(&registry::Listening::loopback())
        .await
        .unwrap();
    let there = Member {
        url: running.url(),
        ..team.ada.clone()
    };
    for n in 0..20 {
        // Each appends behind the other's back.
        team.ada.creates_prompt(&format!("here {n}")).await;
        there.creates_prompt(&format!("there {n}")).await;
    }
    assert_eq!(there.head().await.seq, 42);
    let report = house.registry.verify().unwrap();
    assert!(report.holds(), "{report}");
    assert_eq!(report.projects[0].entries, 42);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_are_all_there_once() {
    let house = House::open().await;
    let team = house.found().await;
    let writers = (0..8).map(|writer| {
        let ada = team.ada.clone();
        tokio::spawn(async move {
            for n in 0..25 {
                ada.creates_prompt(&format!("{writer}/{n}")).await;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let report = house.registry.verify().unwrap();
    assert!(report.holds(), "{report}");
    assert_eq!(report.projects[0].entries, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_command_is_told_so() {
    let house = House::open().await;
    let team = house.found().await;
    let url = format!("{}{}", house.url(), protocol::paths::commands(team.project));
    let post = |body: String| {
        team.ada
            .http
            .post(&url)
            .bearer_auth(&team.ada.bearer)
            .body(body)
            .send()
    };
    let newer = format!(
        r#"{{"commands":[{{"command":{{"id":"{}","body":{{"type":"teleport"}}}},"signature":"{}"}}]}}"#,
        id(),
        "0".repeat(128)
    );
    for (body, status) in [
        (String::new(), 400),
        ("{}".into(), 400),
        (
            r#"{"commands":[{"command":{},"signature":"00"}]}"#.into(),
            400,
        ),
        (
            format!(
                r#"{{"commands":[{{"command":{{}},"signature":"{}"}}]}}"#,
                "0".repeat(128)
            ),
            400,
        ),
        // A command of a newer Galley is refused by itself, so that the rest of an outbox goes on.
        (newer, 200),
        ("[".repeat(100_000), 400),
    ] {
        let shown: String = body.chars().take(80).collect();
        assert_eq!(post(body).await.unwrap().status(), status, "{shown}");
    }
    let command = team.ada.command(Body::CreatePrompt { name: "x".into() });
    let many = vec![command; protocol::commands::MAX_COMMANDS + 1];
    assert_eq!(team.ada.try_send(&many).await.status(), 413);
    let huge = post("x".repeat(registry::limits::COMMANDS_BYTES + 1)).await;
    assert_eq!(huge.unwrap().status(), 413);
}
