//! A client made by hand tries to put words into somebody else's mouth: under their name, under an id
//! that was used, or as an entry that nobody decided.

use crate::cast::{Cast, independent};
use crate::team::Member;
use domain::ledger::{Body, DeviceKey, Entry, Event, NewEntry, Seen, SignedCommand, VerdictKind};
use domain::project::Replay;
use domain::rules::Checking;
use domain::{Digest, RefusalCode};
use protocol::ledger::GiveHeader;
use protocol::paths;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The same bearer, with the device of somebody else.
fn signing_as(member: &Member, key: &DeviceKey) -> Member {
    Member {
        key: key.clone(),
        ..member.clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_signs_as_somebody_else() {
    let cast = Cast::open().await;
    let place = cast.team.production;
    cast.demands(place, independent(1)).await;
    let (_, version) = cast.written("support/triage").await;
    let request = cast.opens(&cast.ben, &[(place, version)]).await;
    let approval = cast.approval(request).await;
    let signed = cast.rita.command(approval.clone());
    // Her name over his signature, whichever token carries it.
    let his = cast.ben.command(approval.clone());
    let forged = SignedCommand::read(signed.bytes(), *his.signature()).unwrap();
    let bad = RefusalCode::BadSignature;
    for sender in [&cast.ben, &cast.rita] {
        let words = "the signature does not belong";
        cast.refuses(sender, &forged, bad, words).await;
    }
    // Her signature over other words, and over another request.
    let turned = signed.bytes().replace("approve", "ask_for_changes");
    let turned = SignedCommand::read(&turned, *signed.signature()).unwrap();
    cast.refuses(&cast.rita, &turned, bad, "does not belong")
        .await;
    // A device that nobody enrolled; a device that he enrols under her name.
    let own = DeviceKey::from_seed(&crate::team::bits());
    let stranger = signing_as(&cast.ben, &own);
    let unknown = RefusalCode::UnknownDevice;
    cast.refuses_of(&stranger, &approval, unknown, "is not enrolled")
        .await;
    let enrol = Body::EnrolDevice {
        person: cast.rita.person().await,
        device: own.public(),
        name: "Other laptop".into(),
    };
    let not = RefusalCode::NotAllowed;
    let only = "only they themselves or an admin may do this";
    for (who, words) in [
        (&cast.ben, only),
        (&cast.sven, only),
        (&cast.ci, "is a service that may not do this"),
    ] {
        cast.refuses_of(who, &enrol, not, words).await;
    }
    // Her own is enrolled by her, and speaks with a token of hers, not with his.
    cast.takes(&cast.rita, &enrol).await;
    let belongs = "this token belongs to somebody else";
    cast.refuses_of(&stranger, &approval, not, belongs).await;
    let second = signing_as(&cast.rita, &own);
    cast.takes(&second, &approval).await;
    let release = cast.next_step(request, &[place]).await;
    cast.takes(&cast.ben, &release).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_names_what_is_there_and_comes_once() {
    let cast = Cast::open().await;
    let place = cast.team.production;
    cast.demands(place, independent(1)).await;
    let (_, version) = cast.written("support/triage").await;
    let request = cast.opens(&cast.ben, &[(place, version)]).await;
    // What it says was never sent.
    let missing = RefusalCode::ContentMissing;
    let unsaid = Digest::of(b"never sent");
    let mut verdict = cast.approval(request).await;
    if let Body::GiveVerdict { comment, .. } = &mut verdict {
        *comment = Some(unsaid);
    }
    cast.refuses_of(&cast.rita, &verdict, missing, "was not sent along")
        .await;
    let mut asked = cast.asked(&[(place, version)]).await;
    asked.reason = unsaid;
    let asked = Box::new(asked);
    let body = Body::OpenRequest { asked };
    cast.refuses_of(&cast.ben, &body, missing, "was not sent along")
        .await;

    // One id, two bodies: whichever comes first is it.
    let lawful = cast.rita.command(cast.approval(request).await);
    let block = cast.verdict(request, VerdictKind::AskForChanges);
    let other = cast.rita.signed(lawful.id(), Seen::default(), block.await);
    cast.takes_this(&cast.rita, &lawful).await;
    let reused = "another command with this id was accepted before";
    cast.refuses(&cast.rita, &other, RefusalCode::IdReused, reused)
        .await;
    // An id that somebody else's command has, too.
    let theirs = cast
        .ben
        .signed(lawful.id(), Seen::default(), cast.approval(request).await);
    cast.refuses(&cast.ben, &theirs, RefusalCode::IdReused, reused)
        .await;
    let release = cast.next_step(request, &[place]).await;
    let release = cast.ben.command(release);
    cast.takes_this(&cast.ben, &release).await;
    let before = cast.ada.ledger().await;
    let again = cast.ben.send(&[release.clone(), release]).await;
    assert!(again.iter().all(crate::team::is_accepted), "{again:?}");
    cast.nothing_came_of_it(&before).await;
}

/// An entry that this registry would have to write after its last, whoever made it.
fn entry(after: &str, command: SignedCommand, events: Vec<Event>) -> String {
    let last = Entry::read(after).unwrap();
    let new = NewEntry {
        seq: last.seq() + 1,
        at: last.at(),
        prev: last.digest(),
        command,
        events,
    };
    Entry::write(new).unwrap().line().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_entry_is_given_that_would_not_have_been_made() {
    let cast = Cast::open().await;
    let place = cast.team.production;
    cast.demands(place, independent(1)).await;
    let (_, version) = cast.written("support/triage").await;
    let request = cast.opens(&cast.ben, &[(place, version)]).await;
    let approval = cast.rita.command(cast.approval(request).await);
    let release = cast.ben.command(cast.next_step(request, &[place]).await);
    let lines = cast.ada.ledger().await;
    let last = lines.last().unwrap().as_str();
    let approved = Event::VerdictGiven {
        request,
        person: cast.rita.person().await,
        digest: cast.digest(request).await,
        verdict: VerdictKind::Approve,
        evidence: Vec::new(),
        comment: None,
    };
    let hers = entry(last, approval.clone(), vec![approved.clone()]);
    // What the rules make of the release once she has approved: shown to them without her approval.
    let decided = {
        let mut replay = Replay::from(cast.state().await);
        let nothing: BTreeMap<Digest, Arc<[u8]>> = BTreeMap::new();
        replay.push(&Entry::read(&hers).unwrap(), &nothing).unwrap();
        let (command, at) = (release.command(), replay.project().head().at);
        let again = Checking::Again;
        replay
            .project()
            .decide(command, &nothing, at, again)
            .unwrap()
    };
    let his = cast.ben.command(approval.command().body.clone());
    let under_her_name = SignedCommand::read(approval.bytes(), *his.signature()).unwrap();
    let give = async |by: &Member, line: &str| {
        let extends = Entry::read(last).unwrap();
        let header = GiveHeader {
            extends: Seen {
                seq: extends.seq(),
                digest: extends.digest(),
            },
        };
        let header = serde_json::to_string(&header).unwrap();
        let url = format!("{}{}", by.url, paths::give_ledger(by.project));
        let call = by.http.post(url).bearer_auth(&by.bearer);
        let response = call.body(format!("{header}\n{line}\n")).send();
        let response = response.await.unwrap();
        let status = response.status().as_u16();
        (status, response.text().await.unwrap())
    };
    for (what, line, words) in [
        (
            "a release without its approval",
            entry(last, release.clone(), decided),
            "needs 1 approval and has 0",
        ),
        (
            "an approval that his hand signed",
            entry(last, under_her_name, vec![approved.clone()]),
            "the signature does not belong",
        ),
        (
            "his own approval, said to be hers",
            entry(last, his, vec![approved]),
            "only a reviewer or an admin may do this",
        ),
    ] {
        let (status, said) = give(&cast.ada, &line).await;
        assert_eq!(status, 400, "{what}: {said}");
        assert!(said.contains(words), "{what}: {said}");
        cast.nothing_came_of_it(&lines).await;
    }
    for who in [&cast.vera, &cast.ben, &cast.rita, &cast.ci] {
        let (status, said) = give(who, &hers).await;
        assert_eq!(status, 403, "{said}");
        assert!(said.contains("only an admin may give a ledger"), "{said}");
    }
    let (status, said) = give(&cast.ada, &hers).await;
    assert_eq!(status, 200, "{said}");
    cast.takes_this(&cast.ben, &release).await;
}
