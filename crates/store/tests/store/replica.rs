//! The replica: appended exactly, folded as the ledger says, replaced without losing a line.

use crate::maker::{self, Maker};
use domain::{Digest, Millis, Project};
use rusqlite::{Connection, params};
use store::{OtherHistory, StoreError};

pub fn form(project: &Project) -> Vec<u8> {
    postcard::to_stdvec(project).expect("encodes")
}

#[test]
fn entries_are_taken_only_where_they_belong() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = maker::open(&folder);
    let mut maker = Maker::new(1);
    maker.fill(&store);
    let old = store.head(maker.project).expect("head");
    let prompt = maker.prompt("Triage");
    maker.version(prompt, &[], "Sort this.", "first");
    let now = Millis(maker.now);
    // Not in order, and nothing of it is kept.
    let swapped = [maker.entries[2].clone(), maker.entries[1].clone()];
    let error = store
        .append(maker.project, old, &swapped, &[], now)
        .expect_err("refuses");
    assert!(matches!(error, StoreError::Chain(_)), "{error:?}");
    // A good first entry before a bad one is not kept either.
    let half = [maker.entries[1].clone(), maker.entries[1].clone()];
    store
        .append(maker.project, old, &half, &[], now)
        .expect_err("refuses");
    assert_eq!(store.head(maker.project).expect("head"), old);
    maker.pull(&store);
    let error = store
        .append(maker.project, old, &maker.entries[1..], &[], now)
        .expect_err("moved");
    match error {
        StoreError::Moved { now } => assert_eq!(now, maker.state().seen()),
        other => panic!("{other:?}"),
    }
    let project = store.project(maker.project).expect("loads");
    assert_eq!(form(&project), form(maker.state()));
    let lines = store.lines(maker.project, 0, 100).expect("reads");
    let expected: Vec<_> = maker.entries.iter().map(|e| e.line().to_owned()).collect();
    assert_eq!(lines, expected);
    let latest = store.entries_before(maker.project, None, 1).expect("reads");
    assert_eq!(latest[0].seq(), 3);
    let before = store
        .entries_before(maker.project, Some(3), 9)
        .expect("reads");
    assert_eq!(before.iter().map(|e| e.seq()).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn a_useless_snapshot_is_thrown_away() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = maker::open(&folder);
    let mut maker = Maker::new(1);
    let prompt = maker.prompt("Triage");
    maker.version(prompt, &[], "Sort this.", "first");
    maker.fill(&store);
    store.write_snapshot(maker.project).expect("writes");
    let path = store.path().to_owned();
    drop(store);
    let raw = Connection::open(&path).expect("opens");
    let good: Vec<u8> = raw
        .query_row("SELECT bytes FROM snapshots", [], |row| row.get(0))
        .expect("is there");
    let flipped = |place: usize| {
        let mut bytes = good.clone();
        bytes[place] ^= 1;
        bytes
    };
    let table = [
        ("another form", flipped(3)),
        ("another format", flipped(7)),
        ("other rules", flipped(11)),
        ("another checksum", flipped(20)),
        ("a changed byte", flipped(good.len() - 1)),
        ("cut", good[..good.len() / 2].to_vec()),
        ("empty", Vec::new()),
    ];
    for (what, bytes) in table {
        raw.execute("UPDATE snapshots SET bytes = ?1", [bytes])
            .expect("writes");
        let store = maker::open(&folder);
        let project = store.project(maker.project).expect(what);
        assert_eq!(form(&project), form(maker.state()), "{what}");
        let again: Vec<u8> = raw
            .query_row("SELECT bytes FROM snapshots", [], |row| row.get(0))
            .expect("is there");
        assert_eq!(again, good, "{what}: a good one was written");
    }
    // A whole snapshot of another history.
    raw.execute("UPDATE snapshots SET digest = ?1", params![[7_u8; 32]])
        .expect("writes");
    let project = maker::open(&folder).project(maker.project).expect("loads");
    assert_eq!(form(&project), form(maker.state()));
}

