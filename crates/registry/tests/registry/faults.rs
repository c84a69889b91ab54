//! Full disks, files that are not ours, newer ones, broken ones: a named error, and nothing
//! overwritten.

use crate::team::{House, Member};
use domain::ledger::Body;
use protocol::{ApiError, ErrorCode};
use registry::{Error, Options, Registry};
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_costs_nothing_that_was_accepted() {
    let options = Options {
        create: true,
        max_bytes: Some(400_000),
        ..Default::default()
    };
    let house = House::with(options).await;
    let team = house.found().await;
    let mut accepted = 2;
    let refusal = loop {
        let name = format!("{accepted}-{}", "x".repeat(150));
        let response = team
            .ada
            .try_send(&[team.ada.command(Body::CreatePrompt { name })])
            .await;
        if response.status() != 200 {
            break response;
        }
        accepted += 1;
        assert!(accepted < 5_000, "the size is never reached");
    };
    assert_eq!(refusal.status(), 503);
    assert!(refusal.headers().contains_key("retry-after"));
    let error: ApiError = refusal.json().await.unwrap();
    assert_eq!(error.code, ErrorCode::Unavailable);
    assert!(error.message.contains("full"), "{}", error.message);
    // Reading goes on; what was accepted is all there; with more room it goes on where it was.
    assert_eq!(team.ada.head().await.seq, accepted);
    let report = house.registry.verify().unwrap();
    assert!(
        report.holds() && report.projects[0].entries == accepted,
        "{report}"
    );
    let house = house.restart().await;
    let ada = Member {
        url: house.url(),
        ..team.ada
    };
    ada.creates_prompt("room again").await;
    assert_eq!(ada.head().await.seq, accepted + 1);
}

fn opened(path: &Path, options: Options) -> Error {
    Registry::open(path, options).expect_err("it opens")
}

