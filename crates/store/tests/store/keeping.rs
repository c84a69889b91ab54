//! Answers, runs, settings, providers and projects: what is kept comes back as it was.

use crate::maker::{self, NOON};
use domain::ledger::Seen;
use domain::{Digest, Millis, ProjectId, RunId};
use serde_json::{Value, json};
use store::{
    AnswerLimits, CaseResult, KeptAnswer, KnownProject, Options, Place, Provider, RunState, Store,
    StoreError,
};
use uuid::Uuid;

const DAY: i64 = 24 * 60 * 60 * 1000;

fn answer(text: &str) -> KeptAnswer {
    KeptAnswer {
        answer: json!({ "text": text }),
        provider: "local".to_owned(),
        model: "small".to_owned(),
        at: Millis(NOON),
        exchange: None,
    }
}

#[test]
fn answers_go_in_the_order_of_their_last_use() {
    let folder = tempfile::tempdir().expect("a folder");
    // `{"text":"…"}` is 11 bytes and the text: 100 each.
    let options = Options {
        answer_bytes: 4_000,
        ..Options::default()
    };
    let store = Store::open(folder.path().join("galley.db"), &options).expect("opens");
    let digest = |n: u32| Digest::of(&n.to_be_bytes());
    let text = "x".repeat(89);
    for n in 0..40 {
        let now = Millis(NOON + i64::from(n));
        store
            .keep_answer(&digest(n), &answer(&text), &[], now)
            .expect("keeps");
    }
    let kept = store.answers_kept().expect("reads");
    assert_eq!((kept.answers, kept.bytes), (40, 4_000));
    // The oldest is used again days later; then there is no room for one more.
    let later = Millis(NOON + 3 * DAY);
    assert!(store.answer(&digest(0), later).expect("reads").is_some());
    store
        .keep_answer(&digest(99), &answer(&text), &[], later)
        .expect("keeps");
    let there = |n| store.answer(&digest(n), later).expect("reads").is_some();
    assert!(there(0), "used lately");
    assert!(!there(1), "used longest ago");
    assert!(there(39) && there(99));
    let bytes = store.answers_kept().expect("reads").bytes;
    assert!(bytes <= 4_000);
    // The first answer stays until somebody asks for a new one.
    store
        .keep_answer(&digest(99), &answer("other"), &[], later)
        .expect("keeps");
    let kept = store.answer(&digest(99), later).expect("reads");
    assert_eq!(kept, Some(answer(&text)));
    store
        .replace_answer(&digest(99), &answer("other"), &[], later)
        .expect("replaces");
    let kept = store.answer(&digest(99), later).expect("reads");
    assert_eq!(kept, Some(answer("other")));
}

#[test]
fn a_run_keeps_what_it_has() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = maker::open(&folder);
    let project = ProjectId(Uuid::from_u128(1));
    store
        .add_project(&KnownProject::new(project, "Bank", Place::ThisComputer))
        .expect("adds");
    let run = RunId(Uuid::from_u128(2));
    let now = Millis(NOON);
    store
        .begin_run(project, run, &json!({ "cases": 2 }), &[], now)
        .expect("begins");
    let result = |place, text: &str| CaseResult {
        place,
        side: 0,
        result: json!(text),
    };
    store
        .keep_results(run, &[result(1, "b"), result(0, "a")], now)
        .expect("keeps");
    store
        .keep_results(run, &[result(1, "better")], now.plus(1))
        .expect("keeps");
    // As after the machine stopped.
    drop(store);
    let store = maker::open(&folder);
    let found = store.run(run).expect("is there");
    assert_eq!((found.state, found.results), (RunState::Running, 2));
    let mut results = Vec::new();
    store
        .each_result(run, |side, result: Value| results.push((side, result)))
        .expect("reads");
    assert_eq!(results, [(0, json!("a")), (0, json!("better"))]);
    let summary = json!({ "passed": 1 });
    store
        .finish_run(run, RunState::Cancelled, Some(&summary), now.plus(2))
        .expect("ends");
    let runs = store.runs(project).expect("reads");
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].state, RunState::Cancelled);
    assert_eq!(runs[0].summary, Some(summary));
    let unknown = RunId(Uuid::from_u128(3));
    let error = store.keep_results(unknown, &[], now).expect_err("unknown");
    assert!(matches!(error, StoreError::Unknown(_)));
}

