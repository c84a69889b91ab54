//! Giving a ledger: sharing a project, and giving back what a restored registry lost.

use crate::team::{House, Member, Team};
use domain::ledger::{Entry, Seen};
use domain::permissions::Role;
use domain::split::SLOTS;
use domain::{Digest, ProjectId};
use protocol::ledger::{ContentLine, FoundContent, GiveHeader, Given};
use protocol::paths;

/// What a laptop would send: the header, contents, entries.
async fn parcel(from: &Member, extends: Seen, lines: &[String]) -> String {
    let mut out = serde_json::to_string(&GiveHeader { extends }).unwrap();
    out.push('\n');
    for line in lines {
        for digest in Entry::read(line)
            .unwrap()
            .events()
            .iter()
            .flat_map(|e| e.contents())
        {
            let response = from.gets(&paths::content(from.project, &digest)).await;
            let found = FoundContent::Here {
                content: response.text().await.unwrap(),
            };
            out.push_str(&serde_json::to_string(&ContentLine { digest, found }).unwrap());
            out.push('\n');
        }
    }
    for line in lines {
        out.push_str(line);
        out.push('\n');
    }
    out
}

async fn give(url: &str, project: ProjectId, bearer: &str, body: String) -> (u16, String) {
    let response = crate::team::client()
        .post(format!("{url}{}", paths::give_ledger(project)))
        .bearer_auth(bearer)
        .body(body)
        .send()
        .await
        .unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

async fn with_a_release(house: &House) -> (Team, crate::team::Reader) {
    let team = house.found().await;
    let prompt = team.ada.creates_prompt("triage").await;
    let version = team.ada.saves(prompt, "Sort it.").await;
    team.ada
        .releases(team.production, prompt, &[(version, SLOTS)], None)
        .await;
    let (app, _) = team.ada.issues_key(team.production).await;
    (team, app)
}

fn at(line: &str) -> Seen {
    let entry = Entry::read(line).unwrap();
    Seen {
        seq: entry.seq(),
        digest: entry.digest(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_is_shared_with_another_registry_in_steps_that_can_be_repeated() {
    let (mine, theirs) = (House::open().await, House::open().await);
    let (team, mut app) = with_a_release(&mine).await;
    let lines = team.ada.ledger().await;
    let invitation = theirs.registry.founding_token().unwrap().reveal();
    let (first, rest) = lines.split_at(3);
    let parcel_one = parcel(&team.ada, Seen::default(), first).await;
    let parcel_two = parcel(&team.ada, at(&first[2]), rest).await;
    let url = theirs.url();
    let to = |body: String| give(&url, team.project, &invitation, body);
    // The second before the first: nothing is taken.
    assert_eq!(to(parcel_two.clone()).await.0, 409);
    for body in [&parcel_one, &parcel_one, &parcel_two, &parcel_two] {
        let (status, text) = to(body.clone()).await;
        assert_eq!(status, 200, "{text}");
    }
    let head = team.ada.head().await;
    let (_, text) = to(parcel_two).await;
    assert_eq!(serde_json::from_str::<Given>(&text).unwrap().head, head);

    // Keys and tokens came along, and so did what is served.
    let there = Member {
        url: theirs.url(),
        ..team.ada.clone()
    };
    assert_eq!(there.ledger().await, lines);
    app.url = theirs.url();
    assert_eq!(app.text_of("/v1/prompts/triage").await, "Sort it.");
    let report = theirs.registry.verify().unwrap();
    assert!(report.holds(), "{report}");
    assert_eq!(report.projects[0].missing, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_does_not_hold_is_not_taken() {
    let (mine, theirs) = (House::open().await, House::open().await);
    let (team, _) = with_a_release(&mine).await;
    let lines = team.ada.ledger().await;
    let other = mine.found().await;
    let invitation = theirs.registry.founding_token().unwrap().reveal();
    let tampered = {
        let mut lines = lines.clone();
        lines[3] = lines[3].replace("\"number\":1", "\"number\":2");
        assert_ne!(lines[3], parcel_line(&team.ada).await[3]);
        lines
    };
    let reordered = [&lines[..3], &[lines[4].clone(), lines[3].clone()]].concat();
    let cut = [&lines[..3], &lines[4..]].concat();
    for (what, broken, status) in [
        ("tampered", tampered, 400),
        ("reordered", reordered, 400),
        ("cut", cut, 400),
        ("another project's", other.ada.ledger().await, 400),
        ("not from the beginning", lines[1..].to_vec(), 409),
    ] {
        let mut body = serde_json::to_string(&GiveHeader {
            extends: Seen::default(),
        })
        .unwrap();
        body.push('\n');
        body.push_str(&broken.join("\n"));
        let (got, text) = give(&theirs.url(), team.project, &invitation, body).await;
        assert_eq!(got, status, "{what}: {text}");
    }
    let wrong = ContentLine {
        digest: Digest::of(b"right"),
        found: FoundContent::Here {
            content: "\"wrong\"".into(),
        },
    };
    let header = serde_json::to_string(&GiveHeader {
        extends: Seen::default(),
    })
    .unwrap();
    let body = format!(
        "{header}\n{}\n{}",
        serde_json::to_string(&wrong).unwrap(),
        lines.join("\n")
    );
    assert_eq!(
        give(&theirs.url(), team.project, &invitation, body).await.0,
        400
    );
    for nonsense in ["", "{}", "hello\nworld", "\u{0}"] {
        let got = give(&theirs.url(), team.project, &invitation, nonsense.into())
            .await
            .0;
        assert_eq!(got, 400, "{nonsense:?}");
    }
    assert!(theirs.registry.project_ids().unwrap().is_empty());
    // And the invitation is still good.
    let body = parcel(&team.ada, Seen::default(), &lines).await;
    assert_eq!(
        give(&theirs.url(), team.project, &invitation, body).await.0,
        200
    );
}

async fn parcel_line(of: &Member) -> Vec<String> {
    of.ledger().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_gives_back_what_a_restored_registry_lost_and_an_author_may_not() {
    let house = House::open().await;
    let (team, _) = with_a_release(&house).await;
    let (invitation, id) = team.ada.invites(Role::Author).await;
    let (ben, _) = Member::joins(&house.url(), &invitation, id).await;
    let old = house.dir.path().join("backup.sqlite");
    assert!(house.registry.backup(&old).unwrap().holds());
    let kept = team.ada.ledger().await;
    team.ada.creates_prompt("after the backup").await;
    let lines = team.ada.ledger().await;
    let lost = parcel(&team.ada, at(kept.last().unwrap()), &lines[kept.len()..]).await;

    let restored = registry::Registry::open(&old, registry::Options::default()).unwrap();
    let running = restored
        .serve(&registry::Listening::loopback())
        .await
        .unwrap();
    let there = Member {
        url: running.url(),
        ..team.ada.clone()
    };
    assert_eq!(there.ledger().await, kept);
    let by = async |bearer: &str| give(&there.url, team.project, bearer, lost.clone()).await.0;
    assert_eq!(by(&ben.bearer).await, 403);
    assert_eq!(by(&team.ada.bearer).await, 200);
    assert_eq!(there.ledger().await, lines);
}

#[tokio::test(flavor = "multi_thread")]
async fn content_that_the_giver_lacked_may_come_later() {
    let (mine, theirs) = (House::open().await, House::open().await);
    let (team, mut app) = with_a_release(&mine).await;
    let lines = team.ada.ledger().await;
    let invitation = theirs.registry.founding_token().unwrap().reveal();
    let header = serde_json::to_string(&GiveHeader {
        extends: Seen::default(),
    })
    .unwrap();
    let body = format!("{header}\n{}", lines.join("\n"));
    assert_eq!(
        give(&theirs.url(), team.project, &invitation, body).await.0,
        200
    );
    app.url = theirs.url();
    // Half a prompt is not served.
    assert_eq!(app.gets("/v1/prompts/triage").await.status(), 503);
    let there = Member {
        url: theirs.url(),
        ..team.ada.clone()
    };
    for digest in lines.iter().flat_map(|line| {
        Entry::read(line)
            .unwrap()
            .events()
            .iter()
            .flat_map(|e| e.contents())
            .collect::<Vec<_>>()
    }) {
        let bytes = team.ada.gets(&paths::content(team.project, &digest)).await;
        there.puts(bytes.bytes().await.unwrap().to_vec()).await;
    }
    assert_eq!(app.text_of("/v1/prompts/triage").await, "Sort it.");
}
