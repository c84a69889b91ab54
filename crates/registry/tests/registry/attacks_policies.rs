//! A client made by hand tries each thing that a policy asks of a release: path, gate, freeze, who
//! releases, and setting all of that aside. Each call is taken in the end, when it is lawful.

use crate::cast::{Cast, approvals, last, now, overriding, under, whole};
use domain::freeze::{self, Freeze, WeekTime, Weekday, Window};
use domain::gate::Gate;
use domain::ledger::{Body, Pointer, ReleaseChange, RunSummary};
use domain::permissions::Role;
use domain::policy::{Policy, Releasers};
use domain::{Digest, EnvironmentId, RefusalCode, VersionId};
use serde_json::Value;

const DAY: i64 = 24 * 60 * 60 * 1_000;
const UNMET: RefusalCode = RefusalCode::PolicyUnmet;

/// No time of the week is left in which anything may go.
fn always_frozen() -> Policy {
    let time = |day, time: &str| WeekTime {
        day,
        time: time.parse().unwrap(),
    };
    let window = |name: &str, from, until| Freeze {
        name: name.to_owned(),
        zone: "Europe/Lisbon".to_owned(),
        window: Window::Weekly { from, until },
    };
    let (monday, sunday) = (Weekday::Monday, Weekday::Sunday);
    let calendar = freeze::transitions("Europe/Lisbon", now().plus(-9 * DAY), now().plus(9 * DAY));
    Policy {
        freezes: vec![
            window("year end", time(monday, "00:00"), time(sunday, "12:00")),
            window(
                "year end Sunday",
                time(sunday, "00:00"),
                time(monday, "12:00"),
            ),
        ],
        calendars: vec![calendar.unwrap()],
        ..Policy::default()
    }
}

