//! Content: put, named, read, redacted.

use crate::team::{House, Member};
use domain::ledger::Body;
use domain::permissions::Role;
use domain::split::SLOTS;
use domain::{Digest, RefusalCode, VersionContent};
use protocol::ledger::{ContentLine, FoundContent};
use protocol::paths;

#[tokio::test(flavor = "multi_thread")]
async fn only_what_the_ledger_names_is_read_by_others() {
    let house = House::open().await;
    let team = house.found().await;
    let (invitation, id) = team.ada.invites(Role::Author).await;
    let (ben, _) = Member::joins(&house.url(), &invitation, id).await;
    let elsewhere = house.found().await;
    let prompt = team.ada.creates_prompt("triage").await;
    let (bytes, digest) = VersionContent::text("A secret draft.").encode().unwrap();
    let path = paths::content(team.project, &digest);
    assert_eq!(team.ada.gets(&path).await.status(), 404);
    assert_eq!(team.ada.try_put(digest, bytes.clone()).await.status(), 201);
    assert_eq!(team.ada.try_put(digest, bytes.clone()).await.status(), 204);
    // Until an entry names it, it is hers alone.
    assert_eq!(team.ada.gets(&path).await.bytes().await.unwrap(), bytes);
    assert_eq!(ben.gets(&path).await.status(), 404);
    let message = ben.writes("found it").await;
    let save = Body::SaveVersion {
        prompt,
        parents: Vec::new(),
        content: digest,
        includes: Vec::new(),
        reads: Vec::new(),
        message,
    };
    assert_eq!(ben.may_not(save).await.code, RefusalCode::ContentMissing);
    team.ada.saves(prompt, "A secret draft.").await;
    assert_eq!(ben.gets(&path).await.bytes().await.unwrap(), bytes);
    // The same digest through another project is nothing.
    let other = paths::content(elsewhere.project, &digest);
    assert_eq!(elsewhere.ada.gets(&other).await.status(), 404);

    let ask = serde_json::json!({ "digests": [digest, Digest::of(b"none")] });
    let lines = ben
        .http
        .post(format!("{}{}", ben.url, paths::contents(team.project)))
        .bearer_auth(&ben.bearer)
        .json(&ask)
        .send()
        .await
        .unwrap();
    let lines = lines.text().await.unwrap();
    let lines: Vec<ContentLine> = lines
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert!(
        matches!(&lines[0].found, FoundContent::Here { content } if content.as_bytes() == bytes)
    );
    assert!(matches!(lines[1].found, FoundContent::Missing));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_its_digest_or_not_json_is_refused() {
    let house = House::open().await;
    let team = house.found().await;
    let put = |digest: Digest, bytes: &[u8]| team.ada.try_put(digest, bytes.to_vec());
    assert_eq!(put(Digest::of(b"other"), b"{}").await.status(), 400);
    assert_eq!(put(Digest::of(b"{"), b"{").await.status(), 400);
    let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    assert_eq!(put(Digest::of(&deep), &deep).await.status(), 400);
    let upper = paths::content(team.project, &Digest::of(b"{}")).replace('a', "A");
    assert_eq!(team.ada.gets(&upper).await.status(), 400);
    assert_eq!(team.ada.head().await.seq, 2, "the registry goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn content_that_no_entry_names_has_its_limit_and_its_day() {
    let limits = registry::Limits {
        loose_bytes: 100,
        ..Default::default()
    };
    let house = House::with(registry::Options {
        create: true,
        limits,
        ..Default::default()
    })
    .await;
    let team = house.found().await;
    let content = |n: u8| format!("\"{}\"", char::from(n).to_string().repeat(50)).into_bytes();
    let digest = |n: u8| Digest::of(&content(n));
    assert_eq!(
        team.ada.try_put(digest(b'a'), content(b'a')).await.status(),
        201
    );
    assert_eq!(
        team.ada.try_put(digest(b'b'), content(b'b')).await.status(),
        429
    );
    // The sweep takes what is older than a day, and leaves what is not.
    assert_eq!(house.registry.tidy().unwrap(), 0);
    let file = rusqlite::Connection::open(house.file()).unwrap();
    file.execute("UPDATE contents SET put_at = put_at - 86400001", [])
        .unwrap();
    assert_eq!(house.registry.tidy().unwrap(), 1);
    assert_eq!(
        team.ada.try_put(digest(b'b'), content(b'b')).await.status(),
        201
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn redacted_is_gone_from_every_byte_of_the_file() {
    let house = House::open().await;
    let team = house.found().await;
    let prompt = team.ada.creates_prompt("triage").await;
    let needle = "4929-1234-5678-9012 leaked card";
    let (bytes, digest) = VersionContent::text(needle).encode().unwrap();
    let leaked = team.ada.saves(prompt, needle).await;
    let fine = team.ada.saves(prompt, "without a card").await;
    let release = team
        .ada
        .releases(team.production, prompt, &[(leaked, SLOTS)], None)
        .await;
    let (app, _) = team.ada.issues_key(team.production).await;
    let redact = async || {
        let reason = team.ada.writes("a card number").await;
        Body::Redact {
            content: digest,
            reason,
        }
    };
    // Not while it is served.
    assert_eq!(
        team.ada.may_not(redact().await).await.code,
        RefusalCode::InUse
    );
    team.ada
        .releases(team.production, prompt, &[(fine, SLOTS)], Some(release))
        .await;
    team.ada.does(redact().await).await;

    assert_eq!(
        team.ada
            .gets(&paths::content(team.project, &digest))
            .await
            .status(),
        410
    );
    assert_eq!(team.ada.try_put(digest, bytes).await.status(), 410);
    assert_eq!(app.gets("/v1/prompts/triage?version=1").await.status(), 404);
    for file in std::fs::read_dir(house.dir.path()).unwrap() {
        let file = file.unwrap().path();
        let bytes = std::fs::read(&file).unwrap();
        let found = bytes
            .windows(needle.len())
            .any(|window| window == needle.as_bytes());
        assert!(!found, "{} still has it", file.display());
    }
    let report = house.registry.verify().unwrap();
    assert!(report.holds(), "{report}");
    // A restart serves what is there, and the redacted version stays in history.
    let house = house.restart().await;
    let ada = Member {
        url: house.url(),
        ..team.ada
    };
    assert_eq!(
        ada.gets(&paths::content(team.project, &digest))
            .await
            .status(),
        410
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_content_is_neither_served_nor_given_out() {
    let house = House::open().await;
    let team = house.found().await;
    let prompt = team.ada.creates_prompt("triage").await;
    let digest = VersionContent::text("Answer kindly.").encode().unwrap().1;
    let version = team.ada.saves(prompt, "Answer kindly.").await;
    team.ada
        .releases(team.production, prompt, &[(version, SLOTS)], None)
        .await;
    let (app, _) = team.ada.issues_key(team.production).await;
    assert_eq!(app.text_of("/v1/prompts/triage").await, "Answer kindly.");

    let file = rusqlite::Connection::open(house.file()).unwrap();
    let change = |from: &str, to: &str| {
        let changed = file
            .execute(
                "UPDATE contents SET bytes = CAST(replace(CAST(bytes AS TEXT), ?1, ?2) AS BLOB)
                 WHERE digest = ?3",
                rusqlite::params![from, to, digest.0],
            )
            .unwrap();
        assert_eq!(changed, 1);
    };
    change("kindly", "rudely");
    let house = house.restart().await;
    let (ada, app) = (
        Member {
            url: house.url(),
            ..team.ada
        },
        crate::team::Reader {
            url: house.url(),
            ..app
        },
    );
    let response = app.gets("/v1/prompts/triage").await;
    assert_eq!(response.status(), 503);
    assert!(!response.text().await.unwrap().contains("rudely"));
    let whole = app.gets("/v1/environment").await.text().await.unwrap();
    assert!(!whole.contains("rudely"), "{whole}");
    let path = paths::content(team.project, &digest);
    let response = ada.gets(&path).await;
    assert_eq!(response.status(), 500);
    assert!(!response.text().await.unwrap().contains("rudely"));
    let report = house.registry.verify().unwrap();
    assert!(!report.holds(), "{report}");

    // Mended, it is served again.
    change("rudely", "kindly");
    let house = house.restart().await;
    let app = crate::team::Reader {
        url: house.url(),
        ..app
    };
    assert_eq!(app.text_of("/v1/prompts/triage").await, "Answer kindly.");
    assert!(house.registry.verify().unwrap().holds());

    // What an environment serves may not be missing, either.
    file.execute(
        "UPDATE contents SET bytes = NULL WHERE digest = ?1",
        [digest.0],
    )
    .unwrap();
    let report = house.registry.verify().unwrap();
    assert!(!report.holds());
    assert!(
        report.to_string().contains("production serves triage v1"),
        "{report}"
    );
}
