//! What was sent for an answer, and conversations with a draft.

use crate::maker::{self, Maker, NOON};
use domain::{Digest, Millis, ProjectId};
use serde_json::json;
use std::collections::BTreeSet;
use store::{
    EXCHANGE_BYTES, Exchange, KeptAnswer, Options, PLAYGROUNDS, Playground, Store, newest_schema,
};
use uuid::Uuid;

const NOW: Millis = Millis(NOON);

fn digest(n: u32) -> Digest {
    Digest::of(&n.to_be_bytes())
}

fn exchange(sent: &str) -> Exchange {
    Exchange {
        address: "http://127.0.0.1/v1/chat/completions".to_owned(),
        sent: sent.to_owned(),
        received: "{\"choices\":[]}".to_owned(),
        cut: false,
    }
}

fn answer(exchange: Option<Exchange>) -> KeptAnswer {
    KeptAnswer {
        answer: json!({ "text": "x".repeat(89) }),
        provider: String::new(),
        model: "small".to_owned(),
        at: NOW,
        exchange,
    }
}

#[test]
fn what_was_sent_comes_back_and_goes_with_its_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = maker::open(&folder);
    // Ünïcode that the end falls into, and far more than is kept.
    let long = "ü".repeat(EXCHANGE_BYTES);
    for (n, sent) in [(1, "{\"model\":\"m\"}"), (2, long.as_str())] {
        store
            .keep_answer(&digest(n), &answer(Some(exchange(sent))), &[], NOW)
            .expect("keeps");
    }
    store
        .keep_answer(&digest(3), &answer(None), &[], NOW)
        .expect("keeps");
    let read = |n| store.exchange(&digest(n)).expect("reads");
    assert_eq!(read(1), Some(exchange("{\"model\":\"m\"}")));
    let cut = read(2).expect("its beginning");
    assert!(cut.cut && cut.sent.len() <= EXCHANGE_BYTES && long.starts_with(&cut.sent));
    assert_eq!(cut.received, "{\"choices\":[]}");
    assert_eq!((read(3), read(4)), (None, None));
    let kept = store.answers_kept().expect("reads");
    assert!(
        kept.bytes > 300 && kept.bytes < 10_000,
        "counted, and compressed: {}",
        kept.bytes
    );
    // A new answer to the same has nothing of the old one.
    store
        .replace_answer(&digest(1), &answer(None), &[], NOW)
        .expect("replaces");
    assert_eq!(read(1), None);
    store.clear_answers().expect("clears");
    assert_eq!(read(2), None);
    assert_eq!(store.answers_kept().expect("reads").bytes, 0);
}

#[test]
fn what_was_sent_makes_room_before_any_answer_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options {
        answer_bytes: 3_000,
        ..Options::default()
    };
    let store = Store::open(folder.path().join("galley.db"), &options).expect("opens");
    store
        .hold_answers(&BTreeSet::new(), &BTreeSet::from([digest(0)]))
        .expect("holds");
    for n in 0..30 {
        let now = Millis(NOON + i64::from(n));
        store
            .keep_answer(&digest(n), &answer(Some(exchange("{}"))), &[], now)
            .expect("keeps");
    }
    // Thirty answers of a hundred bytes fit exactly, and nothing beside them.
    let kept = store.answers_kept().expect("reads");
    assert_eq!((kept.answers, kept.bytes), (30, 3_000));
    let sent = |n| store.exchange(&digest(n)).expect("reads");
    assert!((0..30).all(|n| sent(n).is_none()));
}

#[test]
fn a_file_from_before_comes_forward_with_its_answers() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("galley.db");
    let old = rusqlite::Connection::open(&path).expect("opens");
    for step in [
        include_str!("../../src/schema/0001_begin.sql"),
        include_str!("../../src/schema/0002_answers_held.sql"),
        "PRAGMA application_id = 1195461721; PRAGMA user_version = 2;",
    ] {
        old.execute_batch(step).expect("steps");
    }
    old.execute(
        "INSERT INTO answers VALUES (?1, '{\"text\":\"old\"}', '', 'm', 1, 1, 14)",
        [digest(7).0],
    )
    .expect("an answer");
    drop(old);
    let store = Store::open(&path, &Options::default()).expect("opens");
    assert!(newest_schema() > 2);
    let kept = store
        .answer(&digest(7), NOW)
        .expect("reads")
        .expect("there");
    assert_eq!(kept.answer, json!({"text": "old"}));
    assert_eq!(store.exchange(&digest(7)).expect("reads"), None);
}

fn said(project: ProjectId, n: u128, prompt: &str, text: &str) -> Playground {
    Playground {
        id: Uuid::from_u128(n),
        project,
        prompt: prompt.to_owned(),
        title: text.to_owned(),
        body: json!({ "turns": [text] }),
        typed: String::new(),
        revision: 0,
        created: NOW,
        updated: NOW,
    }
}

#[test]
fn a_conversation_is_kept_and_never_written_over_unseen() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = maker::open(&folder);
    let maker = Maker::new(1);
    maker.fill(&store);
    let begun = store
        .keep_playground(&said(maker.project, 1, "p", "hello"), NOW)
        .expect("keeps");
    assert_eq!(begun.revision, 1);
    let answered = Playground {
        body: json!({"turns": ["hello", "hi"]}),
        ..begun.clone()
    };
    let answered = store.keep_playground(&answered, NOW).expect("keeps");
    assert_eq!(answered.revision, 2);
    // Whoever read it before the answer came keeps what was typed meanwhile, and nothing is lost.
    let late = Playground {
        typed: "and then".to_owned(),
        ..begun
    };
    let kept = store.keep_playground(&late, NOW).expect("keeps");
    assert_eq!(
        (kept.revision, &kept.body, kept.typed.as_str()),
        (2, &answered.body, "and then")
    );
    drop(store);
    let store = maker::open(&folder);
    assert_eq!(store.playground(kept.id).expect("is there"), kept);
    store.remove_playground(kept.id).expect("goes");
    assert!(store.playground(kept.id).is_err());
}

#[test]
fn the_conversations_of_one_prompt_are_so_many() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = maker::open(&folder);
    let maker = Maker::new(1);
    maker.fill(&store);
    let other = said(maker.project, 9_999, "other", "stays");
    store.keep_playground(&other, NOW).expect("keeps");
    let all = PLAYGROUNDS as u128 + 3;
    for n in 0..all {
        let now = Millis(NOON + i64::try_from(n).expect("small"));
        store
            .keep_playground(&said(maker.project, n, "p", &n.to_string()), now)
            .expect("keeps");
    }
    let rows = store.playgrounds(maker.project, "p").expect("reads");
    assert_eq!(rows.len(), PLAYGROUNDS);
    assert_eq!(rows[0].title, (all - 1).to_string(), "the newest first");
    assert_eq!(rows[PLAYGROUNDS - 1].title, "3", "the oldest went");
    assert_eq!(
        store
            .playgrounds(maker.project, "other")
            .expect("reads")
            .len(),
        1
    );
}