/// What is missing, by its kind.
fn missing(refusal: &domain::Refusal) -> Vec<String> {
    let details = refusal.details.as_ref().unwrap();
    let all = details["missing"].as_array().unwrap();
    let kind = |one: &Value| one["type"].as_str().unwrap().to_owned();
    all.iter().map(kind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_asks_for_a_review_is_not_released_past_it() {
    let cast = Cast::open().await;
    let (staging, production) = (cast.team.staging, cast.team.production);
    let (_, version) = cast.written("support/triage").await;
    let straight = cast.straight(production, version).await;
    cast.demands(production, approvals(1)).await;
    for who in [&cast.ben, &cast.rita, &cast.ada] {
        let refusal = cast
            .refuses_of(who, &straight, UNMET, "open a request")
            .await;
        assert_eq!(missing(&refusal), ["request"]);
    }
    // Under a request that asks for another environment, or for another version.
    let elsewhere = cast.opens(&cast.ben, &[(staging, version)]).await;
    cast.approves(&cast.rita, elsewhere).await;
    let borrowed = under(&straight, Some(elsewhere), None);
    let nothing = "asks for nothing more in production";
    cast.refuses_of(&cast.ben, &borrowed, RefusalCode::Invalid, nothing)
        .await;
    // Both at once: what is approved for one is not for the other.
    let request = cast
        .opens(&cast.ben, &[(staging, version), (production, version)])
        .await;
    let both = cast.next_step(request, &[staging, production]).await;
    cast.refuses_of(&cast.ben, &both, UNMET, "needs 1 approval and has 0")
        .await;
    let mut withdrawn = Body::WithdrawRequest {
        request: elsewhere,
        reason: None,
    };
    cast.takes(&cast.ben, &withdrawn).await;
    let gone = cast.next_step(request, &[staging]).await;
    let gone = under(&gone, Some(elsewhere), None);
    cast.refuses_of(&cast.ben, &gone, RefusalCode::Invalid, "was taken back")
        .await;
    cast.approves(&cast.rita, request).await;
    cast.takes(&cast.ben, &both).await;

    // Nobody's request is somebody else's to change or to take back.
    let (_, other) = cast.written("support/tone").await;
    let request = cast.opens(&cast.ben, &[(production, other)]).await;
    withdrawn = Body::WithdrawRequest {
        request,
        reason: None,
    };
    let only = "only they themselves or an admin";
    for (who, words) in [
        (&cast.rita, only),
        (&cast.ci, "is a service that may not do this"),
    ] {
        cast.refuses_of(who, &withdrawn, RefusalCode::NotAllowed, words)
            .await;
    }
    cast.takes(&cast.ada, &withdrawn).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_no_way_round_a_review() {
    let cast = Cast::open().await;
    let place = cast.team.production;
    let (triage, first) = cast.written("support/triage").await;
    let (tone, second) = cast.written("support/tone").await;
    let (free, _) = cast.written("support/free").await;
    cast.demands(place, approvals(1)).await;
    let bundle = [(place, first), (place, second)];
    let request = cast.opens(&cast.ben, &bundle).await;
    cast.approves(&cast.rita, request).await;
    let release = cast.next_step(request, &[place]).await;
    cast.takes(&cast.ben, &release).await;
    // Applications ask by name: two names exchanged would let production answer otherwise, and
    // one taken away not at all. Nobody has approved either.
    let rename = |prompt, replaces: &str, name: &str| Body::RenamePrompt {
        prompt,
        name: name.into(),
        replaces: replaces.into(),
    };
    let away = rename(triage, "support/triage", "support/old");
    let only = "applications of production ask for support/triage by this name";
    for who in [&cast.ben, &cast.rita] {
        cast.refuses_of(who, &away, RefusalCode::NotAllowed, only)
            .await;
    }
    // What nothing but a review protects may be renamed, and the case of a name means nothing.
    cast.takes(&cast.ben, &rename(free, "support/free", "support/other"))
        .await;
    cast.takes(&cast.ben, &rename(tone, "support/tone", "support/Tone"))
        .await;
    assert_eq!(
        cast.served(place, "support/tone").await,
        "support/tone, first"
    );
    cast.takes(&cast.ada, &away).await;
    assert_eq!(
        cast.served(place, "support/old").await,
        "support/triage, first"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_is_not_jumped() {
    let cast = Cast::open().await;
    let (staging, production) = (cast.team.staging, cast.team.production);
    let (prompt, version) = cast.written("support/triage").await;
    let other = cast.ben.saves(prompt, "Sort it otherwise.").await;
    let path = Policy {
        path: vec![staging],
        ..Policy::default()
    };
    cast.demands(production, path).await;
    let straight = cast.straight(production, version).await;
    let first = "never served in staging, which comes before production";
    let refusal = cast.refuses_of(&cast.ben, &straight, UNMET, first).await;
    assert_eq!(missing(&refusal), ["path"]);
    // In both at once staging has not served it before.
    let change = |environment: EnvironmentId| ReleaseChange {
        environment,
        prompt,
        sides: whole(version),
        replaces: None,
    };
    let at_once = cast.release(vec![change(staging), change(production)], None);
    cast.refuses_of(&cast.ada, &at_once, UNMET, first).await;
    // Under the name of a promotion that was none.
    let mut posed = straight.clone();
    if let Body::Release { promoted_from, .. } = &mut posed {
        *promoted_from = Some(staging);
    }
    let serves = "staging serves something else";
    cast.refuses_of(&cast.ben, &posed, RefusalCode::Conflict, serves)
        .await;
    // Another version was there, and this one nowhere.
    let there = cast.straight(staging, other).await;
    cast.takes(&cast.ben, &there).await;
    cast.refuses_of(&cast.ben, &straight, UNMET, first).await;
    let there = cast.straight(staging, version).await;
    cast.takes(&cast.ben, &there).await;
    cast.takes(&cast.ben, &straight).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_opens_to_no_other_run() {
    let cast = Cast::open().await;
    let place = cast.team.production;
    let (prompt, version) = cast.written("support/triage").await;
    let other = cast.ben.saves(prompt, "Sort it otherwise.").await;
    let cases = |count: usize| {
        let list: Vec<_> = (0..count)
            .map(|n| format!(r#"{{"id":"{n}","inputs":{{}}}}"#))
            .collect();
        format!(r#"{{"cases":[{}]}}"#, list.join(",")).into_bytes()
    };
    let old = cast.ben.puts(cases(2)).await;
    let dataset = Body::SaveDataset {
        dataset: None,
        name: "Messages".into(),
        content: old,
        cases: 2,
        replaces: None,
    };
    let dataset = cast.takes(&cast.ben, &dataset).await.into();
    let latest = cast.ben.puts(cases(4)).await;
    let larger = Body::SaveDataset {
        dataset: Some(dataset),
        name: "Messages".into(),
        content: latest,
        cases: 4,
        replaces: Some(old),
    };
    cast.takes(&cast.ben, &larger).await;
    let gate = Gate {
        dataset,
        prompts: Vec::new(),
        least_passed: 7_500,
        largest_loss: None,
    };
    let policy = Policy {
        gates: vec![gate],
        ..Policy::default()
    };
    cast.demands(place, policy).await;
    let request = cast.opens(&cast.ben, &[(place, version)]).await;
    let release = cast.next_step(request, &[place]).await;
    let results = cast.ben.puts(br#"{"results":[]}"#.to_vec()).await;
    let run = |version: VersionId, dataset: Digest, cases: u32, passed: u32| Body::RecordRun {
        version,
        dataset,
        results,
        summary: RunSummary {
            provider: "local".into(),
            model: "small".into(),
            cases,
            passed,
            failed: 0,
        },
        counts: None,
    };
    let no_run = "was not run over Messages as it is now";
    cast.refuses_of(&cast.ben, &release, UNMET, no_run).await;
    // A viewer records none, whatever it says.
    let good = run(version, latest, 4, 3);
    cast.refuses_of(&cast.vera, &good, RefusalCode::NotAllowed, "is a viewer")
        .await;
    for (what, recorded, words) in [
        ("another version's", run(other, latest, 4, 4), no_run),
        ("over the old dataset", run(version, old, 2, 2), no_run),
        (
            "of a part",
            run(version, latest, 3, 3),
            "asked 3 of the 4 cases",
        ),
        (
            "that failed",
            run(version, latest, 4, 2),
            "passes 50 % of Messages",
        ),
    ] {
        cast.takes(&cast.ben, &recorded).await;
        let refusal = cast.refuses_of(&cast.ben, &release, UNMET, words).await;
        assert_eq!(missing(&refusal), ["gate"], "{what}");
    }
    cast.takes(&cast.ben, &good).await;
    // The latest counts, not the best.
    cast.takes(&cast.ben, &run(version, latest, 4, 0)).await;
    cast.refuses_of(&cast.ben, &release, UNMET, "passes 0 %")
        .await;
    cast.takes(&cast.ben, &good).await;
    cast.takes(&cast.ben, &release).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_a_revert_goes_into_a_freeze() {
    let cast = Cast::open().await;
    let place = cast.team.production;
    let (prompt, version) = cast.written("support/triage").await;
    let other = cast.ben.saves(prompt, "Sort it otherwise.").await;
    let first = cast.straight(place, version).await;
    let first = cast.takes(&cast.ben, &first).await;
    let second = cast.straight(place, other).await;
    cast.demands(place, always_frozen()).await;
    for who in [&cast.ben, &cast.ada] {
        let frozen = "production is frozen until";
        let refusal = cast.refuses_of(who, &second, UNMET, frozen).await;
        assert_eq!(missing(&refusal), ["frozen"]);
    }
    // What the device says of the time decides nothing: a year ago nothing was frozen.
    let mut command = cast.ben.command(second.clone()).command().clone();
    command.at = now().plus(-365 * DAY);
    let early = domain::ledger::SignedCommand::sign(command, &cast.ben.key).unwrap();
    cast.refuses(&cast.ben, &early, UNMET, "production is frozen")
        .await;
    cast.demands(place, Policy::default()).await;
    let second = cast.takes(&cast.ben, &second).await;
    cast.demands(place, always_frozen()).await;
    // Back, and only back: there again is a release.
    cast.ben
        .reverts(place, first.into(), prompt, second.into())
        .await;
    let now = cast.state().await;
    let again = Body::Revert {
        environment: place,
        to: second.into(),
        prompts: vec![Pointer {
            prompt,
            replaces: last(&now, place, prompt).unwrap(),
        }],
        reason: cast.words,
    };
    let there = "going there again is a promotion";
    cast.refuses_of(&cast.ben, &again, RefusalCode::RevertedFrom, there)
        .await;
    let anew = cast.straight(place, other).await;
    cast.refuses_of(&cast.ben, &anew, UNMET, "production is frozen")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_set_aside_by_an_admin_where_it_lets_them_and_with_words() {
    let cast = Cast::open().await;
    let place = cast.team.production;
    let (_, version) = cast.written("support/triage").await;
    let may = |may_override| Policy {
        may_override,
        ..approvals(2)
    };
    cast.demands(place, may(false)).await;
    let request = cast.opens(&cast.ben, &[(place, version)]).await;
    let plain = cast.next_step(request, &[place]).await;
    let aside = overriding(&plain, cast.words);
    let never = "this policy can't be set aside";
    cast.refuses_of(&cast.ada, &aside, UNMET, never).await;

    cast.demands(place, may(true)).await;
    let only = "only an admin may set a policy aside";
    for who in [&cast.ben, &cast.rita, &cast.sven] {
        cast.refuses_of(who, &aside, RefusalCode::NotAllowed, only)
            .await;
    }
    cast.refuses_of(&cast.ada, &plain, UNMET, "needs 2 approvals and has 0")
        .await;
    // Words that nobody sent, and words that are none.
    let silent = overriding(&plain, Digest::of(b"never sent"));
    let missing = RefusalCode::ContentMissing;
    cast.refuses_of(&cast.ada, &silent, missing, "was not sent along")
        .await;
    let none = cast.ada.puts(b"{}".to_vec()).await;
    let invalid = RefusalCode::ContentInvalid;
    cast.refuses_of(&cast.ada, &overriding(&plain, none), invalid, "")
        .await;
    cast.takes(&cast.ada, &aside).await;
    let state = cast.state().await;
    let release = state.releases().next_back().unwrap();
    let grounds = release.grounds.as_ref().unwrap();
    assert_eq!(grounds.overridden.as_ref().unwrap().reason, cast.words);

    // Where nothing is missing there is nothing to set aside.
    let (_, version) = cast.written("support/tone").await;
    cast.demands(place, Policy::default()).await;
    let plain = cast.straight(place, version).await;
    let aside = overriding(&plain, cast.words);
    let stands = "nothing stands in the way";
    cast.refuses_of(&cast.ada, &aside, RefusalCode::Invalid, stands)
        .await;
    cast.takes(&cast.ben, &plain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_release_is_what_the_policy_and_the_rights_say() {
    let cast = Cast::open().await;
    let (staging, production) = (cast.team.staging, cast.team.production);
    let (prompt, version) = cast.written("support/triage").await;
    let named = |who: &[domain::PersonId]| Policy {
        releasers: Releasers::Named(who.to_vec()),
        ..Policy::default()
    };
    let reviewers = Policy {
        releasers: Releasers::Role(Role::Reviewer),
        ..Policy::default()
    };
    let not = RefusalCode::NotAllowed;
    // A service has the right for staging only, and there only where the policy does not name others.
    let live = cast.straight(production, version).await;
    let words = "has no right to; an admin can give it one";
    cast.refuses_of(&cast.ci, &live, not, words).await;
    let there = cast.straight(staging, version).await;
    cast.demands(staging, named(&[cast.ben.person().await]))
        .await;
    cast.refuses_of(&cast.ci, &there, not, "in staging only")
        .await;
    // One that may go nowhere with it makes the whole of it go nowhere.
    let both = [staging, production].map(|environment| ReleaseChange {
        environment,
        prompt,
        sides: whole(version),
        replaces: None,
    });
    let both = cast.release(both.to_vec(), None);
    cast.demands(staging, Policy::default()).await;
    cast.refuses_of(&cast.ci, &both, not, "in production only")
        .await;
    cast.takes(&cast.ci, &there).await;

    cast.demands(production, reviewers).await;
    for (who, words) in [
        (&cast.vera, "is a viewer"),
        (&cast.ben, "only a reviewer or an admin may release"),
    ] {
        cast.refuses_of(who, &live, not, words).await;
    }
    cast.demands(production, named(&[cast.ben.person().await]))
        .await;
    for who in [&cast.rita, &cast.ci] {
        cast.refuses_of(who, &live, not, "in production only").await;
    }
    let live = cast.takes(&cast.ben, &live).await;
    // Going back needs the same right.
    let better = cast.ben.saves(prompt, "Sort it better.").await;
    let next = cast.straight(production, better).await;
    let next = cast.takes(&cast.ben, &next).await;
    let back = Body::Revert {
        environment: production,
        to: live.into(),
        prompts: vec![Pointer {
            prompt,
            replaces: next.into(),
        }],
        reason: cast.words,
    };
    for who in [&cast.rita, &cast.ci] {
        cast.refuses_of(who, &back, not, "in production only").await;
    }
    cast.takes(&cast.ben, &back).await;
}