#[test]
fn projects_settings_and_providers_come_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = maker::open(&folder);
    let mut known = KnownProject::new(
        ProjectId(Uuid::from_u128(1)),
        "Bank",
        Place::Registry {
            address: "https://galley.example".to_owned(),
        },
    );
    known.keys.token = Some("galley token 1".to_owned());
    store.add_project(&known).expect("adds");
    store.add_project(&known).expect_err("is there");
    store
        .update_sync(known.id, |sync| {
            sync.epoch = 2;
            sync.registry = Some(Seen {
                seq: 7,
                digest: Digest::of(b"7"),
            });
            sync.rest.insert("etag".to_owned(), json!("x"));
        })
        .expect("updates");
    let provider = Provider {
        name: "local".to_owned(),
        kind: "openai".to_owned(),
        address: "http://127.0.0.1:8080".to_owned(),
        model: "small".to_owned(),
        purpose: "trying".to_owned(),
        rest: std::collections::BTreeMap::new(),
    };
    store.save_provider(&provider).expect("saves");
    store.set_setting("theme", &"dark").expect("sets");
    let store = maker::open(&folder);
    known.sync.epoch = 2;
    known.sync.registry = Some(Seen {
        seq: 7,
        digest: Digest::of(b"7"),
    });
    known.sync.rest.insert("etag".to_owned(), json!("x"));
    assert_eq!(store.known_project(known.id).expect("reads"), known);
    assert_eq!(store.projects().expect("reads"), [known]);
    assert_eq!(store.providers().expect("reads"), [provider]);
    let theme: Option<String> = store.setting("theme").expect("reads");
    assert_eq!(theme.as_deref(), Some("dark"));
    let error = store.setting::<u32>("theme").expect_err("another form");
    assert_eq!(error.code(), "broken_file");
    store.remove_setting("theme").expect("removes");
    store.remove_provider("local").expect("removes");
    assert_eq!(store.setting::<String>("theme").expect("reads"), None);
    assert_eq!(store.providers().expect("reads"), []);
}

#[test]
fn limits_do_not_reach_answers_that_are_held() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("galley.db");
    let store = Store::open(&path, &Options::default()).expect("opens");
    let digest = |n: u32| Digest::of(&n.to_be_bytes());
    let text = "x".repeat(89);
    let later = Millis(NOON + 40 * DAY);
    for n in 0..40 {
        let now = Millis(NOON + i64::from(n) * DAY);
        store
            .keep_answer(&digest(n), &answer(&text), &[], now)
            .expect("keeps");
    }
    let there = || {
        (0..40)
            .filter(|n| store.answer(&digest(*n), later).expect("reads").is_some())
            .collect::<Vec<u32>>()
    };
    // Two of the oldest, and one that was used lately.
    let held = [0, 1, 39].map(digest).into();
    let none = Default::default();
    store.hold_answers(&none, &held).expect("holds");
    let limits = |bytes, days| AnswerLimits { bytes, days };
    let gone = store
        .limit_answers(limits(Some(1_000), None), later)
        .expect("limits");
    assert_eq!(there().len() as u64, 40 - gone);
    let kept = store.answers_kept().expect("reads");
    assert!(kept.bytes <= 1_000, "{kept:?}");
    assert_eq!(kept.held, 3);
    assert!(
        there().starts_with(&[0, 1]) && there().ends_with(&[39]),
        "{:?}",
        there()
    );
    // The limit holds for what is kept from now on, too, and for a store that is opened again.
    let again = Store::open(&path, &Options::default()).expect("opens");
    again
        .keep_answer(&digest(100), &answer(&text), &[], later)
        .expect("keeps");
    assert!(again.answers_kept().expect("reads").bytes <= 1_000);
    // By age: only what is held and what was used in the last five days.
    store
        .limit_answers(limits(None, Some(5)), later)
        .expect("limits");
    let left = there();
    assert!(
        left.starts_with(&[0, 1]) && left[2..].iter().all(|n| *n >= 35),
        "{left:?}"
    );
    store.clear_answers().expect("clears");
    assert_eq!(there(), [0, 1, 39]);
    assert_eq!(store.held_answers().expect("reads"), held);
    // Only what is known to have been held is let go.
    let [first, last] = [[0].map(digest).into(), [1, 39].map(digest).into()];
    store.hold_answers(&last, &none).expect("lets go");
    assert_eq!(store.held_answers().expect("reads"), first);
    store.hold_answers(&first, &none).expect("lets go");
    store.clear_answers().expect("clears");
    assert_eq!(there(), [0_u32; 0]);
}
