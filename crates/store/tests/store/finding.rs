//! Search: what is found, where, and that nothing typed is an error.

use crate::maker::{self, Maker, NOON};
use domain::ledger::Body;
use domain::{Millis, VersionContent};
use proptest::prelude::*;
use store::{DraftId, FoundIn, NewDraft, Store};
use uuid::Uuid;

fn begin() -> (tempfile::TempDir, Store, Maker) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = maker::open(&folder);
    let mut maker = Maker::new(1);
    let triage = maker.prompt("Support/Triage");
    let first = maker.version(triage, &[], "Sort the customer's question.", "begin");
    let text = "Choose the intent of a card payment. Überweisung too.";
    maker.version(triage, &[first], text, "narrower intents");
    maker.prompt("Support/Reply");
    maker.fill(&store);
    let new = NewDraft {
        id: DraftId(Uuid::from_u128(5)),
        prompt: None,
        name: "Escalation".to_owned(),
        base: None,
        content: VersionContent::text("Tell a colleague about the payment."),
    };
    store
        .open_draft(maker.project, new, Millis(NOON))
        .expect("opens");
    (folder, store, maker)
}

fn places(store: &Store, maker: &Maker, typed: &str) -> Vec<FoundIn> {
    let hits = store.search(maker.project, typed, 20).expect("finds");
    hits.iter().map(|hit| hit.found_in).collect()
}

#[test]
fn words_are_found_where_they_stand() {
    let (_folder, store, maker) = begin();
    let mut table = vec![
        ("triage", vec![FoundIn::Name]),
        ("riag", vec![FoundIn::Name]),
        ("support/", vec![FoundIn::Name, FoundIn::Name]),
        ("escal", vec![FoundIn::Name]),
        ("intent", vec![FoundIn::Text, FoundIn::Message]),
        ("uberw", vec![FoundIn::Text]),
        ("card pay", vec![FoundIn::Text]),
        ("payment", vec![FoundIn::Text, FoundIn::Draft]),
        ("narrower", vec![FoundIn::Message]),
        ("colleague", vec![FoundIn::Draft]),
        // Only of the version before the latest.
        ("customer", vec![]),
        // A whole word was typed.
        ("inten ", vec![]),
        ("", vec![]),
        ("  ", vec![]),
        ("*", vec![]),
    ];
    for (typed, expected) in &mut table {
        let mut found = places(&store, &maker, typed);
        found.sort();
        expected.sort();
        assert_eq!(found, *expected, "{typed:?}");
    }
    let hits = store.search(maker.project, "narrower", 9).expect("finds");
    let marked: Vec<_> = hits[0]
        .snippet
        .iter()
        .map(|s| (s.text.as_str(), s.hit))
        .collect();
    assert_eq!(marked, [("narrower", true), (" intents", false)]);
}

#[test]
fn the_index_follows_what_happens() {
    let (_folder, store, mut maker) = begin();
    let prompt = maker
        .state()
        .prompt_named("Support/Reply")
        .expect("is there")
        .id;
    maker.accept(Body::RenamePrompt {
        prompt,
        name: "Support/Antwort".to_owned(),
        replaces: "Support/Reply".to_owned(),
    });
    maker.pull(&store);
    assert_eq!(places(&store, &maker, "reply"), []);
    assert_eq!(places(&store, &maker, "antwort"), [FoundIn::Name]);
    let draft = DraftId(Uuid::from_u128(5));
    store.discard_draft(draft, Millis(NOON)).expect("discards");
    assert_eq!(places(&store, &maker, "colleague"), []);
    store
        .bring_back_draft(draft, Millis(NOON))
        .expect("comes back");
    assert_eq!(places(&store, &maker, "colleague"), [FoundIn::Draft]);
    store.forget_project(maker.project).expect("forgets");
    assert_eq!(places(&store, &maker, "triage"), []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_typed_is_an_error(typed in "(\\PC|[\"*^(){}:+\\-~\u{0}\u{1}\u{2}]|AND|OR|NOT|NEAR| ){0,40}") {
        let (_folder, store, maker) = ready();
        let hits = store.search(maker.project, &typed, 20);
        prop_assert!(hits.is_ok(), "{typed:?}: {hits:?}");
    }
}

// One store for all cases: what is typed changes nothing.
fn ready() -> &'static (tempfile::TempDir, Store, Maker) {
    static READY: std::sync::OnceLock<(tempfile::TempDir, Store, Maker)> =
        std::sync::OnceLock::new();
    READY.get_or_init(begin)
}