#[test]
fn files_that_are_not_ours_stay_as_they_are() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name);

    let newer = path("newer.sqlite");
    drop(Registry::open(&newer, Options::create()).unwrap());
    let file = rusqlite::Connection::open(&newer).unwrap();
    file.pragma_update(None, "user_version", 99).unwrap();
    drop(file);
    let before = std::fs::read(&newer).unwrap();
    let error = opened(&newer, Options::default());
    assert!(
        matches!(error, Error::NewerSchema { found: 99, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("update"), "{error}");
    assert_eq!(std::fs::read(&newer).unwrap(), before);

    let foreign = path("foreign.sqlite");
    let file = rusqlite::Connection::open(&foreign).unwrap();
    file.execute_batch("CREATE TABLE recipes (name TEXT)")
        .unwrap();
    drop(file);
    let before = std::fs::read(&foreign).unwrap();
    assert!(matches!(
        opened(&foreign, Options::create()),
        Error::NotARegistry(_)
    ));
    assert_eq!(std::fs::read(&foreign).unwrap(), before);

    let text = path("text.sqlite");
    std::fs::write(
        &text,
        "Dear diary, this is no database at all, not even a small one.",
    )
    .unwrap();
    let before = std::fs::read(&text).unwrap();
    let error = opened(&text, Options::create()).to_string();
    assert!(error.contains("text.sqlite"), "{error}");
    assert_eq!(std::fs::read(&text).unwrap(), before);

    assert!(matches!(
        opened(&path("none.sqlite"), Options::default()),
        Error::NoData(_)
    ));
    // A folder that nobody can write to, whoever they are.
    let error = opened(Path::new("/proc/galley/registry.sqlite"), Options::create());
    assert!(matches!(error, Error::File { .. }), "{error}");
    assert!(error.to_string().contains("/proc/galley"), "{error}");
}

#[cfg(unix)]
#[test]
fn an_empty_file_is_no_data_and_becomes_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("touched.sqlite");
    std::fs::write(&path, "").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(
        opened(&path, Options::default()),
        Error::NoData(_)
    ));
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
    drop(Registry::open(&path, Options::create()).unwrap());
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_the_data_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = tempfile::tempdir().unwrap();
    let registry = Registry::open(home.path().join("r.sqlite"), Options::create()).unwrap();
    registry.founding_token().unwrap();
    registry.backup(&home.path().join("b.sqlite")).unwrap();
    let mut seen = 0;
    for file in std::fs::read_dir(home.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.path().display());
        seen += 1;
    }
    assert!(seen >= 3, "the file, its log and the copy");
    // And no secret is in it.
    let token = registry.founding_token().unwrap().reveal();
    for file in std::fs::read_dir(home.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(
            !bytes
                .windows(16)
                .any(|window| window == &token.as_bytes()[40..56])
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_does_not_fit_is_thrown_away() {
    let mut house = House::open().await;
    let team = house.found().await;
    for n in 0..20 {
        team.ada.creates_prompt(&format!("prompt {n}")).await;
    }
    let lines = team.ada.ledger().await;
    let damages = [
        "UPDATE snapshots SET bytes = x'00ff00ff'",
        "UPDATE snapshots SET bytes = zeroblob(length(bytes))",
        "UPDATE snapshots SET bytes = substr(bytes, 1, length(bytes) / 2)",
        "UPDATE snapshots SET shape = 'another'",
        "UPDATE snapshots SET seq = seq - 1",
        "UPDATE snapshots SET digest = zeroblob(32)",
        "UPDATE snapshots SET seq = 1000",
        "DELETE FROM snapshots",
        "SELECT 1",
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        house = house.restart().await;
        let file = rusqlite::Connection::open(house.file()).unwrap();
        let kept: i64 = file
            .query_row("SELECT seq FROM snapshots", [], |row| row.get(0))
            .unwrap();
        assert!(kept >= 22, "a snapshot is written on stopping");
        let _ = file.execute_batch(damage);
        drop(file);
        // Opened anew without stopping, so that what was damaged is what is read.
        let again = Registry::open(house.file(), Options::default()).unwrap();
        let running = again.serve(&registry::Listening::loopback()).await.unwrap();
        let ada = Member {
            url: running.url(),
            ..team.ada.clone()
        };
        assert_eq!(ada.ledger().await[..lines.len()], lines, "{damage}");
        ada.creates_prompt(&format!("after {number}")).await;
        running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_snapshot_is_not_believed() {
    let house = House::open().await;
    let team = house.found().await;
    team.ada.creates_prompt("triage").await;
    let house = house.restart().await;
    let file = rusqlite::Connection::open(house.file()).unwrap();
    let mut bytes: Vec<u8> = file
        .query_row("SELECT bytes FROM snapshots", [], |row| row.get(0))
        .unwrap();
    let write = |bytes: &[u8]| {
        let rows = file.execute("UPDATE snapshots SET bytes = ?1", [bytes]);
        assert_eq!(rows.unwrap(), 1);
    };
    // As long as before, and it reads well: only the name is another.
    let at = bytes.windows(6).position(|w| w == b"triage").unwrap();
    bytes[at..at + 6].copy_from_slice(b"tirage");
    // Whoever can write the file can write the digest, too: `verify` compares with the entries.
    let mut sealed = bytes.clone();
    let digest = domain::Digest::of(&sealed[32..]);
    sealed[..32].copy_from_slice(&digest.0);
    for changed in [&sealed, &bytes] {
        write(changed);
        let report = house.registry.verify().unwrap();
        assert!(!report.holds(), "{report}");
        assert!(report.to_string().contains("fast start"), "{report}");
    }
    // One that was changed by itself is not read: only where a prompt of this name is known is
    // it joined.
    let again = Registry::open(house.file(), Options::default()).unwrap();
    let running = again.serve(&registry::Listening::loopback()).await.unwrap();
    let ada = Member {
        url: running.url(),
        ..team.ada.clone()
    };
    ada.creates_prompt("triage").await;
    let last = ada.ledger().await.pop().unwrap();
    assert!(last.contains("prompt_joined"), "{last}");
    running.stop().await;
    assert!(again.verify().unwrap().holds(), "another was written down");
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_names_the_first_entry_that_does_not_hold() {
    let house = House::open().await;
    let team = house.found().await;
    let prompt = team.ada.creates_prompt("triage").await;
    team.ada.saves(prompt, "Sort it.").await;
    team.ada.creates_prompt("last").await;
    let report = house.registry.verify().unwrap();
    assert!(report.holds(), "{report}");
    assert!(
        report.to_string().contains("5 entries and 2 contents hold"),
        "{report}"
    );
    for (damage, seq) in [
        (
            "UPDATE entries SET line = replace(line, 'triage', 'tirage') WHERE seq = 3",
            3,
        ),
        ("DELETE FROM entries WHERE seq = 4", 5),
        ("UPDATE entries SET line = 'nonsense' WHERE seq = 2", 2),
        (
            "UPDATE entries SET line = replace(line, '\"number\":1', '\"number\":7') WHERE seq = 4",
            4,
        ),
        ("UPDATE contents SET bytes = x'7b7d' WHERE named = 4", 4),
    ] {
        let copy = house.dir.path().join("damaged.sqlite");
        let _ = std::fs::remove_file(&copy);
        house.registry.backup(&copy).unwrap();
        let file = rusqlite::Connection::open(&copy).unwrap();
        assert!(file.execute(damage, []).unwrap() > 0, "{damage}");
        drop(file);
        let report = Registry::open(&copy, Options::default())
            .unwrap()
            .verify()
            .unwrap();
        let found = report.projects[0]
            .problem
            .as_ref()
            .and_then(|problem| problem.seq);
        assert_eq!(found, Some(seq), "{damage}: {report}");
        assert!(report.to_string().contains("BROKEN at entry"), "{report}");
    }
}
