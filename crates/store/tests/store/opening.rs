//! Files that are new, newer, foreign, damaged, full or closed to us. None is overwritten.

use crate::{child, maker};
use domain::Millis;
use rusqlite::Connection;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use store::{DraftSave, Options, Store, StoreError};

fn open(path: &Path) -> store::Result<Store> {
    Store::open(path, &Options::default())
}

#[test]
fn the_schema_is_the_one_written_down() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = maker::open(&folder);
    let conn = Connection::open(store.path()).expect("opens");
    let mut statement = conn
        .prepare(
            "SELECT sql FROM sqlite_schema
             WHERE sql IS NOT NULL AND name NOT LIKE 'find\\_%' ESCAPE '\\'
             ORDER BY type, name",
        )
        .expect("prepares");
    let found: Vec<String> = statement
        .query_map([], |row| row.get(0))
        .expect("reads")
        .collect::<Result<_, _>>()
        .expect("reads");
    let found = found.join(";\n") + ";\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/store/schema.sql");
    if std::env::var_os("GALLEY_WRITE_SCHEMA").is_some() {
        std::fs::write(&path, &found).expect("writes");
    }
    let expected = std::fs::read_to_string(&path).expect("is there");
    assert_eq!(
        found, expected,
        "the schema changed: add a migration, then write it down with GALLEY_WRITE_SCHEMA=1"
    );
    let version: u32 = conn
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .expect("reads");
    assert_eq!(version, store::newest_schema());
}

#[test]
fn the_file_and_its_folder_are_private() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a/b/galley.db");
    let store = open(&path).expect("opens");
    store.set_setting("theme", &"dark").expect("sets");
    let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join("a")), 0o700);
    for name in ["galley.db", "galley.db-wal", "galley.db-shm"] {
        assert_eq!(mode(&path.with_file_name(name)), 0o600, "{name}");
    }
    // One that was opened up is closed again.
    drop(store);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("sets");
    open(&path).expect("opens");
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn what_is_not_ours_is_refused_and_left_alone() {
    let newer = |path: &Path| {
        open(path).expect("makes it");
        let conn = Connection::open(path).expect("opens");
        conn.pragma_update(None, "user_version", 99).expect("sets");
    };
    let foreign = |path: &Path| {
        let conn = Connection::open(path).expect("opens");
        conn.execute_batch("CREATE TABLE recipes (name TEXT)")
            .expect("writes");
    };
    let garbage = |path: &Path| {
        std::fs::write(path, "This is a letter to my aunt. ".repeat(500)).expect("writes");
    };
    type Make<'a> = &'a dyn Fn(&Path);
    let table: [(&str, Make<'_>, &str); 3] = [
        ("newer", &newer, "newer_schema"),
        ("foreign", &foreign, "broken_file"),
        ("garbage", &garbage, "broken_file"),
    ];
    for (name, make, code) in table {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("galley.db");
        make(&path);
        let before = std::fs::read(&path).expect("reads");
        let error = open(&path).expect_err(name);
        assert_eq!(error.code(), code, "{name}: {error}");
        assert_eq!(std::fs::read(&path).expect("reads"), before, "{name}");
    }
}

#[test]
fn a_newer_schema_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = maker::open(&folder);
    let conn = Connection::open(store.path()).expect("opens");
    conn.pragma_update(None, "user_version", 99).expect("sets");
    match open(store.path()) {
        Err(StoreError::NewerSchema { found: 99, known }) => {
            assert_eq!(known, store::newest_schema());
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn damaged_pages_are_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = maker::open(&folder);
    child::prepare(&store);
    let path = store.path().to_owned();
    drop(store);
    let mut bytes = std::fs::read(&path).expect("reads");
    for byte in &mut bytes[4096..] {
        *byte ^= 0x5A;
    }
    std::fs::write(&path, &bytes).expect("writes");
    let error = open(&path)
        .and_then(|store| store.check())
        .expect_err("it is damaged");
    assert_eq!(error.code(), "broken_file", "{error}");
    assert!(error.to_string().contains("galley.db"), "{error}");
}

#[test]
fn a_full_disk_loses_nothing_that_was_saved() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = maker::open(&folder);
    child::prepare(&store);
    let path = store.path().to_owned();
    drop(store);
    let pages: u32 = Connection::open(&path)
        .and_then(|conn| conn.pragma_query_value(None, "page_count", |row| row.get(0)))
        .expect("reads");
    let options = Options {
        max_pages: Some(pages + 20),
        ..Options::default()
    };
    let store = Store::open(&path, &options).expect("opens");
    let mut saved = 0;
    let error = loop {
        let content = child::number(saved + 1);
        let save = DraftSave {
            revision: None,
            content: &content,
            name: None,
            message: None,
        };
        match store.save_draft(child::DRAFT, &save, Millis(maker::NOON)) {
            Ok(_) => saved += 1,
            Err(error) => break error,
        }
        assert!(saved < 1000, "the disk never fills");
    };
    assert!(matches!(error, StoreError::Full(_)), "{error:?}");
    assert!(saved > 0, "nothing fitted");
    assert_eq!(child::number_in(&store), saved);
    drop(store);
    // With room again, work goes on.
    let store = open(&path).expect("opens");
    assert_eq!(child::number_in(&store), saved);
    let content = child::number(saved + 1);
    let save = DraftSave {
        revision: None,
        content: &content,
        name: None,
        message: None,
    };
    store
        .save_draft(child::DRAFT, &save, Millis(maker::NOON))
        .expect("saves");
    store.check().expect("whole");
}

/// Root may write anywhere, so the child gives root up.
#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("sets");
    };
    mode(folder.path(), 0o755);
    let program = folder.path().join("child");
    std::fs::copy(child::this_program(), &program).expect("copies");
    let closed = folder.path().join("closed");
    std::fs::create_dir(&closed).expect("makes");
    let there = closed.join("there.db");
    open(&there).expect("makes it");
    let before = std::fs::read(&there).expect("reads");
    mode(&there, 0o444);
    mode(&closed, 0o555);
    let root = std::fs::metadata("/proc/self").expect("is there").uid() == 0;
    for name in ["there.db", "new.db", "deeper/new.db"] {
        let mut command = child::command(&program, "open", &closed.join(name));
        if root {
            command.uid(65_534).gid(65_534);
        }
        let output = command.output().expect("runs");
        assert_eq!(
            child::said(&output.stdout),
            ["error read_only"],
            "{name}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    assert_eq!(std::fs::read(&there).expect("reads"), before);
    let names: Vec<_> = std::fs::read_dir(&closed)
        .expect("reads")
        .map(|entry| entry.expect("reads").file_name())
        .collect();
    assert_eq!(names, ["there.db"]);
    mode(&closed, 0o755);
}
