//! A client made by hand with every kind of token tries to cross a border: with what belongs to somebody else,
//! with what was ended, in another project, in another environment. The same call is taken from
//! whoever it belongs to.

use crate::cast::{Cast, approvals, but, independent, under, whole};
use crate::team::{Member, Reader, id};
use domain::ledger::{Body, CommentOn, Seen, VerdictKind};
use domain::permissions::Role;
use domain::{CommandId, Digest, ProjectId, RefusalCode};
use protocol::commands::CommandResult;
use protocol::paths;
use protocol::token::Token;

/// The same person and device, with another bearer.
fn with(member: &Member, bearer: &str) -> Member {
    Member {
        bearer: bearer.to_owned(),
        ..member.clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_sent_with_the_token_of_whoever_signed_it() {
    let cast = Cast::open().await;
    let place = cast.team.production;
    cast.demands(place, independent(1)).await;
    let (_, version) = cast.written("support/triage").await;
    let request = cast.opens(&cast.ben, &[(place, version)]).await;
    // Rita has signed it, and everybody else got hold of the bytes.
    let approval = cast.rita.command(cast.approval(request).await);
    let founding = cast.house.registry.founding_token().unwrap().reveal();
    let (open, _) = cast.ada.invites(Role::Admin).await;
    let (used, used_id) = cast.ada.invites(Role::Viewer).await;
    Member::joins(&cast.house.url(), &used, used_id).await;
    let (app, _) = cast.ada.issues_key(place).await;
    let elsewhere = cast.house.found().await;

    let here_already = "this project is here already";
    let reads = "an environment key reads what its environment serves";
    let other = "this key is for another project";
    for (bearer, words) in [
        (&founding, here_already),
        (&app.bearer, reads),
        (&elsewhere.ada.bearer, other),
    ] {
        let sender = with(&cast.rita, bearer);
        cast.shuts_out(&sender, &approval, 403, words).await;
    }
    let joining = "an invitation is for joining, and nothing else";
    let belongs = "this token belongs to somebody else than the device that signed";
    for (bearer, words) in [
        (&open.bearer(), joining),
        (&used.bearer(), joining),
        (&cast.vera.bearer, belongs),
        (&cast.ben.bearer, belongs),
        (&cast.sven.bearer, belongs),
        (&cast.ada.bearer, belongs),
        (&cast.ci.bearer, belongs),
    ] {
        let sender = with(&cast.rita, bearer);
        cast.refuses(&sender, &approval, RefusalCode::NotAllowed, words)
            .await;
    }
    // Nor does it go in one request with a release that needs it.
    let release = cast.ben.command(cast.next_step(request, &[place]).await);
    let before = cast.ada.ledger().await;
    let outcomes = cast.ben.send(&[approval.clone(), release.clone()]).await;
    let codes = outcomes.iter().map(|outcome| match &outcome.result {
        CommandResult::Refused { refusal } => refusal.code,
        accepted => panic!("{accepted:?}"),
    });
    assert_eq!(
        codes.collect::<Vec<_>>(),
        [RefusalCode::NotAllowed, RefusalCode::PolicyUnmet]
    );
    cast.nothing_came_of_it(&before).await;

    cast.takes_this(&cast.rita, &approval).await;
    cast.takes_this(&cast.ben, &release).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_ended_opens_nothing_and_signs_nothing() {
    let cast = Cast::open().await;
    let place = cast.team.production;
    cast.demands(place, independent(2)).await;
    let (_, version) = cast.written("support/triage").await;
    let request = cast.opens(&cast.ben, &[(place, version)]).await;
    let approval = cast.approval(request).await;
    let (second, _) = cast.rita.enrols().await;

    // A token that was ended: the command may be good, the door is shut. Another token takes it.
    let signed = cast.rita.command(approval.clone());
    let key = Token::read(&cast.rita.bearer).unwrap().id;
    let end = Body::RevokeKey { key };
    let not = RefusalCode::NotAllowed;
    let only = "only they themselves or an admin may do this";
    cast.refuses_of(&cast.sven, &end, not, only).await;
    cast.takes(&second, &end).await;
    cast.shuts_out(&cast.rita, &signed, 401, "").await;
    for path in [paths::ledger(cast.team.project, 0), paths::ME.to_owned()] {
        assert_eq!(cast.rita.gets(&path).await.status(), 401);
    }

    // A device that was ended: signed before that, sent after it, with a token that is good.
    let old = with(&cast.rita, &second.bearer);
    let end = Body::RevokeDevice {
        device: cast.rita.key.public(),
    };
    cast.refuses_of(&cast.ben, &end, not, only).await;
    cast.takes(&second, &end).await;
    let unknown = RefusalCode::UnknownDevice;
    cast.refuses(&old, &signed, unknown, "this device was revoked")
        .await;
    cast.takes(&second, &approval).await;

    // Somebody who was removed: neither their token nor their device, with whosever token.
    let sven = cast.sven.person().await;
    let last_word = cast.sven.command(approval.clone());
    cast.takes(&cast.ada, &Body::RemovePerson { person: sven })
        .await;
    cast.shuts_out(&cast.sven, &last_word, 401, "").await;
    let borrowed = with(&cast.sven, &cast.ada.bearer);
    let belongs = "this token belongs to somebody else";
    cast.refuses(&borrowed, &last_word, not, belongs).await;
    let release = cast.next_step(request, &[place]).await;
    let unmet = RefusalCode::PolicyUnmet;
    cast.refuses_of(&cast.ben, &release, unmet, "needs 2 approvals and has 1")
        .await;
    cast.takes(&cast.ada, &approval).await;
    cast.takes(&cast.ben, &release).await;

    // An environment key that was ended reads nothing, and its hash can't be given to another.
    let (reader, key) = cast.ada.issues_key(place).await;
    let path = paths::prompt("support/triage");
    assert_eq!(reader.gets(&path).await.status(), 200);
    cast.takes(&cast.ada, &Body::RevokeKey { key }).await;
    assert_eq!(reader.gets(&path).await.status(), 401);
    let again = Body::IssueEnvironmentKey {
        environment: place,
        name: "again".into(),
        hash: Token::read(&reader.bearer).unwrap().hash(),
        expires: None,
    };
    let used = "this secret was used before";
    cast.refuses_of(&cast.ada, &again, RefusalCode::Invalid, used)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_crosses_from_one_project_into_another() {
    let cast = Cast::open().await;
    let place = cast.team.production;
    let (prompt, version) = cast.written("support/triage").await;
    let release = cast.straight(place, version).await;
    // Another project on the same registry, and somebody who founded it with the device that he
    // has here: what he may there he may not here.
    let invitation = cast.house.registry.founding_token().unwrap().reveal();
    let there = ProjectId(id());
    let founder = Member::new(&cast.house.url(), there, cast.ben.key.clone(), invitation);
    let (body, [_, _, their_production]) = crate::team::founding();
    let create = founder.signed(CommandId(there.0), Seen::default(), body);
    let (issue, token) = founder.token_command();
    founder.send(&[create, issue]).await;
    let founder = with(&founder, &token.reveal());
    let their_prompt = founder.creates_prompt("support/triage").await;
    let their_version = founder.saves(their_prompt, "only theirs").await;

    // Made for there, sent to here; and with the token of there.
    let meant_for_there = founder.command(Body::RenameProject {
        name: "Mine".into(),
    });
    let invalid = RefusalCode::Invalid;
    let another = "this command is for another project";
    cast.refuses(&cast.ben, &meant_for_there, invalid, another)
        .await;
    let with_theirs = with(&cast.ben, &founder.bearer);
    let meant_for_here = cast.ben.command(release.clone());
    let key = "this key is for another project";
    cast.shuts_out(&with_theirs, &meant_for_here, 403, key)
        .await;
    let theirs = Member {
        project: there,
        ..cast.ben.clone()
    };
    for path in [
        paths::ledger(cast.team.project, 0),
        paths::changes(cast.team.project),
        paths::content(cast.team.project, &cast.words),
    ] {
        assert_eq!(with_theirs.gets(&path).await.status(), 403, "{path}");
    }
    assert_eq!(
        theirs
            .try_send(std::slice::from_ref(&meant_for_there))
            .await
            .status(),
        403
    );

    // Content that is named there is not here, to read or to name.
    let (bytes, digest) = domain::VersionContent::text("only theirs")
        .encode()
        .unwrap();
    let path = |project| paths::content(project, &digest);
    assert_eq!(founder.gets(&path(there)).await.status(), 200);
    assert_eq!(cast.ben.gets(&path(cast.team.project)).await.status(), 404);
    let save = Body::SaveVersion {
        prompt,
        parents: vec![version],
        content: digest,
        includes: Vec::new(),
        reads: Vec::new(),
        message: cast.words,
    };
    let missing = RefusalCode::ContentMissing;
    cast.refuses_of(&cast.ben, &save, missing, "was not sent along")
        .await;
    // Put by somebody else it is not his to name either, before it is named; put by him it is.
    cast.sven.puts(bytes.clone()).await;
    cast.refuses_of(&cast.ben, &save, missing, "was not sent along")
        .await;
    cast.ben.puts(bytes).await;
    cast.takes(&cast.ben, &save).await;

    // Ids of there name nothing here.
    let not_found = RefusalCode::NotFound;
    let foreign = but(&release, |changes| changes[0].sides = whole(their_version));
    cast.refuses_of(&cast.ben, &foreign, not_found, "the version does not exist")
        .await;
    let foreign = but(&release, |changes| {
        changes[0].environment = their_production;
    });
    cast.refuses_of(&cast.ben, &foreign, not_found, "the environment")
        .await;
    let asked = {
        let mut asked = cast.asked(&[(place, version)]).await;
        asked.changes[0].environment = their_production;
        asked.changes[0].prompt = their_prompt;
        asked.changes[0].steps = vec![whole(their_version)];
        asked.reason = founder.writes("because").await;
        Box::new(asked)
    };
    let request = founder.does(Body::OpenRequest { asked }).await.into();
    let foreign = under(&release, Some(request), None);
    let words = "the request does not exist";
    cast.refuses_of(&cast.ben, &foreign, not_found, words).await;
    let verdict = Body::GiveVerdict {
        request,
        digest: Digest::of(b"whatever"),
        verdict: VerdictKind::Approve,
        evidence: Vec::new(),
        comment: None,
    };
    cast.refuses_of(&cast.rita, &verdict, not_found, words)
        .await;
    let comment = |on| Body::Comment {
        on,
        quote: None,
        text: cast.words,
        reply_to: None,
    };
    let on_theirs = comment(CommentOn::Request(request));
    cast.refuses_of(&cast.vera, &on_theirs, not_found, words)
        .await;
    cast.takes(&cast.vera, &comment(CommentOn::Version(version)))
        .await;
    cast.takes_this(&cast.ben, &meant_for_here).await;
    let kept = founder.ledger().await.len();
    assert_eq!(kept, 5, "and nothing of it went there");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_is_not_entered_by_the_door_of_another() {
    let cast = Cast::open().await;
    let (staging, production) = (cast.team.staging, cast.team.production);
    cast.demands(staging, approvals(1)).await;
    cast.demands(production, independent(2)).await;
    let (prompt, version) = cast.written("support/triage").await;
    let request = cast.opens(&cast.ben, &[(staging, version)]).await;
    cast.approves(&cast.rita, request).await;
    // What was approved for staging is carried to production, alone and beside its own part.
    let lawful = cast.next_step(request, &[staging]).await;
    let nothing = "asks for nothing more in production";
    let moved = but(&lawful, |changes| changes[0].environment = production);
    cast.refuses_of(&cast.ben, &moved, RefusalCode::Invalid, nothing)
        .await;
    let beside = but(&lawful, |changes| {
        let mut more = changes[0].clone();
        more.environment = production;
        changes.push(more);
    });
    cast.refuses_of(&cast.ben, &beside, RefusalCode::Invalid, nothing)
        .await;
    cast.takes(&cast.ben, &lawful).await;
    // As a promotion of what staging serves, it is still production's policy that is asked.
    let mut promotion = cast.straight(production, version).await;
    if let Body::Release { promoted_from, .. } = &mut promotion {
        *promoted_from = Some(staging);
    }
    let unmet = RefusalCode::PolicyUnmet;
    cast.refuses_of(&cast.ben, &promotion, unmet, "open a request")
        .await;
    // One request for both: two approvals are two approvals, wherever one would be enough.
    let better = cast.ben.saves(prompt, "Sort it better.").await;
    let both = [(staging, better), (production, better)];
    let request = cast.opens(&cast.ben, &both).await;
    cast.approves(&cast.rita, request).await;
    let late = cast.next_step(request, &[production]).await;
    let words = "production needs 2 approvals and has 1";
    cast.refuses_of(&cast.ben, &late, unmet, words).await;
    let together = cast.next_step(request, &[staging, production]).await;
    cast.refuses_of(&cast.ben, &together, unmet, words).await;
    let early = cast.next_step(request, &[staging]).await;
    cast.takes(&cast.ben, &early).await;

    // The key of one reads what that one serves, and of the other not even that it is there.
    let reads = async |reader: &Reader, query: &str| {
        let path = format!("{}{query}", paths::prompt("support/triage"));
        reader.gets(&path).await.status().as_u16()
    };
    let (of_staging, _) = cast.ada.issues_key(staging).await;
    let (of_production, _) = cast.ada.issues_key(production).await;
    for (query, status) in [
        ("", 200),
        ("?environment=staging", 200),
        ("?environment=production", 403),
        ("?version=1", 200),
    ] {
        assert_eq!(reads(&of_staging, query).await, status, "staging {query}");
    }
    for (query, status) in [
        ("", 404),
        ("?environment=staging", 403),
        ("?version=1", 404),
        ("?version=2", 404),
        ("?label=latest", 404),
    ] {
        let found = reads(&of_production, query).await;
        assert_eq!(found, status, "production {query}");
    }
    cast.approves(&cast.sven, request).await;
    cast.takes(&cast.ben, &late).await;
    assert_eq!(reads(&of_production, "").await, 200);
    assert_eq!(reads(&of_production, "?version=1").await, 404);
}