#[test]
fn a_snapshot_is_really_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = maker::open(&folder);
    let mut maker = Maker::new(1);
    maker.prompt("Triage");
    maker.fill(&store);
    store.write_snapshot(maker.project).expect("writes");
    // With a line that can't be read before it, only the snapshot can give the state.
    let raw = Connection::open(store.path()).expect("opens");
    raw.execute("UPDATE entries SET line = 'gone' WHERE seq = 1", [])
        .expect("writes");
    let other = maker::open(&folder);
    let project = other.project(maker.project).expect("loads");
    assert_eq!(form(&project), form(maker.state()));
    other.drop_snapshots().expect("drops");
    let error = other.project(maker.project).expect_err("unreadable");
    assert_eq!(error.code(), "broken_file");
    assert!(error.to_string().contains("entry 1"), "{error}");
}

#[test]
fn another_history_takes_the_place_and_the_old_one_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = maker::open(&folder);
    let mut ours = Maker::new(1);
    let prompt = ours.prompt("Triage");
    let mut theirs = Maker::new(1);
    theirs.prompt("Triage");
    assert_eq!(ours.state().seen(), theirs.state().seen());
    ours.version(prompt, &[], "Ours, kept aside.", "ours");
    ours.fill(&store);
    store.write_snapshot(ours.project).expect("writes");
    let reply = theirs.prompt("Reply");
    theirs.version(reply, &[], "Theirs.", "theirs");
    let contents = theirs.new_contents();
    let other = OtherHistory {
        shared: 2,
        entries: &theirs.entries[2..],
        contents: &contents,
        reason: "the registry was restored",
    };
    let now = Millis(theirs.now);
    store
        .replace_history(ours.project, ours.state().seen(), &other, now)
        .expect("replaces");
    let reopened = maker::open(&folder);
    for store in [&store, &reopened] {
        let project = store.project(ours.project).expect("loads");
        assert_eq!(form(&project), form(theirs.state()));
    }
    let aside = store.histories_set_aside(ours.project).expect("reads");
    assert_eq!(aside.len(), 1);
    assert_eq!((aside[0].after, aside[0].head), (2, ours.state().seen()));
    let lines = store.lines_set_aside(aside[0].id).expect("reads");
    assert_eq!(lines, [ours.entries[2].line()]);
    // Its content is still there, even after a sweep, and is found no longer.
    store.sweep(now.plus(1_000_000_000_000)).expect("sweeps");
    for (digest, bytes) in &ours.contents {
        let kept = store.content(digest).expect("reads");
        assert_eq!(kept.as_deref(), Some(&**bytes));
    }
    let found = |words| store.search(ours.project, words, 9).expect("finds").len();
    assert_eq!((found("kept aside"), found("Theirs")), (0, 2));
}

#[test]
fn missing_content_is_what_offline_work_needs() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = maker::open(&folder);
    let mut maker = Maker::new(1);
    let prompt = maker.prompt("Triage");
    maker.version(prompt, &[], "Sort this.", "first");
    let cases = maker.put(br#"{"cases":[{}]}"#.to_vec());
    let dataset = maker.accept(domain::ledger::Body::SaveDataset {
        dataset: None,
        name: "questions".to_owned(),
        content: cases,
        cases: 1,
        replaces: None,
    });
    let known = store::KnownProject::new(maker.project, "Bank", store::Place::ThisComputer);
    store.add_project(&known).expect("adds");
    let now = Millis(maker.now);
    let start = store.head(maker.project).expect("head");
    store
        .append(maker.project, start, &maker.entries, &[], now)
        .expect("appends");
    let missing = || -> Vec<Digest> {
        let missing = store.missing(maker.project).expect("reads");
        missing.into_iter().map(|m| m.digest).collect()
    };
    assert_eq!(missing().len(), 2);
    assert!(
        !missing().contains(&cases),
        "a dataset is fetched when opened"
    );
    store
        .keep_offline(maker.project, dataset.0, true)
        .expect("keeps");
    assert!(missing().contains(&cases));
    assert_eq!(missing().len(), 3);
    let wrong = store::NewContent {
        digest: cases,
        bytes: b"[1]",
    };
    let error = store
        .keep_contents(maker.project, &[wrong], now)
        .expect_err("refuses");
    assert!(matches!(error, StoreError::WrongDigest), "{error:?}");
    store
        .keep_contents(maker.project, &maker.new_contents(), now)
        .expect("keeps");
    assert_eq!(missing(), []);
    let hits = store.search(maker.project, "sort", 9).expect("finds");
    assert_eq!(hits.len(), 1, "content that comes later is found too");
}
