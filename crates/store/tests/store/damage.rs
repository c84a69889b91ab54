//! Content whose bytes were changed on the disk: nobody is shown it as genuine, and it is fetched
//! anew.

use crate::maker::{self, Maker, NOON};
use domain::{Digest, Millis};
use store::{NewContent, Store};

/// Changes the bytes under a name, as a failing disk would.
fn damage(store: &Store, digest: &Digest) {
    let conn = rusqlite::Connection::open(store.path()).expect("opens");
    let changed = conn
        .execute(
            "UPDATE content SET bytes = CAST(replace(CAST(bytes AS TEXT), 'kindly', 'rudely') AS BLOB)
             WHERE digest = ?1",
            [digest.0],
        )
        .expect("writes");
    assert_eq!(changed, 1);
}

#[test]
fn content_that_was_damaged_counts_as_missing_until_it_comes_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = maker::open(&folder);
    let mut maker = Maker::new(1);
    let prompt = maker.prompt("Triage");
    let version = maker.version(prompt, &[], "Answer kindly.", "first");
    maker.fill(&store);
    let digest = maker.state().version(version).expect("is there").1.content;
    let good = store.content(&digest).expect("reads").expect("is there");
    assert_eq!(store.missing(maker.project).expect("reads"), []);

    damage(&store, &digest);
    assert_eq!(store.content(&digest).expect("reads"), None);
    let missing = store.missing(maker.project).expect("reads");
    assert_eq!(missing.len(), 1, "it is to be fetched: {missing:?}");
    assert_eq!(missing[0].digest, digest);

    let new = NewContent {
        digest,
        bytes: &good,
    };
    store
        .keep_contents(maker.project, &[new], Millis(NOON))
        .expect("keeps");
    assert_eq!(store.content(&digest).expect("reads"), Some(good));
    assert_eq!(store.missing(maker.project).expect("reads"), []);
}

#[test]
fn what_only_waits_here_keeps_its_bytes_under_another_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = maker::open(&folder);
    let mut maker = Maker::new(1);
    let prompt = maker.prompt("Triage");
    maker.fill(&store);
    let body = maker.version_body(prompt, &[], "Answer kindly.", "first");
    let digest = body.contents()[0];
    let request = store::QueueRequest {
        commands: vec![store::NewCommand::Signed(maker.sign(body))],
        contents: maker.new_contents(),
        ..store::QueueRequest::default()
    };
    store
        .queue(maker.project, &request, Millis(NOON))
        .expect("queues");
    damage(&store, &digest);
    assert_eq!(store.content(&digest).expect("reads"), None);
    let (bytes, _) = domain::VersionContent::text("Answer rudely.")
        .encode()
        .expect("encodes");
    let kept = store.content(&Digest::of(&bytes)).expect("reads");
    assert_eq!(
        kept.as_deref(),
        Some(bytes.as_slice()),
        "no word is thrown away"
    );
}
