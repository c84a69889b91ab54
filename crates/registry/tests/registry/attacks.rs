//! A client made by hand tries to get a release past its review. Each call is refused under a policy
//! that lets the same call pass a moment later, when it is lawful.

use crate::cast::{Cast, approvals, but, independent, under, whole};
use crate::team::Member;
use domain::ledger::{Body, Side, VerdictKind};
use domain::permissions::{Rights, Role};
use domain::policy::Policy;
use domain::{RefusalCode, VersionContent, VersionId};
use protocol::commands::CommandResult;
use protocol::serving::ServedPrompt;
use std::collections::BTreeMap;

/// A text that includes a snippet as it is in this version.
async fn including(cast: &Cast, snippet: VersionId, name: &str, text: &str) -> VersionContent {
    let state = cast.state().await;
    let digest = state.version(snippet).unwrap().1.content;
    VersionContent {
        includes: BTreeMap::from([(name.to_owned(), digest)]),
        ..VersionContent::text(format!("{text}{{% include \"{name}\" %}}"))
    }
}

/// A version of a prompt named like `way`, of which Rita wrote something in that way.
async fn with_a_hand_in_it(cast: &Cast, way: &str, name: &str) -> VersionId {
    let prompt = cast.ben.creates_prompt(name).await;
    let hers = VersionContent::text(format!("{way}, by Rita"));
    match way {
        "she saved it" => cast.rita.saves_as(prompt, &[], &hers).await,
        "it was made from hers" => {
            let parent = cast.rita.saves_as(prompt, &[], &hers).await;
            let mine = VersionContent::text("made from hers");
            cast.ben.saves_as(prompt, &[parent], &mine).await
        }
        "it includes hers" => {
            let snippet = format!("{name}-snippet");
            let of = cast.rita.creates_prompt(&snippet).await;
            let inner = cast.rita.saves_as(of, &[], &hers).await;
            let content = including(cast, inner, &snippet, "around ").await;
            cast.ben.saves_as(prompt, &[], &content).await
        }
        "she wrote it first" => {
            cast.rita.saves_as(prompt, &[], &hers).await;
            cast.ben.saves_as(prompt, &[], &hers).await
        }
        "her service saved it" => {
            let rights = Rights {
                save: true,
                ..Rights::default()
            };
            let owner = cast.rita.person().await;
            let (service, _) = cast.ada.makes_service(owner, rights).await;
            service.saves_as(prompt, &[], &hers).await
        }
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_approves_their_own_work_in_whatever_way_it_is_theirs() {
    let cast = Cast::open().await;
    let (staging, production) = (cast.team.staging, cast.team.production);
    cast.demands(staging, approvals(1)).await;
    cast.demands(production, independent(1)).await;
    for way in [
        "she saved it",
        "it was made from hers",
        "it includes hers",
        "she wrote it first",
        "her service saved it",
    ] {
        let name = format!("own/{}", way.replace(' ', "-"));
        let version = with_a_hand_in_it(&cast, way, &name).await;
        let request = cast.opens(&cast.ben, &[(production, version)]).await;
        let approval = cast.approval(request).await;
        let theirs = "somebody else must approve it";
        cast.refuses_of(&cast.rita, &approval, RefusalCode::NotAllowed, theirs)
            .await;
        let release = cast.next_step(request, &[production]).await;
        let unmet = RefusalCode::PolicyUnmet;
        cast.refuses_of(&cast.ben, &release, unmet, "needs 1 approval and has 0")
            .await;
        // Somebody else's is taken, and then it goes.
        cast.takes(&cast.sven, &approval).await;
        cast.takes(&cast.ben, &release).await;

        // Where the policy asks for any approval, hers is one.
        let request = cast.opens(&cast.ben, &[(staging, version)]).await;
        cast.approves(&cast.rita, request).await;
        let release = cast.next_step(request, &[staging]).await;
        cast.takes(&cast.ben, &release).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_counts_under_the_policy_and_for_the_people_of_the_moment() {
    let cast = Cast::open().await;
    let place = cast.team.production;
    cast.demands(place, approvals(1)).await;
    let prompt = cast.ben.creates_prompt("support/triage").await;
    let version = cast.rita.saves(prompt, "Sort it.").await;
    let request = cast.opens(&cast.ben, &[(place, version)]).await;
    cast.approves(&cast.rita, request).await;
    let release = cast.next_step(request, &[place]).await;
    let refused = async |words: &str| {
        let unmet = RefusalCode::PolicyUnmet;
        cast.refuses_of(&cast.ben, &release, unmet, words).await;
    };

    // The policy is made stricter after she approved her own.
    cast.demands(place, independent(1)).await;
    refused("needs 1 approval and has 0").await;
    cast.approves(&cast.sven, request).await;

    // Who approved is no reviewer any more; is one again; and is no member any more.
    let sven = cast.sven.person().await;
    let becomes = |role, replaces| Body::SetRole {
        person: sven,
        role,
        replaces,
    };
    let (author, reviewer) = (Role::Author, Role::Reviewer);
    cast.takes(&cast.ada, &becomes(author, reviewer)).await;
    refused("has 0").await;
    cast.takes(&cast.ada, &becomes(reviewer, author)).await;

    // One person counts once, on however many devices.
    cast.demands(place, independent(2)).await;
    refused("needs 2 approvals and has 1").await;
    let (second, _) = cast.sven.enrols().await;
    let again = cast.approval(request).await;
    let already = "approved exactly this already";
    cast.refuses_of(&second, &again, RefusalCode::Invalid, already)
        .await;
    cast.takes(&cast.ada, &again).await;
    cast.takes(&cast.ada, &Body::RemovePerson { person: sven })
        .await;
    refused("needs 2 approvals and has 1").await;
    cast.demands(place, independent(1)).await;
    cast.takes(&cast.ben, &release).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_approval_does_not_count_for_new_content() {
    let cast = Cast::open().await;
    let place = cast.team.production;
    cast.demands(place, independent(1)).await;
    let (prompt, first) = cast.written("support/triage").await;
    let second = cast.ben.saves(prompt, "and give everything away").await;
    let request = cast.opens(&cast.ben, &[(place, first)]).await;
    let old = cast.approval(request).await;
    let signed = cast.rita.command(old.clone());
    cast.takes_this(&cast.rita, &signed).await;
    cast.asks_instead(&cast.ben, request, &[(place, second)])
        .await;

    // The very same bytes, by her and by him, who has them from the ledger: known, and no more.
    for by in [&cast.rita, &cast.ben] {
        let before = cast.ada.ledger().await;
        let outcome = by.send(std::slice::from_ref(&signed)).await.remove(0);
        assert!(matches!(outcome.result, CommandResult::Accepted { .. }));
        cast.nothing_came_of_it(&before).await;
    }
    // Under another id they are not what she signed.
    let other = crate::team::id().to_string();
    let bytes = signed.bytes().replace(&signed.id().0.to_string(), &other);
    let forged = domain::ledger::SignedCommand::read(&bytes, *signed.signature()).unwrap();
    cast.refuses(
        &cast.rita,
        &forged,
        RefusalCode::BadSignature,
        "does not belong",
    )
    .await;
    // Nor does she say to the new what she would say to the old.
    cast.refuses_of(
        &cast.rita,
        &old,
        RefusalCode::Conflict,
        "was changed since you looked",
    )
    .await;
    // And it does not go: neither the new, nor the old that she did approve.
    let release = cast.next_step(request, &[place]).await;
    let unmet = RefusalCode::PolicyUnmet;
    cast.refuses_of(&cast.ben, &release, unmet, "needs 1 approval and has 0")
        .await;
    let swapped = but(&release, |changes| changes[0].sides = whole(first));
    let conflict = RefusalCode::Conflict;
    cast.refuses_of(&cast.ben, &swapped, conflict, "not what the request asks")
        .await;

    cast.approves(&cast.rita, request).await;
    cast.takes(&cast.ben, &release).await;
    let served = cast.served(place, "support/triage").await;
    assert_eq!(served, "and give everything away");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_covers_the_snippets_as_they_were() {
    let cast = Cast::open().await;
    let place = cast.team.production;
    cast.demands(place, independent(1)).await;
    let (snippet, kind) = cast.written("snippets/tone").await;
    let prompt = cast.ben.creates_prompt("support/triage").await;
    let first = including(&cast, kind, "snippets/tone", "Sort it. ").await;
    let first = cast.ben.saves_as(prompt, &[], &first).await;
    let request = cast.opens(&cast.ben, &[(place, first)]).await;
    cast.approves(&cast.rita, request).await;
    let release = cast.next_step(request, &[place]).await;

    // The snippet is changed under it, and the prompt saved anew with the same words of its own.
    let rude = cast.ben.saves(snippet, "Be rude.").await;
    let second = including(&cast, rude, "snippets/tone", "Sort it. ").await;
    let second = cast.ben.saves_as(prompt, &[first], &second).await;
    let swapped = but(&release, |changes| changes[0].sides = whole(second));
    let not_that = "not what the request asks";
    cast.refuses_of(&cast.ben, &swapped, RefusalCode::Conflict, not_that)
        .await;
    cast.refuses_of(
        &cast.ben,
        &under(&swapped, None, None),
        RefusalCode::PolicyUnmet,
        "open a request",
    )
    .await;

    // What was approved goes, with the snippet that was read.
    cast.takes(&cast.ben, &release).await;
    let (reader, _) = cast.ada.issues_key(place).await;
    let tones = async || {
        let path = protocol::paths::prompt("support/triage");
        let served: ServedPrompt = reader.gets(&path).await.json().await.unwrap();
        let snippets = served.version.snippets.values();
        let texts = snippets.flat_map(|found| found.templates().map(|(_, text)| text.to_owned()));
        texts.collect::<Vec<_>>()
    };
    assert_eq!(tones().await, ["snippets/tone, first"]);

    // The other one is asked for, and voids nothing that it does not change.
    let request = cast.opens(&cast.ben, &[(place, second)]).await;
    let release = cast.next_step(request, &[place]).await;
    cast.refuses_of(&cast.ben, &release, RefusalCode::PolicyUnmet, "has 0")
        .await;
    cast.approves(&cast.rita, request).await;
    cast.takes(&cast.ben, &release).await;
    assert_eq!(tones().await, ["Be rude."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_approved_over_another_base_waits() {
    let cast = Cast::open().await;
    let place = cast.team.production;
    cast.demands(place, independent(1)).await;
    let (prompt, first) = cast.written("support/triage").await;
    let second = cast.ben.saves(prompt, "Sort it better.").await;
    let mut requests = Vec::new();
    for version in [first, second] {
        let request = cast.opens(&cast.ben, &[(place, version)]).await;
        cast.approves(&cast.rita, request).await;
        requests.push((request, cast.next_step(request, &[place]).await));
    }
    let [(_, lawful), (request, late)] = requests.as_slice() else {
        panic!("two requests")
    };
    let released = cast.takes(&cast.ben, lawful).await;
    let conflict = RefusalCode::Conflict;
    cast.refuses_of(&cast.ben, late, conflict, "was changed meanwhile")
        .await;
    // Written as if it had been meant for what is there now, it is not what was asked.
    let lying = but(late, |changes| changes[0].replaces = Some(released.into()));
    cast.refuses_of(&cast.ben, &lying, conflict, "not what the request asks")
        .await;
    // Another verdict on it says nothing either: there is nothing left that it could cover.
    let approval = cast.approval(*request).await;
    cast.refuses_of(&cast.sven, &approval, conflict, "must be updated before")
        .await;

    cast.asks_instead(&cast.ben, *request, &[(place, second)])
        .await;
    let anew = cast.next_step(*request, &[place]).await;
    assert_eq!(anew, lying, "the same release, asked for as it is");
    cast.refuses_of(&cast.ben, &anew, RefusalCode::PolicyUnmet, "has 0")
        .await;
    cast.approves(&cast.rita, *request).await;
    cast.takes(&cast.ben, &anew).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_is_given_by_reviewers_and_nobody_else() {
    let cast = Cast::open().await;
    let place = cast.team.production;
    cast.demands(place, independent(1)).await;
    let (_, version) = cast.written("support/triage").await;
    let request = cast.opens(&cast.ben, &[(place, version)]).await;
    let approval = cast.approval(request).await;
    let service = "is a service that may not do this";
    for (who, words) in [
        (&cast.vera, "is a viewer"),
        (&cast.ben, "is an author"),
        (&cast.ci, service),
    ] {
        cast.refuses_of(who, &approval, RefusalCode::NotAllowed, words)
            .await;
        // Nor does holding it back.
        let block = cast.verdict(request, VerdictKind::AskForChanges).await;
        cast.refuses_of(who, &block, RefusalCode::NotAllowed, words)
            .await;
    }
    let release = cast.next_step(request, &[place]).await;
    cast.refuses_of(&cast.ben, &release, RefusalCode::PolicyUnmet, "has 0")
        .await;
    // A role that is given counts from then on.
    let vera = cast.vera.person().await;
    let reviewer = Body::SetRole {
        person: vera,
        role: Role::Reviewer,
        replaces: Role::Viewer,
    };
    let only = "only an admin may do this";
    for (who, words) in [
        (&cast.vera, only),
        (&cast.ben, only),
        (&cast.rita, only),
        (&cast.ci, service),
    ] {
        cast.refuses_of(who, &reviewer, RefusalCode::NotAllowed, words)
            .await;
    }
    cast.takes(&cast.ada, &reviewer).await;
    cast.takes(&cast.vera, &approval).await;

    // Somebody's "ask for changes" holds it; only an admin ends it, and only they take it back.
    let block = cast.verdict(request, VerdictKind::AskForChanges).await;
    cast.takes(&cast.sven, &block).await;
    cast.refuses_of(
        &cast.ben,
        &release,
        RefusalCode::PolicyUnmet,
        "asks for changes",
    )
    .await;
    let dismissal = Body::DismissVerdict {
        request,
        person: cast.sven.person().await,
        reason: cast.words,
    };
    for who in [&cast.ben, &cast.rita] {
        cast.refuses_of(who, &dismissal, RefusalCode::NotAllowed, only)
            .await;
    }
    let take_back = Body::WithdrawVerdict { request };
    let none = "a verdict of yours";
    cast.refuses_of(&cast.rita, &take_back, RefusalCode::NotFound, none)
        .await;
    cast.takes(&cast.ada, &dismissal).await;
    cast.takes(&cast.ben, &release).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_steps_of_a_split_go_in_their_order_and_once() {
    let cast = Cast::open().await;
    let place = cast.team.production;
    let (prompt, first) = cast.written("support/triage").await;
    let second = cast.ben.saves(prompt, "Sort it better.").await;
    let release = cast.straight(place, first).await;
    cast.takes(&cast.ben, &release).await;
    cast.demands(place, independent(1)).await;
    let mut asked = cast.asked(&[(place, second)]).await;
    let now = whole(first);
    let shares = [1_000, 5_000];
    asked.changes[0].steps = domain::rules::requests::steps(&now, &whole(second), &shares);
    let asked = Box::new(asked);
    let opened = cast.takes(&cast.ben, &Body::OpenRequest { asked }).await;
    let request = opened.into();
    cast.approves(&cast.rita, request).await;

    let one = cast.next_step(request, &[place]).await;
    let sides = |body: &Body, to: &[Side]| but(body, |changes| changes[0].sides = to.to_vec());
    let two = [(second, 5_000), (first, 5_000)].map(|(version, weight)| Side { version, weight });
    let conflict = RefusalCode::Conflict;
    let not_that = "not what the request asks";
    // The second before the first, the last before the second, and either under the first's number.
    for skipped in [sides(&one, &two), sides(&one, &whole(second))] {
        for step in [None, Some(1), Some(2), Some(3)] {
            let skipped = under(&skipped, Some(request), step);
            cast.refuses_of(&cast.ben, &skipped, conflict, not_that)
                .await;
        }
    }
    let wrong = under(&one, Some(request), Some(2));
    let next = "step 1 comes next";
    cast.refuses_of(&cast.ben, &wrong, RefusalCode::Invalid, next)
        .await;
    let alone = under(&one, None, Some(1));
    cast.refuses_of(&cast.ben, &alone, RefusalCode::Invalid, "has steps")
        .await;
    // Each in its turn, on the one approval; and none twice.
    for step in 1..=3 {
        let lawful = cast.next_step(request, &[place]).await;
        let lawful = under(&lawful, Some(request), Some(step));
        cast.takes(&cast.ben, &lawful).await;
        let again = cast.ben.may_not(lawful).await;
        assert!(
            matches!(again.code, RefusalCode::Conflict | RefusalCode::Invalid),
            "{again:?}"
        );
    }
    let served = cast.served(place, "support/triage").await;
    assert_eq!(served, "Sort it better.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_an_admins_and_of_the_moment() {
    let cast = Cast::open().await;
    let place = cast.team.production;
    cast.demands(place, independent(2)).await;
    let open = cast.policy(place, Policy::default()).await;
    let members: [(&Member, &str); 5] = [
        (&cast.vera, "only an admin may do this"),
        (&cast.ben, "only an admin may do this"),
        (&cast.rita, "only an admin may do this"),
        (&cast.sven, "only an admin may do this"),
        (&cast.ci, "is a service that may not do this"),
    ];
    for (who, words) in members {
        cast.refuses_of(who, &open, RefusalCode::NotAllowed, words)
            .await;
    }
    // An admin's own, made for another policy than the one that is there.
    cast.demands(place, independent(3)).await;
    cast.refuses_of(&cast.ada, &open, RefusalCode::Conflict, "changed meanwhile")
        .await;
    let open = cast.policy(place, Policy::default()).await;
    cast.takes(&cast.ada, &open).await;
    let (_, version) = cast.written("support/triage").await;
    let release = cast.straight(place, version).await;
    cast.takes(&cast.ben, &release).await;
}
